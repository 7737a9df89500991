r"""Sums over pairs: \sum_{i \ne j} x_i x_j and \sum_{i < j} run over both letters.

The idea: a letter that a formula names nowhere but in such a sum is bound by it; one that it names
elsewhere, or that the text names on its own, the class of a sample, is a place that is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from derive.elaborate.names.indices import index_letter
from derive.tree import Tree

# Letters of classes and times, y and t, are none.
_LETTERS = frozenset("ijklpq")
_SIGNS = frozenset(["!=", "<", ">", "<=", ">="])


def with_pairs(items: Sequence[Tree]) -> list[Tree]:
    """The statements with both letters below such sums."""
    kept: set[str] = set()
    for item in items:
        declares = item.head == "chain" and item.kids[1].kids == ("in",)
        names = item.kids[0] if declares else item
        for name in names.kids if isinstance(names, Tree) and names.head == "list" else (names,):
            if isinstance(name, Tree) and (letter := index_letter(name)) is not None:
                kept.add(letter)
    return [_both(item, kept) if _has_pair(item) else item for item in items]


def _has_pair(item: Tree) -> bool:
    return any(_second(node) is not None for node in item.subtrees())


def _second(node: Tree) -> str | None:
    """The second letter below a sum that has a condition on two, and nothing else."""
    if node.head != "big" or node.kids[0] != "sum" or not isinstance(node.kids[1], Tree):
        return None
    below = node.kids[1]
    if below.head != "chain" or len(below.kids) != 3 or below.kids[1].kids[0] not in _SIGNS:
        return None
    first, second = (index_letter(k) if isinstance(k, Tree) else None for k in below.kids[::2])
    return second if first is not None and second in _LETTERS else None


def _both(item: Tree, kept: set[str]) -> Tree:
    named = _count(item)

    def bound(node: Tree) -> Tree:
        letter = _second(node)
        if letter is None or letter in kept or _count(node)[letter] < named[letter]:
            return node
        operator, below, above, body = node.kids
        both = Tree("list", (below.kids[2], below), below.span)
        return Tree("big", (operator, both, above, body), node.span)

    return item.rewritten(bound)


def _count(tree: Tree) -> Counter[str]:
    return Counter(str(n.kids[0]) for n in tree.subtrees() if n.head == "name")
