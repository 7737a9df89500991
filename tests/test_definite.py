"""The order of matrices: what the rules show is true, and what is not is broken by a vector."""

from fractions import Fraction

import numpy as np
import pytest

import derive as d
from derive.derivation.network import Domain
from derive.kernel.build import contract, diag, dot, outer
from derive.kernel.expr import Delta, Expr, Num, Var, toposort
from derive.meaning.evaluate import evaluate_all
from derive.operators.structures import structured

pytest.importorskip("flint")

from proofs.equal.mirrored import semidefinite
from proofs.loewner import certified

n, m, c = d.sizes("n m c")
A, B, X, W = d.matrix("A", n, n), d.matrix("B", n, n), d.matrix("X", m, n), d.matrix("W", c, n)
x, w, y, z, t = (d.vector(s, k) for s, k in zip("xwyzt", (n, m, m, c, c), strict=True))
S, H = d.matrix("S", n, n, semidefinite=True), d.matrix("H", n, n, symmetric=True)
C, p = d.matrix("C", n, n, definite=True), d.vector("p", c, distribution=True)
K, lam = d.matrix("K", n, n, skew=True), d.scalar("lambda")
I = Delta(n)  # noqa: E741
FACTS: dict[Expr, Domain] = {lam: Domain(low=Fraction(0))}
v, E = d.vector("v", n), d.exp(z)
M, T = (1 + dot(x, x)) * I, outer(A @ x, A @ x)
logits = d.name("u", X @ x)
samples = d.batch("x", m, n)

SHOWN = {
    "Gram": X.T @ X, "outer Gram": A @ A.T, "congruence": A @ S @ A.T, "twice": A @ B @ B.T @ A.T,
    "weights": contract("ki,k,kj->ij", X, d.exp(w), X), "multiple": lam * I, "sum": S + C,
    "declared": S, "inverse": d.inverse(C), "Schur": S * C, "square": outer(x, x),
    "Kronecker": contract("ij,kl->ikjl", S, C), "variance": diag(p) - outer(p, p),
    "ridge": d.hessian(d.half_squared_norm(X @ x - y) + lam * d.squared_norm(x), x),
    "logistic": d.hessian(d.total(d.softplus(logits) - y * logits), x),
    "cross-entropy": d.hessian(-dot(y, d.log(d.sigmoid(logits)))
                               - dot(1 - y, d.log(1 - d.sigmoid(logits))), x),
    "log-sum-exp": d.hessian(d.logsumexp(z) - dot(t, z), z),
    "softmax regression": d.hessian(d.logsumexp(W @ x) - dot(t, W @ x), W),
    "a batch of it": d.hessian(d.total(d.logsumexp(contract("kj,ij->ik", W, samples))), W),
    "a multiple of a sum": 2 * (S + C), "turned round": (S + C).T, "less than I": M - outer(x, x),
    "root": d.hessian((1 + dot(x, x)) ** 0.5, x),
    "logarithm": d.hessian(d.log(1 + d.exp(dot(y, X @ x))), x),
    "of a sum": d.hessian(d.log(d.total(d.exp(X @ x))), x), "more than is taken": T - T / 2,
    "by weights": diag(E) / d.total(E) - outer(E, E) / d.total(E) ** 2,
    "projection": I - W.T @ d.inverse(W @ W.T) @ W,
    "and more": M - outer(x, x) + outer(v, v), "barrier": d.hessian(-d.total(d.log(x)), x),
}  # fmt: skip
STRICT = {
    "multiple", "sum", "inverse", "ridge", "a multiple of a sum", "turned round", "less than I",
    "root", "and more", "barrier",
}  # fmt: skip
NOT = {
    "A": A, "A * A^T": A * A.T, "A + A^T": A + A.T, "H": H, "-S": -S, "S - C": S - C,
    "I - S": I - S,
    "AB": A @ B, "free weights": contract("ki,k,kj->ij", X, w, X), "diag": diag(x),
    "no distribution": diag(z) - outer(z, z), "too much": diag(p) - 2 * outer(p, p),
    "twice too much": diag(p) - outer(p, p) - outer(p, p), "squares": diag(p * p) - outer(p, p),
    "negative": -lam * I, "CS": C @ S, "two sides": A @ S @ B.T, "AA": A @ A, "K": K, "KK": K @ K,
    "xx - I": outer(x, x) - I, "crossed": contract("ij,ji->ij", A, A),
    "crossed four": contract("il,kj->ikjl", A, A), "H * H^T": contract("ij,kl->ikjl", H, C),
    "mixed": contract("ab,ba,ai,bj->ij", A, A, B, B), "more than I": M - 2 * outer(x, x),
    "twice from I": M - outer(x, x) - outer(v, v), "I - xx": I - outer(x, x),
    "more by weights": diag(E) / d.total(E) - 2 * outer(E, E) / d.total(E) ** 2,
    "weights not squared": diag(E) / d.total(E) - outer(E, E) / d.total(E),
    "signs": diag(z) / d.total(z) - outer(z, z) / d.total(z) ** 2, "T - 2 T": T - 2 * T,
    "no projection": I - 2 * W.T @ d.inverse(W @ W.T) @ W,
    "two vectors": M - 3 * outer(x, v), "inside": X.T @ (diag(d.exp(w)) - outer(w, w)) @ X,
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_the_form_shows_it(name):
    found = certified(SHOWN[name], FACTS)
    assert found is not None
    assert found.reasons
    assert found.strict is (name in STRICT)


@pytest.mark.parametrize("name", NOT)
def test_what_is_not_is_not_shown(name):
    assert certified(NOT[name], FACTS) is None


def least(matrix: Expr, seed: int) -> float:
    """The least eigenvalue at a random point, relative to the largest entry."""
    draw = np.random.default_rng(seed)
    at = {"n": 3, "m": 4, "c": 2}
    values = {}
    for var in toposort(matrix):
        if not isinstance(var, Var):
            continue
        shape = tuple(at[str(k)] for k in var.axes)
        if var is lam:
            values[var] = draw.uniform(0.1, 2)
        elif var.kinds:
            (form, *_) = structured(var)
            free = {v: draw.normal(size=tuple(at[str(k)] for k in v.axes))
                    for v in toposort(form) if isinstance(v, Var)}  # fmt: skip
            values[var] = evaluate_all([form], free, at)[form]
        else:
            values[var] = draw.normal(size=shape)
    array = evaluate_all([matrix], values, at)[matrix]
    size = int(np.sqrt(array.size))
    flat = array.reshape(size, size)
    return float(np.linalg.eigvalsh((flat + flat.T) / 2).min() / max(np.abs(flat).max(), 1e-3))


@pytest.mark.parametrize("name", SHOWN)
def test_no_vector_speaks_against_it(name):
    for seed in range(5):
        assert least(SHOWN[name], seed) > -1e-9


@pytest.mark.parametrize("name", [name for name in NOT if name not in ("K", "KK", "CS", "squares")])
def test_some_vector_speaks_against_the_others(name):
    assert min(least(NOT[name], seed) for seed in range(20)) < -1e-6


def test_random_products_are_shown_only_where_they_are():
    """Products of a few factors at random indices, rows i and k, columns j and l."""
    draw = np.random.default_rng(0)
    pool = [A, B, S, C, H, I, K, x, d.exp(x), d.sigmoid(x)]
    shown = 0
    for _ in range(3000):
        letters = "ijabc"[: draw.integers(3, 6)]
        chosen = [pool[k] for k in draw.integers(len(pool), size=draw.integers(2, 5))]
        if draw.random() < 0.5:
            chosen += chosen
        spots = ["".join(draw.choice(list(letters), len(f.axes))) for f in chosen]
        if not {"i", "j"} <= set("".join(spots)):
            continue
        sign = Num(-1) if draw.random() < 0.2 else Num(1)
        matrix = contract(",".join(["", *spots]) + "->ij", sign, *chosen)
        if matrix.axes != (n, n):
            continue
        found = semidefinite(matrix, FACTS)
        if found is None:
            continue
        shown += 1
        for seed in range(4):
            assert least(matrix, seed) > -1e-9, (spots, chosen, found)
            assert not found.strict or least(matrix, seed) > 1e-12
    assert shown > 50


# ------------------------------------------------------------------------------------- documents


def verdicts(text: str) -> list[str]:
    return [link.verdict for claim in d.check(text).claims for link in claim.links]


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"X^\top X \succeq 0", "proved"), (r"0 \preceq X^\top X", "proved"),
        (r"X^\top X + \lambda I \succ 0", "proved"), (r"X^\top X \succ 0", "refuted"),
        (r"-X^\top X \succeq 0", "refuted"), (r"X^\top X \preceq 0", "refuted"),
        (r"A + A^\top \succeq 0", "refuted"), (r"A B A^\top \succeq 0", "refuted"),
        (r"X^\top X + \lambda I \succeq \lambda I", "proved"),
        (r"X^\top X \succeq \lambda I", "refuted"), (r"\nabla_w^2 L \succeq 0", "proved"),
        (r"\nabla_w^2 L = X^\top X + \lambda I \succ 0", "proved proved"),
        (r"\operatorname{diag}(p) - p p^\top \succeq 0", "proved"),
        (r"\operatorname{diag}(p) - 2 p p^\top \succeq 0", "refuted"),
        (r"X \succeq 0", "unsettled"),
    ],
)  # fmt: skip
def test_claims_get_a_verdict(claim, verdict):
    text = (
        r"Let $X \in \mathbb{R}^{m \times n}$, $A, B \in \mathbb{R}^{n \times n}$, "
        r"$a \in \mathbb{R}^c$, $p = \mathrm{softmax}(a)$, $\lambda > 0$, $w \in \mathbb{R}^n$, "
        r"$y \in \mathbb{R}^m$, $L = \frac12 \|X w - y\|^2 + \frac{\lambda}{2} \|w\|^2$. "
    )
    if claim.startswith("X \\succ"):  # said of a variable it is a fact, of which it is none
        text = text.replace(r"X \in", r"Y = 2 X$, $X \in").replace("Let", "Let")
        claim = claim.replace("X", "Y")
    assert verdicts(text + f"Then ${claim}$.") == verdict.split()


def test_a_counterexample_is_a_vector():
    report = d.check(r"$A \in \mathbb{R}^{n \times n}$. Then $A + A^\top \succeq 0$.")
    (link,) = report.claims[0].links
    values = dict(link.counterexample.values)
    v, a = np.array(values["v"], object), np.array(values["A"], object)
    assert v @ (a + a.T) @ v < 0
