"""The numbers of the indices of a product, whatever they were called before.

The idea: colour refinement, as for isomorphic graphs.  Indices are told apart by what meets there;
those that still look alike are numbered in every order, and the least picture of the product wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product

_MOST_TRIES = 64  # ways tried to number indices that look alike
_MOST_TURNS = 32  # ways tried to turn what is symmetric


def numbering(
    keys: Sequence, spots: Sequence[tuple[int, ...]], colour: dict[int, int], free: int
) -> tuple[list[int], dict[int, int]]:
    """The order of the factors and the number of each index.

    ``keys`` are what the factors are, ``spots`` their indices; ``colour`` tells the ``free``
    indices apart by their places, the others have a colour below 0.
    """
    _, order, number = _best(keys, spots, colour, free, [_MOST_TRIES])
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
    found = []
    ways = product((False, True), repeat=len(turns)) if turns else [()]
    for way in islice(ways, _MOST_TURNS):
        own, sign = list(spots), 1
        for (k, turning), turn in zip(turns.items(), way, strict=True):
            if turn:
                own[k], sign = own[k][::-1], sign * turning
        found.append((*_best(keys, own, colour, free, [_MOST_TRIES]), own, sign))
    look, order, number, own, sign = min(found, key=lambda one: one[0])
    both = {one[-1] for one in found if one[0] == look}
    return order, number, own, sign if len(both) == 1 else 0


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
        if len(set(finer.values())) == len(set(colour.values())):
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
