"""Flat axes: vec and Kronecker products against NumPy's own, and the laws that look through them.

The idea: the constant that stacks columns is a 0/1 array; whatever looks through it must give what
the array gives.
"""

import random

import numpy as np
import pytest

import derive as d
from derive.kernel.contraction import contracted
from derive.kernel.expr import Contract, Delta, Expr, Ones, ShapeError
from derive.meaning import evaluate as evaluation
from derive.meaning.normal import normal, same
from derive.operators.stacking import stacks
from proofs.equal import prove

m, n, p, q, r = d.sizes("m n p q r")
AT = {"m": 2, "n": 3, "p": 4, "q": 5, "r": 2}
A, B, C = d.matrix("A", m, n), d.matrix("B", p, q), d.matrix("C", n, r)
D, X, F = d.matrix("D", q, m), d.matrix("X", n, p), d.matrix("F", p, n)
u, v = d.vector("u", m), d.vector("v", n)
draw = np.random.default_rng(0)
VALUES = {one: draw.normal(size=[AT[str(k)] for k in one.axes]) for one in (A, B, C, D, X, F, u, v)}

IDENTITIES = {
    "vec of a product": (d.vec(A @ X @ B), d.kron(B.T, A) @ d.vec(X)),
    "mixed product": (d.kron(A, B) @ d.kron(C, D), d.kron(A @ C, B @ D)),
    "transpose": (d.kron(A, B).T, d.kron(A.T, B.T)),
    "trace": (d.trace(d.kron(A @ A.T, B @ B.T)), d.trace(A @ A.T) * d.trace(B @ B.T)),
    "inner product": (d.trace(A.T @ A), d.vec(A) @ d.vec(A)),
    "commutation": (d.commutation(m, n) @ d.vec(A), d.vec(A.T)),
    "commutation undone": (d.commutation(m, n) @ d.commutation(n, m), d.diag(Ones(m * n))),
    "turned": (d.commutation(p, m) @ d.kron(A, B) @ d.commutation(n, q), d.kron(B, A)),
    "three": (d.kron(d.kron(A, B), C), d.kron(A, d.kron(B, C))),
    "four": (d.kron(d.kron(A, B), d.kron(C, D)), d.kron(A, d.kron(d.kron(B, C), D))),
    "inverse of vec": (d.unvec(d.vec(A), m, n), A),
    "outer product": (d.vec(d.outer(u, v)), d.kron(v, u)),
    "vectors": (d.kron(A.T, C.T) @ d.kron(u, v), d.kron(A.T @ u, C.T @ v)),
    "Khatri and Rao": (d.vec(A @ d.diag(v) @ F.T), d.khatri_rao(F, A) @ v),
    "identities": (d.kron(Delta(m), Delta(n)), Delta(n * m)),
    "a gradient through vec": (d.grad(d.vec(A) @ d.kron(v, u), A), d.outer(u, v)),
}
WRONG = {
    "order": (d.vec(A @ X @ B), d.kron(A, B.T) @ d.vec(X)),
    "transposes": (d.kron(A, A), d.kron(A, A).T.T * 2),
    "swapped": (d.kron(A @ A.T, B @ B.T), d.kron(B @ B.T, A @ A.T)),
    "outer product": (d.vec(d.outer(u, v)), d.kron(u, v)),
    "no commutation": (d.kron(Delta(m), Delta(n)), d.commutation(m, n)),
}


def value(expr: Expr):
    return d.evaluate(expr, VALUES, AT)


@pytest.mark.parametrize("name", IDENTITIES)
def test_identities_hold_and_are_proved(name):
    left, right = IDENTITIES[name]
    assert np.allclose(value(left), value(right))
    assert same(left, right)
    assert prove(left, right)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_not_proved(name):
    left, right = WRONG[name]
    assert value(left).shape == value(right).shape
    assert not np.allclose(value(left), value(right))
    assert not same(left, right)
    assert not prove(left, right)


def test_conventions_are_those_of_numpy():
    assert np.allclose(value(d.kron(A, B)), np.kron(VALUES[A], VALUES[B]))
    assert np.allclose(value(d.kron(u, v)), np.kron(VALUES[u], VALUES[v]))
    assert np.allclose(value(d.kron(A, v)), np.kron(VALUES[A], VALUES[v][:, None]))
    assert np.allclose(value(d.kron(u, A)), np.kron(VALUES[u][:, None], VALUES[A]))
    assert np.allclose(value(d.vec(A)), VALUES[A].flatten(order="F"))


@pytest.mark.parametrize("name", IDENTITIES)
def test_code_computes_the_same(name):
    for side in IDENTITIES[name]:
        variables = {k: VALUES[k] for k in VALUES if k in evaluation.toposort(side)}
        sizes = {} if variables else {k: AT[k] for k in "mn"}
        assert np.allclose(d.compile(side)(variables, **sizes), value(side))


def test_a_kronecker_product_is_not_made_where_it_meets_a_vec():
    big = d.size("k")
    S, Z = d.matrix("S", big, big), d.matrix("Z", big, big)
    product = d.kron(S, S) @ d.vec(Z)
    k = 300  # 90,000 × 90,000 numbers would be 65 GB
    made = draw.normal(size=(k, k))
    found = d.compile(product)({S: made, Z: made})
    assert np.allclose(found, (made @ made @ made.T).flatten(order="F"))
    assert np.allclose(found, d.evaluate(product, {S: made, Z: made}))


@pytest.mark.parametrize(
    "make",
    [
        lambda: d.vec(d.tensor("t", 2, 2, 2)),
        lambda: d.unvec(d.vector("v", 6), 2, 2),
        lambda: d.kron(d.tensor("t", 2, 2, 2), A),
        lambda: d.khatri_rao(A, B),
    ],
)
def test_what_does_not_fit_is_refused(make):
    with pytest.raises(ShapeError):
        make()


def random_product(seed: int) -> Contract | None:
    """A product of stacks, deltas and variables whose indices meet at random."""
    choose = random.Random(seed)
    axes: dict[int, object] = {}

    def index(size):
        known = [i for i, other in axes.items() if other == size]
        if known and choose.random() < 0.75:
            return choose.choice(known)
        axes[len(axes)] = size
        return len(axes) - 1

    pairs = [(m, n), (n, m), (m, m), (m * n, m), (m, n * m)]
    factors, spots = [], []
    for _ in range(choose.randint(1, 5)):
        kind = choose.randint(0, 5)
        if kind <= 2:
            factor = stacks(*choose.choice(pairs))
        elif kind == 3:
            factor = Delta(choose.choice([m, n, m * n]))
        else:
            factor = A if kind == 4 else FLAT
        factors.append(factor)
        spots.append(tuple(index(size) for size in factor.axes))
    every = sorted({i for own in spots for i in own})
    out = tuple(choose.sample(every, min(len(every), choose.randint(0, 3))))
    return contracted(factors, spots, out)


FLAT = d.vector("w", m * n)
POINT = {A: draw.integers(-3, 4, (2, 3)), FLAT: draw.integers(-3, 4, 6)}


@pytest.mark.parametrize("block", range(10))
def test_looking_through_stacks_changes_no_value(block, monkeypatch):
    for seed in range(100 * block, 100 * block + 100):
        expr = random_product(seed)
        found = evaluation.evaluate(expr, POINT, AT)
        form = evaluation.evaluate(normal(expr), POINT, AT)
        with monkeypatch.context() as patch:  # every stack as the array that it is
            patch.setattr(evaluation, "opened", lambda node: None)
            patch.setattr(evaluation, "below", lambda node: node.kids)
            plain = evaluation.evaluate(expr, POINT, AT)
        assert np.allclose(found, plain), seed
        assert np.allclose(form, plain), seed
        assert prove(expr, normal(expr)), seed
        assert not prove(expr, 2 * expr) or not plain.any(), seed
