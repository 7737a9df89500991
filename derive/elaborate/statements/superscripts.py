r"""Superscripts without brackets as what they count: l, l - 1, 2, the transposes behind aside.

The idea: a label may have a transpose or a prime behind it, w^{l+1 T}, so a superscript is taken
apart into what counts and the marks that follow.
"""

from __future__ import annotations

from typing import NamedTuple

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of
from derive.elaborate.recurrence.ranges import number_of
from derive.tree import Tree

TURNED = (Tree("name", ("T",)), Tree("name", (r"\top",)), Tree("name", (r"\intercal",)))


class Step(NamedTuple):
    """What a superscript counts: a letter and how far from it; a number where there is none."""

    letter: str
    offset: int


def is_raised(node: Tree) -> bool:
    return node.head == "script" and node.kids[2] is not None and base_of(node) != ""


def step_of(sup: Tree | None) -> Step | None:
    """What a superscript without brackets counts, its transposes left out."""
    return None if sup is None else taken(sup)[0]


def taken(sup: Tree) -> tuple[Step | None, Tree, tuple[Tree, ...]]:
    """A superscript as what it counts, the tree of that, and the transposes or primes behind."""
    match sup:
        case Tree("juxt", (inner, mark)) if _is_mark(mark):
            step, label, marks = taken(inner)
            return step, label, (*marks, mark)
        case Tree("script", (inner, None, mark)) if mark in TURNED:
            step, label, marks = taken(inner)
            return step, label, (*marks, mark)
        case Tree("sum", (*front, Tree() as last)):  # l - 1 T
            inner = last.kids[0] if last.head == "neg" else last
            if inner.head == "juxt" and len(inner.kids) == 2 and _is_mark(inner.kids[1]):
                count = Tree("neg", inner.kids[:1]) if last.head == "neg" else inner.kids[0]
                step, label, marks = taken(Tree("sum", (*front, count), sup.span))
                return step, label, (*marks, inner.kids[1])
    return counted(sup), sup, ()


def _is_mark(tree: Tree) -> bool:
    return tree in TURNED or tree == Tree("name", (r"\prime",))


def counted(sup: Tree) -> Step | None:
    if (number := number_of(sup)) is not None:
        return Step("", number) if number >= 0 else None
    letter = index_letter(sup)
    if letter is not None and sup.head == "name":
        return None if sup in TURNED else Step(letter, 0)
    if sup.head == "sum" and len(sup.kids) == 2 and isinstance(sup.kids[0], Tree):
        letter, number = index_letter(sup.kids[0]), number_of(sup.kids[1])
        if letter is not None and number is not None and sup.kids[0].head == "name":
            return Step(letter, number)
    return None
