r"""Powers of a matrix with a symbol as exponent: X^n, and the powers X^0 .. X^{n-1} in a row.

The idea: the exponent is the length of a vector of ones, so it is a size as any other, and a sum
over r = 0 .. n-1 is a contraction along an axis of n entries: d X^n is the sum of the X^r dX
X^{n-1-r}, with the powers rising along the axis on the left and falling on the right.

Source: Petersen & Pedersen, The Matrix Cookbook, 2012, equations 90 to 92, 121 and 122.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from derive.kernel.build import contracted, transpose
from derive.kernel.contraction import span
from derive.kernel.expr import (
    Axes,
    Call,
    Contract,
    Delta,
    Expr,
    Ones,
    Operator,
    ShapeError,
    shape_text,
    vocabulary,
)  # fmt: skip
from derive.kernel.sizes import Axis
from derive.operators.matrices import inverse
from derive.operators.pointwise import np
from derive.operators.primitives import Pull, primitive


class NoRule(ShapeError):
    """A derivative that no rule gives."""


def _square(axes: Axes, count: Axes) -> Axes:
    if len(axes) < 2 or axes[-1] != axes[-2] or len(count) != 1:
        raise ShapeError(f"a power needs a square matrix, not {shape_text(axes)}")
    return axes


def power_value(x: Any, exponent: int) -> Any:
    """The power of matrices of numbers of any kind; NaN for a negative exponent."""
    if exponent < 0:
        return np.full(x.shape, np.nan).astype(x.dtype)
    found = np.broadcast_to(np.eye(x.shape[-1], dtype=int), x.shape).astype(x.dtype)
    for _ in range(exponent):
        found = found @ x
    return found


def exponents(sign: int, low: int, count: int) -> range:
    """The exponents along a row of powers: low, low + 1, .., or from the other end."""
    row = range(low, low + count)
    return row if sign > 0 else row[::-1]


def _power_pull(node: Call, cotangent: Expr, extra: int) -> Pull:
    x, ones = node.args
    count = ones.axes[0]
    if (
        not extra
        and len(x.axes) == 2
        and (share := _commuting(node, cotangent, x, count)) is not None
    ):
        yield x, share, "power"
        return
    rising, falling = (Call(powers(sign, 0), node.args) for sign in (1, -1))
    batch = len(x.axes) - 2
    lead, rows = span(extra), tuple(range(extra, extra + batch))
    r, i, p, q, j = range(extra + batch, extra + batch + 5)
    inner = (*rows, r, i, p), (*lead, *rows, i, j), (*rows, r, q, j)
    yield x, contracted((rising, cotangent, falling), inner, (*lead, *rows, p, q)), "power"


def _commuting(node: Call, cotangent: Expr, x: Expr, count: Axis) -> Expr | None:
    r"""n c X^{n-1 T} for a cotangent c I, n c X^{-T} for c X^{-n T}: what commutes with X."""
    factors, indices, out = (
        (cotangent.factors, cotangent.indices, cotangent.out)
        if isinstance(cotangent, Contract)
        else ((cotangent,), ((0, 1),), (0, 1))
    )
    arrays = [(f, own) for f, own in zip(factors, indices, strict=True) if own]
    if len(arrays) != 1:
        return None
    (array, own) = arrays[0]
    if isinstance(array, Delta):
        turned = transpose(matrix_power(x, count - 1))
    elif array is inverse(node) and own == out[::-1]:
        turned = transpose(inverse(x))
    else:
        return None
    scalars = [f for f, spot in zip(factors, indices, strict=True) if not spot]
    spots = (*[()] * len(scalars), (2,), (0, 1))
    return contracted((*scalars, Ones(count), turned), spots, (0, 1))


whole_power = primitive(
    "whole_power", _square, lambda x, ones: power_value(x, ones.shape[-1]), _power_pull, r"#1^{#2}",
    arity=2, rest=lambda first: (Ones(2),), exact=True, matrices=True, shapes=("n n", "2"),
    code="np.linalg.matrix_power({0}, len({1}))",
    source="Petersen & Pedersen, The Matrix Cookbook, 2012, equation 90",
)  # fmt: skip


@cache
def powers(sign: int, low: int) -> Operator:
    """The powers of a matrix along an axis, as many as its second argument has entries: exponents
    low, low + 1, .. for ``sign`` 1, the same from the other end for -1.  It has no derivative."""

    def value(x: Any, ones: Any, *_: int) -> Any:
        found = [power_value(x, e) for e in exponents(sign, low, ones.shape[-1])]
        empty = np.zeros((*x.shape[:-2], 0, *x.shape[-2:]), x.dtype)
        return np.stack(found, -3) if found else empty

    def pull(node: Call, cotangent: Expr, extra: int) -> Pull:
        raise NoRule(
            "no second derivative is known of a power of a matrix with a symbol as exponent: give "
            "the exponent as a number"
        )

    def shape(x: Axes, count: Axes) -> Axes:
        return (*x[:-2], *count, *_square(x, count)[-2:])

    return Operator("powers", (sign, low), shape, value, pull, exact=True)


def powers_code(sign: int, low: int) -> str:
    """A row of powers in NumPy: the matrix is {0}, ones as many as the powers are {1}."""
    row = f"range({low}, {low} + len({{1}}))"
    row = row if sign > 0 else f"reversed({row})"
    return f"np.stack([np.linalg.matrix_power({{0}}, k) for k in {row}], -3)"


vocabulary["operator", "powers"] = powers


def is_powers(node: Expr) -> bool:
    """Whether this is a row of powers of a matrix."""
    return isinstance(node, Call) and isinstance(node.op, Operator) and node.op.name == "powers"


POWERS = frozenset(["whole_power", "powers"])


def exponents_of(node: Call, count: int) -> range:
    """The exponents of a power or of a row of powers, its ones ``count`` in number."""
    if not is_powers(node):
        return range(count, count + 1)
    return exponents(*node.op.params, count)  # type: ignore[union-attr]


def matrix_power(a: Expr, exponent: Axis) -> Expr:
    """A square matrix to a whole power: the identity for 0, powers of the inverse below 0; the
    exponent may be a size.

    (``a ** k`` is each entry to the power k, as in NumPy.)  ShapeError if ``a`` is not square.

    >>> import derive as d
    >>> d.matrix_power(d.matrix("A", 3, 3), -2)
    A^(-1) A^(-1)
    >>> n, k = d.sizes("n k")
    >>> d.matrix_power(d.matrix("A", n, n), k)
    A^k
    """
    axes = a.axes
    if len(axes) < 2 or axes[-1] != axes[-2]:
        raise ShapeError(f"a power needs a square matrix, not {shape_text(axes)}")
    if not isinstance(exponent, int):
        return Call(whole_power, (a, Ones(exponent)))
    if exponent == 0:
        if len(axes) > 2:
            raise ShapeError("the power 0 of a batch of matrices has no name: use the identity")
        return Delta(axes[-1])
    base = a if exponent > 0 else inverse(a)
    count, batch = abs(exponent), span(len(axes) - 2)
    k = len(batch)
    indices = [(*batch, k + i, k + i + 1) for i in range(count)]
    return contracted([base] * count, indices, (*batch, k, k + count))
