"""The vocabulary: functions of each entry, operators along an axis, definitions in their words.

The idea: a word is one row, which says how it is read, written, computed, differentiated and
spelled in code; whoever needs one of these walks the rows.

``row`` says what a row has; ``pointwise``, ``primitives``, ``matrices``, ``powers``, ``singular``,
``losses`` and ``composites`` are the rows; ``normalisation``, ``attention`` and ``layers`` are
those of networks; ``windows`` and ``pooling`` are convolution and what goes with it, made of
``incidence``;
``symbolic`` gives them to SymPy, ``foreign`` keeps NumPy's own functions from them.
"""

from derive.operators import (
    arrangement,
    attention,
    blocks,
    composites,
    foreign,
    layers,
    losses,
    matrices,
    normalisation,
    pointwise,
    pooling,
    powers,
    primitives,
    recurrent,
    singular,
    windows,
)
from derive.operators.row import COMPOSITES, POINTWISE, PRIMITIVES, Row

# Functions with options, which are called by their names in Python and are no rows.
WITH_OPTIONS = {
    function.__name__: function
    for function in (
        *(getattr(windows, name) for name in windows.__all__),
        *(getattr(pooling, name) for name in pooling.__all__),
        *(getattr(losses, name) for name in losses.__all__),
        *(getattr(recurrent, name) for name in recurrent.__all__),
    )
}

__all__ = [
    "COMPOSITES", "POINTWISE", "PRIMITIVES", "WITH_OPTIONS", "Row", "arrangement", "attention",
    "blocks", "composites", "foreign", "layers", "losses", "matrices", "normalisation",
    "pointwise", "pooling", "powers", "primitives", "recurrent", "singular", "windows",
]  # fmt: skip
