"""A convolutional layer with pooling beside HIPS autograd, over random sizes and strides."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad as autograd_grad

import derive as d


def layer(x, w, b, u, stride: int, padding: int, dilation: int, pool: int):
    """The loss of conv, ReLU, max pooling and a linear read-out, by slices and sums alone."""
    wide = anp.concatenate([anp.zeros((*x.shape[:1], padding, x.shape[2])), x,
                            anp.zeros((*x.shape[:1], padding, x.shape[2]))], axis=1)  # fmt: skip
    edge = anp.zeros((*wide.shape[:2], padding))
    wide = anp.concatenate([edge, wide, edge], axis=2)
    kernel = w.shape[2]
    rows = (wide.shape[1] - dilation * (kernel - 1) - 1) // stride + 1
    columns = (wide.shape[2] - dilation * (kernel - 1) - 1) // stride + 1
    z = b[:, None, None] * anp.ones((len(b), rows, columns))
    for i in range(kernel):
        for j in range(kernel):
            top, left = i * dilation, j * dilation
            seen = wide[
                :, top : top + stride * rows : stride, left : left + stride * columns : stride
            ]
            z = z + anp.einsum("oc,chw->ohw", w[:, :, i, j], seen)
    h = anp.maximum(z, 0)
    across, down = rows // pool, columns // pool
    blocks = [
        h[:, i : i + pool * across : pool, j : j + pool * down : pool]
        for i in range(pool) for j in range(pool)
    ]  # fmt: skip
    pooled = anp.max(anp.array(blocks), axis=0)
    return anp.sum(u * anp.tanh(pooled))


@pytest.mark.parametrize("seed", range(8))
def test_a_convolutional_layer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    channels, filters, kernel = rng.integers(1, 4, 3)
    stride, padding, dilation, pool = (int(rng.integers(low, 3)) for low in (1, 0, 1, 1))
    side = int(rng.integers(6, 10))
    x = d.tensor("X", int(channels), side, side)
    w = d.tensor("W", int(filters), int(channels), int(kernel), int(kernel))
    b = d.vector("b", int(filters))
    z = d.conv2d(x, w, b, stride=stride, padding=padding, dilation=dilation)
    pooled = d.max_pool2d(d.relu(z), pool)
    u = d.tensor("U", *pooled.axes)  # type: ignore[arg-type]
    loss = d.dot(u, d.tanh(pooled))
    values = {v: rng.normal(size=v.axes) for v in (x, w, b, u)}
    arrays = [values[v] for v in (x, w, b, u)]
    given = (stride, padding, dilation, pool)
    assert np.allclose(d.evaluate(loss, values), layer(*arrays, *given))
    for k, gradient in enumerate(d.grad(loss, [x, w, b])):
        expected = autograd_grad(layer, k)(*arrays, *given)
        assert np.allclose(d.evaluate(gradient, values), expected), (given, k)


def test_a_wrong_layer_is_caught() -> None:
    rng = np.random.default_rng(0)
    x, w, b = d.tensor("X", 1, 5, 5), d.tensor("W", 1, 1, 3, 3), d.vector("b", 1)
    u = d.tensor("U", 1, 3, 3)
    loss = d.dot(u, d.tanh(d.relu(d.conv2d(x, d.flip(w, 2), b))))
    values = {v: rng.normal(size=v.axes) for v in (x, w, b, u)}
    expected = autograd_grad(layer, 1)(*(values[v] for v in (x, w, b, u)), 1, 0, 1, 1)
    assert not np.allclose(d.evaluate(d.grad(loss, w), values), expected)
