"""Whether an array of rationals is of the kinds that are declared of a variable.

The idea: each kind is looked at as it is defined, with none of the expressions by which such arrays
are made; positive definite by elimination, all of whose pivots are positive (Sylvester).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derive.kernel.expr import Var
from derive.meaning.kinds import kinds_of
from derive.operators.pointwise import np


def has_kinds(array: Any, var: Var) -> bool:
    """Whether Fractions have every kind of the variable, as far as its axes have room for it."""
    return all(_TESTS[kind](array) for kind in kinds_of(var))


def _same(a: Any, b: Any) -> bool:
    return bool(np.all(a == b))


def _eye(n: int) -> Any:
    return np.eye(n, dtype=int).astype(object)


def _pivots(a: Any) -> list[Any] | None:
    """The pivots of a symmetric matrix, in the order of its rows; None if a zero one is not alone
    in its row."""
    a, found = a.copy(), []
    for k in range(len(a)):
        pivot = a[k, k]
        found.append(pivot)
        if pivot == 0:
            if any(a[k, k:] != 0):
                return None
            continue
        for i in range(k + 1, len(a)):
            a[i] = a[i] - a[k] * (a[i, k] / pivot)
    return found


def _is_semidefinite(a: Any, strict: bool = False) -> bool:
    pivots = _pivots(a) if _same(a, a.T) else None
    return pivots is not None and all(p > 0 or (p == 0 and not strict) for p in pivots)


def _determinant(a: Any) -> Any:
    a, found = a.copy(), 1
    for k in range(len(a)):
        row = next((i for i in range(k, len(a)) if a[i, k] != 0), None)
        if row is None:
            return 0
        if row != k:
            a[[k, row]], found = a[[row, k]], -found
        found = found * a[k, k]
        for i in range(k + 1, len(a)):
            a[i] = a[i] - a[k] * (a[i, k] / a[k, k])
    return found


_TESTS: dict[str, Callable[[Any], bool]] = {
    "symmetric": lambda a: _same(a, a.T),
    "skew": lambda a: _same(a, -a.T),
    "lower": lambda a: _same(a, np.tril(a)),
    "upper": lambda a: _same(a, np.triu(a)),
    "diagonal": lambda a: _same(a, a * _eye(len(a))),
    "independent": lambda a: _determinant(a.T @ a) != 0,
    "spanning": lambda a: _determinant(a @ a.T) != 0,
    "columns": lambda a: _same(a.T @ a, _eye(a.shape[1])),
    "rows": lambda a: _same(a @ a.T, _eye(a.shape[0])),
    "orthogonal": lambda a: _same(a.T @ a, _eye(a.shape[1])),
    "invertible": lambda a: _determinant(a) != 0,
    "rotation": lambda a: _determinant(a) == 1,
    "permutation": lambda a: all(n in (0, 1) for n in a.flat),
    "idempotent": lambda a: _same(a @ a, a),
    "projection": lambda a: _same(a @ a, a) and _same(a, a.T),
    "semidefinite": _is_semidefinite,
    "definite": lambda a: _is_semidefinite(a, strict=True),
    "distribution": lambda a: all(n >= 0 for n in a.flat) and sum(a.flat) == 1,
    "unit": lambda a: sum(n * n for n in a.flat) == 1,
}
