r"""Words about layers as marks: each number of a sentence with the noun that it counts or measures.

The idea: a sentence is read once, from left to right, and every number belongs to one mark; a
number that no mark takes is not understood, and a text with such a number is not counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from derive.counting.facts import FACTS, D, V
from derive.counting.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of a sentence: a fact with its values, a kind of layer, or a number not understood.

    ``name`` says which fact or kind, ``values`` are texts, ``span`` is the place in the words.
    """

    sort: str  # fact, kind, call, next, number; label: a number that counts nothing
    name: str
    values: tuple[str, ...]
    span: tuple[int, int]


_MANY = r"identical |stacked |consecutive |successive |such |more |further "
_KIND = (
    rf"(?:(?P<n>{V}) (?:{_MANY})*)?(?:(?P<d>{D})(?:[- ]|x«?[cC]»?[- ])?|(?P<one>1-?d |3-?d ))?"
    r"(?:stride-(?P<s>\d+) )?"
)
_CALL = re.compile(r"(?:nn\.|tf\.keras\.layers\.|layers\.)?\b(?P<name>conv[123]d|"
                   r"convtranspose2d|linear|"
                   r"maxpool[12]d|avgpool[12]d|batchnorm[12]d|layernorm|embedding|relu|flatten|"
                   r"dropout|"
                   r"lstm|gru|rnn)\((?P<given>[^()]*)\)")  # fmt: skip
_NEXT = re.compile(r"\bfollowed by\b|\band then\b|\bthen\b|,? next|;|->|→|\bafter (?:that|which)\b")
_WINDOWED = re.compile(r"\bfilter|\bkernel|conv|\bpool|\bwindow|\boutput (?:has|is|of|must)")
_STRAY = re.compile(rf"(?:{D}|{V})")
_LABELS = re.compile(
    r"(?<![\w ])[\[(] ?\d+ ?[\])]|[\[(] ?\d+ ?(?:points?|pts?|marks?|p)\.? ?[\])]|^ *\(\d+\)|"
    r"^\W*(?:what (?:is|was|must be)|find|determine|solve for) «[^»]+»|"
    r"\bboth layer[- ]norm(?:ali[sz]ation)?s\b|"
    r"\b(?:problem|exercise|question|section|figure|table|chapter|example|part|task|layer|step|"
    r"lecture|quiz)s? \d+(?!\d|--?\d| ?(?:->|→))"
    r"|^\s*\d+[.)]\s|\b\d+ (?:points?|pts|marks)\b|\beach 1\b|\b1 (?:of|after) (?:another|the)?|"
    r"\bof (?:1|a single) (?:output )?(?:unit|neuron|pixel|activation)\b"
    r"|\ba receptive field (?:size )?of (?:size |at least )?\d+(?:x\d+)?"
    r"|\bcount(?:s|ed)? as 2\b(?: (?:operations|flops))?"
    r"|\b(?:alexnet|lenet|vgg|resnet|imagenet|cifar|mnist|top)-?\d*\b"
)  # fmt: skip
# In the order in which they are tried at one place.
_ROWS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("label", "", _LABELS),
    ("call", "", _CALL),
    *(("fact", name, re.compile(text)) for name, text in FACTS),
    *(
        ("kind", name, re.compile(rf"{_KIND}\b(?:{kind.words})(?: ?\d(?!\w|x))?\b"))
        for name, kind in KINDS.items()
    ),
    ("label", "", re.compile(r"⟦(?![^⟧]*[A-Za-z}] *= *\d)[^⟧]*⟧")),  # a formula that gives no size
    ("next", "", _NEXT),
    ("number", "", _STRAY),
)


def marks(words: str) -> list[Mark]:
    """All marks of a sentence in order; a number that none takes is a mark of its own.

    What begins first is read first: of "dimension 512 and 8 heads" the 512 is taken by its noun.
    """
    found: list[Mark] = []
    ahead: list[re.Match[str] | None] = [row[2].search(words) for row in _ROWS]
    at = 0
    while True:
        best: re.Match[str] | None = None
        row = -1
        for k, m in enumerate(ahead):
            if m is not None and m.start() < at:
                m = ahead[k] = _ROWS[k][2].search(words, at)
            if m is not None and (best is None or m.start() < best.start()):
                best, row = m, k
        if best is None:
            return found if _WINDOWED.search(words) else [_unplaced(mark, words) for mark in found]
        sort, name, _ = _ROWS[row]
        found.append(_mark(sort, name, best))
        at = best.end()


def _unplaced(mark: Mark, words: str) -> Mark:
    """An input "of size 10" has sides where windows move over it; elsewhere it says nothing."""
    if mark.name != "input side":
        return mark
    return Mark("number", words[slice(*mark.span)], (), mark.span)


def _mark(sort: str, name: str, m: re.Match[str]) -> Mark:
    match sort:
        case "call":
            given = tuple(part.strip() for part in m["given"].split(",") if part.strip())
            return Mark("call", m["name"], given, m.span())
        case "kind":
            own = m.groupdict()
            plane = own["one"] or next((p for p in ("1d", "3d") if p in m[0]), "")
            sides = own["d"] or own.get("e") or ""
            return Mark("kind", name, (own["n"] or "", sides, plane, own["s"] or ""), m.span())
        case "fact":
            groups = {k: v for k, v in m.groupdict().items() if v}
            values = tuple(part for key in "vwdf" if key in groups for part in _split(groups[key]))
            return Mark("fact", name, values, m.span())
    return Mark(sort, m[0], (), m.span())


def _split(text: str) -> list[str]:
    return [p for p in re.split(r",\s*(?:and )?| and |\s*->\s*|--?", text) if p]
