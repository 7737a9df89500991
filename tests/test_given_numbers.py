"""Numbers that a document gives its variables: formulas first, then what they come to."""

from __future__ import annotations

import json

import pytest

from derive.app.cli import main
from derive.app.html import render_html
from derive.app.pages import solved_sheet
from derive.app.problems import solved_document
from derive.app.report import solved_json
from derive.app.tex import render_tex
from derive.diagnostics import Source

NEURON = r"""A neuron computes $a = \sigma(w_1 x_1 + w_2 x_2 + b)$ with $w_1 = 2$, $w_2 = -3$,
$b = -3$, $x_1 = -1$ and $x_2 = -2$. Compute $\frac{\partial a}{\partial w_1}$.
"""
LAYERS = r"""Let $h = \mathrm{ReLU}(W x)$, $\hat y = v^\top h$ and $L = \frac12 (\hat y - y)^2$ with
\[ W = \begin{pmatrix} 1 & -1 \\ 2 & 0 \end{pmatrix}, \quad v = (1, 2), \quad x = [1, 3]^\top,
   \quad y = 1. \]
Find $\frac{\partial L}{\partial v}$, $\frac{\partial L}{\partial W}$ and
$\frac{\partial L}{\partial h}$.
"""
ROWS = r"""Let $\hat y = x W + b$ with $x, b \in \mathbb{R}^{1 \times 2}$,
$W \in \mathbb{R}^{2 \times 2}$ and $L = \frac12 \|\hat y - y\|^2$, where
$x = (1, 2)$, $W = \begin{pmatrix} 0.5 & -1 \\ 1 & 2 \end{pmatrix}$, $b = (0, 1)$, $y = (2, 3)$.
Compute $\frac{\partial L}{\partial W}$ and $\frac{\partial L}{\partial x}$.
"""


def _found(text: str) -> dict:
    source = Source("document.tex", text)
    return solved_json(solved_document(source), source)


def _numbers(text: str) -> dict[str, str]:
    found = _found(text)
    told = [*found["numbers"], *(one["number"] for one in found["questions"] if one["number"])]
    return {one["of"]: ("" if one["exact"] else "~") + one["latex"] for one in told}


def test_the_formula_is_of_variables_and_its_number_is_rounded() -> None:
    found = _found(NEURON)
    assert found["passed"]
    assert [one["latex"] for one in found["questions"]] == ["a x_1(1 - a)"]
    numbers = _numbers(NEURON)
    assert numbers["x_1"] == "-1"
    assert numbers["a"] == "~0.7311"
    assert numbers[r"\frac{\partial a}{\partial w_1}"] == "~-0.1966"


def test_rational_numbers_are_exact() -> None:
    numbers = _numbers(LAYERS)
    assert numbers["h"] == r"\begin{pmatrix} 0 \\ 2 \end{pmatrix}"
    assert (numbers[r"\hat{y}"], numbers["L"]) == ("4", "4.5")
    assert numbers[r"\frac{\partial L}{\partial v}"] == r"\begin{pmatrix} 0 \\ 6 \end{pmatrix}"
    assert numbers[r"\frac{\partial L}{\partial W}"] == (
        r"\begin{pmatrix} 0 & 0 \\ 6 & 18 \end{pmatrix}"
    )
    assert numbers[r"\frac{\partial L}{\partial h}"] == r"\begin{pmatrix} 3 \\ 6 \end{pmatrix}"


def test_a_list_is_a_row_where_rows_are_declared() -> None:
    numbers = _numbers(ROWS)
    assert numbers[r"\hat{y}"] == r"\begin{pmatrix} 2.5 & 4 \end{pmatrix}"
    assert numbers["L"] == "0.625"
    assert numbers[r"\frac{\partial L}{\partial x}"] == r"\begin{pmatrix} -0.75 & 2.5 \end{pmatrix}"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (r"f(x) = \frac{1}{x}, x = 3", r"\frac{1}{3}"),
        (r"f(x) = x^2, x = 0.5", "0.25"),
        (r"f(x) = \tanh(x), x = 40", "~1.000"),
        (r"f(x) = \exp(x), x = -30", r"~9.358 \times 10^{-14}"),
        (r"f(x) = x^{10}, x = 7", "282475249"),
    ],
)
def test_it_says_what_is_rounded(said: str, value: str) -> None:
    numbers = _numbers(rf"Let ${said.replace(', ', '$ and $')}$. Find $\frac{{df}}{{dx}}$.")
    assert numbers["f"] == value


def test_what_has_no_value_there_has_none() -> None:
    """The logarithm of -1, and what hangs on a variable without a number."""
    assert "f" not in _numbers(r"Let $f = \log x$ and $x = -1$. Find $\frac{df}{dx}$.")
    text = r"Let $w \in \mathbb{R}$, $f = w x$ and $x = -1$. Find"
    numbers = _numbers(text + r" $\frac{df}{dw}$ and $\frac{df}{dx}$.")
    assert "f" not in numbers
    assert numbers[r"\frac{\partial f}{\partial w}"] == "-1"
    assert r"\frac{\partial f}{\partial x}" not in numbers


def test_a_function_that_nothing_defines_has_no_values() -> None:
    for said in (r"y = f(x)", r"y = 2 f(x)^2", r"y = f(x) + x"):
        text = rf"Let $f \colon \mathbb{{R}} \to \mathbb{{R}}$ be smooth, ${said}$ and $x = 1$."
        numbers = _numbers(text + r" Find $\frac{\partial y}{\partial x}$.")
        assert set(numbers) <= {"x"}, said


def test_a_number_that_shapes_the_formula_is_part_of_it() -> None:
    """An exponent and the kind of a norm are no variables: they have no gradients of their own."""
    found = _found(r"Let $p = 3$, $w \in \mathbb{R}$ and $L = (w - 1)^p$ with $w > 1$.")
    assert [one["wrt"] for one in found["questions"]] == ["w"]
    assert found["numbers"] == []


def test_a_number_that_nothing_uses_is_not_the_loss() -> None:
    text = r"Let $x \in \mathbb{R}^n$ and $L = \frac12 \|w - x\|^2$. The step size is $\eta = 0.1$."
    assert [one["of"] for one in _found(text)["questions"]] == ["L"]


def test_the_sheet_says_them(tmp_path, capsys) -> None:
    sheet = solved_sheet(solved_document(Source("document.tex", LAYERS)))
    assert "With the numbers" in render_html(sheet)
    assert r"{}= \begin{pmatrix} 0 & 0 \\ 6 & 18 \end{pmatrix}" in render_tex(sheet)
    file = tmp_path / "neuron.tex"
    file.write_text(NEURON)
    assert main(["solve", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["questions"][0]["number"]["exact"] is False
