"""Rational values of a variable, many points at once: simple ones, and some of no special kind.

The idea: every value is a fraction, so the point that a float found can be certified as it stands;
a value is taken from where its variable lives, simple numbers first.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple
from zlib import crc32

from derive.derivation.network import Domain
from derive.operators.pointwise import np

_UNIT = 4096  # the denominator of values of no special kind: exact as floats
_LARGEST = 2**40


class Style(NamedTuple):
    """How many points draw their entries in this way, from which numbers (none: at random)."""

    count: int
    numbers: tuple[Fraction, ...] = ()
    spread: tuple[float, float] = (0.0, 0.0)  # of a uniform law; (0, 0) is the normal one
    mixed: bool = False


def _numbers(*given: int | str) -> tuple[Fraction, ...]:
    return tuple(Fraction(n) for n in given)


# Free values of no special kind come in several sorts: a deep network stays finite with small ones,
# log p of a free p needs it positive, and log(1 - p) below 1.
GENERIC = (
    Style(3),
    Style(2, spread=(0.2, 1.0)),
    Style(2, spread=(-0.6, 0.6)),
    Style(1, spread=(0.02, 0.2)),
)
_SIGNS = _numbers(0, 1, -1)
_INTEGERS = _numbers(-2, -1, 0, 1, 2, 3)
_POSITIVE = _numbers(1, 2, 3, "1/2")
_BELOW_ONE = _numbers("1/2", "1/3", "2/3", "1/4")
_PARTS = _numbers("1/2", "-1/2", "3/2", "1/3", "-1/3", "2/3", 1, -1, 2)
_WIDE = _numbers(0, 1, -1, 5, -5, 10, -10, "1/10", "-1/10")
SIMPLE = (
    Style(2, _numbers(1)),
    Style(6, _numbers(0, 0, 0, 1, -1, 1)),
    Style(8, _SIGNS),
    Style(4, _numbers(1, -1)),
    Style(8, _INTEGERS),
    Style(4, _POSITIVE),
    Style(3, _BELOW_ONE),
    Style(5, _PARTS),
    Style(3, _WIDE),
    Style(5, mixed=True, numbers=_SIGNS),
)
_MIXTURE = (_SIGNS, _INTEGERS, _POSITIVE, _BELOW_ONE, _PARTS)
STYLES = (*GENERIC, *SIMPLE)
ROWS = sum(style.count for style in STYLES)
GENERIC_ROWS = sum(style.count for style in GENERIC)


class Rationals(NamedTuple):
    """Fractions as two arrays of integers, the points along the first axis."""

    over: Any
    under: Any

    @property
    def floats(self) -> Any:
        return self.over / self.under

    def row(self, k: int) -> Any:
        """The k-th point: an object array of Fractions."""
        over, under = self.over[k], self.under[k]
        exact = np.empty(over.shape, object)
        for place in np.ndindex(over.shape):
            exact[place] = Fraction(int(over[place]), int(under[place]))
        return exact


def drawn(name: str, shape: tuple[int, ...], domain: Domain, classes: int, seed: int) -> Rationals:
    """``ROWS`` values of a variable that lives in ``domain``, each an array of this shape.

    ``classes`` is the number of classes where the domain has them.  The same name, shape and seed
    always give the same values.
    """
    draw = np.random.default_rng([seed, crc32(name.encode()), *shape])
    if domain.normalised:
        return _distributions(domain, shape, draw)
    over, under = [], []
    for style in STYLES:
        size = (style.count, *shape)
        exact = _exact(style, domain, classes, size, draw)
        over.append(exact[0])
        under.append(exact[1])
    return Rationals(np.concatenate(over), np.concatenate(under))


def _exact(
    style: Style, domain: Domain, classes: int, size: tuple[int, ...], draw: Any
) -> tuple[Any, Any]:
    if domain.classes is not None:
        return draw.integers(1, classes + 1, size), np.ones(size, np.int64)
    table: Sequence[Fraction] = domain.values
    if not table and style.numbers:
        numbers = _MIXTURE[draw.integers(len(_MIXTURE))] if style.mixed else style.numbers
        table = [n for n in numbers if inside(n, domain)] or _between(domain)
    elif not table:
        if domain.low is None and domain.high is None:
            low, high = style.spread
            free = draw.normal(size=size) if low == high else draw.uniform(low, high, size)
            return np.rint(free * _UNIT).astype(np.int64), np.full(size, _UNIT, np.int64)
        table = _within(domain, draw)
    over = np.array([n.numerator for n in table], np.int64)
    under = np.array([n.denominator for n in table], np.int64)
    at = draw.integers(len(table), size=size)
    return over[at], under[at]


def inside(n: Fraction, domain: Domain) -> bool:
    """Whether a number lies in the open interval and among the values of the domain."""
    low = domain.low is None or n > domain.low
    high = domain.high is None or n < domain.high
    return low and high and (not domain.values or n in domain.values)


def _between(domain: Domain) -> list[Fraction]:
    """A few simple numbers of an open interval that has none of the usual ones."""
    steps = _numbers("1/2", "1/3", "2/3", "1/4", "3/4")
    if domain.low is not None and domain.high is not None:
        width = domain.high - domain.low
        return [_short(domain.low + width * t, width / 100) for t in steps]
    start = domain.low if domain.low is not None else domain.high
    assert start is not None
    sign = 1 if domain.low is not None else -1
    return [start + sign * t for t in (*steps, Fraction(1), Fraction(2))]


def _within(domain: Domain, draw: Any) -> list[Fraction]:
    """Numbers of no special kind in an open interval."""
    at = [Fraction(int(k), _UNIT) for k in draw.integers(_UNIT // 10, 9 * _UNIT // 10, 24)]
    if domain.low is not None and domain.high is not None:
        width = domain.high - domain.low
        return [_short(domain.low + width * t, width / 1000) for t in at]
    if domain.low is not None:
        return [domain.low + 2 * t for t in at]
    assert domain.high is not None
    return [domain.high - 2 * t for t in at]


def _short(n: Fraction, slack: Fraction) -> Fraction:
    """A fraction near n whose parts fit: bounds may be written with any number of digits."""
    for digits in range(1, 40):
        found = n.limit_denominator(2**digits)
        if abs(found - n) < slack:
            return found
    return n


def _distributions(domain: Domain, shape: tuple[int, ...], draw: Any) -> Rationals:
    """Weights over their sum along the last axis; for half of the simple points one-hot."""
    size = (ROWS, *shape)
    weights = draw.integers(1, 1024, size)
    simple = draw.integers(1, 4, size)
    weights[GENERIC_ROWS:] = simple[GENERIC_ROWS:]
    under = np.broadcast_to(weights.sum(axis=-1, keepdims=True), size).copy()
    hot = draw.integers(shape[-1], size=size[:-1])[..., None] == np.arange(shape[-1])
    positive = domain.low is not None and domain.low >= 0
    one_hot = np.zeros(ROWS, bool)
    if domain.values:
        one_hot[:] = True
    elif not positive:
        one_hot[GENERIC_ROWS::2] = True
    weights[one_hot] = hot[one_hot]
    under[one_hot] = 1
    return Rationals(weights, under)
