"""Expressions cut along the parts that are put together in them: W [h; x] is W_h h + W_x x.

The idea: an expression is a grid of cells.  A concatenation makes cuts, a slice takes cells, and
every other node is done cell by cell once what meets in it is cut alike; a sum over an axis is the
sum over its cells.  The cells have no concatenation left, and a slice only of what cannot be cut:
so equality is that of the cells.

Where two edges cannot be put in order, or a node has cells that its rule does not see (a softmax of
parts), the node stays whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from itertools import product as every
from types import MappingProxyType
from typing import TypeAlias

from derive.kernel.build import add, contracted, rebuilt, zeros
from derive.kernel.expr import (
    Add,
    Axes,
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Ones,
    Operator,
    is_named,
    toposort,
)
from derive.kernel.sizes import Axis
from derive.meaning import partitioned
from derive.meaning.grids import (
    Edges,
    Grid,
    Place,
    Unlike,
    alike,
    both,
    cut_at,
    extent_of,
    one_cell,
    places_of,
    whole,
)
from derive.meaning.small import determinant, inverse, is_small
from derive.operators.blocks import FAMILIES, edges_of, is_part

Cuts: TypeAlias = Mapping[Expr, tuple[Edges, ...]]
_NO_CUTS: Cuts = MappingProxyType({})
_MOST_CELLS = 64  # of one node; beyond, it stays whole


def has_blocks(*roots: Expr) -> bool:
    """Whether anything is put side by side, or taken apart, below these, names opened."""
    return any(
        isinstance(node, Call) and isinstance(node.op, Operator) and node.op.name in FAMILIES
        for node in toposort(*roots)
    )


def cells(a: Expr, b: Expr, opened: Collection[Expr]) -> list[tuple[Expr, Expr]]:
    """Pairs of expressions without blocks whose equality is that of a and b, of the same axes,
    wherever both are defined.

    ``opened`` are the names that are looked into.
    """
    inverted = partitioned.inverted(a, b)
    # What is taken of a symbol cuts it everywhere: x^T x is x_1^2 + x_2^2 where they are met.
    cuts = taken(a, b)
    first = Grids(opened, cuts, inverted)
    cuts = taken(whole(first.of(a)), whole(first.of(b)), cuts=cuts)
    grids = first if cuts == first.cuts else Grids(opened, cuts, inverted)
    left, right = grids.of(a), grids.of(b)
    try:
        edges = tuple(map(both, left.edges, right.edges))
        left, right = cut_at(left, edges), cut_at(right, edges)
    except Unlike:
        return [(whole(left), whole(right))]
    nothing = {place: zeros(extent_of(edges, place)) for place in {**left.cells, **right.cells}}
    return [
        (left.cells.get(place, zero), right.cells.get(place, zero))
        for place, zero in nothing.items()
    ]


def taken(*roots: Expr, cuts: Cuts = _NO_CUTS) -> Cuts:
    """The edges of all that is taken of a symbol, axis by axis, where they can be put in order."""
    found = dict(cuts)
    for node in toposort(*roots):
        if not is_part(node):
            continue
        edges: dict[int, Edges] = {}
        inner = node
        while is_part(inner):
            axis, start, stop = inner.op.params  # type: ignore[attr-defined]
            if axis not in edges:  # of a slice of a slice the outer one counts from elsewhere
                edges[axis] = (0, start, stop, inner.kids[0].axes[axis])
            else:
                edges.pop(axis)
            (inner,) = inner.kids
        if inner.kids and not is_named(inner):
            continue
        own = found.get(inner) or tuple((0, n) for n in inner.axes)
        try:
            found[inner] = tuple(
                both(old, tuple(dict.fromkeys(edges.get(k - len(own), old))))
                for k, old in enumerate(own)
            )
        except Unlike:
            continue
    return found


class Grids:
    """The grids of expressions, each found once; ``cuts`` are those of symbols, ``inverted`` the
    matrices that have an inverse wherever all is defined."""

    def __init__(
        self, opened: Collection[Expr], cuts: Cuts = _NO_CUTS, inverted: Collection[Expr] = ()
    ) -> None:
        self.opened = frozenset(opened)
        self.inverted = inverted
        self.cuts = cuts
        self.known: dict[Expr, Grid] = {}

    def _below(self, node: Expr) -> Sequence[Expr]:
        closed = is_named(node) and node not in self.opened
        return () if closed or node in self.known else node.kids

    def of(self, root: Expr) -> Grid:
        for node in toposort(root, below=self._below):
            if node not in self.known:
                self.known[node] = self._of(node)
        return self.known[root]

    def _of(self, node: Expr) -> Grid:
        if is_named(node) and node in self.opened:
            return self.known[node.kids[0]]
        if is_named(node) or not node.kids:
            cuts = self.cuts.get(node)
            return one_cell(node) if cuts is None else cut_at(one_cell(node), cuts)
        kids = [self.known[kid] for kid in node.kids]
        try:
            found = self._by_rule(node, kids)
        except Unlike:
            found = None
        if found is not None and len(found.cells) <= _MOST_CELLS:
            return found
        return one_cell(rebuilt(node, [whole(kid) for kid in kids]))

    def _by_rule(self, node: Expr, kids: list[Grid]) -> Grid | None:
        match node:
            case Add():
                edges = alike(kids)
                return _cellwise(node.axes, edges, kids, lambda own: add(*own))
            case Map(fn):
                edges = alike(kids)
                cut = [cut_at(kid, edges) for kid in kids]
                made = {
                    place: Map(fn, tuple(
                        k.cells.get(place) or zeros(extent_of(edges, place)) for k in cut
                    ))
                    for place in places_of(edges)
                }  # fmt: skip
                return Grid(node.axes, edges, made)
            case Contract():
                return _contraction(node, kids)
            case Call(Operator(name="det" | "inverse" as name)) if is_small(whole(kids[0])):
                written_out = determinant if name == "det" else inverse
                return self.of(written_out(whole(kids[0])))
            case Call(Operator(name="det" | "inverse" as name)) if len(node.args[0].axes) == 2:
                by_parts = partitioned.determinant if name == "det" else partitioned.inverse
                in_parts = by_parts(kids[0], self.inverted)
                return None if in_parts is None else self.of(in_parts)
            case Call(Operator(name="concat", params=(axis, _))):
                return _concatenation(node.axes, axis, kids)
            case Call(Operator(name="part", params=(axis, start, stop))):
                return _taken(node.axes, kids[0], axis, start, stop)
        return None


# ------------------------------------------------------------------------------------ the rules


def _cellwise(axes: Axes, edges: tuple[Edges, ...], kids: Sequence[Grid], make) -> Grid:
    cut = [cut_at(kid, edges) for kid in kids]
    found = {}
    for place in places_of(edges):
        own = [kid.cells[place] for kid in cut if place in kid.cells]
        if own:
            found[place] = make(own)
    return Grid(axes, edges, found)


def _contraction(node: Contract, kids: list[Grid]) -> Grid | None:
    """The sum over the cells of what is summed, the axes of a delta cut alike."""
    root: dict[int, int] = {}

    def now(i: int) -> int:
        while root.get(i, i) != i:
            i = root[i]
        return i

    for factor, own in zip(node.factors, node.indices):
        if type(factor) is Delta and now(own[0]) != now(own[1]):
            root[now(own[1])] = now(own[0])
    edges: dict[int, Edges] = {}
    for kid, own in zip(kids, node.indices):
        for i, cuts in zip(own, kid.edges):
            edges[now(i)] = both(edges[now(i)], cuts) if now(i) in edges else cuts
    letters = list(edges)
    found: dict[Place, list[Expr]] = {}
    ways = every(*(range(len(edges[i]) - 1) for i in letters))
    count = 1
    for i in letters:
        count *= len(edges[i]) - 1
    if count > 4 * _MOST_CELLS:
        return None
    level = [
        kid if type(f) is Delta else cut_at(kid, tuple(edges[now(i)] for i in own))
        for f, kid, own in zip(node.factors, kids, node.indices)
    ]
    for way in ways:
        at = dict(zip(letters, way))
        made: list[Expr] | None = []
        for factor, kid, own in zip(node.factors, level, node.indices):
            place = tuple(at[now(i)] for i in own)
            if type(factor) is Delta:
                cell: Expr | None = Delta(extent_of((edges[now(own[0])],), place[:1])[0])
            else:
                cell = kid.cells.get(place)
            if cell is None:
                made = None
                break
            made.append(cell)
        if made is not None:
            there = tuple(at[now(i)] for i in node.out)
            found.setdefault(there, []).append(_apart(made, node.indices, node.out))
    outer = tuple(edges[now(i)] for i in node.out)
    return Grid(node.axes, outer, {place: add(*terms) for place, terms in found.items()})


def _apart(factors: Sequence[Expr], indices: Sequence[Place], out: Place) -> Expr:
    """The contraction; over an axis of one entry each factor is summed alone."""
    extent = {i: n for f, own in zip(factors, indices) for i, n in zip(own, f.axes)}
    fresh = 1 + max(extent, default=0)
    seen = set(out)
    apart: list[tuple[int, ...]] = []
    for own in indices:
        spots = []
        for i in own:
            if extent[i] == 1 and i in seen:
                spots.append(fresh)
                fresh += 1
            else:
                spots.append(i)
        seen |= set(own)
        apart.append(tuple(spots))
    # An index of the result needs a factor that has it still.
    ones = [(Ones(1), (i,)) for i in out if extent[i] == 1]
    return contracted([*factors, *(f for f, _ in ones)], [*apart, *(own for _, own in ones)], out)


def _concatenation(axes: Axes, axis: int, kids: list[Grid]) -> Grid:
    k = len(axes) + axis
    starts = edges_of([kid.axes[k] for kid in kids])
    others = alike([kid._replace(edges=(*kid.edges[:k], *kid.edges[k + 1 :])) for kid in kids])
    along: list[Axis] = [0]
    found: dict[Place, Expr] = {}
    for start, kid in zip(starts, kids):
        kid = cut_at(kid, (*others[:k], kid.edges[k], *others[k:]))
        first = len(along) - 1
        along += [edge + start for edge in kid.edges[k][1:]]
        for place, cell in kid.cells.items():
            found[(*place[:k], place[k] + first, *place[k + 1 :])] = cell
    return Grid(axes, (*others[:k], tuple(along), *others[k:]), found)


def _cut_delta(grid: Grid, edges: Edges) -> Grid:
    """The identity matrix as blocks: identities on the diagonal, nothing beside it."""
    lone = [cell for cell in grid.cells.values() if type(cell) is Delta]
    if not lone or len(grid.cells) > 1:
        return grid
    found: dict[Place, Expr] = {
        (i, i): Delta(high - low) for i, (low, high) in enumerate(pairwise(edges))
    }
    return Grid(grid.axes, (edges, edges), found)


def _taken(axes: Axes, kid: Grid, axis: int, start: Axis, stop: Axis) -> Grid:
    k = len(axes) + axis
    kid = _cut_delta(kid, both(kid.edges[k], (start, stop)))
    kid = cut_at(kid, (*kid.edges[:k], both(kid.edges[k], (start, stop)), *kid.edges[k + 1 :]))
    own = kid.edges[k]
    low, high = own.index(start), own.index(stop)
    inside = tuple(edge - start for edge in own[low : high + 1])
    found = {
        (*place[:k], place[k] - low, *place[k + 1 :]): cell
        for place, cell in kid.cells.items()
        if low <= place[k] < high
    }
    return Grid(axes, (*kid.edges[:k], inside, *kid.edges[k + 1 :]), found)
