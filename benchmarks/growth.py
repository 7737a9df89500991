"""How what takes long grows: processor milliseconds at two sizes, and the exponent between them.

    python benchmarks/growth.py [--only chain]

A row is a kind of input that somebody may have: a deep network worked out with every line and its
reason, a long derivation, a long document.  An exponent of 1 is linear in the size, 2 quadratic.
Every run is on what nobody has made before; the best of some runs counts.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import math
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import process_time
from typing import NamedTuple

import derive as d
from derive.derivation.backprop import Worked
from derive.diagnostics import Source
from derive.latex.print import latex
from proofs.check import check_source

ROUNDS = 3
_fresh: Iterator[int] = count()


class Row(NamedTuple):
    """``make(size)`` prepares an input that is new, ``work`` is what is timed."""

    name: str
    sizes: tuple[int, int]
    make: Callable[[int], object]
    work: Callable[..., object]


def layers(depth: int, named: bool) -> d.Expr:
    """The loss of a network of tanh layers, with a name for each layer or for none."""
    own, n = next(_fresh), d.size("n")
    h, y = d.vector("x", n), d.vector("y", n)
    for k in range(1, depth + 1):
        w, b = d.matrix(f"W^{{({own})}}_{{{k}}}", n, n), d.vector(f"b^{{({own})}}_{{{k}}}", n)
        h = d.tanh(w @ h + b)
        if named:
            h = d.name(f"h_{{{k}}}", h)
    return d.name("L", d.half_squared_norm(h - y))


def gpt2(blocks: int) -> d.Expr:
    path = Path(__file__).with_name("gpt2.py")
    spec = importlib.util.spec_from_file_location("gpt2", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.gpt2(blocks, prefix=f"g{next(_fresh)}").loss


def sheet(loss: d.Expr) -> list[str]:
    """Every line and every answer, as LaTeX."""
    made: Worked = d.worked(loss)
    lines = [latex(side) for step in made.steps for side in step.right]
    return [*lines, *(latex(answer.named) for answer in made.answers)]


HEAD = r"""Let $x \in \mathbb{R}^n$, $y \in \mathbb{R}^m$, $W \in \mathbb{R}^{m \times n}$ and
$L = \|W x - y\|^2$.
"""
GRADIENT = r"\frac{\partial L}{\partial x}"


def chain(sides: int) -> Source:
    """One derivation of many lines."""
    lines = r" \\ &= 2 W^\top (W x - y)" * sides
    return Source("chain", rf"{HEAD}\begin{{align}} {GRADIENT} {lines[4:]} \end{{align}}")


def claims(lines: int) -> Source:
    """A document of many paragraphs, each with a claim."""
    return Source("claims", HEAD + f"\n\nWe have ${GRADIENT} = 2 W^\\top (W x - y)$." * lines)


def problems(count: int) -> Source:
    """A document of many problems, each with its own network."""
    each = (f"## Problem {k}\n\n{HEAD}\nThen ${GRADIENT} = 2 W^\\top (W x - y)$.\n"
            for k in range(1, count + 1))  # fmt: skip
    return Source("problems.md", "\n".join(each))


def layered(depth: int) -> Source:
    """A document of many layers, each with a name, and the gradient in the last weight."""
    lines = [rf"h_{{{k}}} &= \tanh(W_{{{k}}} h_{{{k - 1}}}) \\" for k in range(1, depth + 1)]
    weights = ", ".join(f"W_{{{k}}}" for k in range(1, depth + 1))
    last, before = f"h_{{{depth}}}", f"h_{{{depth - 1}}}"
    return Source(
        "layers",
        rf"Let $h_0, y \in \mathbb{{R}}^n$ and ${weights} \in \mathbb{{R}}^{{n \times n}}$."
        "\n\\begin{align}\n" + "\n".join(lines) + "\n"
        rf"L &= \tfrac12 \|{last} - y\|^2 \\ \frac{{\partial L}}{{\partial W_{{{depth}}}}} &= "
        rf"(({last} - y) \odot (1 - {last} \odot {last})) {before}^\top" "\n\\end{align}",
    )  # fmt: skip


def product(factors: int) -> Source:
    """A wrong line about a long product of numbers."""
    names = [f"a_{{{k}}}" for k in range(1, factors + 1)]
    head = rf"Let $x, {', '.join(names)} \in \mathbb{{R}}$ and $L = x {' '.join(names)}$. "
    return Source("product", rf"{head} $\frac{{\partial L}}{{\partial x}} = 2 {' '.join(names)}$")


def prose(lines: int) -> Source:
    """A document of many lines about variables that claims nothing."""
    return Source("prose", HEAD + "Nothing is claimed of $x$, and $W$ is any matrix.\n" * lines)


def sums(terms: int) -> Source:
    """A loss of many terms."""
    total = " + ".join(f"{k} a" for k in range(1, terms + 1))
    return Source("sum", rf"Let $a \in \mathbb{{R}}$, $L = {total}$; $\frac{{dL}}{{da}} = 1$.")


def errors(count: int) -> Source:
    """One line with many mistakes."""
    return Source("errors", r"\begin{align}" * count)


ROWS = (
    Row("worked, layers without names", (20, 40), lambda k: layers(k, False), sheet),
    Row("worked, named layers", (50, 100), lambda k: layers(k, True), sheet),
    Row("worked, blocks of GPT-2", (2, 4), gpt2, sheet),
    Row("a chain of equal sides", (200, 800), chain, check_source),
    Row("a document of claims", (200, 800), claims, check_source),
    Row("a document of problems", (50, 200), problems, check_source),
    Row("a document of layers", (50, 200), layered, check_source),
    Row("a product of factors", (50, 200), product, check_source),
    Row("a document of prose", (500, 2000), prose, check_source),
    Row("a sum of terms", (500, 2000), sums, check_source),
    Row("errors in one line", (100, 400), errors, check_source),
)  # fmt: skip


def milliseconds(row: Row, size: int, rounds: int = ROUNDS) -> float:
    """The best of some runs."""
    spent = []
    for _ in range(rounds):
        given = row.make(size)
        gc.collect()
        start = process_time()
        row.work(given)
        spent.append(process_time() - start)
    return 1e3 * min(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", default="", metavar="WORD", help="rows with this in their name")
    given = parser.parse_args()
    for row in ROWS:
        if given.only not in row.name:
            continue
        small, large = row.sizes
        milliseconds(row, 2, 1)
        first, second = milliseconds(row, small), milliseconds(row, large)
        exponent = math.log(second / first) / math.log(large / small)
        print(f"{row.name:30}{small:6} {first:9.1f} ms{large:7} {second:9.1f} ms   "
              f"exponent {exponent:.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
