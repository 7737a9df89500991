"""NumPy source: what it looks like, what it computes, and what it says about bad inputs."""

from __future__ import annotations

import ast
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive import code
from derive.code.targets import NoCode
from derive.kernel.build import add, contract, contracted, diag, lift, named, outer, spread, trace
from derive.kernel.calculus import backward, grad
from derive.kernel.expr import Delta, Expr, Map, Num, Ones, Var, toposort
from derive.kernel.sizes import sizes
from derive.meaning.evaluate import evaluate
from derive.operators.composites import half_squared_norm, mean
from derive.operators.pointwise import absolute, exp, gelu, generic, gt, power, relu, tanh
from derive.operators.primitives import one_hot, softmax

n, m, p = sizes("n m p")
x, y = Var(r"\mathbf{x}", (n,)), Var(r"\mathbf{y}", (m,))
v = Var("v", (n,))
W, V = Var("W", (m, n)), Var("V", (p, m))
S, T = Var("S", (n, n)), Var("T", (m, n))
X = Var(r"\mathbf{x}^{(#1)}", (p, n), ("i",))
Y = Var("Y", (p, m))
s = Var("s", ())
EXTENT = {"n": 3, "m": 2, "p": 4, "k": 2}


def last(expr: Expr) -> str:
    return code.source(expr).rstrip().splitlines()[-1].strip().removeprefix("return ")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (W @ x, "W @ x"),
        (W.T @ y, "W.T @ y"),
        (contract("i,ij->j", y, W), "W.T @ y"),
        (contract("ij,jk->ik", V, W), "V @ W"),
        (contract("ij,jk->ki", V, W), "W.T @ V.T"),
        (outer(y, x), "np.outer(y, x)"),
        (x @ v, "x @ v"),
        (x * v, "x * v"),
        (s * x, "s * x"),
        (W.T, "W.T"),
        (trace(S), "np.trace(S)"),
        (contract("ii->i", S), "np.diag(S)"),
        (diag(x), "np.diag(x)"),
        (contract("bi,bj->ij", Y, X), "Y.T @ X"),
        (contract("bi,ij,bj->b", Y, W, X), "((Y @ W) * X).sum(axis=1)"),
        (contract("ij,ij->", W, T), "np.sum(W * T)"),
        (contract("ij->j", W), "W.sum(axis=0)"),
        (contract("i,ij->ij", y, W), "y[:, None] * W"),
        (contract("ij,j->ij", W, x), "W * x"),
        (contract("i,ij,j->", y, W, x), "y @ (W @ x)"),
        (contract("i,ij,j,i->i", y, W, x, y), "y * y * (W @ x)"),
        (
            contract("bi,oi->bo", X, W) + contracted((y, Ones(p)), ((0,), (1,)), (1, 0)),
            "X @ W.T + y",
        ),
        (1 - x, "1 - x"),
        (x / v, "x / v"),
        (-(W @ x), "-(W @ x)"),
        (x - 2 * v, "x - 2 * v"),
        (-x + v, "v - x"),
        (Fraction(1, 3) * x, "x / 3"),
        (2 * (Fraction(1, 2) * (x - v)), "x - v"),
        (2 * (x / v), "2 * x / v"),
        (Fraction(-2, 3) * (W @ x), "-2 / 3 * (W @ x)"),
        (mean(x), "np.sum(x) / n"),
        (relu(x) * gt(x, 0), "np.maximum(x, 0.0) * (x > 0).astype(float)"),
        (spread(lift(0), (n, m)), "np.zeros((n, m))"),
        (spread(s, (n,)), "np.full(n, s, dtype=float)"),
        (add(Delta(n), outer(x, x)), "np.eye(n) + np.outer(x, x)"),
        (power(-2)(x), "1 / x ** 2"),
    ],
)
def test_as_a_numpy_person_writes_it(expr: Expr, text: str) -> None:
    assert last(expr) == text.replace("X", "x_i")


def test_a_shared_value_gets_one_line() -> None:
    shared = exp(W @ x)
    text = code.source(add(shared * shared, tanh(shared)))
    assert text.count("np.exp") == 1
    assert "t1 = np.exp(W @ x)" in text


def test_named_nodes_are_variables() -> None:
    b = named(r"\hat{\mathbf{b}}", W @ x)
    text = code.source(b * relu(b))
    assert "b_hat = W @ x" in text
    assert "return b_hat * np.maximum(b_hat, 0.0)" in text


# ---------------------------------------------------------------------------- every axes pattern


@st.composite
def contractions(draw, letter: str) -> Expr:
    """Any product: repeated indices, ones, deltas, axes of one entry, any order of the result."""
    extent = [draw(st.sampled_from([n, m, p, 1])) for _ in range(4)]
    factors, indices = [], []
    for k in range(draw(st.integers(1, 4))):
        own = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
        axes = tuple(extent[i] for i in own)
        if len(own) == 1 and draw(st.booleans()):
            factors.append(Ones(axes[0]))
        elif len(own) == 2 and axes[0] == axes[1] and draw(st.booleans()):
            factors.append(Delta(axes[0]))
        else:
            factors.append(Var(f"{letter}_{k}", axes))
        indices.append(own)
    used = sorted({i for own in indices for i in own})
    out = draw(st.permutations(used)) if used else []
    out = out[: draw(st.integers(0, len(out)))]
    if draw(st.booleans()):
        factors.append(Num(draw(st.sampled_from([2, -1, Fraction(1, 2), Fraction(-2, 3)]))))
        indices.append(())
    return contracted(factors, indices, tuple(out))


@given(contractions("a"), contractions("b"))
def test_every_contraction_is_einsum(one: Expr, two: Expr) -> None:
    # A function keeps stretched axes stretched; a sum of two stretches what neither has.
    made = [one, absolute(one), add(one, power(2)(one))]
    if one.axes == two.axes:
        made.append(add(one, two))
    variables = {u for e in (one, two) for u in toposort(e) if type(u) is Var}
    random = np.random.default_rng(len(variables))
    values = {
        u: random.uniform(0.5, 2, tuple(EXTENT.get(str(a), 1) for a in u.axes)) for u in variables
    }
    for expr in made:
        function = code.compile(expr)
        free = {k: EXTENT[k] for k in "nmp" if f'    "{k}": "the size' in function.source}
        found = function(values, **free)
        wanted = evaluate(expr, values, EXTENT)
        assert np.shape(found) == wanted.shape, function.source
        assert np.allclose(found, wanted), function.source


# ---------------------------------------------------------------------------- modules


def network() -> tuple[str, dict]:
    b = named("b", W @ x)
    z = named(r"\mathbf{z}", V @ relu(b))
    t = Var(r"\mathbf{t}", (p,))
    loss = named(r"\mathcal{L}", half_squared_norm(z - t))
    sweep = backward(loss)
    variables = {"W": W, "V": V, "x": x, "t": t}
    text = code.module(
        variables,
        {"b": b, "z": z, "L": loss},
        {key: sweep.cotangents[var] for key, var in variables.items()},
        {r"\mathbf{z}": "z", r"\mathcal{L}": "L", "W": "W"},
        lines={"delta_z": sweep.cotangents[z], "delta_b": sweep.cotangents[b]},
        title=r"The net of \mathbf{W}",
    )
    random = np.random.default_rng(0)
    given_ = {"W": (2, 3), "V": (4, 2), "x": (3,), "t": (4,)}
    return text, {key: random.normal(size=shape) for key, shape in given_.items()}


def run(text: str) -> dict:
    namespace: dict = {}
    exec(compile(text, "generated", "exec"), namespace)
    return namespace


def test_a_module_computes_values_and_gradients() -> None:
    text, inputs = network()
    made = run(text)
    assert made["SYMBOLS"] == {r"\mathbf{z}": "z", r"\mathcal{L}": "L", "W": "W"}
    values = made["forward"](**inputs)
    assert list(values) == ["b", "z", "L"]
    z = inputs["V"] @ np.maximum(inputs["W"] @ inputs["x"], 0)
    assert np.allclose(values["z"], z)
    assert np.isclose(values["L"], 0.5 * np.sum((z - inputs["t"]) ** 2))
    gradients = made["gradients"](**inputs)
    for key, array in inputs.items():
        assert gradients[key].shape == array.shape
        moved = np.zeros_like(array)
        moved.flat[0] = 1e-6
        up = made["forward"](**{**inputs, key: array + moved})["L"]
        down = made["forward"](**{**inputs, key: array - moved})["L"]
        assert np.isclose(gradients[key].flat[0], (up - down) / 2e-6, rtol=1e-4, atol=1e-7)


def test_a_module_imports_only_numpy_and_reads_well() -> None:
    text, _ = network()
    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)]
    assert [alias.name for node in imported for alias in node.names] == ["numpy"]
    assert "delta_z = z - t" in text
    assert "delta_b = (b > 0).astype(float) * (V.T @ delta_z)" in text
    assert "grad_W = np.outer(delta_b, x)" in text
    assert max(len(line) for line in text.splitlines()) <= 100


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"W": None}, TypeError, r"missing: W of shape \(m, n\)"),
        ({"U": 1.0}, TypeError, "no input is called U; known: W, V, x, t"),
        ({"x": np.ones(5)}, ValueError, r"x needs shape \(n,\), not \(5,\): n is 5 here, 3 in W"),
        ({"x": np.ones((3, 1))}, ValueError, r"x needs shape \(n,\), not \(3, 1\)"),
    ],
)
def test_bad_inputs_are_named(change, kind, says) -> None:
    text, inputs = network()
    given_ = {k: a for k, a in {**inputs, **change}.items() if a is not None}
    with pytest.raises(kind, match=says):
        run(text)["forward"](**given_)


def test_sizes_that_no_shape_gives_are_inputs() -> None:
    (k,) = sizes("k")
    function = code.compile(spread(s, (k,)))
    assert np.array_equal(function(s=2.0, k=3), [2.0, 2.0, 2.0])
    with pytest.raises(TypeError, match="missing: k, the size k"):
        function(s=2.0)
    with pytest.raises(ValueError, match="positive integer"):
        function(s=2.0, k=0)


def test_sizes_with_arithmetic_are_computed_and_checked() -> None:
    (k,) = sizes("k")
    w, c = Var("w", (k,)), Var("c", (n - k + 1,))
    function = code.compile([c + spread(s, c.axes), x @ x, w @ w])
    found, _, _ = function(c=np.ones(2), s=1.0, x=np.ones(3), w=np.ones(2))
    assert np.array_equal(found, [2.0, 2.0])
    with pytest.raises(ValueError, match="axis 0 of c has 3 entries, not n - k \\+ 1 = 2"):
        function(c=np.ones(3), s=1.0, x=np.ones(3), w=np.ones(2))


def test_a_size_and_an_input_with_one_letter() -> None:
    clash = Var("n", (n, n))
    found = code.compile(clash @ x + spread(lift(1), (n,)) * 2)(n=np.eye(3), x=np.ones(3))
    assert np.array_equal(found, [3.0, 3.0, 3.0])


@pytest.mark.parametrize("name", ["np", "t1", "inputs", "math", "erf", "given", "forward"])
def test_inputs_called_like_something_of_ours(name: str) -> None:
    a = Var(name, (n,))
    b = exp(a)
    function = code.compile(gelu(b) + b * b)
    found = function({a: np.ones(2)})
    assert np.allclose(found, evaluate(gelu(b) + b * b, {a: np.ones(2)}))


def test_functions_that_nobody_defined_are_inputs() -> None:
    f = generic("f")
    loss = f(x) @ v
    function = code.compile([loss, grad(loss, x)])
    given_ = {x: np.array([0.1, 0.2]), v: np.ones(2)}
    value, slope = function(given_, f=np.sin, f_prime=np.cos)
    assert np.isclose(value, np.sin([0.1, 0.2]).sum())
    assert np.allclose(slope, np.cos([0.1, 0.2]))
    with pytest.raises(TypeError, match="missing: f_prime, its derivative"):
        function(given_, f=np.sin)
    with pytest.raises(TypeError, match="f is a function"):
        function(given_, f=3, f_prime=np.cos)


def test_class_numbers_start_at_one() -> None:
    c = Var("c", ())
    function = code.compile(one_hot(3)(c))
    assert np.array_equal(function(c=1), [1.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="class numbers are 1 to 3"):
        function(c=0)


def test_large_arguments_stay_finite() -> None:
    found = code.compile([softmax(x), gelu(x)])(x=[1000.0, -1000.0])
    assert np.array_equal(found[0], [1.0, 0.0])
    assert np.array_equal(found[1], [1000.0, 0.0])


def test_a_word_without_a_spelling_is_an_error() -> None:
    from derive.kernel.expr import Fn

    with pytest.raises(NoCode, match="nosuch has no spelling in numpy"):
        code.source(Map(Fn("nosuch", (), abs), (x,)))
    with pytest.raises(ValueError, match="known: numpy"):
        code.source(x, target="fortran")


@pytest.mark.parametrize("name", ["a b", "class", "x;import os", "", "1x", "é"])
def test_only_identifiers_become_code(name: str) -> None:
    with pytest.raises(ValueError, match="identifier"):
        code.module({name: x}, {}, {}, {})


def test_a_hostile_symbol_stays_a_string() -> None:
    evil = Var('x"); raise SystemExit(1); ("', (n,))
    assert np.array_equal(code.compile(2 * evil)({evil: np.ones(2)}), [2.0, 2.0])
    text = code.module({"x": evil}, {}, {"x": 2 * evil}, {evil.name: "x"}, title='""" + 1 \\')
    assert run(text)["SYMBOLS"] == {evil.name: "x"}


def test_depth_and_breadth_are_no_limit() -> None:
    deep: Expr = x
    for _ in range(3000):
        deep = tanh(deep)
    wide = add(*(lift(k) * exp(lift(k) * x) for k in range(1, 1500)))
    for expr in (deep, wide):
        function = code.compile(expr)
        assert max(len(line) for line in function.source.splitlines()) <= 120
        assert np.allclose(function(x=[1e-3]), evaluate(expr, {x: np.array([1e-3])}))


def test_what_is_returned_may_be_changed() -> None:
    inputs = {"x": np.ones(3), "W": np.ones((2, 3)), "s": 1.0}
    found = code.compile([spread(s, (n,)), x, W.T, x + spread(s, (n,)), 1 * x])(**inputs)
    for array in found:
        array *= 2
    assert np.array_equal(inputs["x"], np.ones(3))
    assert np.array_equal(inputs["W"], np.ones((2, 3)))
    assert np.array_equal(found[1], [2.0, 2.0, 2.0])
