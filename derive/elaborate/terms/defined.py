r"""Functions that the document defines: their bodies with the arguments put in.

The idea: a formula in its arguments is put in where it is called; a layer with weights, h(x), is a
quantity of its own; and what a word of the vocabulary says as well is that word.
"""

from __future__ import annotations

import re

from derive.elaborate.dispatch import value_of
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.names.classes import select
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.slots import slot_mark
from derive.elaborate.names.symbols import definition_value, fresh_letter
from derive.elaborate.names.vocabulary import BY_WORD
from derive.elaborate.reading import Env, Equation, Reading
from derive.elaborate.shown import formula, text
from derive.elaborate.terms.entrywise import entrywise
from derive.elaborate.values import Value, map_of, squeezed
from derive.kernel.build import zeros
from derive.kernel.calculus import grad
from derive.kernel.expr import Expr, Num, Var
from derive.meaning.normal import same
from derive.operators.row import POINTWISE, Row
from derive.tree import Tree


def defined_call(
    reading: Reading, tree: Tree, function: Tree, arguments: list[Tree], primes: int, env: Env
) -> Value:
    """The value of a call of such a function, or of its derivative, f'(x)."""
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
    _require_no_hidden_index(reading, equation, tree)
    letters = _index_arguments(equation, arguments)
    if letters and not primes:
        rename = {**env.rename, **{formal: env.letter(x) for formal, x in letters.items()}}
        pairs = [p for p in zip(equation.formals, arguments, strict=True) if p[0] not in letters]
        given = {formal: squeezed(value_of(reading, a, env)) for formal, a in pairs}
        return value_of(reading, equation.body, Env(env.open, given, rename))
    values = [
        _as_formal(reading, formal, squeezed(value_of(reading, a, env)))
        for formal, a in zip(equation.formals, arguments, strict=True)
    ]
    if primes:
        return _slope_of(reading, tree, equation, values, primes, env)
    if (row := _spelled_out(reading, equation)) is not None:
        name = equation.symbol
        reading.note(name, f"${name}$ is the function that is written ${row.latex}$ here")
        return map_of(tree, reading.sizes, row.make(), values)
    pairs = zip(equation.formals, values, strict=True)
    formals = {x: v for x, v in pairs if v.opens or reading.made.get(v.expr) != x}
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


def _as_formal(reading: Reading, formal: str, value: Value) -> Value:
    """The 0 of L(0), where L(w) has an array w: its zeros."""
    declared = reading.declarations.get(formal)
    axes = reading.own_axes.get(formal) or (declared.axes if declared else None)
    return Value(zeros(axes)) if axes and value.expr is Num(0) else value


def _require_no_hidden_index(reading: Reading, equation: Equation, tree: Tree) -> None:
    """Fault for the w_k of P(k, x) = e^{w_k^T x} / .. that is a name of its own: no other P(c, x)
    would have a w_c."""
    names = {str(n.kids[0]): n for n in equation.body.subtrees() if n.head == "symbol"}
    for name in names:
        below = re.fullmatch(r".+_\{?([A-Za-z])\}?", name)
        hidden = below is not None and below[1] in equation.formals and below[1] not in names
        if below is not None and hidden and not reading.scope.known(name):
            raise Fault(
                "ambiguous-index", f"{formula(equation.left)} has ${below[1]}$ as an argument, and "
                f"${name}$ may be one of many that it chooses, or a name of its own", tree,
                f"write the index below the function, as in $p_{below[1]}(x)$",
            )  # fmt: skip


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
        try:
            body = value_of(reading, equation.body, Env(formals={equation.formals[0]: Value(var)}))
        except Fault:  # f(x) = \sum_j x_j^2 is no function of a number
            reading.spelled_out[equation.symbol] = None
            return None
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
        if body.own or body.opens:
            return None
        made = entrywise(body.expr, {var: argument.expr}, equation.left)
    except Fault:
        return None
    return Value(made, argument.opens, argument.row)


def _slope_of(
    reading: Reading, tree: Tree, equation: Equation, values: list[Value], order: int, env: Env
) -> Value:
    var = Var("t", ())
    inner = Env(env.open, {equation.formals[0]: Value(var)}, env.rename)
    body = value_of(reading, equation.body, inner).expr
    for _ in range(order):
        slope = grad(body, var)
        assert isinstance(slope, Expr)
        body = slope
    return Value(entrywise(body, {var: values[0].expr}, tree), values[0].opens, values[0].row)
