r"""From a contraction to matrix notation: its indices are the nodes of a graph, its factors edges.

The idea: a vector hangs on one index and a matrix joins two.  A dangling index is summed away
(W v), an index between two matrices joins them (A B, or A diag(v) B), two matrices between the
same indices multiply entry by entry, a closed cycle is a trace; what is left at the free indices
is the answer.  Among the ways to say it the one with the fewest transposes wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from derive.tree import Tree
from derive.writing.terms import IDENTITY
from derive.writing.words import (
    ONES,
    Part,
    Parts,
    as_row,
    function,
    hadamard,
    joined,
    norm,
    transposed,
    transposes,
    turned,
)  # fmt: skip

_ROOTS_TRIED = 8  # a component with more indices than this is summed from its first one


class Piece(NamedTuple):
    """Something said so far, and the indices it hangs on: one for a vector, two for a matrix.

    ``order`` is the place of its first factor in the contraction; ``unit`` marks an identity;
    ``back`` is a matrix as it stands when read the other way, where that is not just its transpose.
    """

    parts: Parts
    own: tuple[int, ...]
    order: int
    unit: bool = False
    back: Parts | None = None

    def seen_from(self, index: int) -> Parts:
        """A matrix as it stands when read from this index to the other."""
        return self.parts if self.own[0] == index else self.back or turned(self.parts)

    def other(self, index: int) -> int:
        return self.own[1] if self.own[0] == index else self.own[0]


def components(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces in groups that share no index, in order of first appearance."""
    parent: dict[int, int] = {}

    def top(i: int) -> int:
        while parent.setdefault(i, i) != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for piece in pieces:
        for i in piece.own[1:]:
            parent[top(i)] = top(piece.own[0])
    groups: dict[int, list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(top(piece.own[0]), []).append(piece)
    return list(groups.values())


def scalar_form(pieces: Sequence[Piece], lone: frozenset[int]) -> Tree | None:
    """A connected component without free indices; None if matrix notation cannot say it.

    ``lone`` are the indices of size 1, whose sum needs no ones.
    """
    squared = _squared(pieces) or _picked(pieces)
    if squared is not None:
        return squared
    indices = list(dict.fromkeys(i for piece in pieces for i in piece.own))
    cycle = _cycle(pieces)
    if cycle is not None:
        return function(r"\operatorname{tr}", joined(cycle))
    roots = indices if len(indices) <= _ROOTS_TRIED else indices[:1]
    best: tuple[tuple, Tree] | None = None
    for root in roots:
        left = _reduced(pieces, frozenset({root}), lone)
        if any(len(piece.own) > 1 for piece in left):
            return None
        for said in _inner(left, root in lone):
            tree_said = joined(said)
            rank = (*_burden(tree_said), transposes(said[1:]), len(said))
            if best is None or rank < best[0]:
                best = rank, tree_said
    return best[1] if best else None


def _squared(pieces: Sequence[Piece]) -> Tree | None:
    r"""\|u\|_2^2 where every piece stands there twice."""
    first = pieces[0]
    if any(piece.own != first.own for piece in pieces) or len(set(first.own)) != len(first.own):
        return None
    half: list[Tree] = []
    left = [joined(piece.parts) for piece in pieces]
    while left:
        one = left.pop(0)
        twin = next((k for k, other in enumerate(left) if other is one), None)
        if twin is None:
            return None
        del left[twin]
        half.append(one)
    return norm(hadamard(half), len(first.own))


def _picked(pieces: Sequence[Piece]) -> Tree | None:
    r"""y_c, the entry of a vector that a class number picks, instead of y^\top e_c."""
    if len(pieces) != 2 or any(len(p.own) != 1 or len(p.parts) != 1 for p in pieces):
        return None
    a, b = (piece.parts[0].tree for piece in pieces)
    for vector, unit in ((a, b), (b, a)):
        if unit.head == "script" and unit.kids[0] == _UNIT and unit.kids[2] is None:
            plain = vector.head == "name" and not {"_", "^"} & {*str(vector.kids[0])}
            return Tree("index", (vector, unit.kids[1])) if plain else None
    return None


_UNIT = Tree("name", (r"\mathbf{e}",))


def _burden(node: Tree) -> tuple[int, int]:
    """What makes a formula hard to read: transposes, then operations that need brackets."""
    turns = groups = 0
    stack = [node]
    while stack:
        here = stack.pop()
        turns += here.head == "transpose"
        groups += here.head in ("hadamard", "call", "transpose") and here.kids[0].head != "name"
        if here.head in ("product", "hadamard", "transpose", "frac"):
            stack += [kid for kid in here.kids if type(kid) is Tree]
    return turns, groups


def _inner(left: Sequence[Piece], lone: bool) -> Iterable[Parts]:
    """The sum over one index of the vectors that hang on it: u^T v, 1^T v, u^T (v ⊙ w)."""
    ordered = sorted(left, key=lambda piece: piece.order)
    if not ordered:
        return
    if len(ordered) == 1:
        parts = ordered[0].parts
        yield parts if lone else (Part(ONES_ROW), *parts)
        return
    for k, piece in enumerate(ordered):
        rest = [other for j, other in enumerate(ordered) if j != k]
        yield (*as_row(piece.parts), *_merged(rest))


ONES_ROW = Tree("transpose", (ONES,))


def array_form(
    groups: Sequence[Sequence[Piece]], out: tuple[int, ...], lone: frozenset[int]
) -> Parts | None:
    """The components that reach the free indices (at most two), as one product chain."""
    left = [piece for group in groups for piece in _reduced(group, frozenset(out), lone)]
    hanging = {i: [p for p in left if p.own == (i,)] for i in out}
    edges = [p for p in left if len(p.own) == 2]
    if sum(len(own) for own in hanging.values()) + len(edges) != len(left) or len(edges) > 1:
        return None

    def vector(i: int) -> Parts:
        if hanging[i]:
            return _merged(hanging[i])
        return () if i in lone else (Part(ONES),)

    if len(out) == 1:
        return None if edges else vector(out[0]) or (Part(ONES),)
    i, j = out
    if not edges:
        return (*vector(i), *as_row(vector(j))) or (Part(ONES),)
    edge = edges[0]
    if edge.unit:
        both = hanging[i] + hanging[j]
        return (_diag(_merged(both)),) if both else edge.parts
    before = (_diag(vector(i)),) if hanging[i] else ()
    after = (_diag(vector(j)),) if hanging[j] else ()
    return (*before, *edge.seen_from(i), *after)


def _diag(parts: Parts) -> Part:
    return Part(function(r"\operatorname{diag}", joined(parts)), even=True)


def _merged(vectors: Sequence[Piece]) -> Parts:
    """Vectors on one index, multiplied entry by entry."""
    if len(vectors) == 1:
        return vectors[0].parts
    ordered = sorted(vectors, key=lambda piece: piece.order)
    if all(len(p.parts) == 1 and p.parts[0].even for p in ordered):
        return tuple(p.parts[0] for p in ordered)  # scalars on an index of size 1
    return (Part(hadamard([joined(piece.parts) for piece in ordered])),)


# ------------------------------------------------------------------------------------- reduction


def _reduced(pieces: Sequence[Piece], keep: frozenset[int], lone: frozenset[int]) -> list[Piece]:
    """Sum away every index that is not kept, as far as matrix notation goes."""
    left = list(pieces)
    while any([len(piece.own) > 1 for piece in left]):
        found = _looped(left) or _parallel(left)
        if found is None:
            meets = _incident(left)
            found = _leaf(meets, keep, lone) or _series(meets, keep)
        if found is None:
            break
        gone, made = found
        left = [piece for piece in left if not any([piece is g for g in gone])]
        left.append(made)
    return left


_Step = tuple[list[Piece], Piece] | None


def _looped(left: Sequence[Piece]) -> _Step:
    """A matrix whose two axes are one index is the vector of its diagonal."""
    for piece in left:
        if len(piece.own) == 2 and piece.own[0] == piece.own[1]:
            diagonal = _diag(piece.parts).tree
            return [piece], Piece((Part(diagonal),), piece.own[:1], piece.order)
    return None


def _parallel(left: Sequence[Piece]) -> _Step:
    """Two matrices between the same indices multiply entry by entry."""
    seen: dict[frozenset[int], Piece] = {}
    for piece in left:
        if len(piece.own) < 2:
            continue
        twin = seen.setdefault(frozenset(piece.own), piece)
        if twin is piece:
            continue
        first, second = sorted((twin, piece), key=lambda p: p.order)
        ways = [(first.seen_from(i), second.seen_from(i), i) for i in first.own]
        ways.sort(key=_turns)
        (a, b, i), other = ways
        parts = (Part(hadamard([joined(a), joined(b)])),)
        # Read the other way it is written the other way, unless (..)^\top is shorter.
        plain = _turns(other) <= 1 + _turns(ways[0])
        back = (Part(hadamard([joined(other[0]), joined(other[1])])),) if plain else None
        return [twin, piece], Piece(parts, (i, first.other(i)), first.order, back=back)
    return None


def _turns(way: tuple[Parts, Parts, int]) -> int:
    return transposes(way[0]) + transposes(way[1])


_Meets = dict[int, tuple[list[Piece], list[Piece]]]


def _incident(left: Sequence[Piece]) -> _Meets:
    """For each index the vectors that hang on it and the matrices that meet there."""
    found: _Meets = {}
    for piece in left:
        for i in piece.own:
            if i not in found:
                found[i] = [], []
            found[i][len(piece.own) - 1].append(piece)
    return found


def _leaf(meets: _Meets, keep: frozenset[int], lone: frozenset[int]) -> _Step:
    """An index that ends a branch: the matrix times the vector there, or times ones."""
    for i, (vectors, matrices) in meets.items():
        if i in keep or len(matrices) != 1:
            continue
        matrix = matrices[0]
        ones = () if i in lone else (Part(ONES),)
        end = _merged(vectors) if vectors else ones
        far = matrix.other(i)
        order = min(piece.order for piece in (matrix, *vectors))
        return [matrix, *vectors], Piece((*matrix.seen_from(far), *end), (far,), order)
    return None


def _series(meets: _Meets, keep: frozenset[int]) -> _Step:
    """An index between two matrices: A B, or A diag(v) B; bare joints first."""
    joints = [
        (bool(vectors), i, vectors, matrices)
        for i, (vectors, matrices) in meets.items()
        if i not in keep and len(matrices) == 2
    ]
    if not joints:
        return None
    _, i, vectors, (a, b) = min(joints, key=lambda joint: joint[0])
    middle = (_diag(_merged(vectors)),) if vectors else ()
    ends = a.other(i), b.other(i)
    parts = (*a.seen_from(ends[0]), *middle, *b.seen_from(i))
    order = min(piece.order for piece in (a, b, *vectors))
    return [a, b, *vectors], Piece(parts, ends, order)


# ----------------------------------------------------------------------------------------- traces


def _cycle(pieces: Sequence[Piece]) -> Parts | None:
    """The factors of a trace, where the component is one closed cycle of matrices.

    A cycle of two with a vector on it is better said as u^T (A ⊙ B) v.
    """
    edges = [piece for piece in pieces if len(piece.own) == 2]
    vectors = [piece for piece in pieces if len(piece.own) == 1]
    meets = _incident(pieces)
    if not edges or any(len(matrices) != 2 for _, matrices in meets.values()):
        loop = len(edges) == 1 and edges[0].own[0] == edges[0].own[1] and not vectors
        return edges[0].parts if loop else None
    if len(meets) != len(edges) or (vectors and len(edges) < 3):
        return None
    walk: list[tuple[Piece, int]] = []
    here, edge = edges[0].own[0], edges[0]
    for _ in edges:
        walk.append((edge, here))
        here = edge.other(here)
        a, b = meets[here][1]
        edge = b if a is edge else a
    if here != edges[0].own[0]:
        return None
    options = [_from(walk, k, meets) for k in range(len(walk))]
    options += [_reversed(option) for option in options]
    # Fewest transposes; a transposed factor leads, tr(A^T B); then the order of the factors.
    return min(options, key=_trace_rank)[0]


_Option = tuple[Parts, tuple[int, ...]]


def _from(walk: Sequence[tuple[Piece, int]], start: int, meets: _Meets) -> _Option:
    parts: list[Part] = []
    order: list[int] = []
    for edge, here in (*walk[start:], *walk[:start]):
        vectors = meets[here][0]
        if vectors:
            parts.append(_diag(_merged(vectors)))
        parts.extend(edge.seen_from(here))
        order.append(edge.order)
    return tuple(parts), tuple(order)


def _reversed(option: _Option) -> _Option:
    parts, order = option
    return tuple(transposed(part) for part in reversed(parts)), order[::-1]


def _trace_rank(option: _Option) -> tuple:
    parts, order = option
    turns = [k for k, part in enumerate(parts) if part.tree.head == "transpose"]
    return len(turns), turns, order


def unit(own: tuple[int, int], order: int) -> Piece:
    return Piece((Part(IDENTITY, even=True),), own, order, unit=True)
