"""Layouts: the conventions by which people write the entries of a derivative.

The idea: a derivative has one meaning, and four customs of laying it out; what is derived is stored
in denominator layout, and the others are ways of reading.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.derivation.within import WITHIN


@dataclass(frozen=True, slots=True)
class Layout:
    """How the entries of a derivative are laid out.

    ``rows``: the gradient of a number in a vector is a row.  ``numerator``: dy/dx has the axes of y
    first.  ``transposed``: the gradient in a matrix has the shape of its transpose.  ``says`` is
    that in a sentence for those who have not met the name.  ``declared`` is the convention for a
    matrix whose entries hang together, see ``derive.derivation.within``.
    """

    name: str
    says: str
    rows: bool = False
    numerator: bool = False
    transposed: bool = False
    declared: str = WITHIN


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout(
            "denominator",
            r"a gradient has the shape of its variable, and $\frac{\partial (W x)}{\partial x} ="
            r" W^\top$",
        ),
        Layout(
            "mixed",
            r"gradients have the shape of their variable; $\frac{\partial (W x)}{\partial x} = W$",
            numerator=True,
        ),
        Layout(
            "row",
            r"the gradient in a column is a row, and $\frac{\partial (W x)}{\partial x} = W$",
            rows=True, numerator=True,
        ),
        Layout(
            "numerator",
            "a gradient has the shape of its variable transposed, and "
            r"$\frac{\partial (W x)}{\partial x} = W$",
            rows=True, numerator=True, transposed=True,
        ),
    )
}  # fmt: skip
DENOMINATOR = LAYOUTS["denominator"]
