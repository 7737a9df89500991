r"""A number over itself: (p^\top e) / (p^\top e) u is u, though both stand among other factors.

The idea: beside 1/s_i, factors that share no index but i with the rest of a product make one of
their own, which may be s_i.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.kernel.build import contracted
from derive.kernel.expr import Ones
from derive.meaning.normal import Normal
from derive.writing.flat import Factor


def cancelled(factors: Sequence[Factor], out: tuple[int, ...], normal: Normal) -> Sequence[Factor]:
    """The factors without those sums that stand above and below the line."""
    for k, under in enumerate(factors):
        if not under.exponent < 0 or len(set(under.own)) < len(under.own):
            continue
        for places in _apart(factors, {*out}, {*under.own}):
            over = [factors[at] for at in places]
            if any(f.exponent != 1 for f in over):
                continue
            total = contracted([f.node for f in over], [f.own for f in over], under.own)
            if normal.of(total) is not normal.of(under.node):
                continue
            left = [f for at, f in enumerate(factors) if at not in (*places, k)]
            if under.exponent != -1:
                left.append(under._replace(exponent=under.exponent + 1))
            there = {i for f in left for i in f.own}
            sizes = zip(under.own, under.node.axes, strict=True)
            left += [Factor(Ones(n), (i,)) for i, n in sizes if i not in there]
            return cancelled(left, out, normal)
    return factors


def _apart(factors: Sequence[Factor], out: set[int], shared: set[int]) -> Iterator[list[int]]:
    """The places of factors that hang together by indices that are summed and not ``shared``, for
    each such set that has no other index outside, and has all that are shared."""
    sets: list[tuple[set[int], list[int]]] = []
    for k, factor in enumerate(factors):
        inner = set(factor.own) - shared
        if not inner:
            continue
        joined = [one for one in sets if one[0] & inner]
        sets = [one for one in sets if one not in joined]
        indices = inner.union(*(one[0] for one in joined))
        sets.append((indices, [*(at for one in joined for at in one[1]), k]))
    for indices, places in sets:
        if not indices & out and shared <= {i for at in places for i in factors[at].own}:
            yield places
