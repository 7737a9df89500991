"""Laws of axis sizes: a ring of polynomials, one object each, with unknowns to solve for."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.kernel import sizes
from derive.kernel.sizes import SizeError, resolve, size, unify, unknown

n = size("n")


@st.composite
def polynomials(draw) -> sizes.Axis:
    total: sizes.Axis = draw(st.integers(-3, 3))
    for _ in range(draw(st.integers(0, 3))):
        term: sizes.Axis = draw(st.integers(-2, 2))
        for letter in draw(st.lists(st.sampled_from("nmk"), max_size=2)):
            term = term * size(letter)
        total = total + term
    return total


AT = {"n": 5, "m": 7, "k": 11}


@given(polynomials(), polynomials(), polynomials())
def test_sizes_are_a_ring_and_equal_ones_are_one_object(a, b, c) -> None:
    pairs = [(a + b, b + a), (a * b, b * a), ((a + b) + c, a + (b + c)),
             (a * (b + c), a * b + a * c), (a - b, a + b * -1)]  # fmt: skip
    for left, right in pairs:
        assert left == right
        assert isinstance(left, int) or left is right
        assert pickle.loads(pickle.dumps(left)) == left
    assert a - a == 0
    assert sizes.evaluate(a * b - c, AT) == (
        sizes.evaluate(a, AT) * sizes.evaluate(b, AT) - sizes.evaluate(c, AT)
    )


@given(polynomials(), polynomials())
def test_unify_makes_two_sizes_equal_or_says_they_are_not(a, b) -> None:
    bound: dict[str, sizes.Axis] = {}
    free = unknown(1)
    common = unify(free + a, b, bound)
    assert resolve(free + a, bound) == resolve(b, bound) == common == b
    assert unify(free + a, b, bound) == common  # again: nothing more to solve
    if a == b:
        assert unify(a, b, {}) == a
    else:
        with pytest.raises(SizeError, match="is not"):
            unify(a, b, {})


def test_unify_through_a_chain_of_unknowns() -> None:
    bound: dict[str, sizes.Axis] = {}
    unify(unknown(1), unknown(2), bound)
    unify(unknown(2), unknown(3) + 1, bound)
    unify(unknown(3), n, bound)
    assert resolve(unknown(1), bound) == n + 1
    with pytest.raises(SizeError):
        unify(unknown(1), n, bound)
    with pytest.raises(SizeError):  # no solution can be read off: n is no square in general
        unify(unknown(9) * unknown(9), n, {})
