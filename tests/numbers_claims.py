"""True and false claims about expressions, with the facts that they hold under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction as F

from derive.derivation.network import Domain
from derive.kernel.build import add, contract, diag, dot, lift, named, outer, spread, total, trace
from derive.kernel.expr import Delta, Expr, Ones, Var
from derive.kernel.sizes import sizes
from derive.operators import pointwise as f
from derive.operators.composites import (
    cosine,
    cross_entropy,
    half_squared_norm,
    mean,
    norm,
    norm1,
    norm_inf,
    squared_norm,
)
from derive.operators.primitives import (
    argmax,
    log_softmax,
    logsumexp,
    maximum,
    minimum,
    one_hot,
    softmax,
)

N, M, P = sizes("n m p")
x, y, u = Var("x", (N,)), Var("y", (N,)), Var("u", (M,))
A, B, C = Var("A", (N, N)), Var("B", (N, N)), Var("C", (N, N))
W, V = Var("W", (M, N)), Var("V", (P, M))
X = Var("x^{(#1)}", (M, N), ("i",))
s, t, alpha, eps = Var("s", ()), Var("t", ()), Var(r"\alpha", ()), Var(r"\epsilon", ())
label = Var("k", ())
target = Var("q", (N,))
z = named("z", W @ x)
a = named("a", f.relu(z))
POSITIVE, UNIT = Domain(low=F(0)), Domain(F(0), F(1))
ONE_HOT = Domain(values=(F(0), F(1)), normalised=True)
LAW = Domain(normalised=True)


@dataclass(frozen=True)
class Claim:
    """``left relation right``; ``boundary`` if it fails only where something is 0 or tied,
    ``hairline`` if it fails by less than floats tell."""

    left: Expr
    right: Expr
    relation: str = "="
    facts: Mapping[Expr, Domain] = field(default_factory=dict)
    boundary: bool = False
    hairline: bool = False


def ones(node: Expr) -> Expr:
    return spread(lift(1), node.axes)


def indices(node: Expr) -> Expr:
    """The number of entries of a vector."""
    return dot(Ones(node.axes[0]), Ones(node.axes[0]))


identity = Delta(N)
_cube = A @ A @ A
_two = half_squared_norm(a - u)
FALSE = {
    "a transpose is missing": Claim(A @ x, A.T @ x),
    "a transpose is missing in a product": Claim(A @ B, A.T @ B),
    "the gradient of a quadratic form": Claim((A + A.T) @ x, 2 * (A @ x)),
    "matrices commute": Claim(A @ B, B @ A),
    "the Gram matrix of the rows": Claim(A @ A.T, A.T @ A),
    "the order of an outer product": Claim(outer(x, y), outer(y, x)),
    "a Hadamard product for a matrix product": Claim(A @ B, A * B),
    "the trace of a product": Claim(trace(A @ B), trace(A) * trace(B)),
    "a transposed product": Claim((A @ B).T, A.T @ B.T),
    "a cyclic trace, the wrong way": Claim(trace(A @ B @ C), trace(A @ C @ B)),
    "Cayley-Hamilton for two": Claim(
        A @ A - trace(A) * A, -F(1, 2) * (trace(A) * trace(A) - trace(A @ A)) * identity
    ),
    "a factor 2 is missing": Claim(squared_norm(x), F(1, 2) * dot(x, x)),
    "a sign": Claim(x - y, y - x),
    "a sum for a mean": Claim(mean(x), total(x)),
    "one over n squared": Claim(mean(x), total(x) / (indices(x) * indices(x))),
    "the slope of tanh": Claim(1 - f.tanh(x) * f.tanh(x), 1 + f.tanh(x) * f.tanh(x)),
    "tanh is the sigmoid": Claim(f.tanh(x), f.sigmoid(x)),
    "tanh from the sigmoid": Claim(f.tanh(x), 2 * f.sigmoid(x) - 1),
    "the slope of the sigmoid": Claim(f.sigmoid(x) * (1 - f.sigmoid(x)), f.sigmoid(x)),
    "a softmax without its sum": Claim(softmax(x), f.exp(x)),
    "a softmax by its maximum": Claim(softmax(x), f.exp(x - spread(maximum(x), x.axes))),
    "a softmax of a scaled vector": Claim(softmax(2 * x), softmax(x)),
    "log-sum-exp is linear": Claim(logsumexp(x + y), logsumexp(x) + logsumexp(y)),
    "log of a sum": Claim(f.log(s + t), f.log(s) + f.log(t), facts={s: POSITIVE, t: POSITIVE}),
    "a root of a square": Claim(f.sqrt(s * s), s),
    "exp of a product": Claim(f.exp(s * t), f.exp(s) * f.exp(t)),
    "Bernoulli": Claim(f.power(3)(s + t), f.power(3)(s) + f.power(3)(t)),
    "the maximum as leaky relu": Claim(f.max2(alpha * x, x), f.prelu(x, alpha)),
    "elu as a maximum": Claim(
        f.max2(alpha * (f.exp(x) - 1), x), f.elu(x, alpha), facts={alpha: POSITIVE}
    ),
    "relu of minus x": Claim(f.relu(-x), -f.relu(x)),
    "relu is linear": Claim(f.relu(x + y), f.relu(x) + f.relu(y)),
    "the mask is missing": Claim(W.T @ (a - u), W.T @ (f.gt(z, 0) * (a - u))),
    "the mask of the wrong node": Claim(W.T @ (f.gt(u, 0) * (a - u)), W.T @ (f.gt(z, 0) * (a - u))),
    "the mask at the boundary": Claim(f.gt(x, 0), f.ge(x, 0), boundary=True),
    "the other side of a mask": Claim(f.gt(x, 0), 1 - f.lt(x, 0), boundary=True),
    "the sign by the step": Claim(f.sign(x), 2 * f.step(x) - 1, boundary=True),
    "relu's slope is the step": Claim(f.gt(x, 0) * y, f.step(x) * y, boundary=True),
    "ties of a maximum": Claim(
        argmax(x), f.eq(x, spread(maximum(x), x.axes)), boundary=True
    ),
    "the sup-norm below log-sum-exp": Claim(norm_inf(x), logsumexp(x), "<="),
    "the scaled log-sum-exp without its scale": Claim(
        logsumexp(t * f.absolute(x)) / t, norm_inf(x) + f.log(indices(x)), "<=", {t: POSITIVE}
    ),
    "norms in the wrong order": Claim(norm(x), norm1(x), ">="),
    "a strict inequality with equality": Claim(norm(x), norm1(x), "<"),
    "log-sum-exp above the maximum plus 1": Claim(logsumexp(x), maximum(x) + 1, "<="),
    "the sigmoid below one half": Claim(f.sigmoid(s), lift(F(1, 2)), "<="),
    "the triangle the wrong way": Claim(norm(x + y), norm(x) + norm(y), ">="),
    "a square is positive": Claim(s * s, lift(0), ">"),
    "never equal": Claim(s * s, 2 * s, "!="),
    "vectors never equal": Claim(x * x, x, "!="),
    "cross-entropy of logits": Claim(
        cross_entropy(target, softmax(x)), -dot(target, x), facts={target: LAW}
    ),
    "softmax minus the target": Claim(
        softmax(x) - target, target - softmax(x), facts={target: LAW}
    ),
    "one-hot labels are equal": Claim(target * x, x, facts={target: ONE_HOT}),
    "a class number": Claim(
        one_hot(3)(label), one_hot(3)(4 - label), facts={label: Domain(classes=3)}
    ),
    "a mean over samples": Claim(
        contract("ij->j", X), contract("ij,i->j", X, Ones(M)) / indices(u)
    ),
    "a batch of another sample": Claim(contract("ij,ij->i", X, X), contract("ij,kj->i", X, X)),
    "the derivative of a cosine": Claim(f.sin(s) * f.sin(s), 1 + f.cos(s) * f.cos(s)),
    "gelu is its tanh form": Claim(f.gelu(s), f.gelu_tanh(s)),
    "nearly one": Claim(s, s * F(10**8 + 1, 10**8), hairline=True),
    "very nearly one": Claim(f.exp(x), f.exp(x) * F(10**30 + 1, 10**30), hairline=True),
    "two squares": Claim(x * x + y * y, (x + y) * (x + y)),
    "the angle of a sum": Claim(f.tan(s + t), f.tan(s) + f.tan(t)),
    "a missing path": Claim(
        W.T @ (f.gt(z, 0) * (a - u)), W.T @ (f.gt(z, 0) * (a - u)) + x
    ),
    "under the root": Claim(f.sqrt(s + t), f.sqrt(s) + f.sqrt(t), facts={s: POSITIVE, t: POSITIVE}),
    "a small positive number left out": Claim(x / (norm(x) + spread(eps, ())), x / norm(x),
                                              facts={eps: Domain(F(0), F(1, 1000))}),
}  # fmt: skip
TRUE = {
    "a transposed product": Claim((A @ B).T, B.T @ A.T),
    "a cyclic trace": Claim(trace(A @ B @ C), trace(C @ A @ B)),
    "a trace of a product": Claim(trace(A.T @ B), dot(A, B)),
    "a quadratic form": Claim(dot(x, A @ x), dot(x, A.T @ x)),
    "an outer product applied": Claim(outer(x, y) @ x, dot(y, x) * x),
    "distributive": Claim(A @ (x + y), A @ x + A @ y),
    "diag is Hadamard": Claim(diag(x) @ y, x * y),
    "squares": Claim(squared_norm(x - y), squared_norm(x) - 2 * dot(x, y) + squared_norm(y)),
    "tanh by the sigmoid": Claim(f.tanh(x), 2 * f.sigmoid(2 * x) - 1),
    "the sigmoid is symmetric": Claim(f.sigmoid(-x), 1 - f.sigmoid(x)),
    "silu": Claim(f.silu(x), x * f.sigmoid(x)),
    "softplus": Claim(f.softplus(x) - f.softplus(-x), x),
    "log-sigmoid": Claim(f.log_sigmoid(x), -f.softplus(-x)),
    "softmax is shift-invariant": Claim(softmax(x + spread(s, (N,))), softmax(x)),
    "softmax sums to one": Claim(total(softmax(x)), lift(1)),
    "log-softmax": Claim(log_softmax(x), x - spread(logsumexp(x), (N,))),
    "log of softmax": Claim(f.log(softmax(x)), log_softmax(x)),
    "log-sum-exp shifts": Claim(logsumexp(x + spread(s, (N,))), logsumexp(x) + s),
    "relu and mask": Claim(f.relu(x), f.gt(x, 0) * x),
    "relu and mask at zero": Claim(f.relu(x), f.ge(x, 0) * x),
    "two relus": Claim(f.relu(x) - f.relu(-x), x),
    "the absolute value by relus": Claim(f.relu(x) + f.relu(-x), f.absolute(x)),
    "relu is homogeneous": Claim(f.relu(s * x), s * f.relu(x), facts={s: POSITIVE}),
    "leaky relu is a maximum": Claim(
        f.max2(alpha * x, x), f.prelu(x, alpha), facts={alpha: UNIT}
    ),
    "elu in cases": Claim(
        f.elu(x, alpha), f.where(f.gt(x, 0), x, alpha * (f.exp(x) - 1)), facts={alpha: POSITIVE}
    ),
    "a root of a square": Claim(f.sqrt(s * s), f.absolute(s)),
    "a root of a positive square": Claim(f.sqrt(s * s), s, facts={s: POSITIVE}),
    "a log of a product": Claim(
        f.log(s * t), f.log(s) + f.log(t), facts={s: POSITIVE, t: POSITIVE}
    ),
    "a log of a product where it is defined": Claim(
        f.log(s) + f.log(t), f.log(s * t)
    ),
    "exp of log": Claim(f.exp(f.log(s)), s),
    "a power of powers": Claim(f.raised(s, t) * f.raised(s, t), f.raised(s, 2 * t)),
    "the indicator is its square": Claim(f.gt(x, y) * f.gt(x, y), f.gt(x, y)),
    "two sides of a mask": Claim(f.gt(x, 0), 1 - f.le(x, 0)),
    "the maximum as a sum": Claim(f.max2(x, y) + f.min2(x, y), x + y),
    "the maximum is attained": Claim(dot(argmax(x), x), maximum(x)),
    "the minimum": Claim(minimum(x), -maximum(-x)),
    "one-hot targets": Claim(
        cross_entropy(target, softmax(x)), logsumexp(x) - dot(target, x), facts={target: LAW}
    ),
    "a one-hot label selects": Claim(
        f.exp(dot(target, x)), dot(target, f.exp(x)), facts={target: ONE_HOT}
    ),
    "one-hot squares": Claim(target * target, target, facts={target: ONE_HOT}),
    "labels sum to one": Claim(total(one_hot(4)(label)), lift(1), facts={label: Domain(classes=4)}),
    "sine and cosine": Claim(f.sin(x) * f.sin(x) + f.cos(x) * f.cos(x), ones(x)),
    "hyperbolic": Claim(f.cosh(x) * f.cosh(x) - f.sinh(x) * f.sinh(x), ones(x)),
    "gelu": Claim(f.gelu(x), F(1, 2) * x * (1 + f.erf(x / f.sqrt(lift(2))))),
    "the mean": Claim(mean(x), total(x) / indices(x)),
    "the chain of a relu layer": Claim(
        W.T @ (f.gt(z, 0) * (a - u)), contract("ji,j,j->i", W, f.gt(z, 0), a - u)
    ),
    "the maximum below log-sum-exp": Claim(maximum(x), logsumexp(x), "<="),
    "log-sum-exp below": Claim(logsumexp(x), maximum(x) + f.log(indices(x)), "<="),
    "the sup-norm below log-sum-exp of the absolute values": Claim(
        norm_inf(x), logsumexp(f.absolute(x)), "<="
    ),
    "the scaled log-sum-exp": Claim(
        logsumexp(t * f.absolute(x)) / t, norm_inf(x) + f.log(indices(x)) / t, "<=", {t: POSITIVE}
    ),
    "norms in order": Claim(norm(x), norm1(x), "<="),
    "the triangle": Claim(norm(x + y), norm(x) + norm(y), "<="),
    "Cauchy and Schwarz": Claim(dot(x, y), norm(x) * norm(y), "<="),
    "the cosine is at most 1": Claim(cosine(x, y), lift(1), "<="),
    "squares are not negative": Claim(s * s, lift(0), ">="),
    "the sigmoid is below 1": Claim(f.sigmoid(s), lift(1), "<"),
    "exp above its tangent": Claim(f.exp(s), 1 + s, ">="),
    "a number is not its successor": Claim(s, s + 1, "!="),
    "the root of two is irrational": Claim(s * s, lift(2), "!="),
    "the slope of the sigmoid is at most a quarter": Claim(
        f.sigmoid(s) * (1 - f.sigmoid(s)), lift(F(1, 4)), "<="
    ),
    "the rest of a distribution": Claim(
        add(target, -target) + target * total(target), target, facts={target: LAW}
    ),
}  # fmt: skip
