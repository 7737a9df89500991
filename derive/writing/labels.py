r"""The letters of a formula: which axes it labels, as samples, and which letters are free in it.

The idea: what a part is usually labelled with is known of the part (``known``) unless the formula
has names for something in it; what is taken is looked up only when a letter is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from derive.kernel.expr import Call, Expr, Name, Var, is_named
from derive.kernel.sizes import Size
from derive.tree import Tree, name
from derive.writing.known import known, of_axes, symbols, taken, usual
from derive.writing.said import Letters

POOL = (*"ijklpqrstuvabcdefgh", *(f"i_{k}" for k in range(1, 100)))


class Symbol(NamedTuple):
    """What an expression is called: a tree whose names may hold ``#1`` .., and the usual letters.

    The first axes of the expression are written at ``#1`` ..: ``\\delta_{\\mathbf{z}^{(#1)}}``.
    """

    tree: Tree
    letters: tuple[str, ...] = ()


Names: TypeAlias = Mapping[Expr, "Tree | Symbol"]
_NOTHING: tuple[None, Letters] = None, ()


class Labels:
    """The letters of one formula: of its root, which is ``opened`` if it is said as what it is made
    of, where ``names`` says how other expressions are called."""

    def __init__(self, root: Expr, names: Names, opened: bool) -> None:
        self.root = root
        self.names = names
        self.opened = opened
        self._plain = not names
        self._known: dict[Expr, Letters] = {}
        self._asked: set[Expr] = set()
        self._shown: set[Expr] = set()
        self._taken: set[str] = set()

    def of(self, node: Expr) -> Letters:
        """For each axis the usual letter, if it is one that notation writes as a label."""
        self._asked.add(node)
        if self._plain and not (self.opened and node is self.root):
            return known(node).letters
        found = self._known
        stack = [node]
        while stack:
            here = stack[-1]
            parts = self._parts(here)
            waiting = () if self._plain else [kid for kid in parts if kid not in found]
            if waiting and here not in found:
                stack += waiting
                continue
            stack.pop()
            if here not in found:
                found[here] = self._own(here, parts)
        return found[node]

    def is_root(self, node: Expr) -> bool:
        """Whether this is the root, to be said as what it is made of."""
        return self.opened and node is self.root and type(node) is not Var

    def called(self, node: Expr) -> tuple[Tree | None, Letters]:
        """The symbol of a named expression with its ``#1`` .., and the letters it usually has."""
        found = self.names.get(node) if self.names else None
        if found is not None:
            return found if isinstance(found, Symbol) else (found, ())
        kind = type(node)
        if kind is Var:
            return name(node.name), node.letters  # type: ignore[attr-defined]
        if kind is Call and type(node.op) is Name:  # type: ignore[attr-defined]
            return name(node.op.symbol), node.op.letters  # type: ignore[attr-defined]
        return _NOTHING

    def fresh(self, letter: str | None, used: Iterable[str]) -> str:
        """This letter, or another one if it is in use."""
        for node in self._asked:
            if self._plain and not (self.opened and node is self.root):
                self._taken |= taken(node)
            else:
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
        if called or not parts:
            return of_axes(node, called)
        return usual(node, self._label)

    def _label(self, node: Expr) -> Letters:
        return known(node).letters if self._plain else self._known[node]

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
                if type(axis) is Size:
                    taken |= axis.names()
            kind = type(node)
            if kind is Var:
                taken |= symbols(node.name, bool(self.called(node)[1]))  # type: ignore[attr-defined]
            elif kind is Call and type(node.op) is Name and not self.is_root(node):  # type: ignore[attr-defined]
                taken |= symbols(node.op.symbol, bool(self.called(node)[1]))  # type: ignore[attr-defined]
