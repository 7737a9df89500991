r"""Second and higher derivatives: against central differences of gradients, and in print.

The idea: a Hessian is the derivative of a gradient; plain NumPy moves the gradient and must find
the same numbers, in the order of vec where a matrix is stacked.
"""

import time

import numpy as np
import pytest

import derive as d
from derive.derivation.backprop import worked
from derive.kernel.calculus import hessian as by_rules
from derive.kernel.expr import Delta, Expr
from derive.latex.print import latex

m, n, r = d.sizes("m n r")
AT = {"m": 2, "n": 3, "r": 2}
draw = np.random.default_rng(1)
T, U, V, P = d.matrix("T", m, n), d.matrix("U", m, r), d.matrix("V", n, r), d.matrix("P", m, r)
W, x, y, v = d.matrix("W", m, n), d.vector("x", n), d.vector("y", m), d.vector("v", n)
VALUES = {one: draw.normal(size=[AT[str(k)] for k in one.axes]) for one in (T, U, V, P, W, x, y, v)}
FACTORS = d.half_squared_norm(T - U @ V.T)
LOGISTIC = d.total(d.softplus(W @ x) - y * (W @ x))
SOFTMAX = d.logsumexp(W @ x) - y @ (W @ x)
NETWORK = d.half_squared_norm(d.tanh(U @ d.tanh(V.T @ v)) - y)
LOSSES = {
    "factorisation": (FACTORS, [U, V]),
    "logistic": (LOGISTIC, [W, x]),
    "softmax": (SOFTMAX, [W, x]),
    "network": (NETWORK, [U, V, v]),
}
PAIRS = [(name, a, b) for name, (_, by) in LOSSES.items() for a in by for b in by]


def value(expr: Expr, values=VALUES):
    return d.evaluate(expr, values, AT)


def differences(slope: Expr, by: Expr, step: float = 1e-5):
    """The derivative of a gradient, from its values at moved points: the axes of ``by`` first."""
    columns = []
    for k in range(VALUES[by].size):
        move = np.zeros(VALUES[by].size)
        move[k] = step
        move = move.reshape(VALUES[by].shape)
        ahead, behind = (value(slope, {**VALUES, by: VALUES[by] + s * move}) for s in (1, -1))
        columns.append((ahead - behind) / (2 * step))
    return np.array(columns).reshape(*VALUES[by].shape, *columns[0].shape)


def agrees(claimed: Expr, slope: Expr, by: Expr) -> bool:
    return np.allclose(value(claimed), differences(slope, by), atol=1e-6)


@pytest.mark.parametrize(("name", "a", "b"), PAIRS, ids=[f"{p[0]} {p[1]} {p[2]}" for p in PAIRS])
def test_hessians_are_the_derivatives_of_gradients(name, a, b):
    loss, _ = LOSSES[name]
    found = d.hessian(loss, a, b)
    assert agrees(found, d.grad(loss, a), b)
    if value(found).any():
        assert not agrees(-found, d.grad(loss, a), b)
        assert not agrees(found + 0.001, d.grad(loss, a), b)


@pytest.mark.parametrize("name", LOSSES)
def test_products_with_a_hessian_need_none(name):
    loss, (by, *_) = LOSSES[name]
    way = d.tensor("q", *by.axes)
    values = {**VALUES, way: draw.normal(size=VALUES[by].shape)}
    rank = len(by.axes)
    expected = np.tensordot(values[way], value(by_rules(loss, by)), rank)
    assert np.allclose(value(d.hvp(loss, by, way), values), expected)


def test_third_derivatives():
    third = d.jacobian(d.hessian(NETWORK, v), v)
    assert third.axes == (n, n, n)
    assert agrees(third, d.hessian(NETWORK, v), v)


def test_derivatives_by_vec():
    flat = value(d.hessian(FACTORS, d.vec(U), d.vec(V)))
    whole = value(d.hessian(FACTORS, U, V))  # the axes of V, then of U
    assert np.allclose(flat, np.transpose(whole, (1, 0, 3, 2)).reshape(6, 4))
    assert np.allclose(value(d.grad(FACTORS, d.vec(U))), value(d.grad(FACTORS, U)).flatten("F"))
    way = d.vector("q", m * r)
    values = {**VALUES, way: draw.normal(size=4)}
    product = value(d.hvp(FACTORS, d.vec(U), way), values)
    assert np.allclose(product, value(d.hessian(FACTORS, d.vec(U))) @ values[way])
    assert np.allclose(value(d.jacobian(d.vec(U @ V.T), d.vec(U))), np.kron(VALUES[V].T, np.eye(2)))


def test_a_hessian_of_a_million_entries_is_not_made():
    """Its product with a matrix is: 50 × 1,000 rows and columns would be 20 GB."""
    big = {one: draw.normal(size=(1000, 50)) for one in (V, P)}
    flat = d.compile(d.kron(V.T @ V, Delta(m)) @ d.vec(P))
    before = time.perf_counter()
    found = d.compile(d.hvp(FACTORS, U, P))(big)
    assert np.allclose(flat(big), found.flatten("F"))
    assert time.perf_counter() - before < 20


# ------------------------------------------------------------------------------------- in documents

SETTING = {
    "factors": r"""$U \in \mathbb{R}^{m\times r}$, $V \in \mathbb{R}^{n\times r}$,
        $T \in \mathbb{R}^{m\times n}$, $f = \frac12 \|T - U V^\top\|_F^2$.""",
    "logistic": r"""$X \in \mathbb{R}^{n\times d}$, $w \in \mathbb{R}^d$, $y \in \{0, 1\}^n$,
        $\hat y = \sigma(X w)$, $L = -y^\top \log \hat y - (1 - y)^\top \log(1 - \hat y)$.""",
    "softmax": r"""$W \in \mathbb{R}^{d\times c}$, $x \in \mathbb{R}^d$, $t \in \mathbb{R}^c$
        is one-hot, $p = \mathrm{softmax}(W^\top x)$, $L = -t^\top \log p$.""",
    "bilinear": r"""$W \in \mathbb{R}^{m\times n}$, $x \in \mathbb{R}^n$, $y \in \mathbb{R}^m$,
        $z = W x$, $L = y^\top W x$.""",
    "powers": r"$t \in \mathbb{R}$, $f = t^5$.",
}
ANSWERS = [
    ("factors", r"\nabla_U^2 f", r"V^\top V \otimes \mathbf{I}"),
    ("factors", r"\nabla^2_U f", r"V^\top V \otimes \mathbf{I}"),
    ("factors", r"\operatorname{Hess}_U f", r"V^\top V \otimes \mathbf{I}"),
    ("factors", r"\frac{\partial^2 f}{\partial U^2}", r"V^\top V \otimes \mathbf{I}"),
    (
        "factors",
        r"\frac{\partial^2 f}{\partial \operatorname{vec}(U) \partial \operatorname{vec}(U)^\top}",
        r"V^\top V \otimes \mathbf{I}",
    ),
    ("factors", r"\nabla_V^2 f", r"U^\top U \otimes \mathbf{I}"),
    (
        "factors",
        r"\nabla_U \nabla_V f",
        r"\mathbf{I} \otimes (U V^\top - T) + (V^\top \otimes U) \mathbf{K}_{n,r}",
    ),
    (
        "logistic",
        r"H = \frac{\partial^2 L}{\partial w \partial w^\top}",
        r"X^\top \operatorname{diag}(\hat{y} \odot (1 - \hat{y})) X",
    ),
    ("softmax", r"\nabla_W^2 L", r"(\operatorname{diag}(p) - p p^\top) \otimes x x^\top"),
    ("bilinear", r"\frac{\partial^2 L}{\partial x \partial y^\top}", r"W^\top"),
    ("bilinear", r"\frac{\partial^2 L}{\partial y \partial x^\top}", "W"),
    ("bilinear", r"\frac{\partial z}{\partial \operatorname{vec}(W)^\top}", None),
    ("bilinear", r"\frac{\partial z}{\partial x^\top}", "W"),
    ("bilinear", r"\frac{\partial L}{\partial x^\top}", r"y^\top W"),
    ("bilinear", r"\frac{\partial L}{\partial \operatorname{vec}(W)}", r"x \otimes y"),
    ("bilinear", r"\frac{\partial z}{\partial W}", r"x \otimes \mathbf{I}"),
    (
        "factors",
        r"\nabla_U^2 f \operatorname{vec}(U)",
        r"\operatorname{vec}(U V^\top V)",
    ),
    (
        "logistic",
        r"\nabla_w^2 L \, w",
        r"X^\top (\hat{y} \odot (1 - \hat{y}) \odot (X w))",
    ),
    ("powers", r"\frac{\partial^3 f}{\partial t^3}", "60 t^2"),
    ("powers", r"\frac{d^4 f}{d t^4}", "120 t"),
]


@pytest.mark.parametrize(("setting", "question", "answer"), ANSWERS, ids=[a[1] for a in ANSWERS])
def test_second_derivatives_are_printed_as_matrices(setting, question, answer):
    (found,) = worked(d.read(rf"{SETTING[setting]} ${question} = ?$")).answers
    assert latex(found.named) == (answer or r"x^\top \otimes \mathbf{I}")


def test_rows_are_stacked_where_the_document_says_so():
    text = "Here vec stacks the rows of a matrix. " + SETTING["factors"]
    net = d.read(text + r" $\nabla_U^2 f = ?$")
    (found,) = worked(net).answers
    assert latex(found.named) == r"\mathbf{I} \otimes V^\top V"
    assert any("rows are stacked" in note for note in net.notes)
