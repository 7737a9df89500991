r"""Identities of the calculus of networks, written in LaTeX: the true are proved, the near misses
are not.

The idea: one row is a left side, a right side and what must be said with it (``*`` for anything);
a row below it that is nearly the same is false, or true only where it says so.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from derive.derivation.network import Domain
from derive.elaborate.formula import read_expression
from derive.kernel.expr import Expr, Var
from derive.kernel.sizes import sizes
from proofs.conditions import conditions_latex, null_set_latex
from proofs.equal import prove

n, m, k = sizes("n m k")
SYMBOLS: dict[str, Expr] = {
    **{s: Var(s, ()) for s in ("a", "b", "c", "s", "t", "q", r"\alpha", r"\epsilon", r"\lambda")},
    **{s: Var(s, (n,)) for s in ("x", "y", "z", "v", "p", "h")},
    **{s: Var(s, (m,)) for s in ("u", "w", "r")},
    **{s: Var(s, (n, n)) for s in ("A", "B", "C")},
    **{s: Var(s, (m, n)) for s in ("W", "V", "X")},
}
FACTS = {
    SYMBOLS["q"]: Domain(low=Fraction(0), high=Fraction(1)),
    SYMBOLS[r"\alpha"]: Domain(low=Fraction(0), high=Fraction(1)),
    SYMBOLS[r"\epsilon"]: Domain(low=Fraction(0)),
    SYMBOLS["p"]: Domain(normalised=True),
    SYMBOLS["h"]: Domain(values=(Fraction(0), Fraction(1)), normalised=True),
    SYMBOLS["s"]: Domain(values=(Fraction(-1), Fraction(1))),
    SYMBOLS["t"]: Domain(values=(Fraction(0), Fraction(1))),
}


def read(left: str, right: str) -> tuple[Expr, Expr]:
    a = read_expression(left, SYMBOLS.values())
    return a, read_expression(right, SYMBOLS.values(), like=a)


EVERYWHERE = [
    # products, transposes, traces
    (r"(A + B)(A - B)", r"A A - A B + B A - B B"),
    (r"(A B)^\top", r"B^\top A^\top"),
    (r"\operatorname{tr}(A B C)", r"\operatorname{tr}(C A B)"),
    (r"\operatorname{tr}(A B)", r"\operatorname{tr}(B^\top A^\top)"),
    (r"\operatorname{tr}(W^\top W)", r"\| W \|_F^2"),
    (r"\operatorname{tr}(W^\top V)", r"\mathbf{1}^\top (W \odot V) \mathbf{1}"),
    (r"x^\top A y", r"y^\top A^\top x"),
    (r"x^\top (A + A^\top) x", r"2 x^\top A x"),
    (r"\operatorname{diag}(x) y", r"x \odot y"),
    (r"\operatorname{diag}(x) A", r"(x \mathbf{1}^\top) \odot A"),
    (r"(u x^\top) y", r"(x^\top y) u"),
    (r"\| x - y \|^2", r"\| x \|^2 - 2 x^\top y + \| y \|^2"),
    (r"\| W x - u \|^2", r"x^\top W^\top W x - 2 u^\top W x + u^\top u"),
    (r"\sum_i x_i \sum_j y_j", r"\mathbf{1}^\top x y^\top \mathbf{1}"),
    (r"\operatorname{tr}(A \mathbf{1} \mathbf{1}^\top)", r"\mathbf{1}^\top A \mathbf{1}"),
    (r"(\mathbf{I} - x x^\top)(\mathbf{I} + x x^\top)", r"\mathbf{I} - (x^\top x) x x^\top"),
    (r"\operatorname{tr}(\operatorname{diag}(x) A \operatorname{diag}(y))",
     r"x^\top (\mathbf{I} \odot A) y"),
    (r"\left(A^\top\right)^\top x", r"A x"),
    # exp and its family
    (r"\exp(a + b)", r"\exp(a) \exp(b)"),
    (r"\exp(2 x)", r"\exp(x) \odot \exp(x)"),
    (r"\exp(-x) \odot \exp(x)", r"\mathbf{1}"),
    (r"1 - \sigma(a)", r"\sigma(-a)"),
    (r"\sigma(x) \odot (\mathbf{1} - \sigma(x))", r"\sigma(x) \odot \sigma(-x)"),
    (r"\sigma(a)", r"\frac{1}{1 + \exp(-a)}"),
    (r"\sigma(a)", r"\frac{\exp(a)}{1 + \exp(a)}"),
    (r"\frac{\exp(-a)}{(1 + \exp(-a))^2}", r"\sigma(a)(1 - \sigma(a))"),
    (r"\tanh(a)", r"2\sigma(2a) - 1"),
    (r"\tanh(a)", r"\frac{\exp(2a) - 1}{\exp(2a) + 1}"),
    (r"\tanh(-a)", r"-\tanh(a)"),
    (r"1 - \tanh(a)^2", r"4 \sigma(2a)(1 - \sigma(2a))"),
    (r"\tanh(a + b)(1 + \tanh(a)\tanh(b))", r"\tanh(a) + \tanh(b)"),
    (r"\mathrm{softplus}(a) - \mathrm{softplus}(-a)", r"a"),
    (r"\mathrm{softplus}(a)", r"-\log(\sigma(-a))"),
    (r"\log(\sigma(a))", r"a - \mathrm{softplus}(a)"),
    (r"\log(1 - \sigma(a))", r"-\mathrm{softplus}(a)"),
    (r"-y \odot \log(\sigma(z)) - (\mathbf{1} - y) \odot \log(\mathbf{1} - \sigma(z))",
     r"\mathrm{softplus}(z) - y \odot z"),
    (r"\mathrm{SiLU}(a)", r"\frac{a}{1 + \exp(-a)}"),
    (r"\mathrm{SiLU}(a) - \mathrm{SiLU}(-a)", r"a"),
    (r"\mathrm{GELU}(a) - \mathrm{GELU}(-a)", r"a"),
    (r"\exp(\log(1 + \exp(a)))", r"1 + \exp(a)"),
    (r"\frac{1}{1 + \frac{1}{1 + \exp(a)}}", r"\frac{1 + \exp(a)}{2 + \exp(a)}"),
    (r"\sum_i x_i \sigma(x_i) + \sum_i x_i \sigma(-x_i)", r"\mathbf{1}^\top x"),
    (r"\sum_i \sigma(x_i) + \sum_i \sigma(-x_i)", r"\operatorname{tr}(\mathbf{I} + 0 A)"),
    (r"\sum_i \sum_j \frac{\exp(A_{ij})}{\sum_l \exp(A_{il})} x_i", r"\mathbf{1}^\top x"),
    (r"\sin(a)^2 + \cos(a)^2", r"1"),
    (r"\sin(-a) \cos(-a)", r"-\sin(a) \cos(a)"),
    (r"(\sin(a) x + \cos(a) y)^\top (\sin(a) x + \cos(a) y)"
     r" + (\cos(a) x - \sin(a) y)^\top (\cos(a) x - \sin(a) y)", r"x^\top x + y^\top y"),
    (r"\frac{1}{2} \log\frac{1 + \tanh(a)}{1 - \tanh(a)}", r"a"),
    (r"\log\frac{\sigma(a)}{1 - \sigma(a)}", r"a"),
    # softmax
    (r"\mathbf{1}^\top \mathrm{softmax}(z)", r"1"),
    (r"\mathrm{softmax}(z + a \mathbf{1})", r"\mathrm{softmax}(z)"),
    (r"\sum_i \frac{\exp(z_i)}{\sum_j \exp(z_j)}", r"1"),
    (r"\log \mathrm{softmax}(z)", r"z - \mathrm{LSE}(z) \mathbf{1}"),
    (r"\mathrm{LSE}(z + a \mathbf{1})", r"a + \mathrm{LSE}(z)"),
    (r"\max(z) + \log \sum_i \exp(z_i - \max(z))", r"\mathrm{LSE}(z)"),
    (r"-h^\top \log \mathrm{softmax}(z)", r"\mathrm{LSE}(z) - h^\top z"),
    (r"-p^\top \log \mathrm{softmax}(z)", r"\log \sum_j \exp(z_j) - p^\top z"),
    (r"(\operatorname{diag}(\mathrm{softmax}(z)) - \mathrm{softmax}(z)\mathrm{softmax}(z)^\top)"
     r"\mathbf{1}", r"0 \mathbf{1}"),
    # facts
    (r"h \odot h", r"h"),
    (r"h h^\top", r"\operatorname{diag}(h)"),
    (r"\mathbf{1}^\top p", r"1"),
    (r"\log(h^\top \mathrm{softmax}(z))", r"h^\top \log \mathrm{softmax}(z)"),
    (r"\frac{1}{h^\top \exp(z)}", r"h^\top \exp(-z)"),
    (r"s^2", r"1"),
    (r"\log(1 + \exp(-s a)) s^3", r"s \log(1 + \exp(-s a))"),
    (r"t \log(q) + (1 - t) \log(q) + t^2", r"\log(q) + t"),
    (r"\log(q (1 - q))", r"\log(q) + \log(1 - q)"),
    (r"\sqrt{q^2 a^2}", r"q |a|"),
    (r"\frac{1}{q(1 - q)}", r"\frac{1}{q} + \frac{1}{1 - q}"),
    (r"\sqrt{\|x\|^2 + \epsilon}^2", r"x^\top x + \epsilon"),
    # indicators
    (r"\mathrm{ReLU}(a) - \mathrm{ReLU}(-a)", r"a"),
    (r"\mathrm{ReLU}(a) + \mathrm{ReLU}(-a)", r"|a|"),
    (r"\mathrm{ReLU}(x)", r"x \odot \mathbb{1}[x > 0]"),
    (r"\mathrm{ReLU}(x)", r"x \odot \mathbb{1}[x \ge 0]"),
    (r"\mathrm{ReLU}(2 a)", r"2 \mathrm{ReLU}(a)"),
    (r"\mathrm{ReLU}(q a)", r"q \mathrm{ReLU}(a)"),
    (r"\mathrm{ReLU}(x)^2", r"x \odot \mathrm{ReLU}(x)"),
    (r"\mathrm{ReLU}(\mathrm{ReLU}(a))", r"\mathrm{ReLU}(a)"),
    (r"\mathrm{ReLU}(\sigma(a))", r"\sigma(a)"),
    (r"\max(a, b) + \min(a, b)", r"a + b"),
    (r"\max(a, b)", r"\max(b, a)"),
    (r"\max(a, b)", r"b + \mathrm{ReLU}(a - b)"),
    (r"\max(a, b)", r"\frac{1}{2}(a + b + |a - b|)"),
    (r"\max(\alpha a, a)", r"\mathrm{ReLU}(a) - \alpha \mathrm{ReLU}(-a)"),
    (r"\max(\alpha a, a)", r"\begin{cases} a & a > 0 \\ \alpha a & \text{otherwise} \end{cases}"),
    (r"\begin{cases} a & a \ge 0 \\ \alpha a & \text{otherwise} \end{cases}",
     r"\begin{cases} \alpha a & a \le 0 \\ a & \text{otherwise} \end{cases}"),
    (r"|a|^2", r"a^2"),
    (r"\sqrt{a^2}", r"|a|"),
    (r"|a b|", r"|a| |b|"),
    (r"\operatorname{sign}(a) a", r"|a|"),
    (r"1 - \mathbb{1}[a > 0]", r"\mathbb{1}[a \le 0]"),
    (r"\mathbb{1}[a > b]", r"\mathbb{1}[b < a]"),
    (r"\mathbb{1}[a > b]", r"1 - \mathbb{1}[b \ge a]"),
    (r"\mathrm{ELU}_{\alpha}(a)", r"\mathrm{ReLU}(a) + \alpha (\exp(a) - 1) \mathbb{1}[a \le 0]"),
    (r"(a - b) \mathbb{1}[a = b]", r"0"),
    (r"\exp(\min(a, 0))", r"\exp(a) \mathbb{1}[a \le 0] + \mathbb{1}[a > 0]"),
    (r"\tanh(\mathrm{ReLU}(a))", r"\tanh(a) \mathbb{1}[a > 0]"),
    (r"\sum_{i} \sum_j \mathbb{1}[i = j] A_{ij}", r"\operatorname{tr}(A)"),
]  # fmt: skip

CONDITIONS = [
    (r"\frac{a}{a}", r"1", [r"a \neq 0"]),
    (r"\frac{a b}{b}", r"a", [r"b \neq 0"]),
    (r"\sqrt{a}^2", r"a", [r"a \geq 0"]),
    (r"\log(a b)", r"\log(a) + \log(b)", [r"a > 0", r"b > 0"]),
    (r"\log(a^2)", r"2 \log(a)", [r"a > 0"]),
    (r"\log\frac{a}{b}", r"\log a - \log b", [r"a > 0", r"b > 0"]),
    (r"\exp(\log(a))", r"a", [r"a > 0"]),
    (r"\frac{1}{a} + \frac{1}{b}", r"\frac{a + b}{a b}", [r"a \neq 0", r"b \neq 0"]),
    (r"\frac{a / (1 - c^2)}{\sqrt{b / (1 - c^2)}}", r"\frac{a}{\sqrt{b} \sqrt{1 - c^2}}", None),
    (r"\sqrt{a b}", r"\sqrt{a} \sqrt{b}", [r"a \geq 0", r"b \geq 0"]),
    (r"\frac{x}{\|x\|} \cdot \|x\|", r"x", None),
    (r"\left\|\frac{x}{\|x\|}\right\|^2", r"1", None),
    (r"\frac{1}{1 + a^2} a^2", r"1 - \frac{1}{1 + a^2}", []),
    (r"a^{-1/2} a^{-1/2}", r"a^{-1}", [r"a > 0"]),
]

FALSE = [
    (r"A + A^\top", r"2 A"),
    (r"\operatorname{tr}(A B C)", r"\operatorname{tr}(A C B)"),
    (r"\operatorname{tr}(A A B B)", r"\operatorname{tr}(A B A B)"),
    (r"A B", r"B A"),
    (r"x^\top A y", r"y^\top A x"),
    (r"x y^\top", r"y x^\top"),
    (r"\operatorname{tr}(A)^2", r"\operatorname{tr}(A^\top A)"),
    (r"\|x + y\|^2", r"\|x\|^2 + \|y\|^2"),
    (r"\sum_i x_i \sum_j y_j", r"\sum_i x_i y_i"),
    (r"\sum_i \sum_j A_{ij} x_j", r"\sum_i \sum_j A_{ij} x_i"),
    # true at sizes that happen to be equal, or small
    (r"\mathbf{1}^\top \mathbf{1} + \sum_i x_i", r"1 + \sum_i x_i"),
    (r"A A - \operatorname{tr}(A) A + \frac{1}{2}(\operatorname{tr}(A)^2 - \operatorname{tr}(A A))"
     r"\mathbf{I}", r"0 A"),
    (r"(x^\top y)^2", r"\|x\|^2 \|y\|^2"),
    (r"\mathbf{I} \odot A", r"A"),
    (r"\sum_i \sum_j (x_i - x_j)^2", r"0 \sum_i x_i"),
    (r"\mathrm{softmax}(z)", r"\mathbf{1}"),
    # exp and its family
    (r"\exp(a b)", r"\exp(a)\exp(b)"),
    (r"\exp(a + b)", r"\exp(a) + \exp(b)"),
    (r"\sigma(a)(1 - \sigma(a))", r"\sigma(a)(1 + \sigma(a))"),
    (r"\tanh(a)", r"2\sigma(a) - 1"),
    (r"1 - \sigma(a)", r"\sigma(a)"),
    (r"\mathrm{softplus}(a) + \mathrm{softplus}(-a)", r"a"),
    (r"\log(1 + \exp(a))", r"a + \log(1 + \exp(a))"),
    (r"\log(a + b)", r"\log(a) + \log(b)"),
    (r"\mathrm{SiLU}(a) + \mathrm{SiLU}(-a)", r"a"),
    (r"\sin(a)^2 - \cos(a)^2", r"1"),
    (r"\cos(-a)", r"-\cos(a)"),
    (r"\frac{\sqrt{b / (1 - c^2)}}{1 - c^2}", r"\sqrt{b}"),
    (r"\mathrm{GELU}(-a)", r"-\mathrm{GELU}(a)"),
    # softmax
    (r"\mathrm{softmax}(2 z)", r"\mathrm{softmax}(z)"),
    (r"\mathrm{softmax}(z + x)", r"\mathrm{softmax}(z)"),
    (r"-x^\top \log \mathrm{softmax}(z)", r"\mathrm{LSE}(z) - x^\top z"),
    (r"\mathrm{LSE}(2 z)", r"2 \mathrm{LSE}(z)"),
    (r"\mathrm{LSE}(z)", r"\max(z)"),
    (r"\mathrm{softmax}(z) \odot \mathrm{softmax}(z)", r"\mathrm{softmax}(z)"),
    # facts of other symbols
    (r"x \odot x", r"x"),
    (r"p \odot p", r"p"),
    (r"p p^\top", r"\operatorname{diag}(p)"),
    (r"\mathbf{1}^\top x", r"1"),
    (r"\log(p^\top \mathrm{softmax}(z))", r"p^\top \log \mathrm{softmax}(z)"),
    (r"\exp(h^\top z + a)", r"h^\top \exp(z) + \exp(a)"),
    (r"s^3", r"1"),
    (r"t^2", r"1"),
    (r"a^2", r"1"),
    # signs
    (r"\sqrt{a^2}", r"a"),
    (r"\sqrt{a^2 b}", r"a \sqrt{b}"),
    (r"\sqrt{x^\top x}", r"\mathbf{1}^\top x"),
    (r"\log(a)", r"\log(-a)"),
    (r"\log(a) + \log(-a)", r"\log(-a^2)"),
    (r"|a + b|", r"|a| + |b|"),
    (r"|a|", r"a"),
    (r"|a| b", r"|a b|"),
    (r"\sqrt{a + b}", r"\sqrt{a} + \sqrt{b}"),
    (r"\sqrt{q a^2}", r"q |a|"),
    # indicators
    (r"\mathrm{ReLU}(a b)", r"a \mathrm{ReLU}(b)"),
    (r"\mathrm{ReLU}(-a)", r"-\mathrm{ReLU}(a)"),
    (r"\mathrm{ReLU}(a + b)", r"\mathrm{ReLU}(a) + \mathrm{ReLU}(b)"),
    (r"\mathrm{ReLU}(a) + \mathrm{ReLU}(-a)", r"a"),
    (r"\max(\lambda a, a)", r"\begin{cases} a & a > 0 \\ \lambda a & \text{otherwise} \end{cases}"),
    (r"\max(a, b)", r"b + \mathrm{ReLU}(b - a)"),
    (r"\mathbb{1}[a > 0] + \mathbb{1}[a < 0]", r"\mathbb{1}[a > b]"),
    (r"\mathbb{1}[a > 0] \mathbb{1}[b > 0]", r"\mathbb{1}[a b > 0]"),
    (r"\mathrm{ReLU}(W x)", r"W \mathrm{ReLU}(x)"),
    (r"\mathbb{1}[u > 0] \odot W x", r"\mathbb{1}[W x > 0] \odot W x"),
    # the same set is fat, or everything
    (r"\mathbb{1}[\mathrm{ReLU}(a) > 0]", r"\mathbb{1}[\mathrm{ReLU}(a) \ge 0]"),
    (r"\mathbb{1}[a - a > 0]", r"\mathbb{1}[a - a \ge 0]"),
    (r"\mathbb{1}[W \mathrm{ReLU}(x) > 0]", r"\mathbb{1}[W \mathrm{ReLU}(x) \ge 0]"),
    (r"\mathbb{1}[W x - W x > 0]", r"\mathbb{1}[W x - W x \ge 0]"),
    (r"\mathbb{1}[t > 0]", r"\mathbb{1}[t \ge 0]"),
    (r"\mathbb{1}[a |b| - a b > 0]", r"\mathbb{1}[a |b| - a b \ge 0]"),
]  # fmt: skip

ALMOST = [
    (r"\mathbb{1}[a > 0]", r"\mathbb{1}[a \ge 0]", r"a"),
    (r"\mathbb{1}[x > 0]", r"\mathbb{1}[x \ge 0]", r"x_i"),
    (r"\mathbb{1}[W x > 0]", r"\mathbb{1}[W x \ge 0]", None),
    (r"\mathbb{1}[W x + u > 0]", r"\mathbb{1}[W x + u \ge 0]", None),
    (r"\mathbb{1}[W \mathrm{ReLU}(x) + u > 0]", r"\mathbb{1}[W \mathrm{ReLU}(x) + u \ge 0]", None),
    (r"\mathbb{1}[a > 0] + \mathbb{1}[-a > 0]", r"1", "a"),
    (r"\operatorname{sign}(a)", r"2 \cdot \mathbb{1}[a > 0] - 1", "a"),
    (r"\operatorname{sign}(a)^2", r"1", "a"),
    (r"\mathbb{1}[a > b]", r"1 - \mathbb{1}[b > a]", None),
]


@pytest.mark.parametrize(("left", "right"), EVERYWHERE)
def test_true_everywhere(left, right):
    a, b = read(left, right)
    proof = prove(a, b, FACTS)
    assert proof is not None
    assert proof.almost_everywhere is None
    assert conditions_latex(proof) == ()


@pytest.mark.parametrize(("left", "right", "conditions"), CONDITIONS)
def test_true_where_the_conditions_hold(left, right, conditions):
    a, b = read(left, right)
    proof = prove(a, b, FACTS)
    assert proof is not None
    assert proof.almost_everywhere is None
    if conditions is None:
        assert proof.conditions
    else:
        assert sorted(conditions_latex(proof)) == sorted(conditions)


@pytest.mark.parametrize(("left", "right"), FALSE)
def test_false(left, right):
    a, b = read(left, right)
    assert a.axes == b.axes
    assert prove(a, b, FACTS) is None


@pytest.mark.parametrize(("left", "right", "null"), ALMOST)
def test_true_almost_everywhere(left, right, null):
    a, b = read(left, right)
    proof = prove(a, b, FACTS)
    assert proof is not None
    assert proof.almost_everywhere
    if null is not None:
        assert null_set_latex(proof) == rf"\{{{null} = 0\}}"
