r"""Members that are declared one by one, x_1, x_2, x_3 \in \mathbb{R}^d, of a family that is used.

The idea: beside \sum_i p_i x_i the x_2 of such a declaration is the x_i of i = 2, so what is
declared is the family.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.elaborate.names.indices import index_letter
from derive.tree import Tree


def with_families(items: Sequence[Tree]) -> list[Tree]:
    """The statements, with a family in the place of the numbered members that one declares."""
    declarations = [item for item in items if _members(item)]
    if not declarations:
        return list(items)
    letters: dict[Tree, Tree] = {}
    for item in items:
        for node in () if item in declarations else item.subtrees():
            match node:
                case Tree("script", (Tree("name") as base, Tree("name") as sub, None)):
                    if index_letter(sub):
                        letters.setdefault(base, sub)
    return [_gathered(item, letters) if item in declarations else item for item in items]


def _members(item: Tree) -> dict[Tree, list[Tree]]:
    """The bases of the names x_1, x_2, .. that a declaration lists, from the first one on."""
    if item.head != "chain" or not isinstance(item.kids[0], Tree):
        return {}
    if item.kids[0].head != "list" or item.kids[1].kids != ("in",):
        return {}
    found: dict[Tree, list[Tree]] = {}
    for part in item.kids[0].kids:
        match part:
            case Tree("script", (Tree("name") as base, Tree("num") as sub, None)):
                found.setdefault(base, []).append(sub)
    counted = {base: [str(n.kids[0]) for n in subs] for base, subs in found.items()}
    return {
        base: subs for base, subs in found.items()
        if len(subs) > 1 and counted[base] == [str(k + 1) for k in range(len(subs))]
    }  # fmt: skip


def _gathered(item: Tree, letters: dict[Tree, Tree]) -> Tree:
    bases = {base for base in _members(item) if base in letters}
    parts: list[Tree] = []
    for part in item.kids[0].kids:
        base = part.kids[0] if part.head == "script" and part.kids[1] is not None else None
        if base in bases and part.kids[1].head == "num":
            part = Tree("script", (base, letters[base], None), part.span)
        if part not in parts:
            parts.append(part)
    left = parts[0] if len(parts) == 1 else Tree("list", tuple(parts), item.kids[0].span)
    return Tree("chain", (left, *item.kids[1:]), item.span)
