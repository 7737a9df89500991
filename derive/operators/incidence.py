"""Incidences: the array that is 1 where an affine equation of its indices holds, and 0 elsewhere.

The idea: Kronecker's delta, one step on.  A window of a convolution is 1[j = s i + d a - p], a flip
1[i + j = n - 1], a shift 1[i = j + c]: constants, so that a convolution is a contraction like any
other, the kernel's rules differentiate it, and an index out of range is an entry 0 by itself.

Indices count from 0 here.  Dumoulin and Visin, A guide to convolution arithmetic for deep learning,
2016, writes the same constants as a sparse matrix (section 4.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from math import gcd
from typing import Any, NamedTuple

from derive.kernel.build import contracted, lift, zeros
from derive.kernel.expr import Axes, Call, Delta, Expr, Ones, Operator, vocabulary
from derive.kernel.sizes import Axis, Size, latex, size
from derive.operators.pointwise import np

NAME = "incidence"


class Equation(NamedTuple):
    """``terms`` are indices with their coefficients, none of them 0: their sum with ``offset`` is 0
    where the entry is 1."""

    terms: tuple[tuple[int, Axis], ...]
    offset: Axis

    @property
    def indices(self) -> tuple[int, ...]:
        return tuple(i for i, _ in self.terms)

    def of(self, index: int) -> Axis:
        """The coefficient of an index."""
        return dict(self.terms).get(index, 0)


def equation(terms: Sequence[tuple[int, Axis]], offset: Axis) -> Equation:
    """An equation in which every index stands once."""
    total: dict[int, Axis] = {}
    for i, c in terms:
        total[i] = c + total.get(i, 0)
    return Equation(tuple((i, c) for i, c in total.items() if c != 0), offset)


@cache
def _operator(*params: Axis) -> Operator:
    count = len(params) // 2
    return Operator(NAME, params, lambda: params[count + 1 :], array, _constant, True)


vocabulary["operator", NAME] = _operator


def array(*params: int) -> Any:
    """The array itself: a view of one 1 among zeros, so it takes no more room than its edges."""
    count = len(params) // 2
    steps, offset, shape = params[:count], params[count], params[count + 1 :]
    ends = [c * (n - 1) for c, n in zip(steps, shape, strict=True)]
    low = offset + sum(e for e in ends if e < 0)
    high = offset + sum(e for e in ends if e > 0)
    line = np.zeros(max(high, 0) - min(low, 0) + 1, int)
    line[-min(low, 0)] = 1
    start = line[offset - min(low, 0) :]
    stride = line.itemsize
    return np.lib.stride_tricks.as_strided(
        start, shape, [c * stride for c in steps], writeable=False
    )


def _constant(node: Call, cotangent: Expr, extra: int):
    yield from ()


def is_incidence(node: Expr) -> bool:
    return type(node) is Call and type(node.op) is Operator and node.op.name == NAME


def measures(node: Expr) -> tuple[Axis, ...]:
    """The sizes that a node is made of: those of its axes, and a stride that is a symbol, with the
    room that is left when every place of its window is taken."""
    if is_incidence(node):
        names = {x for p in node.op.params if isinstance(p, Size) for x in p.names()}  # type: ignore[union-attr]
        steps = node.op.params[: len(node.axes)]  # type: ignore[union-attr]
        if any(isinstance(c, Size) for c in steps) and 1 in steps:
            room: Axis = 0
            for c, n in zip(steps, node.axes, strict=True):
                room = c * (n - 1) + room
            return (*node.axes, *map(size, sorted(names)), room + 1)
        return (*node.axes, *map(size, sorted(names)))
    return node.axes


def read(node: Expr, own: Sequence[int]) -> Equation:
    """The equation of an incidence whose axes have these indices."""
    assert isinstance(node, Call)
    return _read(node.op.params, tuple(own))  # type: ignore[union-attr]


@lru_cache(maxsize=4096)
def _read(params: tuple[Axis, ...], own: tuple[int, ...]) -> Equation:
    count = len(params) // 2
    return equation(list(zip(own, params[:count], strict=True)), params[count])


def factors(
    wanted: Equation, extent: Mapping[int, Axis]
) -> list[tuple[Expr, tuple[int, ...]]] | None:
    """An equation as factors of a contraction, the same for every way to write it; None if it never
    holds.  ``extent`` are the sizes of the indices."""
    terms = [(i, c) for i, c in wanted.terms if extent[i] != 1]  # an index that is always 0
    gone = [(Ones(extent[i]), (i,)) for i, _ in wanted.terms if extent[i] == 1]
    offset = wanted.offset
    whole = [(i, c) for i, c in terms if isinstance(c, int)]
    if len(whole) == len(terms) and isinstance(offset, int):
        shared = gcd(*(c for _, c in whole))
        if offset % shared if shared else offset:
            return None
        if not terms:
            return [*gone]
        terms, offset = [(i, c // shared) for i, c in whole], offset // shared
    keys = []
    for sign in (1, -1):
        ordered = sorted((_key(c * sign), _key(extent[i]), i) for i, c in terms)
        keys.append(([row[:2] for row in ordered], _key(offset * sign), sign, ordered))
    _, _, sign, ordered = min(keys)
    coefficient = {i: c * sign for i, c in terms}
    order = tuple(row[2] for row in ordered)
    offset = offset * sign
    axes = tuple(extent[i] for i in order)
    opposite = len(order) == 2 and {coefficient[i] for i in order} == {1, -1}
    if opposite and offset == 0 and axes[0] == axes[1]:
        return [*gone, (Delta(axes[0]), order)]
    made = _operator(*(coefficient[i] for i in order), offset, *axes)
    return [*gone, (Call(made, ()), order)]


def _key(size: Axis) -> tuple[bool, int, str]:
    """To sort by: large numbers first, symbols last."""
    return (True, 0, latex(size)) if isinstance(size, Size) else (False, -size, "")


def substituted(into: Equation, index: int, by: Equation) -> Equation:
    """The equation without an index that another one gives (with coefficient 1 or -1 there)."""
    count = into.of(index)
    turn = by.of(index)
    scale = count * turn * -1  # the index is -turn * (what else is in the other equation)
    terms = [(i, c) for i, c in into.terms if i != index]
    terms += [(i, c * scale) for i, c in by.terms if i != index]
    return equation(terms, into.offset + by.offset * scale)


def implied(by: Equation, index: int, extent: Mapping[int, Axis]) -> bool:
    """Whether an index that an equation gives lies in its range whatever the others are."""
    turn = by.of(index)
    if turn not in (1, -1):
        return False
    low: Axis = by.offset * (-1 * turn)
    high: Axis = low
    for i, c in by.terms:
        if i == index:
            continue
        end = c * (-1 * turn) * (extent[i] - 1)  # type: ignore[operator]
        if _is_positive(c * (-1 * turn)):
            high = high + end
        elif _is_positive(c * turn):
            low = low + end
        else:
            return False
    known = tuple(extent.values())
    return at_least_zero(low, known) and at_least_zero(extent[index] - 1 - high, known)


def _is_positive(c: Axis) -> bool:
    return c > 0 if isinstance(c, int) else all(count > 0 for _, count in c.terms)


def at_least_zero(size: Axis, axes: Axes, depth: int = 2) -> bool:
    """Whether a polynomial is not negative wherever its symbols and these axes are at least 1."""
    if isinstance(size, int):
        return size >= 0
    if sum(count for _, count in size.terms if count < 0) == 0 and dict(size.terms).get((), 0) >= 0:
        return True
    # As a sum of monomials, each at least 1: k - 1, 2 m n - 2.
    constant = dict(size.terms).get((), 0)
    rest = [count for monomial, count in size.terms if monomial]
    if all(count > 0 for count in rest) and sum(rest) + constant >= 0:
        return True
    if depth == 0:
        return False
    return any(
        at_least_zero(size - axis + 1, axes, depth - 1) for axis in axes if isinstance(axis, Size)
    )


def raw(coefficients: Sequence[Axis], offset: Axis, axes: Axes) -> Expr:
    """The same as ``incidence``, as one node: for sizes that are still to be found."""
    return Call(_operator(*coefficients, offset, *axes), ())


def incidence(coefficients: Sequence[Axis], offset: Axis, axes: Axes) -> Expr:
    r"""The array with these axes that is 1 where \sum_r c_r i_r + c_0 = 0, counted from 0.

    >>> incidence((1, 1), -2, (3, 3)).axes
    (3, 3)
    """
    own = tuple(range(len(axes)))
    extent = dict(enumerate(axes))
    made = factors(equation(list(zip(own, coefficients, strict=True)), offset), extent)
    if made is None:
        return zeros(axes)
    seen = {i for _, spots in made for i in spots}
    made += [(Ones(axes[i]), (i,)) for i in own if i not in seen]
    return contracted([lift(1), *(f for f, _ in made)], [(), *(s for _, s in made)], own)
