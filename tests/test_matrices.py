"""Inverses and determinants: their laws, their gradients in matrix form, and what is refused."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest

import derive as d
from derive.app.exists import where_it_exists
from derive.diagnostics import DeriveError
from derive.kernel.expr import Delta, ShapeError
from derive.latex.print import latex
from derive.meaning.normal import same
from derive.writing.tidy import tidy

n, m, b = d.sizes("n m b")
A, B, C = (d.matrix(letter, n, n) for letter in "ABC")
X, W = d.matrix("X", m, n), d.tensor("W", b, n, n)
x, y, v = d.vector("x", n), d.vector("y", m), d.vector("v", n)
lam = d.scalar("lambda")
inv = d.inverse
H = X.T @ X + lam * Delta(n)


GRADIENTS = [
    (d.det(A), A, d.det(A) * inv(A).T),
    (d.logdet(A), A, inv(A).T),
    (d.logabsdet(A), A, inv(A).T),
    (d.det(A @ B), A, d.det(A @ B) * inv(A).T),
    (d.dot(x, inv(A) @ v), A, -(inv(A).T @ d.outer(x, v) @ inv(A).T)),
    (d.trace(inv(A) @ B), A, -(inv(A).T @ B.T @ inv(A).T)),
    (d.logdet(X.T @ X), X, 2 * X @ inv(X.T @ X)),
    (d.det(inv(A)), A, -(d.det(inv(A)) * inv(A).T)),
    (d.trace(d.matrix_power(A, -2)), A, -2 * d.matrix_power(A, -3).T),
    (d.dot(y, X @ inv(H) @ X.T @ y), lam, -d.dot(inv(H) @ X.T @ y, inv(H) @ X.T @ y)),
]


@pytest.mark.parametrize(("of", "by", "expected"), GRADIENTS, ids=lambda e: "")
def test_gradients_have_the_form_of_the_books(of, by, expected):
    rng = np.random.default_rng(1)
    values = {A: rng.normal(size=(3, 3)), B: rng.normal(size=(3, 3)), X: rng.normal(size=(4, 3)),
              x: rng.normal(size=3), v: rng.normal(size=3), y: rng.normal(size=4),
              lam: np.float64(0.7)}  # fmt: skip
    if d.evaluate(d.det(A), values) < 0:
        values[A] = values[A][[1, 0, 2]]
    found = d.grad(of, by)
    np.testing.assert_allclose(
        d.evaluate(found, values), d.evaluate(expected, values), rtol=1e-8, atol=1e-10
    )


@pytest.mark.parametrize(
    ("expr", "printed"),
    [
        (d.grad(d.logdet(A), A), r"\mathbf{A}^{-\top}"),
        (d.grad(d.det(A), A), r"\det(\mathbf{A}) \mathbf{A}^{-\top}"),
        (
            d.grad(d.dot(x, inv(A) @ v), A),
            r"-\mathbf{A}^{-\top} \mathbf{x} \mathbf{v}^\top \mathbf{A}^{-\top}",
        ),
        (d.grad(d.logdet(X.T @ X), X), r"2 \mathbf{X}(\mathbf{X}^\top \mathbf{X})^{-1}"),
        (d.hessian(d.dot(x, inv(A) @ x), x), r"\mathbf{A}^{-1} + \mathbf{A}^{-\top}"),
        (inv(A) @ A @ x, r"\mathbf{x}"),
        (A @ inv(A), r"\mathbf{I}"),
        (d.trace(inv(A) @ A), "n"),
        (inv(A.T), r"\mathbf{A}^{-\top}"),
        (inv(3 * A), r"\frac{1}{3} \mathbf{A}^{-1}"),
        (inv(inv(A)), r"\mathbf{A}"),
        (d.logdet(inv(A)), r"-\log \det(\mathbf{A})"),
        (inv(A).T @ A, r"\mathbf{A}^{-\top} \mathbf{A}"),
        (A @ inv(B) @ A, r"\mathbf{A} \mathbf{B}^{-1} \mathbf{A}"),
    ],
)
def test_printed_as_the_books_print_it(expr, printed):
    assert tidy(expr).latex() == printed


def test_a_batch_of_matrices_is_carried_along():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(5, 3, 3))
    assert np.allclose(d.evaluate(inv(W), {W: values}), np.linalg.inv(values))
    assert d.det(W).axes == (b,)
    gradient = d.grad(d.total(d.det(W)), W)
    expected = np.linalg.det(values)[:, None, None] * np.linalg.inv(values).transpose(0, 2, 1)
    assert np.allclose(d.evaluate(gradient, {W: values}), expected)


def test_exact_values():
    array = [[F(1, 2), F(2)], [F(1), F(3)]]
    found = d.evaluate(inv(A), {A: array}, exact=True)
    assert (found @ np.array(array, object) == np.eye(2, dtype=int)).all()
    assert d.evaluate(d.det(A), {A: array}, exact=True) == F(-1, 2)
    assert d.evaluate(d.det(A), {A: [[0, 1], [1, 0]]}, exact=True) == -1
    with pytest.raises(ZeroDivisionError, match="singular matrix has no inverse"):
        d.evaluate(inv(A), {A: [[1, 2], [2, 4]]}, exact=True)


def test_a_singular_matrix_has_no_value_and_harms_no_other():
    values = np.array([[[1.0, 2.0], [2.0, 4.0]], [[2.0, 0.0], [0.0, 1.0]]])
    found = d.evaluate(inv(W), {W: values})
    assert np.isnan(found[0]).all()
    assert np.allclose(found[1], [[0.5, 0], [0, 1]])
    assert np.isnan(d.evaluate(d.logdet(A), {A: [[0, 1], [1, 0]]}))


@pytest.mark.parametrize("operator", [inv, d.det, d.logdet, d.logabsdet, d.adjugate])
@pytest.mark.parametrize("wrong", [X, x, lam])
def test_only_a_square_matrix_has_one(operator, wrong):
    with pytest.raises(ShapeError, match=r"needs a square matrix, not|takes n×n, not"):
        operator(wrong)


@pytest.mark.parametrize(
    ("left", "right"),
    [(inv(A).T, inv(A)), (inv(A @ B), inv(A) @ inv(B)), (inv(A + B), inv(A) + inv(B)),
     (inv(A).T @ A, Delta(n)), (inv(A) @ B @ A, B), (d.det(2 * A), 2 * d.det(A)),
     (d.det(A + B), d.det(A) + d.det(B)), (d.trace(inv(A)), d.trace(A))],
)  # fmt: skip
def test_what_is_false_is_not_simplified_into_truth(left, right):
    assert not same(left, right)


@pytest.mark.parametrize(
    ("formula", "gradient"),
    [
        (r"\log\det A", r"A^{-\top}"),
        (r"\ln|A|", r"A^{-\top}"),
        (r"\log\left|\det(A)\right|", r"A^{-\top}"),
        (r"\log |\det A|", r"A^{-\top}"),
        (r"\operatorname{logdet}(A)", r"A^{-\top}"),
        (r"\det(A)", r"\det(A) A^{-\top}"),
        (r"\mathrm{det} A", r"\det(A) A^{-\top}"),
        (r"|A|", r"\det(A) A^{-\top}"),
        (r"x^\top A^{-1} x", r"-A^{-\top} x x^\top A^{-\top}"),
        (r"x^T A^{-T} x", r"-A^{-\top} x x^\top A^{-\top}"),
        (r"x^\top (A^\top)^{-1} x", r"-A^{-\top} x x^\top A^{-\top}"),
        (r"x^\top {A^{-1}}^\top x", r"-A^{-\top} x x^\top A^{-\top}"),
        (r"\operatorname{tr}(\mathrm{inv}(A))", r"-A^{-\top} A^{-\top}"),
        (r"(x^\top A^{-1} x)^{-1}", r"\frac{1}{(x^\top A^{-1} x)^2} A^{-\top} x x^\top A^{-\top}"),
    ],
)
def test_every_spelling_is_read(formula, gradient):
    text = (
        r"Let $A \in \mathbb{R}^{n\times n}$ and $x \in \mathbb{R}^n$." + "\n"
        rf"$$ f = {formula} $$ $$ \frac{{\partial f}}{{\partial A}} = ? $$"
    )
    ((answer, checked),) = d.solve(d.read(text)).results
    assert checked.passed
    assert latex(answer.inputs or answer.named) == gradient


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (r"x^\top A^{-1} x", "not $m×n$"),
        (r"\det(A)", "a determinant needs a square matrix, not $m×n$"),
        (r"\log\det A", "a determinant needs a square matrix, not $m×n$"),
        (r"|A|", "bars around a matrix may mean the determinant or absolute entries"),
        (r"\det x", "a determinant needs a square matrix, not a vector"),
        (r"\operatorname{adj}(A)", "an adjugate needs a square matrix, not $m×n$"),
        (r"\det(A, A)", "det takes 1 argument, not 2"),
        (r"x^\top (A^\top A)^{1/2} x", "the power $(A^\\top A)^{1/2}$ of a matrix is not known"),
    ],
)
def test_what_has_no_inverse_or_determinant_is_named(formula, message):
    text = (
        r"Let $A \in \mathbb{R}^{m\times n}$ and $x \in \mathbb{R}^n$." + "\n"
        rf"$$ f = {formula} $$ $$ \frac{{\partial f}}{{\partial A}} = ? $$"
    )
    with pytest.raises(DeriveError) as caught:
        d.read(text)
    assert any(message in found.message for found in caught.value.diagnostics)


@pytest.mark.parametrize(
    ("declared", "formula", "said"),
    [
        ("", r"\log\det S", r"where \det(S) > 0"),
        ("", r"x^\top S^{-1} x", r"where \det(S) \neq 0"),
        ("$S$ is positive definite.", r"\log\det S", ""),
        ("$S$ is invertible.", r"x^\top S^{-1} x", ""),
        ("", r"\|S\|_*", r"where \operatorname{rank}(S) = n"),
        ("", r"\sigma_{\max}(S)", r"where \sigma_1(S) > \sigma_2(S)"),
        ("", r"x^\top S x", ""),
    ],
)
def test_an_answer_says_where_it_exists(declared, formula, said):
    text = (
        rf"Let $S \in \mathbb{{R}}^{{n\times n}}$ and $x \in \mathbb{{R}}^n$. {declared} "
        rf"$$ f = {formula} $$ $$ \frac{{\partial f}}{{\partial S}} = ? $$"
    )
    solution = d.solve(d.read(text))
    ((answer, _),) = solution.results
    words = where_it_exists(answer.value, answer.question.of, solution.network)
    shown = "".join(word if isinstance(word, str) else latex(word) for word in words)
    assert shown == (f", {said}" if said else "")


# ------------------------------------------------------------------------------------- norms

W2 = d.matrix("W", 3, 4)


@pytest.mark.parametrize(
    ("norm", "value", "gradient"),
    [
        (d.spectral_norm, lambda a: np.linalg.norm(a, 2), None),
        (d.nuclear_norm, lambda a: np.linalg.norm(a, "nuc"), None),
        (d.norm, lambda a: np.linalg.norm(a, "fro"), lambda a: a / np.linalg.norm(a)),
        (d.norm_max, lambda a: np.abs(a).max(),
         lambda a: np.sign(a) * (np.abs(a) == np.abs(a).max())),
        (d.norm_inf, lambda a: np.linalg.norm(a, np.inf),
         lambda a: np.sign(a) * (np.abs(a).sum(1) == np.abs(a).sum(1).max())[:, None]),
        (d.norm1, lambda a: np.abs(a).sum(), np.sign),
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", [0, 1])
def test_norms_against_numpy(norm, value, gradient, seed):
    rng = np.random.default_rng(seed)
    at, way = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    assert d.evaluate(norm(W2), {W2: at}) == pytest.approx(value(at))
    found = d.evaluate(d.grad(norm(W2), W2), {W2: at})
    moved = (value(at + 1e-6 * way) - value(at - 1e-6 * way)) / 2e-6
    assert (found * way).sum() == pytest.approx(moved, rel=1e-5)
    if gradient is not None:
        assert np.allclose(found, gradient(at))


def test_a_norm_of_singular_values_is_differentiated_once():
    assert d.grad(d.nuclear_norm(W2), W2).latex() == (
        r"\mathbf{W}(\mathbf{W}^\top \mathbf{W})^{-1/2}"
    )
    with pytest.raises(ShapeError, match="of this norm there is a gradient only"):
        d.hessian(d.spectral_norm(W2), W2)


@pytest.mark.parametrize("tied", [
    [[1, -2], [2, 1], [-3, 0]], [[0, 0], [0, 0], [0, 0]], [[1, 0], [-1, 0], [0, 1]],
])  # fmt: skip
def test_at_a_tie_the_row_sum_norm_has_a_subgradient(tied):
    """G of any maximising row satisfies |V| >= |W| + <G, V - W> for all V."""
    V = d.matrix("V", 3, 2)
    at = np.array(tied, float)
    g = d.evaluate(d.grad(d.norm_inf(V), V), {V: at})
    rng = np.random.default_rng(3)
    for _ in range(200):
        other = rng.integers(-3, 4, (3, 2))
        norm = np.abs(other).sum(1).max()
        assert norm >= np.abs(at).sum(1).max() + (g * (other - at)).sum() - 1e-12


@pytest.mark.parametrize(
    ("said", "formula", "note"),
    [
        ("the spectral norm", r"\|W\|_2", "the largest singular value"),
        ("the operator norm", r"\|W\|_1", "the largest sum of absolute entries of a column"),
        ("the Chebyshev norm", r"\|W\|_\infty", "the largest absolute entry"),
        ("a norm", r"\|W\|_1", "the sum of the absolute entries, as the lasso means it"),
        ("a norm", r"\|W\|_\infty", "the largest sum of absolute entries of a row"),
    ],
)
def test_what_a_matrix_norm_is_read_as_is_said(said, formula, note):
    text = rf"Let $W \in \mathbb{{R}}^{{m\times n}}$; {said}: $f = {formula}$."
    assert any(note in one for one in d.read(text).notes)


def test_the_two_norm_of_a_matrix_is_asked_about():
    with pytest.raises(DeriveError, match="largest singular value or the root"):
        d.read(r"$W \in \mathbb{R}^{m\times n}$, $f = \|W\|_2$")
