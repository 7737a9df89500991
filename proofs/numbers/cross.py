"""A second opinion on what was proved: the same two sides in numbers.

The idea: a proof of something false would be the worst mistake of all, so every proof by normal
form is held against exact points, enclosures and residues; a disagreement is an error of ours, and
is said, not decided.
"""

from __future__ import annotations

from collections.abc import Mapping

from derive.derivation.network import REALS, Domain
from derive.kernel.expr import Expr, Var, toposort
from derive.operators.pointwise import np
from proofs.numbers.agree import agrees, lawless
from proofs.numbers.certify import certify, texts
from proofs.numbers.draw import GENERIC_ROWS
from proofs.numbers.sample import Room, Sampler, compared, differing
from proofs.numbers.ties import Ties

_SIMPLE_POINTS = 3
_TRIALS = 3


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
    sampler = sampler or Sampler((a, b), facts)
    order = toposort(a, b, *sampler.conditions)
    variables: list[Expr] = [node for node in order if isinstance(node, Var)]
    domains = {v: sampler.facts.get(v, REALS) for v in variables}
    still = {v for v, d in domains.items() if d.classes is not None or d.values}
    given = {v: d for v, d in domains.items() if d != REALS} | sampler.conditions
    rooms = sampler.usual((a, b))
    for room in rooms[1:2] or rooms[:1]:
        for row in _rows(room, a, b, sampler, Ties(order, still) if almost_everywhere else None):
            values = {v: room.exact(v).row(row) for v in variables}
            found = certify(a, b, "=", values, room.at, given, still, precisions=(64, 128))
            if found is not None and not (almost_everywhere and found.tied):
                left, right = texts(found.left, found.right)
                return f"at a point with sizes {dict(room.at)} the sides are {left} and {right}"
    if not lawless(order):
        trial = agrees(a, b, sampler.facts, _TRIALS)
        if trial.found == "differs":
            return f"the sides differ modulo p at sizes {dict(trial.sizes or {})}"
    return None


def _rows(room: Room, a: Expr, b: Expr, sampler: Sampler, ties: Ties | None) -> list[int]:
    """A point of no special kind, simple ones of different kinds, and one where floats differ."""
    left, right, good = compared(room, a, b)
    if sampler.conditions:
        good = good & sampler.allowed(room)
    if ties is not None:
        good = good & ~ties.rows(room)
    suspect = np.flatnonzero(good & differing(left, right))
    rows = np.flatnonzero(good)
    simple = rows[rows >= GENERIC_ROWS]
    if len(simple) > _SIMPLE_POINTS:
        simple = simple[np.linspace(0, len(simple) - 1, _SIMPLE_POINTS).astype(int)]
    return [int(k) for k in (*suspect[:1], *rows[rows < GENERIC_ROWS][:1], *simple)]
