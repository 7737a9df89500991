"""Settled trees turned back into what can be printed, for messages and for names.

The idea: settling adds shapes of node, a symbol with its indices, a norm with its kind, a vector of
the basis; they go back to the notation they came from.
"""

from __future__ import annotations

from derive.kernel import sizes
from derive.kernel.expr import Axes
from derive.latex.print import latex
from derive.notation.names import symbol_tree
from derive.tree import Tree


def shown(tree: Tree) -> Tree:
    """The tree with symbols and norms as they are written."""
    return tree.rewritten(_as_written)


def text(tree: Tree) -> str:
    """The LaTeX of a raw or settled tree."""
    return latex(shown(tree))


def formula(tree: Tree) -> str:
    """The LaTeX of a raw or settled tree as messages have it: between dollar signs."""
    return marked(text(tree))


def marked(latex: str) -> str:
    """A formula of a message: between dollar signs, of which it has none of its own."""
    return f"${latex.replace('$', '')}$"


def shape_of(axes: Axes, row: bool = False) -> str:
    """The shape of a value as messages have it: ``$m×n$``, a vector as the column that it is."""
    own = [sizes.latex(n) for n in axes]
    if len(own) == 1:
        own = ["1", *own] if row else [*own, "1"]
    return marked("×".join(own)) if own else "a scalar"


def _as_written(node: Tree) -> Tree:
    if node.head == "symbol":
        symbol, *indices = node.kids
        slots = symbol.count("#")
        for k, index in enumerate(indices[:slots]):
            symbol = symbol.replace(f"#{k + 1}", latex(index))
        written = symbol_tree(symbol)
        rest = tuple(indices[slots:])
        if rest:
            sub = rest[0] if len(rest) == 1 else Tree("juxt", rest)
            if written.head == "script" and written.kids[1] is None:
                return Tree("script", (written.kids[0], sub, written.kids[2]), node.span)
            return Tree("script", (written, sub, None), node.span)
        return Tree(written.head, written.kids, node.span)
    if node.head == "unit":
        return Tree("script", (Tree("name", (r"\mathbf{e}",)), *node.kids, None), node.span)
    if node.head == "single":
        return Tree("script", (Tree("name", ("J",)), None, Tree("juxt", node.kids)), node.span)
    if node.head == "norm" and len(node.kids) == 2:
        inner, kind = node.kids
        norm = Tree("norm", (inner,), node.span)
        return Tree("script", (norm, kind, None), node.span) if kind is not None else norm
    return node
