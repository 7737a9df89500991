"""The functions that the Matrix Cookbook differentiates, as plain NumPy, under its numbers.

The idea: nothing here knows of symbols or rules; a derivative is what central differences of these
functions give.  A number has several functions where the table states it in several shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

det, inv, tr, kron = np.linalg.det, np.linalg.inv, np.trace, np.kron


def power(X: Any, n: int) -> Any:
    return np.linalg.matrix_power(X, n)


def _curve(A: Any, B: Any, C: Any, x: Any) -> Any:
    return A + x * B + x**2 * C


def _chain(A: Any, B: Any, X: Any) -> Any:
    U = np.tanh(A @ X @ B)
    return tr(U.T @ U @ U)


FUNCTIONS: dict[str, list[Callable[..., Any]]] = {
    "32": [lambda X: X],
    "46": [lambda A, B, C, x: det(_curve(A, B, C, x))],
    "48": [lambda A, B, C, x: det(_curve(A, B, C, x))],
    "49": [lambda X: det(X)],
    "51": [lambda A, X, B: det(A @ X @ B)],
    "52": [lambda X, A: det(X.T @ A @ X)],
    "53": [lambda X, A: det(X.T @ A @ X)],
    "54": [lambda X, A: det(X.T @ A @ X)],
    "55": [lambda X: np.log(det(X.T @ X))],
    "57": [lambda X: np.log(abs(det(X)))],
    "58": [lambda X: det(power(X, 3)), lambda X, k: det(power(X, k))],
    "59": [lambda A, B, C, x: inv(_curve(A, B, C, x))],
    "60": [lambda X: inv(X)],
    "61": [lambda a, X, b: a @ inv(X) @ b],
    "62": [lambda X: det(inv(X))],
    "63": [lambda A, X, B: tr(A @ inv(X) @ B)],
    "64": [lambda X, A: tr(inv(X + A))],
    "65-": [lambda A, C, D: tr(C @ inv(A) @ D @ inv(A).T @ inv(A))],
    "65": [lambda X: tr(X)],
    "66": [lambda X: det(X)],
    "69": [lambda x, a: x @ a],
    "70": [lambda a, X, b: a @ X @ b],
    "71": [lambda a, X, b: b @ X.T @ a],
    "72": [lambda a, X: a @ X @ a],
    "73": [lambda X: X],
    "74": [lambda X, A: X @ A, lambda X, B: X @ B],
    "75": [lambda X, A: X.T @ A],
    "76": [lambda X: X.sum() ** 2],
    "77": [lambda b, X, c: b @ X.T @ X @ c],
    "78": [lambda B, x, b, C, D, d: (B @ x + b) @ C @ (D @ x + d)],
    "79": [lambda X, B: X.T @ B @ X],
    "80": [lambda X, B: X.T @ B @ X],
    "81": [lambda x, B: x @ B @ x],
    "82": [lambda b, X, D, e: b @ X.T @ D @ X @ e],
    "83": [lambda X, b, c, D: (X @ b + c) @ D @ (X @ b + c)],
    "84": [lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s)],
    "85": [lambda x, r, W: (x - r) @ W @ (x - r)],
    "86": [lambda x, r, W: (x - r) @ W @ (x - r)],
    "87": [lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s)],
    "88": [lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s)],
    "89": [lambda a, x, b: (a - x @ b) ** 2],
    "90": [lambda X: power(X, 3), lambda X, n: power(X, n)],
    "91": [lambda a, X, b: a @ power(X, 3) @ b, lambda a, X, n, b: a @ power(X, n) @ b],
    "92": [
        lambda a, X, b: a @ power(X, 2).T @ power(X, 2) @ b,
        lambda a, X, n, b: a @ power(X, n).T @ power(X, n) @ b,
    ],
    "93": [lambda A, B, C, x: np.tanh(B @ x) @ A @ np.sin(C @ x)],
    "94": [lambda A, B, x: ((A @ x) @ (A @ x)) / ((B @ x) @ (B @ x))],
    "95": [lambda A, B, x: ((A @ x) @ (A @ x)) / ((B @ x) @ (B @ x))],
    "97": [lambda x, A, b: x @ A @ x + b @ x],
    "98": [lambda x, A, b: x @ A @ x + b @ x, lambda x, A: x @ A @ x],
    "99": [lambda X: tr(X)],
    "100": [lambda X, A: tr(X @ A)],
    "101": [lambda F, X, B: tr(F @ X @ B)],
    "102": [lambda G, X, H: tr(G @ X.T @ H)],
    "103": [lambda X, C: tr(X.T @ C)],
    "104": [lambda X, C: tr(C @ X.T)],
    "105": [lambda A, X: tr(kron(A, X))],
    "106": [lambda X: tr(X @ X)],
    "107": [lambda X, B: tr(X @ X @ B)],
    "108": [lambda X, B: tr(X.T @ B @ X)],
    "109": [lambda X, B: tr(B @ X @ X.T)],
    "110": [lambda X, B: tr(X @ X.T @ B)],
    "111": [lambda X, C: tr(X @ C @ X.T)],
    "112": [lambda X, C: tr(C @ X.T @ X)],
    "113": [lambda X, C: tr(X.T @ X @ C)],
    "114": [lambda A, X, B: tr(A @ X @ B @ X)],
    "115": [lambda X: tr(X.T @ X)],
    "116": [lambda B, X, C: tr(B.T @ X.T @ C @ X @ B)],
    "117": [lambda X, B, C: tr(X.T @ B @ X @ C)],
    "118": [lambda A, X, B, C: tr(A @ X @ B @ X.T @ C)],
    "119": [lambda A, X, B, C: tr((A @ X @ B + C) @ (A @ X @ B + C).T)],
    "120": [lambda X: tr(kron(X, X))],
    "121": [lambda X: tr(power(X, 4)), lambda X, k: tr(power(X, k))],
    "122": [lambda A, X: tr(A @ power(X, 3)), lambda A, X, k: tr(A @ power(X, k))],
    "123": [lambda B, X, C: tr(B.T @ X.T @ C @ X @ X.T @ C @ X @ B)],
    "124": [lambda A, X, B: tr(A @ inv(X) @ B)],
    "125": [lambda X, C, A: tr(inv(X.T @ C @ X) @ A)],
    "126": [lambda X, C, B: tr(inv(X.T @ C @ X) @ (X.T @ B @ X))],
    "127": [lambda X, C, A, B: tr(inv(A + X.T @ C @ X) @ (X.T @ B @ X))],
    "129": [lambda x, a: np.sqrt((x - a) @ (x - a))],
    "130": [lambda x, a: (x - a) / np.sqrt((x - a) @ (x - a))],
    "131": [lambda x: x @ x],
    "132": [lambda X: (X * X).sum()],
    "136": [_chain],
    "137": [_chain],
}

# The matrices that a number supposes to be symmetric.
SYMMETRIC = dict.fromkeys(("84", "85", "86", "87", "88"), "W") | {
    "53": "A", "125": "BC", "126": "BC", "127": "ABC",
}  # fmt: skip


def slope(function: Callable[..., Any], at: dict[str, Any], by: str, order: int = 1) -> Any:
    """Central differences of fourth order in one argument: its axes, then those of the value."""
    if order > 1:
        return slope(lambda **here: slope(function, here, by), at, by)
    start = np.asarray(at[by], float)
    step = 1e-3
    columns = []
    for k in range(start.size):
        unit = np.zeros(start.size)
        unit[k] = step
        unit = unit.reshape(start.shape)
        near, far = (
            np.asarray(function(**{**at, by: start + reach * unit}))
            - np.asarray(function(**{**at, by: start - reach * unit}))
            for reach in (1, 2)
        )
        columns.append((8 * near - far) / (12 * step))
    value = np.asarray(columns)
    return value.reshape((*start.shape, *value.shape[1:]))
