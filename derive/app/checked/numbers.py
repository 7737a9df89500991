"""The numbers of a counterexample, laid out for a terminal and as formulas.

The idea: a vector is a row of numbers, a matrix a block of rows, and blocks stand side by side as
long as there is room; what is too large to be read is cut short, never wrapped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from derive.diagnostics import DeriveError, display_width, printable
from derive.latex.read import read_formula
from derive.notation.plain import plain
from derive.tree import Tree, num, tree
from proofs.verdict import Counterexample, Numbers

_ROOM = 84  # columns for blocks side by side
_MOST = 8  # entries along an axis that are shown
_LONGEST = 24  # letters of a number that can be read
_GAP = "    "
_EQUAL = tree("rel", "=")


def blocks(example: Counterexample) -> list[str]:
    """The values of the variables as lines of text."""
    made: list[list[str]] = []
    for symbol, value in example.values:
        rows = _rows(value)
        head = f"{bare(symbol)} = "
        pad = " " * display_width(head)
        made.append([head + rows[0], *(pad + row for row in rows[1:])])
    lines: list[str] = []
    for row in _filled(made):
        height = max(len(block) for block in row)
        widths = [max(map(display_width, block)) for block in row]
        for at in range(height):
            cells = [block[at] if at < len(block) else "" for block in row]
            shown = (
                cell + " " * (wide - display_width(cell))
                for cell, wide in zip(cells, widths, strict=True)
            )
            lines.append(_GAP.join(shown).rstrip())
    return lines


def _filled(made: list[list[str]]) -> Iterable[list[list[str]]]:
    row: list[list[str]] = []
    used = 0
    for block in made:
        wide = max(map(display_width, block)) + len(_GAP)
        if row and used + wide > _ROOM:
            yield row
            row, used = [], 0
        row.append(block)
        used += wide
    if row:
        yield row


def _rows(value: Numbers) -> list[str]:
    if isinstance(value, Fraction | int):
        return [_entry(value)]
    if not _is_matrix(value):
        return [_flat(value)]
    cells = [[_flat(cell) for cell in row] for row in _cells(value)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "[" + "  ".join(cell.rjust(wide) for cell, wide in zip(row, widths, strict=True)) + "]"
        for row in cells
    ]


def _is_matrix(value: Numbers) -> bool:
    """Whether there are two axes, all rows as long as the first and not empty."""
    if not isinstance(value, tuple) or not value:
        return False
    lengths = {len(row) if isinstance(row, tuple) else 0 for row in value}
    return len(lengths) == 1 and 0 not in lengths and _depth(value) == 2


def _depth(value: Numbers) -> int:
    depth = 0
    while isinstance(value, tuple):
        depth += 1
        if not value:
            break
        value = value[0]
    return depth


def _flat(value: Numbers | str) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(_flat(one) for one in _cut(value)) + ")"
    return _entry(value)


def _cells(value: tuple) -> list[tuple]:
    """The entries of a matrix by its rows; of many rows the first few, and a row of dots."""
    rows = [_cut(row) for row in value[:_MOST]]
    return rows if len(value) <= _MOST else [*rows[: _MOST - 1], ("..",) * len(rows[0])]


def _cut(value: object) -> tuple:
    """The entries along an axis; of a long one, the first few and dots."""
    entries = value if isinstance(value, tuple) else (value,)
    return entries if len(entries) <= _MOST else (*entries[: _MOST - 1], "..")


@lru_cache(maxsize=1024)
def symbol_of(latex: str) -> Tree:
    """The tree of a symbol; its text where it cannot be read."""
    try:
        found = read_formula(latex)
    except DeriveError:
        found = ()
    return found[0] if len(found) == 1 else tree("text", latex)


def bare(latex: str) -> str:
    """A symbol as it is written without markup: ``W_1`` for ``\\mathbf{W}_1``."""
    node = symbol_of(latex)
    # Plain names are those of exported code, where ``lambda`` and its kin get a last ``_``.
    return printable(latex if node.head == "text" else plain(node).rstrip("_"))


def sizes(example: Counterexample) -> str:
    """``n = 2, m = 1``; empty where there is no size."""
    return ", ".join(f"{bare(letter)} = {size}" for letter, size in example.sizes.items())


def place(example: Counterexample) -> str:
    """Which entry is compared: ``in row 2, column 1,``; empty for a number."""
    match example.entry:
        case ():
            return ""
        case (i,):
            return f"in entry {i}, "
        case (i, j):
            return f"in row {i}, column {j}, "
        case more:
            return f"in entry ({', '.join(map(str, more))}), "


# --------------------------------------------------------------------------------- as formulas


def equations(example: Counterexample) -> list[Tree]:
    """``n = 2`` for the sizes and ``x = (1, -2)`` for the variables, a matrix as a matrix."""
    found = [tree("chain", symbol_of(k), _EQUAL, num(size)) for k, size in example.sizes.items()]
    found += [tree("chain", symbol_of(s), _EQUAL, _tree(value)) for s, value in example.values]
    return found


def _tree(value: Numbers | str) -> Tree:
    if isinstance(value, str):
        return tree("dots")
    if not isinstance(value, tuple):
        return number(Fraction(value))
    if _is_matrix(value):
        rows = tuple(tuple(_tree(cell) for cell in row) for row in _cells(value))
        if len(rows) == len(rows[0]) == 1:
            return tree("paren", rows[0][0])
        return tree("env", "pmatrix", rows)
    inside = tuple(_tree(one) for one in _cut(value))
    if len(inside) == 1:
        return tree("paren", inside[0])
    return tree("paren", Tree("list", inside) if inside else tree("empty"))


def number(value: Fraction) -> Tree:
    """An exact number; a fraction is one sign among others, ``3/2``."""
    made = num(_entry(abs(value)))
    return tree("neg", made) if value < 0 else made


def written_number(text: str) -> Tree | str:
    """A value that came as text: an exact number, or an enclosure in words."""
    try:
        exact = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return spoken_number(text)
    return number(exact) if len(text) <= _LONGEST else spoken_number(text)


def spoken_number(text: str) -> str:
    """``3/2``; ``between 1.41 and 1.42`` for an enclosure; what is too long to read is rounded."""
    if (ends := re.fullmatch(r"\[([^,\[\]]+), *([^,\[\]]+)\]", text)) is not None:
        low, high = _short(ends[1]), _short(ends[2])
        return low if low == high else f"between {low} and {high}"
    text = printable(text.removeprefix("[").removesuffix("]").replace("+/-", "±"))
    short = _short(text)
    return text if short == text else f"about {short}"


def _entry(value: object) -> str:
    """An exact number; one that is too long to be read is rounded, and says so."""
    text = str(value)
    short = _short(text)
    return short if short == text else f"≈{short}"


def _short(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    try:
        exact = Fraction(text)
        rounded = Decimal(exact.numerator) / Decimal(exact.denominator)
    except (ValueError, ArithmeticError):
        return text[: _LONGEST - 2] + " …"
    return f"{rounded:.6g}"
