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
from derive.elaborate.terms.limits import bound_letters, size_of
from derive.tree import Tree

_ONES = frozenset([r"\mathbf{1}", r"\mathbb{1}"])


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


def note_counts(statements: Statements, reading: Reading) -> None:
    r"""Limits of indices that nothing else explains are sizes: the m of a mean over m, the N of
    \frac{1}{N} \sum_i; and the n of \mathbf{1}_n."""
    _size_marks(statements, reading)
    for last in reading.scope.ranges.values():
        for name in names_in([last]):
            symbol = reading.scope.refer(name).symbol
            if not reading.scope.known(symbol):
                reading.size_names.add(symbol)
    for equation in (*reading.equations.values(), *reading.functions.values()):
        for node in equation.body.subtrees():
            if node.head == "juxt":
                for before, after in zip(node.kids, node.kids[1:], strict=False):
                    _mean(before, after, reading)
            if node.head == "big" and node.kids[2] is not None:
                for part in node.kids[2].subtrees():
                    if part.head == "symbol" and not reading.scope.known(str(part.kids[0])):
                        reading.size_names.add(str(part.kids[0]))


def _size_marks(statements: Statements, reading: Reading) -> None:
    r"""The n of \mathbf{1}_n, too, is a size."""
    for item in (*statements.claims, *statements.definitions, *statements.functions):
        for node in item.subtrees():
            match node:
                case Tree("script", (Tree("name", (str(base),)), Tree("name", (str(n),)), _)) if (
                    base in _ONES and len(n) == 1 and n not in reading.scope.bound
                ):
                    if not reading.scope.known(n):
                        reading.size_names.add(n)


def _mean(before: Tree, after: Tree, reading: Reading) -> None:
    if before.head != "frac" or after.head != "big" or after.kids[0] != "sum" or after.kids[2]:
        return
    under = before.kids[1].kids[-1] if before.kids[1].head == "juxt" else before.kids[1]
    letters = bound_letters(after.kids[1])
    if len(letters) != 1 or letters[0][1:] != (None, None) or under.head != "symbol":
        return
    count = str(under.kids[0])
    if "#" not in count and not reading.scope.known(count) and count not in reading.size_names:
        reading.size_names.add(count)
        reading.scope.ranges.setdefault(letters[0][0], under)
