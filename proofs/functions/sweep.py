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


class Sweep:
    """The uses of every node between a scalar root and ``wrt``, parents before kids."""

    def __init__(self, root: Expr, wrt: Sequence[Expr]) -> None:
        self.root = root
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

    def run(
        self, point: Point, changes: Mapping[int, Change] | None = None,
        arriving: Mapping[int, Expr] | None = None,
    ) -> dict[Expr, Any]:  # fmt: skip
        """The cotangent of every node at a point, with some shares changed.

        ``arriving`` gives for a use the node whose cotangent it takes by mistake.  ValueError or
        another error of NumPy where a changed share does not fit.
        """
        changes, arriving = changes or {}, arriving or {}
        found: dict[Expr, Any] = {self.root: np.asarray(1.0)}
        for parent in reversed(self.order):
            for use in self.by_parent.get(parent, ()) if parent in found else ():
                cotangent = found[arriving.get(use.place, parent)]
                value: Any = value_of(use, cotangent, point)
                if use.place in changes:
                    value = changes[use.place](value, cotangent, point)
                    if value is None:
                        continue
                # Mistakes may have any shape; NumPy adds them as the user's code would.
                found[use.kid] = found[use.kid] + value if use.kid in found else value
        return found


def value_of(
    use: Use, cotangent: Any, point: Point, instead: Mapping[Expr, Any] | None = None
) -> Any:
    """The value of a share; ``instead`` gives forward nodes another value in it alone."""
    given = {leaf: point.known[leaf] for leaf in use.leaves}
    given |= {leaf: array for leaf, array in (instead or {}).items() if leaf in given}
    given[use.arriving] = cotangent
    return evaluate_all([use.share], given, point.at)[use.share]
