"""One row of vocabulary: a function or operator, how it is written, and what is known about it.

The idea: adding a word to the language is one row; reading, printing, code and tests walk the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from derive.kernel.build import lift
from derive.kernel.expr import Call, Expr, Fn, Operator, vocabulary


@dataclass(frozen=True, slots=True)
class Row:
    """What the vocabulary knows of a word.

    - ``make(*params)``: the Fn or Operator; of a composite the expression of its arguments
    - ``latex``: prints it, with ``#1`` .. for the arguments, or a bare command before brackets
    - ``words``: the names it is read by; ``letters``: those it has by custom where a document
      defines nothing of the name, and speaks of ``beside`` if that is given
    - ``body``: its definition in other words, against which value and slope are tested
    - ``domain``: an interval on which it is smooth enough to be tested
    - ``where``: the condition under which it is defined; ``kinks``: which value is taken where it
      has no derivative
    - ``code``: the NumPy source with ``{0}`` .. for the arguments, or a function that makes it from
      the parameters (none for a function that must be given)
    - ``entry``: prints one entry along the axis that an operator makes, its index the last argument
    - ``implied``: the parameters that a short spelling leaves out, symbols or numbers; ``learned``:
      these are trained; ``general``: the row that a spelling with a parameter means, of which this
      one is a case
    - ``matrices``: it acts on the last two axes, a matrix (a square one unless ``shapes`` says
      more); ``leading``: on the first
    - ``source``: where the definition is from, or what it is
    - ``shapes``: those of its arguments, ``"m n"`` an m×n matrix (vectors if left out);
      ``parameters``: what a family is made with in an example of it; ``rest``: an example of the
      other arguments of an operator for its first
    """

    name: str
    make: Callable[..., Any]
    latex: str
    words: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    arity: int = 1
    body: Callable[..., Expr] | None = None
    domain: tuple[float, float] = (-3.0, 3.0)
    kinks: str = ""
    where: str = ""
    code: str | Callable[..., str] = ""
    entry: str = ""
    implied: tuple[str | int, ...] = ()
    learned: bool = False
    leading: bool = False
    matrices: bool = False
    rest: Callable[..., tuple[Expr, ...]] = lambda first: ()
    source: str = ""
    general: str = ""
    shapes: tuple[str, ...] = ()
    parameters: tuple[Any, ...] = ()


POINTWISE: dict[str, Row] = {}
PRIMITIVES: dict[str, Row] = {}
COMPOSITES: dict[str, Row] = {}


def defined(node: Expr) -> Expr | None:
    """An operator in other words of the vocabulary, where its row has a definition."""
    if not isinstance(node, Call) or not isinstance(node.op, Operator):
        return None
    row = PRIMITIVES.get(node.op.name)
    return None if row is None or row.body is None else row.body(*node.args)


def pointwise(
    name: str,
    *slopes: Callable[..., object],
    value: Callable[..., Any],
    latex: str,
    exact: Callable[..., Any] | None = None,
    **known: Any,
) -> Fn:
    """A row for an elementwise function without parameters; one slope for each argument."""
    fn = Fn(name, (), value, tuple(_lifted(s) for s in slopes), exact)
    row = Row(name, lambda: fn, latex, arity=len(slopes), **known)
    vocabulary["function", name] = row.make
    POINTWISE[name] = row
    return fn


def _lifted(slope: Callable[..., object]) -> Callable[..., Expr]:
    return lambda *args: lift(slope(*args))
