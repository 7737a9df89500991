"""Builders: what people write, put together from the eight kinds.

The idea: a node is built faithfully, so that what is written stays to be read aloud; only what no
one would write (a factor 1, a sum of one term, a delta whose index is summed) is absorbed here.
``*`` and ``/`` are elementwise; a scalar meets an array only by being spread over it with ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from numbers import Rational, Real

from derive.kernel.contraction import ONE, ZERO, contracted, span, spread
from derive.kernel.contraction import zeros as zeros
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Delta,
    Expr,
    Fn,
    Map,
    Name,
    Num,
    Number,
    ShapeError,
    shape_text,
)


def rebuilt(node: Expr, kids: Sequence[Expr]) -> Expr:
    """This node with other kids of the same axes; absorbs what its builder absorbs."""
    if all(new is old for new, old in zip(kids, node.kids, strict=True)):
        return node
    match node:
        case Add():
            return add(*kids)
        case Contract(_, indices, out):
            return contracted(kids, indices, out)
        case Map(fn):
            return Map(fn, tuple(kids))
        case Call(op):
            return Call(op, tuple(kids))
        case _:
            return node


def lift(value: object) -> Expr:
    """A number as an expression; floats become the exact rational that their decimal text names."""
    if isinstance(value, Expr):
        return value
    if type(value) is int:
        return Num(value)
    return Num(_exact(value))


def _exact(value: object) -> Number:
    """A number of Python or NumPy, exactly.  TypeError for anything else, ValueError for nan."""
    if isinstance(value, bool) or not isinstance(value, Real):
        if getattr(value, "shape", None):
            raise TypeError(
                "an array of numbers is no part of an expression: write a variable in its place, "
                f"as tensor('c', {', '.join(map(str, value.shape))}), "  # type: ignore[attr-defined]
                "and give it these values in evaluate"
            )
        raise TypeError(f"cannot use {value!r} in an expression: give a number or an expression")
    if isinstance(value, Rational):
        found = Fraction(int(value.numerator), int(value.denominator))
    else:
        text = str(value)
        try:
            found = Fraction(text)
        except ValueError:
            raise ValueError(
                f"cannot use {text} in an expression: its numbers are exact, and this is none"
            ) from None
    return int(found) if found.denominator == 1 else found


_LONGEST = 20_000  # bits of a power of a number that is worked out


def is_short(base: Number, exponent: Number) -> bool:
    """Whether a whole power of a number can be written out: 2^10, and not 10^{99999999}."""
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    return bits <= 1 or bits * abs(exponent) <= _LONGEST


def is_number(base: Number, exponent: Number) -> bool:
    """Whether a power of a number is rational by itself, defined, and short."""
    return exponent.denominator == 1 and (base != 0 or exponent > 0) and is_short(base, exponent)


def is_zero(node: Expr) -> bool:
    return node is ZERO or (type(node) is Contract and node.factors[0] is ZERO)


def coefficient(node: Expr) -> tuple[Number, Expr]:
    """Split a node into its leading number and the rest (1 for a number)."""
    if type(node) is Num:
        return node.value, ONE
    if type(node) is not Contract or type(node.factors[0]) is not Num:
        return 1, node
    factors, indices = node.factors[1:], node.indices[1:]
    if len(factors) == 1 and indices[0] == node.out:
        return node.factors[0].value, factors[0]
    # Without its number, which has no index, a product stays as it is.
    return node.factors[0].value, Contract.interned((factors, indices, node.out), node.axes)


def add(*terms: Expr) -> Expr:
    """The sum; like terms stay apart, zeros are dropped."""
    axes = terms[0].axes
    for term in terms:
        if term.axes != axes:
            raise ShapeError(f"cannot add {shape_text(axes)} and {shape_text(term.axes)}")
    if len(terms) == 1:
        return terms[0]
    kept = tuple([t for t in terms if not is_zero(t)])
    if not kept:
        return terms[0]
    return kept[0] if len(kept) == 1 else Add(kept)


def collected(terms: Sequence[Expr]) -> Expr:
    """The sum with like terms collected: ½u + ½u is u."""
    if len(terms) == 1:
        return terms[0]
    total: dict[Expr, Number] = {}
    for term in terms:
        count, rest = coefficient(term)
        total[rest] = total.get(rest, 0) + count
    return add(*(scale(count, rest) for rest, count in total.items()))


def contract(pattern: str, *factors: Expr) -> Expr:
    """The einsum of this pattern, as in ``numpy.einsum`` with the arrow written out.

    ValueError for a pattern that is none, ShapeError where a letter meets axes of two sizes.

    >>> import derive as d
    >>> n, m = d.sizes("n m")
    >>> d.contract("ij,j->i", d.matrix("W", m, n), d.vector("x", n))
    W x
    """
    ins, arrow, out = pattern.replace(" ", "").partition("->")
    spots = ins.split(",")
    fits = len(spots) == len(factors) and len(set(out)) == len(out) and set(out) <= set(ins)
    if not arrow or not fits or not all(c.isalpha() for c in ins if c != ","):
        raise ValueError(f"{pattern!r} is no pattern for {len(factors)} arrays, as 'ij,j->i' is")
    indices = tuple(tuple(ord(c) for c in own) for own in spots)
    return contracted([lift(f) for f in factors], indices, tuple(ord(c) for c in out))


def scale(count: object, node: Expr) -> Expr:
    axes = span(len(node.axes))
    return contracted((lift(count), node), ((), axes), axes)


def hadamard(a: Expr, b: Expr) -> Expr:
    """The elementwise product; a scalar multiplies every entry."""
    a, b = lift(a), lift(b)
    if a.axes and b.axes and a.axes != b.axes:
        raise ShapeError(
            f"cannot multiply {shape_text(a.axes)} and {shape_text(b.axes)} entry by entry"
        )
    left, right = span(len(a.axes)), span(len(b.axes))
    return contracted((a, b), (left, right), left or right)


def matmul(a: Expr, b: Expr) -> Expr:
    """The matrix product; of two vectors the inner product."""
    if not (0 < len(a.axes) <= 2 and 0 < len(b.axes) <= 2):
        raise ShapeError(
            f"@ needs vectors or matrices, not {shape_text(a.axes)} @ {shape_text(b.axes)}"
        )
    if a.axes[-1] != b.axes[0]:
        raise ShapeError(f"shapes do not multiply: {shape_text(a.axes)} @ {shape_text(b.axes)}")
    rows = (0,) if len(a.axes) == 2 else ()
    columns = (2,) if len(b.axes) == 2 else ()
    return contracted((a, b), ((*rows, 1), (1, *columns)), (*rows, *columns))


def outer(a: Expr, b: Expr) -> Expr:
    """The outer product a bᵀ of two vectors, m×n for m and n entries.  ShapeError for others.

    >>> import derive as d
    >>> n, m = d.sizes("n m")
    >>> d.outer(d.vector("a", m), d.vector("b", n))
    a b^T
    """
    a, b = lift(a), lift(b)
    if len(a.axes) != 1 or len(b.axes) != 1:
        raise ShapeError(
            f"outer needs two vectors, not {shape_text(a.axes)} and {shape_text(b.axes)}"
        )
    return contract("i,j->ij", a, b)


def dot(a: Expr, b: Expr) -> Expr:
    """The sum of the entrywise product of two arrays of the same axes: aᵀb, or tr AᵀB.

    ShapeError if their axes differ.

    >>> import derive as d
    >>> d.dot(d.vector("a", 3), d.vector("b", 3))
    a^T b
    """
    a, b = lift(a), lift(b)
    if a.axes != b.axes:
        raise ShapeError(f"no inner product of {shape_text(a.axes)} and {shape_text(b.axes)}")
    axes = span(len(a.axes))
    return contracted((a, b), (axes, axes), ())


def transpose(a: Expr) -> Expr:
    """The array with its axes in reverse order, also written ``a.T``.  ShapeError for a vector.

    >>> import derive as d
    >>> d.matrix("W", 2, 3).T
    W^T
    """
    a = lift(a)
    if len(a.axes) == 1:
        raise ShapeError(
            "a vector has one axis and no transpose: write outer(a, b) for a bᵀ, dot(a, b) for aᵀb"
        )
    axes = span(len(a.axes))
    return contracted((a,), (axes,), axes[::-1])


def trace(a: Expr) -> Expr:
    """The sum of the diagonal of a square matrix.  ShapeError for anything else.

    >>> import derive as d
    >>> d.trace(d.matrix("A", 3, 3))
    tr(A)
    """
    a = lift(a)
    if len(a.axes) != 2 or a.axes[0] != a.axes[1]:
        raise ShapeError(f"a trace needs a square matrix, not {shape_text(a.axes)}")
    return contract("ii->", a)


def diag(v: Expr) -> Expr:
    """The diagonal matrix of a vector.  ShapeError for anything else.

    >>> import derive as d
    >>> d.diag(d.vector("v", 3))
    diag(v)
    """
    v = lift(v)
    if len(v.axes) != 1:
        raise ShapeError(f"diag needs a vector, not {shape_text(v.axes)}")
    return contract("i,ij->ij", v, Delta(v.axes[0]))


def total(a: Expr) -> Expr:
    """The sum of all entries, a scalar.

    >>> import derive as d
    >>> d.total(d.vector("v", 3))
    1^T v
    """
    a = lift(a)
    return contracted((a,), (span(len(a.axes)),), ())


def mapped(fn: Fn, *args: object) -> Expr:
    """The function on each entry; scalars among the arguments are spread over the others."""
    lifted = tuple([lift(a) for a in args])
    if len(lifted) == 1:
        return Map(fn, lifted)
    axes = next((a.axes for a in lifted if a.axes), ())
    level = tuple(a if a.axes == axes else spread(a, axes) if not a.axes else a for a in lifted)
    for a in level:
        if a.axes != axes:
            raise ShapeError(
                f"{fn.name} needs arguments of one shape, not {shape_text(axes)} and "
                f"{shape_text(a.axes)}"
            )
    return Map(fn, level)


def named(symbol: str, node: Expr, letters: tuple[str, ...] = ()) -> Expr:
    """The expression under a name: the same value, a node of its own."""
    return Call(Name(symbol, letters), (node,))


def _level(a: Expr, b: Expr) -> tuple[Expr, Expr]:
    """Spread a scalar over the other side."""
    if not a.axes and b.axes:
        return spread(a, b.axes), b
    if not b.axes and a.axes:
        return a, spread(b, a.axes)
    return a, b


def plus(a: object, b: object) -> Expr:
    return add(*_level(lift(a), lift(b)))


def minus(a: object, b: object) -> Expr:
    left, right = _level(lift(a), lift(b))
    return add(left, scale(-1, right))


OPERATORS = {
    "__add__": plus,
    "__radd__": lambda a, b: plus(b, a),
    "__sub__": minus,
    "__rsub__": lambda a, b: minus(b, a),
    "__neg__": lambda a: scale(-1, a),
    "__mul__": lambda a, b: hadamard(a, lift(b)),
    "__rmul__": lambda a, b: hadamard(lift(b), a),
    "__matmul__": lambda a, b: matmul(a, lift(b)),
    "__rmatmul__": lambda a, b: matmul(lift(b), a),
    "T": property(transpose),
}
for _method, _builder in OPERATORS.items():
    setattr(Expr, _method, _builder)
Fn.__call__ = mapped  # type: ignore[method-assign]
