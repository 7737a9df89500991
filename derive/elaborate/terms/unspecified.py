r"""The values of functions that nothing defines, and of their derivatives: J(W), \nabla J(W).

The idea: a derivative at the arguments of a call is a function of the same arguments; with its axes
behind those of the value it has a row for each entry of the value, whatever the layout.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from derive.derivation.local import replaced
from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.ranks import ranks_to_try, valued
from derive.elaborate.names.trials import names_loss
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import formula
from derive.elaborate.statements.declare import set_axes
from derive.elaborate.statements.settle import settle
from derive.elaborate.values import Value, closed, squeezed
from derive.kernel import sizes
from derive.kernel.build import contracted
from derive.kernel.calculus import grad, jacobian
from derive.kernel.expr import Axes, Call, Expr, Ones, Var, toposort
from derive.kernel.sizes import SizeError
from derive.latex.print import latex
from derive.notation.slopes import NABLA, TURNED
from derive.operators import abstract, pointwise
from derive.tree import Tree


def note_sets(reading: Reading) -> None:
    """Know the sizes of the sets that functions are declared on and into: a sum may run to them."""
    free = reading.scope.free
    for a_set in (
        *free.targets.values(),
        *(part for parts in free.sources.values() for part in parts),
    ):
        with suppress(Fault):
            set_axes(a_set, reading)


def call_value(reading: Reading, tree: Tree, symbol: str, env: Env) -> Value:
    """The value of such a function at its arguments."""
    values = [squeezed(value_of(reading, a, env)) for a in tree.kids[1:]]
    _fit_sources(reading, tree, symbol, values)
    out = _out(reading, symbol)
    kind = " with values that are vectors" if len(out) == 1 else ""
    reading.notes[symbol] = (
        f"${symbol}$ is not defined: read as a smooth function{kind} that is not known"
    )
    graded = symbol in reading.scope.free.graded
    if len(values) == 1 and not values[0].own and not out and not graded:
        return Value(pointwise.generic(symbol)(values[0].expr), values[0].opens)
    letters = tuple(dict.fromkeys(x for v in values for x in v.opens))
    args = [_with_all(reading, v, letters) for v in values]
    return Value(abstract.applied(symbol, args, out, len(letters)), letters)


def _out(reading: Reading, symbol: str) -> Axes:
    """The axes of the values of a function: declared, or of the rank that they are tried with."""
    if symbol in reading.scope.free.targets:
        return set_axes(reading.scope.free.targets[symbol], reading)
    if names_loss(symbol) and symbol not in reading.scope.free.vectors:
        return ()
    key = valued(symbol)
    if key not in reading.own_axes:
        rank = reading.ranks.get(key)
        rank = ranks_to_try(reading, key)[0][0] if rank is None else rank
        reading.own_axes[key] = tuple(reading.sizes.fresh() for _ in range(rank))
    return tuple(sizes.resolve(n, reading.sizes.bound) for n in reading.own_axes[key])


def _fit_sources(reading: Reading, tree: Tree, symbol: str, values: Sequence[Value]) -> None:
    """Unify the arguments with the sets that a function is declared on.  Fault if they differ."""
    sources = reading.scope.free.sources.get(symbol, ())
    if len(sources) != len(values):
        return
    for source, value, argument in zip(sources, values, tree.kids[1:], strict=True):
        axes = set_axes(source, reading)
        try:
            if len(axes) != len(value.own):
                raise SizeError
            for own, n in zip(axes, value.own, strict=True):
                reading.sizes.unify(own, n)
        except SizeError:
            raise Fault(
                "shape-clash", f"${symbol}$ is declared on ${latex(source)}$, and "
                f"{said(argument)} is {value.shape_text()}", argument,
            ) from None  # fmt: skip


def _with_all(reading: Reading, value: Value, letters: Sequence[str]) -> Expr:
    """The argument with every open letter as a leading axis, the same along those it lacks."""
    missing = [x for x in letters if x not in value.opens]
    if missing:
        own = tuple(range(len(value.expr.axes)))
        k = len(value.opens)
        fresh = tuple(range(len(own), len(own) + len(missing)))
        ones = [Ones(reading.sizes.fresh()) for _ in missing]
        expr = contracted(
            [value.expr, *ones], [own, *((i,) for i in fresh)], (*own[:k], *fresh, *own[k:])
        )
        value = Value(expr, (*value.opens, *missing), value.row)
    return closed(value, letters)


def gradient_at(reading: Reading, of: Tree, by: Tree | None, order: int, env: Env) -> Value | None:
    r"""\nabla J(\theta + \alpha v): the derivative by the only argument, wherever that is; None
    where another reading is the right one.  Fault where several could be meant."""
    if of.head not in ("call", "apply") or of.kids[0].head != "symbol":
        return None
    called, *arguments = of.kids
    symbol = str(called.kids[0])
    if symbol not in reading.scope.free:
        return None
    if by is not None and (len(arguments) > 1 or not _elsewhere(by, arguments[0])):
        return None
    if len(of.kids) > 2:
        raise Fault(
            "incomplete-question",
            f"${latex(of.kids[0])}$ has {len(of.kids) - 1} arguments, and the gradient does not "
            "say in which one", of, rf"write $\nabla_{{{latex(of.kids[1])}}}$",
        )  # fmt: skip
    value = call_value(reading, of, symbol, env)
    expr = value.expr
    for _ in range(order):
        if abstract.signature_of(expr) is None:
            (made,) = (slope(*expr.args) for slope in expr.fn.slopes)  # type: ignore[attr-defined]
            expr = made
        else:
            assert isinstance(expr, Call)
            expr = abstract.derivative(expr, 0)
    return Value(expr, value.opens)


def refuse_unsaid(
    reading: Reading, tree: Tree, of: Tree, by: Tree, value: Expr, nodes: Sequence[Expr]
) -> None:
    r"""Fault for \partial f(x) / \partial \theta of an f that nothing defines: f(x) may well depend
    on a theta that is not written.  By the other x_2, f(x_1) has the derivative 0."""
    match of:
        case Tree("call" | "apply", (Tree("symbol", (symbol, *_)), argument)):
            fn = getattr(value, "fn", None)
            unknown = symbol in reading.scope.free or getattr(fn, "name", "") == "generic"
        case _:
            return
    below = toposort(value)
    if not unknown or all(node in below for node in nodes):
        return
    if tree.head == "deriv" and _elsewhere(by, argument):
        return
    raise Fault(
        "undefined-symbol", f"nothing says how {formula(of)} depends on {formula(by)}", of,
        f"define {formula(of)}, or write {formula(by)} among its arguments",
    )  # fmt: skip


def _elsewhere(by: Tree, argument: Tree) -> bool:
    r"""Whether \nabla_\theta stands before a place that is made of other thetas: \theta_{t-1}."""
    inside = [n for n in argument.subtrees() if n.head == "symbol"]
    if by.head != "symbol" or any(n.kids[0] == by.kids[0] for n in inside):
        return False  # an entry of the place is no other place
    base = re.split(r"[_^]", str(by.kids[0]))[0]
    return any(re.split(r"[_^]", str(n.kids[0]))[0] == base for n in inside)


@rule("slope")
def slope_value(reading: Reading, tree: Tree, env: Env) -> Value:
    """The derivative of a function at its argument, with a row for each entry of the value."""
    called, order, sign = tree.kids[:3]
    if called.head != "call" or called.kids[0].head != "symbol":
        raise Fault("unknown-function", f"{said(tree)} is the derivative of no function", tree)
    symbol, arguments = str(called.kids[0].kids[0]), called.kids[1:]
    if len(arguments) != 1:
        raise Fault(
            "incomplete-question", f"${symbol}$ has {len(arguments)} arguments, and {said(tree)} "
            "does not say in which one", tree, "write a partial derivative",
        )  # fmt: skip
    defined = symbol in reading.functions or symbol in reading.scope.applied
    make = _defined_slope if defined else _unspecified_slope
    expr, opens, rank = make(reading, called, symbol, int(order), env)
    k, by = len(opens), rank * int(order)
    axes = tuple(range(len(expr.axes)))
    out = axes[k + by :]
    if sign.startswith(TURNED):
        expr = contracted((expr,), (axes,), axes)
        return Value(expr, opens, split=max(by, 1))
    expr = contracted((expr,), (axes,), (*axes[:k], *out, *axes[k : k + by]))
    row = not out and by == 1 and not sign.startswith(NABLA)
    return Value(expr, opens, row=row, split=max(len(out), 1))


def _unspecified_slope(
    reading: Reading, called: Tree, symbol: str, order: int, env: Env
) -> tuple[Expr, tuple[str, ...], int]:
    """The derivative, its open letters, and the rank of its argument, whose axes come first."""
    value = value_of(reading, called, env)
    rank = 0
    signature = abstract.signature_of(value.expr)
    if signature is not None:
        rank = signature.arguments[0].rank
    return _differentiated(value.expr, order, called), value.opens, rank


def _differentiated(expr: Expr, order: int, tree: Tree) -> Expr:
    """The derivative of a call of such a function by its first argument."""
    for _ in range(order):
        if abstract.signature_of(expr) is not None:
            assert isinstance(expr, Call)
            expr = abstract.derivative(expr, 0)
        elif hasattr(expr, "fn"):
            (expr,) = (slope(*expr.args) for slope in expr.fn.slopes)  # type: ignore[attr-defined]
        else:
            raise Fault("unknown-function", f"{said(tree)} is no function that is known", tree)
    return expr


def _defined_slope(
    reading: Reading, called: Tree, symbol: str, order: int, env: Env
) -> tuple[Expr, tuple[str, ...], int]:
    function, argument = called.kids
    at = squeezed(value_of(reading, argument, env))
    var = Var(r"\xi", at.own)
    if symbol in reading.functions:
        formals = {reading.functions[symbol].formals[0]: Value(var)}
        body = value_of(reading, reading.functions[symbol].body, Env(env.open, formals, env.rename))
    else:
        formal = settle(reading.scope.applied[symbol].kids[0], reading.scope)
        body = value_of(reading, function, env)
        given = squeezed(value_of(reading, formal, env)).expr
        if given.axes != at.own:
            raise Fault("shape-clash", f"${symbol}$ is no function of {said(argument)}", argument)
        body = Value(replaced(body.expr, {given: var}, closed=False), body.opens)
    if body.opens or at.opens:
        raise Fault("unsupported", f"the derivative of {said(called)} needs its definition", called)
    expr = body.expr
    for _ in range(order):
        expr = jacobian(expr, var) if expr.axes else grad(expr, var)  # type: ignore[assignment]
    return replaced(expr, {var: at.expr}, closed=False), (), len(at.own)
