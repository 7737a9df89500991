"""A document's statements as settled trees: what each notation was taken for, to be looked at.

The idea: reading is judged before meaning; whether f(x) is a call and (i) a label can be seen here
even for a claim, an update or a limit that has no value yet.
"""

from __future__ import annotations

from derive.diagnostics import Source
from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import Scope
from derive.elaborate.reading import Reading
from derive.elaborate.statements.collect import sorted_statements
from derive.elaborate.statements.declare import declare
from derive.elaborate.statements.settle import settle
from derive.latex.read import read_formulas
from derive.tree import Tree


def settled_statements(source: Source) -> list[Tree]:
    """Every statement of a document, settled by all that the document says of its names.

    Raises Fault for one that cannot be settled.
    """
    parsed = read_formulas(source)
    items = [item for row in parsed.rows for item in row.items]
    reading = Reading(Scope())
    statements = sorted_statements(items, reading)
    for item in statements.declarations:
        try:
            declare(item, reading)
        except Fault:
            continue  # a set that is not known declares nothing, and is read all the same
    return [settle(item, reading.scope) for item in items]
