"""All parameter gradients of a model of GPT-2's shape: how long deriving them takes.

    python benchmarks/gpt2.py [--blocks 12] [--times 5]

Processor time of one thread, the median of several runs, each on expressions that nobody has made
before.  The model is that of Radford et al., Language models are unsupervised multitask learners,
2019: learned positions, layer norm before attention and before the feed-forward part, GELU in its
tanh form, a causal mask, and one matrix for the embedding and the output.
"""

from __future__ import annotations

import argparse
import gc
from statistics import median
from time import process_time
from typing import NamedTuple

import derive as d
from derive import Expr
from derive.kernel.expr import toposort


class Model(NamedTuple):
    """The loss, its parameters, and what is given: the words and those that follow them."""

    loss: Expr
    parameters: list[Expr]
    words: Expr
    targets: Expr


def gpt2(blocks: int = 12, prefix: str = "") -> Model:
    """Sizes are symbols: t places, v words, d units, h heads of k, f units in between."""
    t, v, n, h, k, f = d.sizes("t v d h k f")
    parameters: list[Expr] = []

    def parameter(symbol: str, *axes: object) -> Expr:
        made = d.tensor(prefix + symbol, *axes)  # type: ignore[arg-type]
        parameters.append(made)
        return made

    def normed(x: Expr, at: str) -> Expr:
        gain, bias = parameter(rf"\gamma_{{{at}}}", n), parameter(rf"\beta_{{{at}}}", n)
        return d.layer_norm(x, gain, bias, d.scalar(r"\epsilon"))

    def rows(b: Expr) -> Expr:
        return d.contract("j,i->ij", b, ones)

    words, targets = d.tensor("w", t), d.tensor("y", t)
    ones = d.contract("i->i", words * 0 + 1)
    table, places = parameter("E", v, n), parameter("P", t, n)
    mask = d.causal_mask(t)
    x = d.name("X_0", d.embedding(table, words) + places)
    for b in range(1, blocks + 1):
        u = normed(x, f"{b},1")
        q, key, value = (
            d.contract("id,hdk->hik", u, parameter(f"W^{{{s}}}_{{{b}}}", h, n, k))
            + d.contract("hk,i->hik", parameter(f"b^{{{s}}}_{{{b}}}", h, k), ones)
            for s in "QKV"
        )
        seen = d.attention(q, key, value, mask)
        mixed = d.contract("hik,hkd->id", seen, parameter(f"W^O_{{{b}}}", h, k, n))
        z = d.name(f"Z_{{{b}}}", x + mixed + rows(parameter(f"b^O_{{{b}}}", n)))
        a = normed(z, f"{b},2") @ parameter(f"W_{{{b},1}}", n, f) + rows(
            parameter(f"b_{{{b},1}}", f)
        )
        fed = d.gelu_tanh(a) @ parameter(f"W_{{{b},2}}", f, n) + rows(parameter(f"b_{{{b},2}}", n))
        x = d.name(f"X_{{{b}}}", z + fed)
    logits = d.name("S", normed(x, "f") @ table.T)
    labels = d.one_hot(v)(targets)
    loss = d.name("L", -d.dot(labels, d.log_softmax(logits)) / d.total(ones))
    return Model(loss, parameters, words, targets)


def measured(blocks: int, times: int) -> dict[str, float]:
    """Medians in milliseconds: building the model, and deriving every gradient."""
    found: dict[str, list[float]] = {"build": [], "gradients": []}
    for k in range(times):
        gc.collect()
        start = process_time()
        model = gpt2(blocks, prefix=f"r{k}" if k else "")
        built = process_time()
        d.grad(model.loss, model.parameters)
        derived = process_time()
        for name, spent in zip(found, (built - start, derived - built), strict=True):
            found[name].append(1000 * spent)
    return {name: median(spent) for name, spent in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--blocks", type=int, default=12)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    model = gpt2(given.blocks)
    print(f"{given.blocks} blocks, {len(model.parameters)} parameters, "
          f"{len(toposort(model.loss))} nodes")  # fmt: skip
    for name, spent in measured(given.blocks, given.times).items():
        print(f"{name:10} {spent:8.1f} ms")


if __name__ == "__main__":
    main()
