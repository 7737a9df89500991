"""Two spellings of one value, compared where both are defined: nothing else decides what is shown.

The idea: a shorter spelling is a guess until it evaluates equal at a random point of the whole
network; a name stands for its value there, so a line costs what it is long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from derive.derivation.local import boundary, replaced
from derive.derivation.network import REALS, Domain
from derive.derivation.points import point, value_of
from derive.kernel.expr import Expr, Var
from derive.kernel.sizes import Size
from derive.meaning.evaluate import evaluate_all
from derive.operators.pointwise import np

MOST_POINTS = 16


class Witness:
    """Forward passes at random points, at which two spellings of one value must agree.

    Cotangents that are only symbols get values of their own when they are first met.
    """

    def __init__(
        self,
        roots: Iterable[Expr],
        domains: Mapping[Expr, Domain] | None = None,
        aliases: Mapping[Expr, Expr] | None = None,
        seed: int = 0,
    ) -> None:
        self.roots = list(roots)
        self.domains = domains
        self.aliases = aliases or {}  # symbols of the sheet -> what they stand for
        self.seed = seed
        self.points: list[tuple[dict[Expr, Any], dict[str, int]]] = []

    def agree(self, a: Expr, b: Expr, tolerance: float = 1e-9) -> bool:
        """Whether the two have equal values, relative to their size, at a point where both are
        defined; False if none is found."""
        if a is b or a.axes != b.axes:
            return a is b
        leaves = boundary(a, b)
        # A name stands for its value, so that nothing below it is computed again.
        closed: dict[Expr, Expr] = {
            leaf: leaf if isinstance(leaf, Var) else Var(f"value {k}", leaf.axes)
            for k, leaf in enumerate(leaves)
        }
        a, b = replaced(a, closed), replaced(b, closed)
        for k in range(MOST_POINTS):
            known, at = self._point(k)
            try:
                local = {closed[leaf]: self._value(leaf, known, at, k) for leaf in leaves}
                with np.errstate(all="ignore"):
                    found = evaluate_all([a, b], local, at)
            except (KeyError, ValueError, ArithmeticError):
                return False
            one, other = found[a], found[b]
            if np.all(np.isfinite(one)) and np.all(np.isfinite(other)):
                scale = np.maximum(1.0, np.abs(one)) * tolerance
                return bool(np.all(np.abs(one - other) <= scale))
        return False

    def _point(self, k: int) -> tuple[dict[Expr, Any], dict[str, int]]:
        while len(self.points) <= k:
            values, at = point(self.roots, self.domains, self.seed + len(self.points))
            with np.errstate(all="ignore"):
                known = evaluate_all(self.roots, values, at)
            known.update((symbol, known[node]) for symbol, node in self.aliases.items())
            self.points.append((known, at))
        return self.points[k]

    def _value(self, leaf: Expr, known: dict[Expr, Any], at: dict[str, int], k: int) -> Any:
        if leaf not in known:
            for axis in leaf.axes:
                for name in axis.names() if isinstance(axis, Size) else ():
                    at.setdefault(name, 3)
            draw = np.random.default_rng([self.seed, k, len(known)])
            known[leaf] = value_of(leaf, REALS, draw, at)
        return known[leaf]
