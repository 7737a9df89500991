"""Rational values of a variable, many points at once: simple ones, and some of no special kind.

The idea: every value is a fraction, so the point that a float found can be certified as it stands;
a value is taken from where its variable lives, and each point draws all of its entries from one
short table of numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

from derive.derivation.network import REALS, Domain
from derive.operators.pointwise import np

_WORD = 2**62
_UNIT = 4096  # the denominator of values of no special kind: exact as floats


def _numbers(*given: int | str) -> tuple[Fraction, ...]:
    return tuple(Fraction(n) for n in given)


_ONE = _numbers(1)
_FEW = _numbers(0, 0, 0, 1, -1, 1)
_SIGNS = _numbers(0, 1, -1)
_UNITS = _numbers(1, -1)
_INTEGERS = _numbers(-2, -1, 0, 1, 2, 3)
_POSITIVE = _numbers(1, 2, 3, "1/2")
_BELOW_ONE = _numbers("1/2", "1/3", "2/3", "1/4")
_PARTS = _numbers("1/2", "-1/2", "3/2", "1/3", "-1/3", "2/3", 1, -1, 2)
_WIDE = _numbers(0, 1, -1, 5, -5, 10, -10, "1/10", "-1/10")
_TABLES = (_ONE, _FEW, _SIGNS, _UNITS, _INTEGERS, _POSITIVE, _BELOW_ONE, _PARTS, _WIDE)
# How many points use each table; those of the last count mix them, a table for each variable.
_COUNTS = (2, 6, 8, 4, 8, 4, 3, 5, 3, 5)
_MIXED = _COUNTS[-1]
# Free values of no special kind: some normal ones, then uniform ones between these bounds.  A deep
# network stays finite with small ones, log p of a free p needs it positive, log(1 - p) below 1.
_NORMAL = 3
_BOUNDS = ((0.2, 1.0), (0.2, 1.0), (-0.6, 0.6), (-0.6, 0.6), (0.02, 0.2))
GENERIC_ROWS = _NORMAL + len(_BOUNDS)
ROWS = GENERIC_ROWS + sum(_COUNTS)


class Rationals(NamedTuple):
    """Fractions as two arrays of integers, the points along the first axis."""

    over: Any
    under: Any

    @classmethod
    def of(cls, value: Any) -> Rationals:
        """One point, from an array of Fractions."""
        array = np.asarray(value, object)
        over = integers([n.numerator for n in array.flat])
        under = integers([n.denominator for n in array.flat])
        return cls(over.reshape(1, *array.shape), under.reshape(1, *array.shape))

    @property
    def floats(self) -> Any:
        return np.asarray(self.over / self.under, float)

    def row(self, k: int) -> Any:
        """The k-th point: an object array of Fractions."""
        over, under = self.over[k], self.under[k]
        exact = np.empty(over.shape, object)
        for place in np.ndindex(over.shape):
            exact[place] = Fraction(int(over[place]), int(under[place]))
        return exact


class Tables(NamedTuple):
    """The numbers that each point may draw from: fractions in rows of unequal length."""

    over: Any
    under: Any
    length: Any
    which: Any  # the table of each point


def drawn(name: str, shape: tuple[int, ...], domain: Domain, classes: int, seed: int) -> Rationals:
    """``ROWS`` values of a variable that lives in ``domain``, each an array of this shape.

    ``classes`` is the number of classes where the domain has them.  The same name, shape and seed
    always give the same values.  The first ``GENERIC_ROWS`` are of no special kind.
    """
    draw = np.random.default_rng([seed, crc32(name.encode()), *shape])
    size = (ROWS, *shape)
    if domain.classes is not None:
        return Rationals(draw.integers(1, classes + 1, size), np.ones(size, np.int64))
    if domain.normalised:
        return _distributions(domain, shape, draw)
    if domain.integers and not domain.values:
        domain = _whole(domain)
    tables = _tables(domain)
    which = tables.which
    if domain is REALS or not domain.values:
        which = which.copy()
        which[-_MIXED:] = draw.integers(2, 8)
    # Points down, entries across: each entry is a place in the table of its point.
    flat = draw.random((ROWS, int(np.prod(shape, dtype=int))))
    place = (flat * tables.length[which][:, None]).astype(np.int64)
    over = tables.over[which[:, None], place].reshape(size)
    under = tables.under[which[:, None], place].reshape(size)
    if domain.low is None and domain.high is None and not domain.values:
        free = draw.normal(size=(_NORMAL, *shape))
        low, high = np.array(_BOUNDS).T.reshape(2, -1, *(1 for _ in shape))
        level = draw.random((len(_BOUNDS), *shape)) * (high - low) + low
        over[:GENERIC_ROWS] = np.rint(np.concatenate([free, level]) * _UNIT)
        under[:GENERIC_ROWS] = _UNIT
    return Rationals(over, under)


@lru_cache(maxsize=256)
def _tables(domain: Domain) -> Tables:
    """The tables as far as they lie in the domain, and one of numbers of no special kind."""
    if domain.values:
        kept: list[Sequence[Fraction]] = [domain.values] * (len(_TABLES) + 1)
    else:
        kept = [[n for n in t if inside(n, domain)] or _between(domain) for t in _TABLES]
        # Free values of no special kind come from no table.
        bounded = domain.low is not None or domain.high is not None
        kept.append(_within(domain) if bounded else _ONE)
    length = np.array([len(t) for t in kept])
    longest = int(length.max())
    full = [n for table in kept for n in (*table, *[table[0]] * (longest - len(table)))]
    over = integers([n.numerator for n in full]).reshape(-1, longest)
    under = integers([n.denominator for n in full]).reshape(-1, longest)
    last = len(_TABLES)
    which = np.repeat([last, *range(last), last], [GENERIC_ROWS, *_COUNTS])
    return Tables(over, under, length, which)


def integers(given: Sequence[int]) -> Any:
    """An array of integers; of Python's own where one does not fit into a word."""
    fit = all(-_WORD < n < _WORD for n in given)
    return np.array(given, np.int64 if fit else object)


def as_float(n: Fraction | int) -> float:
    """The nearest float; an infinity where there is none."""
    try:
        return float(n)
    except OverflowError:
        return math.inf if n > 0 else -math.inf


def inside(n: Fraction, domain: Domain) -> bool:
    """Whether a number lies in the open interval and among the values of the domain."""
    low = domain.low is None or n > domain.low
    high = domain.high is None or n < domain.high
    whole = not domain.integers or n.denominator == 1
    return low and high and whole and (not domain.values or n in domain.values)


def _whole(domain: Domain) -> Domain:
    """The integers of an interval as a few values."""
    first = -4 if domain.low is None else math.floor(domain.low) + 1
    values = tuple(Fraction(n) for n in range(first, first + 10) if inside(Fraction(n), domain))
    return replace(domain, values=values)


def _between(domain: Domain) -> list[Fraction]:
    """A few simple numbers of an open interval that has none of the usual ones."""
    return _placed(_numbers("1/2", "1/3", "2/3", "1/4", "3/4"), domain, Fraction(1, 100))


def _within(domain: Domain) -> list[Fraction]:
    """Numbers of no special kind in an open interval that has an end."""
    draw = np.random.default_rng(1)
    at = draw.integers(_UNIT // 10, 9 * _UNIT // 10, 64)
    return _placed([Fraction(int(k), _UNIT) for k in at], domain, Fraction(1, 10_000))


def _placed(at: Sequence[Fraction], domain: Domain, slack: Fraction) -> list[Fraction]:
    """Parts of the way through an open interval; twice as far from the end of a half-line."""
    if domain.low is not None and domain.high is not None:
        width = domain.high - domain.low
        found = [_short(domain.low + width * t, width * slack) for t in at]
        return [n for n in found if inside(n, domain)]
    if domain.low is not None:
        return [_short(domain.low + 2 * t, slack) for t in at]
    return [_short((domain.high or Fraction(0)) - 2 * t, slack) for t in at]


def _short(n: Fraction, slack: Fraction) -> Fraction:
    """A fraction near n whose parts are small: bounds may be written with any number of digits."""
    for bits in range(1, 62):
        found = n.limit_denominator(2**bits)
        if abs(found - n) < slack / 2:
            return found
    return n


def _distributions(domain: Domain, shape: tuple[int, ...], draw: Any) -> Rationals:
    """Weights over their sum along the last axis; for half of the simple points one-hot."""
    size = (ROWS, *shape)
    weights = draw.integers(100, 1024, size)
    weights[GENERIC_ROWS:] = draw.integers(1, 4, size)[GENERIC_ROWS:]
    under = np.broadcast_to(weights.sum(axis=-1, keepdims=True), size).copy()
    hot = draw.integers(shape[-1], size=size[:-1])[..., None] == np.arange(shape[-1])
    one_hot = np.zeros(ROWS, bool)
    if domain.values:
        one_hot[:] = True
    elif domain.low is None:
        one_hot[GENERIC_ROWS::2] = True
    weights[one_hot] = hot[one_hot]
    under[one_hot] = 1
    return Rationals(weights, under)
