r"""The laws of inverses and determinants on sums of networks.

The idea: an inverse is an atom J = M^{-\top}, whose slots are those of its matrix M, and wherever
it meets the leading term of M along a summed index, M J^\top = I takes that term away.  What makes
(AB)^{-1} = B^{-1} A^{-1} and det AB = det A det B true is that a product of square matrices is
invertible only if its factors are.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from derive.kernel.expr import Call, Expr, Operator
from derive.kernel.sizes import Axis
from derive.meaning.kinds import kinds_of
from proofs.equal.atoms import CONSTANT, Atom, Factor, Number, Poly, Term, Undefined, factors_of
from proofs.equal.bounds import POSITIVE
from proofs.equal.cancelling import INVERSE, Cancelling

DETERMINANT = "determinant"
_WORDS = frozenset(["inverse", "det", "logdet", "logabsdet"])


class Square(NamedTuple):
    """A square matrix: its entries, the free indices of its row and column, its size."""

    entries: Poly
    row: int
    column: int
    size: Axis


class Matrices(Cancelling):
    """A ring with inverses and determinants of square matrices."""

    def of(self, root: Expr) -> Poly:
        raise NotImplementedError

    def of_matrix(self, node: Call) -> Poly | None:
        """An inverse, a determinant or a log-determinant; None where there is no law for it."""
        word = node.op.name if isinstance(node.op, Operator) else ""
        if word not in _WORDS:
            return None
        (arg,) = node.args
        last = len(arg.axes) - 1
        m = Square(self.of(arg), last - 1, last, arg.axes[-1])
        if word == "inverse":
            return self.inverse(m)
        found = self.determinant(m)
        if found is None or word == "det":
            return found
        return self.logarithm(found)

    # ------------------------------------------------------------------------------ inverses

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

    # -------------------------------------------------------------------------- determinants

    def determinant(self, m: Square) -> Poly | None:
        """The determinant; None where the matrix lacks a row or a column."""
        if not m.entries:
            return {}
        count, scalars, m = self._unscaled_matrix(m)
        outside: Poly = {CONSTANT: 1}
        for base in (self.of_factors(count, []), *(self.of_factor((a, (), e)) for a, e in scalars)):
            outside = self.multiply(outside, self.raised_to_size(base, self.size(m.size)))
        found = self._determinant_plain(m)
        return None if found is None else self.multiply(outside, found)

    def _determinant_plain(self, m: Square) -> Poly | None:
        diagonal = self._on_diagonal(m)
        if diagonal == {CONSTANT: 1}:
            return diagonal
        if len(m.entries) == 1:
            ((term, _),) = m.entries.items()
            if len(term) == 1 and self._is_inverse(term[0], m):
                whole = m._replace(entries=self.at(self.atoms[term[0][0]].base, term[0][1]))
                found = self.determinant(whole)
                return None if found is None else self.raised(found, -1)
            halves = self._halves(term, m)
            if halves is not None:
                left, right = map(self.determinant, halves)
                return None if left is None or right is None else self.multiply(left, right)
        if not {m.row, m.column} <= {i for _, own, _ in factors_of(m.entries) for i in own}:
            return None
        small = self._smaller(m)
        if small is not None:
            return small
        _, own, _, over = self.slots([m.entries])
        ends = tuple(sorted(own.index(i) for i in (m.row, m.column)))
        rest = tuple(i for i in own if i not in (m.row, m.column))
        sizes = dict(zip(own, self.extents([m.entries], own), strict=True))
        content = (ends, m.size, tuple(sorted(over[0].items())))

        def make(atom: Atom) -> None:
            atom.base = over[0]
            if len(m.entries) == 1 and len(*m.entries) == 1:
                ((factor,),) = m.entries
                # det Q is 1 or -1
                atom.law = "sign" if self._is_orthogonal(factor, m) else ""

        atom = self.atom(DETERMINANT, content, tuple(sizes[i] for i in rest), make)
        return self.of_factor((atom, rest, 1))

    def _smaller(self, m: Square) -> Poly | None:
        """det(I + u v^T) = 1 + v^T u."""
        delta = self._delta(m)
        if m.entries.get((delta,)) != 1:
            return None
        rank_one = {t: n for t, n in m.entries.items() if t != (delta,)}
        return self._plus_one(m._replace(entries=rank_one), self.of_factor(delta))

    def _plus_one(self, m: Square, between: Poly) -> Poly | None:
        """1 + v^T K u of a matrix u v^T and of K^T, given at its row and column; None of another
        matrix."""
        if len(m.entries) != 1:
            return None
        ((term, n),) = m.entries.items()
        sides = self._parts(term, m, None)
        if sides is None or not (sides[0] and sides[1]):
            return None
        self._last -= 2
        met = {m.row: self._last, m.column: self._last + 1}
        summed = [(i, m.size) for i in met.values()]
        one = self.product([(self.of_factors(n, term), met), (between, met)], summed)
        return self.add({CONSTANT: 1}, one)

    def updated(self, det: int, inverse: int) -> Poly | None:
        """The determinant of N + u v^T by that of N, given as the atom of its inverse."""
        n, ends = self.atoms[inverse].base, self.atoms[inverse].content[0]
        whole, spots = self.atoms[det].base, self.atoms[det].content[0]
        if ends != spots or self.atoms[inverse].axes[0] != self.atoms[det].content[1]:
            return None
        for base in (n, self.rename(n, {0: 1, 1: 0})):
            rest = self.add(whole, self.scale(-1, base))
            turned: Poly = {((inverse, (0, 1) if base is n else (1, 0), 1),): 1}
            m = Square(rest, 0, 1, self.atoms[inverse].axes[0])
            factor = self._plus_one(m, turned)
            known = self.determinant(m._replace(entries=n))
            if factor is not None and known is not None:
                return self.multiply(known, factor)
        return None

    def is_size(self, poly: Poly) -> bool:
        """Whether a polynomial is a sum of products of sizes: a natural number of at least 1."""
        return bool(poly) and all(
            Fraction(n).denominator == 1 and n > 0
            and all(self.atoms[a].kind == "size" and e > 0 for a, _, e in term)
            for term, n in poly.items()
        )  # fmt: skip

    def raised_by(self, base: Poly, exponent: Poly) -> Poly | None:
        """A power with an exponent that is a number or a size; None for any other."""
        if set(exponent) <= {CONSTANT}:
            return self.raised(base, exponent.get(CONSTANT, 0))
        return self.raised_to_size(base, exponent) if self.is_size(exponent) else None

    def raised_to_size(self, base: Poly, n: Poly) -> Poly:
        """A number to the power of a size, which is a whole one of at least 1."""
        if set(n) == {CONSTANT}:
            return self.raised(base, n[CONSTANT]) if base else {}
        if base in ({CONSTANT: 1}, {}):
            return base
        count, factors, rest = self.content(base)
        sign, rest = self.signed(rest)
        if not rest or (rest != {CONSTANT: 1} and (factors or count != 1)):
            return self._to_size(base, n)
        bases: list[Poly] = []
        if rest != {CONSTANT: 1}:
            bases.append(rest)
        if sign < 0:
            bases.append({CONSTANT: -1})
        found: Poly = {CONSTANT: 1}
        for prime, e in self._primes(count):
            power = self._to_size({CONSTANT: self.atoms[prime].content[0]}, n)
            found = self.multiply(found, self.raised(power, e))
        for a, own, e in factors:
            power = self._to_size(self.of_factor((a, own, 1)), n)
            found = self.multiply(found, self.raised(power, e))
        for one in bases:
            found = self.multiply(found, self._to_size(one, n))
        return found

    def _to_size(self, base: Poly, n: Poly) -> Poly:
        """b^n as a product of b^t over the terms t of a size."""
        found: Poly = {CONSTANT: 1}
        for term, count in n.items():
            if term == CONSTANT:
                found = self.multiply(found, self.raised(base, count))
                continue
            made = self._power_atom(base, term)
            found = self.multiply(found, self.raised(made, count))
        return found

    def _power_atom(self, base: Poly, term: Term) -> Poly:
        key, own, orders, over = self.slots([base])

        def make(atom: Atom) -> None:
            atom.base, atom.orders = over[0], orders
            positive = self.bounds(base).positive
            atom.look = POSITIVE if positive else atom.look
            atom.law = "sign" if base == {CONSTANT: -1} else ""

        return self.of_factor(
            (self.atom("size power", (key, term), self.extents([base], own), make), own, 1)
        )

    # ----------------------------------------------------------------------- what a matrix is

    def _unscaled_matrix(self, m: Square) -> tuple[Number, list[tuple[int, Number]], Square]:
        """A number, scalar factors with their exponents, and the matrix without them."""
        count, factors, rest = self.content(m.entries)
        scalars = [(a, e) for a, own, e in factors if not own]
        inside = [f for f in factors if f[1]]
        if inside:
            whole: Poly = {}
            for term, n in rest.items():
                self.gather(whole, n, [*term, *inside])
            rest = whole
        sign, rest = self.signed(rest)
        return sign * count, scalars, m._replace(entries=rest)

    def _delta(self, m: Square) -> Factor:
        atom = self.atom("delta", (), (m.size, m.size))
        return atom, (min(m.row, m.column), max(m.row, m.column)), 1

    def _on_diagonal(self, m: Square) -> Poly | None:
        """The entries along the diagonal, at the least of the two indices, if all others are 0."""
        delta = self._delta(m)
        found: Poly = {}
        for term, n in m.entries.items():
            rest = [f for f in term if f != delta]
            if len(rest) == len(term) or any(delta[1][1] in own for _, own, _ in rest):
                return None
            self.gather(found, n, rest)
        return found

    def _is_inverse(self, factor: Factor, m: Square) -> bool:
        """Whether a factor is an inverse that has the row and the column of M for its ends."""
        atom, own, e = factor
        if self.atoms[atom].kind != INVERSE or e != 1:
            return False
        ends = self.atoms[atom].content[0]
        return {own[k] for k in ends} == {m.row, m.column} and len(set(own)) == len(own)

    def _is_orthogonal(self, factor: Factor, m: Square) -> bool:
        """Whether a factor is a matrix that is declared to be orthogonal: its inverse turned."""
        atom, own, e = self.atoms[factor[0]], factor[1], factor[2]
        known = atom.kind == "var" and "orthogonal" in kinds_of(atom.content[0])
        return known and e == 1 and sorted(own) == sorted((m.row, m.column))

    def _halves(self, term: Term, m: Square) -> tuple[Square, Square] | None:
        """A product of two square matrices, P and Q with M = P Q, as matrices at M's indices."""
        n = m.size
        sizes = {i: axis for a, own, _ in term
                 for i, axis in zip(own, self.atoms[a].axes, strict=True)}  # fmt: skip
        for i in sorted(i for i in sizes if i < 0 and sizes[i] == n):
            sides = self._parts(term, m, i)
            if sides is None or not (sides[0] and sides[1]):
                continue
            left = self.of_factors(1, self._open(sides[0], i, m.column))
            right = self.of_factors(1, self._open(sides[1], i, m.row))
            count = next(iter(m.entries.values()))
            if len(left) == len(right) == 1:
                scaled = m._replace(entries=self.scale(count, left))
                return scaled, m._replace(entries=right)
        return None

    @staticmethod
    def _open(factors: Sequence[Factor], summed: int, free: int) -> list[Factor]:
        return [(a, tuple(free if i == summed else i for i in own), e) for a, own, e in factors]

    def _parts(
        self, term: Term, m: Square, cut: int | None
    ) -> tuple[list[Factor], list[Factor]] | None:
        """The factors that hang together with the row, and those with the column, if these are all
        and no summed index but ``cut``, at which both stand, joins them."""
        reached: list[list[Factor]] = []
        for end in (m.row, m.column):
            seen, found = {end}, []
            grown = True
            while grown:
                grown = False
                for f in term:
                    if f not in found and any(i in seen for i in f[1]):
                        found.append(f)
                        seen |= {i for i in f[1] if i < 0 and i != cut}
                        grown = True
            reached.append(found)
        left, right = reached
        if any(f in right for f in left) or len(left) + len(right) != len(term):
            return None
        meets = all(any(cut in own for _, own, _ in side) for side in reached)
        return (left, right) if cut is None or meets else None
