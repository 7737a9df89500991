"""Definitions as users call them: every argument is an expression, and a wrong one is named.

The idea: a definition is written for expressions of the ranks that it speaks of; what Python gives
it is lifted or refused here, in one place, from what the definition says of its arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from derive.kernel.build import lift
from derive.kernel.expr import Expr, ShapeError, shape_text


@cache
def guarded(make: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which lifts what must be expressions.

    TypeError for what is none, ShapeError where an array has too few axes.
    """
    signature = inspect.signature(make)
    word = {"concatenated": "concat", "stacked": "stack"}.get(make.__name__, make.__name__)
    notes = {name: str(one.annotation) for name, one in signature.parameters.items()}

    @wraps(make)
    def apply(*args: Any, **options: Any) -> Any:
        try:
            bound = signature.bind(*args, **options)
        except TypeError as error:
            raise TypeError(f"{word}({', '.join(notes)}): {error}") from None
        for name, value in bound.arguments.items():
            try:
                bound.arguments[name] = _lifted(value, notes[name])
            except TypeError as error:
                raise TypeError(f"{word} cannot take this {name}: {error}") from None
        try:
            return make(*bound.args, **bound.kwargs)
        except IndexError:
            given = (
                f"{name} {shape_text(value.axes)}"
                for name, value in bound.arguments.items()
                if isinstance(value, Expr)
            )
            said = (make.__doc__ or "").strip().split("\n\n")[0]
            raise ShapeError(
                f"an array has too few axes for {word}: {', '.join(given)}.  {word}: "
                + " ".join(said.split())
            ) from None

    return apply


def _lifted(value: Any, note: str) -> Any:
    if note == "Expr" or (note == "Expr | None" and value is not None):
        return lift(value)
    if note == "Sequence[Expr]" and isinstance(value, list | tuple):
        return [lift(one) for one in value]
    if note == "Sequence[Sequence[Expr]]" and isinstance(value, list | tuple):
        return [_lifted(row, "Sequence[Expr]") for row in value]
    return value
