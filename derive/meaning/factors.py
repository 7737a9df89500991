"""What a normal form is put together from: numbers, factors to a power, and terms.

The idea: a term is a number times the rest, a factor an atom to an elementwise power, and whatever
takes one of them apart has an inverse that puts it together.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple, TypeAlias

from derive.kernel.build import add, coefficient, contracted, scale
from derive.kernel.expr import Add, Contract, Expr, Map, Num, Number
from derive.kernel.sizes import Axis, size
from derive.operators.pointwise import power

MOST_TERMS = 12  # a product is multiplied out if no more terms than this come of it
MOST_KEPT = 32  # longer sums and products are not merged into the ones around them


class Factor(NamedTuple):
    """An atom to an elementwise power, and the index of each of its axes."""

    atom: Expr
    own: tuple[int, ...]
    exponent: Number


Term: TypeAlias = "tuple[Number, list[Factor], tuple[int, ...]]"


def multiple(count: Number, form: Expr) -> Expr | None:
    """The normal form of a number times a form, term by term; None if its products stay closed."""
    terms = form.terms if type(form) is Add else (form,)
    if not count or len(terms) > MOST_TERMS:
        return None
    pairs = [coefficient(term) for term in terms]
    if any(type(core) is Contract and len(core.factors) > MOST_KEPT for _, core in pairs):
        return None
    return add(*[scaled(count * n, core) for n, core in pairs])


def tidy_number(count: Number) -> Number:
    return count.numerator if count.denominator == 1 else count


def to_power(count: Number, exponent: Number) -> Number:
    """A number to a whole power, exactly."""
    return count if exponent == 1 else Fraction(count) ** int(exponent)


def scaled(count: Number, core: Expr) -> Expr:
    """The number times the rest, as one flat product: the inverse of ``coefficient``."""
    if count == 1:
        return core
    if type(core) is not Contract:
        return scale(count, core)
    if not count or type(core.factors[0]) is Num:
        return contracted((Num(tidy_number(count)), *core.factors), ((), *core.indices), core.out)
    # A product stays as it is behind a number, which has no index.
    fields = (Num(tidy_number(count)), *core.factors), ((), *core.indices), core.out
    return Contract.interned(fields, core.axes)


def separate(power: Factor) -> list[Factor]:
    """A whole power of a product as the product of the powers, before any is multiplied out."""
    done: list[Factor] = []
    stack = [power]
    while stack:
        atom, own, exponent = stack.pop()
        if exponent.denominator != 1:
            done.append(Factor(atom, own, exponent))
        elif type(atom) is Map and atom.fn.name == "power":
            stack.append(Factor(atom.args[0], own, exponent * atom.fn.params[0]))
        elif type(atom) is Contract and not is_sum(atom):
            name = dict(zip(atom.out, own))
            for factor, spots in zip(atom.factors, atom.indices):
                stack.append(Factor(factor, tuple(name[i] for i in spots), exponent))
        else:
            done.append(Factor(atom, own, exponent))
    return done


def copies(factor: Factor) -> list[Factor]:
    """The square of a sum as two factors, to be multiplied out: small powers are products."""
    atom, own, exponent = factor
    base, root = based(atom)
    if exponent.denominator == 1 and (root * exponent).denominator == 1:
        # the fourth power of a root
        atom, exponent = base, root * exponent
    sums = type(atom) is Add or (type(atom) is Contract and is_sum(atom))
    if sums and exponent in (2, 3, 4):
        return [Factor(atom, own, 1)] * int(exponent)
    return [factor]


def is_sum(product: Contract) -> bool:
    """Whether a product is summed over an index."""
    return not {i for own in product.indices for i in own} <= set(product.out)


def measured(n: Axis) -> tuple[int, tuple[Axis, ...]]:
    """A size as a number times sizes: 2 n m."""
    if isinstance(n, int):
        return n, ()
    (names, count), *others = n.terms or (((), 0),)
    if others:
        return 1, (n,)
    return count, tuple(size(name) for name in names)


def divided(term: Expr, content: Number) -> Expr:
    count, core = coefficient(term)
    return scaled(Fraction(count) / content, core)


def based(atom: Expr) -> tuple[Expr, Number]:
    """An atom as a power of a base."""
    if type(atom) is Map and atom.fn.name == "power":
        return atom.args[0], atom.fn.params[0]
    return atom, 1


def raised(factor: Factor) -> Expr:
    return factor.atom if factor.exponent == 1 else power(factor.exponent)(factor.atom)
