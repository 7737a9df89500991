r"""A value at a place: \frac{df}{dx} \big|_{x = 0}, \nabla f(0).

The idea: the formula is given its value first, and then its variables theirs.
"""

from __future__ import annotations

from derive.derivation.local import replaced
from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.reading import Env, Reading
from derive.elaborate.statements.settle import settle
from derive.elaborate.values import Value, squeezed
from derive.kernel.build import spread, zeros
from derive.kernel.expr import Expr, Num, Var, toposort
from derive.tree import Tree


@rule("at")
def value_at(reading: Reading, tree: Tree, env: Env) -> Value:
    """The value of a formula where variables have the values that are written beside the bar."""
    whole, where = tree.kids
    value = value_of(reading, whole, env)
    filled: dict[Expr, Expr] = {}
    for part in where.kids if where.head == "list" else (where,):
        match part:
            case Tree("chain", (Tree() as name, Tree("rel", ("=",)), Tree() as given)):
                var = squeezed(value_of(reading, name, env))
                new = squeezed(value_of(reading, given, env))
            case _:
                raise Fault("unsupported", f"{said(tree)} says no place", tree)
        if not isinstance(var.expr, Var) or var.opens or new.opens:
            raise Fault("unsupported", f"{said(name)} is no variable", name)
        if var.own and not new.own:
            at = zeros(var.own) if new.expr is Num(0) else spread(new.expr, var.own)
        else:
            at = new.expr
        if at.axes != var.expr.axes:
            raise Fault(
                "shape-clash", f"{said(name)} is {var.shape_text()}, not {new.shape_text()}", name
            )
        filled[var.expr] = at
    return Value(replaced(value.expr, filled, closed=False), value.opens, value.row)


def slope_of_applied(reading: Reading, tree: Tree, function: Tree, primes: int) -> Tree:
    """f'(a) of a quantity f that is always written f(x): its derivative in x, at a."""
    formals, arguments = reading.scope.applied[str(function.kids[0])].kids, tree.kids[1:]
    by = settle(formals[0], reading.scope)
    slope = Tree("deriv", (function, by, str(primes)), tree.span)
    if len(arguments) != 1 or arguments[0] == by:
        return slope
    return Tree("at", (slope, Tree("chain", (by, Tree("rel", ("=",)), arguments[0]))), tree.span)


def gradient_at_place(reading: Reading, tree: Tree, env: Env) -> Tree | None:
    r"""The gradient of a defined f(x) at another place, \nabla f(0) or \nabla_x f(2u), said as the
    one in x there; None where it is another reading's."""
    by, of, _ = tree.kids
    match of:
        case Tree("call" | "apply", (Tree("symbol", (function,)), Tree() as argument)):
            equation = reading.functions.get(str(function))
        case _:
            return None
    if equation is None or len(equation.formals) != 1:
        return None
    formal = Tree("symbol", (equation.formals[0],), argument.span)
    if argument == formal or by not in (None, formal):
        return None
    if by is None and argument.head == "symbol":
        return None  # the gradient in that variable
    if by is not None and value_of(reading, formal, env).expr in toposort(
        value_of(reading, argument, env).expr
    ):
        return None  # f(g(x)) by x: the chain rule
    slope = Tree("grad", (formal, Tree("call", (of.kids[0], formal), of.span), tree.kids[2]))
    where = Tree("chain", (formal, Tree("rel", ("=",)), argument), argument.span)
    return Tree("at", (slope, where), tree.span)
