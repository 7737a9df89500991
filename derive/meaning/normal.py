"""One normal form for expressions, so that two ways of writing the same thing become one object.

The idea: an expression is a sum of products of powers.  Products are flattened and multiplied out
(up to a small bound), equal factors at the same indices are one power, indices are numbered by
colour refinement, factors and terms are sorted by a digest of their structure.  A named node is a
barrier: it stands for itself, and nothing below it is looked at.

Values agree wherever both expressions are defined: x / x is 1 although it has none at 0.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from fractions import Fraction
from hashlib import blake2b
from itertools import product as every_choice
from math import prod
from typing import NamedTuple, TypeAlias

from derive.kernel.build import ONE, add, contracted, scale, zeros
from derive.kernel.expr import Add, Call, Contract, Delta, Expr, Map, Name, Num, Number, Ones, Var
from derive.operators.pointwise import power

_MOST_TERMS = 12  # a product is multiplied out if no more terms than this come of it
_MOST_KEPT = 32  # longer sums and products are not merged into the ones around them
_MOST_TRIES = 64  # ways tried to number indices that look alike
_ZERO_ONE = frozenset({"gt", "ge", "lt", "le", "eq", "ne", "step"})


class Factor(NamedTuple):
    """An atom to an elementwise power, and the index of each of its axes."""

    atom: Expr
    own: tuple[int, ...]
    exponent: Fraction


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


def is_barrier(node: Expr) -> bool:
    return type(node) is Call and isinstance(node.op, Name)


def visible(root: Expr, known: Container[Expr] = ()) -> list[Expr]:
    """Every node of an expression that is not below a name, kids before parents.

    What is ``known`` is passed over, and so is what only it contains.
    """
    order: list[Expr] = []
    seen: set[Expr] = set()
    stack: list[tuple[Expr, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in seen and node not in known:
            seen.add(node)
            stack.append((node, True))
            if not is_barrier(node):
                stack.extend((kid, False) for kid in reversed(node.kids))
    return order


class Digests:
    """A key for every node by its structure alone: the same in every process and every run."""

    def __init__(self) -> None:
        self._known: dict[Expr, bytes] = {}

    def of(self, root: Expr) -> bytes:
        found = self._known.get(root)
        if found is None:
            for node in visible(root, self._known):
                self._known[node] = self._digest(node)
            found = self._known[root]
        return found

    def _digest(self, node: Expr) -> bytes:
        kids: Iterable[bytes] = ()
        match node:
            case Var(name, axes, letters):
                own = ("var", name, [str(n) for n in axes], letters)
            case Num(value):
                own = ("num", str(value))
            case Delta(n) | Ones(n):
                own = (type(node).__name__, str(n))
            case Call(Name(symbol, letters)):
                own = ("name", symbol, letters, [str(n) for n in node.axes])
            case Contract(_, indices, out):
                own, kids = ("contract", indices, out), map(self._known.__getitem__, node.kids)
            case Map(fn) | Call(fn) if not isinstance(fn, Name):
                params = [str(p) for p in fn.params]
                own, kids = (fn.name, params), map(self._known.__getitem__, node.kids)
            case _:
                own, kids = ("add",), map(self._known.__getitem__, node.kids)
        return blake2b(repr(own).encode() + b"".join(kids), digest_size=16).digest()


class Normal:
    """Normal forms, each found once: for those who ask about many expressions."""

    def __init__(self) -> None:
        self.known: dict[Expr, Expr] = {}
        self.digests = Digests()

    def of(self, root: Expr) -> Expr:
        if root not in self.known:
            for node in visible(root, self.known):
                self.known[node] = self._form(node)
        return self.known[root]

    def _form(self, node: Expr) -> Expr:
        match node:
            case Add(terms):
                return self._sum([self.known[t] for t in terms])
            case Contract(factors, indices, out):
                forms = [Factor(self.known[f], own, Fraction(1))
                         for f, own in zip(factors, indices)]  # fmt: skip
                return self._product(forms, out, dict(self._extent(forms)))
            case Map(fn, (arg,)) if fn.name == "power":
                own = tuple(range(len(node.axes)))
                forms = [Factor(self.known[arg], own, Fraction(fn.params[0]))]
                return self._product(forms, own, dict(self._extent(forms)))
            case Map(fn, args):
                return Map(fn, tuple(self.known[a] for a in args))
            case Call(op, args) if not isinstance(op, Name):
                return Call(op, tuple(self.known[a] for a in args))
            case _:
                return node

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
            choices = [self._expanded(factor) for factor in factors]
            choices = [
                c if len(c) == 1 else [self._whole(f)]
                for c, f in zip(choices, factors, strict=True)
            ]
        terms: list[Expr] = []
        for choice in every_choice(*choices):
            count: Number = 1
            flat: list[Factor] = []
            top = 1 + max(extent, default=-1)
            for n, parts, inner_out, own in choice:
                count = count * n
                rename = dict(zip(inner_out, own))
                for atom, spots, exponent in parts:
                    for i in spots:
                        if i not in rename:
                            rename[i], top = top, top + 1
                    flat.append(Factor(atom, tuple(rename[i] for i in spots), exponent))
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

    def _taken(self, part: Expr, exponent: Fraction) -> Term | None:
        """A term as a number times powers; None if the power does not go inside."""
        count, core = split(part)
        if count == 0 and exponent <= 0:
            return None
        axes = tuple(range(len(core.axes)))
        if core is ONE:
            return Fraction(count) ** int(exponent), [], axes
        summing = (
            exponent != 1
            and type(core) is Contract
            and (not {i for own in core.indices for i in own} <= set(core.out))
        )
        if type(core) is not Contract or len(core.factors) > _MOST_KEPT or summing:
            base, own_power = _based(core)
            return (
                Fraction(count) ** int(exponent),
                [Factor(base, axes, own_power * exponent)],
                axes,
            )
        flat = []
        for atom, own in zip(core.factors, core.indices):
            base, own_power = _based(atom)
            flat.append(Factor(base, own, own_power * exponent))
        return Fraction(count) ** int(exponent), flat, core.out

    def _whole(self, factor: Factor) -> tuple[Number, list[Factor], tuple, tuple]:
        """A factor that stays closed; its content goes out, so that 2a + 2b is 2 (a + b)."""
        form, own, exponent = factor
        axes = tuple(range(len(form.axes)))
        count: Number = 1
        if type(form) is Add and exponent.denominator == 1:
            content = split(form.terms[0])[0]
            form = add(*(_divided(t, content) for t in form.terms))
            count = Fraction(content) ** int(exponent)
        return count, [Factor(form, axes, exponent)], axes, own

    def _monomial(self, count: Number, factors: list[Factor], out: tuple, extent: dict) -> Expr:
        """One product: deltas and ones absorbed, powers added, indices numbered."""
        extent = {**extent, **dict(self._extent(factors))}
        equal: dict[int, int] = {}

        def now(i: int) -> int:
            while i in equal:
                i = equal[i]
            return i

        place = {i: k for k, i in enumerate(out)}
        for atom, own, _ in factors:
            if type(atom) is Delta:
                i, j = now(own[0]), now(own[1])
                if i != j:
                    stays, gone = sorted((i, j), key=lambda k: (place.get(k, len(out)), k))
                    equal[gone] = stays
        powers: dict[tuple[Expr, tuple[int, ...]], Fraction] = {}
        for atom, own, exponent in factors:
            if type(atom) is Num and exponent.denominator == 1:
                count = count * Fraction(atom.value) ** int(exponent)
            elif type(atom) not in (Delta, Ones):
                key = atom, tuple(now(i) for i in own)
                powers[key] = powers.get(key, Fraction(0)) + exponent
        left: list[Factor] = []
        for (atom, own), exponent in powers.items():
            if type(atom) is Map and atom.fn.name in _ZERO_ONE and exponent > 1:
                exponent = Fraction(1)  # 1 or 0: its own square
            if exponent:
                left.append(Factor(atom, own, exponent))
        touched = {i for f in left for i in f.own}
        summed = {now(i) for atom, own, _ in factors for i in own} - touched - set(out)
        for i in sorted(summed):
            left.append(Factor(Ones(extent[i]), (i,), Fraction(1)))
        targets = [now(i) for i in out]
        left += [Factor(Delta(extent[i]), (t, i), Fraction(1))
                 for t, i in zip(targets, out) if t != i]  # fmt: skip
        touched |= {i for f in left for i in f.own}
        left += [Factor(Ones(extent[i]), (i,), Fraction(1)) for i in out if i not in touched]
        return self._numbered(count, left, out)

    # ----------------------------------------------------------------------------- numbering

    def _numbered(self, count: Number, factors: list[Factor], out: tuple[int, ...]) -> Expr:
        if count == 0 or not factors:
            axes = tuple(dict(self._extent(factors))[i] for i in out)
            return zeros(axes) if count == 0 else Num(_tidy_number(count))
        keys = [(self.digests.of(f.atom), f.exponent) for f in factors]
        colour = {i: -1 for f in factors for i in f.own} | {i: k for k, i in enumerate(out)}
        tries = [_MOST_TRIES]
        _, order, number = _best(keys, [f.own for f in factors], colour, len(out), tries)
        made = [_raised(factors[k]) for k in order]
        spots = [tuple(number[i] for i in factors[k].own) for k in order]
        return contracted([Num(_tidy_number(count)), *made], [(), *spots],
                          tuple(number[i] for i in out))  # fmt: skip


def _tidy_number(count: Number) -> Number:
    return int(count) if count == int(count) else count


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


def _copies(factor: Factor) -> list[Factor]:
    """The square or cube of a sum as two or three factors, to be multiplied out."""
    if type(factor.atom) is Add and factor.exponent in (2, 3):
        return [Factor(factor.atom, factor.own, Fraction(1))] * int(factor.exponent)
    return [factor]


def _divided(term: Expr, content: Number) -> Expr:
    count, core = split(term)
    return scaled(Fraction(count) / content, core)


def _based(atom: Expr) -> tuple[Expr, Fraction]:
    """An atom as a power of a base."""
    if type(atom) is Map and atom.fn.name == "power":
        return atom.args[0], Fraction(atom.fn.params[0])
    return atom, Fraction(1)


def _raised(factor: Factor) -> Expr:
    return factor.atom if factor.exponent == 1 else power(factor.exponent)(factor.atom)


def _refined(keys: Sequence, spots: Sequence[tuple[int, ...]], colour: dict[int, int],
             free: int) -> dict[int, int]:  # fmt: skip
    """Indices coloured apart by what meets there, until nothing changes."""
    while True:
        seen: dict[int, list] = {i: [] for i in colour}
        for key, own in zip(keys, spots):
            look = (key, tuple(colour[i] for i in own))
            for at, i in enumerate(own):
                seen[i].append((look, at))
        marks = {i: (colour[i], tuple(sorted(seen[i]))) for i in colour}
        ranks = {mark: k for k, mark in enumerate(sorted(set(marks.values())))}
        # free indices keep their places; the summed ones follow
        finer = {i: c if 0 <= c < free else free + ranks[marks[i]] for i, c in colour.items()}
        if len(set(finer.values())) == len(set(colour.values())):
            return finer
        colour = finer


def _best(keys: Sequence, spots: Sequence[tuple[int, ...]], colour: dict[int, int], free: int,
          tries: list[int]) -> tuple[list, list[int], dict[int, int]]:  # fmt: skip
    """The least of the numberings that respect the colours: its picture, order and numbers."""
    colour = _refined(keys, spots, colour, free)
    classes: dict[int, list[int]] = {}
    for i, c in colour.items():
        classes.setdefault(c, []).append(i)
    tied = next(
        (sorted(members) for _, members in sorted(classes.items()) if len(members) > 1), None
    )
    if tied is None or tries[0] <= 0:
        ranked = sorted(colour, key=lambda i: (colour[i], i))
        number = {i: k for k, i in enumerate(ranked)}
        looks = [(key, tuple(number[i] for i in own)) for key, own in zip(keys, spots)]
        order = sorted(range(len(keys)), key=lambda k: looks[k])
        tries[0] -= 1
        return [looks[k] for k in order], order, number
    found = []
    for i in tied:
        found.append(_best(keys, spots, _spaced(colour, i, free), free, tries))
        if tries[0] <= 0:
            break
    return min(found, key=lambda one: one[0])


def _spaced(colour: dict[int, int], chosen: int, free: int) -> dict[int, int]:
    """The colours with one index ahead of its class."""
    return {
        i: c if c < free and c >= 0 else free + 2 * (c - free) + (i != chosen)
        for i, c in colour.items()
    }
