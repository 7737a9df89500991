"""Single entries: rationals while they can be, balls that contain the number where there is none.

The idea: a rule of arithmetic answers for certain or not at all.  What is not defined, or hangs on
a comparison of balls that is not decided, is NaN, and NaN spreads: what is finite is certain.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt, prod
from typing import Any

from flint import arb, fmpq

Scalar = Any  # fmpq or arb
ZERO, ONE, NAN = fmpq(0), fmpq(1), arb("nan")
_LARGEST_POWER = 64
_MOST_BITS = 20_000  # of a rational; a longer one becomes a ball


def rational(n: int | Fraction) -> Any:
    """A number of Python as one of FLINT."""
    return fmpq(n.numerator, n.denominator)


def fraction(n: Any) -> Fraction:
    """A rational number of FLINT as one of Python."""
    return Fraction(int(n.p), int(n.q))


def is_rational(n: Scalar) -> bool:
    return type(n) is fmpq


def finite(n: Scalar) -> bool:
    """Whether an entry is defined here."""
    return type(n) is fmpq or n.is_finite()


def bounded(n: Scalar) -> Scalar:
    """The entry, or a ball for a rational of very many digits: repeated squares double them."""
    return arb(n) if type(n) is fmpq and n.height_bits() > _MOST_BITS else n


class Entries:
    """What was met while entries were compared.

    ``at_border``: a comparison stood exactly at its border, and what it compared moves with the
    point (``watched``).  ``undecided``: balls could not be compared, so more bits may help.
    """

    def __init__(self) -> None:
        self.at_border = False
        self.undecided = False
        self.watched = True

    def sign(self, n: Scalar) -> int | None:
        """-1, 0 or 1; None where it is not known.  A 0 is a border if something moves there."""
        if type(n) is fmpq:
            found = (n > 0) - (n < 0)
        elif n > 0:
            found = 1
        elif n < 0:
            found = -1
        elif n.is_zero():
            found = 0
        else:
            if n.is_finite():
                self.undecided = True
            return None
        if found == 0 and self.watched:
            self.at_border = True
        return found

    def power(self, x: Scalar, c: Fraction) -> Scalar:
        """x to a rational exponent: 0 to a power that is not positive is not defined, nor is a
        negative number to one that is not an integer."""
        if c == 1:
            return x
        exact = type(x) is fmpq
        if c.denominator == 1:
            if c <= 0 and not self._nonzero(x):
                return NAN
            return bounded((x if abs(c) <= _LARGEST_POWER else arb(x)) ** int(c))
        sign = self._nonzero(x) if c < 0 else self.sign(x)
        if sign == 0 and c > 0 and exact:
            return ZERO
        if sign != 1:
            return NAN
        if exact and abs(c) <= _LARGEST_POWER:
            root = _root(x, c)
            if root is not None:
                return root
        base = arb(x)
        if c.denominator == 2:
            return base.sqrt() ** int(2 * c)
        return base ** arb(rational(c))

    def _nonzero(self, x: Scalar) -> int:
        """The sign of x if it is not 0; 0 if it is, or may be."""
        if type(x) is fmpq:
            return (x > 0) - (x < 0)
        return self.sign(x) or 0


def _root(x: Any, c: Fraction) -> Any | None:
    """A positive rational to a fractional power where that is rational; None if none is seen."""
    if x == 1:
        return ONE
    if c.denominator != 2:
        return None
    over, under = int(x.p), int(x.q)
    p, q = isqrt(over), isqrt(under)
    return fmpq(p, q) ** int(2 * c) if p * p == over and q * q == under else None


def _compare(holds: Callable[[int], bool]) -> Callable[..., Scalar]:
    def rule(here: Entries, a: Scalar, b: Scalar) -> Scalar:
        sign = here.sign(a - b)
        return NAN if sign is None else ONE if holds(sign) else ZERO

    return rule


def _where(here: Entries, c: Scalar, a: Scalar, b: Scalar) -> Scalar:
    sign = here.sign(c)
    return NAN if sign is None else a if sign else b


def _sign(here: Entries, x: Scalar) -> Scalar:
    sign = here.sign(x)
    return NAN if sign is None else fmpq(sign)


def _step(here: Entries, x: Scalar) -> Scalar:
    sign = here.sign(x)
    return NAN if sign is None else ONE if sign >= 0 else ZERO


def _chosen(sign: int) -> Callable[..., Scalar]:
    """The larger (1) or smaller (-1) of two entries; it need not be known which one that is."""

    def rule(here: Entries, a: Scalar, b: Scalar) -> Scalar:
        if type(a) is fmpq and type(b) is fmpq:
            return a if here.sign(a - b) == sign else b
        if not (finite(a) and finite(b)):
            return NAN
        return arb(a).max(arb(b)) if sign > 0 else arb(a).min(arb(b))

    return rule


_max, _min = _chosen(1), _chosen(-1)


def _absolute(here: Entries, x: Scalar) -> Scalar:
    if type(x) is fmpq:
        return -x if here.sign(x) == -1 else x
    return abs(x)


def _smooth(name: str, at: Scalar, becomes: Scalar) -> Callable[..., Scalar]:
    """A function of Arb that takes a rational value at one rational argument."""

    def rule(_here: Entries, x: Scalar) -> Scalar:
        if type(x) is fmpq:
            if x == at:
                return becomes
            x = arb(x)
        return getattr(x, name)()

    return rule


def _log(here: Entries, x: Scalar) -> Scalar:
    if type(x) is fmpq:
        return ZERO if x == 1 else arb(x).log() if x > 0 else NAN
    return x.log() if here.sign(x) == 1 else NAN


def _raised(here: Entries, x: Scalar, y: Scalar) -> Scalar:
    """x to the power y for x > 0, as its definition exp(y log x) says; to a natural number at
    least 1 for any x."""
    if type(y) is fmpq and y.q == 1 and y.p > 0:
        return here.power(x, fraction(y))
    if type(x) is fmpq:
        if x <= 0:
            return NAN
        if x == 1 and finite(y):
            return ONE
        if type(y) is fmpq:
            return here.power(x, fraction(y)) if y else ONE
    elif here.sign(x) != 1:
        return NAN
    return arb(x) ** arb(y) if finite(y) else NAN


FUNCTIONS: dict[str, Callable[..., Scalar]] = {
    "exp": _smooth("exp", ZERO, ONE),
    "log": _log,
    "raised": _raised,
    "gt": _compare(lambda s: s > 0),
    "ge": _compare(lambda s: s >= 0),
    "lt": _compare(lambda s: s < 0),
    "le": _compare(lambda s: s <= 0),
    "eq": _compare(lambda s: s == 0),
    "ne": _compare(lambda s: s != 0),
    "where": _where,
    "sign": _sign,
    "step": _step,
    "abs": _absolute,
    "max": _max,
    "min": _min,
    "relu": lambda here, x: _max(here, x, ZERO),
    "tanh": _smooth("tanh", ZERO, ZERO),
    "erf": _smooth("erf", ZERO, ZERO),
    "sin": _smooth("sin", ZERO, ZERO),
    "cos": _smooth("cos", ZERO, ONE),
    "sinh": _smooth("sinh", ZERO, ZERO),
    "cosh": _smooth("cosh", ZERO, ONE),
    "arctan": _smooth("atan", ZERO, ZERO),
    "pi": lambda here: arb.pi(),
}


def _first(sign: int) -> Callable[..., list[Scalar]]:
    """The one-hot vector of the first of the largest (1) or smallest (-1) entries."""

    def rule(here: Entries, row: list[Scalar]) -> list[Scalar]:
        best = 0
        for k in range(1, len(row)):
            found = here.sign(row[k] - row[best])
            if found is None:
                return [NAN] * len(row)
            if found == sign:
                best = k
        if not all(finite(n) for n in row):
            return [NAN] * len(row)
        return [ONE if k == best else ZERO for k in range(len(row))]

    return rule


def _extreme(rule: Callable[..., Scalar]) -> Callable[..., Scalar]:
    def along(here: Entries, row: list[Scalar]) -> Scalar:
        best = row[0]
        for n in row[1:]:
            best = rule(here, n, best)
        return best

    return along


def _one_hot(here: Entries, label: Scalar, classes: int) -> list[Scalar]:
    signs = [here.sign(label - k) for k in range(1, classes + 1)]
    return [NAN if s is None else ONE if s == 0 else ZERO for s in signs]


def _masked_softmax(entries: Entries, row: list[Scalar], mask: list[Scalar]) -> list[Scalar]:
    """The weights of what the mask leaves; an entry where it is 0 is not looked at."""
    rule = FUNCTIONS["exp"]
    hidden = [is_rational(m) and m == 0 for m in mask]
    parts = [
        ZERO if gone else m * rule(entries, z) for z, m, gone in zip(row, mask, hidden, strict=True)
    ]
    whole = sum(parts[1:], parts[0])
    return [ZERO if gone else entries.power(whole, Fraction(-1)) * p
            for p, gone in zip(parts, hidden, strict=True)]  # fmt: skip


OPERATORS: dict[str, Callable[..., Any]] = {
    "argmax": _first(1),
    "argmin": _first(-1),
    "maximum": _extreme(_max),
    "minimum": _extreme(_min),
    "product": lambda here, row: prod(row[1:], start=row[0]),
    "one_hot": _one_hot,
    "masked_softmax": _masked_softmax,
    "positions": lambda entries, row: [fmpq(k) for k in range(1, len(row) + 1)],
}
