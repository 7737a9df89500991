r"""Places in a raw tree: every subtree with its path, and the units of a flat product.

The idea: an edit is a function from one subtree to what could stand in its place; where it is put
and what it does to the line is not its business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.tree import Tree
from tests.soundness.place import stem
from tests.soundness.signs import INDICATORS, WORDS

Path = tuple[int, ...]
TOP = Tree("name", (r"\top",))
ODOT = Tree("op", (r"\odot",))


def sites(tree: Tree) -> Iterator[tuple[Path, Tree]]:
    """Every subtree that stands for a value, with the path to it; not what is inside a name."""
    stack: list[tuple[Path, Tree]] = [((), tree)]
    while stack:
        path, node = stack.pop()
        yield path, node
        if node.head in ("deriv", "grad", "name", "num", "op", "rel", "text", "env", "prime"):
            continue
        for k, kid in enumerate(node.kids):
            if not isinstance(kid, Tree) or (node.head == "script" and k and _names(node, k)):
                continue
            if node.head == "big" and k in (1, 2):
                continue
            if node.head == "script" and k == 0 and kid.head in ("name", "script", "prime"):
                continue  # the W of W_2^\\top is no symbol
            stack.append(((*path, k), kid))


def _names(node: Tree, k: int) -> bool:
    """Whether a script is part of a name or a transpose, and no value of its own."""
    kid = node.kids[k]
    return k == 1 or kid.head not in ("num", "neg", "frac", "sum") or not _valued(kid)


def _valued(kid: Tree) -> bool:
    return all(node.head != "name" or node.kids[0] != r"\top" for node in kid.subtrees())


def put(tree: Tree, path: Path, new: Tree) -> Tree:
    if not path:
        return new
    k, *rest = path
    kids = list(tree.kids)
    kids[k] = put(kids[k], tuple(rest), new)
    return Tree(tree.head, tuple(kids))


def is_symbol(node: Tree) -> bool:
    """A name, with a subscript or label at most: no transpose, no power."""
    if node.head == "name":
        return str(node.kids[0]) not in WORDS | INDICATORS and node != TOP
    if node.head == "script" and stem(node) and stem(node) not in WORDS | INDICATORS:
        sup = node.kids[2]
        return node.kids[0].head in ("name", "prime") and (
            sup is None or sup.head in ("paren", "bracket")
        )
    return False


def is_function(node: Tree, functions: frozenset[str]) -> bool:
    """A word that applies to what follows: \\sigma, f', \\tanh^2, an indicator."""
    foot = node
    if foot.head == "script" and foot.kids[1] is None:
        foot = foot.kids[0]
    primed = foot.head == "prime"
    if primed:
        foot = foot.kids[0]
    if foot.head != "name":
        return False
    word = str(foot.kids[0])
    return word in WORDS or word in INDICATORS or word in functions


Unit = tuple[Tree, ...]


def units(kids: Sequence[Tree], functions: frozenset[str]) -> tuple[list[Unit], list[Tree | None]]:
    """The factors of a flat product, a function with its bracket being one, and the signs between
    them (None where nothing is written)."""
    found: list[Unit] = []
    signs: list[Tree | None] = []
    pending: Tree | None = None
    at = 0
    while at < len(kids):
        if kids[at].head == "op":
            pending = kids[at]
            at += 1
            continue
        takes = 1
        if is_function(kids[at], functions) and at + 1 < len(kids) and kids[at + 1].head != "op":
            takes = 2
        if found:
            signs.append(pending)
        found.append(tuple(kids[at : at + takes]))
        pending = None
        at += takes
    return found, signs


def product(found: Sequence[Unit], signs: Sequence[Tree | None]) -> Tree:
    """The flat product of these factors."""
    kids: list[Tree] = list(found[0])
    for sign, unit in zip(signs, found[1:], strict=True):
        kids += ([sign] if sign is not None else []) + list(unit)
    return kids[0] if len(kids) == 1 else Tree("juxt", tuple(kids))


def one(unit: Unit) -> Tree:
    return unit[0] if len(unit) == 1 else Tree("juxt", unit)


def bracketed(node: Tree) -> Tree:
    return node if node.head in ("name", "num", "paren") or is_symbol(node) else paren(node)


def paren(node: Tree) -> Tree:
    return Tree("paren", (node,))


def transposed(node: Tree) -> Tree:
    """x^\\top, (A B)^\\top, A for A^\\top."""
    if node.head == "script" and node.kids[2] == TOP:
        base = node.kids[0]
        return Tree("script", (base, node.kids[1], None)) if node.kids[1] is not None else base
    if node.head == "script" and node.kids[2] is None:
        return Tree("script", (node.kids[0], node.kids[1], TOP))
    if node.head == "script" and node.kids[2].head in ("paren", "bracket"):
        label = Tree("juxt", (node.kids[2], TOP))
        return Tree("script", (node.kids[0], node.kids[1], label))
    if node.head in ("name", "paren"):
        return Tree("script", (node, None, TOP))
    return Tree("script", (paren(node), None, TOP))


def is_transposed(node: Tree) -> bool:
    if node.head != "script" or node.kids[2] is None:
        return False
    sup = node.kids[2]
    return sup == TOP or (sup.head == "juxt" and sup.kids[-1] == TOP)


def terms(node: Tree) -> list[Tree]:
    return list(node.kids) if node.head == "sum" else [node]


def total(parts: Sequence[Tree]) -> Tree:
    return parts[0] if len(parts) == 1 else Tree("sum", tuple(parts))


def negated(node: Tree) -> Tree:
    if node.head == "neg":
        return node.kids[0]
    if node.head == "sum":
        return Tree("neg", (paren(node),))
    return Tree("neg", (node,))
