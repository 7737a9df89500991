"""A checked document as one HTML page that needs nothing else: no script, no network.

The idea: the author's page with a margin.  A verdict stands beside its line, the wrong piece is
marked inside the formula, and what is to be said of it stands on a card below the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import PurePath

from markupsafe import Markup

from derive.app import html
from derive.app.checked import numbers
from derive.app.checked.page import Inline, Line, Page, page
from derive.app.checked.words import (
    CARRIED,
    CURES,
    MEANING,
    SIGN,
    SPOKEN,
    Remark,
    Told,
    counted,
    proved_how,
    read_in,
    sides_of,
    told,
)
from derive.diagnostics import DeriveError, Diagnostic
from derive.latex.read import read_formula
from derive.notation.mathml import mathml
from derive.tree import Tree, tree
from derive.version import VERSION
from proofs.verdict import ILL_TYPED, PROVED, REFUTED, UNREADABLE, UNSETTLED, Report

_ORDER = (PROVED, REFUTED, ILL_TYPED, UNSETTLED, UNREADABLE, CARRIED)
_PIECES = re.compile(r"\$([^$]*)\$|`([^`]*)`")
_MOST_PLACES = 8


@dataclass(frozen=True, slots=True)
class Example:
    """A counterexample in markup: the values, and what came of them."""

    values: tuple[Markup, ...]
    outcome: Markup


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
class Place:
    """A line and the card that speaks of it."""

    line: int
    anchor: str


def render_html(report: Report) -> str:
    """The page as text; every word is escaped, every formula is set from its tree."""
    return _Setter(page(report)).text()


class _Setter:
    def __init__(self, made: Page) -> None:
        self.page = made
        self.report = made.report
        self.spelling: Mapping[str, str] = made.report.spelling

    def text(self) -> str:
        report = self.report
        name = PurePath(report.source.file).name
        groups = list(self.groups())
        return html.template("checked.html.j2").render(
            page=self.page,
            title=self.page.title or name,
            subtitle=f"{report.source.file}, checked by derive {VERSION}: {counted(report)}",
            language="zh" if _is_chinese(report.source.text) else "en",
            style=Markup(html.style("sheet.css", "checked.css")),
            tally=groups,
            legend=[*groups, *self.carried()],
            foot=f"{read_in(report)[:1].upper()}{read_in(report)[1:]}.",
            anchor=_anchor,
            place_anchor=_place_anchor,
            line_of=lambda one: self.line(one.span[0]),
            spoken=lambda one: SPOKEN[one.verdict],
            how=self.how,
            shown=lambda one: one.verdict not in (PROVED, CARRIED),
            ordered=_ordered,
            example=self.example,
            words=self.words,
            flow=lambda node: html.flow(node, self.spelling),
            formula=lambda node: Markup(mathml(node, self.spelling)),
            whole=_whole,
            inline=self.inline,
        )

    def line(self, offset: int) -> int:
        return self.report.source.position(offset)[0]

    def groups(self) -> Iterator[Group]:
        """The verdicts of the claims; of what is not proved, the places."""
        decisive = {id(one.link): one for one in told(self.report)}
        unread = [d for d in self.report.diagnostics if d.severity == "error"]
        for verdict in _ORDER:
            found = [
                decisive[id(claim.worst)]
                for claim in self.report.claims
                if claim.verdict == verdict and verdict != CARRIED
            ]
            places = [Place(self.line(one.span[0]), _anchor(one)) for one in found]
            if verdict == UNREADABLE:
                places += [Place(self.line(d.start), _place_anchor(d)) for d in unread]
            if places:
                some = () if verdict == PROVED else tuple(places[:_MOST_PLACES])
                yield Group(verdict, len(places), some)

    def carried(self) -> Iterator[Group]:
        count = sum(one.verdict == CARRIED for one in told(self.report))
        if count:
            yield Group(CARRIED, count, ())

    def how(self, one: Told) -> str:
        """What the margin adds to a verdict."""
        if one.verdict == PROVED:
            return proved_how(one.link)
        return one.headline if one.verdict == CARRIED else ""

    def example(self, one: Told) -> Example:
        found = one.counterexample
        assert found is not None
        values = tuple(Markup(mathml(node, self.spelling)) for node in numbers.equations(found))
        left, right = sides_of(one.link)
        edge = "only on a boundary: " if found.boundary else ""
        said = [edge + numbers.place(found) + left + " is ", found.left]
        said += [", " + right + " is ", found.right]
        parts = (
            Markup(mathml(numbers.written_number(text))) if at % 2 else escape(text)
            for at, text in enumerate(said)
        )
        return Example(values, Markup("".join(parts)))

    def words(self, text: str) -> Markup:
        """Words with formulas between dollars or backticks."""
        made, at = [], 0
        for piece in _PIECES.finditer(text):
            made.append(escape(text[at : piece.start()]))
            made.append(self.formula(piece[1] if piece[1] is not None else piece[2]))
            at = piece.end()
        made.append(escape(text[at:]))
        return Markup("".join(made))

    def formula(self, latex: str) -> str:
        try:
            items = read_formula(latex, macros=self.page.macros)
        except DeriveError:
            items = ()
        if not items:
            return f"<code>{escape(latex)}</code>"
        return html.words(tuple(_apart(items)), self.spelling)

    def inline(self, part: str | Inline) -> Markup:
        if isinstance(part, str):
            return Markup(escape(part))
        if not part.trees:
            made = Markup("<code>{}</code>").format(part.source)
        else:
            made = html.words(tuple(_apart(part.trees)), self.spelling)
        if not part.told:
            return made
        # Of several links the one that is worst is seen first.
        worst = max(part.told, key=lambda one: _RANK[one.verdict])
        sign = Markup('<span class="sign">{}</span>').format(worst.sign)
        return Markup('<span class="is-{}">{}{}</span>').format(worst.verdict, made, sign)


_RANK = {verdict: k for k, verdict in enumerate((PROVED, CARRIED, UNSETTLED, ILL_TYPED, REFUTED,
                                                   UNREADABLE))}  # fmt: skip


def _apart(items: tuple[Tree, ...]) -> Iterator[str | Tree]:
    """Statements side by side, with a comma where no words stand between them."""
    for at, item in enumerate(items):
        if at and "text" not in (item.head, items[at - 1].head):
            yield ", "
        elif at:
            yield " "
        yield item.kids[0] if item.head == "text" else item


def _whole(line: Line) -> tuple[Tree, ...]:
    """A line without a verdict: its left side goes back to where it stood."""
    if line.left is None:
        return line.right
    (rest,) = line.right
    return (tree("chain", line.left, *rest.kids[1:]),)


def _ordered(one: Told) -> list[Remark]:
    """A reason, a case to look at, and only then the cure."""
    before = [remark for remark in one.remarks if remark.label not in CURES]
    after = [remark for remark in one.remarks if remark.label in CURES]
    return [*before, *([Remark("example", "")] if one.counterexample else []), *after]


def _anchor(one: Told) -> str:
    return f"at-{one.link.span[0]}"


def _place_anchor(diagnostic: Diagnostic) -> str:
    return f"place-{diagnostic.start}"


def _is_chinese(text: str) -> bool:
    """So that a browser takes the right font for letters that two languages draw differently."""
    return bool(re.search("[\u4e00-\u9fff]", text)) and not re.search("[\u3040-\u30ff]", text)
