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

from derive.kernel.build import (
    contract,
    dot,
    named,
    total,
    transpose,
)  # fmt: skip
from derive.kernel.calculus import backward, grad
from derive.kernel.expr import Expr, Ones, Var
from derive.latex.print import latex
from derive.meaning.evaluate import evaluate
from derive.operators.composites import (
    cosine,
    count,
    half_squared_norm,
    mean,
)  # fmt: skip
from derive.operators.pointwise import (
    log,
    power,
    relu,
    sigmoid,
    sqrt,
    square,
    tanh,
)  # fmt: skip
from derive.operators.primitives import logsumexp, softmax
from derive.tree import name
from derive.writing.labels import Symbol
from derive.writing.tidy import tidy
from derive.writing.write import symbol, write, write_entry
from tests.formulas import (
    ROWS,
    TIDIED,
    A,
    B,
    W,
    X,
    alpha,
    beta,
    bold,
    c,
    count_m,
    d,
    m,
    n,
    p,
    t,
    u,
    v,
    x,
    y,
    y0,
)
from tests.notation_value import as_written, worth
from tests.random_expressions import AT, VARIABLES, Sprout, values


def deltas(sweep, *nodes: Expr) -> dict[Expr, Symbol]:
    """The cotangents of these nodes, called δ."""
    found = {}
    for node in nodes:
        op = node.op  # type: ignore[attr-defined]
        found[sweep[node]] = Symbol(name(rf"\delta_{{{op.symbol}}}"), op.letters)
    return found


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
    assert latex(write(hat)) == r"\frac{\mathbf{x} - \mu}{\sqrt{v + \varepsilon}}"
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
