"""Symbols to values: variables, definitions, families, sizes and constants.

The idea: a variable is born when it is first used, with the axes that its declaration, its font or
unification gives it; a definition is a named node, with one slot for each index open in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from derive.elaborate.dispatch import reckoned, rule, value_of
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.names.classes import is_class, is_data, select
from derive.elaborate.names.hidden import depends
from derive.elaborate.names.indices import has_label_slot, index_letter, is_number, is_range
from derive.elaborate.names.ranks import own_axes, paced
from derive.elaborate.names.scope import NUMBERS
from derive.elaborate.names.slots import slot_mark, with_slot
from derive.elaborate.reading import Env, Equation, Reading
from derive.elaborate.shown import formula, text
from derive.elaborate.statements.kinds import fitted
from derive.elaborate.statements.settle import settle
from derive.elaborate.terms.blocks import diagonal, member, numbered_entries, ranged
from derive.elaborate.terms.shifts import at_places, is_shifted, refuse_neighbour, with_ranges
from derive.elaborate.values import (
    Value,
    as_row_matrix,
    closed,
    opened,
    spread_name,
    squeezed,
)  # fmt: skip
from derive.kernel import sizes
from derive.kernel.build import total
from derive.kernel.expr import Delta, Expr, Num, Ones, Var
from derive.kernel.sizes import Axis, SizeError
from derive.operators import pointwise
from derive.tree import Tree

IDENTITIES = frozenset(["I", r"\mathbf{I}", r"\mathbb{I}", "E"])
ONES = frozenset([r"\mathbf{1}", r"\mathbb{1}"])


@rule("symbol")
def _symbol(reading: Reading, tree: Tree, env: Env) -> Value:
    return squeezed(symbol_value(reading, tree, env))


def symbol_value(reading: Reading, tree: Tree, env: Env) -> Value:
    """The value of a settled ``symbol`` tree: its slots filled, its components opened."""
    symbol, *indices = tree.kids
    if any(is_shifted(index, reading, env) for index in indices):
        return at_places(reading, tree, env, symbol_value)
    slots = symbol.count("#")
    filled, components = indices[:slots], indices[slots:]
    if symbol in env.counters and not indices and symbol not in env.formals:
        raise reckoned(tree)
    if symbol in env.formals:
        value = env.formals[symbol]
        if slots:
            letters = tuple(env.letter(index_letter(index) or text(index)) for index in filled)
            value = Value(value.expr, letters, value.row) if len(set(letters)) == slots else opened(
                tree, reading.sizes, Value(value.expr), letters)  # fmt: skip
    elif symbol in reading.abstract:
        value = reading.sizes.current(reading.abstract[symbol])
    elif symbol in reading.equations:
        anew = dict(env.formals) if depends(reading, symbol, env.formals) else None
        value = definition_value(reading, reading.equations[symbol], filled, env, tree, anew)
    elif symbol in reading.functions and not slots:
        value = _only_call(reading, symbol, tree, env)
    elif symbol in reading.broken:
        raise Silent  # it has a definition, which could not be read
    elif symbol in reading.size_names and reading.domain(symbol).integers:
        return Value(total(Ones(reading.size(symbol))))  # the k of X^k
    elif not reading.scope.known(symbol) and (constant := _constant(reading, symbol, components)):
        return constant
    elif (
        symbol.partition("_")[0] in ONES
        and not slots
        and not components
        and (len(axes := own_axes(reading, symbol, 0, tree)) == 1)
    ):  # a declaration of it gives it a size
        return Value(Ones(axes[0]))
    else:
        value = variable_value(reading, symbol, filled, components, env, tree)
    return entries(reading, value, components, env, tree) if components else value


def entries(
    reading: Reading, value: Value, indices: Sequence[Tree], env: Env, tree: Tree
) -> Value:  # fmt: skip
    """Entries of a value: bound letters leave its axes open, class numbers select from them."""
    if any(map(is_range, indices)):
        value, indices = ranged(reading, value, indices, tree)
    if any(map(is_number, indices)):
        value, indices = numbered_entries(reading, value, indices, tree)
    letters: list[str] = []
    chosen: list[tuple[str, Tree]] = []
    for index in indices:
        letter = index_letter(index)
        if letter is not None and not is_data(reading, letter, env):
            letters.append(env.letter(letter))
        elif letter is not None or index.head in ("symbol", "script"):
            letter = fresh_letter(replace(env, open=env.open | set(letters)))
            letters.append(letter)
            number = settle(index, reading.scope) if index.head != "symbol" else index
            if number.head == "symbol" and not reading.scope.known(str(number.kids[0])):
                reading.ranks[str(number.kids[0])] = 0
            chosen.append((letter, number))
        else:
            raise Fault(
                "unsupported-index",
                f"the index {formula(index)} is not a single letter",
                index,
                "select an entry with a letter, as in $x_i$, or define the entry as a symbol",
            )
    if len(letters) == len(value.own) - sum(n == 1 for n in value.own):
        value = squeezed(value)  # b_j of a row b of shape 1 x n
    value = opened(tree, reading.sizes, value, letters)
    for letter, index in chosen:
        value = select(reading, value, value_of(reading, index, env), letter, tree)
    return value


def _constant(reading: Reading, symbol: str, components: Sequence[Tree]) -> Value | None:
    base, _, subscript = symbol.partition("_")
    if components and (symbol in NUMBERS or symbol in reading.size_names):
        raise Fault(
            "unsupported-index", f"${symbol}$ is a number here, and has no entries", components[0],
            "declare the array, or call one of the two by another letter",
        )  # fmt: skip
    if symbol == "e":
        return Value(pointwise.exp(Num(1)))
    if symbol == r"\mathbf{0}":
        return Value(Num(0))
    if symbol == r"\pi":
        return Value(pointwise.pi())
    if symbol == r"\infty":
        return Value(pointwise.infinity())
    if symbol in reading.size_names:
        return Value(total(Ones(reading.size(symbol))))
    if (base in IDENTITIES and (base != "E" or reading.unit_letter)) or base in ONES:
        name = subscript.strip("{}")
        if not re.fullmatch(r"(\\?[A-Za-z]+|\d+|[A-Za-z]_.|[A-Za-z]_\{\w+\})?", name):
            return None
        n: Axis = int(name) if name.isdigit() else reading.size(name) if name else None  # type: ignore[assignment]
        if n is None:
            n = reading.sizes.fresh()
        return Value(Delta(n) if base in IDENTITIES else Ones(n))
    return None


def variable_value(
    reading: Reading, symbol: str, filled: Sequence[Tree], components: Sequence[Tree],
    env: Env, tree: Tree,
) -> Value:  # fmt: skip
    """The value of a symbol that nothing defines: one Var, with an open axis for each slot."""
    if symbol in (r"\partial", r"\nabla"):
        raise Fault(
            "unsupported", f"${symbol}$ is an operator, not a quantity", tree,
            r"write the whole derivative, as in $\frac{\partial L}{\partial w}$",
        )  # fmt: skip
    if symbol in reading.scope.mapped:
        raise Fault(
            "unsupported", f"${symbol}$ is a function, and stands here without what it is taken at",
            tree, f"write ${symbol}(x)$",
        )  # fmt: skip
    refuse_neighbour(reading, symbol, env, tree)
    letters: list[str] = []
    written: list[str] = []
    for k, index in enumerate(filled):
        letter = index_letter(index)
        letter = env.letter(letter) if letter is not None else None
        is_label = k == 0 and has_label_slot(symbol)
        if letter is not None and not is_label and _chooses(reading, letter, env):
            reading.ranks.setdefault(letter, 0)
            chosen = Tree("symbol", (letter,), index.span)
            return _chosen(reading, symbol, k, filled, chosen, env, tree)
        if letter is not None and (letter in env.open or not is_label):
            letters.append(letter)
            written.append(f"#{len(letters)}")
        elif is_label:
            written.append(letter or text(index).replace(" ", ""))
        else:
            return _chosen(reading, symbol, k, filled, index, env, tree)
    own = own_axes(reading, symbol, len(components), tree)
    slots = reading.slot_axes.setdefault(symbol, [])
    while len(slots) < len(filled):
        slots.append(reading.sizes.fresh())
    lead = [slots[k] for k, text in enumerate(written) if text.startswith("#")]
    name = re.sub(r"#(\d)", lambda m: written[int(m[1]) - 1], symbol)
    kinds = fitted(reading, symbol, own, tree) if symbol in reading.kinds else ()
    axes = tuple(sizes.resolve(n, reading.sizes.bound) for n in (*lead, *own))
    var = Var(name, axes, reading.letters.setdefault(name, tuple(letters)), kinds)
    _record(reading, symbol, var, tree)
    return Value(var, tuple(letters))


def _chooses(reading: Reading, letter: str, env: Env) -> bool:
    """Whether a letter that selects a member is data, the y of w_y, and counts nothing."""
    ends = (n for end in reading.scope.ranges.values() for n in end.subtrees() if n.kids)
    steps = reading.scope.steps | {str(n.kids[0]) for n in ends if n.head in ("name", "symbol")}
    return letter.islower() and letter not in steps and is_data(reading, letter, env)


def _record(reading: Reading, symbol: str, var: Expr, tree: Tree) -> None:
    reading.made[var] = symbol
    reading.spans.setdefault(symbol, tree.span)
    reading.variables.setdefault(symbol, [])
    if var not in reading.variables[symbol]:
        reading.variables[symbol].append(var)


def _chosen(
    reading: Reading, symbol: str, k: int, filled: Sequence[Tree], index: Tree, env: Env,
    tree: Tree,
) -> Value:  # fmt: skip
    """A family member by its number, or by data: a_{y^{(i)}} = sum over j of 1(j = y^{(i)}) a_j."""
    class_number = None if is_number(index) else value_of(reading, index, env)
    letter = fresh_letter(env)
    filled = [*filled[:k], Tree("name", (letter,)), *filled[k + 1 :]]
    inner = replace(env, open=env.open | {letter})
    family = symbol_value(reading, Tree("symbol", (symbol, *filled), tree.span), inner)
    if class_number is None:
        return member(family, letter, index)
    return select(reading, family, class_number, letter, tree)


def fresh_letter(env: Env) -> str:
    taken = {*env.open, *env.rename, *env.rename.values()}
    return next(c for c in "jkqrsuvwpmnl" if c not in taken)


# ---------------------------------------------------------------- definitions


def definition_value(
    reading: Reading, equation: Equation, filled: Sequence[Tree], env: Env, tree: Tree,
    formals: dict[str, Value] | None = None, name: str = "",
) -> Value:  # fmt: skip
    """The value of a defined symbol with its slots filled, as a named node; where it depends on
    ``formals`` it has a name if it is one for each sample, or if ``name`` is given."""
    if equation.symbol in reading.broken:
        raise Silent
    letters = []
    for k, index in enumerate(filled):
        letter = index_letter(index)
        label = k == 0 and has_label_slot(equation.symbol)
        data = letter is not None and is_data(reading, letter, env) and formals is None
        if data and not label and is_class(reading, str(letter), equation):
            reading.ranks.setdefault(str(letter), 0)
            index, letter = settle(index, reading.scope), None
        if letter is None and not label:
            return _chosen(reading, equation.symbol, k, filled, index, env, tree)
        letters.append(env.letter(letter) if letter else text(index).replace(" ", ""))
        if letter and letters[-1] in letters[:-1]:
            # S_{ii} is what S_{ik} is where k is i: an entry of the same S
            same = letters[-1]
            other = fresh_letter(replace(env, open=env.open | {same}))
            apart = [*filled[:k], Tree("name", (other,)), *filled[k + 1 :]]
            inner = replace(env, open=env.open | {same, other})
            value = definition_value(reading, equation, apart, inner, tree, formals, name)
            return diagonal(value, same, other, reading.sizes)
    if equation.letters:
        rename = dict(zip(equation.letters, letters, strict=False))
    else:
        rename = {x: y for x, y in env.rename.items() if x not in equation.components}
    # The letters of its entries are its own: x_j^{(i)} taken at i = j has another j.
    rename |= {
        c: fresh_letter(replace(env, rename=rename | {c: c}))
        for c in equation.components if c in rename.values()
    }  # fmt: skip
    subs = {
        letter
        for k, letter in enumerate(letters)
        if not (k == 0 and has_label_slot(equation.symbol))
    }
    inner = Env(env.open | subs, formals or {}, rename)
    key = (equation.symbol, tuple(letters), inner.open, tuple(sorted(rename.items())))
    if formals is None and key in reading.memo:
        return reading.sizes.current(reading.memo[key])
    if key in reading.underway:
        raise Fault("cycle", f"{formula(equation.left)} is defined by itself", equation.span)
    reading.underway.add(key)
    around, reading.runs = reading.runs, {}
    try:
        body = value_of(reading, equation.body, inner)
    finally:
        reading.underway.discard(key)
        reading.runs = around
    entries = tuple(rename.get(c, c) for c in equation.components)
    components, body = _gathered(reading, replace(equation, components=entries), body)
    if formals and not name:
        slots = tuple(x for x in body.opens if x not in components)
        first = reading.anew.setdefault((equation.symbol, slots), body.expr)
        if not slots or first is not body.expr:
            return Value(closed(body, [*slots, *components]), slots)
    value = _named(reading, equation, letters, components, body, name or equation.symbol, tree)
    value = paced(reading, equation.symbol, value, tree)
    if formals is None:
        reading.memo[key] = value
    return value


def _gathered(reading: Reading, equation: Equation, body: Value) -> tuple[list[str], Value]:
    """The letters of the entries of a definition, and its value."""
    components = [c for c in equation.components if c in body.opens]
    if len(components) < len(equation.components):
        missing = next(c for c in equation.components if c not in body.opens)
        raise Fault(
            "free-index",
            f"the left side has the index ${missing}$, the right side does not",
            equation.left,
        )
    return components, as_row_matrix(with_ranges(reading, equation.symbol, components, body))


def _named(
    reading: Reading, equation: Equation, letters: list[str], components: list[str], body: Value,
    name: str, tree: Tree,
) -> Value:  # fmt: skip
    slots: list[str] = []
    for k, letter in enumerate(letters):
        if letter in body.opens:
            slots.append(letter)
            name = name.replace(f"#{k + 1}", f"\0{len(slots)}")
        else:
            name = name.replace(f"#{k + 1}", letter)
    name = name.replace("\0", "#")
    extra = [x for x in body.opens if x not in slots and x not in components]
    for letter in extra:
        slots.append(letter)
        mark = slot_mark(letter)
        k = len(slots)
        name = name.replace(mark, f"#{k}") if mark in name else with_slot(name, k)
    expr = closed(body, [*slots, *components])
    value = Value(expr, tuple(slots))
    _check_declared(reading, equation, value)
    value = reading.sizes.current(value)
    if equation.symbol in reading.given:
        return _given(reading, value, name, tree)
    # The letters of the first use serve for all: one symbol is one node, whatever index it has.
    node = spread_name(value, name, reading.letters.setdefault(name, tuple(slots)))
    reading.made[node.expr] = equation.symbol
    return node


def _given(reading: Reading, value: Value, name: str, tree: Tree) -> Value:
    """A variable of the shape of the numbers that the document gives it."""
    var = Var(name, value.expr.axes)
    reading.numbers[var] = value.expr
    _record(reading, name, var, tree)
    return Value(var, (), value.row)


def _check_declared(reading: Reading, equation: Equation, value: Value) -> None:
    declaration = reading.declarations.get(equation.symbol)
    if declaration is None or declaration.axes is None:
        return
    declared, found = declaration.axes, value.own
    squeezed = tuple(n for n in declared if n != 1)
    for axes in (declared, squeezed):
        if len(axes) == len(found):
            try:
                for a, b in zip(axes, found, strict=True):
                    reading.sizes.unify(a, b)
            except SizeError:
                continue
            return
    if reading.recalled is not None:
        # What a document says of the shape is a claim then, and judged as one.
        reading.sizes.strain += 12
        return
    told = "×".join(sizes.latex(n) for n in declared) or "a scalar"
    plain = text(equation.left)
    raise Fault(
        "shape-clash",
        f"${plain}$ is declared {told}, its definition is {value.shape_text()}",
        equation.span,
    )


def _only_call(reading: Reading, symbol: str, tree: Tree, env: Env) -> Value:
    """A function named without its argument: f(x) of a known x, or the value of its only call."""
    formals = reading.functions[symbol].formals
    if all(map(reading.scope.known, formals)):
        places = (Tree("symbol", (x,), tree.span) for x in formals)
        return value_of(reading, Tree("call", (tree, *places), tree.span), env)
    found = [v for k, v in reading.memo.items() if k[0] == "call" and k[1] == symbol]
    distinct = {v.expr for v in found}
    if len(distinct) == 1:
        return reading.sizes.current(found[0])
    raise Fault(
        "function-without-argument",
        f"${symbol}$ is a function; here it stands without its argument",
        tree,
        f"write `{symbol}(..)`",
    )
