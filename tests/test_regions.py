r"""Lines of a case: judged where the case is, and nowhere else.

The idea: a case makes a line true of its points only; words that name no case, deny it or have left
it make nothing true.
"""

import pytest

from proofs.check import check
from proofs.parts import OUTSIDE
from proofs.verdict import PROVED, REFUTED, UNSETTLED, Link

pytest.importorskip("flint")
HINGE = r"Let $w, x \in \mathbb{R}^n$, $y \in \{-1, 1\}$ and $L = \max(0, 1 - y w^\top x)$. "
LINE = r"$\nabla_w L = -y x$"


def last(text: str) -> Link:
    return check(text).claims[-1].links[-1]


@pytest.mark.parametrize(
    "said",
    [
        f"If $y w^\\top x < 1$, then {LINE}.",
        f"When the margin is violated, {LINE}.",
        f"If the loss is positive we get\n\\[ {LINE[1:-1]}. \\]",
        f"Consider the case where the hinge is active. Then {LINE}.",
        f"For $L > 0$ we have {LINE}.",
        f"For an active example ($L > 0$): {LINE}.",
        f"{LINE} if $y w^\\top x < 1$.",
        f"{LINE} whenever the margin is violated.",
        f"\\[ {LINE[1:-1]} \\quad \\text{{if }} y w^\\top x < 1 \\]",
        f"If the margin is satisfied, $\\nabla_w L = 0$; otherwise {LINE}.",
        f"Suppose that $1 - y w^\\top x > 0$. Then\n\n\\[ {LINE[1:-1]} \\]",
    ],
)
def test_a_line_of_a_case_is_proved_and_the_case_named(said: str) -> None:
    link = last(HINGE + said)
    assert link.verdict == PROVED
    assert link.conditions


@pytest.mark.parametrize(
    "said",
    [
        f"If $y w^\\top x > 1$, then {LINE}.",
        f"When the margin is satisfied, {LINE}.",
        f"Unless the margin is violated, {LINE}.",
        f"It is false that the margin is violated. {LINE}.",
        f"If the margin is violated, {LINE}, otherwise {LINE}.",
        f"If the margin is violated, {LINE}. In general, {LINE}.",
        f"$\\nabla_w L = 0$ if $y w^\\top x > 1$. Always {LINE}.",
        f"If the margin is violated, {LINE}.\n\nThe gradient of the loss is {LINE}.",
        f"Suppose that $1 - y w^\\top x > 0$. Then {LINE}. \\section{{All points}} {LINE}.",
        "If $y w^\\top x < 1$, then $\\nabla_w L = y x$.",
        "When the margin is violated, $\\nabla_w L = x$.",
    ],
)
def test_what_is_wrong_in_its_case_is_refuted(said: str) -> None:
    assert last(HINGE + said).verdict == REFUTED


@pytest.mark.parametrize(
    "case",
    [r"$x^\top x < 0$", r"$L < 0$", r"$y w^\top x < 1$ and $y w^\top x > 2$",
     r"$\mathrm{ReLU}(-L) > 0$"],
)  # fmt: skip
def test_a_case_without_points_proves_nothing(case: str) -> None:
    assert last(HINGE + rf"If {case}, then $\nabla_w L = 7 x$.").verdict != PROVED


@pytest.mark.parametrize("word", ["otherwise", "else"])
def test_the_other_case_is_of_what_follows(word: str) -> None:
    text = f"If $y w^\\top x > 1$, then $\\nabla_w L = 0$, {word} {LINE}."
    assert [claim.verdict for claim in check(HINGE + text).claims] == [PROVED, PROVED]
    text = f"If $y w^\\top x > 1$, then {LINE}, {word} $\\nabla_w L = 0$."
    assert [claim.verdict for claim in check(HINGE + text).claims] == [REFUTED, REFUTED]


def test_arrays_of_one_sign_are_arbitrary_ones() -> None:
    text = (
        r"Let $W \in \mathbb{R}^{m \times n}$, $q \in \mathbb{R}^n$, $z = W q$, "
        r"$T = \mathbf{1}^\top \mathrm{ReLU}(z)$. If $z %s 0$, then $\nabla_q T = %s$."
    )
    assert last(text % (">", r"W^\top \mathbf{1}")).verdict == PROVED
    assert last(text % ("<", "0")).verdict == PROVED
    assert last(text % ("<", r"W^\top \mathbf{1}")).verdict != PROVED
    assert last(text % (">", r"2 W^\top \mathbf{1}")).verdict != PROVED


def test_a_case_of_many_hinges_is_not_used() -> None:
    text = (
        r"Let $s \in \mathbb{R}^K$, $y \in \{1, \dots, K\}$, "
        r"$L = \sum_{j \ne y} \max(0, s_j - s_y + 1)$. If the margin is violated, "
        r"then $\frac{\partial L}{\partial s_j} = 1$."
    )
    link = last(text)
    assert link.verdict == UNSETTLED
    assert "the margin is violated" in link.message


def test_a_line_that_is_wrong_elsewhere_only_is_not_refuted() -> None:
    text = r"Let $u \in \mathbb{R}^n$ and $L = \|u\|$. If $u^\top u > 4$, then $L \cdot L > 4$."
    assert last(text).message in ("", OUTSIDE)


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("An affine map comes first.", REFUTED),
        ("The linear part of $x$ is quadratic in $h$.", REFUTED),
        (r"The function $f$ is linear.", UNSETTLED),
        (r"Let $f$ be a linear function.", UNSETTLED),
    ],
)
def test_a_function_is_special_where_words_say_it_of_this_one(said: str, verdict: str) -> None:
    text = r"Let $f: \mathbb{R}^n \to \mathbb{R}$ be smooth and $u, v \in \mathbb{R}^n$. "
    assert last(text + said + " Then $f(u + v) = f(u) + f(v)$.").verdict == verdict
