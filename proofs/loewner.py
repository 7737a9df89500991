r"""The order of matrices, H \succeq 0: shown by the form of H, or broken by a vector.

The idea: a few rules (``equal.mirrored``) prove it; a point and a vector v with v^\top H v < 0 in
exact numbers refute it; what neither settles is unsettled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from derive.derivation.local import opened
from derive.derivation.network import Domain
from derive.kernel.build import contracted, is_zero
from derive.kernel.expr import Expr, Num, Var, shape_text, toposort
from derive.operators.pointwise import eq
from derive.writing.tidy import tidy
from proofs.conditions import conditions_latex
from proofs.equal import Proof, prove
from proofs.equal.bounds import Bounds
from proofs.equal.defined import needed, open_conditions
from proofs.equal.mirrored import Certificate, semidefinite
from proofs.verdict import PROVED, REFUTED, UNSETTLED, Finding

RELATIONS = frozenset(["succ", "succeq", "prec", "preceq"])


@dataclass(frozen=True, slots=True)
class Loewner:
    """Decides the order of matrices with the means of a document: ``proves`` an equality, and
    ``refutes`` a relation of two numbers by a certified point."""

    facts: Mapping[Expr, Domain]
    proves: Callable[[Expr, Expr], bool]
    refutes: Callable[[Expr, Expr, str], Finding | None]
    spelling: Mapping[str, str]

    def related(self, a: Expr, b: Expr, relation: str) -> Finding:
        """What is found of a matrix relation."""
        over, under = (a, b) if relation.startswith("succ") else (b, a)
        matrix = over if is_zero(under) else -under if is_zero(over) else over - under
        half = len(matrix.axes) // 2
        if len(matrix.axes) % 2 or matrix.axes[:half] != matrix.axes[half:]:
            return Finding(
                UNSETTLED, "shapes", "only square matrices are ordered by definiteness, and this "
                f"is {shape_text(matrix.axes)}",
            )  # fmt: skip
        certificate = self.certificate(matrix)
        shown = certificate is not None and (certificate.strict or relation.endswith("eq"))
        negative = self._negative(matrix, half, strict=not relation.endswith("eq"))
        if shown and negative is None:
            assert certificate is not None
            return Finding(
                PROVED, "normal-form", told(certificate), conditions=self._conditions(matrix)
            )
        if shown:
            return Finding(
                UNSETTLED, "normal-form", "a proof was found, and a vector contradicts it: one of "
                "them is a mistake in derive, please report it",
            )  # fmt: skip
        if negative is not None:
            return negative
        return Finding(
            UNSETTLED, "numeric", "no vector was found with a negative value, and no rule shows "
            "that there is none",
        )  # fmt: skip

    def certificate(self, matrix: Expr) -> Certificate | None:
        """A certificate of the matrix, or of a shorter form that is proved to be equal to it."""
        return certified(matrix, self.facts, self.proves)

    def _negative(self, matrix: Expr, half: int, strict: bool) -> Finding | None:
        """A point and a vector v for which v^T M v is negative; or, if v^T M v > 0 is claimed of
        every v but 0, is 0."""
        taken = {n.name for n in toposort(matrix) if isinstance(n, Var)}
        name = next(v for v in ("v", "w", "u", "q", "v'") if v not in taken)
        v = Var(name, matrix.axes[:half])
        axes = tuple(range(2 * half))
        value = contracted((v, matrix, v), (axes[:half], axes, axes[half:]), ())
        found, said = self.refutes(value, Num(0), ">="), "negative"
        if strict and (found is None or found.verdict != REFUTED):
            length = contracted((v, v), (axes[:half], axes[:half]), ())
            found, said = self.refutes(value + eq(length, 0), Num(0), ">"), "not positive"
        if found is None or found.verdict != REFUTED:
            return None
        message = rf"${name}^\top M {name}$ is {said} for the difference $M$ of the two sides"
        return Finding(REFUTED, "numeric", message, counterexample=found.counterexample)

    def _conditions(self, matrix: Expr) -> tuple[str, ...]:
        """What the matrix needs to be defined, as far as that is not known."""
        sure, _ = needed((matrix,), lambda node: node.kids)
        proof = Proof(open_conditions(sure, Bounds(self.facts)))
        return conditions_latex(proof, self.spelling)


def certified(
    matrix: Expr, facts: Mapping[Expr, Domain], proves: Callable[[Expr, Expr], bool] | None = None
) -> Certificate | None:
    """A certificate of a matrix, or of a shorter form that is proved to be equal to it."""
    equal = proves or (lambda a, b: prove(a, b, facts) is not None)
    found = semidefinite(matrix, facts)
    if found is None:
        short = tidy(opened(matrix))
        if short is not matrix and equal(matrix, short):
            found = semidefinite(short, facts)
    # Of a projection v^T M v is |M v|^2.
    if found is None and len(matrix.axes) == 2 and equal(matrix, matrix.T @ matrix):
        return Certificate((r"$M = M^\top M$",))
    return found


def told(certificate: Certificate) -> str:
    """Why a matrix is positive semidefinite, in words."""
    kind = "definite" if certificate.strict else "semidefinite"
    return f"positive {kind} by its form: " + "; ".join(certificate.reasons)
