"""The conditions of a proof as LaTeX: z_i \\neq 0, and the null sets that it leaves out."""

from __future__ import annotations

from collections.abc import Mapping

from derive.kernel.expr import is_named
from derive.latex.print import latex
from derive.writing.write import Writer
from proofs.equal.proof import Condition, Proof

_LETTERS = "ijklpqrs"
_SIGNS = {"!=": r"\neq", ">": ">", ">=": r"\geq", "=": "="}


def condition_latex(condition: Condition, spelling: Mapping[str, str] | None = None) -> str:
    """A condition, of an array at its entry."""
    expr = condition.expr
    # A named node is called by its name here, not opened.
    writer = Writer(expr, {}, opened=not is_named(expr))
    tree = writer.at(tuple(_LETTERS[: len(expr.axes)])) if expr.axes else writer.whole()
    return f"{latex(tree, spelling or {})} {_SIGNS[condition.relation]} 0"


def conditions_latex(proof: Proof, spelling: Mapping[str, str] | None = None) -> tuple[str, ...]:
    return tuple(condition_latex(one, spelling) for one in proof.conditions)


def null_set_latex(proof: Proof, spelling: Mapping[str, str] | None = None) -> str | None:
    """The null set that is left out, \\{z_i = 0\\}; None where nothing is."""
    if proof.almost_everywhere is None:
        return None
    sets = [f"\\{{{condition_latex(one, spelling)}\\}}" for one in proof.almost_everywhere]
    return r" \cup ".join(sets)
