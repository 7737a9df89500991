"""Sizes that a document gives by an equation: n = 3, m = 2 n, m = n - k + 1.

The idea: such an equation is about every array of that size, so the size is read as what it is; an
array of n entries with n = 3 has three.
"""

from __future__ import annotations

from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import names_in
from derive.elaborate.reading import Reading
from derive.elaborate.statements.collect import Statements, introduced
from derive.elaborate.statements.settle import settle
from derive.elaborate.terms.limits import size_of


def note_sizes(statements: Statements, reading: Reading) -> None:
    """Record in ``reading.size_values`` what the sizes of declarations are said to be."""
    sets = [kid for item in statements.declarations for kid in item.kids[2::2]]
    used = {reading.scope.refer(name).symbol for name in names_in(sets)}
    for item in statements.definitions:
        symbol, letters, components = introduced(item.kids[0], reading)
        if symbol not in used or letters or components or len(item.kids) != 3:
            continue
        try:
            size = size_of(reading, settle(item.kids[2], reading.scope))
        except Fault:
            continue
        if (size >= 1) if isinstance(size, int) else (symbol not in size.names()):
            reading.size_values[symbol] = size
