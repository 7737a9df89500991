"""Functions applied: words of the vocabulary, functions of the document, indicators, cases.

The idea: a word is looked up in the rows of the vocabulary, so a new function is read as soon as it
has a row; a function that the document defines is its body with the arguments put in.
"""

from __future__ import annotations

import re

from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.names.classes import select
from derive.elaborate.names.scope import ACTIVATIONS, INDICATORS, index_letter, is_bold
from derive.elaborate.names.symbols import definition_value, fresh_letter, slot_mark
from derive.elaborate.names.vocabulary import BY_WORD, rows_of
from derive.elaborate.reading import Env, Equation, Reading
from derive.elaborate.shown import formula, text
from derive.elaborate.terms.conditions import indicator
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
from derive.meaning.normal import same
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
        return _defined_call(reading, tree, function, arguments, primes, env)
    if symbol in reading.scope.free and not primes:
        return unspecified_call(reading, tree, symbol, env)
    if reading.unread.get(symbol):
        raise Fault(
            "unsupported", f"the text says of {formula(function)} what is not read "
            f"(`{reading.unread[symbol]}`)", function, f"define it, as in ${symbol}(x) = ..$",
        )  # fmt: skip
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
    return Value(entrywise(body, fill), letters, row)


def _composite(reading: Reading, tree: Tree, row: Row, values: list[Value]) -> Value:
    """A definition in Python, which knows nothing of open indices: its arguments must have none."""
    if any(v.opens for v in values):
        if all(not v.own for v in values):
            done, letters, _ = levelled(tree, reading.sizes, values)
            variables = [Var(f"t{k}", ()) for k in range(len(done))]
            body = row.make(*variables)
            return Value(entrywise(body, dict(zip(variables, done, strict=True))), letters)
        raise Fault(
            "unsupported", f"{said(tree)} inside a sum over samples needs its definition written "
            "out", tree,
        )  # fmt: skip
    if len({len(v.own) for v in values}) == 1:
        done, _, _ = levelled(tree, reading.sizes, values)
    else:
        done = [v.expr for v in values]
    return Value(row.make(*done))


def _defined_call(
    reading: Reading, tree: Tree, function: Tree, arguments: list[Tree], primes: int, env: Env
) -> Value:
    symbol, *indices = function.kids
    if symbol in reading.broken:
        raise Silent
    equation = reading.functions[str(symbol)]
    if len(arguments) != len(equation.formals):
        raise Fault(
            "wrong-arguments",
            f"{formula(equation.left)} takes {len(equation.formals)} arguments, "
            f"not {len(arguments)}",
            tree,
        )
    if (
        chosen := next((k for k, i in enumerate(indices) if not index_letter(i)), None)
    ) is not None:
        return _chosen_call(reading, tree, function, chosen, env)
    letters = _index_arguments(equation, arguments)
    if letters and not primes:
        rename = {**env.rename, **{formal: env.letter(x) for formal, x in letters.items()}}
        pairs = [p for p in zip(equation.formals, arguments, strict=True) if p[0] not in letters]
        given = {formal: squeezed(value_of(reading, a, env)) for formal, a in pairs}
        return value_of(reading, equation.body, Env(env.open, given, rename))
    values = [squeezed(value_of(reading, a, env)) for a in arguments]
    if primes:
        return _defined_slope(reading, tree, equation, values, primes, env)
    if (row := _spelled_out(reading, equation)) is not None:
        name = equation.symbol
        reading.note(name, f"${name}$ is the function that is written ${row.latex}$ here")
        return map_of(tree, reading.sizes, row.make(), values)
    formals = dict(zip(equation.formals, values, strict=True))
    if _is_plain(reading, equation):
        inner = Env(env.open, formals, env.rename)
        try:
            return value_of(reading, equation.body, inner)
        except Fault:
            # t \sigma(t) of a vector: a function of numbers is one of each entry
            if len(values) == 1 and values[0].own:
                found = _of_each_entry(reading, equation, values[0], env)
                if found is not None:
                    return found
            raise
    name = _call_name(reading, equation, arguments, values, indices, env)
    key = ("call", str(symbol), name, tuple(map(text, indices)), env.open,
           tuple(sorted(env.rename.items())), tuple(v.expr for v in values))  # fmt: skip
    if key not in reading.memo:
        reading.memo[key] = definition_value(reading, equation, indices, env, tree, formals, name)
    return reading.sizes.current(reading.memo[key])


def _index_arguments(equation: Equation, arguments: list[Tree]) -> dict[str, str]:
    """The formals that are indices alone, p(k) = e^{z_k} / .., where they are given a letter."""
    found: dict[str, str] = {}
    for formal, argument in zip(equation.formals, arguments, strict=True):
        letter = argument.kids[0] if argument.head == "symbol" and len(argument.kids) == 1 else ""
        nodes = [n for n in equation.body.subtrees() if n.head in ("symbol", "name")]
        as_index = {i for n in nodes if n.head == "symbol" for i in n.kids[1:]}
        plain = any(n.head == "symbol" and n.kids[0] == formal for n in nodes)
        indexes = any(index_letter(i) == formal for i in as_index)
        if indexes and not plain and index_letter(Tree("name", (letter,))) is not None:
            found[formal] = str(letter)
    return found


def _chosen_call(reading: Reading, tree: Tree, function: Tree, k: int, env: Env) -> Value:
    """A function of a family chosen by data: a_y(x) is the sum over j of 1(j = y) a_j(x)."""
    symbol, *indices = function.kids
    number = value_of(reading, indices[k], env)
    letter = fresh_letter(env)
    indices[k] = Tree("name", (letter,), indices[k].span)
    member = Tree("symbol", (symbol, *indices), function.span)
    call = Tree("call", (member, *tree.kids[1:]), tree.span)
    inner = Env(env.open | {letter}, env.formals, env.rename)
    return select(reading, value_of(reading, call, inner), number, letter, tree)


def _is_plain(reading: Reading, equation: Equation) -> bool:
    """Whether a function is a formula in its arguments and numbers, not a layer with weights."""
    for part in equation.body.subtrees():
        if part.head == "symbol" and part.kids[0] not in equation.formals:
            symbol = str(part.kids[0])
            declared = reading.declarations.get(symbol)
            if symbol in reading.equations or (declared and declared.axes):
                return False
            if not declared and symbol.startswith(r"\mathbf"):
                return False
            if symbol in reading.functions and not _is_plain(reading, reading.functions[symbol]):
                return False
    return "#" not in equation.symbol


def _spelled_out(reading: Reading, equation: Equation) -> Row | None:
    """The word of the vocabulary that a function spells out: g(z) = 1 / (1 + e^{-z}) is σ.

    Proved by normal form; so its slope is known in terms of its value.
    """
    if equation.symbol in reading.spelled_out:
        return reading.spelled_out[equation.symbol]
    found: Row | None = None
    symbols = {str(n.kids[0]) for n in equation.body.subtrees() if n.head == "symbol"}
    own = {s for s in symbols if not s.lstrip("\\").isalpha() or s not in BY_WORD}
    if len(equation.formals) == 1 and own == set(equation.formals):
        var = Var("t", ())
        body = value_of(reading, equation.body, Env(formals={equation.formals[0]: Value(var)}))
        for row in POINTWISE.values():
            if row.body is None or row.arity != 1 or reading.scope.known(row.latex):
                continue
            if not body.opens and not body.own and same(body.expr, row.body(var)):
                found = row
                break
    reading.spelled_out[equation.symbol] = found
    return found


def _call_name(
    reading: Reading, equation: Equation, arguments: list[Tree], values: list[Value],
    indices: list[Tree], env: Env,
) -> str:  # fmt: skip
    """What a layer's value is called: h_1 if it is applied once, else h_1(x) with its argument, as
    of each sample, h(x^{(i)})."""
    once = len(reading.calls.get(equation.symbol, ())) <= 1
    slots = {letter for value in values for letter in value.opens}
    if once and not slots and "#" not in equation.symbol:
        return equation.symbol

    def slotted(node: Tree) -> Tree:
        if node.head == "symbol":
            symbol = str(node.kids[0])
            for k, index in enumerate(node.kids[1:]):
                letter = env.letter(index_letter(index) or "")
                mark = slot_mark(letter) if letter in slots else text(index)
                symbol = symbol.replace(f"#{k + 1}", mark)
            return Tree("name", (symbol,))
        return node

    written = ", ".join(text(a.rewritten(slotted)) for a in arguments)
    return f"{equation.symbol}({written})"


def _of_each_entry(reading: Reading, equation: Equation, argument: Value, env: Env) -> Value | None:
    """A function of one number at each entry of an array, if its value at a number is one."""
    var = Var("t", ())
    try:
        body = value_of(
            reading, equation.body, Env(env.open, {equation.formals[0]: Value(var)}, env.rename)
        )
    except Fault:
        return None
    if body.own or body.opens:
        return None
    return Value(entrywise(body.expr, {var: argument.expr}), argument.opens, argument.row)


def _defined_slope(
    reading: Reading, tree: Tree, equation: Equation, values: list[Value], order: int, env: Env
) -> Value:
    var = Var("t", ())
    inner = Env(env.open, {equation.formals[0]: Value(var)}, env.rename)
    body = value_of(reading, equation.body, inner).expr
    for _ in range(order):
        slope = grad(body, var)
        assert isinstance(slope, Expr)
        body = slope
    return Value(entrywise(body, {var: values[0].expr}), values[0].opens, values[0].row)
