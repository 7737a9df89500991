"""All gradients of an MLP by its depth: derive beside CasADi, PyTensor and tensorgrad, in one run.

The idea: every measurement is a process of its own, so that a crash, a time-out or a memory blow-up
of one says "does not answer" in its cell and stops nothing.  What is timed is what a user waits
for: to build z_k = W_k h_{k-1} + b_k, h_k = tanh(z_k), L = |h_K - y|^2 / 2 and to get the gradient
in every W_k and b_k.  Imports and one small network before the clock starts are free.

    pip install -e '.[benchmarks]'
    python benchmarks/depth.py [--peers derive casadi] [--depths 2 4 8] [--limit 60]
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib import metadata

DEPTHS = (*(2**k for k in range(1, 11)), 10_000, 100_000)
SYMBOLIC = "n"  # every layer is n×n; CasADi wants a number
NUMERIC = 4

# ------------------------------------------------------------------ one function for each peer


def derive_gradients(depth: int) -> object:
    from derive.kernel.calculus import grad

    loss, parameters = _derive_network(depth)
    return grad(loss, parameters)


def derive_latex(depth: int) -> object:
    """All gradients and their LaTeX, each in terms of the names and of the gradients before it."""
    from derive.derivation.deltas import symbol_of
    from derive.kernel.calculus import backward
    from derive.kernel.expr import toposort
    from derive.tree import name
    from derive.writing.alike import formulas

    loss, parameters = _derive_network(depth)
    cotangents = backward(loss).cotangents
    gradients = [cotangents[p] for p in parameters]
    shown = set(gradients)  # that of b_k is the cotangent of z_k: it may be used as its name
    names = {
        cotangents[node]: name(rf"\delta_{{{own[0]}}}")
        for node in toposort(loss)
        if node.kids and (own := symbol_of(node)) and cotangents[node] in shown
    }
    return formulas(gradients, names)


def derive_lines(depth: int) -> object:
    """Every line of the backward pass in LaTeX: each cotangent in terms of those before it."""
    from derive.derivation.deltas import delta_of, delta_symbol, sweep, symbol_of
    from derive.kernel.expr import toposort
    from derive.writing.alike import formulas

    loss, parameters = _derive_network(depth)
    named = [node for node in toposort(loss) if node.kids and symbol_of(node)]
    deltas = {node: delta_of(node) for node in named}
    names = {deltas[node]: delta_symbol(node) for node in named}
    lines = sweep(loss, parameters, deltas)
    return list(formulas([line.cotangent for line in lines], names))


def _derive_network(depth: int):
    from derive.kernel.build import named
    from derive.kernel.expr import Var
    from derive.kernel.sizes import size
    from derive.operators.composites import half_squared_norm
    from derive.operators.pointwise import tanh

    n = size(SYMBOLIC)
    h, y = Var(r"\mathbf{x}", (n,)), Var(r"\mathbf{y}", (n,))
    parameters = []
    for k in range(1, depth + 1):
        w, b = Var(rf"\mathbf{{W}}_{{{k}}}", (n, n)), Var(rf"\mathbf{{b}}_{{{k}}}", (n,))
        parameters += [w, b]
        z = named(rf"\mathbf{{z}}_{{{k}}}", w @ h + b)
        h = named(rf"\mathbf{{h}}_{{{k}}}", tanh(z))
    return half_squared_norm(h - y), parameters


def casadi_gradients(depth: int) -> object:
    import casadi as ca

    n = NUMERIC
    h, y = ca.MX.sym("x", n), ca.MX.sym("y", n)
    parameters = []
    for k in range(depth):
        w, b = ca.MX.sym(f"W{k}", n, n), ca.MX.sym(f"b{k}", n)
        parameters += [w, b]
        h = ca.tanh(w @ h + b)
    loss = ca.sumsqr(h - y) / 2
    # One reverse sweep for all; a call of ``gradient`` for each parameter would be quadratic.
    return ca.reverse([loss], parameters, [[ca.MX(1)]])


def pytensor_gradients(depth: int) -> object:
    import pytensor
    import pytensor.tensor as pt

    h, y = pt.vector("x"), pt.vector("y")
    parameters = []
    for k in range(depth):
        w, b = pt.matrix(f"W{k}"), pt.vector(f"b{k}")
        parameters += [w, b]
        h = pt.tanh(w @ h + b)
    return pytensor.grad(((h - y) ** 2).sum() / 2, parameters)


def tensorgrad_gradients(depth: int) -> object:
    import tensorgrad.functions as F
    from tensorgrad import Variable, symbols

    n = symbols(SYMBOLIC)
    h, y = Variable("x", a0=n), Variable("y", **{f"a{depth}": n})
    parameters = []
    for k in range(1, depth + 1):
        w = Variable(f"W{k}", **{f"a{k}": n, f"a{k - 1}": n})
        b = Variable(f"b{k}", **{f"a{k}": n})
        parameters += [w, b]
        h = F.tanh(w @ h + b)
    loss = F.frobenius2(h - y) / 2
    return [loss.grad(p).full_simplify() for p in parameters]


PEERS: dict[str, Callable[[int], object]] = {
    "derive": derive_gradients,
    "derive, LaTeX": derive_latex,
    "derive, all lines": derive_lines,
    "casadi": casadi_gradients,
    "pytensor": pytensor_gradients,
    "tensorgrad": tensorgrad_gradients,
}

# ------------------------------------------------------------------ the measured process


def measure(peer: str, depth: int, patience: float) -> dict[str, float]:
    """The best of as many runs as fit in ``patience`` seconds, and the bytes of the first.

    Seconds of the processor, so that a busy machine slows no one's figures: every peer here
    works in one thread.
    """
    run = PEERS[peer]
    run(2)
    before, best, spent = _peak(), math.inf, 0.0
    held = 0.0
    while spent < patience:
        start = time.process_time()
        result = run(depth)
        took = time.process_time() - start
        held = held or _peak() - before
        del result
        best, spent = min(best, took), spent + time.process_time() - start
    return {"seconds": best, "bytes": held}


def _peak() -> float:
    """The most memory that this process has held, in bytes."""
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measured(peer: str, depth: int, patience: float) -> None:
    """Measure in a thread with a deep stack: a peer that recurses is to be timed, not stopped."""
    found: list[dict[str, float]] = []
    sys.setrecursionlimit(10**7)
    threading.stack_size(1 << 30)
    thread = threading.Thread(target=lambda: found.append(measure(peer, depth, patience)))
    thread.start()
    thread.join()
    print(json.dumps(found[0]) if found else "")


# ------------------------------------------------------------------ the run and its table


def asked(peer: str, depth: int, limit: float, patience: float = 1) -> dict[str, float] | None:
    """The measurement in a process of its own; None if it does not answer within ``limit`` s."""
    command = [sys.executable, __file__, "--one", peer, str(depth)]
    command += ["--patience", str(patience)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=True)
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError):
        return None


def slope(points: list[tuple[int, float]]) -> float:
    """The least-squares slope of log(time) over log(depth): 1 is linear, 2 quadratic."""
    xs, ys = [math.log(d) for d, _ in points], [math.log(t) for _, t in points]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sum((x - mx) ** 2 for x in xs)


def run(peers: list[str], depths: list[int], limit: float, patience: float) -> None:
    packages = dict.fromkeys(peer.split(",")[0] for peer in peers)
    versions = ", ".join(f"{package} {_version(package)}" for package in packages)
    print(f"All gradients of an MLP, milliseconds of the processor, best run; {versions};")
    print(f"Python {platform.python_version()} on {platform.machine()}.")
    print(f"×: times the first column; -: no answer in {limit:g} s (start included), or a crash.\n")
    print("  ".join([f"{'depth':>7}", *(f"{p:>20}" for p in peers)]), flush=True)
    times: dict[str, list[tuple[int, float]]] = {p: [] for p in peers}
    memory: dict[str, float] = {}
    lost: set[str] = set()
    for depth in depths:
        cells = []
        base = None
        for peer in peers:
            # What did not answer at one depth is not waited for at a greater one.
            found = None if peer in lost else asked(peer, depth, limit, patience)
            if found is None:
                lost.add(peer)
                cells.append("-")
                continue
            seconds = found["seconds"]
            times[peer].append((depth, seconds))
            memory[peer] = found["bytes"] / depth
            if peer == peers[0]:
                base = seconds
            ratio = f" {seconds / base:7.1f}×" if base else " " * 9
            cells.append(f"{seconds * 1e3:.2f}{ratio}")
        print("  ".join([f"{depth:>7}", *(f"{c:>20}" for c in cells)]), flush=True)
    for label, row in (
        ("slope", {p: f"{slope(t):.2f}" for p, t in times.items() if len(t) > 1}),
        ("kB/layer", {p: f"{b / 1e3:.1f}" for p, b in memory.items()}),
    ):
        print("  ".join([f"{label:>7}", *(f"{row.get(p, '-'):>20}" for p in peers)]))
    print("\nslope: of log time over log depth; kB/layer: memory at the greatest depth answered")


def _version(peer: str) -> str:
    try:
        return metadata.version(peer)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--depths", nargs="+", type=int, default=list(DEPTHS))
    parser.add_argument("--limit", type=float, default=60, help="seconds for one measurement")
    parser.add_argument("--patience", type=float, default=1, help="seconds of repeated runs")
    parser.add_argument("--one", nargs=2, metavar=("PEER", "DEPTH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measured(options.one[0], int(options.one[1]), options.patience)
    else:
        run(options.peers, options.depths, options.limit, options.patience)


if __name__ == "__main__":
    main()
