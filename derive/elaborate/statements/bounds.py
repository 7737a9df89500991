r"""Assumptions: which bounds a symbol has, everywhere or in places.

The idea: 0 < \alpha < 1 is an interval of the symbol; what is said under a condition, "for x > 0",
or in doubt, and what leaves nothing of an interval that was said before, holds in places only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from derive.derivation.network import REALS, Domain
from derive.elaborate.names.scope import base_of
from derive.elaborate.reading import Bound, Declaration, Reading
from derive.elaborate.statements.declare import number
from derive.elaborate.statements.mood import Mood, mood_of
from derive.kernel.sizes import Axis, resolve
from derive.latex.print import latex
from derive.tree import Tree


def assume(items: Iterable[Tree], reading: Reading, text: str) -> None:
    """Record 0 < α < 1: bounds on one symbol by numbers; other inequalities are claims.

    ``text`` is the document without its comments: its words say where bounds hold."""
    for item in items:
        for side, domain in _bounded(item, reading):
            symbol = reading.scope.refer(side).symbol
            mood = mood_of(text, *item.span, latex(side))
            if symbol in reading.size_names:
                if mood is Mood.GIVEN and reading.reach.everywhere(item.span, side):
                    _at_least(symbol, domain, reading)
                continue
            if mood is Mood.GIVEN and not reading.reach.everywhere(item.span, side):
                bound = Bound(symbol, domain, item.span, Mood.CONDITION, onward=True)
                reading.bounds.append(bound)
                known = reading.declarations.get(symbol)
                reading.declarations[symbol] = known or Declaration(None, REALS, side.span)
                reading.scope.declared.add(symbol)
                continue
            _bound(symbol, domain, side.span, mood, reading)


def _at_least(symbol: str, domain: Domain, reading: Reading) -> None:
    """Record n >= 2 of a size: no smaller one is meant."""
    if domain.low is not None:
        least = ceil(domain.low) if domain.closed else floor(domain.low) + 1
        reading.least[symbol] = max(least, reading.least.get(symbol, 1))


def least_sizes(reading: Reading) -> Iterator[Axis]:
    """Axes that have an entry at every choice of sizes that is meant: n - 1 of n >= 2; none where
    n is given as 1 besides, so that nothing is proved."""
    for symbol, least in reading.least.items():
        if least > 1:
            yield resolve(reading.size(symbol), reading.sizes.bound) - (least - 1)


def _bounded(item: Tree, reading: Reading) -> Iterator[tuple[Tree, Domain]]:
    """The names of which an inequality says between which numbers they are."""
    sides, signs = list(item.kids[::2]), [str(r.kids[0]) for r in item.kids[1::2]]
    named = [(k, kid) for k, one in enumerate(sides)
             for kid in (one.kids if one.head == "list" else (one,))]  # fmt: skip
    for k, side in named:
        if not base_of(side):
            continue
        reference = reading.scope.refer(side)
        symbol = reference.symbol
        if symbol in reading.scope.defined or reference.actions:  # s^2 > 0 does not bound s
            continue
        low = high = None
        closed = False
        before = [(signs[k - 1], sides[k - 1], True)] if k > 0 else []
        after = [(signs[k], sides[k + 1], False)] if k + 1 < len(sides) else []
        for sign, other, flipped in before + after:
            bound = number(other)
            if bound is None:
                continue
            if (sign in ("<", "<=")) == flipped:
                low = bound
            else:
                high = bound
            closed = closed or sign in ("<=", ">=")
        if low is None and high is None:
            continue
        yield side, Domain(low, high, closed=closed)


def _bound(
    symbol: str, domain: Domain, span: tuple[int, int], mood: Mood, reading: Reading
) -> None:
    """Record an interval: of a symbol everywhere, or in places only where it is said so, or where
    it leaves nothing of what was said before."""
    known = reading.declarations.get(symbol) or Declaration(None, REALS, span)
    both = intersected(known.domain, domain)
    if mood is Mood.GIVEN and both is not None:
        reading.declarations[symbol] = Declaration(known.axes, both, span)
    else:
        onward, mood = mood is Mood.GIVEN, Mood.CONDITION if mood is Mood.GIVEN else mood
        if both is None:  # "let x > 0", and "let x < 0" further down
            reading.bounds.append(Bound(symbol, known.domain, known.span, Mood.CONDITION, True))
            known = Declaration(known.axes, REALS, known.span)
        reading.bounds.append(Bound(symbol, domain, span, mood, onward))
        reading.declarations[symbol] = known
    reading.scope.declared.add(symbol)


def intersected(one: Domain, other: Domain) -> Domain | None:
    """What obeys both; None if nothing does."""
    lows = [(d.low, not d.closed) for d in (one, other) if d.low is not None]
    highs = [(-d.high, not d.closed) for d in (one, other) if d.high is not None]
    low, high = max(lows, default=None), max(highs, default=None)
    closed = any(end is not None and not end[1] for end in (low, high))
    if low is not None and high is not None and (
        low[0] > -high[0] or (low[0] == -high[0] and (low[1] or high[1]))
    ):  # fmt: skip
        return None
    values = tuple(v for v in one.values or other.values if _within(v, one) and _within(v, other))
    if (one.values or other.values) and not values:
        return None
    return replace(
        one, low=None if low is None else low[0], high=None if high is None else -high[0],
        closed=closed, values=values, normalised=one.normalised or other.normalised,
    )  # fmt: skip


def _within(value: Fraction, domain: Domain) -> bool:
    low, high = domain.low, domain.high
    if domain.values and value not in domain.values:
        return False
    above = low is None or value > low or (domain.closed and value == low)
    return above and (high is None or value < high or (domain.closed and value == high))
