r"""Blocks and slices as they are written: [h; x], a block matrix, z_{1:n}, W_{:,1:n}.

The idea: parts of a vector stand in one line, parts of a matrix in a table; a column or a row
inside a table loses the axis of one entry that it only has to fit in.
"""

from __future__ import annotations

from collections.abc import Generator
from itertools import islice
from typing import Protocol

from derive.kernel.build import contracted, is_zero
from derive.kernel.expr import Call, Contract, Expr, Ones, Operator
from derive.kernel.sizes import Axis
from derive.operators.blocks import is_concat, is_part
from derive.tree import Tree, name, num, tree
from derive.writing.flat import Flat
from derive.writing.said import Ask, Letters, Said, Saying, entry, filled
from derive.writing.words import function, letter_tree, product, size_tree, total

_LONG = 20  # pieces of a part, from which on the parts stand below each other


class Shown(Protocol):
    """What blocks need to know of the formula around them: what has a name."""

    def _kept(self, node: Expr) -> bool: ...


def said(writer: Shown, node: Call, at: Letters, scope: frozenset[str]) -> Saying:
    """A concatenation or a slice at these letters."""
    assert isinstance(node.op, Operator)
    axis = node.op.params[0]
    if node.op.name == "part":
        (whole,) = node.args
        lead = len(node.axes) + axis
        _, start, stop = node.op.params
        if at[lead] and isinstance(start, int) and stop == start + 1:
            number = str(start + 1)  # the only entry there is
            return (yield Ask(whole, (*at[:lead], number, *at[lead + 1 :]), scope))
        inner = (*at[:lead], *[None] * -axis)
        base = yield Ask(whole, inner, scope)
        before = [name(":")] * inner[:lead].count(None)
        after = [name(":")] * (-axis - 1)
        rank = inner.count(None)
        made = Tree("index", (filled(base, rank), *before, _range(start, stop), *after))
        return Said(entry(made, at[lead:]))
    lone = _lone_entries_of(node) if axis == -1 and at[-1] else None
    if lone is not None:
        terms: list[Tree] = []
        for place, arg in lone:
            one = yield Ask(arg, (*at[:-1], None), scope)
            terms.append(_at_place(one.tree, at[-1] or "", place))
        return Said(total(terms))
    rank = len(node.axes) - sum(letter is not None for letter in at[:axis])
    if axis == -1 and (rank == 1 or at[-2:-1] != (None,)):
        inside: list[Tree] = []
        for arg in node.args:
            one = yield Ask(arg, (*at[:-1], None), scope)
            inside.append(one.tree if arg.axes[-1] == 1 or is_zero(arg) else filled(one, 1))
        if any(sum(1 for _ in islice(part.subtrees(), _LONG)) == _LONG for part in inside):
            column = Tree("env", ("bmatrix", tuple((part,) for part in inside)))
            return Said(entry(column, at[-1:]))
        line = inside[0]
        for other in inside[1:]:
            line = tree("semi", line, other)
        return Said(entry(tree("bracket", line), at[-1:]))
    lead = len(node.axes) - 2
    rows: list[tuple[Tree, ...]] = []
    for row in _rows(writer, node):
        cells: list[Tree] = []
        for cell in row:
            cells.append((yield from _cell(cell, (*at[:lead], None, None), scope)))
        rows.append(tuple(cells))
    return Said(entry(Tree("env", ("bmatrix", tuple(rows))), at[lead:]))


def lone_entries(writer: Shown, flat: Flat) -> dict[int, str]:
    """The indices of what has one entry only: x_{2:2} under a sum is x_2."""
    found: dict[int, str] = {}
    for node, own, _ in flat.factors:
        while is_part(node) and not writer._kept(node):
            axis, start, stop = node.op.params  # type: ignore[attr-defined]
            if isinstance(start, int) and stop == start + 1:
                found |= {} if own[axis] in flat.out else {own[axis]: "1"}
            (node,) = node.kids
    return found


def _lone_entries_of(node: Call) -> list[tuple[int, Expr]] | None:
    """The entries of a vector that is 0 elsewhere, each with its number; None if it is none."""
    found: list[tuple[int, Expr]] = []
    before: Axis = 0
    for arg in node.args:
        if not is_zero(arg):
            if arg.axes[-1] != 1 or not isinstance(before, int):
                return None
            found.append((before + 1, arg))
        before = before + arg.axes[-1]
    return found if len(found) < len(node.args) else None


def _at_place(value: Tree, letter: str, place: int) -> Tree:
    r"""-1/p_1 at the first place alone: -\frac{1}{p_1} \mathbb{1}(j = 1)."""
    here = tree("chain", letter_tree(letter), tree("rel", "="), num(place))
    sign, body = (-1, value.kids[0]) if value.head == "neg" else (1, value)
    made = function(r"\mathbb{1}", here)
    made = made if body == num(1) else product([body, made])
    return tree("neg", made) if sign < 0 else made


def _rows(writer: Shown, node: Call) -> list[tuple[Expr, ...]]:
    """The blocks of a matrix, row by row."""
    assert isinstance(node.op, Operator)
    if node.op.params[0] == -1:
        return [node.args]
    plain = [is_concat(a) and not writer._kept(a) and a.op.params[0] == -1 for a in node.args]  # type: ignore[attr-defined]
    widths = {len(arg.kids) for arg in node.args}
    if all(plain) and len(widths) == 1:
        return [arg.kids for arg in node.args]
    return [(arg,) for arg in node.args]


def _cell(cell: Expr, at: Letters, scope: frozenset[str]) -> Generator[Ask, Said, Tree]:
    """A block: a zero is 0, a column is a vector, a row its transpose, a single entry a scalar."""
    if is_zero(cell):
        return num(0)
    lead = at[:-2]
    if isinstance(cell, Contract):
        free = [i for i in cell.out[-2:] if _only_one(cell, i)]
        left = tuple(i for i in cell.out if i not in free)
        if free:
            thin = contracted((cell,), (cell.out,), left)
            inner = yield Ask(thin, (*lead, *[None] * (2 - len(free))), scope)
            body = filled(inner, 2 - len(free))
            row = len(free) == 1 and free[0] == cell.out[-2]
            return tree("transpose", body) if row else body
    whole = yield Ask(cell, at, scope)
    return filled(whole, 2)


def _only_one(cell: Contract, i: int) -> bool:
    """Whether an axis is there only to have one entry."""
    holders = [f for f, own in zip(cell.factors, cell.indices) if i in own]
    return holders == [Ones(1)]


def _range(start: Axis, stop: Axis) -> Tree:
    first = start + 1
    return tree("chain", size_tree(first), tree("rel", ":"), size_tree(stop))
