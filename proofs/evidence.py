"""What the lines of a document say of its layout: which equalities of derivatives agree in it.

The idea: agreement at random points is looked at, and makes no verdict.
"""

from __future__ import annotations

from collections.abc import Collection

from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.claims import speaks_of_derivatives
from derive.elaborate.faults import Fault
from proofs.decide import EQUALITIES
from proofs.judge import Judge, Side
from proofs.layouts import is_jacobian


class Evidence:
    """The equalities that speak of derivatives, in the present layout."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge

    def equalities(self) -> list[tuple[Claim, int]]:
        """Every link that says that two sides are equal and that speaks of a derivative."""
        return [
            (claim, k)
            for claim in self.judge.claims.claims
            if claim.kind == "relation" and speaks_of_derivatives(claim.sides)
            for k in range(claim.given, len(claim.relations))
            if claim.relations[k] in EQUALITIES
        ]

    def agreeing(self, which: Collection[int] | None = None) -> set[int]:
        """Which of the equalities agree at random points."""
        found: set[int] = set()
        of: Claim | None = None
        sides: list[Side] = []
        for number, (claim, k) in enumerate(self.equalities()):
            if which is None or number in which:
                if claim is not of:  # a chain has many links
                    of, sides = claim, self.judge.sides(claim)
                if self._alike(sides[k], sides[k + 1]):
                    found.add(number)
        return found

    def telling(self, links: set[int], lost: set[int]) -> bool:
        """Whether equalities that only a layout makes right show it: where there is the Jacobian of
        an array, also in a definition, they do, and so do several, if far fewer are lost."""
        every = self.equalities()
        found = [every[k][0] for k in sorted(links)]
        if len({claim.span for claim in found}) > max(1, 2 * len(lost)):
            return True
        reading = self.judge.claims.reading
        sides = [side for claim in found for side in claim.sides]
        sides += [reading.equations[s].right for s in sorted(reading.differentiating)]
        nodes = (node for side in sides for node in side.subtrees())
        return any(is_jacobian(node, self.judge.claims, frozenset()) for node in nodes)

    def _alike(self, left: Side, right: Side) -> bool:
        try:
            return self.judge.decider.alike(*self.judge.pair(left, right))
        except Fault:
            return False
