r"""How far the letter of a recurrence runs: t = 1, \dots, T, 1 \le t \le T, or the range of a sum.

The idea: a range is said beside the recurrence, or by the sum that a loss is.
"""

from __future__ import annotations

from derive.elaborate.terms.limits import bound_letters
from derive.tree import Tree


def number_of(tree: Tree | None) -> int | None:
    match tree:
        case Tree("num", (digits,)) if str(digits).isdigit():
            return int(str(digits))
        case Tree("neg", (Tree("num", (digits,)),)) if str(digits).isdigit():
            return -int(str(digits))
    return None


def range_of(item: Tree, letter: str) -> tuple[int, Tree] | None:
    """t = 1, 2, 3; t = 1, .., T; t in {1, .., T}; 1 <= t <= T; (l = 1, .., L)."""
    if item.head == "paren":
        item = item.kids[0]
    if item.head == "list" and item.kids and item.kids[0].head == "chain":
        first = item.kids[0]
        ends = Tree("list", (first.kids[-1], *item.kids[1:]))
        item = Tree("chain", (*first.kids[:-1], ends))
    if item.head != "chain" or len(item.kids) < 3 or not isinstance(item.kids[0], Tree):
        return None
    here = Tree("name", (letter,))
    match item.kids:
        case (Tree() as low, Tree("rel", ("<=",)), Tree() as name, Tree("rel", ("<=",)), high) if (
            name == here and number_of(low) is not None
        ):
            return number_of(low) or 0, high
        case (Tree() as name, Tree("rel", ("=" | "in",)), ends) if name == here:
            ends = ends.kids[0] if ends.head == "set" else ends
            if ends.head == "list" and number_of(ends.kids[0]) is not None:
                return number_of(ends.kids[0]) or 0, ends.kids[-1]
    return None


def range_in(items: list[Tree], letter: str) -> tuple[int, Tree | None]:
    """The first and the last step, as the text or a sum says."""
    low, high = 1, None
    for item in items:
        said = range_of(item, letter)
        if said is not None and (high is None or number_of(high) is None):
            low, high = said
    if high is None:
        for item in items:
            for node in item.subtrees():
                if node.head == "big" and node.kids[2] is not None:
                    for one, first, _ in bound_letters(node.kids[1]):
                        start = number_of(first)
                        if one == letter and start is not None:
                            low, high = start, node.kids[2]
    return low, high


def number_said(items: list[Tree], name: Tree) -> int | None:
    """The number that a limit is, or that the text says it is: T = 3."""
    told = (i.kids[2] for i in items if i.head == "chain" and len(i.kids) == 3
            and i.kids[0] == name and i.kids[1] == Tree("rel", ("=",)))  # fmt: skip
    return next((n for n in map(number_of, (name, *told)) if n is not None), None)
