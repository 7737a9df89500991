r"""The stride and the padding of a window where only the words of the text say them.

The idea: "a convolution with stride 2 and zero padding of 1" says it of the convolution that is
named last before it in its sentence.  A document with one convolution means that one; with
several it must be written at each, for a stride that is not heard gives a wrong answer silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import base_of
from derive.elaborate.reading import Reading, Said
from derive.kernel.sizes import Axis
from derive.operators.pooling import POOLS
from derive.operators.windows import CONVOLUTIONS
from derive.tree import Tree

_NUMBER = r"(?:\s*(?:=|of|is|by|:|size|equal to))*\s*\$?\s*(?:[a-zA-Z]\s*=\s*)?(\d+)(?!\d|\.\d)"
_WORDS = {
    "stride": re.compile(r"\bstrides?\b" + _NUMBER, re.IGNORECASE),
    "padding": re.compile(
        r"\b(?:zero[- ]?)?pad(?:ding|s|ded)?\b(?:\s+(?:with|by))?" + _NUMBER, re.IGNORECASE
    ),
    "dilation": re.compile(r"\bdilation\b" + _NUMBER, re.IGNORECASE),
    "window": re.compile(
        r"\bwindows?\b(?:\s+size)?"
        + _NUMBER
        + r"(?:\s*(?:\\times|x|×)\s*\1(?!\d))?(?!\s*(?:\\times|x|×))",
        re.IGNORECASE,
    ),
}
_SAME = re.compile(r"\bsame[''\"]?\s+padding|padding\s+(?:of\s+)?[`'\"]*same\b", re.IGNORECASE)
_USUAL = {"stride": 1, "padding": 0, "dilation": 1, "window": None}
_DERIVED = re.compile(r"d\Z|d[A-Z]|grad|\\(?:delta|Delta|bar|partial)(?![A-Za-z])")
_SENTENCES = re.compile(r"(?<=[.;?!])\s+|\n\s*\n")
_KINDS = re.compile(r"(?P<pool>pool)|(?P<conv>conv|kernel|filter|cross-correl)", re.IGNORECASE)
_STARS = frozenset(["*", r"\ast", r"\star", r"\circledast"])


def said_of_windows(plain: str, items: Iterable[Tree], stars: bool, judging: bool) -> Said:
    """What the sentences of a document say of its convolutions and its pooling.

    ``stars``: whether the sign * is a convolution in it; ``judging``: its statements may be claims
    about gradients, of which nothing is said.
    """
    values: dict[tuple[str, str], set[Axis | str]] = {}
    for sentence in _SENTENCES.split(plain):
        named = [(m.start(), str(m.lastgroup)) for m in _KINDS.finditer(sentence)]
        told = [
            (m.start(), word, int(m[1])) for word, how in _WORDS.items()
            for m in how.finditer(sentence)
        ]  # fmt: skip
        told += [(m.start(), "padding", "same") for m in _SAME.finditer(sentence)]  # type: ignore[misc]
        for at, word, value in told:
            before = [kind for start, kind in named if start < at]
            kind = before[-1] if before else named[0][1] if named else ""
            values.setdefault((kind, word), set()).add(value)
    counts = {"conv": 0, "pool": 0}
    within: list[tuple[int, int]] = []
    for item in items:
        if item.head != "chain" or any(kid.head == "ask" for kid in item.kids if kid is not None):
            continue
        if judging and is_derived(item):
            continue
        within.append(item.span)
        for node in item.subtrees():
            word = base_of(node).removeprefix("\\") if node.head == "name" else ""
            counts["conv"] += word in CONVOLUTIONS
            counts["pool"] += word in POOLS
            if stars and node.head == "juxt":
                counts["conv"] += sum(
                    k.head == "op" and k.kids[0] in _STARS for k in node.kids[1:-1]
                )
    return Said(values, counts, tuple(within) if judging else None)


def is_derived(item: Tree) -> bool:
    """Whether a statement is about gradients: it has a derivative, or a name of one."""
    for node in item.subtrees():
        if node.head in ("deriv", "grad", "prime"):
            return True
        if node.head == "name" and _DERIVED.match(str(node.kids[0])):
            return True
    return False


def with_said(
    reading: Reading, tree: Tree, kind: str, options: dict[str, list[Axis]], windowed: bool = True
) -> dict[str, list[Axis]]:
    """The options of a window with those that only the text says.

    ``windowed``: its size is written.

    Fault, code ``window``, where the text does not say of which window it speaks.
    """
    said = reading.said
    if said is None:
        return options
    found = dict(options)
    here = said.of(tree.span)
    for word, usual in _USUAL.items():
        if word in options or (word == "window" and (kind != "pool" or windowed)):
            continue
        usual = None if (kind, word) == ("pool", "stride") else usual  # it is the window's size
        lone = sum(said.counts.values()) == 1
        values = said.values.get((kind, word), set()) | (
            said.values.get(("", word), set()) if lone else set()
        )
        unclear = said.values.get(("", word), set()) if not lone else set()
        if not here and (values | unclear) - {usual}:
            raise Fault(
                "window",
                f"the text says {word} {sorted(map(str, values | unclear))[0]} of the layer, and "
                f"not what the {word} is here", tree,
                rf"write it: $\mathrm{{conv}}(x, w, \text{{{word}}}=1)$",
            )  # fmt: skip
        if ((said.counts[kind] > 1 or len(values) > 1) and values - {usual}) or unclear - {usual}:
            value = sorted(map(str, values | unclear))[0]
            raise Fault(
                "window", f"the text says {word} {value}, but not of which window", tree,
                rf"write it where it belongs: $\mathrm{{conv}}(x, w, \text{{{word}}}={value})$",
            )  # fmt: skip
        for value in values - {usual}:
            found[word] = [value]  # type: ignore[list-item]
            what = "convolution" if kind == "conv" else "pooling"
            reading.note(f"said {kind} {word}", f"the {what} has {word} {value}, as the text says")
    return found
