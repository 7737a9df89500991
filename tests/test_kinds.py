"""Declared kinds of matrices and vectors: used where they hold, and never where they do not."""

from fractions import Fraction

import numpy as np
import pytest

import derive as d
from derive.derivation.backprop import worked
from derive.derivation.local import replaced
from derive.diagnostics import DeriveError
from derive.elaborate.document import read
from derive.kernel.build import contract, dot, outer, trace
from derive.kernel.expr import Delta, Num, Var, toposort
from derive.latex.print import latex
from derive.meaning.kinds import KINDS, closed, kinds_of
from derive.meaning.normal import same
from derive.operators.structures import structured
from derive.writing.tidy import tidy

pytest.importorskip("flint")

from proofs.equal import prove
from proofs.kinds import has_kinds
from proofs.numbers.entries import fraction
from proofs.numbers.exact import Exact

n, m = d.sizes("n m")
A, B, x, y = d.matrix("A", n, n), d.matrix("B", n, n), d.vector("x", n), d.vector("y", n)
S, K = d.matrix("S", n, n, symmetric=True), d.matrix("K", n, n, skew=True)
D, E = d.matrix("D", n, n, diagonal=True), d.matrix("E", n, n, diagonal=True)
Q, U = d.matrix("Q", n, n, orthogonal=True), d.matrix("U", m, n, columns=True)
V, P = d.matrix("V", n, m, rows=True), d.matrix("P", n, n, idempotent=True)
R, Z = d.matrix("R", n, n, projection=True), d.matrix("Z", n, n, permutation=True)
C, u = d.matrix("C", n, n, definite=True), d.vector("u", n, unit=True)
H = d.matrix("H", n, n, symmetric=True, orthogonal=True)
p = d.vector("p", n, distribution=True)
I, J = Delta(n), Delta(m)  # noqa: E741

TRUE = [
    (S.T, S), (C.T, C), (2 * (x @ S @ x), x @ (S + S.T) @ x), (x @ S @ y, y @ S @ x),
    (K.T, -K), (x @ K @ x, 0 * dot(x, x)), (x @ K @ y, -(y @ K @ x)), (trace(K), Num(0)),
    (D.T, D), (D @ D, D * D), (D @ E, E @ D), (D @ A * I, A @ D * I),
    (Q.T @ Q, I), (Q @ Q.T, I), (Q.T @ Q @ Q.T, Q.T), (d.norm(Q @ x), d.norm(x)),
    (dot(Q @ x, Q @ y), dot(x, y)), (trace(Q.T @ A @ Q), trace(A)),
    (d.squared_norm(Q @ A), d.squared_norm(A)), (d.squared_norm(Q), trace(I)),
    (U.T @ U, I), (U @ U.T @ U @ U.T, U @ U.T), (V @ V.T, I), (d.squared_norm(U), trace(I)),
    (P @ P @ P, P), (trace(P.T @ P.T), trace(P)), ((I - P) @ (I - P), I - P),
    (R.T @ R, R), (dot(R @ x, R @ x), x @ R @ x), (R @ (I - R), 0 * A),
    (dot(u, u), Num(1)), (outer(u, u) @ outer(u, u), outer(u, u)), (d.norm(u), Num(1)),
    ((I - 2 * outer(u, u)) @ (I - 2 * outer(u, u)), I), (H @ H, I),
    (Z @ d.relu(x), d.relu(Z @ x)), (Z @ d.exp(x), d.exp(Z @ x)), (Z * Z, Z),
    (d.total(p), Num(1)), (d.grad(d.cross_entropy(p, d.softmax(x)), x), d.softmax(x) - p),
]  # fmt: skip
FALSE = [
    (A.T, A), (K.T, K), (Q.T, Q), (P.T, P), (Z.T, Z), (P.T @ P, P), (D @ A, A @ D), (D @ D, D),
    (S @ A, A @ S), (S @ C, C @ S), (Q @ Q, I), (U @ U.T, J), (V.T @ V, J), (trace(P), Num(1)),
    (Q * Q, Q), (d.squared_norm(Q), Num(1)), (Q @ A @ Q.T, A), (K @ x, 0 * x), (u, 0 * u),
    (d.total(u), Num(1)), (dot(p, p), Num(1)), (R @ A @ R, R @ A), (contract("ij,ij->j", Q, A), x),
    (Q @ d.relu(x), d.relu(Q @ x)), (H, I), (contract("ij,ij,ij->", Q, Q, Q), trace(I)),
    (contract("ij,ij,i->", Q, Q, x), trace(I)), (contract("ii->", Q), trace(I)),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), TRUE)
def test_facts_are_used_by_the_prover(a, b):
    assert prove(a, b) is not None


@pytest.mark.parametrize(("a", "b"), FALSE)
def test_nothing_else_is_proved(a, b):
    assert prove(a, b) is None
    assert not same(a, b)


@pytest.mark.parametrize(("a", "b"), [pair for pair in TRUE if pair[0] is not TRUE[2][0]])
def test_without_the_declaration_it_does_not_hold(a, b):
    plain = {v: Var(v.name, v.axes) for v in toposort(a, b) if isinstance(v, Var) and v.kinds}
    a, b = replaced(a, plain), replaced(b, plain)
    assert prove(a, b) is None


@pytest.mark.parametrize("expr", [side for pair in TRUE + FALSE for side in pair])
def test_what_is_shown_is_proved_equal(expr):
    short = tidy(expr)
    assert prove(expr, short) is not None or same(expr, short)


KIND_SETS = [(kind,) for kind in KINDS] + [
    ("lower", "invertible"), ("upper", "invertible"), ("diagonal", "invertible"),
    ("symmetric", "orthogonal"), ("definite", "diagonal"), ("semidefinite", "diagonal"),
    ("symmetric", "invertible"),
]  # fmt: skip


@pytest.mark.parametrize("kinds", KIND_SETS)
@pytest.mark.parametrize("size", [2, 3, 4])
def test_numbers_are_of_their_kind_exactly(kinds, size):
    tall = {"columns": (m, n), "independent": (m, n), "rows": (n, m), "spanning": (n, m)}.get(
        kinds[0], (n, n)
    )
    axes = (n,) if KINDS[kinds[0]].rank == 1 else tall
    var = Var("X", axes, (), closed(kinds))
    forms = structured(var)
    assert forms
    for form in forms:
        assert form.axes == axes
        draw = np.random.default_rng(size)
        at = {"n": size, "m": size + 2}
        order = toposort(form)
        values = {}
        for free in order:
            if isinstance(free, Var):
                assert not free.kinds
                shape = tuple(at[str(k)] for k in free.axes)
                entries = [Fraction(int(k), 3) for k in draw.integers(1, 6, shape).flat]
                values[free] = np.array(entries, object).reshape(shape)
        array = Exact(values, at, 64).value(form)
        exact = np.array([fraction(k) for k in array.flat], object).reshape(array.shape)
        assert has_kinds(exact, var)


@pytest.mark.parametrize("kind", KINDS)
def test_a_matrix_of_no_kind_is_told(kind):
    axes = (n,) if KINDS[kind].rank == 1 else (n, n)
    singular = kind in ("invertible", "independent", "spanning")
    wrong = [[1, 2], [3, 6]] if singular else [[1, 2], [3, 5]]
    array = np.array(wrong[0] if len(axes) == 1 else wrong, object)
    assert not has_kinds(array, Var("X", axes, (), closed([kind])))


def test_a_semidefinite_matrix_may_have_zeros():
    var = Var("X", (n, n), (), closed(["semidefinite"]))
    for entries, holds in (([[0, 0], [0, 1]], True), ([[0, 1], [1, 1]], False),
                           ([[1, 1], [1, 1]], True), ([[1, 2], [2, 1]], False)):  # fmt: skip
        assert has_kinds(np.array(entries, object), var) is holds


def test_kinds_that_do_not_fit_say_nothing():
    assert kinds_of(Var("X", (m, n), (), closed(["symmetric"]))) == frozenset()
    assert "orthogonal" in kinds_of(Var("X", (n, n), (), closed(["columns"])))
    assert kinds_of(Var("X", (m, n), (), closed(["columns"]))) == {
        "columns", "independent",
    }  # fmt: skip


# ------------------------------------------------------------------------------------- documents

HEAD = r"$A, B, Q, S, P \in \mathbb{R}^{n \times n}$, $x, y, u \in \mathbb{R}^n$, "


def verdicts(text: str) -> list[str]:
    return [link.verdict for claim in d.check(text).claims for link in claim.links]


@pytest.mark.parametrize(
    "said",
    [
        "where $S$ is symmetric.", r"where $S = S^\top$.", r"$S^T = S$.", "with a symmetric $S$.",
        r"$S$ is positive definite.", r"$S \succ 0$.", r"$S \succeq 0$.", "$S$ is PSD.",
        "$A$ and $S$ are symmetric.", "with symmetric matrices $A$, $B$ and $S$.",
        r"$S$ ist symmetrisch.", r"其中 $S$ 是对称矩阵。", "$S$ is real symmetric and invertible.",
        "Let $S$ be a diagonal matrix.", "the symmetric positive semidefinite matrix $S$.",
    ],
)  # fmt: skip
def test_a_symmetric_matrix_is_said_in_many_ways(said):
    text = HEAD + said + r" $f = x^\top S x$. Then $\nabla_x f = 2 S x$."
    assert verdicts(text) == ["proved"]
    assert verdicts(text.replace("2 S x", "S x")) == ["refuted"]


@pytest.mark.parametrize(
    "said",
    [
        "", "$S$ is not symmetric.", "$A$ is symmetric and $S$ is not.", "$A$ is symmetric.",
        r"$S$ is square, $x$ symmetric.", r"the diagonal of $S$ is $x$.", "$S$ is non-symmetric.",
    ],
)  # fmt: skip
def test_what_is_not_said_is_not_used(said):
    text = HEAD + said + r" $f = x^\top S x$. Then $\nabla_x f = 2 S x$."
    assert verdicts(text) == ["refuted"]


@pytest.mark.parametrize(
    "said",
    [
        "$Q$ is orthogonal.", "Let $Q$ be an orthogonal matrix.", r"with $Q^\top Q = I$.",
        r"Suppose $Q^\top Q = Q Q^\top = I$.", r"$Q^{-1} = Q^\top$.",
        "$Q$ has orthonormal columns.", "$Q$ is a rotation matrix.", "the orthonormal matrix $Q$.",
    ],
)  # fmt: skip
def test_orthogonal_matrices(said):
    text = HEAD + said + r" Then $\|Q x\|_2 = \|x\|_2$."
    assert verdicts(text) == ["proved"]
    assert verdicts(text.replace(r"= \|x\|_2", r"= 2 \|x\|_2")) == ["refuted"]
    assert verdicts(HEAD + said + r" Then $Q Q x = x$.") == ["refuted"]


@pytest.mark.parametrize(
    ("declared", "right", "wrong"),
    [
        (r"U \in \mathbb{R}^{m \times n} $ with orthonormal columns, $ z \in \mathbb{R}^m",
         r"U U^\top U x = U x", r"U U^\top z = z"),
        (r"S \in \mathbb{S}^n", r"x^\top S y = y^\top S x", r"x^\top S y = x^\top y"),
        (r"S \in \mathbb{S}^n_{++}", r"x^\top S y = y^\top S x", r"x^\top S x = 0"),
        (r"S \in \mathbb{S}_+^{n}", r"S^\top x = S x", r"S x = x"),
        (r"Q \in O(n)", r"(Q x)^\top Q y = x^\top y", r"x^\top Q y = y^\top Q x"),
        (r"Q \in \mathrm{SO}(n)", r"(Q x)^\top Q y = x^\top y", r"x^\top Q y = y^\top Q x"),
        (r"Q \in SO(n)", r"(Q x)^\top Q y = x^\top y", r"x^\top Q y = y^\top Q x"),
        (r"p \in \Delta^{n-1}", r"\mathbf{1}^\top p = 1", r"p^\top p = 1"),
        (r"P^2 = P", r"P P P x = P x", r"P^\top P x = P x"),
        (r"K = -K^\top$, $K \in \mathbb{R}^{n \times n}", r"x^\top K x = 0", r"K x = 0"),
        (r"v \in \mathbb{R}^n$ is a unit vector, $n > 0", r"v v^\top v = v", r"v v^\top x = x"),
        (r"v \in \mathbb{R}^n$ has unit norm, $n > 0", r"v v^\top v = v", r"v v^\top x = x"),
        (r"D \in \mathbb{R}^{n \times n}$ is diagonal, $n > 0", r"D^\top x = D x", r"D x = x"),
        (r"P$ is an orthogonal projection, $n > 0", r"P^\top P x = P x", r"P x = x"),
        (r"Q$ is a permutation matrix, $n > 0", r"Q \mathrm{ReLU}(x) = \mathrm{ReLU}(Q x)",
         r"Q x = x"),
    ],
)  # fmt: skip
def test_every_kind_is_read_proved_and_refuted(declared, right, wrong):
    text = rf"$A, P, Q \in \mathbb{{R}}^{{n \times n}}$, $x, y \in \mathbb{{R}}^n$, ${declared}$. "
    if declared.startswith(("Q \\in", "P^2")) or declared[1:2] == "$":
        text = text.replace("A, P, Q", "A" if declared.startswith("Q \\in") else "A, P, Q")
    assert verdicts(text + f"Then ${right}$.") == ["proved"]
    assert verdicts(text + f"Then ${wrong}$.") == ["refuted"]


def test_a_counterexample_shows_numbers_of_the_kind():
    report = d.check(HEAD + "$Q$ is orthogonal. Then $Q x = x$.")
    (link,) = report.claims[0].links
    given = np.array(dict(link.counterexample.values)["Q"], object)
    assert np.all(given.T @ given == np.eye(len(given), dtype=int))


def test_a_wrong_size_is_told():
    text = (
        r"Let $S \in \mathbb{R}^{m \times n}$ be symmetric, $x \in \mathbb{R}^n$, $f = \|S x\|^2$."
    )
    with pytest.raises(DeriveError, match="only a square matrix is"):
        read(text + r" $\nabla_x f = ?$")


@pytest.mark.parametrize(
    ("said", "loss", "answer"),
    [
        ("$S$ is symmetric", r"x^\top S x", "2 S x"),
        ("", r"x^\top S x", r"(S + S^\top) x"),
        ("$Q$ is orthogonal", r"\frac12 \|Q x - y\|^2", r"x - Q^\top y"),
        ("", r"\frac12 \|Q x - y\|^2", r"Q^\top (Q x - y)"),
        ("$P$ is an orthogonal projection", r"\frac12 \|P x\|^2", "P x"),
        (r"$S \succ 0$", r"\frac12 x^\top S x - y^\top x", "S x - y"),
        ("$A$ is skew-symmetric", r"x^\top A x + y^\top x", "y"),
    ],
)
def test_what_is_declared_shortens_the_answer(said, loss, answer):
    found = worked(read(HEAD + f"{said}. $f = {loss}$, " + r"$\nabla_x f = ?$"))
    assert latex(found.answers[0].named) == answer


def test_python_has_options():
    assert S.latex() == r"\mathbf{S}"
    assert d.grad(x @ S @ x, x).latex() == r"2 \mathbf{S} \mathbf{x}"
    assert d.grad(x @ A @ x, x).latex() == r"\mathbf{A}^\top \mathbf{x} + \mathbf{A} \mathbf{x}"
    assert S is d.matrix("S", n, n, symmetric=True)
    assert S is not d.matrix("S", n, n, symmetric=False)
    with pytest.raises(TypeError, match="none of what can be said"):
        d.matrix("S", n, n, symetric=True)
    with pytest.raises(d.ShapeError, match="not square"):
        d.matrix("S", m, n, symmetric=True)
