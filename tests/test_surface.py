"""The library as it is used from Python: what is imported, written and shown."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest

import derive as d
from derive.kernel.expr import ShapeError, Var
from derive.operators import COMPOSITES, POINTWISE, PRIMITIVES

n, m, p = d.sizes("n m p")
x, y = d.vector("x", n), d.vector("y", m)
W1, W2, W3 = d.matrix("W_1", p, n), d.matrix("W_2", m, n), d.matrix("W_3", m, p)


def residual():
    b = d.name("b", W1 @ x)
    z = d.name("z", W3 @ d.relu(b) + W2 @ x)
    return d.half_squared_norm(z - y)


@pytest.mark.parametrize(
    ("written", "latex"),
    [
        ("x", r"\mathbf{x}"),
        ("W_1", r"\mathbf{W}_1"),
        ("W_12", r"\mathbf{W}_{12}"),
        (r"\hat{x}", r"\hat{\mathbf{x}}"),
        (r"\tilde{h}_t", r"\tilde{\mathbf{h}}_t"),
        ("theta", r"\boldsymbol{\theta}"),
        (r"\mathcal{A}", r"\mathcal{A}"),
        (r"\mathbf{W}^{(2)}", r"\mathbf{W}^{(2)}"),
        ("h_{t-1}", r"\mathbf{h}_{t-1}"),
    ],
)
def test_symbols_are_those_of_the_reader(written, latex):
    assert d.vector(written, n).latex() == latex


def test_scalars_are_not_bold():
    assert d.scalar("b").latex() == "b"
    assert d.scalar("alpha") is Var(r"\alpha", ())
    assert d.name("L", d.dot(x, x)).latex() == "L"


def test_the_same_letters_are_the_same_symbol():
    assert d.vector("x", n) is Var(r"\mathbf{x}", (n,))
    assert d.vector("theta", n) is Var(r"\mathbf{\theta}", (n,))


@pytest.mark.parametrize("bad", [0, -1])
def test_an_axis_has_entries(bad):
    with pytest.raises(ValueError, match="at least one entry"):
        d.vector("v", bad)


@pytest.mark.parametrize("bad", ["n", 2.0, True, None])
def test_an_axis_is_a_size(bad):
    with pytest.raises(TypeError, match="an axis is an integer or a size"):
        d.matrix("M", n, bad)


def test_an_empty_symbol():
    with pytest.raises(ValueError, match="needs a letter"):
        d.scalar("  ")


def test_gradient_and_its_steps():
    loss = residual()
    g = d.grad(loss, W1)
    assert g.latex() == (
        r"(\mathbb{I}(\mathbf{b} > 0) \odot (\mathbf{W}_3^\top (\mathbf{z} - \mathbf{y})))"
        r" \mathbf{x}^\top"
    )
    text = str(g.steps())
    assert text.splitlines()[-1].split("  ")[0] == "dL/dW_1 = delta_b x^T"
    assert "ReLU masks" in text
    assert r"&& \text{+ passes, $\times$ switches, ReLU masks}" in g.steps().latex()
    assert g.steps()._repr_html_().count("<tr>") == len(g.steps()) == 3


def test_gradients_of_a_list_are_one_sweep():
    loss = residual()
    assert d.grad(loss, [W1, W2]) == [d.grad(loss, W1), d.grad(loss, W2)]
    assert len(d.grad(loss, [W1, W2])[1].steps()) == 2


def test_only_gradients_know_their_steps():
    with pytest.raises(ValueError, match="only what grad returned"):
        (W1 @ x).steps()


def test_a_gradient_keeps_its_loss_and_no_longer_than_itself():
    v = d.vector("v", n)
    g = d.grad(d.total(d.exp(d.name("q", d.sin(v)))), v)
    gc.collect()
    assert len(g.steps()) == 2
    inner = weakref.ref(d.sin(v))
    assert inner() is not None
    del g
    gc.collect()
    assert inner() is None
    h = d.grad(d.total(d.exp(v)), v)  # which stands in its own loss
    assert len(h.steps()) == 1


def test_a_gradient_of_an_array_is_refused():
    with pytest.raises(ShapeError, match="use jacobian"):
        d.grad(W1 @ x, x)


def test_text_of_small_and_large():
    assert repr(residual()) == "1/2 ||z - y||_2^2"
    deep = x
    for _ in range(200):
        deep = d.tanh(deep)
    assert repr(deep) == "<Map n>"
    assert deep._repr_latex_() is None
    with pytest.raises(ValueError, match="give parts of it a name"):
        deep.latex()
    assert x._repr_latex_() == r"$\displaystyle \mathbf{x}$"


@pytest.mark.parametrize("join", [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b])
@pytest.mark.parametrize("count", [100, 5000])
def test_a_long_row_is_not_deep(join, count):
    row = x
    for k in range(count):
        row = join(row, d.vector(f"v_{{{k}}}", n))
    assert row.latex().count(r"\mathbf{v}_") == count
    deep = row
    for _ in range(200):
        deep = d.tanh(deep)
    with pytest.raises(ValueError, match="give parts of it a name"):
        deep.latex()


def test_compiled_and_evaluated_agree():
    rng = np.random.default_rng(0)
    values = {x: rng.normal(size=3), y: rng.normal(size=2), W1: rng.normal(size=(4, 3)),
              W2: rng.normal(size=(2, 3)), W3: rng.normal(size=(2, 4))}  # fmt: skip
    g = d.grad(residual(), W1)
    f = d.compile(g, "numpy")
    np.testing.assert_allclose(f(values), d.evaluate(g, values), rtol=1e-12)


@pytest.mark.parametrize("word", sorted({*POINTWISE, *PRIMITIVES, *COMPOSITES}))
def test_every_row_is_a_function(word):
    assert callable(getattr(d, word))
    assert word in dir(d)


def test_implied_parameters_are_filled_in():
    assert d.prelu(x) is d.prelu(x, d.scalar("alpha"))
    with pytest.raises(TypeError, match=r"relu takes 1 argument"):
        d.relu(x, y)


def test_unknown_words():
    with pytest.raises(AttributeError, match="no 'rleu'"):
        _ = d.rleu


def test_modules_do_not_hide_functions():
    import derive.derivation.network
    import derive.kernel.sizes
    import derive.meaning.evaluate

    assert d.sizes("a b")[0] is derive.kernel.sizes.size("a")
    assert d.network(residual()).loss is not None
    assert float(d.evaluate(d.scalar("s"), {d.scalar("s"): 2})) == 2.0


def test_importing_is_light():
    heavy = ["numpy", "sympy", "lark", "jinja2"]
    code = f"import sys, derive; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
    code = (
        "import sys, derive as d; n = d.size('n'); x = d.vector('x', n);"
        f"d.grad(d.dot(x, x), x).latex(); print([m for m in {heavy} if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_document_is_read_and_solved():
    net = d.read(
        r"Let $x \in \mathbb{R}^n$, $W \in \mathbb{R}^{m\times n}$, $y \in \mathbb{R}^m$."
        "\n\n"
        r"\[ z = W x, \qquad L = \frac12 \|z - y\|^2, \qquad \frac{\partial L}{\partial W} = ? \]"
    )
    solution = d.solve(net)
    (answer,) = solution.worked.answers
    assert d.grad(net.loss, net.parameters[0].var).latex() == r"(z - y) x^\top"
    assert not solution.failed
    assert answer.zero is False


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: d.relu("x"), "cannot use 'x'"),
        (lambda: d.relu(x, x), "relu takes 1 argument, not 2"),
        (lambda: d.dropout(x, "m"), "cannot use 'm'"),
        (lambda: d.kron(W2, "B"), "cannot use 'B'"),
        (lambda: d.total("x"), "cannot use 'x'"),
        (lambda: d.trace(W2), "square matrix, not m×n"),
        (lambda: d.outer(W2, x), "outer needs two vectors"),
        (lambda: d.grad(d.total(x), "x"), "cannot use 'x'"),
        (lambda: d.grad("L", x), "cannot use 'L'"),
        (lambda: d.jacobian("y", x), "cannot use 'y'"),
        (lambda: d.hvp(x @ x, x, y), "hvp needs v of the shape n, not m"),
        (lambda: d.name("b", None), "cannot use None"),
        (lambda: d.name(3, x), "a symbol is text"),
        (lambda: d.vector(3, n), "a symbol is text"),
        (lambda: d.sizes(3), "sizes are given as text"),
        (lambda: d.causal_mask("n"), "an axis is an integer or a size"),
        (lambda: d.commutation("n", 3), "an axis is an integer or a size"),
        (lambda: d.concat(x, y), "concat needs a list"),
        (lambda: d.stack([]), "stack needs a list"),
        (lambda: d.split(x, 3), "split needs the sizes"),
        (lambda: d.evaluate(x, {}), "no value is given for x"),
        (lambda: d.evaluate(x, {"x": [1]}), "values are given by variable"),
        (lambda: d.evaluate("x", {}), "cannot use 'x'"),
        (lambda: d.to_sympy(W2), "the size m has no value"),
        (lambda: d.compile("x"), "cannot use 'x'"),
        (lambda: d.count("x"), "cannot use 'x'"),
        (lambda: d.graph(x), "graph needs a worked network"),
        (lambda: d.read(3), "a document is text"),
        (lambda: d.check(3), "a document is text"),
        (lambda: d.solve("L = ?"), "solve needs a network"),
        (lambda: d.dense_parameters(0, 2), "at least one entry, not 0"),
        (lambda: d.conv_parameters(3, "a", 3), "an axis is an integer or a size"),
        (lambda: d.vec("X"), "vec cannot take this X: cannot use 'X'"),
        (lambda: d.conv1d(np.ones(5), x), "conv1d cannot take this x: an array of numbers"),
        (lambda: d.concat(["x"]), "concat cannot take this parts: cannot use 'x'"),
        (lambda: d.attention("Q", W1, W2), "attention cannot take this q"),
        (lambda: d.mean(), "mean(u): missing a required argument: 'u'"),
        (lambda: d.positions(d.scalar("s")), "positions takes n, not scalar"),
        (lambda: d.lora(W1, d.scalar("s"), W2), "too few axes for lora: weight p×n, b scalar"),
        (lambda: d.smoothed_cross_entropy(x, d.scalar("s")), "vectors over K classes"),
        (lambda: d.part(3, 0, 1)(x), "no axis 3 in n: the last one is -1"),
        (lambda: d.abstract("f")(), "f needs an argument, as f(x)"),
        (lambda: d.grad(x @ x, 3), "grad needs a variable or a named part to derive by, not 3"),
        (lambda: d.grad(x @ x, None), "grad needs a variable or a named part"),
        (lambda: d.worked(x @ x, [None]), "worked needs a variable or a named part"),
        (lambda: d.worked(3), "needs a loss of its variables, not the number 3"),
        (lambda: d.worked(d.exp(x), x), "worked needs one scalar loss to differentiate, not n"),
        (lambda: d.steps(x, x), "one scalar loss"),
        (lambda: d.count(3), "count needs a variable or a list of them, not 3"),
        (lambda: x * float("nan"), "cannot use nan in an expression: its numbers are exact"),
        (lambda: float("inf") * x, "cannot use inf in an expression"),
    ],
)
def test_a_wrong_call_is_explained(call, said):
    with pytest.raises((TypeError, ValueError)) as found:
        call()
    assert said in str(found.value)


def test_a_variable_made_anew_with_another_shape_is_not_differentiated_by():
    v = d.vector("v", 3)
    for asked in (d.grad, d.hessian, lambda of, by: d.hvp(of, by, by), d.steps):
        with pytest.raises(ShapeError, match="the v of this loss has the shape 3, not 2"):
            asked(v @ v, d.vector("v", 2))
    with pytest.raises(ShapeError, match="the v of this loss"):
        d.jacobian(d.exp(v), d.vector("v", 2))
    with pytest.raises(ValueError, match="declared with nothing, not with unit"):
        d.grad(v @ v, d.vector("v", 3, unit=True))
    with pytest.raises(ValueError, match="the z of this loss stands for another expression"):
        d.grad(d.total(d.name("z", 2 * v)), d.name("z", 3 * v))


def test_what_a_loss_does_not_have_has_a_gradient_of_zero():
    assert repr(d.grad(x @ x, y)) == "0"
    first, second = d.name("h", d.exp(x)), d.name("h", d.sin(x))
    assert d.grad(d.total(first * second), first) is not d.grad(d.total(first * second), second)


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda q: np.dot(q, q), "d.dot(a, b)"),
        (lambda q: np.sum(q), "d.total(x)"),
        (lambda q: np.transpose(W1), "x.T"),
        (lambda q: np.outer(q, q), "d.outer(a, b)"),
        (lambda q: np.concatenate([q, q]), "d.concat([a, b])"),
        (lambda q: np.exp(q), "d.exp(..)"),
        (lambda q: np.linalg.norm(q), "d.norm(..)"),
        (lambda q: np.log1p(q), "dir(derive)"),
        (lambda q: np.array([1.0, 2.0, 3.0]) * q, "tensor('c', 3)"),
        (lambda q: np.array([1.0, 2.0, 3.0]) @ q, "tensor('c', 3)"),
        (lambda q: q - np.ones((2, 3)), "tensor('c', 2, 3)"),
        (lambda q: q @ np.ones(3), "tensor('c', 3)"),
    ],
)
def test_functions_of_numpy_are_refused_and_say_what_to_write(call, instead):
    with pytest.raises(TypeError) as found:
        call(d.vector("q", 3))
    assert instead in str(found.value)


def test_numbers_of_numpy_are_numbers():
    assert np.float64(0.1) * x is x * 0.1 is x * np.float32(0.1)
    assert x + np.int64(2) is x + 2
    assert np.int64(2) / d.scalar("s") is 2 / d.scalar("s")
    assert d.vector("x", np.int64(3)) is d.vector("x", 3)
    assert d.matrix("A", n + np.int64(1), n) is d.matrix("A", n + 1, n)


def test_a_word_that_is_not_there_has_a_neighbour():
    with pytest.raises(AttributeError, match="did you mean 'softmax'"):
        _ = d.sofmax


@pytest.mark.parametrize("word", ["max", "min"])
def test_the_largest_entry_and_the_larger_of_two_are_told_apart_by_their_number(word):
    u, v = d.vector("u", 3), d.vector("v", 3)
    values = {u: [1, 5, 2], v: [4, 0, 2]}
    other = f"{word}imum"
    for name in (word, other):
        of_one = d.evaluate(getattr(d, name)(u), values)
        of_two = d.evaluate(getattr(d, name)(u, v), values)
        assert of_one == getattr(np, word)(values[u])
        assert of_two.tolist() == getattr(np, other)(values[u], values[v]).tolist()


def test_help_of_every_word_says_something():
    for word in dir(d):
        if not word.startswith("_"):
            said = (getattr(d, word).__doc__ or "").strip()
            assert len(said) > 20, word
