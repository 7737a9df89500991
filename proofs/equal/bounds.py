"""Intervals in which the entries of an expression lie, from facts about its variables.

The idea: interval arithmetic on exact rationals, with open ends, so that 0 < 1 - α follows from
α < 1 and a sum of exponentials is not 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import inf
from typing import NamedTuple, TypeAlias

from derive.derivation.network import Domain
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Name,
    Num,
    Ones,
    Operator,
    Var,
    toposort,
)
from derive.meaning.kinds import kinds_of
from proofs.equal.definite import definiteness

_MOST_POWER = 64  # of the ends of an interval

End: TypeAlias = "int | Fraction | float"  # a rational, or an infinity; never another float


class Interval(NamedTuple):
    """From low to high; an end that is open is not reached."""

    low: End
    high: End
    low_open: bool = False
    high_open: bool = False

    @property
    def positive(self) -> bool:
        return self.low > 0 or (self.low == 0 and self.low_open)

    @property
    def negative(self) -> bool:
        return self.high < 0 or (self.high == 0 and self.high_open)

    @property
    def nonzero(self) -> bool:
        return self.positive or self.negative

    def __add__(self, other: Interval) -> Interval:  # type: ignore[override]
        return Interval(
            _sum(self.low, other.low),
            _sum(self.high, other.high),
            self.low_open or other.low_open,
            self.high_open or other.high_open,
        )

    def minus(self, other: Interval) -> Interval:
        """What is left of a number in this interval and one in the other, whatever they are."""
        return self + other.times(Interval(-1, -1))

    def times(self, other: Interval) -> Interval:
        corners = [
            _corner(a, ao, b, bo)
            for a, ao in ((self.low, self.low_open), (self.high, self.high_open))
            for b, bo in ((other.low, other.low_open), (other.high, other.high_open))
        ]
        low = min(c[0] for c in corners)
        high = max(c[0] for c in corners)
        # An end is open only if no corner reaches it.
        return Interval(
            low,
            high,
            all(o for c, o in corners if c == low),
            all(o for c, o in corners if c == high),
        )

    def power(self, q: int | Fraction) -> Interval:
        """The interval of x^q, where it is defined."""
        if q == 0:
            return ONE
        if Fraction(q).denominator != 1:
            return POSITIVE if q < 0 or self.positive else NONNEGATIVE
        n = int(q)
        if abs(n) > _MOST_POWER:
            return POSITIVE if self.positive else NONNEGATIVE if n % 2 == 0 else REAL
        if n < 0:
            if not self.nonzero:
                return POSITIVE if n % 2 == 0 or self.low >= 0 else REAL
            inverse = Interval(
                _inverse(self.high), _inverse(self.low, -1 if self.negative else 1),
                self.high_open or self.high == inf, self.low_open or self.low == -inf,
            )  # fmt: skip
            if self.negative:
                inverse = inverse._replace(low=_inverse(self.high, -1))
            return inverse.power(-n)
        ends = [(_raised(self.low, n), self.low_open), (_raised(self.high, n), self.high_open)]
        if n % 2 == 1:
            return Interval(ends[0][0], ends[1][0], ends[0][1], ends[1][1])
        top = max(e for e, _ in ends)
        open_top = all(o for e, o in ends if e == top)
        if self.nonzero:
            bottom = min(e for e, _ in ends)
            return Interval(bottom, top, all(o for e, o in ends if e == bottom), open_top)
        return Interval(0, top, False, open_top)

    def summed(self) -> Interval:
        """The interval of a sum of one or more of these."""
        low, low_open = (self.low, self.low_open) if self.low >= 0 else (-inf, True)
        high, high_open = (self.high, self.high_open) if self.high <= 0 else (inf, True)
        return Interval(low, high, low_open, high_open)

    def meet(self, other: Interval) -> Interval:
        """The values that are in both."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        both = (self, other)
        return Interval(
            low, high,
            any(i.low_open for i in both if i.low == low),
            any(i.high_open for i in both if i.high == high),
        )  # fmt: skip

    def hull(self, other: Interval) -> Interval:
        low, high = min(self.low, other.low), max(self.high, other.high)
        both = (self, other)
        return Interval(
            low, high,
            all(i.low_open for i in both if i.low == low),
            all(i.high_open for i in both if i.high == high),
        )  # fmt: skip


def _corner(a: End, a_open: bool, b: End, b_open: bool) -> tuple[End, bool]:
    if a == 0 or b == 0:
        reached = (a == 0 and not a_open) or (b == 0 and not b_open)
        return 0, not reached
    if a in (inf, -inf) or b in (inf, -inf):  # a long number is no float
        return inf if (a > 0) == (b > 0) else -inf, True
    return a * b, a_open or b_open


def _sum(a: End, b: End) -> End:
    return a if a in (inf, -inf) else b if b in (inf, -inf) else a + b


def _inverse(end: End, sign: int = 1) -> End:
    if end == 0:
        return sign * inf
    return 0 if end in (inf, -inf) else 1 / Fraction(end)


def _raised(end: End, n: int) -> End:
    return end if end == inf or (end == -inf and n % 2) else inf if end == -inf else end**n


REAL = Interval(-inf, inf, True, True)
POSITIVE = Interval(0, inf, True, True)
NONNEGATIVE = Interval(0, inf, False, True)
ONE = Interval(1, 1)
UNIT = Interval(0, 1)
COUNT = Interval(1, inf, False, True)  # a size

# What is known of the values of a function, whatever its argument.
RANGES: Mapping[str, Interval] = {
    "exp": POSITIVE, "raised": POSITIVE, "softplus": POSITIVE, "density": POSITIVE,
    "cosh": COUNT, "pi": Interval(3, 4, True, True), "abs": NONNEGATIVE, "relu": NONNEGATIVE,
    "sigmoid": Interval(0, 1, True, True), "normal_cdf": Interval(0, 1, True, True),
    "tanh": Interval(-1, 1, True, True), "erf": Interval(-1, 1, True, True),
    "log_sigmoid": Interval(-inf, 0, True, True), "sin": Interval(-1, 1), "cos": Interval(-1, 1),
    "sign": Interval(-1, 1), "relu6": Interval(0, 6), "hard_tanh": Interval(-1, 1),
    "softmax": Interval(0, 1, True, False), "log_softmax": Interval(-inf, 0, True, False),
    "masked_softmax": UNIT, "positions": COUNT,
    **dict.fromkeys(("variance", "batch_variance", "mean_square"), NONNEGATIVE),
    **dict.fromkeys(("gt", "ge", "lt", "le", "eq", "ne", "step"), UNIT),
    **dict.fromkeys(("one_hot", "argmax", "argmin", "stack", "incidence"), UNIT),
}  # fmt: skip


def of_domain(domain: Domain) -> Interval:
    if domain.values:
        return Interval(min(domain.values), max(domain.values))
    if domain.classes is not None:
        return COUNT
    low, high, opens = domain.low, domain.high, not domain.closed
    return Interval(
        -inf if low is None else low,
        inf if high is None else high,
        opens or low is None,
        opens or high is None,
    )


def _of_kinds(node: Expr) -> Interval:
    """Where the entries of a variable lie by its declared kinds."""
    known = kinds_of(node)
    if not known.isdisjoint(("permutation", "distribution")):
        return UNIT
    if known.isdisjoint(("columns", "rows", "unit")):
        return REAL
    return Interval(-1, 1)


def _of_entries(node: Expr, domain: Domain) -> Interval:
    """A domain speaks of the entries of a triangular matrix that are not 0 by its kind."""
    whole = kinds_of(node).isdisjoint(("lower", "upper"))
    return of_domain(domain) if whole else of_domain(domain).hull(Interval(0, 0))


def _is_square(node: Contract) -> bool:
    """Whether a number is a sum of squares in a positive semidefinite matrix: x^T S x."""
    if len(node.factors) != 3 or node.out:
        return False
    for k, factor in enumerate(node.factors):
        (a, one), (b, other) = (
            pair for j, pair in enumerate(zip(node.factors, node.indices, strict=True)) if j != k
        )
        if "semidefinite" in kinds_of(factor) and a is b and len(one) == len(other) == 1:
            return sorted((*one, *other)) == sorted(node.indices[k]) and one != other
    return False


def is_count(node: Expr) -> bool:
    """Whether an expression is a product of sizes and whole numbers above 0, whatever they are."""
    if isinstance(node, Contract) and not node.out:
        return all(is_count(f) or isinstance(f, Ones) for f in node.factors)
    return isinstance(node, Num) and node.value > 0 and Fraction(node.value).denominator == 1


def is_whole(node: Expr) -> bool:
    """Whether an expression is made of sizes and whole numbers by sums and products: n - 1."""
    if isinstance(node, Add) and not node.axes:
        return all(map(is_whole, node.terms))
    if isinstance(node, Contract) and not node.out:
        return all(is_whole(f) or isinstance(f, Ones) for f in node.factors)
    return isinstance(node, Num) and Fraction(node.value).denominator == 1


class Bounds:
    """The interval of every node, each found once.  Names are transparent."""

    def __init__(self, facts: Mapping[Expr, Domain]) -> None:
        self.facts = facts
        self.known: dict[Expr, Interval] = {}
        self.assumed: dict[Expr, Interval] = {}

    def assume(self, known: Iterable[tuple[Expr, Interval]]) -> None:
        """Take the entries of these nodes to lie within these intervals too."""
        for node, interval in known:
            self.assumed[node] = self.assumed.get(node, REAL).meet(interval)
        self.known.clear()

    def of(self, root: Expr) -> Interval:
        if root not in self.known:
            for node in toposort(root, below=lambda n: (k for k in n.kids if k not in self.known)):
                found = self._of(node)
                if node in self.facts:
                    found = found.meet(_of_entries(node, self.facts[node]))
                if node in self.assumed:
                    found = found.meet(self.assumed[node])
                self.known[node] = found
        return self.known[root]

    def _of(self, node: Expr) -> Interval:
        known = self.known
        match node:
            case Num(value):
                return Interval(value, value)
            case Ones():
                return ONE
            case Delta():
                return UNIT
            case Var():
                return _of_kinds(node)
            case Add(terms):
                total = Interval(0, 0)
                for term in terms:
                    total = total + known[term]
                return total
            case Contract(factors, indices, out):
                counts: dict[tuple, int] = {}
                for key in zip(factors, indices, strict=True):
                    counts[key] = counts.get(key, 0) + 1
                total = ONE
                for (factor, _), n in counts.items():
                    total = total.times(known[factor].power(n))
                bound = {i for own in indices for i in own} - set(out)
                total = total.summed() if bound else total
                return total.meet(NONNEGATIVE) if _is_square(node) else total
            case Map(fn, args):
                if fn.name == "power":
                    return known[args[0]].power(fn.params[0])
                if fn.name in ("where", "max", "min"):
                    return known[args[-2]].hull(known[args[-1]])
                if fn.name == "raised" and is_count(args[1]) and not known[args[0]].positive:
                    return REAL
                return RANGES.get(fn.name, REAL)
            case Call(Name(), (arg,)):
                return known[arg]
            case Call(Operator(name="det"), (arg,)):
                shown = definiteness(arg, lambda part: known.get(part, REAL))
                return (REAL, NONNEGATIVE, POSITIVE)[shown]
            case Call(Operator(name="product"), (arg,)) if known[arg].low >= 0:
                return POSITIVE if known[arg].positive else NONNEGATIVE
            case Call(Operator() as op):
                return RANGES.get(op.name, REAL)
        return REAL
