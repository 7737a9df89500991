"""A proof of an equality as data: its conditions and the null sets that it leaves out.

The idea: a condition is an expression and its relation to 0 at every entry; LaTeX is made of it
only where it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from derive.kernel.expr import Expr, is_named
from derive.latex.print import latex
from derive.tree import Tree
from derive.writing.write import Writer

_LETTERS = "ijklpqrs"
_SIGNS = {"!=": r"\neq", ">": ">", ">=": r"\geq", "=": "="}


@dataclass(frozen=True, slots=True)
class Condition:
    """``expr`` stands in ``relation`` (``!=``, ``>``, ``>=`` or ``=``) to 0, at every entry."""

    relation: str
    expr: Expr

    def tree(self) -> Tree:
        """The side that is compared with 0, an array at its entry."""
        # A named node is called by its name here, not opened.
        writer = Writer(self.expr, {}, opened=not is_named(self.expr))
        if not self.expr.axes:
            return writer.whole()
        return writer.at(tuple(_LETTERS[: len(self.expr.axes)]))

    def latex(self, spelling: Mapping[str, str] | None = None) -> str:
        """The condition as LaTeX, an array at its entry: ``z_i \\neq 0``."""
        return f"{latex(self.tree(), spelling or {})} {_SIGNS[self.relation]} 0"


@dataclass(frozen=True, slots=True)
class Proof:
    """Equal for all sizes of at least 1, wherever both sides are defined and these hold.

    ``conditions`` are those of definedness that were not shown to hold everywhere.
    ``almost_everywhere``: the null sets {u = 0} off which it holds, as conditions of relation
    ``=``; None where it holds everywhere.
    """

    conditions: tuple[Condition, ...] = ()
    almost_everywhere: tuple[Condition, ...] | None = None

    def conditions_latex(self, spelling: Mapping[str, str] | None = None) -> tuple[str, ...]:
        return tuple(condition.latex(spelling) for condition in self.conditions)

    def null_set_latex(self, spelling: Mapping[str, str] | None = None) -> str | None:
        """The null set that is left out, as LaTeX: ``\\{z_i = 0\\}``."""
        if self.almost_everywhere is None:
            return None
        sets = [f"\\{{{null.latex(spelling)}\\}}" for null in self.almost_everywhere]
        return r" \cup ".join(sets)
