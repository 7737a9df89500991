r"""Sizes that words give: the $n \times d$ design matrix $X$, a vector $x$ in $\mathbb{R}^d$."""

from __future__ import annotations

import pytest

from derive.diagnostics import Source
from derive.elaborate.statements.spaces import spaces
from derive.latex.print import latex
from derive.latex.read import read_formulas

N_D = r"\mathbb{R}^{n \times d}"


def _said(text: str) -> set[str]:
    return {latex(one).replace(" ", "") for one in spaces(read_formulas(Source("d.tex", text)))}


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        (r"Let $A$ be an $n \times d$ matrix.", {rf"A \in {N_D}"}),
        (r"Let $A$ be a symmetric $n \times n$ matrix.", {r"A \in \mathbb{R}^{n \times n}"}),
        (r"Let $\mathbf{X}$ be the $n \times d$ design matrix.", {rf"\mathbf{{X}} \in {N_D}"}),
        (r"given the $n \times d$ matrix $X$ of inputs", {rf"X \in {N_D}"}),
        (r"$W_1$ is $h \times d$ and $W_2$ is $k \times h$.",
         {r"W_1 \in \mathbb{R}^{h \times d}", r"W_2 \in \mathbb{R}^{k \times h}"}),
        (r"Let $A$ and $B$ be $n \times d$ matrices.", {rf"A \in {N_D}", rf"B \in {N_D}"}),
        (r"Let $x$ be a row vector in $\mathbb{R}^{1 \times d}$.",
         {r"x \in \mathbb{R}^{1 \times d}"}),
        (r"$u$ and $v$ are two $d$-dimensional vectors",
         {r"u \in \mathbb{R}^d", r"v \in \mathbb{R}^d"}),
        (r"$\mathbf b$ is a $C$-dimensional bias", {r"\mathbf{b} \in \mathbb{R}^C"}),
        (r"an $n$-vector $b$", {r"b \in \mathbb{R}^n"}),
        (r"each $x_i$ is a $d$-dimensional vector", {r"x_i \in \mathbb{R}^d"}),
        (r"with weight vector $w$ (dimension $d$)", {r"w \in \mathbb{R}^d"}),
        (r"$\mathbf{y}$ the vector of $n$ targets", {r"\mathbf{y} \in \mathbb{R}^n"}),
        (r"a 3-dimensional input $x$", {r"x \in \mathbb{R}^3"}),
    ],
)  # fmt: skip
def test_words_declare(text: str, declared: set[str]) -> None:
    assert _said(text) == {one.replace(" ", "") for one in declared}


@pytest.mark.parametrize(
    "text",
    [
        r"Suppose the matrix $A$ is not $n \times n$.",
        r"$A \in \mathbb{R}^{m \times n}$. Let $A$ be an $n \times d$ matrix.",
        r"$A = B C$ is an $n \times d$ matrix.",
        r"The image is flattened to $x$, of $28 \times 28$ pixels.",
        r"The product of the $n \times d$ matrix and $x$ is a vector.",
        r"$X$ has $n$ rows and $d$ columns of a vector $x^2$ in $\mathbb{R}^d$.",
    ],
)
def test_words_that_declare_nothing(text: str) -> None:
    assert _said(text) == set()


def test_one_name_of_several_is_said_of_alone() -> None:
    text = r"The image is flattened to $x$, $W$ is $10 \times 784$."
    assert _said(text) == {r"W\in\mathbb{R}^{10\times784}"}
