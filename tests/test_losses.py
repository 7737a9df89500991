"""Losses and penalties against autograd and against their definitions as papers write them."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import grad as autograd
from autograd import numpy as anp

import derive as d
from derive.kernel.expr import ShapeError
from derive.kernel.sizes import sizes

n, m = sizes("n m")
u, v, w, y = (d.vector(name, n) for name in "uvwy")
t = d.scalar("t")
X, Y = d.matrix("X", m, n), d.matrix("Y", m, n)


def _normal(random, *shape):
    return random.normal(size=shape)


def _unit(random, *shape):
    return random.uniform(0.1, 0.9, size=shape)


def relu(x):
    return anp.maximum(0, x)


def rows(x):
    return x / anp.sqrt(anp.sum(x * x, 1))[:, None]


def nt_xent(X, Y):
    z = anp.concatenate([rows(X), rows(Y)])
    k, s = len(z), anp.dot(z, z.T) / 0.5
    near = [s[i, (i + k // 2) % k] for i in range(k)]
    far = [anp.log(anp.sum(anp.exp(s[i])) - anp.exp(s[i, i])) for i in range(k)]
    return sum(b - a for a, b in zip(near, far)) / k


def full(mu, S, mu2, S2):
    S, S2 = anp.dot(S, S.T) + anp.eye(3), anp.dot(S2, S2.T) + anp.eye(3)
    e, back = mu2 - mu, anp.linalg.inv(S2)
    return 0.5 * (anp.trace(anp.dot(back, S)) + anp.dot(e, anp.dot(back, e)) - 3
                  + anp.linalg.slogdet(S2)[1] - anp.linalg.slogdet(S)[1])  # fmt: skip


S, S2 = d.matrix("S", 3, 3), d.matrix("P", 3, 3)
a3, b3 = d.vector("a", 3), d.vector("b", 3)

CASES = {
    "kl": (d.kl(u, v), (u, v), lambda p, q: anp.sum(p * anp.log(p / q)), _unit),
    "js": (d.jensen_shannon(u, v), (u, v), lambda p, q: 0.5 * anp.sum(
        p * anp.log(2 * p / (p + q)) + q * anp.log(2 * q / (p + q))), _unit),
    "entropy": (d.entropy(u), (u,), lambda p: -anp.sum(p * anp.log(p)), _unit),
    "focal": (d.focal(u), (u,), lambda p: -anp.sum((1 - p) ** 2 * anp.log(p)), _unit),
    "focal half": (d.focal(u, 0.5), (u,), lambda p: -anp.sum((1 - p) ** 0.5 * anp.log(p)), _unit),
    "focal gamma": (d.focal(u, t), (u, t),
                    lambda p, g: -anp.sum((1 - p) ** g * anp.log(p)), _unit),
    "smoothed": (d.smoothed_cross_entropy(y, u, t), (y, u, t), lambda y, p, e: -anp.sum(
        ((1 - e) * y + e / 3) * anp.log(p)), _unit),
    "bce": (d.bce_with_logits(y, u), (y, u), lambda y, z: -anp.sum(
        y * anp.log(1 / (1 + anp.exp(-z))) + (1 - y) * anp.log(1 / (1 + anp.exp(z)))), _normal),
    "poisson": (d.poisson_nll(y, u), (y, u), lambda y, r: anp.sum(r - y * anp.log(r)), _unit),
    "gauss": (d.gaussian_nll(y, u, v), (y, u, v), lambda y, m, s: 0.5 * anp.sum(
        anp.log(s) + (y - m) ** 2 / s), _unit),
    "kl normal": (d.kl_normal(u, v), (u, v), lambda m, s: -0.5 * anp.sum(
        1 + anp.log(s) - m ** 2 - s), _unit),
    "kl normals": (d.kl_normal(u, v, w, y), (u, v, w, y), lambda m, s, k, r: 0.5 * anp.sum(
        anp.log(r / s) + (s + (m - k) ** 2) / r - 1), _unit),
    "triplet": (d.triplet(u, v, w, 5), (u, v, w), lambda a, p, q: relu(
        anp.sum((a - p) ** 2) - anp.sum((a - q) ** 2) + 5), _normal),
    "contrastive": (d.contrastive(u, v, t, 4), (u, v, t), lambda a, b, s: 0.5 * (
        s * anp.sum((a - b) ** 2) + (1 - s) * relu(4 - anp.sqrt(anp.sum((a - b) ** 2))) ** 2),
        _normal),
    "cosine": (d.cosine_embedding(u, v, t, -1), (u, v, t), lambda a, b, s: 0.5 * (
        (1 + s) * (1 - anp.dot(a, b) / anp.sqrt(anp.dot(a, a) * anp.dot(b, b)))
        + (1 - s) * relu(anp.dot(a, b) / anp.sqrt(anp.dot(a, a) * anp.dot(b, b)) + 1)), _normal),
    "infonce": (d.info_nce(u, v, X, t), (u, v, X, t), lambda q, k, X, t: -anp.log(
        anp.exp(anp.dot(q, k) / t)
        / (anp.exp(anp.dot(q, k) / t) + anp.sum(anp.exp(anp.dot(X, q) / t)))), _unit),
    "ntxent": (d.nt_xent(X, Y, 0.5), (X, Y), nt_xent, _normal),
    "squared hinge": (d.squared_hinge(y, u), (y, u),
                      lambda y, s: anp.sum(relu(1 - y * s) ** 2), _normal),
    "dice": (d.dice(u, y), (u, y), lambda p, y: 1 - 2 * anp.sum(p * y) / anp.sum(p + y), _unit),
    "iou": (d.iou(u, y), (u, y),
            lambda p, y: 1 - anp.sum(p * y) / anp.sum(p + y - p * y), _unit),
    "critic": (d.wasserstein_critic(u, v), (u, v),
               lambda r, f: anp.mean(f) - anp.mean(r), _normal),
    "mae": (d.mae(u, v), (u, v), lambda a, b: anp.mean(anp.abs(a - b)), _normal),
    "pinball": (d.pinball(y, u, 0.2), (y, u), lambda y, q: anp.sum(
        anp.where(y > q, 0.2 * (y - q), 0.8 * (q - y))), _normal),
    "logcosh": (d.log_cosh(u), (u,), lambda u: anp.sum(anp.log(anp.cosh(u))), _normal),
    "smooth": (d.smooth_l1(u, 0.5), (u,), lambda u: anp.sum(
        anp.where(anp.abs(u) < 0.5, u ** 2, anp.abs(u) - 0.25)), _normal),
    "elastic": (d.elastic_net(u, 2, 3), (u,),
                lambda w: 2 * anp.sum(anp.abs(w)) + 3 * anp.sum(w ** 2), _normal),
    "groups": (d.group_lasso(X), (X,), lambda W: anp.sum(anp.sqrt(anp.sum(W * W, 1))), _normal),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_value_and_gradient_against_autograd(case, seed):
    loss, variables, forward, draw = case
    random = np.random.default_rng(seed)
    shape = {n: 3, m: 4}
    at = [draw(random, *(shape[a] for a in x.axes)) for x in variables]
    values = dict(zip(variables, at))
    np.testing.assert_allclose(d.evaluate(loss, values), forward(*at), rtol=1e-9)
    for k, variable in enumerate(variables):
        expected = autograd(forward, k)(*at)
        found = d.evaluate(d.grad(loss, variable), values)
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
        if case is CASES["critic"]:
            continue  # a constant, whose size no input shows
        code = d.compile(d.grad(loss, variable), "numpy")(values)
        np.testing.assert_allclose(code, expected, rtol=1e-7, atol=1e-9)


def test_multi_margin_spares_the_true_class():
    scores, hot = np.array([1.0, 2.5, 0.7]), np.array([0.0, 1.0, 0.0])
    expected = max(0, 1 - 2.5 + 1) + max(0, 0.7 - 2.5 + 1)
    found = d.multi_margin(y, u)
    assert float(d.evaluate(found, {y: hot, u: scores})) == pytest.approx(expected)
    slope = d.evaluate(d.grad(found, u), {y: hot, u: np.array([2.0, 2.5, 0.7])})
    np.testing.assert_allclose(slope, [1, -1, 0])


@pytest.mark.parametrize("seed", range(3))
def test_kl_of_full_covariances(seed):
    random = np.random.default_rng(seed)
    at = [random.normal(size=3), random.normal(size=(3, 3)),
          random.normal(size=3), random.normal(size=(3, 3))]  # fmt: skip
    one = d.diag(d.concat([d.scalar("o")] * 3))
    loss = d.kl_normal_full(a3, S @ S.T + one, b3, S2 @ S2.T + one)
    values = {a3: at[0], S: at[1], b3: at[2], S2: at[3], d.scalar("o"): 1.0}
    np.testing.assert_allclose(d.evaluate(loss, values), full(*at), rtol=1e-9)
    for k, variable in enumerate((a3, S, b3, S2)):
        found = d.evaluate(d.grad(loss, variable), values)
        np.testing.assert_allclose(found, autograd(full, k)(*at), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("loss", "by", "latex"),
    [
        (lambda: d.log_cosh(u), u, r"\tanh(\mathbf{u})"),
        (lambda: d.poisson_nll(y, u), u, r"1 - \frac{\mathbf{y}}{\mathbf{u}}"),
        (lambda: d.bce_with_logits(y, u), u, r"\sigma(\mathbf{u}) - \mathbf{y}"),
        (lambda: d.kl(u, v), v, r"-\frac{\mathbf{u}}{\mathbf{v}}"),
    ],
)
def test_closed_forms(loss, by, latex):
    from derive.latex.print import latex as printed
    from derive.writing.tidy import tidy
    from derive.writing.write import write

    assert printed(write(tidy(d.grad(loss(), by)))) == latex


@pytest.mark.parametrize(
    "make",
    [
        lambda: d.kl(u, d.vector("k", m)),
        lambda: d.group_lasso(u),
        lambda: d.nt_xent(u, v),
        lambda: d.triplet(u, v, w, y),
        lambda: d.info_nce(u, v, d.matrix("K", m, m)),
    ],
)
def test_shapes_that_do_not_fit(make):
    with pytest.raises(ShapeError):
        make()
