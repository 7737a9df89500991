"""Functions that nothing defines: their derivatives by differences, and what they are not."""

import pickle
from fractions import Fraction

import numpy as np
import pytest

import derive as d
from derive.meaning.evaluate import evaluate
from derive.operators.abstract import applied, derivative, symmetries
from proofs.equal import prove

W, X = d.matrix("W", 2, 3), d.matrix("X", 5, 3)
x, b = d.vector("x", 3), d.vector("b", 5)
J = d.abstract("J")
_DRAW = np.random.default_rng(0)
VALUES = {v: _DRAW.normal(size=v.axes) for v in (W, X, x, b)}


def differences(expr: d.Expr, var: d.Expr, step: float = 1e-5) -> np.ndarray:
    found = []
    for place in np.ndindex(var.axes):
        moved = []
        for sign in (1, -1):
            value = VALUES[var].copy()
            value[place] += sign * step
            moved.append(evaluate(expr, {**VALUES, var: value}, {}))
        found.append((moved[0] - moved[1]) / (2 * step))
    return np.reshape(found, (*var.axes, *expr.axes))


@pytest.mark.parametrize(
    ("expr", "var"),
    [
        (J(W, x), W),
        (J(W, x) * J(W, x), x),
        (J(W @ x), W),
        (d.grad(J(W, x), x), W),
        (d.grad(J(W, x), x), x),
        (d.hessian(J(x), x), x),
        (d.abstract("f", 4)(W @ x), x),
        (applied("f", [X, b], (4,), lead=1), X),
        (d.grad(J(d.abstract("f", 4)(x)), x), x),
    ],
)
def test_derivatives_are_those_of_the_function_that_stands_for_it(expr, var) -> None:
    found = evaluate(d.jacobian(expr, var), VALUES, {})
    assert np.allclose(found, differences(expr, var), rtol=1e-6, atol=1e-5)


def test_fractions_give_fractions() -> None:
    values = {x: np.array([Fraction(1, 3)] * 3)}
    exact = evaluate(d.grad(J(x), x), values, {}, exact=True)
    assert all(isinstance(entry, Fraction) for entry in exact)
    assert np.allclose(exact.astype(float), evaluate(d.grad(J(x), x), {x: np.full(3, 1 / 3)}, {}))


def test_a_call_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(d.grad(J(W, x), W))) is d.grad(J(W, x), W)


def test_what_is_equal_is_proved_and_no_more() -> None:
    y = d.vector("y", 3)
    assert prove(d.grad(J(x + y), x), d.grad(J(y + x), y)) is not None
    second = d.hessian(J(x), x)
    assert prove(second, second.T) is not None
    assert symmetries(derivative(derivative(J(x), 0), 0)) == ((0, 1), (1, 0))
    mixed = d.hessian(J(x, y), x, y)
    assert prove(mixed, d.hessian(J(x, y), y, x).T) is not None
    assert symmetries(derivative(derivative(J(x, y), 0), 1)) == ()
    for one, other in [
        (J(x), J(y)),
        (J(x), d.abstract("K")(x)),
        (d.grad(J(x), x), d.grad(J(y), y)),
        (J(x, y), J(y, x)),
        (d.grad(J(x, y), x), d.grad(J(x, y), y)),
        (J(2 * x), 2 * J(x)),
        (J(x + y), J(x) + J(y)),
    ]:
        assert prove(one, other) is None


def test_code_asks_for_the_function_and_its_gradient() -> None:
    compute = d.compile(d.grad(J(W @ x), W))
    found = compute(W=VALUES[W], x=VALUES[x], grad_J=lambda z: 2 * z)
    assert np.allclose(found, np.outer(2 * VALUES[W] @ VALUES[x], VALUES[x]))


def test_printed_forms() -> None:
    w, A = d.vector("w", 3), d.matrix("A", 5, 3)
    assert d.grad(J(w), w).latex() == r"\nabla J(\mathbf{w})"
    assert d.hessian(J(w), w).latex() == r"\nabla^2 J(\mathbf{w})"
    outer = d.grad(J(d.abstract("f", 4)(A @ w)), w).latex()
    assert (
        outer
        == r"\mathbf{A}^\top J_f(\mathbf{A} \mathbf{w})^\top \nabla J(f(\mathbf{A} \mathbf{w}))"
    )
