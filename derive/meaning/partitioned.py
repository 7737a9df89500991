r"""Determinants and inverses of matrices that are put together of blocks.

The idea: of M = [A, B; C, D] with an invertible A the rest is the Schur complement
S = D - C A^{-1} B: det M = det A det S, and M^{-1} is made of A^{-1} and S^{-1}, which exists where
M^{-1} does.  Where B or C is zero that is so for every A.

Source: Horn & Johnson, Matrix Analysis, 2012, section 0.8.5.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from derive.kernel.build import contracted, is_zero
from derive.kernel.expr import Call, Delta, Expr, is_named, toposort
from derive.meaning.grids import Grid, Unlike, both, cut_at, whole
from derive.meaning.kinds import kinds_of
from derive.operators import matrices
from derive.operators.blocks import joined


class Parts(NamedTuple):
    """[A, B; C, D], where A is invertible; ``last``: it is the last block, not the first."""

    a: Expr
    b: Expr
    c: Expr
    d: Expr
    last: bool = False

    @property
    def schur(self) -> Expr:
        return self.d - self.c @ matrices.inverse(self.a) @ self.b


def inverted(*roots: Expr) -> frozenset[Expr]:
    """The matrices whose inverses stand below these: they have one where all is defined."""
    return frozenset(
        _bare(node.kids[0]) for node in toposort(*roots)
        if isinstance(node, Call) and node.op is matrices.inverse
    )  # fmt: skip


def determinant(grid: Grid, known: Collection[Expr]) -> Expr | None:
    """det A det S; None where there is no such A.  ``known`` are matrices that have an inverse."""
    found = _parts(grid, known)
    if found is None:
        return None
    rest = found.d if is_zero(found.b) or is_zero(found.c) else found.schur
    return _det(found.a) * _det(rest)


def inverse(grid: Grid, known: Collection[Expr]) -> Expr | None:
    """The inverse in blocks; None where there is no such A."""
    found = _parts(grid, known)
    if found is None:
        return None
    a, b, c = matrices.inverse(found.a), found.b, found.c
    rest = found.d if is_zero(b) or is_zero(c) else found.schur
    s = matrices.inverse(rest)
    first, second = [a + a @ b @ s @ c @ a, -a @ b @ s], [-s @ c @ a, s]
    rows = [second[::-1], first[::-1]] if found.last else [first, second]
    return joined([joined(row, -1) for row in rows], -2)


def _det(matrix: Expr) -> Expr:
    """A determinant; of one entry that entry."""
    if matrix.axes == (1, 1):
        return contracted((matrix,), ((0, 1),), ())
    return matrices.det(matrix)


def _parts(grid: Grid, known: Collection[Expr]) -> Parts | None:
    """The matrix in two rows and columns of blocks, the first or the last block being A."""
    try:
        edges = both(*grid.edges)
    except Unlike:
        return None
    if len(edges) < 3:
        return None
    grid = cut_at(grid, (edges, edges))
    for last in (False, True):
        cut = edges[-2] if last else edges[1]
        sides = [(0, cut), (cut, edges[-1])]
        if last:
            sides.reverse()
        a, b, c, d = (_range(grid, row, column) for row in sides for column in sides)
        if is_zero(b) or is_zero(c) or _is_invertible(a, known):
            return Parts(a, b, c, d, last)
    return None


def _range(grid: Grid, *ends: tuple) -> Expr:
    """The cells between these edges as one expression."""
    pairs = zip(grid.edges, ends, strict=True)
    picked = [range(own.index(low), own.index(high)) for own, (low, high) in pairs]
    cells = {
        tuple(k - own.start for k, own in zip(place, picked, strict=True)): cell
        for place, cell in grid.cells.items()
        if all(k in own for k, own in zip(place, picked, strict=True))
    }
    edges = tuple(
        tuple(edge - own[here.start] for edge in own[here.start : here.stop + 1])
        for own, here in zip(grid.edges, picked, strict=True)
    )
    return whole(Grid(tuple(own[-1] for own in edges), edges, cells))


def _bare(matrix: Expr) -> Expr:
    while is_named(matrix):
        matrix = matrix.kids[0]
    return matrix


def _is_invertible(matrix: Expr, known: Collection[Expr]) -> bool:
    matrix = _bare(matrix)
    if isinstance(matrix, Call) and matrix.op is matrices.inverse:
        return True
    return isinstance(matrix, Delta) or matrix in known or "invertible" in kinds_of(matrix)
