"""A proof of an equality as data: its conditions and the null sets that it leaves out.

The idea: a condition is an expression and its relation to 0 at every entry; LaTeX is made of it
elsewhere, where it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.kernel.expr import Expr


@dataclass(frozen=True, slots=True)
class Condition:
    """``expr`` stands in ``relation`` (``!=``, ``>``, ``>=`` or ``=``) to 0, at every entry."""

    relation: str
    expr: Expr


@dataclass(frozen=True, slots=True)
class Proof:
    """Equal for all sizes of at least 1, wherever both sides are defined and these hold.

    ``conditions`` are those of definedness that were not shown to hold everywhere.
    ``almost_everywhere``: the null sets {u = 0} off which it holds, as conditions of relation
    ``=``; None where it holds everywhere.
    """

    conditions: tuple[Condition, ...] = ()
    almost_everywhere: tuple[Condition, ...] | None = None
