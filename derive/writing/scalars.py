r"""A product put together from its scalars and the array that they multiply, as one tree.

The idea: the scalars of a product meet from all sides, so they are collected first, equal ones as
powers; then a number or a constant stands in front, and what is under the line is one fraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from derive.kernel.build import is_short
from derive.kernel.expr import Number
from derive.kernel.sizes import Axis, Size
from derive.tree import Tree, num, tree
from derive.writing.terms import IDENTITY, core_of, key_of
from derive.writing.words import (
    ONE,
    ONES,
    Parts,
    decimal_of,
    grouped,
    is_norm,
    is_row_product,
    product,
    raised,
    size_tree,
    with_powers,
)  # fmt: skip

_TWO = num(2)


@dataclass(slots=True)
class _Scalar:
    """A factor, how often it is over and under the line, and whether it is a number of entries."""

    factor: Tree
    over: Number = 0
    under: Number = 0
    size: bool = False


class Scalars:
    """The scalar factors of a product: a number, what is over the line, and what is under it."""

    __slots__ = ("_found", "_rivals", "count")

    def __init__(self, count: Number = 1) -> None:
        self.count = count
        self._found: list[_Scalar] = []
        self._rivals: dict[str, dict[object, _Scalar]] = {}  # by head

    def multiply(self, factor: Tree, exponent: Number = 1, size: bool = False) -> None:
        """One more factor; equal ones on the same side of the line become a power.  A ``size``, a
        number of entries, makes a constant under the line: 1/m."""
        if size and factor.head == "product" and exponent.denominator == 1:
            for kid in factor.kids:  # 2 m under the line is a 2 and an m
                self.multiply(kid, exponent, size)
            return
        if factor.head == "num" and exponent.denominator == 1 and factor.kids[0].isdigit():
            number = int(factor.kids[0])
            if is_short(number, exponent):
                self.count *= number if exponent == 1 else Fraction(number) ** int(exponent)
                return
        if is_norm(factor):
            # kept as powers of the squared norm, so that norms of one thing meet
            inner, sub, sup = factor.kids
            if sup != _TWO:
                exponent *= Fraction(int(sup.kids[0]) if sup else 1, 2)
                factor = tree("script", inner, sub, _TWO)
        one = self._like(factor)
        one.size = one.size or size
        if exponent < 0:
            one.under -= exponent
        else:
            one.over += exponent

    def _like(self, factor: Tree) -> _Scalar:
        """The factor as it stands here, or where it will."""
        rivals = self._rivals.get(factor.head)
        if rivals is None:  # one that is lone among its like need not be known again
            one = _Scalar(factor)
            self._rivals[factor.head] = {None: one}
            self._found.append(one)
            return one
        first = rivals.pop(None, None)
        if first is not None:
            rivals[key_of(first.factor)] = first
        key = key_of(factor)
        if key not in rivals:
            rivals[key] = _Scalar(factor)
            self._found.append(rivals[key])
        return rivals[key]

    def measure(self, axis: Axis) -> None:
        """The number of entries along an axis as a factor."""
        if isinstance(axis, Size):
            self.multiply(size_tree(axis), size=True)
        else:
            self.count *= axis

    def constant(self) -> bool:
        """Whether only numbers and sizes are under the line."""
        return all([one.size for one in self._found if one.under])

    def sides(self) -> tuple[list[Tree], list[Tree]]:
        over = [raised(one.factor, one.over) for one in self._found if one.over]
        under = [raised(one.factor, one.under) for one in self._found if one.under]
        if len(over) > 1:
            over.sort(key=_weight)
        if len(under) > 1:
            under.sort(key=_weight)
        return over, under

    def take(self) -> list[Tree]:
        """The factors over the line, removed, if there are none under it."""
        over, under = self.sides()
        if under:
            return []
        self._found.clear()
        self._rivals.clear()
        return [grouped(f) for f in over]


def multiplied(scalars: Scalars, body: Parts | None) -> Tree:
    r"""Scalars times an array or times nothing: -\frac{1}{m} a^\top b W x, \frac{u}{\|u\|_2}."""
    over, under = scalars.sides()
    count = scalars.count
    negative, count = count < 0, abs(count)
    p, q = count.numerator, count.denominator
    array = () if body is None else tuple(with_powers(body))
    if q == p and not over and not under:  # the array alone
        return _signed(product(array) if array else ONE, negative)
    decimal = decimal_of(count) if q != 1 else None
    top = [decimal] if decimal else [] if p == 1 else [num(p)]
    bottom = [] if decimal or q == 1 else [num(q)]
    ranges = [f for f in over if f.head == "big"]
    if len(over) + len(array) + len(top) > 1 and not (len(over) == 1 and (under or bottom)):
        over = [f for f in over if f.head != "big"] + ranges
        # what stands last needs no bracket: g_k u^\top v
        lone = not array and sum(is_row_product(f) for f in over) == 1
        over = [f if lone and f is over[-1] else grouped(f) for f in over]
    plain = scalars.constant()
    if not bottom and not under:
        result = product([*top, *over, *array]) if (top or over or array) else ONE
    elif plain or (not array and not under) or (not array and ranges):
        # a constant in front: 1/2, 1/m
        outside = [f for f in over if plain or f.head == "big" or not under]
        inside = [f for f in over if f not in outside]
        lead = _fraction([*top, *inside], [*bottom, *under])
        result = product([lead, *outside, *array])
    elif not array or (len(array) == 1 and not over and _stands_above(array[0], top)):
        result = _fraction([*top, *over, *array], [*bottom, *under])
    else:
        result = product([_fraction([*top, *over], [*bottom, *under]), *array])
    return _signed(result, negative)


def _weight(factor: Tree) -> int:
    """Where a scalar stands in a product: symbols first, brackets after them, sums last."""
    if factor.head == "name":
        return 0 if len(factor.kids[0].strip("\\")) == 1 or factor.kids[0][1:].isalpha() else 1
    order = {"num": 0, "power": 1, "index": 1, "script": 2, "sqrt": 2, "big": 4}
    return order.get(factor.head, 3)


def _signed(result: Tree, negative: bool) -> Tree:
    return tree("neg", result) if negative else result


def _stands_above(array: Tree, top: Sequence[Tree]) -> bool:
    if array.head == "sum":  # (x - a) / r
        return not top and all(core_of(term).head == "name" for term in array.kids)
    return array.head in ("name", "hadamard") and array not in (IDENTITY, ONES)


def _fraction(over: Sequence[Tree], under: Sequence[Tree]) -> Tree:
    top = product(over) if over else ONE
    return tree("frac", top, product([grouped(f) for f in under] if len(under) > 1 else under))
