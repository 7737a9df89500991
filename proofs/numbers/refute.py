"""A counterexample to a claim: looked for in floats, certified in exact numbers, made small.

The idea: a claim is refuted by a point alone, one with sizes, rational values that satisfy what is
given, and an entry at which the two sides are two different rationals or lie in enclosures that do
not meet.  Everything before the certificate is a search and may be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import perf_counter
from typing import Any, NamedTuple

from derive.derivation.network import REALS, Domain
from derive.kernel.expr import Expr, ShapeError, Var, shape_text, toposort
from derive.kernel.sizes import Size
from derive.operators.pointwise import np
from proofs.numbers.draw import ROWS
from proofs.numbers.exact import PRECISIONS, Exact, finite, fraction, is_rational
from proofs.numbers.sample import Room, Sampler, compared, differing
from proofs.verdict import Counterexample, Numbers

RELATIONS = ("=", "<=", "<", ">=", ">", "!=")
BUDGET = 0.5  # seconds
_MOST_CERTIFIED = 12  # points tried in exact numbers in one room


class Certificate(NamedTuple):
    """Where two sides break a relation for certain: the entry, and both sides there."""

    entry: tuple[int, ...]
    left: Any
    right: Any
    tied: bool


@dataclass(frozen=True, slots=True)
class Refutation:
    """A counterexample, and its point as it was computed: Fractions for every variable."""

    counterexample: Counterexample
    values: Mapping[Expr, Any]
    at: Mapping[str, int]


def refute(
    a: Expr, b: Expr, facts: Mapping[Expr, Domain] | None = None, *, relation: str = "=",
    budget: float = BUDGET, sampler: Sampler | None = None,
) -> Counterexample | None:  # fmt: skip
    """A certified point at which ``a relation b`` does not hold; None if none was found.

    ``facts`` say where variables (or other nodes) live.  ``sampler`` holds the points of the
    document, if there is one: its facts must be these.  ShapeError for sides of different axes.
    """
    found = refutation(a, b, facts, relation=relation, budget=budget, sampler=sampler)
    return None if found is None else found.counterexample


def refutation(
    a: Expr, b: Expr, facts: Mapping[Expr, Domain] | None = None, *, relation: str = "=",
    budget: float = BUDGET, sampler: Sampler | None = None,
) -> Refutation | None:  # fmt: skip
    """As ``refute``, with the raw point."""
    if a.axes != b.axes:
        raise ShapeError(f"cannot compare {shape_text(a.axes)} and {shape_text(b.axes)}")
    if relation not in RELATIONS:
        raise ValueError(f"{relation!r} is none of {', '.join(RELATIONS)}")
    if a is b and relation in ("=", "<=", ">="):
        return None
    sampler = sampler or Sampler((a, b), facts)
    return _Search(a, b, relation, sampler, perf_counter() + budget).found()


# ---------------------------------------------------------------------------------- certification


def certify(
    a: Expr, b: Expr, relation: str, values: Mapping[Expr, Any], at: Mapping[str, int],
    conditions: Mapping[Expr, Domain] | None = None, still: Container[Expr] = (),
    precisions: Sequence[int] = PRECISIONS,
) -> Certificate | None:  # fmt: skip
    """Exact proof that ``a relation b`` fails at this point; None if it holds or is not decided.

    Every entry of both sides must be defined, and every condition must hold for certain.
    """
    for bits in precisions:
        point = Exact(values, at, bits, still)
        left, right = point.value(a), point.value(b)
        if not all(_certain(point.value(n), domain) for n, domain in (conditions or {}).items()):
            return None
        defined = all(finite(n) for n in left.flat) and all(finite(n) for n in right.flat)
        if defined:
            broken = _broken(left, right, relation)
            if broken is not None:
                return Certificate(broken, left[broken], right[broken], point.tied)
            if all(map(is_rational, left.flat)) and all(map(is_rational, right.flat)):
                return None
        elif not point.undecided:
            return None
    return None


def _broken(left: Any, right: Any, relation: str) -> tuple[int, ...] | None:
    """The first entry at which a relation fails for certain; () for arrays that are equal."""
    places = list(np.ndindex(left.shape))
    if relation == "!=":
        same = all(
            is_rational(left[p]) and is_rational(right[p]) and left[p] == right[p] for p in places
        )
        return places[0] if same else None
    for place in places:
        gap = left[place] - right[place]
        more, less = gap > 0, gap < 0
        equal = is_rational(gap) and gap == 0
        match relation:
            case "=":
                bad = more or less
            case "<=":
                bad = more
            case ">=":
                bad = less
            case "<":
                bad = more or equal
            case _:
                bad = less or equal
        if bad:
            return place
    return None


def _certain(value: Any, domain: Domain) -> bool:
    for n in value.flat:
        if not finite(n):
            return False
        if domain.low is not None and not n - _flint(domain.low) > 0:
            return False
        if domain.high is not None and not n - _flint(domain.high) < 0:
            return False
        if domain.values and not (is_rational(n) and fraction(n) in domain.values):
            return False
        if domain.normalised and not n >= 0:
            return False
    if domain.normalised:
        total = value.sum(axis=-1)
        return all(is_rational(n) and n == 1 for n in np.asarray(total, object).flat)
    return True


def _flint(n: Fraction) -> Any:
    from proofs.numbers.exact import rational

    return rational(n)


# ----------------------------------------------------------------------------------------- search


class _Search:
    """One search: rooms of a few sizes, their best points, the certificate, and a smaller one."""

    def __init__(self, a: Expr, b: Expr, relation: str, sampler: Sampler, deadline: float) -> None:
        self.a, self.b, self.relation = a, b, relation
        self.sampler = sampler
        self.deadline = deadline
        self.order = toposort(a, b, *sampler.conditions)
        self.variables: list[Var] = [node for node in self.order if isinstance(node, Var)]
        facts = sampler.facts
        self.still = {
            v for v in self.variables
            if (domain := facts.get(v, REALS)).classes is not None or domain.values
        }  # fmt: skip

    def late(self) -> bool:
        return perf_counter() > self.deadline

    def found(self) -> Refutation | None:
        spare: tuple[Room, int, Certificate] | None = None
        for room in self.rooms():
            hit = self.best(room)
            if hit is not None and not hit[1].tied:
                return self.told(room, hit[0], hit[1])
            if hit is not None and spare is None:
                spare = (room, *hit)
            if self.late():
                break
        return None if spare is None else self.told(*spare)

    def rooms(self) -> list[Room]:
        return self.sampler.usual((self.a, self.b))

    def wrong(self, room: Room) -> Any:
        """The points at which the relation fails, as far as floats can tell."""
        left, right, good = compared(room, self.a, self.b)
        if self.sampler.conditions:
            good = good & self.sampler.allowed(room)
        with np.errstate(all="ignore"):
            match self.relation:
                case "=":
                    bad = differing(left, right)
                case "!=":
                    bad = ~differing(left, right)
                case "<=" | "<":
                    bad = (left - right > 1e-9 * np.abs(left)).any(axis=1)
                    if self.relation == "<":
                        bad |= (left >= right).any(axis=1)
                case _:
                    bad = (right - left > 1e-9 * np.abs(left)).any(axis=1)
                    if self.relation == ">":
                        bad |= (left <= right).any(axis=1)
        return bad & good

    def best(self, room: Room) -> tuple[int, Certificate] | None:
        """The simplest point of a room that is certified, one off every tie if there is one."""
        bad = np.flatnonzero(self.wrong(room))
        if not len(bad):
            return None
        cost = self.cost(room)[bad]
        spare = None
        for k in bad[np.argsort(cost, kind="stable")][:_MOST_CERTIFIED]:
            found = self.certificate({v: room.exact(v).row(k) for v in self.variables}, room.at)
            if found is not None and not found.tied:
                return int(k), found
            if found is not None and spare is None:
                spare = int(k), found
            if self.late():
                break
        return spare

    def certificate(self, values: Mapping[Expr, Any], at: Mapping[str, int]) -> Certificate | None:
        return certify(
            self.a, self.b, self.relation, values, at, self.sampler.conditions, self.still
        )

    def cost(self, room: Room) -> Any:
        total = np.zeros(ROWS)
        for v in self.variables:
            over, under = room.exact(v)
            each = np.abs(over) + 8.0 * (under - 1) + (over < 0) * 0.5
            total = total + each.reshape(ROWS, -1).sum(axis=1)
        return total

    def told(self, room: Room, k: int, found: Certificate) -> Refutation:
        values = {v: room.exact(v).row(k) for v in self.variables}
        return told(self.a, self.b, self.relation, values, room.at, found)


def told(
    a: Expr, b: Expr, relation: str, values: Mapping[Expr, Any], at: Mapping[str, int],
    found: Certificate,
) -> Refutation:  # fmt: skip
    """The counterexample in the words of the document: its symbols, and both sides as text."""
    order = toposort(a, b)
    names = dict.fromkeys(
        name for node in order for axis in node.axes if isinstance(axis, Size)
        for name in sorted(axis.names())
    )  # fmt: skip
    left, right = texts(found.left, found.right)
    scalar = not a.axes or relation == "!="
    return Refutation(
        Counterexample(
            sizes={name: at[name] for name in names},
            values=tuple((plain_symbol(v), nested(values[v])) for v in order if isinstance(v, Var)),
            entry=() if scalar else tuple(k + 1 for k in found.entry),
            left=left,
            right=right,
            boundary=found.tied,
        ),
        dict(values),
        dict(at),
    )


def plain_symbol(var: Var) -> str:
    """The symbol as it is written: the slots ``#1`` filled with its letters."""
    return re.sub(
        r"#(\d+)",
        lambda at: var.letters[int(at[1]) - 1] if int(at[1]) <= len(var.letters) else "i",
        var.name,
    )


def nested(array: Any) -> Numbers:
    """An array of Fractions as nested tuples, a scalar as a Fraction.  Its depth is its rank."""
    array = np.asarray(array, object)
    if not array.ndim:
        return Fraction(array.item())
    return tuple(nested(part) for part in array)


def texts(left: Any, right: Any) -> tuple[str, str]:
    """Both sides as text: exact rationals, or decimal enclosures just fine enough not to meet."""
    if is_rational(left) and is_rational(right):
        return str(left), str(right)
    for digits in (4, 6, 10, 20, 40, 80):
        said = tuple(_enclosure(n, digits) for n in (left, right))
        if said[0][2] < said[1][1] or said[1][2] < said[0][1]:
            return said[0][0], said[1][0]
    return tuple(_enclosure(n, 160)[0] for n in (left, right))  # type: ignore[return-value]


def _enclosure(n: Any, digits: int) -> tuple[str, Fraction, Fraction]:
    """A number as text with the bounds that the text states."""
    if is_rational(n):
        exact = fraction(n)
        return str(exact), exact, exact
    low, high = _bound(n.lower()), _bound(n.upper())
    size = max(abs(low), abs(high))
    places = digits
    while places < 400 and size and size * 10**places < 10**digits:
        places += 1
    unit = 10**places
    below, above = (low * unit).__floor__(), -((-high * unit).__floor__())
    return (
        f"[{_decimal(below, places)}, {_decimal(above, places)}]",
        Fraction(below, unit),
        Fraction(above, unit),
    )


def _bound(n: Any) -> Fraction:
    """The exact midpoint of a ball that is a bound, moved out by its own radius."""
    mantissa, exponent = n.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _decimal(n: int, places: int) -> str:
    sign, digits = ("-" if n < 0 else ""), str(abs(n)).rjust(places + 1, "0")
    whole, part = digits[:-places], digits[-places:].rstrip("0")
    return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"
