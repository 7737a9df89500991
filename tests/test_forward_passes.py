"""Documents as people write them, against forward passes written by hand.

The one wrong answer that nothing else catches is a misreading that the derivation and its own check
share: these forward passes share nothing with either.  Each is NumPy, by the names that exported
code would have, and the gradients are its central differences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

import derive as d
from derive.app.problems import solved_document
from derive.derivation.local import symbol_of
from derive.diagnostics import Source
from derive.notation.names import ascii_names, filled


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def relu(z):
    return np.maximum(z, 0)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@dataclass
class Case:
    """A document, its loss as a function of arrays, their shapes, and how many answers it asks."""

    name: str
    text: str
    loss: Callable[..., float]
    shapes: dict[str, tuple[int, ...]]
    answers: int
    values: dict[str, Callable[[np.random.Generator], object]] = field(default_factory=dict)


def signs(size):
    return lambda rng: rng.choice([-1.0, 1.0], size)


def positive(*shape):
    return lambda rng: np.exp(rng.normal(size=shape))


CASES = [
    Case(
        "samples_without_a_word",
        r"Let $L = \frac12 \sum_{i=1}^n \|W x_i - y_i\|^2$. Find $\partial L / \partial W$.",
        lambda W, x_i, y_i: 0.5 * np.sum((x_i @ W.T - y_i) ** 2),
        {"W": (2, 3), "x_i": (4, 3), "y_i": (4, 2)},
        1,
    ),
    Case(
        "function_of_samples",
        r"A deep linear network $f(x) = W_3 W_2 W_1 x$ with $L = \frac12\sum_{i=1}^n "
        r"\|f(x_i) - y_i\|^2$. Find $\partial L / \partial W_2$.",
        lambda W_1, W_2, W_3, x_i, y_i: 0.5 * np.sum((x_i @ W_1.T @ W_2.T @ W_3.T - y_i) ** 2),
        {"W_1": (3, 2), "W_2": (4, 3), "W_3": (2, 4), "x_i": (5, 2), "y_i": (5, 2)},
        1,
    ),
    Case(
        "soft_margin",
        r"""A linear SVM is trained on $\{(x_i, y_i)\}_{i=1}^n$, $y_i = \pm 1$:
        $$f(w, b) = \frac12 w^\top w + C \sum_{i=1}^n \max\{0, 1 - y_i (w^\top x_i + b)\}$$
        Give a subgradient of $f$ with respect to $w$ and $b$.""",
        lambda w, b, C, x_i, y_i: w @ w / 2 + C * np.sum(relu(1 - y_i * (x_i @ w + b))),
        {"w": (3,), "b": (), "C": (), "x_i": (5, 3), "y_i": (5,)},
        2,
        {"y_i": signs(5)},
    ),
    Case(
        "gaussian_covariance",
        r"""Let $x_1, \dots, x_n \in \mathbb{R}^d$ and $\ell(\mu, \Sigma) = -\frac n2 \log|\Sigma|
        - \frac12 \sum_{i=1}^n (x_i - \mu)^\top \Sigma^{-1} (x_i - \mu)$. Compute
        $\frac{\partial \ell}{\partial \mu}$ and $\frac{\partial \ell}{\partial \Sigma}$.""",
        lambda x_i, mu, Sigma: (
            -len(x_i) / 2 * np.log(np.linalg.det(Sigma))
            - sum((x - mu) @ np.linalg.inv(Sigma) @ (x - mu) for x in x_i) / 2
        ),
        {"x_i": (4, 2), "mu": (2,)},
        2,
        {"Sigma": lambda rng: np.array([[2.0, 0.5], [0.3, 1.0]])},
    ),
    Case(
        "numbers_alone",
        r"Let $f(x, y, z) = (x + y) z$. Find $\frac{\partial f}{\partial x}$, "
        r"$\frac{\partial f}{\partial y}$ and $\frac{\partial f}{\partial z}$.",
        lambda x, y, z: (x + y) * z,
        {"x": (), "y": (), "z": ()},
        3,
    ),
    Case(
        "a_function_in_a_chain",
        r"Consider $y = f(x) = 3x^2 - 4x$. What is $\frac{dy}{dx}$?",
        lambda x: 3 * x**2 - 4 * x,
        {"x": ()},
        1,
    ),
    Case(
        "row_vector_in_words",
        r"""Let $x$ be a row vector in $\mathbb{R}^{1\times d}$, $W\in\mathbb{R}^{d\times k}$ and
        $b\in\mathbb{R}^{1\times k}$. The layer is $y = xW + b$ with $L = \frac12\|y - t\|^2$.
        Find $\frac{\partial L}{\partial W}$ and $\frac{\partial L}{\partial x}$.""",
        lambda x, W, b, t: 0.5 * np.sum((x @ W + b - t) ** 2),
        {"x": (1, 3), "W": (3, 2), "b": (1, 2), "t": (1, 2)},
        2,
    ),
    Case(
        "design_matrix_in_words",
        r"""Let $\mathbf{X}$ be the $n \times d$ design matrix, $\mathbf{y}$ the vector of $n$
        targets and $J(\beta) = \frac{1}{2n}\|\mathbf{y} - \mathbf{X}\beta\|^2 +
        \frac\lambda2 \beta'\beta$. Compute the gradient of $J$ with respect to $\beta$.""",
        lambda X, y, beta, lambda_: (
            np.sum((y - X @ beta) ** 2) / 2 / len(y) + lambda_ / 2 * beta @ beta
        ),
        {"X": (4, 3), "y": (4,), "beta": (3,), "lambda_": ()},
        1,
    ),
    Case(
        "one_bias_for_all_samples",
        r"""Linear regression in batch form: $\hat y = Xw + b$ with $X\in\mathbb{R}^{m\times n}$
        and $J = \frac{1}{2m}\|\hat y - y\|^2$. Find $\partial J/\partial w$ and
        $\partial J/\partial b$.""",
        lambda X, w, b, y: 0.5 * np.mean((X @ w + b - y) ** 2),
        {"X": (4, 2), "w": (2,), "b": (), "y": (4,)},
        2,
    ),
    Case(
        "norms_of_groups",
        r"Group lasso: $R(w) = \lambda\sum_{g=1}^G \sqrt{p_g}\,\|w_g\|_2$. Find $\nabla_{w_g} R$.",
        lambda lambda_, p_g, w_g: lambda_ * np.sum(np.sqrt(p_g) * np.linalg.norm(w_g, axis=1)),
        {"lambda_": (), "w_g": (3, 2)},
        1,
        {"p_g": positive(3)},
    ),
    Case(
        "centres",
        r"""The k-means objective: $J = \sum_{i=1}^{n}\sum_{k=1}^{K} r_{ik}\|x_i - \mu_k\|^2$.
        Find $\partial J/\partial\mu_k$.""",
        lambda r_i_k, x_i, mu_k: np.sum(r_i_k * np.sum((x_i[:, None] - mu_k[None]) ** 2, axis=-1)),
        {"r_i_k": (4, 3), "x_i": (4, 2), "mu_k": (3, 2)},
        1,
    ),
    Case(
        "a_loss_called_by_its_letters",
        r"""Let $\hat{\mathbf y} = \mathrm{softmax}(\mathbf W\mathbf x + \mathbf b)$, where
        $\mathbf W$ is a $C\times D$ matrix, $\mathbf b$ a $C$-dimensional bias, and
        $\mathrm{CE}(\mathbf y, \hat{\mathbf y}) = -\sum_i y_i\log(\hat y_i)$. Find the gradient of
        CE with respect to $\mathbf W$, $\mathbf b$ and $\mathbf x$.""",
        lambda W, x, b, y: -np.sum(y * np.log(softmax(W @ x + b))),
        {"W": (3, 2), "x": (2,), "b": (3,), "y": (3,)},
        3,
    ),
    Case(
        "a_density",
        r"""Let $p(x\mid\mu,\sigma) = \frac{1}{\sqrt{2\pi}\sigma}\exp\left(
        -\frac{(x-\mu)^2}{2\sigma^2}\right)$ and $\mathcal{L} = -\sum_{i=1}^N
        \log p(x_i\mid\mu,\sigma)$. Find $\frac{\partial\mathcal{L}}{\partial\mu}$ and
        $\frac{\partial\mathcal{L}}{\partial\sigma}$.""",
        lambda x_i, mu, sigma: np.sum(
            0.5 * np.log(2 * np.pi) + np.log(sigma) + (x_i - mu) ** 2 / 2 / sigma**2
        ),
        {"x_i": (4,), "mu": ()},
        2,
        {"sigma": positive()},
    ),
    Case(
        "a_mixture_of_densities",
        r"""Let $\mathcal{N}(x\mid\mu,\sigma^2) = \frac{1}{\sqrt{2\pi\sigma^2}}\exp\left(
        -\frac{(x-\mu)^2}{2\sigma^2}\right)$ and $L = -\sum_{i=1}^N\log\sum_{k=1}^K
        \pi_k\,\mathcal{N}(x_i\mid\mu_k,\sigma_k^2)$. Find $\frac{\partial L}{\partial\mu_k}$,
        $\frac{\partial L}{\partial\sigma_k}$ and $\frac{\partial L}{\partial\pi_k}$.""",
        lambda x_i, mu_k, sigma_k, pi_k: (
            -np.sum(
                np.log(
                    np.sum(
                        pi_k
                        * np.exp(-((x_i[:, None] - mu_k) ** 2) / 2 / sigma_k**2)
                        / np.sqrt(2 * np.pi * sigma_k**2),
                        axis=1,
                    )
                )
            )
        ),
        {"x_i": (4,), "mu_k": (3,)},
        3,
        {"sigma_k": positive(3), "pi_k": positive(3)},
    ),
    Case(
        "a_divergence_of_named_laws",
        r"""For $q = \mathcal{N}(\mu, \mathrm{diag}(\sigma^2))$ and $p = \mathcal N(0, I)$ the
        divergence is $D_{KL}(q\|p) = \frac12\sum_{j=1}^{d}\left(\mu_j^2 + \sigma_j^2 -
        \log\sigma_j^2 - 1\right)$. Compute its gradient with respect to $\mu$ and $\sigma$.""",
        lambda mu, sigma: 0.5 * np.sum(mu**2 + sigma**2 - np.log(sigma**2) - 1),
        {"mu": (3,)},
        2,
        {"sigma": positive(3)},
    ),
    Case(
        "windows_of_samples",
        r"""Let $y_i^{(s)} = \sum_{k=1}^{K} w_k x^{(s)}_{i+k-1}$ and
        $L = \sum_s\sum_i (y^{(s)}_i)^2$. Find $\partial L/\partial w_k$.""",
        lambda w_k, x_J_s: sum(np.sum(np.correlate(x, w_k, "valid") ** 2) for x in x_J_s),
        {"w_k": (2,), "x_J_s": (3, 5)},
        1,
    ),
    Case(
        "entries_listed_in_another_weight",
        r"""Let $\mathbf{x} = (x_1, \ldots, x_n)^T$, $\mathbf{w} = (w_1, \ldots, w_n)^T$ and
        $L = (\mathbf{w}^\top\mathbf{x} - y)^2$. Find $\nabla_{\mathbf{w}} L$.""",
        lambda x, w, y: (w @ x - y) ** 2,
        {"x": (3,), "w": (3,), "y": ()},
        1,
    ),
    Case(
        "entries_of_what_nothing_declares",
        r"""Let $\mathbf{h} = \sigma(\mathbf{V}\mathbf{x})$ and $E = \frac12(\mathbf u^{T}\mathbf h
        - d)^2$. Compute $\partial E/\partial V_{ij}$ and $\partial E/\partial u_i$.""",
        lambda V, x, u, d: 0.5 * (u @ sigmoid(V @ x) - d) ** 2,
        {"V": (3, 2), "x": (2,), "u": (3,), "d": ()},
        2,
    ),
    Case(
        "an_encoder_called_E",
        r"""A linear autoencoder: $L = \|x - D E x\|^2 + \lambda \|E\|_F^2$. Find
        $\partial L/\partial D$ and $\partial L/\partial E$.""",
        lambda x, D, E, lambda_: np.sum((x - D @ E @ x) ** 2) + lambda_ * np.sum(E**2),
        {"x": (3,), "D": (3, 2), "E": (2, 3), "lambda_": ()},
        2,
    ),
    Case(
        "steps_up_to_the_one_that_the_loss_has",
        r"""Consider $h_t = \tanh(W h_{t-1} + U x_t)$ and $L = \frac12\|h_2 - y\|^2$. Compute
        $\frac{\partial L}{\partial W}$ and $\frac{\partial L}{\partial U}$.""",
        lambda W, h_0, U, x_1, x_2, y: (
            0.5 * np.sum((np.tanh(W @ np.tanh(W @ h_0 + U @ x_1) + U @ x_2) - y) ** 2)
        ),
        {"W": (3, 3), "h_0": (3,), "U": (3, 2), "x_1": (2,), "x_2": (2,), "y": (3,)},
        2,
    ),
    Case(
        "layers_up_to_the_one_that_the_loss_has",
        r"""Let $a^{(l)} = \tanh(W a^{(l-1)})$ and $L = \frac12\|a^{(2)} - y\|^2$. Find
        $\nabla_W L$.""",
        lambda W, a_0, y: 0.5 * np.sum((np.tanh(W @ np.tanh(W @ a_0)) - y) ** 2),
        {"W": (3, 3), "a_0": (3,), "y": (3,)},
        1,
    ),
    Case(
        "gradient_in_all_arguments",
        r"Let $f(x, y) = x e^{y}$. Find the gradient of $f$.",
        lambda x, y: x * np.exp(y),
        {"x": (), "y": ()},
        2,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_answers_are_gradients_of_the_forward_pass(case: Case) -> None:
    done = solved_document(Source(case.name, case.text))
    assert done.single is not None
    network = done.single.network
    called = {v.var: filled(*symbol_of(v.var)) for v in network.variables}  # type: ignore[misc]
    names = ascii_names(called.values())
    rng = np.random.default_rng(7)
    at = {name: rng.normal(size=shape) for name, shape in case.shapes.items()}
    at |= {name: np.asarray(make(rng), float) for name, make in case.values.items()}
    assert {names[symbol] for symbol in called.values()} == set(at)
    assert len(done.single.results) == case.answers
    values = {var: at[names[symbol]] for var, symbol in called.items()}
    for answer, _ in done.single.results:
        by = answer.question.whole.by if answer.question.whole else answer.question.wrt[0]
        found = np.asarray(d.evaluate(answer.value, values))
        wanted = _differences(case.loss, at, names[called[by]])
        assert found.shape == wanted.shape, answer.left
        assert np.allclose(found, wanted, rtol=1e-5, atol=1e-6), answer.left


def _differences(loss: Callable[..., float], at: dict[str, np.ndarray], name: str) -> np.ndarray:
    found = np.zeros(at[name].shape)
    for place in np.ndindex(*found.shape):
        moved = []
        for step in (1e-6, -1e-6):
            value = at[name].copy()
            value[place] += step
            moved.append(loss(**{**at, name: value}))
        found[place] = (moved[0] - moved[1]) / 2e-6
    return found
