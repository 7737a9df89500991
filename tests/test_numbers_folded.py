"""Wide arrays folded: the entries at the places that are told apart, if there are no others."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import derive as d
from derive.derivation.network import Domain
from derive.diagnostics import Source
from derive.kernel.build import contract
from derive.kernel.expr import Delta, Expr, Ones, Var, toposort

pytest.importorskip("flint")

from proofs.check import check_source
from proofs.numbers.certify import certify
from proofs.numbers.folded import PLACES, Folded, short, unfolded, unfolded_array
from proofs.numbers.refute import refutation
from proofs.numbers.sample import Sampler

WIDE, BROAD = 11, 9  # small enough to be evaluated as they are, and wide
x, y = d.vector("x", WIDE), d.vector("y", WIDE)
u = d.vector("u", 3)
A, B = d.matrix("A", WIDE, WIDE), d.matrix("B", WIDE, BROAD)
C = d.matrix("C", 3, WIDE)
t = d.scalar("t")

FOLDED = [
    A @ x + y, A.T @ (A @ x) - t * x, B.T @ A @ B, d.outer(x, y) @ B, C @ x * u, d.trace(A),
    contract("ii->i", A) * x, d.total(A), d.dot(x, y) * y, d.tanh(A @ x) * x, d.relu(x) @ C.T,
    d.half_squared_norm(A @ x - y), d.softmax(C @ A), d.softmax(A), d.logsumexp(x),
    d.log_softmax(x),
    contract("i,ij,j->", x, A, y), contract("ij,ij->i", A, A), contract("i->", x) * Ones(WIDE),
    d.name("h", A @ x) * x, contract("ij,k->kij", A, u), d.exp(B / 4) @ B.T, x / (1 + y * y),
    d.grad(d.half_squared_norm(d.tanh(A @ x) - y), A),
]  # fmt: skip
KEPT = [
    Delta(WIDE) @ A + Delta(WIDE), d.diag(x), d.inverse(A), d.det(A), d.hessian(d.dot(x, x), x),
    Var("S", (WIDE, WIDE), (), ("symmetric",)) @ x, d.concat([x, y]),
]  # fmt: skip


def values(expr: Expr) -> tuple[dict[Expr, np.ndarray], dict[Expr, np.ndarray]]:
    """A point of the folded variables, and the one that it stands for."""
    draw = np.random.default_rng(7)
    variables = [v for v in toposort(expr) if isinstance(v, Var)]
    small = {v: draw.normal(size=short(v.axes)) for v in variables}
    folded = Folded({})
    wide = {v: unfolded_array(array, v.axes) for v, array in small.items()}
    return {folded.of(v): array for v, array in small.items()}, wide


@pytest.mark.parametrize("expr", FOLDED)
def test_a_folded_expression_has_the_entries_of_the_wide_one(expr: Expr) -> None:
    found = Folded({}).of(expr)
    assert found is not None
    assert found.axes == short(expr.axes)
    small, wide = values(expr)
    expected = d.evaluate(expr, wide)
    assert np.allclose(unfolded_array(d.evaluate(found, small), expr.axes), expected)
    assert not np.allclose(expected, 0)


@pytest.mark.parametrize("expr", KEPT)
def test_what_has_other_entries_is_not_folded(expr: Expr) -> None:
    assert Folded({}).of(expr) is None


@pytest.mark.parametrize("domain", [Domain(normalised=True), Domain(classes=WIDE)])
def test_what_hangs_together_along_an_axis_is_not_folded(domain: Domain) -> None:
    assert Folded({x: domain}).of(x) is None
    assert Folded({x: domain}).of(u) is u


def test_rows_are_put_in_as_often_as_they_stand_there() -> None:
    array = np.arange(9).reshape(PLACES, PLACES)
    wide = unfolded(tuple(map(tuple, array.tolist())), (WIDE, BROAD))
    assert np.array_equal(np.array(wide), unfolded_array(array, (WIDE, BROAD)))
    assert wide[2] is wide[-1]


M, N = 60, 50  # many entries in a matrix: they are folded where a line is judged
W, V = d.matrix("W", M, N), d.matrix("V", M, N)
p, q = d.vector("p", N), d.vector("q", M)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (d.outer(W @ p - q, p), 2 * d.outer(W @ p - q, p)),
        (W.T @ q, V.T @ q),
        (d.dot(p, p), d.total(p)),
        (d.total(W), M * d.dot(Ones(N), p)),
        (d.tanh(W @ p), W @ p),
    ],
)
def test_a_refutation_at_folded_points_is_one_of_the_wide_arrays(left: Expr, right: Expr) -> None:
    left, right = left + d.total(W), right + d.total(W)
    sampler = Sampler((left, right))
    assert sampler.short(left, right)[0] is not sampler
    found = refutation(left, right, budget=20)
    assert found is not None
    again = certify(left, right, "=", found.values, found.at)
    assert again is not None
    assert tuple(k + 1 for k in again.entry) == found.counterexample.entry
    assert (str(again.left), str(again.right)) == (
        found.counterexample.left,
        found.counterexample.right,
    ) or ("[" in found.counterexample.left + found.counterexample.right)
    assert {np.shape(value) for _, value in found.counterexample.values} >= {(M, N)}


def verdict(line: str) -> str:
    text = (
        r"Let $W \in \mathbb{R}^{784 \times 128}$, $x \in \mathbb{R}^{128}$, "
        rf"$y \in \mathbb{{R}}^{{784}}$ and $L = \frac12 \|W x - y\|^2$. ${line}$"
    )
    report = check_source(Source("a", text))
    (claim,) = report.claims
    return claim.verdict


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"\frac{\partial L}{\partial W} = (W x - y) x^\top", "proved"),
        (r"\frac{\partial L}{\partial W} = 2 (W x - y) x^\top", "refuted"),
        (r"\frac{\partial L}{\partial x} = -W^\top (W x - y)", "refuted"),
        (r"\mathbf{1}^\top (y + \mathbf{1}) = \mathbf{1}^\top y + 784", "proved"),
        (r"\mathbf{1}^\top (y + \mathbf{1}) = \mathbf{1}^\top y + 3", "refuted"),
        (r"\nabla_x^2 L = W^\top W", "proved"),
    ],
)  # fmt: skip
def test_lines_about_wide_arrays(line: str, expected: str) -> None:
    assert verdict(line) == expected


def test_numbers_of_a_wide_array_are_fractions() -> None:
    found = refutation(W @ p, V @ p, budget=20)
    assert found is not None
    assert all(isinstance(n, Fraction) for array in found.values.values() for n in array.flat)
