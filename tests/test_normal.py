"""The normal form: what it proves, and what it must not prove."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.kernel.build import contract, diag, dot, named, outer, spread, total, trace
from derive.kernel.calculus import hessian, jacobian
from derive.kernel.expr import Delta, Expr, Ones, Var
from derive.kernel.sizes import sizes
from derive.meaning.evaluate import evaluate
from derive.meaning.normal import normal, same
from derive.operators.composites import norm
from derive.operators.pointwise import absolute, gt, power, relu, sqrt, square
from tests.random_expressions import AT, Sprout, values

n, m = sizes("n m")
a = Var("a", ())
A, B, C = (Var(s, (n, n)) for s in "ABC")
x, y, v = (Var(s, (n,)) for s in "xyv")

EQUAL = [
    (A @ (B @ x), (A @ B) @ x),
    (A @ (x + y), A @ x + A @ y),
    (outer(x, y), outer(y, x).T),
    ((A @ B).T, B.T @ A.T),
    (trace(A @ B @ C), trace(B @ C @ A)),
    (trace(A @ A @ B), trace(A @ B @ A)),
    (trace(A @ B), dot(A.T, B)),
    (dot(x, A @ y), dot(A.T @ x, y)),
    ((x + y) * (x + y), x * x + 2 * x * y + y * y),
    (square(x), x * x),
    (x / x, 1 + 0 * x),
    (norm(x) * norm(x), dot(x, x)),
    (diag(x) @ y, x * y),
    (contract("i,ij->ij", x, Delta(n)), contract("j,ij->ij", x, Delta(n))),
    (total(x) * total(y), total(outer(x, y))),
    (gt(x, 0) * gt(x, 0), gt(x, 0)),
    (jacobian(A @ x, x), A.T),
    (hessian(dot(x, A @ x), x), A + A.T),
    (contract("ij,jk,kl,li->", A, A, A, A), trace(A @ A @ A @ A)),
    (contract("ij,ji,kl,lk->", A, A, A, A), trace(A @ A) * trace(A @ A)),
    (0 * x, x - x),
    # a square is a product, its sums multiplied out
    (square(A @ x), (A @ x) * (A @ x)),
    (square(A @ x * y), (A @ x) * y * (A @ x) * y),
    (power(-1)(1 + square(A @ x)), 1 / (1 + (A @ x) * (A @ x))),
    (power(-1)((1 + x) * (1 + x)), power(-2)(1 + x)),
    (square(dot(x, x)), power(4)(power(Fraction(1, 2))(dot(x, x)))),
    (power(3)(x + y), (x + y) * (x + y) * (x + y)),
    (relu(spread(a, (n,))), spread(relu(a), (n,))),
    (relu(spread(a, (n,)) + 1) * x, relu(a + 1) * x),
    (power(-1)(1 + spread(a, (n,))), spread(power(-1)(1 + a), (n,))),
    (total(relu(outer(x, Ones(m)))), total(Ones(m)) * total(relu(x))),
    (square(total(Ones(n))), total(outer(Ones(n), Ones(n)))),
    (total(Ones(n)) / total(Ones(n)) * x, x),
    (total(Ones(3)) * x, 3 * x),
    (total(Ones(2 * n * m)), 2 * total(Ones(n)) * total(Ones(m))),
]

NOT_EQUAL = [
    (power(Fraction(1, 2))(square(a)), a),
    (relu(spread(a, (n,))), spread(a, (n,))),
    (total(Ones(n)), total(Ones(m))),
    (relu(outer(x, Ones(n))), relu(outer(Ones(n), x))),
    (square(total(x)), total(square(x))),
    (A @ B, B @ A),
    (A + A.T, 2 * A),
    (sqrt(x * x), x),
    (sqrt(square(x)), absolute(x) * 2),
    (outer(x, y), outer(y, x)),
    (trace(A @ B @ C), trace(A @ C @ B)),
    (trace(A @ A.T @ B), trace(A.T @ A @ B)),
    (dot(x, A @ y), dot(y, A @ x)),
    (A @ x, A.T @ x),
    (A * B, A @ B),
    (diag(A @ x), A @ diag(x)),
    (relu(-x), -relu(x)),
    (gt(x, 0), gt(0 * x, x)),
    (dot(x, x), dot(x, y)),
    (total(x), total(y)),
    (power(2)(total(x)), dot(x, x)),
    (
        contract("ij,jk,ki,ab,bc,ca->", A, A, A, A, A, A),
        contract("ij,jk,kl,la,ab,bi->", A, A, A, A, A, A),
    ),
    (named("a", x), named("b", x)),
    (A, x),
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal(left: Expr, right: Expr):
    assert same(left, right)


@pytest.mark.parametrize(("left", "right"), NOT_EQUAL)
def test_not_shown_equal(left: Expr, right: Expr):
    assert not same(left, right)


def test_a_name_is_a_barrier():
    h = named("h", A @ (B @ x))
    assert normal(h) is h
    assert same(C @ h + h, h + C @ h)
    assert not same(C @ h, C @ (A @ (B @ x)))


def test_products_over_long_sums_stay_closed():
    parts = [Var(f"v_{k}", (n,)) for k in range(40)]
    long = parts[0]
    for part in parts[1:]:
        long = long + part
    for _ in range(12):
        long = long + A @ long
    assert len(getattr(normal(long), "terms", ())) < 200


@given(st.integers(0, 10**6))
def test_the_normal_form_keeps_the_exact_value(seed: int):
    rng = random.Random(seed)
    sprout = Sprout(rng, exact=True, labels=True)
    n0 = sprout.size()
    expr = rng.choice([sprout.scalar, lambda k: sprout.vector(n0, k)])(3)
    form = normal(expr)
    assert normal(form) is form
    known = values(rng, exact=True)
    try:
        want = evaluate(expr, known, AT, exact=True)
    except ZeroDivisionError:
        return
    assert np.array_equal(evaluate(form, known, AT, exact=True), want)
