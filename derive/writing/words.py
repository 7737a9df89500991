r"""The words of matrix notation as trees: products, fractions, powers, norms, sums, functions.

The idea: each is built in one place, from trees that are already settled, so that the writer only
decides what to say.  How a function is written is read from its row of the vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from derive.kernel.expr import Number
from derive.kernel.sizes import Axis, Size
from derive.notation.names import symbol_tree
from derive.operators.abstract import Signature
from derive.tree import Tree, name, num, tree
from derive.writing.terms import sum_transposed

ONES = name(r"\mathbf{1}")
ONE = num(1)


class Part(NamedTuple):
    """One factor of a product chain; ``even`` if it is its own transpose (a scalar, a diag)."""

    tree: Tree
    even: bool = False


Parts = tuple[Part, ...]


def relation(left: Tree, sign: str, right: Tree) -> Tree:
    return tree("chain", left, tree("rel", sign), right)


def function(symbol: str, *args: Tree) -> Tree:
    return Tree("call", (symbol_tree(symbol), *args))


def unspecified(signature: Signature, args: Sequence[Tree], arrays: bool) -> Tree:
    r"""A function that nothing defines at its arguments, or a derivative of it: \nabla J(W),
    \nabla_{\hat y} \ell(\hat y, y), and for values that are ``arrays`` the Jacobian J_f(x)^\top."""
    called = Tree("call", (symbol_tree(signature.symbol), *args))
    by = [(own, arg) for own, arg in zip(signature.arguments, args, strict=True) if own.order]
    if not by:
        return called
    if arrays and len(args) == 1 and by[0][0] == (1, 1):
        jacobian = tree("script", name("J"), symbol_tree(signature.symbol), None)
        return tree("transpose", Tree("call", (jacobian, *args)))
    if len(args) == 1:
        return tree("grad", None, called, str(by[0][0].order))
    done = called
    for own, arg in reversed(by):
        if own.rank:
            done = tree("grad", arg, done, str(own.order))
        else:
            done = tree("deriv", done, arg, str(own.order))
    return done


# ------------------------------------------------------------------------------------- products


def transposed(part: Part) -> Part:
    if part.even:
        return part
    if part.tree.head == "transpose":
        return Part(part.tree.kids[0])
    return Part(sum_transposed(part.tree) or tree("transpose", part.tree))


def turned(parts: Parts) -> Parts:
    """The transpose of a product: its factors transposed, in reverse order."""
    return tuple(transposed(part) for part in reversed(parts))


def transposes(parts: Parts) -> int:
    r"""How many transposes are written; A^{-\top} is as short as A^{-1}."""
    return sum(p.tree.head == "transpose" and p.tree.kids[0].head != "inverse" for p in parts)


def as_row(parts: Parts) -> Parts:
    r"""A vector as a row, with the fewest transposes: u^\top, x^\top A, (Ax)^\top."""
    flat = turned(parts)
    if transposes(flat) <= 1 + transposes(parts):
        return flat
    return (Part(tree("transpose", joined(parts))),)


def joined(parts: Parts) -> Tree:
    return parts[0].tree if len(parts) == 1 else product(with_powers(parts))


def with_powers(parts: Parts) -> list[Tree]:
    r"""The factors of a chain, a matrix that follows itself as its power: X X X as X^3."""
    if len(parts) == 1:
        return [parts[0].tree]
    found: list[Tree] = []
    for key, run in groupby(parts, key=_repeats):
        (factor, _), *again = run
        if again and key is not None:
            found.append(tree("power", factor, num(1 + len(again))))
        else:
            found += [factor, *(part.tree for part in again)]
    return found


def _repeats(part: Part) -> Tree | None:
    """The matrix that a factor is, if it may follow itself as its power."""
    core = part.tree.kids[0] if part.tree.head == "transpose" else part.tree
    return part.tree if core.head == "name" and not part.even else None


def product(factors: Sequence[Tree]) -> Tree:
    """The factors side by side; an unsigned product among them is spliced."""
    if len(factors) == 1:
        return factors[0]
    flat: list[Tree] = []
    for factor in factors:
        flat.extend(factor.kids if factor.head == "product" else (factor,))
    return flat[0] if len(flat) == 1 else Tree("product", tuple(flat))


def hadamard(factors: Sequence[Tree]) -> Tree:
    r"""The elementwise product; reciprocals among the factors become one fraction.

    A product of transposes is the transpose of a product: (A \odot B)^\top.
    """
    if len(factors) == 1:
        return factors[0]
    if all([f.head == "transpose" for f in factors]):
        return tree("transpose", hadamard([f.kids[0] for f in factors]))
    over: list[Tree] = []
    under: list[Tree] = []
    for f in factors:
        if f.head == "frac" and f.kids[0] == ONE:
            under.append(f.kids[1])
        else:
            over.append(f)
    top = _elementwise(over) if over else ONE
    return tree("frac", top, _elementwise(under)) if under else top


def _elementwise(factors: Sequence[Tree]) -> Tree:
    if len(factors) == 1:
        return factors[0]
    flat: list[Tree] = []
    for factor in factors:
        flat.extend(factor.kids if factor.head == "hadamard" else (factor,))
    return Tree("hadamard", tuple(flat))


def grouped(scalar: Tree) -> Tree:
    """A scalar as a factor: u^T v in brackets, so that no one reads u^T (v w)."""
    return tree("paren", scalar) if is_row_product(scalar) else scalar


def is_row_product(scalar: Tree) -> bool:
    return scalar.head == "product" and any(k.head == "transpose" for k in scalar.kids)


# ------------------------------------------------------------------- numbers, powers, fractions


def number(value: Number) -> Tree:
    """An exact number; a negative one is a ``neg``."""
    if value < 0:
        return tree("neg", number(-value))
    if isinstance(value, Fraction) and value.denominator != 1:
        decimal = decimal_of(value)
        return decimal or tree("frac", num(value.numerator), num(value.denominator))
    return num(int(value))


def decimal_of(value: Number) -> Tree | None:
    """A positive fraction as 0.01, where people write it so: hundredths, but not halves, thirds."""
    rest, places = value.denominator, 0
    while rest % 10 == 0 or rest % 5 == 0 or rest % 2 == 0:
        rest //= 10 if rest % 10 == 0 else 5 if rest % 5 == 0 else 2
        places += 1
    if rest != 1 or value.denominator % 5 or value.denominator <= 10:
        return None
    digits = str(value.numerator * 10**places // value.denominator).rjust(places + 1, "0")
    return Tree("num", (f"{digits[:-places]}.{digits[-places:]}",))


def size_tree(axis: Axis) -> Tree:
    """An axis size as a scalar: n, 3, n - k + 1."""
    if not isinstance(axis, Size):
        return num(axis)
    terms: list[Tree] = []
    for monomial, count in sorted(axis.terms, key=lambda t: (t[1] < 0, -len(t[0]), t[0])):
        factors = [raised(symbol_tree(n), monomial.count(n)) for n in dict.fromkeys(monomial)]
        if abs(count) != 1 or not factors:
            factors.insert(0, num(abs(count)))
        term = product(factors)
        terms.append(tree("neg", term) if count < 0 else term)
    return terms[0] if len(terms) == 1 else Tree("sum", tuple(terms))


def norm(inside: Tree, axes: int) -> Tree:
    r"""\|u\|_2^2, or \|W\|_F^2: the sum of the squares of all entries."""
    return tree("script", tree("norm", inside), num(2) if axes == 1 else name("F"), num(2))


def is_norm(base: Tree) -> bool:
    return base.head == "script" and base.kids[0].head == "norm"


def raised(base: Tree, exponent: Number) -> Tree:
    """A scalar (or, entry by entry, an array) to a positive power; the root of a norm is a norm."""
    if exponent == 1:
        return base
    if is_norm(base):
        # a norm is not negative, so its exponents multiply
        inner, sub, sup = base.kids
        whole = Fraction(int(sup.kids[0]) if sup else 1) * exponent
        if whole.denominator == 1:
            return tree("script", inner, sub, None if whole == 1 else num(int(whole)))
    if exponent.denominator == 2 and exponent.numerator == 1:
        return tree("sqrt", base)
    if exponent.numerator == 1:
        return tree("root", base, num(exponent.denominator))
    return tree("power", base, number(exponent))


def repeated(base: Tree, exponent: Number) -> list[Tree]:
    r"""An array to a power, entry by entry, as factors of an elementwise product.

    ``A^2`` would be a matrix product, and a power of a vector is not written: u \odot u is.
    """
    if exponent < 0:
        return [tree("frac", ONE, hadamard(repeated(base, -exponent)))]
    if exponent.denominator == 1 and exponent <= 4:
        return [base] * int(exponent)
    if exponent.denominator == 1:
        sign = tree("juxt", tree("op", r"\odot"), num(int(exponent)))
        return [tree("power", base, sign)]
    root = raised(base, Fraction(1, exponent.denominator))
    return repeated(root, exponent.numerator)


def summed(letter: str, axis: Axis, body: Tree, first: int = 1, sign: str = "sum") -> Tree:
    r"""\sum_{i=1}^{m} of the body, or \prod; as many terms from another ``first``."""
    if body.head == "sum":
        body = tree("paren", body)
    start, last = _range(letter, axis, first)
    return tree("big", sign, start, last, body)


@lru_cache(maxsize=1024)
def _range(letter: str, axis: Axis, first: int) -> tuple[Tree, Tree]:
    start = relation(letter_tree(letter), "=", num(first))
    return start, size_tree(axis + (first - 1))


SHIFTED = "="  # what a letter begins with that is a sum: "=1:i,1:k;-1" is i + k - 1


def letter_tree(letter: str) -> Tree:
    if letter.startswith(SHIFTED):
        return _shifted(letter.removeprefix(SHIFTED))
    return num(letter) if letter.isdigit() else symbol_tree(letter)


def _shifted(text: str) -> Tree:
    letters, _, shift = text.rpartition(";")
    terms: list[Tree] = []
    for part in filter(None, letters.split(",")):
        count, _, letter = part.partition(":")
        sign = count.startswith("-")
        count = count.removeprefix("-")
        body = symbol_tree(letter)
        if count != "1":
            body = Tree("product", (num(count) if count.isdigit() else symbol_tree(count), body))
        terms.append(tree("neg", body) if sign else body)
    for part in re.split(r" (?=[+-] )", shift):
        sign, body = part.startswith("-"), part.lstrip("+- ")
        if body != "0":
            made = num(body) if body.isdigit() else symbol_tree(body)
            terms.append(tree("neg", made) if sign else made)
    return total(terms) if terms else num(0)


def total(terms: Sequence[Tree]) -> Tree:
    """A sum; a term that is not subtracted goes first if that avoids a leading minus."""
    flat: list[Tree] = []
    for term in terms:
        flat.extend(term.kids if term.head == "sum" else (term,))
    if flat[0].head == "neg":
        lead = next((k for k, term in enumerate(flat) if term.head != "neg"), 0)
        flat.insert(0, flat.pop(lead))
    return flat[0] if len(flat) == 1 else Tree("sum", tuple(flat))
