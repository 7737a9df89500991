"""The conditions of a proof as LaTeX: z_i \\neq 0, and the null sets that it leaves out."""

from __future__ import annotations

from collections.abc import Mapping

from derive.kernel.expr import Contract, Expr, is_named
from derive.latex.print import latex
from derive.tree import Tree, name, num, tree
from derive.writing.write import Writer
from proofs.equal.proof import Condition, Proof

_LETTERS = "ijklpqrs"


def condition_tree(condition: Condition) -> Tree:
    """A condition, of an array at its entry."""
    expr = _root_of(condition)
    # A named node is called by its name here, not opened.
    writer = Writer(expr, {}, opened=not is_named(expr))
    if expr is not condition.expr:
        return tree("chain", writer.whole(), tree("rel", "!="), name(r"\mathbf{0}"))
    left = writer.at(tuple(_LETTERS[: len(expr.axes)])) if expr.axes else writer.whole()
    return tree("chain", left, tree("rel", condition.relation), num(0))


def _root_of(condition: Condition) -> Expr:
    """u where its sum of squares is not to be 0: z != 0 rather than z^T z != 0."""
    expr = condition.expr
    match expr:
        case Contract((u, v), (own, other), ()) if (
            u is v and own == other and condition.relation in ("!=", ">") and len(u.axes) == 1
        ):
            return u
    return expr


def condition_latex(condition: Condition, spelling: Mapping[str, str] | None = None) -> str:
    """A condition in LaTeX: z_i \\neq 0."""
    return latex(condition_tree(condition), spelling or {})


def conditions_latex(proof: Proof, spelling: Mapping[str, str] | None = None) -> tuple[str, ...]:
    return tuple(condition_latex(one, spelling) for one in proof.conditions)


def null_set_latex(proof: Proof, spelling: Mapping[str, str] | None = None) -> str | None:
    """The null set that is left out, \\{z_i = 0\\}; None where nothing is."""
    if proof.almost_everywhere is None:
        return None
    sets = [f"\\{{{condition_latex(one, spelling)}\\}}" for one in proof.almost_everywhere]
    return r" \cup ".join(sets)
