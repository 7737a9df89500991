r"""What a document supposes: the equations that its words or its arrows make hypotheses.

The idea: a point that breaks one of them refutes nothing; and an equation whose two sides differ by
what the two sides of one of them differ by is that equation, rearranged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from derive.elaborate.claims.claimed import Claim
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.statements.given import is_condition
from derive.kernel.build import dot
from derive.kernel.expr import Delta, Expr, Num
from derive.latex.print import latex
from proofs.decide import Decider, supposed_of
from proofs.verdict import PROVED, Finding

if TYPE_CHECKING:
    from proofs.judge import Judge


@dataclass(frozen=True, slots=True)
class Supposed:
    """An equation that holds by supposition from ``at`` on, and how it is written; ``sought``: it
    holds at the point that is asked for, and derivatives are taken everywhere."""

    at: int
    pair: tuple[Expr, Expr]
    said: str = ""
    sought: bool = False


def suppositions(judge: Judge) -> Iterator[Supposed]:
    """The equations that a document supposes; not those that all points obey."""
    claims = judge.claims
    for claim in claims.given:
        if claim.relations != ("=",):
            continue
        with suppress(Fault):
            left, right = judge.sides(claim)
            pair = judge.pair(left, right)
            if not judge.decider.alike(*pair):
                sought = is_condition(claim.item, claims.source.text)
                said = _written(claim, claims.source.text)
                yield Supposed(claim.span[0], pair, said, sought)
    # So is what a claim says of a function that nothing defines: \dot x = F(x).
    for claim in claims.claims if claims.reading.scope.free.arguments else ():
        if claim.relations[:1] != ("=",) or claim.given or claim.kind != "relation":
            continue
        with suppress(Fault, Silent):
            left, right = judge.sides(claim)[:2]
            pair = judge.pair(left, right)
            if supposed_of(*pair) and not judge.decider.alike(*pair):
                yield Supposed(claim.span[0], pair, _written(claim, claims.source.text))
    for name, at, kind, conditional in claims.called:
        if not conditional:  # a variable is of that kind then
            continue
        with suppress(Fault, Silent):
            expr = claims.value(name).expr
            for pair, said in _meaning(kind, expr, latex(name)):
                yield Supposed(at, pair, said)


def _written(claim: Claim, text: str) -> str:
    return " ".join(text[slice(*claim.span)].split())


def _meaning(kind: str, expr: Expr, name: str) -> Iterator[tuple[tuple[Expr, Expr], str]]:
    """The equations that a word says of a quantity."""
    if kind == "unit" and len(expr.axes) == 1:
        yield (dot(expr, expr), Num(1)), rf"{name}^\top {name} = 1"
    if len(expr.axes) != 2:
        return
    if kind == "symmetric":
        yield (expr, expr.T), rf"{name} = {name}^\top"
    elif kind == "skew":
        yield (expr, -expr.T), rf"{name} = -{name}^\top"
    elif kind == "idempotent":
        yield (expr @ expr, expr), rf"{name}^2 = {name}"
    elif kind == "rows":
        yield (expr @ expr.T, Delta(expr.axes[0])), rf"{name} {name}^\top = I"
    elif kind in ("columns", "orthogonal"):
        yield (expr.T @ expr, Delta(expr.axes[1])), rf"{name}^\top {name} = I"
        if expr.axes[0] == expr.axes[1]:
            yield (expr @ expr.T, Delta(expr.axes[0])), rf"{name} {name}^\top = I"


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
