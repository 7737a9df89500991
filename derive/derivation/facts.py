"""What a network knows beyond its equations, used to shorten what is shown.

The idea: a one-hot label, or any distribution, sums to 1; that is a fact of its domain, so a line
may use it, and the random points at which lines are compared satisfy it.
"""

from __future__ import annotations

from collections.abc import Container

from derive.derivation.local import local_order
from derive.kernel.build import contracted, rebuilt
from derive.kernel.expr import Call, Contract, Expr, Ones, Operator, is_named


def with_totals(expr: Expr, normalised: Container[Expr]) -> Expr:
    """The expression with each sum over the last axis of a normalised array replaced by 1.

    Right where every array in ``normalised`` sums to 1 along its last axis; a softmax and the
    one-hot vector of a class number always do.
    """
    made: dict[Expr, Expr] = {}
    for node in local_order(expr, is_named):
        if is_named(node) or not node.kids:
            made[node] = node
            continue
        found = rebuilt(node, [made[kid] for kid in node.kids])
        made[node] = _without(found, normalised) if isinstance(found, Contract) else found
    return made[expr]


def _without(node: Contract, normalised: Container[Expr]) -> Expr:
    factors, places = list(node.factors), list(node.indices)
    k = 0
    while k < len(factors):
        factor, own = factors[k], places[k]
        rest = [i for j, spot in enumerate(places) if j != k for i in spot]
        alone = bool(own) and own[-1] not in node.out and own[-1] not in (*rest, *own[:-1])
        if alone and (factor in normalised or _is_distribution(factor)):
            # The other axes of the factor stay: there each entry is now 1.
            ones = [(Ones(n), (i,)) for i, n in zip(own[:-1], factor.axes, strict=False)]
            factors[k : k + 1] = [one for one, _ in ones]
            places[k : k + 1] = [spot for _, spot in ones]
        else:
            k += 1
    if len(factors) == len(node.factors) and all(
        a is b for a, b in zip(factors, node.factors, strict=True)
    ):
        return node
    return contracted(factors, places, node.out)


def _is_distribution(node: Expr) -> bool:
    """A one-hot vector or a softmax, whatever it is called."""
    while is_named(node):
        node = node.kids[0]
    return (
        isinstance(node, Call)
        and isinstance(node.op, Operator)
        and node.op.name in ("one_hot", "softmax")
    )
