r"""Where it may pay to multiply out a product: x (1/x + y) is 1 + x y.

The idea: a product distributed over a sum is longer than before unless a term of the sum takes a
factor of the product away, and to collect a long sum is what tidying costs most.  So the factors of
every term are looked up among those of the product, and what cannot pay is not tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from derive.kernel.contraction import span
from derive.kernel.expr import Contract, Delta, Expr, Map
from derive.meaning.matrices import is_inverse
from derive.writing.flat import Factor, flattened

# A factor at its indices.
Key: TypeAlias = "tuple[Expr, tuple[int, ...]]"
# Where such factors stand in a product, and whether above the line.
Found: TypeAlias = "Mapping[Key, Sequence[tuple[int, bool]]]"


def cancelling(
    node: Contract, sums: Sequence[int], normal: Callable[[Expr], Expr]
) -> Sequence[int]:
    """Of these factors of a product, which are sums, those with a term that may make the product
    shorter: it has 1/x for a factor x, an inverse, or a number that is there to another power."""
    there: dict[Key, list[tuple[int, bool]]] = {}
    for k, (factor, own) in enumerate(zip(node.factors, node.indices)) if sums else ():
        for atom, spots, exponent in _atoms(factor, own):
            if type(atom) is Delta or is_inverse(atom):
                return sums
            there.setdefault((normal(atom), spots), []).append((k, exponent > 0))
    return [k for k in sums if any(_meets(term, k, node, there, normal)
                                   for term in node.factors[k].kids)]  # fmt: skip


def _meets(
    term: Expr, place: int, node: Contract, there: Found, normal: Callable[[Expr], Expr]
) -> bool:
    """Whether a term of the factor at this place has something to do with the other factors."""
    for atom, spots, exponent in _atoms(term, node.indices[place]):
        if type(atom) is Delta or is_inverse(atom):
            return True
        for k, above in there.get((normal(atom), spots), ()):
            if k != place and (not spots or above != (exponent > 0)):
                return True
    return False


def _atoms(factor: Expr, own: tuple[int, ...]) -> Sequence[Factor]:
    """What a factor with these indices is a product of; its inner indices are negative."""
    if type(factor) is Map and factor.fn.name == "power":
        every = span(len(own))
        factor = Contract((factor,), (every,), every)
    if type(factor) is not Contract:
        return [Factor(factor, own)]
    flat = flattened(factor, lambda inner: False)
    name = dict(zip(flat.out, own))
    return [f._replace(own=tuple([name.get(i, -1 - i) for i in f.own])) for f in flat.factors]
