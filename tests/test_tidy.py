"""Tidying: the same value, never longer, always the same answer."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.kernel.build import contract, dot, named, outer
from derive.kernel.calculus import backward, grad
from derive.kernel.expr import Expr, Map, Ones, Var, toposort
from derive.kernel.sizes import sizes
from derive.latex.print import latex
from derive.meaning.evaluate import evaluate
from derive.meaning.normal import same
from derive.operators.composites import cross_entropy
from derive.operators.pointwise import log, power, reciprocal, sigmoid, sqrt, square
from derive.operators.primitives import one_hot, softmax
from derive.writing.lengths import length
from derive.writing.tidy import tidy
from derive.writing.write import write
from tests.random_expressions import AT, MATRICES, VARIABLES, VECTORS, M, N, Sprout, values

(n,) = sizes("n")
A = Var("A", (n, n))
x, y = Var("x", (n,)), Var("y", (n,))


def test_like_terms_and_cancelling_factors():
    assert tidy(x + y + x) is 2 * x + y
    assert tidy(x * y / x) is y
    assert tidy(x - x) is 0 * x


def test_a_number_over_itself_is_gone_among_other_factors():
    s = contract("i,i->", x, y)
    assert tidy(contract("i,i,j,->j", x, y, x, reciprocal(s))) is x
    squared = contract("i,i,j,->j", x, y, x, power(-2)(s))
    assert tidy(squared) is tidy(contract("j,->j", x, reciprocal(s)))


def test_a_number_of_each_row_is_gone_and_the_rows_are_counted():
    rows = contract("ij,j->i", A, x)
    over = contract("ij,j,i,i->", A, x, y, reciprocal(rows))
    assert tidy(over) is tidy(contract("i->", y))
    assert tidy(contract("ij,j,i->", A, x, reciprocal(rows))) is tidy(contract("i->", Ones(n)))


@pytest.mark.parametrize(
    "kept",
    [
        contract("i,i,->i", x, y, reciprocal(contract("i,i->", x, y))),  # nothing is summed
        contract("i,i,i,->", x, y, x, reciprocal(contract("i,i->", x, y))),  # a third is in the sum
        contract("ij,j,i->", A, x, reciprocal(contract("ij,i->j", A, x))),  # of the other axis
    ],
)
def test_a_sum_that_hangs_together_with_others_stays(kept: Expr):
    short = tidy(kept)
    rng = np.random.default_rng(3)
    given = {A: rng.normal(size=(3, 3)), x: rng.normal(size=3), y: rng.normal(size=3)}
    at = {"n": 3}
    np.testing.assert_allclose(evaluate(short, given, at), evaluate(kept, given, at))
    assert any(node.fn.name == "power" for node in toposort(short) if isinstance(node, Map))


def test_beside_a_class_number_an_array_is_its_entry():
    e = one_hot(n)(Var("k", ()))
    p = named("p", softmax(x))
    s = contract("i,i->", p, e)
    assert tidy(p * (1 + e / s)) is tidy(p + e)
    assert tidy(contract("i,i->i", p, e)) is contract("i,i->i", p, e)  # no longer than it was


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


# ------------------------------------------------------------------------ what sums share

SAMPLES = Var(r"\mathbf{x}^{(#1)}", (M, N), ("i",))
SCORES = [Var(f"{s}_{{#1}}^{{(#2)}}", (M, M), ("j", "i")) for s in "pq"]
bold_x, (u, v) = VECTORS[N][0], VECTORS[M]
W = MATRICES[M, N][0]


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (outer(u, bold_x) + outer(v, bold_x), r"(\mathbf{u} + \mathbf{v}) \mathbf{x}^\top"),
        (u * v + v, r"\mathbf{u} \odot \mathbf{v} + \mathbf{v}"),
        (W.T @ u - W.T @ v, r"\mathbf{W}^\top (\mathbf{u} - \mathbf{v})"),
        (
            contract("ji,ik->jk", SCORES[0], SAMPLES) - contract("ji,ik->jk", SCORES[1], SAMPLES),
            r"\sum_{i=1}^{m} (p_j^{(i)} - q_j^{(i)}) \mathbf{x}^{(i)}",
        ),
        # a vector is not worth a sum of matrices
        (
            W.T @ (u * (W @ bold_x)) + MATRICES[N, N][0] @ bold_x,
            r"\mathbf{W}^\top (\mathbf{u} \odot (\mathbf{W} \mathbf{x})) + \mathbf{A} \mathbf{x}",
        ),
    ],
)
def test_a_shared_factor_goes_in_front(expr: Expr, text: str):
    assert latex(write(tidy(expr))) == text
