# ruff: noqa: E501  (a formula is one line)
"""Expressions of real networks, and the formula that a careful author would write for each."""

from __future__ import annotations

from fractions import Fraction

from derive.kernel.build import (
    contract,
    diag,
    dot,
    lift,
    outer,
    total,
    trace,
    transpose,
)  # fmt: skip
from derive.kernel.calculus import grad, hessian, jacobian
from derive.kernel.expr import Delta, Ones, Var
from derive.kernel.sizes import sizes
from derive.operators.composites import (
    binary_cross_entropy,
    cosine,
    count,
    cross_entropy,
    half_squared_norm,
    mean,
    norm,
    squared_norm,
)  # fmt: skip
from derive.operators.pointwise import (
    absolute,
    elu,
    exp,
    generic,
    gt,
    log,
    max2,
    power,
    prelu,
    reciprocal,
    relu,
    sigmoid,
    sqrt,
    square,
    tanh,
    where,
)  # fmt: skip
from derive.operators.primitives import log_softmax, logsumexp, softmax

n, m, p, c, d = sizes("n m p c d")


def bold(base: str, *axes) -> Var:
    letter, _, rest = base.partition("_")
    return Var(rf"\mathbf{{{letter}}}" + (f"_{rest}" if rest else ""), axes)


A, B, X, S = (bold(letter, n, n) for letter in "ABXS")
W, V, R = bold("W", m, n), bold("V", m, n), bold("R", n, p)
x, y, u, w = (bold(letter, n) for letter in "xyuw")
v, t = bold("v", m), bold("t", m)
a, b, y0, alpha, beta, lam = (Var(s, ()) for s in ("a", "b", "y", r"\alpha", r"\beta", r"\lambda"))
f, g = generic("f"), generic("g")
count_m = count(Var("q", (m,)))

ROWS = [
    # products
    (W @ x, r"\mathbf{W} \mathbf{x}"),
    ((A @ B) @ x, r"\mathbf{A} \mathbf{B} \mathbf{x}"),
    (A.T @ (B.T @ u), r"\mathbf{A}^\top \mathbf{B}^\top \mathbf{u}"),
    (dot(u, A @ x), r"\mathbf{u}^\top \mathbf{A} \mathbf{x}"),
    (dot(A.T @ u, x), r"\mathbf{u}^\top \mathbf{A} \mathbf{x}"),
    (dot(W @ x, v), r"\mathbf{v}^\top \mathbf{W} \mathbf{x}"),
    (outer(v, x), r"\mathbf{v} \mathbf{x}^\top"),
    (outer(W @ x, y), r"\mathbf{W} \mathbf{x} \mathbf{y}^\top"),
    (outer(A.T @ x, y), r"\mathbf{A}^\top \mathbf{x} \mathbf{y}^\top"),
    (A @ B.T, r"\mathbf{A} \mathbf{B}^\top"),
    ((A @ B) @ (A @ B).T, r"\mathbf{A} \mathbf{B} \mathbf{B}^\top \mathbf{A}^\top"),
    (transpose(A @ B), r"\mathbf{B}^\top \mathbf{A}^\top"),
    (dot(u, x), r"\mathbf{u}^\top \mathbf{x}"),
    (dot(x, x), r"\lVert \mathbf{x} \rVert_2^2"),
    (dot(A @ x, A @ x), r"\lVert \mathbf{A} \mathbf{x} \rVert_2^2"),
    (dot(A, A), r"\lVert \mathbf{A} \rVert_F^2"),
    (dot(A, B), r"\operatorname{tr}(\mathbf{A}^\top \mathbf{B})"),
    (trace(A), r"\operatorname{tr}(\mathbf{A})"),
    (trace(A @ B), r"\operatorname{tr}(\mathbf{A} \mathbf{B})"),
    (trace(A.T @ X @ B), r"\operatorname{tr}(\mathbf{A}^\top \mathbf{X} \mathbf{B})"),
    (trace(A @ B @ X), r"\operatorname{tr}(\mathbf{A} \mathbf{B} \mathbf{X})"),
    (trace(outer(x, y) @ A), r"\mathbf{y}^\top \mathbf{A} \mathbf{x}"),
    (contract("ii->i", A), r"\operatorname{diag}(\mathbf{A})"),
    # entry by entry
    (x * y, r"\mathbf{x} \odot \mathbf{y}"),
    (x * (A @ y), r"\mathbf{x} \odot (\mathbf{A} \mathbf{y})"),
    (u * (W.T @ v), r"\mathbf{u} \odot (\mathbf{W}^\top \mathbf{v})"),
    (A * B.T, r"\mathbf{A} \odot \mathbf{B}^\top"),
    (W.T @ (t * v), r"\mathbf{W}^\top (\mathbf{t} \odot \mathbf{v})"),
    (outer(u * (W.T @ v), y), r"(\mathbf{u} \odot (\mathbf{W}^\top \mathbf{v})) \mathbf{y}^\top"),
    (contract("i,ij->ij", x, A), r"\operatorname{diag}(\mathbf{x}) \mathbf{A}"),
    (contract("ij,j,jk->ik", A, x, B), r"\mathbf{A} \operatorname{diag}(\mathbf{x}) \mathbf{B}"),
    (diag(x), r"\operatorname{diag}(\mathbf{x})"),
    (diag(x) @ y, r"\mathbf{x} \odot \mathbf{y}"),
    (contract("ij,ij->i", A, B), r"(\mathbf{A} \odot \mathbf{B}) \mathbf{1}"),
    (
        contract("i,ij,ij,j->", x, A, B, y),
        r"\mathbf{x}^\top (\mathbf{A} \odot \mathbf{B}) \mathbf{y}",
    ),
    (square(x), r"\mathbf{x} \odot \mathbf{x}"),
    (x * x * x, r"\mathbf{x} \odot \mathbf{x} \odot \mathbf{x}"),
    (x / y, r"\frac{\mathbf{x}}{\mathbf{y}}"),
    (reciprocal(x), r"\frac{1}{\mathbf{x}}"),
    (A / B, r"\frac{\mathbf{A}}{\mathbf{B}}"),
    (sqrt(x), r"\sqrt{\mathbf{x}}"),
    (power(-2)(x) * y, r"\frac{\mathbf{y}}{\mathbf{x} \odot \mathbf{x}}"),
    # ones and sizes
    (total(x), r"\mathbf{1}^\top \mathbf{x}"),
    (total(A), r"\mathbf{1}^\top \mathbf{A} \mathbf{1}"),
    (contract("ij->i", A), r"\mathbf{A} \mathbf{1}"),
    (contract("ij->j", A), r"\mathbf{A}^\top \mathbf{1}"),
    (outer(x, Ones(m)), r"\mathbf{x} \mathbf{1}^\top"),
    (1 - x, r"1 - \mathbf{x}"),
    (lift(1) + 0 * x, r"\mathbf{1}"),
    (mean(x), r"\frac{1}{n} \mathbf{1}^\top \mathbf{x}"),
    ((1 / count_m) * v, r"\frac{1}{m} \mathbf{v}"),
    (Delta(n) + A, r"\mathbf{I} + \mathbf{A}"),
    (power(Fraction(-1, 2))(count_m) * v, r"\frac{1}{\sqrt{m}} \mathbf{v}"),
    # scalars
    (-x, r"-\mathbf{x}"),
    (Fraction(1, 2) * x, r"\frac{1}{2} \mathbf{x}"),
    (Fraction(-3, 2) * (x - y), r"-\frac{3}{2} (\mathbf{x} - \mathbf{y})"),
    (a * (x - y), r"a(\mathbf{x} - \mathbf{y})"),
    (a / b * x, r"\frac{a}{b} \mathbf{x}"),
    ((a - b) * (a + b), r"(a - b) (a + b)"),
    (dot(u, x) * y, r"(\mathbf{u}^\top \mathbf{x}) \mathbf{y}"),
    (dot(u, x) * dot(x, y), r"(\mathbf{u}^\top \mathbf{x}) (\mathbf{x}^\top \mathbf{y})"),
    (a * a * x, r"a^2 \mathbf{x}"),
    (y - a * x, r"\mathbf{y} - a \mathbf{x}"),
    (-x + y, r"\mathbf{y} - \mathbf{x}"),
    (-x - y, r"-\mathbf{x} - \mathbf{y}"),
    (x - (y - u), r"\mathbf{x} - (\mathbf{y} - \mathbf{u})"),
    (x - (y + u), r"\mathbf{x} - (\mathbf{y} + \mathbf{u})"),
    (norm(x), r"\lVert \mathbf{x} \rVert_2"),
    (x / norm(x), r"\frac{\mathbf{x}}{\lVert \mathbf{x} \rVert_2}"),
    (power(3)(norm(x)), r"\lVert \mathbf{x} \rVert_2^3"),
    (
        cosine(x, y),
        r"\frac{\mathbf{x}^\top \mathbf{y}}{\lVert \mathbf{x} \rVert_2 \, \lVert \mathbf{y} \rVert_2}",
    ),
    (half_squared_norm(x - y), r"\frac{1}{2} \lVert \mathbf{x} - \mathbf{y} \rVert_2^2"),
    (lam * squared_norm(W), r"\lambda \lVert \mathbf{W} \rVert_F^2"),
    # functions
    (sigmoid(x) * (1 - sigmoid(x)), r"\sigma(\mathbf{x}) \odot (1 - \sigma(\mathbf{x}))"),
    (gt(x, 0) * y, r"\mathbb{I}(\mathbf{x} > 0) \odot \mathbf{y}"),
    (max2(alpha * x, x), r"\max(\alpha \mathbf{x}, \mathbf{x})"),
    (prelu(x, alpha), r"\operatorname{PReLU}_\alpha(\mathbf{x})"),
    (elu(x, alpha), r"\operatorname{ELU}_\alpha(\mathbf{x})"),
    (
        where(gt(x, 0), x, alpha * x),
        r"\begin{cases} \mathbf{x} & \text{if } \mathbf{x} > 0 \\ \alpha \mathbf{x} & \text{otherwise} \end{cases}",
    ),
    (absolute(x), r"\lvert \mathbf{x} \rvert"),
    (exp(-square(a)), r"\exp(-a^2)"),
    (log(1 - a), r"\log(1 - a)"),
    (f(W @ x), r"f(\mathbf{W} \mathbf{x})"),
    (grad(total(g(f(x))), x), r"f'(\mathbf{x}) \odot g'(f(\mathbf{x}))"),
    (softmax(A @ x), r"\operatorname{softmax}(\mathbf{A} \mathbf{x})"),
    (logsumexp(x), r"\operatorname{LSE}(\mathbf{x})"),
    (grad(logsumexp(x), x), r"\operatorname{softmax}(\mathbf{x})"),
    # gradients
    (grad(dot(x, A @ x), x), r"\mathbf{A} \mathbf{x} + \mathbf{A}^\top \mathbf{x}"),
    (grad(trace(A.T @ X @ B), X), r"\mathbf{A} \mathbf{B}^\top"),
    (
        grad(half_squared_norm(W @ x - v), W),
        r"(\mathbf{W} \mathbf{x} - \mathbf{v}) \mathbf{x}^\top",
    ),
    (
        grad(half_squared_norm(W @ x - v), x),
        r"\mathbf{W}^\top (\mathbf{W} \mathbf{x} - \mathbf{v})",
    ),
    (grad(norm(x), x), r"\frac{\mathbf{x}}{\lVert \mathbf{x} \rVert_2}"),
    (
        grad(binary_cross_entropy(y, sigmoid(x)), x),
        r"\sigma(\mathbf{x}) \odot (1 - \sigma(\mathbf{x})) \odot \left( \frac{1 - \mathbf{y}}{1 - \sigma(\mathbf{x})} - \frac{\mathbf{y}}{\sigma(\mathbf{x})} \right)",
    ),
    (jacobian(W @ x, x), r"\mathbf{W}^\top"),
    (
        jacobian(relu(W @ x), x),
        r"\mathbf{W}^\top \operatorname{diag}(\mathbb{I}(\mathbf{W} \mathbf{x} > 0))",
    ),
    (
        grad(dot(relu(W @ x), v), W),
        r"(\mathbb{I}(\mathbf{W} \mathbf{x} > 0) \odot \mathbf{v}) \mathbf{x}^\top",
    ),
    (grad(dot(prelu(x, alpha), y), alpha), r"\mathbf{y}^\top \min(\mathbf{x}, 0)"),
    # index notation
    (
        contract("ij,jkl,k->il", A, Var("T", (n, m, p)), v),
        r"\left[ \sum_{k=1}^{n} \mathbf{A}_{ik} \sum_{l=1}^{m} T_{klj} \mathbf{v}_l \right]_{ij}",
    ),
    (
        contract("ij,jk,ik,i->", A, B, X, x),
        r"\operatorname{tr}(\mathbf{X}^\top \operatorname{diag}(\mathbf{x}) \mathbf{A} \mathbf{B})",
    ),
    (jacobian(W @ x, W), r"[\mathbf{x}_j \mathbf{I}_{ki}]_{ijk}"),
]

TIDIED = [
    # tidy
    (hessian(dot(x, A @ x), x), r"\mathbf{A} + \mathbf{A}^\top"),
    (
        hessian(norm(x), x),
        r"\frac{1}{\lVert \mathbf{x} \rVert_2} \left( \mathbf{I} - \frac{1}{\lVert \mathbf{x} \rVert_2^2} \mathbf{x} \mathbf{x}^\top \right)",
    ),
    (
        hessian(logsumexp(x), x),
        r"\operatorname{diag}(\operatorname{softmax}(\mathbf{x})) - \operatorname{softmax}(\mathbf{x}) \operatorname{softmax}(\mathbf{x})^\top",
    ),
    (hessian(half_squared_norm(W @ x - v), x), r"\mathbf{W}^\top \mathbf{W}"),
    (
        hessian(dot(x, x) * dot(x, x), x),
        r"4 \lVert \mathbf{x} \rVert_2^2 \mathbf{I} + 8 \mathbf{x} \mathbf{x}^\top",
    ),
    (
        grad(cosine(x, y), x),
        r"\frac{1}{\lVert \mathbf{x} \rVert_2 \, \lVert \mathbf{y} \rVert_2} \left( \mathbf{y} - \frac{\mathbf{x}^\top \mathbf{y}}{\lVert \mathbf{x} \rVert_2^2} \mathbf{x} \right)",
    ),
    (grad(binary_cross_entropy(y, sigmoid(x)), x), r"\sigma(\mathbf{x}) - \mathbf{y}"),
    (
        grad(cross_entropy(y, softmax(x)), x),
        r"(\mathbf{1}^\top \mathbf{y}) \operatorname{softmax}(\mathbf{x}) - \mathbf{y}",
    ),
    (
        grad(-dot(y, log_softmax(x)), x),
        r"(\mathbf{1}^\top \mathbf{y}) \operatorname{softmax}(\mathbf{x}) - \mathbf{y}",
    ),
    (grad(mean(square(x - y)), x), r"\frac{2}{n} (\mathbf{x} - \mathbf{y})"),
    (grad(lam * squared_norm(W), W), r"2 \lambda \mathbf{W}"),
    (
        grad(half_squared_norm(W @ x - v) + lam * squared_norm(x), x),
        r"2 \lambda \mathbf{x} + \mathbf{W}^\top (\mathbf{W} \mathbf{x} - \mathbf{v})",
    ),
    (
        grad(dot(tanh(W @ x), v), W),
        r"((1 - \tanh(\mathbf{W} \mathbf{x}) \odot \tanh(\mathbf{W} \mathbf{x})) \odot \mathbf{v}) \mathbf{x}^\top",
    ),
]
