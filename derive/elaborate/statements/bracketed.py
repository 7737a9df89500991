"""Brackets after a name: what may stand in them, seen in the tree alone."""

from __future__ import annotations

from collections.abc import Collection

from derive.elaborate.names.scope import INDICATORS
from derive.tree import Tree

BRACKETS = frozenset(["paren", "bracket", "set", "angle", "brace"])
_LANDAU = frozenset(["O", "o", r"\mathcal{O}", r"\mathcal{o}", r"\mathrm{O}", r"\mathrm{o}"])


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


def is_landau(term: object, heads: Collection[str] = ()) -> bool:
    r"""Whether a term is O(h^2) or o(\|h\|), and this O is none of the ``heads`` of equations."""
    inner = term.kids[0] if isinstance(term, Tree) and term.head == "neg" else term
    match inner:
        case Tree("juxt", (Tree("name", (str(word),)), Tree("paren", (Tree(),)))):
            return word in _LANDAU and word not in heads
    return False


def bracket_of(tree: Tree | None) -> tuple[Tree | None, tuple[Tree, ...]]:
    """The bracket that follows a name, and the superscripts on it: g(z)^2 squares the call."""
    if tree is None:
        return None, ()
    if tree.head in BRACKETS:
        return tree, ()
    if tree.head == "script" and tree.kids[0].head in BRACKETS:
        return tree.kids[0], (tree.kids[2],) if tree.kids[2] is not None else ()
    return None, ()
