"""Sums of matrices as trees: a sum transposed term by term, a term without its sign.

The idea: a tree does not say which of its names are scalars, so only what is sure without knowing
that is done here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from derive.tree import Tree, name, tree

_SMALL = 60  # the parts of a tree that is still compared with others
IDENTITY = name(r"\mathbf{I}")


def sum_transposed(total: Tree) -> Tree | None:
    r"""A sum transposed term by term where that takes no more transposes: B + A^\top of B^\top + A,
    and A + A^\top itself; None where it is no such sum."""
    if total.head != "sum":
        return None
    terms = [_term_transposed(term) for term in total.kids]
    heads = {kid.head for kid in total.kids}
    alike = all([term.head in heads for term in terms])  # to count them costs more than to look
    if alike and Counter(map(key_of, terms)) == Counter(map(key_of, total.kids)):
        return total
    plain = all(core_of(term).head in ("name", "transpose") for term in total.kids)
    before, after = (_turns_in(kids) for kids in (total.kids, terms))
    return Tree("sum", tuple(terms)) if plain and after <= before else None


def core_of(term: Tree) -> Tree:
    """A term without its sign and its number."""
    inner = term.kids[0] if term.head == "neg" else term
    if inner.head == "product" and len(inner.kids) == 2 and inner.kids[0].head == "num":
        return inner.kids[1]
    return inner


def _term_transposed(term: Tree) -> Tree:
    if term.head == "neg":
        return tree("neg", _term_transposed(term.kids[0]))
    if term.head == "transpose":
        return term.kids[0]
    if term.head == "product":
        lead = tuple(kid for kid in term.kids if kid.head in ("num", "frac"))
        rest = [_term_transposed(kid) for kid in term.kids if kid not in lead]
        return Tree("product", (*lead, *reversed(rest)))
    return term if term == IDENTITY else tree("transpose", term)


def _turns_in(terms: Sequence[Tree]) -> int:
    return sum(core_of(term).head == "transpose" for term in terms)


def key_of(node: Tree) -> object:
    """What a tree is known by: itself, or its identity where comparing it would cost too much."""
    try:
        small = node.small
    except AttributeError:
        small = _is_small(node)
        object.__setattr__(node, "small", small)
    return node if small else id(node)


def _is_small(node: Tree) -> bool:
    stack: list = [node]
    counted = 0
    while stack:
        here = stack.pop()
        counted += 1
        if counted > _SMALL:
            return False
        for kid in here.kids if type(here) is Tree else here:
            if type(kid) is Tree or type(kid) is tuple:
                stack.append(kid)
    return True
