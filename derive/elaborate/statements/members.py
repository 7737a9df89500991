r"""Members of families that are named by their number: \mathrm{head}_1, k_0 beside k_1, .., k_N.

The idea: what defines \mathrm{head}_i defines every head that the document names by its number, so
it is written out for those; and a sum from 0 over a family whose member 0 has a name of its own is
that member and a sum from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from derive.elaborate.names.indices import index_letter, is_number
from derive.elaborate.names.scope import Scope, base_of, names_in
from derive.elaborate.recurrence.steps import mentions, put
from derive.elaborate.statements.listed import with_families
from derive.elaborate.statements.unfold import uses
from derive.elaborate.terms.limits import bound_letters
from derive.latex.print import latex
from derive.tree import Tree

_MOST = 16  # members that are written out
_ZERO, _ONE, _IS = Tree("num", ("0",)), Tree("num", ("1",)), Tree("rel", ("=",))
_AS = Tree("rel", (":=",))
_SPARE = ("l", "k", "q", "r", "s", "p", "u", "v", "a", "b", "c", "d")


def with_members(items: Iterable[Tree]) -> list[Tree]:
    """The statements with numbered members written out, and sums over families begun at 1."""
    items = _heads(with_families(list(items)))
    zeroth = {
        base for base, sub in _subscripted(items) if sub == _ZERO
    } - {str(n.kids[0]) for n in names_in(items) if n.head == "name"}  # fmt: skip
    return [_from_one(item, zeroth) for item in items] if zeroth else items


def _subscripted(items: Iterable[Tree]) -> Iterator[tuple[str, Tree]]:
    for node in names_in(items):
        if node.head == "script" and node.kids[0].head == "name" and node.kids[1] is not None:
            yield str(node.kids[0].kids[0]), node.kids[1]


# ---------------------------------------------------------------------------- from zero


def _from_one(tree: Any, zeroth: set[str]) -> Any:
    if isinstance(tree, tuple):
        return tuple(_from_one(kid, zeroth) for kid in tree)
    if not isinstance(tree, Tree):
        return tree
    tree = Tree(tree.head, tuple(_from_one(kid, zeroth) for kid in tree.kids), tree.span)
    if tree.head != "big" or tree.kids[0] != "sum" or None in tree.kids[1:]:
        return tree
    operator, below, above, body = tree.kids
    found = bound_letters(below)
    if len(found) != 1 or found[0][1] != _ZERO or found[0][2] is not None:
        return tree
    letter = found[0][0]
    used = {base for base, sub in _subscripted([body]) if index_letter(sub) == letter}
    if not used & zeroth:
        return tree
    index = Tree("name", (letter,), below.span)
    rest = Tree("big", (operator, Tree("chain", (index, _IS, _ONE), below.span), above, body),
                tree.span)  # fmt: skip
    return Tree("paren", (Tree("sum", (put(body, letter, _ZERO), rest), tree.span),), tree.span)


# ---------------------------------------------------------------------------- by number


def _heads(items: list[Tree]) -> list[Tree]:
    """Definitions of matrices and words with an index, for the numbers that are used."""
    while True:
        made = next(
            (found for item in items if (found := _numbered(item, items)) is not None), None
        )
        if made is None:
            return items
        items = made


def _numbered(item: Tree, items: list[Tree]) -> list[Tree] | None:
    left, sign = item.kids[:2] if item.head == "chain" and len(item.kids) > 2 else (None, None)
    if left is None or sign != _IS or left.head != "script" or left.kids[2] is not None:
        return None
    base, letter = base_of(left), index_letter(left.kids[1])
    word = re.sub(r"^\\[a-z]+\{(.*)\}$", r"\1", base).lstrip("\\")
    matrix = word[:1].isupper() or (word.isalpha() and len(word) > 1 and base[0] != "\\")
    matrix = matrix or base.startswith((r"\mathrm{", r"\text{", r"\operatorname{"))
    if letter is None or left.kids[0].head != "name" or not matrix:
        return None
    others = [other for other in items if other is not item]
    subs = {sub for name, sub in _subscripted(others) if name == base}
    numbers = sorted((sub for sub in subs if is_number(sub)), key=lambda sub: int(sub.kids[0]))
    letters = [sub for sub in subs if not is_number(sub)]
    # What is made of the member before it is a recurrence.
    letters += [sub for name, sub in _subscripted([item]) if name == base]
    if not 0 < len(numbers) <= _MOST or any(sub != left.kids[1] for sub in letters):
        return None
    if any(node.head == "big" and letter in {x for x, _, _ in bound_letters(node.kids[1])}
           for other in items for node in other.subtrees()):  # fmt: skip
        return None
    # What is said with this letter is said of every member.
    found: list[Tree] = []
    for other in items:
        if _ranges(other, letter):
            continue
        if not mentions(other, letter):
            found.append(other)
            continue
        found += [put(other, letter, number) for number in numbers]
    return found


def _ranges(item: Tree, letter: str) -> bool:
    """i = 1, 2 and i \\in \\{1, .., h\\}."""
    return item.head == "chain" and index_letter(item.kids[0]) == letter and len(item.kids) == 3


# ---------------------------------------------------------------------------- by a letter


def with_own_letters(items: list[Tree]) -> list[Tree]:
    r"""The definition of a family with a letter of its own, where its letter chooses a member
    elsewhere: s_l = w_l^\top h beside L = -s_j + \log \sum_k e^{s_k}, if it was said of s_j."""
    found = list(items)
    spare = [x for x in _SPARE if Tree("name", (x,)) not in set(names_in(items))]
    for item in filter(_defines, items):
        left, _, right = item.kids
        for letter in sorted(_letters_below([left])):
            clashes = uses(right, {letter}) and _chooses(base_of(left), letter, item, items)
            if not clashes or not spare:
                continue
            own = Tree("name", (spare.pop(0),))
            inside = {base for base, sub in _indexed([right]) if letter in _letters_of(sub)}
            for k, one in enumerate(found):
                same = one.span == item.span and one.head == "chain"
                if same or (_declares(one) and inside & {b for b, _ in _indexed(one.kids[:1])}):
                    found[k] = put(one, letter, own)
    return found


def _chooses(base: str, letter: str, item: Tree, items: list[Tree]) -> bool:
    """Whether a letter chooses one of many in some definition, and others of this family are summed
    under other letters."""
    chosen = summed = False
    for other in (one for one in items if one is not item):
        for node in other.subtrees():
            if node.head == "script" and node.kids[1] is not None and _reckons(node, letter):
                return False  # steps are reckoned with
            if node.head == "big" and node.kids[3] is not None:
                over = {x for x, _, _ in bound_letters(node.kids[1])} - {letter}
                summed = summed or any(
                    b == base and over & _letters_of(sub) for b, sub in _indexed([node.kids[3]])
                )
        if _defines(other) and letter not in _letters_below([other.kids[0]]):
            chosen = chosen or uses(other.kids[2], {letter})
    return chosen and summed


def _reckons(node: Tree, letter: str) -> bool:
    """Whether a subscript reckons with a letter: j - 1."""
    return any(
        one.head == "sum" and Tree("name", (letter,)) in one.kids for one in node.kids[1].subtrees()
    )


def _declares(item: Tree) -> bool:
    return (
        item.head == "chain" and item.kids[1] == Tree("rel", ("in",)) and item.kids[0] is not None
    )


def _indexed(trees: Iterable[Tree]) -> Iterator[tuple[str, Tree]]:
    """The names with subscripts, transposed or not, and these."""
    for node in names_in(trees):
        if node.head == "script" and isinstance(node.kids[1], Tree):
            yield base_of(node), node.kids[1]


def _letters_of(sub: Tree) -> set[str]:
    parts = sub.kids if sub.head in ("list", "juxt") else (sub,)
    return {x for part in parts if isinstance(part, Tree) and (x := index_letter(part))}


def _letters_below(trees: Iterable[Tree]) -> set[str]:
    return {x for _, sub in _indexed(trees) for x in _letters_of(sub)}


def note_members(items: Iterable[Tree], scope: Scope) -> None:
    r"""Note of u_o beside a sum over u_w whether it is one of them, chosen by o, or its own.

    It is one of them where it stands as the terms of the sum do: in e^{u_o^\top v} / \sum_w
    e^{u_w^\top v}, and not in \log \sigma(u_o^\top v) + \sum_k \log \sigma(-u_k^\top v), nor
    where it is added to the sum, as a positive example is to the negative ones.
    """
    items = list(items)
    whole = {str(n.kids[0]) for n in names_in(items) if n.head == "name"}
    items = [item for item in items if _defines(item)]
    sums = [
        (item, node) for item in items for node in item.subtrees()
        if node.head == "big" and node.kids[0] == "sum" and node.kids[3] is not None
    ]  # fmt: skip
    bound = {x for _, node in sums for x, _, _ in bound_letters(node.kids[1])}
    heads = {str(n.kids[0]) for item in items for n in item.kids[0].subtrees() if n.head == "name"}
    for item, node in sums:
        letters = {x for x, _, _ in bound_letters(node.kids[1])}
        families = {base: letter for base, sub in _subscripted([node.kids[3]])
                    if (letter := index_letter(sub)) in letters}  # fmt: skip
        for base, sub in set(_subscripted([item.kids[2]])):
            letter = index_letter(sub)
            if base not in families or base in whole or letter is None or not letter.islower():
                continue  # s_y beside s is an entry of it
            if letter in bound | heads:
                continue
            at = Tree("name", (letter,))
            term = put(node.kids[3], str(families[base]), at)
            beside = any(n.head == "sum" and node in n.kids and term in n.kids
                         for n in item.subtrees())  # fmt: skip
            if _inside(term) in set(item.subtrees()) and not beside:
                scope.families.add(f"{base}_{{#1}}")
            else:
                scope.own.add(latex(Tree("script", (Tree("name", (base,)), at, None))))


def _defines(item: Tree) -> bool:
    plain = item.head == "chain" and len(item.kids) == 3 and item.kids[1] in (_IS, _AS)
    return plain and isinstance(item.kids[0], Tree) and _stem(item.kids[0]) != ""


def _stem(left: Tree) -> str:
    """The name on the left of a definition, of a function too."""
    applied = left.head == "juxt" and len(left.kids) == 2 and left.kids[1].head == "paren"
    return base_of(left.kids[0] if applied else left)


def _inside(term: Tree) -> Tree:
    """What a term is the exponential of, or else the term."""
    match term:
        case Tree("juxt", (Tree("name", ("exp",)), Tree("paren" | "bracket", (Tree() as inner,)))):
            return inner
        case Tree("script", (Tree("name", ("e",)), None, Tree() as inner)):
            return inner
    return term
