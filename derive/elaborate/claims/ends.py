r"""Where the sums of claims end: the K of \sum_{k=1}^K p_k = 1, which nothing else names.

The idea: what a sum runs over has the size that stands above it, so a size that the document has
no other name for is called that, before it is given a letter of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from derive.elaborate.dispatch import value_of
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.names.indices import index_letter
from derive.elaborate.reading import Env, Reading
from derive.elaborate.statements.settle import settle
from derive.elaborate.statements.shorthand import Shorthand
from derive.elaborate.terms.limits import bound_letters
from derive.kernel.sizes import SizeError, resolve, unknowns
from derive.tree import Tree

_FROM_ONE = (None, Tree("num", ("1",)))


def note_ends(items: Iterable[Tree], shorthand: Shorthand, reading: Reading) -> None:
    """Call the sizes that only these formulas name by the letters above their sums."""
    for item in items:
        for side in item.kids[::2] if item.head == "chain" else ():
            with suppress(Fault, Silent):
                settled = settle(shorthand.written_out(side), reading.scope)
                for end, letter, body in _sums(settled, reading):
                    _note(end, letter, body, reading)


def _sums(settled: Tree, reading: Reading) -> Iterator[tuple[str, str, Tree]]:
    """Sums from 1 to a letter that is no quantity: the letter, the index, and what is summed."""
    for node in settled.subtrees():
        match node:
            case Tree("big", ("sum", Tree() as below, Tree(_, (str(end),)), Tree() as body)):
                found = bound_letters(below)
                plain = len(end) == 1 and end.isalpha() and not reading.scope.known(end)
                if plain and len(found) == 1 and found[0][1] in _FROM_ONE:
                    yield end, found[0][0], body


def _note(end: str, letter: str, body: Tree, reading: Reading) -> None:
    for node in body.subtrees():
        if node.head != "symbol" or letter not in map(index_letter, node.kids[1:]):
            continue
        symbol, opens = str(node.kids[0]), frozenset(filter(None, map(index_letter, node.kids[1:])))
        if symbol not in reading.equations and symbol not in reading.variables:
            continue
        with suppress(Fault, Silent, SizeError):
            axis = value_of(reading, node, Env(opens)).extents.get(letter)
            if axis is not None and unknowns(resolve(axis, reading.sizes.bound)):
                reading.sizes.unify(axis, reading.size(end))
                reading.size_names.add(end)
