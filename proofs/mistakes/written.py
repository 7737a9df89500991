"""What the writer makes, as the reader would read it.

The idea: an edit is made on raw trees, so what is put in goes through LaTeX once.
"""

from __future__ import annotations

from derive.diagnostics import DeriveError
from derive.latex.print import latex
from derive.latex.read import read_formula
from derive.tree import Tree
from proofs.mistakes.surgery import grouped


def raw(tree: Tree, functions: frozenset[str]) -> Tree | None:
    """A written tree as the reader would read it, grouped."""
    try:
        found = read_formula(latex(tree))
    except (DeriveError, ValueError):
        return None  # nothing that a reader would read
    return unplaced(grouped(found[0], functions)) if len(found) == 1 else None


def unplaced(tree: Tree) -> Tree:
    return tree.rewritten(lambda node: Tree(node.head, node.kids))
