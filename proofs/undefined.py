"""Functions that nothing defines: which they are, and what an equation supposes of one."""

from __future__ import annotations

from derive.kernel.build import coefficient, is_zero
from derive.kernel.expr import Contract, Expr, Map, is_named, toposort
from derive.operators.abstract import Signature, signature_of


def supposed_of(a: Expr, b: Expr) -> str:
    r"""The function that an equation supposes something of: J, which nothing defines, in
    \nabla J(\theta) = 0, and x in \dot x(t) = F(x(t)); "" where it can be derived.

    It stands alone on one side, and the other one has no derivative of it that is as high, or
    anything that is not defined has to be 0.
    """
    for one, other in ((a, b), (b, a)):
        alone = signature_of(_opened(one))
        beyond = [s for n in toposort(other) if (s := signature_of(n)) is not None]
        if alone is not None:
            same = [s for s in beyond if s.symbol == alone.symbol]
            order = _order(alone)
            if not beyond or (order and all(_order(s) < order for s in same)):
                return alone.symbol
        inside = [s for n in toposort(one) if (s := signature_of(n)) is not None]
        if inside and is_zero(other):
            return inside[0].symbol
    return ""


def function_of(node: Expr) -> str:
    """The symbol of a function that nothing defines, where a node is a value of one; else ""."""
    if isinstance(node, Map) and node.fn.name == "generic":
        return str(node.fn.params[0])
    signature = signature_of(node)
    return "" if signature is None else signature.symbol


def _opened(expr: Expr) -> Expr:
    """What is under names, numbers before it and another order of its axes."""
    while True:
        inner = coefficient(expr)[1]
        if is_named(inner) or (isinstance(inner, Contract) and len(inner.factors) == 1):
            inner = inner.kids[0]
        if inner is expr:
            return expr
        expr = inner


def _order(signature: Signature) -> int:
    return sum(argument.order for argument in signature.arguments)
