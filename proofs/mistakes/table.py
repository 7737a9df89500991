"""The table of mistakes, in the order in which they are looked for.

The idea: a row is written once, where its edits are; here the modules of the rows are brought
together.  Of two edits of one tier and one cost, the one whose code stands first is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from proofs.mistakes import kronecker as _kronecker
from proofs.mistakes import names as _names
from proofs.mistakes import numbers as _numbers
from proofs.mistakes import order as _order
from proofs.mistakes import slopes as _slopes
from proofs.mistakes import terms as _terms
from proofs.mistakes.edit import Mistake, rows

_ROOMS = (_order, _numbers, _slopes, _names, _terms, _kronecker)  # each registers its rows

ORDER = (
    "missing-transpose", "extra-transpose", "transposed-answer", "swapped-factors",
    "hadamard-for-product", "product-for-hadamard", "missing-diag",
    "swapped-quotient-rule", "sign", "factor", "derivative-twice", "extra-term", "wrong-mask",
    "wrong-delta", "wrong-index", "value-for-derivative", "extra-factor",
    "missing-mask", "missing-regulariser", "missing-inner-derivative",
    "missing-term", "wrong-inverse-or-power", "wrong-symbol",
    "layout-flip", "wrong-left-side", "held-constant",
)  # fmt: skip

MISTAKES: Mapping[str, Mistake] = MappingProxyType(rows(ORDER))
