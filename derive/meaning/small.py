"""Determinants and inverses of matrices of two or three rows, written out in their entries.

The idea: Leibniz's sum has two or six terms there, and Cramer's rule gives the inverse.
"""

from __future__ import annotations

from itertools import permutations

from derive.kernel.build import ONE, add, contracted, scale
from derive.kernel.expr import Expr, Ones
from derive.operators.blocks import joined, numbered
from derive.operators.pointwise import reciprocal

LARGEST = 3


def is_small(matrix: Expr) -> bool:
    """Whether a matrix is square, of a known size of two or three."""
    n = matrix.axes[-1] if matrix.axes else 0
    return len(matrix.axes) == 2 and isinstance(n, int) and 1 < n <= LARGEST


def determinant(matrix: Expr) -> Expr:
    """Leibniz: the sum over the permutations of sign times product."""
    n = matrix.axes[-1]
    assert isinstance(n, int)
    return _leibniz(matrix, tuple(range(1, n + 1)), tuple(range(1, n + 1)))


def inverse(matrix: Expr) -> Expr:
    """Cramer: the transposed cofactors over the determinant."""
    n = matrix.axes[-1]
    assert isinstance(n, int)
    every = range(1, n + 1)
    under = reciprocal(determinant(matrix))
    rows = []
    for i in every:
        cells = []
        for j in every:
            # entry (i, j) of the inverse is the cofactor of (j, i)
            left = tuple(k for k in every if k != j), tuple(k for k in every if k != i)
            entry = contracted(
                (under, scale((-1) ** (i + j), _leibniz(matrix, *left))), ((), ()), ()
            )
            cells.append(contracted((entry, Ones(1), Ones(1)), ((), (0,), (1,)), (0, 1)))
        rows.append(joined(cells, -1))
    return joined(rows, -2)


def _leibniz(matrix: Expr, rows: tuple[int, ...], columns: tuple[int, ...]) -> Expr:
    terms = []
    for order in permutations(range(len(rows))):
        swaps = sum(
            order[i] > order[j] for i in range(len(order)) for j in range(i + 1, len(order))
        )
        factors = [
            numbered(numbered(matrix, -2, row), -1, columns[k])
            for row, k in zip(rows, order, strict=True)
        ]
        product = contracted(factors, [()] * len(factors), ()) if factors else ONE
        terms.append(scale((-1) ** swaps, product))
    return add(*terms)
