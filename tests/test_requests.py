"""Questions in words: what they ask for, and what only speaks of a derivative."""

from __future__ import annotations

import pytest

from derive.app.problems import solved_document
from derive.app.report import solved_json
from derive.diagnostics import Source
from derive.elaborate.statements.requests import requests
from derive.latex.print import latex
from derive.latex.read import read_formulas

L_W = r"\frac{\partial L}{\partial W}"
L_B = r"\frac{\partial L}{\partial b}"
ASKED = [
    (r"Find the gradient of $L$ with respect to $W$.", [L_W]),
    (r"Compute the derivative of $L$ w.r.t. $W$.", [L_W]),
    (r"Derive the gradients of $L$ w.r.t.\ $W$ and $b$.", [L_W, L_B]),
    (r"What are the partial derivatives of $L$ with respect to $W, b$?", [L_W, L_B]),
    (r"(a) Calculate the derivative of the loss $L$ with respect to the weights $W$ and bias $b$.",
     [L_W, L_B]),
    (r"Give an expression for the gradient of $L$ with respect to $W$", [L_W]),
    (r"Differentiate $L$ with respect to $W$.", [L_W]),
    (r"Find the gradient of the cost function with respect to $W$.", [r"\nabla_W"]),
    (r"Find the Jacobian of $z$ with respect to $x$.", [r"\frac{\partial z}{\partial x}"]),
    (r"Determine the Jacobian matrix of $f(x) = Ax$.", [r"\frac{\partial f(x)}{\partial x}"]),
    (r"Find the gradient and the Hessian of $J$ with respect to $w$.",
     [r"\frac{\partial J}{\partial w}", r"\nabla_w^2 J"]),
    (r"Find the gradient of $L$ with respect to $W$ and $b$, and the Hessian of $L$ w.r.t. $b$.",
     [L_W, L_B, r"\nabla_b^2 L"]),
    (r"Compute the derivative of $J$ w.r.t. $w$ and its Hessian.",
     [r"\frac{\partial J}{\partial w}", r"\nabla_w^2 J"]),
    (r"Find the gradient of $L$ w.r.t. $W$ and show that $p = y$.", [L_W]),
    (r"What is the Hessian of $J(w)$?", [r"\nabla^2 J(w)"]),
    (r"Compute the second derivative of $J$ with respect to $w$.", [r"\nabla_w^2 J"]),
    (r"Given the gradient of $L$ with respect to $y$, find the gradient of $L$ w.r.t. $W$.", [L_W]),
    (r"You are asked to compute the gradient of $L$ with respect to $W$.", [L_W]),
    (r"Find the gradient of $x^\top A x$ with respect to $x$.",
     [r"\frac{\partial x^\top A x}{\partial x}"]),
    (r"Berechne den Gradienten von $L$ nach $W$.", [L_W]),
    (r"Calculer le gradient de $L$ par rapport à $W$.", [L_W]),
    (r"\item Compute the derivative of $L$ with respect to $W$ \item and of $b$", [L_W]),
]  # fmt: skip
ASKED += [
    (r"Let $f(x) = x^2$. What is its derivative?", [r"\frac{\partial f(x)}{\partial x}"]),
    (r"Let $f(x) = x^2$, $g(w) = w^3$. Compute its derivative at $w = 1$.",
     [r"\frac{\partial g(w)}{\partial w}"]),
    (r"Compute the derivative of $L$ with respect to $W$ and find $b$.", [L_W]),
]  # fmt: skip
NOT_ASKED = [
    r"Compute its derivative.",
    r"Let $f(x) = x^2$. Its derivative is $2x$. We compute its derivative.",
    r"The gradient of $L$ with respect to $W$ is $\delta x^\top$.",
    r"We compute the gradient of $L$ with respect to $W$ by the chain rule.",
    r"To compute the derivative of $L$ with respect to $W$, one needs $x$.",
    r"Find $W$ given the gradient of $L$ with respect to $W$.",
    r"Show that the gradient of $L$ with respect to $W$ is $\delta x^\top$.",
    r"Find the directional derivative of $L$ along $v$.",
    r"Compute $z$. The derivative of $L$ with respect to $W$ vanishes.",
    r"How does the gradient of the network behave?",
    r"Compute the gradient of the network.",
]


def _lefts(text: str) -> list[str]:
    return [latex(one) for one in requests(read_formulas(Source("document.tex", text)))]


@pytest.mark.parametrize(("text", "asked"), ASKED)
def test_words_that_ask(text: str, asked: list[str]) -> None:
    assert _lefts(text) == asked


@pytest.mark.parametrize("text", NOT_ASKED)
def test_words_that_do_not_ask(text: str) -> None:
    assert _lefts(text) == []


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("Compute the derivative of $L$ with respect to $x$.", {r"\frac{\partial L}{\partial x}"}),
        (
            "Find the gradient of the loss with respect to $W$ and $x$.",
            {r"\nabla_W L", r"\nabla_x L"},
        ),
        ("Derive the gradient with respect to $W$.", {r"\nabla_W L"}),
        (
            "Find the gradient of $L$ with respect to $W$. Write down the SGD update.",
            {r"\frac{\partial L}{\partial W}", r"W_{\text{new}}"},
        ),
        (
            "Write down the gradient descent update for $W$.",
            {r"\frac{\partial L}{\partial W}", r"W_{\text{new}}"},
        ),
        ("Find the gradient of $L$.", {r"\frac{\partial L}{\partial W}"}),
        ("Find the Jacobian of $h$ with respect to $x$.", {r"\frac{\partial h}{\partial x}"}),
    ],
)
def test_what_is_asked_in_words_is_what_is_answered(words: str, answers: set[str]) -> None:
    net = r"Let $h = \tanh(W x)$ with $W \in \mathbb{R}^{m \times n}$, $L = \frac12 \|h - y\|^2$. "
    source = Source("document.tex", net + words)
    found = solved_json(solved_document(source), source)["questions"]
    assert {one["question"].replace(r" \mathcal{L}", "") for one in found} == answers


def test_the_hessian_of_logistic_regression() -> None:
    text = r"""Let $X \in \mathbb{R}^{n \times d}$, $y \in \mathbb{R}^n$, $p = \sigma(Xw)$ and
$J(w) = -\sum_i \left[ y_i \log p_i + (1-y_i) \log(1-p_i) \right]$.
Find the gradient and the Hessian of $J$ with respect to $w$."""
    source = Source("document.tex", text)
    found = solved_json(solved_document(source), source)["questions"]
    assert [one["latex"] for one in found] == [
        r"X^\top (p - y)",
        r"X^\top \operatorname{diag}(p \odot (1 - p)) X",
    ]
