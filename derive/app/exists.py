"""Where an answer exists: what must be invertible, above 0 or not 0 in it.

The idea: what a proof of an answer would ask for is said with the answer itself, less what the
declarations of the document show.
"""

from __future__ import annotations

from derive.derivation.network import Network
from derive.kernel.expr import Call, Expr, Operator, toposort
from derive.operators.singular import ONCE
from derive.tree import Tree
from proofs.conditions import condition_tree
from proofs.equal.bounds import Bounds
from proofs.equal.defined import needed, open_conditions

_SAID = {
    "leading": ", where the largest singular value is simple",
    "polar": ", where the rank is full",
}


def conditions_of(value: Expr, of: Expr, network: Network) -> tuple[Tree, ...]:
    """What an answer and what was differentiated need, less what the declarations show."""
    bounds = Bounds({v.var: v.domain for v in network.variables})
    sure, _ = needed((of, value), lambda node: node.kids)
    return tuple(dict.fromkeys(condition_tree(c) for c in open_conditions(sure, bounds)))


def where_it_exists(value: Expr, of: Expr, network: Network) -> tuple[str | Tree, ...]:
    """The conditions of an answer, as words and formulas."""
    said: list[str | Tree] = []
    for one in conditions_of(value, of, network):
        said += [", where " if not said else ", ", one]
    names = {
        node.op.name for node in toposort(value)
        if isinstance(node, Call) and isinstance(node.op, Operator) and node.op.name in ONCE
    }  # fmt: skip
    return (*said, *(_SAID[name] for name in sorted(names)))
