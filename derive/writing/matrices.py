r"""Operators on matrices as they are written: A^{-1}, \\|A\\|_*, A (A^\top A)^{-1/2}.

The idea: these have no word of their own but a script, so each is a tree built from that of its
argument.
"""

from __future__ import annotations

from derive.operators.row import PRIMITIVES
from derive.tree import Tree, name, num, tree
from derive.writing.words import Part, function, product, transposed


def nuclear(node: Tree) -> Tree:
    r"""\|A\|_*, the sum of the singular values."""
    return tree("script", tree("norm", node), name("*"), None)


def polar(node: Tree) -> Tree:
    r"""A (A^\top A)^{-1/2}: the product of the singular vectors."""
    gram = product([transposed(Part(node)).tree, node])
    half = tree("neg", tree("juxt", num(1), tree("op", "/"), num(2)))
    return product([node, tree("power", gram, half)])


def leading(node: Tree) -> Tree:
    r"""u_1(A) v_1(A)^\top: the singular vectors of the largest singular value."""
    u, v = (function(rf"\mathbf{{{letter}}}_1", node) for letter in "uv")
    return product([u, tree("transpose", v)])


def inverted(node: Tree) -> Tree:
    r"""The inverse of a matrix: A^{-1}, and A^{-\top} for that of a transpose."""
    if node.head == "transpose":
        return tree("transpose", tree("inverse", node.kids[0]))
    return tree("inverse", node)


OF_MATRICES = {"inverse": inverted, "nuclear_norm": nuclear, "polar": polar, "leading": leading}


def own_axes(operator: str) -> int:
    """How many of the last axes an operator acts on."""
    row = PRIMITIVES.get(operator)
    return 2 if row and row.matrices else 1
