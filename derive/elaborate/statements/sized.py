"""Sizes that a document gives by an equation: n = 3, m = 2 n, m = n - k + 1.

The idea: such an equation is about every array of that size, so the size is read as what it is; an
array of n entries with n = 3 has three.
"""

from __future__ import annotations

from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import names_in
from derive.elaborate.reading import Reading
from derive.elaborate.statements.collect import Statements, introduced
from derive.elaborate.statements.mood import Mood, mood_of
from derive.elaborate.statements.settle import settle
from derive.elaborate.terms.limits import size_of


def note_sizes(statements: Statements, reading: Reading, text: str) -> None:
    """Record in ``reading.size_values`` what the sizes of declarations are said to be; and where,
    in ``reading.sized``, if that is so under a condition or for a while: then n = 1 gives nothing
    elsewhere."""
    sets = [kid for item in statements.declarations for kid in item.kids[2::2]]
    used = {reading.scope.refer(name).symbol for name in names_in(sets)}
    for item in list(statements.definitions):
        symbol, letters, components = introduced(item.kids[0], reading)
        if symbol not in used or letters or components or len(item.kids) != 3:
            continue
        try:
            size = size_of(reading, settle(item.kids[2], reading.scope))
        except Fault:
            continue
        said = mood_of(text, *item.span) is Mood.GIVEN
        if not said or not reading.reach.everywhere(item.span, item.kids[0]):
            reading.sized.append(item.span)
            statements.definitions.remove(item)
            reading.scope.defined.discard(symbol)
        elif (size >= 1) if isinstance(size, int) else (symbol not in size.names()):
            reading.size_values[symbol] = size
