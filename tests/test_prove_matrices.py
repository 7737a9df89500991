"""Laws of inverses and determinants in proofs: true ones found, false ones never, under conditions
that hold where the claim does."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("flint")

import derive as d
from derive.derivation.network import Domain
from derive.kernel.build import contracted
from derive.kernel.expr import Delta, Expr, Var, toposort
from derive.kernel.sizes import size
from proofs.equal import prove
from proofs.equal.bounds import Bounds
from proofs.equal.definite import definiteness

n, m, k = d.sizes("n m k")
A, B, C = (d.matrix(letter, n, n) for letter in "ABC")
X, U, V, K = d.matrix("X", m, n), d.matrix("U", n, k), d.matrix("V", k, n), d.matrix("K", k, k)
x, v, y = d.vector("x", n), d.vector("v", n), d.vector("y", m)
c, lam = d.scalar("c"), d.scalar("lambda")
E, inv, det = Delta(n), d.inverse, d.det
count = d.total(1 + 0 * x)


def times(s: Expr, a: Expr) -> Expr:
    own = tuple(range(len(a.axes)))
    return contracted((s, a), ((), own), own)


H = X.T @ X + times(lam, E)
BIG = X @ X.T + times(lam, Delta(m))

TRUE = [
    (inv(A) @ A @ x, x), (inv(H) @ (X.T @ X + times(lam, E)) @ x, x), (inv(A @ B), inv(B) @ inv(A)),
    (inv(A.T), inv(A).T), (inv(times(c, A)), times(1 / c, inv(A))), (inv(inv(A)), A),
    (det(A @ B), det(A) * det(B)), (det(A.T), det(A)), (det(inv(A)), 1 / det(A)),
    (det(times(c, A)), d.raised(c, count) * det(A)), (d.trace(inv(A) @ A), count),
    (d.logdet(A @ B), d.logdet(A) + d.logdet(B)), (d.logdet(inv(A)), -d.logdet(A)),
    (inv(H).T, inv(H)), (inv(E + A @ B) @ A, A @ inv(E + B @ A)),
    (X.T @ inv(BIG), inv(H) @ X.T), (inv(A) - inv(B), inv(A) @ (B - A) @ inv(B)),
    (inv(A + U @ K @ V), inv(A) - inv(A) @ U @ inv(inv(K) + V @ inv(A) @ U) @ V @ inv(A)),
    (inv(A + d.outer(x, v)),
     inv(A) - times(1 / (1 + d.dot(v, inv(A) @ x)), d.outer(inv(A) @ x, inv(A).T @ v))),
    (d.dot(x, inv(A + U @ K @ V) @ v),
     d.dot(x, inv(A) @ v) - d.dot(x, inv(A) @ U @ inv(inv(K) + V @ inv(A) @ U) @ V @ inv(A) @ v)),
    (det(E + d.outer(x, v)), 1 + d.dot(v, x)),
    (det(A + d.outer(x, v)), det(A) * (1 + d.dot(v, inv(A) @ x))),
    (d.grad(d.logdet(A @ B), A), inv(A).T), (inv(d.diag(x)), d.diag(1 / x)),
]  # fmt: skip
FALSE = [
    (inv(A) @ A @ x, v), (inv(A @ B), inv(A) @ inv(B)), (inv(A + B), inv(A) + inv(B)),
    (inv(A).T, inv(A)), (inv(A) @ B @ A, B), (A @ inv(B) @ A, B), (inv(A).T @ A @ x, x),
    (det(A + B), det(A) + det(B)), (det(times(c, A)), c * det(A)), (det(-A), -det(A)),
    (det(-A), det(A)), (det(E + d.outer(x, v)), 1 - d.dot(v, x)),
    (det(A + d.outer(x, v)), det(A) * (1 + d.dot(x, inv(A) @ v))),
    (inv(A + U @ K @ V), inv(A) - inv(A) @ U @ inv(K + V @ inv(A) @ U) @ V @ inv(A)),
    (inv(A + U @ K @ V), inv(A) + inv(A) @ U @ inv(inv(K) + V @ inv(A) @ U) @ V @ inv(A)),
    (inv(H) @ X.T @ X @ x, x), (X @ inv(H) @ X.T, Delta(m)), (X @ inv(X.T @ X) @ X.T, Delta(m)),
    (inv(A) - inv(B), inv(A) @ (A - B) @ inv(B)), (X.T @ inv(X @ X.T) @ X @ x, x),
    (d.logdet(A + B), d.logdet(A) + d.logdet(B)), (inv(A.T @ A), inv(A) @ inv(A)),
    (d.trace(inv(A) @ A), d.total(1 + 0 * y)), (inv(E + A), E - A),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), TRUE, ids=lambda e: e.latex()[:40])
def test_a_law_is_proved_under_its_conditions(a, b):
    found = prove(a, b)
    assert found is not None
    words = {node.op.name for node in toposort(a, b) if hasattr(node, "op")}
    if "inverse" in words:
        assert found.conditions, "an inverse exists only of an invertible matrix"


@pytest.mark.parametrize(("a", "b"), FALSE, ids=lambda e: e.latex()[:40])
def test_what_is_false_is_not_proved(a, b):
    assert prove(a, b) is None


def test_conditions_that_are_shown_are_not_asked_for():
    facts = {lam: Domain(low=Fraction(0))}
    assert prove(inv(H) @ H @ x, x, facts).conditions == ()
    assert prove(inv(H) @ H @ x, x).conditions != ()
    # Only semidefinite: X may lack columns.
    assert prove(inv(X.T @ X) @ (X.T @ X) @ x, x, facts).conditions != ()


# ------------------------------------------------------------------------------------ at random


def grown(r: random.Random, depth: int) -> Expr:
    """A square matrix made of A, B, C, the identity, a rank-one matrix and inverses."""
    if depth == 0:
        return r.choice([A, B, A.T, B.T, C, E, d.outer(x, v)])
    a, b = grown(r, depth - 1), grown(r, r.randrange(depth))
    return r.choice([
        lambda: a @ b, lambda: b @ a, lambda: a + b, lambda: a - b, lambda: inv(a), lambda: inv(a),
        lambda: a.T, lambda: times(r.choice([c, det(b)]), a), lambda: inv(a @ b),
    ])()  # fmt: skip


def other(r: random.Random, a: Expr) -> Expr:
    """Another expression, near this one: sometimes equal to it."""
    g = r.choice([A, B, C, E + A])
    ways = [
        lambda: g @ inv(g) @ a, lambda: inv(g) @ a @ g, lambda: inv(inv(a)), lambda: a.T,
        lambda: inv(g @ inv(a)) @ g, lambda: g @ inv(inv(a) @ g), lambda: inv(inv(a) @ g),
        lambda: inv(inv(a) + g) , lambda: a - a @ inv(g + a) @ a, lambda: a @ inv(g + a) @ g,
        lambda: times(det(g @ a) / (det(a) * det(g)), a), lambda: times(det(g) / det(g.T @ E), a),
    ]  # fmt: skip
    return r.choice(ways)()


def regular(*exprs: Expr, seed: int) -> bool:
    """Whether what is inverted or divided by is far from singular at this point."""
    for node in toposort(*exprs):
        if getattr(getattr(node, "op", None), "name", "") == "inverse":
            at = value(node.kids[0], seed)
            if not np.all(np.isfinite(at)) or np.linalg.cond(at) > 1e6:
                return False
    return True


def value(e: Expr, seed: int):
    rng = np.random.default_rng(seed)
    values = {w: rng.normal(size=tuple(3 for _ in w.axes)) for w in (A, B, C, x, v)}
    values[c] = rng.normal()
    with np.errstate(all="ignore"):
        return d.evaluate(e, {w: a for w, a in values.items()}, {str(size("n")): 3})


@pytest.mark.parametrize("seed", range(40))
def test_what_is_proved_of_random_matrices_holds(seed):
    r = random.Random(seed)
    proved = 0
    for _ in range(6):
        a = grown(r, r.randrange(1, 3))
        b = other(r, a) if r.random() < 0.8 else grown(r, 2)
        if prove(a, b, seconds=0.1) is None:
            continue
        proved += 1
        for at in range(3):
            if not regular(a, b, seed=at):
                continue
            left, right = value(a, at), value(b, at)
            if np.all(np.isfinite(left)) and np.all(np.isfinite(right)):
                scale = 1 + np.abs(left).max()
                if scale < 1e6:  # far from singular matrices
                    assert np.allclose(left, right, rtol=1e-5, atol=1e-5 * scale), (a, b)


@pytest.mark.parametrize(
    ("made", "definite"),
    [
        (H, 2), (X.T @ X, 1), (inv(H), 2), (inv(X.T @ X), 2), (X @ inv(H) @ X.T, 1), (E, 2),
        (d.outer(x, x), 1), (E + d.outer(x, x), 2), (times(lam, X.T @ X) + d.outer(x, x), 1),
        (X.T @ d.diag(y * y) @ X, 1), (d.outer(x, v), 0), (X.T @ d.diag(y) @ X, 0), (A, 0),
        (E - d.outer(x, x), 0), (A @ A, 0), (A + A.T, 0), (times(c, E), 0), (H - E, 0),
        (d.outer(x, v) + d.outer(v, x), 0), (X.T @ X @ X.T @ X, 1), (A.T @ B, 0), (A.T @ H @ A, 1),
        (A.T @ H @ B, 0), (A @ H @ A, 0), (times(d.dot(x, x), E), 1),
    ],
    ids=lambda e: "",
)  # fmt: skip
def test_definite_by_its_form(made, definite):
    bounds = Bounds({lam: Domain(low=Fraction(0))})
    bounds.of(made)
    assert definiteness(made, bounds.of) == definite
    for seed in range(20):
        rng = np.random.default_rng(seed)
        shape = {str(n): 3, str(m): 2}
        at = {w: rng.normal(size=tuple(shape[str(s)] for s in w.axes)) for w in (A, B, X, x, v, y)}
        at |= {lam: rng.uniform(0.1, 2), c: rng.normal()}
        number = d.evaluate(made, at, shape)
        if definite and np.all(np.isfinite(number)) and np.abs(number).max() < 1e6:
            assert np.allclose(number, number.T)
            assert np.linalg.eigvalsh(number)[0] > (-1e-9 if definite == 1 else 0)


def test_declared_facts_are_used():
    Q, S = Var("Q", (n, n), (), ("orthogonal",)), Var("S", (n, n), (), ("definite",))
    assert prove(inv(Q), Q.T) is not None
    assert prove(det(Q @ A @ Q.T), det(A)).conditions == ()
    assert prove(det(Q), d.det(E)) is None  # it may be -1
    assert prove(det(Q) * det(Q), d.det(E)) is not None
    assert prove(inv(S) @ S @ x, x).conditions == ()
    assert prove(inv(S).T, inv(S)) is not None
