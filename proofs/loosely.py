r"""Relations that hold up to something: a constant, a factor, what is small of an order, \approx.

The idea: each is an equation.  a and b differ by what is without w if a(w) - a(w') = b(w) - b(w'),
whatever w' is; they are proportional if a(w) b(w') = a(w') b(w); and they agree to an order in h if
the derivatives of a(t h) and b(t h) by t agree at t = 0, where both are smooth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from derive.derivation.local import replaced
from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.remainders import (
    CONSTANT,
    FACTOR,
    Remainder,
    arguments_of,
    order_said,
    variables_said,
)
from derive.elaborate.faults import Fault, Silent
from derive.kernel.build import ONE, ZERO, contracted, is_zero, zeros
from derive.kernel.calculus import pushforward
from derive.kernel.expr import Call, Expr, Map, Operator, Var, toposort
from derive.notation.names import filled
from derive.operators.abstract import signature_of
from derive.operators.matrices import det
from proofs.conditions import condition_latex
from proofs.decide import EQUALITIES, Decider
from proofs.equal.bounds import Bounds
from proofs.equal.defined import open_conditions
from proofs.equal.proof import Condition
from proofs.undefined import function_of
from proofs.unread import unless_unread
from proofs.verdict import PROVED, REFUTED, UNSETTLED, Finding

if TYPE_CHECKING:
    from proofs.judge import Judge, Side

# What has all its derivatives wherever it has a value, but for roots at 0, which are looked at.
_SMOOTH = frozenset(
    ["power", "exp", "log", "raised", "sigmoid", "tanh", "softplus", "log_sigmoid", "silu", "erf",
     "sin", "cos", "sinh", "cosh", "arctan", "logcosh", "gelu", "mish", "normal_cdf",
     "density", "generic", "pi"]
)  # fmt: skip
_SMOOTH_OPERATORS = frozenset(
    ["inverse", "det", "logdet", "logabsdet", "softmax", "log_softmax", "logsumexp", "concat",
     "part", "whole_power"]
)  # fmt: skip
_INVERTED = frozenset(["inverse", "logdet", "logabsdet"])
_MOST = 3  # the highest order that is looked at


def loosely(judge: Judge, claim: Claim, k: int, before: Side, here: Side) -> Finding | None:
    """What is found of a link that holds up to something; None where it is as it stands."""
    relation = claim.relations[k]
    rests = [r for r in claim.rests[k : k + 2] if r is not None]
    if not (rests and relation in EQUALITIES) and relation not in ("prop", "approx"):
        return None
    try:
        a, b = judge.pair(before, here)
    except (Fault, Silent):
        return None
    if relation == "=" and judge.decider.related(a, b).verdict == PROVED and rests[0].by is None:
        return None
    at = _Loose(judge, claim, a, b)
    if relation == "prop" or any(r.kind == FACTOR for r in rests):
        found = at.proportional()
    elif any(r.kind == CONSTANT for r in rests):
        found = at.apart()
    else:
        found = at.nearby(rests)
    return unless_unread(found, (before, here), "=", judge.claims)


def _unsettled(message: str) -> Finding:
    return Finding(UNSETTLED, "numeric", message)


class _Loose:
    """Two sides of a link, and the variables in which they are compared."""

    def __init__(self, judge: Judge, claim: Claim, a: Expr, b: Expr) -> None:
        self.judge, self.claim, self.a, self.b = judge, claim, a, b
        self.decider = judge.decider
        self.free = [n for n in toposort(a, b) if isinstance(n, Var)]

    def named(self, var: Var) -> str:
        return self.decider.spelling.get(var.name, filled(var.name, var.letters or ("i",)))

    # ------------------------------------------------------------------------- constants

    def apart(self) -> Finding:
        """Whether the two sides differ by what is without the variables that are meant."""

        def beside(a: Expr, b: Expr, new: dict[Expr, Expr]) -> tuple[Expr, Expr]:
            return a - replaced(a, new, closed=False), b - replaced(b, new, closed=False)

        return self._constant(beside, "up to a term without {}", "differ by more than a constant")

    def proportional(self) -> Finding:
        """Whether the two sides are a constant multiple of each other, and neither is 0."""
        some = (self.decider.anywhere(one, lambda row: bool((row != 0).any())) for one in
                (self.a, self.b))  # fmt: skip
        if not all(some):
            return _unsettled("one side may be 0, to which nothing else is proportional")

        if rank := len(self.a.axes):
            one, other = tuple(range(rank)), tuple(range(rank, 2 * rank))
            both = ((self.a, self.b), (self.b, self.a))
            a, b = (contracted(pair, (one, other), one + other) for pair in both)
            found = self.decider.related(a, b)
            if found.verdict == PROVED:
                return replace(found, message="up to a factor that is the same for all entries")
            wrong = found.verdict == REFUTED
            return (
                Finding(REFUTED, "numeric", "the two sides are not proportional")
                if wrong
                else found
            )

        def beside(a: Expr, b: Expr, new: dict[Expr, Expr]) -> tuple[Expr, Expr]:
            return (
                contracted((a, replaced(b, new, closed=False)), ((), ()), ()),
                contracted((replaced(a, new, closed=False), b), ((), ()), ()),
            )

        return self._constant(beside, "up to a factor without {}", "are not proportional")

    def _constant(self, beside, told: str, wrong: str) -> Finding:
        said, given = self._meant()
        if not said:
            return _unsettled("nothing says in which variable this is constant")
        found = self._moved(said, beside)
        names = ", ".join(f"${self.named(var)}$" for var in said)
        if found.verdict == PROVED:
            return replace(found, message=told.format(names))
        single = [(var, self._moved([var], beside)) for var in said] if len(said) > 1 else []
        for var, alone in single:
            if alone.verdict == PROVED:
                return _unsettled(
                    f"this holds {told.format(f'${self.named(var)}$')}, and not of all of {names}: "
                    "say in which variable it is meant"
                )
        sure = given and found.verdict == REFUTED and all(
            one.verdict == REFUTED for _, one in single
        )  # fmt: skip
        if not sure:
            return _unsettled(f"whether this holds {told.format(names)} is not settled")
        return Finding(REFUTED, "numeric", f"the two sides {wrong}: both move with {names}")

    def _meant(self) -> tuple[list[Var], bool]:
        """The variables in which something is constant, and whether the text gives them."""
        by_name = {self.named(var): var for var in self.free}
        text, span = self.judge.claims.plain, self.claim.span
        if said := list(variables_said(text, span, list(by_name))):
            return [by_name[name] for name in said], True
        found: dict[Var, None] = {}
        for tree in arguments_of(self.claim.sides[0], self.judge.claims.reading.scope):
            with suppress(Fault, Silent):
                value = self.judge.claims.value(tree).expr
                found |= {n: None for n in toposort(value) if n in self.free}  # type: ignore[misc]
        if found:
            return list(found), True
        both = [set(toposort(side)) for side in (self.a, self.b)]
        return [var for var in self.free if all(var in side for side in both)], False

    def _moved(self, said: Sequence[Var], beside) -> Finding:
        """What is found of two sides with the variables, and with others in their place."""
        new: dict[Expr, Expr] = {
            var: Var(f"{var.name} moved", var.axes, var.letters, var.kinds) for var in said
        }
        facts = dict(self.decider.facts)
        for node, domain in self.decider.facts.items():
            facts.setdefault(replaced(node, new, closed=False), domain)
        outer = self.decider
        inner = Decider(facts, (), outer.spelling, outer.deadline, outer.axes)
        moved = [(replaced(x, new, closed=False), replaced(y, new, closed=False), sign)
                 for x, y, sign in outer.hypotheses]  # fmt: skip
        inner.hypotheses, inner.special = (*outer.hypotheses, *moved), outer.special
        found = inner.related(*beside(self.a, self.b, new))
        if found.verdict == REFUTED and (outer.narrowings or outer.parts):
            return _unsettled("the text speaks of a case, which was not used")
        return found

    # ---------------------------------------------------------------------------- orders

    def nearby(self, rests: Sequence[Remainder]) -> Finding:
        """Whether the two sides agree to the order that is said."""
        text, span = self.judge.claims.plain, self.claim.span
        written = [r for r in rests if r.by is not None]
        if written:
            lowest = min(written, key=lambda r: (r.order, not r.small))
            order = lowest.order if lowest.small else lowest.order - 1
            if any(r.by != lowest.by for r in written) or order > _MOST:
                return _unsettled("this order is not looked at")
            ways = list(self._way(lowest))
            return self._best(ways, order, True)
        by_name = {self.named(var): var for var in self.free}
        names = list(variables_said(text, span, list(by_name), small=True))
        ways = [Way(by_name[n], ZERO, n) for n in names] or [
            Way(var, ZERO, name) for name, var in by_name.items()
            if var in toposort(self.a) and var in toposort(self.b)
        ]  # fmt: skip
        order = order_said(text, span)
        if len(names) == 1 or order or len(ways) == 1:
            return self._best(ways, order, len(names) == 1 and order > 0)
        return _unsettled("nothing says what is small here: say it, as in `for small $h$`")

    def _way(self, rest: Remainder) -> Iterator[Way]:
        """The variable that goes to where, as O(\\|x - a\\|) has it."""
        assert rest.by is not None
        with suppress(Fault, Silent):
            inner = self.judge.claims.value(rest.by).expr
            name = self.judge.claims.source.text[slice(*rest.by.span)]
            for var in [n for n in toposort(inner) if isinstance(n, Var)]:
                place = var - inner
                if var is inner:
                    yield Way(var, ZERO, name)
                elif self.decider.proves(place, replaced(place, {var: inner}, closed=False)):
                    yield Way(var, place, name)

    def _best(self, ways: Sequence[Way], order: int, said: bool) -> Finding:
        found = [self._agree(way, order) for way in ways]
        proved = [one for one in found if one.verdict == PROVED]
        if proved:
            return proved[0] if len(proved) == 1 else _unsettled(
                "nothing says what is small here: say it, as in `for small $h$`")  # fmt: skip
        if said and len(found) == 1:
            return found[0]
        return _unsettled("whether this holds to the order that is meant is not settled")

    def _agree(self, way: Way, order: int) -> Finding:
        """Whether the two sides agree to an order, that of a polynomial on the right if it is 0."""
        step = Var("the step", ())
        gap = way.var - way.place
        axes = tuple(range(len(gap.axes)))
        moved = way.place + contracted((step, gap), ((), axes), axes)
        a, b = (replaced(side, {way.var: moved}, closed=False) for side in (self.a, self.b))
        conditions = self._smooth(a, b, step)
        if conditions is None:
            return _unsettled(f"whether both sides are smooth in ${way.name}$ there is not known")
        degree = order or self._degree(b, step)
        for k in range(degree + 1):
            found = self.decider.related(_at_zero(a, step), _at_zero(b, step))
            if found.verdict != PROVED:
                told = f"the parts of order {k} in ${way.name}$ differ"
                return replace(found, message=found.message or told) if (
                    found.verdict == REFUTED) else found  # fmt: skip
            conditions += found.conditions
            a, b = (pushforward(side, {step: ONE}) for side in (a, b))
        told = f"to order {degree} in ${way.name}$"
        several = {f for n in toposort(self.a, self.b) if (f := function_of(n))}
        told += ", for smooth " + ", ".join(f"${f}$" for f in sorted(several)) if several else ""
        return Finding(PROVED, "normal-form", told, conditions=tuple(dict.fromkeys(conditions)))

    def _degree(self, side: Expr, step: Var) -> int:
        for degree in range(_MOST + 1):
            side = pushforward(side, {step: ONE})
            if is_zero(side) or self.decider.proves_everywhere(side, zeros(side.axes)):
                return degree
        return 1

    def _smooth(self, a: Expr, b: Expr, step: Var) -> tuple[str, ...] | None:
        """What is needed for both sides to be smooth where the step is 0; None if they are not."""
        found: list[Condition] = []
        moving: set[Expr] = {step}
        for node in toposort(a, b):
            if moving.isdisjoint(node.kids):
                continue
            moving.add(node)
            if isinstance(node, Map):
                if node.fn.name not in _SMOOTH:
                    return None
                found += _needs(node)
            elif isinstance(node, Call) and isinstance(node.op, Operator):
                if signature_of(node) is None and node.op.name not in _SMOOTH_OPERATORS:
                    return None
                if node.op.name in _INVERTED:
                    found.append(Condition("!=", det(node.kids[0])))
        here = [Condition(c.relation, _at_zero(c.expr, step)) for c in found]
        for one in here:
            holds = (lambda row: bool((row != 0).all())) if one.relation == "!=" else (
                lambda row: bool((row > 0).all()))  # fmt: skip
            if not self.decider.anywhere(one.expr, holds):
                return None
        kept = open_conditions(here, Bounds(self.decider.facts))
        return tuple(condition_latex(one, self.decider.spelling) for one in kept)


class Way(NamedTuple):
    """A variable that goes to a place, and how it is written."""

    var: Var
    place: Expr
    name: str


def _needs(node: Map) -> list[Condition]:
    """What an argument must be for a function to have all its derivatives there."""
    word, arg = node.fn.name, node.args[0]
    if word == "power":
        exponent = Fraction(node.fn.params[0])
        if exponent.denominator != 1:
            return [Condition(">", arg)]
        return [Condition("!=", arg)] if exponent < 0 else []
    return [Condition(">", arg)] if word in ("log", "raised") else []


def _at_zero(side: Expr, step: Var) -> Expr:
    return replaced(side, {step: ZERO}, closed=False)
