"""Laws of determinants and products along an axis: true ones found, false ones never.

The truth of each is looked up in numbers, so that a slip in these tables shows.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("flint")

import derive as d
from derive.kernel.build import contracted
from derive.kernel.expr import Delta, Expr, Num, Var
from derive.operators.pointwise import absolute
from derive.operators.primitives import product
from proofs.equal import prove

n, m, k = d.sizes("n m k")
A, B = d.matrix("A", n, n), d.matrix("B", n, n)
C, D = d.matrix("C", m, m), d.matrix("D", m, m)
U, V, W = d.matrix("U", n, m), d.matrix("V", n, m), d.matrix("W", m, k)
L, R = Var("L", (n, n), (), ("lower",)), Var("R", (n, n), (), ("upper",))
P = Var("P", (m, m), (), ("semidefinite", "definite"))
F, G = d.matrix("F", n, m), d.matrix("G", m, n)
x, y, c = d.vector("x", n), d.vector("y", n), d.scalar("c")
E, J = Delta(n), Delta(m)
inv, det, log = d.inverse, d.det, d.log
count, other = d.total(1 + 0 * x), d.total(1 + 0 * d.vector("z", m))


def down(matrix: Expr) -> Expr:
    """What stands on the diagonal."""
    return contracted((matrix,), ((0, 0),), (0,))


def blocks(a: Expr, b: Expr, c: Expr, e: Expr) -> Expr:
    return d.concat([d.concat([a, b], axis=-1), d.concat([c, e], axis=-1)], axis=-2)


WHOLE = blocks(A, F, G, C)
NOTHING = 0 * F
S = C - G @ inv(A) @ F
TRUE = [
    (det(E + U @ V.T), det(J + V.T @ U)), (det(E + U @ C @ V.T), det(J + V.T @ U @ C)),
    (det(E + U @ W @ W.T @ V.T), det(Delta(k) + W.T @ V.T @ U @ W)),
    (det(E - U @ V.T), det(J - V.T @ U)),
    (det(3 * E + 3 * U @ V.T), d.raised(Num(3), count) * det(J + V.T @ U)),
    (det(E + d.diag(x) @ U @ V.T), det(J + V.T @ d.diag(x) @ U)),
    (det(A + U @ V.T), det(A) * det(J + V.T @ inv(A) @ U)),
    (det(A + U @ C @ V.T), det(A) * det(C) * det(inv(C) + V.T @ inv(A) @ U)),
    (d.logdet(A + U @ P @ U.T), d.logdet(A) + d.logdet(P) + d.logdet(inv(P) + U.T @ inv(A) @ U)),
    (det(d.kron(A, C)), d.raised(det(A), other) * d.raised(det(C), count)),
    (det(d.kron(E, C)), d.raised(det(C), count)), (det(d.kron(A, J)), d.raised(det(A), other)),
    (det(L), product(down(L))), (det(L @ R), product(down(L)) * product(down(R))),
    (det(L.T), product(down(L))), (det(L + d.diag(x)), product(down(L) + x)),
    (det(inv(L)), 1 / product(down(L))), (det(d.diag(x)), product(x)),
    (d.logdet(L @ L.T), 2 * d.total(log(absolute(down(L))))),
    (det(WHOLE), det(A) * det(S)), (det(blocks(A, NOTHING, G, C)), det(A) * det(C)),
    (det(blocks(A, F, 0 * G, C)), det(A) * det(C)),
    (det(blocks(A, F, G, C)) * (1 + 0 * det(inv(C))), det(C) * det(A - F @ inv(C) @ G)),
    (inv(blocks(A, NOTHING, G, C)), blocks(inv(A), NOTHING, -inv(C) @ G @ inv(A), inv(C))),
    (inv(WHOLE), blocks(inv(A) + inv(A) @ F @ inv(S) @ G @ inv(A), -inv(A) @ F @ inv(S),
                        -inv(S) @ G @ inv(A), inv(S))),
    (det(A @ d.diag(x) @ B), det(A) * product(x) * det(B)),
    (det(d.diag(x) @ A), product(x) * det(A)),
    (inv(A @ d.diag(x) @ B), inv(B) @ d.diag(1 / x) @ inv(A)),
    (product(x * y), product(x) * product(y)), (product(c * x), d.raised(c, count) * product(x)),
    (product(d.exp(x)), d.exp(d.total(x))), (product(x**2), product(x) ** 2),
    (log(product(d.exp(x) + 1)), d.total(log(d.exp(x) + 1))), (product(1 / x), 1 / product(x)),
]  # fmt: skip
FALSE = [
    (det(E + U @ V.T), det(J + U.T @ U)), (det(E + U @ C @ V.T), det(J + V.T @ U @ C.T)),
    (det(2 * E + U @ V.T), det(2 * J + V.T @ U)), (det(E + U @ V.T), det(E - U @ V.T)),
    (det(A + U @ V.T), det(A) * det(J + V.T @ U)), (det(A + B), det(A) * det(E + B)),
    (det(A + U @ C @ V.T), det(A) * det(C) * det(C + V.T @ inv(A) @ U)),
    (det(d.kron(A, C)), d.raised(det(A), count) * d.raised(det(C), other)),
    (det(d.kron(A, C) + d.kron(B, D)), det(d.kron(A + B, C + D))),
    (det(A), product(down(A))), (det(L + R), product(down(L) + down(R))),
    (det(L @ A), product(down(L)) * product(down(A))), (det(L), product(down(L)) ** 2),
    (det(WHOLE), det(A) * det(C)), (det(WHOLE), det(A) * det(C - G @ F)),
    (det(WHOLE), det(A) * det(C + G @ inv(A) @ F)),
    (inv(blocks(A, NOTHING, G, C)), blocks(inv(A), NOTHING, inv(C) @ G @ inv(A), inv(C))),
    (det(d.diag(x) @ A), product(x) * product(x) * det(A)),
    (inv(d.diag(x) @ A), d.diag(1 / x) @ inv(A)),
    (product(c * x), c * product(x)), (product(x + y), product(x) + product(y)),
    (product(-x), -product(x)), (product(absolute(x)), product(x)),
    (absolute(product(x)), product(x)), (product(0 * x + c), c),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), TRUE)
def test_a_law_is_proved(a: Expr, b: Expr) -> None:
    assert prove(a, b) is not None
    assert _agree(a, b)


@pytest.mark.parametrize(("a", "b"), FALSE)
def test_what_is_false_is_not_proved(a: Expr, b: Expr) -> None:
    assert prove(a, b) is None
    assert not _agree(a, b)


def test_blocks_of_which_none_need_be_invertible_prove_nothing() -> None:
    """det [0, F; G, 0] is no product of determinants of its blocks."""
    F, G = d.matrix("F", n, n), d.matrix("G", n, n)
    whole = blocks(0 * F, F, G, 0 * F)
    assert prove(det(whole), det(F) * det(G)) is None
    assert prove(det(whole), -det(F) * det(G)) is None


def _agree(a: Expr, b: Expr) -> bool:
    """Whether both are the same at a few points of different sizes."""
    rng = np.random.default_rng(7)
    found = []
    for own in ({"n": 2, "m": 3, "k": 2}, {"n": 3, "m": 1, "k": 2}):
        values: dict[Expr, np.ndarray] = {}
        for var in (A, B, C, D, U, V, W, L, R, P, F, G, x, y, c):
            shape = tuple(own[str(axis)] for axis in var.axes)
            value = rng.normal(size=shape)
            if var is L or var is R:
                value = np.tril(value) if var is L else np.triu(value)
            elif var is P:
                value = value @ value.T + np.eye(len(value))
            elif var is A:
                value = value + 3 * np.eye(len(value))  # a positive determinant
            values[var] = value
        found.append([d.evaluate(side, values) for side in (a, b)])
    return all(np.allclose(one, other, rtol=1e-6, equal_nan=False) for one, other in found)
