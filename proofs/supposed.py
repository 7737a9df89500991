r"""What a document supposes: the relations that its words or its arrows make hypotheses.

The idea: a point that breaks one of them refutes nothing; and an equation whose two sides differ by
what the two sides of one of them differ by is that equation, rearranged.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from derive.derivation.local import replaced
from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.claims import Claims, speaks_of_derivatives
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.shown import formula
from derive.elaborate.statements.given import is_condition
from derive.elaborate.statements.mood import Mood, mood_of
from derive.kernel.expr import Expr, Var, toposort
from derive.latex.print import latex
from derive.tree import Tree
from proofs.decide import ORDERS, Decider
from proofs.narrowed import Narrowing
from proofs.undefined import supposed_of
from proofs.verdict import PROVED, Finding

if TYPE_CHECKING:
    from proofs.judge import Judge


@dataclass(frozen=True, slots=True)
class Supposed:
    """A relation that holds by supposition from ``at`` on, in its sentence if that is -1, as far as
    it ``reaches``, and how it is written, "" where it is said in no clear mood; ``sought``: it
    holds at the point that is asked for, and derivatives are taken everywhere."""

    at: int
    pair: tuple[Expr, Expr]
    said: str = ""
    sought: bool = False
    sign: str = "="
    reaches: Callable[[int], bool] = lambda _: True


def suppositions(judge: Judge) -> Iterator[Supposed]:
    """The relations that a document supposes; not the equations that all points obey."""
    claims = judge.claims
    for claim in claims.given:
        if len(claim.relations) != 1 or claim.relations[0] not in ORDERS | {"="}:
            continue
        with suppress(Fault):
            left, right = judge.sides(claim)
            sign = claim.relations[0]
            pair = judge.pair(left, right, sign)
            if sign != "=" or not judge.decider.alike(*pair):
                sought = is_condition(claim.item, claims.source.text)
                doubted = mood_of(claims.plain, *claim.span) is Mood.DOUBTED
                said = "" if doubted else _written(claim, claims.source.text)
                at = -1 if claims.reading.valued.get(claim.span) else claim.span[0]
                yield Supposed(at, pair, said, sought, sign, _reach(claims, claim))
    # So is what a claim says of a function that nothing defines: \dot x = F(x).
    for claim in claims.claims if claims.reading.scope.free.arguments else ():
        if claim.relations[:1] != ("=",) or claim.given or claim.kind != "relation":
            continue
        with suppress(Fault, Silent):
            left, right = judge.sides(claim)[:2]
            pair = judge.pair(left, right)
            if supposed_of(*pair) and not judge.decider.alike(*pair):
                yield Supposed(claim.span[0], pair, _written(claim, claims.source.text))


def unread_equations(judge: Judge) -> Iterator[Narrowing]:
    """The variables of which an equation that is given says what cannot be read."""
    for claim in judge.claims.given:
        if claim.relations != ("=",):
            continue
        left, right = judge.sides(claim)
        try:
            judge.pair(left, right)
        except (Fault, Silent):
            for side in (left, right):
                var = side.value.expr if side.value is not None and base_of(side.tree) else None
                if isinstance(var, Var):
                    said = _written(claim, judge.claims.source.text)
                    yield Narrowing(claim.span, var, "", latex(side.tree), unread=said)


def standing(
    supposed: Iterable[Supposed], claim: Claim, places: Container[int]
) -> Iterator[Supposed]:
    """What is supposed where a claim stands, but for what is so in ``places`` only."""
    at, derives = claim.span[0], speaks_of_derivatives(claim.sides)
    for one in supposed:
        reaches = one.reaches(at)
        stands = reaches if one.at < 0 else one.at < at and one.at not in places
        if stands and not (one.sought and derives):
            yield one if reaches else replace(one, said="")


def implicit(derivative: Tree) -> str:
    """Why a derivative of what is ``tied`` is not judged."""
    return (
        f"what is supposed ties the variables of {formula(derivative)} to each other, and derive "
        "does not differentiate implicitly"
    )


def tied(claim: Claim, claims: Claims, supposed: Iterable[Supposed]) -> Tree | None:
    r"""The derivative of a variable by another to which a supposition ties it, if a claim has one:
    \partial z / \partial x beside z^2 = x^2 + y^2, where neither is held while the other moves."""
    ties = [{n.name for n in toposort(*one.pair) if isinstance(n, Var)}
            for one in supposed if one.sign == "="]  # fmt: skip
    for node in (node for side in claim.sides for node in side.subtrees() if ties):
        if node.head != "deriv" or node.kids[0] is None:
            continue
        with suppress(Fault, Silent):
            of, by = (claims.value(part).expr for part in node.kids[:2])
            if (
                isinstance(of, Var) and isinstance(by, Var) and of is not by
                and any({of.name, by.name} <= names for names in ties)
            ):  # fmt: skip
                return node
    return None


def value_in(one: Supposed) -> tuple[Var, Expr] | None:
    """The variable that is supposed to be a number, a constant or another one, and that."""
    if one.sign == "=" and not one.sought:
        for var, value in (one.pair, one.pair[::-1]):
            free = {node for node in toposort(value) if isinstance(node, Var)}
            if isinstance(var, Var) and free <= {value}:
                return var, value
    return None


def without_older_values(supposed: Sequence[Supposed]) -> list[Supposed]:
    """What is supposed, of each variable the last value that it is said to have: what the sentence
    itself says of it before anything else."""
    last: dict[Var, Supposed] = {}
    for one in sorted(supposed, key=lambda one: (one.at < 0, one.at)):
        if (given := value_in(one)) is not None:
            last[given[0]] = one
    return [
        one for one in supposed
        if (given := value_in(one)) is None or last[given[0]] is one
    ]  # fmt: skip


def _at_values(
    pair: tuple[Expr, Expr], supposed: Sequence[Supposed], decider: Decider
) -> Finding | None:
    """The proof of an equation where variables are what they are supposed to be: x = 3."""
    left, right = pair
    by: dict[Expr, Expr] = {}
    said: list[str] = []
    for one in supposed:
        given = value_in(one) if one.said else None
        if given is not None and given[0] not in by:
            by[given[0]] = by.get(given[1], given[1])
            said.append(one.said)
    if not by or by.keys().isdisjoint(toposort(left, right)):
        return None
    left, right = (replaced(side, by, closed=False) for side in pair)
    found = decider.related(left, right)
    if found.verdict != PROVED:
        return None
    return replace(found, conditions=tuple(dict.fromkeys((*found.conditions, *said))))


def _reach(claims: Claims, claim: Claim) -> Callable[[int], bool]:
    names, reach = [*names_in(claim.sides)], claims.reading.reach
    if claims.reading.valued.get(claim.span):
        return lambda at: reach.conditional(claim.span, at)
    return lambda at: reach.holds(claim.span, at, *names)


def _written(claim: Claim, text: str) -> str:
    return " ".join(text[slice(*claim.span)].split())


def rearranged(
    pair: tuple[Expr, Expr], supposed: Sequence[Supposed], decider: Decider
) -> Finding | None:
    """The proof of an equation that is one of the supposed ones in another form, or what the
    values that variables are supposed to have make of it."""
    left, right = pair
    if (found := _at_values(pair, supposed, decider)) is not None:
        return found
    for one in supposed:
        over, under = one.pair
        if one.said and one.sign == "=" and over.axes == left.axes:
            gap = over - under
            if any(decider.proves_everywhere(side, gap) for side in (left - right, right - left)):
                return Finding(PROVED, "normal-form", conditions=(one.said,))
    return None
