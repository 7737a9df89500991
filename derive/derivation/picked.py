r"""What a class number picks: \sum_j 1(j = o) (p_j - 1(j = o)) is p_o - 1.

The idea: of a sum with the one-hot vector of o only the term at o counts, and there that vector is
1, wherever else in the term it stands.
"""

from __future__ import annotations

from derive.kernel.build import rebuilt
from derive.kernel.contraction import contracted
from derive.kernel.expr import Add, Call, Contract, Expr, Map, Name, Ones, Operator, toposort

_DEEP = 60  # nodes below each other in which the vector is looked for


def picked(root: Expr) -> Expr:
    """The same value with the one-hot vectors that are 1 where a sum picks its term; what has a
    name stays as it is."""
    done: dict[Expr, Expr] = {}
    for node in toposort(root, below=lambda node: () if _is_named(node) else node.kids):
        made = rebuilt(node, [done[kid] for kid in node.kids]) if node.kids and not _is_named(
            node
        ) else node  # fmt: skip
        done[node] = _at_its_pick(made) if type(made) is Contract else made
    return done[root]


def picks(node: Expr) -> bool:
    """Whether an expression is the one-hot vector of one class number."""
    return (
        isinstance(node, Call)
        and isinstance(node.op, Operator)
        and node.op.name == "one_hot"
        and len(node.axes) == 1
    )


def _is_named(node: Expr) -> bool:
    return isinstance(node, Call) and isinstance(node.op, Name)


def _at_its_pick(node: Contract) -> Expr:
    factors = list(node.factors)
    for k, (hot, own) in enumerate(zip(node.factors, node.indices, strict=True)):
        if not picks(hot) or own[0] in node.out:
            continue
        for j, (other, others) in enumerate(zip(factors, node.indices, strict=True)):
            if j != k and others.count(own[0]) == 1:
                factors[j] = _with_one(other, others.index(own[0]), hot, _DEEP)
    if all(a is b for a, b in zip(factors, node.factors, strict=True)):
        return node
    return contracted(factors, node.indices, node.out)


def _with_one(node: Expr, axis: int, hot: Expr, deep: int) -> Expr:
    """The expression with 1 for the one-hot vector along this axis."""
    if node is hot:
        return Ones(hot.axes[0])
    if not deep or _is_named(node):
        return node
    match node:
        case Add() | Map():
            kids = [_with_one(kid, axis, hot, deep - 1) for kid in node.kids]
            return rebuilt(node, kids)
        case Contract(factors, indices, out):
            i = out[axis]
            kids = [
                _with_one(kid, own.index(i), hot, deep - 1) if own.count(i) == 1 else kid
                for kid, own in zip(factors, indices, strict=True)
            ]
            return rebuilt(node, kids)
    return node
