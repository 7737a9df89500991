r"""What a value lacks of the truth: terms and factors, found by comparing the two.

The idea: a term that is missing is a term of the truth, and where all the terms of a value are
terms of the truth, what is missing is the rest; the same holds for the factors of numbers.  So
nothing is guessed, and what is put in is something that the derivation has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice

from derive.kernel.build import add
from derive.kernel.contraction import contracted
from derive.kernel.expr import Add, Contract, Expr, Map, Num, toposort
from derive.meaning.normal import normal
from derive.operators.pointwise import reciprocal
from derive.tree import Tree
from derive.writing.lengths import length
from derive.writing.tidy import tidy
from derive.writing.write import write, write_entry
from proofs.mistakes.edit import Lack
from proofs.mistakes.written import raw

MOST_PARTS, MOST_TERMS = 8, 14
LONGEST_TERM = 60
LONGEST_FACTOR = 8  # leaves and operations of a factor that somebody could have forgotten


def lack_of(
    truth: Expr, value: Expr | None, letters: tuple[str, ...], functions: frozenset[str]
) -> Lack:  # fmt: skip
    """The terms of the truth, what is left of them beside those of the value, and the quotient of
    two numbers where that is a product; each in the names of the document."""
    if letters and len(letters) != len(truth.axes):
        return Lack()

    def written(exprs: Iterable[Expr]) -> Iterator[Tree]:
        for expr in exprs:
            try:
                tree = write_entry(expr, letters) if letters else write(expr)
            except (ValueError, KeyError):
                continue
            made = raw(tree, functions)
            if made is not None:
                yield made

    first = [*(truth.terms if isinstance(truth, Add) else ()), *_rest(truth, value)]
    more = sorted(dict.fromkeys(_terms(truth)), key=length)
    known = (term for term in dict.fromkeys((*first, *more)) if length(term) <= LONGEST_TERM)
    terms = dict.fromkeys(islice(written(known), MOST_TERMS))
    factors = dict.fromkeys(written(_quotients(truth, value)))
    return Lack(tuple(terms), tuple(factors))


def _rest(truth: Expr, value: Expr | None) -> Iterator[Expr]:
    """The terms of the truth that the value lacks, if it has no others."""
    if value is None or value.axes != truth.axes:
        return
    whole, own = _added(normal(truth)), _added(normal(value))
    rest = [term for term in whole if term not in own]
    if len(rest) + len(own) == len(whole) and rest:
        yield tidy(add(*rest))


def _terms(truth: Expr) -> Iterator[Expr]:
    yield from _split(truth)
    whole = _added(normal(truth))
    if len(whole) <= MOST_PARTS:
        yield from whole


def _added(value: Expr) -> tuple[Expr, ...]:
    return value.terms if isinstance(value, Add) else (value,)


def _split(value: Expr) -> Iterator[Expr]:
    """The terms of a sum, and those of a product in which one sum is multiplied out."""
    if isinstance(value, Add) and len(value.terms) <= MOST_PARTS:
        for term in value.terms:
            yield term
            yield from _split(term)
    elif isinstance(value, Contract):
        for k, factor in enumerate(value.factors):
            for term in _split(factor):
                factors = (*value.factors[:k], term, *value.factors[k + 1 :])
                yield contracted(factors, value.indices, value.out)


def _quotients(truth: Expr, value: Expr | None) -> Iterator[Expr]:
    """truth / value, if nothing in it is divided by: a factor that was forgotten.  What stands for
    a mere number is no more than another name of the truth."""
    if value is None or truth.axes or value.axes or value is Num(0):
        return
    quotient = tidy(normal(truth * reciprocal(value)))
    longest = 1 if isinstance(normal(value), Num) else LONGEST_FACTOR
    short = length(quotient) <= longest and not isinstance(quotient, Num)
    if short and not any(_divides(node) for node in toposort(quotient)):
        yield quotient


def _divides(node: Expr) -> bool:
    if not isinstance(node, Map):
        return False
    return node.fn.name == "power" and Fraction(node.fn.params[0]) < 0
