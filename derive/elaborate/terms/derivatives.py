r"""Derivatives that stand in a formula: \nabla_W L, \frac{\partial f_j}{\partial g_i}.

The idea: every derivative is one Jacobian with the axes of its variable first; letters on either
side leave axes open, and the layout of the document only says how what remains is laid out.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from derive.derivation.local import opened, replaced, symbol_of
from derive.derivation.within import linear_kinds, projected
from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.layouts import LAYOUTS, Layout
from derive.elaborate.names.indices import has_label_slot, index_letter
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import formula, shape_of, text
from derive.elaborate.terms.blocks import entry_of
from derive.elaborate.terms.flat import grouped
from derive.elaborate.terms.parts import parted, selected, with_ranges
from derive.elaborate.terms.places import gradient_at_place
from derive.elaborate.terms.powered import by_inverse, by_power, power_below
from derive.elaborate.terms.unspecified import gradient_at, refuse_unsaid
from derive.elaborate.values import Value
from derive.kernel.build import ONE, collected, contracted, transpose, zeros
from derive.kernel.calculus import jacobian, pullback
from derive.kernel.expr import Call, Contract, Expr, Name, Var, toposort
from derive.meaning.normal import normal
from derive.tree import Tree

MOST_TIMES = 4


@rule("deriv", "grad")
def derivative_value(reading: Reading, tree: Tree, env: Env) -> Value:
    """The value of a derivative in the layout of ``reading``."""
    of, by, order = (tree.kids[1], tree.kids[0], tree.kids[2]) if tree.head == "grad" else tree.kids
    times = int(order) if str(order).isdigit() else 1
    if of is not None and tree.head == "grad":
        if (placed := gradient_at_place(reading, tree, env)) is not None:
            return value_of(reading, placed, env)
        found = gradient_at(reading, of, by, times, env)
        if found is not None:
            return _laid_out(found, len(found.own), 0, True, reading.layout)
    value = value_of(reading, of, env) if of is not None else None
    transposed = tree.head == "grad" and value is not None and not value.own
    if transposed and of is not None and of.head == "transpose":
        # \nabla f^\top is (\nabla f)^\top: a number has no transpose
        inner = Tree("grad", (by, of.kids[0], order), tree.span)
        return value_of(reading, Tree("transpose", (inner,), tree.span), env)
    match of:
        case Tree("call", (_, Tree("symbol") as argument)) if by is None:
            by = argument  # \nabla^2 f(x)
    lone = only_variable(value.expr) if value is not None and by is None else None
    if value is None or (by is None and lone is None):
        raise Fault("unsupported", f"{said(tree)} lacks its function or its variable", tree)
    variables = [tree] if by is None else variables_of(by)
    exponent = power_below(by, times)
    if by is not None and exponent == -1:
        variables = [by.kids[0]]
    if len(variables) == 1:
        variables *= times
    if len(variables) > MOST_TIMES or times not in (1, len(variables)):
        raise Fault(
            "unsupported", f"{said(tree)} is a derivative of order {times}", tree,
            f"known are derivatives up to order {MOST_TIMES}",
        )  # fmt: skip
    flat = [None if by is None else stacked_of(v) for v in variables]
    taken = set(value.opens)
    parts = [parted(reading, v, env, taken) for v in variables]
    variables = [part.whole for part in parts]
    found = [
        (lone, ()) if lone is not None else node_and_entry(f or v, value.expr, reading)
        for v, f in zip(variables, flat, strict=True)
    ]
    if of is not None and by is not None:
        refuse_unsaid(reading, tree, of, by, value.expr, [node for node, _ in found])
    expr, opens, rests = value.expr, value.opens, 0
    own = len(value.own)
    for (node, entry), stack, part in reversed(list(zip(found, flat, parts, strict=True))):
        expr, node = _reached(reading, expr, node, tree)
        expr = jacobian(expr, node) if expr.axes else _gradient(reading, expr, node)
        if exponent == -1:
            expr = by_inverse(expr, node, tree)
        if linear_kinds(node):
            reading.structured.add(node)
            expr = projected(expr, node, convention=reading.layout.declared)
        # numbers are open until the end: in x_1 and W_{12} the 1 counts different axes
        letters = [f"{x} {rests}{len(opens)}" if x.isdigit() else env.letter(x) for x in entry]
        rest = len(node.axes) - len(letters)
        expr, opens = _opened(reading, expr, letters, rest, opens)
        if part.ranges:
            expr, opens = with_ranges(reading, expr, opens, part, tree)
            rest += len(part.ranges)
        if stack is not None and rest == 2:
            expr = _stacked(reading, tree, Value(expr, opens))
            rest = 1
        rests += rest
    expr, opens = numbered(expr, opens, tree)
    layout = _said_by(variables, found, rests, reading.layout)
    if exponent > 1:
        expr = by_power(expr, found[0][0], exponent, tree)
    whole = selected(reading, Value(expr, opens), parts, env, tree)
    return _laid_out(whole, rests, own, tree.head == "grad", layout)


def _said_by(
    variables: Sequence[Tree], found: Sequence[tuple[Expr, tuple[str, ...]]], rests: int,
    layout: Layout,
) -> Layout:  # fmt: skip
    r"""The layout that a transposed variable says: \frac{\partial y}{\partial x^\top} has a row
    for each entry of y, \frac{\partial^2 L}{\partial x \partial y^\top} one for each of x."""
    if variables[-1].head != "transpose" or rests != len(variables):
        return layout
    return LAYOUTS["row"]


def _stacked(reading: Reading, tree: Tree, value: Value) -> Expr:
    """The value with the first two of its own axes as one, in the order of vec."""
    rest = [(k,) for k in range(2, len(value.own))]
    return grouped(tree, reading.sizes, value, ((0, 1), *rest)).expr


def note_order(reading: Reading) -> None:
    """Say in which order the entries of a matrix are put below each other."""
    order = "rows" if reading.sizes.row_major else "columns"
    reading.note(
        "vec", "a derivative by a matrix is written as a matrix in the order of "
        rf"$\operatorname{{vec}}$: its {order} are stacked",
    )  # fmt: skip


def stacked_of(variable: Tree) -> Tree | None:
    r"""X where a settled variable is \operatorname{vec}(X), transposed or not."""
    while variable.head == "transpose":
        variable = variable.kids[0]
    match variable:
        case Tree("call", (Tree("symbol", ("vec" | "Vec",)), inner)):
            return inner
    return None


def only_variable(of: Expr) -> Expr | None:
    r"""The variable of a \nabla f that names none: the only one that f is made of."""
    variables = [node for node in toposort(of) if isinstance(node, Var)]
    return variables[0] if len(variables) == 1 else None


def _gradient(reading: Reading, of: Expr, node: Expr) -> Expr:
    """The gradient of a number; all of its gradients come from one sweep."""
    found = reading.swept.get(of)
    if found is None:
        found = reading.swept[of] = _named_gradients(of)
    return found.get(node) or zeros(node.axes)


def _named_gradients(of: Expr) -> dict[Expr, Expr]:
    """The gradient of a number in every node, each written in those of the nodes above it.

    The gradient in a named node is a named node too, so that a line of a derivation is judged by
    its own step and not by the whole way up to the loss.
    """
    arriving: dict[Expr, list[Expr]] = {of: [ONE]}
    done: dict[Expr, Expr] = {}
    for node in reversed(toposort(of)):
        if node not in arriving:
            continue
        gradient = collected(arriving[node])
        if isinstance(node, Call) and isinstance(node.op, Name) and gradient.kids:
            name = Name(rf"\delta_{{{node.op.symbol}}}", node.op.letters)
            gradient = Call(name, (gradient,))
        done[node] = gradient
        for share in pullback(node, gradient):
            arriving.setdefault(share.kid, []).append(share.cotangent)
    return done


def _below(reading: Reading, root: Expr) -> frozenset[Expr]:
    """Every node below an expression, found once: a document asks again and again."""
    found = reading.below.get(root)
    if found is None:
        found = reading.below[root] = frozenset(toposort(root))
    return found


def _reached(reading: Reading, of: Expr, node: Expr, tree: Tree) -> tuple[Expr, Expr]:
    """The node where it occurs in what is differentiated: under its name, or else as what it is.

    Fault where it does not occur and yet its variables do: then the function may hide it.
    """
    if isinstance(node, Var) or node in _below(reading, of) or of in _below(reading, node):
        return of, node
    whole, inner = opened(of), opened(node)
    order = toposort(whole)
    variables = {v for v in toposort(inner) if isinstance(v, Var)}
    if not variables or not inner.kids or not variables <= {*order}:
        return of, node
    again = whole if inner in order else _recognised(whole, inner, order)
    if inner in toposort(again) and not _hidden(again, inner, variables):
        return again, inner
    raise Fault(
        "not-reached", f"{said(tree)} has no value: the definition of what is differentiated "
        "does not contain the variable", tree,
        "write the definition in terms of it, or differentiate in another variable",
    )  # fmt: skip


def _hidden(whole: Expr, inner: Expr, variables: Set[Expr]) -> bool:
    """Whether a product of the same variables is left beside a product that has no name there:
    x^T W x may be meant to contain W x."""
    if not isinstance(inner, Contract):
        return False
    rest = replaced(whole, {inner: Var("stand-in", inner.axes)})
    products = (node for node in toposort(rest) if isinstance(node, Contract))
    return any(variables <= _factors(node) for node in products)


def _factors(product: Expr) -> set[Expr]:
    """The factors of a product, and of the products among them."""
    return {*toposort(product, below=lambda n: n.kids if isinstance(n, Contract) else ())}


def _recognised(whole: Expr, inner: Expr, order: Sequence[Expr]) -> Expr:
    """The whole with every part that is equal to ``inner``, or to its transpose, made of it."""
    form, below = normal(inner), {v for v in toposort(inner) if isinstance(v, Var)}
    turned = transpose(inner) if len(inner.axes) == 2 else inner
    found: dict[Expr, Expr] = {}
    for node in order:
        for made in dict.fromkeys((inner, turned)):
            if node.axes != made.axes or not node.kids or node in found:
                continue
            if {v for v in toposort(node) if isinstance(v, Var)} == below and (
                normal(node) is (form if made is inner else normal(made))
            ):
                found[node] = made
    return replaced(whole, found) if found else whole


def _opened(
    reading: Reading, expr: Expr, letters: Sequence[str], rest: int, opens: Sequence[str]
) -> tuple[Expr, tuple[str, ...]]:
    """The Jacobian of an array with open letters: axes letters, rest, opens, own become the opens
    of both, once each, then rest, then own; an axis of extent 1 under the letter "" goes."""
    merged = tuple(dict.fromkeys((*opens, *(x for x in letters if x))))
    number = {letter: k for k, letter in enumerate(merged)}
    number[""] = 10_000  # an axis of extent 1 that no letter is written for
    top = len(merged)
    middle = tuple(range(top, top + rest))
    last = len(letters) + rest + len(opens)
    own = tuple(range(top + rest, top + rest + len(expr.axes) - last))
    spot = (*(number[x] for x in letters), *middle, *(number[x] for x in opens), *own)
    extent: dict[int, object] = {}
    for i, n in zip(spot, expr.axes, strict=True):
        extent[i] = reading.sizes.unify(extent[i], n) if i in extent else n  # type: ignore[arg-type]
    current = reading.sizes.current(Value(expr)).expr
    return contracted((current,), (spot,), (*range(top), *middle, *own)), merged


def numbered(expr: Expr, opens: Sequence[str], tree: Tree) -> tuple[Expr, tuple[str, ...]]:
    """Of the axes that are open under numbers, the entries with these numbers."""
    left: list[str] = []
    for k, letter in enumerate(opens, -len(expr.axes)):
        number, _, rest = letter.partition(" ")
        if rest and not number.isdigit():
            raise Fault(
                "unsupported", f"{said(tree)} is by an entry whose place is reckoned", tree,
                "give that place a letter of its own, as in $y_i$ with $i = j - k + 1$",
            )  # fmt: skip
        if rest:
            expr = entry_of(expr, k, int(number), tree)
        else:
            left.append(letter)
    return expr, tuple(left)


def _laid_out(value: Value, by: int, of: int, nabla: bool, layout: Layout) -> Value:
    """The axes of the variable and of what is differentiated in the order of the layout."""
    k = len(value.opens)
    axes = tuple(range(k + by + of))
    lead, variable, function = axes[:k], axes[k : k + by], axes[k + by :]
    if not of:
        rows = layout.rows and (not nabla or not layout.transposed)
        if by == 2 and layout.transposed and not nabla:
            expr = contracted((value.expr,), (axes,), (*lead, *variable[::-1]))
            return Value(expr, value.opens)
        return Value(value.expr, value.opens, row=by == 1 and rows, split=max(by // 2, 1))
    if not layout.numerator or nabla:
        return Value(value.expr, value.opens, row=not by and of == 1, split=max(by, 1))
    if layout.transposed:
        variable = variable[::-1]
    expr = contracted((value.expr,), (axes,), (*lead, *function, *variable))
    return Value(expr, value.opens, split=of)


def variables_of(by: Tree) -> list[Tree]:
    r"""The variables below a derivative, raw or settled: \partial x \partial y^\top are two."""
    match by:
        case Tree("list", kids):
            return list(kids)
        case Tree("juxt", kids):
            return [k for k in kids if k.head != "op" and k.kids[:1] != (r"\partial",)]
        case Tree("power", (base, Tree("num"))):
            return [base]
        case Tree("script", (base, sub, Tree("num"))):
            return [Tree("script", (base, sub, None), by.span) if sub is not None else base]
    return [by]


def node_and_entry(settled: Tree, of: Expr, reading: Reading) -> tuple[Expr, tuple[str, ...]]:
    """The node that a derivative is taken in, and the letters where one entry of it is meant."""
    tree = settled
    while settled.head == "transpose":
        settled = settled.kids[0]
    if settled.head == "call":
        return _called(settled, reading)
    if settled.head != "symbol":
        raise Fault(
            "not-a-variable", f"{formula(tree)} is no variable and has no name", tree,
            "give it a name and ask for the derivative in that name",
        )  # fmt: skip
    symbol, *indices = settled.kids
    if reading.domain(symbol).classes is not None:
        raise Fault(
            "not-a-variable", f"{formula(tree)} is the number of a class: no derivative is taken "
            "in it", tree,
        )  # fmt: skip
    below = _below(reading, of)
    here = [node for node, made in reading.made.items() if made == symbol and node in below]
    current = [n for n in here if isinstance(n, Var | Call)]
    if len(current) == 1:
        node = current[0]
        return node, _entry(node, symbol, indices, tree)
    asked = frozenset(letter for i in indices if (letter := index_letter(i)))
    value = value_of(reading, Tree("symbol", (symbol, *indices), tree.span), Env(asked))
    base = reading.sizes.current(value).expr
    if isinstance(base, Contract) and len(base.factors) == 1:
        (whole,) = base.factors
        if isinstance(whole, Var) and whole.axes == (1, *base.axes):
            base = whole  # a row, which is met without its axis of size 1
    candidates = [n for n in current if n is base]
    node = candidates[0] if candidates else current[0] if current else base
    if not isinstance(node, Var) and not (isinstance(node, Call) and isinstance(node.op, Name)):
        raise Fault(
            "not-a-variable", f"{formula(tree)} is no variable and has no name", tree,
            "ask for the derivative in the whole of it",
        )  # fmt: skip
    return node, _entry(node, symbol, indices, tree)


def _called(call: Tree, reading: Reading) -> tuple[Expr, tuple[str, ...]]:
    """The value of a function that the document defines, f(x), as a node of what uses it."""
    symbols = (node for node in call.subtrees() if node.head == "symbol")
    letters = (index_letter(index) for symbol in symbols for index in symbol.kids[1:])
    value = value_of(reading, call, Env(frozenset(filter(None, letters))))
    node = reading.sizes.current(value).expr
    named = symbol_of(node)
    if not isinstance(node, Var | Call) or named is None or len(named[1]) < len(value.opens):
        raise Fault(
            "not-a-variable", f"{formula(call)} is no variable and has no name", call,
            "give it a name and ask for the derivative in that name",
        )  # fmt: skip
    return node, value.opens


def _entry(node: Expr, symbol: str, indices: Sequence[Tree], tree: Tree) -> tuple[str, ...]:
    """The letters of a node's first axes where a row or an entry of it is meant.

    The slots that the node has keep their customary letters unless the question writes others.
    """
    written = [index_letter(i) or text(i) for i in indices]
    slots, components = written[: symbol.count("#")], written[symbol.count("#") :]
    own = node.op.symbol if isinstance(node, Call) and isinstance(node.op, Name) else ""
    own = node.name if isinstance(node, Var) else own
    letters = list(node.letters if isinstance(node, Var) else node.op.letters)  # type: ignore[union-attr]
    if has_label_slot(symbol) and not has_label_slot(own):
        slots = slots[1:]  # one sample: its label is part of the name
    letters[: len(slots)] = slots
    if len(components) == 1 and len(components[0]) == len(node.axes) - len(letters) > 1:
        components = list(components[0]) if components[0].isdigit() else components  # A_{12}
    if len(components) == 1 and len(node.axes) == len(letters) + 2 and 1 in node.axes[-2:]:
        # b_j of a row b of shape 1 x n
        components = ["", *components] if node.axes[-2] == 1 else [*components, ""]
    if len(letters) + len(components) > len(node.axes):
        raise Fault(
            "too-many-indices",
            f"{formula(tree)} has too many indices: without them it is {shape_of(node.axes)}", tree,
        )  # fmt: skip
    return (*letters, *components)
