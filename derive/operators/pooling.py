r"""Pooling over windows, and images as vectors.

The idea: what a window sees is an array with axes of its own, and pooling is a maximum or a mean
over these; a batch and channels come along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache

from derive.kernel.build import contracted, lift
from derive.kernel.expr import Axes, Call, Expr, Ones, Operator, ShapeError, shape_text, vocabulary
from derive.kernel.sizes import Axis, output_size, product
from derive.operators.pointwise import reciprocal
from derive.operators.primitives import maximum
from derive.operators.windows import Option, each, geometry, window

__all__ = ["avg_pool1d", "avg_pool2d", "flatten", "global_avg_pool", "max_pool1d", "max_pool2d"]


def _seen(
    x: Expr, word: str, k: Option, stride: Option | None, padding: Option, dims: int
) -> tuple[Expr, list[Axis]]:
    """What every window sees, its own axes last, and the sizes of the window."""
    if len(x.axes) < dims:
        raise ShapeError(f"{word} needs an array with {dims} axes, not {shape_text(x.axes)}")
    sizes = each(word, "window", k, dims)
    moved = sizes if stride is None else stride
    how = geometry(word, x.axes[-dims:], tuple(sizes), moved, padding, 1)
    lead = tuple(range(100, 100 + len(x.axes) - dims))
    parts: list[Expr] = [x]
    spots: list[tuple[int, ...]] = [(*lead, *range(20, 20 + dims))]
    for r, one in enumerate(how):
        n = x.axes[r - dims]
        made = window(r, 10 + r, 20 + r, output_size(n, sizes[r], *one), sizes[r], n, one)
        parts += [p for p, _ in made]
        spots += [s for _, s in made]
    return contracted(parts, spots, (*lead, *range(dims), *range(10, 10 + dims))), sizes


def max_pool1d(x: Expr, k: int, stride: int | None = None) -> Expr:
    """The largest entry of each window of k along the last axis; the stride is k if left out.

    Of equal entries the first takes the gradient.  ShapeError where no window fits.  Goodfellow et
    al., Deep Learning, 2016, section 9.3.

    >>> import derive as d
    >>> x = d.vector("x", 4)
    >>> d.evaluate(max_pool1d(x, 2), {x: [1, 5, 2, 0]}).tolist()
    [5.0, 2.0]
    """
    return maximum(_seen(x, "max_pool1d", k, stride, 0, 1)[0])


def max_pool2d(x: Expr, k: Option, stride: Option | None = None) -> Expr:
    """The largest entry of each window of the last two axes; the stride is k if left out.

    Of equal entries the first in reading order takes the gradient.
    """
    return maximum(maximum(_seen(x, "max_pool2d", k, stride, 0, 2)[0]))


def avg_pool1d(x: Expr, k: int, stride: int | None = None, padding: int = 0) -> Expr:
    """The mean of each window of k along the last axis; the stride is k if left out.

    The zeros of the padding count as entries, as in PyTorch.

    >>> import derive as d
    >>> x = d.vector("x", 4)
    >>> d.evaluate(avg_pool1d(x, 2), {x: [1, 5, 2, 0]}).tolist()
    [3.0, 1.0]
    """
    return _mean_of(*_seen(x, "avg_pool1d", k, stride, padding, 1))


def avg_pool2d(x: Expr, k: Option, stride: Option | None = None, padding: Option = 0) -> Expr:
    """The mean of each window of the last two axes; the stride is k if left out."""
    return _mean_of(*_seen(x, "avg_pool2d", k, stride, padding, 2))


def global_avg_pool(x: Expr, dims: int = 2) -> Expr:
    """The mean over the last axes (two, for images): one number for each channel.

    Lin, Chen and Yan, Network in network, 2014, section 3.2.

    >>> import derive as d
    >>> global_avg_pool(d.tensor("x", 16, 7, 7)).axes
    (16,)
    """
    if not 0 < dims <= len(x.axes):
        raise ShapeError(f"global_avg_pool needs {dims} axes of space, not {shape_text(x.axes)}")
    return _mean_of(x, x.axes[-dims:])


def _mean_of(seen: Expr, over: Sequence[Axis]) -> Expr:
    """The mean over the last axes, which have these sizes."""
    own = tuple(range(len(seen.axes)))
    count = product(over)
    if isinstance(count, int):
        parts = [lift(Fraction(1, count))]
    else:
        parts = [reciprocal(contracted([Ones(n)], [(0,)], ())) for n in over]
    return contracted((*parts, seen), (*(() for _ in parts), own), own[: -len(over)])


# --------------------------------------------------------------------------------------- reshaping


# How documents spell these.
POOLS = frozenset(
    ["MaxPool", "maxpool", "Maxpool", "maxPool", "MaxPool1d", "MaxPool2d", "MaxPool1D",
     "MaxPool2D", "maxpool1d", "maxpool2d", "AvgPool", "avgpool", "AvgPool1d", "AvgPool2d",
     "AvgPool2D", "AveragePool", "avgpool1d", "avgpool2d", "MeanPool", "meanpool", "GAP",
     "GlobalAvgPool", "globalavgpool", "GlobalMaxPool", "unpool", "Unpool", "MaxUnpool"]
)  # fmt: skip
FLATTENED = frozenset(["unflatten", "flatten", "Flatten"])
RESHAPES = frozenset(["flatten", "unflatten"])


def flatten(x: Expr, start: int = 0) -> Expr:
    """The array as a vector, its last axis running fastest; axes before ``start`` stay.

    ``start=1`` keeps a batch.  The gradient is the cotangent in the shape of the array.

    >>> import derive as d
    >>> flatten(d.tensor("a", 16, 5, 5)).axes
    (400,)
    """
    rank = len(x.axes) - start
    if start < 0 or rank < 1:
        raise ShapeError(f"flatten from axis {start} needs more axes than {shape_text(x.axes)}")
    return x if rank == 1 else Call(flattening(rank), (x,))


@cache
def flattening(rank: int) -> Operator:
    """The operator that makes one axis of the last ``rank``."""

    def shape(axes: Axes) -> Axes:
        if len(axes) < rank:
            raise ShapeError(f"flatten needs {rank} axes, not {shape_text(axes)}")
        return (*axes[:-rank], product(axes[-rank:]))

    def value(x, rank):
        return x.reshape((*x.shape[: x.ndim - rank], -1))

    def pull(node: Call, cotangent: Expr, extra: int) -> Iterator[tuple[Expr, Expr, str]]:
        yield node.args[0], Call(unflattening(*node.args[0].axes[-rank:]), (cotangent,)), "reshapes"

    return Operator("flatten", (rank,), shape, value, pull, True)


@cache
def unflattening(*sizes: Axis) -> Operator:
    """The operator that makes these axes of the last one."""

    def shape(axes: Axes) -> Axes:
        if not axes or axes[-1] != product(sizes):
            raise ShapeError(f"{shape_text(axes)} does not unflatten to {shape_text(sizes)}")
        return (*axes[:-1], *sizes)

    def value(x, *sizes):
        return x.reshape((*x.shape[:-1], *sizes))

    def pull(node: Call, cotangent: Expr, extra: int) -> Iterator[tuple[Expr, Expr, str]]:
        yield node.args[0], Call(flattening(len(sizes)), (cotangent,)), "reshapes"

    return Operator("unflatten", sizes, shape, value, pull, True)


vocabulary["operator", "flatten"] = flattening
vocabulary["operator", "unflatten"] = unflattening
