"""A second opinion on what was proved: the same two sides in numbers.

The idea: a proof of something false would be the worst mistake of all, so every proof by normal
form is held against exact points, enclosures and residues; a disagreement is an error of ours, and
is said, not decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from derive.derivation.network import REALS, Domain
from derive.kernel.expr import Expr, Var, toposort
from derive.operators.pointwise import np
from proofs.numbers.agree import agrees, lawless
from proofs.numbers.certify import broken_at, satisfied, texts
from proofs.numbers.draw import GENERIC_ROWS, ROWS
from proofs.numbers.entries import finite
from proofs.numbers.exact import Exact, precision
from proofs.numbers.sample import Room, Sampler, compared, differing
from proofs.numbers.ties import Ties

_SIMPLE_POINTS = 3
# Simple points in an order in which each is of another kind than those before it.
_SIMPLE = tuple(GENERIC_ROWS + (17 * k) % (ROWS - GENERIC_ROWS) for k in range(ROWS - GENERIC_ROWS))
_TRIALS = 3
_BITS = 96
_MOST_NODES = 5_000  # in exact numbers at one point


def cross_check(
    a: Expr, b: Expr, facts: Mapping[Expr, Domain] | None = None, *,
    sampler: Sampler | None = None, almost_everywhere: bool = False,
) -> str | None:  # fmt: skip
    """None if numbers agree with ``a = b``, or a description of where they do not.

    Three simple points and one of no special kind are evaluated in exact numbers or enclosures, and
    where all functions keep their laws there, three trials modulo p.  ``almost_everywhere`` leaves
    out points at which a comparison is tied.
    """
    if a is b:
        return None
    if a.axes != b.axes:
        return "the two sides have different shapes"
    sampler, (a, b) = (sampler or Sampler((a, b), facts)).short(a, b)
    order = toposort(a, b, *sampler.conditions)
    variables = [node for node in order if isinstance(node, Var)]
    still = {v for v in variables if (d := sampler.facts.get(v, REALS)).classes or d.values}
    ties = Ties(order, still) if almost_everywhere else None
    rooms = sampler.usual((a, b))
    for k, room in enumerate(rooms[:2]):
        # The simple points are those of the second choice of sizes, which is the smaller one.
        for row in _rows(room, a, b, sampler, ties, every=k == len(rooms[:2]) - 1):
            point = _exact(sampler, room, row)
            left, right = point.value(a), point.value(b)
            with precision(_BITS):
                if not (
                    all(map(finite, left.flat))
                    and all(map(finite, right.flat))
                    and all(satisfied(point.value(n), d) for n, d in sampler.conditions.items())
                ):
                    continue
                place = broken_at(left, right, "=")
            if place is not None and not (almost_everywhere and point.tied(a, b)):
                one, other = texts(left[place], right[place])
                return f"at a point with sizes {dict(room.at)} the sides are {one} and {other}"
    if not lawless(order):
        trial = agrees(a, b, sampler.facts, _TRIALS)
        if trial.found == "differs":
            at = ", ".join(f"{name} = {n}" for name, n in (trial.sizes or {}).items())
            return f"the sides differ modulo p at the sizes {at}" if at else "they differ modulo p"
    return None


def _exact(sampler: Sampler, room: Room, row: int) -> Exact:
    """A point of a room in exact numbers; the lines of a document share its nodes."""
    key = ("exact", tuple(sorted(room.at.items())), row)
    point = sampler.kept.get(key)
    if point is None or len(point.known) > _MOST_NODES:
        still = {v for v, d in sampler.facts.items() if d.classes is not None or d.values}
        point = sampler.kept[key] = Exact(_Row(room, row), room.at, _BITS, still)
    return point


class _Row(Mapping[Expr, Any]):
    """The variables at one point of a room, as Fractions."""

    def __init__(self, room: Room, row: int) -> None:
        self.room, self.row = room, row

    def __getitem__(self, var: Expr) -> Any:
        return self.room.exact(var).row(self.row)

    def __iter__(self) -> Iterator[Expr]:
        return iter(self.room.rationals)

    def __len__(self) -> int:
        return len(self.room.rationals)


def _rows(
    room: Room, a: Expr, b: Expr, sampler: Sampler, ties: Ties | None, every: bool
) -> list[int]:
    """A point where floats differ, if there is one; and where ``every`` is said a point of no
    special kind and simple ones, the same for all lines of a document as far as that goes."""
    left, right, good = compared(room, a, b)
    if sampler.conditions:
        good = good & sampler.allowed(room)
    if ties is not None:
        good = good & ~ties.rows(room)
    rows = [int(k) for k in np.flatnonzero(good & differing(left, right))[:1]]
    if every:
        rows += [int(k) for k in np.flatnonzero(good[:GENERIC_ROWS])[:1]]
        usual = [k for k in _SIMPLE if good[k]]
        rows += usual[:_SIMPLE_POINTS]
    return rows
