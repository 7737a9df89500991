"""Steps of recurrent networks and their unrolling, against autograd over random sizes."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import grad as autograd
from autograd import numpy as anp

import derive as d
from derive.kernel.expr import ShapeError
from derive.kernel.sizes import evaluate, sizes

n, p = sizes("n p")
STEPS = 3
xs = [d.vector(f"x_{t}", n) for t in range(1, STEPS + 1)]
h0, c0, y = d.vector("h_0", p), d.vector("c_0", p), d.vector("y", p)


def sigmoid(z):
    return 1 / (1 + anp.exp(-z))


def rnn(x, h, W, U, b):
    return anp.tanh(anp.dot(W, h) + anp.dot(U, x) + b)


def lstm(x, h, c, W, U, b):
    k = len(h)
    z = anp.dot(W, h) + anp.dot(U, x) + b
    i, f, g, o = (z[j * k : (j + 1) * k] for j in range(4))
    c = sigmoid(f) * c + sigmoid(i) * anp.tanh(g)
    return sigmoid(o) * anp.tanh(c), c


def gru(x, h, W, U, b):
    k = len(h)
    own, back = anp.dot(U, x) + b, anp.dot(W, h)
    r, z = sigmoid(own[:k] + back[:k]), sigmoid(own[k : 2 * k] + back[k : 2 * k])
    new = anp.tanh(own[2 * k :] + r * back[2 * k :])
    return (1 - z) * new + z * h


CELLS = {"rnn": (1, d.rnn_step, rnn), "lstm": (4, d.lstm_step, lstm), "gru": (3, d.gru_step, gru)}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_an_unrolled_cell_against_autograd(cell, named, seed):
    gates, step, plain = CELLS[cell]
    W, U = d.matrix("W", gates * p, p), d.matrix("U", gates * p, n)
    b = d.vector("b", gates * p)
    random = np.random.default_rng(seed)
    extent = {"n": int(random.integers(1, 5)), "p": int(random.integers(1, 5))}
    start = (h0, c0) if cell == "lstm" else (h0,)
    label = iter(range(1, STEPS + 1))

    def one(x, *state):
        at = {"at": str(next(label))} if named else {}
        found = step(x, *state, W, U, b, **at)
        return found if isinstance(found, tuple) else (found,)

    states = d.unroll(one, xs, start)
    loss = sum((d.half_squared_norm(s[0] - y) for s in states[1:]),
               d.half_squared_norm(states[0][0] - y))  # fmt: skip
    variables = [W, U, b, *start, *xs, y]
    sizes_of = {v: [evaluate(a, extent) for a in v.axes] for v in variables}
    at = [random.normal(size=sizes_of[v]) for v in variables]

    def forward(*given):
        W, U, b, *rest = given
        state, inputs = tuple(rest[: len(start)]), rest[len(start) : -1]
        total = 0.0
        for x in inputs:
            state = plain(x, *state, W, U, b)
            state = state if isinstance(state, tuple) else (state,)
            total = total + 0.5 * anp.sum((state[0] - given[-1]) ** 2)
        return total

    values = dict(zip(variables, at))
    np.testing.assert_allclose(d.evaluate(loss, values), forward(*at), rtol=1e-10)
    for k, gradient in enumerate(d.grad(loss, variables)):
        expected = autograd(forward, k)(*at)
        found = d.evaluate(gradient, values)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-11)
    code = d.compile(d.grad(loss, W), "numpy")(values)
    np.testing.assert_allclose(code, autograd(forward, 0)(*at), rtol=1e-8, atol=1e-11)


def test_steps_of_other_shapes():
    W, U = d.matrix("W", p, p), d.matrix("U", p, n)
    for bad in (
        lambda: d.rnn_step(xs[0], h0, U, W),
        lambda: d.lstm_step(xs[0], h0, c0, W, U),
        lambda: d.gru_step(xs[0], h0, W, U),
        lambda: d.rnn_step(W, h0, W, U),
    ):
        with pytest.raises(ShapeError):
            bad()
