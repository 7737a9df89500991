r"""Normalisation: by the mean and variance of a sample's units, or of a unit over the batch.

The idea: three operators have a rule of their own, in the closed form that papers print: along the
last axis with and without the mean, and along the first.  Each is tested, and proved, against its
definition; layers with a gain and a bias are definitions in their words.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from derive.kernel.build import ZERO, hadamard, lift, named
from derive.kernel.contraction import contracted, span
from derive.kernel.expr import Axes, Call, Expr, Num, Ones, Operator, ShapeError, shape_text
from derive.kernel.sizes import Axis
from derive.operators.composites import define
from derive.operators.pointwise import exp, np, power, reciprocal, sqrt
from derive.operators.primitives import Pull, primitive

# ------------------------------------------------------------------------------ along an axis


def number_of(n: Axis) -> Expr:
    """A size as a scalar expression: the sum of so many ones."""
    return lift(n) if isinstance(n, int) else contracted((Ones(n),), ((0,),), ())


def per(n: Axis) -> Expr:
    return Num(Fraction(1, n)) if isinstance(n, int) else reciprocal(number_of(n))


def _mean(x: Expr, axis: int = -1) -> Expr:
    """The mean along one axis."""
    own = span(len(x.axes))
    k = own[axis]
    return contracted((per(x.axes[axis]), x), ((), own), tuple(i for i in own if i != k))


def _times(u: Expr, x: Expr, axis: int = -1) -> Expr:
    """x times what is the same along one of its axes."""
    own = span(len(x.axes))
    k = own[axis]
    return contracted((u, x), (tuple(i for i in own if i != k), own), own)


def along(u: Expr, n: Axis, axis: int = -1) -> Expr:
    """The same value at each of n places along a new axis."""
    own = span(len(u.axes) + 1)
    k = own[axis]
    return contracted((u, Ones(n)), (tuple(i for i in own if i != k), (k,)), own)


def centred(x: Expr, axis: int = -1) -> Expr:
    """x minus its mean along one axis."""
    return x - along(_mean(x, axis), x.axes[axis], axis)


def vector(x: Axes) -> Axes:
    if not x:
        raise ShapeError("an operator along an axis needs a vector, not a scalar")
    return x


def _and_number(x: Axes, eps: Axes) -> Axes:
    if eps:
        raise ShapeError(f"what is added to a variance is a number, not {shape_text(eps)}")
    return vector(x)


class Spots(NamedTuple):
    """Index numbers of a pull: the cotangent's own axes, those of the argument, and of these the
    ones that come along and the one that the operator acts on."""

    lead: tuple[int, ...]
    own: tuple[int, ...]
    rows: tuple[int, ...]
    k: int


def spots(axes: Axes, extra: int, axis: int) -> Spots:
    own = tuple(range(extra, extra + len(axes)))
    return Spots(span(extra), own, tuple(i for i in own if i != own[axis]), own[axis])


def standardized_share(
    node: Expr, cotangent: Expr, deviation: Expr, axis: int, centre: bool
) -> Expr:
    r"""(1/s) (\delta - mean(\delta) - \hat x mean(\delta \odot \hat x)): what x gets.

    ``node`` is \hat x, ``deviation`` 1/s; without ``centre`` there is no mean of \delta.
    """
    at = spots(node.axes, len(cotangent.axes) - len(node.axes), axis)
    every, rows = (*at.lead, *at.own), (*at.lead, *at.rows)
    n = node.axes[axis]
    moved = cotangent
    if centre:
        mean = contracted((per(n), cotangent), ((), every), rows)
        moved = moved - contracted((mean, Ones(n)), (rows, (at.k,)), every)
    inner = contracted((per(n), cotangent, node), ((), every, at.own), rows)
    moved = moved - contracted((inner, node), (rows, at.own), every)
    return contracted((deviation, moved), (at.rows, every), every)


def _standardized(kind: str, axis: int, scale: Callable[[Expr], Expr], centre: bool,
                  spelling: str, over: str, known: str) -> tuple[Operator, Operator]:  # fmt: skip
    r"""The rows of \hat x = (x - mean) / s along an axis, and of what s^2 - eps is: ``scale``."""

    def spread_pull(node: Call, cotangent: Expr, extra: int) -> Pull:
        """d Var / dx_k = 2 (x_k - mean) / n: the mean moves too, but its share sums to 0."""
        (x,) = node.args
        at = spots(x.axes, extra, axis)
        u = centred(x, axis) if centre else x
        parts = (lift(2), per(x.axes[axis]), u, cotangent)
        where = ((), (), at.own, (*at.lead, *at.rows))
        yield x, contracted(parts, where, (*at.lead, *at.own)), "variance"

    def pull(node: Call, cotangent: Expr, extra: int) -> Pull:
        x, eps = node.args
        deviation = reciprocal(sqrt(spread(x) + eps))
        yield x, standardized_share(node, cotangent, deviation, axis, centre), "standardised"
        if not isinstance(eps, Num):
            at = spots(node.axes, extra, axis)
            every = (*at.lead, *at.own)
            parts = (Num(Fraction(-1, 2)), reciprocal(spread(x) + eps), cotangent, node)
            yield eps, contracted(parts, ((), at.rows, every, at.own), at.lead), "standardised"

    def value(x, eps):
        u = x - x.mean(axis=axis, keepdims=True) if centre else x
        return u / np.sqrt((u**2).mean(axis=axis, keepdims=True) + eps)

    def spread_value(x):
        u = x - x.mean(axis=axis, keepdims=True) if centre else x
        return (u**2).mean(axis=axis)

    def body(x: Expr, eps: Expr) -> Expr:
        u = centred(x, axis) if centre else x
        return _times(power(Fraction(-1, 2))(scale(x) + eps), u, axis)

    middle = f"{{0}} - {{0}}.mean(axis={axis}, keepdims=True)" if centre else "{0}"
    spread = primitive(
        known, lambda x: tuple(n for k, n in enumerate(vector(x)) if k != axis % len(x)),
        spread_value, spread_pull, over, words=(over[len(r"\operatorname{") : -1],), body=scale,
        leading=axis == 0,
        code=f"(({middle}) ** 2).mean(axis={axis})",
    )  # fmt: skip
    made = primitive(
        kind, _and_number, value, pull, spelling, arity=2, implied=(0,), body=body,
        leading=axis == 0,
        rest=lambda x: (Num(Fraction(1, 10)),),
        code=f"standardized({{0}}, {{1}}, {axis}, {centre})",
    )  # fmt: skip
    return made, spread


def _variance(x: Expr, axis: int) -> Expr:
    return _mean(power(2)(centred(x, axis)), axis)


# Along the last axis the units of one sample, along the first the samples of a batch.
standardize, variance = _standardized(
    "standardize", -1, lambda x: _variance(x, -1), True,
    r"\mathrm{LN}", r"\operatorname{variance}", "variance",
)  # fmt: skip
batch_standardize, batch_variance = _standardized(
    "batch_standardize", 0, lambda x: _variance(x, 0), True,
    r"\mathrm{BN}", r"\operatorname{batchvariance}", "batch_variance",
)  # fmt: skip
rms_standardize, mean_square = _standardized(
    "rms_standardize", -1, lambda x: _mean(power(2)(x)), False,
    r"\mathrm{RMSNorm}", r"\operatorname{meansquare}", "mean_square",
)  # fmt: skip


def with_statistics(operator: str, x: Expr, eps: Expr = ZERO) -> Expr | None:
    """What is made of statistics, with the mean and what it divides by under names of their own."""
    axis = 0 if operator == "batch_standardize" else -1
    match operator:
        case "softmax":
            own = span(len(x.axes))
            whole = named(r"\sum_k e^{z_k}", contracted((exp(x),), (own,), own[:-1]))
            return _times(reciprocal(whole), exp(x))
        case "standardize" | "batch_standardize":
            spread = named(r"\sigma^2", _variance(x, axis))
            u = x - along(named(r"\mu", _mean(x, axis)), x.axes[axis], axis)
        case "rms_standardize":
            spread, u = named(r"\mathrm{MS}", _mean(power(2)(x))), x
        case _:
            return None
    return _times(power(Fraction(-1, 2))(spread + eps), u, axis)


# --------------------------------------------------------------------------- normalisation


def _affine(x: Expr, gamma: Expr | None, beta: Expr | None) -> Expr:
    """gamma ⊙ x + beta, for a gain and a bias of the last axes of x or of all entries alike."""
    if gamma is not None:
        x = hadamard(over(gamma, x, "gain"), x)
    return x if beta is None else x + over(beta, x, "bias")


def over(u: Expr, x: Expr, what: str) -> Expr:
    """A parameter of the last axes of x, repeated over the axes before them."""
    u = lift(u)
    lead = len(x.axes) - len(u.axes)
    if lead < 0 or x.axes[lead:] != u.axes:
        raise ShapeError(f"a {what} of {shape_text(u.axes)} does not fit {shape_text(x.axes)}")
    own = span(len(x.axes))
    ones = tuple(Ones(n) for n in x.axes[:lead])
    return contracted((u, *ones), (own[lead:], *((i,) for i in own[:lead])), own)


@define(r"\mathrm{LayerNorm}", words=("layer_norm",))
def layer_norm(
    x: Expr, gamma: Expr | None = None, beta: Expr | None = None, eps: object = 0
) -> Expr:
    r"""gamma ⊙ (x - mean) / sqrt(Var + eps) + beta along the last axis (of n units).

    x is n, or has axes before that (m×n: each row by itself); gamma and beta are n, or left out.
    Ba, Kiros & Hinton, Layer normalization, 2016, eq. 3 and 4.  ShapeError where they do not fit.
    """
    return _affine(standardize(x, lift(eps)), gamma, beta)


@define(r"\mathrm{RMSNorm}", words=("rms_norm",))
def rms_norm(x: Expr, gamma: Expr | None = None, eps: object = 0) -> Expr:
    r"""gamma ⊙ x / sqrt(mean of x² + eps) along the last axis (of n units); shapes as layer_norm.

    Zhang & Sennrich, Root mean square layer normalization, 2019, eq. 4.
    """
    return _affine(rms_standardize(x, lift(eps)), gamma, None)


@define(r"\mathrm{BatchNorm}", words=("batch_norm",))
def batch_norm(
    x: Expr, gamma: Expr | None = None, beta: Expr | None = None, eps: object = 0
) -> Expr:
    r"""In training: each unit over the batch, the first axis: m samples in x, an m or m×n array.

    gamma and beta are n (numbers for x of one axis), or left out.  Ioffe & Szegedy, Batch
    normalization, 2015, algorithm 1.  ShapeError where they do not fit.
    """
    return _affine(batch_standardize(x, lift(eps)), gamma, beta)


def batch_norm_test(
    x: Expr, mean: Expr, var: Expr, gamma: Expr | None = None, beta: Expr | None = None,
    eps: object = 0,
) -> Expr:  # fmt: skip
    r"""At test time: an affine map, by running averages mean and var of n units; x is n or m×n.

    Ioffe & Szegedy, Batch normalization, 2015, algorithm 2, line 11.

    >>> import derive as d
    >>> d.batch_norm_test(d.vector("x", 3), d.vector("m", 3), d.vector("v", 3))
    (x - m)/(sqrt(v))
    """
    size = power(Fraction(-1, 2))(var + lift(eps))
    return _affine((x - over(mean, x, "mean")) * over(size, x, "variance"), gamma, beta)


@define(r"\mathrm{EMA}", words=(), arity=3)
def running_average(old: Expr, new: Expr, rho: object) -> Expr:
    """rho old + (1 - rho) new: what batch norm keeps for test time, of any one shape."""
    return lift(rho) * old + (1 - lift(rho)) * new


@define(r"\mathrm{GroupNorm}", words=("group_norm",))
def group_norm(
    x: Expr, gamma: Expr | None = None, beta: Expr | None = None, eps: object = 0
) -> Expr:
    """Each group of units by itself: x is g×k (g groups of k), or has axes before these two.

    gamma and beta are g×k, or left out.  Wu & He, Group normalization, 2018, section 3.
    """
    return layer_norm(x, gamma, beta, eps)
