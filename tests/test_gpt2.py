"""A model of GPT-2's shape, as the benchmark builds it, against one written from the paper."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad as automatic

import derive as d
from derive.kernel.expr import toposort

EPS = 0.1


def gpt2_of():
    path = Path(__file__).parent.parent / "benchmarks" / "gpt2.py"
    spec = importlib.util.spec_from_file_location("gpt2", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.gpt2


def transformer(p: dict[str, np.ndarray], words: np.ndarray, targets: np.ndarray, blocks: int):
    """The loss of the same model, written from the paper."""

    def norm(x, at):
        mu = anp.mean(x, axis=1, keepdims=True)
        var = anp.mean((x - mu) ** 2, axis=1, keepdims=True)
        return p[rf"\gamma_{{{at}}}"] * (x - mu) / anp.sqrt(var + EPS) + p[rf"\beta_{{{at}}}"]

    table = p["E"]
    x = table[words] + p["P"]
    t = len(words)
    mask = np.tril(np.ones((t, t)))
    for b in range(1, blocks + 1):
        u = norm(x, f"{b},1")
        mixed = 0.0
        for h in range(p[f"W^{{Q}}_{{{b}}}"].shape[0]):
            q, k, v = (u @ p[f"W^{{{s}}}_{{{b}}}"][h] + p[f"b^{{{s}}}_{{{b}}}"][h] for s in "QKV")
            e = anp.exp(q @ k.T / np.sqrt(k.shape[1])) * mask
            mixed = mixed + e / anp.sum(e, axis=1, keepdims=True) @ v @ p[f"W^O_{{{b}}}"][h]
        z = x + mixed + p[f"b^O_{{{b}}}"]
        a = norm(z, f"{b},2") @ p[f"W_{{{b},1}}"] + p[f"b_{{{b},1}}"]
        a = 0.5 * a * (1 + anp.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))
        x = z + a @ p[f"W_{{{b},2}}"] + p[f"b_{{{b},2}}"]
    s = norm(x, "f") @ table.T
    lse = anp.log(anp.sum(anp.exp(s), axis=1))
    return anp.mean(lse - s[np.arange(t), targets])


@pytest.mark.parametrize("compiled", [False, True])
def test_gpt2_agrees_with_autograd(compiled):
    blocks = 2
    model = gpt2_of()(blocks)
    at = {"t": 4, "v": 7, "d": 6, "h": 2, "k": 3, "f": 5}
    random = np.random.default_rng(0)
    arrays = [random.normal(size=[at[str(n)] for n in v.axes]) for v in model.parameters]
    words, targets = random.integers(0, at["v"], (2, at["t"]))
    values = dict(zip(model.parameters, arrays, strict=True))
    values |= {model.words: words + 1, model.targets: targets + 1, d.scalar(r"\epsilon"): EPS}
    gradients = d.grad(model.loss, model.parameters)
    names = [plain(v.name) for v in model.parameters]

    def forward(arrays):
        return transformer(dict(zip(names, arrays, strict=True)), words, targets, blocks)

    assert np.allclose(d.evaluate(model.loss, values), forward(arrays))
    found = (
        [d.compile(g, "numpy")(values) for g in gradients]
        if compiled
        else [d.evaluate(g, values) for g in gradients]
    )
    for ours, theirs in zip(found, automatic(forward)(arrays), strict=True):
        assert np.allclose(ours, theirs, rtol=1e-7, atol=1e-10)


def plain(symbol: str) -> str:
    for alphabet in (r"\mathbf", r"\boldsymbol"):
        if symbol.startswith(alphabet + "{"):
            inside, _, rest = symbol[len(alphabet) + 1 :].partition("}")
            return inside + rest
    return symbol


def test_the_gradients_of_gpt2_are_linear_in_its_depth():
    gpt2 = gpt2_of()
    counts = []
    for blocks in (2, 4, 6):
        model = gpt2(blocks)
        counts.append(len(toposort(*d.grad(model.loss, model.parameters))))
    assert counts[2] - counts[1] == counts[1] - counts[0]
