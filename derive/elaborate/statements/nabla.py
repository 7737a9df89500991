r"""What a \nabla takes: in \nabla_x x^\top A x the whole product, for nobody differentiates x^\top.

The idea: a nabla takes the factor after it, unless that is the row that a product begins with.
"""

from __future__ import annotations

from derive.tree import Tree

_TRANSPOSES = frozenset([("T",), (r"\top",)])


def with_whole_products(item: Tree) -> Tree:
    """The formula with every nabla before a row taking the product that the row begins."""
    return item.rewritten(_reaching)


def _reaching(node: Tree) -> Tree:
    if node.head != "juxt":
        return node
    for k, kid in enumerate(node.kids[:-1]):
        if kid.head != "grad" or not _is_row(kid.kids[1]) or node.kids[k + 1].head == "op":
            continue
        after = node.kids[k + 1 :]
        end = next((j for j, other in enumerate(after) if other.head == "op"), len(after))
        by, of, order = kid.kids
        span = (of.span[0], after[end - 1].span[1])
        whole = Tree("juxt", (of, *after[:end]), span)
        taken = Tree("grad", (by, whole, order), (kid.span[0], span[1]))
        kids = (*node.kids[:k], taken, *after[end:])
        return kids[0] if len(kids) == 1 else Tree("juxt", kids, node.span)
    return node


def _is_row(of: Tree | None) -> bool:
    if of is None or of.head != "script" or of.kids[2] is None:
        return False
    return of.kids[2].kids[:1] in _TRANSPOSES and of.kids[0].head in ("name", "paren", "bracket")
