r"""Random papers: documents of random networks in LaTeX, as text, for the engine to read and solve.

The idea: layers are drawn one after the other as lines of text, in one of three manners: one
sample, samples with labels, and a matrix of rows; what the document means is the reader's business.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from derive.diagnostics import DeriveError
from tests.soundness.corpus import Claim, Document, document_of, parsed, with_letters

_SIZES = "npqkd"
_MOVES = (
    *("linear",) * 3, *("act",) * 3, "sum", "gate", "scale", "unit", "soft", "outer", "poly",
)  # fmt: skip
_ACTS = (
    r"\sigma({})", r"\tanh({})", r"\mathrm{{ReLU}}({})", r"f({})", r"\max(0, {})", r"\exp({})",
    r"\mathrm{{softplus}}({})",
)  # fmt: skip


class _Paper:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.bold = rng.random() < 0.5
        self.manner = rng.choice(["plain", "plain", "plain", "labels"])
        self.declared: dict[str, str] = {}
        self.lines: list[str] = []
        self.count = 0
        self.weights: list[str] = []
        self.nodes: list[tuple[str, str]] = []  # symbol, size

    def symbol(self, letter: str, label: bool = False, number: bool = True) -> str:
        self.count += number
        base = rf"\mathbf{{{letter}}}" if self.bold and len(letter) == 1 else letter
        made = base + (f"_{self.count}" if number else "")
        return made + ("^{(i)}" if label and self.manner == "labels" else "")

    def declare(self, symbol: str, *sizes: str) -> str:
        times = r" \times "
        self.declared[symbol] = times.join(sizes)
        return symbol

    def size(self) -> str:
        return self.rng.choice(_SIZES)

    def weight(self, rows: str, columns: str) -> str:
        shared = [w for w in self.weights if self.declared[w] == rf"{rows} \times {columns}"]
        if shared and self.rng.random() < 0.5:
            return self.rng.choice(shared)
        w = self.declare(self.symbol("WUV"[self.rng.randrange(3)]), rows, columns)
        self.weights.append(w)
        return w

    def vector(self, size: str) -> str:
        return self.declare(self.symbol("bcv"[self.rng.randrange(3)]), size)

    def define(self, letter: str, right: str, size: str) -> str:
        made = self.symbol(letter, label=True)
        self.lines.append(f"{made} = {right}")
        self.nodes.append((made, size))
        return made

    # ------------------------------------------------------------------ one layer

    def layer(self) -> None:
        rng = self.rng
        h, n = self.nodes[-1] if rng.random() < 0.8 else rng.choice(self.nodes)
        same = [s for s, size in self.nodes if size == n and s != h]
        move = rng.choice(_MOVES)
        if move == "linear":
            m = self.size()
            bias = f" + {self.vector(m)}" if rng.random() < 0.6 else ""
            turned = rng.random() < 0.2
            w = self.weight(n, m) + r"^\top" if turned else self.weight(m, n)
            self.define("zu"[rng.randrange(2)], f"{w} {h}{bias}", m)
        elif move == "act":
            word = rng.choice(_ACTS)
            self.define("ah"[rng.randrange(2)], word.format(h), n)
        elif move == "sum" and same:
            sign = rng.choice("+-")
            self.define("r", f"{h} {sign} {rng.choice(same)}", n)
        elif move == "gate" and same:
            g = rng.choice(same)
            act = rng.choice([r"\sigma({})", r"\tanh({})", "{}", "(1 - {})"])
            self.define("g", rf"{act.format(g)} \odot {h}", n)
        elif move == "scale":
            a = rng.choice([r"\alpha", r"\beta", "2", r"\frac{1}{2}"])
            if a[1:] in ("alpha", "beta"):
                self.declared.setdefault(a, "")
            self.define("s", f"{a} {h}", n)
        elif move == "unit":
            self.define("u", rf"\frac{{{h}}}{{\|{h}\|_2}}", n)
        elif move == "soft":
            self.define("p", rf"\mathrm{{softmax}}({h})", n)
        elif move == "outer":
            v = self.vector(n)
            self.define("q", rf"({v}^\top {h}) {h}", n)
        elif move == "poly":
            self.define("t", rf"{h} \odot {h}", n)

    def loss(self) -> str:
        rng = self.rng
        h, n = self.nodes[-1]
        y = self.declare(self.symbol("y", label=True, number=False), n)
        choice = rng.randrange(5)
        if h.startswith(("p", r"\mathbf{p}")) and choice < 4:
            one = rf"-{y}^\top \log {h}"
        else:
            one = [
                rf"\frac{{1}}{{2}} \|{h} - {y}\|_2^2", rf"\|{h} - {y}\|^2", rf"{y}^\top {h}",
                rf"\log(1 + \exp(-{y}^\top {h}))", rf"\frac{{1}}{{2}} ({h} - {y})^\top ({h} - {y})",
            ][choice]  # fmt: skip
        if self.manner == "labels":
            one = rf"\frac{{1}}{{m}} \sum_{{i=1}}^{{m}} {one}"
        if self.weights and rng.random() < 0.4:
            w = rng.choice(self.weights)
            one += rf" + \frac{{\lambda}}{{2}} \|{w}\|_F^2"
        return r"\mathcal{L} = " + one

    def text(self) -> str:
        n = self.size()
        x = self.declare(self.symbol("x", label=True, number=False), n)
        self.nodes.append((x, n))
        for _ in range(self.rng.randrange(2, 7)):
            self.layer()
        self.lines.append(self.loss())
        told = [rf"${symbol} \in \mathbb{{R}}" + (f"^{{{sizes}}}$" if sizes else "$")
                for symbol, sizes in self.declared.items()]  # fmt: skip
        return "Let " + ", ".join(told) + ".\n\n" + "\n\n".join(f"$${s}$$" for s in self.lines)


def papers(rng: random.Random, most: int) -> Iterator[Document]:
    """Random documents that the engine can read, with its own lines that the judge finds true."""
    made = 0
    while made < most:
        name = f"paper {rng.randrange(10**6)}"
        text = _Paper(random.Random(name)).text()
        try:
            document = document_of(name, text)
        except (DeriveError, ArithmeticError):
            continue
        if document.claims:
            made += 1
            yield document


IDENTITIES = r"""
A x + A y = A (x + y)
(A B)^\top = B^\top A^\top
x^\top A y = y^\top A^\top x
\operatorname{tr}(A B) = \operatorname{tr}(B A)
\operatorname{tr}(x y^\top) = x^\top y
\operatorname{diag}(x) y = x \odot y
\|x - y\|_2^2 = \|x\|_2^2 - 2 x^\top y + \|y\|_2^2
(x y^\top) A = x (A^\top y)^\top
x^\top (y \odot (A x)) = (x \odot y)^\top A x
\operatorname{diag}(x) A \operatorname{diag}(y) = (x y^\top) \odot A
\mathbf{1}^\top (x \odot y) = x^\top y
\sum_{i=1}^{n} x_i y_i = x^\top y
\sum_{i=1}^{n} \sum_{j=1}^{n} x_i A_{ij} y_j = x^\top A y
\sigma(-x) = 1 - \sigma(x)
\tanh(x) = 2 \sigma(2 x) - 1
\mathrm{ReLU}(x) - \mathrm{ReLU}(-x) = x
\mathrm{ReLU}(x) + \mathrm{ReLU}(-x) = |x|
\sigma(x) \odot (1 - \sigma(x)) = \sigma'(x)
\mathbb{I}(x > 0) \odot x = \mathrm{ReLU}(x)
\mathbb{I}(x > 0) \odot \mathbb{I}(x > 0) = \mathbb{I}(x > 0)
\exp(x) \odot \exp(y) = \exp(x + y)
\frac{1}{1 + \exp(-x)} = \sigma(x)
\mathrm{softmax}(x + a \mathbf{1}) = \mathrm{softmax}(x)
\mathbf{1}^\top \mathrm{softmax}(x) = 1
\max(x, y) + \min(x, y) = x + y
(W^\top W)^\top = W^\top W
\operatorname{tr}(W^\top W) = \|W\|_F^2
(I + x y^\top) z = z + (y^\top z) x
W (x + y) - W x = W y
(A + A^\top)^\top = A + A^\top
x x^\top x = \|x\|_2^2 x
(a + b)^2 = a^2 + 2 a b + b^2
\frac{a}{b} + \frac{b}{a} = \frac{a^2 + b^2}{a b}
u^\top W x = x^\top W^\top u
"""


def identities() -> Document:
    """Identities of algebra over declared symbols, in a document that has a network beside them."""
    head = (
        r"Let $A, B \in \mathbb{R}^{n \times n}$, $W \in \mathbb{R}^{m \times n}$, "
        r"$x, y, z \in \mathbb{R}^n$, $u, v \in \mathbb{R}^m$, $a, b \in \mathbb{R}$, and "
        r"$$\mathcal{L} = u^\top W A B x + y^\top z + a b + v^\top u$$"
    )
    document = document_of("identities", head)
    document.claims = []
    for line in IDENTITIES.strip().splitlines():
        tree = parsed(line)
        left, _, right = tree.kids
        document.claims.append(with_letters(document, Claim(left, right)))
    return document
