"""What a document wants shown: it defines nothing, and the sheet says what the checker does."""

from __future__ import annotations

import json

import pytest

from derive.app.cli import DONE, main
from derive.app.html import render_html
from derive.app.pages import solved_sheet
from derive.app.problems import Solved, solved_document
from derive.app.report import solved_json
from derive.app.tex import render_tex
from derive.diagnostics import Source
from derive.elaborate.statements.given import is_to_be_shown
from proofs.check import check

NET = r"""Let $z = Wx$ with $W \in \mathbb{R}^{k \times d}$, $p = \mathrm{softmax}(z)$ and
$L = -\sum_k y_k \log p_k$ with $\sum_k y_k = 1$, $y \in \mathbb{R}^k$.
"""


def _solved(text: str) -> Solved:
    return solved_document(Source("document.tex", text))


def _verdicts(done: Solved) -> list[str]:
    return [one.verdict for solution in done.solutions for one in solution.shown]


@pytest.mark.parametrize("word", ["Show that", "Prove that", "Verify", "(a) Show:", "Zeige, dass"])
def test_it_is_judged_and_the_rest_is_answered(word: str) -> None:
    done = _solved(NET + rf"{word} $L = \log \sum_k e^{{z_k}} - y^\top z$. Find $\nabla_W L$.")
    assert _verdicts(done) == ["proved"]
    assert [answer.value is not None for answer, _ in done.single.results] == [True]
    assert "the proof that it asks for was found" in done.summary()


def test_what_is_to_be_shown_first_is_no_definition() -> None:
    text = r"Show that $L = \log \sum_k e^{z_k} - y^\top z$, where " + NET[4:].replace("Let ", "")
    done = _solved(text + r" Find $\nabla_W L$.")
    assert _verdicts(done) == ["proved"]
    assert [one.verdict for one in check(text).claims] == ["proved"]


def test_a_wrong_one_is_called_wrong() -> None:
    done = _solved(NET + r"Show that $\frac{\partial L}{\partial z} = y - p$.")
    assert _verdicts(done) == ["refuted"]
    sheet = solved_sheet(done)
    assert "This is wrong" in render_html(sheet)
    assert "This is wrong" in render_tex(sheet)


def test_nothing_else_is_answered_where_nothing_else_is_asked() -> None:
    text = r"""Adam keeps $m_t = \beta m_{t-1} + (1-\beta) g_t$ with $m_0 = 0$.
Show that $m_t = (1-\beta) \sum_{i=1}^t \beta^{t-i} g_i$."""
    done = _solved(text)
    assert _verdicts(done) == ["proved"]
    assert not done.single.results
    assert "To be shown" in render_html(solved_sheet(done))


@pytest.mark.parametrize(
    "said", ["Then", "Hence", "We obtain", "Thus we have", "\n\\textbf{Solution.}", "Also gilt"]
)
def test_what_follows_from_the_definitions_is_judged(said: str) -> None:
    for claim, verdict in (
        (r"L = \log \sum_k e^{z_k} - y^\top z", "proved"),
        (r"L = \log \sum_k e^{z_k} + y^\top z", "refuted"),
        (r"\frac{\partial L}{\partial z} = p - y", "proved"),
        (r"\frac{\partial L}{\partial z} = y - p", "refuted"),
    ):
        done = _solved(NET + rf"{said} ${claim}$. Find $\nabla_W L$.")
        assert [one.verdict for one in done.single.said] == [verdict], claim
        assert done.single.worked.answers[0].value is not None
        assert f"of its 1 own line {'1' if verdict == 'proved' else 'none'} proved" in (
            done.summary()
        )
        assert "What the text says" in render_html(solved_sheet(done))


def test_the_first_definition_stays_the_definition() -> None:
    """A wrong line that follows changes no answer."""
    text = NET + r"Then $L = 3 \log \sum_k e^{z_k}$. Find $\nabla_z L$."
    done = _solved(text)
    assert [one.verdict for one in done.single.said] == ["refuted"]
    assert json.dumps(solved_json(done, Source("", text))).count(r'"latex": "p - y"') == 1


@pytest.mark.parametrize(
    "said",
    ["", "Let", "Consider", "Then we add a penalty and get", "Thus the new loss becomes"],
)
def test_a_second_definition_is_an_error_as_before(said: str) -> None:
    with pytest.raises(Exception, match="defined twice"):
        _solved(NET + rf"{said} $L = \log \sum_k e^{{z_k}} - 2 y^\top z$. Find $\nabla_W L$.")


ASKED = [
    (r"Show that for $a = b$ constant, $L = 3$", True),
    (r"Show that if $a = b$, then $L = 3$", True),
    (r"Show that $a = b$ and that $L = 3$", True),
    (r"Show that the gradient of $L$ with respect to $w$ is $L = 3$", True),
    (r"Show that $a = b$ where $L = 3$", False),
    (r"Show that $a = b$ using the fact that $L = 3$", False),
    (r"Show that $a = b$. Here $L = 3$", False),
    (r"Show that for $L = 3$", False),
]


@pytest.mark.parametrize(("text", "asked"), ASKED)
def test_what_a_sentence_asks_to_show(text: str, asked: bool) -> None:
    assert is_to_be_shown(text.rindex("L = 3"), text) is asked


def test_each_problem_has_its_own(tmp_path, capsys) -> None:
    file = tmp_path / "exam.tex"
    file.write_text(
        rf"\section*{{Problem 1}} {NET} Show that $\nabla_z L = p - y$. Find $\nabla_W L$."
        "\n"
        r"\section*{Problem 2} Let $f(x) = x^\top A x$ with $x \in \mathbb{R}^n$. Prove that "
        r"$\nabla f(x) = 2 A x$."
    )
    assert main(["solve", str(file), "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)
    assert [[one["verdict"] for one in part["shown"]] for part in found["problems"]] == [
        ["proved"],
        ["refuted"],
    ]
    assert [one["line"] for one in found["shown"]] == [3, 4]


def test_no_proof_is_looked_for_where_none_is_asked() -> None:
    source = Source("document.tex", NET + r"Find $\nabla_W L$.")
    assert solved_json(solved_document(source), source)["shown"] == []
