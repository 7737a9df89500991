"""What lists in brackets say when they are transposed: (1, 2)^T and (x, u)^T are columns.

The idea: it is seen in the tree alone; a list of rows, [x^T, u^T]^T, is a row that is transposed.
"""

from __future__ import annotations

from derive.tree import Tree


def is_column(base: Tree) -> bool:
    """Whether brackets list what stands in a column once it is transposed: (x, u), [1, 2]."""
    if base.head not in ("paren", "bracket") or base.kids[0].head != "list":
        return False
    kids = base.kids[0].kids
    if any(kid.head in ("dots", "chain", "text", "empty") for kid in kids):
        return False
    rows = [
        kid
        for kid in kids
        if kid.head == "script" and kid.kids[2] is not None and kid.kids[2].head != "num"
    ]
    numbers = all(node.head in ("num", "neg", "frac") for kid in kids for node in kid.subtrees())
    return not rows if base.head == "paren" else numbers


def joins(brackets: Tree) -> bool:
    """Whether brackets put side by side what is in them: [x, u], [x; u], (x; u), [x | u]."""
    inner = brackets.kids[0]
    if inner.head == "list":
        return brackets.head == "bracket" and Tree("dots") not in inner.kids
    return inner.head in ("semi", "given")
