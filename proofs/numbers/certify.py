"""The certificate of a counterexample: a rational point, one entry, and two numbers that differ.

The idea: this is all that a refutation rests on.  The point satisfies what is given, every entry of
both sides is defined there, and at one entry the two sides are two rationals, or lie in enclosures,
that break the relation for certain.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

from flint import arb

from derive.derivation.network import Domain
from derive.kernel import sizes
from derive.kernel.expr import Expr, Var, toposort
from derive.kernel.sizes import Size
from derive.operators.incidence import measures
from derive.operators.pointwise import np
from proofs.numbers.draw import inside
from proofs.numbers.entries import finite, fraction, is_rational, rational
from proofs.numbers.exact import PRECISIONS, Exact, precision
from proofs.verdict import Counterexample, Numbers

_FINE = 2 * max(PRECISIONS)
_LONGEST = 80  # bits of a rational that is written out
_FAR = 1200  # bits before or after the point that are written out
RELATIONS = ("=", "<=", "<", ">=", ">", "!=")


class Certificate(NamedTuple):
    """Where two sides break a relation for certain: the entry, and both sides there.

    ``tied``: some comparison of what moves with the point stands exactly at its border.  ``met``
    are the values of chosen functions that were used: name, order of the derivative, argument.
    """

    entry: tuple[int, ...]
    left: Any
    right: Any
    tied: bool
    met: Mapping[tuple[str, int, Fraction], Fraction]


@dataclass(frozen=True, slots=True)
class Refutation:
    """A counterexample, and its point as it was computed: arrays of Fractions by variable."""

    counterexample: Counterexample
    values: Mapping[Expr, Any]
    at: Mapping[str, int]


def certify(
    a: Expr, b: Expr, relation: str, values: Mapping[Expr, Any], at: Mapping[str, int],
    facts: Mapping[Expr, Domain] | None = None, still: Container[Expr] = (),
    precisions: Sequence[int] = PRECISIONS, functions: Mapping[str, Sequence[int]] | None = None,
) -> Certificate | None:  # fmt: skip
    """Proof that ``a relation b`` fails at this point; None if it holds or is not decided.

    ``values`` are arrays of Fractions for every variable.  Every entry of both sides must be
    defined, and what ``facts`` say of the variables below them, and of nodes that are no variables,
    must hold.  ``functions`` are coefficients of polynomials, the constant first, for functions
    that nobody defined; without them these have no values.
    """
    order = toposort(a, b)
    given = facts or {}
    if any(isinstance(v, Var) and v.kinds for v in (*order, *toposort(*given))):
        return None  # free variables stand for those that are declared to be of a kind
    if not all(_lives(values[v], given[v], at) for v in order if isinstance(v, Var) and v in given):
        return None
    nodes = {n: domain for n, domain in given.items() if not isinstance(n, Var)}
    for bits in precisions:
        point = Exact(values, at, bits, still, functions)
        left, right = point.value(a), point.value(b)
        with precision(bits):
            if not all(satisfied(point.value(n), domain) for n, domain in nodes.items()):
                return None
            defined = all(map(finite, left.flat)) and all(map(finite, right.flat))
            if defined:
                broken = broken_at(left, right, relation)
                if broken is not None:
                    return Certificate(
                        broken, left[broken], right[broken], point.tied(a, b), point.met
                    )
                if all(map(is_rational, left.flat)) and all(map(is_rational, right.flat)):
                    return None
            elif not point.undecided:
                return None
    return None


def broken_at(left: Any, right: Any, relation: str) -> tuple[int, ...] | None:
    """The first entry at which a relation fails for certain."""
    places = list(np.ndindex(left.shape))
    if relation == "!=":
        return places[0] if all(_equal(left[p], right[p]) for p in places) else None
    for place in places:
        one, other = left[place], right[place]
        match relation:
            case "=":
                bad = one > other or one < other
            case "<=":
                bad = one > other
            case ">=":
                bad = one < other
            case "<":
                bad = one > other or _equal(one, other)
            case _:
                bad = one < other or _equal(one, other)
        if bad:
            return place
    return None


def _equal(one: Any, other: Any) -> bool:
    return is_rational(one) and is_rational(other) and one == other


def _lives(value: Any, domain: Domain, at: Mapping[str, int]) -> bool:
    """Whether the Fractions of a variable lie in its domain."""
    array = np.asarray(value, object)
    if domain.classes is not None:
        count = sizes.evaluate(domain.classes, at)
        return all(n.denominator == 1 and 1 <= n <= count for n in array.flat)
    if domain.normalised and not (
        all(n >= 0 for n in array.flat)
        and all(n == 1 for n in np.asarray(array.sum(axis=-1), object).flat)
    ):
        return False
    return all(inside(n, domain) for n in array.flat)


def satisfied(value: Any, domain: Domain) -> bool:
    """Whether the rationals and balls of a node lie in a domain for certain."""
    low, high = domain.low, domain.high
    for n in value.flat:
        if (
            not finite(n)
            or (low is not None and not n > rational(low))
            or (high is not None and not n < rational(high))
            or (domain.values and not (is_rational(n) and fraction(n) in domain.values))
            or (domain.normalised and not n >= 0)
        ):
            return False
    if domain.normalised:
        total = np.asarray(value.sum(axis=-1), object)
        return all(is_rational(n) and n == 1 for n in total.flat)
    return domain.classes is None


# ------------------------------------------------------------------------------------- what is said


def told(
    a: Expr, b: Expr, relation: str, values: Mapping[Expr, Any], at: Mapping[str, int],
    found: Certificate,
) -> Refutation:  # fmt: skip
    """The counterexample in the words of the document: its symbols, and both sides as text."""
    order = toposort(a, b)
    variables = [node for node in order if isinstance(node, Var)]
    names = dict.fromkeys(
        name for node in order for axis in measures(node) if isinstance(axis, Size)
        for name in sorted(axis.names())
    )  # fmt: skip
    left, right = texts(found.left, found.right)
    alone = not a.axes or relation == "!="
    return Refutation(
        Counterexample(
            sizes={name: at[name] for name in names},
            values=(
                *((plain_symbol(v), nested(values[v])) for v in variables),
                *((_applied(*what), value) for what, value in sorted(found.met.items())),
            ),
            entry=() if alone else tuple(k + 1 for k in found.entry),
            left=left,
            right=right,
            boundary=found.tied,
        ),
        {v: values[v] for v in variables},
        dict(at),
    )


def _applied(name: str, order: int, x: Fraction) -> str:
    """The LaTeX of a derivative at a number."""
    primes = "'" * order if order < 4 else f"^{{({order})}}"
    return f"{name}{primes}({x})"


def plain_symbol(var: Var) -> str:
    """The symbol as it is written: the slots ``#1`` filled with its letters."""
    letters = var.letters

    def filled(slot: re.Match[str]) -> str:
        k = int(slot[1]) - 1
        return letters[k] if k < len(letters) else "ijkl"[k % 4]

    return re.sub(r"#(\d+)", filled, var.name)


def nested(array: Any) -> Numbers:
    """An array of Fractions as nested tuples, a scalar as a Fraction."""
    array = np.asarray(array, object)
    if not array.ndim:
        return Fraction(array.item())
    return tuple(nested(part) for part in array)


def texts(left: Any, right: Any) -> tuple[str, str]:
    """Both sides as text: exact rationals, or decimal enclosures just fine enough not to meet."""
    said = (_Said(left, 4), _Said(right, 4))
    for digits in (6, 8, 12, 16, 24, 40, 80, 160):
        if said[0].apart(said[1]):
            break
        said = (_Said(left, digits), _Said(right, digits))
    return said[0].text, said[1].text


class _Said:
    """A number as text, and the bounds that the text states (None: too far out to write down)."""

    def __init__(self, n: Any, digits: int) -> None:
        self.low: Fraction | None = None
        self.high: Fraction | None = None
        if is_rational(n) and n.height_bits() <= _LONGEST:
            self.low = self.high = fraction(n)
            self.text = str(self.low)
            return
        with precision(_FINE):  # or else the ends of a narrow ball would be rounded outwards
            ball = arb(n)
            low, high = _end(ball.lower(), -1), _end(ball.upper(), 1)
            if low is None or high is None:
                self.text = ball.str(digits)
                return
        if low == high and low.denominator.bit_length() + low.numerator.bit_length() < _LONGEST:
            self.low, self.high, self.text = low, low, str(low)
            return
        lead = _exponent(max(abs(low), abs(high)))
        unit = Fraction(10) ** (digits - 1 - lead)
        below, above = floor(low * unit), ceil(high * unit)
        self.low, self.high = below / unit, above / unit
        self.text = f"[{_decimal(self.low, lead, digits)}, {_decimal(self.high, lead, digits)}]"

    def apart(self, other: _Said) -> bool:
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return True
        return self.high < other.low or other.high < self.low


def _end(ball: Any, side: int) -> Fraction | None:
    """The outer end of a small ball around a bound; None if it is too far out to be written."""
    found = Fraction(0)
    for part, sign in ((ball.mid(), 1), (ball.rad(), side)):
        mantissa, exponent = part.man_exp()
        if mantissa and abs(int(exponent) + int(mantissa).bit_length()) > _FAR:
            return None
        found += sign * int(mantissa) * Fraction(2) ** int(exponent)
    return found


def _exponent(size: Fraction) -> int:
    """The place of the first digit: 0 for numbers from 1 up to 10."""
    if not size:
        return 0
    found = len(str(size.numerator)) - len(str(size.denominator))
    return found - (size < Fraction(10) ** found)


def _decimal(n: Fraction, lead: int, digits: int) -> str:
    """A decimal fraction; with an exponent if it would be long."""
    far = not -5 < lead < 9
    scaled = n / Fraction(10) ** lead if far else n
    places = max(0, digits - 1 - (0 if far else lead))
    whole = round(abs(scaled) * 10**places)
    text = str(whole).rjust(places + 1, "0")
    text = f"{text[:-places]}.{text[-places:]}" if places else text
    sign = "-" if n < 0 else ""
    return f"{sign}{text}" + (f"e{lead}" if far else "")
