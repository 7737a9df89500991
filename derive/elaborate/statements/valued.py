r"""Values written as values of functions: g_k(x), where g = \mathrm{softmax}(W x) has no argument.

The idea: a name that is defined by a formula in x, and stands before exactly that x in brackets, is
no factor of it: nobody puts a lone name in brackets to multiply by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import INDICATORS, KNOWN_WORDS, base_of, names_in
from derive.tree import Tree

_EQUALS = frozenset(["=", ":=", "=="])


def without_own_arguments(items: Iterable[Tree]) -> list[Tree]:
    """The statements with g_k for g_k(x)."""
    items = list(items)
    made = _made_of(items)
    if not made:
        return items

    def bare(node: Tree) -> Tree:
        kids = node.kids if node.head == "juxt" else ()
        left = tuple(kid for k, kid in enumerate(kids)
                     if k == 0 or not _is_value(kids[k - 1], kid, made))  # fmt: skip
        if len(left) == len(kids):
            return node
        return left[0] if len(left) == 1 else Tree("juxt", left, node.span)

    return [item.rewritten(bare) for item in items]


def _is_value(name: Tree, bracket: Tree, made: Mapping[Tree, set[Tree]]) -> bool:
    if bracket.head != "paren":
        return False
    inside = next((made[one] for one in _called(name) if one in made), None)
    inner = bracket.kids[0]
    given = inner.kids if inner.head in ("list", "semi") else (inner,)
    return inside is not None and all(one in inside for one in given)


def _called(name: Tree) -> tuple[Tree, Tree, Tree]:
    """A name, the family that it is of, and what it is an entry of."""
    whole = name.kids[0] if name.head == "script" and name.kids[2] is None else name
    return name, _member(name), whole


def _through(name: Tree, made: Mapping[Tree, set[Tree]]) -> set[Tree]:
    """What a name is made of, through other definitions."""
    found = set(made[name])
    new = found
    while new:
        new = {n for one in new for n in made.get(_member(one), ())} - found
        found |= new
    return found


def _member(name: Tree) -> Tree:
    """E_i for the E_k of a family, whatever its letter is."""
    if name.head == "script" and name.kids[2] is None and index_letter(name.kids[1]):
        return Tree("script", (name.kids[0], Tree("name", ("i",)), None), name.span)
    return name


def _made_of(items: list[Tree]) -> dict[Tree, set[Tree]]:
    """The names that have one definition and no argument in it, with what they are made of, through
    other definitions; not those that are functions anywhere: of other arguments, or of their own.
    """
    made: dict[Tree, set[Tree]] = {}
    others: set[str] = set()
    for item in items:
        left = item.kids[0] if item.head == "chain" else None
        if not isinstance(left, Tree) or str(item.kids[1].kids[0]) not in _EQUALS:
            continue
        name = _member(left)
        if left.head == "juxt":
            others.add(base_of(left.kids[0]))
        elif base_of(left) and name.head in ("name", "script"):
            body = {n for side in item.kids[2::2] for n in _factors(side)}
            repeated = name in made or any(base_of(n) == base_of(left) for n in body)
            others |= {base_of(left)} if repeated else set()
            made[name] = body
    # Only those that stand before brackets: of each name it would be the network below it.
    called = {
        one for item in items for node in item.subtrees() if node.head == "juxt"
        for name, bracket in pairwise(node.kids) if bracket.head == "paren"
        for one in _called(name) if one in made
    }  # fmt: skip
    made = {name: _through(name, made) for name in called}
    others |= KNOWN_WORDS | INDICATORS
    made = {n: inside for n, inside in made.items() if base_of(n).lstrip("\\") not in others
            and base_of(n) not in others}  # fmt: skip
    applied = {
        base_of(name) for item in items for node in item.subtrees() if node.head == "juxt"
        for name, bracket in pairwise(node.kids) if bracket.head == "paren" and base_of(name)
        and _is_call(bracket) and not _is_value(name, bracket, made)
    }  # fmt: skip
    return {name: inside for name, inside in made.items() if base_of(name) not in applied}


def _factors(tree: Tree) -> set[Tree]:
    """The names in a formula that are no scripts: not the g of W_g."""
    below = {
        id(n)
        for name in names_in([tree])
        if name.head == "script"
        for mark in name.kids[1:]
        if isinstance(mark, Tree)
        for n in mark.subtrees()
    }
    return {name for name in names_in([tree]) if id(name) not in below}


def _is_call(bracket: Tree) -> bool:
    inner = bracket.kids[0]
    return inner.head in ("list", "semi", "num") or base_of(inner) != ""
