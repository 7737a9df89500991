"""The examples' gradients, derived and printed: processor milliseconds, beside two peers.

    python benchmarks/networks.py

A row is a network of ``examples/``: the gradients of all its parameters as expressions and their
LaTeX ("printed"), and the worked sheet with every line and its reason ("sheet").  Imports, and the
reading of the document, are before the clock.  PyTensor and tensorgrad, where they are installed
(the extra ``benchmarks``), derive the gradients of the residual network in the same run.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

import derive as d
from derive.derivation.backprop import worked
from derive.diagnostics import DeriveError
from derive.elaborate.document import read
from derive.latex.print import latex

EXAMPLES = Path(__file__).parent.parent / "examples"
ROUNDS = 9


def milliseconds(work: Callable[[], object]) -> float:
    """The median of some runs, after one that warms up."""
    work()
    spent = []
    for _ in range(ROUNDS):
        gc.collect()
        start = process_time()
        work()
        spent.append(process_time() - start)
    return 1e3 * median(spent)


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
        try:
            net = read(path.read_text(encoding="utf-8"))
        except DeriveError:
            continue  # a sheet of several problems is no network
        loss, parameters = net.loss, [v.var for v in net.parameters]
        if loss is None:
            continue

        def gradients(loss=loss, parameters=parameters) -> object:
            return [g.latex() for g in d.grad(loss, parameters)]

        def sheet(net=net) -> object:
            return [latex(answer.named, net.spelling) for answer in worked(net).answers]

        printed[path.stem] = milliseconds(gradients)
        print(f"{path.stem:24}{printed[path.stem]:9.1f}{milliseconds(sheet):9.1f}")
    print(f"{'median':24}{median(printed.values()):9.1f}")
    for name, peer in (("PyTensor", pytensor_residual), ("tensorgrad", tensorgrad_residual)):
        try:
            spent = milliseconds(peer)
        except ImportError:
            print(f"{name} is not installed")
            continue
        ratio = spent / printed["residual"]
        print(f"{name + ', residual':24}{spent:9.1f}          {ratio:.0f} times derive's")


if __name__ == "__main__":
    main()
