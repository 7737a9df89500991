"""Simpler entries for a point: what may be tried in the place of each number.

The idea: 0, then 1, then -1, then the integers nearby; every proposal is simpler than what stands
there, so that taking them comes to an end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import NamedTuple

from derive.derivation.network import REALS, Domain
from derive.kernel.expr import Expr
from derive.operators.pointwise import np
from proofs.numbers.draw import Rationals, inside

_MOST = 400  # proposals for one point
_USUAL = tuple(Fraction(n) for n in ("0", "1", "-1", "2", "-2", "3", "1/2", "-1/2"))


class Proposal(NamedTuple):
    """Put this number in the place of an entry of a variable (its number among the entries)."""

    var: Expr
    place: int
    number: Fraction


def weight(n: Fraction) -> tuple[int, int, int]:
    """Simple numbers are light: whole ones first, then small ones, then positive ones."""
    return n.denominator, abs(n.numerator), int(n < 0)


def proposals(start: Mapping[Expr, Rationals], facts: Mapping[Expr, Domain]) -> list[Proposal]:
    """What may be tried in the place of each entry, the simplest first."""
    found: list[Proposal] = []
    for var, (over, under) in start.items():
        domain = facts.get(var, REALS)
        if domain.normalised:
            continue  # its entries hang together
        for place, (p, q) in enumerate(zip(over.ravel(), under.ravel())):
            n = Fraction(int(p), int(q))
            if domain.classes is not None:
                options = [Fraction(k) for k in range(1, min(int(n), 4))]
            else:
                near = (Fraction(floor(n)), Fraction(floor(n) + 1), n.limit_denominator(8))
                usual = domain.values or (*_USUAL, *near)
                options = [m for m in usual if weight(m) < weight(n) and inside(m, domain)]
            options = sorted(set(options), key=weight)[:3]
            found += [Proposal(var, place, m) for m in options]
    return found[:_MOST]


def simpler(
    start: Mapping[Expr, Rationals], edits: Sequence[Sequence[Proposal]]
) -> dict[Expr, Rationals]:
    """One point for each list of edits of the start."""
    made = {
        var: Rationals(
            np.repeat(over[None], len(edits), axis=0), np.repeat(under[None], len(edits), axis=0)
        )
        for var, (over, under) in start.items()
    }
    for row, edit in enumerate(edits):
        for var, place, number in edit:
            made[var].over[row].reshape(-1)[place] = number.numerator
            made[var].under[row].reshape(-1)[place] = number.denominator
    return made
