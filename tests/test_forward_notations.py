"""Notations that are easily misread, against forward passes as in ``test_forward_passes``."""

from __future__ import annotations

import numpy as np
import pytest

from tests.test_forward_passes import Case, positive, sigmoid, softmax
from tests.test_forward_passes import (
    test_the_answers_are_gradients_of_the_forward_pass as _judge,
)


def _gauss(y, m, s):
    return np.sum(-((y - m) ** 2) / (2 * s**2) - np.log(np.abs(s)) - np.log(2 * np.pi) / 2)


CASES = [
    Case(
        "weight_before_a_list",
        r"""Let $f = \sigma(W [h, x] + b)$ with $h\in\mathbb{R}^n$, $x\in\mathbb{R}^d$ and
        $L = \mathbf{1}^\top f$. Compute $\partial L/\partial W$ and $\partial L / \partial h$.""",
        lambda W, h, x, b: np.sum(sigmoid(W @ np.concatenate([h, x]) + b)),
        {"W": (2, 5), "h": (3,), "x": (2,), "b": (2,)},
        2,
    ),
    Case(
        "weight_before_a_list_that_nothing_declares",
        r"""Let $s = \tanh(W_a [u, v])$ and $L = \mathbf{1}^\top s$. Compute
        $\partial L/\partial W_a$.""",
        lambda W_a, u, v: np.sum(np.tanh(W_a @ np.concatenate([u, v]))),
        {"W_a": (2, 5), "u": (3,), "v": (2,)},
        1,
    ),
    Case(
        "entries_of_a_weight",
        r"""Let $W \in \mathbb{R}^{m \times n}$ and $L = \sum_{i}\sum_{j} W[i, j]^2 x[j]$ with
        $x \in \mathbb{R}^n$. Compute $\partial L/\partial W$.""",
        lambda W, x: np.sum(W**2 * x),
        {"W": (2, 3), "x": (3,)},
        1,
    ),
    Case(
        "a_constraint_is_no_fact",
        r"""Maximise $w^\top Sw$ subject to $\|w\|=1$, where $S$ is symmetric. Let
        $\mathcal{L} = w^\top Sw-\lambda(w^\top w-1)$. Compute
        $\frac{\partial\mathcal{L}}{\partial\lambda}$ and $\nabla_w \mathcal{L}$.""",
        lambda w, S, lambda_: w @ S @ w - lambda_ * (w @ w - 1),
        {"w": (3,), "lambda_": ()},
        2,
        {"S": lambda rng: (lambda A: A + A.T)(rng.normal(size=(3, 3)))},
    ),
    Case(
        "a_constraint_on_a_sum",
        r"""Consider $\max_p -\sum_{i=1}^n p_i \log p_i \quad \text{s.t.} \quad
        \sum_{i=1}^n p_i = 1$. With $J = -\sum_{i=1}^n p_i \log p_i
        + \lambda (1 - \sum_{i=1}^n p_i)$
        compute $\frac{\partial J}{\partial\lambda}$ and $\frac{\partial J}{\partial p}$.""",
        lambda p, lambda_: -np.sum(p * np.log(p)) + lambda_ * (1 - np.sum(p)),
        {"lambda_": ()},
        2,
        {"p": positive(3)},
    ),
    Case(
        "density_of_a_square",
        r"""Let $p(y\mid x,w,\sigma^2) = \prod_{i=1}^N \frac{1}{\sqrt{2\pi\sigma^2}}
        \exp\left(-\frac{(y_i - w^\top x_i)^2}{2\sigma^2}\right)$ and $\ell = \log p$.
        Compute $\frac{\partial\ell}{\partial w}$ and $\frac{\partial\ell}{\partial\sigma}$.""",
        lambda w, x_i, y_i, sigma: _gauss(y_i, x_i @ w, sigma),
        {"w": (2,), "x_i": (3, 2), "y_i": (3,)},
        2,
        {"sigma": positive()},
    ),
    Case(
        "a_family_put_side_by_side",
        r"""Let $H=\mathrm{Concat}(H_1,\dots,H_h)$, $H_i = XW_i$, $Y=HV$ and
        $L=\frac12\|Y-T\|_F^2$, with $X\in\mathbb{R}^{n\times d}$, $W_i\in\mathbb{R}^{d\times m}$.
        Compute $\frac{\partial L}{\partial W_i}$ and $\frac{\partial L}{\partial V}$.""",
        lambda X, W_i, V, T: 0.5 * np.sum((np.hstack([X @ W for W in W_i]) @ V - T) ** 2),
        {"X": (2, 3), "W_i": (4, 3, 2), "V": (8, 3), "T": (2, 3)},
        2,
    ),
    Case(
        "vectors_of_a_family_put_below_each_other",
        r"""Let $c = \mathrm{concat}(h_1, \dots, h_n)$, $h_i = W_i x$,
        $W_i\in\mathbb{R}^{m\times d}$,
        $x\in\mathbb{R}^d$, $L = \mathbf{1}^\top\sigma(V c)$. Compute $\partial L/\partial V$ and
        $\partial L/\partial W_i$.""",
        lambda x, W_i, V: np.sum(sigmoid(V @ np.concatenate([W @ x for W in W_i]))),
        {"x": (3,), "W_i": (4, 2, 3), "V": (2, 8)},
        2,
    ),
    Case(
        "gates_that_are_applied",
        r"""Let $g = \mathrm{softmax}(W x)$, $y = \sum_{k=1}^K g_k(x) A_k x$ and
        $L = \frac12\|y-t\|^2$ with $A_k\in\mathbb{R}^{m\times n}$, $x\in\mathbb{R}^n$. Compute
        $\partial L/\partial A_k$ and $\partial L/\partial W$.""",
        lambda W, x, A_k, t: 0.5 * np.sum((softmax(W @ x) @ (A_k @ x) - t) ** 2),
        {"W": (4, 3), "x": (3,), "A_k": (4, 2, 3), "t": (2,)},
        2,
    ),
    Case(
        "inverse_functions",
        r"""Let $z = Wx$ and $L = \mathbf{1}^\top(\tan^{-1}(z) + \sinh^{-1}(z) + \sin^2 z)$. Compute
        $\partial L/\partial W$.""",
        lambda W, x: np.sum(np.arctan(W @ x) + np.arcsinh(W @ x) + np.sin(W @ x) ** 2),
        {"W": (2, 3), "x": (3,)},
        1,
    ),
    Case(
        "inverse_functions_of_numbers",
        r"""Let $f(x) = \sin^{-1} x + \tanh^{-1}(x) + \arccos(x)^2 + (\sin x)^{-1}$. Compute the
        derivative of $f$.""",
        lambda x: np.arcsin(x) + np.arctanh(x) + np.arccos(x) ** 2 + 1 / np.sin(x),
        {},
        1,
        {"x": lambda rng: 0.4},
    ),
    Case(
        "held_constant",
        r"""Let $z = Vu$ and $L = \|W V x - z\|^2$ with $V\in\mathbb{R}^{m\times n}$ and
        $z\in\mathbb{R}^m$. Compute $\frac{\partial L}{\partial V}$, treating $z$ as a constant.""",
        lambda V, x, W, z: np.sum((W @ V @ x - z) ** 2),
        {"V": (2, 3), "x": (3,), "W": (2, 2), "z": (2,)},
        1,
    ),
    Case(
        "temperature",
        r"""Let $p=\mathrm{softmax}(z/T)$, $z=Wx$, $L=-y^\top\log p$. Compute
        $\frac{\partial L}{\partial W}$ and $\frac{\partial L}{\partial T}$.""",
        lambda W, x, T, y: -y @ np.log(softmax(W @ x / T)),
        {"W": (3, 2), "x": (2,), "y": (3,)},
        2,
        {"T": positive()},
    ),
    Case(
        "entries_divided",
        r"""Let $x, s\in\mathbb{R}^n$, $a = (x - m) / s$ and $L = \|a\|^2$. Compute
        $\partial L/\partial s$.""",
        lambda x, s, m: np.sum(((x - m) / s) ** 2),
        {"x": (3,), "m": (3,)},
        1,
        {"s": positive(3)},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_notation_is_read_as_it_is_meant(case: Case) -> None:
    _judge(case)
