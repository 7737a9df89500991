"""Documents of several problems: where they begin, what each sees, what comes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from derive.app.cli import DONE, UNREADABLE, main
from derive.app.problems import Solved, solved_document
from derive.app.report import solved_json
from derive.diagnostics import Source
from derive.elaborate.problems import problems, problems_said_anew
from derive.latex.headings import headings
from proofs.check import check

HOMEWORK = r"""
# Homework 2

Throughout, $\phi(u) = u^3$ and $x \in \mathbb{R}^n$.

## Exercise 1

Let $z = Wx + b$ with $W \in \mathbb{R}^{m \times n}$ and $L = \frac12\|z - y\|^2$.
Find $\nabla_W L$.

## Exercise 2

Now let $L = \mathbf{1}^\top \phi(z)$. Find $\nabla_W L$ for the same network as above.

## Exercise 3

For the network of Exercise 1, what is $\frac{\partial L}{\partial x}$?

## Exercise 4

Let $f(x) = x^\top A x$ with $A$ symmetric. Find $\nabla_x f$.

## Exercise 5

Explain why one divides by $1 - p$ with $p = 0.5$ in dropout.
"""


def _answers(text: str) -> list[str]:
    source = Source("document.md", text)
    return [one["latex"] for one in solved_json(solved_document(source), source)["questions"]]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        (
            r"\section*{Problem 1: A net} a \section*{Problem 2} b",
            ["Problem 1: A net", "Problem 2"],
        ),
        (r"\subsection{Exercise 3.1 ($2$ points)}", ["Exercise 3.1"]),
        ("\\question[10] a\n\\question b", ["", ""]),
        (r"\begin{problem}[Loss] a \end{problem}", ["Loss"]),
        ("## Exercise 1\na\n### Question 2:\n", ["Exercise 1", "Question 2"]),
        ("**Problem 1.** a\n\n__Task 2__ b", ["Problem 1", "Task 2"]),
        ("Problem 1. a\nExercise 2 (easy)\n", ["Problem 1", "Exercise 2"]),
        (r"\textbf{Aufgabe 4:} a", ["Aufgabe 4"]),
        (r"\section{Problem statement} \textbf{Question answering}", []),
        ("as in Problem 1 we\nProblem 2 shows that\n", []),
        (r"\section{Backward pass} \subsection{Loss}", []),
    ],
)
def test_what_is_called_a_problem(text: str, titles: list[str]) -> None:
    assert [one.title for one in headings(text) if one.named] == titles


def test_items_count_in_the_outermost_list_only() -> None:
    text = (
        r"""\begin{enumerate}\item a \begin{itemize}\item b \end{itemize}\item c\end{enumerate}"""
    )
    assert [one.start for one in headings(text)] == [text.index(r"\item a"), text.index(r"\item c")]


def test_places_stay_what_they_were() -> None:
    found = problems(Source("document.md", HOMEWORK))
    assert [one.title for one in found] == ["", *(f"Exercise {k}" for k in range(1, 6))]
    for one in found:
        start, end = one.span
        assert one.source.text.endswith(HOMEWORK[start:end])
        for at, letter in enumerate(one.source.text):
            if not letter.isspace():
                place = one.source.origin(at)
                assert HOMEWORK[place] == letter
                assert one.source.position(at) == Source("", HOMEWORK).position(place)


def test_a_problem_that_is_cut_again_keeps_its_places() -> None:
    text = "Let $x \\in \\mathbb{R}^n$.\n" + "\n".join(
        f"## Problem {k}\nAs above.\n" + "Words.\n" * 5
        + "".join(f"({a}) Let $L = {k} \\|x\\|^2 + {n}$.\n" + "Words.\n" * 5
                  for n, a in enumerate("abc"))
        for k in (1, 2, 3)
    )  # fmt: skip
    seen = set()
    for whole in problems(Source("document.md", text)):
        for parts in problems_said_anew(whole.source):
            for one in parts:
                assert one.source.whole.text == text
                at = one.source.text.rfind("L = ")
                if at < 0:  # what stands before the first item
                    continue
                place = one.source.origin(at)
                assert text[place:].startswith(one.source.text[at:].split("$")[0])
                assert one.holds((place, place + 1))
                seen.add(place)
    assert len(seen) == 9


def test_what_is_said_of_a_problem_stands_where_it_does_in_the_document() -> None:
    given = r"Let $L = \|W x - y\|^2$ with $W \in \mathbb{R}^{m \times n}$."
    lines = [f"## Problem {k}\n{given}\n\nThen $\\nabla_x L = {k} W^\\top (W x - y)$.\n"
             for k in range(1, 5)]  # fmt: skip
    text = "\n\n".join(lines).replace("4 W^", "4 W")
    report = check(text)
    source = Source("", text)
    verdicts = []
    for claim in report.claims:
        assert text[slice(*claim.span)] == claim.text
        for link in claim.links:
            assert link.span[1] <= claim.span[1]
            verdicts.append((source.position(link.span[0])[0], link.verdict))
            if link.fix is not None:
                assert claim.span[0] <= link.fix.span[0] < link.fix.span[1] <= claim.span[1]
    assert [line for line, _ in verdicts] == [4, 10, 16, 22]
    assert [verdict for _, verdict in verdicts][:3] == ["refuted", "proved", "refuted"]
    assert verdicts[3][1] in ("ill-typed", "unreadable")


def test_what_problems_have_in_all_grows_with_their_number() -> None:
    def letters(count: int) -> int:
        text = "\n".join(f"## Problem {k}\nLet $L = {k} x^2$.\n" for k in range(count))
        return sum(len(one.source.text) for one in problems(Source("document.md", text)))

    assert letters(80) < 2.2 * letters(40)


def test_a_problem_takes_what_it_refers_to_and_no_more() -> None:
    _, first, second, third, fourth, fifth = (
        one.source.text for one in problems(Source("document.md", HOMEWORK))
    )
    assert r"\phi(u)" not in first
    assert all(part in second for part in ("z = Wx + b", r"\phi(u) = u^3", r"\mathbf{1}^\top"))
    assert r"\frac12" not in second
    assert r"\frac12" in third
    assert r"\mathbf{1}^\top" not in third
    assert "Wx" not in fourth
    assert r"x \in" in fourth
    assert "Wx" not in fifth


def test_each_problem_is_answered() -> None:
    assert _answers(HOMEWORK) == [
        r"(z - y) x^\top", r"3 (z \odot z) x^\top", r"W^\top (z - y)", "2 A x",
    ]  # fmt: skip


def test_a_letter_of_one_problem_is_not_that_of_another() -> None:
    text = r"""
## Problem 1
Let $\mu = \frac1m \sum_i x_i$. Find $\frac{\partial \mu}{\partial x_j}$.
## Problem 2
Let $L = \frac{\mu}{2} \|w\|^2$ with $w \in \mathbb{R}^d$. Find $\nabla_w L$.
"""
    assert _answers(text)[1] == r"\mu w"


@pytest.mark.parametrize("level", ["Linear layer", "Problem 1"])
def test_sections_that_say_names_anew_are_problems(level: str) -> None:
    text = rf"""
\section{{{level}}}
Let $y = Wx$ with $W \in \mathbb{{R}}^{{m\times n}}$. Then
$\frac{{\partial y}}{{\partial x}} = W^\top$.
\section{{{level.replace("1", "2")}}}
Let $y = \tanh(x)$. Then $\frac{{\partial y}}{{\partial x}} = \operatorname{{diag}}(1 - y \odot y)$.
Also $\frac{{\partial y}}{{\partial x}} = W^\top$.
"""
    verdicts = [claim.verdict for claim in check(text, "document.tex").claims]
    assert verdicts[:2] == ["proved", "proved"]
    assert "proved" not in verdicts[2:]


def test_sections_of_one_derivation_stay_together() -> None:
    text = r"""
\section{Forward}
Let $z = Wx$ with $W \in \mathbb{R}^{m \times n}$ and $L = \frac12\|z\|^2$.
\section{Backward}
\[ \frac{\partial L}{\partial W} = z x^\top \]
\section{Simplified}
\[ L = \frac12 x^\top W^\top W x \]
"""
    assert [*problems_said_anew(Source("document.tex", text), judging=True)] == []
    assert [claim.verdict for claim in check(text, "document.tex").claims] == ["proved", "proved"]


@pytest.mark.parametrize(
    "words", ["Here we have", "With this,", "Now let us expand:", "So, for it,"]
)
def test_what_a_later_section_finds_is_claimed_of_what_it_had(words: str) -> None:
    """Else a wrong line would be taken for a definition, and what follows from it be proved."""
    text = rf"""
\section{{Setting}}
Let $L = \frac12\|Wx - y\|^2$ with $W \in \mathbb{{R}}^{{m\times n}}$.
\section{{Expansion}}
{words} $L = \frac12 x^\top W^\top W x$. Then $\nabla_x L = W^\top W x$.
"""
    verdicts = [claim.verdict for claim in check(text, "document.tex").claims]
    assert verdicts[-1] == "refuted"
    assert "proved" not in verdicts


@pytest.mark.parametrize("words", ["Show that", "Prove that", "Expanding, we get", "Hence"])
def test_what_a_later_problem_concludes_is_claimed_of_what_the_first_said(words: str) -> None:
    text = rf"""
## Exercise 1
Let $L = \frac12\|Wx - y\|^2$ with $W \in \mathbb{{R}}^{{m\times n}}$.
## Exercise 2
{words} $L = \frac12 x^\top W^\top W x$. Then $\nabla_x L = W^\top W x$.
"""
    verdicts = [claim.verdict for claim in check(text, "document.md").claims]
    assert verdicts[-1] == "refuted"
    assert "proved" not in verdicts
    right = text.replace(r"= W^\top W x$", r"= W^\top (W x - y)$")
    assert check(right, "document.md").claims[-1].verdict == "proved"


def test_items_that_define_one_name_again_are_problems() -> None:
    text = r"""Find the gradient $\nabla f$ of each:
\begin{enumerate}
\item $f(x) = a^\top x$
\item $f(x) = \|x - b\|^2$
\item $f(X) = \log\det X$
\end{enumerate}"""
    assert _answers(text)[-1] == r"X^{-\top}"
    assert len(solved_document(Source("document.tex", text)).each) == 3


def test_a_claim_is_judged_by_the_definitions_of_its_own_problem() -> None:
    text = r"""
## Exercise 1
Let $L = \frac12\|Wx\|^2$ with $W \in \mathbb{R}^{m \times n}$. Then $\nabla_x L = W^\top W x$.
## Exercise 2
Let $L = \|Wx\|^2$ with $W \in \mathbb{R}^{m \times n}$. Then $\nabla_x L = W^\top W x$.
"""
    first, second = check(text, "document.md").claims
    assert (first.verdict, second.verdict) == ("proved", "refuted")
    assert text.count("\n", 0, second.span[0]) == 4


def test_a_bad_problem_costs_itself_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = r"""
## Problem 1
Let $A \in \mathbb{R}^{m \times n}$, $W \in \mathbb{R}^{n \times m}$, $L = \|Ax - Wx\|^2$.
Find $\nabla_x L$.
## Problem 2
Let $L = \|x\|^2$. Find $\nabla_x L$.
"""
    path = tmp_path / "exam.md"
    path.write_text(text)
    assert main(["solve", str(path), "--json"]) == UNREADABLE
    done = json.loads(capsys.readouterr().out)
    assert [one["error"] != [] for one in done["problems"]] == [True, False]
    assert [one["line"] for one in done["problems"]] == [2, 5]
    assert [one["latex"] for one in done["questions"]] == ["2 x"]
    assert main(["solve", str(path), "-o", str(tmp_path / "out")]) == UNREADABLE
    told = capsys.readouterr()
    assert "exam.md:3:" in told.err
    assert "1 problem could not be read" in told.out
    page = (tmp_path / "out" / "exam.html").read_text()
    assert "It could not be read" in page
    assert "Problem 2" in page


def test_one_problem_is_chosen_by_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "exam.md"
    path.write_text(HOMEWORK)
    assert main(["export", str(path), "--to", "numpy"]) == UNREADABLE
    assert "several-problems" in capsys.readouterr().err
    assert main(["export", str(path), "--to", "numpy", "--problem", "4"]) == DONE
    assert "def gradients" in capsys.readouterr().out
    assert main(["graph", str(path), "--problem", "9"]) == UNREADABLE
    assert "no problem 9" in capsys.readouterr().err
    assert main(["solve", str(path), "--problem", "3", "--json"]) == DONE
    assert len(json.loads(capsys.readouterr().out)["questions"]) == 1


def test_a_document_of_one_problem_is_read_as_it_was() -> None:
    text = r"# Problem 3: a leaky unit" + "\n\n" + r"Let $L = \|x\|^2$. Find $\nabla_x L$."
    assert problems(Source("document.md", text)) == ()
    done = solved_document(Source("document.md", text))
    assert isinstance(done, Solved)
    assert done.single is not None
    assert solved_json(done, Source("document.md", text))["problems"] == []


# Any two documents under headings of their own say what they say alone.
_BOOK = sorted(
    path
    for path in (Path(__file__).parent / "book").glob("*.tex")
    if not any(word in path.read_text() for word in ("begin{document}", "section"))
)[5::25]


@pytest.mark.parametrize("k", range(len(_BOOK) - 1), ids=lambda k: _BOOK[k].stem)
def test_two_documents_in_one_get_the_verdicts_of_each(k: int) -> None:
    texts = [path.read_text() for path in _BOOK[k : k + 2]]
    joined = "".join(f"\\section{{Exercise {k}}}\n{text}\n" for k, text in enumerate(texts, 1))

    def told(text: str) -> list[tuple[str, str, str | None]]:
        claims = check(text, "document.tex").claims
        return [(one.text, one.verdict, one.worst.mistake) for one in claims]

    both, each = told(joined), [one for text in texts for one in told(text)]
    assert [one[:2] for one in both] == [one[:2] for one in each]
    # A name is looked for within a time, after which there is none: never are there two.
    names = [{one[2], other[2]} - {None} for one, other in zip(both, each, strict=True)]
    assert all(len(found) <= 1 for found in names)
