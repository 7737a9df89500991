"""Composite operators: ordinary Python over the vocabulary, so none of them can be unsound.

The idea: everything above the kernel is a definition.  A row says how the word is written; the
gradient follows from the definition.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from derive.kernel.build import OPERATORS, contracted, dot, hadamard, lift, mapped, total
from derive.kernel.expr import Expr, ShapeError, shape_text
from derive.kernel.sizes import product as count_of
from derive.operators.pointwise import (
    absolute,
    le,
    log,
    power,
    raised,
    reciprocal,
    relu,
    sqrt,
    where,
)  # fmt: skip
from derive.operators.primitives import log_softmax, maximum
from derive.operators.row import COMPOSITES, Row


def define(latex: str, **known: Any) -> Callable[[Callable[..., Expr]], Callable[..., Expr]]:
    """A row for an operator that is a definition in other words."""

    def row(make: Callable[..., Expr]) -> Callable[..., Expr]:
        COMPOSITES[make.__name__] = Row(make.__name__, make, latex, **known)
        return make

    return row


@define(r"\left\| #1 \right\|_2^2")
def squared_norm(u: Expr) -> Expr:
    """The sum of the squares of all entries (the squared Frobenius norm of a matrix)."""
    return dot(u, u)


@define(r"\frac{1}{2}\left\| #1 \right\|_2^2")
def half_squared_norm(u: Expr) -> Expr:
    """Half the sum of squares; its gradient is u."""
    return Fraction(1, 2) * dot(u, u)


@define(r"\left\| #1 \right\|_2")
def norm(u: Expr) -> Expr:
    """The Euclidean norm; differentiable where it is not 0."""
    return sqrt(dot(u, u))


@define(r"\left\| #1 \right\|_1")
def norm1(u: Expr) -> Expr:
    """The sum of the absolute values of all entries."""
    return total(absolute(u))


@define(r"\left\| #1 \right\|_\infty")
def norm_inf(u: Expr) -> Expr:
    """The largest absolute entry of a vector; of a matrix the largest absolute row sum.

    The gradient is sign(w) in the row of the largest sum, the first one at a tie, with sign(0) = 0:
    a subgradient everywhere, the gradient where that row is unique and has no 0.
    """
    if len(u.axes) == 2:
        return maximum(contracted((absolute(u),), ((0, 1),), (0,)))
    return maximum(absolute(u))


@define(r"\cos\langle #1, #2 \rangle", words=("cos_sim", "cossim", "CosSim"), arity=2)
def cosine(u: Expr, v: Expr) -> Expr:
    """The cosine of the angle between two non-zero vectors."""
    return dot(u, v) / (norm(u) * norm(v))


@define(r"\mathrm{mean}", words=("mean",))
def mean(u: Expr) -> Expr:
    """The mean of all entries."""
    return total(u) / count(u)


@define(r"\left\| #1 \right\|_{\max}")
def norm_max(u: Expr) -> Expr:
    """The largest absolute entry (Chebyshev); the gradient goes to the first of equal ones."""
    found = absolute(u)
    while found.axes:
        found = maximum(found)
    return found


def count(u: Expr) -> Expr:
    """The number of entries, as a scalar expression."""
    k = count_of(u.axes)
    return lift(k) if isinstance(k, int) else total(hadamard(lift(1), _ones(u)))


def _ones(u: Expr) -> Expr:
    return lift(1) + 0 * u


@define(r"\mathrm{MSE}", words=("MSE",), arity=2)
def mse(u: Expr, v: Expr) -> Expr:
    """The mean of the squared differences."""
    return mean(power(2)(u - v))


@define(r"\mathrm{CE}", words=("CE", "CrossEntropy", "crossentropy", "XE"), arity=2)
def cross_entropy(y: Expr, p: Expr) -> Expr:
    """Minus the sum of y log p, for a target distribution y and a predicted one p."""
    return -dot(y, log(p))


@define(r"\mathrm{BCE}", words=("BCE",), arity=2)
def binary_cross_entropy(y: Expr, p: Expr) -> Expr:
    """-(y log p + (1 - y) log(1 - p)), summed over the entries."""
    return -total(y * log(p) + (1 - y) * log(1 - p))


def softmax_cross_entropy(y: Expr, logits: Expr) -> Expr:
    """Cross-entropy of a target distribution and softmax(logits), computed stably."""
    return -dot(y, log_softmax(logits))


@define(r"\mathrm{hinge}", words=("hinge",), arity=2)
def hinge(y: Expr, score: Expr) -> Expr:
    """max(0, 1 - y s), summed; y is +1 or -1 (Rosasco et al., 2004)."""
    return total(relu(1 - y * score))


@define(r"\mathrm{Huber}", words=("Huber", "huber"))
def huber(u: Expr, delta: object = 1) -> Expr:
    """u²/2 where |u| <= δ, else δ(|u| - δ/2), summed (Huber, 1964, eq. 2.4)."""
    d = lift(delta)
    if d.axes:
        raise ShapeError(f"the threshold of huber is a scalar, not {shape_text(d.axes)}")
    inside = Fraction(1, 2) * power(2)(u)
    outside = d * absolute(u) - hadamard(Fraction(1, 2) * power(2)(d), _ones(u))
    return total(where(le(absolute(u), d), inside, outside))


def _divided(a: object, b: object) -> Expr:
    return hadamard(lift(a), reciprocal(lift(b)))


def _raised(a: object, b: object) -> Expr:
    if isinstance(b, Expr):
        return mapped(raised, a, b)
    value = lift(b).value  # type: ignore[attr-defined]
    return power(Fraction(value))(lift(a))


# Division and powers need functions, so their operators are attached on this floor.
OPERATORS |= {
    "__truediv__": _divided,
    "__rtruediv__": lambda a, b: _divided(b, a),
    "__pow__": _raised,
}
for _method in ("__truediv__", "__rtruediv__", "__pow__"):
    setattr(Expr, _method, OPERATORS[_method])
