r"""What a document supposes: the equations that its words or its arrows make hypotheses.

The idea: a point that breaks one of them refutes nothing; and an equation whose two sides differ by
what the two sides of one of them differ by is that equation, rearranged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from derive.elaborate.faults import Fault, Silent
from derive.elaborate.given import symmetric_in
from derive.kernel.expr import Expr
from proofs.decide import Decider
from proofs.verdict import PROVED, Finding

if TYPE_CHECKING:
    from proofs.judge import Judge


@dataclass(frozen=True, slots=True)
class Supposed:
    """An equation that holds by supposition from ``at`` on, and how it is written."""

    at: int
    pair: tuple[Expr, Expr]
    said: str = ""


def suppositions(judge: Judge) -> Iterator[Supposed]:
    """The equations that a document supposes; not those that all points obey."""
    claims = judge.claims
    for claim in claims.given:
        if symmetric_in(claim.item) is not None or claim.relations != ("=",):
            continue
        with suppress(Fault):
            left, right = judge.sides(claim)
            pair = judge.pair(left, right)
            if not judge.decider.alike(*pair):
                said = " ".join(claims.source.text[slice(*claim.span)].split())
                yield Supposed(claim.span[0], pair, said)
    for name, at, kind in claims.called:
        with suppress(Fault, Silent):
            expr = claims.value(name).expr
            if kind == "if" and len(expr.axes) == 2:
                yield Supposed(at, (expr, expr.T))
            if kind == "skew" and len(expr.axes) == 2:
                yield Supposed(-1, (expr, -expr.T))


def rearranged(
    pair: tuple[Expr, Expr], supposed: Iterable[Supposed], decider: Decider
) -> Finding | None:
    """The proof of an equation that is one of the supposed ones in another form."""
    left, right = pair
    for one in supposed:
        over, under = one.pair
        if one.said and over.axes == left.axes:
            gap = over - under
            if any(decider.proves(side, gap) for side in (left - right, right - left)):
                return Finding(PROVED, "normal-form", conditions=(one.said,))
    return None
