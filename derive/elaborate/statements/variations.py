r"""Variations: \delta f = 2 x^\top A \, \delta x, in which \delta is the d of differentials.

The idea: a \delta that only ever stands before what it varies is a sign, and the lines tell which:
what stands on the left is made of what stands on the right, where in a backward pass it is the
other way round.  Beside x + \delta x it is an increment, and no differential.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.alone import DEFINES
from derive.latex.print import latex
from derive.tree import Tree

_DELTA, _D = Tree("name", (r"\delta",)), Tree("name", (r"\mathbf{d}",))
_BRACKETS = frozenset(["paren", "bracket"])
_DIRECTION = re.compile(r"\bdirection(?:s|al)?\b|\bRichtung\w*", re.IGNORECASE)


def with_variations(items: Sequence[Tree]) -> list[Tree]:
    r"""The statements with a d for every \delta of a differential."""
    nodes = [node for item in items for node in item.subtrees()]
    signs = [(kid, after) for node in nodes if node.head == "juxt"
             for kid, after in pairwise(node.kids) if kid == _DELTA]  # fmt: skip
    varied = {latex(after) for _, after in signs if base_of(after)}
    if (
        not signs
        or nodes.count(_DELTA) != len(signs)
        or any(node.head == "op" or node.head == "num" for _, node in signs)
        or any(_increments(node, varied) for node in nodes)
        or not any(_is_variation(item, items) for item in items)
    ):
        return list(items)
    return [item.rewritten(lambda n: Tree("name", _D.kids, n.span) if n == _DELTA else n)
            for item in items]  # fmt: skip


def _increments(node: Tree, varied: set[str]) -> bool:
    r"""Whether x + \delta x stands here."""
    if node.head != "sum":
        return False
    terms = [kid.kids[0] if kid.head == "neg" else kid for kid in node.kids]
    alone = {latex(term) for term in terms} & varied
    return any(
        term.head == "juxt" and len(term.kids) == 2 and term.kids[0] == _DELTA
        and latex(term.kids[1]) in alone for term in terms
    )  # fmt: skip


def _is_variation(item: Tree, items: Sequence[Tree]) -> bool:
    if item.head != "chain" or not isinstance(item.kids[0], Tree):
        return False
    left = item.kids[0]
    if left.head != "juxt" or left.kids[0] != _DELTA:
        return False
    right = {latex(name) for side in item.kids[2::2] for name in _under(side)}
    if len(left.kids) == 2 and base_of(left.kids[1]) and not _is_raised(left.kids[1]):
        return bool(right & _made_of(latex(left.kids[1]), items))
    inside = {latex(name) for name in names_in(left.kids[1:])}
    return bool(right & inside) or any(name.startswith(one) for one in right for name in inside)


def _is_raised(name: Tree) -> bool:
    return name.head == "script" and name.kids[2] is not None and name.kids[2].head not in _BRACKETS


def _under(side: Tree) -> Iterator[Tree]:
    r"""The names that a \delta stands before."""
    for node in side.subtrees():
        for before, after in pairwise(node.kids) if node.head == "juxt" else ():
            if before == _DELTA and base_of(after):
                yield after


def _made_of(name: str, items: Sequence[Tree]) -> set[str]:
    """The names that the definition of this one is made of, and theirs."""
    bodies: dict[str, Tree] = {}
    for item in items:
        if item.head == "chain" and str(item.kids[1].kids[0]) in DEFINES:
            left = item.kids[0]
            if left.head == "juxt" and len(left.kids) == 2 and left.kids[1].head == "paren":
                left = left.kids[0]
            if base_of(left):
                bodies.setdefault(latex(left), item.kids[2])
    found: set[str] = set()
    stack = [name]
    while stack:
        body = bodies.get(stack.pop())
        for inner in names_in([body]) if body is not None else ():
            for one in (inner, inner.kids[0]) if inner.head == "script" else (inner,):
                if isinstance(one, Tree) and latex(one) not in found:
                    found.add(latex(one))
                    stack.append(latex(one))
    return found


def along_directions(items: Sequence[Tree], text: str) -> list[Tree]:
    r"""\nabla_v f(x) and \partial_v f(x) as D_v f(x), where the text speaks of directions and f(x)
    has no v."""
    if _DIRECTION.search(text) is None:
        return list(items)

    parts: dict[str, set[Tree]] = {}
    for item in items:
        if item.head == "chain" and isinstance(item.kids[0], Tree) and item.kids[0].head == "juxt":
            names = parts.setdefault(latex(item.kids[0].kids[0]), set())
            names.update(node for side in item.kids[2:] for node in side.subtrees())

    def directed(node: Tree) -> Tree:
        match node:
            case Tree("grad", (Tree() as by, Tree() as of, "1")):
                pass
            case Tree("deriv", (Tree() as of, Tree() as by, "1")):
                pass
            case _:
                return node
        factors = of.kids if of.head == "juxt" else (of,)
        applied = len(factors) == 2 and factors[1].head == "paren"
        if not base_of(by) or not base_of(factors[0]) or not applied:
            return node
        if by in of.subtrees() or by in parts.get(latex(factors[0]), ()):
            return node
        along = Tree("script", (Tree("name", ("D",)), by, None), by.span)
        return Tree("juxt", (along, *factors), node.span)

    return [item.rewritten(directed) for item in items]
