"""Settled trees to values, head by head.

The idea: one small rule for each head of the tree; shapes are checked where two values meet, and
what cannot be given a meaning says so at its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.prepared import prepare
from derive.elaborate.names.symbols import entries
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import text
from derive.elaborate.statements.settle import exponent_of_entries, settle
from derive.elaborate.terms.biases import with_bias_of_rows
from derive.elaborate.terms.conditions import indicator
from derive.elaborate.terms.convolve import fitting, has_star, starred, with_bias
from derive.elaborate.terms.divided import divides_unknown, strain_of_quotients
from derive.elaborate.terms.limits import apart, bound_letters, size_of
from derive.elaborate.terms.matrices import matrix_power
from derive.elaborate.terms.norms import norm_squared
from derive.elaborate.terms.products import product_of
from derive.elaborate.terms.reductions import with_numbers_of_rows
from derive.elaborate.terms.runs import running, unrolled
from derive.elaborate.terms.shifts import ranged
from derive.elaborate.values import (
    Value,
    call_of,
    closed,
    contract_values,
    gathered,
    map_of,
    squeezed,
    sum_of,
)  # fmt: skip
from derive.kernel import sizes
from derive.kernel.build import contracted, lift
from derive.kernel.expr import Contract, Expr, Map, Ones, toposort
from derive.kernel.sizes import Axis, SizeError
from derive.operators import pointwise
from derive.operators.primitives import maximum, minimum, product, softmax
from derive.tree import Tree

# Operators along an index.
_ALONG = {"max": maximum, "min": minimum, "prod": product}


@rule("num")
def _num(reading: Reading, tree: Tree, env: Env) -> Value:
    try:
        return Value(lift(Fraction(str(tree.kids[0]))))
    except ValueError:
        raise Fault("unreadable", f"{tree.kids[0]} is not a number", tree) from None


@rule("sum")
def _sum(reading: Reading, tree: Tree, env: Env) -> Value:
    values = [squeezed(value_of(reading, kid, env)) for kid in tree.kids]
    for spread in (with_bias, with_bias_of_rows, with_numbers_of_rows):
        if (found := spread(reading, tree, values)) is not None:
            return found
    try:
        return sum_of(tree, reading.sizes, values)
    except Fault as fault:
        told = next((told for v in values if (told := fitting(v.expr))), "")
        if fault.code != "shape-clash" or not told:
            raise
        raise Fault(fault.code, fault.message, fault.span, told, fault.notes) from None


@rule("neg")
def _neg(reading: Reading, tree: Tree, env: Env) -> Value:
    value = value_of(reading, tree.kids[0], env)
    return replace(value, expr=-value.expr)


@rule("juxt")
def _juxt(reading: Reading, tree: Tree, env: Env) -> Value:
    _no_hidden_pole(reading, tree, tree.kids)
    if has_star(tree.kids):
        return starred(reading, tree, env, lambda part: _product(reading, part, env))
    return _product(reading, tree, env)


def _product(reading: Reading, tree: Tree, env: Env) -> Value:
    reading.sizes.strain += strain_of_quotients(reading, tree.kids, env)
    return product_of(tree, reading.sizes, tree.kids, lambda kid: value_of(reading, kid, env))


def _no_hidden_pole(reading: Reading, tree: Tree, kids: Sequence[Tree]) -> None:
    """0 \\log(-1) has no value, and 0 is not it: where lines are judged, 0 absorbs only what is
    defined everywhere."""
    if reading.recalled is None or Tree("num", ("0",)) not in kids:
        return
    for node in (node for kid in kids for node in kid.subtrees()):
        if node.head in ("frac", "sqrt", "root", "power") or (
            node.head == "call" and text(node.kids[0]).lstrip("\\") in ("log", "ln", "sqrt")
        ):
            raise Fault("unsupported", f"0 times {said(node)} may have no value", tree)


@rule("frac")
def _frac(reading: Reading, tree: Tree, env: Env) -> Value:
    over, under = tree.kids
    _no_hidden_pole(reading, tree, (over, under, tree) if over == Tree("num", ("0",)) else ())
    bottom = squeezed(value_of(reading, under, env))
    inverse = Value(pointwise.reciprocal(bottom.expr), bottom.opens, bottom.row)
    reading.sizes.strain += 4 * (len(bottom.own) == 2)
    if over == Tree("num", ("1",)):
        return inverse
    top = squeezed(value_of(reading, over, env))
    if is_softmax(reading.sizes.current(top).expr, reading.sizes.current(bottom).expr):
        z = reading.sizes.current(top).expr.kids[0]
        return Value(softmax(z), top.opens, top.row)
    reading.sizes.strain += 3 * divides_unknown(reading, top, bottom)
    if bottom.own and not top.own:
        top = sum_of(tree, reading.sizes, [top, Value(lift(0) * inverse.expr, inverse.opens)])
    parts = {id(over): top, id(under): inverse}
    sign = Tree("op", (r"\odot",)) if bottom.own else Tree("op", (r"\cdot",))
    return product_of(tree, reading.sizes, (over, sign, under), lambda kid: parts[id(kid)])


def is_softmax(top: Expr, bottom: Expr) -> bool:
    """Whether a ratio is exp(z) by its sum along the last axis, however it was written."""
    if not (isinstance(top, Map) and top.fn is pointwise.exp and isinstance(bottom, Contract)):
        return False
    along = tuple(range(len(top.axes)))
    return bottom.factors == (top,) and bottom.indices == (along,) and bottom.out == along[:-1]


@rule("sqrt", "root")
def _root(reading: Reading, tree: Tree, env: Env) -> Value:
    value = value_of(reading, tree.kids[0], env)
    degree = Fraction(str(tree.kids[1].kids[0])) if tree.head == "root" else Fraction(2)
    return map_of(tree, reading.sizes, pointwise.power(1 / degree), [value])


@rule("power")
def _power(reading: Reading, tree: Tree, env: Env) -> Value:
    base, exponent = tree.kids
    sign, exponent = exponent_of_entries(exponent) or (None, exponent)
    constant = _rational(exponent)
    if base.head == "norm" and constant == 2:
        square = norm_squared(reading, tree, env)
        if square is not None:
            return square
    value = squeezed(value_of(reading, base, env))
    if constant is None and base == Tree("symbol", ("e",)) and reading.scope.known("e"):
        raise Fault(
            "ambiguous-power",
            f"{said(tree)} may be a power of Euler's number, or of the e that is defined here",
            tree,
            rf"write $\exp({text(exponent)})$, or give the other e another name",
        )
    if sign is not None and sign.kids == (r"\circ",) and (not value.own or base.head == "call"):
        raise Fault("unsupported", f"{said(tree)} may be a function applied again and again", tree,
                    r"write $\odot$ for a power of each entry")  # fmt: skip
    if len(value.own) == 2 and sign is None:
        return matrix_power(reading, tree, value, constant, env)
    if constant is not None:
        if constant == 1:
            return value
        return map_of(tree, reading.sizes, pointwise.power(constant), [value])
    return map_of(tree, reading.sizes, pointwise.raised, [value, value_of(reading, exponent, env)])


def _rational(tree: Tree) -> Fraction | None:
    match tree:
        case Tree("num", (digits,)):
            return Fraction(str(digits))
        case Tree("neg", (inner,)):
            found = _rational(inner)
            return None if found is None else -found
        case Tree("frac", (over, under)) | Tree("juxt", (over, Tree("op", ("/",)), under)):
            a, b = _rational(over), _rational(under)
            return a / b if a is not None and b else None
        case Tree("list", (only,)):
            return _rational(only)
        case Tree("sum", kids):
            found = [_rational(kid) for kid in kids]
            return None if None in found else sum(found, Fraction(0))  # type: ignore[arg-type]
    return None


@rule("transpose")
def _transpose(reading: Reading, tree: Tree, env: Env) -> Value:
    value = squeezed(value_of(reading, tree.kids[0], env))
    k = len(value.opens)
    if len(value.own) == 1:
        return Value(value.expr, value.opens, not value.row)
    if not value.own:
        if "'" in tree.kids and not any(node.axes for node in toposort(value.expr)):
            raise Fault(
                "unsupported", "a prime on numbers may be a derivative or a transpose", tree,
                r"write $\frac{d}{dx}(..)$ for a derivative, $^\top$ for a transpose",
            )  # fmt: skip
        reading.sizes.strain += 3
        return value
    if len(value.own) > 2:
        raise Fault("shape-clash", f"an array of shape {value.shape_text()} has no transpose", tree)
    axes = tuple(range(k + 2))
    expr = contracted((value.expr,), (axes,), (*range(k), k + 1, k))
    return Value(expr, value.opens)


@rule("index")
def _index(reading: Reading, tree: Tree, env: Env) -> Value:
    inner, *indices = tree.kids
    letters = [env.letter(letter) for letter in map(index_letter, indices) if letter]
    inside = value_of(reading, inner, replace(env, open=env.open | set(letters)))
    fresh = set(inside.opens) & set(letters) - env.open
    if len(letters) == len(indices) and (len(fresh) == len(letters) or (fresh and not inside.own)):
        return gathered(reading.sizes, inside, letters)  # [a_i b_j]_{ij}
    return entries(reading, value_of(reading, inner, env), indices, env, tree)


# ---------------------------------------------------------------- sums and maxima over an index


@rule("big")
def _big(reading: Reading, tree: Tree, env: Env) -> Value:
    operator, below, above, body = tree.kids
    if operator == "sum" and below is None and above is None and body is not None:
        return _total(reading, tree, body, env)
    limits = [reading.scope.ranges.get(letter) for letter, _, _ in bound_letters(below)]
    below, body = apart(reading, below, body, env)
    letters = bound_letters(below)
    if operator not in ("sum", *_ALONG) or body is None or not letters:
        raise Fault("unsupported", f"{said(tree)} cannot be given a value here", tree,
                    "known are sums, products, maxima and minima over an index")  # fmt: skip
    if operator == "prod" and len(letters) == 1:
        body, *others = _one_product(body, letters[0][0])
        if others:
            tree = Tree("big", (operator, below, above, body), (tree.span[0], body.span[1]))
            return value_of(reading, Tree("juxt", (tree, *others), tree.span), env)
    terms = unrolled(letters, above, body) if operator == "sum" else None
    if terms is not None:
        return sum_of(tree, reading.sizes, [squeezed(value_of(reading, t, env)) for t in terms])
    names = [letter for letter, _, _ in letters]
    rename = {k: v for k, v in env.rename.items() if k not in names}
    inner = replace(
        env, open=env.open | set(names), rename=rename, counters=env.counters | set(names)
    )
    if reading.scope.shifts:
        inner = ranged(reading, inner, letters, above, body)
    prepare(reading, body, inner)
    with running(reading, letters, above, body):
        value = reading.sizes.current(value_of(reading, body, inner))
    for condition in _exclusions(below):
        if operator != "sum":
            raise Fault("unsupported", f"a condition below {operator} has no value here", tree)
        holds = indicator(reading, condition, [settle(condition, reading.scope)], inner)
        if holds.own:
            raise Fault("unsupported", f"the condition {said(condition)} has no value here", tree,
                        "known are conditions on two indices, as in $k \\neq j$")  # fmt: skip
        own = tuple(range(len(value.own)))
        value = contract_values(tree, reading.sizes, [holds, value], [(), own], own)
    for (letter, low, high), said_limit in zip(letters, limits, strict=True):
        limit = high if high is not None else above
        if limit is None and low is None and said_limit is not None:
            limit = settle(said_limit, reading.scope)
        extent = value.extents.get(letter)
        if limit is not None:
            size = size_of(reading, limit)
            if low is not None:
                size = size - size_of(reading, low) + 1  # type: ignore[operator]
            if isinstance(size, int) and size < 1:
                raise Fault("empty-sum", f"${letter}$ runs over nothing in {said(tree)}", tree)
            try:
                extent = reading.sizes.unify(size, extent) if extent is not None else size
            except SizeError:
                # A part of the entries is a sum too, though not one that can be written here.
                left = (extent or 0) - size
                raise Fault(
                    "unsupported" if isinstance(left, int) and left > 0 else "shape-clash",
                    f"${letter}$ runs to ${sizes.latex(size)}$, the axis it selects has "
                    f"${sizes.latex(extent or 0)}$ entries",
                    tree,
                ) from None
        if extent is None:
            raise Fault(
                "unbound-index", f"${letter}$ selects nothing in {said(body)}", tree,
                "an index that is reckoned with, as in $x_{t-1}$, tells steps apart and selects no "
                "entry" if letter in reading.scope.steps else "",
            )  # fmt: skip
        value = _reduced(reading, tree, str(operator), reading.sizes.current(value), letter, extent)
    return value


def _one_product(body: Tree, letter: str) -> tuple[Tree, ...]:
    r"""The body of a product, and what begins with a sum or a product that does not depend on its
    index: \prod_i x_i \prod_i y_i are two."""
    kids: tuple[Tree, ...] = body.kids if body.head == "juxt" else ()
    for k, kid in enumerate(kids[1:], 1):
        if kid.head != "big":
            continue
        own = {x for x, _, _ in bound_letters(kid.kids[1])}
        used = {str(node.kids[0]) for node in kid.subtrees() if node.head in ("name", "symbol")}
        if letter in own or letter not in used:
            before = list(kids[:k])
            span = (before[0].span[0], before[-1].span[1])
            return before[0] if k == 1 else Tree("juxt", tuple(before), span), *kids[k:]
    return (body,)


def _exclusions(below: Tree | None) -> list[Tree]:
    """The conditions j != y and j <= i below a sum."""
    parts = below.kids if below is not None and below.head == "list" else (below,)
    signs = {Tree("rel", (sign,)) for sign in ("!=", "<=", "<", ">=", ">")}
    return [p for p in parts if p is not None and len(p.kids) == 3 and p.kids[1] in signs]


def _total(reading: Reading, tree: Tree, body: Tree, env: Env) -> Value:
    r"""A sum without an index is over all entries; in \sum y \log p vectors meet entry by entry."""
    try:
        value = squeezed(value_of(reading, body, env))
    except Fault as fault:
        if fault.code != "shape-clash" or body.head != "juxt":
            raise
        signed: list[Tree] = []
        for kid in body.kids:
            if signed and signed[-1].head != "op" and kid.head != "op":
                signed.append(Tree("op", (r"\odot",)))
            signed.append(kid)
        value = squeezed(value_of(reading, Tree("juxt", tuple(signed), body.span), env))
    if not value.own:
        raise Fault(
            "unbound-index", f"{said(tree)} does not say over which index it runs", tree,
            r"write it below the sum, as in $\sum_{i=1}^{n} x_i$",
        )  # fmt: skip
    reading.note("total", f"${said(tree)}$ is read as the sum over all entries")
    own = tuple(range(len(value.own)))
    return contract_values(tree, reading.sizes, [value], [own], ())


def _reduced(
    reading: Reading, tree: Tree, operator: str, value: Value, letter: str, extent: Axis
) -> Value:
    own = tuple(range(len(value.own)))
    if operator == "sum":
        if letter not in value.opens:
            value = Value(value.expr, value.opens, value.row)
            count = Value(Ones(sizes.resolve(extent, reading.sizes.bound)), (letter,))
            return contract_values(tree, reading.sizes, [count, value], [(), own], own, (letter,))
        done = contract_values(tree, reading.sizes, [value], [own], own, (letter,))
        return Value(done.expr, done.opens, value.row)
    if operator == "prod" and letter not in value.opens and not value.own:
        one = Value(Ones(sizes.resolve(extent, reading.sizes.bound)), (letter,))
        value = contract_values(tree, reading.sizes, [one, value], [(), ()], ())
    if letter not in value.opens or value.own:
        what = "product" if operator == "prod" else operator
        raise Fault("unsupported", f"this {what} needs a scalar with the index ${letter}$", tree)
    others = [x for x in value.opens if x != letter]
    moved = Value(closed(value, [*others, letter]), tuple(others))
    return call_of(tree, reading.sizes, _ALONG[operator], moved)


@rule("dots")
def _dots(reading: Reading, tree: Tree, env: Env) -> Value:
    raise Fault(
        "ellipsis", "what these dots stand for cannot be told", tree,
        "show the first two terms and the last one, as in $x_1 + x_2 + \\dots + x_n$, or write a "
        "sum",
    )  # fmt: skip


@rule("list")
def _list(reading: Reading, tree: Tree, env: Env) -> Value:
    if len(tree.kids) == 1:
        return value_of(reading, tree.kids[0], env)
    raise Fault("unsupported", f"the list {said(tree)} has no single value", tree)
