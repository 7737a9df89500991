r"""A document cut into the problems that it poses, each with what it takes from those before it.

The idea: a problem is read by itself, as a person works it.  What stands before the first problem
holds for all.  A problem that refers to others, or asks by what it does not speak of, takes the
names that it does not say from the last problem that said them.  A problem is cut out of the
document with all that it is about, and knows where its pieces stood: its places, and whatever is
said of them, are those of the document.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from derive.diagnostics import Source
from derive.elaborate.anew import ANEW, is_other, sentences_anew
from derive.elaborate.names.scope import base_of
from derive.elaborate.sayings import IN, key_of, names_of, relation_of, said_by, varied_by
from derive.elaborate.statements.alone import DEFINES, formals_of, is_head
from derive.elaborate.statements.collect import ORDERED
from derive.elaborate.statements.given import is_concluded
from derive.latex.headings import Heading, headings, levels
from derive.latex.macros import collect
from derive.latex.read import Parsed, read_formulas
from derive.latex.segment import Document, segment
from derive.tree import Tree

# "Let L = .." brings another L; "we have L = ..", "now let us expand: L = .." claim of this one.
_SUPPOSES = re.compile(
    r"\b(?:let(?! us\b| me\b|'s\b)|consider|suppose|defin(?:e[ds]?|ing)|assum(?:e|ing)|take)\b"
    r"[^.?!]*$",
    re.IGNORECASE,
)
_REFERS = re.compile(
    r"\b(above|previous|preceding|earlier|same (as|network|model|loss|setting|setup|function|data)|"
    r"(problem|exercise|question|task|part|section|equation)s?[~ ]?\(?\d)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\b(?:problem|exercise|question|task)[~ ]?\(?(\d+)", re.IGNORECASE)
_SHOWN = re.compile(rb"\x01+")
_LETTER = re.compile(r"[^\r\n]")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: its heading, its place, and the document as far as it is about it, cut out.

    ``fresh`` is the same without what other problems only declare, where that is less.
    """

    title: str
    span: tuple[int, int]
    source: Source
    fresh: Source | None = None
    takes: str = ""  # what it takes from others, in words
    defines: bool = False  # does it say itself how anything is computed
    differentiates: bool = False

    def holds(self, span: tuple[int, int]) -> bool:
        """Whether something stands in the problem itself, not in what it takes from others."""
        return self.span[0] <= span[0] < self.span[1]


@dataclass
class _Part:
    """A stretch of the document and what its statements say."""

    heading: Heading | None
    start: int
    end: int
    items: list[Tree] = field(default_factory=list)
    given: dict[str, list[Tree]] = field(default_factory=dict)  # by the names they are about
    formals: set[str] = field(default_factory=set)
    concluded: set[str] = field(default_factory=set)  # "show that L = ..": said elsewhere
    borrows: bool = False  # does it take names from others
    anew: list[Tree] = field(default_factory=list)  # what gives names other values than before

    @cached_property
    def names(self) -> dict[str, None]:
        return dict.fromkeys(key for item in self.items for key in names_of(item))

    @cached_property
    def differentiated(self) -> set[str]:
        """What derivatives are taken by."""
        return {key for item in self.items for node in item.subtrees() for key in varied_by(node)}

    def has(self, key: str) -> bool:
        """Whether the part has a name of its own that it says nothing of."""
        return key in self.names and not self.borrows

    def needs(self) -> list[str]:
        """The names that are used and not said here."""
        return [key for key in self.names if not self.says(key) and key not in self.formals]

    def says(self, key: str) -> bool:
        return key in self.given or key.partition("_")[0] in self.given

    def refers(self, text: str) -> bool:
        """Whether the part is about what others say: in words, as it says nothing itself, or as it
        differentiates by what no formula of it has."""
        line = text.find("\n", self.start, self.end)
        if line >= 0 and _REFERS.search(text, line, self.end):
            return True
        if not self.given:
            return any(item.head == "chain" for item in self.items) or bool(self.differentiated)
        by = self.differentiated
        rest = (item for item in self.items if not any(varied_by(node) for node in item.subtrees()))
        return not by.issubset(key for item in rest for key in names_of(item))


def problems(source: Source, judging: bool = False) -> tuple[Problem, ...]:
    """The problems of a document whose headings call them so; none where it is one problem.

    ``judging``: what a problem concludes of a name is a claim about what another says of it.
    DeriveError for a document that cannot hold formulas at all.
    """
    document = segment(source)
    found = list(headings(document.plain, *_body(document)))
    for begun in levels(found, named=True):
        return _cut(source, document, begun, judging)
    return ()


def problems_said_anew(source: Source, judging: bool = False) -> Iterator[tuple[Problem, ...]]:
    """The problems of a document whose sections or items say the same names anew, if they do.

    A section goes on with the problem of the one before unless it says a name that this has said,
    and something else of it.  ``judging``: it must be supposed there, as another equation for a
    name may be a claim about it; and where no section does so, a sentence may.
    """
    document = segment(source)
    found = list(headings(document.plain, *_body(document)))
    for begun in levels(found, named=False):
        parsed = read_formulas(source)
        kept: list[Heading] = []
        said: dict[str, list[Tree]] = {}
        for k, part in enumerate(_parts(parsed, begun, judging)):
            if part.heading is not None and (k == 1 or _anew(part, said, document, judging)):
                kept.append(part.heading)
                said = {}
            for key, items in part.given.items():
                said.setdefault(key, []).extend(items)
        if len(kept) > 1:
            yield _cut(source, document, kept, judging)
    begun, anew = sentences_anew(read_formulas(source)) if judging else ([], set())
    if begun:
        yield _cut(source, document, begun, judging, anew)


def _anew(part: _Part, said: dict[str, list[Tree]], document: Document, judging: bool) -> bool:
    for key, items in part.given.items():
        for item in items:
            for before in said.get(key, ()):
                # z_i = .. may be what z = .. says; f(X) = .. is another f than f(x) = ..
                same = before.kids[0] == item.kids[0] or is_head(item.kids[0])
                if relation_of(before) != relation_of(item) or not same:
                    continue
                if before.kids[:3:2] == item.kids[:3:2]:
                    continue
                supposed = relation_of(item) in IN or not judging
                words = document.words_before(item.span[0])
                if supposed or _SUPPOSES.search(words):
                    return True
    return False


def _body(document: Document) -> tuple[int, int]:
    """Where the text of a document begins and ends."""
    begin = document.plain.find(r"\begin{document}")
    end = document.plain.find(r"\end{document}", max(begin, 0))
    return max(begin, 0), len(document.plain) if end < 0 else end


def _parts(
    parsed: Parsed, begun: Sequence[Heading], judging: bool, anew: Collection[Span] = ()
) -> list[_Part]:
    """What stands before the first heading, and under each.  ``anew``: the equations that give
    names other values; where these begin a part, every other one goes on from what was said."""
    _, end = _body(parsed.document)
    starts = [0, *(one.start for one in begun)]
    parts = [
        _Part(heading, start, stop)
        for heading, start, stop in zip([None, *begun], starts, [*starts[1:], end], strict=True)
    ]
    k = 0
    for item in (item for row in parsed.rows for item in row.items):
        while item.span[0] >= parts[k].end and k + 1 < len(parts):
            k += 1
        parts[k].items.append(item)
        if judging and is_concluded(item, parsed.source.text):
            parts[k].concluded.update(said_by(item))
            continue
        if item.span in anew:
            parts[k].anew.append(item)
        goes_on = bool(anew) and item.span not in anew and item.head == "chain"
        goes_on = goes_on and relation_of(item) not in IN
        for key in said_by(item):
            if goes_on and any(key in one.given for one in parts[:k]):
                parts[k].concluded.add(key)
            else:
                parts[k].given.setdefault(key, []).append(item)
        if item.head == "chain" and item.kids[0] is not None and is_head(item.kids[0]):
            parts[k].formals |= {key_of(one) for one in formals_of(item.kids[0].kids[1])}
    return parts


# ----------------------------------------------------------------------------------- the cut


def _cut(
    source: Source,
    document: Document,
    begun: Sequence[Heading],
    judging: bool,
    anew: Collection[Span] = (),
) -> tuple[Problem, ...]:
    parts = _parts(read_formulas(source), begun, judging, anew)
    text = source.text
    macros = collect(text)[1]
    numbers = [re.findall(r"\d+", part.heading.title if part.heading else "")[:1] for part in parts]
    said: set[str] = set()
    made = []
    for k, part in enumerate(parts):
        if part.heading is None and not part.items:
            continue
        elsewhere = any(key in said or key.partition("_")[0] in said for key in part.concluded)
        said.update(part.given)
        part.borrows = part.heading is not None and (
            elsewhere or part.heading.kind == ANEW or part.refers(text)
        )
        asked = [*_named(part, numbers[:k], text), 0] if part.borrows else [0][:k]
        takes = [_taken(parts, k, asked, sparing) for sparing in (False, True)]
        own, fresh = (_cut_out(source, macros, parts, k, one) for one in takes)
        title = "" if part.heading is None else _title(part.heading, len(made) + 1)
        told = "; ".join(_told(parts[at], keys) for at, keys in sorted(takes[0].items()) if at)
        given = [item for items in part.given.values() for item in items]
        equations = (relation_of(item) in DEFINES for item in given)
        made.append(
            Problem(
                title, (source.origin(part.start), source.origin(part.end)), own,
                None if own == fresh else fresh, told,
                not part.borrows or any(equations), bool(part.differentiated),
            )
        )  # fmt: skip
    return tuple(made)


def _title(heading: Heading, number: int) -> str:
    return heading.title or f"Problem {number}"


def _told(part: _Part, keys: Iterable[str]) -> str:
    names = ", ".join(f"${key}$" for key in part.given if key in keys)
    title = part.heading.title if part.heading else ""
    return f"{names} as in {title or 'a problem before'}"


def _named(part: _Part, numbers: Sequence[Sequence[str]], text: str) -> list[int]:
    """The problems before one, in the order in which it is asked what they say: those it names.

    ``numbers`` are those of the titles before it, where they have one.
    """
    said = {found[1] for found in _NUMBERED.finditer(text, part.start + 1, part.end)}
    before = range(len(numbers) - 1, 0, -1)
    return sorted(before, key=lambda at: said.isdisjoint(numbers[at] or [str(at)]))


def _taken(
    parts: Sequence[_Part], k: int, asked: Sequence[int], sparing: bool
) -> dict[int, set[str]]:
    """The names that the problem takes from parts before it, as they are asked in this order, with
    what these need; ``sparing``: none that another problem only declares."""
    taken: dict[int, set[str]] = {}
    own = parts[k]
    wanted = own.needs()
    while wanted:
        key = wanted.pop()
        if own.says(key):
            continue
        # A letter that one of them has without saying what it is, is not that of another.
        at = next((j for j in asked if parts[j].says(key) or parts[j].has(key)), None)
        if at is None or not parts[at].says(key):
            continue
        found = key if key in parts[at].given else key.partition("_")[0]
        if found in taken.setdefault(at, set()):
            continue
        items = parts[at].given[found]
        if sparing and at and not taken[at] and all(relation_of(item) in IN for item in items):
            continue
        taken[at].add(found)
        wanted += [one for item in items for one in names_of(item)]
    return {at: keys for at, keys in taken.items() if keys}


def _cut_out(
    source: Source, macros: Iterable[tuple[int, int]], parts: Sequence[_Part], k: int,
    taken: dict[int, set[str]],
) -> Source:  # fmt: skip
    """The document up to the end of a part, with nothing but what the part is about."""
    own, text = parts[k], source.text
    shown = bytearray(own.end)
    known = set().union(*taken.values())
    for at in sorted({0, *taken} - {k}):
        part = parts[at]
        whole = part.heading is None or part.heading.kind == ANEW
        start = part.start if whole else text.find("\n", part.start, part.end) % (len(text) + 1)
        shown[start : part.end] = b"\1" * (part.end - start)
        for item in part.items:
            if not _goes_with(item, part, own, taken.get(at, set()), known):
                shown[slice(*item.span)] = bytes(item.span[1] - item.span[0])
    shown[own.start : own.end] = b"\1" * (own.end - own.start)
    for start, end in macros:
        shown[start : min(end, own.end)] = b"\1" * (min(end, own.end) - start)
    made, pieces, at, size = [], [(0, 0)], 0, 0
    for run in _SHOWN.finditer(shown):
        first, last = text.find("\n", at), text.rfind("\n", at, run.start()) + 1
        if text.count("\n", at, run.start()) > 2:  # of many blank lines one
            pieces.append((size + first + 2 - at, last))
            gap = f"{text[at : first + 1]}\n{text[last : run.start()]}"
        else:
            gap = text[at : run.start()]
        made += (_LETTER.sub(" ", gap), text[run.start() : run.end()])
        size, at = size + len(gap) + run.end() - run.start(), run.end()
    return source.cut("".join(made), pieces)


def _goes_with(item: Tree, part: _Part, own: _Part, wanted: set[str], known: set[str]) -> bool:
    """Whether a problem takes over a statement of a part of which it takes the names ``wanted``.

    What is common to all problems goes with each of them, but for definitions it has no use for.
    """
    common = part.heading is None
    if any(is_other(item, one) for one in own.anew):
        return False
    said = {key for key in said_by(item) if any(one is item for one in part.given.get(key, ()))}
    if said:
        declared = common and relation_of(item) in IN
        return not any(own.says(key) for key in said) and (declared or bool(said & wanted))
    # Facts: "where $y$ is one-hot", $0 < \alpha < 1$.
    bare = base_of(item) or item.head in ("list", "text")
    ordered = item.head == "chain" and item.kids[0] is not None and relation_of(item) in ORDERED
    return common or (bool(bare or ordered) and known.issuperset(names_of(item)))
