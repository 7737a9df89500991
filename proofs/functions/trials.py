"""The sizes and points at which a function is called.

The idea: sizes that all differ show transposes; equal ones are where a square matrix lets a wrong
product through; a size of 1 is where broadcasting hides a missing sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from derive.derivation.network import Domain
from derive.derivation.points import Point, extents, smooth_point
from derive.kernel import sizes
from derive.kernel.expr import Expr, Var, toposort
from derive.kernel.sizes import Axis
from derive.meaning.evaluate import evaluate_all
from derive.operators.pointwise import np

EQUAL = 3
# Size symbols that are set to 1, one at a time.
MOST_ONES = 4
# Entries of all arrays together, beyond which nothing is computed.
MOST_ENTRIES = 5_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What points are drawn for: all nodes, the root, the gradients and what they are by."""

    order: tuple[Expr, ...]
    root: Expr
    claimed: tuple[Expr, ...]
    moving: tuple[Expr, ...]
    domains: Mapping[Expr, Domain]

    @property
    def axes(self) -> list[Axis]:
        classes = [d.classes for d in self.domains.values() if d.classes is not None]
        return list(dict.fromkeys([*(a for node in self.order for a in node.axes), *classes]))


def terms(
    root: Expr, claimed: Sequence[Expr], moving: Sequence[Expr], also: Sequence[Expr],
    domains: Mapping[Expr, Domain],
) -> Terms:  # fmt: skip
    order = tuple(toposort(root, *claimed, *moving, *also))
    return Terms(order, root, tuple(claimed), tuple(moving), domains)


def cases(of: Terms, fixed: Mapping[str, int], seed: int, count: int) -> Iterator[
    tuple[dict[str, int], int]
]:  # fmt: skip
    """Sizes and a seed for each call: ``count`` times different ones, then equal ones and ones."""
    axes = of.axes
    names = sorted({n for a in axes if isinstance(a, sizes.Size) for n in a.names()})
    free = [name for name in names if name not in fixed]
    found: list[tuple[dict[str, int], int]] = []
    for k in range(count):
        found.append((extents(axes, np.random.default_rng(seed + k)), seed + k))
    if free:
        base = found[0][0] if found else extents(axes, np.random.default_rng(seed))
        found.append((dict.fromkeys(names, EQUAL), seed))
        found += [({**base, name: 1}, seed) for name in free[:MOST_ONES]]
        found.append((dict.fromkeys(names, 1), seed))
    seen: set[tuple] = set()
    for at, own in found:
        at = {name: n for name, n in at.items() if name in names} | {
            name: n for name, n in fixed.items() if name in names
        }
        key = (tuple(sorted(at.items())), own)
        if key not in seen and all(sizes.evaluate(axis, at) >= 1 for axis in axes):
            seen.add(key)
            yield at, own


def point(of: Terms, at: Mapping[str, int], seed: int, dtype: str) -> Point | None:
    """A smooth point of these sizes, its values exact in the type; None if none is found."""
    draw = np.random.default_rng((seed, *(at[name] for name in sorted(at))))
    found = smooth_point(
        of.domains, of.order, [of.root], of.claimed, set(of.moving), at, draw
    )  # fmt: skip
    if found is None or dtype == "float64":
        return found
    values = {v: np.asarray(np.asarray(a, dtype), float) for v, a in found.values.items()}
    return Point(values, found.at, evaluate_all(of.order, values, at))


def entries(of: Terms, at: Mapping[str, int]) -> int:
    """The number of entries of all arrays at these sizes."""
    return sum(math.prod(sizes.evaluate(axis, at) for axis in node.axes) for node in of.order)


def largest(of: Terms, at: Point) -> float:
    """The largest number on the way, whose rounding is no sign of a mistake."""
    return max(float(np.max(np.abs(at.known[n]), initial=0.0)) for n in of.order)


def scalars(of: Terms, at: Point, names: Mapping[Expr, str]) -> dict[str, float]:
    """The values of the scalar variables, by name: a missing λ is a factor."""
    rows: dict[str, Any] = {
        names[v]: float(at.values[v]) for v in of.order
        if isinstance(v, Var) and not v.axes and v in names
    }  # fmt: skip
    return rows
