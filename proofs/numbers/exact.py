"""Expressions at a point in exact rationals, and in balls where there is none.

The idea: an entry is a rational as long as it can be one; past an exponential or a root it is a
ball that contains it (Arb, through python-flint), and where it is not defined, or a comparison of
balls is not decided, it is NaN.  NaN spreads: what is finite is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from fractions import Fraction
from functools import cache
from math import isqrt
from typing import Any

from flint import arb, ctx, fmpq

from derive.kernel import sizes
from derive.kernel.contraction import contracted, span
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
from derive.operators import POINTWISE, PRIMITIVES
from derive.operators.pointwise import COMPARISONS, exp, log, np
from proofs.numbers.plan import contract

Scalar = Any  # fmpq or arb
ZERO, ONE, NAN = fmpq(0), fmpq(1), arb("nan")
PRECISIONS = (64, 128, 256, 640)
_LARGEST_POWER = 10_000


def rational(n: int | Fraction) -> Any:
    """A number of Python as one of FLINT."""
    return fmpq(n.numerator, n.denominator)


def fraction(n: Any) -> Fraction:
    """A number of FLINT as one of Python."""
    return Fraction(int(n.p), int(n.q))


def is_rational(n: Scalar) -> bool:
    return type(n) is fmpq


def finite(n: Scalar) -> bool:
    """Whether an entry is defined here."""
    return type(n) is fmpq or n.is_finite()


class Exact:
    """The values of expressions at one point: rationals, and balls of ``bits`` bits.

    ``tied`` says whether some comparison stood exactly at its border and what it compared moves
    with the point; ``undecided`` whether some comparison of balls could not be told, so that more
    bits may help.  The variables in ``still`` have no values nearby: their ties are no borders.
    """

    def __init__(
        self, values: Mapping[Expr, Any], at: Mapping[str, int], bits: int,
        still: Container[Expr] = (),
    ) -> None:  # fmt: skip
        self.at = at
        self.bits = bits
        self.tied = False
        self.undecided = False
        self.known: dict[Expr, Any] = {}
        self._steps: dict[Expr, bool] = {}
        self._watched = False
        self._values = values
        self._still = still
        self._meanings: dict[Expr, tuple[Expr, ...]] = {}

    def value(self, root: Expr) -> Any:
        """An object array of the root's axes at this point."""
        before = ctx.prec
        ctx.prec = self.bits
        try:
            for node in toposort(root, below=self._below):
                if node not in self.known:
                    self.known[node] = self._value(node)
                    self._steps[node] = self._is_step(node)
        finally:
            ctx.prec = before
        return self.known[root]

    def _below(self, node: Expr) -> Sequence[Expr]:
        return () if node in self.known else self._parts(node)

    def _parts(self, node: Expr) -> tuple[Expr, ...]:
        """What a node is computed from: its kids, or its definition."""
        found = self._meanings.get(node)
        if found is None:
            meaning = definition(node)
            found = self._meanings[node] = node.kids if meaning is None else (meaning,)
        return found

    def _is_step(self, node: Expr) -> bool:
        """Whether a node does not move with the point: numbers, indicators, finite choices."""
        match node:
            case Num() | Delta() | Ones():
                return True
            case Var():
                return node in self._still
            case Map(fn) if fn in COMPARISONS or fn.name in ("sign", "step"):
                return True
            case Call(Operator() as op) if op.name in ("argmax", "argmin", "one_hot"):
                return True
            case _:
                return all(self._steps[kid] for kid in self._parts(node))

    def _value(self, node: Expr) -> Any:
        match node:
            case Var():
                given = np.asarray(self._values[node], object)
                return _each(lambda n: n if type(n) in (fmpq, arb) else rational(n), given)
            case Num(value):
                return _filled((), rational(value))
            case Delta(n):
                return _each(lambda k: ONE if k else ZERO, np.eye(sizes.evaluate(n, self.at)))
            case Ones(n):
                return _filled((sizes.evaluate(n, self.at),), ONE)
            case Add(terms):
                total = self.known[terms[0]]
                for term in terms[1:]:
                    total = total + self.known[term]
                return _array(total)
            case Contract(factors, indices, out):
                return _array(contract([self.known[f] for f in factors], indices, out, _einsum))
            case Call(Name(), (arg,)):
                return self.known[arg]
            case Map() | Call():
                return self._applied(node)
        raise AssertionError(f"not a kind of expression: {node!r}")

    def _applied(self, node: Map | Call) -> Any:
        parts = self._parts(node)
        if parts is not node.kids:
            return self.known[parts[0]]
        args = [self.known[arg] for arg in node.args]
        # Of a choice by cases only the condition is compared with anything.
        choice = isinstance(node, Map) and node.fn.name == "where"
        judged = node.args[:1] if choice else node.args
        self._watched = not all(self._steps[arg] for arg in judged)
        if isinstance(node, Map):
            if node.fn.name == "power":
                c = Fraction(node.fn.params[0])
                return _each(lambda x: self.power(x, c), *args)
            rule = FUNCTIONS.get(node.fn.name)
            if rule is None:
                return _filled(_extent(node.axes, self.at), NAN)
            return _each(lambda *entries: rule(self, *entries), *args)
        assert isinstance(node.op, Operator)
        params = tuple(sizes.evaluate(p, self.at) for p in node.op.params)
        rule = OPERATORS.get(node.op.name)
        if rule is None:
            return _filled(_extent(node.axes, self.at), NAN)
        if node.op.name == "one_hot":
            return _along(lambda row: rule(self, row.item(), *params), args[0][..., None])
        return _along(lambda row: rule(self, list(row), *params), args[0])

    # ------------------------------------------------------------------ single entries

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
        if found == 0 and self._watched:
            self.tied = True
        return found

    def power(self, x: Scalar, c: Fraction) -> Scalar:
        """x to a rational exponent: 0 to a power that is not positive is not defined, nor is a
        negative number to one that is not an integer."""
        if c == 1:
            return x
        exact = type(x) is fmpq
        if c.denominator == 1 and abs(c) <= _LARGEST_POWER:
            k = int(c)
            if k > 0:
                return x**k
            sign = self._nonzero(x)
            return x**k if sign else NAN
        sign = self._nonzero(x) if c < 0 else self.sign(x)
        if sign == 0 and c > 0 and exact:
            return ZERO
        if sign != 1:
            return NAN
        if exact:
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


# ------------------------------------------------------------------------------------------ arrays


def _extent(axes: Sequence[sizes.Axis], at: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sizes.evaluate(n, at) for n in axes)


def _filled(shape: tuple[int, ...], n: Scalar) -> Any:
    made = np.empty(shape, object)
    made[...] = n
    return made


def _array(found: Any) -> Any:
    """What NumPy gives back as a bare entry, as an array."""
    return found if isinstance(found, np.ndarray) else _filled((), found)


def _each(function: Callable[..., Any], *arrays: Any) -> Any:
    if not arrays:
        return _filled((), function())
    return _array(np.frompyfunc(function, len(arrays), 1)(*arrays))


def _einsum(subscripts: str, *arrays: Any) -> Any:
    return np.einsum(subscripts, *arrays)


def _along(function: Callable[[Any], Any], array: Any) -> Any:
    """The function on every vector along the last axis: a list of entries, or one entry."""
    lead = array.shape[:-1]
    found = [function(array[place]) for place in np.ndindex(lead)]
    many = isinstance(found[0], list)
    made = np.empty((len(found), len(found[0])) if many else len(found), object)
    for k, one in enumerate(found):
        made[k] = one
    return made.reshape((*lead, len(found[0])) if many else lead)


# ---------------------------------------------------------------------------------------- meanings


def definition(node: Expr) -> Expr | None:
    """A node in other words of the vocabulary, where it has no rule of its own here."""
    if isinstance(node, Map):
        if node.fn.name in FUNCTIONS or node.fn.name == "power":
            return None
        row = POINTWISE.get(node.fn.name)
        return row.body(*node.args) if row is not None and row.body is not None else None
    if isinstance(node, Call) and isinstance(node.op, Operator):
        return _operator(node)
    return None


def _operator(node: Call) -> Expr | None:
    assert isinstance(node.op, Operator)
    if node.op.name in OPERATORS:
        return None
    z = node.args[0]
    axes = span(len(z.axes))
    if node.op.name in ("logsumexp", "log_softmax"):
        top = log(contracted((exp(z),), (axes,), axes[:-1]))
        if node.op.name == "logsumexp":
            return top
        return z - contracted((top, Ones(z.axes[-1])), (axes[:-1], axes[-1:]), axes)
    row = PRIMITIVES.get(node.op.name)
    return row.body(*node.args) if row is not None and row.body is not None else None


def _compare(holds: Callable[[int], bool]) -> Callable[..., Scalar]:
    def rule(point: Exact, a: Scalar, b: Scalar) -> Scalar:
        sign = point.sign(a - b)
        return NAN if sign is None else ONE if holds(sign) else ZERO

    return rule


def _where(point: Exact, c: Scalar, a: Scalar, b: Scalar) -> Scalar:
    sign = point.sign(c)
    return NAN if sign is None else a if sign else b


def _sign(point: Exact, x: Scalar) -> Scalar:
    sign = point.sign(x)
    return NAN if sign is None else fmpq(sign)


def _step(point: Exact, x: Scalar) -> Scalar:
    sign = point.sign(x)
    return NAN if sign is None else ONE if sign >= 0 else ZERO


def _chosen(sign: int) -> Callable[..., Scalar]:
    """The larger (1) or smaller (-1) of two entries; it need not be known which one that is."""

    def rule(point: Exact, a: Scalar, b: Scalar) -> Scalar:
        if type(a) is fmpq and type(b) is fmpq:
            return a if point.sign(a - b) == sign else b
        if not (finite(a) and finite(b)):
            return NAN
        return arb(a).max(arb(b)) if sign > 0 else arb(a).min(arb(b))

    return rule


_max, _min = _chosen(1), _chosen(-1)


def _absolute(point: Exact, x: Scalar) -> Scalar:
    if type(x) is fmpq:
        return -x if point.sign(x) == -1 else x
    return abs(x)


def _smooth(name: str, at: Scalar, becomes: Scalar) -> Callable[..., Scalar]:
    """A function of Arb that takes a rational value at one rational argument."""

    def rule(_point: Exact, x: Scalar) -> Scalar:
        if type(x) is fmpq:
            if x == at:
                return becomes
            x = arb(x)
        return getattr(x, name)()

    return rule


def _log(point: Exact, x: Scalar) -> Scalar:
    if type(x) is fmpq:
        return ZERO if x == 1 else arb(x).log() if x > 0 else NAN
    return x.log() if point.sign(x) == 1 else NAN


def _raised(point: Exact, x: Scalar, y: Scalar) -> Scalar:
    """x to the power y for x > 0, as its definition exp(y log x) says."""
    if type(x) is fmpq:
        if x <= 0:
            return NAN
        if x == 1 and finite(y):
            return ONE
        if type(y) is fmpq:
            return point.power(x, fraction(y)) if y else ONE
    elif point.sign(x) != 1:
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
    "relu": lambda point, x: _max(point, x, ZERO),
    "tanh": _smooth("tanh", ZERO, ZERO),
    "erf": _smooth("erf", ZERO, ZERO),
    "sin": _smooth("sin", ZERO, ZERO),
    "cos": _smooth("cos", ZERO, ONE),
    "sinh": _smooth("sinh", ZERO, ZERO),
    "cosh": _smooth("cosh", ZERO, ONE),
    "arctan": _smooth("atan", ZERO, ZERO),
    "pi": lambda point: arb.pi(),
}


def _first(sign: int) -> Callable[..., list[Scalar]]:
    """The one-hot vector of the first of the largest (1) or smallest (-1) entries."""

    def rule(point: Exact, row: list[Scalar]) -> list[Scalar]:
        best = 0
        for k in range(1, len(row)):
            found = point.sign(row[k] - row[best])
            if found is None:
                return [NAN] * len(row)
            if found == sign:
                best = k
        if not all(finite(n) for n in row):
            return [NAN] * len(row)
        return [ONE if k == best else ZERO for k in range(len(row))]

    return rule


def _extreme(rule: Callable[..., Scalar]) -> Callable[..., Scalar]:
    def along(point: Exact, row: list[Scalar]) -> Scalar:
        best = row[0]
        for n in row[1:]:
            best = rule(point, n, best)
        return best

    return along


def _one_hot(point: Exact, label: Scalar, classes: int) -> list[Scalar]:
    signs = [point.sign(label - k) for k in range(1, classes + 1)]
    return [NAN if s is None else ONE if s == 0 else ZERO for s in signs]


OPERATORS: dict[str, Callable[..., Any]] = {
    "argmax": _first(1),
    "argmin": _first(-1),
    "maximum": _extreme(_max),
    "minimum": _extreme(_min),
    "one_hot": _one_hot,
}


@cache
def known_functions() -> frozenset[str]:
    """The functions of each entry that have a meaning here."""
    return frozenset(
        name for name, row in POINTWISE.items()
        if name in FUNCTIONS or name == "power" or row.body is not None
    )  # fmt: skip
