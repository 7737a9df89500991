"""Forms that do not change along an axis, and what they are at any place along it."""

from __future__ import annotations

from derive.kernel.build import ONE, add
from derive.kernel.contraction import contracted
from derive.kernel.expr import Add, Contract, Expr, Ones


def is_level(form: Expr, k: int) -> bool:
    """Whether a form shows that it does not change along its axis k."""
    match form:
        case Ones():
            return True
        case Add(terms):
            return all(is_level(term, k) for term in terms)
        case Contract(factors, indices, out):
            return all(type(f) is Ones for f, own in zip(factors, indices) if out[k] in own)
    return False


def cut(form: Expr, kept: tuple[int, ...]) -> Expr:
    """A form at any place along the axes that are not kept, on which it does not depend."""
    match form:
        case Add(terms):
            return add(*(cut(term, kept) for term in terms))
        case Contract(factors, indices, out):
            gone = {i for k, i in enumerate(out) if k not in kept}
            rest = [(f, own) for f, own in zip(factors, indices) if not gone.intersection(own)]
            left = tuple(out[k] for k in kept)
            return contracted([ONE, *(f for f, _ in rest)], [(), *(own for _, own in rest)], left)
    return ONE
