"""Random points: sizes for the size symbols, values for the variables, the same for a seed.

The idea: a value is drawn from where its variable lives, so that logarithms, labels and class
numbers make sense, and sizes are small and distinct, so that a wrong transpose does not fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from derive.derivation.local import boundary, replaced
from derive.derivation.network import REALS, Domain
from derive.kernel import sizes
from derive.kernel.expr import Expr, Var, toposort
from derive.kernel.sizes import Axis, Size
from derive.meaning.evaluate import evaluate_all
from derive.operators.pointwise import np

MOST_POINTS = 4


def extents(nodes: Iterable[Expr], seed: int = 0) -> dict[str, int]:
    """A number for every size symbol of these nodes; every axis has at least one entry."""
    axes = [axis for node in nodes for axis in node.axes if isinstance(axis, Size)]
    names = sorted({name for axis in axes for name in axis.names()})
    draw = np.random.default_rng(seed)
    for spread in range(3, 40):
        chosen = [int(n) + 2 for n in draw.permutation(max(spread, len(names)))[: len(names)]]
        at = dict(zip(names, chosen, strict=True))
        if all(sizes.evaluate(axis, at) >= 1 for axis in axes):
            return at
    raise ValueError("no small sizes make every axis positive")


def value(axes: tuple[Axis, ...], domain: Domain, draw: Any, at: Mapping[str, int]) -> Any:
    """An array of these axes, each entry drawn from the domain."""
    shape = tuple(sizes.evaluate(n, at) for n in axes)
    if domain.classes is not None:
        count = sizes.evaluate(domain.classes, at)
        return draw.integers(1, count + 1, shape).astype(float)
    if domain.normalised:
        weights = draw.uniform(0.2, 1.0, shape)
        return weights / weights.sum(axis=-1, keepdims=True)
    if domain.values:
        return draw.choice([float(v) for v in domain.values], shape)
    low = None if domain.low is None else float(domain.low)
    high = None if domain.high is None else float(domain.high)
    if low is not None and high is not None:
        return low + (high - low) * draw.uniform(0.1, 0.9, shape)
    spread = draw.uniform(0.2, 2.0, shape)
    if low is not None:
        return low + spread
    if high is not None:
        return high - spread
    return draw.normal(size=shape)


def point(
    roots: Iterable[Expr], domains: Mapping[Expr, Domain] | None = None, seed: int = 0
) -> tuple[dict[Expr, Any], dict[str, int]]:
    """A value for every variable below the roots, and a number for every size symbol."""
    order = toposort(*roots)
    at = extents(order, seed)
    for domain in (domains or {}).values():
        if isinstance(domain.classes, Size):
            for name in sorted(domain.classes.names()):
                at.setdefault(name, 3)
    draw = np.random.default_rng(seed)
    variables: list[Expr] = [node for node in order if isinstance(node, Var)]
    known = {v: value(v.axes, (domains or {}).get(v, REALS), draw, at) for v in variables}
    return known, at


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
            known[leaf] = value(leaf.axes, REALS, draw, at)
        return known[leaf]
