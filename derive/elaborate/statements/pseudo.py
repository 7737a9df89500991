r"""Pseudo-inverses: X^+ and X^\dagger of a matrix that is said to be of full rank.

The idea: of full column rank X^+ = (X^\top X)^{-1} X^\top, of full row rank X^\top (X X^\top)^{-1}:
that is what is read on.  Of a matrix whose rank is not said it is no quantity (``names.ranks``).
"""

from __future__ import annotations

import re

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.alone import DEFINES
from derive.elaborate.statements.beside import beside
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.tree import Tree

_MARKS = ("+", r"\dagger")
_TRANSPOSED = Tree("name", (r"\top",))
_COLUMNS = re.compile(r"full column[- ]rank|linearly independent columns", re.IGNORECASE)
_ROWS = re.compile(r"full row[- ]rank|linearly independent rows", re.IGNORECASE)
_NAMED = re.compile(r"pseudo-?\s?inverse|Moore", re.IGNORECASE)
_INVERTIBLE = re.compile(r"\b(?:invertible|non-?singular)\b", re.IGNORECASE)


def with_pseudo_inverses(items: list[Tree], parsed: Parsed) -> list[Tree]:
    """The statements with the pseudo-inverses of matrices of full rank written out, unless an
    equation gives them and no word says what they are."""
    marked = {latex(name) for item in items for name in names_in([item]) if _unmarked(name)}
    if not _NAMED.search(parsed.document.plain):
        marked -= {
            latex(item.kids[0])
            for item in items
            if item.head == "chain"
            and isinstance(item.kids[0], Tree)
            and str(item.kids[1].kids[0]) in DEFINES
        }
    if not marked:
        return items
    said = {
        latex(one.named): words for words in (_INVERTIBLE, _ROWS, _COLUMNS)
        for one in beside(words, parsed) if one.how == "plainly"
    }  # fmt: skip

    def written_out(node: Tree) -> Tree:
        name = _unmarked(node)
        words = said.get(latex(name)) if name is not None and latex(node) in marked else None
        if name is None or words is None:
            return node
        turned = Tree("script", (name, None, _TRANSPOSED), node.span)
        if words is _INVERTIBLE:
            return _inverse(name)
        if words is _COLUMNS:
            return Tree("juxt", (_inverse(_product(turned, name)), turned), node.span)
        return Tree("juxt", (turned, _inverse(_product(name, turned))), node.span)

    return [item.rewritten(written_out) for item in items]


def _unmarked(node: Tree) -> Tree | None:
    """The X of X^+."""
    match node:
        case Tree("script", (base, sub, Tree("name" | "op", (mark,)))) if mark in _MARKS:
            name = base if sub is None else Tree("script", (base, sub, None), node.span)
            return name if base_of(name) else None
    return None


def _product(left: Tree, right: Tree) -> Tree:
    return Tree("paren", (Tree("juxt", (left, right), right.span),), right.span)


def _inverse(tree: Tree) -> Tree:
    minus = Tree("neg", (Tree("num", ("1",)),))
    return Tree("script", (tree, None, minus), tree.span)
