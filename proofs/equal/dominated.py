r"""A positive diagonal matrix that outweighs what is taken from it: (1 + x^\top x) I - x x^\top.

The idea: diag(d) - c h h^\top with d > 0 is positive semidefinite where c \sum_i h_i^2 / d_i <= 1,
by Cauchy and Schwarz, and definite where that is strict; multiples of other h h^\top may be added.
Whether it holds is asked of the ring, in which denominators are cleared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil
from time import thread_time
from typing import TypeAlias

from derive.derivation.network import Domain
from derive.kernel.build import ONE, add, contracted
from derive.kernel.expr import Delta, Expr, is_named, toposort
from derive.kernel.sizes import Axis
from derive.operators.pointwise import reciprocal
from proofs.equal.atoms import OverBudget, Undefined
from proofs.equal.bounds import REAL, Bounds, Interval
from proofs.equal.products import Product, Spots
from proofs.equal.reading import Reading, View

# The factors of a product at indices, of which 0 is the row and 1 the column.
Term: TypeAlias = Sequence[tuple[Expr, Spots]]
_NOTHING = Interval(0, 0)
_SECONDS, _TERMS, _ROUNDS = 0.2, 2_000, 4


def interval_of(expr: Expr, facts: Mapping[Expr, Domain]) -> Interval:
    """Where the entries of an expression lie, as far as a multiple of it by what is positive
    shows it: of 1 / (1 + r) - r / (1 + r)^2 that it is positive."""
    names = frozenset(n for n in toposort(expr) if is_named(n))
    ring = Reading(thread_time() + _SECONDS, _TERMS, Bounds(facts), View(names, smooth=True))
    try:
        poly = ring.of(expr)
        for _ in range(_ROUNDS):
            found = ring.bounds(poly)
            if found.low >= 0:
                return found
            least: dict[tuple[int, Spots], int] = {}
            for term in poly:
                for a, own, e in term:
                    cleared = e < 0 and ring.atoms[a].kind == "P" and min(own, default=0) >= 0
                    if cleared and ring.atoms[a].bounds.positive:
                        least[a, own] = max(least.get((a, own), 0), ceil(-Fraction(e)))
            if not least:
                break
            factors = [(a, own, n) for (a, own), n in least.items()]
            made: dict = {}
            for term, count in poly.items():
                ring.gather(made, count, [*term, *factors])
            poly = made
        found = ring.bounds(poly)
    except (OverBudget, Undefined):
        return REAL
    return found if found.low >= 0 else REAL


def dominated(products: Sequence[Product], facts: Mapping[Expr, Domain]) -> bool | None:
    """Whether the sum of these products is a positive definite matrix (True) or a semidefinite one
    (False), as its diagonal outweighs one term that is taken from it, or as what is added of each
    h h^T is more than what is taken; None where that is not shown."""
    n = _rows(products[0])
    terms = [list(zip(p.factors, p.spots, strict=True)) for p in products]
    found = _outweighed(terms, n, facts)
    if found is None and (inside := _inside(terms)) is not None:
        found = None if _outweighed(*inside, facts) is None else False
    return found


def _outweighed(terms: Iterable[Term], n: Axis, facts: Mapping[Expr, Domain]) -> bool | None:
    diagonal: list[Expr] = []
    ones: dict[Expr, list[Expr]] = {}
    for term in terms:
        on = _on_diagonal(term, n)
        if on is not None:
            diagonal.append(on)
            continue
        lone = _rank_one(term)
        if lone is None:
            return None
        ones.setdefault(lone[1], []).append(lone[0])
    added = {h: add(*parts) for h, parts in ones.items()}
    taken = [(c, h) for h, c in added.items() if interval_of(c, facts).low < 0]
    d = interval_of(add(*diagonal), facts) if diagonal else _NOTHING
    if not taken:
        return d.positive if d.low >= 0 else None
    (c, h), *more = taken
    if more or not d.positive or interval_of(-c, facts).low < 0:
        return None
    under = reciprocal(add(*diagonal))
    weight = contracted((c, h, h, under), ((), (0,), (0,), (0,)), ())
    rest = interval_of(ONE + weight, facts)
    return rest.positive if rest.low >= 0 else None


def _inside(terms: Sequence[Term]) -> tuple[list[Term], Axis] | None:
    r"""The terms of M where all are those of B^\top M B, for a B with an index of its own."""
    ends = [next((f for f in terms[0] if end in f[1]), None) for end in (0, 1)]
    if ends[0] is None or ends[1] is None or ends[0][0] is not ends[1][0]:
        return None
    outer, own = ends[0]
    if len(own) != 2 or own[0] == own[1] or isinstance(outer, Delta):
        return None
    at = own.index(0)
    found: list[Term] = []
    for term in terms:
        pair = [[f for f in term if end in f[1]] for end in (0, 1)]
        if any(len(one) != 1 for one in pair):
            return None
        (first,), (second,) = pair
        if first[0] is not outer or second[0] is not outer or first is second:
            return None
        if len(first[1]) != 2 or first[1][at] != 0 or second[1][at] != 1:
            return None
        k, j = first[1][1 - at], second[1][1 - at]
        rest = [f for f in term if f is not first and f is not second]
        fresh = 2 + max((i for _, spots in term for i in spots), default=0)
        # What was free is gone; k and j are the row and the column now, apart even where they met.
        names = {k: 0, j: 1} if k != j else {k: 0}
        inner = [(f, tuple(names.get(i, i + fresh) for i in spots)) for f, spots in rest]
        if k == j:
            inner.append((Delta(outer.axes[1 - at]), (0, 1)))
        found.append(inner)
    return found, outer.axes[1 - at]


def _rows(product: Product) -> Axis:
    """The size of the axis of rows."""
    (row, *_) = product.out
    return next(
        f.axes[own.index(row)]
        for f, own in zip(product.factors, product.spots, strict=True) if row in own
    )  # fmt: skip


def _on_diagonal(term: Term, n: Axis) -> Expr | None:
    """The d of diag(d)."""
    deltas = [k for k, (f, own) in enumerate(term) if isinstance(f, Delta) and set(own) == {0, 1}]
    if not deltas:
        return None
    rest = [(f, tuple(0 if i == 1 else i for i in own))
            for k, (f, own) in enumerate(term) if k != deltas[0]]  # fmt: skip
    ones = contracted((Delta(n),), ((0, 1),), (0,))
    return contracted((ones, *(f for f, _ in rest)), ((0,), *(own for _, own in rest)), (0,))


def _rank_one(term: Term) -> tuple[Expr, Expr] | None:
    """The number c and the vector h of c h h^T."""
    sides: list[list[tuple[Expr, Spots]]] = []
    left = list(term)
    for end in (0, 1):
        seen, side = {end}, []
        grown = True
        while grown:
            grown = False
            for factor in [f for f in left if not seen.isdisjoint(f[1])]:
                left.remove(factor)
                side.append(factor)
                seen |= set(factor[1])
                grown = True
        if {0, 1} <= seen:
            return None
        sides.append(side)
    rows, columns = (_vector(side, end) for side, end in zip(sides, (0, 1), strict=True))
    if rows is None or rows is not columns:
        return None
    number = contracted([f for f, _ in left], [own for _, own in left], ()) if left else ONE
    return number, rows


def _vector(side: Sequence[tuple[Expr, Spots]], end: int) -> Expr | None:
    if not side:
        return None
    order = sorted(side, key=lambda f: str(f[0]))
    names = {end: 0}
    for _, own in order:
        for i in own:
            names.setdefault(i, len(names))
    spots = [tuple(names[i] for i in own) for _, own in order]
    return contracted([f for f, _ in order], spots, (0,))
