"""Tidying: the same value, never longer, always the same answer."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from derive.kernel.build import dot, named
from derive.kernel.calculus import backward, grad
from derive.kernel.expr import Expr, Var
from derive.kernel.sizes import sizes
from derive.meaning.evaluate import evaluate
from derive.meaning.normal import same
from derive.operators.composites import cross_entropy
from derive.operators.pointwise import log, sigmoid, sqrt, square
from derive.operators.primitives import softmax
from derive.writing.tidy import length, tidy
from tests.random_expressions import AT, VARIABLES, Sprout, values

(n,) = sizes("n")
A = Var("A", (n, n))
x, y = Var("x", (n,)), Var("y", (n,))


def test_like_terms_and_cancelling_factors():
    assert tidy(x + y + x) is 2 * x + y
    assert tidy(x * y / x) is y
    assert tidy(x - x) is 0 * x


def test_the_root_of_a_square_stays():
    assert tidy(sqrt(square(x))) is sqrt(square(x))


def test_a_body_is_called_by_its_name():
    z = named("z", A @ x)
    p = named("p", sigmoid(z))
    sweep = backward(-dot(y, log(p)) - dot(1 - y, log(1 - p))).cotangents
    short = tidy(sweep[z], keep=[p, z])
    assert same(short, p - y)
    assert length(short) == length(p - y)


def test_what_is_kept_stays_a_piece():
    z = named("z", A @ x)
    p = named("p", softmax(z))
    sweep = backward(cross_entropy(y, p)).cotangents
    kept = tidy(sweep[z], keep=[p, sweep[p]])
    seen, stack = set(), [kept]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.kids)
    assert sweep[p] in seen
    assert length(tidy(sweep[z], keep=[p])) < length(sweep[z])


@given(st.integers(0, 10**6), st.booleans())
def test_tidying_keeps_the_value_and_never_grows(seed: int, exact: bool):
    rng = random.Random(seed)
    sprout = Sprout(rng, exact=exact, labels=True)
    expr = sprout.scalar(3)
    if seed % 3 == 0 and not exact:
        expr = grad(expr, rng.choice(VARIABLES[:6]))
    assert isinstance(expr, Expr)
    short = tidy(expr)
    assert length(short) <= length(expr)
    assert tidy(expr) is short
    known = values(rng, exact)
    try:
        want = evaluate(expr, known, AT, exact=exact)
    except ZeroDivisionError:
        return
    got = evaluate(short, known, AT, exact=exact)
    assert np.array_equal(got, want) if exact else np.allclose(got, want)
