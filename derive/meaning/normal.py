"""One normal form for expressions, so that two ways of writing the same thing become one object.

The idea: an expression is a sum of products of powers.  Products are flattened and multiplied out
(up to a small bound), equal factors at the same indices are one power, indices are numbered by
colour refinement, factors and terms are sorted by a digest of their structure.  A named node is a
barrier: it stands for itself, and nothing below it is looked at.

Values agree wherever both expressions are defined: x / x is 1 although it has none at 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product as every_choice
from math import prod

from derive.kernel.build import ONE, add, coefficient, contracted, is_number, is_short, zeros
from derive.kernel.expr import (
    Add,
    Axes,
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Name,
    Num,
    Number,
    Ones,
    Var,
)  # fmt: skip
from derive.meaning.digests import Digests, visible
from derive.meaning.factors import (
    MOST_KEPT,
    MOST_TERMS,
    Factor,
    Term,
    based,
    copies,
    divided,
    is_sum,
    measured,
    multiple,
    raised,
    scaled,
    separate,
    to_power,
)
from derive.meaning.joins import joined
from derive.meaning.kinds import turning
from derive.meaning.level import cut, is_level
from derive.meaning.matrices import is_inverse, is_symmetric, plainer, without_inverses
from derive.meaning.numbering import turned
from derive.meaning.stacks import unstacked

_ZERO_ONE = frozenset({"gt", "ge", "lt", "le", "eq", "ne", "step"})


def normal(expr: Expr) -> Expr:
    """The normal form.  Equal normal forms are equal values; the converse is not promised."""
    return Normal().of(expr)


def same(a: Expr, b: Expr) -> bool:
    """Whether the normal forms show that two expressions are equal wherever both are defined.

    True is a proof; False says only that this did not show it.
    """
    if a is b:
        return True
    if a.axes != b.axes:
        return False
    both = Normal()
    return both.of(a) is both.of(b)


class Normal:
    """Normal forms, each found once: for those who ask about many expressions."""

    def __init__(self) -> None:
        self.known: dict[Expr, Expr] = {}
        self.digests = Digests()
        self._opened: dict[Expr, list[Term] | None] = {}

    def of(self, root: Expr) -> Expr:
        found = self.known.get(root)
        if found is None:
            for node in visible(root, self.known):
                form = self.known[node] = self._form(node)
                self.known[form] = form
            found = self.known[root]
        return found

    def _form(self, node: Expr) -> Expr:
        match node:
            case Add(terms):
                return self._sum([self.known[t] for t in terms])
            case Contract(factors, indices, out):
                count, core = coefficient(node)
                if core is not node and (found := multiple(count, self.of(core))) is not None:
                    return found
                forms = [Factor(self.known[f], own, 1)
                         for f, own in zip(factors, indices)]  # fmt: skip
                return self._product(forms, out, dict(self._extent(forms)))
            case Map(fn, (arg,)) if fn.name == "power":
                own = tuple(range(len(node.axes)))
                factors = separate(Factor(arg, own, fn.params[0]))
                forms = [f._replace(atom=self.of(f.atom)) for f in factors]
                return self._product(forms, own, dict(self._extent(forms)))
            case Map(fn, args) if args and node.axes:
                forms, kept = self._thinned([self.known[a] for a in args])
                return self._spread(Map(fn, tuple(forms)), kept, node.axes)
            case Map(fn, args):
                return Map(fn, tuple(self.known[a] for a in args))
            case Call(op, args) if not isinstance(op, Name):
                made = Call(op, tuple(self.known[a] for a in args))
                plain = plainer(made)
                return made if plain is None else self.of(plain)
            case _:
                return node

    def _thinned(self, forms: Sequence[Expr]) -> tuple[list[Expr], tuple[int, ...]]:
        """The forms without the axes along which all of them are constant, and the axes kept."""
        axes = range(len(forms[0].axes))
        kept = tuple(k for k in axes if not all(is_level(form, k) for form in forms))
        if len(kept) == len(axes):
            return list(forms), kept
        return [self.of(cut(form, kept)) for form in forms], kept

    def _spread(self, thin: Expr, kept: tuple[int, ...], axes: Axes) -> Expr:
        """An array of these axes that is constant along those that are not kept."""
        if len(kept) == len(axes):
            return thin
        factors = [Factor(thin, kept, 1)]
        return scaled(*self._monomial(1, factors, tuple(range(len(axes))), dict(enumerate(axes))))

    # ---------------------------------------------------------------------------------- sums

    def _sum(self, terms: Sequence[Expr]) -> Expr:
        """Like terms collected, and all of them sorted."""
        parts: list[Expr] = []
        for form in terms:
            parts += form.terms if type(form) is Add and len(form.terms) <= MOST_KEPT else (form,)
        return self._collected(map(coefficient, parts), terms[0].axes)

    def _collected(self, parts: Iterable[tuple[Number, Expr]], axes: Axes) -> Expr:
        """The sum of terms, each a number and the rest, of these axes."""
        counts: dict[Expr, Number] = {}
        for count, core in parts:
            counts[core] = counts[core] + count if core in counts else count
        kept = [(core, n) for core, n in counts.items() if n]
        if not kept:
            return zeros(axes)
        if len(kept) > 1:
            kept.sort(key=lambda pair: self.digests.of(pair[0]))
        return add(*[scaled(n, core) for core, n in kept])

    # ------------------------------------------------------------------------------ products

    @staticmethod
    def _extent(factors: Iterable[Factor]):
        for factor in factors:
            yield from zip(factor.own, factor.atom.axes)

    def _product(self, factors: list[Factor], out: tuple[int, ...], extent: dict) -> Expr:
        every = [one for factor in factors for one in copies(factor)]
        choices = [self._expanded(factor) for factor in every]
        if prod(len(c) for c in choices) > MOST_TERMS:
            choices = [
                c if len(c) == 1 else [self._whole(f)] for c, f in zip(choices, every, strict=True)
            ]
        terms: list[tuple[Number, Expr]] = []
        for choice in every_choice(*choices):
            count: Number = 1
            flat: list[Factor] = []
            top = 1 + max(extent, default=-1)
            for n, parts, inner_out, own in choice:
                count = n if count == 1 else count * n
                rename = dict(zip(inner_out, own))
                for atom, spots, exponent in parts:
                    for i in spots:
                        if i not in rename:
                            rename[i], top = top, top + 1
                    flat.append(Factor(atom, tuple([rename[i] for i in spots]), exponent))
            terms.append(self._monomial(count, flat, out, extent))
        return self._collected(terms, tuple([extent[i] for i in out]))

    def _expanded(self, factor: Factor) -> list[tuple[Number, list[Factor], tuple, tuple]]:
        """The terms of a factor, each as a number times factors, where its power allows it."""
        form, own, exponent = factor
        found: list[Term] | None = None
        if exponent == 1:
            if form not in self._opened:
                parts = form.terms if type(form) is Add else (form,)
                self._opened[form] = _all([self._taken(part, 1) for part in parts])
            found = self._opened[form]
        elif exponent.denominator == 1 and type(form) is not Add:
            found = _all([self._taken(form, exponent)])
        return [self._whole(factor)] if found is None else [(*one, own) for one in found]

    def _taken(self, part: Expr, exponent: Number) -> Term | None:
        """A term as a number times powers; None if the power does not go inside."""
        count, core = coefficient(part)
        if (count == 0 and exponent <= 0) or not is_short(count, exponent):
            return None
        axes = tuple(range(len(core.axes)))
        if core is ONE:
            return to_power(count, exponent), [], axes
        summing = exponent != 1 and type(core) is Contract and is_sum(core)
        if type(core) is not Contract or len(core.factors) > MOST_KEPT or summing:
            base, own_power = based(core)
            return (
                to_power(count, exponent),
                [Factor(base, axes, own_power * exponent)],
                axes,
            )
        flat = []
        for atom, own in zip(core.factors, core.indices):
            base, own_power = based(atom)
            flat.append(Factor(base, own, own_power * exponent))
        return to_power(count, exponent), flat, core.out

    def _whole(self, factor: Factor) -> tuple[Number, list[Factor], tuple, tuple]:
        """A factor that stays closed; its content goes out, so that 2a + 2b is 2 (a + b)."""
        form, own, exponent = factor
        axes = tuple(range(len(form.axes)))
        count: Number = 1
        if type(form) is Add and exponent.denominator == 1:
            content = coefficient(form.terms[0])[0]
            form = add(*(divided(t, content) for t in form.terms))
            count = to_power(content, exponent)
        (thin,), kept = self._thinned([form])
        factors = [Factor(thin, kept, exponent)]
        factors += [Factor(Ones(form.axes[k]), (k,), 1) for k in axes if k not in kept]
        return count, factors, axes, own

    def _monomial(
        self, count: Number, factors: list[Factor], out: tuple[int, ...], extent: dict
    ) -> tuple[Number, Expr]:
        """One product, a number and the rest: deltas and ones absorbed, powers added, indices
        numbered."""
        kinds = {type(atom) for atom, _, _ in factors}
        if Call in kinds and (without := without_inverses(factors, out)) is not factors:
            factors = [Factor(*f) for f in without]
            kinds = {type(atom) for atom, _, _ in factors}
        extent = dict(extent)
        for atom, own, _ in factors:
            extent.update(zip(own, atom.axes))
        equal: dict[int, int] = {}

        def now(i: int) -> int:
            while i in equal:
                i = equal[i]
            return i

        for atom, own, _ in factors if Delta in kinds else ():
            if type(atom) is Delta:
                place = {i: k for k, i in enumerate(out)}
                i, j = now(own[0]), now(own[1])
                if i != j:
                    stays, gone = sorted((i, j), key=lambda k: (place.get(k, len(out)), k))
                    equal[gone] = stays
        powers: dict[tuple[Expr, tuple[int, ...]], Number] = {}
        for atom, own, exponent in factors:
            kind = type(atom)
            if kind is Num and is_number(atom.value, exponent):  # type: ignore[attr-defined]
                count = count * to_power(atom.value, exponent)  # type: ignore[attr-defined]
            elif kind is not Delta and kind is not Ones:
                key = atom, tuple([now(i) for i in own]) if equal else own
                powers[key] = powers[key] + exponent if key in powers else exponent
        apart = unstacked(factors, powers, out, now) if Call in kinds else None
        if apart is not None:
            return self._monomial(count, [Factor(*one) for one in apart], out, extent)
        touched = {i for (_, own), exponent in powers.items() if exponent for i in own}
        alone = {now(i) for _, own, _ in factors for i in own if i not in touched}
        for i in sorted(alone.difference(touched, out)) if alone else ():
            # A sum of ones is a number, and a factor like any other.
            number, names = measured(extent[i])
            count = count * number
            for n in names:
                key = contracted((Ones(n),), ((0,),), ()), ()
                powers[key] = powers.get(key, 0) + 1
        left: list[Factor] = []
        for (atom, own), exponent in powers.items():
            if exponent != 1 and exponent > 1 and type(atom) is Map and atom.fn.name in _ZERO_ONE:
                exponent = 1  # 1 or 0: its own square
            if exponent:
                left.append(Factor(atom, own, exponent))
        if equal:
            left += [Factor(Delta(extent[i]), (t, i), 1)
                     for i in out if (t := now(i)) != i]  # fmt: skip
            touched |= {i for f in left for i in f.own}
        left += [Factor(Ones(extent[i]), (i,), 1) for i in out if i not in touched]
        if Var in kinds and (fewer := joined(left, out)) is not None:
            return self._monomial(count, [Factor(*f) for f in fewer], out, extent)
        return self._numbered(count, left, out, extent)

    # ----------------------------------------------------------------------------- numbering

    def _turning(self, factor: Factor) -> int:
        """The sign that a factor takes when its two indices change places; 0 if it is another."""
        mirror = is_inverse(factor.atom) and is_symmetric(factor.atom, self.of)
        return 1 if mirror else turning(factor.atom, factor.exponent)

    def _numbered(
        self, count: Number, factors: list[Factor], out: tuple[int, ...], extent: dict
    ) -> tuple[Number, Expr]:
        if count == 0 or not factors:
            return count, zeros(tuple([extent[i] for i in out])) if out else ONE
        digest = self.digests.of
        keys = [(digest(atom), exponent) for atom, _, exponent in factors]
        colour = {i: -1 for f in factors for i in f.own} | {i: k for k, i in enumerate(out)}
        turns = {k: sign for k, f in enumerate(factors)
                 if len(f.own) == 2 and (sign := self._turning(f))}  # fmt: skip
        order, number, own, sign = turned(keys, [f.own for f in factors], colour, len(out), turns)
        if not sign:
            return 0, zeros(tuple([extent[i] for i in out]))
        made = [raised(factors[k]) for k in order]
        spots = [tuple([number[i] for i in own[k]]) for k in order]
        core = contracted(made, spots, tuple([number[i] for i in out]))
        inner, core = coefficient(core)
        count = count if inner == 1 else count * inner
        return count if sign == 1 else -count, core


def _all(terms: list[Term | None]) -> list[Term] | None:
    """The terms, if every one of them is there."""
    return None if None in terms else terms  # type: ignore[return-value]
