r"""Bars that stand for gradients: \bar{h} = \partial L / \partial h, as reverse mode writes them.

The idea: a bar means many things, a mean most often; it is a gradient where the document says so of
one quantity, \bar{y} = \partial L / \partial y, or begins with the seed \bar{\mathcal{L}} = 1, or
speaks of adjoints and of no mean.  Then every bar over a quantity of the document is, as in
\nabla_h without a loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.elaborate.names.scope import base_of
from derive.elaborate.names.trials import names_loss
from derive.tree import Tree

_ADJOINTS = re.compile(
    r"\b(?:adjoints?|cotangents?|gradients?|derivatives?)\b[^.$]{0,30}\bbars?\b|"
    r"\bbars?\b[^.$]{0,30}\b(?:adjoints?|cotangents?|gradients?|derivatives?)\b|"
    r"\breverse[- ]mode\b",
    re.IGNORECASE,
)
_MEANS = re.compile(r"\b(?:means?|averag\w+|conjugat\w+|complements?)\b", re.IGNORECASE)
_BAR = r"\bar{"
_TRANSPOSES = frozenset([("T",), (r"\top",), (r"\intercal",), (r"\mathsf{T}",)])


def with_bars(items: list[Tree], text: str = "") -> list[Tree]:
    """The formulas with every bar a gradient, where the document says that bars are."""
    told = _ADJOINTS.search(text) is not None and _MEANS.search(text) is None
    if not told and not any(_says_so(chain) for item in items for chain in item.subtrees()):
        return items
    plain = {base_of(node) for item in items for node in item.subtrees() if node.head == "name"}

    def replaced(node: Tree) -> Tree:
        match node:
            case Tree("name", (str(),)) if _under(node) in plain:
                under = Tree("name", (_under(node),), node.span)
                return Tree("grad", (under, None, "1"), node.span)
            case Tree("script", (Tree("grad", (Tree("name") as of, None, _)), sub, sup)):
                return _scripted(of, sub, sup, node.span)
        return node

    return [item.rewritten(replaced) for item in items]


def _under(name: Tree) -> str:
    """The name under a bar, or nothing."""
    text = str(name.kids[0])
    return text[len(_BAR) : -1] if text.startswith(_BAR) else ""


def _bare(tree: Tree | None) -> Tree | None:
    """The quantity under the bar of \\bar{W}_2, with its scripts; None of a line that goes on from
    the one before it."""
    if tree is None:
        return None
    if tree.head == "script" and isinstance(tree.kids[0], Tree):
        base = _bare(tree.kids[0])
        return Tree("script", (base, *tree.kids[1:])) if base is not None else None
    under = _under(tree) if tree.head == "name" else ""
    return Tree("name", (under,)) if under else None


def _says_so(chain: Tree) -> bool:
    if chain.head != "chain" or {str(rel.kids[0]) for rel in chain.kids[1::2]} - {"=", ":="}:
        return False
    bare = _bare(chain.kids[0])
    if bare is None:
        return False
    if names_loss(base_of(bare)) and chain.kids[2] == Tree("num", ("1",)):
        return True
    return bare in _differentiated(chain.kids[2::2])


def _differentiated(sides: tuple) -> Iterator[Tree]:
    """What the derivatives among these sides are by."""
    for side in sides:
        match side:
            case Tree("deriv", (Tree(), Tree() as by, "1")) | Tree("grad", (Tree() as by, _, "1")):
                yield by


def _scripted(of: Tree, sub: Tree | None, sup: Tree | None, span: tuple[int, int]) -> Tree:
    """The gradient by W_2^{(l)} of \\bar{W}_2^{(l)}; a transpose is one of the gradient."""
    label, turned = sup, None
    if sup is not None and sup.kids in _TRANSPOSES:
        label, turned = None, sup
    elif sup is not None and sup.head == "juxt" and sup.kids[-1].kids in _TRANSPOSES:
        *rest, turned = sup.kids
        label = rest[0] if len(rest) == 1 else Tree("juxt", tuple(rest), sup.span)
    by = of if sub is None and label is None else Tree("script", (of, sub, label), span)
    gradient = Tree("grad", (by, None, "1"), span)
    if turned is None:
        return gradient
    return Tree("script", (Tree("paren", (gradient,), span), None, turned), span)
