r"""Whether a derivative that is asked for is by what the document speaks of.

The idea: a derivative that is 0 only as a name is misspelt, or nowhere said to be a part of
another, is no answer; it is asked back.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.derivation.network import Question
from derive.elaborate.faults import Fault
from derive.elaborate.names.ranks import is_called_after
from derive.elaborate.reading import Reading
from derive.kernel.expr import Expr, Var, toposort
from derive.latex.print import latex
from derive.notation.names import filled, symbol_tree
from derive.tree import Tree


def require_met(asked: Question, nodes: dict[str, Expr], reading: Reading, part: Tree) -> None:
    """Fault for a derivative by what the document neither declares nor uses: it is not 0."""
    met = set(toposort(asked.of, *nodes.values()))
    met |= set(toposort(asked.whole.of)) if asked.whole else set()
    for one in asked.moved:
        if isinstance(one, Var) and one not in met and one not in _declared(reading):
            raise Fault(
                "undefined-symbol",
                f"${latex(symbol_tree(one.name))}$ is neither declared nor used", part,
                "say what it is, as in `the rows of $W$ are $w_j$`",
            )  # fmt: skip


def require_linked(asked: Question, nodes: dict[str, Expr], reading: Reading, part: Tree) -> None:
    """Fault for a derivative that is 0 only as an a^{(i)} is nowhere said to be a part of A."""
    below, by = _names([asked.of]), {one.name for one in asked.wrt if isinstance(one, Var)}
    if not by or below & by:
        return
    for symbol in below & reading.notes.keys():
        for whole, node in nodes.items():
            if "#" in symbol and is_called_after(symbol, whole) and by & _names([node]):
                one, of = filled(symbol, "ijkl"), latex(symbol_tree(whole))
                flat = len(node.axes) < 2 or 1 in node.axes
                parts = f"${one} = {of}_i$" if flat else (
                    f"${one} = {of}_{{:,i}}$ for its columns or ${one} = {of}_{{i,:}}$ for its rows"
                )  # fmt: skip
                raise Fault(
                    "undefined-symbol", f"${one}$ is nowhere said to be a part of ${of}$, and so "
                    "the derivative would be 0", part, f"define it, as in {parts}",
                )  # fmt: skip


def _names(roots: Iterable[Expr]) -> set[str]:
    return {node.name for node in toposort(*roots) if isinstance(node, Var)}


def _declared(reading: Reading) -> set[Expr]:
    return {
        one for symbol, every in reading.variables.items()
        if symbol in reading.declarations for one in every
    }  # fmt: skip
