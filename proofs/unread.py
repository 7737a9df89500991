"""What is false as it is read, and may be true as it is meant: that is not called wrong.

The idea: exp of a square matrix is read entry by entry, where another meaning is as usual, and a
full rank may be that of the rows or of the columns.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from derive.elaborate.claims.claims import Claims
from derive.kernel.expr import Expr, Map, toposort
from proofs.verdict import REFUTED, UNSETTLED, Finding

if TYPE_CHECKING:
    from proofs.judge import Side

# Functions that matrices have too.
_OF_MATRICES = frozenset(["exp", "log", "sin", "cos", "sinh", "cosh"])
_FULL_RANK = re.compile(r"full[- ]rank|rank[- ]deficient|independent", re.IGNORECASE)
_BY_ENTRIES = re.compile(
    r"\\(?:odot|circ|oslash)(?![a-z])|element|entr(?:y|ies)|component|point-?wise|softmax|attention|"
    r"逐元素|逐点",
    re.IGNORECASE,
)


def unless_unread(found: Finding, sides: Iterable[Side], relation: str, claims: Claims) -> Finding:
    """A refutation, or that nothing is known where it may rest on what is read otherwise."""
    if found.verdict != REFUTED:
        return found
    reading, text = claims.reading, claims.source.text
    exprs = [side.value.expr for side in sides if side.value is not None]
    if relation in ("succ", "prec") and _FULL_RANK.search(text):
        message = "of which matrix the rank is full is not read: say full column rank, or row rank"
        return replace(found, verdict=UNSETTLED, counterexample=None, message=message)
    for node in toposort(*exprs):
        if _is_of_matrix(node, reading.of_matrices) and not _BY_ENTRIES.search(text):
            message = (
                f"{node.fn.name} of a square matrix is read entry by entry, and functions of "  # type: ignore[attr-defined]
                "matrices are not known: say element-wise if that is meant"
            )
            return replace(found, verdict=UNSETTLED, counterexample=None, message=message)
    return found


def _is_of_matrix(node: Expr, written: Collection[str]) -> bool:
    square = len(node.axes) == 2 and node.axes[0] == node.axes[1]
    return (
        square and isinstance(node, Map) and node.fn.name in _OF_MATRICES
        and node.fn.name in written
    )  # fmt: skip
