"""A contraction with the contractions inside it, as one flat product of factors.

The idea: nested products say the same as flat ones, so the reading of a product should not depend
on how it was put together.  What keeps a factor whole: a name, and standing there twice.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from derive.kernel.build import is_number
from derive.kernel.expr import Call, Contract, Delta, Expr, Map, Num, Number, Ones
from derive.operators.stacking import is_stack

_NONE: frozenset[Factor] = frozenset()
_COUNTED = frozenset({Num, Ones})
_MOST = 32  # a product with more factors keeps its nested products as they are


class Factor(NamedTuple):
    """An expression to an elementwise power, and the indices of its axes."""

    node: Expr
    own: tuple[int, ...]
    exponent: Number = 1


class Flat(NamedTuple):
    """A number times factors, summed over every index that is not in ``out``."""

    count: Number
    factors: list[Factor]
    out: tuple[int, ...]


def flattened(
    node: Contract, kept: Callable[[Expr], bool] | None = None, most: int = _MOST
) -> Flat:
    """The flat product; ``kept`` says which inner contractions stay whole, if any.

    x x is x to the power 2, and a power of a product of scalars is the product of their powers
    (for whole exponents only: the root of a product is not the product of roots).
    """
    fresh = sum(map(len, node.indices))
    over = under = 1  # a Fraction costs ten times as much as what it is made of
    done: list[Factor] = []
    stack = [Factor(f, own) for f, own in zip(node.factors, node.indices)][::-1]
    whole = _twice(stack)
    inner: Any  # of the kind that is asked for each time
    while stack:
        factor = stack.pop()
        inner, own, exponent = factor
        kind = type(inner)
        if kind is Num and (exponent == 1 or is_number(inner.value, exponent)):
            value = inner.value if exponent == 1 else Fraction(inner.value) ** int(exponent)
            over, under = over * value.numerator, under * value.denominator
        elif (
            (kind is not Contract and (kind is not Map or inner.fn.name != "power"))
            or (whole and factor in whole)
            or (kept and kept(inner))
            or len(done) + len(stack) + len(inner.kids) > _MOST
        ):
            done.append(factor)
        elif kind is Map:
            # (x^a)^b is x^(ab) for whole b only: the root of a square is no identity
            if exponent.denominator == 1:
                stack.append(Factor(inner.args[0], own, inner.fn.params[0] * exponent))
            else:
                done.append(factor)
        elif Call in map(type, inner.factors) and _keeps_its_axes(factor, node):
            done.append(factor)
        elif exponent == 1 or (_whole(exponent) and _plain(inner)):
            names = dict(zip(inner.out, own))
            parts: list[Factor] = []
            for f, at in zip(inner.factors, inner.indices):
                if at == inner.out:
                    at = own
                elif at:
                    for i in at:
                        if i not in names:
                            names[i] = fresh
                            fresh += 1
                    at = tuple([names[i] for i in at])
                parts.append(Factor(f, at, exponent))
            if len(parts) > 1:
                whole |= _twice(parts)
                parts.reverse()
            stack += parts
        else:
            done.append(factor)
    count = Fraction(over, under) if over % under else over // under
    return Flat(count, renamed(done, node.out), node.out)


def _is_flat(node: Contract) -> bool:
    """Whether a product has an axis that is a pair: a Kronecker product, the vec of a matrix."""
    return any(map(is_stack, node.factors))


def _keeps_its_axes(factor: Factor, outer: Contract) -> bool:
    """Whether a product with a flat axis is a matrix or a vector that stays one piece."""
    inner = factor.node
    assert isinstance(inner, Contract)
    return len(inner.axes) <= 2 and _is_flat(inner) and not _meets(factor, outer)


def _meets(factor: Factor, outer: Contract) -> bool:
    """Whether a product with a flat axis is cut there again: then the two undo each other."""
    inner = factor.node
    assert isinstance(inner, Contract)
    cuts = [(own[2], f.axes) for f, own in zip(outer.factors, outer.indices) if is_stack(f)]
    own = dict(zip(inner.out, factor.own))
    return any(
        (own.get(spot[2]), f.axes) in cuts
        for f, spot in zip(inner.factors, inner.indices) if is_stack(f)
    )  # fmt: skip


def renamed(factors: list[Factor], out: tuple[int, ...]) -> list[Factor]:
    """Without the deltas that only rename a summed index."""
    if all([type(f.node) is not Delta for f in factors]):
        return factors
    name: dict[int, int] = {}

    def now(i: int) -> int:
        while i in name:
            i = name[i]
        return i

    left: list[Factor] = []
    for factor in factors:
        if type(factor.node) is Delta:
            i, j = map(now, factor.own)
            if i != j and (i not in out or j not in out):
                gone, stays = (i, j) if i not in out else (j, i)
                name[gone] = stays
                # what hung on the index alone still counts its entries
                left.append(Factor(Ones(factor.node.n), (stays,)))
                continue
        left.append(factor)
    found = [Factor(f.node, tuple(map(now, f.own)), f.exponent) for f in left]
    return [
        Factor(Ones(f.node.n), f.own[:1]) if type(f.node) is Delta and f.own[0] == f.own[1] else f
        for f in found
    ]


def _twice(factors: list[Factor]) -> frozenset[Factor]:
    """Factors that stand there more than once: (W x) in its own square stays one piece."""
    seen: set[Expr] = set()
    again: set[Expr] = set()
    for node, _, _ in factors:
        if type(node) is Contract:
            (again if node in seen else seen).add(node)
    return frozenset([f for f in factors if f.node in again]) if again else _NONE


def _plain(node: Contract) -> bool:
    """Whether a contraction is a product of scalars: nothing to sum."""
    return all(not f.axes for f in node.factors)


def is_size(node: Expr) -> bool:
    """Whether a scalar is a number of entries: a sum of ones."""
    return type(node) is Contract and _COUNTED.issuperset(map(type, node.factors))


def _whole(exponent: Number) -> bool:
    return exponent.denominator == 1
