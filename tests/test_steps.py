"""Recurrences: steps written out, lines that hold at every step, and what must not be proved."""

from __future__ import annotations

import pytest

import derive as d
from derive.diagnostics import DeriveError
from derive.latex.print import latex
from proofs.check import check

RNN = r"""
Let $x_t \in \mathbb{R}^n$, $h_t \in \mathbb{R}^p$, $W \in \mathbb{R}^{p \times p}$,
$U \in \mathbb{R}^{p \times n}$, $b \in \mathbb{R}^p$, $V \in \mathbb{R}^{q \times p}$,
$y_t \in \mathbb{R}^q$. For $t = 1, \dots, T$:
\begin{align}
a_t &= W h_{t-1} + U x_t + b, & h_t &= \tanh(a_t), & o_t &= V h_t \\
L &= \sum_{t=1}^T \frac12 \|o_t - y_t\|^2
\end{align}
"""
LSTM = r"""
For $t = 1, \dots, T$, with $x_t \in \mathbb{R}^d$, $h_t, c_t, y_t \in \mathbb{R}^n$,
$W_f, W_i, W_o, W_g \in \mathbb{R}^{n \times n}$, $U_f, U_i, U_o, U_g \in \mathbb{R}^{n \times d}$,
\begin{align}
f_t &= \sigma(W_f h_{t-1} + U_f x_t) \\
i_t &= \sigma(W_i h_{t-1} + U_i x_t) \\
o_t &= \sigma(W_o h_{t-1} + U_o x_t) \\
g_t &= \tanh(W_g h_{t-1} + U_g x_t) \\
c_t &= f_t \odot c_{t-1} + i_t \odot g_t, \quad h_t = o_t \odot \tanh(c_t) \\
L &= \sum_{t=1}^T \frac12 \|h_t - y_t\|^2
\end{align}
"""
LAYERS = r"""
$h^{(0)} = x$ and for $l = 1, \dots, L$, $z^{(l)} = W^{(l)} h^{(l-1)} + b^{(l)}$,
$h^{(l)} = \sigma(z^{(l)})$, $C = \frac12 \|h^{(L)} - y\|^2$.
"""


@pytest.mark.parametrize("text", [RNN, LSTM, LAYERS], ids=["rnn", "lstm", "layers"])
def test_the_lines_of_every_step_are_proved(text):
    lines = [latex(line) for line in d.read(text).general]
    assert len(lines) >= 4
    report = check(text + r"\begin{align*}" + r" \\ ".join(lines) + r"\end{align*}")
    assert [claim.verdict for claim in report.claims] == ["proved"] * len(lines)


def test_the_lines_of_a_plain_network():
    assert [latex(line) for line in d.read(RNN).general] == [
        r"\delta_{o_t} = o_t - y_t",
        r"\delta_{h_t} = V^\top \delta_{o_t} + W^\top \delta_{a_{t+1}}",
        r"\delta_{a_t} = (1 - h_t \odot h_t) \odot \delta_{h_t}",
        r"\frac{\partial L}{\partial V} = \sum_{t=1}^{T} \delta_{o_t} h_t^\top",
        r"\frac{\partial L}{\partial W} = \sum_{t=1}^{T} \delta_{a_t} h_{t-1}^\top",
        r"\frac{\partial L}{\partial U} = \sum_{t=1}^{T} \delta_{a_t} x_t^\top",
        r"\frac{\partial L}{\partial b} = \sum_{t=1}^{T} \delta_{a_t}",
    ]


def test_three_steps_are_written_out_and_checked():
    net = d.read(RNN.replace(r"1, \dots, T", "1, 2, 3").replace("^T", "^3"))
    assert not net.general
    assert "all agree" in d.solve(net).summary()
    names = {latex(definition.left) for definition in net.definitions}
    assert {"h_1", "h_2", "h_3"} <= names


@pytest.mark.parametrize(
    "line",
    [
        # one use for all of them, a use too few, a use too many
        r"\frac{\partial L}{\partial W} = \delta_{a_t} h_{t-1}^\top",
        r"\frac{\partial L}{\partial W} = \sum_{t=2}^{T} \delta_{a_t} h_{t-1}^\top",
        r"\frac{\partial L}{\partial W} = \sum_{t=1}^{T} (\delta_{a_t} h_{t-1}^\top + W)",
        r"\frac{\partial L}{\partial W} = \sum_{t=1}^{T} \delta_{a_t} h_{t-1}^\top + W",
        r"\frac{\partial L}{\partial W} = \frac1T \sum_{t=1}^{T} \delta_{a_t} h_{t-1}^\top",
        # what comes later is forgotten, or taken from the wrong step
        r"\frac{\partial L}{\partial h_t} = V^\top (o_t - y_t)",
        r"\delta_{h_t} = V^\top \delta_{o_t} + W^\top \delta_{a_{t}}",
        r"\frac{\partial L}{\partial h_{t-1}} = W^\top \delta_{a_t}",
        # the loss is not that of a step
        r"L = \frac12 \|o_t - y_t\|^2",
        r"\frac{\partial L}{\partial W} = \sum_{t=1}^T \frac{\partial L}{\partial b} h_{t-1}^\top",
    ],
)
def test_what_is_false_is_not_proved(line):
    report = check(RNN + f"$${line}$$")
    assert report.claims
    assert all(claim.verdict != "proved" for claim in report.claims)


def test_an_input_that_two_steps_use_has_no_window():
    text = RNN.replace("U x_t + b", "U x_t + U x_{t-1} + b")
    line = r"\frac{\partial L}{\partial x_t} = U^\top \delta_{a_t}"
    assert check(text + f"$${line}$$").verdict == "refuted"


def test_a_weight_of_the_first_state_is_not_that_of_the_steps():
    text = RNN + r"$h_0 = \tanh(W x_0)$, $x_0 \in \mathbb{R}^p$."
    line = r"\frac{\partial L}{\partial W} = \sum_{t=1}^{T} \delta_{a_t} h_{t-1}^\top"
    assert check(text + f"$${line}$$").verdict != "proved"
    assert not any("partial W" in latex(one) for one in d.read(text).general)


def test_too_many_steps():
    with pytest.raises(DeriveError, match="too many"):
        d.read(RNN.replace(r"1, \dots, T", r"1, \dots, 1000").replace("^T", "^{1000}"))


RULES = r"""SGD: $\theta_{t+1} = \theta_t - \eta g_t$ with $\theta_t \in \mathbb{R}^n$.

Momentum: $v_{t+1} = \mu v_t + g_t$ and $\theta_{t+1} = \theta_t - \eta v_{t+1}$.

AdaGrad: $G_t = G_{t-1} + g_t^2$, $\theta_{t+1} = \theta_t - \eta g_t / \sqrt{G_t}$.
"""


def test_a_second_rule_is_another_one_and_not_wrong():
    found = check(RULES)
    assert not found.claims
    assert sum("rule of its own" in note for note in found.notes) == 2


@pytest.mark.parametrize(
    "line",
    [r"\theta_2 = \theta_0 - \eta (v_1 + v_2)", r"\theta_2 = \theta_1 - \eta \mu v_1 - \eta g_1"],
)
def test_a_claim_is_judged_under_the_rule_before_it(line):
    first, second, third = RULES.split("\n\n")
    told = f"\n\nThen ${line}$."
    assert check(f"{first}\n\n{second}{told}").verdict == "proved"
    assert check(f"{first}{told}\n\n{second}").verdict == "refuted"
    assert check(f"{first}\n\n{second}\n\n{third}{told}").verdict == "unsettled"


def test_what_is_concluded_from_the_first_rule_is_wrong_where_it_differs():
    line = r"Hence $\theta_{t+1} = \theta_t - 2 \eta g_t$."
    assert check(RULES.partition("\n\n")[0] + "\n\n" + line).verdict == "refuted"


def test_the_notes_speak_of_the_names_of_the_document():
    notes = check(RULES.partition("\n\n")[0] + r" $\theta_2 = \theta_0 - \eta (g_0 + g_1)$.").notes
    assert notes
    assert not any(r"\breve" in note or r"$\mathbb{R}$" in note for note in notes)
