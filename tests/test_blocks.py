"""Arrays side by side: values, gradients, what is read, what is printed, what is proved of them."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import grad as autograd
from autograd import numpy as anp

import derive as d
from derive.kernel.expr import ShapeError
from derive.kernel.sizes import evaluate, sizes
from derive.meaning.blocks import cells
from derive.operators.blocks import at_most, merge
from proofs.equal import prove

n, m, p = sizes("n m p")
x, u, y = d.vector("x", n), d.vector("u", m), d.vector("y", p)
W = d.matrix("W", p, n + m)
A, B = d.matrix("A", p, n), d.matrix("B", p, m)
EXTENT = {"n": 3, "m": 2, "p": 4}


def values(seed: int) -> dict:
    random = np.random.default_rng(seed)
    shape = {v: [evaluate(a, EXTENT) for a in v.axes] for v in (x, u, y, W, A, B)}
    return {v: random.normal(size=own) for v, own in shape.items()}


def loss(both, weights):
    return d.half_squared_norm(d.tanh(weights @ both) - y)


@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_a_concatenation_against_autograd(seed):
    at = values(seed)
    L = loss(d.concat([x, u]), W)

    def forward(W, x, u):
        e = anp.tanh(anp.dot(W, anp.concatenate([x, u]))) - at[y]
        return 0.5 * anp.sum(e * e)

    for k, variable in enumerate((W, x, u)):
        expected = autograd(forward, k)(at[W], at[x], at[u])
        np.testing.assert_allclose(d.evaluate(d.grad(L, variable), at), expected, rtol=1e-10)


x3, a3 = d.vector("x", 3), d.matrix("A", p, 3)


@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_blocks_and_slices_against_autograd(seed):
    at = values(seed)
    at |= {x3: at.pop(x), a3: at.pop(A)}
    M = d.block([[a3, B], [2 * a3, d.sigmoid(B)]])
    L = d.total(d.sin(M @ d.concat([x3, u])))
    L = L + d.dot(x3[1:3], d.stack([x3, x3 * x3])[:, :2][1])

    def forward(A, B, x, u):
        top = anp.concatenate([A, B], 1)
        below = anp.concatenate([2 * A, 1 / (1 + anp.exp(-B))], 1)
        z = anp.dot(anp.concatenate([top, below], 0), anp.concatenate([x, u]))
        return anp.sum(anp.sin(z)) + anp.dot(x[1:3], anp.stack([x, x * x])[1, :2])

    for k, variable in enumerate((a3, B, x3, u)):
        expected = autograd(forward, k)(at[a3], at[B], at[x3], at[u])
        np.testing.assert_allclose(d.evaluate(d.grad(L, variable), at), expected, rtol=1e-9)


def test_second_derivatives():
    at = values(0)
    L = d.total(d.tanh(d.concat([x, u])) * d.concat([x, u]) * d.concat([x, u]))
    found = d.evaluate(d.hessian(L, x), at)
    expected = d.evaluate(d.hessian(d.total(d.tanh(x) * x * x), x), at)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_values_are_those_of_numpy():
    at = values(1)
    both = d.concat([x, u])
    np.testing.assert_array_equal(d.evaluate(both, at), np.concatenate([at[x], at[u]]))
    np.testing.assert_array_equal(d.evaluate(W[:, n:], at), at[W][:, 3:])
    np.testing.assert_array_equal(d.evaluate(W[:, n:], at, exact=True).astype(float), at[W][:, 3:])


def test_code_is_numpy():
    at = values(2)
    g = d.grad(loss(d.concat([x, u]), W), x)
    np.testing.assert_allclose(d.compile(g, "numpy")(at), d.evaluate(g, at), rtol=1e-12)


def test_sizes_add():
    assert d.concat([x, u]).axes == (n + m,)
    assert d.block([[A, B]]).axes == (p, n + m)
    assert d.stack([x, x, x]).axes == (3, n)
    assert [c.axes for c in d.split(d.vector("z", n + m), [n, m])] == [(n,), (m,)]


def test_at_most_is_for_all_sizes():
    assert at_most(1, n)
    assert at_most(n, n + m - 1)
    assert not at_most(2, n)
    assert not at_most(n, m)
    assert not at_most(n + 1, n)
    assert merge([0, n, n + m], [0, m, n + m]) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: d.concat([W, A]),
        lambda: d.concat([]),
        lambda: d.block([[A, d.matrix("C", n, n)]]),
        lambda: x[:m],
        lambda: d.vector("q", 3)[1:5],
        lambda: d.chunk(x, 2),
        lambda: d.split(x, [n, m]),
        lambda: x[::2],
        lambda: x[0, 0],
        lambda: d.stack([x, u]),
    ],
)
def test_what_does_not_fit(make):
    with pytest.raises(ShapeError):
        make()


def test_an_expression_is_not_iterated():
    with pytest.raises(TypeError):
        list(x)


@pytest.mark.parametrize(
    ("expr", "latex"),
    [
        (d.concat([x, u]), r"[\mathbf{x}; \mathbf{u}]"),
        (d.block([[A, B]]), r"\begin{bmatrix} \mathbf{A} & \mathbf{B} \end{bmatrix}"),
        (d.concat([d.scalar("a"), x]), r"[a; \mathbf{x}]"),
        (d.stack([x, x]), r"\begin{bmatrix} \mathbf{x}^\top \\ \mathbf{x}^\top \end{bmatrix}"),
        (W[:, :n], r"\mathbf{W}_{:,1:n}"),
        (W[:, n:] @ u, r"\mathbf{W}_{:,n+1:m+n} \mathbf{u}"),
        (d.grad(loss(d.name("c", d.concat([x, u])), d.name("V", d.block([[A, B]]))), x), None),
    ],
)
def test_print(expr, latex):
    if latex is None:
        assert expr.latex().startswith(r"\mathbf{A}^\top")
    else:
        assert expr.latex() == latex


# ------------------------------------------------------------------------------------ the prover

both = d.concat([x, u])
block = d.name("V", d.block([[A, B]]))
named = d.name("c", both)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (block @ named, A @ x + B @ u),
        (W @ both, W[:, :n] @ x + W[:, n:] @ u),
        (d.tanh(both), d.concat([d.tanh(x), d.tanh(u)])),
        (d.outer(y, both), d.block([[d.outer(y, x), d.outer(y, u)]])),
        (d.squared_norm(both), d.squared_norm(x) + d.squared_norm(u)),
        (d.diag(both), d.block([[d.diag(x), 0 * d.outer(x, u)], [0 * d.outer(u, x), d.diag(u)]])),
        (both[:n], x),
        (d.concat([W[:, :n].T, W[:, n:].T]), W.T),
        (block.T @ y, d.concat([A.T @ y, B.T @ y])),
        (block @ block.T, A @ A.T + B @ B.T),
        (d.total(both), d.total(x) + d.total(u)),
    ],
)  # fmt: skip
def test_laws_are_proved(left, right):
    found = prove(left, right)
    assert found is not None
    assert not found.conditions


v, w = d.vector("v", n), d.vector("w", n)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (d.concat([v, w]), d.concat([w, v])),
        (d.matrix("U", p, 2 * n) @ d.concat([v, w]), d.matrix("U", p, 2 * n)[:, :n] @ (v + w)),
        (block @ named, A @ x - B @ u),
        (d.softmax(both), d.concat([d.softmax(x), d.softmax(u)])),
        (d.tanh(both), d.concat([d.tanh(x), u])),
        (d.squared_norm(d.concat([v, w])), d.squared_norm(v + w)),
        (d.concat([v, w])[:n], w),
        (d.diag(d.concat([v, w])), d.block([[d.diag(v), d.diag(w)], [d.diag(w), d.diag(v)]])),
        (d.maximum(both), d.maximum(x)),
        (d.concat([v, w]) * d.concat([w, v]), d.concat([v * v, w * w])),
    ],
)
def test_what_is_false_is_not_proved(left, right):
    assert left.axes == right.axes
    assert prove(left, right) is None


def test_a_block_that_cancels_leaves_its_condition():
    s = d.scalar("s")
    hidden = d.concat([1 / s * x, u])
    picks = d.block([[0 * A, B]])
    found = prove(picks @ hidden, B @ u)
    assert found is not None
    assert [c.relation for c in found.conditions] == ["!="]


def test_cells_are_cut_alike():
    pairs = cells(d.concat([x, u]), d.vector("z", n + m), ())
    assert [a for a, _ in pairs] == [x, u]
    assert [b.axes for _, b in pairs] == [(n,), (m,)]
