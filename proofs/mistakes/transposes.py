r"""Transposes as they are written: put on, taken off, carried through a product.

The idea: what an author writes above a name, behind a bracket or behind a label is one sign, and
two of them are none.
"""

from __future__ import annotations

from collections.abc import Collection

from derive.elaborate.names.scope import base_of
from derive.tree import Tree
from proofs.mistakes.surgery import (
    APPLIED,
    BRACKETS,
    DIFFERENTIAL,
    KRONECKER,
    TRANSPOSES,
    is_division,
    paren,
)

_OTIMES = Tree("op", (KRONECKER,))


def is_transposed(tree: Tree) -> bool:
    if tree.head == APPLIED:
        return is_transposed(tree.kids[-1])
    return tree.head == "script" and _ends_transposed(tree.kids[2])


def _ends_transposed(sup: Tree | None) -> bool:
    if sup is None:
        return False
    last = sup.kids[-1] if sup.head == "juxt" else sup
    return last.head == "name" and last.kids[0] in TRANSPOSES


def transposed(tree: Tree, sign: Tree) -> Tree:
    """The tree with one transpose more, or one fewer; ``sign`` is how the author writes it."""
    if is_transposed(tree):
        return untransposed(tree)
    match tree:
        case Tree("num"):
            return tree
        case Tree("app", (*before, Tree("paren" | "bracket") as last)):
            return Tree(APPLIED, (*before, Tree("script", (last, None, sign))), tree.span)
        case Tree("app", (before, last)) if before == DIFFERENTIAL:
            return Tree(APPLIED, (before, transposed(last, sign)), tree.span)
        case Tree("script", (base, sub, None)):
            return Tree("script", (base, sub, sign), tree.span)
        case Tree("script", (base, sub, Tree("paren" | "bracket") as label)):
            return Tree("script", (base, sub, Tree("juxt", (label, sign))), tree.span)
        case Tree("name" | "prime" | "slope"):
            return Tree("script", (tree, None, sign), tree.span)
        case Tree(head) if head in BRACKETS:
            return Tree("script", (tree, None, sign), tree.span)
    return Tree("script", (paren(tree), None, sign), tree.span)


def untransposed(tree: Tree) -> Tree:
    """The tree without its transpose."""
    if tree.head == APPLIED:
        return Tree(APPLIED, (*tree.kids[:-1], untransposed(tree.kids[-1])), tree.span)
    base, sub, sup = tree.kids
    left = None
    if sup.head == "juxt":
        left = sup.kids[0] if len(sup.kids) == 2 else Tree("juxt", sup.kids[:-1], sup.span)
    if sub is None and left is None:
        return base
    return Tree("script", (base, sub, left), tree.span)


def turned(tree: Tree, sign: Tree, scalars: Collection[Tree] = ()) -> Tree:
    """The transpose of a whole side, carried inwards: a product reverses, a sum goes by terms, and
    numbers, ``scalars`` among them, stay in front."""
    match tree:
        case Tree("sum", kids):
            terms = tuple(k if k is None else turned(k, sign, scalars) for k in kids)
            return Tree("sum", terms, tree.span)
        case Tree("neg", (inner,)):
            return Tree("neg", (turned(inner, sign, scalars),), tree.span)
        case Tree("big", ("sum" | r"\sum" as kind, below, above, Tree() as body)):
            return Tree("big", (kind, below, above, turned(body, sign, scalars)), tree.span)
        case Tree("juxt", (*front, Tree("big") as last)) if all(
            _is_scalar(kid, scalars) for kid in front
        ):
            return Tree("juxt", (*front, turned(last, sign, scalars)), tree.span)
        case Tree("juxt", kids) if _OTIMES in kids[1:-1]:
            # the transpose of a Kronecker product is that of the transposes, in the same order
            k = kids.index(_OTIMES, 1)
            sides = (_joined(kids[:k]), _joined(kids[k + 1 :]))
            left, right = (turned(side, sign, scalars) for side in sides)
            return Tree("juxt", (*_spread(left), kids[k], *_spread(right)), tree.span)
        case Tree("juxt", kids) if not any(is_division(k) or k.head == "big" for k in kids):
            numbers = [_is_scalar(kid, scalars) for kid in kids]
            if any(kid.head == "op" for kid in kids):
                # Signs stay between the factors that they stand between.
                first = numbers.index(False) if False in numbers else len(kids)
                numbers = [k < first for k in range(len(kids))]
            front = [kid for kid, is_number in zip(kids, numbers, strict=True) if is_number]
            rest = [kid for kid, is_number in zip(kids, numbers, strict=True) if not is_number]
            back = [
                k if k.head == "op" or _is_diagonal(k) else transposed(k, sign)
                for k in reversed(rest)
            ]
            return Tree("juxt", (*front, *back), tree.span)
    return tree if _is_scalar(tree, scalars) else transposed(tree, sign)


def _joined(kids: tuple[Tree, ...]) -> Tree:
    return kids[0] if len(kids) == 1 else Tree("juxt", kids)


def _spread(tree: Tree) -> tuple[Tree, ...]:
    return tree.kids if tree.head == "juxt" else (tree,)


def _is_diagonal(tree: Tree) -> bool:
    """Whether a tree is diag of something, which is its own transpose."""
    return tree.head == APPLIED and base_of(tree.kids[0]).strip("}").endswith("diag")


def _is_scalar(tree: Tree, scalars: Collection[Tree]) -> bool:
    """Whether a tree is written with numbers alone."""
    if tree in scalars or tree.head in ("num", "norm", "abs"):
        return True
    if tree.head in ("frac", "sum", "juxt", "neg", "sqrt", *BRACKETS):
        # ``sum`` has None before its first term.
        inner = [kid for kid in tree.kids if kid is not None]
        return bool(inner) and all(kid.head == "op" or _is_scalar(kid, scalars) for kid in inner)
    return False


def base_name(tree: Tree) -> Tree:
    """The tree under its transpose."""
    return untransposed(tree) if is_transposed(tree) else tree


def renamed(old: Tree, new: Tree, sign: Tree) -> Tree:
    """``new`` in the place of ``old``, transposed if that was."""
    return transposed(new, sign) if is_transposed(old) else new
