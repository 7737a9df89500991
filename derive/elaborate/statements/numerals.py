r"""The vector of ones written as a plain numeral: I - \frac1n 1 1^\top, H 1 = 0.

The idea: nobody transposes a number, so a document that writes 1^\top means a vector by it; then a
1 that follows a factor, as in H 1, is that vector too, since nobody multiplies by 1 there.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.tree import Tree

_TRANSPOSES = ((r"\top",), ("T",), (r"\intercal",))
_ONE = Tree("num", ("1",))
_ONES = Tree("name", (r"\mathbf{1}",))
_NUMBERS = frozenset(["num", "frac", "neg", "op"])


def with_ones(items: Sequence[Tree]) -> list[Tree]:
    r"""The statements with \mathbf{1} for each 1 that is a vector; as they are where no 1 has a
    transpose."""
    if not any(_turned(node) for item in items for node in item.subtrees()):
        return list(items)
    return [_equated(item.rewritten(_respelled)) for item in items]


def _turned(node: Tree) -> bool:
    """1^T, 11^T"""
    match node:
        case Tree("script", (Tree("num", ("1" | "11",)), _, Tree(_, above))):
            return above in _TRANSPOSES
    return False


def _respelled(node: Tree) -> Tree:
    match node:
        case Tree("script", (Tree("num", ("11",)), None, above)) if _turned(node):
            turned = Tree("script", (_ones(node), None, above), node.span)
            return Tree("juxt", (_ones(node), turned), node.span)
        case Tree("script", (Tree("num", ("1",)), sub, above)) if _turned(node):
            return Tree("script", (_ones(node), sub, above), node.span)
        case Tree("script", (Tree("num", ("1",)), Tree("name", (letter,)) as sub, None)):
            plain = str(letter).isalpha() and len(str(letter)) == 1
            return Tree("script", (_ones(node), sub, None), node.span) if plain else node
        case Tree("juxt", kids) if _ONE in kids:
            made = [_ones(kid) if kid == _ONE and _is_vector(kids, k) else kid
                    for k, kid in enumerate(kids)]  # fmt: skip
            return Tree("juxt", tuple(made), node.span)
    return node


def _is_vector(kids: tuple, k: int) -> bool:
    """Whether the 1 at this place comes before a 1^T, or behind a factor and at the end."""
    after = kids[k + 1] if k + 1 < len(kids) else None
    if after is not None:
        return _is_ones(after) and after.head == "script"
    return k > 0 and kids[k - 1].head not in _NUMBERS


def _ones(at: Tree) -> Tree:
    return Tree("name", _ONES.kids, at.span)


def _is_ones(node: Tree) -> bool:
    return node == _ONES or (node.head == "script" and node.kids[0] == _ONES)


def _equated(item: Tree) -> Tree:
    """P 1 = 1, where the 1 on the right is what the left side ends with."""
    if item.head != "chain" or not isinstance(item.kids[0], Tree):
        return item
    left = item.kids[0]
    if left.head != "juxt" or left.kids[-1] != _ONES or _is_row(left.kids[0]):
        return item
    return Tree("chain", tuple(_ones(k) if k == _ONE else k for k in item.kids), item.span)


def _is_row(node: Tree) -> bool:
    return node.head == "script" and node.kids[2] is not None and node.kids[2].kids in _TRANSPOSES
