"""Functions applied: words of the vocabulary, functions of the document, indicators, cases.

The idea: a word is looked up in the rows of the vocabulary, so a new function is read as soon as it
has a row.
"""

from __future__ import annotations

import re

from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import ACTIVATIONS, INDICATORS, is_bold
from derive.elaborate.names.vocabulary import BY_WORD, rows_of
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import formula, text
from derive.elaborate.terms.circular import circular_call
from derive.elaborate.terms.conditions import indicator
from derive.elaborate.terms.defined import defined_call
from derive.elaborate.terms.entrywise import entrywise
from derive.elaborate.terms.layers import LAYERS, worded
from derive.elaborate.terms.matrices import function_of, of_matrix
from derive.elaborate.terms.places import slope_of_applied
from derive.elaborate.terms.shaped import SHAPED
from derive.elaborate.terms.unspecified import call_value as unspecified_call
from derive.elaborate.values import Value, call_of, levelled, map_of, squeezed
from derive.kernel.build import lift
from derive.kernel.calculus import grad
from derive.kernel.expr import Call, Expr, Fn, Map, Operator, Var
from derive.operators import pointwise
from derive.operators.row import POINTWISE, PRIMITIVES, Row
from derive.tree import Tree

_OF_CHANCE = frozenset(
    [r"\mathbb{E}", r"\mathbb{V}", r"\mathbb{P}", r"\Pr", "Pr", "Var", "var", "Cov", "cov", "Corr"]
)


@rule("call", "apply")
def call_value(reading: Reading, tree: Tree, env: Env) -> Value:
    """A settled call: ``[function, argument ...]``."""
    function, *arguments = tree.kids
    subscript: Tree | None = None
    if function.head == "index":
        function, subscript = function.kids[0], function.kids[1]
    primes = 0
    while function.head == "prime":
        primes += int(function.kids[1])
        function = function.kids[0]
    symbol = str(function.kids[0])
    if symbol in reading.scope.applied:
        if primes:
            return value_of(reading, slope_of_applied(reading, tree, function, primes), env)
        return value_of(reading, function, env)
    if symbol in INDICATORS:
        return indicator(reading, tree, arguments, env)
    if symbol in reading.functions:
        return defined_call(reading, tree, function, arguments, primes, env)
    if symbol in reading.scope.free and not primes:
        return unspecified_call(reading, tree, symbol, env)
    if reading.unread.get(symbol):
        raise Fault(
            "unsupported", f"the text says of {formula(function)} what is not read "
            f"(`{reading.unread[symbol]}`)", function, f"define it, as in ${symbol}(x) = ..$",
        )  # fmt: skip
    if not primes and subscript is None and (found := circular_call(reading, tree, symbol, env)):
        return found
    special, layer = SHAPED.get(symbol), LAYERS.get(symbol)
    if layer is None and subscript is None and "_" in symbol:
        layer, subscript = worded(symbol)
    if special is not None and (found := special(reading, tree, arguments, env)) is not None:
        return found
    if layer is not None:
        found = layer(reading, tree, arguments, subscript, env)
        if found is not None:
            return found
    if not primes and subscript is None and (parted := _log_of_exp(symbol, arguments)) is not None:
        found = value_of(reading, parted, env)
        if not found.own:
            return found
    values = [squeezed(value_of(reading, a, env)) for a in arguments]
    if subscript is not None and (joined := symbol + text(subscript).lstrip("\\")) in BY_WORD:
        symbol, subscript = joined, None  # GELU_{\tanh} is the GELUtanh
    rows = rows_of(reading, symbol)
    if rows:
        return _row_value(reading, tree, symbol, rows, values, subscript, primes, env)
    abstract = reading.scope.differentiated & reading.scope.called_only | reading.scope.mapped
    if len(values) == 1 and re.split("[_^]", symbol)[0] in ACTIVATIONS | abstract:
        for k, index in enumerate(function.kids[1:], 1):
            symbol = symbol.replace(f"#{k}", text(index))  # the g^{[2]} of a second layer
        reading.note(symbol, f"${symbol}$ is not defined: read as a function of each entry")
        return map_of(tree, reading.sizes, pointwise.generic(symbol, primes), values)
    given = _given(reading, tree, symbol, env)
    if given is not None:
        return given
    if symbol in _OF_CHANCE:
        raise Fault("unsupported", f"{formula(function)} of what is random is not computed", tree)
    raise Fault(
        "unknown-function", f"${symbol}$ is not a known function", function,
        f"define it, as in ${symbol}(x) = ..$, or check its spelling",
    )  # fmt: skip


def _log_of_exp(symbol: str, arguments: list[Tree]) -> Tree | None:
    r"""log(e^x / s) is x - log s, which has the same domain, and shorter slopes."""
    match arguments:
        case [Tree("frac", (Tree("call", (Tree("symbol", (word,)), x)), below))]:
            if BY_WORD.get(symbol) == BY_WORD["log"] and BY_WORD.get(word) == BY_WORD["exp"]:
                log = Tree("call", (Tree("symbol", (symbol,)), below), below.span)
                return Tree("sum", (x, Tree("neg", (log,), below.span)), arguments[0].span)
    return None


def _given(reading: Reading, tree: Tree, symbol: str, env: Env) -> Value | None:
    r"""A bold function that nothing defines, of a sample: a vector that is given, \phi(x_n)."""
    arguments = tree.kids[1:]
    if not is_bold(symbol) or len(arguments) != 1 or arguments[0].head != "symbol":
        return None
    argument, *indices = arguments[0].kids
    if len(indices) != str(argument).count("#") or str(argument) in reading.equations:
        return None
    name = f"{symbol}({argument})"
    reading.ranks.setdefault(name, 1)
    value = value_of(reading, Tree("symbol", (name, *indices), tree.span), env)
    reading.notes[name] = f"${text(tree)}$ is not defined: read as a vector that is given"
    return value


def _row_value(
    reading: Reading, tree: Tree, symbol: str, rows: list[Row], values: list[Value],
    subscript: Tree | None, primes: int, env: Env,
) -> Value:  # fmt: skip
    if rows[0].general and (subscript is not None or len(values) > rows[0].arity):
        rows = [POINTWISE[rows[0].general]]
        reading.note(f"general {symbol}", f"{symbol} with a slope of its own is {rows[0].words[0]}")
    if rows[0].matrices:
        return of_matrix(reading, tree, rows[0], values)
    for row in rows:
        made = row.make() if row.name in POINTWISE or row.name in PRIMITIVES else None
        if isinstance(made, Operator) and len(values) == 1:
            if values[0].own:
                return call_of(tree, reading.sizes, made, values[0])
        elif isinstance(made, Operator) and len(values) == row.arity:
            done, letters, oriented = levelled(tree, reading.sizes, values)
            return Value(Call(made, tuple(done)), letters, oriented)
        elif isinstance(made, Fn):
            given = list(values)
            if len(given) == row.arity - len(row.implied) and row.implied:
                given += _implied(reading, row, subscript, tree, env)
            if len(given) == row.arity:
                if primes:
                    return _slope(reading, tree, made, given, primes)
                value = function_of(reading, tree, made, given)
                if made is pointwise.log and subscript is not None:
                    return _log_base(reading, tree, value, subscript, env)
                return value
            if row.name in ("max", "min") and len(given) > 2:
                total = given[0]
                for other in given[1:]:
                    total = map_of(tree, reading.sizes, made, [total, other])
                return total
        elif made is None and len(values) >= row.arity:
            return _composite(reading, tree, row, values)
    if len(values) == 1 and any(row.arity == 1 for row in rows):
        raise Fault("shape-clash", f"${symbol}$ needs a vector, not a scalar", tree)
    wanted = " or ".join(sorted({str(row.arity) for row in rows}))
    raise Fault(
        "wrong-arguments", f"${symbol}$ takes {wanted} arguments, not {len(values)}", tree
    )  # fmt: skip


def _implied(
    reading: Reading, row: Row, subscript: Tree | None, tree: Tree, env: Env
) -> list[Value]:
    """The parameters that a short spelling leaves out: PReLU(z) has the slope α."""
    if subscript is not None:
        return [value_of(reading, subscript, env)]
    found = []
    for name in row.implied:
        if isinstance(name, str):
            if not reading.scope.known(name) and reading.implied.setdefault(name, row) is not row:
                # Two functions, two parameters: one letter may not stand for both unless declared.
                name = text(
                    Tree("script", (Tree("name", (name,)), Tree("name", (row.words[0],)), None))
                )
            reading.note(row.name, f"the parameter of {row.words[0]} is written ${name}$")
            if row.learned:
                reading.roles[name] = "parameter"
            reading.ranks.setdefault(name, 0)
            found.append(value_of(reading, Tree("symbol", (name,), tree.span), env))
        else:
            found.append(Value(lift(name)))
    return found


def _log_base(reading: Reading, tree: Tree, value: Value, base: Tree, env: Env) -> Value:
    bottom = value_of(reading, base, env)
    scale = pointwise.reciprocal(pointwise.log(bottom.expr))
    return Value(value.expr * scale, value.opens, value.row)


def _slope(reading: Reading, tree: Tree, fn: Fn, values: list[Value], order: int) -> Value:
    """The derivative of a function of one argument at each entry: σ'(z)."""
    done, letters, row = levelled(tree, reading.sizes, values)
    var = Var("t", ())
    body: Expr = Map(fn, (var, *(Var(f"t{k}", ()) for k in range(1, len(done)))))
    for _ in range(order):
        body = grad(body, var)  # type: ignore[assignment]
    fill: dict[Expr, Expr] = {var: done[0]}
    fill |= {Var(f"t{k}", ()): d for k, d in enumerate(done) if k}
    return Value(entrywise(body, fill, tree), letters, row)


def _composite(reading: Reading, tree: Tree, row: Row, values: list[Value]) -> Value:
    """A definition in Python, which knows nothing of open indices: its arguments must have none."""
    if any(v.opens for v in values):
        if all(not v.own for v in values):
            done, letters, _ = levelled(tree, reading.sizes, values)
            variables = [Var(f"t{k}", ()) for k in range(len(done))]
            body = row.make(*variables)
            return Value(entrywise(body, dict(zip(variables, done, strict=True)), tree), letters)
        raise Fault(
            "unsupported", f"{said(tree)} inside a sum over samples needs its definition written "
            "out", tree,
        )  # fmt: skip
    if len({len(v.own) for v in values}) == 1:
        done, _, _ = levelled(tree, reading.sizes, values)
    else:
        done = [v.expr for v in values]
    return Value(row.make(*done))
