"""A document line by line with its verdicts, before it has a look.

The idea: the author's own words and formulas, in the author's order; a formula that claims
something is cut into its links, one to a line, and each line carries what is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from derive.app.checked.prose import passages
from derive.app.checked.words import Told, told
from derive.diagnostics import DeriveError, Diagnostic
from derive.latex.macros import CUSTOMARY, Macro
from derive.latex.read import Parsed, Row, read_formulas
from derive.latex.segment import Formula
from derive.latex.vocabulary import RELATIONS
from derive.notation import PRODUCTS
from derive.notation.breaking import width
from derive.tree import Tree
from proofs.verdict import Report


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a displayed formula: ``left`` in a column of its own, then ``right``.

    A line that could not be read is its ``source``.  ``words`` follow it.
    """

    left: Tree | None = None
    right: tuple[Tree, ...] = ()
    told: Told | None = None
    source: str = ""
    words: str = ""
    unread: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Inline:
    """A formula among words; its ``source`` where it could not be read."""

    trees: tuple[Tree, ...]
    source: str
    told: tuple[Told, ...] = ()
    unread: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Display:
    """Formulas on lines of their own."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A ``heading``, ``paragraph``, ``item`` or ``listing`` with its formulas."""

    kind: str
    parts: tuple[str | Inline, ...]
    level: int = 0

    @property
    def formulas(self) -> tuple[Inline, ...]:
        return tuple(part for part in self.parts if isinstance(part, Inline))

    @property
    def told(self) -> tuple[Told, ...]:
        return tuple(one for formula in self.formulas for one in formula.told)

    @property
    def unread(self) -> tuple[Diagnostic, ...]:
        return tuple(one for formula in self.formulas for one in formula.unread)


@dataclass(frozen=True, slots=True)
class Page:
    """A document with what is said of it; ``unplaced`` belongs to no formula."""

    report: Report
    title: str
    blocks: tuple[Words | Display, ...]
    unplaced: tuple[Diagnostic, ...]
    macros: Mapping[str, Macro] = field(default_factory=dict)


def page(report: Report) -> Page:
    """The page of a checked document; of one that cannot hold formulas, only what is wrong."""
    try:
        parsed = read_formulas(report.source)
    except DeriveError as error:
        return Page(report, report.title, (), report.diagnostics or error.diagnostics)
    reader = _Reader(report, parsed)
    blocks = tuple(reader.blocks())
    placed = {id(one) for unread in reader.unread for one in unread}
    unplaced = tuple(d for d in report.diagnostics if id(d) not in placed)
    title = report.title or parsed.title
    # A title that the document repeats as its first heading is said once.
    first = next((b for b in blocks if isinstance(b, Words) and b.kind == "heading"), None)
    if first is not None and "".join(p for p in first.parts if isinstance(p, str)) == title.strip():
        blocks = tuple(block for block in blocks if block is not first)
    return Page(report, title, blocks, unplaced, {**CUSTOMARY, **parsed.document.macros})


class _Reader:
    """The formulas of a document with what belongs to each."""

    def __init__(self, report: Report, parsed: Parsed) -> None:
        self.text = report.source.text
        self.document = parsed.document
        formulas = parsed.document.formulas
        self.rows: list[list[Row]] = [[] for _ in formulas]
        self.told: list[list[Told]] = [[] for _ in formulas]
        self.unread: list[list[Diagnostic]] = [[] for _ in formulas]
        for row in parsed.rows:
            self._put(self.rows, row, row.span[0])
        for one in told(report):
            self._put(self.told, one, one.link.span[0])
        for diagnostic in report.diagnostics:
            self._put(self.unread, diagnostic, diagnostic.start)

    def _put(self, lists: list, what: object, offset: int) -> None:
        low, high = 0, len(self.document.formulas)
        while low < high:  # the last formula that starts at or before the offset
            middle = (low + high) // 2
            if self.document.formulas[middle].start <= offset:
                low = middle + 1
            else:
                high = middle
        if low and offset <= self.document.formulas[low - 1].end:
            lists[low - 1].append(what)

    def blocks(self) -> Iterator[Words | Display]:
        for passage in passages(self.document):
            numbers = [part for part in passage.parts if isinstance(part, int)]
            if len(passage.parts) == 1 and numbers and self._formula(numbers[0]).display:
                lines = tuple(self._lines(numbers[0]))
                if lines:
                    yield Display(lines)
                continue
            parts = tuple(
                self._inline(part) if isinstance(part, int) else part for part in passage.parts
            )
            yield Words(passage.kind, parts, passage.level)

    def _formula(self, number: int) -> Formula:
        return self.document.formulas[number]

    def _source(self, number: int) -> str:
        formula = self._formula(number)
        return " ".join(self.text[formula.start : formula.end].split())

    def _inline(self, number: int) -> Inline:
        said = tuple(self.told[number])
        unread = tuple(self.unread[number])
        source = self._source(number)
        items = [item for row in self.rows[number] for item in row.items]
        lost = not all(any(_holds(item, one) for item in items) for one in said)
        # What was read in part is shown as it was written: half a formula would be another one.
        if unread or lost:
            return Inline((), source, said, unread)
        trees = []
        for item in items:
            for one in said:
                if _holds(item, one) and one.severity:
                    item = marked(item, one.span)
            trees.append(item)
        return Inline(tuple(trees) or _sign(source), source, said, unread)

    def _lines(self, number: int) -> Iterator[Line]:
        found: list[tuple[int, Line]] = []
        for row in self.rows[number]:
            found += [(row.span[0], line) for line in self._row(row, self.told[number])]
        items = [item for row in self.rows[number] for item in row.items]
        for one in self.told[number]:
            if not any(_holds(item, one) for item in items):
                source = self._row_around(number, one.link.span[0])
                found.append((one.link.span[0], Line(told=one, source=source)))
        for diagnostic in self.unread[number]:
            source = self._row_around(number, diagnostic.start)
            found.append((diagnostic.start, Line(source=source, unread=(diagnostic,))))
        found.sort(key=lambda entry: entry[0])
        yield from (line for _, line in found)

    def _row(self, row: Row, said: list[Told]) -> Iterator[Line]:
        quiet: list[Tree] = []
        lines: list[Line] = []
        for item in row.items:
            own = [one for one in said if _holds(item, one)]
            if own:
                if quiet:
                    lines.append(_plain(quiet))
                    quiet = []
                lines += _links(item, own)
            elif item.head == "text" and lines and not quiet:
                last = lines[-1]
                lines[-1] = Line(last.left, last.right, last.told, words=item.kids[0])
            else:
                quiet.append(item)
        if quiet:
            lines.append(_plain(quiet))
        yield from lines

    def _row_around(self, number: int, offset: int) -> str:
        formula = self._formula(number)
        start = self.text.rfind(r"\\", formula.start, offset)
        end = self.text.find(r"\\", offset, formula.end)
        start = formula.start if start < 0 else start + 2
        end = formula.end if end < 0 else end
        return " ".join(self.text[start:end].split())


def _sign(source: str) -> tuple[Tree, ...]:
    """A sign that is spoken of, as in "where $\\odot$ is the product of entries"."""
    if source in PRODUCTS:
        return (Tree("op", (source,)),)
    name = RELATIONS.get(source)
    return () if name is None else (Tree("rel", (name,)),)


def _plain(items: list[Tree]) -> Line:
    if len(items) == 1 and items[0].head == "chain" and items[0].kids[0] is not None:
        first, *rest = items[0].kids
        return Line(first, (Tree("chain", (None, *rest), items[0].span),))
    return Line(None, tuple(items))


def _links(chain: Tree, said: list[Told]) -> Iterator[Line]:
    """One line for each relation of a chain; a line without a verdict joins the one before."""
    left, pairs = chain.kids[0], list(zip(chain.kids[1::2], chain.kids[2::2], strict=False))
    open_pairs: list[Tree] = []
    waiting = iter(said)
    one = next(waiting, None)
    for relation, side in pairs:
        open_pairs += [relation, side]
        reach = max(side.span[1], side.span[0] + 1)
        if one is None or one.link.span[0] >= reach:
            continue
        own = one
        if own.severity:
            piece = marked(side, own.span)
            if left is not None and piece is side and own.span[1] <= side.span[0]:
                left = marked(left, own.span)
            open_pairs[-1] = piece
        yield Line(left, (Tree("chain", (None, *open_pairs), side.span),), own)
        left, open_pairs = None, []
        one = next(waiting, None)
    if open_pairs:
        yield Line(left, (Tree("chain", (None, *open_pairs), chain.span),))


def _holds(item: Tree, one: Told) -> bool:
    """Whether a link is part of a statement; only chains have links."""
    start, end = item.span
    return item.head == "chain" and start <= one.link.span[0] < max(end, start + 1)


# ------------------------------------------------------------------------------- the wrong piece

_ONE_MARK = 10.0  # in em: a wider piece is marked part by part, so that it can be broken


def marked(node: Tree, span: tuple[int, int]) -> Tree:
    """The tree with the head ``marked`` around what stands in the span; itself if nothing does."""
    if span[1] <= node.span[0] or span[0] >= node.span[1]:
        return node
    if span[0] <= node.span[0] and node.span[1] <= span[1]:
        return _whole(node)
    touched = [at for at, kid in enumerate(node.kids) if _touches(kid, span)]
    if not touched:
        return Tree("marked", (node,), node.span)
    if node.head == "juxt" and len(touched) > 1:
        first, last = touched[0], touched[-1]
        run = node.kids[first : last + 1]
        # Only whole factors can be put together under one mark.
        if all(span[0] <= kid.span[0] and kid.span[1] <= span[1] for kid in run):
            one = Tree("marked", (Tree("juxt", run),), (run[0].span[0], run[-1].span[1]))
            kids = (*node.kids[:first], one, *node.kids[last + 1 :])
            return Tree(node.head, kids, node.span)
    if node.head == "env":
        return Tree("marked", (node,), node.span)
    kids = tuple(
        marked(kid, span) if isinstance(kid, Tree) and at in touched else kid
        for at, kid in enumerate(node.kids)
    )
    return Tree(node.head, kids, node.span)


def _whole(node: Tree) -> Tree:
    """All of a tree under one mark; of what a line may break within, each term or factor."""
    if node.head in ("rel", "op", "text", "marked"):
        return node
    if node.head in ("sum", "juxt") and width(node) > _ONE_MARK:
        kids = (None if kid is None else _whole(kid) for kid in node.kids)
        return Tree(node.head, tuple(kids), node.span)
    if node.head == "neg" and width(node) > _ONE_MARK:
        return Tree(node.head, (_whole(node.kids[0]),), node.span)
    return Tree("marked", (node,), node.span)


def _touches(kid: object, span: tuple[int, int]) -> bool:
    return isinstance(kid, Tree) and span[0] < kid.span[1] and kid.span[0] < span[1]
