"""Named mistakes: what went wrong in a line, said as the one edit that makes it right.

The idea: the fix is the diagnosis.  A row of the table lists the edits that would undo one
mistake; the search tries them on the line as it was written, and what makes the line true names it.

Rooms: ``edit`` (rows and edits as data), ``surgery`` (a side cut into parts), ``order``,
``numbers``, ``slopes``, ``names``, ``terms`` (the rows), ``examples`` (their documents), ``table``,
``search`` (the edit that mends), ``surroundings`` (what a document offers to an edit), ``probe``
(points at which edits are tried).
"""

from proofs.mistakes.edit import Context, Edit, Example, Mistake, Slope, Surroundings, Symbol, Term
from proofs.mistakes.search import Named, name_left, name_mistake
from proofs.mistakes.table import MISTAKES

__all__ = [
    "MISTAKES", "Context", "Edit", "Example", "Mistake", "Named", "Slope", "Surroundings", "Symbol",
    "Term", "name_left", "name_mistake",
]  # fmt: skip
