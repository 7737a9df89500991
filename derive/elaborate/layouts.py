"""Layouts: the conventions by which people write the entries of a derivative.

The idea: a derivative has one meaning, and four customs of laying it out; what is derived is stored
in denominator layout, and the others are ways of reading.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """How the entries of a derivative are laid out.

    ``rows``: the gradient of a number in a vector is a row.  ``numerator``: dy/dx has the axes of y
    first.  ``transposed``: the gradient in a matrix has the shape of its transpose.
    """

    name: str
    rows: bool = False
    numerator: bool = False
    transposed: bool = False


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("denominator"),
        Layout("mixed", numerator=True),
        Layout("row", rows=True, numerator=True),
        Layout("numerator", rows=True, numerator=True, transposed=True),
    )
}
DENOMINATOR = LAYOUTS["denominator"]
