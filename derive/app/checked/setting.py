"""What every look of a page asks: which verdicts there are and where, in which order things are
said, and where in a sentence the formulas are.

The idea: the HTML and the LaTeX page differ in markup only, so all of this is settled once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from derive.app.checked.page import Inline, Line, Page
from derive.app.checked.sentences import PIECES, typed
from derive.app.checked.words import (
    CARRIED,
    COUNTED,
    CURES,
    MEANING,
    SIGN,
    SPOKEN,
    Remark,
    Told,
    counted,
    proved_how,
    read_in,
    standing,
    told,
)
from derive.diagnostics import DeriveError, Diagnostic
from derive.elaborate.layouts import LAYOUTS
from derive.latex.read import read_formula
from derive.tree import Tree, tree
from derive.version import VERSION
from proofs.verdict import ILL_TYPED, PROVED, REFUTED, UNREADABLE, UNSETTLED

_MOST_PLACES = 8
_RANK = {
    verdict: rank
    for rank, verdict in enumerate((PROVED, CARRIED, UNSETTLED, ILL_TYPED, REFUTED, UNREADABLE))
}


@dataclass(frozen=True, slots=True)
class Place:
    """A line and the card that speaks of it."""

    line: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Group:
    """One verdict: how often, and on which lines."""

    verdict: str
    count: int
    places: tuple[Place, ...]

    @property
    def sign(self) -> str:
        return SIGN[self.verdict]

    @property
    def spoken(self) -> str:
        return SPOKEN[self.verdict]

    @property
    def meaning(self) -> str:
        return MEANING[self.verdict]


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of source that is no formula that could be read."""

    source: str


class Setting:
    """A page on its way to a look."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.report = page.report
        self.spelling: Mapping[str, str] = page.report.spelling
        self.all = tuple(told(page.report))

    def shared(self) -> dict[str, object]:
        """What the templates of every look use."""
        report = self.report
        groups = tuple(self._groups())
        said = read_in(report)
        name = PurePath(report.source.file).name
        return {
            "page": self.page,
            "title": self.page.title or name,
            "subtitle": f"{name}, checked by derive {VERSION}: {counted(report)}",
            "tally": groups,
            "legend": (*groups, *self._carried(groups)),
            "foot": f"{said[:1].upper()}{said[1:]}: {LAYOUTS[report.convention].says}.",
            "anchor": anchor,
            "place_anchor": place_anchor,
            "line_of": lambda one: self._line(one.span[0]),
            "spoken": lambda one: SPOKEN[one.verdict],
            "how": how,
            "shown": lambda one: one.verdict not in (PROVED, CARRIED),
            "ordered": ordered,
            "whole": whole,
        }

    def _line(self, offset: int) -> int:
        return self.report.source.position(offset)[0]

    def _groups(self) -> Iterator[Group]:
        """The verdicts of the claims; of what is not proved, the places."""
        by_link = {id(one.link): one for one in self.all}
        unread = [d for d in self.report.diagnostics if d.severity == "error"]
        for verdict in COUNTED:
            claims = [claim for claim in self.report.claims if standing(claim) == verdict]
            found = [by_link[id(claim.worst)] for claim in claims]
            places = [Place(self._line(one.span[0]), anchor(one)) for one in found]
            if verdict == UNREADABLE:
                places += [Place(self._line(d.start), place_anchor(d)) for d in unread]
            if places:
                some = () if verdict == PROVED else tuple(places[:_MOST_PLACES])
                yield Group(verdict, len(places), some)

    def _carried(self, groups: tuple[Group, ...]) -> Iterator[Group]:
        """For links that are only carried, in claims that are worse."""
        count = sum(one.verdict == CARRIED for one in self.all)
        if count and all(group.verdict != CARRIED for group in groups):
            yield Group(CARRIED, count, ())

    def pieces(self, text: str) -> Iterator[Code | tuple[str | Tree, ...]]:
        """The words of a sentence with the formulas that stand between dollars or backticks."""
        at = 0
        for piece in PIECES.finditer(text):
            if piece.start() > at:
                yield (text[at : piece.start()],)
            yield self._formula(piece[1] if piece[1] is not None else piece[2])
            at = piece.end()
        if at < len(text):
            yield (text[at:],)

    def _formula(self, latex: str) -> Code | tuple[str | Tree, ...]:
        try:
            items = read_formula(typed(latex), macros=self.page.macros)
        except DeriveError:
            items = ()
        return tuple(apart(items)) if items else Code(latex)


def apart(items: tuple[Tree, ...]) -> Iterator[str | Tree]:
    """Statements side by side, with a comma where no words stand between them."""
    for at, item in enumerate(items):
        if at:
            yield ", " if "text" not in (item.head, items[at - 1].head) else " "
        yield item.kids[0] if item.head == "text" else item


def worst(formula: Inline) -> Told:
    """Of several links the one that is to be seen first."""
    return max(formula.told, key=lambda one: _RANK[one.verdict])


def how(one: Told) -> str:
    """What the margin adds to a verdict."""
    if one.verdict == PROVED:
        return proved_how(one.link)
    return one.headline if one.verdict == CARRIED else ""


def whole(line: Line) -> tuple[Tree, ...]:
    """A line without a verdict: its left side goes back to where it stood."""
    if line.left is None:
        return line.right
    (rest,) = line.right
    return (tree("chain", line.left, *rest.kids[1:]),)


def ordered(one: Told) -> list[Remark]:
    """A reason, a case to look at, and only then the cure."""
    before = [remark for remark in one.remarks if remark.label not in CURES]
    after = [remark for remark in one.remarks if remark.label in CURES]
    return [*before, *([Remark("example", "")] if one.counterexample else []), *after]


def anchor(one: Told) -> str:
    return f"at-{one.link.span[0]}"


def place_anchor(diagnostic: Diagnostic) -> str:
    return f"place-{diagnostic.start}"
