"""What the documents of ``tests/documents`` compute, said again in NumPy by hand.

The idea: each loss is written from its author's meaning, with the conventions of NumPy (samples
are rows), so that a document that is read wrongly has another gradient.
"""

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import autograd.numpy as np

from tests.oracle_autograd import erf

Values = Mapping[str, Any]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def relu(z):
    return np.maximum(z, 0)


def softmax(z):
    e = np.exp(z)
    return e / np.sum(e, axis=-1, keepdims=True)


def square(u):
    return np.sum(u**2)


def given(name: str) -> Callable:
    """The function that stands for one that a document leaves open."""
    shift = (zlib.crc32(name.encode()) % 997) / 100.0
    return lambda z: np.sin(z + shift) + 0.5 * z


def chosen(v: Values, name: str) -> int:
    return int(v[name]) - 1


# ------------------------------------------------------------------ what the longer ones compute


def multiclass_hinge(v):
    s, y = v["W"] @ v["x_i"], chosen(v, "y_i")
    return sum(np.maximum(0, s[j] - s[y] + 1) for j in range(len(s)) if j != y)


def layer_norm(v):
    x = v["x"]
    mu = np.mean(x)
    normed = (x - mu) / np.sqrt(np.mean((x - mu) ** 2) + v[r"\epsilon"])
    return 0.5 * square(v[r"\gamma"] * normed + v[r"\beta"] - v["t_{#1}"])


def batch_norm(v):
    x = v["x_{#1}"]
    mu = np.mean(x)
    normed = (x - mu) / np.sqrt(np.mean((x - mu) ** 2) + v[r"\epsilon"])
    return square(v[r"\gamma"] * normed + v[r"\beta"] - v["t_{#1}"])


def upstream_batch_norm(v):
    """A loss that is linear in the outputs has the gradients that are given."""
    x = v["x_{#1}"]
    normed = (x - np.mean(x)) / np.sqrt(np.mean((x - np.mean(x)) ** 2) + v[r"\epsilon"])
    return np.sum(
        v[r"\frac{\partial \ell}{\partial y_{#1}}"] * (v[r"\gamma"] * normed + v[r"\beta"])
    )


def upstream_rows(v):
    return np.sum(v[r"\frac{\partial L}{\partial Y}"] * (v["X"] @ v["W"] + v["b"]))


def upstream_hidden(v):
    return v[r"\frac{\partial L}{\partial h}"] @ np.maximum(v["W"] @ v["x"], 0)


def batch_norm_of_vectors(v):
    x = v[r"\mathbf{x}^{(#1)}"]
    mu = np.mean(x, axis=0)
    normed = (x - mu) / np.sqrt(np.mean((x - mu) ** 2, axis=0) + v[r"\epsilon"])
    out = v[r"\mathbf{\gamma}"] * normed + v[r"\mathbf{\beta}"]
    return 0.5 * square(out - v[r"\mathbf{t}^{(#1)}"])


def rms_norm(v):
    x = v[r"\mathbf{x}"]
    out = x / np.sqrt(np.mean(x**2)) * v[r"\mathbf{g}"]
    return 0.5 * square(out - v[r"\mathbf{y}"])


def lstm(v):
    def gate(letter):
        return v[f"W_{letter}"] @ v["x_t"] + v[f"U_{letter}"] @ v["h_{t-1}"] + v[f"b_{letter}"]

    c = sigmoid(gate("f")) * v["c_{t-1}"] + sigmoid(gate("i")) * np.tanh(gate("c"))
    return 0.5 * square(sigmoid(gate("o")) * np.tanh(c) - v["y_t"])


def gru(v):
    x, h = v["x_t"], v["h_{t-1}"]
    z, r = (sigmoid(v[f"W_{g}"] @ x + v[f"U_{g}"] @ h) for g in "zr")
    candidate = np.tanh(v["W"] @ x + v["U"] @ (r * h))
    return 0.5 * square((1 - z) * h + z * candidate - v["y"])


def highway(v):
    x = v[r"\mathbf{x}"]
    h = np.tanh(v[r"\mathbf{W}_H"] @ x + v[r"\mathbf{b}_H"])
    t = sigmoid(v[r"\mathbf{W}_T"] @ x + v[r"\mathbf{b}_T"])
    return v[r"\mathbf{r}"] @ (h * t + x * (1 - t))


def vae(v):
    x = v[r"\mathbf{x}"]
    s, mu = v[r"\mathbf{W}_s"] @ x, v[r"\mathbf{W}_\mu"] @ x
    z = mu + np.exp(s / 2) * v[r"\mathbf{\epsilon}"]
    return 0.5 * square(x - v[r"\mathbf{W}_d"] @ z) + 0.5 * np.sum(mu**2 + np.exp(s) - s - 1)


def huber(v):
    r, d = v["y_{#1}"] - v["x_{#1}"] @ v["w"], v[r"\delta"]
    return np.sum(np.where(np.abs(r) <= d, 0.5 * r**2, d * (np.abs(r) - 0.5 * d)))


def residual(v):
    def block(x, k):
        inner = relu(v[rf"\mathbf{{W}}_{k}"] @ x + v[rf"\mathbf{{b}}_{k}"])
        return x + v[rf"\mathbf{{V}}_{k}"] @ inner

    return 0.5 * square(block(block(v[r"\mathbf{x}"], 1), 2) - v[r"\mathbf{t}"])


def denoiser(v):
    W, x = v[r"\mathbf{W}"], v[r"\mathbf{x}"]
    out = sigmoid(W.T @ sigmoid(W @ x + v[r"\mathbf{b}"]) + v[r"\mathbf{b}'"])
    return -np.sum(x * np.log(out) + (1 - x) * np.log(1 - out))


def additive_attention(v):
    h = v["h_{#1}"]
    e = np.tanh(h @ v["W"].T + v["U"] @ v["s"]) @ v["v"]
    return 0.5 * square(softmax(e) @ h - v["y"])


def info_nce(v):
    s = v[r"\mathbf{z}_{#1}"] @ v[r"\mathbf{v}_{#1}"].T / v[r"\tau"]
    return -np.mean(np.log(np.diag(softmax(s))))


def contrastive(v):
    d = np.sqrt(square(v["W"] @ v["x_1"] - v["W"] @ v["x_2"]))
    return 0.5 * (1 - v["Y"]) * d**2 + 0.5 * v["Y"] * np.maximum(0, v["m"] - d) ** 2


def binary_cross_entropy(p, y):
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def gelu_net(v):
    z = v["W_1"] @ v["x"] + v["b_1"]
    h = 0.5 * z * (1 + erf(z / np.sqrt(2)))
    return 0.5 * square(v["W_2"] @ h + v["b_2"] - v["y"])


def swiglu(v):
    z = v[r"\mathbf{W}"] @ v[r"\mathbf{x}"]
    h = z * sigmoid(z) * (v[r"\mathbf{V}"] @ v[r"\mathbf{x}"])
    return v[r"\mathbf{c}"] @ (v[r"\mathbf{U}"] @ h)


def elu_unit(v):
    z = v["w"] @ v["x"] + v["b"]
    return 0.5 * (np.where(z > 0, z, v[r"\alpha"] * (np.exp(z) - 1)) - v["y"]) ** 2


def word2vec(v):
    positive = np.log(sigmoid(v["u_o"] @ v["v_c"]))
    return -positive - np.sum(np.log(sigmoid(-v["u_{#1}"] @ v["v_c"])))


def batch_softmax(v):
    return -np.mean(np.sum(v["Y"] * np.log(softmax(v["X"] @ v["W"] + v["b"])), axis=1))


def batch_mlp(v):
    out = relu(v["X"] @ v["W_1"] + v["b_1"]) @ v["W_2"] + v["b_2"]
    return square(out - v["Y"]) / (2 * len(v["X"]))


def three_layers(v):
    a = v["x"]
    for k in "123":
        a = given("f")(v[f"W_{k}"] @ a + v[f"b_{k}"])
    return 0.5 * square(a - v["y"])


def triplet(v):
    a, p, n = (v["W"] @ v[x] for x in "apn")
    return np.maximum(0, square(a - p) - square(a - n) + v["m"])


def recommender(v):
    u, w = v["u_{#1}"], v["v_{#1}"]
    return square(u @ w.T - v["r_{#1,#2}"]) + v[r"\lambda"] * (square(u) + square(w))


def cbow(v):
    u = v["U"] @ (v["V"] @ np.mean(v["x_{#1}"], axis=0))
    return -u[chosen(v, "j")] + np.log(np.sum(np.exp(u)))


def softmax_mlp(v):
    h = sigmoid(v[r"\mathbf{W}_1"] @ v[r"\mathbf{x}"] + v[r"\mathbf{b}_1"])
    logits = v[r"\mathbf{W}_2"] @ h + v[r"\mathbf{b}_2"]
    return -np.sum(v[r"\mathbf{y}"] * np.log(softmax(logits)))


def ng(v):
    a = np.tanh(v["W^{[1]}"] @ v["x"] + v["b^{[1]}"])
    return binary_cross_entropy(sigmoid((v["W^{[2]}"] @ a)[0] + v["b^{[2]}"]), v["y"])


def ng_open(v):
    a = given("g")(v["W^{[1]}"] @ v["x"] + v["b^{[1]}"])
    return 0.5 * square(v["W^{[2]}"] @ a + v["b^{[2]}"] - v["y"])


def rows_first(v):
    h = sigmoid(v["x"] @ v["W_1"] + v["b_1"])
    return 0.5 * square(h @ v["W_2"] + v["b_2"] - v["y"])


def gaussian(v):
    r, sigma = v["y_{#1}"] - v["x_{#1}"] @ v["w"] - v["b"], v[r"\sigma"]
    return square(r) / (2 * sigma**2) + len(r) * np.log(sigma)


def rnn(v):
    h = np.tanh(v["W_{hh}"] @ v["h_{t-1}"] + v["W_{xh}"] @ v["x_t"])
    return -np.log(softmax(v["W_{hy}"] @ h)[chosen(v, "c")])


def attention(Q, K, V, d):
    return softmax(Q @ K.T / np.sqrt(d)) @ V


def fm(v):
    x = v["x"]
    cross = square(v["V"].T @ x) - np.sum(np.sum(v["v_{#1}"] ** 2, axis=1) * x**2)
    return (v["w_0"] + v["w"] @ x + 0.5 * cross - v["y"]) ** 2


def attention_loss(v):
    return 0.5 * square(attention(v["Q"], v["K"], v["V"], v["Q"].shape[1]) - v["Y"])


def attention_steps_loss(v):
    return 0.5 * square(attention(v["Q"], v["K"], v["V"], v["Q"].shape[1]) - v["Y"])


def bishop_ridge_loss(v):
    return 0.5 * square(
        v["t_{#1}"] - v[r"\mathbf{\phi}(\mathbf{x}_{#1})"] @ v[r"\mathbf{w}"]
    ) + 0.5 * v[r"\lambda"] * square(v[r"\mathbf{w}"])


def bishop_ridge_design_loss(v):
    return 0.5 * square(v[r"\mathbf{t}"] - v[r"\mathbf{\Phi}"] @ v[r"\mathbf{w}"]) + 0.5 * v[
        r"\lambda"
    ] * square(v[r"\mathbf{w}"])


def components_loss(v):
    return 0.5 * square(sigmoid(v["w_{#1,#2}"] @ v["x_{#1}"] + v["b_{#1}"]) - v["t_{#1}"])


def cross_spacing_loss(v):
    return np.mean(binary_cross_entropy(sigmoid(v["x^{(#1)}"] @ v["w"] + v["b"]), v["y^{(#1)}"]))


def cs229_logistic_loss(v):
    return -np.sum(binary_cross_entropy(sigmoid(v["x^{(#1)}"] @ v[r"\theta"]), v["y^{(#1)}"]))


def elastic_loss(v):
    return (
        np.mean((v["x_{#1}"] @ v["w"] - v["y_{#1}"]) ** 2)
        + v[r"\lambda_1"] * np.sum(np.abs(v["w"]))
        + v[r"\lambda_2"] * square(v["w"])
    )


def goodfellow_mlp_loss(v):
    return (
        0.5
        * (
            v[r"\mathbf{w}"] @ relu(v[r"\mathbf{W}"].T @ v[r"\mathbf{x}"] + v[r"\mathbf{c}"])
            + v["b"]
            - v["y"]
        )
        ** 2
    )


def hessian_loss(v):
    return np.sum(np.log(1 + np.exp(-v["y_{#1}"] * (v["x_{#1}"] @ v["w"])))) + 0.5 * v[
        r"\lambda"
    ] * square(v["w"])


def lasso_loss(v):
    return 0.5 / v["n"] * square(v["y"] - v["X"] @ v[r"\beta"]) + v[r"\lambda"] * np.sum(
        np.abs(v[r"\beta"])
    )


def lasso2_loss(v):
    return 0.5 * np.mean((v["y"] - v["X"] @ v[r"\beta"]) ** 2) + v[r"\lambda"] * np.sum(
        np.abs(v[r"\beta"])
    )


def matfac_loss(v):
    return 0.5 * square(v["X"] - v["U"] @ v["V"].T) + 0.5 * v[r"\lambda"] * (
        square(v["U"]) + square(v["V"])
    )


def murphy_logreg_loss(v):
    return np.mean(
        binary_cross_entropy(sigmoid(v[r"\mathbf{x}_{#1}"] @ v[r"\mathbf{w}"]), v["y_{#1}"])
    )


def poisson_loss(v):
    return np.sum(v["y_{#1}"] * (v["x_{#1}"] @ v[r"\beta"]) - np.exp(v["x_{#1}"] @ v[r"\beta"]))


def policy2_loss(v):
    return v["A"] * np.log(softmax(v[r"\mathbf{\Theta}"] @ v[r"\mathbf{s}"])[chosen(v, "a")])


def svm_loss(v):
    return 0.5 * square(v["w"]) + v["C"] * np.sum(
        relu(1 - v["y_{#1}"] * (v["x_{#1}"] @ v["w"] + v["b"]))
    )


def swap_loss(v):
    return square(
        v[r"\mathbf{y}"] - v[r"\mathbf{V}"] @ given(r"\phi")(v[r"\mathbf{U}"] @ v[r"\mathbf{x}"])
    )
