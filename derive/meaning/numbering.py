"""The numbers of the indices of a product, whatever they were called before.

The idea: colour refinement, as for isomorphic graphs.  Indices are told apart by what meets there;
those that still look alike are numbered in every order, and the least picture of the product wins.
Only the order of the factors' keys matters, so a pattern is worked out once and looked up again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import NamedTuple

_MOST_TRIES = 64  # ways tried to number indices that look alike
_MOST_TURNS = 32  # ways tried to turn what is symmetric


def numbering(
    keys: Sequence, spots: Sequence[tuple[int, ...]], colour: dict[int, int], free: int
) -> tuple[list[int], dict[int, int]]:
    """The order of the factors and the number of each index.

    ``keys`` are what the factors are, ``spots`` their indices; ``colour`` tells the ``free``
    indices apart by their places, the others have a colour below 0.
    """
    order, number, _, _ = turned(keys, spots, colour, free, {})
    return order, number


def turned(
    keys: Sequence, spots: Sequence[tuple[int, ...]], colour: dict[int, int], free: int,
    turns: Mapping[int, int],
) -> tuple[list[int], dict[int, int], list[tuple[int, ...]], int]:  # fmt: skip
    """As ``numbering``, where some factors have two indices in either order: the least picture of
    all wins.

    ``turns`` gives these factors and the sign that each takes when it is turned: 1 if it is
    symmetric, -1 if it is skew.  Also the indices of the factors as they are turned, and the sign
    of it all: 0 where one picture has both, as of x^T K x.
    """
    by = sorted(range(len(keys)), key=keys.__getitem__)
    ranks, rank = [], 0
    for at, k in enumerate(by):
        rank += at > 0 and keys[by[at - 1]] != keys[k]
        ranks.append(rank)
    # The free indices by their places, the others as they come.
    called = {i: c for i, c in colour.items() if c >= 0}
    for k in by:
        for i in spots[k]:
            called.setdefault(i, len(called))
    found = _settled(
        tuple(ranks),
        tuple([tuple([called[i] for i in spots[k]]) for k in by]),
        free,
        tuple([(at, turns[k]) for at, k in enumerate(by) if k in turns] if turns else ()),
    )
    own = list(spots)
    for at in found.flipped:
        own[by[at]] = own[by[at]][::-1]
    number = {i: found.number[c] for i, c in called.items()}
    return [by[at] for at in found.order], number, own, found.sign


class _Settled(NamedTuple):
    """The order of the factors, the numbers of the indices, the factors turned, the sign of it."""

    order: tuple[int, ...]
    number: tuple[int, ...]
    flipped: tuple[int, ...]
    sign: int


@lru_cache(maxsize=4096)
def _settled(
    ranks: tuple[int, ...], spots: tuple[tuple[int, ...], ...], free: int,
    turns: tuple[tuple[int, int], ...],
) -> _Settled:  # fmt: skip
    """The numbering of factors that are known by their ranks alone, so that the products of one
    pattern, as the layers of a network have them, ask once."""
    indices = {i for own in spots for i in own} | set(range(free))
    colour = {i: i if i < free else -1 for i in sorted(indices)}
    found = []
    for way in islice(product((False, True), repeat=len(turns)), _MOST_TURNS):
        own, sign = list(spots), 1
        flipped = [turn for turn, taken in zip(turns, way, strict=True) if taken]
        for k, turning in flipped:
            own[k], sign = own[k][::-1], sign * turning
        best = _best(ranks, own, colour, free, [_MOST_TRIES])
        found.append((*best, tuple(k for k, _ in flipped), sign))
    look, order, number, flipped, sign = min(found, key=lambda one: one[0])
    both = {one[-1] for one in found if one[0] == look}
    numbers = tuple(number[i] for i in sorted(number))
    return _Settled(tuple(order), numbers, flipped, sign if len(both) == 1 else 0)


def _refined(keys: Sequence, spots: Sequence[tuple[int, ...]], colour: dict[int, int],
             free: int) -> dict[int, int]:  # fmt: skip
    """Indices coloured apart by what meets there, until nothing changes."""
    while True:
        seen: dict[int, list] = {i: [] for i in colour}
        for key, own in zip(keys, spots):
            look = (key, tuple(colour[i] for i in own))
            for at, i in enumerate(own):
                seen[i].append((look, at))
        marks = {i: (colour[i], tuple(sorted(seen[i]))) for i in colour}
        ranks = {mark: k for k, mark in enumerate(sorted(set(marks.values())))}
        # free indices keep their places; the summed ones follow
        finer = {i: c if 0 <= c < free else free + ranks[marks[i]] for i, c in colour.items()}
        apart = len(set(finer.values()))
        if apart in (len(finer), len(set(colour.values()))):
            return finer
        colour = finer


def _best(keys: Sequence, spots: Sequence[tuple[int, ...]], colour: dict[int, int], free: int,
          tries: list[int]) -> tuple[list, list[int], dict[int, int]]:  # fmt: skip
    """The least of the numberings that respect the colours: its picture, order and numbers."""
    colour = _refined(keys, spots, colour, free)
    classes: dict[int, list[int]] = {}
    for i, c in colour.items():
        classes.setdefault(c, []).append(i)
    tied = next(
        (sorted(members) for _, members in sorted(classes.items()) if len(members) > 1), None
    )
    if tied is None or tries[0] <= 0:
        ranked = sorted(colour, key=lambda i: (colour[i], i))
        number = {i: k for k, i in enumerate(ranked)}
        looks = [(key, tuple(number[i] for i in own)) for key, own in zip(keys, spots)]
        order = sorted(range(len(keys)), key=lambda k: looks[k])
        tries[0] -= 1
        return [looks[k] for k in order], order, number
    found = []
    for i in tied:
        found.append(_best(keys, spots, _spaced(colour, i, free), free, tries))
        if tries[0] <= 0:
            break
    return min(found, key=lambda one: one[0])


def _spaced(colour: dict[int, int], chosen: int, free: int) -> dict[int, int]:
    """The colours with one index ahead of its class."""
    return {
        i: c if c < free and c >= 0 else free + 2 * (c - free) + (i != chosen)
        for i, c in colour.items()
    }
