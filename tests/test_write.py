# ruff: noqa: E501  (a formula is one line)
"""The writer: expressions of real networks, and the formula that a careful author would write.

The table is meant to be read: each row is what is written, and how it must look.  The property test
below it evaluates what is written by the conventions of the page and compares it with the kernel.
"""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.build import (
    contract,
    diag,
    dot,
    lift,
    named,
    outer,
    total,
    trace,
    transpose,
)  # fmt: skip
from derive.calculus import backward, grad, hessian, jacobian
from derive.evaluate import evaluate
from derive.expr import Delta, Expr, Ones, Var
from derive.latex.print import latex
from derive.latex.write import Symbol, symbol, write, write_entry
from derive.operators.composites import (
    binary_cross_entropy,
    cosine,
    count,
    cross_entropy,
    half_squared_norm,
    mean,
    norm,
    squared_norm,
)  # fmt: skip
from derive.operators.pointwise import (
    absolute,
    elu,
    exp,
    generic,
    gt,
    log,
    max2,
    power,
    prelu,
    reciprocal,
    relu,
    sigmoid,
    sqrt,
    square,
    tanh,
    where,
)  # fmt: skip
from derive.operators.primitives import log_softmax, logsumexp, softmax
from derive.sizes import sizes
from derive.tidy import tidy
from derive.tree import name
from tests.notation_value import as_written, worth
from tests.random_expressions import AT, VARIABLES, Sprout, values

n, m, p, c, d = sizes("n m p c d")


def bold(base: str, *axes) -> Var:
    letter, _, rest = base.partition("_")
    return Var(rf"\mathbf{{{letter}}}" + (f"_{rest}" if rest else ""), axes)


def deltas(sweep, *nodes: Expr) -> dict[Expr, Symbol]:
    """The cotangents of these nodes, called δ."""
    found = {}
    for node in nodes:
        op = node.op  # type: ignore[attr-defined]
        found[sweep[node]] = Symbol(name(rf"\delta_{{{op.symbol}}}"), op.letters)
    return found


A, B, X, S = (bold(letter, n, n) for letter in "ABXS")
W, V, R = bold("W", m, n), bold("V", m, n), bold("R", n, p)
x, y, u, w = (bold(letter, n) for letter in "xyuw")
v, t = bold("v", m), bold("t", m)
a, b, y0, alpha, beta, lam = (Var(s, ()) for s in ("a", "b", "y", r"\alpha", r"\beta", r"\lambda"))
f, g = generic("f"), generic("g")
count_m = count(Var("q", (m,)))

ROWS = [
    # products
    (W @ x, r"\mathbf{W} \mathbf{x}"),
    ((A @ B) @ x, r"\mathbf{A} \mathbf{B} \mathbf{x}"),
    (A.T @ (B.T @ u), r"\mathbf{A}^\top \mathbf{B}^\top \mathbf{u}"),
    (dot(u, A @ x), r"\mathbf{u}^\top \mathbf{A} \mathbf{x}"),
    (dot(A.T @ u, x), r"\mathbf{u}^\top \mathbf{A} \mathbf{x}"),
    (dot(W @ x, v), r"\mathbf{v}^\top \mathbf{W} \mathbf{x}"),
    (outer(v, x), r"\mathbf{v} \mathbf{x}^\top"),
    (outer(W @ x, y), r"\mathbf{W} \mathbf{x} \mathbf{y}^\top"),
    (outer(A.T @ x, y), r"\mathbf{A}^\top \mathbf{x} \mathbf{y}^\top"),
    (A @ B.T, r"\mathbf{A} \mathbf{B}^\top"),
    ((A @ B) @ (A @ B).T, r"\mathbf{A} \mathbf{B} \mathbf{B}^\top \mathbf{A}^\top"),
    (transpose(A @ B), r"\mathbf{B}^\top \mathbf{A}^\top"),
    (dot(u, x), r"\mathbf{u}^\top \mathbf{x}"),
    (dot(x, x), r"\lVert \mathbf{x} \rVert_2^2"),
    (dot(A @ x, A @ x), r"\lVert \mathbf{A} \mathbf{x} \rVert_2^2"),
    (dot(A, A), r"\lVert \mathbf{A} \rVert_F^2"),
    (dot(A, B), r"\operatorname{tr}(\mathbf{A}^\top \mathbf{B})"),
    (trace(A), r"\operatorname{tr}(\mathbf{A})"),
    (trace(A @ B), r"\operatorname{tr}(\mathbf{A} \mathbf{B})"),
    (trace(A.T @ X @ B), r"\operatorname{tr}(\mathbf{A}^\top \mathbf{X} \mathbf{B})"),
    (trace(A @ B @ X), r"\operatorname{tr}(\mathbf{A} \mathbf{B} \mathbf{X})"),
    (trace(outer(x, y) @ A), r"\mathbf{y}^\top \mathbf{A} \mathbf{x}"),
    (contract("ii->i", A), r"\operatorname{diag}(\mathbf{A})"),
    # entry by entry
    (x * y, r"\mathbf{x} \odot \mathbf{y}"),
    (x * (A @ y), r"\mathbf{x} \odot (\mathbf{A} \mathbf{y})"),
    (u * (W.T @ v), r"\mathbf{u} \odot (\mathbf{W}^\top \mathbf{v})"),
    (A * B.T, r"\mathbf{A} \odot \mathbf{B}^\top"),
    (W.T @ (t * v), r"\mathbf{W}^\top (\mathbf{t} \odot \mathbf{v})"),
    (outer(u * (W.T @ v), y), r"(\mathbf{u} \odot (\mathbf{W}^\top \mathbf{v})) \mathbf{y}^\top"),
    (contract("i,ij->ij", x, A), r"\operatorname{diag}(\mathbf{x}) \mathbf{A}"),
    (contract("ij,j,jk->ik", A, x, B), r"\mathbf{A} \operatorname{diag}(\mathbf{x}) \mathbf{B}"),
    (diag(x), r"\operatorname{diag}(\mathbf{x})"),
    (diag(x) @ y, r"\mathbf{x} \odot \mathbf{y}"),
    (contract("ij,ij->i", A, B), r"(\mathbf{A} \odot \mathbf{B}) \mathbf{1}"),
    (
        contract("i,ij,ij,j->", x, A, B, y),
        r"\mathbf{x}^\top (\mathbf{A} \odot \mathbf{B}) \mathbf{y}",
    ),
    (square(x), r"\mathbf{x} \odot \mathbf{x}"),
    (x * x * x, r"\mathbf{x} \odot \mathbf{x} \odot \mathbf{x}"),
    (x / y, r"\frac{\mathbf{x}}{\mathbf{y}}"),
    (reciprocal(x), r"\frac{1}{\mathbf{x}}"),
    (A / B, r"\frac{\mathbf{A}}{\mathbf{B}}"),
    (sqrt(x), r"\sqrt{\mathbf{x}}"),
    (power(-2)(x) * y, r"\frac{\mathbf{y}}{\mathbf{x} \odot \mathbf{x}}"),
    # ones and sizes
    (total(x), r"\mathbf{1}^\top \mathbf{x}"),
    (total(A), r"\mathbf{1}^\top \mathbf{A} \mathbf{1}"),
    (contract("ij->i", A), r"\mathbf{A} \mathbf{1}"),
    (contract("ij->j", A), r"\mathbf{A}^\top \mathbf{1}"),
    (outer(x, Ones(m)), r"\mathbf{x} \mathbf{1}^\top"),
    (1 - x, r"1 - \mathbf{x}"),
    (lift(1) + 0 * x, r"\mathbf{1}"),
    (mean(x), r"\frac{1}{n} \mathbf{1}^\top \mathbf{x}"),
    ((1 / count_m) * v, r"\frac{1}{m} \mathbf{v}"),
    (Delta(n) + A, r"\mathbf{I} + \mathbf{A}"),
    (power(Fraction(-1, 2))(count_m) * v, r"\frac{1}{\sqrt{m}} \mathbf{v}"),
    # scalars
    (-x, r"-\mathbf{x}"),
    (Fraction(1, 2) * x, r"\frac{1}{2} \mathbf{x}"),
    (Fraction(-3, 2) * (x - y), r"-\frac{3}{2} (\mathbf{x} - \mathbf{y})"),
    (a * (x - y), r"a(\mathbf{x} - \mathbf{y})"),
    (a / b * x, r"\frac{a}{b} \mathbf{x}"),
    ((a - b) * (a + b), r"(a - b) (a + b)"),
    (dot(u, x) * y, r"(\mathbf{u}^\top \mathbf{x}) \mathbf{y}"),
    (dot(u, x) * dot(x, y), r"(\mathbf{u}^\top \mathbf{x}) (\mathbf{x}^\top \mathbf{y})"),
    (a * a * x, r"a^2 \mathbf{x}"),
    (y - a * x, r"\mathbf{y} - a \mathbf{x}"),
    (-x + y, r"\mathbf{y} - \mathbf{x}"),
    (-x - y, r"-\mathbf{x} - \mathbf{y}"),
    (x - (y - u), r"\mathbf{x} - (\mathbf{y} - \mathbf{u})"),
    (x - (y + u), r"\mathbf{x} - (\mathbf{y} + \mathbf{u})"),
    (norm(x), r"\lVert \mathbf{x} \rVert_2"),
    (x / norm(x), r"\frac{\mathbf{x}}{\lVert \mathbf{x} \rVert_2}"),
    (power(3)(norm(x)), r"\lVert \mathbf{x} \rVert_2^3"),
    (
        cosine(x, y),
        r"\frac{\mathbf{x}^\top \mathbf{y}}{\lVert \mathbf{x} \rVert_2 \, \lVert \mathbf{y} \rVert_2}",
    ),
    (half_squared_norm(x - y), r"\frac{1}{2} \lVert \mathbf{x} - \mathbf{y} \rVert_2^2"),
    (lam * squared_norm(W), r"\lambda \lVert \mathbf{W} \rVert_F^2"),
    # functions
    (sigmoid(x) * (1 - sigmoid(x)), r"\sigma(\mathbf{x}) \odot (1 - \sigma(\mathbf{x}))"),
    (gt(x, 0) * y, r"\mathbb{I}(\mathbf{x} > 0) \odot \mathbf{y}"),
    (max2(alpha * x, x), r"\max(\alpha \mathbf{x}, \mathbf{x})"),
    (prelu(x, alpha), r"\operatorname{PReLU}_\alpha(\mathbf{x})"),
    (elu(x, alpha), r"\operatorname{ELU}_\alpha(\mathbf{x})"),
    (
        where(gt(x, 0), x, alpha * x),
        r"\begin{cases} \mathbf{x} & \text{if } \mathbf{x} > 0 \\ \alpha \mathbf{x} & \text{otherwise} \end{cases}",
    ),
    (absolute(x), r"\lvert \mathbf{x} \rvert"),
    (exp(-square(a)), r"\exp(-a^2)"),
    (log(1 - a), r"\log(1 - a)"),
    (f(W @ x), r"f(\mathbf{W} \mathbf{x})"),
    (grad(total(g(f(x))), x), r"f'(\mathbf{x}) \odot g'(f(\mathbf{x}))"),
    (softmax(A @ x), r"\operatorname{softmax}(\mathbf{A} \mathbf{x})"),
    (logsumexp(x), r"\operatorname{LSE}(\mathbf{x})"),
    (grad(logsumexp(x), x), r"\operatorname{softmax}(\mathbf{x})"),
    # gradients
    (grad(dot(x, A @ x), x), r"\mathbf{A} \mathbf{x} + \mathbf{A}^\top \mathbf{x}"),
    (grad(trace(A.T @ X @ B), X), r"\mathbf{A} \mathbf{B}^\top"),
    (
        grad(half_squared_norm(W @ x - v), W),
        r"(\mathbf{W} \mathbf{x} - \mathbf{v}) \mathbf{x}^\top",
    ),
    (
        grad(half_squared_norm(W @ x - v), x),
        r"\mathbf{W}^\top (\mathbf{W} \mathbf{x} - \mathbf{v})",
    ),
    (grad(norm(x), x), r"\frac{\mathbf{x}}{\lVert \mathbf{x} \rVert_2}"),
    (
        grad(binary_cross_entropy(y, sigmoid(x)), x),
        r"\sigma(\mathbf{x}) \odot (1 - \sigma(\mathbf{x})) \odot \left( \frac{1 - \mathbf{y}}{1 - \sigma(\mathbf{x})} - \frac{\mathbf{y}}{\sigma(\mathbf{x})} \right)",
    ),
    (jacobian(W @ x, x), r"\mathbf{W}^\top"),
    (
        jacobian(relu(W @ x), x),
        r"\mathbf{W}^\top \operatorname{diag}(\mathbb{I}(\mathbf{W} \mathbf{x} > 0))",
    ),
    (
        grad(dot(relu(W @ x), v), W),
        r"(\mathbb{I}(\mathbf{W} \mathbf{x} > 0) \odot \mathbf{v}) \mathbf{x}^\top",
    ),
    (grad(dot(prelu(x, alpha), y), alpha), r"\mathbf{y}^\top \min(\mathbf{x}, 0)"),
    # index notation
    (
        contract("ij,jkl,k->il", A, Var("T", (n, m, p)), v),
        r"\left[ \sum_{k=1}^{n} \mathbf{A}_{ik} \sum_{l=1}^{m} T_{klj} \mathbf{v}_l \right]_{ij}",
    ),
    (
        contract("ij,jk,ik,i->", A, B, X, x),
        r"\operatorname{tr}(\mathbf{X}^\top \operatorname{diag}(\mathbf{x}) \mathbf{A} \mathbf{B})",
    ),
    (jacobian(W @ x, W), r"[\mathbf{x}_j \mathbf{I}_{ki}]_{ijk}"),
]

TIDIED = [
    # tidy
    (hessian(dot(x, A @ x), x), r"\mathbf{A} + \mathbf{A}^\top"),
    (
        hessian(norm(x), x),
        r"\frac{1}{\lVert \mathbf{x} \rVert_2} \mathbf{I} - \frac{1}{\lVert \mathbf{x} \rVert_2^3} \mathbf{x} \mathbf{x}^\top",
    ),
    (
        hessian(logsumexp(x), x),
        r"\operatorname{diag}(\operatorname{softmax}(\mathbf{x})) - \operatorname{softmax}(\mathbf{x}) \operatorname{softmax}(\mathbf{x})^\top",
    ),
    (hessian(half_squared_norm(W @ x - v), x), r"\mathbf{W}^\top \mathbf{W}"),
    (
        hessian(dot(x, x) * dot(x, x), x),
        r"4 \lVert \mathbf{x} \rVert_2^2 \mathbf{I} + 8 \mathbf{x} \mathbf{x}^\top",
    ),
    (
        grad(cosine(x, y), x),
        r"\frac{1}{\lVert \mathbf{x} \rVert_2 \, \lVert \mathbf{y} \rVert_2} \left( \mathbf{y} - \frac{\mathbf{x}^\top \mathbf{y}}{\lVert \mathbf{x} \rVert_2^2} \mathbf{x} \right)",
    ),
    (grad(binary_cross_entropy(y, sigmoid(x)), x), r"\sigma(\mathbf{x}) - \mathbf{y}"),
    (
        grad(cross_entropy(y, softmax(x)), x),
        r"(\mathbf{1}^\top \mathbf{y}) \operatorname{softmax}(\mathbf{x}) - \mathbf{y}",
    ),
    (
        grad(-dot(y, log_softmax(x)), x),
        r"(\mathbf{1}^\top \mathbf{y}) \operatorname{softmax}(\mathbf{x}) - \mathbf{y}",
    ),
    (grad(mean(square(x - y)), x), r"\frac{2}{n} (\mathbf{x} - \mathbf{y})"),
    (grad(lam * squared_norm(W), W), r"2 \lambda \mathbf{W}"),
    (
        grad(half_squared_norm(W @ x - v) + lam * squared_norm(x), x),
        r"2 \lambda \mathbf{x} + \mathbf{W}^\top (\mathbf{W} \mathbf{x} - \mathbf{v})",
    ),
    (
        grad(dot(tanh(W @ x), v), W),
        r"((1 - \tanh(\mathbf{W} \mathbf{x}) \odot \tanh(\mathbf{W} \mathbf{x})) \odot \mathbf{v}) \mathbf{x}^\top",
    ),
]


@pytest.mark.parametrize(("expr", "expected"), ROWS)
def test_formula(expr: Expr, expected: str):
    assert latex(write(expr)) == expected


@pytest.mark.parametrize(("expr", "expected"), TIDIED)
def test_tidied_formula(expr: Expr, expected: str):
    assert latex(write(tidy(expr))) == expected


# ------------------------------------------------------------------------------------- networks


def lines(loss: Expr, nodes: list[Expr], parameters: list[Var]) -> dict[str, str]:
    """The backward pass as it is printed: one line for each node and parameter."""
    sweep = backward(loss).cotangents
    names = deltas(sweep, *nodes)
    found = {}
    for node in (*nodes, *parameters):
        symbol_text = node.name if isinstance(node, Var) else node.op.symbol  # type: ignore[attr-defined]
        found[symbol_text] = latex(write(sweep[node], names))
    return found


def test_a_residual_network():
    W1, W2, W3 = bold("W_1", p, n), bold("W_2", m, n), bold("W_3", m, p)
    h = named(r"\mathbf{b}", W1 @ x)
    z = named(r"\mathbf{z}", W3 @ relu(h) + W2 @ x)
    loss = half_squared_norm(z - t)
    assert lines(loss, [z, h], [W1, W2, x]) == {
        r"\mathbf{z}": r"\mathbf{z} - \mathbf{t}",
        r"\mathbf{b}": r"\mathbb{I}(\mathbf{b} > 0) \odot (\mathbf{W}_3^\top \delta_{\mathbf{z}})",
        r"\mathbf{W}_1": r"\delta_{\mathbf{b}} \mathbf{x}^\top",
        r"\mathbf{W}_2": r"\delta_{\mathbf{z}} \mathbf{x}^\top",
        r"\mathbf{x}": r"\mathbf{W}_2^\top \delta_{\mathbf{z}} + \mathbf{W}_1^\top \delta_{\mathbf{b}}",
    }
    assert latex(write(grad(loss, W1))) == (
        r"(\mathbb{I}(\mathbf{b} > 0) \odot (\mathbf{W}_3^\top (\mathbf{z} - \mathbf{t})))"
        r" \mathbf{x}^\top"
    )


def classifier(batch: bool):
    """ReLU, a row of weights, a sigmoid, weighted cross-entropy: for one sample or for m."""
    W1, W2 = bold("W_1", p, n), bold("W_2", 1, p)
    b1, b2 = bold("b_1", p), Var("b_2", ())
    if not batch:
        z1 = named(r"\mathbf{z}_1", W1 @ x + b1)
        a1 = named(r"\mathbf{a}_1", relu(z1))
        z2 = named("z_2", contract("ok,k->", W2, a1) + b2)
        target = y0
        predicted = named(r"\hat{y}", sigmoid(z2))
    else:
        label = ("i",)
        samples = Var(r"\mathbf{x}^{(#1)}", (m, n), label)
        target = Var("y^{(#1)}", (m,), label)
        z1 = named(r"\mathbf{z}_1^{(#1)}", contract("kj,ij->ik", W1, samples)
                   + contract("k,i->ik", b1, Ones(m)), label)  # fmt: skip
        a1 = named(r"\mathbf{a}_1^{(#1)}", relu(z1), label)
        z2 = named(
            "z_2^{(#1)}", contract("ok,ik->i", W2, a1) + contract(",i->i", b2, Ones(m)), label
        )
        predicted = named(r"\hat{y}^{(#1)}", sigmoid(z2), label)
    loss = alpha * target * log(predicted) + beta * (1 - target) * log(1 - predicted)
    return loss, [predicted, z2, a1, z1], [W2, b2, W1, b1]


def test_weighted_cross_entropy_of_one_sample():
    loss, nodes, parameters = classifier(batch=False)
    assert lines(loss, nodes, [parameters[0], parameters[2]]) == {
        r"\hat{y}": r"\frac{\alpha y}{\hat{y}} - \frac{\beta(1 - y)}{1 - \hat{y}}",
        "z_2": r"\delta_{\hat{y}} \sigma(z_2) (1 - \sigma(z_2))",
        r"\mathbf{a}_1": r"\mathbf{W}_2^\top \delta_{z_2}",
        r"\mathbf{z}_1": r"\mathbb{I}(\mathbf{z}_1 > 0) \odot \delta_{\mathbf{a}_1}",
        r"\mathbf{W}_2": r"\delta_{z_2} \mathbf{a}_1^\top",
        r"\mathbf{W}_1": r"\delta_{\mathbf{z}_1} \mathbf{x}^\top",
    }
    sweep = backward(loss).cotangents
    short = tidy(sweep[nodes[1]], keep=nodes)
    assert latex(write(short)) == r"\alpha y(1 - \hat{y}) - \beta \hat{y}(1 - y)"


def test_the_mean_over_a_batch():
    each, nodes, parameters = classifier(batch=True)
    single = named(r"\mathcal{L}^{(#1)}", each, ("i",))
    loss = -total(single) / count_m
    assert latex(write(loss)) == r"-\frac{1}{m} \sum_{i=1}^{m} \mathcal{L}^{(i)}"
    sweep = backward(loss).cotangents
    names = deltas(sweep, *nodes)
    assert latex(write(sweep[single], letters=("i",))) == r"-\frac{1}{m}"
    assert latex(write(nodes[3])) == r"\mathbf{W}_1 \mathbf{x}^{(i)} + \mathbf{b}_1"
    assert latex(write(sweep[nodes[3]], names)) == (
        r"\mathbb{I}(\mathbf{z}_1^{(i)} > 0) \odot \delta_{\mathbf{a}_1^{(i)}}"
    )
    assert [latex(write(sweep[v], names)) for v in parameters] == [
        r"\sum_{i=1}^{m} \delta_{z_2^{(i)}} \mathbf{a}_1^{(i)\top}",
        r"\sum_{i=1}^{m} \delta_{z_2^{(i)}}",
        r"\sum_{i=1}^{m} \delta_{\mathbf{z}_1^{(i)}} \mathbf{x}^{(i)\top}",
        r"\sum_{i=1}^{m} \delta_{\mathbf{z}_1^{(i)}}",
    ]
    short = tidy(sweep[nodes[1]], keep=nodes)
    assert latex(write(short)) == (
        r"\frac{1}{m} (\beta \hat{y}^{(i)} (1 - y^{(i)}) - \alpha y^{(i)} (1 - \hat{y}^{(i)}))"
    )


def test_two_images_and_a_cosine():
    twin = Var(r"\hat{\mathbf{x}}", (n,))
    h1, h2 = named(r"\mathbf{m}", A @ x), named(r"\mathbf{n}", A @ twin)
    z1, z2 = named(r"\mathbf{z}", B @ relu(h1)), named(r"\hat{\mathbf{z}}", B @ relu(h2))
    found = lines(-y0 * cosine(z1, z2), [z1, z2, h1, h2], [A])
    assert (
        found[r"\mathbf{m}"]
        == r"\mathbb{I}(\mathbf{m} > 0) \odot (\mathbf{B}^\top \delta_{\mathbf{z}})"
    )
    assert sorted(found[r"\mathbf{A}"].split(" + ")) == [
        r"\delta_{\mathbf{m}} \mathbf{x}^\top", r"\delta_{\mathbf{n}} \hat{\mathbf{x}}^\top"]  # fmt: skip


def test_a_softmax_classifier_with_a_family_of_weights():
    weights = Var(r"\mathbf{w}_{#1}", (c, n), ("j",))
    samples = Var(r"\mathbf{x}^{(#1)}", (m, n), ("i",))
    targets = Var("y_{#1}^{(#2)}", (c, m), ("j", "i"))
    scores = named(r"a_{#1}^{(#2)}", contract("jk,ik->ji", weights, samples), ("j", "i"))
    loss = total(targets * scores) - total(logsumexp(transpose(scores)))
    assert latex(write(scores)) == r"\mathbf{w}_j^\top \mathbf{x}^{(i)}"
    assert latex(write(total(targets * scores))) == (
        r"\sum_{i=1}^{m} \sum_{j=1}^{c} y_j^{(i)} a_j^{(i)}"
    )
    sweep = backward(loss).cotangents
    assert latex(write(sweep[weights], deltas(sweep, scores))) == (
        r"\sum_{i=1}^{m} \delta_{a_j^{(i)}} \mathbf{x}^{(i)}"
    )


def test_attention():
    Q, K, U = bold("Q", m, d), bold("K", m, d), bold("V", m, d)
    scores = named(r"\mathbf{S}", power(Fraction(-1, 2))(count(Var("q", (d,)))) * (Q @ K.T))
    weights = named(r"\mathbf{P}", softmax(scores))
    out = weights @ U
    assert latex(write(scores)) == r"\frac{1}{\sqrt{d}} \mathbf{Q} \mathbf{K}^\top"
    found = lines(dot(out, bold("T", m, d)), [weights, scores], [Q, K, U])
    assert found[r"\mathbf{P}"] == r"\mathbf{T} \mathbf{V}^\top"
    assert found[r"\mathbf{Q}"] == r"\frac{1}{\sqrt{d}} \delta_{\mathbf{S}} \mathbf{K}"
    assert found[r"\mathbf{K}"] == r"\frac{1}{\sqrt{d}} \delta_{\mathbf{S}}^\top \mathbf{Q}"
    assert found[r"\mathbf{V}"] == r"\mathbf{P}^\top \mathbf{T}"


def test_layer_normalisation():
    mu = named(r"\mu", mean(x))
    var = named("v", mean(square(x - mu)))
    hat = named(r"\hat{\mathbf{x}}", (x - mu) / sqrt(var + Var(r"\varepsilon", ())))
    assert latex(write(var)) == r"\frac{1}{n} \lVert \mathbf{x} - \mu \rVert_2^2"
    assert latex(write(hat)) == r"\frac{1}{\sqrt{v + \varepsilon}} (\mathbf{x} - \mu)"
    found = lines(dot(u * hat, y), [hat, var], [u])
    assert found[r"\hat{\mathbf{x}}"] == r"\mathbf{u} \odot \mathbf{y}"
    assert found["v"] == (
        r"-\frac{\delta_{\hat{\mathbf{x}}}^\top (\mathbf{x} - \mu)}"
        r"{2 (v + \varepsilon)^{\frac{3}{2}}}"
    )


def test_a_cell_of_an_lstm():
    gate, carry = named(r"\mathbf{f}", sigmoid(A @ x)), bold("c", n)
    inner, cand = named(r"\mathbf{i}", sigmoid(B @ x)), named(r"\mathbf{g}", tanh(X @ x))
    state = named(r"\mathbf{s}", gate * carry + inner * cand)
    assert latex(write(state)) == r"\mathbf{f} \odot \mathbf{c} + \mathbf{i} \odot \mathbf{g}"
    found = lines(dot(tanh(state), y), [state, gate, cand], [A, carry])
    assert found[r"\mathbf{s}"] == (
        r"(1 - \tanh(\mathbf{s}) \odot \tanh(\mathbf{s})) \odot \mathbf{y}"
    )
    assert found[r"\mathbf{f}"] == r"\mathbf{c} \odot \delta_{\mathbf{s}}"
    assert found[r"\mathbf{c}"] == r"\mathbf{f} \odot \delta_{\mathbf{s}}"


def test_names_inside_and_outside():
    z = named(r"\mathbf{z}", W @ x)
    assert latex(write(z)) == r"\mathbf{W} \mathbf{x}"
    assert latex(symbol(z)) == r"\mathbf{z}"
    called = {z * v: name(r"\delta")}
    assert latex(write(z * v, called)) == r"\mathbf{z} \odot \mathbf{v}"
    assert latex(symbol(z * v, called)) == r"\delta"
    assert latex(write(W.T @ (z * v), called)) == r"\mathbf{W}^\top \delta"


def test_entries():
    assert (
        latex(write_entry(A @ B, ("i", "j"))) == r"\sum_{k=1}^{n} \mathbf{A}_{ik} \mathbf{B}_{kj}"
    )
    assert latex(write_entry(sigmoid(A.T), ("i", "j"))) == r"\sigma(\mathbf{A}_{ji})"
    with pytest.raises(ValueError, match="2 axes"):
        write_entry(A, ("i",))


def test_a_mean_within_a_sum_takes_a_letter_of_its_own():
    samples = Var(r"\mathbf{x}^{(#1)}", (m, n), ("i",))
    middle = contract("ik->k", samples) / count_m
    off = samples - contract("k,i->ik", middle, Ones(m))
    assert latex(write(off)) == (r"\mathbf{x}^{(i)} - \frac{1}{m} \sum_{j=1}^{m} \mathbf{x}^{(j)}")


# ----------------------------------------------------------------------------- depth and meaning


def test_depth_is_no_limit():
    deep = x
    for k in range(3000):
        deep = tanh(Var(rf"\mathbf{{W}}_{{{k % 5}}}", (n, n)) @ deep)
    here, depth = write(deep), 0
    while here.head == "call":
        here, depth = here.kids[1].kids[1], depth + 1
    assert depth == 3000
    assert here == name(r"\mathbf{x}")


def test_a_line_does_not_look_below_names():
    below = named("h", A @ x)
    line = A @ below

    class Watched(dict):
        asked = 0

        def get(self, key, default=None):
            Watched.asked += 1
            return super().get(key, default)

    for _ in range(500):
        below = named("h", tanh(A @ below))
    short, long = Watched(), Watched()
    write(line, short)
    first, Watched.asked = Watched.asked, 0
    write(A @ below, long)
    assert Watched.asked == first


@given(st.integers(0, 10**6), st.booleans())
def test_what_is_written_is_worth_what_is_meant(seed: int, of_gradient: bool):
    rng = random.Random(seed)
    sprout = Sprout(rng, labels=seed % 2 == 0)
    if of_gradient:
        expr = grad(sprout.scalar(3), rng.choice(VARIABLES[:6]))
    else:
        n0, m0 = sprout.size(), sprout.size()
        makers = [sprout.scalar, lambda k: sprout.vector(n0, k), lambda k: sprout.matrix(n0, m0, k)]
        expr = rng.choice(makers)(3)
    assert isinstance(expr, Expr)
    known = values(rng)
    want = as_written(evaluate(expr, known, AT))
    written = write(expr)
    found = [g for g in worth(written, known, AT) if g.shape in (want.shape, ())]
    assert any(np.allclose(g * np.ones_like(want), want) for g in found), latex(written)
