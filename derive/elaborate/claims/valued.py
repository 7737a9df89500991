r"""What a document says of its variables in places only, and of functions that everybody knows.

The idea: "for \lambda = 0", "at x = 1" and "suppose a = b" give their names a value where they
stand, and none elsewhere; "then relu(t) = t" claims something of relu and defines no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from derive.elaborate.names.scope import KNOWN_WORDS, base_of, names_in
from derive.elaborate.reading import Reading
from derive.elaborate.statements.alone import is_head
from derive.elaborate.statements.collect import DEFINES, Statements, introduced
from derive.elaborate.statements.declare import number
from derive.elaborate.statements.given import is_concluded
from derive.elaborate.statements.mood import SENTENCE, Mood, mood_of
from derive.elaborate.statements.vanishing import is_solved_for
from derive.latex.print import latex
from derive.tree import Tree

_SUPPOSED = re.compile(
    r"\b(?:suppos\w+|assum\w+|if|when|case|with|set|let|take|put|fix)\b[^.;]*$", re.IGNORECASE
)
_AT = re.compile(
    r"\b(?:at|for|setting|putting|plugging in|special case(?: of)?|point)\s*(?:\$|\\\()?\s*$",
    re.IGNORECASE,
)
# "\item $\lambda = 0$: .." is a case of its own.
_ITEM, _COLON = re.compile(r"\\item(?:\[[^\]]*\])?\s*\$$"), re.compile(r"\s*\$\s*:")


def words_claimed(items: Iterable[Tree], text: str) -> list[Tree]:
    """The statements that conclude something of a function that everybody knows: "then
    \\mathrm{relu}(t) = t" defines no other relu."""
    return [
        item for item in items
        if item.head == "chain" and item.kids[0] is not None and is_head(item.kids[0])
        and base_of(item.kids[0].kids[0]).lstrip("\\") in KNOWN_WORDS
        and is_concluded(item, text)
    ]  # fmt: skip


def note_values(statements: Statements, reading: Reading, text: str) -> None:
    """Record in ``reading.valued`` the x = 3, or x = y, that is said of a variable in places only:
    it gives x no value elsewhere."""
    values: dict[str, set[Tree]] = {}
    for item in (*statements.definitions, *statements.claims):
        if _is_plain_value(item):
            values.setdefault(latex(item.kids[0]), set()).add(item.kids[2])
    for items in (statements.definitions, statements.claims):
        for item in list(items):
            if not _is_plain_value(item) or is_solved_for(text, item.span[0]):
                continue
            left, (start, end) = item.kids[0], item.span
            clause = SENTENCE.split(text[max(0, start - 300) : start])[-1]
            placed = mood_of(text, start, end) is Mood.CONDITION or bool(
                _AT.search(clause) or (_ITEM.search(text[:start]) and _COLON.match(text, end))
            )
            if placed or (
                _SUPPOSED.search(clause)
                and not (
                    len(values[latex(left)]) == 1
                    and reading.reach.everywhere(item.span, *names_in(item.kids[::2]))
                )
            ):
                reading.valued[item.span] = placed
                if items is statements.definitions:
                    statements.definitions.remove(item)
                    statements.claims.append(item)
                    reading.scope.defined.discard(introduced(left, reading)[0])


def _is_plain_value(item: Tree) -> bool:
    """x = 3, x = y: a name that has nothing else in it, and a number, a constant or a name."""
    if item.head != "chain" or len(item.kids) != 3 or str(item.kids[1].kids[0]) not in DEFINES:
        return False
    left, right = item.kids[0], item.kids[2]
    return left is not None and _is_bare(left) and (number(right) is not None or _is_bare(right))


def _is_bare(side: Tree) -> bool:
    """A name, which may have a subscript, and no power or transpose."""
    named = side.kids[0] if side.head == "script" and side.kids[2] is None else side
    return isinstance(named, Tree) and named.head == "name" and base_of(named) != ""
