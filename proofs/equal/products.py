"""Products as flat lists of factors at indices, and sums as lists of terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from derive.kernel.contraction import contracted
from derive.kernel.expr import Add, Contract, Delta, Expr, is_named

Spots: TypeAlias = tuple[int, ...]
_MOST = 16  # factors of a product that are looked at


@dataclass(frozen=True, slots=True)
class Product:
    """A product of factors at indices, summed over what is not in ``out``."""

    factors: tuple[Expr, ...]
    spots: tuple[Spots, ...]
    out: Spots

    @classmethod
    def of(cls, node: Expr) -> Product:
        """The flat product that an expression is; names and sums in it stay closed factors."""
        axes = tuple(range(len(node.axes)))
        factors: list[Expr] = []
        spots: list[Spots] = []
        fresh = len(axes)
        waiting: list[tuple[Expr, Spots]] = [(node, axes)]
        while waiting:
            inner, own = waiting.pop()
            while is_named(inner) and isinstance(inner.kids[0], Contract):
                inner = inner.kids[0]
            if not isinstance(inner, Contract) or len(factors) + len(waiting) > _MOST:
                factors.append(inner)
                spots.append(own)
                continue
            names = dict(zip(inner.out, own, strict=True))
            for factor, at in reversed(list(zip(inner.factors, inner.indices, strict=True))):
                for i in at:
                    if i not in names:
                        names[i], fresh = fresh, fresh + 1
                waiting.append((factor, tuple(names[i] for i in at)))
        return cls(tuple(factors), tuple(spots), axes)

    def without(self, *gone: int) -> Product:
        kept = [k for k in range(len(self.factors)) if k not in gone]
        return Product(
            tuple(self.factors[k] for k in kept), tuple(self.spots[k] for k in kept), self.out
        )

    def beside(self, *more: tuple[Expr, Spots]) -> Product:
        factors, spots = zip(*more, strict=True)
        return Product((*self.factors, *factors), (*self.spots, *spots), self.out)

    def with_diagonals(self) -> Product:
        """Each delta between a row and its column as two, which meet at an index of their own, and
        whatever hangs on the row or the column as hanging there: diag(d) = I diag(d) I."""
        half = len(self.out) // 2
        pairs = {frozenset(p): p for p in zip(self.out[:half], self.out[half:], strict=True)}
        fresh = 1 + max((i for own in (*self.spots, self.out) for i in own), default=0)
        made = self
        for delta, own in zip(self.factors, self.spots, strict=True):
            pair = pairs.pop(frozenset(own), None) if isinstance(delta, Delta) else None
            if pair is None:
                continue
            rest = [
                (f, tuple(fresh if i in pair else i for i in at))
                for f, at in zip(made.factors, made.spots, strict=True)
                if not (f is delta and frozenset(at) == frozenset(pair))
            ]
            ends = [(delta, (fresh, i)) for i in pair]
            factors, spots = zip(*rest, *ends, strict=True)
            made, fresh = Product(factors, spots, self.out), fresh + 1
        return made

    def expr(self) -> Expr:
        return contracted(self.factors, self.spots, self.out)


def terms_of(node: Expr) -> list[Expr]:
    """The terms of a sum, names opened and products with a sum of their own multiplied out."""
    found: list[Expr] = []
    waiting = [node]
    while waiting:
        term = waiting.pop()
        inner = term
        while is_named(inner):
            inner = inner.kids[0]
        if isinstance(inner, Add):
            waiting += reversed(inner.terms)
        else:
            found.append(term)
    return found
