"""The examples' gradients, derived and printed: processor milliseconds, beside two peers.

    python benchmarks/networks.py

A row is a network of ``examples/``: the gradients of all its parameters as expressions and their
LaTeX ("printed"), and the worked sheet with every line and its reason ("sheet").  Imports, and the
reading of the document, are before the clock; the document is read anew for every run, so that
nothing is known of its network from the run before.  PyTensor and tensorgrad, where they are
installed (the extra ``benchmarks``), derive the gradients of the residual network in the same run.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from typing import TypeVar

import derive as d
from derive.derivation.backprop import worked
from derive.derivation.network import Network
from derive.diagnostics import DeriveError
from derive.elaborate.document import read
from derive.latex.print import latex

EXAMPLES = Path(__file__).parent.parent / "examples"
ROUNDS = 9
T = TypeVar("T")


def milliseconds(work: Callable[[T], object], fresh: Callable[[], T]) -> float:
    """The median of some runs, each on what is ``fresh``, after one that warms up."""
    work(fresh())
    spent = []
    for _ in range(ROUNDS):
        given = fresh()
        gc.collect()
        start = process_time()
        work(given)
        spent.append(process_time() - start)
    return 1e3 * median(spent)


def gradients(net: Network) -> object:
    assert net.loss is not None
    return [g.latex() for g in d.grad(net.loss, [v.var for v in net.parameters])]


def sheet(net: Network) -> object:
    return [latex(answer.named, net.spelling) for answer in worked(net).answers]


def pytensor_residual() -> object:
    import pytensor
    import pytensor.tensor as pt
    from pytensor.printing import pprint

    x, y = pt.vector("x"), pt.vector("y")
    weights = [pt.matrix(f"W{k}") for k in (1, 2, 3)]
    z = weights[2] @ pt.maximum(weights[0] @ x, 0) + weights[1] @ x
    grads = pytensor.grad(((z - y) ** 2).sum() / 2, weights)
    return [pprint(g) for g in grads]


def tensorgrad_residual() -> object:
    import tensorgrad.functions as F
    from tensorgrad import Variable, symbols

    n, m, p = symbols("n m p")
    x, y = Variable("x", n), Variable("y", m)
    w1, w2, w3 = Variable("W1", p, n), Variable("W2", m, n), Variable("W3", m, p)
    loss = F.frobenius2(w3 @ F.relu(w1 @ x) + w2 @ x - y) / 2
    return [str(loss.grad(w).full_simplify()) for w in (w1, w2, w3)]


def main() -> None:
    printed = {}
    print(f"{'':24}{'printed':>9}{'sheet':>9}  ms")
    for path in sorted(EXAMPLES.iterdir()):
        text = path.read_text(encoding="utf-8")
        try:
            net = read(text)
        except DeriveError:
            continue  # a sheet of several problems is no network
        if net.loss is None:
            continue
        printed[path.stem] = milliseconds(gradients, partial(read, text))
        told = milliseconds(sheet, partial(read, text))
        print(f"{path.stem:24}{printed[path.stem]:9.1f}{told:9.1f}")
    print(f"{'median':24}{median(printed.values()):9.1f}")
    for name, peer in (("PyTensor", pytensor_residual), ("tensorgrad", tensorgrad_residual)):
        try:
            spent = milliseconds(lambda _, peer=peer: peer(), lambda: None)
        except ImportError:
            print(f"{name} is not installed")
            continue
        ratio = spent / printed["residual"]
        print(f"{name + ', residual':24}{spent:9.1f}          {ratio:.0f} times derive's")


if __name__ == "__main__":
    main()
