"""The backward pass in numbers, with any of its shares replaced.

The idea: a mistake in a backward function is nearly always one share computed in another way; so
the pass is run at a point with that share changed, and what arrives at the parameters is what the
mistake would have returned.  The shares themselves are those of ``derive.kernel.calculus``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from derive.derivation.points import Point, depending
from derive.kernel.calculus import pullback
from derive.kernel.expr import Expr, Var, toposort
from derive.meaning.evaluate import evaluate_all
from derive.operators.pointwise import np

# From a share's value, the cotangent that it was made from, and the point, to another value; None
# leaves the share out.
Change: TypeAlias = "Callable[[Any, Any, Point], Any]"


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a node: the share of ``kid`` inside ``parent`` as an expression in ``arriving``,
    the cotangent of the parent.  ``leaves`` are the nodes of the forward pass that it needs."""

    place: int
    kid: Expr
    parent: Expr
    slot: int
    share: Expr
    arriving: Expr
    leaves: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """The cotangents of a point, and the value of each share by the place of its use."""

    point: Point
    cotangents: Mapping[Expr, Any]
    shares: Mapping[int, Any]


class Sweep:
    """The uses of every node between a scalar root and ``wrt``, parents before kids."""

    def __init__(self, root: Expr, wrt: Sequence[Expr]) -> None:
        self.root = root
        self.work = 0  # shares that were computed for edits
        self._bases: dict[int, Base] = {}
        self._above: dict[Expr, dict[Expr, None]] = {}
        self.order = toposort(root)
        forward = set(self.order)
        moving = depending([root], wrt)
        self.uses: list[Use] = []
        self.by_kid: dict[Expr, list[Use]] = {}
        self.by_parent: dict[Expr, list[Use]] = {}
        for parent in reversed(self.order):
            if parent not in moving:
                continue
            arriving = Var("\\bar{\\cdot}", parent.axes)
            slots: dict[Expr, int] = {}
            for kid, share, _, _ in pullback(parent, arriving):
                # The kid's place among the parent's kids; a kid that stands twice has two shares.
                slot = parent.kids.index(kid, slots.get(kid, -1) + 1)
                slots[kid] = slot
                if kid not in moving:
                    continue
                stops = toposort(share, below=lambda n: () if n in forward else n.kids)
                leaves = tuple(n for n in stops if n in forward)
                use = Use(len(self.uses), kid, parent, slot, share, arriving, leaves)
                self.uses.append(use)
                self.by_kid.setdefault(kid, []).append(use)
                self.by_parent.setdefault(parent, []).append(use)

    def groups(self, node: Expr) -> list[list[Use]]:
        """The uses of a node, those inside one parent together."""
        found: dict[Expr, list[Use]] = {}
        for use in self.by_kid.get(node, []):
            found.setdefault(use.parent, []).append(use)
        return list(found.values())

    def base(self, point: Point) -> Base:
        """The sweep as it should be, at a point; kept, since every edit starts from it."""
        known = self._bases.get(id(point))
        if known is None:
            cotangents: dict[Expr, Any] = {self.root: np.asarray(1.0)}
            shares: dict[int, Any] = {}
            for parent in reversed(self.order):
                for use in self.by_parent.get(parent, ()) if parent in cotangents else ():
                    value = shares[use.place] = value_of(use, cotangents[parent], point)
                    before = cotangents.get(use.kid)
                    cotangents[use.kid] = value if before is None else before + value
            # The point is kept too: its id is only its own while it lives.
            known = self._bases[id(point)] = Base(point, cotangents, shares)
        return known

    def run(
        self, point: Point, by: Expr, changes: Mapping[int, Change] | None = None,
        arriving: Mapping[int, Expr] | None = None,
    ) -> Any:  # fmt: skip
        """The cotangent of one node at a point, with some shares changed; None if none is left.

        ``arriving`` gives for a use the node whose cotangent it takes by mistake.  ValueError or
        another error of NumPy where a changed share does not fit.  Only what the changes reach is
        computed again.
        """
        changes, arriving = changes or {}, arriving or {}
        base = self.base(point)
        new: dict[int, Any] = {}
        changed: dict[Expr, Any] = {}
        above = self.above(by)
        for parent in reversed(self.order):
            if parent in changed:
                changed[parent] = self._total(parent, new, base)
                if parent is by:
                    break
            for use in self.by_parent.get(parent, ()):
                edited = use.place in changes or use.place in arriving
                if use.kid not in above or not (edited or parent in changed):
                    continue
                source = arriving.get(use.place, parent)
                cotangent = changed[source] if source in changed else base.cotangents[source]
                value = None if cotangent is None else value_of(use, cotangent, point)
                self.work += 1
                if use.place in changes and value is not None:
                    value = changes[use.place](value, cotangent, point)
                new[use.place] = value
                changed.setdefault(use.kid, None)
        return changed[by] if by in changed else base.cotangents.get(by)

    def _total(self, node: Expr, new: Mapping[int, Any], base: Base) -> Any:
        """The sum of the shares of a node; mistakes may have any shape, and NumPy adds them."""
        total = None
        for use in self.by_kid[node]:
            value = new[use.place] if use.place in new else base.shares.get(use.place)
            if value is not None:
                total = value if total is None else total + value
        return total

    def above(self, node: Expr) -> dict[Expr, None]:
        """The nodes between this one and the root, both included."""
        if node not in self._above:
            self._above[node] = depending([self.root], [node])
        return self._above[node]


def value_of(
    use: Use, cotangent: Any, point: Point, instead: Mapping[Expr, Any] | None = None
) -> Any:
    """The value of a share; ``instead`` gives forward nodes another value in it alone."""
    given = {leaf: point.known[leaf] for leaf in use.leaves}
    given |= {leaf: array for leaf, array in (instead or {}).items() if leaf in given}
    given[use.arriving] = cotangent
    return evaluate_all([use.share], given, point.at)[use.share]
