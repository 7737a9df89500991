"""What can stand in a subscript or a label, and which letter it is.

The idea: a letter, a number or a range selects entries; anything longer is part of a name.
"""

from __future__ import annotations

import re

from derive.tree import LABELS, Tree

COLON = Tree("name", (":",))


def inside(label: Tree | None) -> Tree:
    assert label is not None
    return label.kids[0] if label.head in LABELS else label


def has_label_slot(symbol: str) -> bool:
    """Whether the first slot of a symbol is a superscript label."""
    return "^{(#1)}" in symbol or "^{[#1]}" in symbol or "^{#1}" in symbol


def is_index(tree: Tree) -> bool:
    """Whether a subscript can select an entry: a letter, a number, or an index of its own."""
    letter = index_letter(tree)
    return letter is not None or tree.head in ("num", "script") or is_range(tree)


def is_range(index: Tree) -> bool:
    """Whether a subscript takes neighbours: 1:k, or all of them, as in W_{:,1:k}."""
    return index == COLON or (index.head == "chain" and Tree("rel", (":",)) in index.kids)


def is_number(index: Tree) -> bool:
    """Whether a subscript is a number: the 2 of x_2."""
    return index.head == "num" and str(index.kids[0]).isdigit()


def index_letter(tree: Tree | None) -> str | None:
    """The single letter of an index: i, or (i) and [l] as labels."""
    if tree is None:
        return None
    inner: Tree = tree.kids[0] if tree.head in LABELS else tree
    written = str(inner.kids[0]) if inner.head == "name" else ""
    return written if re.fullmatch(r"[A-Za-z]|\\ell", written) else None
