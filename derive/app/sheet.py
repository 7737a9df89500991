"""The sheet: what a worked solution consists of, before it has a look.

The idea: blocks hold trees and words, never markup, so the HTML and the LaTeX page cannot say
different things.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from derive.latex.read import read_formula
from derive.notation.breaking import width
from derive.notation.written import written
from derive.tree import Tree

LEFT_ROOM = 7.0  # in em: a left side that is wider would leave too little for the right

# Words with formulas among them; a lone string or tree stands for itself.
Text: TypeAlias = "str | Tree | tuple[str | Tree, ...]"


def inline(text: Text) -> tuple[str | Tree, ...]:
    """The words and formulas of a text, in order."""
    return text if isinstance(text, tuple) else (text,)


def worded(note: str) -> tuple[str | Tree, ...]:
    """Words with formulas between dollars, as a sheet prints them."""
    parts: list[str | Tree] = []
    for k, part in enumerate(note.split("$")):
        if k % 2:
            parts += read_formula(part)
        elif part:
            parts.append(part)
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: Text


@dataclass(frozen=True, slots=True)
class Display:
    """Formulas on lines of their own, centred; those that share a line stand well apart."""

    lines: tuple[Tree | tuple[Tree, ...], ...]


def side_by_side(line: Tree | tuple[Tree, ...]) -> tuple[Tree, ...]:
    """The formulas of one line of a display."""
    return line if isinstance(line, tuple) else (line,)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header; every row has as many cells as the header."""

    header: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    caption: Text = ()

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.header) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Figure:
    """One drawing twice: as an ``<svg>`` element and as a ``tikzpicture``; both are trusted."""

    svg: str
    tikz: str
    caption: Text = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a derivation: ``left = right[0] = right[1] ..``, and why it holds.

    ``left`` is None where the line goes on from the one above.  ``marked`` draws the eye to it.
    """

    left: Tree | None
    right: tuple[Tree, ...]
    reason: Text = ()
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """Lines aligned at their first relation, with the reasons in a column on the right."""

    lines: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A boxed result: ``left = right[0] = right[1] ..``, with a remark beside or below it."""

    left: Tree
    right: tuple[Tree, ...]
    remark: Text = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One numerical cross-check: what was compared, at which sizes, how far apart at most."""

    result: Tree
    sizes: Text
    seed: int
    error: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Checks:
    """The cross-checks of a sheet, as a table."""

    rows: tuple[Check, ...]


Block: TypeAlias = Paragraph | Display | Table | Figure | Steps | Answer | Checks


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered heading and what stands under it."""

    title: Text
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page: ``spelling`` maps canonical bases to the document's own (``\\bm{x}``); ``parts`` are
    the problems of a document of several, each a sheet of its own."""

    title: Text
    subtitle: Text = ()
    sections: tuple[Section, ...] = ()
    spelling: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    parts: tuple[Sheet, ...] = ()


def chained(left: Tree | None, right: tuple[Tree, ...]) -> Tree:
    """``left = right[0] = right[1] ..`` as one tree."""
    equal = Tree("rel", ("=",))
    kids: list[Tree | None] = [left]
    for side in right:
        # A right-hand side that starts with its own relation keeps it.
        own = side.head == "chain" and side.kids[0] is None
        kids += side.kids[1:] if own else (equal, side)
    return Tree("chain", tuple(kids))


def columns(step: Step) -> tuple[Tree | None, Tree]:
    """What stands left of the relations, and the line itself; a long left side joins its line."""
    if step.left is not None and width(written(step.left)) > LEFT_ROOM:
        return None, chained(step.left, step.right)
    return step.left, chained(None, step.right)


CHECK_HEADER: tuple[str, ...] = ("result", "sizes", "seed", "largest error", "")


def error_tree(error: float) -> Tree:
    r"""An error as a formula: 3.1 \cdot 10^{-11}; 0 where it vanishes."""
    if error == 0:
        return Tree("num", ("0",))
    if error != error or error in (float("inf"), float("-inf")):
        return Tree("text", (str(error),))
    digits, exponent = f"{error:.1e}".split("e")
    power: Tree = Tree("num", (str(abs(int(exponent))),))
    if int(exponent) < 0:
        power = Tree("neg", (power,))
    scale = Tree("power", (Tree("num", ("10",)), power))
    return Tree("juxt", (Tree("num", (digits,)), Tree("op", (r"\times",)), scale))
