r"""What a document supposes: the relations that its words or its arrows make hypotheses.

The idea: a point that breaks one of them refutes nothing; and an equation whose two sides differ by
what the two sides of one of them differ by is that equation, rearranged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.claims import Claims
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.names.scope import base_of
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
    """A relation that holds by supposition from ``at`` on, and how it is written, "" where it is
    said in no clear mood; ``sought``: it holds at the point that is asked for, and derivatives are
    taken everywhere."""

    at: int
    pair: tuple[Expr, Expr]
    said: str = ""
    sought: bool = False
    sign: str = "="


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
                yield Supposed(claim.span[0], pair, said, sought, sign)
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


def _written(claim: Claim, text: str) -> str:
    return " ".join(text[slice(*claim.span)].split())


def rearranged(
    pair: tuple[Expr, Expr], supposed: Iterable[Supposed], decider: Decider
) -> Finding | None:
    """The proof of an equation that is one of the supposed ones in another form."""
    left, right = pair
    for one in supposed:
        over, under = one.pair
        if one.said and one.sign == "=" and over.axes == left.axes:
            gap = over - under
            if any(decider.proves_everywhere(side, gap) for side in (left - right, right - left)):
                return Finding(PROVED, "normal-form", conditions=(one.said,))
    return None
