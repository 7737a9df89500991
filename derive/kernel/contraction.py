"""What becomes of a contraction: checked, renumbered, its numbers, ones and deltas absorbed.

The idea: only the kinds and axes of the factors matter, and the layers of a network share them; so
a recipe is worked out once and looked up by every other layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import attrgetter
from typing import TypeAlias

from derive.kernel.expr import (
    Axes,
    Contract,
    Delta,
    Expr,
    Num,
    Number,
    Ones,
    ShapeError,
    shape_text,
)
from derive.kernel.sizes import Axis

Indices: TypeAlias = tuple[int, ...]
Kept: TypeAlias = "list[tuple[int | Ones, Indices]]"


axes_of = attrgetter("axes")
ZERO, ONE = Num(0), Num(1)


@cache
def span(k: int) -> Indices:
    """The index numbers 0 .. k - 1."""
    return tuple(range(k))


@dataclass(frozen=True, slots=True)
class Recipe:
    """How factors of known kinds and axes are put together.

    ``picks`` are the factors that stay, by position, and vectors of ones that are new; None where
    all stay as they are.  ``numbers`` are the positions of the numbers: their product times
    ``count`` leads.  ``alone``: one factor whose axes are those of the result.
    """

    picks: tuple[int | Ones, ...] | None
    numbers: Indices
    count: int
    alone: bool
    indices: tuple[Indices, ...]
    out: Indices
    axes: Axes


def contracted(factors: Sequence[Expr], indices: Sequence[Indices], out: Indices) -> Expr:
    """The contraction with these index numbers, with numbers, ones and deltas absorbed."""
    how = recipe(tuple(map(type, factors)), tuple(map(axes_of, factors)), tuple(indices), out)
    if how.picks is None:
        return Contract.interned((tuple(factors), how.indices, how.out), how.axes)
    kept = tuple([factors[pick] if isinstance(pick, int) else pick for pick in how.picks])
    lead = _product(how.count, [factors[k] for k in how.numbers])
    if lead is not None:
        if lead is ZERO:
            return zeros(how.axes)
        if not kept:
            return lead
        return Contract.interned(((lead, *kept), ((), *how.indices), how.out), how.axes)
    if how.alone:
        return kept[0]
    if not kept:
        return ONE
    return Contract.interned((kept, how.indices, how.out), how.axes)


def _product(count: int, numbers: Sequence[Expr]) -> Num | None:
    """The count times the numbers; None for 1, which no one writes."""
    if count == 1 and len(numbers) < 2:
        # most products have no number or one, which is there already
        return numbers[0] if numbers and numbers[0] is not ONE else None  # type: ignore[return-value]
    total: Number = count
    for number in numbers:
        total = total * number.value  # type: ignore[attr-defined]
    made = Num(total)
    return made if made is not ONE else None


def spread(scalar: Expr, axes: Axes) -> Expr:
    """A scalar repeated over these axes; zero too stays a node of these axes."""
    ones, indices, out = _all_ones(axes)
    return contracted((scalar, *ones), indices, out)


def zeros(axes: Axes) -> Expr:
    """The number 0, spread over these axes."""
    ones, indices, out = _all_ones(axes)
    return Contract.interned(((ZERO, *ones), indices, out), axes) if axes else ZERO


@lru_cache(maxsize=4096)
def _all_ones(axes: Axes) -> tuple[tuple[Ones, ...], tuple[Indices, ...], Indices]:
    """Ones for these axes, the indices of a scalar and of them, and the axes of the result."""
    out = span(len(axes))
    return tuple(Ones(n) for n in axes), ((), *((i,) for i in out)), out


@lru_cache(maxsize=4096)
def recipe(
    kinds: tuple[type[Expr], ...],
    axes: tuple[Axes, ...],
    indices: tuple[Indices, ...],
    out: Indices,
) -> Recipe:
    """The recipe for factors of these kinds and axes; ShapeError if the axes do not fit."""
    extent = _extent(axes, indices)
    numbers = tuple(k for k, kind in enumerate(kinds) if kind is Num)
    kept: Kept = [(k, own) for k, own in enumerate(indices) if kinds[k] is not Num]
    kept = _without_deltas(kept, kinds, out, extent)
    kept, count = _without_ones(kept, kinds, out, extent)
    picks = tuple(pick for pick, _ in kept)
    alone = len(kept) == 1 and kept[0][1] == out
    number: dict[int, int] = {}
    for _, own in kept:
        for i in own:
            number.setdefault(i, len(number))
    return Recipe(
        picks if alone or not picks or picks != span(len(kinds)) else None,
        numbers,
        count,
        alone,
        tuple(tuple(number[i] for i in own) for _, own in kept),
        tuple(number[i] for i in out),
        tuple(extent[i] for i in out),
    )


def _extent(axes: tuple[Axes, ...], indices: tuple[Indices, ...]) -> dict[int, Axis]:
    """The size of every index."""
    extent: dict[int, Axis] = {}
    for given, own in zip(axes, indices, strict=True):
        if len(given) != len(own):
            raise ShapeError(f"{shape_text(given)} has {len(given)} axes, not {len(own)}")
        for i, n in zip(own, given, strict=True):
            if extent.setdefault(i, n) != n:
                raise ShapeError(f"an axis of size {extent[i]} meets one of size {n}")
    return extent


def _kind(pick: int | Ones, kinds: tuple[type[Expr], ...]) -> type[Expr]:
    return kinds[pick] if isinstance(pick, int) else Ones


def _without_deltas(
    kept: Kept, kinds: tuple[type[Expr], ...], out: Indices, extent: dict[int, Axis]
) -> Kept:
    """A delta whose index is summed renames that index; one on its own diagonal is ones."""
    k = 0
    while k < len(kept):
        pick, own = kept[k]
        if _kind(pick, kinds) is not Delta:
            k += 1
            continue
        i, j = own
        if i == j:
            kept[k] = Ones(extent[i]), (i,)
        elif i in out and j in out:
            k += 1
        else:
            gone, stays = (i, j) if i not in out else (j, i)
            del kept[k]
            kept = [(p, tuple(stays if a == gone else a for a in o)) for p, o in kept]
            if not any(stays in o for _, o in kept):
                kept.insert(k, (Ones(extent[stays]), (stays,)))
            k = 0  # the new name may have closed a delta that was passed
    return kept


def _without_ones(
    kept: Kept, kinds: tuple[type[Expr], ...], out: Indices, extent: dict[int, Axis]
) -> tuple[Kept, int]:
    """Ones are needless beside another factor with their index; ones summed alone are counted."""
    count = 1
    k = 0
    while k < len(kept):
        pick, own = kept[k]
        if _kind(pick, kinds) is Ones:
            n = extent[own[0]]
            if any(own[0] in o for m, (_, o) in enumerate(kept) if m != k):
                del kept[k]
                continue
            if own[0] not in out and isinstance(n, int):
                count *= n
                del kept[k]
                continue
        k += 1
    return kept, count
