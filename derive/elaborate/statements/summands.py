r"""Functions that a sum runs over and nothing defines: the f_i of f(w) = \frac1N \sum_i f_i(w).

The idea: they are the entries of one map, whose gradients \nabla f_i(w) are the rows of its
Jacobian; that of an f which is their sum is a letter of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import KNOWN_WORDS, NUMBER_LETTERS, base_of
from derive.elaborate.names.trials import names_loss
from derive.elaborate.statements.maps import headed, listed
from derive.latex.print import latex
from derive.tree import Tree

_REALS = Tree("name", (r"\mathbb{R}",))
_DEFINES = frozenset(["=", ":=", "=="])


def summands(items: Sequence[Tree]) -> dict[str, Tree]:
    """The bases of such functions, each with the set of all their values, R^N.

    Only of those that have a gradient written with a nabla, or the name of a loss: others may have
    arrays for values."""
    graded = {latex(of) for item in items for of in _graded(item)}
    lefts = [i.kids[0] for i in items if i.head == "chain" and i.kids[0] is not None]
    given = {base_of(headed(left)) for left in lefts if headed(left).head == "script"}
    found: dict[str, Tree] = {}
    for item in items:
        for name, last in _summed(item):
            base = base_of(name)
            scalar = latex(name) in graded or names_loss(base)
            if scalar and base not in given and base not in NUMBER_LETTERS:
                found.setdefault(base, Tree("script", (_REALS, None, last), name.span))
    return found


def _graded(item: Tree) -> Iterator[Tree]:
    for node in item.subtrees():
        if node.head == "grad" and isinstance(node.kids[1], Tree):
            of = node.kids[1]
            yield of.kids[0] if of.head == "juxt" else of


def _summed(item: Tree) -> Iterator[tuple[Tree, Tree]]:
    """Every f_i(w) under a sum over i, with the end of the sum."""
    for node in item.subtrees():
        match node:
            case Tree("big", ("sum", Tree("chain", (Tree() as letter, _, start)), Tree() as last,
                              Tree() as body)) if start == Tree("num", ("1",)):  # fmt: skip
                yield from ((name, last) for name in _members(body, letter))


def _members(body: Tree, letter: Tree) -> Iterator[Tree]:
    for node in body.subtrees():
        for name, after in pairwise(node.kids) if node.head == "juxt" else ():
            name = name.kids[1] if name.head == "grad" and name.kids[1] is not None else name
            bracket = after.kids[0] if after.head == "script" else after
            match name:
                case Tree("script", (Tree("name", (str() as base,)), sub, None)) if sub == letter:
                    plain = base.lstrip("\\") not in KNOWN_WORDS and bracket.head == "paren"
                    arguments = listed(bracket.kids[0]) if plain else []
                    free = all(base_of(a) and letter not in a.subtrees() for a in arguments)
                    if arguments and free:
                        yield name


def apart(items: Sequence[Tree], found: dict[str, Tree]) -> tuple[list[Tree], dict[str, Tree]]:
    """The statements, and the sets of the functions, with letters of their own for those of which
    the sum has the same."""
    taken = {
        base for i in items
        if i.head == "chain" and i.kids[0] is not None and str(i.kids[1].kids[0]) in _DEFINES
        and headed(i.kids[0]).head == "name" and (base := base_of(headed(i.kids[0]))) in found
        and any(base_of(name) == base for name, _ in _summed(i))
    }  # fmt: skip
    if not taken:
        return list(items), found

    def own(node: Tree) -> Tree:
        match node:
            case Tree("script", (Tree("name", (str() as base,), span), sub, None)) if (
                base in taken and index_letter(sub)
            ):
                name = Tree("name", (_own(base),), span)
                return Tree("script", (name, sub, None), node.span)
        return node

    made = [item.rewritten(own) for item in items]
    return made, {_own(base) if base in taken else base: a_set for base, a_set in found.items()}


def _own(base: str) -> str:
    return rf"\mathsf{{{base}}}"
