r"""The letters of a formula: which axes it labels, as samples, and which letters are free in it.

The idea: the usual letters of a part without names hang on the part alone, so they are found once
for all the formulas that it stands in, as long as somebody holds it; what is taken is looked up
only when a letter is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Expr,
    Map,
    Name,
    Operator,
    Var,
    is_named,
)
from derive.kernel.sizes import Size
from derive.operators.blocks import FAMILIES
from derive.tree import Tree, name
from derive.writing import raised
from derive.writing.matrices import own_axes
from derive.writing.said import Letters

POOL = (*"ijklpqrstuvabcdefgh", *(f"i_{k}" for k in range(1, 100)))


class Symbol(NamedTuple):
    """What an expression is called: a tree whose names may hold ``#1`` .., and the usual letters.

    The first axes of the expression are written at ``#1`` ..: ``\\delta_{\\mathbf{z}^{(#1)}}``.
    """

    tree: Tree
    letters: tuple[str, ...] = ()


Names: TypeAlias = Mapping[Expr, "Tree | Symbol"]
_usual: MutableMapping[Expr, Letters] = WeakKeyDictionary()


class Labels:
    """The letters of one formula: of its root, which is ``opened`` if it is said as what it is made
    of, where ``names`` says how other expressions are called."""

    def __init__(self, root: Expr, names: Names, opened: bool) -> None:
        self.root = root
        self.names = names
        self.opened = opened
        self._plain = not names
        self._known: dict[Expr, Letters] = {}
        self._asked: list[Expr] = []
        self._shown: set[Expr] = set()
        self._taken: set[str] = set()

    def of(self, node: Expr) -> Letters:
        """For each axis the usual letter, if it is one that notation writes as a label."""
        known = self._known
        found = known.get(node)
        if found is not None:
            return found
        self._asked.append(node)
        stack = [node]
        while stack:
            here = stack[-1]
            if here in known:
                stack.pop()
                continue
            plain = self._plain and not (self.opened and here is self.root)
            found = _usual.get(here) if plain else None
            parts = self._parts(here) if found is None else ()
            kids = [kid for kid in parts if kid not in known]
            if kids:
                stack.extend(kids)
                continue
            stack.pop()
            if found is None:
                found = self._own(here, parts)
                if plain:
                    _usual[here] = found
            known[here] = found
        return known[node]

    def is_root(self, node: Expr) -> bool:
        """Whether this is the root, to be said as what it is made of."""
        return self.opened and node is self.root and type(node) is not Var

    def called(self, node: Expr) -> tuple[Tree | None, Letters]:
        """The symbol of a named expression with its ``#1`` .., and the letters it usually has."""
        found = self.names.get(node) if self.names else None
        if found is not None:
            return found if isinstance(found, Symbol) else (found, ())
        if isinstance(node, Var):
            return name(node.name), node.letters
        if is_named(node):
            return name(node.op.symbol), node.op.letters  # type: ignore[attr-defined]
        return None, ()

    def fresh(self, letter: str | None, used: Iterable[str]) -> str:
        """This letter, or another one if it is in use."""
        for node in self._asked:
            self._take(node)
        self._asked.clear()
        used = {*used, *self._taken}
        if letter and letter not in used:
            return letter
        return next(one for one in POOL if one not in used)

    # -------------------------------------------------------------------------------- one node

    def _parts(self, node: Expr) -> tuple[Expr, ...]:
        """The kids that the formula shows: none below a name."""
        if self.is_root(node):
            return node.kids
        return () if node in self.names or is_named(node) else node.kids

    def _own(self, node: Expr, parts: tuple[Expr, ...]) -> Letters:
        """The letters of a node from those of its parts."""
        called = () if self.is_root(node) and type(node) is not Call else self.called(node)[1]
        if not called and parts:
            label = self._known
            match node:
                case Contract(_, _, ()):
                    return ()
                case Map(_, (only,)):
                    return label[only]
                case Contract(factors, indices, out):
                    seen: dict[int, str] = {}
                    for factor, own in zip(factors, indices):
                        for i, letter in zip(own, label[factor]):
                            if letter:
                                seen.setdefault(i, letter)
                    return tuple([seen.get(i) for i in out])
                case Add() | Map() | Call(Name()):
                    rows = [label[kid] for kid in node.kids]
                    return tuple([next(filter(None, column), None) for column in zip(*rows)])
                case Call(Operator(name="powers"), (first, _)):
                    called = (*label[first][:-2], raised.LETTER)
                case Call(Operator(name=op, params=params), (first, *_)) if op in FAMILIES:
                    called = label[first][: params[0]]
                case Call(Operator(name=op), (first, *_)):
                    own = own_axes(op) if len(node.axes) <= len(first.axes) else 0
                    called = label[first][: len(first.axes) - own]
        return (*called, *[None] * (len(node.axes) - len(called)))

    def _take(self, root: Expr) -> None:
        """The symbols and the sizes of what the formula shows, which are no letters of an index."""
        stack, taken, shown = [root], self._taken, self._shown
        while stack:
            node = stack.pop()
            if node in shown:
                continue
            shown.add(node)
            stack += self._parts(node)
            for axis in node.axes:
                taken |= axis.names() if isinstance(axis, Size) else set()
            symbol = ""
            if isinstance(node, Var):
                symbol = node.name
            elif is_named(node) and not self.is_root(node):
                symbol = node.op.symbol  # type: ignore[attr-defined]
            if symbol:
                taken |= {re.split("[_^]", symbol)[0], *([] if self.called(node)[1] else [symbol])}
