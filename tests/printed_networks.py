r"""Random documents of what papers write with indices: families and their mixtures, weights of
attention, batches by rows, sums over samples, sequences.

The idea: a document is lines of text; each line takes what stands before it and a choice or two.
"""

from __future__ import annotations

import random

_ACTS = (
    r"\tanh({})", r"\sigma({})", r"\mathrm{{ReLU}}({})", r"\exp({})", r"\mathrm{{softplus}}({})",
)  # fmt: skip
_REALS = r"\mathbb{R}"


class _Page:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.declared: list[str] = []
        self.lines: list[str] = []

    def let(self, names: str, *sizes: str) -> str:
        power = "^{" + r" \times ".join(sizes) + "}" if sizes else ""
        self.declared.append(rf"${names} \in {_REALS}{power}$")
        return names.split(",")[0]

    def act(self, inner: str) -> str:
        return self.rng.choice(_ACTS).format(inner)

    def loss(self, out: str, target: str, n: str, before: str = "") -> None:
        self.let(target, n)
        one = self.rng.choice(
            [rf"\frac{{1}}{{2}} \|{out} - {target}\|^2", rf"\|{out} - {target}\|_2^2",
             rf"{target}^\top {out}", rf"-{target}^\top \log \mathrm{{softmax}}({out})"]
        )  # fmt: skip
        decay = r" + \frac{\lambda}{2} \|A\|_F^2" if self.rng.random() < 0.3 else ""
        if decay:
            self.let(r"\lambda")
        self.lines.append(f"L = {before}{one}{decay}")

    def text(self, questions: list[str]) -> str:
        asked = " ".join(rf"$$\frac{{\partial L}}{{\partial {q}}} = ?$$" for q in questions)
        lines = "\n\n".join(f"$${line}$$" for line in self.lines)
        return f"Let {', '.join(self.declared)}.\n\n{lines}\n\n{asked}\n"


def mixture(rng: random.Random) -> str:
    """Experts or layers of a family, weighed by a gate, by numbers, or not at all."""
    page = _Page(rng)
    page.let("x", "n")
    page.let("E_k", "m", "n")
    page.let("A", "K", "n")
    inner = "E_k x"
    asked = ["E_k", "A", "x"]
    if rng.random() < 0.5:
        page.let("b_k", "m")
        inner += " + b_k"
        asked.append("b_k")
    if rng.random() < 0.6:
        page.lines.append(f"h_k = {page.act(inner)}")
        inner = "h_k"
        asked.append("h_k")
    elif "+" in inner:
        inner = f"({inner})"
    gate = rng.choice([r"\mathrm{softmax}(A x)", page.act("A x"), "A x"])
    page.lines.append(f"g = {gate}")
    page.lines.append(rf"y = \sum_{{k=1}}^{{K}} g_k {inner}")
    page.loss("y", "t", "m")
    return page.text(rng.sample(asked, 3))


def weights(rng: random.Random) -> str:
    """A query, keys and values: a weight for each, and their mean."""
    page = _Page(rng)
    page.let("q", "d")
    page.let("k_i", "d")
    page.let("v_i", "m")
    page.let("A", "d", "d")
    score = rng.choice([r"q^\top k_i", r"q^\top A k_i", r"\frac{q^\top A k_i}{\sqrt{d}}"])
    asked = ["q", "k_i", "v_i", "A"]
    page.lines.append(f"s_i = {score}")
    page.lines.append(r"a_i = \frac{\exp(s_i)}{\sum_{j=1}^{N} \exp(s_j)}")
    page.lines.append(r"c = \sum_{i=1}^{N} a_i v_i")
    page.loss("c", "t", "m")
    return page.text(rng.sample(asked, 3))


def rows(rng: random.Random) -> str:
    """A batch, its samples the rows of a matrix."""
    page = _Page(rng)
    page.let("X", "N", "n")
    page.let("A", "n", "p")
    page.let("B", "p", "m")
    page.let("T", "N", "m")
    bias = r" + \mathbf{1} b^\top" if rng.random() < 0.6 else ""
    if bias:
        page.let("b", "p")
    page.lines.append(f"Z = X A{bias}")
    page.lines.append(f"H = {page.act('Z')}")
    page.lines.append("Y = H B")
    scale = rng.choice(["", r"\frac{1}{N} ", r"\frac{1}{2 N} "])
    decay = r" + \lambda \|A\|_F^2" if rng.random() < 0.4 else ""
    if decay:
        page.let(r"\lambda")
    page.lines.append(rf"L = {scale}\|Y - T\|_F^2{decay}")
    return page.text(["A", "B", "b" if bias else "X"])


def samples(rng: random.Random) -> str:
    """A mean over samples that have a label or an index."""
    page = _Page(rng)
    mark = rng.choice(["_i", "^{(i)}"])
    page.let(f"x{mark}", "n")
    page.let(f"t{mark}", "m")
    page.let("A", "m", "n")
    page.let("b", "m")
    page.lines.append(f"z{mark} = A x{mark} + b")
    page.lines.append(f"y{mark} = {page.act('z' + mark)}")
    one = rng.choice([rf"\|y{mark} - t{mark}\|^2", rf"t{mark}^{{\top}} y{mark}"
                      if mark == "_i" else rf"(t{mark})^\top y{mark}"])  # fmt: skip
    scale = rng.choice(["", r"\frac{1}{N} ", r"\frac{1}{2} "])
    page.lines.append(rf"L = {scale}\sum_{{i=1}}^{{N}} {one}")
    return page.text(["A", "b"])


def sequence(rng: random.Random) -> str:
    """A recurrent network of three steps, written out."""
    page = _Page(rng)
    page.let("h_0", "p")
    page.let("x_1, x_2, x_3", "n")
    page.let("A", "p", "p")
    page.let("U", "p", "n")
    act = rng.choice(_ACTS)
    for t in (1, 2, 3):
        page.lines.append(f"h_{t} = {act.format(f'A h_{t - 1} + U x_{t}')}")
    if rng.random() < 0.5:
        page.let("V", "m", "p")
        page.lines.append("o = V h_3")
        page.loss("o", "y", "m")
    else:
        page.loss("h_3", "y", "p")
    return page.text(["A", "U"])


KINDS = (mixture, weights, rows, samples, sequence)


def document(seed: int) -> str:
    """The document of this number."""
    rng = random.Random(f"printed {seed}")
    return KINDS[seed % len(KINDS)](rng)
