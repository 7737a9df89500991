r"""The names that a statement says something of, and those it has.

The idea: a name is known by its marks, W_1, z^{(2)}, \hat y, and not by the index of an entry.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.alone import DEFINES, is_head
from derive.elaborate.statements.declare import declared_names
from derive.latex.print import latex
from derive.tree import Tree

IN = frozenset(["in", "sim"])


def relation_of(item: Tree) -> str:
    return str(item.kids[1].kids[0])


def said_by(item: Tree) -> Iterator[str]:
    r"""The names that a statement declares or defines; not the i of i = 1, .., n, nor n = 3."""
    if item.head != "chain" or item.kids[0] is None or any(k.head == "ask" for k in item.kids[::2]):
        return
    left, right = item.kids[0], item.kids[2]
    if relation_of(item) in IN:
        parts = left.kids if left.head == "list" else (left,)
        counts = right.head == "set" and any(n.head == "dots" for n in right.subtrees())
        if index_letter(left) is None or not counts:
            yield from dict.fromkeys(key_of(one) for one in declared_names(item))
            if any(part.head == "dots" for part in parts):
                yield from dict.fromkeys(base_of(one) for one in parts if base_of(one))
    elif relation_of(item) in DEFINES and not any(n.head == "dots" for n in right.subtrees()):
        if base_of(left) not in ("", r"\delta") and right.head != "num":
            yield key_of(left)
        elif is_head(left):
            yield key_of(left.kids[0])


def names_of(item: Tree) -> Iterator[str]:
    for node in names_in([item]):
        yield key_of(node)


def varied_by(node: Tree) -> list[str]:
    """What a derivative is taken by."""
    match node:
        case Tree("deriv", (_, Tree() as by, *_)) | Tree("grad", (Tree() as by, *_)):
            return [key_of(one) for one in names_in([by])]
    return []


def key_of(node: Tree) -> str:
    r"""A name with the marks that tell it from others: W_1, z^{(2)}, \hat y; not the i of x_i."""
    marks = ""
    while node.head in ("script", "prime"):
        if node.head == "script":
            _, sub, sup = node.kids
            if isinstance(sub, Tree) and not _is_place(sub):
                marks = f"_{{{latex(sub)}}}{marks}"
            if isinstance(sup, Tree) and sup.head in ("paren", "bracket") and not _is_place(sup):
                marks = f"_{{{latex(sup)}}}{marks}"
        node = node.kids[0]
    return base_of(node) + marks


def _is_place(script: Tree) -> bool:
    parts = script.kids if script.head in ("list", "juxt") else (script,)
    return all(isinstance(one, Tree) and index_letter(one) is not None for one in parts)
