"""Random networks: DAGs over the whole vocabulary, with numbers for every variable.

The idea: a few bytes are a recipe.  Each byte chooses a move (a layer, a product, a function, a
name, a loss) or one of the nodes so far, so hypothesis shrinks a failing network to its shortest
recipe, and the vocabulary's own tables are the menu: a new row is drawn without a change here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from derive.kernel.build import add, dot, lift, named, total
from derive.kernel.expr import Expr, Num, Var, toposort
from derive.operators import POINTWISE, PRIMITIVES, Row
from tests.moves import MOVES, Move, batch_layer, layer, of_composite, of_pointwise, of_primitive
from tests.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Network:
    """A scalar loss, its variables, and where it is evaluated.

    ``labels`` (class numbers) are values that nobody differentiates by.
    """

    loss: Expr
    parameters: tuple[Expr, ...]
    labels: tuple[Expr, ...]
    values: Mapping[Expr, np.ndarray] = field(hash=False)

    @property
    def nodes(self) -> list[Expr]:
        return toposort(self.loss)


def closed(r: Recipe) -> Network:
    """The network of everything that is cooked: its loss uses every node."""
    parts = [*r.unused] or [r.any()]
    loss = lift(0)
    for k, part in enumerate(parts):
        weight = Fraction(2 * k + 3, 7)
        loss = add(loss, weight * (total(part) if k % 2 else _moment(r, part)))
    if r.byte() % 2:
        loss = named(r"\mathcal{L}", loss)
    below = set(toposort(loss))
    parameters = tuple(v for v in r.values if type(v) is Var and v in below)
    labels = tuple(v for v in r.labels if v in below)
    return Network(
        loss,
        tuple(v for v in parameters if v not in labels),
        labels,
        {v: r.values[v] for v in parameters},
    )


def _moment(r: Recipe, part: Expr) -> Expr:
    """The product of a node with fixed numbers, so that no direction of it is lost."""
    if type(part) is Num or not part.axes:
        return part
    return dot(part, r.variable(part.axes))


def cook(choices: bytes, seed: int, moves: list[Move], steps: int) -> Network:
    r = Recipe(choices, seed)
    for _ in range(steps):
        made = r.pick(moves)(r)
        if len(made.axes) <= 3:
            r.keep(made)
    return closed(r)


def networks(moves: list[Move] = MOVES, most: int = 12) -> st.SearchStrategy[Network]:
    """Networks of up to ``most`` of these moves."""
    return st.builds(
        lambda choices, seed: cook(choices, seed, moves, 1 + len(choices) * most // 41),
        st.binary(min_size=6, max_size=40),
        st.integers(0, 2**16),
    )


def network_of(row: Row, seed: int = 0) -> Network:
    """A small network with this row of the vocabulary in its middle."""
    choices = bytes(np.random.default_rng(seed).integers(0, 256, 40, dtype=np.uint8))
    r = Recipe(choices, seed)
    r.keep(batch_layer(r) if seed % 2 else layer(r))
    of = (
        of_pointwise if POINTWISE.get(row.name) is row
        else of_primitive if PRIMITIVES.get(row.name) is row
        else of_composite
    )  # fmt: skip
    made = of(r, row)
    if not r.keep(made):
        return network_of(row, seed + 2)
    return closed(r)
