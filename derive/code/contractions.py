"""Contractions as array code: ``W @ x``, ``np.outer(d, x)``, ``a * b``, ``X.T @ D``.

The idea: a contraction of many factors is a sequence of contractions of two; the pair with the
fewest distinct axes goes first, and each pair has a spelling.  einsum is what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple, TypeAlias

from derive.code.targets import ATOM, MATMUL, SUM, TIMES, UNARY, Piece, Target

Indices: TypeAlias = tuple[int, ...]
Settle: TypeAlias = Callable[[Piece], Piece]


class Factor(NamedTuple):
    """An array and the index that each of its axes has; ``eye`` if it is an identity matrix."""

    piece: Piece
    indices: Indices
    eye: bool = False


def times(a: Piece, b: Piece) -> Piece:
    """The entrywise product of two pieces that already broadcast against each other."""
    mask = joined(a.mask, b.mask)
    scale, number = a.scale * b.scale, a.number and b.number
    a, b = a.bare, b.bare
    for one, other in ((a, b), (b, a)):
        if one.number and one.text in ("1", "1.0"):
            return replace(other, scale=scale, mask=mask)
    if a.under and not b.under:
        a, b = b, a
    if b.under:
        over = a.at(TIMES)
        return Piece(f"{over} / {b.under.at(UNARY)}", TIMES, mask, number, scale)
    return Piece(f"{a.at(TIMES)} * {b.at(UNARY)}", TIMES, mask, number, scale)


def plus(a: Piece, b: Piece) -> Piece:
    """The entrywise sum, written as a difference where the second scale is negative."""
    sign = "-" if b.scale < 0 else "+"
    right = replace(b, scale=abs(b.scale)).at(MATMUL)
    text = f"{a.at(SUM)} {sign} {right}"
    return Piece(text, SUM, joined(a.mask, b.mask), a.number and b.number)


def joined(a: tuple[bool, ...], b: tuple[bool, ...]) -> tuple[bool, ...]:
    """The mask of what two masks broadcast to."""
    rank = max(len(a), len(b))
    wide = [(False,) * (rank - len(m)) + m for m in (a, b)]
    return tuple(p or q for p, q in zip(*wide, strict=True))


def product(factors: Sequence[Factor], out: Indices, target: Target, settle: Settle) -> Piece:
    """The contraction of these factors, its axes in the order of ``out``.

    Every index of ``out`` is an axis of some factor.  ``settle`` is shown each intermediate piece
    and may give it a line of its own.
    """
    rest = list(factors)
    while True:
        for k, factor in enumerate(rest):
            others = {i for j, f in enumerate(rest) if j != k for i in f.indices}
            rest[k] = _alone(factor, others | set(out), target)
        if len(rest) == 1:
            return _permuted(rest[0], out, target).piece
        j, k = _cheapest(rest, out)
        a, b = rest[j], rest[k]
        others = {i for n, f in enumerate(rest) if n not in (j, k) for i in f.indices}
        want = out if len(rest) == 2 else None
        made = _pair(a, b, others | set(out), want, target)
        if len(rest) > 2:
            made = made._replace(piece=settle(made.piece))
        rest[j] = made
        del rest[k]


def _cheapest(rest: Sequence[Factor], out: Indices) -> tuple[int, int]:
    """The pair with the fewest distinct axes, then the smallest result, then the most shared.

    Of equals the one without a transpose: y'Wx is y @ (W @ x).
    """
    uses: dict[int, int] = dict.fromkeys(out, 1)
    for factor in rest:
        for i in factor.indices:
            uses[i] = uses.get(i, 0) + 1

    def cost(pair: tuple[int, int]) -> tuple[int, int, int, int]:
        one, other = (rest[k].indices for k in pair)
        a, b = set(one), set(other)
        result = [i for i in a | b if uses[i] > (i in a) + (i in b)]
        return len(a | b), len(result), -len(a & b), _transposes(one, other)

    return min(combinations(range(len(rest)), 2), key=cost)


def _transposes(a: Indices, b: Indices) -> int:
    """How many transposes the matrix product of two factors needs, the better way round."""
    shared = set(a) & set(b)
    if len(shared) != 1 or not a or not b:
        return 0
    (s,) = shared
    if len(a) == 1 or len(b) == 1:
        return int(max(a, b, key=len)[-1] != s)
    return min(_turned(a, b, s), _turned(b, a, s))


def _turned(left: Indices, right: Indices, s: int) -> int:
    """How many transposes ``left @ right`` over index s needs, as they stand."""
    return (left[-1:] != (s,)) + (right[:1] != (s,))


def _alone(factor: Factor, kept: set[int], target: Target) -> Factor:
    """The factor with repeated axes cut to their diagonal, and axes no one else has summed."""
    piece, own, _ = factor
    if len(set(own)) < len(own):
        out = tuple(dict.fromkeys(i for i in own if i in kept))
        if len(own) == 2:
            key = "diag" if out else "trace"
            text = target.form(key, piece.at(0))
            return Factor(Piece(text, ATOM, (True,) * len(out)), out)
        return Factor(_einsum([factor], out, target), out)
    gone = tuple(k for k, i in enumerate(own) if i not in kept)
    if not gone:
        return factor
    return Factor(_summed(piece, gone, target), tuple(i for i in own if i in kept))


def _summed(piece: Piece, axes: tuple[int, ...], target: Target) -> Piece:
    """The sum over these axes; the scale stays in front of it."""
    scale, piece = piece.scale, piece.bare
    if len(axes) == len(piece.mask):
        return Piece(target.form("total", piece.at(0)), ATOM, (), scale=scale)
    which = axes[0] if len(axes) == 1 else axes
    mask = (True,) * (len(piece.mask) - len(axes))
    return Piece(target.form("sum", piece.at(ATOM), which), ATOM, mask, scale=scale)


def _permuted(factor: Factor, order: Indices, target: Target) -> Factor:
    """The factor with its axes in this order."""
    piece, own, eye = factor
    if own == order or eye:
        return factor._replace(indices=order)
    scale, piece = piece.scale, piece.bare
    if own == order[::-1]:
        text = target.form("transpose", piece.at(ATOM))
        if piece.text.endswith(".T") and piece.level == ATOM and piece.plain:
            text = piece.text.removesuffix(".T")
    else:
        text = target.form("permute", piece.at(0), tuple(own.index(i) for i in order))
    return Factor(Piece(text, ATOM, piece.mask, scale=scale), order)


def _aligned(factor: Factor, order: Indices, target: Target) -> Piece:
    """The factor ready to broadcast against an array whose axes have this order."""
    own = tuple(i for i in order if i in factor.indices)
    if not own:
        return factor.piece
    piece = factor.piece
    if piece.under is not None and own != factor.indices:
        piece = replace(piece, under=None)
    piece = _permuted(factor._replace(piece=piece), own, target).piece
    return opened(piece, order[order.index(own[0]) :], own)


def opened(piece: Piece, order: Indices, own: Indices) -> Piece:
    """The piece with an axis of one entry at each index of ``order`` that is not its own."""
    if order == own:
        return piece
    places = ", ".join(":" if i in own else "None" for i in order)
    mask = tuple(i in own for i in order)
    scale, inner = piece.scale, piece.bare
    if inner.under is not None:
        below = opened(inner.under, order, own)
        return Piece(f"1 / {below.at(UNARY)}", TIMES, mask, False, scale, below)
    return Piece(f"{inner.at(ATOM)}[{places}]", ATOM, mask, scale=scale)


def _pair(a: Factor, b: Factor, kept: set[int], want: Indices | None, target: Target) -> Factor:
    """The contraction of two factors over the axes that they share and no one keeps."""
    summed = [i for i in a.indices if i in b.indices and i not in kept]
    made = _entrywise(a, b, want, target) if not summed else _contracted(a, b, summed, want, target)
    return made if want is None else _permuted(made, want, target)


def _entrywise(a: Factor, b: Factor, want: Indices | None, target: Target) -> Factor:
    """No axis is summed: a Hadamard, outer or broadcast product, or a diagonal matrix."""
    one, other = set(a.indices), set(b.indices)
    for vector, matrix in ((a, b), (b, a)):
        if matrix.eye and len(vector.indices) == 1 and vector.indices[0] in matrix.indices:
            inner = vector.piece.bare
            text = target.form("diag", inner.at(0))
            made = Piece(text, ATOM, (True, True), scale=vector.piece.scale)
            return Factor(made, want or matrix.indices)
    if len(one) == len(other) == 1 and one != other:
        order = want or (*a.indices, *b.indices)
        left, right = (a, b) if a.indices[0] == order[0] else (b, a)
        scale = a.piece.scale * b.piece.scale
        parts = (f.piece.bare.at(0) for f in (left, right))
        return Factor(Piece(target.form("outer", *parts), ATOM, (True, True), scale=scale), order)
    if not one or not other:
        return Factor(times(a.piece, b.piece), a.indices or b.indices)
    order = b.indices if one <= other else a.indices
    order = (*order, *(i for i in b.indices if i not in order))
    if want is not None and a.indices != b.indices:
        order = want
    return Factor(times(_aligned(a, order, target), _aligned(b, order, target)), order)


def _contracted(
    a: Factor, b: Factor, summed: list[int], want: Indices | None, target: Target
) -> Factor:
    """At least one axis is summed: ``@``, a sum of products, or einsum."""
    batch = [i for i in a.indices if i in b.indices and i not in summed]
    free_a = tuple(i for i in a.indices if i not in b.indices)
    free_b = tuple(i for i in b.indices if i not in a.indices)
    if not batch and len(summed) == 1:
        s = summed[0]
        if len(a.indices) <= 2 and len(b.indices) <= 2:
            flip = bool(free_b) and not free_a
            if free_a and free_b:
                flip = (
                    want == (*free_b, *free_a)
                    if want is not None
                    else _turned(b.indices, a.indices, s) < _turned(a.indices, b.indices, s)
                )
            left, right = (b, a) if flip else (a, b)
            return _matmul(left, right, s, target)
        for left, right in ((a, b), (b, a)):
            if left.indices[-1] == s and len(right.indices) <= 2:
                return _matmul(left, right, s, target)
    if not free_a and not free_b:
        whole = times(_aligned(a, a.indices, target), _aligned(b, a.indices, target))
        gone = tuple(k for k, i in enumerate(a.indices) if i in summed)
        return Factor(_summed(whole, gone, target), tuple(i for i in a.indices if i in batch))
    order = want if want is not None else (*batch, *free_a, *free_b)
    return Factor(_einsum([a, b], order, target), order)


def _matmul(left: Factor, right: Factor, s: int, target: Target) -> Factor:
    """``left @ right`` over index s: the last axis of the left, the first of the right."""
    rows = tuple(i for i in left.indices if i != s)
    columns = tuple(i for i in right.indices if i != s)
    scale = left.piece.scale * right.piece.scale
    one = _permuted(left._replace(piece=left.piece.bare), (*rows, s), target).piece
    two = _permuted(right._replace(piece=right.piece.bare), (s, *columns), target).piece
    head = one.text if one.level == MATMUL else one.at(UNARY)
    text = f"{head} @ {two.at(UNARY)}"
    out = (*rows, *columns)
    return Factor(Piece(text, MATMUL, (True,) * len(out), scale=scale), out)


def _einsum(factors: Iterable[Factor], out: Indices, target: Target) -> Piece:
    factors = list(factors)
    letters = dict(
        zip(
            dict.fromkeys(i for f in factors for i in f.indices),
            ascii_lowercase[8:] + ascii_lowercase[:8] + ascii_uppercase,
            strict=False,
        )
    )
    own = ",".join("".join(letters[i] for i in f.indices) for f in factors)
    spec = f"{own}->{''.join(letters[i] for i in out)}"
    parts = ", ".join(f.piece.at(0) for f in factors)
    return Piece(target.form("einsum", spec, parts), ATOM, (True,) * len(out))
