r"""Families of vectors and of numbers in the trees: x_i, x^{(i)}, x_1, \dots, x_n and their lists.

The idea: whatever the spelling, a family is its member over one letter; y = (y_1, \dots, y_n)^\top
says that the y_i are the entries of y.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, is_bold
from derive.elaborate.recurrence.steps import put
from derive.elaborate.statements.alone import DEFINES
from derive.elaborate.statements.ellipsis import is_dots, spelled_out
from derive.latex.print import latex
from derive.notation.names import parts
from derive.tree import Tree

IN = Tree("rel", ("in",))
TRANSPOSES = ((r"\top",), ("T",))
REALS = Tree("name", (r"\mathbb{R}",))


def with_entries(items: list[Tree], letter: str) -> list[Tree]:
    r"""The statements, with y \in \mathbb{R}^n for y = (y_1, \dots, y_n)^\top, whose y_i are its
    entries and no numbers beside it."""
    made: dict[str, tuple[Tree, Tree]] = {}
    for item in items:
        entries = _entries(item, letter) if len(item.kids) == 3 else None
        if entries is not None and _are_numbers(item.kids[0], items, letter):
            made.setdefault(latex(item.kids[0]), (item.kids[0], entries))
    if not made:
        return items
    declared = {latex(item.kids[0]) for item in items if is_chain(item, IN)}
    sets: dict[str, Tree] = {}
    found: list[Tree] = []
    for item in items:
        name = latex(item.kids[0]) if defines(item) else ""
        family = member_of(item.kids[0], letter) if is_chain(item, IN) else None
        of = latex(family[0].kids[0]) if family is not None else ""
        if of in made and _is_scalar(item.kids[2]):
            if of not in sets or sets[of] == REALS:
                sets[of] = item.kids[2]
        elif name not in made or _entries(item, letter) is None:
            found.append(item)
    for name, (vector, size) in made.items():
        if name not in declared:
            space = Tree("script", (sets.get(name, REALS), None, size), vector.span)
            found.append(Tree("chain", (vector, IN, space), vector.span))
    return found


def _are_numbers(vector: Tree, items: list[Tree], letter: str) -> bool:
    """Whether the y_i can be numbers: no set of vectors has them, no matrix acts on them, and they
    are applied to nothing."""
    for item in items:
        family = member_of(item.kids[0], letter) if is_chain(item, IN) else None
        if family is not None and family[0].kids[0] == vector and not _is_scalar(item.kids[2]):
            return False
        for node in item.subtrees():
            for kid, after in pairwise(node.kids if node.head == "juxt" else ()):
                if (
                    after.head == "paren"
                    and (kid.kids[0] if kid.head == "script" else kid) == vector
                ):
                    return False
                member = after.head == "script" and after.kids[0] == vector
                if member and parts(base_of(kid)).core[:1].isupper():
                    return False
    return True


def _is_scalar(a_set: Tree) -> bool:
    return a_set == REALS or a_set.head == "set"


def _entries(item: Tree, letter: str) -> Tree | None:
    """The n of y = (y_1, .., y_n)."""
    if not defines(item) or item.kids[0].head != "name":
        return None
    right = item.kids[2]
    match right:
        case Tree("script", (Tree() as inner, None, Tree(_, above))) if above in TRANSPOSES:
            right = inner
    terms, _ = terms_of(right)
    family = member_of(Tree("list", tuple(terms)), letter) if any(map(is_dots, terms)) else None
    if family is None or family[1] or not _is_of(family[0].kids[0], item.kids[0]):
        return None
    return last_index(terms)


def _is_of(base: Tree, vector: Tree) -> bool:
    r"""Whether x_i are called after a vector: after x, or after bold \mathbf{x} in the plain
    letter."""
    if base == vector:
        return True
    plain, own = parts(str(base.kids[0])), parts(str(vector.kids[0]))
    same = (plain.core, plain.accents) == (own.core, own.accents)
    return same and plain.alphabet is None and is_bold(str(vector.kids[0]))


def last_index(terms: Sequence[Tree]) -> Tree | None:
    r"""The n of x_1, \dots, x_n and of x^{(1)}, \dots, x^{(n)}."""
    last = terms[-1]
    while last.head == "script" and last.kids[0].head == "paren":
        last = last.kids[0].kids[0]
    if last.head != "script" or not any(map(is_dots, terms)):
        return None
    place = last.kids[1] if last.kids[1] is not None else last.kids[2]
    return place.kids[0] if place.head == "paren" else place


def terms_of(right: Tree) -> tuple[list[Tree], bool]:
    """What a bracket lists with dots, and whether one below the other."""
    match right:
        case Tree("bracket" | "paren", (Tree("list", kids),)):
            return list(kids), False
        case Tree("bracket" | "paren", (Tree("juxt", kids),)):
            return list(kids), False
        case Tree("bracket" | "paren", (Tree("semi") as inner,)):
            return _flat(inner), True
        case Tree("env", (kind, rows)) if str(kind).endswith("matrix"):
            cells = [[cell for cell in row if cell.head != "empty"] for row in rows]
            if len(cells) == 1:
                lone = cells[0]
                return list(
                    lone[0].kids if len(lone) == 1 and lone[0].head == "juxt" else lone
                ), False
            if all(len(row) == 1 for row in cells):
                return [row[0] for row in cells], True
    return [], False


def _flat(tree: Tree) -> list[Tree]:
    return [one for kid in tree.kids for one in (_flat(kid) if kid.head == "semi" else [kid])]


def member_of(tree: Tree, letter: str) -> tuple[Tree, bool] | None:
    r"""The member over a letter of x_i, x^{(i)}, \{x_i\}, or x_1, \dots, x_n, and whether it is
    transposed."""
    match tree:
        case Tree("set" | "brace", (Tree() as inner,)):
            return member_of(inner, letter)
        case Tree("script", (Tree("set") as inner, _, _)):
            return member_of(inner, letter)
        case Tree("list"):
            match spelled_out(tree, letter):
                case Tree("brace", (Tree("script", (Tree("bracket", (body,)), *_)),)):
                    return member_of(body, letter)
            return None
        case Tree("script", (Tree("paren", (Tree() as inner,)), None, Tree(_, above))):
            found = member_of(inner, letter) if above in TRANSPOSES else None
            return None if found is None or found[1] else (found[0], True)
        case Tree("script", (Tree("name") as base, None, Tree("juxt", (label, Tree() as top)))) if (
            top.kids in TRANSPOSES
        ):  # x^{(i)T}
            found = member_of(Tree("script", (base, None, label), tree.span), letter)
            return None if found is None else (found[0], True)
        case Tree("script", (Tree("name") as base, sub, sup)):
            turned = sup is not None and sup.kids in TRANSPOSES
            above = None if turned else sup
            place = above if above is not None else sub
            own = index_letter(place)
            if own is None or (above is not None and (sub is not None or above.head != "paren")):
                return None
            bare = Tree("script", (base, sub, None if turned else sup), tree.span)
            index = put(Tree("list", (bare.kids[1] or bare.kids[2],)), own, Tree("name", (letter,)))
            at = index.kids[0]
            new = (base, at, None) if bare.kids[1] is not None else (base, None, at)
            return Tree("script", new, tree.span), turned
    return None


def defines(item: Tree) -> bool:
    return (
        item.head == "chain" and isinstance(item.kids[0], Tree)
        and str(item.kids[1].kids[0]) in DEFINES and bool(base_of(item.kids[0]))
    )  # fmt: skip


def is_chain(item: Tree, sign: Tree) -> bool:
    plain = item.head == "chain" and len(item.kids) == 3 and isinstance(item.kids[0], Tree)
    return plain and item.kids[1] == sign
