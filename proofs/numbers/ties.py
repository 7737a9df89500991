"""Where a comparison stands exactly at its border: points at which two readings of a kink differ.

The idea: a comparison is tied where its two sides are equal and one of them moves with the point; a
class number or a 0/1 label moves nowhere.  Floats serve: they only say which points to try first.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from fractions import Fraction
from typing import Any

from derive.kernel.expr import Call, Delta, Expr, Map, Num, Ones, Operator, Var
from derive.operators.pointwise import COMPARISONS, np
from proofs.numbers.sample import Room, matrix

_AT_ZERO = frozenset(
    ["relu", "abs", "sign", "step", "leaky_relu", "prelu", "elu", "selu", "softsign", "relu6"]
)
_ROUTES = frozenset(["argmax", "argmin", "maximum", "minimum"])
_INDICATORS = frozenset(["argmax", "argmin", "one_hot"])


def moves(node: Expr, moving: Container[Expr], still: Container[Expr]) -> bool:
    """Whether a node changes near a point: numbers, indicators and finite choices do not."""
    match node:
        case Num() | Delta() | Ones():
            return False
        case Var():
            return node not in still
        case Map(fn) if fn in COMPARISONS or fn.name in ("sign", "step"):
            return False
        case Call(Operator() as op) if op.name in _INDICATORS:
            return False
        case _:
            return any(kid in moving for kid in node.kids)


class Ties:
    """The comparisons of what moves, among nodes in order."""

    def __init__(self, order: Sequence[Expr], still: Container[Expr]) -> None:
        moving: set[Expr] = set()
        self.compared: list[Expr] = []
        for node in order:
            if moves(node, moving, still):
                moving.add(node)
            if _compares(node) and any(arg in moving for arg in _judged(node)):
                self.compared.append(node)

    def rows(self, room: Room) -> Any:
        """The points of a room at which some comparison is tied."""
        tied = np.zeros(room.rows, bool)
        for node in self.compared:
            with np.errstate(all="ignore"):
                tied |= _tied(node, [matrix(room, arg) for arg in _judged(node)], room)
        return tied


def _compares(node: Expr) -> bool:
    if isinstance(node, Map):
        if node.fn.name == "power":  # a root ends at 0
            return Fraction(node.fn.params[0]).denominator > 1
        return node.fn in COMPARISONS or node.fn.name in _AT_ZERO | {"max", "min", "where"}
    return isinstance(node, Call) and isinstance(node.op, Operator) and node.op.name in _ROUTES


def _judged(node: Expr) -> tuple[Expr, ...]:
    """What a node compares: of a choice by cases the condition, of an activation its argument."""
    one = isinstance(node, Map) and (node.fn.name in _AT_ZERO or node.fn.name == "where")
    return node.kids[:1] if one else node.kids


def _tied(node: Expr, args: Sequence[Any], room: Room) -> Any:
    if isinstance(node, Map):
        gap = args[0] if len(args) == 1 else args[0] - args[1]
        return (gap == 0).any(axis=1)
    rows = args[0].reshape(room.rows, -1, room.value(node.kids[0]).shape[-1])
    if rows.shape[-1] < 2:
        return np.zeros(room.rows, bool)
    ranked = np.sort(rows, axis=-1)
    op = node.op if isinstance(node, Call) else None
    low = isinstance(op, Operator) and op.name in ("argmin", "minimum")
    pair = ranked[..., :2] if low else ranked[..., -2:]
    return (pair[..., 0] == pair[..., 1]).any(axis=-1)
