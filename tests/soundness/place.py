"""A point of a page: what its symbols are there, and the choices that one reading makes.

The idea: the page names arrays by the LaTeX of their symbols; a choice is made once for all points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from derive.latex.print import latex
from derive.tree import Tree
from tests.soundness.signs import ENTRYWISE, SLOPES, WHOLE, Misfit, Unknown


@dataclass
class Place:
    """One point: the symbols of a document as the page writes them, and what they are there.

    ``symbols`` maps the LaTeX of a symbol to (letters, array); the array has an axis for each
    letter first.  ``functions`` are generic functions by name and order of derivative.
    ``derivative`` gives the array of d of / d by, or None.
    """

    symbols: Mapping[str, tuple[tuple[str, ...], np.ndarray]]
    at: Mapping[str, int]
    functions: Mapping[tuple[str, int], Callable] = field(default_factory=dict)
    derivative: Callable[[Tree, Tree, Mapping[str, int]], np.ndarray | None] | None = None


@dataclass(frozen=True)
class Reading:
    """One reading: its arrays at all the points in turn, and at all values of the open letters.
    ``loose``: a number met the entries of an array in a sum, which not every reader allows."""

    arrays: list[np.ndarray]
    loose: bool


class Path:
    """The choices of one reading, the same at every point; ``next`` moves on to another one."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.counts: list[int] = []
        self.step = 0
        self.loose = False  # a number that is no numeral was added to every entry of an array

    def choose(self, count: int) -> int:
        if count == 1:
            return 0
        if self.step == len(self.taken):
            self.taken.append(0)
            self.counts.append(count)
        elif self.counts[self.step] != count:
            raise Misfit("another point has other readings")
        self.step += 1
        return self.taken[self.step - 1]

    def next(self) -> bool:
        while self.taken and self.taken[-1] + 1 == self.counts[-1]:
            self.taken.pop()
            self.counts.pop()
        if not self.taken:
            return False
        self.taken[-1] += 1
        return True


@lru_cache(maxsize=100_000)
def key_of(node: Tree) -> str:
    """How a symbol is looked up: its LaTeX, with the transposes of this judge taken off before."""
    return latex(node)


def stem(node: Tree) -> str:
    """The name at the foot of scripts and primes, or the empty string."""
    while node.head in ("script", "prime"):
        node = node.kids[0]
    return str(node.kids[0]) if node.head == "name" else ""


def assignments(letters: Sequence[str], place: Place, extents) -> Iterator[dict[str, int]]:
    bounds: list[dict[str, int]] = [{}]
    for letter in letters:
        size = extents(letter, place)
        bounds = [{**b, letter: k} for b in bounds for k in range(size)]
    yield from bounds


def extent_in(letter: str, body: Tree, place: Place) -> int:
    for node in body.subtrees():
        found = place.symbols.get(key_of(node)) if node.head in ("name", "script") else None
        if found and letter in found[0]:
            return found[1].shape[found[0].index(letter)]
        if node.head == "script" and node.kids[1] == Tree("name", (letter,)):
            inner = place.symbols.get(key_of(node.kids[0]))
            if inner is not None and not inner[0] and inner[1].ndim:
                return inner[1].shape[0]
    raise Unknown("a range")


def function_of(kid: Tree, place: Place) -> Callable | str | None:
    """What a kid that stands before a bracket applies; None if it is no function."""
    core, order = kid, 0
    if core.head == "script" and core.kids[1] is None:
        core = core.kids[0]
    elif core.head == "script":
        return None
    if core.head == "prime":
        core, order = core.kids[0], int(core.kids[1])
    if core.head != "name":
        return None
    word = str(core.kids[0])
    plain = word.removeprefix("\\operatorname{").removeprefix("\\mathrm{").rstrip("}") \
        if "{" in word else word.lstrip("\\") if word != r"\sigma" else word  # fmt: skip
    if (word, order) in place.functions:
        return place.functions[word, order]
    if order == 1 and plain in SLOPES:
        return SLOPES[plain]
    if order:
        return None
    if plain in ("max", "min"):
        return plain
    return ENTRYWISE.get(plain) or WHOLE.get(plain)
