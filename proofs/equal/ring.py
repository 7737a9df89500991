"""Sums of networks of atoms: exact coefficients, rational exponents, indices in canonical order.

The idea: a polynomial is a dict from terms to numbers, and every law of an atom (a delta renames,
1 or 0 is its own square, a whole power of a sum is multiplied out) is applied as terms are made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import permutations
from itertools import product as every_choice
from math import floor
from time import thread_time

from derive.kernel.expr import Axes
from derive.kernel.sizes import Axis
from proofs.equal.atoms import (
    CONSTANT,
    Atom,
    Factor,
    Number,
    OverBudget,
    Poly,
    ProductLaw,
    Term,
    Undefined,
    collect,
    is_count,
    labelled,
    relabelled,
)
from proofs.equal.bounds import UNIT, Interval
from proofs.equal.flat import unstacked
from proofs.equal.joined import joined
from proofs.equal.places import determined
from proofs.equal.rows import turned
from proofs.equal.solved import on_its_zeros

MOST_POWER = 256  # of a number, or of a sum that is multiplied out
_MOST_ORDERS = 24  # orders tried for the slots of an atom, and for its symmetric factors


class Ring:
    """The atoms met so far, and what is done with polynomials in them."""

    def __init__(self, deadline: float, terms: int) -> None:
        self.atoms: list[Atom] = []
        self.named: dict[tuple, int] = {}
        self.deadline, self.left = deadline, terms
        self.product_laws: list[ProductLaw] = []
        self._last = -1_000_000  # fresh summed indices count down from here

    # ------------------------------------------------------------------------------- atoms

    def atom(self, kind: str, content: tuple, axes: Axes, make: Callable[[Atom], None] | None = None
             ) -> int:  # fmt: skip
        key = kind, content, axes
        found = self.named.get(key)
        if found is None:
            made = Atom(kind, content, axes)
            if kind == "delta":
                made.look, made.law = UNIT, "idempotent"
            if make is not None:
                make(made)
            self.atoms.append(made)
            found = self.named[key] = len(self.atoms) - 1
        return found

    def size(self, n: Axis) -> Poly:
        """A size as a polynomial in its symbols, which are at least 1."""
        if isinstance(n, int):
            return {CONSTANT: n} if n else {}
        found: Poly = {}
        for names, count in n.terms:
            self.gather(found, count, [(self._symbol(name), (), 1) for name in names])
        return found

    def _symbol(self, name: str) -> int:
        return self.atom("size", (name,), (), is_count)

    # ------------------------------------------------------------------------------ algebra

    def tick(self) -> None:
        self.left -= 1
        if self.left < 0 or (not self.left & 63 and thread_time() > self.deadline):
            raise OverBudget

    def add(self, *polys: Poly) -> Poly:
        total = dict(polys[0])
        for poly in polys[1:]:
            for term, count in poly.items():
                collect(total, term, count)
        return total

    @staticmethod
    def scale(count: Number, poly: Poly) -> Poly:
        return {term: count * n for term, n in poly.items()} if count else {}

    def multiply(self, a: Poly, b: Poly) -> Poly:
        if len(a) == 1 and CONSTANT in a:
            return self.scale(a[CONSTANT], b)
        if len(b) == 1 and CONSTANT in b:
            return self.scale(b[CONSTANT], a)
        return self.product([(a, None), (b, None)])

    def product(self, factors: Sequence[tuple[Poly, dict[int, int] | None]],
                summed: Sequence[tuple[int, Axis]] = ()) -> Poly:  # fmt: skip
        """The product, the free indices of each factor renamed, and those below 0 summed."""
        ones = self._ones(dict(summed))
        found: Poly = {}
        choices = [list(poly.items()) for poly, _ in factors]
        for choice in every_choice(*choices):
            count: Number = 1
            flat = list(ones)
            for (term, n), (_, names) in zip(choice, factors, strict=True):
                count = count * n
                flat += self._renamed(term, names)
            self.gather(found, count, flat)
        return found

    def power(self, poly: Poly, n: int) -> Poly:
        found: Poly = {CONSTANT: 1}
        if n > MOST_POWER:
            raise OverBudget
        for _ in range(n):
            found = self.multiply(found, poly)
        return found

    def rename(self, poly: Poly, names: dict[int, int]) -> Poly:
        """Free indices by other names, which may coincide or be summed."""
        found: Poly = {}
        for term, count in poly.items():
            self.gather(found, count, self._renamed(term, names))
        return found

    def _renamed(self, term: Term, names: dict[int, int] | None) -> list[Factor]:
        apart: dict[int, int] = {}
        flat = []
        for atom, own, exponent in term:
            spots = []
            for i in own:
                if i < 0:
                    if i not in apart:
                        self._last -= 1
                        apart[i] = self._last
                    i = apart[i]
                elif names is not None:
                    i = names.get(i, i)
                spots.append(i)
            flat.append((atom, tuple(spots), exponent))
        return flat

    # -------------------------------------------------------------------------------- terms

    def gather(self, into: Poly, count: Number, factors: Sequence[Factor]) -> None:
        """Add this product to the polynomial, by all the laws of its atoms."""
        waiting = [(count, factors)]
        while waiting:
            n, flat = waiting.pop()
            self.tick()
            made = self._tidied(n, flat)
            if isinstance(made, list):
                waiting += made
            elif made is not None:
                collect(into, self._canonical(made[1]), made[0])

    def _tidied(
        self, count: Number, factors: Sequence[Factor]
    ) -> tuple[Number, list[Factor]] | list[tuple[Number, list[Factor]]] | None:
        """The term in order; a list of products that it is the sum of; or None for 0."""
        atoms = self.atoms
        extent: dict[int, Axis] = {}
        deltas: list[tuple[int, int, int]] = []
        powers: dict[tuple[int, tuple[int, ...]], Number] = {}
        for a, own, e in factors:
            atom = atoms[a]
            for i, n in zip(own, atom.axes):
                if i < 0:
                    extent[i] = n
            if atom.kind == "delta":
                if e < 0:
                    raise Undefined
                deltas.append((a, own[0], own[1]))
            elif atom.kind != "ones":
                key = a, own
                powers[key] = powers.get(key, 0) + e
        if deltas:
            powers = self._merged(deltas, powers, extent)
        if any(atoms[a].kind == "incidence" for a, _ in powers):
            found = determined(atoms, self.atom, powers, extent)
            if found is not None:
                rest, gone = found
                return None if rest is None else [(count, rest + self._ones(extent, gone))]
        kept: list[Factor] = []
        for (a, own), e in powers.items():
            if e == 0:
                continue
            atom = atoms[a]
            if atom.law == "idempotent" and e > 0:
                e = 1
            elif atom.law == "sign":
                e = e % 2
            elif atom.kind == "prime" and not 0 < e < 1:
                if abs(e) > MOST_POWER:
                    raise OverBudget
                count = count * Fraction(atom.content[0]) ** floor(e)
                e = e - floor(e)
            elif atom.kind == "function" and atom.content[0] == "sin" and e >= 2:
                # sin^2 = 1 - cos^2
                cos = self.atom("function", ("cos", *atom.content[1:]), atom.axes)
                self.atoms[cos].orders = atom.orders
                rest = [(b, o, x) for (b, o), x in powers.items() if (b, o) != (a, own)]
                rest += [*self._ones(extent), (a, own, e - 2)]
                return [(count, rest), (-count, [*rest, (cos, own, 2)])]
            elif atom.kind == "P" and e >= 1:
                # a whole power of a sum is multiplied out
                rest = [(b, o, x) for (b, o), x in powers.items() if (b, o) != (a, own)]
                rest += self._ones(extent)
                if e > 1:
                    rest.append((a, own, e - 1))
                return [(count * n, rest + at) for n, at in self.instance(atom.base, own)]
            if e:
                kept.append((a, own, e))
        if any(atoms[f[0]].kind == "stack" for f in kept) and (step := unstacked(self, kept)):
            left = {i: n for i, n in extent.items() if i not in step[1]}
            return [(count, [*step[0], *self._ones(left)])]
        laws = [f for f in kept if atoms[f[0]].kind in "HZ" or atoms[f[0]].total]
        if laws and (made := self._by_law(laws, count, kept, extent)) is not False:
            return made
        meet = any(atoms[a].joins for a, _, _ in kept)
        if meet and (made := joined(self, count, kept, extent)) is not None:
            return made
        for law in self.product_laws:
            if (found := law(count, kept, extent)) is not None:
                return found
        if extent:
            used = {i for _, own, _ in kept for i in own}
            for i, n in extent.items():
                if i in used:
                    continue
                if isinstance(n, int):
                    count = count * n
                    continue
                rest = [*kept, *self._ones(extent, i)]
                return [(count * c, [*rest, *term]) for term, c in self.size(n).items()]
        return (count, kept) if count else None

    def _ones(self, extent: dict[int, Axis], but: int | None = None) -> list[Factor]:
        """Factors that keep summed indices in mind while others are replaced."""
        return [(self.atom("ones", (), (n,)), (i,), 1) for i, n in extent.items() if i != but]

    def _merged(self, deltas: list, powers: dict, extent: dict) -> dict:
        """Indices that a delta makes equal become one; what is left of a delta is between free
        indices, the least first."""
        equal: dict[int, int] = {}

        def now(i: int) -> int:
            while i in equal:
                i = equal[i]
            return i

        for _, i, j in deltas:
            i, j = now(i), now(j)
            if i != j:
                gone, stays = (i, j) if j >= 0 and (i < 0 or j < i) else (j, i)
                equal[gone] = stays
                extent.pop(gone, None)
        found: dict[tuple[int, tuple[int, ...]], Number] = {}
        for (a, own), e in powers.items():
            key = a, tuple(now(i) for i in own)
            found[key] = found.get(key, 0) + e
        for a, *ends in deltas:
            for i in ends:
                if i >= 0 and now(i) != i:
                    found[a, (now(i), i)] = 1
        return found

    def _by_law(self, laws: list[Factor], count: Number, kept: list[Factor], extent: dict):
        """What the laws of indicators and of distributions make of a term; False if nothing."""
        atoms = self.atoms
        for k, (a, own, e) in enumerate(laws):
            atom = atoms[a]
            if atom.kind == "Z":
                # u 1[u = 0] = 0
                if self._vanishes(atom.base, own, kept):
                    return None
                ones = self._ones(extent)
                made = on_its_zeros(self, atom, own, count, kept, ones)  # type: ignore[arg-type]
                if made is not None:
                    return made
                twin = self.named.get(("H", atom.content, atom.axes))
                if twin is not None and any(f[0] == twin and f[1] == own for f in kept):
                    return None
            if not atom.total:
                continue
            if atom.law == "idempotent":
                for b, other, _ in laws[k + 1 :]:
                    if b == a and other[:-1] == own[:-1]:  # only one entry is 1
                        delta = self.atom("delta", (), (atom.axes[-1],) * 2)
                        ones = self._ones(extent)
                        return [(count, [*kept, *ones, (delta, (own[-1], other[-1]), 1)])]
            last = own[-1]
            if last < 0 and e == 1 and sum(o.count(last) for _, o, _ in kept) == 1:
                rest = [f for f in kept if f[:2] != (a, own)]
                return [(count, rest + self._ones(extent, last))]
        return False

    def _vanishes(self, base: Poly, own: tuple[int, ...], kept: list[Factor]) -> bool:
        """Whether a base of one product without sums has each of its factors in this term."""
        if len(base) != 1:
            return False
        (term,) = base
        powers = {(b, o): x for b, o, x in kept}
        return bool(term) and all(
            min(o, default=0) >= 0 and 0 < x <= powers.get((b, tuple(own[s] for s in o)), 0)
            for b, o, x in term
        )

    def instance(self, base: Poly, own: tuple[int, ...]) -> list[tuple[Number, list[Factor]]]:
        """The terms of a base at these indices, their summed indices fresh."""
        names = dict(enumerate(own))
        return [(n, self._renamed(term, names)) for term, n in base.items()]

    def at(self, base: Poly, own: tuple[int, ...]) -> Poly:
        return self.rename(base, dict(enumerate(own)))

    # ---------------------------------------------------------------------------- canonical

    def _canonical(self, kept: list[Factor]) -> Term:
        """The factors in order, the summed indices numbered -1, -2, .. whatever they were."""
        return min(map(self._ordered, turned(kept, self.atoms, self.atom)))

    def _ordered(self, kept: list[Factor]) -> Term:
        swaps = [k for k, f in enumerate(kept) if len(self.atoms[f[0]].orders) > 1]
        if not swaps:
            return labelled(kept)
        orders = [self.atoms[kept[k][0]].orders for k in swaps]
        best: Term | None = None
        for choice, _ in zip(every_choice(*orders), range(_MOST_ORDERS), strict=False):
            other = list(kept)
            for k, order in zip(swaps, choice, strict=True):
                a, own, e = kept[k]
                other[k] = (a, tuple(own[s] for s in order), e)
            made = labelled(other)
            best = made if best is None or made < best else best
        assert best is not None
        return best

    def slots(self, polys: Sequence[Poly], last: Sequence[int] = ()
              ) -> tuple[tuple, tuple[int, ...], tuple, list[Poly]]:  # fmt: skip
        """An identity for polynomials whatever their free indices are called.

        The identity, the free indices in the order of the slots, the orders of the slots that
        leave it as it is, and the polynomials over the slots.  ``last``: indices that are the last
        slots, in this order, whether they occur or not.
        """
        seen: dict[int, None] = {}
        for poly in polys:
            for term in poly:
                for _, own, _ in term:
                    for i in own:
                        if i >= 0 and i not in last:
                            seen[i] = None
        free = sorted(seen)
        tries = permutations(free) if len(free) <= 4 else [tuple(free)]
        best: tuple | None = None
        ways: list[tuple[int, ...]] = []
        for order in tries:
            whole = (*order, *last)
            names = {i: k for k, i in enumerate(whole)}
            if list(whole) == sorted(whole):  # the order of all terms stays
                over = [relabelled(poly, names) for poly in polys]
            else:
                over = [self.rename(poly, names) for poly in polys]
            key = tuple(tuple(sorted(poly.items())) for poly in over)
            if best is None or key < best[0]:
                best, ways = (key, whole, over), [whole]
            elif key == best[0]:
                ways.append(whole)
        assert best is not None
        key, whole, over = best
        place = {i: k for k, i in enumerate(whole)}
        orders = tuple(tuple(place[i] for i in way) for way in ways) if len(ways) > 1 else ()
        return key, whole, orders, over

    def bounds(self, poly: Poly) -> Interval:
        """An interval for the values of a polynomial."""
        total = Interval(0, 0)
        for term, count in poly.items():
            value, summed = Interval(count, count), False
            for a, own, e in term:
                value = value.times(self.atoms[a].bounds.power(e))
                summed = summed or min(own, default=0) < 0
            total = total + (value.summed() if summed else value)
        return total
