"""Values: of floats and of exact fractions, from variables or from any nodes."""

from fractions import Fraction

import numpy as np
import pytest

from derive.kernel.build import contract, named
from derive.kernel.expr import Delta, Ones, Var
from derive.kernel.sizes import sizes
from derive.meaning.evaluate import NotExact, evaluate, evaluate_all
from derive.operators.pointwise import exp, relu
from derive.operators.primitives import argmax, maximum, softmax

n, m = sizes("n m")
W, x = Var("W", (m, n)), Var("x", (n,))
A, a = np.arange(6.0).reshape(2, 3) - 2, np.array([1.0, -2.0, 0.5])


def test_sizes_are_read_off_the_arrays():
    assert np.array_equal(evaluate(W @ x + Ones(m), {W: A, x: a}), A @ a + 1)
    assert np.array_equal(evaluate(Delta(n), {}, {"n": 2}), np.eye(2))


def test_nothing_is_computed_below_a_node_whose_value_is_given():
    h = named("h", relu(W @ x))
    found = evaluate_all([h + h], {h: [1.0, 2.0]})
    assert np.array_equal(found[h + h], [2.0, 4.0])
    assert set(found) == {h, h + h}  # W and x have no values, and need none


def test_a_value_that_is_given_wins_wherever_it_is_used():
    h = W @ x
    root = contract("i,i->", h, relu(h))
    assert evaluate(root, {h: [2.0, -1.0], W: A, x: a}) == 4.0


def test_exact_values_are_fractions_or_none():
    third = Fraction(1, 3)
    found = evaluate(maximum(x) * x, {x: [third, 2]}, exact=True)
    assert list(found) == [2 * third, 4]
    assert list(evaluate(argmax(x), {x: [third, 2]}, exact=True)) == [0, 1]
    for inexact in (exp(x), softmax(x)):
        with pytest.raises(NotExact, match="has no exact value"):
            evaluate(inexact, {x: [third, 2]}, exact=True)


@pytest.mark.parametrize("pattern", ["ij,j", "ij->i", "ij,j->ii", "ij,j->k", "i1,1->i", ",->"])
def test_a_pattern_that_is_none_is_refused(pattern):
    with pytest.raises(ValueError, match=r"is no pattern for 2 arrays|has \d axes"):
        contract(pattern, W, x)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({W: A}, KeyError, "x"),
        ({W: A, x: A}, ValueError, "needs 1 axes"),
        ({W: A, x: [1.0, 2.0]}, ValueError, "size n is both 3 and 2"),
    ],
)
def test_what_does_not_fit_is_said(values, error, message):
    with pytest.raises(error, match=message):
        evaluate(W @ x, values)
