r"""Sums over a part of what an index counts: \sum_{j \in N(i)} h_j, \sum_{i \in M} x_i.

The idea: a part is what an array of 0 and 1 leaves.  Of the neighbours N(i) nothing more is known
than this array, a_{ij} = 1 where j is one of them; a set that is defined by a condition is the
indicator of that condition.  A set that only a claim has, of what is summed whole elsewhere, is not
known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from derive.derivation.network import Domain
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.reading import Declaration, Reading
from derive.elaborate.recurrence.steps import put
from derive.elaborate.terms.limits import bound_letters
from derive.latex.print import latex
from derive.tree import Tree

_IN, _SUCH, _IS = Tree("rel", ("in",)), Tree("rel", (":",)), Tree("rel", ("=",))
_OVER = frozenset(["sum", "prod", "max", "min"])
_ONE = Tree("name", (r"\mathbb{1}",))
_NAMES = ("A", "M", "B", "C", "G", "S", "P", "Q", "R", "H", "K", "F", "D", "U", "V", "Z")


def with_subsets(items: Iterable[Tree], reading: Reading) -> list[Tree]:
    """The statements with sums over parts as whole sums of what an array of 0 and 1 leaves."""
    items = list(items)
    if not any(_part(n) for item in items for n in item.subtrees()):
        return items
    conditions = {item.kids[0]: found for item in items if (found := _builder(item)) is not None}
    used = {str(n.kids[0]) for item in items for n in names_in([item]) if n.head == "name"}
    used |= {base_of(n) for item in items for n in names_in([item])}
    sets = _Sets(reading, conditions, [n for n in _NAMES if n not in used], _whole(items))
    stated = {node for item in items if _defines(item) for node in item.subtrees()}
    sets.summed = {_key(part[1]) for item in items for node in item.subtrees()
                   if (part := _part(node)) is not None}  # fmt: skip
    sets.stated = {part[1] for node in stated if (part := _part(node)) is not None}
    return [item.rewritten(sets.spelled_out) for item in items if item.kids[:1] == () or
            item.kids[0] not in conditions or not _builder(item)]  # fmt: skip


def _part(node: Tree) -> tuple[str, Tree] | None:
    """The letter and the set of a sum, a maximum or a product over a set that is named."""
    if node.head != "big" or not isinstance(node.kids[1], Tree) or node.kids[0] not in _OVER:
        return None
    below = node.kids[1]
    for one in below.kids if below.head == "list" else (below,):
        match one:
            case Tree("chain", (first, rel, inside)) if rel == _IN and index_letter(first):
                pass
            case Tree("chain", (first, rel, *_)) if rel == _SUCH and index_letter(first):
                return str(index_letter(first)), one
            case _:
                continue
        whole = base_of(inside).startswith(r"\mathbb")
        if inside.head not in ("set", "bracket", "paren") and not whole:
            return str(index_letter(first)), inside
    return None


def _builder(item: Tree) -> tuple[str, Tree] | None:
    r"""The letter and the condition of M = \{i : ..\}, which defines no quantity."""
    match item:
        case Tree("chain", (Tree("name"), rel, Tree("set", (inner,)))) if rel == _IS:
            return _condition(inner)
    return None


def _condition(inner: Tree) -> tuple[str, Tree] | None:
    match inner:
        case Tree("given", (first, Tree() as condition)) if letter := index_letter(first):
            return letter, condition
        case Tree("chain", (first, rel, *rest)) if rel == _SUCH and (letter := index_letter(first)):
            return letter, Tree("chain", tuple(rest), inner.span)
    return None


def _defines(item: Tree) -> bool:
    left = item.kids[0] if item.head == "chain" else None
    return isinstance(left, Tree) and (base_of(left) != "" or left.head == "juxt")


def _whole(items: Iterable[Tree]) -> set[str]:
    """The families that some sum runs over from one number to another, or without limits."""
    found: set[str] = set()
    for item in items:
        for node in item.subtrees():
            if node.head == "big" and node.kids[3] is not None and _part(node) is None:
                letters = {letter for letter, _, _ in bound_letters(node.kids[1])}
                found |= _families(node.kids[3], letters)
    return found


def _families(body: Tree, letters: set[str]) -> set[str]:
    return {
        base_of(n) for n in names_in([body]) if n.head == "script" and n.kids[1] is not None
        and any(index_letter(p) in letters for p in (n.kids[1], *n.kids[1].kids)
                if isinstance(p, Tree))
    }  # fmt: skip


@dataclass(slots=True)
class _Sets:
    """The sets of a document: those that conditions define, and the arrays of the others."""

    reading: Reading
    conditions: dict[Tree, tuple[str, Tree]]
    free: list[str]
    whole: set[str]
    stated: set[Tree] = field(default_factory=set)  # those that its definitions sum over
    summed: set[Tree] = field(default_factory=set)
    arrays: dict[Tree, Tree] = field(default_factory=dict)

    def spelled_out(self, node: Tree) -> Tree:
        if node.head == "abs" and (counted := self._counted(node.kids[0])) is not None:
            return Tree("big", ("sum", *counted), node.span)
        found = _part(node)
        if found is None:
            return node
        letter, inside = found
        operator, below, above, body = node.kids
        if body is None:
            return node
        holds = self._member(letter, inside)
        if (
            holds is None
            and inside.head == "name"
            and (inside in self.stated or not _families(body, {letter}) & self.whole)
        ):
            return node
        if holds is None or operator != "sum":  # what it runs over is not known
            unread = Tree("paren", (below,), below.span)
            return Tree("big", (operator, unread, above, body), node.span)
        return Tree("big", (operator, self._left(below, letter), above, _times(holds, body)),
                    node.span)  # fmt: skip

    def _left(self, below: Tree, letter: str) -> Tree:
        """What stands below the sum without the set."""
        index = Tree("name", (letter,), below.span)
        if below.head != "list":
            return index
        parts = (p for p in below.kids if not (p.head == "chain" and p.kids[1] in (_IN, _SUCH)))
        return Tree("list", (index, *parts), below.span)

    def _member(self, letter: str, inside: Tree) -> Tree | None:
        """What is 1 where a letter is in a set and 0 elsewhere; None where that is not known."""
        index = Tree("name", (letter,), inside.span)
        if inside.head == "chain":  # i : j in N(i), i : y_i = 1
            rest = inside.kids[2:]
            if len(rest) == 3 and rest[1] == _IN:
                other = index_letter(rest[0])
                return None if other is None else self._array(rest[2], other)
            return _indicator(Tree("chain", rest, inside.span))
        if inside in self.conditions:
            own, condition = self.conditions[inside]
            return _indicator(condition if own == letter else put(condition, own, index))
        return self._array(inside, letter)

    def _array(self, inside: Tree, letter: str) -> Tree | None:
        """The entry a_{ij} of the array of a set that depends on indices; None of another set."""
        indices = _indices(inside)
        if not indices:
            return None
        key = _key(inside)
        if key not in self.arrays:
            if not self.free:
                return None
            name = self.free.pop(0)
            self.arrays[key] = Tree("name", (name,))
            slots = ",".join(f"#{k + 1}" for k in range(len(indices) + 1))
            domain = Domain(values=(Fraction(0), Fraction(1)))
            symbol = f"{name}_{{{slots}}}"
            self.reading.declarations[symbol] = Declaration((), domain, inside.span)
            self.reading.scope.declared.add(symbol)
            at = "".join((*indices, letter))
            self.reading.note(name, f"${name}_{{{at}}}$ is 1 where ${letter} \\in {latex(inside)}$ "
                              "and 0 elsewhere")  # fmt: skip
        letters = tuple(Tree("name", (x,), inside.span) for x in (*indices, letter))
        return Tree("script", (self.arrays[key], Tree("list", letters), None), inside.span)

    def _counted(self, inside: Tree) -> tuple[Tree, None, Tree] | None:
        """The sum that counts what is in a set that depends on indices, as |N(i)| does."""
        if not _indices(inside) or inside.head not in ("juxt", "script"):
            return None
        if _key(inside) not in self.summed:
            return None
        letter = next(x for x in "kqrsuv" if x not in _indices(inside))
        entry = self._array(inside, letter)
        return None if entry is None else (Tree("name", (letter,), inside.span), None, entry)


def _key(inside: Tree) -> Tree:
    """The set with numbers for the letters that it depends on."""
    for k, index in enumerate(_indices(inside)):
        inside = put(inside, index, Tree("num", (f"{k}",)))
    return inside


def _indices(inside: Tree) -> list[str]:
    """The letters that a set depends on: the i of N(i) and N_i."""
    found: list[str] = []
    for node in inside.subtrees():
        parts: tuple = ()
        if node.head == "juxt":
            parts = tuple(b.kids[0] for a, b in zip(node.kids, node.kids[1:], strict=False)
                          if base_of(a) and b.head == "paren")  # fmt: skip
        elif node.head == "script" and isinstance(node.kids[1], Tree):
            parts = (node.kids[1],)
        elif node.head == "set":
            parts = (node.kids[0],)
        for part in parts:
            for one in part.kids if part.head in ("list", "juxt") else (part,):
                letter = index_letter(one) if isinstance(one, Tree) else None
                if letter and letter.islower() and letter not in found:
                    found.append(letter)
    return found


def _indicator(condition: Tree) -> Tree:
    return Tree("juxt", (_ONE, Tree("bracket", (condition,), condition.span)), condition.span)


def _times(holds: Tree, body: Tree) -> Tree:
    span = body.span
    first = holds.kids if holds.head == "juxt" else (holds,)
    inner = body.kids if body.head == "juxt" else (
        (Tree("paren", (body,), span),) if body.head in ("sum", "neg") else (body,))  # fmt: skip
    return Tree("juxt", (*first, *inner), span)
