r"""The laws of determinants on sums of networks.

The idea: a determinant is split as far as its matrix shows its parts: a product of square ones, a
Kronecker product, what is triangular by its kind; and det(I + XY) = det(I + YX) is written one way,
so that one side of it is the other.  det AB = det A det B holds whatever A and B are.

Sources: Petersen & Pedersen, The Matrix Cookbook, 2012, section 2.1 and (516); Horn & Johnson,
Matrix Analysis, 2012, sections 0.8.5 and 1.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive.kernel.expr import Call, Expr, Operator
from proofs.equal.atoms import CONSTANT, Atom, Poly, factors_of
from proofs.equal.inverses import Inverses
from proofs.equal.squares import Square

DETERMINANT = "determinant"
_WORDS = frozenset(["inverse", "det", "logdet", "logabsdet"])
_MOST_TURNED = 24  # forms of det(I + XY) that are looked at


class Matrices(Inverses):
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
        diagonal = self._down_diagonal(m)
        if diagonal is not None:
            return self.multiplied(diagonal, min(m.row, m.column), m.size)
        if len(m.entries) == 1:
            ((term, _),) = m.entries.items()
            if len(term) == 1 and self._is_inverse(term[0], m):
                whole = m._replace(entries=self.at(self.atoms[term[0][0]].base, term[0][1]))
                found = self.determinant(whole)
                return None if found is None else self.raised(found, -1)
            weighted = self._weighted(m)
            if weighted is not None:
                (end,) = {i for term in weighted[0] for _, own, _ in term for i in own}
                inner = self.determinant(weighted[1])
                along = self.multiplied(weighted[0], end, m.size)
                return None if inner is None else self.multiply(along, inner)
            halves = self._halves(term, m)
            if halves is not None:
                left, right = map(self.determinant, halves)
                return None if left is None or right is None else self.multiply(left, right)
            both = self._kronecker(m)
            if both is not None:
                return self._of_kronecker(*both)
        if not {m.row, m.column} <= {i for _, own, _ in factors_of(m.entries) for i in own}:
            return None
        outside, m = self._with_unit(m)
        found = self._beside_inverse(m)
        if found is None:
            found = self._smallest(m)
        return self.multiply(outside, self._atom_of(m) if found is None else found)

    def _atom_of(self, m: Square) -> Poly:
        """The determinant as an atom over the matrix, whatever its indices are called."""
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

    def _of_kronecker(self, a: Square, b: Square) -> Poly | None:
        r"""det(A \otimes B) = det(A)^n det(B)^m for an m × m A and an n × n B."""
        dets = self.determinant(a), self.determinant(b)
        if dets[0] is None or dets[1] is None:
            return None
        return self.multiply(
            self.raised_to_size(dets[0], self.size(b.size)),
            self.raised_to_size(dets[1], self.size(a.size)),
        )

    # ---------------------------------------------------------------------- det(I + XY)

    def _with_unit(self, m: Square) -> tuple[Poly, Square]:
        """c^n and I + T / c of a matrix c I + T, where c is a number that is not 0."""
        unit = self._delta(m)
        on_unit = [term for term in m.entries if unit in term]
        if len(on_unit) != 1 or len(m.entries) == 1:
            return {CONSTANT: 1}, m
        scalars = [f for f in on_unit[0] if f != unit]
        if any(own or not self.atoms[a].bounds.power(e).nonzero for a, own, e in scalars):
            return {CONSTANT: 1}, m
        c = self.of_factors(m.entries[on_unit[0]], scalars)
        outside = self.raised_to_size(c, self.size(m.size))
        return outside, m._replace(entries=self.multiply(self.raised(c, -1), m.entries))

    def _beside_inverse(self, m: Square) -> Poly | None:
        """det(W^{-1} + T) = det(I + W T) / det(W), of the first inverse among the terms."""
        found = sorted(t for t in m.entries if len(t) == 1 and self._is_inverse(t[0], m))
        if not found:
            return None
        first: Poly = {found[0]: m.entries[found[0]]}
        turned = self._turned(m._replace(entries=first))
        assert turned is not None
        rest = {term: n for term, n in m.entries.items() if term != found[0]}
        return self._beside(m, first, turned, rest)

    def _beside(self, m: Square, known: Poly, turned: Poly, rest: Poly) -> Poly | None:
        r"""det(N + T) = det(N) det(I + N^{-1} T), N^{-\top} being given at its row and column."""
        self._last -= 1
        met = self._last
        product = self.product(
            [(turned, {m.row: met, m.column: m.row}), (rest, {m.row: met})], [(met, m.size)]
        )
        unit = self.of_factor(self._delta(m))
        left = self.determinant(m._replace(entries=known))
        right = self.determinant(m._replace(entries=self.add(unit, product)))
        return None if left is None or right is None else self.multiply(left, right)

    def _smallest(self, m: Square) -> Poly | None:
        """det(I + XY) = det(I + YX) of one product XY, however it is cut: 1 + v^T u of u v^T, else
        the first of all forms; None where there is no other."""
        unit = self._delta(m)
        rest = {term: n for term, n in m.entries.items() if term != (unit,)}
        if m.entries.get((unit,)) != 1 or len(rest) != 1:
            return None
        # A form counts once it has been reached: of each product that is cut, one order is left.
        waiting, reached = [m._replace(entries=rest)], []
        while waiting and len(reached) < _MOST_TURNED:
            form = waiting.pop(0)
            small = self._plus_one(form, self.of_factor(self._delta(form)))
            if small is not None:
                return small
            more = [f for f in self._turned_round(form) if f not in reached]
            reached += more
            waiting += more
        best = min(map(self._completed, reached), key=self._order, default=None)
        return None if best is None else self._atom_of(best)

    def _completed(self, m: Square) -> Square:
        return m._replace(entries=self.add(self.of_factor(self._delta(m)), m.entries))

    def _order(self, m: Square) -> tuple:
        return len(m.entries), str(m.size), self.slots([m.entries])[0]

    def _turned_round(self, m: Square) -> Iterator[Square]:
        """The products YX of all the ways to cut a product XY at a summed index."""
        ((term, count),) = m.entries.items()
        axes = {i: n for a, own, _ in term
                for i, n in zip(own, self.atoms[a].axes, strict=True)}  # fmt: skip
        for cut in sorted(i for i in axes if i < 0):
            beside = [f for f in term if set(f[1]) <= {cut}]  # numbers, and weights at the cut
            sides = self._parts(tuple(f for f in term if f not in beside), m, cut)
            if sides is None:
                continue
            self._last -= 1
            met = self._last
            # X becomes the right one: its row is met, its column is free.
            names = {m.row: met, cut: m.column}, {m.column: met, cut: m.row}
            flat = [
                (a, tuple(own_names.get(i, i) for i in own), e)
                for side, own_names in zip(([*sides[0], *beside], sides[1]), names, strict=True)
                for a, own, e in side
            ]
            made = self.of_factors(count, flat)
            if len(made) == 1:
                yield Square(made, m.row, m.column, axes[cut])

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
        """The determinant of N + T by that of N, given as the atom of its inverse."""
        n, ends = self.atoms[inverse].base, self.atoms[inverse].content[0]
        whole, spots = self.atoms[det].base, self.atoms[det].content[0]
        if ends != spots or self.atoms[inverse].axes[0] != self.atoms[det].content[1]:
            return None
        for base in (n, self.rename(n, {0: 1, 1: 0})):
            rest = self.add(whole, self.scale(-1, base))
            if not rest or (len(rest) != len(whole) - len(base) and len(rest) > 1):
                continue
            turned: Poly = {((inverse, (0, 1) if base is n else (1, 0), 1),): 1}
            m = Square(whole, 0, 1, self.atoms[inverse].axes[0])
            return self._beside(m, base, turned, rest)
        return None
