"""Superscripts that are labels and those that are powers, and layers of any number: what is said
of one layer by its number is not sent back to every other."""

import pytest

from proofs.check import check

pytest.importorskip("flint")

LAYERS = r"Let $h^l = \tanh(W^l h^{l-1})$ for $l = 1, \dots, L$, and "
BACK = (
    r"$\frac{\partial C}{\partial h^l} = (W^{l+1})^T \left(\frac{\partial C}{\partial h^{l+1}}"
    r" \odot (1 - h^{l+1} \odot h^{l+1})\right)$"
)
WEIGHT = (
    r"$\frac{\partial C}{\partial W^l} = \left(\frac{\partial C}{\partial h^l}"
    r" \odot (1 - h^l \odot h^l)\right) (h^{l-1})^T$"
)
FIRST = BACK.replace("{l+1}", "l").replace(r"\partial h^l}", r"\partial h^{l-1}}", 1)
RECURRENT = r"Let $W \in \mathbb{R}^{n \times n}$, $h_0, y \in \mathbb{R}^n$, $h_t = \tanh(W h_{t-1})$ for $t = 1, \dots, K$"  # noqa: E501
SHARED = (
    r"$\frac{\partial C}{\partial W} = \sum_{t=1}^K \left(\frac{\partial C}{\partial h_t}"
    r" \odot (1 - h_t \odot h_t)\right) h_{t-1}^\top$"
)


def verdicts(text: str) -> list[str]:
    return [claim.verdict for claim in check(text).claims]


@pytest.mark.parametrize(
    "text",
    [
        LAYERS + r"$C = \frac12\|h^L - y\|^2$. " + BACK,
        LAYERS + r"$C = \frac12\|h^L - y\|^2$. " + WEIGHT,
        LAYERS + r"$\hat y = h^L$, $C = \frac12\|\hat y - y\|^2$. " + BACK,
        LAYERS + r"$s = v^T h^L$, $C = s^2$. " + BACK,
        LAYERS + r"cost $C(h^L)$. " + WEIGHT,
        RECURRENT + r", $C = \frac12\|h_K - y\|^2$. " + SHARED,
    ],
)
def test_a_line_for_every_layer(text):
    assert verdicts(text) == ["proved"]


@pytest.mark.parametrize(
    "text",
    [
        # The first layer, or the last one, is sent something of its own.
        LAYERS + r"$C = \frac12\|h^L - y\|^2 + \frac12\|h^1\|^2$. " + BACK,
        LAYERS + r"$C = \frac12\|h^L - y\|^2 + \frac12\|W^1\|^2$. " + WEIGHT,
        LAYERS + r"$C = \frac12\|h^L - y\|^2 + \frac12\|W^L\|^2$. " + WEIGHT,
        LAYERS + r"$C = \frac12\|h^L - y\|^2 + c^T h^{L-1}$. " + BACK,
        LAYERS + r"$C = \frac12\|h^L - y\|^2 + \frac12\|h^0\|^2$. " + FIRST,
        LAYERS + r"$u = h^1$, $C = \frac12\|h^L - u\|^2$. " + BACK,
        LAYERS + r"$C = C(h^L, h^1)$. " + BACK,
        LAYERS + r"$C = C(h^L, W^1)$. " + WEIGHT,
        # Layers that share a weight.
        LAYERS + r"$W^2 = W^1$, $C = \frac12\|h^L - y\|^2$. " + WEIGHT,
        LAYERS + r"$W^1 = U$, $C = \frac12\|h^L - y\|^2 + \frac12\|U\|^2$. " + WEIGHT,
        # A weight that the loss has too.
        RECURRENT + r", $C = \frac12\|h_K - y\|^2 + \frac12\|W\|^2$. " + SHARED,
        RECURRENT + r", $R = \frac12\|W\|^2$, $C = \frac12\|h_K - y\|^2 + R$. " + SHARED,
        # Two losses send back two gradients.
        LAYERS + r"$C = \frac12\|h^L - y\|^2$, $D = \frac12\|h^L + y\|^2$. "
        r"$\frac{\partial C}{\partial h^l} = \frac{\partial D}{\partial h^l}$",
        # What the loss is at one layer is not what it is.
        r"Let $h^l = W^l h^{l-1}$ for $l = 1, \dots, L$, $s = v^T h^L$ and $C = s^2 + s$. "
        r"$(h^l)^T \frac{\partial C}{\partial h^l} = 2 C$",
    ],
)
def test_what_one_layer_has_for_itself_is_no_line_for_all(text):
    (verdict,) = verdicts(text)
    assert verdict != "proved"


POWERS = [
    (r"Let $x > 0$, $n \in \mathbb{N}$ and $f = x^2 + x^n$. $\frac{df}{dx} = 2x + n x^{n-1}$.",
     "proved"),
    (r"Let $A \in \mathbb{R}^{n \times n}$, $x_2 = A^2 x_0$. "
     r"$\frac{\partial x_2}{\partial x_0} = (A A)^T$", "proved"),
    (r"Let $y = \gamma^l x$ in layer $l$, for $\gamma > 0$. "
     r"$\frac{\partial y}{\partial \gamma} = l \gamma^{l-1} x$", "proved"),
    (r"Let $h_l = W h_{l-1}$ for $l = 1, 2$. $h_2 = W^2 h_0$", "proved"),
    (r"Let $m_t = \beta m_{t-1} + (1-\beta) g_t$, $m_0 = 0$. "
     r"$m_t = (1-\beta) \sum_{i=1}^t \beta^{t-i} g_i$", "proved"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "verdict"), POWERS)
def test_powers_stay_powers(text, verdict):
    report = check(text)
    assert [claim.verdict for claim in report.claims] == [verdict]
    assert not any("labels" in note for note in report.notes)


@pytest.mark.parametrize(
    "text",
    [
        r"Let $p = x^l$. $\frac{dp}{dx} = l x^{l-1}$",
        r"Let $x_k = A^k x_0$ for $k = 1, \dots, K$. $\frac{\partial x_k}{\partial x_0} = (A^k)^T$",
        # Written out, A^1, A^2, .. would be powers, and nobody said so.
        r"Let $x_k = A^k x_{k-1}$ for $k = 1, \dots, K$ and $f = \frac12\|x_K\|^2$. "
        r"$\frac{\partial f}{\partial x_{k-1}} = (A^k)^T \frac{\partial f}{\partial x_k}$",
        # The letter is reckoned with as well.
        r"In layer $l$ let $z^l = w^l a^{l-1}$, $a^l = \sigma(z^l)$ and $c = l + 2^l$. "
        r"$\frac{\partial z^l}{\partial a^{l-1}} = (w^l)^T$",
    ],
)
def test_what_may_be_either_is_asked_back(text):
    report = check(text)
    found = {d.code for d in report.diagnostics} | {
        link.code for claim in report.claims for link in claim.links
    }
    assert "ambiguous-superscript" in found
    assert "proved" not in verdicts(text)


def test_the_reading_is_said():
    report = check(LAYERS + r"$C = \frac12\|h^L - y\|^2$. " + BACK)
    assert any("read as labels, not as powers" in note for note in report.notes)


def test_what_is_made_of_an_unread_definition_is_not_refuted():
    text = r"Let $x > 0$ and $f = x^2 + x^n$ with $n > 2$. $\frac{df}{dx} = 2x + n x^{n-1}$."
    assert verdicts(text) == ["unreadable"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (r"In layer $l$ let $a^l = \sigma(W^l a^{l-1})$ and $C = \frac12\|a^L\|^2$. "
         r"$\frac{\partial C}{\partial a^L} = a^L$", "running from 1 to"),
        (r"In layer $l = 1, \dots, L$ let $a^l = \sigma(W^l a^{l-1})$. "
         r"$\frac{\partial C}{\partial a^L} = \nabla_{a^L} C$", "read as a function of"),
    ],
)  # fmt: skip
def test_what_is_supposed_of_the_depth_is_said(text, note):
    assert any(note in said for said in check(text).notes)
