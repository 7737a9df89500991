"""One relation decided: the engines in their order, each saying only what it may.

The idea: floats say where it is worth looking; the normal form may prove, a certified point may
refute, and what neither settles is unsettled, with the evidence said aloud.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from time import perf_counter
from typing import Any

from derive.derivation.network import Domain
from derive.kernel.build import total
from derive.kernel.expr import Expr, ShapeError, Var, toposort
from derive.kernel.sizes import Axis, evaluate
from derive.operators.abstract import signature_of
from derive.operators.pointwise import np
from proofs.agreement import evidence_of
from proofs.conditions import conditions_latex, null_set_latex
from proofs.declared import StandIn, free_facts, stand_ins
from proofs.equal import Proof, prove
from proofs.equal.bounds import Bounds
from proofs.equal.defined import needed, open_conditions, supposed
from proofs.equal.order import ordered
from proofs.loewner import RELATIONS as LOEWNER
from proofs.loewner import Loewner
from proofs.narrowed import Narrower, Narrowing, narrower
from proofs.numbers.agree import agrees
from proofs.numbers.certify import Refutation, certify
from proofs.numbers.cross import cross_check
from proofs.numbers.refute import polynomials, refutation
from proofs.numbers.sample import Sampler, compared, float_agreement, has_value
from proofs.parts import OUTSIDE, Part, concerns, in_parts, inside
from proofs.undefined import function_of, supposed_of
from proofs.verdict import PROVED, REFUTED, UNSETTLED, Finding

EQUALITIES = frozenset(["=", ":=", "==", "<-"])
ORDERS = frozenset(["<=", "<", ">=", ">", "!="])
# What fails for certain where a supposed relation holds.
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
Hypothesis = tuple[Expr, Expr, str]
# Seconds for one relation: more than the slowest of the book needs.
BUDGET = 1.0


class Decider:
    """Decides relations between expressions over the variables of one document.

    ``facts`` say where variables live, ``spelling`` how the document writes its names.
    ``hypotheses`` are relations that are supposed: a point that breaks one refutes nothing.
    ``narrowings`` are what is said of variables in places only.  ``axes`` are those that have an
    entry at all sizes that are meant: n - 1 where n is at least 2.  ``parts`` are the parts of
    space that a line is about, ``opens`` the indices that it leaves open.  ``special`` has the
    words about functions that nothing defines.
    """

    def __init__(
        self, facts: Mapping[Expr, Domain], roots: tuple[Expr, ...] = (),
        spelling: Mapping[str, str] | None = None, deadline: float | None = None,
        axes: tuple[Axis, ...] = (),
    ) -> None:  # fmt: skip
        self.facts = facts
        self.free_facts = free_facts(facts)
        stand_in = next(iter(stand_ins(roots, facts)), StandIn({}))
        self.axes = axes
        self.sampler = Sampler([stand_in.free(root) for root in roots], self.free_facts, axes=axes)
        self.spelling = spelling or {}
        self.deadline = deadline
        self.roots = roots
        self.hypotheses: tuple[Hypothesis, ...] = ()
        self.narrowings: tuple[Narrowing, ...] = ()
        self.parts: tuple[Part, ...] = ()
        self.opens: frozenset[str] = frozenset()
        self.special: Mapping[str, str] = {}
        self._found: dict[tuple, Finding] = {}
        self._narrow: dict[tuple[Narrowing, ...], tuple[Narrower, Decider] | None] = {}

    def late(self) -> bool:
        return self.deadline is not None and perf_counter() > self.deadline

    def alike(self, a: Expr, b: Expr) -> bool:
        """Whether two expressions agree at random points of the parts of space that a line is
        about: to look with, never a verdict."""
        if a is b or a.axes != b.axes:
            return a is b
        return self._agreement(*self._here(a, b)) is True

    def _here(self, a: Expr, b: Expr) -> tuple[Expr, Expr]:
        """Two expressions of the same axes in the parts of space that a line is about."""
        here = [inside(side, self.parts, self.opens) for side in (a, b)]
        return (a, b) if here[0] is None or here[1] is None else (here[0], here[1])

    def free(self, expr: Expr) -> Expr:
        """The expression with expressions of free variables for the declared ones."""
        return next(iter(self._stand_ins(expr)), StandIn({})).free(expr)

    def _stand_ins(self, *roots: Expr) -> list[StandIn]:
        return list(stand_ins(roots, self.facts))

    def _agreement(self, a: Expr, b: Expr) -> bool | None:
        """Whether two sides agree in floats; None where no point has a value of both."""
        found = [float_agreement(s.free(a), s.free(b), self.sampler) for s in self._stand_ins(a, b)]
        return False if False in found else True if True in found else None

    def anywhere(self, expr: Expr, holds: Callable[[Any], bool]) -> bool:
        """Whether something holds of an expression at some random point, its entries in a row."""
        free = [self.sampler.short(one.free(expr)) for one in self._stand_ins(expr)]
        rooms = ((room, form) for points, (form,) in free for room in points.usual((form,)))
        return any(holds(row) for room, one in rooms for row in compared(room, one, one)[0])

    def _has_points(self, expr: Expr) -> bool | None:
        """True if an expression has a value somewhere; None where no such point is found."""
        forms = (stand_in.free(expr) for stand_in in self._stand_ins(expr))
        return any(has_value(form, self.sampler) for form in forms) or None

    def proves(self, a: Expr, b: Expr) -> bool:
        """Whether an equality is proved in the parts of space that a line is about, under no other
        condition that the document makes."""
        return self.proves_everywhere(*self._here(a, b))

    def proves_everywhere(self, a: Expr, b: Expr) -> bool:
        """Whether an equality is proved at all points."""
        return self._decided(a, b, "=").verdict == PROVED

    def related(self, a: Expr, b: Expr, relation: str = "=") -> Finding:
        """What is found of ``a relation b``, two expressions of the same axes."""
        found = self.everywhere(a, b, relation)
        about = tuple(p for p in self.parts if found.verdict != PROVED and concerns(p, a, b))
        return in_parts(self, found, (a, b), relation, about) if about else found

    def everywhere(self, a: Expr, b: Expr, relation: str) -> Finding:
        """What is found of a relation at all points."""
        found = self._decided(a, b, relation)
        order = set(toposort(a, b)) if found.verdict != PROVED else set()
        about = tuple(n for n in self.narrowings if n.var in order and not n.unread)
        found = self._where_said(found, a, b, relation, about) if about else found
        names = {node.name for node in order if isinstance(node, Var)}  # sizes are known by now
        said = [(n.named, n.unread) for n in self.narrowings if n.unread and n.var.name in names]
        said += [(f, self.special[f]) for f in map(function_of, order) if f in self.special]
        if found.verdict != REFUTED or not said:
            return found
        return Finding(
            UNSETTLED, "numeric", f"numbers were found for which this is false, but the text says "
            f"of ${said[0][0]}$ what was not used (`{said[0][1]}`)",
        )  # fmt: skip

    def _where_said(
        self, found: Finding, a: Expr, b: Expr, relation: str, about: tuple[Narrowing, ...]
    ) -> Finding:
        """What is found of a relation that is not proved, with what is said of its variables."""
        sure = tuple(one for one in about if one.said)
        proof = self._narrowed(a, b, relation, sure) if sure else None
        if proof is not None and proof.verdict == PROVED:
            said = dict.fromkeys((*proof.conditions, *(one.said for one in sure)))
            return replace(proof, conditions=tuple(said))
        wrong = proof if sure == about else self._narrowed(a, b, relation, about)
        told = {REFUTED, UNSETTLED} if found.verdict == UNSETTLED else {REFUTED}
        if wrong is not None and wrong.verdict in told:
            return wrong
        doubted = [one for one in about if not one.said]
        message = (
            f"what the text says of ${doubted[0].named}$ is said in no clear mood"
            if doubted else OUTSIDE
        )  # fmt: skip
        return Finding(UNSETTLED, "numeric", message)

    def _narrowed(
        self, a: Expr, b: Expr, relation: str, about: tuple[Narrowing, ...]
    ) -> Finding | None:
        """What is found where variables are what is said of them; None where they cannot be."""
        if about not in self._narrow:
            made = narrower(self.facts, about)
            self._narrow[about] = made and (made, Decider(
                made.facts, tuple(map(made, self.roots)), self.spelling, self.deadline, self.axes
            ))  # fmt: skip
        pair = self._narrow[about]
        if pair is None:
            return None
        made, inner = pair
        inner.hypotheses = tuple((made(x), made(y), sign) for x, y, sign in self.hypotheses)
        return inner.related(made(a), made(b), relation)

    def _decided(self, a: Expr, b: Expr, relation: str) -> Finding:
        relation = "=" if relation in EQUALITIES else relation
        key = (a, b, relation, self.hypotheses)
        if key not in self._found:
            if a.axes != b.axes:
                raise ShapeError("expressions of different axes are not compared")
            if relation in LOEWNER:
                order = Loewner(self.facts, self.proves_everywhere, self._refutation, self.spelling)
                found = order.related(a, b, relation)
            else:
                found = self._equal(a, b) if relation == "=" else self._ordered(a, b, relation)
            self._found[key] = found
        return self._found[key]

    def _refutation(self, a: Expr, b: Expr, relation: str = "=") -> Finding | None:
        """A certified point at which a relation fails, and what it is worth; None if there is none:
        nothing where it is not shown to be one of those that the document speaks of."""
        several = self._stand_ins(a, b)
        for stand_in in several:
            found = refutation(
                stand_in.free(a), stand_in.free(b), self.free_facts, relation=relation,
                budget=self._budget() / len(several), sampler=self.sampler, functions=True,
            )  # fmt: skip
            if found is None:
                continue
            if not self._obeys(found, stand_in, a, b):
                obeying = self._obeying(stand_in, a, b, relation)
                if obeying is None or not self._obeys(obeying, stand_in, a, b):
                    return Finding(
                        UNSETTLED, "numeric", "numbers were found for which this is false, but "
                        "none that obey what the document supposes",
                    )  # fmt: skip
                found = obeying
            return self._refuted(found, stand_in, a, b)
        return None

    def _obeying(self, stand_in: StandIn, a: Expr, b: Expr, relation: str) -> Refutation | None:
        """A point at which a relation fails, looked for among those that obey what is supposed."""
        facts = dict(self.free_facts)
        for left, right, sign in self._met(a, b):
            gap = stand_in.free(left) - stand_in.free(right)
            if sign == "=":
                facts[total(gap * gap) if gap.axes else gap] = Domain(values=(Fraction(0),))
        sides = stand_in.free(a), stand_in.free(b)
        return refutation(
            *sides, facts, relation=relation, budget=self._budget() / 2, functions=True,
            sampler=Sampler(sides, facts, axes=self.axes),
        )  # fmt: skip

    def _met(self, a: Expr, b: Expr) -> Iterator[Hypothesis]:
        """The hypotheses about variables of two sides."""
        variables = {n for n in toposort(a, b) if isinstance(n, Var)}
        for left, right, sign in self.hypotheses:
            if variables.intersection(toposort(left, right)):
                yield left, right, sign

    def _obeys(self, found: Refutation, stand_in: StandIn, a: Expr, b: Expr) -> bool:
        functions = polynomials(
            toposort(stand_in.free(a), stand_in.free(b), *self.sampler.conditions)
        )
        return all(
            self._holds(stand_in.free(left), stand_in.free(right), sign, found, functions)
            for left, right, sign in self._met(a, b)
        )

    def _refuted(self, found: Refutation, stand_in: StandIn, a: Expr, b: Expr) -> Finding:
        example = stand_in.told(found, a, b)
        if example is None:
            return Finding(
                UNSETTLED, "numeric", "numbers were found for which this is false, but they could "
                "not be shown to be of the kind that is declared",
            )  # fmt: skip
        return Finding(REFUTED, "numeric", counterexample=example)

    def _holds(
        self, left: Expr, right: Expr, sign: str, found: Refutation,
        functions: Mapping[str, tuple[int, ...]],
    ) -> bool:  # fmt: skip
        """Whether a supposed relation holds at a point, what is free in it being 0."""
        values = dict(found.values)
        try:
            for node in toposort(left, right):
                if isinstance(node, Var) and node not in values:
                    shape = tuple(evaluate(n, found.at) for n in node.axes)
                    values[node] = np.full(shape, Fraction(0), dtype=object)
            opposite = _OPPOSITE[sign]
            return (
                polynomials(toposort(left, right)).keys() <= functions.keys()
                and certify(left, right, opposite, values, found.at, functions=functions)
                is not None
            )
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
        alike = self._agreement(a, b) if a is not b else self._has_points(a)
        if alike is not False:
            proof = prove(a, b, self.facts)
            if proof is not None and alike is None:
                return Finding(
                    UNSETTLED, "normal-form", "the two sides are equal wherever both have a "
                    "value, but no numbers were found for which they have one",
                )  # fmt: skip
            if proof is not None:
                return self._proved(proof, a, b)
        about = supposed_of(a, b)
        if about:
            return Finding(
                UNSETTLED, "numeric", f"${about}$ is not defined: this is something that is "
                "supposed of it, which is neither true nor false",
            )  # fmt: skip
        found = self._refutation(a, b)
        if found is not None:
            # Of points with few values many are on a boundary, where no proof speaks.
            kink = alike is False and found.counterexample and found.counterexample.boundary
            proof = prove(a, b, self.facts) if kink else None
            off_ties = proof is not None and proof.almost_everywhere is not None
            return self._proved(proof, a, b) if proof is not None and off_ties else found
        if alike is False:
            return Finding(
                UNSETTLED, "numeric",
                "the two sides differ at random points in floating-point numbers, but no exact "
                "numbers were found for which they do",
            )  # fmt: skip
        stand_in = next(iter(self._stand_ins(a, b)), None)
        if stand_in is None:
            return Finding(
                UNSETTLED, "numeric", "no proof was found, and no numbers of the kinds that are "
                "declared can be tried",
            )  # fmt: skip
        points, (left, right) = self.sampler.short(stand_in.free(a), stand_in.free(b))
        agreement = agrees(left, right, points.facts)
        by = "fingerprint" if agreement.trials else "numeric"
        return Finding(UNSETTLED, by, evidence_of(agreement, alike is True))

    def _proved(self, proof: Proof, a: Expr, b: Expr) -> Finding:
        off_ties = proof.almost_everywhere is not None
        problems = [
            cross_check(s.free(a), s.free(b), self.free_facts, sampler=self.sampler,
                        almost_everywhere=off_ties)
            for s in self._stand_ins(a, b)
        ]  # fmt: skip
        problem = next(filter(None, problems), None)
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
            equal = self._equal(a, b) if self._agreement(a, b) else None
            if equal is not None and equal.verdict == PROVED:
                return equal
        free = [s.symbol for n in toposort(a, b) if (s := signature_of(n)) is not None]
        if free:
            return Finding(
                UNSETTLED, "numeric",
                f"${free[0]}$ is not defined: whether this holds depends on what is supposed of it",
            )  # fmt: skip
        found = self._refutation(a, b, relation)
        shown = relation != "!=" and self._has_order(a, b, relation)
        if shown and found is None and self._has_points(a) and self._has_points(b):
            sure, _ = needed((a, b), lambda node: node.kids)
            proof = Proof(open_conditions(sure, Bounds(self.facts)))
            return Finding(PROVED, "normal-form", conditions=conditions_latex(proof, self.spelling))
        if shown and found is not None and found.verdict == REFUTED:
            return Finding(
                UNSETTLED, "normal-form", "a proof was found, and numbers contradict it: one of "
                "them is a mistake in derive, please report it",
            )  # fmt: skip
        if found is not None:
            return found
        return Finding(
            UNSETTLED, "numeric",
            "no numbers were found for which this is false, and no rule shows that there are none",
        )  # fmt: skip

    def _has_order(self, a: Expr, b: Expr, relation: str) -> bool:
        """Whether a rule shows an order, where both sides have a value."""
        small, large = (a, b) if relation.startswith("<") else (b, a)
        bounds = Bounds(self.facts)
        sure, _ = needed((a, b), lambda node: node.kids)
        bounds.assume(supposed(sure))
        return ordered(small, large, not relation.endswith("="), bounds)


def off_kinks(found: Finding) -> Finding:
    """A derivative that is wrong only at a kink is right wherever there is a derivative."""
    example = found.counterexample
    if found.verdict != REFUTED or example is None or not example.boundary:
        return found
    return replace(
        found, verdict=UNSETTLED,
        message="the two sides differ only where there is no derivative: at a kink, as of ReLU at "
        "0, or at a tie of a maximum",
    )  # fmt: skip
