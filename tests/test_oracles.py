"""JAX and PyTorch as further opinions, where they are installed (the extra ``oracles``)."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

from derive.kernel.calculus import backward, zeros
from derive.meaning.evaluate import evaluate_all
from derive.operators import COMPOSITES, POINTWISE, PRIMITIVES
from derive.operators.singular import ONCE
from tests.networks import Network, network_of, networks
from tests.recipe import EXTENT
from tests.translation import run


def by_jax(network: Network) -> list[Any]:
    import jax
    import jax.numpy as jnp
    from jax.scipy.special import erf

    jax.config.update("jax_enable_x64", True)

    class Jax:
        def __getattr__(self, name: str) -> Any:
            return erf if name == "erf" else getattr(jnp, name)

    fixed = {v: network.values[v] for v in network.labels}

    def of(arrays: list[Any]) -> Any:
        given_ = {**fixed, **dict(zip(network.parameters, arrays, strict=True))}
        return run(Jax(), network.loss, given_, EXTENT)

    return list(jax.grad(of)([jnp.asarray(network.values[v]) for v in network.parameters]))


def by_torch(network: Network) -> list[Any]:
    import torch

    def tensor(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value
        return torch.as_tensor(np.asarray(value, float), dtype=torch.float64)

    class Torch:
        """PyTorch under NumPy's names."""

        asarray = staticmethod(tensor)

        def __getattr__(self, name: str) -> Any:
            return getattr(torch, name)

        def maximum(self, a: Any, b: Any) -> Any:
            return torch.maximum(tensor(a), tensor(b))

        def minimum(self, a: Any, b: Any) -> Any:
            return torch.minimum(tensor(a), tensor(b))

        def sum(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
            return x.sum() if axis is None else x.sum(dim=axis, keepdim=keepdims)

        def max(self, x: Any, axis: int) -> Any:
            return torch.amax(x, dim=axis)

        def min(self, x: Any, axis: int) -> Any:
            return torch.amin(x, dim=axis)

        def argmax(self, x: Any, axis: int) -> Any:
            return torch.argmax(x, dim=axis)

        def argmin(self, x: Any, axis: int) -> Any:
            return torch.argmin(x, dim=axis)

        def transpose(self, x: Any, order: tuple[int, ...]) -> Any:
            return x.permute(order)

        def expand_dims(self, x: Any, axis: int) -> Any:
            return x.unsqueeze(axis)

    inputs = {v: tensor(network.values[v]).requires_grad_() for v in network.parameters}
    fixed = {v: tensor(network.values[v]) for v in network.labels}
    loss = run(Torch(), network.loss, {**inputs, **fixed}, EXTENT)
    loss = loss + sum(0.0 * x.sum() for x in inputs.values())
    return [g.numpy() for g in torch.autograd.grad(loss, list(inputs.values()))]


ORACLES = [
    pytest.param(
        judge,
        id=name,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(name) is None, reason=f"{name} is not installed"
        ),
    )
    for name, judge in (("jax", by_jax), ("torch", by_torch))
]


def agrees(judge: Callable[[Network], list[Any]], network: Network) -> bool:
    """Whether the numbers can be compared; AssertionError where they differ."""
    with np.errstate(all="ignore"):
        sweep = backward(network.loss, network.parameters)
        own = [sweep.cotangents.get(v, zeros(v.axes)) for v in network.parameters]
        known = evaluate_all(own, network.values, EXTENT)
    if not own or not all(np.all(np.isfinite(known[g])) for g in own):
        return False
    for g, other in zip(own, judge(network), strict=True):
        size = 1 + np.abs(known[g]).max(initial=0)
        assert np.allclose(known[g], np.asarray(other), rtol=1e-7, atol=1e-8 * size)
    return True


@pytest.mark.parametrize("judge", ORACLES)
@settings(max_examples=50)
@given(network=networks())
def test_random_networks(judge, network: Network) -> None:
    assume(agrees(judge, network))


@pytest.mark.parametrize("judge", ORACLES)
@pytest.mark.parametrize(
    "row",
    [
        r
        for r in (*POINTWISE.values(), *PRIMITIVES.values(), *COMPOSITES.values())
        if r.name not in {"infinity", *ONCE}
    ],
    ids=lambda row: row.name,
)
def test_each_row_of_the_vocabulary(judge, row) -> None:
    assert any(agrees(judge, network_of(row, seed)) for seed in range(30))
