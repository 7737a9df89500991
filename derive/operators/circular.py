r"""Circular and hyperbolic functions in other words: \cot, \sin^{-1}, \operatorname{artanh}.

The idea: each is what its formula in the functions that have rows says, wherever it has a slope; so
it needs no row of its own, and what holds only in places is known from the formula.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derive.kernel.expr import Expr
from derive.operators.pointwise import (
    arctan,
    cos,
    cosh,
    log,
    pi,
    reciprocal,
    sin,
    sinh,
    sqrt,
    square,
)


def _arcsin(x: Expr) -> Expr:
    return arctan(x * reciprocal(sqrt(1 - square(x))))


def _arccos(x: Expr) -> Expr:
    return Fraction(1, 2) * pi() - _arcsin(x)


def _artanh(x: Expr) -> Expr:
    return Fraction(1, 2) * (log(1 + x) - log(1 - x))


def _arsinh(x: Expr) -> Expr:
    return log(x + sqrt(square(x) + 1))


def _arcosh(x: Expr) -> Expr:
    return log(x + sqrt(square(x) - 1))


EXPRESSED: dict[str, Callable[[Expr], Expr]] = {
    word: made
    for words, made in (
        ("arcsin asin", _arcsin), ("arccos acos", _arccos),
        ("artanh arctanh atanh", _artanh), ("arsinh arcsinh asinh", _arsinh),
        ("arcosh arccosh acosh", _arcosh),
        ("cot", lambda x: cos(x) * reciprocal(sin(x))), ("sec", lambda x: reciprocal(cos(x))),
        ("csc", lambda x: reciprocal(sin(x))),
        ("coth", lambda x: cosh(x) * reciprocal(sinh(x))),
    )
    for word in words.split()
}  # fmt: skip
# What \sin^{-1} is: by custom no power, as \sin^2 is.
INVERSE_OF = {
    "sin": "arcsin", "cos": "arccos", "tan": "arctan", "sinh": "arsinh", "cosh": "arcosh",
    "tanh": "artanh", "cot": "arccot", "sec": "arcsec", "csc": "arccsc", "coth": "arcoth",
}  # fmt: skip
