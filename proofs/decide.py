"""One relation decided: the engines in their order, each saying only what it may.

The idea: floats say where it is worth looking; the normal form may prove, a certified point may
refute, and what neither settles is unsettled, with the evidence said aloud.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

from derive.derivation.network import Domain
from derive.kernel.expr import Expr, ShapeError
from proofs.equal import Proof, prove

try:  # TEMP
    from proofs.numbers import agrees, cross_check
except ImportError:

    def cross_check(*a):
        return None

    class agrees:
        def __init__(self, *a):
            self.trials = 0

        def __str__(self):
            return "agrees at random points"


from proofs.numbers.refute import refute
from proofs.numbers.sample import Sampler, float_agreement
from proofs.verdict import PROVED, REFUTED, UNSETTLED, Finding

EQUALITIES = frozenset(["=", ":=", "==", "<-"])
ORDERS = frozenset(["<=", "<", ">=", ">", "!="])
# Seconds for one relation: more than the slowest of the book needs.
BUDGET = 1.0


class Decider:
    """Decides relations between expressions over the variables of one document.

    ``facts`` say where variables live, ``spelling`` how the document writes its names.
    """

    def __init__(
        self, facts: Mapping[Expr, Domain], roots: tuple[Expr, ...] = (),
        spelling: Mapping[str, str] | None = None, deadline: float | None = None,
    ) -> None:  # fmt: skip
        self.facts = facts
        self.sampler = Sampler(roots, facts)
        self.spelling = spelling or {}
        self.deadline = deadline
        self._found: dict[tuple[Expr, Expr, str], Finding] = {}

    def late(self) -> bool:
        return self.deadline is not None and perf_counter() > self.deadline

    def alike(self, a: Expr, b: Expr) -> bool:
        """Whether two expressions agree at random points: to look with, never a verdict."""
        return a is b or (a.axes == b.axes and float_agreement(a, b, self.sampler) is True)

    def proves(self, a: Expr, b: Expr) -> bool:
        return self.related(a, b, "=").verdict == PROVED

    def related(self, a: Expr, b: Expr, relation: str = "=") -> Finding:
        """What is found of ``a relation b``, two expressions of the same axes."""
        relation = "=" if relation in EQUALITIES else relation
        key = (a, b, relation)
        if key not in self._found:
            if a.axes != b.axes:
                raise ShapeError("expressions of different axes are not compared")
            self._found[key] = self._equal(a, b) if relation == "=" else self._ordered(*key)
        return self._found[key]

    def _budget(self) -> float:
        if self.deadline is None:
            return BUDGET
        return max(0.01, min(BUDGET, self.deadline - perf_counter()))

    def _equal(self, a: Expr, b: Expr) -> Finding:
        if self.late():
            return Finding(UNSETTLED, "numeric", "the time limit was reached before this line")
        alike = a is b or float_agreement(a, b, self.sampler)
        if alike is not False:
            proof = prove(a, b, self.facts)
            if proof is not None:
                return self._proved(proof, a, b)
        found = refute(a, b, self.facts, budget=self._budget(), sampler=self.sampler)
        if found is not None:
            return Finding(REFUTED, "numeric", counterexample=found)
        if alike is False:
            return Finding(
                UNSETTLED, "numeric",
                "the two sides differ at random points, but no certain counterexample was found",
            )  # fmt: skip
        agreement = agrees(a, b, self.facts)
        return Finding(UNSETTLED, "fingerprint" if agreement.trials else "numeric", str(agreement))

    def _proved(self, proof: Proof, a: Expr, b: Expr) -> Finding:
        problem = None if a is b else cross_check(a, b, self.facts)
        if problem is not None:
            return Finding(
                UNSETTLED, "normal-form",
                f"a proof was found and does not pass its numerical test ({problem}): "
                "this is a mistake in derive, please report it",
            )  # fmt: skip
        return Finding(
            PROVED, "normal-form",
            almost_everywhere=proof.null_set_latex(self.spelling),
            conditions=proof.conditions_latex(self.spelling),
        )  # fmt: skip

    def _ordered(self, a: Expr, b: Expr, relation: str) -> Finding:
        """An order decided by an equality, or by a point at which it fails."""
        if relation in ("<=", ">="):
            equal = self._equal(a, b) if self.alike(a, b) else None
            if equal is not None and equal.verdict == PROVED:
                return equal
        found = refute(
            a, b, self.facts, relation=relation, budget=self._budget(), sampler=self.sampler
        )
        if found is not None:
            return Finding(REFUTED, "numeric", counterexample=found)
        return Finding(
            UNSETTLED, "numeric",
            "no counterexample was found; an order is proved here only where it is an equality",
        )  # fmt: skip
