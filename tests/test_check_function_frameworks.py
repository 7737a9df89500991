"""``derive.check_function`` of functions in PyTorch and JAX; skipped where these are not installed.

The idea: what automatic differentiation returns must be accepted, and the same function with a
mistake must not.
"""

import subprocess
import sys

import numpy as np
import pytest

import derive as d
from proofs.functions.frameworks import detected

LINEAR = r"""$\mathbf{W}\in\mathbb{R}^{m\times n}$, $\mathbf{x}\in\mathbb{R}^n$,
    $\mathbf{z} = \mathbf{W}\mathbf{x}+\mathbf{b}$, $L=\frac12\|\mathbf{z}-\mathbf{y}\|^2$"""


def layer():
    """Y = tanh(X Wᵀ + 1 bᵀ): rows are samples."""
    count, n, m = d.sizes("N n m")
    X, W, b = d.matrix("X", count, n), d.matrix("W", m, n), d.vector("b", m)
    ones = d.contract("ij->i", X) * 0 + 1
    return d.name("Y", d.tanh(X @ W.T + d.outer(ones, b)))


def test_checking_a_numpy_function_imports_no_other_framework():
    code = """
import sys, derive, numpy as np
net = derive.read(r"$w, x \\in \\mathbb{R}^n$, $L = (w^\\top x)^2$")
derive.check_function(lambda w, x: 2 * (w @ x) * x, net).assert_ok()
assert not {"torch", "jax", "flint", "sympy"} & sys.modules.keys()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_detection_by_globals_closures_annotations_and_calls():
    torch = pytest.importorskip("torch")

    def inner(z):
        return torch.tanh(z)

    def through(z):
        return inner(z)

    def annotated(z: "torch.Tensor"):
        return z

    def plain(z):
        return np.tanh(z)

    def imports(z):
        import torch

        return torch.tanh(z)

    for function in (inner, through, annotated, imports):
        assert detected(function) == "torch"
    assert detected(plain) == "numpy"
    assert detected(np.tanh) == "numpy"


def test_torch_functions():
    torch = pytest.importorskip("torch")

    def right(W, b, x, y):
        dz = W @ x + b - y
        return {"dW": torch.outer(dz, x), "db": dz}

    def wrong(W, b, x, y):
        dz = W @ x + b - y
        return {"dW": torch.outer(x, dz), "db": 2 * dz}

    def automatic(W, b, x, y):
        W.requires_grad_()
        b.requires_grad_()
        (0.5 * (W @ x + b - y).square().sum()).backward()
        return W, b  # for their .grad

    def writes(W, b, x, y):
        y.sub_(W @ x + b).neg_()
        return torch.outer(y, x), y

    for dtype in ("float64", "float32"):
        report = d.check_function(right, LINEAR, dtype=dtype)
        assert report.ok, report
        assert report.framework == "torch"
    assert d.check_function(automatic, LINEAR).ok
    found = d.check_function(wrong, LINEAR)
    assert found.mistakes == {"dW": "transposed-answer", "db": "factor"}
    found = d.check_function(writes, LINEAR)
    assert [t.code for t in found.troubles] == ["modified-input"]


def test_single_precision_is_noted():
    torch = pytest.importorskip("torch")

    def backward(W, b, x, y):
        dz = (W @ x + b - y).float()
        return torch.outer(dz, x.float()), dz

    report = d.check_function(backward, LINEAR)
    assert report.ok
    assert "dW is float32 though its inputs are float64" in report.notes


def functions():
    """torch.autograd.Functions for the layer, right and wrong, in the old and the new style."""
    torch = pytest.importorskip("torch")

    class Layer(torch.autograd.Function):
        @staticmethod
        def forward(ctx, X, W, b):
            out = torch.tanh(X @ W.T + b)
            ctx.save_for_backward(X, W, out)
            return out

        @staticmethod
        def backward(ctx, grad):
            X, W, out = ctx.saved_tensors
            dz = grad * (1 - out * out)
            return dz @ W, dz.T @ X, dz.sum(0)

    class Mean(Layer):
        @staticmethod
        def backward(ctx, grad):
            X, W, out = ctx.saved_tensors
            dz = grad * (1 - out * out)
            return dz @ W, dz.T @ X, dz.mean(0)

    class NoSlope(Layer):
        @staticmethod
        def backward(ctx, grad):
            X, W, _ = ctx.saved_tensors
            return grad @ W, grad.T @ X, None

    class Forward(Layer):
        @staticmethod
        def forward(X, W, b):
            return torch.sigmoid(X @ W.T + b)

        @staticmethod
        def setup_context(ctx, inputs, output):
            X, W, _ = inputs
            ctx.save_for_backward(X, W, torch.tanh(X @ W.T + inputs[2]))

    return Layer, Mean, NoSlope, Forward


def test_torch_autograd_functions():
    layer_, mean, no_slope, forward = functions()
    report = d.check_function(layer_, layer())
    assert report.ok, report
    assert {o.name for o in report.outputs} == {"dX", "dW", "db"}
    assert d.check_function(mean, layer()).mistakes == {"db": "factor"}
    found = d.check_function(no_slope, layer())
    assert set(found.mistakes.values()) == {"missing-inner-derivative"}
    assert [t.code for t in found.troubles] == ["missing-output"]
    found = d.check_function(forward, layer())
    assert [t.code for t in found.troubles] == ["forward-differs"]


def test_jax_functions():
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def right(W, b, x, y):
        dz = W @ x + b - y
        return {"dW": jnp.outer(dz, x), "db": dz}

    def automatic(W, b, x, y):
        return jax.grad(lambda W, b: 0.5 * jnp.sum((W @ x + b - y) ** 2), (0, 1))(W, b)

    def wrong(W, b, x, y):
        dz = W @ x + b - y
        return jnp.outer(x, dz), -dz

    for function in (right, automatic):
        for dtype in ("float64", "float32"):
            report = d.check_function(function, LINEAR, dtype=dtype)
            assert report.ok, report
            assert report.framework == "jax"
    found = d.check_function(wrong, LINEAR)
    assert found.mistakes == {"dW": "transposed-answer", "db": "sign"}


def test_jax_custom_vjp():
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def made(backward):
        @jax.custom_vjp
        def layer_(X, W, b):
            return jnp.tanh(X @ W.T + b)

        def forward(X, W, b):
            out = layer_(X, W, b)
            return out, (X, W, out)

        layer_.defvjp(forward, backward)
        return layer_

    def right(saved, grad):
        X, W, out = saved
        dz = grad * (1 - out * out)
        return dz @ W, dz.T @ X, dz.sum(0)

    def wrong(saved, grad):
        X, W, _ = saved
        return grad @ W, grad.T @ X, grad.sum(0)

    assert d.check_function(made(right), layer()).ok
    found = d.check_function(made(wrong), layer()).mistakes
    assert set(found.values()) == {"missing-inner-derivative"}
