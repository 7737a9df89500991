r"""Families put side by side: \mathrm{Concat}(H_1, \dots, H_h), [H_1, \dots, H_h] of matrices.

The idea: the members around the dots are one member over an index, and what is put side by side is
the array of all of them, which ``terms.blocks`` lays out as a block row.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.ellipsis import is_dots, pattern
from derive.elaborate.terms.blocks import FAMILY
from derive.operators.row import PRIMITIVES
from derive.tree import Tree

_LETTERS = "jklrspqmnuvab"


def with_families_joined(items: Iterable[Tree]) -> list[Tree]:
    """The statements with such a list as one word of the array of its members, and where its index
    runs, if nothing says so."""
    items = list(items)
    ranges: dict[str, Tree] = {}
    used = {str(n.kids[0]) for n in names_in(items) if n.head == "name"}

    def joined(node: Tree) -> Tree:
        kids = list(node.kids) if node.head == "juxt" else []
        for k in range(len(kids) - 1):
            word, after = kids[k : k + 2]
            plain = base_of(word).removeprefix("\\")
            if word.head != "name" or plain not in PRIMITIVES["concat"].words:
                continue
            if after.head != "paren" or after.kids[0].head != "list":
                continue
            listed = after.kids[0].kids
            found = _member(listed, used) if any(map(is_dots, listed)) else None
            if found is not None:
                body, letter, last = found
                ranges[letter] = last
                index = Tree("name", (letter,), after.span)
                array = Tree("script", (Tree("bracket", (body,), after.span), index, None))
                kids[k] = Tree("name", (FAMILY,), word.span)
                kids[k + 1] = Tree("paren", (Tree("list", (array, last), after.span),), after.span)
        return Tree("juxt", tuple(kids), node.span) if kids else node

    items = [item.rewritten(joined) for item in items]
    return items + [_range(letter, last) for letter, last in ranges.items()]


def _member(listed: tuple[Tree, ...], used: set[str]) -> tuple[Tree, str, Tree] | None:
    """The member over an index of its own, and its last."""
    letter = next((x for x in _LETTERS if x not in used), "")
    found = pattern(listed, letter) if letter else None
    if found is None or found[1] != Tree("num", ("1",)):
        return None
    return found[0], letter, found[2]


def _range(letter: str, last: Tree) -> Tree:
    listed = Tree("list", (Tree("num", ("1",)), Tree("dots"), last))
    return Tree("chain", (Tree("name", (letter,)), Tree("rel", ("=",)), listed), last.span)
