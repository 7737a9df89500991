"""Scripts that say which one of a standard family is meant: e_i, and J^{ij}, 1 at one place.

The idea: they are no powers and no entries, whatever letters they have.
"""

from __future__ import annotations

from derive.elaborate.names.scope import Scope, index_letter
from derive.tree import Tree

UNITS = frozenset([("e",), (r"\mathbf{e}",)])
_SINGLE = frozenset(
    [("J",), ("E",), (r"\mathbf{J}",), (r"\mathbf{E}",), (r"\mathbb{J}",), (r"\mathbb{E}",)]
)
_PAIRS = frozenset(["juxt", "list"])


def single_entry(
    base: Tree, sub: Tree | None, sup: Tree | None, scope: Scope
) -> tuple[Tree, ...] | None:
    """The letters of J^{ij}, the matrix that is 1 at (i, j) and 0 elsewhere."""
    if sup is None or sub is not None or base.kids[:1] not in _SINGLE or sup.head not in _PAIRS:
        return None
    letters = sup.kids
    if len(letters) != 2 or not all(map(index_letter, letters)) or scope.known(str(base.kids[0])):
        return None
    return letters


def is_unit(base: Tree, sub: Tree | None, scope: Scope) -> bool:
    """Whether this is e_i, a vector of the standard basis, in a document that has these."""
    if not scope.basis or base.kids[:1] not in UNITS or index_letter(sub) is None:
        return False
    reference = scope.refer(Tree("script", (base, sub, None)))
    return not scope.known(reference.symbol)
