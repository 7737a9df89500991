r"""Indices in square brackets, as programs write them: p[y], P[i, y_i], z[:d], W_{[:,1:k]}.

The idea: what stands in the brackets is an index if it stands nowhere as a quantity; a name that
never stands without its brackets is a function, whose they are.  W_f [h, x] is a product with h and
x, one after the other, where h is an array of the document, or no letter that custom counts with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from derive.elaborate.names.indices import COLON, index_letter, is_range
from derive.elaborate.names.scope import INDICATORS, KNOWN_WORDS, base_of
from derive.tree import Tree

_BRACKETS = frozenset(["paren", "bracket"])
_NO_VALUES = frozenset(["in", "notin", "!="])
_EQUALS = frozenset(["=", ":=", "=="])
_WEIGHT = re.compile(r"(?:\\math\w+\{)?[WU]\}?|\\Theta|\\mathbf\{\\Theta\}")
_COUNTING = frozenset("abcijklmnpqrstyIJKLMNT") | {r"\ell"}


def with_indices(items: Iterable[Tree]) -> list[Tree]:
    """The statements with such brackets as subscripts."""
    items = [item.rewritten(_unbracketed) for item in items]
    if not any(_pairs(node) for item in items for node in item.subtrees()):
        return items
    places = {term for item in items for term in _terms(item, top=True)}
    joined = _Joined.of(items)

    def one(node: Tree) -> Tree:
        kids = list(node.kids)
        for name, bracket in reversed(list(_pairs(node))):
            if joined.holds(name, bracket):
                continue
            if name in places and all(_selects(i, places) for i in _indices(bracket)):
                at = next(k for k, kid in enumerate(kids) if kid is bracket)
                kids[at - 1 : at + 1] = [_entry(name, bracket)]
        if len(kids) == len(node.kids):
            return node
        return kids[0] if len(kids) == 1 else Tree("juxt", tuple(kids), node.span)

    return [item.rewritten(one) for item in items]


@dataclass(frozen=True, slots=True)
class _Joined:
    """What tells W [h, x] from W[i, j]: the names of arrays, the letters that something counts
    with, and the names that are given values by their entries, A[i, j] = .."""

    arrays: frozenset[Tree]
    counting: frozenset[str]
    entries: frozenset[Tree]

    @classmethod
    def of(cls, items: Iterable[Tree]) -> _Joined:
        arrays: set[Tree] = set()
        counting: set[str] = set()
        entries: set[Tree] = set()
        for item in items:
            left = item.kids[0] if item.head == "chain" else None
            if isinstance(left, Tree):
                sign, right = str(item.kids[1].kids[0]), item.kids[2]
                names = {n for one in _parts(left) if base_of(one) for n in (one, _stem(one))}
                if sign in _EQUALS and index_letter(left) not in _COUNTING:
                    arrays |= names
                    entries |= {name for name, _ in _pairs(left)}
                elif sign == "in":
                    real = right.head == "script" and base_of(right) == r"\mathbb{R}"
                    arrays |= names if real else set()
                    counting |= set() if real else {str(n.kids[0]) for n in names}
            for node in item.subtrees():
                if node.head == "big" and isinstance(node.kids[1], Tree):
                    counting |= {str(n.kids[0]) for n in node.kids[1].subtrees()}
        return cls(frozenset(arrays), frozenset(counting), frozenset(entries))

    def holds(self, name: Tree, after: Tree) -> bool:
        """Whether brackets behind a name list what stands in one vector, to be multiplied."""
        parts = _indices(after)
        if len(parts) < 2 or name in self.entries or not all(base_of(part) for part in parts):
            return False
        if any(base_of(part) in self.counting for part in parts):
            return False
        arrays = [part in self.arrays or _stem(part) in self.arrays for part in parts]
        counts = [base_of(part) in _COUNTING and not known for part, known in zip(parts, arrays)]
        weight = _WEIGHT.fullmatch(base_of(name)) is not None
        return not all(counts) and (weight or any(arrays)) and (
            not any(counts) or any(not k and base_of(p) not in _COUNTING
                                   for p, k in zip(parts, arrays) if weight)
        )  # fmt: skip


def _stem(name: Tree) -> Tree:
    """The h of h_t, h_{t-1} and h^{(t)}."""
    return Tree("name", (base_of(name),))


def _unbracketed(node: Tree) -> Tree:
    r"""x_{[1:d]} is x_{1:d}."""
    match node:
        case Tree("script", (base, Tree("bracket", (inner,)), sup)) if any(
            is_range(part) for part in _parts(inner)
        ):
            return Tree("script", (base, inner, sup), node.span)
        case Tree("script", (base, Tree("bracket" | "paren", (Tree("chain") as inner,)), sup)):
            if base_of(base) in INDICATORS:  # 1_{[k != i]}
                return Tree("script", (base, inner, sup), node.span)
    return node


def _pairs(node: Tree) -> Iterator[tuple[Tree, Tree]]:
    """The names of a product with the brackets behind them."""
    for name, after in pairwise(node.kids if node.head == "juxt" else ()):
        if not isinstance(after, Tree) or name.head not in ("name", "script"):
            continue
        bracket = _bracket(after)
        word = base_of(name)
        if bracket is not None and word and word.lstrip("\\") not in KNOWN_WORDS | INDICATORS:
            yield name, after


def _bracket(tree: Tree) -> Tree | None:
    """The square bracket that this is, under a superscript or not."""
    if tree.head == "script" and tree.kids[1] is None:
        tree = tree.kids[0]
    return tree if tree.head == "bracket" else None


def _indices(after: Tree) -> Sequence[Tree]:
    bracket = _bracket(after)
    assert bracket is not None
    return _parts(bracket.kids[0])


def _parts(inner: Tree) -> Sequence[Tree]:
    return inner.kids if inner.head == "list" else (inner,)


def _selects(index: Tree, places: set[Tree]) -> bool:
    """Whether this is an index: one that stands nowhere as a quantity, or a range that means the
    same whether its author counts from 0 or from 1."""
    if index == COLON:
        return True
    match index:
        case Tree("chain", (None, Tree("rel", (":",)), _)):
            return True
    plain = index_letter(index) is not None or (index.head == "script" and index.kids[2] is None)
    return plain and base_of(index) != "" and index not in places


def _entry(name: Tree, after: Tree) -> Tree:
    bracket = _bracket(after)
    assert bracket is not None
    sup = after.kids[2] if after.head == "script" else None
    span = (name.span[0], after.span[1])
    return Tree("script", (Tree("bracket", (name,), name.span), bracket.kids[0], sup), span)


def _terms(tree: Tree, top: bool = False) -> Iterator[Tree]:
    """The names that stand as quantities: not as indices, below a sum or in a condition, nor alone
    or as the arguments by which a function is called."""
    if tree.head in ("name", "script", "prime") and base_of(tree):
        if not top:
            yield tree
        while tree.head in ("script", "prime"):
            power = tree.kids[2] if tree.head == "script" else None
            yield from _terms(power) if isinstance(power, Tree) else ()
            tree = tree.kids[0]
            yield tree
        return
    skipped: set[int] = set()
    if tree.head == "chain" and any(str(rel.kids[0]) in _NO_VALUES for rel in tree.kids[1::2]):
        return
    if tree.head == "list" and top:
        skipped = {id(kid) for kid in tree.kids if base_of(kid)}
    if tree.head == "big":
        skipped = {id(tree.kids[1])}
    for name, after in pairwise(tree.kids if tree.head == "juxt" else ()):
        if not isinstance(after, Tree) or not base_of(name):
            continue
        if (
            (base_of(name) in INDICATORS and after.head in _BRACKETS)
            or (_bracket(after) is not None and _may_select(after))
            or (after.head == "paren" and _names_only(after.kids[0]))
        ):
            skipped.add(id(after))
    for kid in tree.kids:
        for part in kid if isinstance(kid, tuple) else (kid,):
            for inner in part if isinstance(part, tuple) else (part,):
                if isinstance(inner, Tree) and id(inner) not in skipped:
                    yield from _terms(inner)


def _may_select(after: Tree) -> bool:
    return all(base_of(part) or is_range(part) for part in _indices(after))


def _names_only(inner: Tree) -> bool:
    return inner.head in ("list", "semi") and all(base_of(kid) for kid in inner.kids)
