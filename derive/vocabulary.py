r"""The vocabulary as Python functions: ``relu`` of a row, and what ``help(relu)`` says.

The idea: a row knows all of it, so that a new word needs no function written for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from derive.kernel import build
from derive.kernel.expr import Expr, Fn, Operator, ShapeError, Var, shape_text
from derive.operators import COMPOSITES, POINTWISE, PRIMITIVES, WITH_OPTIONS, Row
from derive.operators.guarded import guarded

# NumPy has two words, PyTorch one: how many arrays there are says which is meant.
_BOTH = {"max": "maximum", "maximum": "max", "min": "minimum", "minimum": "min"}


@cache
def function(word: str) -> Callable[..., Any]:
    """The function of this name in the vocabulary; AttributeError if there is none.

    What takes numbers spreads them.  Of one array ``max`` and ``maximum`` are its largest entry,
    of two arrays the larger of each two; ``min`` and ``minimum`` alike.
    """
    if word in COMPOSITES:
        return guarded(COMPOSITES[word].make)
    if word in WITH_OPTIONS:
        return guarded(WITH_OPTIONS[word])
    row = POINTWISE.get(word) or PRIMITIVES.get(word) or _spelled(word)
    if row is None:
        raise UnknownWord(word)
    try:
        made = row.make()
    except TypeError:
        return row.make  # a family: power(3), one_hot(c)
    return _function(row, made)


class UnknownWord(AttributeError):
    """A word that the vocabulary does not have; its neighbour is looked for when it is said.

    Python asks a package for its submodules this way too, which need no neighbour.
    """

    def __str__(self) -> str:
        from difflib import get_close_matches

        word = str(self.args[0])
        known = [*COMPOSITES, *POINTWISE, *PRIMITIVES, *WITH_OPTIONS]
        near = get_close_matches(word, known, n=1)
        return f"derive has no {word!r}" + (f": did you mean {near[0]!r}?" if near else "")


def _spelled(word: str) -> Row | None:
    """The operator that a document writes this way: ``inv`` is ``inverse``."""
    return next((row for row in PRIMITIVES.values() if word in row.words), None)


def _function(row: Row, made: Fn | Operator) -> Callable[..., Any]:
    takes = max(row.arity, 1) if isinstance(made, Operator) else len(made.slopes)
    kinds = _kinds(row, takes) if isinstance(made, Operator) else []

    def apply(*args: object) -> Expr:
        given = [build.lift(a) for a in args]
        left_out = takes - len(given)
        if 0 < left_out <= len(row.implied):
            given += [Var(p, ()) if isinstance(p, str) else build.lift(p)
                      for p in row.implied[len(row.implied) - left_out :]]  # fmt: skip
        if len(given) != takes:
            if row.name in _BOTH and len(given) in (1, 2):
                return function(_BOTH[row.name])(*given)
            plural = "" if takes == 1 else "s"
            raise TypeError(f"{row.name} takes {takes} argument{plural}, not {len(args)}")
        # a row that says nothing of its arguments may have numbers behind the first
        known = zip(given, kinds if row.shapes else kinds[:1])
        if any(len(a.axes) < len(kind) for a, kind in known):
            raise ShapeError(
                f"{row.name} takes {_said_of(kinds)}, not "
                + ", ".join(shape_text(a.axes) for a in given)
            )
        return made(*given)

    apply.__name__ = apply.__qualname__ = row.name
    apply.__doc__ = _said(row, made, takes)
    return apply


def _said(row: Row, made: Fn | Operator, takes: int) -> str:
    """What ``help`` says of a row: LaTeX, shapes, conditions and source."""
    if isinstance(made, Fn):
        shapes = "acts entry by entry on arrays of one shape; numbers are spread over them"
    else:
        shapes = f"takes {_said_of(_kinds(row, takes))}; axes before these are carried along"
    lines = [f"{row.latex}: {shapes}.", "ShapeError where the shapes do not fit."]
    lines += [f"{one.rstrip('.')}." for one in (row.where, row.kinks, row.source) if one]
    return "\n\n".join([lines[0], " ".join(lines[1:])])


def _kinds(row: Row, takes: int) -> list[list[str]]:
    """The axes that each argument of an operator has at least."""
    return [kind.split() for kind in row.shapes or (("n n" if row.matrices else "n",) * takes)]


def _said_of(kinds: list[list[str]]) -> str:
    return ", ".join("×".join(kind) or "a number" for kind in kinds)
