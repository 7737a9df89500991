r"""A document cut into the problems that it poses, each with what it takes from those before it.

The idea: a problem is read by itself, as a person works it.  What stands before the first problem
holds for all.  A problem that refers to others, or asks by what it does not speak of, takes the
names that it does not say from the last problem that said them.  A problem is cut out of the
document with all that it is about, and knows where its pieces stood: its places, and whatever is
said of them, are those of the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from derive.diagnostics import Source
from derive.elaborate.names.scope import base_of, index_letter, names_in
from derive.elaborate.statements.alone import DEFINES, formals_of, is_head
from derive.elaborate.statements.collect import ORDERED
from derive.elaborate.statements.declare import declared_names
from derive.elaborate.statements.given import is_concluded
from derive.latex.headings import Heading, headings, levels
from derive.latex.macros import collect
from derive.latex.print import latex
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
_IN = frozenset(["in", "sim"])
_SHOWN = re.compile(rb"\x01+")
_LETTER = re.compile(r"[^\r\n]")


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

    @cached_property
    def names(self) -> dict[str, None]:
        return dict.fromkeys(key for item in self.items for key in _names(item))

    @cached_property
    def differentiated(self) -> set[str]:
        """What derivatives are taken by."""
        return {key for item in self.items for node in item.subtrees() for key in _by(node)}

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
        rest = (item for item in self.items if not any(_by(node) for node in item.subtrees()))
        return not by.issubset(key for item in rest for key in _names(item))


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
    name may be a claim about it.
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


def _anew(part: _Part, said: dict[str, list[Tree]], document: Document, judging: bool) -> bool:
    for key, items in part.given.items():
        for item in items:
            for before in said.get(key, ()):
                # z_i = .. may be what z = .. says; f(X) = .. is another f than f(x) = ..
                same = before.kids[0] == item.kids[0] or is_head(item.kids[0])
                if _relation(before) != _relation(item) or not same:
                    continue
                if before.kids[:3:2] == item.kids[:3:2]:
                    continue
                supposed = _relation(item) in _IN or not judging
                words = document.words_before(item.span[0])
                if supposed or _SUPPOSES.search(words):
                    return True
    return False


def _body(document: Document) -> tuple[int, int]:
    """Where the text of a document begins and ends."""
    begin = document.plain.find(r"\begin{document}")
    end = document.plain.find(r"\end{document}", max(begin, 0))
    return max(begin, 0), len(document.plain) if end < 0 else end


def _parts(parsed: Parsed, begun: Sequence[Heading], judging: bool) -> list[_Part]:
    """What stands before the first heading, and under each."""
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
            parts[k].concluded.update(_said(item))
            continue
        for key in _said(item):
            parts[k].given.setdefault(key, []).append(item)
        if item.head == "chain" and item.kids[0] is not None and is_head(item.kids[0]):
            parts[k].formals |= {_key(one) for one in formals_of(item.kids[0].kids[1])}
    return parts


# ------------------------------------------------------------------------------- what is said


def _relation(item: Tree) -> str:
    return str(item.kids[1].kids[0])


def _said(item: Tree) -> Iterator[str]:
    r"""The names that a statement declares or defines; not the i of i = 1, .., n, nor n = 3."""
    if item.head != "chain" or item.kids[0] is None or any(k.head == "ask" for k in item.kids[::2]):
        return
    left, right = item.kids[0], item.kids[2]
    if _relation(item) in _IN:
        parts = left.kids if left.head == "list" else (left,)
        if index_letter(left) is None or right.head != "set":
            yield from dict.fromkeys(_key(one) for one in declared_names(item))
            if any(part.head == "dots" for part in parts):
                yield from dict.fromkeys(base_of(one) for one in parts if base_of(one))
    elif _relation(item) in DEFINES and not any(n.head == "dots" for n in right.subtrees()):
        if base_of(left) not in ("", r"\delta") and right.head != "num":
            yield _key(left)
        elif is_head(left):
            yield _key(left.kids[0])


def _names(item: Tree) -> Iterator[str]:
    for node in names_in([item]):
        yield _key(node)


def _by(node: Tree) -> list[str]:
    """What a derivative is taken by."""
    match node:
        case Tree("deriv", (_, Tree() as by, *_)) | Tree("grad", (Tree() as by, *_)):
            return [_key(one) for one in names_in([by])]
    return []


def _key(node: Tree) -> str:
    r"""A name with the marks that tell it from others: W_1, z^{(2)}, \hat y; not the i of x_i."""
    marks = ""
    while node.head in ("script", "prime"):
        if node.head == "script":
            _, sub, sup = node.kids
            if isinstance(sub, Tree) and not _is_place(sub):
                marks = f"_{{{latex(sub)}}}{marks}"
            if isinstance(sup, Tree) and sup.head in ("paren", "bracket") and not _is_place(sup):
                marks = f"_{{{latex(sup)}}}{marks}"
        node = node.kids[0]
    return base_of(node) + marks


def _is_place(script: Tree) -> bool:
    parts = script.kids if script.head in ("list", "juxt") else (script,)
    return all(isinstance(one, Tree) and index_letter(one) is not None for one in parts)


# ----------------------------------------------------------------------------------- the cut


def _cut(
    source: Source, document: Document, begun: Sequence[Heading], judging: bool
) -> tuple[Problem, ...]:
    parts = _parts(read_formulas(source), begun, judging)
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
        part.borrows = part.heading is not None and (elsewhere or part.refers(text))
        asked = [*_named(part, numbers[:k], text), 0] if part.borrows else [0][:k]
        takes = [_taken(parts, k, asked, sparing) for sparing in (False, True)]
        own, fresh = (_cut_out(source, macros, parts, k, one) for one in takes)
        title = "" if part.heading is None else _title(part.heading, len(made) + 1)
        told = "; ".join(_told(parts[at], keys) for at, keys in sorted(takes[0].items()) if at)
        equations = (_relation(item) in DEFINES for items in part.given.values() for item in items)
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
        if sparing and at and not taken[at] and all(_relation(item) in _IN for item in items):
            continue
        taken[at].add(found)
        wanted += [one for item in items for one in _names(item)]
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
        start = part.start if at == 0 else text.find("\n", part.start, part.end) % (len(text) + 1)
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
    said = {key for key in _said(item) if any(one is item for one in part.given.get(key, ()))}
    if said:
        declared = common and _relation(item) in _IN
        return not any(own.says(key) for key in said) and (declared or bool(said & wanted))
    # Facts: "where $y$ is one-hot", $0 < \alpha < 1$.
    bare = base_of(item) or item.head in ("list", "text")
    ordered = item.head == "chain" and item.kids[0] is not None and _relation(item) in ORDERED
    return common or (bool(bare or ordered) and known.issuperset(_names(item)))
