r"""Names that stand for a standardised array, \hat x = (x - \mu) / \sigma, however it is written.

The idea: the backward pass through the mean and the variance collapses to the closed form that
papers print.  A name is taken for one only where it evaluates equal to it, and only where nobody
asks about what lies between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from derive.kernel.build import lift
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Expr,
    Map,
    Ones,
    ShapeError,
    Var,
    is_named,
    toposort,
)  # fmt: skip
from derive.operators.normalisation import (
    batch_standardize,
    batch_variance,
    mean_square,
    rms_standardize,
    standardize,
    standardized_share,
    variance,
)
from derive.operators.pointwise import reciprocal, sqrt

Agree = Callable[[Expr, Expr], bool]

# The operator, what it divides by, its axis, and whether it takes the mean away.
_KINDS = (
    (standardize, variance, -1, True),
    (batch_standardize, batch_variance, 0, True),
    (rms_standardize, mean_square, -1, False),
)
_MOST_NODES = 60  # between a name and what it standardises


class Standardised(NamedTuple):
    """``node`` is ``x`` standardised; ``between`` is all that it is made of, x and below left out,
    and ``share`` takes the cotangent of the node to what it sends to x."""

    node: Expr
    x: Expr
    between: frozenset[Expr]
    share: Callable[[Expr], Expr]


def standardised(loss: Expr, agree: Agree) -> Iterator[Standardised]:
    """The names below a loss that standardise a variable or another name."""
    for node in toposort(loss):
        if is_named(node) and node.axes:
            found = _read(node, agree)
            if found is not None:
                yield found


def _read(node: Expr, agree: Agree) -> Standardised | None:
    body = node.kids[0]
    if is_named(body) or isinstance(body, Call):
        return None  # a word has its closed form already
    for x in _near(body):
        if x.axes != node.axes or not (isinstance(x, Var) or is_named(x)):
            continue
        region = _region(body, x)
        if region is None:
            continue
        eps = _added(region, x)
        if eps is None:
            continue
        for operator, spread, axis, centre in _KINDS:
            try:
                alike = agree(node, operator(x, eps))
            except ShapeError:
                continue
            if alike:
                s = _deviation(region, spread(x), eps, agree)
                return Standardised(
                    node, x, frozenset(region),
                    lambda cotangent, s=s, a=axis, c=centre: standardized_share(
                        node, cotangent, s, a, c
                    ),
                )  # fmt: skip
    return None


def _near(body: Expr) -> Iterator[Expr]:
    """The nodes below, the nearest first, as far as somebody would write in a few lines."""
    seen = dict.fromkeys([body])
    waiting = [body]
    while waiting and len(seen) <= _MOST_NODES:
        node = waiting.pop(0)
        yield node
        for kid in node.kids:
            if kid not in seen:
                seen[kid] = None
                waiting.append(kid)


def _region(body: Expr, x: Expr) -> dict[Expr, bool] | None:
    """What the body is made of, down to x: for each node whether x is below it.  None where that
    is too much, or x is not below, or no root of a sum is."""
    seen = {body}
    stack = [body]
    while stack:
        for kid in stack.pop().kids:
            if kid not in seen and kid is not x:
                seen.add(kid)
                stack.append(kid)
        if len(seen) > _MOST_NODES:
            return None
    moves: dict[Expr, bool] = {}
    for node in toposort(body, below=lambda n: () if n is x else n.kids):
        if node is not x:
            moves[node] = any(kid is x or moves.get(kid, False) for kid in node.kids)
    return moves if moves.get(body) and any(map(_is_root, moves)) else None


def _is_root(node: Expr) -> bool:
    return isinstance(node, Map) and node.fn.name == "power" and node.fn.params[0].denominator == 2


def _added(region: dict[Expr, bool], x: Expr) -> Expr | None:
    """The number that is added to a variance below a root: 0 if none is."""
    for root in filter(_is_root, region):
        inside = root.kids[0]
        while is_named(inside) and inside is not x:
            inside = inside.kids[0]
        if region.get(inside):
            terms = inside.terms if isinstance(inside, Add) else ()
            free = [t for t in terms if not region.get(t) and t is not x]
            if len(free) > 1:
                return None
            return _number(free[0]) if free else lift(0)
    return None


def _number(term: Expr) -> Expr | None:
    """A number, also where it is repeated for every row."""
    if not term.axes:
        return term
    if isinstance(term, Contract):
        kept = [f for f in term.factors if not isinstance(f, Ones)]
        if len(kept) == 1 and not kept[0].axes:
            return kept[0]
    return None


def _deviation(region: dict[Expr, bool], spread: Expr, eps: Expr, agree: Agree) -> Expr:
    """One over the root of a variance and what is added, in the document's names for them."""
    square = spread + eps
    names = [n for n in region if is_named(n) and n.axes == spread.axes]
    for name in names:
        if agree(name, sqrt(square)):
            return reciprocal(name)
    for name in names:
        if agree(name, square):
            return reciprocal(sqrt(name))
        if agree(name, spread):
            return reciprocal(sqrt(name + eps))
    return reciprocal(sqrt(square))
