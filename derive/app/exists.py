"""Where an answer exists: the matrices in it that must be invertible, the determinants above 0.

The idea: what a proof of an answer would ask for is said with the answer itself, less what the
declarations of the document show.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.derivation.network import Network
from derive.kernel.expr import Call, Expr, Operator, toposort
from derive.operators.matrices import det
from derive.operators.row import PRIMITIVES
from derive.operators.singular import ONCE
from derive.tree import Tree, num, tree
from derive.writing.write import symbol
from proofs.equal.bounds import Bounds
from proofs.equal.defined import needed, open_conditions

_SAID = {
    "leading": ", where the largest singular value is simple",
    "polar": ", where the rank is full",
}


def has_matrices(roots: Iterable[Expr]) -> bool:
    """Whether anything here is an operator on a matrix: if not, there is nothing to ask for."""
    return any(
        isinstance(node, Call) and isinstance(node.op, Operator)
        and node.op.name in PRIMITIVES and PRIMITIVES[node.op.name].matrices
        for node in toposort(*roots)
    )  # fmt: skip


def where_it_exists(value: Expr, of: Expr, network: Network) -> tuple[str | Tree, ...]:
    """The conditions of an answer and of what was differentiated, as words and formulas."""
    bounds = Bounds({v.var: v.domain for v in network.variables})
    sure, _ = needed((of, value), lambda node: node.kids)
    kept = [c for c in open_conditions(sure, bounds) if _is_det(c.expr)]
    said: list[str | Tree] = []
    for one in dict.fromkeys(kept):
        sign = tree("rel", "!=" if one.relation == "!=" else one.relation)
        said += [", where " if not said else ", ", tree("chain", symbol(one.expr), sign, num(0))]
    names = {
        node.op.name for node in toposort(value)
        if isinstance(node, Call) and isinstance(node.op, Operator) and node.op.name in ONCE
    }  # fmt: skip
    return (*said, *(_SAID[name] for name in sorted(names)))


def _is_det(node: Expr) -> bool:
    return isinstance(node, Call) and node.op is det
