"""A gradient in which something that moves was held constant: the mean, the variance, a weight.

The idea: the paths through some names are cut, which is exact calculus; where the wrong value is
what is left, these are the names that were held.  A layer that is one word is opened first, so that
its statistics have names too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

from derive.derivation.local import symbol_of
from derive.kernel.build import ONE, collected, is_zero, rebuilt
from derive.kernel.calculus import pullback
from derive.kernel.contraction import zeros
from derive.kernel.expr import Call, Expr, Operator, is_named, toposort
from derive.notation.names import filled
from derive.operators.normalisation import with_statistics

_MOST_HELD = 8  # names that are tried, the nearest to the variable first


def swept(root: Expr, pinned: dict[Expr, Expr]) -> dict[Expr, Expr]:
    """The cotangents of a number where some of them are taken to be what somebody wrote."""
    arriving: dict[Expr, list[Expr]] = {root: [ONE]}
    done: dict[Expr, Expr] = {}
    for node in reversed(toposort(root)):
        if node not in arriving:
            continue
        cotangent = pinned.get(node)
        if cotangent is None:
            cotangent = collected(arriving[node])
        done[node] = cotangent
        for share in pullback(node, cotangent):
            arriving.setdefault(share.kid, []).append(share.cotangent)
    return done


def held_constant(of: Expr, node: Expr, holds: Callable[[Expr], bool]) -> tuple[str, ...] | None:
    """The names, as LaTeX, whose paths must be cut for the gradient of ``of`` in ``node`` to be
    what ``holds`` accepts; None where no one or two of them, nor all statistics, explain it."""
    of, node = _with_statistics(of, node)
    seen: set[Expr] = set()
    for cut in _cuts(of, node):
        value = swept(of, {name: zeros(name.axes) for name in cut}).get(node)
        if value is None or is_zero(value) or value in seen:
            continue
        seen.add(value)
        if holds(value):
            return tuple(filled(*own) for name in cut if (own := symbol_of(name)) is not None)
    return None


def _cuts(of: Expr, node: Expr) -> Iterator[tuple[Expr, ...]]:
    """Sets of names between the variable and the number: all of fewer axes, then one, then two."""
    above = {node}
    found: list[Expr] = []
    for here in toposort(of):
        if not above.isdisjoint(here.kids):
            above.add(here)
            if is_named(here) and here is not of:
                found.append(here)
    shared = tuple(name for name in found if len(name.axes) < len(node.axes))
    near = found[:_MOST_HELD]
    for size in (1, 2):
        yield from combinations([n for n in near if n in shared], size)
    if len(shared) > 2:
        yield shared
    for size in (1, 2):
        yield from combinations(near, size)


def _with_statistics(of: Expr, node: Expr) -> tuple[Expr, Expr]:
    """Both with the layers that normalise opened, their statistics under names."""
    made: dict[Expr, Expr] = {}
    for here in toposort(of, node):
        kids = [made[kid] for kid in here.kids]
        opened = None
        if isinstance(here, Call) and isinstance(here.op, Operator) and 0 < len(kids) < 3:
            opened = with_statistics(here.op.name, *kids)
        made[here] = rebuilt(here, kids) if opened is None else opened
    return made[of], made[node]
