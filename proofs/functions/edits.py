"""Mistakes inside a backward pass: each is the sweep with one share computed in another way.

The idea: a row of the table walks the uses of nodes and yields edits, each with the code of the
mistake and where it is; whoever searches runs the sweep with it.  Rows of the first table leave
something out, rows of the second take another array in its place: they are asked only if nothing
in the first one fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from derive import display as _display  # noqa: F401 - expressions show themselves
from derive.derivation.points import Point
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Expr,
    Map,
    Num,
    Ones,
    Operator,
    Var,
    is_named,
    toposort,
)
from derive.kernel.sizes import Size
from derive.meaning.evaluate import evaluate
from derive.operators.pointwise import np
from proofs.functions.sweep import Change, Sweep, Use, value_of

_SMALL_FACTOR = 12  # nodes of a scalar factor whose own factors are looked at
_LONGEST = 40  # characters of an expression that is quoted in a sentence


@dataclass(frozen=True, slots=True)
class Edit:
    """A mistake: its code, a sentence (``{}`` is the output), and the shares that it changes."""

    code: str
    says: str
    changes: Mapping[int, Change] = field(default_factory=dict)
    arriving: Mapping[int, Expr] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Search:
    """What the rows look at: the sweep, the variable whose gradient is wrong, points, and which
    variables are data (inputs and targets)."""

    sweep: Sweep
    by: Expr
    points: Sequence[Point]
    data: frozenset[Expr]

    def uses(self) -> list[Use]:
        """The uses between the variable and the root, the nearest to the root first."""
        above = self.sweep.above(self.by)
        return [use for use in self.sweep.uses if use.kid in above]

    def nodes(self, like: Expr) -> list[Expr]:
        """Variables and named nodes with the same axes, in order."""
        return [
            node for node in self.sweep.order
            if node.axes == like.axes and node is not like and (type(node) is Var or is_named(node))
        ]  # fmt: skip


def shown(node: Expr) -> str:
    """A node in a sentence: its symbol, or its formula if that is short."""
    text = repr(node)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


Row = Callable[[Search], Iterator[Edit]]
LEFT_OUT: list[Row] = []
IN_ITS_PLACE: list[Row] = []


def _row(table: list[Row]) -> Callable[[Row], Row]:
    def keep(row: Row) -> Row:
        table.append(row)
        return row

    return keep


# ---------------------------------------------------------------------------- something left out


def _slope(use: Use) -> Expr | None:
    """The slope of an elementwise function in the argument of this use; None if it is a number."""
    if not isinstance(use.parent, Map):
        return None
    slope = use.parent.fn.slopes[use.slot](*use.parent.args)
    plain = slope.kids if isinstance(slope, Contract) else (slope,)
    return None if all(isinstance(part, Num | Ones) for part in plain) else slope


def _at(expr: Expr, point: Point) -> Any:
    # Of the point only what the expression is made of: to look at all of it takes longer.
    inside = toposort(expr, below=lambda n: () if n in point.known else n.kids)
    return evaluate(expr, {n: point.known[n] for n in inside if n in point.known}, point.at)


def _is_mask(slope: Expr, points: Sequence[Point]) -> bool:
    return all(np.all(np.isin(_at(slope, point), (0.0, 1.0))) for point in points)


@_row(LEFT_OUT)
def _without_slope(search: Search) -> Iterator[Edit]:
    for use in search.uses():
        slope = _slope(use)
        if slope is None or not isinstance(use.parent, Map):
            continue
        name, of = use.parent.fn.name, shown(use.kid)
        change: Change = lambda value, cotangent, point: cotangent  # noqa: E731
        if _is_mask(slope, search.points):
            says = f"the mask {shown(slope)} of {name} is missing"
            yield Edit("missing-mask", says, {use.place: change})
            continue
        says = f"the derivative of {name} at {of} is missing"
        yield Edit("missing-inner-derivative", says, {use.place: change})
        twice: Change = lambda value, cotangent, point, s=slope: value * _at(s, point)  # noqa: E731
        says = f"the derivative of {name} at {of} is applied twice"
        yield Edit("derivative-twice", says, {use.place: twice})
        plain: Change = (  # noqa: E731
            lambda value, cotangent, point, p=use.parent: cotangent * point.known[p]
        )
        says = f"{name}({of}) stands where its derivative belongs"
        yield Edit("undifferentiated", says, {use.place: plain})


@_row(LEFT_OUT)
def _without_jacobian(search: Search) -> Iterator[Edit]:
    """An operator such as softmax: its Jacobian left out, or its diagonal alone."""
    for use in search.uses():
        op = use.parent.op if isinstance(use.parent, Call) else None
        if not isinstance(op, Operator) or use.parent.axes != use.kid.axes:
            continue
        missing: Change = lambda value, cotangent, point: cotangent  # noqa: E731
        says = f"the Jacobian of {op.name} at {shown(use.kid)} is missing"
        yield Edit("missing-inner-derivative", says, {use.place: missing})
        says = f"of the Jacobian of {op.name} at {shown(use.kid)} only the diagonal is there"
        yield Edit("diagonal-only", says, {use.place: _diagonal(use)})


def _diagonal(use: Use) -> Change:
    def change(value: Any, cotangent: Any, point: Point) -> Any:
        slopes = np.zeros_like(cotangent)
        for place in np.ndindex(cotangent.shape):
            unit = np.zeros_like(cotangent)
            unit[place] = 1.0
            slopes[place] = value_of(use, unit, point)[place]
        return slopes * cotangent

    return change


@_row(LEFT_OUT)
def _without_share(search: Search) -> Iterator[Edit]:
    """A node that is used twice, and only one of its uses; one use with another factor."""
    above = {use.kid: None for use in search.uses()}
    for node in above:
        groups = search.sweep.groups(node)
        for group in groups if len(groups) > 1 else ():
            where = shown(_named_above(group[0], search))
            says = f"{shown(node)} is used {len(groups)} times: its share through {where} is "
            regular = search.data.isdisjoint(_below(group[0].parent))
            if regular:
                says = f"the share of the regulariser {where} is "
            lost: dict[int, Change] = {u.place: lambda value, cotangent, point: None for u in group}
            code = "missing-regulariser" if regular else "missing-term"
            yield Edit(code, says + "missing", lost)
            yield from _rescaled(group, says, search)
        for group in groups:
            if len(group) > 1:
                # Of a square both shares are the same, and one of them is half of it.
                alike = all(use.share is group[0].share for use in group)
                for use in group:
                    says = f"{shown(node)} stands {len(group)} times in {shown(use.parent)}: one is"
                    gone: Change = lambda value, cotangent, point: None  # noqa: E731
                    code = "factor" if alike else "missing-term"
                    yield Edit(code, says + " missing", {use.place: gone})


def _rescaled(group: Sequence[Use], says: str, search: Search) -> Iterator[Edit]:
    def by(factor: Callable[[Point], float]) -> dict[int, Change]:
        return {u.place: lambda value, c, point: factor(point) * value for u in group}

    yield Edit("sign", says + "subtracted", by(lambda point: -1.0))
    yield Edit("factor", says + "2 times too large", by(lambda point: 2.0))
    yield Edit("factor", says + "2 times too small", by(lambda point: 0.5))
    for name in search.points[0].at:
        yield Edit("factor", says + f"{name} times too large", by(lambda p, n=name: p.at[n]))
        yield Edit("factor", says + f"{name} times too small", by(lambda p, n=name: 1 / p.at[n]))


def _named_above(use: Use, search: Search) -> Expr:
    """The nearest name above a use, to say where it is; its parent if there is none."""
    node = use.parent
    for _ in range(len(search.sweep.order)):
        above = search.sweep.by_kid.get(node, [])
        if is_named(node) and node.axes:
            return node
        if len(above) != 1 or is_named(node):  # the loss, which is above everything
            break
        node = above[0].parent
    return use.parent


def _below(node: Expr) -> set[Expr]:
    return set(toposort(node))


@_row(LEFT_OUT)
def _without_factor(search: Search) -> Iterator[Edit]:
    """A scalar factor left out: the λ of a regulariser, alone or in λ/2."""
    for use in search.uses():
        for k, factor in _others(use):
            if factor.axes or isinstance(factor, Num):
                continue
            says = "the factor {} is missing"
            plain = type(factor) is Var or is_named(factor)
            code = "missing-factor" if plain else "factor"
            yield Edit(code, says.format(shown(factor)), {use.place: _instead(use, k, _one)})
            inside = [] if plain else toposort(factor)
            for part in inside if len(inside) <= _SMALL_FACTOR else ():
                if type(part) is Var and not part.axes:
                    gone = _instead(use, k, _with_one(factor, part))
                    yield Edit("missing-factor", says.format(shown(part)), {use.place: gone})


def _with_one(factor: Expr, part: Expr) -> Callable[[Any, Point], Any]:
    def value(_: Any, point: Point) -> Any:
        known = {n: point.known[n] for n in toposort(factor) if type(n) is Var}
        return evaluate(factor, {**known, part: 1.0}, point.at)

    return value


def _one(array: Any, point: Point) -> Any:
    return np.ones_like(array)


def _others(use: Use) -> list[tuple[int, Expr]]:
    """The factors that a share of a product keeps, by place."""
    if not isinstance(use.parent, Contract):
        return []
    return [
        (k, f) for k, f in enumerate(use.parent.factors)
        if k != use.slot and not isinstance(f, Ones | Num) and f in use.leaves
    ]  # fmt: skip


def _instead(use: Use, k: int, value: Callable[[Any, Point], Any]) -> Change:
    """The share with another value for one factor of its product."""
    assert isinstance(use.parent, Contract)
    factor = use.parent.factors[k]

    def change(_: Any, cotangent: Any, point: Point) -> Any:
        return value_of(use, cotangent, point, {factor: value(point.known[factor], point)})

    return change


@_row(LEFT_OUT)
def _without_transpose(search: Search) -> Iterator[Edit]:
    """W δ for Wᵀδ: NumPy computes it only where W is square."""
    for use in search.uses():
        for k, factor in _others(use):
            if len(factor.axes) == 2:
                says = f"{shown(factor)} stands where its transpose belongs, or the other way round"
                turned = _instead(use, k, lambda array, point: array.T)
                yield Edit("missing-transpose", says, {use.place: turned})
        if not isinstance(use.parent, Contract) or len(use.parent.axes) != 2:
            continue
        of: Change = lambda value, c, point, u=use: value_of(u, c.T, point)  # noqa: E731
        says = f"the gradient that flows into {shown(_named_above(use, search))} is to be "
        yield Edit("missing-transpose", says + "transposed", {use.place: of})
    for use in search.sweep.by_kid.get(search.by, ()):
        if len(search.by.axes) == 2:
            whole: Change = lambda value, c, point: value.T  # noqa: E731
            says = f"the share through {shown(_named_above(use, search))} is transposed"
            yield Edit("transposed-answer", says, {use.place: whole})


# ----------------------------------------------------------------------- another array in its place


@_row(IN_ITS_PLACE)
def _other_slope(search: Search) -> Iterator[Edit]:
    """The derivative of the right function at the wrong node."""
    for use in search.uses():
        slope = _slope(use)
        if slope is None or not isinstance(use.parent, Map) or len(use.parent.args) != 1:
            continue
        mask = _is_mask(slope, search.points)
        fn = use.parent.fn
        for node in search.nodes(use.kid):
            wrong = fn.slopes[0](node)
            change: Change = lambda value, c, point, s=wrong: c * _at(s, point)  # noqa: E731
            if mask:
                says = f"the mask of {fn.name} is {shown(wrong)}, not {shown(slope)}"
                yield Edit("wrong-mask", says, {use.place: change})
            else:
                says = f"the derivative of {fn.name} is taken at {shown(node)}, not "
                yield Edit("wrong-argument", says + shown(use.kid), {use.place: change})


@_row(IN_ITS_PLACE)
def _other_mask(search: Search) -> Iterator[Edit]:
    """The mask of another layer."""
    slopes = [(u, s) for u in search.uses() if (s := _slope(u)) and _is_mask(s, search.points)]
    for use, own in slopes:
        for _, other in slopes:
            if other is not own and other.axes == own.axes:
                change: Change = lambda value, c, point, s=other: c * _at(s, point)  # noqa: E731
                says = f"the mask is {shown(other)}, not {shown(own)}"
                yield Edit("wrong-mask", says, {use.place: change})


@_row(IN_ITS_PLACE)
def _other_delta(search: Search) -> Iterator[Edit]:
    """The gradient that flows into another node."""
    known = [use.parent for use in search.sweep.uses if is_named(use.parent)]
    known += [use.kid for use in search.sweep.uses]
    for use in search.sweep.by_kid.get(search.by, []):
        for node in dict.fromkeys(known):
            if node.axes == use.parent.axes and node is not use.parent:
                says = f"the gradient that flows into {shown(node)} is taken for the one that "
                says += f"flows into {shown(_named_above(use, search))}"
                # Only what has a gradient before this use is reached can stand in its place.
                yield Edit("wrong-delta", says, arriving={use.place: node})


@_row(IN_ITS_PLACE)
def _other_factor(search: Search) -> Iterator[Edit]:
    """Another array of the same shape in a product: z for h, x for h."""
    for use in search.uses():
        for k, factor in _others(use):
            for node in search.nodes(factor) if factor.axes else ():
                says = f"{shown(node)} stands where {shown(factor)} belongs"
                change = _instead(use, k, lambda array, point, n=node: point.known[n])
                yield Edit("wrong-factor", says, {use.place: change})


@_row(IN_ITS_PLACE)
def _other_product(search: Search) -> Iterator[Edit]:
    """A product of entries for a product of matrices, and the other way round."""
    for use in search.uses():
        if isinstance(use.parent, Contract):
            for _, factor in _others(use):
                if factor.axes:
                    says = f"the product with {shown(factor)} is taken entry by entry"
                    entries: Change = (  # noqa: E731
                        lambda value, c, point, f=factor: point.known[f] * c
                    )
                    yield Edit("hadamard-for-product", says, {use.place: entries})
        elif (slope := _slope(use)) is not None and len(slope.axes) == 2:
            says = f"the derivative {shown(slope)} is multiplied as a matrix, not entry by entry"
            for order in (lambda a, b: a @ b, lambda a, b: b @ a):
                matrix: Change = (  # noqa: E731
                    lambda value, c, point, s=slope, o=order: o(c, _at(s, point))
                )
                yield Edit("product-for-hadamard", says, {use.place: matrix})


def of_another(search: Search, run: Sequence[Mapping[Expr, Any]]) -> Iterator[
    tuple[str, str, list[Any]]
]:  # fmt: skip
    """The gradients of other nodes, and sums of them over the wrong axis: code, words, values."""
    for node in search.sweep.order:
        if not all(node in found for found in run) or node is search.sweep.root:
            continue
        arrays = [found[node] for found in run]
        if isinstance(node, Add | Contract | Map) and not is_named(node):
            says = f"is the gradient that flows into {shown(node)}"
        else:
            says = f"is the gradient of {shown(node)}"
        if node is not search.by:
            yield "wrong-delta", says, arrays
        for axis in range(len(node.axes)) if len(node.axes) == 2 else ():
            size = node.axes[axis]
            over = str(size) if isinstance(size, Size | int) else ""
            text = f"is summed over {over}, the wrong axis of the gradient of {shown(node)}"
            yield "wrong-axis", text, [array.sum(axis=axis) for array in arrays]


TABLES: Sequence[Sequence[Row]] = (LEFT_OUT, IN_ITS_PLACE)
