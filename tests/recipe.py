"""A recipe: bytes that choose nodes and moves, and the numbers of everything cooked so far."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from derive.kernel.build import lift
from derive.kernel.expr import Axes, Expr, Var, toposort
from derive.kernel.sizes import Axis, sizes
from derive.kernel.sizes import evaluate as size_at
from derive.meaning.evaluate import evaluate_all
from derive.operators import POINTWISE

N, D, H, K = sizes("N d h k")
EXTENT = {"N": 4, "d": 3, "h": 2, "k": 5}
LARGEST = 30.0  # values beyond this would leave central differences no digits


class Recipe:
    """A network being cooked: the nodes so far with their numbers, and the bytes left."""

    def __init__(self, choices: bytes, seed: int) -> None:
        self.choices = choices
        self.place = 0
        self.random = np.random.default_rng([seed, *choices[:8]])
        self.values: dict[Expr, np.ndarray] = {}
        self.pool: list[Expr] = []
        self.unused: dict[Expr, None] = {}
        self.labels: list[Expr] = []
        self.count = 0

    # ------------------------------------------------------------------ choosing

    def byte(self) -> int:
        self.place += 1
        return self.choices[(self.place - 1) % len(self.choices)] + (
            self.place // len(self.choices)
        )

    def pick(self, options: list):
        return options[self.byte() % len(options)]

    def node(self, fits: Callable[[Axes], bool], axes: Axes) -> Expr:
        """A node of the pool whose axes fit, the latest first; else a new variable."""
        found = [node for node in reversed(self.pool) if fits(node.axes)]
        choice = self.byte()
        if found and choice < 100:
            return found[0]  # deep rather than wide
        choice %= len(found) + 1
        return found[choice] if choice < len(found) else self.variable(axes)

    def any(self) -> Expr:
        return self.node(lambda axes: True, (D,))

    def like(self, node: Expr) -> Expr:
        return self.node(lambda axes: axes == node.axes, node.axes)

    def ranked(self, rank: int) -> Expr:
        letters = [self.pick([D, H, K]) for _ in range(rank)]
        return self.node(lambda axes: len(axes) == rank and N not in axes, tuple(letters))

    def batch(self) -> Expr:
        return self.node(lambda axes: len(axes) == 2 and axes[0] is N, (N, self.pick([D, H, K])))

    def symbol(self, letter: str) -> str:
        self.count += 1
        mark = self.pick(["{}", r"\mathbf{{{}}}", r"\hat{{{}}}"])
        return f"{mark.format(letter)}_{{{self.count}}}"

    def variable(self, axes: Axes) -> Expr:
        """A fresh variable; a batch writes its sample axis as a label."""
        letter = "axW"[min(len(axes), 2)]
        if axes and axes[0] is N:
            made = Var(rf"{self.symbol('x')}^{{(#1)}}", axes, ("i",))
        else:
            made = Var(self.symbol(letter), axes)
        shape = tuple(size_at(n, EXTENT) for n in axes)
        self.values[made] = self.random.uniform(0.2, 1.3, shape) * self.random.choice(
            [-1.0, 1.0], shape
        )
        self.pool.append(made)
        return made

    def classes(self, axes: Axes, count: Axis) -> Expr:
        """A variable of class numbers 1 .. count."""
        name = self.symbol("y") + ("^{(#1)}" if axes else "")
        made = Var(name, axes, ("i",) if axes else ())
        shape = tuple(size_at(n, EXTENT) for n in axes)
        self.values[made] = self.random.integers(1, size_at(count, EXTENT) + 1, shape).astype(float)
        self.labels.append(made)
        return made

    # ------------------------------------------------------------------ keeping

    def number(self, node: Expr) -> np.ndarray:
        """The value of a node; those of its kids are remembered."""
        with np.errstate(all="ignore"):
            self.values |= evaluate_all([node], self.values, EXTENT)
        return self.values[node]

    def sound(self, node: Expr) -> bool:
        """Whether the node's value is a number, and not too large."""
        number = self.number(node)
        return bool(np.all(np.isfinite(number)) and np.all(np.abs(number) < LARGEST))

    def keep(self, node: Expr) -> bool:
        if not self.sound(node):
            return False
        for kid in toposort(node):
            self.unused.pop(kid, None)
        self.pool.append(node)
        self.unused[node] = None
        return True

    def within(self, node: Expr, low: float, high: float) -> Expr:
        """The node where it lies in the interval, else squeezed into it by a sigmoid."""
        number = self.number(node)
        if np.all(number > low) and np.all(number < high):
            return node
        squeeze = POINTWISE["sigmoid"].make()(node)
        width = lift(Fraction(str(round((high - low) * 0.9, 3))))
        return lift(Fraction(str(round(low + (high - low) * 0.05, 3)))) + width * squeeze
