r"""The letters by which a question selects entries: the i and j of \partial p_i / \partial z_j.

The idea: an index of a name selects an entry of it; one that numbers samples does not, and neither
does a quantity or the number of a class.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of
from derive.elaborate.reading import Reading
from derive.tree import Tree


def entries_of(trees: tuple[Tree | None, ...], reading: Reading) -> frozenset[str]:
    """The letters that select entries in a question: those of X_{kl} and (XA)_{ij}."""
    found: set[str] = set()
    for node in (node for tree in trees if tree is not None for node in tree.subtrees()):
        if node.head != "script" or node.kids[1] is None:
            continue
        if base_of(node):
            reference = reading.scope.refer(node)
            # The i of p_i is one too beside that of z_j; that of x^{(i)} numbers samples.
            family = node == trees[0] and "^" not in reference.symbol and trees[1] != node
            slots = 0 if family and _is_entry(trees[1]) else reference.symbol.count("#")
            chosen: Sequence[Tree] = reference.indices[slots:]
            if not reading.scope.known(reference.symbol):
                continue
        else:
            sub = node.kids[1]
            chosen = sub.kids if sub.head in ("juxt", "list") else (sub,)
        letters = (index_letter(index) for index in chosen)
        found |= {x for x in letters if x and not _is_data(x, reading)}
    return frozenset(found)


def _is_entry(by: Tree | None) -> bool:
    sub = by.kids[1] if by is not None and by.head == "script" else None
    parts = sub.kids if sub is not None and sub.head in ("juxt", "list") else (sub,)
    return all(part is not None and index_letter(part) is not None for part in parts)


def _is_data(letter: str, reading: Reading) -> bool:
    """Whether a letter is a quantity or the number of a class, and no index."""
    return reading.scope.known(letter) or reading.domain(letter).classes is not None
