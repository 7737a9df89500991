r"""What a document says of a variable under a condition, in places, or in no clear mood.

The idea: a relation is decided for all points first, and only what is proved there is proved.  Then
the variable is taken to be what is said of it: a point of that kind that breaks the relation breaks
it either way, a proof that needs the condition names it, and nothing else is settled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

from derive.derivation.local import replaced
from derive.derivation.network import REALS, Domain
from derive.elaborate.claims.claims import Claims
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.statements.bounds import intersected
from derive.elaborate.statements.mood import BEGINS, Mood
from derive.elaborate.statements.regions import is_behind
from derive.elaborate.values import Value
from derive.kernel.expr import Expr, Var
from derive.latex.print import latex
from derive.meaning.kinds import KINDS, closed, fitting
from derive.notation.names import filled

Span = tuple[int, int]
# What parts a claim from an interval that is said of it alone.
_ROW = re.compile(BEGINS.pattern + r"|\\\\")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A variable and what is said of it at a place: kinds, or an interval.  ``said`` is that as
    LaTeX, "" where it is said in no clear mood; ``onward``: it is given there, and holds of nothing
    before it nor behind ``until``.  ``unread`` are words about it that are neither."""

    at: Span
    var: Var
    said: str
    named: str
    kinds: tuple[str, ...] = ()
    domain: Domain | None = None
    onward: bool = False
    unread: str = ""
    until: int | None = None


class Narrowed:
    """What a document says in places only, for each of its claims."""

    def __init__(self, claims: Claims, unread: Iterable[Narrowing] = ()) -> None:
        self.text = claims.plain
        self._reach = claims.reading.reach
        found = [*_of_kinds(claims), *_of_intervals(claims), *unread]
        self.all = sorted(found, key=lambda one: one.at)

    def about(self, span: Span) -> tuple[Narrowing, ...]:
        """What is said of the variables of a claim at this place: kinds before it, or as a
        condition in its sentence, and of several intervals of a variable the one right behind it,
        the one beside it, or the last before."""
        kinds = [
            n for n in self.all
            if n.domain is None and (n.at < span or (n.said and self._near(span, n.at, BEGINS)))
        ]  # fmt: skip
        intervals: dict[Var, list[Narrowing]] = {}
        for one in self.all:
            if one.domain is not None:
                intervals.setdefault(one.var, []).append(one)
        chosen = (self._nearest(span, several) for several in intervals.values())
        found = (*kinds, *(one for one in chosen if one is not None))
        found = tuple(one for one in found if not self._reach.dropped(one.at, span[0]))
        # What does not reach the claim may be meant there, or may not.
        return tuple(one if self._reaches(one, span[0]) else replace(one, said="") for one in found)

    def _reaches(self, one: Narrowing, at: int) -> bool:
        if one.until is not None and at > one.until:
            return False
        if not one.onward:
            return self._reach.conditional(one.at, at)
        return one.at[0] > at or self._reach.holds(one.at, at, one.var.name)

    def _nearest(self, span: Span, several: list[Narrowing]) -> Narrowing | None:
        before = [one for one in several if one.at < span]
        after = [
            one for one in several
            if one.at > span and one.said and not one.onward and self._near(span, one.at, _ROW)
        ]  # fmt: skip
        behind = next((one for one in after if is_behind(self.text, span, one.at)), None)
        if behind is None and before and (not after or self._near(before[-1].at, span, _ROW)):
            return before[-1]
        if behind is not None:
            return behind
        return after[0] if after else None

    def _near(self, one: Span, other: Span, parting: re.Pattern[str]) -> bool:
        return parting.search(self.text[one[1] : other[0]]) is None


def _of_kinds(claims: Claims) -> Iterator[Narrowing]:
    for one in claims.called:
        if one.mood is Mood.GIVEN:
            continue
        with suppress(Fault, Silent):
            var = claims.value(one.named).expr
            if isinstance(var, Var) and fitting((one.kind,), var.axes):
                said = filled(KINDS[one.kind].formula, (latex(one.named),))
                said = said if one.mood is Mood.CONDITION else ""
                yield Narrowing(one.span, var, said, latex(one.named), (one.kind,),
                                onward=one.local, until=one.until)  # fmt: skip


def _of_intervals(claims: Claims) -> Iterator[Narrowing]:
    for one in claims.reading.bounds:
        named = filled(one.symbol, "i")
        said = _interval(named, one.domain)
        said = said if one.mood is Mood.CONDITION else ""
        for node, symbol in claims.reading.made.items():
            if symbol == one.symbol and isinstance(node, Var):
                var = claims.reading.sizes.current(Value(node)).expr
                if isinstance(var, Var):
                    yield Narrowing(
                        one.span, var, said, named, domain=one.domain, onward=one.onward
                    )


def _interval(named: str, domain: Domain) -> str:
    if domain.normalised:
        return rf"\mathbf{{1}}^\top {named} = 1"
    low, high = domain.low, domain.high
    less, more = (r"\le", r"\ge") if domain.closed else ("<", ">")
    if low is None:
        return f"{named} {less} {high}"
    return f"{named} {more} {low}" if high is None else f"{low} {less} {named} {less} {high}"


class Narrower(NamedTuple):
    """The variables as they are said to be, and the facts about them."""

    by: dict[Expr, Expr]
    facts: dict[Expr, Domain]

    def __call__(self, expr: Expr) -> Expr:
        return replaced(expr, self.by, closed=False)


def narrower(facts: Mapping[Expr, Domain], chosen: Iterable[Narrowing]) -> Narrower | None:
    """What is said of some variables beside the facts of a document; None where it contradicts
    them."""
    kinds: dict[Var, tuple[str, ...]] = {}
    domains = dict(facts)
    for one in chosen:
        kinds[one.var] = (*kinds.get(one.var, one.var.kinds), *one.kinds)
        if one.domain is not None:
            both = intersected(domains.get(one.var, REALS), one.domain)
            if both is None:
                return None
            domains[one.var] = both
    by: dict[Expr, Expr] = {
        var: Var(var.name, var.axes, var.letters, closed(own)) for var, own in kinds.items() if own
    }
    return Narrower(by, {by.get(node, node): domain for node, domain in domains.items()})
