"""Square matrices as polynomials over a row and a column: their scalars, diagonals and factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from derive.kernel.sizes import Axis
from derive.meaning.kinds import kinds_of
from proofs.equal.atoms import Factor, Number, Poly, Term
from proofs.equal.cancelling import INVERSE
from proofs.equal.lengths import Lengths


class Square(NamedTuple):
    """A square matrix: its entries, the free indices of its row and column, its size."""

    entries: Poly
    row: int
    column: int
    size: Axis


class Squares(Lengths):
    """A ring that sees what its square matrices are made of."""

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

    def _down_diagonal(self, m: Square) -> Poly | None:
        """What stands on the diagonal, at the least of the two indices, of a triangular matrix: one
        whose terms are diagonal or of a variable that is declared to be so, all on one side."""
        delta = self._delta(m)
        ends = m.row, m.column
        for kind in ("lower", "upper"):
            if all(delta in term or self._is_kind(term, kind, ends) for term in m.entries):
                return self.rename(m.entries, {max(ends): min(ends)})
        return None

    def _is_kind(self, term: Term, kind: str, ends: tuple[int, int]) -> bool:
        """Whether the row and the column of a term are those of one variable of this kind."""
        inside = [(a, own, e) for a, own, e in term if not set(ends).isdisjoint(own)]
        if len(inside) != 1 or self.atoms[inside[0][0]].kind != "var" or inside[0][2] != 1:
            return False
        ((a, own, _),) = inside
        turned = {"lower": "upper", "upper": "lower"}[kind]
        named = kind if own == ends else turned if own == ends[::-1] else ""
        return named in kinds_of(self.atoms[a].content[0])

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

    def _weighted(self, m: Square) -> tuple[Poly, Square] | None:
        r"""The entries of d and the M' of a single term diag(d) M' or M' diag(d)."""
        ((term, count), *more) = m.entries.items()
        for end in (m.row, m.column):
            weights = [f for f in term if set(f[1]) == {end}]
            rest = [f for f in term if f not in weights]
            if weights and not more and end in {i for _, own, _ in rest for i in own}:
                return self.of_factors(1, weights), m._replace(entries=self.of_factors(count, rest))
        return None

    def _kronecker(self, m: Square) -> tuple[Square, Square] | None:
        r"""The square A and B of a single term A \otimes B, each at M's indices."""
        ((term, count), *more) = m.entries.items()
        ends = {f[1][-1]: f for f in term if self.atoms[f[0]].kind == "stack" and f[1][-1] >= 0}
        if more or set(ends) != {m.row, m.column} or ends[m.row][0] != ends[m.column][0]:
            return None
        rest = [f for f in term if f not in ends.values()]
        found: list[Square] = []
        parts: list[Factor] = []
        for i, j, n in zip(
            ends[m.row][1][:2], ends[m.column][1][:2], self.atoms[ends[m.row][0]].axes
        ):
            part = _hanging_on({i, j}, rest)
            names = {i: m.row, j: m.column} if i != j else {i: m.row}
            inside = [(a, tuple(names.get(x, x) for x in own), e) for a, own, e in part]
            inside += [(self.atom("delta", (), (n, n)), (m.row, m.column), 1)] if i == j else []
            parts += part
            found.append(Square(self.of_factors(1, inside), m.row, m.column, n))
        if sorted(parts) != sorted(rest):
            return None  # something hangs on both, or on neither
        first = found[0]
        return first._replace(entries=self.scale(count, first.entries)), found[1]

    def _halves(self, term: Term, m: Square) -> tuple[Square, Square] | None:
        """A product of two square matrices, P and Q with M = P Q, as matrices at M's indices."""
        n = m.size
        sizes = {i: axis for a, own, _ in term
                 for i, axis in zip(own, self.atoms[a].axes, strict=True)}  # fmt: skip
        for i in sorted(i for i in sizes if i < 0 and sizes[i] == n):
            weights = [f for f in term if set(f[1]) == {i}]
            sides = self._parts(tuple(f for f in term if f not in weights), m, i)
            if sides is None or not (sides[0] and sides[1]):
                continue
            left = self.of_factors(1, self._open([*sides[0], *weights], i, m.column))
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


def _hanging_on(indices: set[int], factors: Sequence[Factor]) -> list[Factor]:
    """The factors that hang together with these summed indices."""
    seen, found = set(indices), []
    grown = True
    while grown:
        grown = False
        for f in factors:
            if f not in found and not seen.isdisjoint(f[1]):
                found.append(f)
                seen |= {i for i in f[1] if i < 0}
                grown = True
    return found
