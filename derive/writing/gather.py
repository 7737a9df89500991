r"""Products that share a factor, added: u x^\top + v x^\top is (u + v) x^\top.

The idea: a factor is the same in two terms if it is one expression and its indices go to the same
places.  A sum over the samples is such a factor too, the vector of ones along its index, so that
\sum_i a_i - \sum_i b_i is one sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from derive.kernel.build import add, contracted
from derive.kernel.expr import Contract, Delta, Expr, Ones

Place: TypeAlias = "tuple[bool, int]"  # of an index: in the factor or in the answer, and where


class _Share(NamedTuple):
    """A factor, the places of its indices, and of those that the rest of its term has."""

    factor: Expr
    own: tuple[Place, ...]
    rest: tuple[Place, ...]


def gathered(terms: Sequence[Expr], total: Callable[[Sequence[Expr]], Expr]) -> Iterator[Expr]:
    """The sum of the terms with one shared factor in front, for each factor that two terms share.

    ``total`` adds what is left of those terms.
    """
    found: dict[_Share, dict[int, Expr]] = {}
    for at, term in enumerate(terms):
        for share, rest in _shares(term):
            found.setdefault(share, {}).setdefault(at, rest)
    rank = len(terms[0].axes)
    for (factor, own, left), rests in found.items():
        if len(rests) < 2:
            continue
        # W a + V a as (W + V) a would add matrices to save a vector; A + A^T is a thing of its own.
        if len(left) > max(rank, 1) and not _are_transposes(list(rests.values())):
            continue
        # A matrix in front of some terms only hides what the sum has in common.
        if len(left) > 1 and len(factor.axes) > 1 and len(rests) < len(terms):
            continue
        inner = total(list(rests.values()))
        spots = [tuple(k + rank * inside for inside, k in places) for places in (own, left)]
        made = contracted((factor, inner), spots, tuple(range(rank)))
        first = min(rests)
        others = {at: term for at, term in enumerate(terms) if at not in rests}
        yield add(*(term for _, term in sorted({**others, first: made}.items())))


def _are_transposes(rests: Sequence[Expr]) -> bool:
    """Whether these are a matrix and its transpose."""
    if len(rests) != 2 or any(len(rest.axes) != 2 for rest in rests):
        return False
    return any(contracted((a,), ((0, 1),), (1, 0)) is b for a, b in (rests, rests[::-1]))


def _shares(term: Expr) -> Iterator[tuple[_Share, Expr]]:
    """Each factor of a term with what is left of the term without it."""
    own = tuple(range(len(term.axes)))
    product = type(term) is Contract
    factors, indices, out = (
        (term.factors, term.indices, term.out) if product else ((term,), (own,), own)
    )
    extent = {i: n for f, spot in zip(factors, indices) for i, n in zip(spot, f.axes)}
    every = [
        (f, spot, (*factors[:k], *factors[k + 1 :]), (*indices[:k], *indices[k + 1 :]))
        for k, (f, spot) in enumerate(zip(factors, indices))
        if spot and not isinstance(f, Ones | Delta)
    ]
    every += [(Ones(extent[i]), (i,), factors, indices) for i in extent if i not in out]
    for factor, spot, left, spots in every:
        place = {i: (True, spot.index(i)) for i in spot} | {
            i: (False, k) for k, i in enumerate(out)
        }
        seen = {i for one in spots for i in one}
        rest = sorted((p, i) for i, p in place.items() if i in seen)
        if not left or any(i in extent and i not in place for i in out):
            continue
        made = contracted(left, spots, tuple(i for _, i in rest))
        yield _Share(factor, tuple(place[i] for i in spot), tuple(p for p, _ in rest)), made
