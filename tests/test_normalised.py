"""The closed backward pass of a mean and a variance, however they are written; and where not."""

import pytest

import derive as d
from derive.latex.print import latex

BATCH = r"""
$\mu = \frac{1}{m}\sum_{i=1}^m x_i$, $\sigma^2 = \frac{1}{m}\sum_{i=1}^m (x_i - \mu)^2$,
$\hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}}$, $L = \sum_{i=1}^m g_i \hat x_i$,
$x, g \in \mathbb{R}^m$, $\epsilon > 0$.
"""
DEVIATION = r"""
$x, g \in \mathbb{R}^n$, $\epsilon > 0$, $\mu = \frac1n \mathbf{1}^\top x$,
$\sigma = \sqrt{\frac1n \|x - \mu \mathbf{1}\|^2 + \epsilon}$,
$h = \frac{x - \mu \mathbf{1}}{\sigma}$, $L = g^\top h$.
"""
SAMPLES = r"""
$\mu = \frac1m \sum_{i=1}^m x^{(i)}$, $v = \frac1m \sum_{i=1}^m (x^{(i)} - \mu)^2$,
$\hat{x}^{(i)} = \frac{x^{(i)} - \mu}{\sqrt{v + \epsilon}}$, $\epsilon > 0$,
$L = \frac12 \sum_{i=1}^m \|\hat{x}^{(i)} - t^{(i)}\|^2$, $x^{(i)}, t^{(i)} \in \mathbb{R}^n$.
"""
ROOT_MEAN_SQUARE = r"""
$x, g \in \mathbb{R}^n$, $r = \sqrt{\frac1n \sum_{i=1}^n x_i^2}$, $u = \frac{x}{r}$, $L = g^\top u$.
"""
ASK = r" $\frac{\partial L}{\partial %s} = ?$"


def answers(document: str, *by: str):
    net = d.read(document + "".join(ASK % one for one in by))
    return d.solve(net)


@pytest.mark.parametrize(
    ("document", "by", "expected"),
    [
        (BATCH, "x_i", r"\frac{g_i - \frac{1}{m} \mathbf{1}^\top g - \frac{1}{m} \hat{x}_i "
                       r"\sum_{j=1}^{m} g_j \hat{x}_j}{\sqrt{\sigma^2 + \epsilon}}"),
        (DEVIATION, "x", r"\frac{1}{\sigma} \left( g - \frac{1}{n} \mathbf{1}^\top g \mathbf{1} - "
                         r"\frac{1}{n} g^\top h h \right)"),
        (ROOT_MEAN_SQUARE, "x", r"\frac{1}{r} \left( g - \frac{1}{n} g^\top u u \right)"),
    ],
)  # fmt: skip
def test_the_closed_form_is_the_answer(document, by, expected):
    solution = answers(document, by)
    (answer,) = solution.worked.answers
    assert not solution.failed
    assert latex(answer.named) == expected


def test_over_samples():
    solution = answers(SAMPLES, "x^{(i)}")
    (answer,) = solution.worked.answers
    assert not solution.failed
    assert solution.checks[0].passed
    assert r"\hat{x}" in latex(answer.named)
    assert r"\sqrt{v" in latex(answer.named)


def test_what_is_asked_between_is_swept_through():
    """The statistics keep their own lines where somebody asks for them."""
    solution = answers(BATCH, r"\mu", r"\sigma^2", "x_i", r"\epsilon")
    assert not solution.failed
    assert all(check.passed for check in solution.checks)
    assert not any(answer.zero for answer in solution.worked.answers)


def test_what_only_looks_like_it_is_left_alone():
    """Divided by n - 1 it is no standardised array of ours: the paths are written out."""
    document = DEVIATION.replace(r"\frac1n \|x", r"\frac{1}{n - 1} \|x")
    solution = answers(document, "x")
    assert not solution.failed
    assert solution.checks[0].passed
    assert "standardised" not in str([step.reason for step in solution.worked.steps])
