r"""Einstein's convention: \frac{\partial L}{\partial x_j} = W_{ij} \delta_i sums over i.

The idea: an index that stands twice in a product, and not on the other side of the equation, is
summed.  Only the trees are looked at, term by term.
"""

from __future__ import annotations

import re
from collections import Counter

from derive.elaborate.names.indices import index_letter
from derive.elaborate.terms.limits import bound_letters
from derive.tree import Tree

_SAID = re.compile(
    r"Einstein|summation convention|repeated ind(?:ices|exes) are summed|Summenkonvention|"
    r"convention de sommation|求和约定",
    re.IGNORECASE,
)


def summed(tree: Tree, letters: frozenset[str]) -> Tree | None:
    """The formula with a sum over each of these indices that stands twice in a term; None where
    there is no such term."""
    if tree.head == "sum":
        terms = [summed(term, letters) if isinstance(term, Tree) else None for term in tree.kids]
        if not any(terms):
            return None
        kids = (new or old for new, old in zip(terms, tree.kids, strict=True))
        return Tree("sum", tuple(kids), tree.span)
    if tree.head in ("neg", "paren"):
        inner = summed(tree.kids[0], letters)
        return None if inner is None else Tree(tree.head, (inner,), tree.span)
    found = _subscripts(tree)
    twice = [letter for letter in sorted(letters) if found[letter] == 2]
    for letter in twice:
        tree = Tree("big", ("sum", Tree("name", (letter,)), None, tree), tree.span)
    return tree if twice else None


def says_so(text: str) -> bool:
    """Whether a document says that repeated indices are summed, in its definitions too."""
    return _SAID.search(text) is not None


def with_sums(item: Tree) -> Tree:
    """A statement of such a document with its sums written out."""
    if item.head != "chain" or item.kids[0] is None:
        return item
    free = set(_subscripts(item.kids[0]))
    sides = (summed(k, frozenset(_subscripts(k)) - free) or k for k in item.kids[2::2])
    pairs = (part for pair in zip(item.kids[1::2], sides, strict=True) for part in pair)
    return Tree("chain", (item.kids[0], *pairs), item.span)


def _subscripts(tree: object, bound: frozenset[str] = frozenset()) -> Counter[str]:
    """How many factors of a term have each letter below something, sums over it apart.

    Nesting is capped by the reader, so the recursion is bounded.
    """
    found: Counter[str] = Counter()
    if isinstance(tree, tuple):
        for part in tree:
            found.update(_subscripts(part, bound))
        return found
    if not isinstance(tree, Tree):
        return found
    if tree.head == "sum":
        # One factor, whatever its terms: (z_i - y_i) has i once.
        for term in tree.kids:
            found |= _subscripts(term, bound)
        return found
    if tree.head == "big":
        bound |= {letter for letter, _, _ in bound_letters(tree.kids[1])}
    if tree.head == "script" and isinstance(tree.kids[1], Tree):
        sub = tree.kids[1]
        parts = sub.kids if sub.head in ("list", "juxt") else (sub,)
        letters = (index_letter(part) for part in parts if isinstance(part, Tree))
        found.update(letter for letter in letters if letter and letter not in bound)
    for kid in tree.kids:
        found.update(_subscripts(kid, bound))
    return found
