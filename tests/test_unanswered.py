"""What a sheet says it leaves open, and how it says what is 0 out of its range."""

from __future__ import annotations

from typing import Any

import pytest

from derive.app.html import render_html
from derive.app.pages import solved_sheet
from derive.app.problems import solved_document
from derive.app.report import solved_json
from derive.app.tex import render_tex
from derive.diagnostics import DeriveError, Source

NET = r"Let $L = \|W x - y\|^2$ with $W \in \mathbb{R}^{m \times n}$. "
WINDOW = (
    r"Let $y_i = \sum_{k=1}^{K} w_k x_{i+k-1}$ and $L = \sum_i y_i^2$. "
    r"Find $\partial L/\partial w_k$ and $\partial L/\partial x_j$."
)


def _solved(text: str) -> dict[str, Any]:
    source = Source("document.tex", text)
    return solved_json(solved_document(source), source)


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("(b) Explain why the gradient vanishes.", "(b) Explain why the gradient vanishes"),
        ("Plot $L$ against $x$.", "Plot $L$ against $x$"),
        (
            r"What is the minimum of $L$ over all $x$ with $\|x\| = 1$?",
            r"What is the minimum of $L$ over all $x$ with $\|x\| = 1$?",
        ),
        ("Then find the minimiser $x^*$ of $L$.", "Then find the minimiser $x^*$ of $L$"),
    ],
)
def test_what_nobody_answers_is_said(words: str, left: str) -> None:
    text = NET + r"Find $\partial L/\partial W$. " + words
    assert _solved(text)["unanswered"] == [left]
    sheet = solved_sheet(solved_document(Source("document.tex", text)))
    for page in (render_html(sheet), render_tex(sheet)):
        assert "Asked for and not answered here" in page


@pytest.mark.parametrize(
    "words",
    [
        r"Find $\partial L/\partial W$.",
        r"Compute $\partial L/\partial W$ and $\partial L/\partial x$.",
        "Find the gradient of $L$ with respect to $W$.",
        "What is the gradient of $L$ with respect to $W$?",
        r"Find the following gradients: \[ \frac{\partial L}{\partial W} = ? \]",
        "Write down the gradient descent update for $W$.",
        "We compute the loss in one pass.",
        "Compute the gradients with respect to all parameters.",
        r"Show that $\partial L/\partial W = 2 (W x - y) x^\top$.",
        r"How many parameters does the network have?",
    ],
)
def test_what_is_answered_is_not_left_open(words: str) -> None:
    assert _solved(NET + words)["unanswered"] == []


def test_what_is_asked_for_and_not_known_is_at_fault_where_nothing_else_is_asked() -> None:
    with pytest.raises(DeriveError, match="neither declared nor defined"):
        _solved(NET + r"Compute $\partial L/\partial V$.")
    found = _solved(NET + r"Compute $\partial L/\partial W$ and $\partial L/\partial V$.")
    assert [one["question"] for one in found["questions"]] == [r"\frac{\partial L}{\partial W}"]
    assert any("asked for and not answered" in note for note in found["notes"])


def test_an_index_out_of_its_range_is_said_to_give_0() -> None:
    first, second = _solved(WINDOW)["questions"]
    assert first["latex"] == r"2 \sum_{i=1}^{n+1-K} x_{k+i-1} y_i"
    assert second["latex"] == r"2 \sum_{i=1}^{n+1-K} w_{j-i+1} y_i"
    assert (first["outside"], second["outside"]) == ([], ["w_{j-i+1}"])


def test_sums_over_windows_and_samples_are_printed_whole() -> None:
    text = (
        r"Let $y_i^{(s)} = \sum_{k=1}^{K} w_k x^{(s)}_{i+k-1}$ and "
        r"$L = \sum_s\sum_i (y^{(s)}_i)^2$. Find $\partial L/\partial w_k$."
    )
    (one,) = _solved(text)["questions"]
    assert one["latex"] == (r"2 \sum_{i=1}^{n+1-K} \sum_{s=1}^{m} x_{k+i-1}^{(s)} y_i^{(s)}")


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        (
            r"Consider $y = f(x) = 3x^2 - 4x$. What is $\frac{dy}{dx}$? What is $f'(2)$?",
            {r"\frac{\partial y}{\partial x}": "6 x - 4", "f'(2)": "8"},
        ),
        (
            r"$J(\theta) = \frac12\sum_{i=1}^m (\theta^T x^{(i)} - y^{(i)})^2$. "
            r"(i) Find $\nabla_\theta J(\theta)$. (ii) Find the Hessian $H$.",
            {
                r"\nabla_\theta J(\theta)": (
                    r"\sum_{i=1}^{m} (\theta^\top x^{(i)} - y^{(i)}) x^{(i)}"
                ),
                r"\nabla_\theta^2 J(\theta)": r"\sum_{i=1}^{m} x^{(i)} x^{(i)\top}",
            },
        ),
        (
            NET + r"Compute $\nabla_W L$. Write down the update with step size $\alpha$.",
            {
                r"\nabla_W L": r"2 (W x - y) x^\top",
                r"W_{\text{new}}": r"W - \alpha \nabla_W L",
            },
        ),
        (
            r"Let $J = \frac{1}{2m}\|X w + b - y\|^2$, $X\in\mathbb{R}^{m\times n}$. "
            r"Compute $dw$ and $db$.",
            {
                "d w": r"\frac{1}{m} X^\top (X w + b - y)",
                "d b": r"\frac{1}{m} \mathbf{1}^\top (X w + b - y)",
            },
        ),
    ],
)
def test_what_words_ask_for_is_answered(text: str, answers: dict[str, str]) -> None:
    found = _solved(text)
    assert {one["question"]: one["latex"] for one in found["questions"]} == answers
    assert found["unanswered"] == []


def test_a_condition_on_an_index_defines_nothing() -> None:
    text = (
        r"$J = -\log \hat{y}_o$, $\hat{y}_w = \exp(u_w^\top v) / \sum_{w'} \exp(u_{w'}^\top v)$. "
        r"Compute $\partial J/\partial u_w$ when $w = o$, and when $w \ne o$. "
        r"Let $s(x) = \tanh(x)$. Compute the derivative of $s(x)$ with respect to $x$."
    )
    done = solved_document(Source("document.tex", text)).single
    assert done is not None
    assert [d.symbol for d in done.network.definitions] == [r"\hat{y}_{#1}", "J", "s"]
    assert done.network.loss is not None
    page = render_html(solved_sheet(solved_document(Source("document.tex", text))))
    assert "is the loss, not" not in page


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            r"Let $p_i = \frac{e^{z_i}}{\sum_k e^{z_k}}$ for $z\in\mathbb{R}^K$. "
            r"Compute $\frac{\partial p_i}{\partial z_j}$.",
            r"p_j \mathbf{I}_{ij} - p_j p_i",
        ),
        (
            r"Let $y_i = \sum_j W_{ij} x_j$. Compute $\frac{\partial y_i}{\partial W_{kl}}$.",
            r"x_l \mathbf{I}_{ik}",
        ),
        (
            r"Let $h_j = \tanh(w_j^\top x)$. Compute $\frac{\partial h_j}{\partial w_j}$.",
            r"(1 - h_j^2) x",
        ),
        (
            r"Let $\mathcal{E}(w) = \|w\|^2$. Compute $\nabla \mathcal{E}(w)$ and the Hessian.",
            "2 w",
        ),
    ],
)
def test_entries_are_answered_as_entries(text: str, answer: str) -> None:
    found = _solved(text)["questions"]
    assert found[0]["latex"] == answer
    assert all(one["check"]["passed"] for one in found)
