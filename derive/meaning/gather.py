"""Contractions with incidences, without the incidences: entries are looked up where they are.

The idea: a summed index that an equation determines needs no sum.  x_j 1[j = s i + d a - p] summed
over j is x at s i + d a - p, or 0 where x has no such entry; so a convolution is one product of
matrices after one look-up, and its gradients are too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from derive.operators.incidence import Equation
from derive.operators.pointwise import np

Indices = tuple[int, ...]


class Part(NamedTuple):
    """An array and the index of each of its axes."""

    array: Any
    own: Indices


def gathered(
    arrays: Sequence[Any], indices: Sequence[Indices], out: Indices, equations: Sequence[Equation],
    extents: dict[int, int],
) -> tuple[list[Part], list[Equation]]:  # fmt: skip
    """The factors with every summed index looked up that an equation gives, and the equations that
    are left: those all of whose indices stay.

    The coefficients of the equations are numbers; ``indices`` are those of the arrays alone.
    """
    parts = [_distinct(Part(a, own)) for a, own in zip(arrays, indices, strict=True)]
    left = list(equations)
    done: list[Equation] = []
    while left:
        by = left.pop(0)
        index = _cheapest(by, parts, out, (*left, *done), extents)
        if index is None:
            done.append(by)
            continue
        parts = [_looked_up(p, by, index, extents) if index in p.own else p for p in parts]
    return parts, done


def _distinct(part: Part) -> Part:
    """An index that stands twice on an array is its diagonal."""
    array, own = part
    once = tuple(dict.fromkeys(own))
    return part if len(once) == len(own) else Part(np.einsum(array, list(own), list(once)), once)


def _cheapest(
    by: Equation, parts: Sequence[Part], out: Indices, others: Sequence[Equation],
    extents: dict[int, int],
) -> int | None:  # fmt: skip
    """The summed index whose look-up makes the smallest arrays; one that no other equation has."""
    taken = {i for other in others for i in other.indices}
    best: tuple[int, int] | None = None
    for i in by.indices:
        users = [p for p in parts if i in p.own]
        if i in out or i in taken or not users:
            continue
        cost = 0
        for part in users:
            size = 1
            for j in {*part.own, *by.indices} - {i}:
                size *= extents[j]
            cost += size
        if best is None or cost < best[0]:
            best = cost, i
    return best and best[1]


def _looked_up(part: Part, by: Equation, index: int, extents: dict[int, int]) -> Part:
    """The array at the value that an equation gives one of its indices; 0 where it has none."""
    others = [(i, c) for i, c in by.terms if i != index]
    total = np.full((1,) * len(others), int(by.offset))  # type: ignore[arg-type]
    for k, (i, c) in enumerate(others):
        assert isinstance(c, int)
        shape = [1] * len(others)
        shape[k] = -1
        total = total + c * np.arange(extents[i]).reshape(shape)
    turn = int(by.of(index))  # type: ignore[arg-type]
    at, rest = np.divmod(-total, turn)
    fits = (rest == 0) & (at >= 0) & (at < extents[index])
    at = np.where(fits, at, 0)
    shared = [i for i, _ in others if i in part.own]
    array, own = part
    if not shared:
        place = own.index(index)
        found = np.take(array, at.reshape(-1), axis=place)
        found = found.reshape((*array.shape[:place], *at.shape, *array.shape[place + 1 :]))
        names = (*own[:place], *(i for i, _ in others), *own[place + 1 :])
    else:
        # An index that the array has too runs along with the look-up.
        lead = [i for i in own if i != index and i not in shared]
        moved = np.transpose(array, [own.index(i) for i in (*lead, *shared, index)])
        spots = []
        for i in shared:
            shape = [1] * len(others)
            shape[[j for j, _ in others].index(i)] = -1
            spots.append(np.arange(extents[i]).reshape(shape))
        found = moved[(..., *spots, at)]
        names = (*lead, *(i for i, _ in others))
    shape = [extents[i] if i in {j for j, _ in others} else 1 for i in names]
    return Part(np.asarray(found * fits.reshape(shape), array.dtype), tuple(names))
