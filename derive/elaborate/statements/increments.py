r"""Increments: \Delta x, the change of x, which is one name and no product with a \Delta.

The idea: a \Delta that nothing declares or defines, and that only ever stands before a name, is a
part of it; an increment lives where what it changes lives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from derive.elaborate.names.scope import base_of
from derive.latex.print import latex
from derive.tree import Tree

_DELTA = Tree("name", (r"\Delta",))
_EQUALS = (Tree("rel", ("=",)), Tree("rel", (":=",)))
_IN = Tree("rel", ("in",))


def with_increments(items: Sequence[Tree]) -> list[Tree]:
    """The statements with every increment as one name, and with where it lives."""
    nodes = [node for item in items for node in item.subtrees()]
    count = nodes.count(_DELTA)
    if not count or sum(1 for node in nodes for _ in _increments(node)) < count:
        return list(items)
    changed = {latex(kid): kid for node in nodes for kid in _increments(node)}
    known = {latex(part) for item in items for part in _declared(item)}
    known |= {latex(item.kids[0]) for item in items if _defines(item)}
    more = [
        Tree("chain", (_named(part), _IN, item.kids[2]), item.span)
        for item in items for part in _declared(item)
        if latex(part) in changed and rf"\Delta {latex(part)}" not in known
    ]  # fmt: skip
    return [*(_merged(item) for item in items), *more]


def _increments(node: Tree) -> Iterator[Tree]:
    """What stands behind a \\Delta in a product, if it is a name that is applied to nothing."""
    kids = node.kids if node.head == "juxt" else ()
    for k, kid in enumerate(kids[:-1]):
        applied = k + 2 < len(kids) and kids[k + 2].head == "paren"
        if kid == _DELTA and _letter(kids[k + 1]) is not None and not applied:
            yield kids[k + 1]


def _letter(tree: Tree) -> Tree | None:
    letter = tree.kids[0] if tree.head == "script" else tree
    return (
        letter if isinstance(letter, Tree) and letter.head == "name" and base_of(letter) else None
    )


def _declared(item: Tree) -> Sequence[Tree]:
    """What an item says to be in a set."""
    if item.head != "chain" or item.kids[1:2] != (_IN,) or item.kids[0] is None:
        return ()
    left = item.kids[0]
    return left.kids if left.head == "list" else (left,)


def _defines(item: Tree) -> bool:
    return item.head == "chain" and item.kids[0] is not None and item.kids[1] in _EQUALS


def _named(tree: Tree) -> Tree:
    if tree.head == "script":
        return Tree("script", (_named(tree.kids[0]), *tree.kids[1:]), tree.span)
    return Tree("name", (rf"\Delta {tree.kids[0]}",), tree.span)


def _merged(tree: Any) -> Any:
    if isinstance(tree, tuple):
        return tuple(_merged(kid) for kid in tree)
    if not isinstance(tree, Tree):
        return tree
    kids: list[Any] = []
    for kid in tree.kids:
        if tree.head == "juxt" and kids and kids[-1] == _DELTA:
            start = kids.pop()
            named = _named(kid)
            kids.append(Tree(named.head, named.kids, (start.span[0], kid.span[1])))
        else:
            kids.append(_merged(kid))
    one = tree.head == "juxt" and len(kids) == 1
    return kids[0] if one else Tree(tree.head, tuple(kids), tree.span)
