"""What is known of the functions of arrays that a document uses and does not define.

The idea: such a function is free but for where its arguments and its values live.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from derive.tree import Tree


@dataclass(frozen=True, slots=True)
class Free:
    """``arguments`` has each function's only bracket, None where it is applied to several;
    ``sources`` and ``targets`` the sets that it is declared on and into; ``graded`` have a gradient
    that is written with a nabla; the values of ``vectors`` have entries; ``special`` are affine,
    even, .., with the word that says so."""

    arguments: dict[str, Tree | None] = field(default_factory=dict)
    sources: dict[str, tuple[Tree, ...]] = field(default_factory=dict)
    targets: dict[str, Tree] = field(default_factory=dict)
    graded: frozenset[str] = frozenset()
    vectors: frozenset[str] = frozenset()
    special: dict[str, str] = field(default_factory=dict)

    def __contains__(self, symbol: str) -> bool:
        return symbol in self.arguments
