r"""A part of an array whose parts have names: the f of i, f, o, g = \operatorname{split}(z).

The idea: where the sizes of the names are declared they say where a part begins, else all parts
are equal.
"""

from __future__ import annotations

from derive.elaborate.dispatch import value_of
from derive.elaborate.faults import Fault
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import text
from derive.elaborate.values import Value, squeezed
from derive.kernel import sizes
from derive.kernel.expr import Axes, ShapeError
from derive.kernel.sizes import Axis, SizeError
from derive.operators.blocks import sliced
from derive.tree import Tree


def part_of(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    """The part of this number of what is written first; see ``statements.together``."""
    whole, number, group, side = arguments
    k, names = int(str(number.kids[0])), reading.together[int(str(group.kids[0]))]
    value = reading.sizes.current(squeezed(value_of(reading, whole, env)))
    if len(value.own) not in (1, 2):
        raise Fault("shape-clash", f"an array of shape {value.shape_text()} is not split", whole)
    axis = -1 if len(value.own) == 1 or str(side.kids[0]) == "1" else -2
    own = [_declared(reading, name, len(value.own), axis) for name in names]
    length = value.own[axis]
    try:
        parts = _lengths(reading, own, length)
        reading.sizes.unify(length, _sum(parts))
    except SizeError:
        told = ", ".join(f"${text(name)}$" for name in names)
        raise Fault(
            "shape-clash", f"${sizes.latex(length)}$ entries are not split into {told}", whole,
            f"declare the sizes of the parts, or an array of ${len(names)}d$ entries",
        ) from None  # fmt: skip
    if None in own and len(value.own) == 2:
        way = "columns" if axis == -1 else "rows"
        reading.note(f"split {group.kids[0]}", f"${text(names[0])}$ and the others are equal parts "
                     f"of the {way}")  # fmt: skip
    value = reading.sizes.current(value)
    start = sizes.resolve(_sum(parts[:k]), reading.sizes.bound)
    stop = sizes.resolve(_sum(parts[: k + 1]), reading.sizes.bound)
    try:
        expr = sliced(value.expr, axis, start, stop)
    except ShapeError as error:
        raise Fault("shape-clash", str(error), whole) from None
    return Value(expr, value.opens, value.row)


def _declared(reading: Reading, name: Tree, rank: int, axis: int) -> Axis | None:
    """The size that a declaration gives the part along the axis that is split."""
    declared = reading.declarations.get(reading.scope.refer(name).symbol)
    axes: Axes | None = declared.axes if declared is not None else None
    return axes[axis] if axes is not None and len(axes) == rank else None


def _lengths(reading: Reading, own: list[Axis | None], length: Axis) -> list[Axis]:
    """The length of each part: declared, what the others leave, or equal to all others."""
    known: list[Axis] = [n for n in own if n is not None]
    if len(known) == len(own):
        return known
    if len(known) == len(own) - 1 and not sizes.unknowns(length):
        rest: Axis = length - _sum(known)
        return [rest if n is None else n for n in own]
    equal = known[0] if known else reading.sizes.fresh()
    for other in known[1:]:
        reading.sizes.unify(equal, other)
    return [equal] * len(own)


def _sum(parts: list[Axis]) -> Axis:
    total: Axis = 0
    for n in parts:
        total = n + total
    return total
