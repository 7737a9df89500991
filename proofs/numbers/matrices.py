"""Inverses and determinants at a point: of rationals exactly, of balls as balls, modulo a prime.

The idea: FLINT does the elimination.  An inverse of balls is certain or not there at all; a matrix
that is singular, or may be, has NaN for one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import arb_mat, fmpq_mat, nmod_mat

from proofs.numbers.entries import NAN, Entries, Scalar, bounded, finite, is_rational

Rows = list[list[Scalar]]


def _inverse(here: Entries, rows: Rows) -> Rows:
    undefined = [[NAN] * len(rows) for _ in rows]
    flat = [x for row in rows for x in row]
    if not all(finite(x) for x in flat):
        return undefined
    exact = all(is_rational(x) for x in flat)
    try:
        found = (fmpq_mat if exact else arb_mat)(len(rows), len(rows), flat).inv()
    except ZeroDivisionError:
        here.undecided = here.undecided or not exact
        return undefined
    return [[bounded(found[i, j]) for j in range(len(rows))] for i in range(len(rows))]


def _determinant(here: Entries, rows: Rows) -> Scalar:
    flat = [x for row in rows for x in row]
    if not all(finite(x) for x in flat):
        return NAN
    exact = all(is_rational(x) for x in flat)
    return bounded((fmpq_mat if exact else arb_mat)(len(rows), len(rows), flat).det())


MATRICES: dict[str, Callable[[Entries, Rows], Any]] = {"inverse": _inverse, "det": _determinant}


def inverse_modulo(rows: list[list[int]], m: int) -> list[list[int]] | None:
    """The inverse of a matrix modulo a prime; None of a singular one."""
    n = len(rows)
    try:
        found = nmod_mat(n, n, [int(x) for row in rows for x in row], m).inv()
    except ZeroDivisionError:
        return None
    return [[int(found[i, j]) for j in range(n)] for i in range(n)]


def determinant_modulo(rows: list[list[int]], m: int) -> int:
    """The determinant of a matrix modulo a prime."""
    n = len(rows)
    return int(nmod_mat(n, n, [int(x) for row in rows for x in row], m).det())
