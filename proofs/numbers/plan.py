"""In which order the factors of a contraction are multiplied, whatever their entries are.

The idea: two at a time, the pair with the smallest product first; floats, rationals, balls and
residues share the plan, which depends on the index numbers alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from derive.operators.pointwise import np

Indices = tuple[int, ...]
_MOST_LOOKED = 16  # factors among which the best pair is looked for
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Step(NamedTuple):
    """Take these operands (positions in the list, removed from it) and append what they make."""

    picks: tuple[int, ...]
    subscripts: str


@lru_cache(maxsize=8192)
def plan(indices: tuple[Indices, ...], out: Indices) -> tuple[Step, ...]:
    """The steps by which factors with these index numbers become one array with axes ``out``."""
    left = list(indices)
    uses = Counter(i for own in left for i in {*own})
    steps = []
    while len(left) > 1:
        i, j = _pair(left, out, uses)
        other, one = left.pop(j), left.pop(i)
        uses.subtract({*one})
        uses.subtract({*other})
        # An index stays if it is asked for or stands in what is left.
        both = dict.fromkeys(k for k in one + other if k in out or uses[k])
        made = tuple(both) if left else out
        uses.update({*made})
        steps.append(Step((i, j), _subscripts((one, other), made)))
        left.append(made)
    if not steps:
        steps.append(Step((0,), _subscripts((left[0],), out)))
    return tuple(steps)


def _pair(left: Sequence[Indices], out: Indices, uses: Mapping[int, int]) -> tuple[int, int]:
    """The pair whose product is smallest; of a long product, among its first factors.

    ``uses`` counts the factors in which an index stands.
    """
    if len(left) == 2:
        return 0, 1
    near = [{*own} for own in left[:_MOST_LOOKED]]
    best, cost = (0, 1), None
    for i, one in enumerate(near):
        for j in range(i + 1, len(near)):
            other = near[j]
            both = one | other
            # An index stays if it is asked for or stands in a third factor.
            stay = sum(k in out or uses[k] > (k in one) + (k in other) for k in both)
            if cost is None or (stay, len(both)) < cost:
                best, cost = (i, j), (stay, len(both))
    return best


def _subscripts(own: Sequence[Indices], out: Indices) -> str:
    letter: dict[int, str] = {}
    for i in (i for spot in own for i in spot):
        letter.setdefault(i, _LETTERS[len(letter)])
    ins = ",".join("".join(letter[i] for i in spot) for spot in own)
    return f"{ins}->{''.join(letter[i] for i in out)}"


def made(indices: tuple[Indices, ...], out: Indices) -> list[Indices]:
    """The index numbers of every array that the plan makes."""
    left, found = list(indices), []
    for picks, subscripts in plan(indices, out):
        letters = subscripts.replace(",", "")
        number = dict(zip(letters, [i for k in picks for i in left[k]]))
        left = [own for k, own in enumerate(left) if k not in picks]
        left.append(tuple(number[letter] for letter in subscripts.partition("->")[2]))
        found.append(left[-1])
    return found


def contract(
    arrays: Sequence[Any],
    indices: Sequence[Indices],
    out: Indices,
    einsum: Callable[..., Any] | None = None,
) -> Any:
    """The contraction of these arrays; ``einsum(subscripts, *arrays)`` does one step of it."""
    einsum = einsum or np.einsum
    left = list(arrays)
    for picks, subscripts in plan(tuple(indices), out):
        taken = [left[k] for k in picks]
        for k in reversed(picks):
            del left[k]
        left.append(einsum(subscripts, *taken))
    return left[0]
