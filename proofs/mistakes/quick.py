r"""The numbers of an edited side at one point, put together from the numbers of its parts.

The idea: an edit leaves nearly all of a side as it was.  Names, functions and sums over an index
are given their value once; products, sums and transposes of them are then a few array operations,
by the same rules for shapes as in ``terms.products``.  What this says is a sieve: an
edit that seems to agree is read and judged again, one that does not is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from derive.elaborate.names.scope import KNOWN_WORDS
from derive.elaborate.values import Value
from derive.kernel import sizes
from derive.operators.pointwise import np
from derive.tree import Tree
from proofs.mistakes.probe import Probe, close
from proofs.mistakes.surgery import BRACKETS, DIAG, DIVISIONS, HADAMARD, KRONECKER, flat
from proofs.mistakes.transposes import is_transposed, untransposed


class Array(NamedTuple):
    """Numbers, and whether their one axis is written as a row."""

    numbers: Any
    row: bool = False

    @property
    def rank(self) -> int:
        return self.numbers.ndim


_OWN = frozenset(["*", r"\times"])


class NoFit(Exception):
    """Shapes that do not fit."""


class Unsure(Exception):
    """A part whose sizes only the whole side tells, such as \\mathbf{1}: nothing can be said."""


class Quick:
    """The numbers of trees at the first point of a probe, for one choice of the open indices.

    ``part_of`` gives the value of what is not taken apart, None where it has none; ``letters`` are
    the indices that may be open.
    """

    def __init__(
        self, probe: Probe, part_of: Callable[[Tree], Value | None], letters: Sequence[str] = ()
    ) -> None:
        self.probe = probe
        self.part_of = part_of
        self.letters = list(letters)
        self.known: dict[Tree, Array | Unsure | None] = {}

    def array(self, tree: Tree) -> Array | None:
        """The numbers of a grouped side; None where it has none.  Raises Unsure."""
        found = self.known.get(tree)
        if found is None and tree not in self.known:
            try:
                found = self._array(tree)
            except NoFit:
                found = None
            except Unsure as unsure:
                found = unsure
            self.known[tree] = found
        if isinstance(found, Unsure):
            raise found
        return found

    def entry(self, numbers: Any, opens: Sequence[str]) -> Any:
        """The entry at the chosen indices, different ones as far as they go, of an array whose
        first axes belong to these."""
        at = [self.letters.index(x) % n for x, n in zip(opens, numbers.shape, strict=False)]
        return np.asarray(numbers[tuple(at)])

    def _need(self, tree: Tree) -> Array:
        found = self.array(tree)
        if found is None:
            raise NoFit
        return found

    def _array(self, tree: Tree) -> Array | None:
        match tree:
            case Tree("num", (text,)):
                return Array(np.asarray(float(text)))
            case Tree("paren" | "bracket" | "brace", (inner,)):
                return self.array(inner)
            case Tree("neg", (inner,)):
                found = self._need(inner)
                return Array(-found.numbers, found.row)
            case Tree("sum", kids) if all(kid is not None for kid in kids):
                return self._sum([self._need(kid) for kid in kids])
            case Tree("juxt", kids) if all(kid.head != "text" for kid in kids) and all(
                kid.head != "big" for kid in kids[:-1]
            ):
                return self._product(kids)
            case Tree("frac", (over, under)):
                return _divided(self._need(over), self._need(under))
            case Tree("script" | "app") if is_transposed(tree):
                found = self._need(untransposed(tree))
                if found.rank > 2:
                    return None
                return Array(found.numbers.T, found.rank == 1 and not found.row)
            case Tree("app", (word, inner)) if word == DIAG:
                found = self._need(inner)
                return Array(np.diag(found.numbers)) if found.rank == 1 else self._leaf(tree)
            case Tree("script", (base, None, Tree("num", (text,)))) if base.head in BRACKETS:
                found = self._need(base)
                return Array(found.numbers ** float(text)) if found.rank == 0 else self._leaf(tree)
        return self._leaf(tree)

    def _leaf(self, tree: Tree) -> Array | None:
        if tree.head == "name" and tree.kids[0].lstrip("\\") in KNOWN_WORDS:
            return None  # a function without its argument
        value = self.part_of(flat(tree))
        if value is None or not set(value.opens) <= set(self.letters):
            return None
        # Of two open indices the chosen entry is the same whatever their sizes are.
        axes = value.own if len(self.letters) <= 2 else value.expr.axes
        if any(map(sizes.unknowns, axes)):
            raise Unsure
        return Array(self.entry(self.probe.array(value.expr), value.opens), value.row)

    def _sum(self, terms: Sequence[Array]) -> Array:
        full = max(terms, key=lambda term: term.rank)
        for term in terms:
            same = term.numbers.shape == full.numbers.shape and term.row == full.row
            if term.rank and not same:
                raise NoFit
        return Array(sum(term.numbers for term in terms), full.row)

    def _product(self, kids: Sequence[Tree]) -> Array:
        parts: list[tuple[str, Array]] = []
        sign = ""
        for kid in kids:
            if kid.head == "op":
                sign = str(kid.kids[0])
                continue
            parts.append((sign, self._need(kid)))
            sign = ""
        if not parts:
            raise NoFit
        if not any(sign in HADAMARD for sign, _ in parts):
            return _fold(parts)
        found: list[Array] = []
        for grouping in (_products_first, _hadamard_first):
            try:
                found.append(_fold(grouping(parts)))
            except NoFit:
                continue
        if not found:
            raise NoFit
        first, last = found[0], found[-1]
        if first is not last and not close(first.numbers, last.numbers):
            raise NoFit  # the two groupings differ: a question, not a value
        return first


def _fold(parts: Sequence[tuple[str, Array]]) -> Array:
    made = parts[0][1]
    for sign, part in parts[1:]:
        made = _divided(made, part) if sign in DIVISIONS else _pair(made, part, sign)
    return made


def _products_first(parts: Sequence[tuple[str, Array]]) -> list[tuple[str, Array]]:
    groups: list[tuple[str, list[tuple[str, Array]]]] = []
    for sign, part in parts:
        if sign in HADAMARD or not groups:
            groups.append((sign, [("", part)]))
        else:
            groups[-1][1].append((sign, part))
    return [(sign, _fold(group)) for sign, group in groups]


def _hadamard_first(parts: Sequence[tuple[str, Array]]) -> list[tuple[str, Array]]:
    done: list[tuple[str, Array]] = []
    for sign, part in parts:
        if sign in HADAMARD and done:
            done[-1] = (done[-1][0], _pair(done[-1][1], part, sign))
        else:
            done.append((sign, part))
    return done


def _divided(left: Array, right: Array) -> Array:
    return _pair(left, Array(1.0 / right.numbers, right.row), r"\odot")


def _pair(left: Array, right: Array, sign: str) -> Array:
    """Two neighbours, by their shapes: see ``derive.elaborate.terms.products``."""
    a, b = left.rank, right.rank
    x, y = left.numbers, right.numbers
    if a == 0 or b == 0:
        return Array(x * y, (right if a == 0 else left).row)
    if sign in _OWN:
        raise Unsure  # what it means between arrays is the document's choice
    if sign == KRONECKER:
        raise Unsure  # entry by entry, or the Kronecker product
    if sign in HADAMARD:
        if x.shape != y.shape or (a == 1 and left.row != right.row):
            raise NoFit
        return Array(x * y, left.row)
    if a > 2 or b > 2:
        raise Unsure  # the derivative by a matrix, perhaps
    if (a, b) == (1, 1) and not left.row and right.row:
        return Array(np.outer(x, y))
    dots = (a, b) == (1, 1) and (left.row or sign == r"\cdot") and not right.row
    fits = dots or (a, b) in ((2, 2),) or ((a, b) == (2, 1) and not right.row)
    row = (a, b) == (1, 2) and left.row
    if not (fits or row) or x.shape[-1] != y.shape[0]:
        raise NoFit
    return Array(x @ y, row)
