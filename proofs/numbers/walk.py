"""Points near given points: to leave a tie, or to climb towards a violation.

The idea: each copy moves some of its entries by a step of its own size, and every value is a short
fraction again; what does not lie in the domain stays where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from derive.derivation.network import REALS, Domain
from derive.kernel.expr import Expr
from derive.operators.pointwise import np
from proofs.numbers.draw import Rationals, as_float

_UNIT = 4096


def moved(
    given: Mapping[Expr, Rationals],
    rows: Any,
    copies: int,
    facts: Mapping[Expr, Domain],
    draw: Any,
    steps: tuple[float, ...] = (0.05, 0.3, 1.0, 4.0),
    share: float = 0.7,
) -> dict[Expr, Rationals]:
    """The chosen rows, and ``copies`` of each in which about this share of the entries moved."""
    count = len(rows) * (copies + 1)
    step = draw.choice(steps, size=count)
    # Some copies are also moved all together, by a factor.
    far = draw.random(count) < (0.3 if share < 1 else 0.0)
    scale = np.where(far, draw.choice([0.1, 0.5, 2.0, 5.0], size=count), 1.0)
    made = {}
    for var, known in given.items():
        over = np.repeat(known.over[rows], copies + 1, axis=0)
        under = np.repeat(known.under[rows], copies + 1, axis=0)
        domain = facts.get(var, REALS)
        if not (domain.normalised or domain.values or domain.classes is not None):
            shape = (count, *(1 for _ in over.shape[1:]))
            value = Rationals(over, under).floats
            some = draw.random(over.shape) < share
            target = value * scale.reshape(shape)
            target = target + some * draw.normal(size=over.shape) * step.reshape(shape)
            fits = np.abs(target) < 1e6
            new = np.rint(np.where(fits, target, 0) * _UNIT).astype(np.int64)
            if domain.low is not None:
                fits &= new > as_float(domain.low) * _UNIT
            if domain.high is not None:
                fits &= new < as_float(domain.high) * _UNIT
            fits.reshape(len(rows), copies + 1, -1)[:, 0] = False
            over, under = np.where(fits, new, over), np.where(fits, _UNIT, under)
        made[var] = Rationals(over, under)
    return made
