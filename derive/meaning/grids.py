"""Grids of cells: an expression cut along its axes, and ranges of cells.

The idea: edges are compared for all sizes of at least 1; where two cannot be put in order, that is
said (``Unlike``) and nothing is cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product as every
from typing import NamedTuple, TypeAlias

from derive.kernel.build import add, contracted, zeros
from derive.kernel.expr import Add, Axes, Call, Contract, Delta, Expr, Map, Ones, Operator
from derive.kernel.sizes import Axis
from derive.operators.blocks import joined, merge, part

Edges: TypeAlias = tuple[Axis, ...]
Place: TypeAlias = tuple[int, ...]
_DEEPEST = 100  # nodes inside nodes that a slice is taken into


class Grid(NamedTuple):
    """The cells between the edges of every axis; a cell that is not there is zero."""

    axes: Axes
    edges: tuple[Edges, ...]
    cells: Mapping[Place, Expr]


class Unlike(Exception):
    """Two edges that cannot be put in order."""


def one_cell(node: Expr) -> Grid:
    place = (0,) * len(node.axes)
    return Grid(node.axes, tuple((0, n) for n in node.axes), {place: node})


def whole(grid: Grid) -> Expr:
    """The grid as one expression."""

    def along(place: Place) -> Expr:
        axis = len(place)
        if axis == len(grid.axes):
            return grid.cells.get(place) or zeros(extent_of(grid.edges, place))
        count = len(grid.edges[axis]) - 1
        return joined([along((*place, k)) for k in range(count)], axis - len(grid.axes))

    return along(())


def both(a: Edges, b: Edges) -> Edges:
    found = merge(a, b)
    if found is None:
        raise Unlike
    return tuple(found)


def alike(kids: Sequence[Grid]) -> tuple[Edges, ...]:
    edges = kids[0].edges if kids else ()
    for kid in kids[1:]:
        edges = tuple(map(both, edges, kid.edges))
    return edges


def places_of(edges: Sequence[Edges]) -> list[Place]:
    return list(every(*(range(len(own) - 1) for own in edges)))


def extent_of(edges: Sequence[Edges], place: Place) -> Axes:
    return tuple(own[k + 1] - own[k] for own, k in zip(edges, place, strict=True))


def cut_at(grid: Grid, edges: tuple[Edges, ...]) -> Grid:
    """The grid with more edges."""
    if grid.edges == edges:
        return grid
    found: dict[Place, Expr] = {}
    for place in places_of(edges):
        source, low = [], []
        for k, own, old in zip(place, edges, grid.edges, strict=True):
            # The old cell begins at the last old edge that is not behind the new one.
            j = max(j for j, edge in enumerate(old[:-1]) if own.index(edge) <= k)
            source.append(j)
            low.append(own[k] - old[j])
        cell = grid.cells.get(tuple(source))
        if cell is None:
            continue
        for axis, (start, n) in enumerate(zip(low, extent_of(edges, place), strict=True)):
            cell = sliced(cell, axis - len(place), start, start + n)
        found[place] = cell
    return Grid(grid.axes, edges, found)


def sliced(node: Expr, axis: int, start: Axis, stop: Axis, depth: int = _DEEPEST) -> Expr:
    """A range of a cell, taken as far inside as it goes: of a product it is a range of a factor."""
    if start == 0 and stop == node.axes[axis]:
        return node
    match node:
        case Add() | Map() | Contract() if depth == 0:
            pass  # a slice of the whole is as true
        case Ones():
            return Ones(stop - start)
        case Add(terms):
            return add(*(sliced(t, axis, start, stop, depth - 1) for t in terms))
        case Map(fn, args):
            return Map(fn, tuple(sliced(a, axis, start, stop, depth - 1) for a in args))
        case Contract(factors, indices, out):
            i = out[axis]
            made = []
            for factor, own in zip(factors, indices, strict=True):
                spots = [k for k, j in enumerate(own) if j == i]
                if type(factor) is Delta and len(spots) == 2:
                    factor = Delta(stop - start)
                else:
                    for k in spots:
                        factor = sliced(factor, k - len(own), start, stop, depth - 1)
                made.append(factor)
            return contracted(made, indices, out)
        case Call(Operator(name="part", params=(own, low, _)), (inner,)) if own == axis:
            return sliced(inner, axis, low + start, low + stop, depth)
    return Call(part(axis, start, stop), (node,))
