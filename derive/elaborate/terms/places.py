r"""A value at a place: \frac{df}{dx} \big|_{x = 0}, \nabla f(0).

The idea: the formula is given its value first, and then its variables theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.derivation.local import replaced
from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import base_of
from derive.elaborate.reading import Env, Reading
from derive.elaborate.statements.maps import listed
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
    one in x there; that of an f(x, y) of numbers as its entries; None where it is another
    reading's."""
    by, of, _ = tree.kids
    match of:
        case Tree("call" | "apply", (Tree("symbol", (function,)) as name, *arguments)):
            pass
        case Tree("symbol", (function,)) as name:
            arguments = []
        case _:
            return None
    formals = _formals(reading, str(function), of)
    if len(formals) > 1:
        numbers = by is None and not any(value_of(reading, x, env).own for x in formals)
        return _by_entries(tree, name, formals, arguments or formals) if numbers else None
    if str(function) not in reading.functions:
        return None
    if not arguments and by is None:  # \nabla f is \nabla f(x)
        whole = Tree("call", (name, *formals), of.span)
        return Tree("grad", (formals[0], whole, tree.kids[2]), tree.span)
    if not arguments or arguments == formals or by not in (None, *formals):
        return None
    if by is None and arguments[0].head == "symbol":
        return None  # the gradient in that variable
    if by is not None and value_of(reading, by, env).expr in toposort(
        value_of(reading, arguments[0], env).expr
    ):
        return None  # f(g(x)) by x: the chain rule
    slope = Tree("grad", (formals[0], Tree("call", (name, *formals), of.span), tree.kids[2]))
    return Tree("at", (slope, _equal(formals[0], arguments[0])), tree.span)


def _formals(reading: Reading, function: str, at: Tree) -> list[Tree]:
    """The letters of a function that the document defines, or always writes with them."""
    if (equation := reading.functions.get(function)) is not None:
        return [Tree("symbol", (formal,), at.span) for formal in equation.formals]
    bracket = reading.scope.applied.get(function)
    parts = listed(bracket.kids[0]) if bracket is not None else ()
    return [settle(part, reading.scope) for part in parts if base_of(part)]


def _by_entries(
    tree: Tree, name: Tree, formals: Sequence[Tree], arguments: Sequence[Tree]
) -> Tree | None:  # fmt: skip
    """A gradient or a Hessian by several numbers, entry by entry."""
    if tree.kids[2] not in ("1", "2") or len(arguments) != len(formals):
        return None
    whole = Tree("call", (name, *formals), tree.span)
    where = Tree("list", tuple(map(_equal, formals, arguments)))

    def slope(of: Tree, by: Tree) -> Tree:
        return Tree("deriv", (of, by, "1"), tree.span)

    def placed(entry: Tree) -> Tree:
        return entry if [*arguments] == [*formals] else Tree("at", (entry, where), tree.span)

    slopes = [slope(whole, x) for x in formals]
    if tree.kids[2] == "1":
        return Tree("bracket", (Tree("list", tuple(map(placed, slopes)), tree.span),), tree.span)
    rows = tuple(tuple(placed(slope(one, y)) for y in formals) for one in slopes)
    return Tree("env", ("pmatrix", rows), tree.span)


def _equal(name: Tree, given: Tree) -> Tree:
    return Tree("chain", (name, Tree("rel", ("=",)), given), given.span)
