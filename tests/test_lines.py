r"""Matrices by their rows and columns: in many words, in formulas, and where nothing says so."""

from __future__ import annotations

import pytest

pytest.importorskip("flint")

from derive.diagnostics import Source
from proofs.check import check_source
from proofs.verdict import ILL_TYPED, PROVED, REFUTED

ROWS = [
    r"Let $A \in \mathbb{R}^{m \times n}$ be the matrix with rows $a_i^\top$.",
    r"The matrix $A \in \mathbb{R}^{m \times n}$ has the rows $a_1^\top, \dots, a_m^\top$.",
    r"$A$ is the $m \times n$ matrix whose $i$-th row is $a_i^\top$; $a_i \in \mathbb{R}^n$.",
    r"The rows of $A \in \mathbb{R}^{m \times n}$ are $a_i^\top$.",
    r"Let $A \in \mathbb{R}^{m \times n}$ and let $a_i^\top$ denote the $i$th row of $A$.",
    r"Let $A \in \mathbb{R}^{m \times n}$ with $a_i^\top$ as its $i^{th}$ row.",
    r"Stack the vectors $a_i \in \mathbb{R}^n$ as rows of the $A \in \mathbb{R}^{m \times n}$.",
    r"The matrix $A \in \mathbb{R}^{m \times n}$ contains the vectors $a_i$ in its rows.",
    r"$A = \begin{bmatrix} a_1^\top \\ \vdots \\ a_m^\top \end{bmatrix}$, $a_i \in \mathbb{R}^n$.",
    r"$a_i \in \mathbb{R}^n$, $A = [a_1, \dots, a_m]^\top$.",
    r"$A \in \mathbb{R}^{m \times n}$, $A = (a_1, a_2, \dots, a_m)^T$.",
]
COLUMNS = [
    r"Let $A \in \mathbb{R}^{n \times m}$ have columns $a_1, \dots, a_m$.",
    r"Let $A \in \mathbb{R}^{n \times m}$ be a matrix with columns $a_i$.",
    r"The columns of $A \in \mathbb{R}^{n \times m}$ are $a_1, a_2, \ldots, a_m$.",
    r"$a_i$ is the $i$-th column of $A \in \mathbb{R}^{n \times m}$.",
    r"$A = [a_1, \dots, a_m] \in \mathbb{R}^{n \times m}$.",
    r"$A = \begin{bmatrix} a_1 & a_2 & \cdots & a_m \end{bmatrix}$ with $a_i \in \mathbb{R}^n$.",
]
DECLARED = r"Let $A, B \in \mathbb{R}^{m \times n}$, $a_i \in \mathbb{R}^n$. "
NEITHER = [
    "",
    "The vectors $a_i$ are orthogonal to the rows of $A$.",
    r"The rows of $B$ are $a_i^\top$.",
    "The rows of $A$ are sorted by $a_i$.",
    r"It is false that the rows of $A$ are $a_i^\top$.",
    r"Are the rows of $A$ not $a_i^\top$?",
]
OUTER = r"\sum_{i=1}^m a_i a_i^\top"


def verdict(text: str, line: str) -> str:
    report = check_source(Source("", rf"{text} \[ {line} \]"))
    return report.claims[-1].links[-1].verdict


@pytest.mark.parametrize("text", ROWS)
def test_rows(text: str) -> None:
    assert verdict(text, rf"A^\top A = {OUTER}") == PROVED
    assert verdict(text, rf"A^\top A = 2 {OUTER}") == REFUTED
    assert verdict(text, rf"A A^\top = {OUTER}") == ILL_TYPED


@pytest.mark.parametrize("text", COLUMNS)
def test_columns(text: str) -> None:
    assert verdict(text, rf"A A^\top = {OUTER}") == PROVED
    assert verdict(text, rf"A A^\top = -{OUTER}") == REFUTED
    assert verdict(text, rf"A^\top A = {OUTER}") == ILL_TYPED


@pytest.mark.parametrize("text", NEITHER)
def test_what_says_nothing_of_the_lines_of_a_matrix(text: str) -> None:
    assert verdict(DECLARED + text, rf"A^\top A = {OUTER}") != PROVED


def test_a_list_of_entries_is_a_vector_and_a_sequence_of_vectors_is_none() -> None:
    entries = r"$y = (y_1, \dots, y_n)^\top$ with $y_i \in \{-1, 1\}$ and $x \in \mathbb{R}^n$."
    assert verdict(entries, r"y^\top y = n") == PROVED
    assert verdict(entries, r"x^\top y = \sum_{i=1}^n x_i y_i") == PROVED
    assert verdict(entries, r"x^\top y = \sum_{i=1}^n x_i") == REFUTED
    steps = r"$x = (x_1, \dots, x_T)$, $W \in \mathbb{R}^{k \times n}$, $h_t = \tanh(W x_t)$."
    assert verdict(steps, r"h_t = \sigma(W x_t)") == REFUTED
