r"""Words for layers: \mathrm{LN}_{\gamma,\beta}(x), \mathrm{BN}(X), \mathrm{Attention}(Q,K,V).

The idea: the gain and the bias are those that the word's subscript or its arguments name, or the
document's own \gamma and \beta; where there are none the layer has none, and that is said.  Along
open indices (samples, heads) a layer acts on each; batch norm acts over them: they are its batch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from derive.elaborate.dispatch import value_of
from derive.elaborate.faults import Fault
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import formula, text
from derive.elaborate.values import (
    Value,
    call_of,
    contract_values,
    levelled,
    squeezed,
    sum_of,
)
from derive.kernel.build import add, lift
from derive.kernel.contraction import contracted
from derive.kernel.expr import Add, Call, Contract, Expr, Map, Ones, Operator, is_named, toposort
from derive.notation.names import symbol_tree
from derive.operators import pointwise
from derive.operators.attention import masked_softmax
from derive.operators.layers import dropout, embedding
from derive.operators.normalisation import (
    batch_standardize,
    number_of,
    rms_standardize,
    standardize,
)
from derive.operators.primitives import softmax
from derive.tree import Tree

_GAINS = (r"\gamma", r"\boldsymbol{\gamma}", r"\bm{\gamma}")
_BIASES = (r"\beta", r"\boldsymbol{\beta}", r"\bm{\beta}")
_EPSILONS = (r"\epsilon", r"\varepsilon")

Layer = Callable[[Reading, Tree, list[Tree], "Tree | None", Env], "Value | None"]


# -------------------------------------------------------------------------- normalisation


def _norm(operator: Operator, gains: tuple[str, ...], biases: tuple[str, ...]) -> Layer:
    """A normalisation with a gain, a bias and an ε, as far as they are given."""

    def layer(
        reading: Reading, tree: Tree, arguments: list[Tree], subscript: Tree | None, env: Env
    ) -> Value | None:
        first, *others = arguments
        if len(others) > 3:
            return None
        x = squeezed(value_of(reading, first, env))
        over = operator is batch_standardize and bool(x.opens)
        if not x.own and not over:
            raise Fault("shape-clash", f"{formula(tree)} needs a vector, not a scalar", tree)
        parameters, label = _subscripted(reading, subscript, env, bool(x.own))
        given = [*parameters, *(squeezed(value_of(reading, a, env)) for a in others)]
        if not given:
            found = (_known(reading, gains, label, env), _known(reading, biases, label, env))
            given = [p for p in found if p is not None]
            if not given:
                word = text(tree.kids[0])
                reading.note(word, f"${word}$ is read without gain and bias: none is declared")
        eps = _known(reading, _EPSILONS, "", env) or Value(lift(0))
        if given and not given[-1].own and (x.own or len(given) == 3):
            eps = given.pop()
        made = _standardized(reading, tree, operator, x, eps)
        for build, parameter in zip((_scaled, _shifted), given, strict=False):
            made = build(reading, tree, parameter, made)
        return made

    return layer


def _known(reading: Reading, names: tuple[str, ...], label: str, env: Env) -> Value | None:
    """The value of the first of these names that the document declares or defines."""
    for name in names:
        symbol = name + label
        if reading.scope.known(symbol):
            return squeezed(value_of(reading, Tree("symbol", (symbol,)), env))
    return None


def _subscripted(
    reading: Reading, subscript: Tree | None, env: Env, arrays: bool
) -> tuple[list[Value], str]:
    r"""What \mathrm{LN}_{\gamma,\beta} or \mathrm{LN}_1 says: parameters, or a label for them."""
    if subscript is None:
        return [], ""
    parts = list(subscript.kids) if subscript.head == "list" else [subscript]
    if any(part.head in ("num", "text") for part in parts):
        label = text(subscript)
        return [], f"_{label}" if len(label) == 1 else f"_{{{label}}}"
    found = []
    for part in parts:
        symbol = str(part.kids[0]) if part.head in ("symbol", "name") else ""
        if symbol and not reading.scope.known(symbol):
            number = symbol in _EPSILONS or not arrays
            reading.ranks.setdefault(symbol, 0 if number else 1)
            if symbol not in _EPSILONS:
                reading.roles[symbol] = "parameter"
        whole = Tree("symbol", (symbol,), part.span) if part.head == "name" else part
        found.append(squeezed(value_of(reading, whole, env)))
    return found, ""


def _standardized(reading: Reading, tree: Tree, operator: Operator, x: Value, eps: Value) -> Value:
    if eps.opens or eps.own:
        raise Fault("shape-clash", "what is added to the variance is a number, not "
                    f"{eps.shape_text()}", tree)  # fmt: skip
    x, eps = reading.sizes.current(x), reading.sizes.current(eps)
    return replace(x, expr=Call(operator, (x.expr, eps.expr)))


def _scaled(reading: Reading, tree: Tree, gain: Value, x: Value) -> Value:
    own = tuple(range(len(x.own)))
    spots = own[-1:] if gain.own else ()
    return contract_values(tree, reading.sizes, [gain, x], [spots, own], own)


def _shifted(reading: Reading, tree: Tree, bias: Value, x: Value) -> Value:
    if bias.own and len(x.own) == 2:
        rows = Value(Ones(x.own[0]))
        bias = contract_values(tree, reading.sizes, [rows, bias], [(0,), (1,)], (0, 1))
    return sum_of(tree, reading.sizes, [x, bias])


# ------------------------------------------------------------------------------- attention


def _attention(
    reading: Reading, tree: Tree, arguments: list[Tree], subscript: Tree | None, env: Env
) -> Value | None:
    if len(arguments) not in (3, 4):
        return None
    q, k, v, *masks = (value_of(reading, a, env) for a in arguments)
    for value, argument in zip((q, k, v), arguments, strict=False):
        if len(value.own) != 2:
            raise Fault(
                "shape-clash", f"attention is of matrices, a row for each place: "
                f"{formula(argument)} is {value.shape_text()}", argument,
            )  # fmt: skip
    own = (0, 1)
    scores = contract_values(tree, reading.sizes, [q, k], [(0, 2), (1, 2)], own)
    size = reading.sizes.current(q).own[1]
    root = Value(pointwise.reciprocal(pointwise.sqrt(number_of(size))))
    scores = contract_values(tree, reading.sizes, [root, scores], [(), own], own)
    for mask in masks:
        if _is_mask(reading, mask.expr):
            done, letters, row = levelled(tree, reading.sizes, [scores, mask])
            weights = Value(Call(masked_softmax, tuple(done)), letters, row)
            break
        scores = sum_of(tree, reading.sizes, [scores, mask])
    else:
        weights = _softmax_of(reading, tree, scores)
    return contract_values(tree, reading.sizes, [weights, v], [(0, 1), (1, 2)], (0, 2))


def _is_mask(reading: Reading, mask: Expr) -> bool:
    """Whether every entry is 0 or 1: then it says what may be seen, and is not added."""
    inside = mask.kids[0] if is_named(mask) else mask
    values = set(reading.domain(reading.made.get(mask, "")).values)
    return values == {0, 1} or (isinstance(inside, Map) and inside.fn in pointwise.COMPARISONS)


def _softmax(
    reading: Reading, tree: Tree, arguments: list[Tree], subscript: Tree | None, env: Env
) -> Value | None:
    """The softmax of what is -∞ in some places: of the others alone."""
    if len(arguments) != 1:
        return None
    value = squeezed(value_of(reading, arguments[0], env))
    return _softmax_of(reading, tree, value) if value.own else None


def _softmax_of(reading: Reading, tree: Tree, scores: Value) -> Value:
    scores = reading.sizes.current(scores)
    if not _is_infinite(scores.expr):
        return call_of(tree, reading.sizes, softmax, scores)
    kept: list[Expr] = []
    allowed: list[Expr] = []
    inside = scores.expr
    while is_named(inside):
        inside = inside.kids[0]
    for term in _terms(inside):
        found = _hidden(term)
        if found is not None:
            allowed.append(found[0])
            term = found[1]
        kept.append(term)
    rest = add(*kept)
    if _is_infinite(rest) or not allowed:
        raise Fault(
            "unsupported", r"$-\infty$ is read where a softmax leaves out what it is added to", tree
        )
    mask = allowed[0]
    for other in allowed[1:]:
        mask = mask * other
    # scores with a name keep it, and its -∞, which is never looked at
    shown = scores.expr if is_named(scores.expr) else rest
    return replace(scores, expr=Call(masked_softmax, (shown, mask)))


def _is_infinite(expr: Expr) -> bool:
    return any(isinstance(n, Map) and n.fn is pointwise.infinity for n in toposort(expr))


def _terms(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Add):
        for term in expr.terms:
            yield from _terms(term)
    else:
        yield expr


def _hidden(term: Expr) -> tuple[Expr, Expr] | None:
    """A term that is -∞ where a condition fails: the condition, and what it is elsewhere."""
    while is_named(term):
        term = term.kids[0]
    if isinstance(term, Contract) and len(term.factors) == 1:  # turned, or the same in every row
        found = _hidden(term.factors[0])
        if found is None or len(set(term.indices[0])) < len(term.axes):
            return None
        mask, rest = (contracted((part,), term.indices, term.out) for part in found)
        return mask, rest
    if not isinstance(term, Map) or term.fn is not pointwise.where:
        return None
    condition, a, b = term.args
    if _is_infinite(b) and not _is_infinite(a):
        return condition, a
    if _is_infinite(a) and not _is_infinite(b):
        return _opposite(condition), b
    return None


_OPPOSITES = {
    pointwise.gt: pointwise.le, pointwise.le: pointwise.gt, pointwise.ge: pointwise.lt,
    pointwise.lt: pointwise.ge, pointwise.eq: pointwise.ne, pointwise.ne: pointwise.eq,
}  # fmt: skip


def _opposite(condition: Expr) -> Expr:
    if isinstance(condition, Map) and condition.fn in _OPPOSITES:
        return Map(_OPPOSITES[condition.fn], condition.args)
    return 1 - condition


# ---------------------------------------------------------------------------------- others


def _dropped(
    reading: Reading, tree: Tree, arguments: list[Tree], subscript: Tree | None, env: Env
) -> Value | None:
    """Dropout(x, m) and Dropout(x, m, p): m ⊙ x, over the probability p that a unit is kept."""
    if len(arguments) == 1:
        raise Fault(
            "wrong-arguments", "a dropout needs its mask", tree,
            r"write $\mathrm{Dropout}(x, m)$ with $m \in \{0,1\}^n$, or $\frac{m \odot x}{p}$",
        )  # fmt: skip
    if len(arguments) > 3:
        return None
    x, mask, *keep = (squeezed(value_of(reading, a, env)) for a in arguments)
    done, letters, row = levelled(tree, reading.sizes, [x, mask], describe="multiply")
    probability = reading.sizes.current(keep[0]).expr if keep else lift(1)
    return Value(dropout(done[0], done[1], probability), letters, row)


def _embedded(
    reading: Reading, tree: Tree, arguments: list[Tree], subscript: Tree | None, env: Env
) -> Value | None:
    """Embed(E, w): the row of a table that a class number chooses."""
    if len(arguments) != 2:
        return None
    table, ids = (reading.sizes.current(value_of(reading, a, env)) for a in arguments)
    if len(table.own) != 2 or table.opens or ids.own:
        raise Fault("shape-clash", "an embedding is a row of a matrix, chosen by a number", tree,
                    r"write $\mathrm{Embed}(E, w)$ with $w \in \{1, \dots, V\}$")  # fmt: skip
    return Value(embedding(table.expr, ids.expr), ids.opens)


LAYERS: dict[str, Layer] = {
    **dict.fromkeys(("LN", "LayerNorm", "Layernorm", "layernorm"),
                    _norm(standardize, _GAINS, _BIASES)),
    **dict.fromkeys(("BN", "BatchNorm", "Batchnorm", "batchnorm"),
                    _norm(batch_standardize, _GAINS, _BIASES)),
    **dict.fromkeys(("RMSNorm", "rmsnorm", "RMSnorm"),
                    _norm(rms_standardize, _GAINS, ())),
    **dict.fromkeys(("Attention", "attention", "Attn", "attn", "SDPA"), _attention),
    **dict.fromkeys(("softmax", "Softmax", "SoftMax", "SM"), _softmax),
    **dict.fromkeys(("Dropout", "dropout"), _dropped),
    **dict.fromkeys(("Embed", "Embedding", "embed", "Emb"), _embedded),
}  # fmt: skip


def worded(symbol: str) -> tuple[Layer | None, Tree | None]:
    r"""The layer that a word with a subscript is, and the subscript: \mathrm{LN}_{\gamma,\beta}."""
    named = symbol_tree(symbol)
    if named.head != "script" or named.kids[2] is not None or named.kids[0].head != "name":
        return None, None
    word = re.sub(r"^\\(?:mathrm|operatorname|text)\{(\w+)\}$", r"\1", str(named.kids[0].kids[0]))
    return LAYERS.get(word), named.kids[1]
