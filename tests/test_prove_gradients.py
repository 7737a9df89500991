"""The engine's gradients against the forms that people write, and against nearly those.

The idea: what a lecture derives by hand, for all sizes; each right form stands beside wrong ones.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

import derive as d
from derive.derivation.network import Domain
from derive.kernel.build import contract, spread
from derive.kernel.expr import Expr
from derive.operators.pointwise import (
    density,
    exp,
    ge,
    gt,
    le,
    log,
    normal_cdf,
    power,
    reciprocal,
    relu,
    sigmoid,
    square,
)  # fmt: skip
from proofs.equal import Proof, prove

n, m, k, c = d.sizes("n m k c")
x, z, v, y = (d.vector(s, n) for s in "xzvy")
u, b, t = (d.vector(s, m) for s in "ubt")
W, X, G = d.matrix("W", m, n), d.matrix("X", m, n), d.matrix("G", m, n)
V = d.matrix("V", k, m)
A = d.matrix("A", n, n)
eps, alpha, a = d.scalar("e"), d.scalar("s"), d.scalar("a")
p, h = d.vector("p", n), d.vector("h", n)
FACTS = {
    eps: Domain(low=Fraction(0)),
    alpha: Domain(low=Fraction(0), high=Fraction(1)),
    p: Domain(low=Fraction(0), high=Fraction(1), normalised=True),
    h: Domain(values=(Fraction(0), Fraction(1)), normalised=True),
}
half = Fraction(1, 2)


def row(s: Expr) -> Expr:
    """A number for each row, beside every entry of the row."""
    return contract("i,j->ij", s, d.one(n)) if hasattr(d, "one") else _spread_rows(s)


def _spread_rows(s: Expr) -> Expr:
    from derive.kernel.expr import Ones

    return contract("i,j->ij", s, Ones(n))


def mean(u: Expr) -> Expr:
    from derive.kernel.expr import Ones

    return d.total(u) * reciprocal(d.total(Ones(n)))


def mean_rows(M: Expr) -> Expr:
    from derive.kernel.expr import Ones

    return contract("ij->i", M) * spread(reciprocal(d.total(Ones(n))), (m,))


def softmax_cases():
    s = d.softmax(z)
    q = exp(z) * spread(reciprocal(d.total(exp(z))), (n,))
    yield "softmax Jacobian", d.jacobian(s, z), d.diag(s) - d.outer(s, s), True
    yield "softmax Jacobian written out", d.jacobian(q, z), d.diag(s) - d.outer(s, s), True
    yield "softmax Jacobian with a sum", d.jacobian(s, z), d.diag(s) + d.outer(s, s), False
    yield "softmax Jacobian without diag", d.jacobian(s, z), -d.outer(s, s), False
    ce = -d.dot(h, log(s))
    yield "cross entropy, one-hot", d.grad(ce, z), s - h, True
    yield "cross entropy, distribution", d.grad(-d.dot(p, log(s)), z), s - p, True
    yield "cross entropy, written out", d.grad(-d.dot(p, log(q)), z), q - p, True
    yield "cross entropy, any y", d.grad(-d.dot(y, log(s)), z), d.total(y) * s - y, True
    yield "cross entropy, y not normalised", d.grad(-d.dot(y, log(s)), z), s - y, False
    yield "cross entropy, sign", d.grad(ce, z), h - s, False
    lse = d.logsumexp(z)
    yield "LSE gradient", d.grad(lse, z), s, True
    yield "LSE Hessian", d.hessian(lse, z), d.diag(s) - d.outer(s, s), True
    kl = d.dot(p, log(p) - log(s))
    yield "KL to a softmax", d.grad(kl, z), s - p, True
    yield "KL is CE - H", kl, -d.dot(p, log(s)) + d.dot(p, log(p)), True
    temperature = d.softmax(z * spread(reciprocal(a), (n,)))
    yield "temperature", d.grad(-d.dot(h, log(temperature)), z), (temperature - h) / a, True
    yield "temperature forgotten", d.grad(-d.dot(h, log(temperature)), z), temperature - h, False
    entropy = -d.dot(s, log(s))
    yield "entropy", d.grad(entropy, z), -s * (log(s) + spread(entropy, (n,))), True
    yield "entropy, sign", d.grad(entropy, z), -s * (log(s) - spread(entropy, (n,))), False


def logistic_cases():
    s = sigmoid(X @ x)
    loss = -d.dot(t, log(s)) - d.dot(1 - t, log(1 - s))
    yield "logistic gradient", d.grad(loss, x), X.T @ (s - t), True
    yield "logistic gradient, sign", d.grad(loss, x), X.T @ (t - s), False
    yield "logistic gradient, no X", d.grad(loss, x), X.T @ (s - t * t), False
    hess = contract("ij,i,ik->jk", X, s * (1 - s), X)
    yield "logistic Hessian", d.hessian(loss, x), hess, True
    yield "logistic Hessian, s^2", d.hessian(loss, x), contract("ij,i,ik->jk", X, s * s, X), False
    logits = d.total(d.softplus(X @ x)) - d.dot(t, X @ x)
    yield "BCE with logits", logits, loss, True
    yield "BCE with logits, gradient", d.grad(logits, x), X.T @ (s - t), True
    yield "BCE with logits, wrong", d.total(d.softplus(X @ x)) + d.dot(t, X @ x), loss, False
    hinge = d.total(relu(1 - u))
    yield "hinge", d.grad(hinge, u), -gt(1 - u, 0), True
    yield "hinge, other side", d.grad(hinge, u), -gt(1 + u, 0), False


def scalar_cases():
    s = sigmoid(a)
    yield "sigmoid'", d.grad(s, a), s * (1 - s), True
    yield "sigmoid''", d.hessian(s, a), s * (1 - s) * (1 - 2 * s), True
    yield "sigmoid'' wrong", d.hessian(s, a), s * (1 - s) * (1 + 2 * s), False
    yield "softplus'", d.grad(log(1 + exp(a)), a), s, True
    yield "softplus''", d.hessian(d.softplus(a), a), s * (1 - s), True
    yield "log sigmoid'", d.grad(log(s), a), 1 - s, True
    yield "log sigmoid' wrong", d.grad(log(s), a), s, False
    yield "tanh'", d.grad(2 * sigmoid(2 * a) - 1, a), 1 - square(d.tanh(a)), True
    yield "swish'", d.grad(d.silu(a), a), a * s + s * (1 - a * s), True
    yield "swish' wrong", d.grad(d.silu(a), a), a * s + s * (1 - s), False
    yield "gelu'", d.grad(d.gelu(a), a), normal_cdf(a) + a * density(a), True
    yield "gelu'' ", d.hessian(d.gelu(a), a), (2 - a * a) * density(a), True
    yield "gelu'' wrong", d.hessian(d.gelu(a), a), (2 + a * a) * density(a), False
    yield "mish'", d.grad(a * d.tanh(log(1 + exp(a))), a), d.grad(d.mish(a), a), True
    elu = d.elu(a, alpha)
    yield "elu'", d.grad(elu, a), gt(a, 0) + (elu + alpha) * le(a, 0), True
    yield "elu' wrong", d.grad(elu, a), gt(a, 0) + elu * le(a, 0), False
    leaky = d.max(alpha * a, a) if hasattr(d, "max2") else None
    from derive.operators.pointwise import max2, prelu

    leaky = max2(alpha * a, a)
    yield "leaky relu as a max", leaky, prelu(a, alpha), True
    yield (
        "leaky relu as a max, any slope",
        max2(x * spread(a, (n,)), x),
        prelu(x, spread(a, (n,))),
        False,
    )
    yield "leaky relu' as a max", d.grad(leaky, a), gt(a, 0) + alpha * le(a, 0), "almost"
    yield "relu' with >=", d.grad(relu(a), a), ge(a, 0), "almost"


def norm_cases():
    r, q = d.norm(z), d.norm(v)
    cos = d.cosine(z, v)
    yield "norm", d.grad(r, z), z / r, True
    yield "norm, squared", d.grad(r * r, z), 2 * z, True
    yield "norm, twice", d.grad(r, z), 2 * z / r, False
    unit = z / r
    jac = (d.diag(1 + 0 * z) - d.outer(unit, unit)) * spread(1 / r, (n, n))
    yield "unit vector", d.jacobian(unit, z), jac, True
    yield (
        "unit vector, wrong",
        d.jacobian(unit, z),
        (d.diag(1 + 0 * z) + d.outer(unit, unit)) * spread(1 / r, (n, n)),
        False,
    )
    yield "cosine", d.grad(cos, z), (v / q - cos * (z / r)) / r, True
    yield (
        "cosine, expanded",
        d.grad(cos, z),
        v / (r * q) - d.dot(z, v) * z / (power(3)(r) * q),
        True,
    )
    yield "cosine, norms exchanged", d.grad(cos, z), (v / r - cos * (z / q)) / r, False
    yield "cosine, tangent", d.dot(z, d.grad(cos, z)), 0 * a, True
    yield "cosine, sign", d.grad(cos, z), (v / q + cos * (z / r)) / r, False
    yield "scale of the cosine", d.cosine(alpha * z, v), cos, True
    yield "scale of the cosine, any", d.cosine(a * z, v), cos, False


def normalisation_cases():
    mu = mean(x)
    centred = x - mu
    var = mean(centred * centred)
    s = power(-half)(var + eps)
    hat = centred * s
    g = d.dot(v, hat)
    back = s * (v - mean(v) - hat * mean(v * hat))
    yield "layer norm: mean 0", d.total(hat), 0 * a, True
    yield "layer norm: variance", mean(hat * hat), var / (var + eps), True
    yield "layer norm: variance 1", mean(hat * hat), 1 + 0 * a, False
    yield "variance", var, mean(x * x) - mu * mu, True
    yield "layer norm backward", d.grad(g, x), back, True
    yield "layer norm backward, no mean", d.grad(g, x), s * (v - hat * mean(v * hat)), False
    yield "layer norm backward, no hat", d.grad(g, x), s * (v - mean(v)), False
    yield "layer norm backward, sign", d.grad(g, x), s * (v - mean(v) + hat * mean(v * hat)), False
    # batch norm: a row of X is a feature, a column a sample
    M = mean_rows(X)
    C = X - _spread_rows(M)
    S = power(-half)(mean_rows(C * C) + spread(eps, (m,)))
    H = C * _spread_rows(S)
    loss = d.dot(G, H)
    inner = G - _spread_rows(mean_rows(G)) - H * _spread_rows(mean_rows(G * H))
    yield "batch norm backward", d.grad(loss, X), _spread_rows(S) * inner, True
    wrong = G - _spread_rows(mean_rows(G)) - H * _spread_rows(mean_rows(G * C))
    yield "batch norm backward, wrong", d.grad(loss, X), _spread_rows(S) * wrong, False
    rms = power(-half)(mean(x * x) + eps)
    back = rms * (v - x * (rms * rms * mean(v * x)))
    yield "RMS norm backward", d.grad(d.dot(v, x * rms), x), back, True
    yield (
        "RMS norm backward, wrong",
        d.grad(d.dot(v, x * rms), x),
        rms * (v - x * (rms * mean(v * x))),
        False,
    )


def network_cases():
    z1 = d.name("z_1", W @ x + b)
    a1 = d.name("a_1", relu(z1))
    z2 = d.name("z_2", V @ a1)
    target = d.vector("q", k)
    loss = d.half_squared_norm(z2 - target)
    delta = d.name("g", V.T @ (z2 - target) * gt(z1, 0))
    yield "two layers", d.grad(loss, W), d.outer(delta, x), True
    yield "two layers, no mask", d.grad(loss, W), d.outer(V.T @ (z2 - target), x), False
    yield "two layers, transposed", d.grad(loss, V), d.outer(z2 - target, a1), True
    yield "two layers, before the ReLU", d.grad(loss, V), d.outer(z2 - target, z1), False
    yield (
        "two layers, opened",
        d.grad(loss, b),
        V.T @ (V @ relu(W @ x + b) - target) * gt(W @ x + b, 0),
        True,
    )
    yield "two layers, by x", d.grad(loss, x), W.T @ delta, True
    yield "mask with >=", d.grad(loss, b), V.T @ (z2 - target) * ge(z1, 0), "almost"
    s = d.softmax(x * spread(a, (n,)))
    yield "attention row", d.grad(d.dot(s, v), a), d.dot(s, x * v) - d.dot(s, x) * d.dot(s, v), True
    yield "attention row, wrong", d.grad(d.dot(s, v), a), d.dot(s, x * v) - d.dot(s, v), False
    S = d.softmax(A)
    out = d.dot(S @ v, y)
    grad = S * (d.outer(y, v) - contract("i,j->ij", y * (S @ v), 1 + 0 * v))
    yield "attention scores", d.grad(out, A), grad, True
    yield (
        "attention scores, wrong",
        d.grad(out, A),
        S * (d.outer(y, v) - contract("i,j->ij", S @ v, y)),
        False,
    )
    yield "quadratic form", d.grad(d.dot(x, A @ x), x), A @ x + A.T @ x, True
    yield "quadratic form, symmetric?", d.grad(d.dot(x, A @ x), x), 2 * A @ x, False
    yield "Frobenius", d.grad(d.trace(A.T @ A), A), 2 * A, True
    yield "trace of a square", d.grad(d.trace(A @ A), A), 2 * A.T, True
    yield "trace of a square, untransposed", d.grad(d.trace(A @ A), A), 2 * A, False
    gate = sigmoid(W @ x)
    gated = d.dot(gate, u)
    yield "gate", d.grad(gated, x), W.T @ (gate * (1 - gate) * u), True
    yield "gate, outside", d.grad(gated, x), W.T @ (gate * u), False
    rbf = exp(-half * d.dot(x - v, x - v))
    yield "RBF kernel", d.grad(rbf, x), rbf * (v - x), True
    yield "RBF kernel, sign", d.grad(rbf, x), rbf * (x - v), False
    likely = half * log(eps) + half * d.dot(x - v, x - v) / eps
    yield (
        "Gaussian, variance",
        d.grad(likely, eps),
        half / eps - half * d.dot(x - v, x - v) / (eps * eps),
        True,
    )
    yield (
        "Gaussian, wrong",
        d.grad(likely, eps),
        half / eps + half * d.dot(x - v, x - v) / (eps * eps),
        False,
    )


CASES = [
    *softmax_cases(), *logistic_cases(), *scalar_cases(), *norm_cases(), *normalisation_cases(),
    *network_cases(),
]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_gradient(left, right, expected):
    assert left.axes == right.axes
    proof = prove(left, right, FACTS)
    if expected is False:
        assert proof is None
    else:
        assert isinstance(proof, Proof)
        assert (proof.almost_everywhere is not None) == (expected == "almost")
