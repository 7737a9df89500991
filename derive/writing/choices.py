r"""What stands beside a one-hot vector, taken at its class: p \odot e = (p^\top e) e.

The idea: all entries of e but one are 0, so an array that meets e in its index is as good as the
number that e selects from it; then the p_y of -\log p_y cancels in its gradient.
"""

from __future__ import annotations

from derive.kernel.build import contracted
from derive.kernel.expr import Call, Contract, Delta, Expr, Ones, Operator


def chosen(node: Expr) -> Expr:
    """The product with every factor that shares a one-hot's index taken at the class."""
    if type(node) is not Contract:
        return node
    for hot, own in zip(node.factors, node.indices, strict=True):
        if not is_one_hot(hot) or len(set(own)) < len(own):
            continue
        i, rows = own[-1], own[:-1]
        factors: list[Expr] = []
        places: list[tuple[int, ...]] = []
        for factor, spot in zip(node.factors, node.indices, strict=True):
            if factor is hot or spot.count(i) != 1 or isinstance(factor, Delta | Ones):
                factors.append(factor)
                places.append(spot)
                continue
            rest = tuple(dict.fromkeys((*rows, *(j for j in spot if j != i))))
            factors.append(contracted((factor, hot), (spot, own), rest))
            places.append(rest)
        if i in node.out or sum(i in spot for spot in node.indices) > 2:
            return contracted(factors, places, node.out)
    return node


def is_one_hot(node: Expr) -> bool:
    """Whether this is the one-hot vector of a class number, or a row of them for each sample."""
    return type(node) is Call and isinstance(node.op, Operator) and node.op.name == "one_hot"
