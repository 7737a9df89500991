r"""Where it may pay to multiply out a product: x (1/x + y) is 1 + x y.

The idea: a product distributed over a sum is longer than before unless a term of the sum takes a
factor of the product away, and to collect a long sum is what tidying costs most.  So the factors of
every term are looked up among those of the product, and what cannot pay is not tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple, TypeAlias

from derive.kernel.build import coefficient
from derive.kernel.contraction import span
from derive.kernel.expr import Add, Contract, Delta, Expr, Map, Num
from derive.meaning.matrices import is_inverse
from derive.writing.choices import is_one_hot
from derive.writing.flat import Factor, flattened

# A factor at its indices.
Key: TypeAlias = "tuple[Expr, tuple[int, ...]]"


def cancelling(
    node: Contract, sums: Sequence[int], normal: Callable[[Expr], Expr]
) -> Sequence[int]:
    """Of these factors of a product, which are sums, those with a term that may make the product
    shorter: it has 1/x for a factor x, an inverse, a one-hot vector, or a number that is there to
    another power."""
    there = _There({}, set(), set())
    for k, (factor, own) in enumerate(zip(node.factors, node.indices)) if sums else ():
        for atom, spots, exponent in _atoms(factor, own):
            if type(atom) is Delta or is_one_hot(atom) or _is_inverse_of_many(atom):
                return sums
            form = normal(atom)
            there.at.setdefault((form, spots), []).append((k, exponent > 0))
            there.forms.add(form)
            if is_inverse(form):
                there.inverted.add(form.kids[0])
    return [k for k in sums if any(_meets(term, k, node, there, normal)
                                   for term in node.factors[k].kids)]  # fmt: skip


def collapsing(node: Contract, sums: Sequence[int], normal: Callable[[Expr], Expr]) -> bool:
    """Whether a product of sums and numbers alone may be shorter multiplied out: a number meets
    another one, or a sign, or the terms of its normal form are fewer than those that went in."""
    parts = [node.factors[k] for k in sums]
    numbers = [f.value for f in node.factors if type(f) is Num]
    if len(parts) + len(numbers) < len(node.factors):
        return False
    inner = (coefficient(term)[0] for part in parts for term in part.kids)
    if any(n < 0 for n in numbers) or any(abs(n) != 1 for n in inner):
        return True
    form = normal(node)
    terms = len(form.kids) if type(form) is Add else 1
    return terms < prod(len(part.kids) for part in parts)


class _There(NamedTuple):
    """The factors of a product: where each stands and whether above the line; their normal forms,
    and the matrices that are inverted among them."""

    at: dict[Key, list[tuple[int, bool]]]
    forms: set[Expr]
    inverted: set[Expr]


def _meets(
    term: Expr, place: int, node: Contract, there: _There, normal: Callable[[Expr], Expr]
) -> bool:
    """Whether a term of the factor at this place has something to do with the other factors."""
    for atom, spots, exponent in _atoms(term, node.indices[place]):
        if type(atom) is Delta or is_one_hot(atom) or _is_inverse_of_many(atom):
            return True
        form = normal(atom)
        if form in there.inverted or (is_inverse(form) and form.kids[0] in there.forms):
            return True
        for k, above in there.at.get((form, spots), ()):
            if k != place and (not spots or above != (exponent > 0)):
                return True
    return False


def _is_inverse_of_many(atom: Expr) -> bool:
    """Whether an inverse is one of a product or a sum, of which a part may be taken away."""
    return is_inverse(atom) and type(atom.kids[0]) in (Contract, Add)


def _atoms(factor: Expr, own: tuple[int, ...]) -> Sequence[Factor]:
    """What a factor with these indices is a product of; its inner indices are negative."""
    if type(factor) is Map and factor.fn.name == "power":
        every = span(len(own))
        factor = Contract((factor,), (every,), every)
    if type(factor) is not Contract:
        return [Factor(factor, own)]
    flat = flattened(factor)
    name = dict(zip(flat.out, own))
    return [f._replace(own=tuple([name.get(i, -1 - i) for i in f.own])) for f in flat.factors]
