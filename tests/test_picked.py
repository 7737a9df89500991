r"""What a class number picks has the form of the papers: \partial J / \partial u_o = (p_o - 1) v"""

from __future__ import annotations

import pytest

from derive.app.problems import solved_document
from derive.app.report import solved_json
from derive.diagnostics import DeriveError, Source
from proofs.check import check

SKIP_GRAM = r"""Let $\hat y_w = \frac{\exp(u_w^\top v_c)}{\sum_{k=1}^V \exp(u_k^\top v_c)}$ with
$u_w, v_c \in \mathbb{R}^d$ and $J = -\log \hat y_o$.
"""
HINGE = r"""Let $s = W x_i$, $W \in \mathbb{R}^{C \times D}$ and
$L_i = \sum_{j \ne y_i} \max(0, s_j - s_{y_i} + \Delta)$, where $w_j$ is the $j$-th row of $W$.
"""
SOFTMAX = r"""Let $z = W x$, $p = \mathrm{softmax}(z)$ and $L = -\log p_y$, where the rows of
$W$ are $w_k^\top$. """


def _answers(text: str) -> list[str]:
    source = Source("document.tex", text)
    found = solved_json(solved_document(source), source)
    assert all(one["check"]["passed"] for one in found["questions"]), "each is compared"
    return [one["latex"] for one in found["questions"]]


CASES = [
    (SKIP_GRAM, r"\frac{\partial J}{\partial u_o}", r"(\hat{y}_o - 1) v_c"),
    (SKIP_GRAM, r"\frac{\partial J}{\partial u_w}", r"(\hat{y}_w - \mathbb{1}(w = o)) v_c"),
    (SOFTMAX, r"\nabla_{z_y} L", "p_y - 1"),
    (SOFTMAX, r"\nabla_{w_y} L", "(p_y - 1) x"),
    (SOFTMAX, r"\nabla_{w_k} L", r"(p_k - \mathbb{1}(k = y)) x"),
    (
        HINGE,
        r"\nabla_{w_{y_i}} L_i",
        r"-(\mathbb{I}(s - s_{y_i} + \Delta \geq 0)^\top (1 - \mathbf{e}_{y_i})) x_i",
    ),
]


@pytest.mark.parametrize(("network", "asked", "answer"), CASES)
def test_a_picked_gradient_has_its_usual_form(network: str, asked: str, answer: str) -> None:
    assert _answers(rf"{network} Derive ${asked}$.") == [answer]


@pytest.mark.parametrize(("network", "asked", "answer"), [CASES[0], CASES[2], CASES[3]])
def test_it_reads_back(network: str, asked: str, answer: str) -> None:
    assert check(f"{network} Then ${asked} = {answer}$.").verdict == "proved"
    wrong = answer.replace("- 1", "+ 1")
    assert check(f"{network} Then ${asked} = {wrong}$.").verdict == "refuted"


def test_two_class_numbers_are_kept_apart() -> None:
    r"""At o the one-hot of another class is no 1."""
    text = r"""Let $p = \mathrm{softmax}(z)$ with $z \in \mathbb{R}^n$ and
$L = -\log p_y - \log p_c$. Derive $\nabla_{z_y} L$."""
    assert _answers(text) == [r"2 p_y - \mathbb{1}(y = c) - 1"]


def test_what_nothing_says_has_no_gradient() -> None:
    """It was answered by 0 where the rows of W had been named, and the words were not read."""
    text = (
        r"Let $s = W x$ and $L = \log \sum_j \exp(s_j)$. Derive $\nabla_{v_j} L$, $\nabla_{v_y} L$."
    )
    with pytest.raises(DeriveError) as asked:
        solved_document(Source("document.tex", text))
    assert [one.code for one in asked.value.diagnostics] == ["undefined-symbol"] * 2
