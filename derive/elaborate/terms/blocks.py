r"""Arrays written side by side: [x; u], [h_{t-1}, x_t], \begin{bmatrix} A & B \end{bmatrix}.

The idea: a semicolon or a new row puts below, a comma or & beside; what that makes follows from the
shapes.  Two vectors with a comma between them are one longer vector, as networks mean it, and the
report says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.indices import COLON, index_letter, is_number, is_range
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import text
from derive.elaborate.terms.limits import size_of
from derive.elaborate.values import Sizes, Value, contract_values, squeezed
from derive.kernel.build import contracted, spread
from derive.kernel.expr import Expr, Num, Ones, ShapeError
from derive.kernel.sizes import Axis, SizeError
from derive.notation.names import parts
from derive.operators.blocks import joined, numbered, sliced
from derive.operators.stacking import stacks
from derive.tree import Tree

FAMILY = "concatfamily"
TABLES = frozenset(["matrix", "bmatrix", "pmatrix", "Bmatrix"])


@rule("bracket")
def _bracket(reading: Reading, tree: Tree, env: Env) -> Value:
    """[x, u], [x; u], [x | u]; a semicolon parts rows, in which commas part cells."""
    (inner,) = tree.kids
    rows: list[Tree] = [inner]
    while rows[0].head == "semi":
        rows[:1] = rows[0].kids
    manner = {"list": "comma", "given": "bar"}.get(rows[0].head, "semi")
    cells = [row.kids if row.head in ("list", "given") else (row,) for row in rows]
    return join(reading, tree, manner, _values(reading, cells, env))


def table(reading: Reading, tree: Tree, env: Env) -> Value:
    r"""A matrix of blocks or of numbers, \begin{bmatrix} A & B \\ C & D \end{bmatrix}."""
    rows = _values(reading, tree.kids[1], env)
    if len(rows) > 1 and len(rows[0]) > 1 and all(len(v.own) < 2 for row in rows for v in row):
        # small letters in a table are numbers rather than columns
        reading.sizes.strain += 2 * sum(len(v.own) for row in rows for v in row)
    return join(reading, tree, "table", rows)


def _values(reading: Reading, rows: Sequence[Sequence[Tree]], env: Env) -> list[list[Value]]:
    return [[squeezed(value_of(reading, cell, env)) for cell in row] for row in rows]


def join(reading: Reading, tree: Tree, manner: str, rows: list[list[Value]]) -> Value:
    """The array of these rows of blocks."""
    flat = [value for row in rows for value in row]
    if any(len(v.own) > 2 for v in flat):
        raise Fault("unsupported", f"{said(tree)} joins arrays of more than two axes", tree)
    letters = tuple(dict.fromkeys(letter for v in flat for letter in v.opens))
    if len(flat) == 1:
        return flat[0]
    line = len(rows) == 1 or all(len(row) == 1 for row in rows)
    if line and all(len(v.own) < 2 for v in flat):
        found = _vector(reading, tree, manner, flat, letters, below=len(rows) > 1)
        if found is not None:
            return found
    grid = _grid(reading, tree, rows, letters)
    try:
        return Value(joined([joined(row, -1) for row in grid], -2), letters)
    except ShapeError:
        raise _misfit(tree, rows) from None


def _vector(
    reading: Reading, tree: Tree, manner: str, flat: list[Value], letters: tuple[str, ...],
    below: bool,
) -> Value | None:  # fmt: skip
    """One longer vector, or a row; None where vectors are the columns or rows of a matrix."""
    vectors = [v for v in flat if v.own]
    rows = [v for v in vectors if v.row]
    if rows and (len(rows) < len(vectors) or below):
        return None
    if manner == "table" and not below and any(not v.row for v in vectors):
        return None
    row = bool(rows) or (manner == "table" and not below)
    if manner in ("comma", "bar") and len(vectors) > 1 and not rows:
        reading.note("concat", f"${text(tree)}$ is read as one vector, the parts one after another")
    return Value(joined([_opened(reading, v, letters, 1) for v in flat], -1), letters, row)


def _opened(reading: Reading, value: Value, letters: tuple[str, ...], rank: int) -> Expr:
    """The expression with these open indices in front and so many axes of its own."""
    value = reading.sizes.current(value)
    extents = value.extents
    own = tuple(range(100, 100 + len(value.own)))
    number = {letter: k for k, letter in enumerate(letters)}
    factors, spots = [value.expr], [(*(number[x] for x in value.opens), *own)]
    for letter in letters:
        if letter not in extents:
            factors.append(Ones(reading.sizes.fresh()))
            spots.append((number[letter],))
    new = tuple(range(200, 200 + rank - len(own)))
    for i in new:
        factors.append(Ones(1))
        spots.append((i,))
    whole = (*new, *own) if value.row else (*own, *new)
    return contracted(factors, spots, (*range(len(letters)), *whole))


def _grid(
    reading: Reading, tree: Tree, rows: list[list[Value]], letters: tuple[str, ...]
) -> list[list]:
    """Every block as a matrix; rows agree in height, columns in width."""
    known = reading.sizes
    made = [[None if _is_zero(v) else _opened(reading, v, letters, 2) for v in row] for row in rows]
    heights: list[Axis] = []
    widths: dict[int, Axis] = {}
    regular = len({len(row) for row in made}) == 1
    try:
        for row in made:
            height: Axis | None = None
            for k, cell in enumerate(row):
                if cell is None:
                    continue
                height = cell.axes[-2] if height is None else known.unify(height, cell.axes[-2])
                if regular:
                    wide = cell.axes[-1]
                    widths[k] = known.unify(widths[k], wide) if k in widths else wide
            heights.append(1 if height is None else height)
    except SizeError:
        raise _misfit(tree, rows) from None
    grid = []
    for height, row in zip(heights, made):
        cells = []
        for k, cell in enumerate(row):
            if cell is None:
                cell = spread(Num(0), (height, widths.get(k, 1)))
            cells.append(known.current(Value(cell)).expr)
        grid.append(cells)
    return grid


def _is_zero(value: Value) -> bool:
    return value.expr is Num(0)


def _misfit(tree: Tree, rows: Sequence[Sequence[Value]]) -> Fault:
    shapes = "; ".join(", ".join(v.shape_text() for v in row) for row in rows)
    return Fault(
        "shape-clash", f"these blocks do not fit together: {shapes}", tree,
        "blocks in one row have the same height, blocks in one column the same width",
    )  # fmt: skip


# -------------------------------------------------------------------------------------- slices


def ranged(
    reading: Reading, value: Value, indices: Sequence[Tree], tree: Tree
) -> tuple[Value, Sequence[Tree]]:
    """What ranges leave, x_{1:k}, W_{:,1:k}, counted from 1, both ends included; and the other
    indices, whose axes come first then."""
    value = reading.sizes.current(value)
    indices = _rows_said(reading, value, indices)
    if len(indices) > len(value.own):
        raise Fault(
            "too-many-indices",
            f"{len(indices)} indices on an array of shape {value.shape_text()}", tree,
        )  # fmt: skip
    expr = value.expr
    for k, index in enumerate(indices):
        if index == COLON or not is_range(index):
            continue
        axis = k - len(value.own)
        n = expr.axes[axis]
        low, _, high = index.kids if len(index.kids) == 3 else (None, None, None)
        start = size_of(reading, low) - 1 if low is not None and low.head != "empty" else 0
        stop = size_of(reading, high) if high is not None and high.head != "empty" else n
        try:
            expr = sliced(expr, axis, start, stop)
        except ShapeError:
            raise Fault(
                "index-out-of-range",
                f"the range {said(index)} is not sure to lie in the {n} entries that there are",
                tree,
                "declare the sizes so that the range ends inside, as in "
                r"$x \in \mathbb{R}^{n+m}$ with $x_{1:n}$",
            ) from None
    others = [k for k, index in enumerate(indices) if not is_range(index)]
    lead = len(value.opens)
    order = (*range(lead), *(lead + k for k in others))
    order += tuple(k for k in range(len(expr.axes)) if k not in order)
    expr = contracted((expr,), (tuple(range(len(expr.axes))),), order)
    return replace(value, expr=expr), [indices[k] for k in others]


def _rows_said(reading: Reading, value: Value, indices: Sequence[Tree]) -> Sequence[Tree]:
    """The two indices of X_{i:}, row i of a matrix, and of X_{:j}, its column j."""
    if len(indices) != 1 or len(value.own) != 2 or indices[0].head != "chain":
        return indices
    low, _, high = indices[0].kids
    ends = [None if end is None or end.head == "empty" else end for end in (low, high)]
    said = [end for end in ends if end is not None]
    named = said[0] if len(said) == 1 and len(said[0].kids) == 1 else COLON
    index = Tree("name", named.kids, named.span)  # settled, it is a symbol
    if index_letter(index) is None or index.kids[0] in reading.size_names:
        return indices
    return [COLON if end is None else index for end in ends]


def numbered_entries(
    reading: Reading, value: Value, indices: Sequence[Tree], tree: Tree
) -> tuple[Value, list[Tree]]:
    """What the numbers among the indices leave, x_1, W_{i2}, counted from 1; and the others."""
    value = reading.sizes.current(value)
    if len(indices) == 1 and len(str(indices[0].kids[0])) == len(value.own) > 1:
        # A_{12} of a matrix is the entry in row 1 and column 2
        indices = [Tree("num", (digit,), indices[0].span) for digit in str(indices[0].kids[0])]
    if len(indices) > len(value.own):
        value = squeezed(value)  # b_1 of a row b of shape 1×n
    if len(indices) > len(value.own):
        raise Fault(
            "too-many-indices",
            f"{len(indices)} indices on an array of shape {value.shape_text()}", tree,
        )  # fmt: skip
    expr, others = value.expr, []
    for axis, index in zip(range(-len(value.own), 0), indices):
        if not is_number(index):
            others.append(index)
            continue
        # the axes behind this one are still there
        expr = entry_of(expr, axis, int(str(index.kids[0])), index)
    return replace(value, expr=expr), others


def diagonal(value: Value, letter: str, other: str, known: Sizes) -> Value:
    """The value where two of its open indices are one."""
    if letter not in value.opens or other not in value.opens:
        return value
    one, two = value.opens.index(letter), value.opens.index(other)
    known.unify(value.expr.axes[one], value.expr.axes[two])
    expr = known.current(value).expr
    spots = [one if k == two else k for k in range(len(expr.axes))]
    out = [k for k in range(len(spots)) if k != two]
    opens = tuple(x for x in value.opens if x != other)
    return replace(value, expr=contracted((expr,), (tuple(spots),), tuple(out)), opens=opens)


def member(family: Value, letter: str, index: Tree) -> Value:
    """The member of a family that is open in a letter, by its number."""
    place = family.opens.index(letter)
    one = entry_of(family.expr, place - len(family.expr.axes), int(str(index.kids[0])), index)
    return replace(family, expr=one, opens=tuple(x for x in family.opens if x != letter))


def entry_of(expr: Expr, axis: int, number: int, index: Tree) -> Expr:
    """One entry along an axis; a Fault where it is not sure to be there."""
    try:
        if number < 1:
            raise ShapeError
        return numbered(expr, axis, number)
    except ShapeError:
        n = expr.axes[axis]
        sure = isinstance(n, int)
        raise Fault(
            "index-out-of-range",
            f"there is no entry {number}: there are {n}" if sure
            else f"entry {number} is not sure to be among the {n} entries that there are",
            index,
            f"entries count from 1 to {n}" if sure else
            "entries count from 1; declare how many there are, as in $x \\in \\mathbb{R}^3$",
        ) from None  # fmt: skip


def side_by_side(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value:
    """The matrices of a family as one block row, its vectors as one longer vector: the member
    counts slowly, what is in it fast."""
    family = value_of(reading, arguments[0], env)
    with suppress(SizeError):
        reading.sizes.unify(family.own[0], size_of(reading, arguments[1]))
    value = reading.sizes.current(family)
    own = value.own
    named = next((n for n in arguments[0].subtrees() if n.head == "symbol"), None)
    core = parts(str(named.kids[0]).split("_")[0]).core if named is not None else ""
    if len(own) == 2 and core.isalpha() and (core[0].isupper() or len(core) > 1):
        raise Fault(  # by custom H_i and head_i are matrices
            "shape-clash", "what is put side by side is a family of vectors here, by letters that "
            "custom gives to matrices", tree,
            r"declare what they are made of, as in $W_i \in \mathbb{R}^{d \times m}$",
        )  # fmt: skip
    if len(own) not in (2, 3):
        raise Fault("unsupported", f"{said(tree)} puts side by side what are no matrices", tree)
    last = len(own) - 1
    stack = Value(stacks(own[last], own[0]))
    spots = [tuple(range(len(own))), (last, 0, len(own))]
    done = contract_values(tree, reading.sizes, [value, stack], spots, (*range(1, last), last + 1))
    reading.note("concat", "the members of a family are put side by side, in their order")
    return Value(done.expr, done.opens)


def beside(reading: Reading, tree: Tree, values: list[Value], *, below: bool) -> Value:
    """``concat`` of vectors; ``vstack`` puts matrices below each other."""
    if len(values) < 2:
        raise Fault("wrong-arguments", f"{said(tree)} joins nothing: give it two arrays", tree)
    if not below and all(len(v.own) == 2 for v in values):
        reading.note("concat", f"${text(tree)}$ puts the matrices side by side")
        return join(reading, tree, "comma", [values])
    return join(reading, tree, "semi", [[v] for v in values])
