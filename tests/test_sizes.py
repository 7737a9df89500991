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


@given(st.integers(1, 20), st.integers(1, 5), st.integers(1, 4), st.integers(0, 3),
       st.integers(1, 3))  # fmt: skip
def test_output_size_counts_the_places_of_a_window(size, k, stride, padding, dilation) -> None:
    places = 0
    while places * stride + dilation * (k - 1) < size + 2 * padding:
        places += 1
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    if places:
        assert sizes.output_size(size, k, **options) == places
    else:
        with pytest.raises(SizeError, match="does not fit"):
            sizes.output_size(size, k, **options)


def test_output_size_of_symbols() -> None:
    m, k = size("m"), size("k")
    assert sizes.output_size(n, k) == n - k + 1
    assert sizes.output_size(n, 3, padding=1) == n
    assert sizes.output_size(n, k, dilation=2) == n - 2 * k + 2
    assert sizes.output_size(2 * m, 2, stride=2) == m
    assert sizes.output_size(2 * m, 3, stride=2, padding=1) == m
    for wrong in ({"stride": 0}, {"padding": -1}, {"dilation": 0}, {"stride": 2}, {"stride": k}):
        with pytest.raises(SizeError):
            sizes.output_size(n, 3, **wrong)
