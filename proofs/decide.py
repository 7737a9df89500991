"""One relation decided: the engines in their order, each saying only what it may.

The idea: floats say where it is worth looking; the normal form may prove, a certified point may
refute, and what neither settles is unsettled, with the evidence said aloud.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from time import perf_counter

from derive.derivation.local import replaced
from derive.derivation.network import Domain
from derive.kernel.expr import Expr, ShapeError, Var, is_named, toposort
from derive.kernel.sizes import evaluate
from derive.operators.abstract import signature_of
from derive.operators.pointwise import np
from proofs.conditions import conditions_latex, null_set_latex
from proofs.equal import Proof, prove
from proofs.numbers.agree import Agreement, agrees
from proofs.numbers.certify import Refutation, certify, plain_symbol
from proofs.numbers.cross import cross_check
from proofs.numbers.refute import refutation
from proofs.numbers.sample import Sampler, compared, float_agreement
from proofs.verdict import PROVED, REFUTED, UNSETTLED, Finding, Numbers

EQUALITIES = frozenset(["=", ":=", "==", "<-"])
ORDERS = frozenset(["<=", "<", ">=", ">", "!="])
# Seconds for one relation: more than the slowest of the book needs.
BUDGET = 1.0


class Decider:
    """Decides relations between expressions over the variables of one document.

    ``facts`` say where variables live, ``spelling`` how the document writes its names; ``given``
    are expressions to be put for variables: the symmetric part of what is said to be symmetric.
    ``hypotheses`` are equations that are supposed: a point that breaks one refutes nothing.
    """

    def __init__(
        self, facts: Mapping[Expr, Domain], roots: tuple[Expr, ...] = (),
        spelling: Mapping[str, str] | None = None, deadline: float | None = None,
        given: Mapping[Expr, Expr] | None = None,
    ) -> None:  # fmt: skip
        self.facts = facts
        self.sampler = Sampler(roots, facts)
        self.spelling = spelling or {}
        self.deadline = deadline
        self.given = given or {}
        self.hypotheses: tuple[tuple[Expr, Expr], ...] = ()
        self._found: dict[tuple, Finding] = {}

    def late(self) -> bool:
        return self.deadline is not None and perf_counter() > self.deadline

    def alike(self, a: Expr, b: Expr) -> bool:
        """Whether two expressions agree at random points: to look with, never a verdict."""
        if a is b or a.axes != b.axes:
            return a is b
        a, b = self._with_given(a), self._with_given(b)
        return float_agreement(a, b, self.sampler) is True

    def _has_points(self, expr: Expr) -> bool | None:
        """True if an expression has a value somewhere; None where no such point is found."""
        rooms = self.sampler.usual((expr,))
        return True if any(compared(room, expr, expr)[2].any() for room in rooms) else None

    def _with_given(self, expr: Expr) -> Expr:
        return replaced(expr, self.given, closed=False) if self.given else expr

    def proves(self, a: Expr, b: Expr) -> bool:
        return self.related(a, b, "=").verdict == PROVED

    def related(self, a: Expr, b: Expr, relation: str = "=") -> Finding:
        """What is found of ``a relation b``, two expressions of the same axes."""
        relation = "=" if relation in EQUALITIES else relation
        key = (a, b, relation, self.hypotheses)
        if key not in self._found:
            if a.axes != b.axes:
                raise ShapeError("expressions of different axes are not compared")
            a, b = self._with_given(a), self._with_given(b)
            found = self._equal(a, b) if relation == "=" else self._ordered(a, b, relation)
            self._found[key] = found
        return self._found[key]

    def _refuted(self, found: Refutation, a: Expr, b: Expr) -> Finding:
        """What a certified point is worth: nothing where it is not shown to be one of those that
        the document speaks of."""
        variables = [n for n in toposort(a, b) if isinstance(n, Var)]
        for pair in self.hypotheses:
            if set(variables).intersection(toposort(*pair)) and not self._holds(pair, found):
                return Finding(
                    UNSETTLED, "numeric", "numbers were found for which this is false, but none "
                    "that obey the equations which the document supposes",
                )  # fmt: skip
        example = found.counterexample
        if not self.given.keys().isdisjoint(variables):
            names = {plain_symbol(n) for n in self.given if isinstance(n, Var)}
            values = tuple(
                (name, _symmetric(value) if name in names else value)
                for name, value in example.values
            )
            example = replace(example, values=values)
        return Finding(REFUTED, "numeric", counterexample=example)

    def _holds(self, pair: tuple[Expr, Expr], found: Refutation) -> bool:
        """Whether a supposed equation holds at a point, what is free in it being 0."""
        left, right = (self._with_given(side) for side in pair)
        values = dict(found.values)
        try:
            for node in toposort(left, right):
                if isinstance(node, Var) and node not in values:
                    shape = tuple(evaluate(n, found.at) for n in node.axes)
                    values[node] = np.full(shape, Fraction(0), dtype=object)
            return certify(left, right, "!=", values, found.at) is not None
        except KeyError:  # a size that the point does not have
            return False

    def _budget(self) -> float:
        if self.deadline is None:
            return BUDGET
        return max(0.01, min(BUDGET, self.deadline - perf_counter()))

    def _equal(self, a: Expr, b: Expr) -> Finding:
        if self.late():
            return Finding(
                UNSETTLED, "numeric", "the time limit was reached before this line was checked"
            )
        alike = float_agreement(a, b, self.sampler) if a is not b else self._has_points(a)
        if alike is not False:
            proof = prove(a, b, self.facts)
            if proof is not None and alike is None:
                return Finding(
                    UNSETTLED, "normal-form", "the two sides are equal wherever both have a "
                    "value, but no numbers were found for which they have one",
                )  # fmt: skip
            if proof is not None:
                return self._proved(proof, a, b)
        about = _about_a_function(a, b)
        if about:
            return Finding(
                UNSETTLED, "numeric", f"${about}$ is not defined: this is something that is "
                "supposed of it, which is neither true nor false",
            )  # fmt: skip
        found = refutation(
            a, b, self.facts, budget=self._budget(), sampler=self.sampler, functions=True
        )
        if found is not None:
            return self._refuted(found, a, b)
        if alike is False:
            return Finding(
                UNSETTLED, "numeric",
                "the two sides differ at random points in floating-point numbers, but no exact "
                "numbers were found for which they do",
            )  # fmt: skip
        agreement = agrees(a, b, self.facts)
        by = "fingerprint" if agreement.trials else "numeric"
        return Finding(UNSETTLED, by, _evidence(agreement, alike is True))

    def _proved(self, proof: Proof, a: Expr, b: Expr) -> Finding:
        off_ties = proof.almost_everywhere is not None
        problem = cross_check(a, b, self.facts, sampler=self.sampler, almost_everywhere=off_ties)
        if problem is not None:
            return Finding(
                UNSETTLED, "normal-form",
                f"a proof was found, and a test with numbers contradicts it ({problem}): one "
                "of them is a mistake in derive, please report it",
            )  # fmt: skip
        return Finding(
            PROVED, "normal-form",
            almost_everywhere=null_set_latex(proof, self.spelling),
            conditions=conditions_latex(proof, self.spelling),
        )  # fmt: skip

    def _ordered(self, a: Expr, b: Expr, relation: str) -> Finding:
        """An order decided by an equality, or by a point at which it fails."""
        if relation in ("<=", ">="):
            equal = self._equal(a, b) if self.alike(a, b) else None
            if equal is not None and equal.verdict == PROVED:
                return equal
        free = [s.symbol for n in toposort(a, b) if (s := signature_of(n)) is not None]
        if free:
            return Finding(
                UNSETTLED, "numeric",
                f"${free[0]}$ is not defined: whether this holds depends on what is supposed of it",
            )  # fmt: skip
        found = refutation(
            a,
            b,
            self.facts,
            relation=relation,
            budget=self._budget(),
            sampler=self.sampler,
            functions=True,
        )
        if found is not None:
            return self._refuted(found, a, b)
        return Finding(
            UNSETTLED, "numeric",
            "no numbers were found for which this is false; inequalities are tried, not proved",
        )  # fmt: skip


def _about_a_function(a: Expr, b: Expr) -> str:
    r"""The function that an equation is about: of \nabla J(\theta) = 0 it is J, which nothing
    defines; "" where both sides are made of it, or neither side is its value alone."""
    for one, other in ((a, b), (b, a)):
        while is_named(one):
            one = one.kids[0]
        signature = signature_of(one)
        if signature is not None and not any(signature_of(n) is not None for n in toposort(other)):
            return signature.symbol
    return ""


def _evidence(agreement: Agreement, alike: bool) -> str:
    """What speaks for an equality that nothing settles; ``alike``: in floats the sides agree."""
    if agreement.found == "agrees":
        chance = float(agreement.miss) ** agreement.trials
        rare = (
            f", which different sides do with a chance of at most {chance:.0e}"
            if chance < 1e-3
            else ""
        )
        sizes_tried = "" if agreement.complete else ", of small sizes only"
        return (
            f"the two sides agree at {agreement.trials} random points{sizes_tried}{rare}; no proof "
            "was found"
        )
    if alike:
        return "the two sides agree at random points in floating-point numbers; no proof was found"
    return "no numbers were found for which both sides have a value, and no proof was found"


def _symmetric(rows: Numbers) -> Numbers:
    """The symmetric part of a matrix of exact numbers."""
    if not isinstance(rows, tuple):
        return rows
    n = range(len(rows))
    return tuple(tuple((rows[i][j] + rows[j][i]) / 2 for j in n) for i in n)  # type: ignore[index, operator]
