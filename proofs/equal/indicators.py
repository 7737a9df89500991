"""What terms share, and the indicators H[u] = 1[u > 0] and Z[u] = 1[u = 0].

The idea: an indicator depends on the direction of u alone, so positive factors go; and what is 1 or
0 in an argument makes two cases of it, f(u) = s f(u at s = 1) + (1 - s) f(u at s = 0).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import gcd

from derive.kernel.expr import Axes, Expr
from derive.kernel.sizes import Axis
from proofs.equal.atoms import CONSTANT, Atom, Factor, Number, Poly, factors_of
from proofs.equal.bounds import REAL, UNIT, Bounds, Interval
from proofs.equal.null import almost_nowhere_zero
from proofs.equal.ring import Ring

_MOST_SWITCHES = 2  # of which cases are made


class Indicators(Ring):
    """A ring with indicators.  ``pieces``: comparisons are opened, and cases are made."""

    pieces: bool = False
    interval: Bounds

    def __init__(self, deadline: float, terms: int) -> None:
        super().__init__(deadline, terms)
        self.nulls: dict[int, list[Expr]] = {}  # the expressions whose zeros a Z stands for

    def based(
        self, kind: str, poly: Poly, bounds: Callable[[], Interval] | Interval = REAL
    ) -> tuple[int, tuple[int, ...]]:
        """The atom of this kind over a polynomial, and its indices."""

        def make(atom: Atom) -> None:
            atom.base, atom.look, atom.orders = over[0], bounds, orders

        key, own, orders, over = self.slots([poly])
        return self.atom(kind, key, self.extents([poly], own), make), own

    def extents(self, polys: Sequence[Poly], own: Sequence[int]) -> Axes:
        """The sizes of free indices, which all occur."""
        sizes: dict[int, Axis] = {}
        for poly in polys:
            for a, spots, _ in factors_of(poly):
                sizes.update(zip(spots, self.atoms[a].axes, strict=True))
        return tuple(sizes[i] for i in own)

    def of_factor(self, factor: Factor) -> Poly:
        return self.of_factors(1, [factor])

    def of_factors(self, count: Number, factors: Sequence[Factor]) -> Poly:
        found: Poly = {}
        self.gather(found, count, factors)
        return found

    # ------------------------------------------------------------------------------ content

    def content(self, poly: Poly) -> tuple[Fraction, list[Factor], Poly]:
        """A positive number and factors that all terms share, and the polynomial without them."""
        count = common(list(poly.values()))
        shared: dict[tuple[int, tuple[int, ...]], Number] | None = None
        for term in poly:
            own = {
                (a, o): e for a, o, e in term if min(o, default=0) >= 0 and not self.atoms[a].law
            }
            if shared is None:
                shared = own
            else:
                both = {k: min(e, own.get(k, 0)) for k, e in shared.items()}
                both |= {k: min(e, 0) for k, e in own.items() if k not in shared}
                shared = {k: e for k, e in both.items() if e}
        factors = [(a, o, e) for (a, o), e in (shared or {}).items()]
        if not factors:
            return count, [], self.scale(1 / count, poly)
        rest: Poly = {}
        for term, n in poly.items():
            self.gather(rest, n / count, [*term, *((a, o, -e) for a, o, e in factors)])
        if len(rest) >= len(poly) or not rest:
            return count, factors, rest
        # Terms came together: what is left may share more.
        more, others, rest = self.content(rest)
        return count * more, self._joined([*factors, *others]), rest

    @staticmethod
    def _joined(factors: Sequence[Factor]) -> list[Factor]:
        powers: dict[tuple[int, tuple[int, ...]], Number] = {}
        for a, o, e in factors:
            powers[a, o] = powers.get((a, o), 0) + e
        return [(a, o, e) for (a, o), e in powers.items() if e]

    def signed(self, poly: Poly) -> tuple[int, Poly]:
        """The polynomial or its negative, the same one for both; and the sign it was given."""
        total = sum(poly.values())
        if total == 0:
            other = self.scale(-1, poly)
            sign = 1 if self.slots([poly])[0] <= self.slots([other])[0] else -1
        else:
            sign = 1 if total > 0 else -1
        return sign, poly if sign == 1 else self.scale(-1, poly)

    # -------------------------------------------------------------------------------- cases

    def _cases(self, u: Poly, f: Callable[[Poly, bool], Poly], null: Expr | None = None
               ) -> Poly | None:  # fmt: skip
        """f(u) by cases of what is 1 or 0 in u: s f(u at s = 1) + (1 - s) f(u at s = 0).

        ``f`` is told whether its argument is 0 only where u is.  None where there are no cases.
        """
        chosen = self._chosen_entry(u, f)
        if chosen is not None or not self.pieces:
            return chosen
        atoms = self.atoms
        switches = sorted(
            {(a, o) for a, o, e in factors_of(u)
             if atoms[a].law == "idempotent" and e == 1 and min(o, default=0) >= 0}
        )  # fmt: skip
        if not 0 < len(switches) <= _MOST_SWITCHES:
            return None
        if null is not None and almost_nowhere_zero(null, self.interval):
            return None  # as a whole it has a null set for its zeros
        switch = switches[0]
        on: Poly = {}
        for term, n in u.items():
            self.gather(on, n, [x for x in term if x[:2] != switch])
        off = {t: n for t, n in u.items() if all(x[:2] != switch for x in t)}
        s = self.of_factor((*switch, 1))
        other = self.add({CONSTANT: 1}, self.scale(-1, s))
        right = self.multiply(s, f(on, not off))
        return self.add(right, self.multiply(other, f(off, False)))

    def _chosen_entry(self, u: Poly, f: Callable[[Poly, bool], Poly]) -> Poly | None:
        """f(Σ h_k u_k) = Σ h_k f(u_k), where one h_k is 1 and the others are 0."""
        hot: tuple[int, tuple[int, ...]] | None = None
        entry = 1 + max((i for _, own, _ in factors_of(u) for i in own), default=0)
        inside: Poly = {}
        for term, n in u.items():
            found = next(
                ((a, o) for a, o, e in term
                 if self.atoms[a].total and self.atoms[a].law == "idempotent" and e == 1
                 and o[-1] < 0 and min(o[:-1], default=0) >= 0),
                None,
            )  # fmt: skip
            if found is None or (
                hot is not None and (found[0], found[1][:-1]) != (hot[0], hot[1][:-1])
            ):
                return None
            hot = found
            rest = [x for x in term if x[:2] != found]
            self.gather(inside, n, [(a, tuple(entry if i == found[1][-1] else i for i in o), e)
                                    for a, o, e in rest])  # fmt: skip
        if hot is None:
            return None
        self._last -= 1
        a, own = hot
        return self.product(
            [(f(inside, False), {entry: self._last}), (self.of_factor((a, (*own[:-1], entry), 1)),
             {entry: self._last})],
            [(self._last, self.atoms[a].axes[-1])],
        )  # fmt: skip

    # --------------------------------------------------------------------------- indicators

    def above(self, u: Poly, null: Expr | None = None) -> Poly:
        """H[u] = 1[u > 0]; ``null`` is u as an expression."""
        bounds = self.bounds(u)
        if null is not None:
            bounds = bounds.meet(self.interval.of(null))
        if bounds.positive:
            return {CONSTANT: 1}
        if not u or bounds.high <= 0:
            return {}
        cases = self._cases(u, lambda v, same: self.above(v, null if same else None), null)
        if cases is not None:
            return cases
        flip, v = self._direction(u)
        bounds = bounds.meet(self.bounds(self.scale(flip, v)))  # of α - 1 in α z - z, for its sign
        if bounds.positive:
            return {CONSTANT: 1}
        if not v or bounds.high <= 0:
            return {}
        h, own = self.based("H", v, UNIT)
        self.atoms[h].law = "idempotent"  # 1 or 0
        up = self.of_factor((h, own, 1))
        if flip == 1 and bounds.low < 0:
            return up
        z = self.zero(u, null)
        one: Poly = {CONSTANT: 1}
        if bounds.low >= 0:
            return self.add(one, self.scale(-1, z))
        return self.add(one, self.scale(-1, up), self.scale(-1, z))

    def zero(self, u: Poly, null: Expr | None = None) -> Poly:
        """Z[u] = 1[u = 0]."""
        if not u:
            return {CONSTANT: 1}
        if self.bounds(u).nonzero:
            return {}
        cases = self._cases(u, lambda v, same: self.zero(v, null if same else None), null)
        if cases is not None:
            return cases
        _, v = self._direction(u)
        if not v:
            return {CONSTANT: 1}
        if self.bounds(v).nonzero:
            return {}
        if len(v) == 1:  # x^2 is 0 where x is
            ((term, n),) = v.items()
            if all(isinstance(e, int) and e > 0 and min(o, default=0) >= 0 for _, o, e in term):
                v = self.of_factors(n, [(a, o, 1) for a, o, _ in term])
        z, own = self.based("Z", v, UNIT)
        atom = self.atoms[z]
        if not atom.law:
            atom.law = "idempotent"
            atom.solved = self._solved(atom.base)
        if null is not None:
            self.nulls.setdefault(z, []).append(null)
        return self.of_factor((z, own, 1))

    def _solved(self, base: Poly) -> tuple[int, tuple[int, ...], Poly] | None:
        """A factor that is a term of the base and in no other: on {base = 0} it is the rest."""
        for term, n in sorted(base.items()):
            if len(term) != 1 or term[0][2] != 1 or min(term[0][1], default=0) < 0:
                continue
            part = term[0][:2]
            if sum(f[:2] == part for f in factors_of(base)) == 1:
                rest: Poly = {t: -c / Fraction(n) for t, c in base.items() if t != term}
                return (*part, rest)
        return None

    def _direction(self, u: Poly) -> tuple[int, Poly]:
        """What has the sign of u up to the sign that is given: u without positive factors."""
        _, factors, rest = self.content(u)
        sign, inside = 1, []
        for a, o, e in factors:
            bounds = self.atoms[a].bounds.power(e)
            if bounds.negative:
                sign = -sign
            elif not bounds.positive:
                # x^3 has the sign of x, x^4 that of x^2
                inside.append((a, o, 2 - e % 2 if isinstance(e, int) and e > 0 else e))
        turned, rest = self._unscaled(rest)
        v: Poly = {}
        for term, n in rest.items():
            self.gather(v, n, [*term, *inside])
        if not v:  # it was 0 all along
            return 1, v
        v = self._unraised(self.scale(1 / common(list(v.values())), v))
        if not v:
            return 1, v
        flip, v = self.signed(self.scale(1 / common(list(v.values())), v))
        return sign * turned * flip, v

    def _unraised(self, u: Poly) -> Poly:
        """e^a - e^b has the sign of a - b, and is 0 where that is."""
        if len(u) != 2 or sum(u.values()) != 0:
            return u
        found: Poly = {}
        for term, count in u.items():
            for a, own, e in term:
                if self.atoms[a].kind != "E" or min(own, default=0) < 0:
                    return u
                found = self.add(found, self.scale(count * e, self.at(self.atoms[a].base, own)))
        return found

    def _unscaled(self, u: Poly) -> tuple[int, Poly]:
        """u = q v without a q of known sign, such as 1 - α where 0 < α < 1."""
        groups: dict[tuple, Poly] = {}
        for term, n in u.items():
            known = tuple(f for f in term if self._scales(f))
            groups.setdefault(tuple(f for f in term if f not in known), {})[known] = n
        ratios = {term: min(group.items())[1] for term, group in groups.items()}
        shapes: list[Poly] = [
            {t: n / Fraction(ratios[term]) for t, n in group.items()}
            for term, group in groups.items()
        ]
        if len(groups) == len(u) or any(shape != shapes[0] for shape in shapes):
            return 1, u
        bounds = self.bounds(shapes[0])
        if not bounds.nonzero:
            return 1, u
        return 1 if bounds.positive else -1, dict(ratios)

    def _scales(self, factor: Factor) -> bool:
        atom = self.atoms[factor[0]]
        return min(factor[1], default=0) >= 0 and not atom.law and atom.bounds != REAL


def common(counts: Sequence[Number]) -> Fraction:
    """The greatest rational of which all are whole multiples."""
    up, down = 0, 1
    for n in counts:
        q = Fraction(n)
        up = gcd(up * q.denominator, q.numerator * down)
        down = down * q.denominator
        both = gcd(up, down)
        up, down = up // both, down // both
    return Fraction(up, down)
