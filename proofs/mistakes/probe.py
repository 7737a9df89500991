"""A few points at which a side is compared with the truth: fast, and never a verdict.

The idea: edits are many and nearly all of them wrong, so floats at two points of different sizes
sort them out, and only what is left is given to the prover.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from derive.derivation.network import Domain
from derive.derivation.points import value
from derive.kernel import sizes
from derive.kernel.expr import Call, Expr, Operator, Var, toposort
from derive.operators.pointwise import np
from proofs.numbers.sample import computed

_CLOSE = 1e-7
_LARGEST_PART = 12  # of a ratio that somebody would write as a number


@dataclass(slots=True)
class Probe:
    """The truth at some points.

    ``domains`` says where variables live, ``free`` puts free variables for declared ones.
    Another ``seed`` gives other points.
    """

    truth: Expr
    domains: Mapping[Expr, Domain] = field(default_factory=dict)
    free: Callable[[Expr], Expr] | None = None
    points: int = 2
    seed: int = 0
    _known: list[dict[Expr, Any]] = field(default_factory=list)
    _at: list[dict[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        while len(self._at) < self.points:
            self._at.append({})
            self._known.append({})

    def of(self, truth: Expr) -> Probe:
        """Another truth at the same points; what is known there is shared."""
        return replace(self, truth=truth)

    def agrees(self, expr: Expr) -> bool:
        """Whether an expression has the value of the truth at every point, within rounding."""
        if expr.axes != self.truth.axes:
            return False
        return all(
            close(self.array(expr, k), self.array(self.truth, k)) for k in range(self.points)
        )

    def ratio(self, expr: Expr) -> Fraction | None:
        """The c with truth = c · expr at every point, if it is a number that one would write."""
        if expr.axes != self.truth.axes:
            return None
        found: set[Fraction] = set()
        for k in range(self.points):
            own, truth = self.array(expr, k), self.array(self.truth, k)
            with np.errstate(all="ignore"):  # of a long product, say
                scale = float(np.sum(own * own))
                along = float(np.sum(truth * own))
            if not np.isfinite(scale) or scale == 0.0:
                return None
            c = along / scale
            if not np.isfinite(c):
                return None
            near = Fraction(c).limit_denominator(_LARGEST_PART)
            if near == 0 or abs(float(near) - c) > _CLOSE or not close(own * float(near), truth):
                return None
            found.add(near)
        return found.pop() if len(found) == 1 else None

    def array(self, expr: Expr, point: int = 0) -> Any:
        """The numbers of an expression at one of the points."""
        known, at = self._known[point], self._at[point]
        if self.free is not None:
            expr = self.free(expr)
        if expr not in known:
            order = toposort(expr, below=lambda node: () if node in known else node.kids)
            self._extend(order, known, at, point)
            with np.errstate(all="ignore"):
                for node in order:
                    if node not in known:
                        known[node] = computed(node, known, at)
        return known[expr]

    def _extend(
        self, order: Iterable[Expr], known: dict[Expr, Any], at: dict[str, int], point: int
    ) -> None:
        """Sizes and values for what was not met before."""
        for node in order:
            if node in known:
                continue
            axes = list(node.axes)
            if isinstance(node, Call) and isinstance(node.op, Operator):
                axes += node.op.params
            for axis in axes:
                if isinstance(axis, sizes.Size):
                    for name in sorted(axis.names()):
                        # Different at every point, and from each other as far as six sizes go.
                        at.setdefault(name, 2 + (len(at) + 2 * point) % 6)
            if isinstance(node, Var):
                draw = np.random.default_rng((self.seed, point, len(known)))
                known[node] = value(node.axes, self.domains.get(node, Domain()), draw, at)


def close(a: Any, b: Any) -> bool:
    """Whether two arrays are equal within rounding, entry by entry, and finite."""
    if a.shape != b.shape:
        return False
    near = np.abs(a - b) <= _CLOSE * (1.0 + np.abs(b))
    return bool(near.all()) and bool(np.isfinite(b).all())
