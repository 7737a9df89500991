"""The vocabulary: functions of each entry, operators along an axis, definitions in their words.

The idea: a word is one row, which says how it is read, written, computed, differentiated and
spelled in code; whoever needs one of these walks the rows.

``row`` says what a row has; ``pointwise``, ``primitives``, ``matrices`` and ``composites`` are the
rows; ``symbolic`` gives them to SymPy.
"""

from derive.operators import arrangement, blocks, composites, matrices, pointwise, primitives
from derive.operators.row import COMPOSITES, POINTWISE, PRIMITIVES, Row

__all__ = [
    "COMPOSITES",
    "POINTWISE",
    "PRIMITIVES",
    "Row",
    "arrangement",
    "blocks",
    "composites",
    "matrices",
    "pointwise",
    "primitives",
]
