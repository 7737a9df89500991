r"""Derivatives by a part of a variable: the s_y that a class number selects, z_{1:k}, W_{:,j}.

The idea: what selects a part is replaced by a letter, and the part of the derivative by the whole
is taken: its rows from 1 to k, or its product with the one-hot vector of the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from derive.elaborate.dispatch import value_of
from derive.elaborate.names.classes import select
from derive.elaborate.names.indices import index_letter, is_range
from derive.elaborate.reading import Env, Reading
from derive.elaborate.statements.settle import settle
from derive.elaborate.terms.blocks import ranged
from derive.elaborate.values import Value
from derive.kernel.contraction import contracted
from derive.kernel.expr import Expr
from derive.tree import Tree

_LETTERS = "kqruvpmnsabcjil"


@dataclass(frozen=True, slots=True)
class Part:
    """A variable with letters where its part is said: ``chosen`` and ``ranges`` by letter."""

    whole: Tree
    chosen: tuple[tuple[str, Tree], ...] = ()
    ranges: tuple[tuple[str, Tree], ...] = ()


def parted(reading: Reading, variable: Tree, env: Env, taken: set[str]) -> Part:
    """What a derivative is taken in, and which part of it; ``taken`` are letters in use."""
    turned = 0
    inner = variable
    while inner.head == "transpose":
        inner, turned = inner.kids[0], turned + 1
    if inner.head != "symbol":
        return Part(variable)
    taken |= {str(n.kids[0]) for n in variable.subtrees() if n.head == "name"} | env.open
    chosen: list[tuple[str, Tree]] = []
    ranges: list[tuple[str, Tree]] = []
    kids: list = [inner.kids[0]]
    for index in inner.kids[1:]:
        into = ranges if is_range(index) else chosen if _is_class(reading, index, env) else None
        if into is None:
            kids.append(index)
            continue
        letter = next(x for x in _LETTERS if x not in taken)
        taken.add(letter)
        into.append((letter, index))
        kids.append(Tree("name", (letter,), index.span))
    if len(kids) == 1 or not (chosen or ranges):
        return Part(variable)
    whole = Tree("symbol", tuple(kids), inner.span)
    for _ in range(turned):
        whole = Tree("transpose", (whole,), variable.span)
    return Part(whole, tuple(chosen), tuple(ranges))


def _is_class(reading: Reading, index: Tree, env: Env) -> bool:
    letter = index_letter(index)
    if letter is not None:
        return letter in reading.scope.classes - reading.scope.bound - env.open
    if index.head == "script":
        index = settle(index, reading.scope)
    return index.head == "symbol" and index.kids[0] in reading.scope.classes


def with_ranges(
    reading: Reading, expr: Expr, opens: Sequence[str], part: Part, tree: Tree
) -> tuple[Expr, tuple[str, ...]]:
    """The derivative with the axes that the ranges are of behind its open ones, each in part."""
    letters = [letter for letter, _ in part.ranges]
    kept = tuple(x for x in opens if x not in letters)
    own = range(len(opens), len(expr.axes))
    order = [opens.index(x) for x in (*kept, *letters)]
    moved = contracted((expr,), (tuple(range(len(expr.axes))),), (*order, *own))
    value, _ = ranged(reading, Value(moved, kept), [index for _, index in part.ranges], tree)
    return value.expr, kept


def selected(reading: Reading, value: Value, parts: Sequence[Part], env: Env, tree: Tree) -> Value:
    """Of a derivative that is open in letters, the entries or rows that class numbers select."""
    for part in parts:
        for letter, index in part.chosen:
            number = settle(index, reading.scope) if index.head != "symbol" else index
            value = select(reading, value, value_of(reading, number, env), letter, tree)
    return value
