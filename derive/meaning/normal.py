"""One normal form for expressions, so that two ways of writing the same thing become one object.

The idea: an expression is a sum of products of powers.  Products are flattened and multiplied out
(up to a small bound), equal factors at the same indices are one power, indices are numbered by
colour refinement, factors and terms are sorted by a digest of their structure.  A named node is a
barrier: it stands for itself, and nothing below it is looked at.

Values agree wherever both expressions are defined: x / x is 1 although it has none at 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import product as every_choice
from math import prod
from typing import NamedTuple, TypeAlias

from derive.kernel.build import ONE, add, contracted, is_number, is_short, scale, zeros
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
)  # fmt: skip
from derive.kernel.sizes import Axis, size
from derive.meaning.digests import Digests, visible
from derive.meaning.joins import joined
from derive.meaning.kinds import turning
from derive.meaning.level import cut, is_level
from derive.meaning.matrices import is_inverse, is_symmetric, plainer, without_inverses
from derive.meaning.numbering import turned
from derive.meaning.stacks import unstacked
from derive.operators.pointwise import power

_MOST_TERMS = 12  # a product is multiplied out if no more terms than this come of it
_MOST_KEPT = 32  # longer sums and products are not merged into the ones around them
_ZERO_ONE = frozenset({"gt", "ge", "lt", "le", "eq", "ne", "step"})


class Factor(NamedTuple):
    """An atom to an elementwise power, and the index of each of its axes."""

    atom: Expr
    own: tuple[int, ...]
    exponent: Number


Term: TypeAlias = "tuple[Number, list[Factor], tuple[int, ...]]"


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

    def of(self, root: Expr) -> Expr:
        if root not in self.known:
            for node in visible(root, self.known):
                form = self.known[node] = self._form(node)
                self.known[form] = form
        return self.known[root]

    def _form(self, node: Expr) -> Expr:
        match node:
            case Add(terms):
                return self._sum([self.known[t] for t in terms])
            case Contract(factors, indices, out):
                forms = [Factor(self.known[f], own, 1)
                         for f, own in zip(factors, indices)]  # fmt: skip
                return self._product(forms, out, dict(self._extent(forms)))
            case Map(fn, (arg,)) if fn.name == "power":
                own = tuple(range(len(node.axes)))
                factors = _separate(Factor(arg, own, fn.params[0]))
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
        return self._monomial(1, factors, tuple(range(len(axes))), dict(enumerate(axes)))

    # ---------------------------------------------------------------------------------- sums

    def _sum(self, terms: Sequence[Expr]) -> Expr:
        """Like terms collected, and all of them sorted."""
        counts: dict[Expr, Number] = {}
        for form in terms:
            parts = form.terms if type(form) is Add and len(form.terms) <= _MOST_KEPT else (form,)
            for part in parts:
                count, core = split(part)
                counts[core] = counts.get(core, 0) + count
        kept = [(core, n) for core, n in counts.items() if n]
        if not kept:
            return zeros(terms[0].axes)
        kept.sort(key=lambda pair: self.digests.of(pair[0]))
        return add(*(scaled(n, core) for core, n in kept))

    # ------------------------------------------------------------------------------ products

    @staticmethod
    def _extent(factors: Iterable[Factor]):
        for factor in factors:
            yield from zip(factor.own, factor.atom.axes)

    def _product(self, factors: list[Factor], out: tuple[int, ...], extent: dict) -> Expr:
        copies = [one for factor in factors for one in _copies(factor)]
        choices = [self._expanded(factor) for factor in copies]
        if prod(len(c) for c in choices) > _MOST_TERMS:
            choices = [
                c if len(c) == 1 else [self._whole(f)] for c, f in zip(choices, copies, strict=True)
            ]
        terms: list[Expr] = []
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
        return self._sum(terms)

    def _expanded(self, factor: Factor) -> list[tuple[Number, list[Factor], tuple, tuple]]:
        """The terms of a factor, each as a number times factors, where its power allows it."""
        form, own, exponent = factor
        whole = exponent.denominator == 1
        if exponent == 1 or (whole and type(form) is not Add):
            parts = form.terms if type(form) is Add else (form,)
            found = [self._taken(part, exponent) for part in parts]
            if all(one is not None for one in found):
                return [(*one, own) for one in found if one is not None]
        return [self._whole(factor)]

    def _taken(self, part: Expr, exponent: Number) -> Term | None:
        """A term as a number times powers; None if the power does not go inside."""
        count, core = split(part)
        if (count == 0 and exponent <= 0) or not is_short(count, exponent):
            return None
        axes = tuple(range(len(core.axes)))
        if core is ONE:
            return _to_power(count, exponent), [], axes
        summing = exponent != 1 and type(core) is Contract and _is_sum(core)
        if type(core) is not Contract or len(core.factors) > _MOST_KEPT or summing:
            base, own_power = _based(core)
            return (
                _to_power(count, exponent),
                [Factor(base, axes, own_power * exponent)],
                axes,
            )
        flat = []
        for atom, own in zip(core.factors, core.indices):
            base, own_power = _based(atom)
            flat.append(Factor(base, own, own_power * exponent))
        return _to_power(count, exponent), flat, core.out

    def _whole(self, factor: Factor) -> tuple[Number, list[Factor], tuple, tuple]:
        """A factor that stays closed; its content goes out, so that 2a + 2b is 2 (a + b)."""
        form, own, exponent = factor
        axes = tuple(range(len(form.axes)))
        count: Number = 1
        if type(form) is Add and exponent.denominator == 1:
            content = split(form.terms[0])[0]
            form = add(*(_divided(t, content) for t in form.terms))
            count = _to_power(content, exponent)
        (thin,), kept = self._thinned([form])
        factors = [Factor(thin, kept, exponent)]
        factors += [Factor(Ones(form.axes[k]), (k,), 1) for k in axes if k not in kept]
        return count, factors, axes, own

    def _monomial(self, count: Number, factors: list[Factor], out: tuple, extent: dict) -> Expr:
        """One product: deltas and ones absorbed, powers added, indices numbered."""
        without = without_inverses(factors, out)
        if without is not factors:
            factors = [Factor(*f) for f in without]
        extent = {**extent, **dict(self._extent(factors))}
        equal: dict[int, int] = {}

        def now(i: int) -> int:
            while i in equal:
                i = equal[i]
            return i

        for atom, own, _ in factors:
            if type(atom) is Delta:
                place = {i: k for k, i in enumerate(out)}
                i, j = now(own[0]), now(own[1])
                if i != j:
                    stays, gone = sorted((i, j), key=lambda k: (place.get(k, len(out)), k))
                    equal[gone] = stays
        powers: dict[tuple[Expr, tuple[int, ...]], Number] = {}
        for atom, own, exponent in factors:
            if type(atom) is Num and is_number(atom.value, exponent):
                count = count * _to_power(atom.value, exponent)
            elif type(atom) not in (Delta, Ones):
                key = atom, tuple([now(i) for i in own]) if equal else own
                powers[key] = powers.get(key, 0) + exponent
        apart = unstacked(factors, powers, out, now)
        if apart is not None:
            return self._monomial(count, [Factor(*one) for one in apart], out, extent)
        touched = {i for (_, own), exponent in powers.items() if exponent for i in own}
        alone = {now(i) for _, own, _ in factors for i in own if i not in touched}
        for i in sorted(alone.difference(touched, out)):
            # A sum of ones is a number, and a factor like any other.
            number, names = _measured(extent[i])
            count = count * number
            for n in names:
                key = contracted((Ones(n),), ((0,),), ()), ()
                powers[key] = powers.get(key, 0) + 1
        left: list[Factor] = []
        for (atom, own), exponent in powers.items():
            if type(atom) is Map and atom.fn.name in _ZERO_ONE and exponent > 1:
                exponent = 1  # 1 or 0: its own square
            if exponent:
                left.append(Factor(atom, own, exponent))
        if equal:
            left += [Factor(Delta(extent[i]), (t, i), 1)
                     for i in out if (t := now(i)) != i]  # fmt: skip
        touched |= {i for f in left for i in f.own}
        left += [Factor(Ones(extent[i]), (i,), 1) for i in out if i not in touched]
        if (fewer := joined(left, out)) is not None:
            return self._monomial(count, [Factor(*f) for f in fewer], out, extent)
        return self._numbered(count, left, out, extent)

    # ----------------------------------------------------------------------------- numbering

    def _turning(self, factor: Factor) -> int:
        """The sign that a factor takes when its two indices change places; 0 if it is another."""
        mirror = is_inverse(factor.atom) and is_symmetric(factor.atom, self.of)
        return 1 if mirror else turning(factor.atom, factor.exponent)

    def _numbered(
        self, count: Number, factors: list[Factor], out: tuple[int, ...], extent: dict
    ) -> Expr:
        if count == 0:
            return zeros(tuple([extent[i] for i in out]))
        if not factors:
            return Num(_tidy_number(count))
        keys = [(self.digests.of(f.atom), f.exponent) for f in factors]
        colour = {i: -1 for f in factors for i in f.own} | {i: k for k, i in enumerate(out)}
        turns = {k: sign for k, f in enumerate(factors) if (sign := self._turning(f))}
        order, number, own, sign = turned(keys, [f.own for f in factors], colour, len(out), turns)
        if not sign:
            return zeros(tuple([extent[i] for i in out]))
        made = [_raised(factors[k]) for k in order]
        spots = [tuple([number[i] for i in own[k]]) for k in order]
        return contracted([Num(_tidy_number(sign * count)), *made], [(), *spots],
                          tuple(number[i] for i in out))  # fmt: skip


def _tidy_number(count: Number) -> Number:
    return count.numerator if count.denominator == 1 else count


def _to_power(count: Number, exponent: Number) -> Number:
    """A number to a whole power, exactly."""
    return count if exponent == 1 else Fraction(count) ** int(exponent)


def split(term: Expr) -> tuple[Number, Expr]:
    """The leading number of a term, and the rest (1 for a number)."""
    if type(term) is Num:
        return term.value, ONE
    if type(term) is Contract and type(term.factors[0]) is Num:
        rest = contracted(term.factors[1:], term.indices[1:], term.out)
        return term.factors[0].value, rest
    return 1, term


def scaled(count: Number, core: Expr) -> Expr:
    """The number times the rest, as one flat product: the inverse of ``split``."""
    if type(core) is not Contract:
        return scale(count, core)
    return contracted((Num(_tidy_number(count)), *core.factors), ((), *core.indices), core.out)


def _separate(power: Factor) -> list[Factor]:
    """A whole power of a product as the product of the powers, before any is multiplied out."""
    done: list[Factor] = []
    stack = [power]
    while stack:
        atom, own, exponent = stack.pop()
        if exponent.denominator != 1:
            done.append(Factor(atom, own, exponent))
        elif type(atom) is Map and atom.fn.name == "power":
            stack.append(Factor(atom.args[0], own, exponent * atom.fn.params[0]))
        elif type(atom) is Contract and not _is_sum(atom):
            name = dict(zip(atom.out, own))
            for factor, spots in zip(atom.factors, atom.indices):
                stack.append(Factor(factor, tuple(name[i] for i in spots), exponent))
        else:
            done.append(Factor(atom, own, exponent))
    return done


def _copies(factor: Factor) -> list[Factor]:
    """The square of a sum as two factors, to be multiplied out: small powers are products."""
    atom, own, exponent = factor
    base, root = _based(atom)
    if exponent.denominator == 1 and (root * exponent).denominator == 1:
        # the fourth power of a root
        atom, exponent = base, root * exponent
    sums = type(atom) is Add or (type(atom) is Contract and _is_sum(atom))
    if sums and exponent in (2, 3, 4):
        return [Factor(atom, own, 1)] * int(exponent)
    return [factor]


def _is_sum(product: Contract) -> bool:
    """Whether a product is summed over an index."""
    return not {i for own in product.indices for i in own} <= set(product.out)


def _measured(n: Axis) -> tuple[int, tuple[Axis, ...]]:
    """A size as a number times sizes: 2 n m."""
    if isinstance(n, int):
        return n, ()
    (names, count), *others = n.terms or (((), 0),)
    if others:
        return 1, (n,)
    return count, tuple(size(name) for name in names)


def _divided(term: Expr, content: Number) -> Expr:
    count, core = split(term)
    return scaled(Fraction(count) / content, core)


def _based(atom: Expr) -> tuple[Expr, Number]:
    """An atom as a power of a base."""
    if type(atom) is Map and atom.fn.name == "power":
        return atom.args[0], atom.fn.params[0]
    return atom, 1


def _raised(factor: Factor) -> Expr:
    return factor.atom if factor.exponent == 1 else power(factor.exponent)(factor.atom)
