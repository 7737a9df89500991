"""Arrays joined and taken apart as Python writes it: ``concat``, ``stack``, ``block``, ``x[a:b]``.

The idea: each is ``concat`` or ``part`` along an axis that is counted as NumPy counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from derive.kernel.build import contracted
from derive.kernel.contraction import span
from derive.kernel.expr import Expr, Ones, ShapeError, shape_text
from derive.kernel.sizes import Axis, Size
from derive.operators.blocks import edges_of, joined, sliced


def concatenated(parts: Sequence[Expr], axis: int = 0) -> Expr:
    r"""Arrays one after the other along an axis: [x; u] of vectors, n + m entries of n and m.

    A scalar counts as a vector of one entry.  ``axis`` counts as in NumPy, 0 the first.  ShapeError
    if the other axes differ.  ``numpy.concatenate``, ``torch.cat``.

    >>> import derive as d
    >>> n, m = d.sizes("n m")
    >>> both = d.concat([d.vector("x", n), d.vector("u", m)])
    >>> both, both.axes
    ([x; u], (Size(m + n),))
    """
    if isinstance(parts, Expr) or not parts:
        raise ShapeError("concat needs a list of arrays, at least one: concat([x, u])")
    level = [lifted_to(p, 1) for p in parts]
    rank = max(len(p.axes) for p in level)
    return joined(level, _from_last(axis, rank))


def stacked(parts: Sequence[Expr], axis: int = 0) -> Expr:
    """Arrays of one shape along a new axis: k vectors of n entries are a k×n matrix.

    ``axis`` is where the new axis stands in the result, 0 the first.  ShapeError if shapes differ.
    ``numpy.stack``, ``torch.stack``.

    >>> import derive as d
    >>> d.stack([d.vector("x", 3), d.vector("u", 3)]).axes
    (2, 3)
    """
    if isinstance(parts, Expr) or not parts:
        raise ShapeError("stack needs a list of arrays, at least one: stack([x, u])")
    if any(p.axes != parts[0].axes for p in parts):
        raise ShapeError(f"cannot stack {' and '.join(shape_text(p.axes) for p in parts)}")
    rank = len(parts[0].axes) + 1
    place = _from_last(axis, rank) + rank
    return joined([_unsqueezed(p, place) for p in parts], place - rank)


def block(rows: Sequence[Sequence[Expr]]) -> Expr:
    """A matrix from its blocks, row by row; a vector is a column, a scalar a single entry.

    ShapeError if the blocks do not fit.  ``numpy.block``.

    >>> import derive as d
    >>> n, m = d.sizes("n m")
    >>> A, B = d.matrix("A", n, n), d.matrix("B", n, m)
    >>> d.block([[A, B]]).axes
    (Size(n), Size(m + n))
    """
    if not rows or not all(rows):
        raise ShapeError("a block matrix needs at least one block in every row")
    return joined([joined([lifted_to(cell, 2) for cell in row], -1) for row in rows], -2)


def split(x: Expr, sizes: Sequence[Axis], axis: int = 0) -> list[Expr]:
    """The array cut into parts of these sizes along an axis, the inverse of ``concat``.

    ShapeError if they do not add up to the axis.  ``torch.split``.

    >>> import derive as d
    >>> n, m = d.sizes("n m")
    >>> [part.axes for part in d.split(d.vector("z", n + m), [n, m])]
    [(Size(n),), (Size(m),)]
    """
    if not isinstance(sizes, Sequence):
        raise TypeError(f"split needs the sizes of the parts, not {sizes!r}; chunk: equal ones")
    place = _from_last(axis, len(x.axes))
    edges = edges_of(sizes)
    if edges[-1] != x.axes[place]:
        raise ShapeError(f"parts of {edges[-1]} entries in all do not split {x.axes[place]}")
    return [sliced(x, place, a, b) for a, b in pairwise(edges)]


def chunk(x: Expr, count: int, axis: int = 0) -> list[Expr]:
    r"""The array cut into so many equal parts along an axis.  ``torch.chunk``.

    ShapeError if they do not come out even.

    >>> import derive as d
    >>> n = d.size("n")
    >>> [part.latex() for part in d.chunk(d.vector("z", 2 * n), 2)]
    ['\\mathbf{z}_{1:n}', '\\mathbf{z}_{n+1:2n}']
    """
    whole = x.axes[_from_last(axis, len(x.axes))]
    terms = whole.terms if isinstance(whole, Size) else (((), whole),)
    if count < 1 or any(number % count for _, number in terms):
        raise ShapeError(f"{whole} entries are not {count} equal parts")
    each: Axis = 0
    for names, number in terms:
        each = (Size(((names, number // count),)) if names else number // count) + each
    return split(x, [each] * count, axis)


def _from_last(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise ShapeError(f"no axis {axis} in an array of {rank} axes")
    return axis - rank if axis >= 0 else axis


def lifted_to(node: Expr, rank: int) -> Expr:
    """The array with axes of one entry behind its own: a vector as a column."""
    while len(node.axes) < rank:
        node = _unsqueezed(node, len(node.axes))
    return node


def _unsqueezed(node: Expr, place: int) -> Expr:
    own = span(len(node.axes))
    out = (*own[:place], len(own), *own[place:])
    return contracted((node, Ones(1)), (own, (len(own),)), out)


def taken(node: Expr, key: object) -> Expr:
    """``x[a:b]``, ``W[:, a:b]``, ``x[k]``: ranges and entries, counted from 0 as in Python."""
    keys = key if isinstance(key, tuple) else (key,)
    rank = len(node.axes)
    if len(keys) > rank:
        raise ShapeError(f"{len(keys)} indices on an array of shape {shape_text(node.axes)}")
    gone: list[int] = []
    for k, one in enumerate(keys):
        axis = k - rank
        n = node.axes[axis]
        if isinstance(one, slice):
            if one.step not in (None, 1):
                raise ShapeError("a slice takes neighbours: its step is 1")
            low, high = _edge(one.start, n, 0), _edge(one.stop, n, n)
        else:
            low = _edge(one, n, 0)
            high = low + 1
            gone.append(k)
        node = sliced(node, axis, low, high)
    own = span(rank)
    return contracted((node,), (own,), tuple(i for i in own if i not in gone)) if gone else node


def _edge(given: object, n: Axis, otherwise: Axis) -> Axis:
    if given is None:
        return otherwise
    if isinstance(given, bool) or not isinstance(given, int | Size):
        raise TypeError(f"an index is an integer, a size or a slice of them, not {given!r}")
    return n + given if isinstance(given, int) and given < 0 else given


Expr.__getitem__ = taken  # type: ignore[attr-defined]
Expr.__iter__ = None  # type: ignore[attr-defined]  # Python would count x[0], x[1], .. for ever
