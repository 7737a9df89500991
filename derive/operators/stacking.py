r"""Flat axes that are pairs of axes: vec, the Kronecker product and what is made of them.

The idea: one constant tensor says which entry of a flat axis is which pair, and all the rest are
contractions with it.  It is never multiplied out: whoever computes, prints or proves looks through
it at the pair.  Columns are stacked: the first axis of a pair runs fastest (Magnus & Neudecker,
Matrix Differential Calculus, 3rd ed., 2019, section 2.4; Petersen & Pedersen, The Matrix Cookbook,
2012, section 10.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from derive.kernel.build import contract, lift
from derive.kernel.contraction import contracted
from derive.kernel.expr import (
    Call,
    Contract,
    Expr,
    Ones,
    Operator,
    ShapeError,
    shape_text,
    vocabulary,
)
from derive.kernel.sizes import Axis, checked
from derive.operators.pointwise import np

STACKED = frozenset(["vec", "Vec", "unvec", "kron", "commutation"])  # as they are written


def _nothing(*_: object):
    yield from ()


@cache
def stack(m: Axis, n: Axis) -> Operator:
    """The operator without arguments whose entry (i, j, k) is 1 where k = i + m j, else 0."""
    return Operator(
        "stack", (m, n), lambda: (m, n, n * m if isinstance(m, int) else m * n), _entries, _nothing,
        exact=True,
    )  # fmt: skip


vocabulary["operator", "stack"] = stack


def _entries(m: int, n: int) -> Any:
    return np.eye(m * n, dtype=int).reshape(n, m, m * n).transpose(1, 0, 2)


def is_stack(node: Expr) -> bool:
    """Whether this is the constant that stacks the columns of a matrix."""
    return type(node) is Call and isinstance(node.op, Operator) and node.op.name == "stack"


def stacks(m: Axis, n: Axis) -> Expr:
    """The m × n × mn constant of ``stack``; with an axis of one entry an identity."""
    return Call(stack(m, n), ())


def stacked(expr: Expr, *groups: Sequence[int]) -> Expr:
    """The array whose axes are these groups of axes: of two, the first runs fastest.

    A group is empty (an axis of one entry), one axis or two of them.
    """
    factors: list[Expr] = [expr]
    spots: list[tuple[int, ...]] = [tuple(range(len(expr.axes)))]
    out: list[int] = []
    fresh = len(expr.axes)
    for group in groups:
        if not group:
            factors.append(Ones(1))
            spots.append((fresh,))
            out.append(fresh)
            fresh += 1
            continue
        if len(group) == 1:
            out.append(group[0])
            continue
        i, j = group
        factors.append(stacks(expr.axes[i], expr.axes[j]))
        spots.append((i, j, fresh))
        out.append(fresh)
        fresh += 1
    return contracted(factors, spots, tuple(out))


def vec(X: Expr) -> Expr:
    r"""The columns of an m × n matrix below each other, a vector of mn entries.

    Magnus & Neudecker, 2019, section 2.4.  A vector is its own vec.  ShapeError for other arrays.

    >>> import derive as d
    >>> A, X, B = d.matrix("A", 2, 3), d.matrix("X", 3, 4), d.matrix("B", 4, 5)
    >>> d.vec(A @ X @ B)
    vec(A X B)
    """
    if len(X.axes) == 1:
        return X
    if len(X.axes) != 2:
        raise ShapeError(f"vec needs a matrix, not {shape_text(X.axes)}")
    return stacked(X, (0, 1))


def stacked_matrix(x: Expr) -> Expr | None:
    """X where an expression is vec(X); None for any other."""
    match x:
        case Contract((inner, constant), ((0, 1), (0, 1, 2)), (2,)) if is_stack(constant):
            return inner
    return None


def unvec(v: Expr, m: Axis, n: Axis) -> Expr:
    r"""The m × n matrix whose columns are stacked in a vector of mn entries: the inverse of vec.

    ShapeError if the vector has another number of entries.

    >>> import derive as d
    >>> d.unvec(d.vector("v", 6), 2, 3)
    unvec_2_3 (v)
    """
    if len(v.axes) != 1 or v.axes[0] != m * n:
        raise ShapeError(f"a matrix of {m} × {n} has {m * n} entries, not {shape_text(v.axes)}")
    return contracted((v, stacks(m, n)), ((2,), (0, 1, 2)), (0, 1))


def kron(A: Expr, B: Expr) -> Expr:
    r"""The Kronecker product: every entry of A times the whole of B.

    Of an m × n and a p × q matrix it is mp × nq; a vector is a column, of two vectors it is a
    vector.  Horn & Johnson, Topics in Matrix Analysis, 1991, chapter 4.  ShapeError for others.

    >>> import derive as d
    >>> d.kron(d.matrix("A", 2, 3), d.matrix("B", 4, 5))
    A (x) B
    """
    A, B = lift(A), lift(B)
    a, b = len(A.axes), len(B.axes)
    if not (a <= 2 and b <= 2):
        raise ShapeError(
            f"kron needs vectors or matrices, not {shape_text(A.axes)} and {shape_text(B.axes)}"
        )
    if not a or not b:
        return A * B
    spots = [tuple(range(a)), tuple(range(a, a + b))]
    rows = stacks(B.axes[0], A.axes[0])
    if a == b == 1:
        return contracted((A, B, rows), (*spots, (1, 0, 2)), (2,))
    if a == b:
        columns = stacks(B.axes[1], A.axes[1])
        return contracted((A, B, rows, columns), (*spots, (2, 0, 4), (3, 1, 5)), (4, 5))
    return contracted((A, B, rows), (*spots, (a, 0, 3)), (3, 1 if a == 2 else 2))


def khatri_rao(A: Expr, B: Expr) -> Expr:
    r"""The Kronecker product column by column, mp × n for m × n and p × n.

    Khatri & Rao, Solutions to some functional equations, 1968.  ShapeError for other arrays.

    >>> import derive as d
    >>> d.khatri_rao(d.matrix("A", 2, 3), d.matrix("B", 4, 3)).axes
    (8, 3)
    """
    if len(A.axes) != 2 or len(B.axes) != 2 or A.axes[1] != B.axes[1]:
        raise ShapeError(
            "khatri_rao needs two matrices with as many columns, "
            f"not {shape_text(A.axes)} and {shape_text(B.axes)}"
        )
    return stacked(contract("ij,kj->ikj", A, B), (1, 0), (2,))


def commutation(m: Axis, n: Axis) -> Expr:
    r"""The mn × mn permutation K with K vec(A) = vec(Aᵀ) for every m × n matrix A.

    Magnus & Neudecker, 2019, section 3.7.

    >>> import derive as d
    >>> d.commutation(2, 3).axes
    (6, 6)
    """
    m, n = checked(m), checked(n)
    factors = (stacks(n, m), stacks(m, n))
    return contracted(factors, ((1, 0, 2), (0, 1, 3)), (2, 3))
