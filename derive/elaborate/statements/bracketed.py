"""Brackets after a name: what may stand in them, seen in the tree alone."""

from __future__ import annotations

from derive.elaborate.names.scope import INDICATORS
from derive.tree import Tree

BRACKETS = frozenset(["paren", "bracket", "set", "angle", "brace"])


def has_condition(kid: Tree, stem: str) -> bool:
    """Whether an indicator says its condition below it, as 1_{l = j} does."""
    return kid.head == "script" and stem in INDICATORS and getattr(kid.kids[1], "head", "") in (
        "chain", "set",
    )  # fmt: skip


def is_condition(bracket: Tree) -> bool:
    inner = bracket.kids[0]
    return inner.head in ("chain", "text") or (
        inner.head == "list" and any(part.head == "chain" for part in inner.kids)
    )


def bracket_of(tree: Tree | None) -> tuple[Tree | None, tuple[Tree, ...]]:
    """The bracket that follows a name, and the superscripts on it: g(z)^2 squares the call."""
    if tree is None:
        return None, ()
    if tree.head in BRACKETS:
        return tree, ()
    if tree.head == "script" and tree.kids[0].head in BRACKETS:
        return tree.kids[0], (tree.kids[2],) if tree.kids[2] is not None else ()
    return None, ()
