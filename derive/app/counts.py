"""How many numbers a network learns, spelled as its declarations spell it.

The idea: the numbers of an m×n matrix are mn, not nm; so each product keeps the order of letters of
the first parameter in which it occurs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from derive.derivation import count
from derive.derivation.network import Network, Variable

Terms: TypeAlias = "tuple[tuple[tuple[str, ...], int], ...]"


@dataclass(frozen=True, slots=True)
class Learned:
    """The terms of each parameter's count, and those of the total with like terms collected."""

    rows: tuple[tuple[Variable, Terms], ...]
    total: Terms

    @property
    def collects(self) -> bool:
        """Whether the total is shorter than the counts side by side."""
        return len(self.total) < sum(len(terms) for _, terms in self.rows)


def learned(network: Network) -> Learned:
    """The counts of all parameters of a network."""
    rows: list[tuple[Variable, Terms]] = []
    for variable in network.parameters:
        rows.append((variable, count.parameters([variable.var]).terms))
    spelled: dict[tuple[str, ...], tuple[str, ...]] = {}
    for _, terms in rows:
        for letters, _ in terms:
            spelled.setdefault(tuple(sorted(letters)), letters)
    whole = count.parameters([v.var for v in network.parameters])
    for letters, _ in whole.terms:
        spelled.setdefault(tuple(sorted(letters)), letters)
    total = tuple((spelled[tuple(sorted(letters))], times) for letters, times in whole.terms)
    return Learned(tuple(rows), total)
