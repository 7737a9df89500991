"""Every line has a verdict, or a note that says why it has none."""

import pytest

from proofs.check import check
from proofs.verdict import PROVED, REFUTED, UNSETTLED

PAGE = r"""
Let $x \in \mathbb{R}^n$, $y = A x$, $L = \|y\|^2$ with $A \in \mathbb{R}^{n \times n}$ and suppose $A x = x$.
Let $v \in \mathbb{R}^n$.
$$\delta^2 = 3 y$$
$$v \leftarrow \beta v + \nabla_x L$$
$$y' = 3 x$$
$$\nabla_x L = 0$$
Setting $\nabla_x L = 0$ we find
$$A^\top A x = 0$$
"""  # noqa: E501


def test_lines_without_a_verdict_are_noted() -> None:
    report = check(PAGE)
    noted = [note for note in report.notes if note.startswith("line ")]
    assert [note.split(":")[0] for note in noted] == [
        "line 2",
        "line 4",
        "line 5",
        "line 6",
        "line 8",
    ]
    assert "supposed" in noted[0]
    assert "define" in noted[1]
    assert "rule" in noted[2]


def test_what_is_supposed_once_may_be_claimed_elsewhere() -> None:
    lines = {PAGE.count("\n", 0, claim.span[0]) + 1: claim.verdict for claim in check(PAGE).claims}
    assert lines == {7: REFUTED, 9: PROVED}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        # an equation that is supposed, rearranged
        (r"Setting $\nabla_w J = 0$ we get $X^\top X w = X^\top y$.", PROVED),
        (r"Setting $\nabla_w J = 0$ we get $X^\top X w = 2 X^\top y$.", REFUTED),
        # a variable has no value that words give it
        (r"Hence $w = X^\top y$.", UNSETTLED),
        # wrong, whatever is supposed
        (r"If $X^\top X = I$, then $\nabla_w J = y - X w$.", REFUTED),
    ],
)
def test_suppositions(text: str, verdict: str) -> None:
    head = (
        r"Let $X \in \mathbb{R}^{n \times d}$, $w \in \mathbb{R}^d$, $y \in \mathbb{R}^n$ and "
        r"$J = \frac12 \|X w - y\|^2$. "
    )
    found = [claim.verdict for claim in check(head + text).claims]
    assert found[-1:] == [verdict] or (verdict == REFUTED and found == ["ill-typed"])


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"dL = (z - t)^\top dz", PROVED),
        (r"dL = (z - t)^\top (dW\, x + W\, dx)", PROVED),
        (r"dL = \operatorname{tr}(x (z - t)^\top dW)", PROVED),
        (r"dL = (z - t) x^\top : dW", PROVED),
        (r"dz = dW\, x + W\, dx", PROVED),
        (r"dL = \operatorname{tr}(dW\, (z - t) x^\top)", "ill-typed"),
        (r"dL = 2 (z - t)^\top dz", REFUTED),
        (r"dz = dW\, x - W\, dx", REFUTED),
    ],
)
def test_differentials(line: str, verdict: str) -> None:
    head = (
        r"$W \in \mathbb{R}^{m \times n}$, $x \in \mathbb{R}^n$, $t \in \mathbb{R}^m$, $z = W x$, "
        r"$L = \frac12 \|z - t\|^2$."
    )
    (claim,) = check(f"{head}\n$${line}$$").claims
    assert claim.verdict == verdict


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"f'(x) = 2 x e^{x} + x^2 e^{x}", PROVED),
        (r"f' = 2 x e^{x} + x^2 e^{x}", PROVED),
        (r"f''(x) = (2 + 4 x + x^2) e^{x}", PROVED),
        (r"f'(1) = 3 e", PROVED),
        (r"\frac{df}{dx} \Big|_{x=1} = 3 e", PROVED),
        (r"f'(x) = x^2 e^{x}", REFUTED),
        (r"f' = f", REFUTED),
        (r"f'(1) = e", REFUTED),
    ],
)
def test_primes(line: str, verdict: str) -> None:
    (claim,) = check(rf"$x \in \mathbb{{R}}$, $f(x) = x^2 e^{{x}}$. $${line}$$").claims
    assert claim.verdict == verdict


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (r"a symmetric matrix $A \in \mathbb{R}^{n \times n}$", PROVED),
        (r"$A \in \mathbb{R}^{n \times n}$ symmetric positive definite", PROVED),
        (r"$A \in \mathbb{R}^{n \times n}$, which is symmetric", PROVED),
        (r"$A \in \mathbb{R}^{n \times n}$", REFUTED),
        (r"$A \in \mathbb{R}^{n \times n}$, not symmetric", REFUTED),
        (r"$A \in \mathbb{R}^{n \times n}$. Consider the case that $A$ is symmetric", PROVED),
    ],
)
def test_symmetric_in_words(said: str, verdict: str) -> None:
    found = check(rf"Let $x \in \mathbb{{R}}^n$ and {said}. Then $\nabla_x (x^\top A x) = 2 A x$.")
    assert [claim.verdict for claim in found.claims] == [verdict]


def test_a_row_that_cannot_be_read_costs_itself() -> None:
    rows = r"(a + b)^2 &= a^2 + 2 a b + b^2 \\ a &= \unknownthing{b} \\ a (a + b) &= a^2 + 2 a b"
    found = check(rf"$a, b \in \mathbb{{R}}$ \begin{{align}} {rows} \end{{align}}").claims
    assert [claim.verdict for claim in found] == [PROVED, "unreadable", REFUTED]


NORM = r"Let $W \in \mathbb{R}^{m\times n}$. $$\|W\|_1 = \sum_i \sum_j |W_{ij}|$$"


def test_the_reading_of_a_norm_is_said_even_where_only_a_claim_has_one():
    report = check(NORM)
    assert [c.verdict for c in report.claims] == ["proved"]
    assert any(r"$\|W\|_1$ is read as the sum" in note for note in report.notes)


STARS = r"""
Let $U, V \in \mathbb{R}^{h \times h}$, $q \in \mathbb{R}^h$, $r = \sigma(U q)$, $k = V q$,
$o = q + r * k$ and $E = \frac12 \langle o - t, o - t \rangle$.
Write $\bar{o} := \partial E/\partial o$. Then
$$\frac{\partial E}{\partial q} = V^\top(r * \bar o) + U^\top(k * \bar o * r * (1 - r))$$"""


def test_a_layout_that_is_only_tried_leaves_no_note():
    report = check(STARS)
    assert report.verdict == REFUTED
    assert report.notes
    assert not any("convolution" in note for note in report.notes)
