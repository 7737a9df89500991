"""Differentials: what a formula changes by where every variable x changes by its dx.

The idea: the dx of a document are variables of their own, and d of a formula is a difference
quotient along all of them.
"""

from __future__ import annotations

from functools import cached_property

from tests.by_numbers.names import name_end, parted_name, spelled
from tests.by_numbers.values import difference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.by_numbers.world import World


class Changes:
    """The differentials of one document at one random point."""

    def __init__(self, world: World) -> None:
        self.w = world
        self.values: dict[str, object] = {}

    @cached_property
    def varied(self) -> list[str]:
        """The variables that have a differential: X where dX stands anywhere, and no loss whose
        gradient dX would be."""
        w, found = self.w, dict[str, None]()
        for side in () if w.loss else (side for one in w.all for side in one.sides):
            words = "\0".join(side.tokens).replace("\\mathrm\0{\0d\0}", "d").split("\0")
            for k, word in enumerate(words[:-1]):
                end = name_end(words, k + 1) if word == "d" else None
                name = spelled(*parted_name(words[k + 1 : end])) if end is not None else ""
                if name in w.shapes and name not in w.definitions:
                    found[name] = None
        return [*found]

    def of(self, name: str):
        """The dx of a variable x: of its shape, and symmetric where it is."""
        if name not in self.values:
            self.values[name] = self.w.random(name, self.w.shapes[name])
        return self.values[name]

    def along(self, top):
        """The derivative of a function of no arguments along all the changes."""
        w = self.w

        def at(t):
            held, memo = w.held, w.memo
            moved = {(x, ()): w.variable(x) + t * self.of(x) for x in self.varied}
            w.held, w.memo = {**held, **moved}, {}
            try:
                return top()
            finally:
                w.held, w.memo = held, memo

        return difference(at, 0.0, 1e-6)
