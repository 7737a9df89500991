r"""Which matrices are positive definite, or semidefinite, by how they are made.

The idea: B^\top K B is positive semidefinite if K is, a positive multiple and a sum of such are,
and one definite term makes a sum definite; where an inverse of a semidefinite matrix exists, both
are definite (Horn & Johnson, Matrix Analysis, 2012, sections 7.1 and 7.7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING

from derive.kernel.expr import Add, Call, Contract, Delta, Expr, Operator, Var, is_named
from derive.meaning.kinds import kinds_of

if TYPE_CHECKING:
    from proofs.equal.bounds import Interval

_MOST_NODES = 200


class Definite(IntEnum):
    NO = 0  # not known to be either
    SEMI = 1
    YES = 2


def definiteness(matrix: Expr, interval: Callable[[Expr], Interval], budget: int = _MOST_NODES
                 ) -> Definite:  # fmt: skip
    """What the form of a square matrix shows; ``interval`` bounds the entries of an expression."""
    left = [budget]

    def of(node: Expr) -> Definite:
        left[0] -= 1
        if left[0] < 0 or len(node.axes) != 2 or node.axes[0] != node.axes[1]:
            return Definite.NO
        if is_named(node):
            return of(node.kids[0])
        match node:
            case Delta():
                return Definite.YES
            case Var():
                known = kinds_of(node)
                semi = Definite.SEMI if "semidefinite" in known else Definite.NO
                return Definite.YES if "definite" in known else semi
            case Add(terms):
                found = [of(term) for term in terms]
                return max(found) if min(found) > Definite.NO else Definite.NO
            case Call(Operator(name="inverse"), (arg,)):
                return Definite.YES if of(arg) > Definite.NO else Definite.NO
            case Contract():
                return product(node)
        return Definite.NO

    def product(node: Contract) -> Definite:
        best = Definite.YES
        factors: list[tuple[Expr, tuple[int, ...]]] = []
        for factor, own in flat_factors(node):
            if own:
                factors.append((factor, own))
                continue
            bounds = interval(factor)
            if bounds.low < 0:
                return Definite.NO
            best = best if bounds.positive else Definite.SEMI
        return min(best, between(factors, *node.out)) if len(set(node.out)) == 2 else Definite.NO

    def between(factors: list[tuple[Expr, tuple[int, ...]]], i: int, j: int) -> Definite:
        """Of the product of these factors, as a matrix with rows i and columns j."""
        if len(factors) == 1:
            ((factor, own),) = factors
            return of(factor) if set(own) == {i, j} and len(own) == 2 else Definite.NO
        if _is_diagonal(factors, i, j):
            bounds = [interval(f) for f, own in factors if len(own) == 1]
            if all(b.positive for b in bounds):
                return Definite.YES
            return Definite.SEMI if all(b.low >= 0 for b in bounds) else Definite.NO
        for k, (factor, own) in enumerate(factors):
            if own.count(i) != 1 or j in own or len(own) > 2:
                continue
            for n, (twin, spots) in enumerate(factors):
                turned = tuple(j if x == i else x for x in own)
                if n == k or twin is not factor or spots.count(j) != 1 or i in spots:
                    continue
                if spots.index(j) != own.index(i):
                    continue
                rest = [f for m, f in enumerate(factors) if m not in (k, n)]
                if any(i in o or j in o for _, o in rest):
                    continue
                if spots == turned:  # B_{si} d_s B_{sj}, or u_i u_j
                    injective = "independent" if own.index(i) == len(own) - 1 else "spanning"
                    if injective in kinds_of(factor) and all(
                        len(o) == 1 and o[0] in own and interval(f).positive for f, o in rest
                    ):
                        return Definite.YES
                    if all(
                        len(o) == 1 and o[0] in own and interval(f).power(n).low >= 0
                        for (f, o), n in Counter(rest).items()
                    ):
                        return Definite.SEMI
                    continue
                (a,), (b,) = (tuple(x for x in o if x not in (i, j)) for o in (own, spots))
                inner = between(rest, a, b) if rest else Definite.NO
                if inner > Definite.NO:
                    return Definite.SEMI
        return Definite.NO

    return of(matrix)


def flat_factors(node: Contract) -> list[tuple[Expr, tuple[int, ...]]]:
    """The factors of a product and of the products in it, each with its indices."""
    found: list[tuple[Expr, tuple[int, ...]]] = []
    fresh = 1 + max((i for own in node.indices for i in own), default=0)
    stack = list(zip(node.factors, node.indices, strict=True))[::-1]
    while stack:
        factor, own = stack.pop()
        if not own or not isinstance(factor, Contract) or len(found) + len(stack) > _MOST_NODES:
            found.append((factor, own))
            continue
        names = dict(zip(factor.out, own, strict=True))
        for i in (i for spots in factor.indices for i in spots):
            if i not in names:
                names[i], fresh = fresh, fresh + 1
        inner = [(f, tuple(names[i] for i in spots))
                 for f, spots in zip(factor.factors, factor.indices, strict=True)]  # fmt: skip
        stack += inner[::-1]
    while True:
        one = next((
            k for k, (f, own) in enumerate(found)
            if isinstance(f, Delta) and len(set(own)) == 2 and not set(own) <= set(node.out)
        ), None)  # fmt: skip
        if one is None:
            return found
        a, b = found.pop(one)[1]  # it only renames a summed index
        gone, stays = (a, b) if a not in node.out else (b, a)
        found = [(f, tuple(stays if i == gone else i for i in o)) for f, o in found]


def _is_diagonal(factors: list[tuple[Expr, tuple[int, ...]]], i: int, j: int) -> bool:
    """Whether this is diag(v): an identity and vectors on it."""
    deltas = [own for f, own in factors if isinstance(f, Delta)]
    others = [own for f, own in factors if not isinstance(f, Delta)]
    return (
        len(deltas) == 1 and set(deltas[0]) == {i, j} and all(own in ((i,), (j,)) for own in others)
    )
