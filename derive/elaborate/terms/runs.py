r"""Sums whose letter counts: \sum_{r=0}^{2} X^r A X^{2-r}, \sum_{r=0}^{n-1} X^r.

The idea: where a letter is reckoned with and selects no entry, a sum from a number to a number is
its terms, and one to a symbol is a contraction along an axis of as many entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from derive.elaborate.faults import Fault
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, taken_apart
from derive.elaborate.reading import Reading
from derive.elaborate.terms.limits import size_of
from derive.tree import Tree

Letters = Sequence[tuple[str, Tree | None, Tree | None]]
_MOST_TERMS = 24


def unrolled(letters: Letters, above: Tree | None, body: Tree) -> list[Tree] | None:
    """The terms of a sum from a number to a number over a letter that only counts; None of any
    other."""
    if len(letters) != 1:
        return None
    letter, low, high = letters[0]
    ends = [_whole(low), _whole(high if high is not None else above)]
    if None in ends or not _only_counts(letter, body):
        return None
    first, last = (int(end or 0) for end in ends)
    if not 0 <= last - first < _MOST_TERMS:
        return None
    return [_with(body, letter, k) for k in range(first, last + 1)]


def _whole(tree: Tree | None) -> int | None:
    if tree is None:
        return None
    if tree.head == "neg":
        inner = _whole(tree.kids[0])
        return None if inner is None else -inner
    digits = str(tree.kids[0]) if tree.head == "num" else ""
    return int(digits) if digits.isdigit() else None


def _only_counts(letter: str, body: Tree) -> bool:
    """Whether a letter is reckoned with and selects no entry."""
    for node in body.subtrees():
        if node.head in ("symbol", "index") and letter in map(index_letter, _trees(node.kids[1:])):
            return False
    return _reckons(letter, body)


def _reckons(letter: str, body: Tree) -> bool:
    r"""Whether a body reckons with its letter, as in \sum_i i x_i; an index does not, nor
    a comparison of indices."""
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if node.head == "symbol":
            if node.kids == (letter,):
                return True
            continue
        if node.head == "chain":
            continue
        kids = node.kids[:1] if node.head == "index" else node.kids
        waiting += _trees(kids)
    return False


def _trees(kids: Iterable[object]) -> Iterator[Tree]:
    return (kid for kid in kids if isinstance(kid, Tree))


def _with(body: Tree, letter: str, k: int) -> Tree:
    number = Tree("num", (str(abs(k)),))
    number = Tree("neg", (number,)) if k < 0 else number

    def put(node: Tree) -> Tree:
        return number if node.head == "symbol" and node.kids == (letter,) else node

    return body.rewritten(put)


@contextmanager
def running(reading: Reading, letters: Letters, above: Tree | None, body: Tree) -> Iterator[None]:
    """While the body of a sum is read: how far those of its letters run that it counts with.

    What is read meanwhile depends on it, so ``value_of`` recalls nothing then.
    """
    before = dict(reading.runs)
    for letter, low, high in letters:
        last = high if high is not None else above
        if low is not None and last is not None and _only_counts(letter, body):
            try:
                reading.runs[letter] = size_of(reading, low), size_of(reading, last)
            except Fault:
                continue
    try:
        yield
    finally:
        reading.runs = before


def note_exponents(items: Iterable[Tree], reading: Reading) -> None:
    r"""Declared whole numbers above a matrix are sizes: the k of X^k with k \in \mathbb{N}."""
    for node in (node for item in items for node in item.subtrees()):
        if node.head != "script" or node.kids[2] is None:
            continue
        base, _, sup = node.kids
        inside = [base] if base_of(base) else list(base.subtrees())
        arrays = {reading.scope.refer(n).symbol for n in inside if base_of(n)}
        if not arrays & reading.scope.arrays:
            continue
        if base_of(base) and taken_apart(node, reading.scope)[2] is not None:
            continue  # a label
        for name in sup.subtrees():
            symbol = str(name.kids[0]) if name.head == "name" else ""
            if symbol and reading.domain(symbol).integers:
                reading.size_names.add(symbol)
