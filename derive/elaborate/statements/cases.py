r"""Lines that speak of some entries alone: \partial p_i / \partial z_j = -p_i p_j for i \ne j.

The idea: such a line holds if its sides agree where both are multiplied by 1 - \delta_{ij}, or by
\delta_{ij} where it is for i = j.  A \delta h that is \partial L / \partial h is \delta_h.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import pairwise

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of
from derive.elaborate.statements.lined import with_lines
from derive.elaborate.statements.numerals import with_ones
from derive.elaborate.statements.pieces import with_pieces
from derive.elaborate.statements.pseudo import with_pseudo_inverses
from derive.elaborate.statements.variations import along_directions, with_variations
from derive.latex.read import Parsed
from derive.tree import Tree

_AFTER = re.compile(r"[\s\\$(),;{}a-z]*?\b(?:for|if|when|whenever|where|with|provided)\b[^.]*\Z")
_ENDS = re.compile(r"[.;]\s")
_DELTA, _ONE = Tree("name", (r"\delta",)), Tree("name", (r"\mathbb{1}",))


def stated(parsed: Parsed, counted: Callable[[Tree], bool], judging: bool) -> list[Tree]:
    """What a document states but for what it counts, in the spelling that is read on."""
    rows = [[item for item in row.items if not counted(item)] for row in parsed.rows]
    rows = with_pieces(rows, parsed.document.plain)
    flat = by_cases(rows, parsed.source.text) if judging else [i for row in rows for i in row]
    written = with_variations(with_deltas(with_ones(flat)))
    written = along_directions(written, parsed.document.plain)
    return with_pseudo_inverses(with_lines(written, parsed, judging), parsed)


def by_cases(rows: Iterable[Iterable[Tree]], text: str) -> list[Tree]:
    """The statements of a document row by row; those that a condition on two indices restricts are
    restricted, and the condition is gone."""
    rows = [list(row) for row in rows]
    flat = [item for row in rows for item in row]
    row_of = {id(item): k for k, row in enumerate(rows) for item in row}
    factors: dict[int, Tree] = {}
    gone: set[int] = set()
    for k, item in enumerate(flat):
        pair = _pair(item)
        if pair is None:
            continue
        letters, factor = pair
        last = k - 1
        while last > 0 and flat[last].head == "text":
            last -= 1
        before = flat[last] if k else None
        between = flat[last + 1 : k]
        after = flat[k + 1] if k + 1 < len(flat) else None
        chosen = None
        if before is not None and _entries(before, letters):
            same = row_of[id(before)] == row_of[id(item)]
            if same or _AFTER.match(text[before.span[1] : item.span[0]].lower()):
                chosen = before
        if chosen is None and after is not None and _entries(after, letters):
            between_them = text[item.span[1] : after.span[0]]
            chosen = None if _ENDS.search(between_them) else after
        if chosen is not None:
            factors[id(chosen)] = factor
            gone |= {id(item)} | ({id(one) for one in between} if chosen is before else set())
    return [
        _restricted(item, factors[id(item)]) if id(item) in factors else item
        for item in flat if id(item) not in gone
    ]  # fmt: skip


def _pair(item: Tree) -> tuple[set[str], Tree] | None:
    r"""The two indices that a condition compares, and what is 1 where it holds and 0 elsewhere."""
    item = item.kids[0] if item.head == "paren" and isinstance(item.kids[0], Tree) else item
    if item.head != "chain" or len(item.kids) != 3:
        return None
    left, sign, right = item.kids
    one, other = index_letter(left), index_letter(right)
    if one is None or left == right or str(sign.kids[0]) not in ("!=", "="):
        return None
    if other is None:  # j = y_i, the class of a sample
        if right.head != "script" or not base_of(right) or right.kids[2] is not None:
            return None
        equal = Tree("chain", (left, Tree("rel", ("=",)), right), item.span)
        delta = Tree("script", (_ONE, equal, None), item.span)
    else:
        delta = Tree("script", (_DELTA, Tree("juxt", (left, right)), None), item.span)
    if str(sign.kids[0]) == "=":
        return {one, other or ""}, delta
    rest = Tree("sum", (Tree("num", ("1",)), Tree("neg", (delta,))))
    return {one, other or ""}, Tree("paren", (rest,), item.span)


def _entries(item: Tree, letters: set[str]) -> bool:
    """Whether a line is about a derivative between the entries that two letters number, or in an
    entry that one of them numbers, where the other is the class of a sample."""
    if item.head != "chain" or item.kids[1] != Tree("rel", ("=",)):
        return False
    left = item.kids[0]
    if not isinstance(left, Tree) or left.head not in ("deriv", "grad"):
        return False
    below = {
        letter for node in left.subtrees() if node.head == "script"
        and isinstance(node.kids[1], Tree)
        for part in node.kids[1].subtrees() if (letter := index_letter(part))
    }  # fmt: skip
    return not letters.isdisjoint(below)


def _restricted(item: Tree, factor: Tree) -> Tree:
    sides = [
        kid
        if k % 2
        else Tree("juxt", (_at(factor, kid.span), Tree("paren", (kid,), kid.span)), kid.span)
        for k, kid in enumerate(item.kids)
    ]
    return Tree("chain", tuple(sides), item.span)


def echoes(item: Tree) -> bool:
    """L = L(z) claims nothing: it says what L is a function of."""
    match item:
        case Tree("chain", (Tree() as name, _, Tree("juxt", (again, Tree("paren", (inner,)))))):
            return (
                base_of(name) != ""
                and name == again
                and isinstance(inner, Tree)
                and all(
                    base_of(part) for part in (inner.kids if inner.head == "list" else (inner,))
                )
            )
    return False


def _at(factor: Tree, span: tuple[int, int]) -> Tree:
    return factor.rewritten(lambda node: Tree(node.head, node.kids, span))


def with_deltas(items: Iterable[Tree]) -> list[Tree]:
    r"""The statements with \delta h written \delta_h, where \delta h = \partial L / \partial h."""
    items = list(items)
    if not any(_names(item) for item in items):
        return items
    return [item.rewritten(_joined) for item in items]


def _names(item: Tree) -> bool:
    match item:
        case Tree(
            "chain", (Tree("juxt", (sign, Tree() as named)), _, Tree("deriv", (_, by, _)), *_)
        ):
            return sign == _DELTA and by == named and base_of(named) != ""
    return False


def _joined(node: Tree) -> Tree:
    if node.head != "juxt" or _DELTA not in node.kids:
        return node
    made: list = []
    pairs = list(pairwise((*node.kids, None)))
    skip = False
    for kid, after in pairs:
        if skip:
            skip = False
        elif kid == _DELTA and isinstance(after, Tree) and base_of(after):
            made.append(Tree("script", (_DELTA, after, None), node.span))
            skip = True
        else:
            made.append(kid)
    return made[0] if len(made) == 1 else Tree("juxt", tuple(made), node.span)
