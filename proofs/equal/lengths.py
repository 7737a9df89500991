r"""Powers whose exponent is a size, and products along an axis: c^n and \prod_k x_k.

The idea: such a power splits over the factors of its base, and so does such a product; what does
not depend on the index of a product is a power, and the product of exponentials is that of a sum.
"""

from __future__ import annotations

from fractions import Fraction

from derive.kernel.sizes import Axis
from proofs.equal.atoms import CONSTANT, Atom, Factor, Poly, Term
from proofs.equal.bounds import NONNEGATIVE, POSITIVE, REAL
from proofs.equal.cancelling import Cancelling

PRODUCT = "product"
POWER = "size power"


class Lengths(Cancelling):
    """A ring with powers and products of as many factors as a size."""

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
        if self.is_size(exponent):
            return self.raised_to_size(base, exponent)
        # n - 1: that the base is not 0 is a condition of such a power (``defined``).
        whole = {term: n for term, n in exponent.items() if term != CONSTANT}
        if not base or not all(self.is_size({term: abs(n)}) for term, n in whole.items()):
            return None
        constant = exponent.get(CONSTANT, 0)
        if Fraction(constant).denominator != 1:
            return None
        return self.multiply(self._to_whole(base, whole), self.raised(base, constant))

    def _to_whole(self, base: Poly, exponent: Poly) -> Poly:
        """b^e for a sum e of multiples of sizes, where b is not 0."""
        found: Poly = {CONSTANT: 1}
        for term, n in exponent.items():
            power = self.raised_to_size(base, {term: abs(n)})
            found = self.multiply(found, self.raised(power, 1 if n > 0 else -1))
        return found

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
            (self.atom(POWER, (key, term), self.extents([base], own), make), own, 1)
        )

    # ------------------------------------------------------------------- products along an axis

    def multiplied(self, poly: Poly, index: int, n: Axis) -> Poly:
        r"""\prod_k over a free index that has n values."""
        if not poly:
            return {}
        count, factors, rest = self.content(poly)
        sign, rest = self.signed(rest)
        whole = self.size(n)
        found = self.raised_to_size({CONSTANT: sign * count}, whole)
        for a, own, e in factors:
            if Fraction(e).denominator != 1:  # no number need be negative for its root to be real
                found = self.multiply(found, self._one_by_one((a, own, e), index, n))
            else:
                one = self._one_by_one((a, own, 1), index, n)
                found = self.multiply(found, self.raised(one, e))
        if rest == {CONSTANT: 1}:
            return found
        return self.multiply(found, self._along(rest, index, n))

    def _one_by_one(self, factor: Factor, index: int, n: Axis) -> Poly:
        """The product of one factor: exp of a sum where it is an exponential."""
        a, own, e = factor
        if self.atoms[a].kind == "E" and index in own:
            exponent = self._summed(self.at(self.atoms[a].base, own), index, n)
            return self.exponential(self.scale(e, exponent))
        return self._along(self.of_factor(factor), index, n)

    def _along(self, poly: Poly, index: int, n: Axis) -> Poly:
        if all(index not in own for term in poly for _, own, _ in term):
            return self.raised_to_size(poly, self.size(n))
        if n == 1:
            return self._summed(poly, index, n)
        key, own, orders, over = self.slots([poly], [index])

        def make(atom: Atom) -> None:
            atom.base = over[0]
            atom.orders = tuple(order[:-1] for order in orders)
            bounds = self.bounds(poly)
            positive = POSITIVE if bounds.positive else REAL
            atom.look = NONNEGATIVE if bounds.low >= 0 and not bounds.positive else positive

        sizes = self.extents([poly], own)
        return self.of_factor((self.atom(PRODUCT, (key, n), sizes[:-1], make), own[:-1], 1))

    def _summed(self, poly: Poly, index: int, n: Axis) -> Poly:
        self._last -= 1
        met = self._last
        return self.product([(poly, {index: met})], [(met, n)])

    def _log_atom(self, poly: Poly) -> Poly:
        r"""log|\prod_k x_k| = \sum_k log|x_k|, and log|b^n| = n log|b|"""
        if len(poly) == 1:
            ((term, count),) = poly.items()
            if count == 1 and len(term) == 1 and self.atoms[term[0][0]].kind == PRODUCT:
                a, own, e = term[0]
                atom = self.atoms[a]
                last = 1 + max(own, default=-1)
                inside = self.logarithm(self.at(atom.base, (*own, last)))
                return self.scale(e, self._summed(inside, last, atom.content[1]))
            if count == 1 and len(term) == 1 and self.atoms[term[0][0]].kind == POWER:
                a, own, e = term[0]
                atom = self.atoms[a]
                inside = self.logarithm(self.at(atom.base, own))
                return self.scale(e, self.multiply({atom.content[1]: 1}, inside))
        return super()._log_atom(poly)
