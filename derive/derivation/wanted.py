"""What Python asks derivatives of, and by: checked before anything is derived.

The idea: a variable is its symbol, its axes and what is declared of it together.  One that is made
anew with other axes is another variable, and the derivative by it would be 0 without a word.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.derivation.local import symbol_of
from derive.kernel.build import lift
from derive.kernel.expr import (
    Delta,
    Expr,
    Num,
    Ones,
    ShapeError,
    Var,
    is_named,
    shape_text,
    toposort,
)


def wanted(asker: str, of: Expr, wrt: object) -> Expr:
    """The variable or named node that ``asker`` differentiates an expression by.

    TypeError for what is none; ValueError where the expression has another variable of its symbol,
    ShapeError if that has another shape.
    """
    (node,) = several(asker, of, [wrt])
    return node


def several(asker: str, of: Expr, wrt: object) -> list[Expr]:
    """One variable or a list of them, each checked; the expression is looked through once."""
    given = wrt if isinstance(wrt, Iterable) and not isinstance(wrt, Expr | str) else [wrt]
    nodes = [_node(asker, one) for one in given]
    symbols: dict[object, list[Expr]] = {}
    for other in toposort(of):
        if type(other) is Var or is_named(other):
            symbols.setdefault(symbol_of(other), []).append(other)
    for node in nodes:
        alike = symbols.get(symbol_of(node), ())
        # Two nodes of one name may be meant; a name that is not there was made anew.
        for other in alike if type(node) is Var or node not in alike else ():
            if type(other) is type(node) and other is not node:
                raise _another(node, other)
    return nodes


def _node(asker: str, wrt: object) -> Expr:
    node = wrt if isinstance(wrt, Expr) else None if wrt is None else lift(wrt)
    if node is None or isinstance(node, Num | Ones | Delta):
        raise TypeError(f"{asker} needs a variable or a named part to derive by, not {wrt!r}")
    return node


def _another(node: Expr, other: Expr) -> ValueError:
    if node.axes != other.axes:
        return ShapeError(
            f"the {node!r} of this loss has the shape {shape_text(other.axes)}, not "
            f"{shape_text(node.axes)}: give them different names, or ask for the one that is there"
        )
    if isinstance(node, Var) and isinstance(other, Var):
        there, here = (", ".join(v.kinds) or "nothing" for v in (other, node))
        return ValueError(
            f"the {node!r} of this loss is declared with {there}, not with {here}: declare it once"
        )
    return ValueError(
        f"the {node!r} of this loss stands for another expression: give them different names, or "
        "ask for the one that is there"
    )
