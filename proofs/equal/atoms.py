"""Atoms, and terms made of them in canonical order.

The idea: a term is a sorted tuple of atoms with their indices and exponents.  Indices below 0 are
summed and carry no meaning but where they meet, so colour refinement numbers them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from derive.kernel.expr import Axes
from derive.kernel.sizes import Axis
from derive.meaning.joins import Laws
from derive.meaning.numbering import numbering
from proofs.equal.bounds import COUNT, REAL, Interval

Number: TypeAlias = "int | Fraction"
Factor: TypeAlias = "tuple[int, tuple[int, ...], Number]"  # atom, an index for each slot, exponent
Term: TypeAlias = "tuple[Factor, ...]"
Poly: TypeAlias = "dict[Term, Number]"
# What a product is the sum of, by a law of all of it; the sizes of its summed indices.
ProductLaw: TypeAlias = (
    "Callable[[Number, list[Factor], dict[int, Axis]], list[tuple[Number, list[Factor]]] | None]"
)


class OverBudget(Exception):
    """Too many terms, or no time left."""


class Undefined(Exception):
    """A side that has no value anywhere: 1 / 0."""


@dataclass(slots=True)
class Atom:
    """What a factor is: ``kind`` and ``content`` are its identity, ``axes`` the sizes of its slots.

    ``base`` is the argument, its free indices the slots.  ``look`` gives an interval of its values.
    ``law``: ``idempotent`` (1 or 0) or ``sign`` (1 or -1).  ``total``: sums to 1 along its last
    slot; together with ``idempotent`` there is one 1 along it.  ``solved``: on {base = 0}, where Z
    is 1, this factor of the base is that polynomial.  ``orders``: the orders of the slots that
    leave the atom as it is.  ``joins``: what two of them make that meet at a summed index.
    """

    kind: str
    content: tuple
    axes: Axes
    base: Poly = field(default_factory=dict)
    look: Callable[[], Interval] | Interval = REAL
    law: str = ""
    total: bool = False
    solved: tuple[int, tuple[int, ...], Poly] | None = None
    orders: tuple[tuple[int, ...], ...] = ()
    joins: Laws = field(default_factory=dict)

    @property
    def bounds(self) -> Interval:
        """Where its entries lie: looked up when it is first asked for."""
        if not isinstance(self.look, Interval):
            self.look = self.look()
        return self.look


CONSTANT: Term = ()


def is_count(atom: Atom) -> None:
    """Make an atom a number of entries."""
    atom.look = COUNT


def collect(into: Poly, term: Term, count: Number) -> None:
    total = into.get(term, 0) + count
    if total:
        into[term] = total
    else:
        into.pop(term, None)


def labelled(kept: Sequence[Factor]) -> Term:
    summed = {i for _, own, _ in kept for i in own if i < 0}
    if not summed:
        return tuple(sorted(kept))
    if len(summed) == 1:
        return tuple(sorted((a, tuple(i if i >= 0 else -1 for i in own), e) for a, own, e in kept))
    free = sorted({i for _, own, _ in kept for i in own if i >= 0})
    colour = {i: k for k, i in enumerate(free)} | dict.fromkeys(summed, -1)
    keys = [(a, e) for a, _, e in kept]
    _, number = numbering(keys, [own for _, own, _ in kept], colour, len(free))
    names = {i: len(free) - 1 - number[i] for i in summed}
    return tuple(sorted((a, tuple(names.get(i, i) for i in own), e) for a, own, e in kept))


def relabelled(poly: Poly, names: dict[int, int]) -> Poly:
    if all(i == k for i, k in names.items()):
        return poly
    return {
        tuple((a, tuple(names.get(i, i) for i in own), e) for a, own, e in term): n
        for term, n in poly.items()
    }


def factors_of(poly: Poly) -> Iterable[Factor]:
    return (factor for term in poly for factor in term)
