"""Derivatives by matrices whose entries hang together, beside differences in what is free."""

import numpy as np
import pytest

import derive as d
from derive.derivation.backprop import worked
from derive.derivation.check import agreements
from derive.derivation.within import CONVENTIONS, INDEPENDENT, PARAMETERS, projected
from derive.elaborate.document import read
from derive.kernel import calculus
from derive.kernel.build import trace
from derive.kernel.expr import Var
from derive.latex.print import latex

pytest.importorskip("flint")

N = 4
A, a, b = d.matrix("A", N, N), d.vector("a", N), d.vector("b", N)


def losses(X):
    """Functions whose usual gradient is not of the kind of X."""
    return [
        trace(A @ X), a @ X @ b, trace(X @ X @ X @ A), d.half_squared_norm(X @ a - b),
        d.total(d.tanh(X) * A), d.logsumexp(X @ a),
    ]  # fmt: skip


# What is free of such a matrix: the places of the free entries, and the matrix they make.
FREE = {
    "symmetric": (np.tril_indices(N), lambda m: m + m.T - np.diag(np.diag(m))),
    "skew": (np.tril_indices(N, -1), lambda m: m - m.T),
    "diagonal": (np.diag_indices(N), lambda m: m),
}


def numbers(kind):
    draw = np.random.default_rng(7)
    places, made = FREE[kind]
    entries = draw.normal(size=len(places[0]))
    values = {A: draw.normal(size=(N, N)), a: draw.normal(size=N), b: draw.normal(size=N)}

    def matrix(free):
        flat = np.zeros((N, N))
        flat[places] = free
        return made(flat)

    return values, entries, matrix, places


@pytest.mark.parametrize("kind", FREE)
@pytest.mark.parametrize("number", range(6))
def test_by_the_free_entries(kind, number):
    X = d.matrix("X", N, N, **{kind: True})
    loss = losses(X)[number]
    values, entries, matrix, places = numbers(kind)
    claimed = d.evaluate(
        projected(calculus.grad(loss, X), X, convention=PARAMETERS), {**values, X: matrix(entries)}
    )
    step = 1e-5
    for k, (i, j) in enumerate(zip(*places, strict=True)):
        way = step * (np.arange(len(entries)) == k)
        ahead = d.evaluate(loss, {**values, X: matrix(entries + way)})
        behind = d.evaluate(loss, {**values, X: matrix(entries - way)})
        assert claimed[i, j] == pytest.approx((ahead - behind) / (2 * step), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("kind", FREE)
@pytest.mark.parametrize("number", range(6))
def test_within_is_of_the_kind_and_gives_every_change_within_it(kind, number):
    X = d.matrix("X", N, N, **{kind: True})
    loss = losses(X)[number]
    values, entries, matrix, _ = numbers(kind)
    here = matrix(entries)
    found = d.evaluate(d.grad(loss, X), {**values, X: here})
    turned = {"symmetric": found.T, "skew": -found.T, "diagonal": np.diag(np.diag(found))}[kind]
    np.testing.assert_allclose(found, turned, atol=1e-12)
    draw, step = np.random.default_rng(1), 1e-5
    for _ in range(3):
        way = matrix(draw.normal(size=len(entries)))
        ahead = d.evaluate(loss, {**values, X: here + step * way})
        behind = d.evaluate(loss, {**values, X: here - step * way})
        assert np.sum(found * way) == pytest.approx((ahead - behind) / (2 * step), rel=1e-5)


def test_the_three_conventions_differ():
    X = d.matrix("X", N, N, symmetric=True)
    gradient = calculus.grad(trace(A @ X), X)
    assert len({projected(gradient, X, convention=one) for one in CONVENTIONS}) == 3
    assert projected(gradient, X, convention=INDEPENDENT) is gradient
    plain = Var("X", (N, N))
    assert projected(gradient, plain) is gradient


HEAD = (
    r"Let $S \in \mathbb{R}^{n \times n}$ be symmetric, $A \in \mathbb{R}^{n \times n}$, "
    r"$f = \mathrm{tr}(A S)$. "
)
CLAIM = r"$\frac{\partial f}{\partial S} = %s$. "


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        (r"\frac12 (A + A^\top)", "within the symmetric matrices"),
        (r"A + A^\top - A \odot I", "Matrix Cookbook"),
        (r"A^\top", "independent"),
    ],
)
def test_a_document_may_use_any_convention_and_is_told_which(claimed, said):
    report = d.check(HEAD + CLAIM % claimed)
    assert report.verdict == "proved"
    assert any(said in note for note in report.notes)


@pytest.mark.parametrize("claimed", ["A", r"A + A^\top", r"A^\top - A"])
def test_what_no_convention_gives_is_wrong(claimed):
    assert d.check(HEAD + CLAIM % claimed).verdict == "refuted"


def test_two_conventions_in_one_document_are_not_both_right():
    report = d.check(HEAD + CLAIM % r"A^\top" + CLAIM % r"A + A^\top - A \odot I")
    assert sorted(link.verdict for claim in report.claims for link in claim.links) != ["proved"] * 2


@pytest.mark.parametrize(
    ("said", "loss", "by", "answer"),
    [
        ("$S$ is symmetric", r"x^\top S y", "S", r"\frac{1}{2} (x y^\top + y x^\top)"),
        ("$S$ is symmetric", r"x^\top S x", "S", r"x x^\top"),
        ("$S$ is skew-symmetric", r"x^\top S y", "S", r"\frac{1}{2} (x y^\top - y x^\top)"),
        ("$S$ is diagonal", r"x^\top S y", "S", r"\operatorname{diag}(x \odot y)"),
        (r"$S \succ 0$", r"\log\det S", "S", "S^{-1}"),
        ("", r"x^\top S y", "S", r"x y^\top"),
    ],
)
def test_answers_are_within_and_checked_there(said, loss, by, answer):
    net = read(
        r"$S \in \mathbb{R}^{n \times n}$, $x, y \in \mathbb{R}^n$, "
        rf"{said}. $f = {loss}$, $\frac{{\partial f}}{{\partial {by}}} = ?$"
    )
    found = worked(net)
    assert latex(found.answers[0].named) == answer
    (check,) = agreements(net, [(one.question, one.value) for one in found.answers])
    assert check.passed
    assert any("within" in note for note in net.notes) is bool(said)


def test_a_wrong_derivative_is_seen_by_the_check():
    net = read(HEAD + r"$\frac{\partial f}{\partial S} = ?$")
    (answer,) = worked(net).answers
    (check,) = agreements(
        net, [(answer.question, calculus.grad(answer.question.of, answer.question.wrt[0]))]
    )
    assert check.passed is False


def test_the_sheet_says_which_fact_was_used():
    text = (
        r"$\mathbf{z} = \mathbf{W}\mathbf{x}$, $\mathbf{p} = \mathrm{softmax}(\mathbf{z})$, "
        r"$L = -\mathbf{y}^\top \log \mathbf{p}$. $\frac{\partial L}{\partial \mathbf{z}} = ?$ "
    )

    def reasons(text):
        said = [
            p if isinstance(p, str) else latex(p)
            for s in worked(read(text)).steps
            for p in s.reason
        ]
        return " ".join(said)

    assert r"\mathbf{1}^\top \mathbf{y} = 1" in reasons(text + r"$\mathbf{y}$ is one-hot.")
    assert r"\mathbf{1}^\top \mathbf{y} = 1" not in reasons(text)
    quadratic = (
        r"$S \in \mathbb{R}^{n \times n}$, $x \in \mathbb{R}^n$, "
        r"$f = x^\top S x$, $\nabla_x f = ?$ "
    )
    assert "is symmetric" in reasons(quadratic + "$S$ is symmetric.")
    assert "symmetric" not in reasons(quadratic)


def test_a_differential_stays_within():
    for right in (r"\mathrm{tr}(A\,dS)", r"\mathrm{tr}(A^\top dS)"):
        assert d.check(HEAD + f"$df = {right}$.").verdict == "proved"
    free = HEAD.replace("be symmetric", "be any matrix")
    assert d.check(free + r"$df = \mathrm{tr}(A^\top dS)$.").verdict == "refuted"
