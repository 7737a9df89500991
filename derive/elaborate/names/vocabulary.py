r"""Words and letters looked up: ReLU, and the \Phi that nobody defines.

The idea: the rows say by which words they are known, and by which letters where a document gives
those no meaning of its own.
"""

from __future__ import annotations

from derive.elaborate.reading import Reading
from derive.operators.row import COMPOSITES, POINTWISE, PRIMITIVES, Row

BY_WORD: dict[str, list[Row]] = {}
_BY_LETTER: dict[str, Row] = {}
for _rows in (PRIMITIVES, POINTWISE, COMPOSITES):
    for _row in _rows.values():
        for _spelled in _row.words:
            BY_WORD.setdefault(_spelled, []).append(_row)
        for _spelled in _row.letters:
            _BY_LETTER[_spelled] = _row


def rows_of(reading: Reading, symbol: str) -> list[Row]:
    """The rows that a word may stand for, of several arities; none where it is not known."""
    found = BY_WORD.get(symbol)
    if found is not None:
        return found
    row = None if symbol in reading.unread else _BY_LETTER.get(symbol)
    met = {name.rstrip("'") for name in reading.scope.whole}
    if row is None or (row.beside and met.isdisjoint(row.beside)):
        return []
    if row.source:
        reading.note(symbol, f"${symbol}$ is not defined: read as {row.source}")
    return [row]
