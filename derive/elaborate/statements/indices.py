r"""Indices that are no letter: j' and \tau of \sum_{j'} x_{j'}, and the w_s of \sum_s u_{w_s}.

The idea: a sum over j' or \tau has an index like any other, and gets a letter that the document
does not use; the u_{w_s} that a sum over s meets are as many vectors as it has terms, and are
counted by s, unless the w_s are quantities: class numbers, say, or places in a family u_j.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.elaborate.names.scope import base_of
from derive.elaborate.statements.units import UNITS
from derive.notation import GREEK
from derive.tree import Tree

_LETTERS = "kqruvlpmsabcKQRUV"
_GREEK = re.compile(r"\\(" + "|".join(GREEK) + ")")
_EQUAL = (Tree("rel", ("=",)),)


def with_letters(items: list[Tree]) -> list[Tree]:
    """The formulas with a letter for every such index."""
    items = _in_latin(items)
    heads = [tree for item in items for node in item.subtrees() for tree in _bound(node)]
    new = dict(_unprimed(items, heads))
    letters = {tree for tree in heads if tree.head == "name"}
    new |= dict(_counted(items, letters))
    return [item.rewritten(lambda node: new.get(node, node)) for item in items] if new else items


def _in_latin(items: list[Tree]) -> list[Tree]:
    r"""The sums over \tau with a letter of their own: what else is called so is another thing."""
    greek = {name for item in items for node in item.subtrees() for name in _counted_over(node)
             if name.head == "name" and _GREEK.fullmatch(str(name.kids[0]))}  # fmt: skip
    if not greek:
        return items
    free = map(_letter, _free(items))
    new = dict(zip(sorted(greek, key=str), free, strict=False))

    def written(node: Tree) -> Tree:
        own = [name for name in _counted_over(node) if name in new]
        if not own or node.kids[1].kids[1:2] not in ((), _EQUAL):
            return node

        def lettered(one: Tree) -> Tree:
            return new[own[0]] if one == own[0] else one

        operator, below, above, body = node.kids
        body = body and body.rewritten(lettered)
        return Tree("big", (operator, below.rewritten(lettered), above, body), node.span)

    return [item.rewritten(written) for item in items]


def _letter(letter: str) -> Tree:
    return Tree("name", (letter,))


def _free(items: list[Tree]) -> list[str]:
    used = {str(n.kids[0]) for item in items for n in item.subtrees() if n.head == "name"}
    return [letter for letter in _LETTERS if letter not in used]


def _bound(node: Tree) -> Iterator[Tree]:
    """What a sum or a product runs over: the i of i = 1, the w of w \\in V."""
    below = node.kids[1] if node.head == "big" else None
    if isinstance(below, Tree):
        yield below.kids[0] if below.head == "chain" and isinstance(below.kids[0], Tree) else below


def _counted_over(node: Tree) -> Iterator[Tree]:
    r"""The \tau of \sum_\tau; not the \beta of \min_\beta, which is a quantity."""
    if node.head == "big" and str(node.kids[0]) in ("sum", "prod"):
        yield from _bound(node)


def _unprimed(items: list[Tree], heads: list[Tree]) -> Iterator[tuple[Tree, Tree]]:
    free = _free(items)
    for tree in dict.fromkeys(heads):
        if tree.head != "prime" or len(base_of(tree)) != 1 or not free:
            continue
        places = [node for item in items for node in _beside_indices(item)]
        if tree not in places:
            yield tree, _letter(free.pop(0))


def _beside_indices(tree: Tree) -> Iterator[Tree]:
    """The nodes that are neither below a sign nor in a subscript nor compared."""
    yield tree
    for k, kid in enumerate(tree.kids):
        index = k == 1 and tree.head in ("script", "big")
        compared = tree.head == "chain" and len(tree.kids) == 3 and base_of(tree) == ""
        if isinstance(kid, Tree) and not index and not (compared and kid.head == "prime"):
            yield from _beside_indices(kid)


def _counted(items: list[Tree], letters: set[Tree]) -> Iterator[tuple[Tree, Tree]]:
    """The u_{w_s}, and the u^{(w)}_s that they are: a u_o beside them is none of them."""
    scripts = [n for item in items for n in item.subtrees() if n.head == "script"]
    subs = [(base_of(n), n.kids[1]) for n in scripts if isinstance(n.kids[1], Tree)]
    plain = {base for base, sub in subs if sub in letters}
    chosen = {sub for base, sub in subs if sub.head == "script" and (base,) not in UNITS}
    stated = {base_of(item.kids[0]) for item in items
              if item.head == "chain" and isinstance(item.kids[0], Tree)}  # fmt: skip
    for node in dict.fromkeys(scripts):
        match node:
            case Tree("script", (Tree("name") as base, Tree("script", (inner, s, None)), sup)):
                known = base_of(base) in plain | stated or base_of(inner) in stated
                known = known or (base.kids in UNITS and node.kids[1] in chosen)
                if isinstance(s, Tree) and s in letters and not known:
                    label = Tree("paren", (inner,), inner.span)
                    marks = label if sup is None else Tree("juxt", (label, sup), node.span)
                    yield node, Tree("script", (base, s, marks), node.span)
