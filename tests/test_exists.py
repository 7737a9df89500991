"""Where answers exist, and what they take at kinks: said with every answer, never assumed."""

import json

import pytest

from derive.app.cli import main


def answers(text: str, folder, capsys) -> list[dict]:
    page = folder / "page.md"
    page.write_text(text)
    assert main(["solve", str(page), "--json"]) == 0
    return json.loads(capsys.readouterr().out)["questions"]


@pytest.mark.parametrize(
    ("of", "conditions", "kinks"),
    [
        (r"\log(a^\top x)", [r"a^\top x > 0"], {}),
        (r"\|x\|_2", [r"x \neq \mathbf{0}"], {}),
        (r"\|x\|_2^2", [], {}),
        (r"\max_i x_i", [], {r"\max(u)": "all of the gradient to the first of equal entries"}),
        (r"\|x\|_1", [], {r"\lvert u \rvert": "slope 0 at 0"}),
        (r"\mathbf{1}^\top \mathrm{ReLU}(A x)", [], {r"\mathrm{ReLU}(u)": "slope 0 at 0"}),
        # The kink is not on the way from x.
        (r"\|a\|_1 x^\top x", [], {}),
        (r"\max(a^\top x, 0)", [], {r"\max(u, v)": "the second of two equal ones"}),
    ],
)
def test_what_is_said_of_an_answer(of, conditions, kinks, tmp_path, capsys):
    text = (
        r"Let $a, x \in \mathbb{R}^n$, $A \in \mathbb{R}^{m \times n}$. "
        rf"$f(x) = {of}$. $\nabla f(x) = ?$"
    )
    (found,) = answers(text, tmp_path, capsys)
    assert found["conditions"] == conditions
    assert found["kinks"] == kinks


@pytest.mark.parametrize(
    ("norm", "condition"),
    [
        (r"\|W\|_*", r"\operatorname{rank}(W) = n"),
        (r"\sigma_{\max}(W)", r"\sigma_1(W) > \sigma_2(W)"),
    ],
)
def test_norms_of_singular_values_say_when_they_have_a_gradient(norm, condition, tmp_path, capsys):
    text = rf"$L = {norm}$ with $W \in \mathbb{{R}}^{{m \times n}}$. $\nabla_W L = ?$"
    (found,) = answers(text, tmp_path, capsys)
    assert found["conditions"] == [condition]


def test_the_sheet_says_each_kink_once(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text(
        r"$L = \sum_i |(W x)_i| + \sum_i |(V x)_i|$. $\nabla_W L = ?$, $\nabla_V L = ?$"
    )
    assert main(["solve", str(page), "-o", str(tmp_path)]) == 0
    sheet = (tmp_path / "page.tex").read_text()
    assert sheet.count("Where there is no derivative, the answers take: slope 0 at 0 for") == 1


def test_an_array_whose_shape_its_place_gives_need_not_be_declared(tmp_path, capsys):
    text = r"Let $x \in \mathbb{R}^n$. $f(x) = x^\top A x$. $\nabla f(x) = ?$"
    (found,) = answers(text, tmp_path, capsys)
    assert found["latex"] == r"(A + A^\top) x"
