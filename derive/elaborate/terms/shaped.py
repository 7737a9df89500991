"""Words whose meaning depends on shapes: a trace, a diagonal, the largest entry, a cosine.

The idea: each is one contraction or one operator; a word that does not fit the shapes of its
arguments gives None and is then looked up like any other.
"""

from __future__ import annotations

from collections.abc import Callable

from derive.elaborate.dispatch import value_of
from derive.elaborate.faults import Fault
from derive.elaborate.reading import Env, Reading
from derive.elaborate.statements.together import PART
from derive.elaborate.terms import sliding
from derive.elaborate.terms.blocks import FAMILY, beside, side_by_side
from derive.elaborate.terms.divergences import divergence
from derive.elaborate.terms.flat import kronecker, stacked_value, unstacked_value
from derive.elaborate.terms.limits import size_of, sizes_below
from derive.elaborate.terms.reductions import WORDS, reduced
from derive.elaborate.terms.split import part_of
from derive.elaborate.values import Value, call_of, contract_values, map_of, squeezed
from derive.kernel.expr import Delta, Operator
from derive.kernel.sizes import SizeError
from derive.operators import pointwise
from derive.operators.primitives import maximum, minimum
from derive.operators.row import COMPOSITES, PRIMITIVES
from derive.operators.stacking import commutation
from derive.tree import Tree


def _trace(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    value = value_of(reading, arguments[0], env)
    if len(value.own) != 2:
        return value if not value.own else None
    try:
        return contract_values(tree, reading.sizes, [value], [(0, 0)], ())
    except (Fault, SizeError):
        raise Fault(
            "shape-clash", f"a trace needs a square matrix, not {value.shape_text()}", tree
        ) from None


def _diag(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    value = squeezed(value_of(reading, arguments[0], env))
    if len(value.own) == 2:
        return contract_values(tree, reading.sizes, [value], [(0, 0)], (0,))
    if len(value.own) != 1:
        return None
    return contract_values(
        tree, reading.sizes, [value, Value(Delta(value.own[0]))], [(0,), (0, 1)], (0, 1)
    )


def _vec(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    if len(arguments) != 1:
        return None
    order = "rows" if reading.sizes.row_major else "columns"
    reading.note("vec", rf"$\operatorname{{vec}}$ stacks the {order} of a matrix")
    return stacked_value(tree, reading.sizes, squeezed(value_of(reading, arguments[0], env)))


def _unvec(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    sizes = sizes_below(reading, tree.kids[0])
    if len(arguments) != 1 or len(sizes) != 2:
        raise Fault(
            "unsupported", "the shape of this matrix is not said", tree,
            r"write its sizes, as in $\operatorname{unvec}_{m,n}(v)$",
        )  # fmt: skip
    m, n = sizes
    value = squeezed(value_of(reading, arguments[0], env))
    return unstacked_value(tree, reading.sizes, value, m, n)


def _kron(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    if len(arguments) != 2:
        return None
    left, right = (squeezed(value_of(reading, a, env)) for a in arguments)
    return kronecker(tree, reading.sizes, left, right)


def _commutation(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    if len(arguments) != 2:
        return None
    m, n = (size_of(reading, size) for size in arguments)
    return Value(commutation(n, m) if reading.sizes.row_major else commutation(m, n))


def _total(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    if (along := reduced(reading, tree, arguments, env)) is not None:
        return along
    value = value_of(reading, arguments[0], env)
    return contract_values(tree, reading.sizes, [value], [tuple(range(len(value.own)))], ())


def _extreme(operator: Operator) -> Callable[..., Value | None]:
    def special(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
        if len(arguments) != 1:
            return reduced(reading, tree, arguments, env)
        value = squeezed(value_of(reading, arguments[0], env))
        return call_of(tree, reading.sizes, operator, value) if value.own else value

    return special


def _cosine(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    if len(arguments) != 2:
        return None
    u, v = (squeezed(value_of(reading, a, env)) for a in arguments)
    own = tuple(range(len(u.own)))

    def inner(a: Value, b: Value) -> Value:
        return contract_values(
            tree, reading.sizes, [a, b], [own, own], (), describe="have an inner product"
        )

    lengths = [map_of(tree, reading.sizes, pointwise.sqrt, [inner(w, w)]) for w in (u, v)]
    both = contract_values(tree, reading.sizes, lengths, [(), ()], ())
    under = Value(pointwise.reciprocal(both.expr), both.opens)
    return contract_values(tree, reading.sizes, [inner(u, v), under], [(), ()], ())


def _beside(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value:
    values = [squeezed(value_of(reading, a, env)) for a in arguments]
    return beside(reading, tree, values, below=str(tree.kids[0].kids[0]) in ("vstack", "stack"))


SHAPED: dict[str, Callable[[Reading, Tree, list[Tree], Env], Value | None]] = {
    "tr": _trace, "Tr": _trace, "trace": _trace, "diag": _diag, "Diag": _diag, "sum": _total,
    "vec": _vec, "Vec": _vec, "unvec": _unvec, "kron": _kron,
    "commutation": _commutation,
    "max": _extreme(maximum), "min": _extreme(minimum), "cos": _cosine,
    **dict.fromkeys(PRIMITIVES["concat"].words, _beside),
    FAMILY: side_by_side,
    **sliding.WORDS, **WORDS, "mean": reduced, PART: part_of,
    **dict.fromkeys(COMPOSITES["kl"].words, divergence),
}  # fmt: skip
