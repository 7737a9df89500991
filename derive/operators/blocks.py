"""Arrays put side by side and taken apart: concatenation, blocks, slices.

The idea: two operators that move entries and compute nothing.  ``concat`` puts arrays one after the
other along an axis and ``part`` takes a range of one; each is the pullback of the other, so a
gradient is routed: every part gets its slice.  Axes are counted from the last, -1, so that one
sample and a batch of samples are the same operator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from derive.kernel.build import add, contracted, is_zero, zeros
from derive.kernel.expr import (
    Add,
    Axes,
    Call,
    Contract,
    Delta,
    Expr,
    Name,
    Ones,
    Operator,
    ShapeError,
    shape_text,
    vocabulary,
)
from derive.kernel.sizes import Axis, Size
from derive.operators.pointwise import np
from derive.operators.row import PRIMITIVES, Row

_DEEPEST = 6  # sums inside sums that a slice is pushed into


# ---------------------------------------------------------------------------------- the operators


@cache
def concat(axis: int, count: int) -> Operator:
    """``count`` arrays one after the other along an axis, -1 for the last one."""

    def shape(*args: Axes) -> Axes:
        return _joined(args, axis)

    def value(*given: Any) -> Any:
        arrays = given[:count]
        # A batch of points may meet an array that is the same at all of them.
        lead = np.broadcast_shapes(*(a.shape[:axis] for a in arrays))
        level = [np.broadcast_to(a, lead + a.shape[np.ndim(a) + axis :]) for a in arrays]
        return np.concatenate(level, axis)

    return Operator("concat", (axis, count), shape, value, _concat_pull, True)


@cache
def part(axis: int, start: Axis, stop: Axis) -> Operator:
    """The entries start + 1 .. stop along an axis, counted as people count."""

    def shape(axes: Axes) -> Axes:
        if not 0 < -axis <= len(axes):
            raise ShapeError(f"no axis {axis} in {shape_text(axes)}: the last one is -1")
        if not (at_most(0, start) and at_most(start, stop) and at_most(stop, axes[axis])):
            raise ShapeError(f"no range {start} to {stop} of {axes[axis]} entries")
        return (*axes[:axis], stop - start, *_after(axes, axis))

    def value(x: Any, axis: int, low: int, high: int) -> Any:
        return x[(..., slice(low, high), *[slice(None)] * (-axis - 1))]

    return Operator("part", (axis, start, stop), shape, value, _part_pull, True)


def _after(axes: Axes, axis: int) -> Axes:
    return axes[axis + 1 :] if axis < -1 else ()


def _joined(args: Sequence[Axes], axis: int) -> Axes:
    first = args[0]
    for other in args:
        fits = len(other) == len(first) >= -axis > 0
        if not fits or other[:axis] != first[:axis] or _after(other, axis) != _after(first, axis):
            raise ShapeError(f"cannot join {' and '.join(map(shape_text, args))} along axis {axis}")
    total: Axis = 0
    for own in args:
        total = own[axis] + total
    return (*first[:axis], total, *_after(first, axis))


def _concat_pull(node: Call, cotangent: Expr, extra: int) -> Iterator[tuple[Expr, Expr, str]]:
    axis = node.op.params[0]  # type: ignore[union-attr]
    start: Axis = 0
    for arg in node.args:
        stop = arg.axes[axis] + start
        yield arg, sliced(cotangent, axis, start, stop), "routes"
        start = stop


def _part_pull(node: Call, cotangent: Expr, extra: int) -> Iterator[tuple[Expr, Expr, str]]:
    axis, start, stop = node.op.params  # type: ignore[union-attr]
    (whole,) = node.args
    yield whole, padded(cotangent, axis, start, whole.axes[axis] - stop), "routes"


vocabulary["operator", "concat"] = concat
vocabulary["operator", "part"] = part


def _concat_code(axis: int, count: int) -> str:
    inside = ", ".join(f"{{{k}}}" for k in range(count))
    return f"np.concatenate([{inside}], axis={axis})"


def _part_code(axis: int, start: Axis, stop: Axis) -> str:
    return "{0}[..., {2}:{3}" + ", :" * (-axis - 1) + "]"


PRIMITIVES["concat"] = Row(
    "concat", concat, r"\mathrm{concat}", code=_concat_code,
    words=("concat", "Concat", "cat", "concatenate", "Concatenate", "vstack"),
    shapes=("n", "m"), parameters=(-1, 2),
)  # fmt: skip
PRIMITIVES["part"] = Row(
    "part", part, r"\mathrm{part}", code=_part_code, shapes=("5",), parameters=(-1, 1, 3)
)
FAMILIES = frozenset(["concat", "part"])


# ---------------------------------------------------------------------------------- what is known


def at_most(a: Axis, b: Axis) -> bool:
    """Whether a <= b for all sizes of at least 1.

    >>> from derive.kernel.sizes import sizes
    >>> n, m = sizes("n m")
    >>> at_most(n, n + m), at_most(n, m)
    (True, False)
    """
    rest = b - a
    if not isinstance(rest, Size):
        return rest >= 0
    counts = [count for names, count in rest.terms if names]
    return min(counts) >= 0 and sum(count for _, count in rest.terms) >= 0


def joined(args: Sequence[Expr], axis: int = -1) -> Expr:
    """The arrays one after the other; an only one is itself.  ShapeError if they do not fit."""
    if len(args) == 1:
        return args[0]
    return Call(concat(axis, len(args)), tuple(args))


def padded(inner: Expr, axis: int, before: Axis, after: Axis) -> Expr:
    """The array with so many zeros before and after it along an axis."""

    def nothing(n: Axis) -> Expr:
        axes = inner.axes
        return zeros((*axes[:axis], n, *_after(axes, axis)))

    edges = ([nothing(before)] if before != 0 else []), ([nothing(after)] if after != 0 else [])
    return joined([*edges[0], inner, *edges[1]], axis)


def is_concat(node: Expr) -> bool:
    return isinstance(node, Call) and isinstance(node.op, Operator) and node.op.name == "concat"


def is_part(node: Expr) -> bool:
    return isinstance(node, Call) and isinstance(node.op, Operator) and node.op.name == "part"


def sliced(node: Expr, axis: int, start: Axis, stop: Axis) -> Expr:
    """The entries start + 1 .. stop along an axis, read off where the array shows its parts.

    ShapeError where the range is not sure to be inside the axis.
    """
    if start == 0 and stop == node.axes[axis]:
        return node
    found = _read_off(node, axis, start, stop, _DEEPEST)
    return Call(part(axis, start, stop), (node,)) if found is None else found


def numbered(node: Expr, axis: int, number: Axis) -> Expr:
    """The entry of this number along an axis, which goes; numbers count from 1.

    ShapeError where the axis is not sure to have so many entries.
    """
    thin = sliced(node, axis, number - 1, number)
    spots = tuple(range(len(thin.axes)))
    gone = len(spots) + axis
    return contracted((thin,), (spots,), (*spots[:gone], *spots[gone + 1 :]))


def read_off(node: Expr) -> Expr:
    """A slice without the slice, where its array shows its parts; else the slice itself."""
    axis, start, stop = node.op.params  # type: ignore[attr-defined]
    found = _read_off(node.kids[0], axis, start, stop, _DEEPEST)
    return node if found is None else found


def _read_off(node: Expr, axis: int, start: Axis, stop: Axis, depth: int) -> Expr | None:
    """The range without a slice; None where the array does not show it."""
    if start == 0 and stop == node.axes[axis]:
        return node
    if is_zero(node):
        axes = node.axes
        return zeros((*axes[:axis], stop - start, *_after(axes, axis)))
    inner = node
    while isinstance(inner, Call) and isinstance(inner.op, Name):
        inner = inner.args[0]
    match inner:
        case Ones():
            return Ones(stop - start)
        case Delta(n):
            return _columns(n, axis, start, stop)
        case Call(Operator(name="concat", params=(own, _)), args) if own == axis:
            return _among(args, axis, start, stop, depth)
        case Call(Operator(name="concat", params=(own, _)), args) if depth:
            across = [_read_off(arg, axis, start, stop, depth - 1) for arg in args]
            whole = [piece for piece in across if piece is not None]
            return joined(whole, own) if len(whole) == len(across) else None
        case Add(terms) if depth:
            found = [_read_off(t, axis, start, stop, depth - 1) for t in terms]
            shown = [t for t in found if t is not None]
            return add(*shown) if len(shown) == len(found) else None
        case Contract(factors, indices, out) if depth:
            i = out[axis]
            made: list[Expr] = []
            for factor, own in zip(factors, indices, strict=True):
                spots = [k - len(own) for k, j in enumerate(own) if j == i]
                piece: Expr | None = factor
                for k in spots:
                    piece = piece and _read_off(piece, k, start, stop, depth - 1)
                if piece is None:
                    return None
                made.append(piece)
            return contracted(made, indices, out)
    return None


def _columns(n: Axis, axis: int, start: Axis, stop: Axis) -> Expr | None:
    """A range of the rows or columns of the identity: an identity with zeros around it."""
    before, wide, after = start, stop - start, n - stop
    edges = [(zeros((edge, wide)), edge) for edge in (before, after) if edge != 0]
    if not all(at_most(1, edge) for _, edge in edges):
        return None  # there may be nothing before or after it
    first = [node for node, edge in edges[:1] if before != 0]
    last = [node for node, _ in edges[len(first) :]]
    inside: Expr = (
        contracted((Ones(1), Ones(1)), ((0,), (1,)), (0, 1)) if wide == 1 else Delta(wide)
    )
    found = joined([*first, inside, *last], -2)
    return found if axis == -1 else contracted((found,), ((0, 1),), (1, 0))


def _among(args: Sequence[Expr], axis: int, start: Axis, stop: Axis, depth: int) -> Expr | None:
    """What of each part lies in the range; None where that cannot be told."""
    edges = edges_of([arg.axes[axis] for arg in args])
    cuts = merge(edges, [start, stop])
    if cuts is None:
        return None
    low, high = cuts.index(start), cuts.index(stop)
    pieces: list[Expr] = []
    for a, b in zip(cuts[low:high], cuts[low + 1 :]):
        k = max(k for k, edge in enumerate(edges[:-1]) if cuts.index(edge) <= cuts.index(a))
        piece = _read_off(args[k], axis, a - edges[k], b - edges[k], depth)
        if piece is None:
            if not depth:
                return None
            piece = Call(part(axis, a - edges[k], b - edges[k]), (args[k],))
        pieces.append(piece)
    return joined(pieces, axis)


def summed(terms: Sequence[Expr]) -> Expr | None:
    """The sum of concatenations as one of sums, part by part; None where they do not fit."""
    first = terms[0]
    if not all(is_concat(t) and t.op.params[0] == first.op.params[0] for t in terms):  # type: ignore[attr-defined]
        return None
    axis = first.op.params[0]  # type: ignore[attr-defined]
    cuts: list[Axis] = []
    for term in terms:
        merged = merge(cuts, edges_of([kid.axes[axis] for kid in term.kids]))
        if merged is None:
            return None
        cuts = merged
    parts: list[Expr] = []
    for low, high in pairwise(cuts):
        cells = [_read_off(term, axis, low, high, _DEEPEST) for term in terms]
        shown = [cell for cell in cells if cell is not None]
        if len(shown) < len(cells):
            return None
        parts.append(add(*shown))
    return joined(parts, axis)


def edges_of(sizes: Sequence[Axis]) -> list[Axis]:
    """Where parts of these sizes begin and end: 0, n, n + m."""
    edges: list[Axis] = [0]
    for n in sizes:
        edges.append(n + edges[-1])
    return edges


def merge(a: Sequence[Axis], b: Sequence[Axis]) -> list[Axis] | None:
    """All of these edges in order; None where two of them cannot be told apart."""
    left, right = list(a), list(b)
    found: list[Axis] = []
    while left and right:
        if left[0] == right[0]:
            found.append(left.pop(0))
            del right[0]
        elif at_most(left[0], right[0]):
            found.append(left.pop(0))
        elif at_most(right[0], left[0]):
            found.append(right.pop(0))
        else:
            return None
    return [*found, *left, *right]
