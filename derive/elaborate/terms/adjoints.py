r"""Words under a transpose: conv^\top(g, w) is the adjoint applied, no transpose of a value."""

from __future__ import annotations

from derive.operators.pooling import POOLS
from derive.operators.windows import CONVOLUTIONS
from derive.tree import Tree

SLIDING = CONVOLUTIONS | POOLS
_MARK = "^T"


def as_adjoint(function: Tree) -> Tree:
    """The word of the adjoint, with what stands below it."""
    if function.head == "symbol":
        return Tree("symbol", (f"{function.kids[0]}{_MARK}",), function.span)
    return Tree(function.head, (as_adjoint(function.kids[0]), *function.kids[1:]), function.span)


def is_adjoint(word: str) -> bool:
    return word.endswith(_MARK)
