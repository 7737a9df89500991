"""The laws of powers, exp and log on sums of networks.

The idea: exp of a sum is a product of atoms E[t] to rational powers; a logarithm is L[A] = log|A|,
so that it splits products whatever their signs; a power of a sum is P[A]^q with the common factors
of A outside, where their signs allow.  Each law holds wherever what it is applied to is defined.
"""

from __future__ import annotations

from fractions import Fraction

from proofs.equal.atoms import CONSTANT, Atom, Factor, Number, OverBudget, Poly, Term, Undefined
from proofs.equal.bounds import POSITIVE
from proofs.equal.indicators import Indicators
from proofs.equal.ring import MOST_POWER

_MOST_TRIED = 1000  # prime factors up to here are found; what is left counts as one


class Functions(Indicators):
    """A ring with powers, exp and log."""

    # ------------------------------------------------------------------------------- powers

    def raised(self, poly: Poly, q: Number) -> Poly:
        """The polynomial to a rational power, where that is defined."""
        q = Fraction(q)
        if q == 0:
            return {CONSTANT: 1}
        if not poly:
            if q < 0:
                raise Undefined
            return {}
        if q.denominator == 1 and q > 0:
            return self._whole(poly, int(q))
        if abs(q) > MOST_POWER and poly != {CONSTANT: 1}:
            raise OverBudget
        chosen = self._chosen_entry(poly, lambda u, _: self.raised(u, q))
        if chosen is not None:
            return chosen
        count, factors, rest = self.content(poly)
        if not rest:
            return self.raised(rest, q)
        found: Poly = {CONSTANT: 1}
        if q.denominator == 1:
            q = int(q)
            sign, rest = self.signed(rest)
            outside = [(a, o, e * q) for a, o, e in factors]
            if rest != {CONSTANT: 1}:
                outside.append((*self._sum(rest), q))
            self.gather(found := {}, (sign * count) ** q, outside)
            return found
        self.gather(found := {}, 1, [(a, (), e * q) for a, e in self._primes(count)])
        inside: list[Factor] = []
        for a, o, e in factors:
            bounds = self.atoms[a].bounds
            if bounds.low >= 0 or Fraction(e).denominator != 1:
                found = self.multiply(found, self.of_factor((a, o, e * q)))
            elif e % 2 == 0:  # of unknown sign, to an even power
                found = self.multiply(found, self._modulus((a, o, 1), e * q))
            else:
                inside.append((a, o, e))
        base: Poly = {}
        for term, n in rest.items():
            self.gather(base, n, [*term, *inside])
        if len(base) == 1:
            ((term, n),) = base.items()
            if term == CONSTANT:
                if n < 0:
                    raise Undefined
                return found
            if n == 1 and len(term) == 1 and min(term[0][1], default=0) >= 0:
                # x^3 is positive where x is
                a, o, e = term[0]
                return self.multiply(found, self.of_factor((a, o, e * q)))
            apart = self._apart(term) if n == 1 else []
            if len(apart) > 1 and all(self.bounds(part).low >= 0 for part in apart):
                for part in apart:  # of independent sums
                    found = self.multiply(found, self.raised(part, q))
                return found
        return self.multiply(found, self.of_factor((*self._sum(base), q)))

    def _apart(self, term: Term) -> list[Poly]:
        """The parts of a product that no summed index joins."""
        groups: list[tuple[set[int], list[Factor]]] = []
        for factor in term:
            summed, part = {i for i in factor[1] if i < 0}, [factor]
            apart = []
            for indices, others in groups:
                if indices.isdisjoint(summed):
                    apart.append((indices, others))
                else:
                    summed, part = summed | indices, others + part
            groups = [*apart, (summed, part)]
        return [self.of_factors(1, part) for _, part in groups]

    def _whole(self, poly: Poly, n: int) -> Poly:
        """A whole power; of one product without a number or a sum before it, at once."""
        ((term, count), *more) = poly.items()
        if more or count != 1 or any(min(own, default=0) < 0 for _, own, _ in term):
            return self.power(poly, n)
        found: Poly = {}
        self.gather(found, 1, [(a, own, e * n) for a, own, e in term])
        return found

    def _sum(self, base: Poly) -> tuple[int, tuple[int, ...]]:
        return self.based("P", base, lambda: self.bounds(base))

    def _modulus(self, factor: Factor, q: Number) -> Poly:
        """|f|^q of a factor."""
        a, o, _ = factor
        if q % 2 == 0:
            return self.of_factor((a, o, q))
        if self.pieces and q % 1 == 0:
            side = self.add(self.scale(2, self.above({((a, o, 1),): 1})), {CONSTANT: -1})
            return self.multiply(self.of_factor((a, o, q)), side)
        return self.of_factor((*self._sum({((a, o, 2),): 1}), Fraction(q) / 2))

    def absolute(self, poly: Poly) -> Poly:
        """|u| = 2 u 1[u > 0] - u, or the root of its square."""
        bounds = self.bounds(poly)
        if bounds.low >= 0 or bounds.high <= 0:
            return self.scale(1 if bounds.low >= 0 else -1, poly)
        if self.pieces:
            return self.add(
                self.scale(2, self.multiply(poly, self.above(poly))), self.scale(-1, poly)
            )
        return self.raised(self.power(poly, 2), Fraction(1, 2))

    def _primes(self, count: Number) -> list[tuple[int, int]]:
        """A positive rational as powers of prime atoms."""

        def make(atom: Atom) -> None:
            atom.look = POSITIVE

        powers: dict[int, int] = {}
        for number, sign in ((Fraction(count).numerator, 1), (Fraction(count).denominator, -1)):
            p = 2
            while number > 1:
                if p > _MOST_TRIED or p * p > number:
                    p = number
                while number % p == 0:
                    powers[p] = powers.get(p, 0) + sign
                    number //= p
                p += 1
        return [(self.atom("prime", (p,), (), make), e) for p, e in sorted(powers.items())]

    # -------------------------------------------------------------------------- exp and log

    def exponential(self, poly: Poly) -> Poly:
        """exp(Σ c t) = Π E[t]^c, and exp(c log|A|) = |A|^c."""
        cases = self._cases(poly, lambda u, _: self.exponential(u))
        if cases is not None:
            return cases
        found: Poly = {CONSTANT: 1}
        plain: list[Factor] = []
        for term, count in poly.items():
            if len(term) == 1 and self.atoms[term[0][0]].kind == "L" and term[0][2] == 1:
                base = self.at(self.atoms[term[0][0]].base, term[0][1])
                if self.bounds(base).low < 0 and count % 2 != 0:
                    base = self.absolute(base)
                found = self.multiply(found, self.raised(base, count))
            else:
                plain.append((*self.based("E", {term: 1}, POSITIVE), count))
        whole: Poly = {}
        self.gather(whole, 1, plain)
        return self.multiply(found, whole)

    def logarithm(self, poly: Poly) -> Poly:
        """log|A| of a product is the sum over its factors."""
        if not poly:
            raise Undefined
        chosen = self._chosen_entry(poly, lambda u, _: self.logarithm(u))
        if chosen is not None:
            return chosen
        count, factors, rest = self.content(poly)
        if not rest:
            raise Undefined
        parts: list[Poly] = []
        for a, e in self._primes(count):
            parts.append(self.scale(e, self._log_atom(self.of_factor((a, (), 1)))))
        for a, o, e in factors:
            atom = self.atoms[a]
            if atom.kind == "E":
                parts.append(self.scale(e, self.at(atom.base, o)))
            elif atom.kind == "P":
                parts.append(self.scale(e, self.logarithm(self.at(atom.base, o))))
            elif atom.kind == "prime":
                parts.append(self.scale(e, self._log_atom({((a, o, 1),): 1})))
            else:
                parts.append(self.scale(e, self._log_atom(self.of_factor((a, o, 1)))))
        _, rest = self.signed(rest)
        if rest != {CONSTANT: 1}:
            parts.append(self._log_atom(rest))
        return self.add({}, *parts)

    def _log_atom(self, poly: Poly) -> Poly:
        return self.of_factor((*self.based("L", poly), 1))
