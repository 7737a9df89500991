r"""The laws of inverses on sums of networks.

The idea: an inverse is an atom J = M^{-\top}, whose slots are those of its matrix M, and wherever
it meets the leading term of M along a summed index, M J^\top = I takes that term away.  What makes
(AB)^{-1} = B^{-1} A^{-1} true is that a product of square matrices is invertible only if its
factors are.
"""

from __future__ import annotations

from fractions import Fraction

from proofs.equal.atoms import Atom, Poly, Undefined, factors_of
from proofs.equal.cancelling import INVERSE
from proofs.equal.squares import Square, Squares


class Inverses(Squares):
    """A ring with inverses of square matrices."""

    def inverse(self, m: Square) -> Poly | None:
        """The inverse at the same row and column; None where its matrix lacks one of them."""
        turned = self._turned(m)
        if turned is None:
            return None
        return self.rename(turned, {m.row: m.column, m.column: m.row})

    def _turned(self, m: Square) -> Poly | None:
        r"""M^{-\top} at the row and column of M."""
        if not m.entries:
            raise Undefined
        count, scalars, m = self._unscaled_matrix(m)
        outside = self.of_factors(1 / Fraction(count), [(a, (), -e) for a, e in scalars])
        found = self._turned_plain(m)
        return None if found is None else self.multiply(outside, found)

    def _turned_plain(self, m: Square) -> Poly | None:
        diagonal = self._on_diagonal(m)
        if diagonal is not None:
            delta = self.of_factor(self._delta(m))
            return self.multiply(delta, self.raised(diagonal, -1))
        if len(m.entries) == 1:
            ((term, _),) = m.entries.items()
            if len(term) == 1 and self._is_inverse(term[0], m):
                return self.at(self.atoms[term[0][0]].base, term[0][1])
            if len(term) == 1 and self._is_orthogonal(term[0], m):
                return m.entries
            weighted = self._weighted(m)
            if weighted is not None:
                inner = self._turned(weighted[1])
                under = self.raised(weighted[0], -1)
                return None if inner is None else self.multiply(under, inner)
            halves = self._halves(term, m)
            if halves is not None:
                left, right = map(self._turned, halves)
                return None if left is None or right is None else self._multiplied(left, right, m)
        if not {m.row, m.column} <= {i for _, own, _ in factors_of(m.entries) for i in own}:
            return None
        atom, own = self._atom(INVERSE, m)
        if self.cancelled not in self.product_laws:
            self.product_laws.append(self.cancelled)
        return self.of_factor((atom, own, 1))

    def _atom(self, kind: str, m: Square) -> tuple[int, tuple[int, ...]]:
        """The atom over a matrix, whatever its indices are called, and they in its order."""

        def make(atom: Atom) -> None:
            atom.base, atom.orders = over[0], fitting

        key, own, orders, over = self.slots([m.entries])
        ends = tuple(sorted(own.index(i) for i in (m.row, m.column)))
        fitting = tuple(o for o in orders if sorted(o[k] for k in ends) == list(ends))
        return self.atom(kind, (ends, key), self.extents([m.entries], own), make), own

    def _multiplied(self, left: Poly, right: Poly, m: Square) -> Poly:
        """The product of two matrices at the row and column of M."""
        self._last -= 1
        met = self._last
        return self.product([(left, {m.column: met}), (right, {m.row: met})], [(met, m.size)])
