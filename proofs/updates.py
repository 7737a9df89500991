"""Steps of an optimiser: what a step of gradient descent on a loss of the document would be.

The idea: an update is compared with W - rate * gradient, where the rate is the one number that the
loss does not know; what else the loss does not know makes the step a rule of its own, and so does
a quotient that neither the loss nor its gradient has, unless it is Newton's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.claims import Claims
from derive.elaborate.faults import Fault
from derive.elaborate.statements.given import is_concluded
from derive.elaborate.values import Value
from derive.kernel.build import contracted
from derive.kernel.calculus import grad, hessian
from derive.kernel.expr import Call, Expr, Map, Num, Operator, Var, toposort
from derive.operators.abstract import applied, signature_of
from derive.operators.matrices import inverse
from derive.operators.pointwise import np, reciprocal
from derive.tree import Tree
from proofs.decide import Decider
from proofs.numbers.sample import compared

if TYPE_CHECKING:
    from proofs.judge import Judge, Side


def step_of_descent(
    left: Value, right: Value | None, used: Iterable[Expr], claims: Claims, decider: Decider,
    plainly: bool = True,
) -> Value | None:  # fmt: skip
    """What the new value of ``left`` must be, as a step of gradient descent; None for a rule.

    ``right`` is what is written, if it has a value, and ``used`` what it is written in.  Of several
    losses and rates, those that agree with what is written are taken.  ``plainly``: it is written
    as the old value and something else; A x is a step of descent only if it happens to be one.
    """
    old, new = left.expr, None if right is None else right.expr
    if not isinstance(old, Var) or left.opens or (right is not None and right.opens):
        return None
    if new is not None and old.axes != new.axes:
        new = None
    losses = [node for node in _losses(claims) if old in toposort(node)]
    if new is not None and (step := _undefined_step(old, new, losses, decider)) is not None:
        return Value(step, (), left.row)
    if not losses:
        return None
    known = {node for loss in losses for node in toposort(loss)}
    variables = [n for n in toposort(*used) if isinstance(n, Var)]
    fresh = [n for n in variables if n not in known]
    rates: list[Expr] = [n for n in fresh if not n.axes]
    learns = any(n in known and n is not old for n in variables)
    # The gradient of a function that nothing defines is one of the loss.
    learns = learns or (new is not None and any(map(signature_of, toposort(new))))
    if any(n.axes for n in fresh) or len(rates) > 1 or not learns:
        return None
    first: Expr | None = None
    uphill: Expr | None = None
    judged = plainly
    for loss in losses:
        gradient = grad(loss, old)
        assert isinstance(gradient, Expr)
        directions = [gradient]
        if new is not None and _quotients(new) - _quotients(loss, gradient):
            judged = False
            directions += _newton(loss, old, gradient)
        for direction in directions:
            for rate in rates or _ratios(old, new, direction, decider):
                expected = old - rate * direction
                if new is not None and decider.alike(expected, new):
                    return Value(expected, (), left.row)
                turned = new is not None and decider.alike(old + rate * direction, new)
                uphill = expected if turned and uphill is None else uphill
                first = first if first is not None else expected
    # Not a step on any loss: of one that goes uphill the sign is the slip.
    best = first if uphill is None or not plainly else uphill
    best = best if judged or (plainly and uphill is not None) else None
    return None if best is None else Value(best, (), left.row)


class Rules:
    """The rules of a document for its new values, W_{t+1}, which claim nothing."""

    def __init__(self) -> None:
        self.of: dict[Tree, list[Side]] = {}

    def said_again(self, judge: Judge, claim: Claim, right: Side) -> Side | None:
        """The right side of the rule that a rule for the same new value says again: one that it
        agrees with, or the last one if words say that it follows; else it is a rule of its own."""
        left = claim.sides[0]
        if right.value is None or claim.relations[0] == "<-" or left in right.tree.subtrees():
            return None
        rules = self.of.setdefault(left, [])
        for one in rules:
            with suppress(Fault):
                if judge.decider.alike(*judge.pair(one, right)):
                    return replace(one, tree=left)
        last = rules[-1] if rules else None
        rules.append(right)
        follows = last is not None and is_concluded(claim.item, judge.claims.plain)
        return replace(last, tree=left) if last is not None and follows else None


def _undefined_step(old: Expr, new: Expr, losses: Iterable[Expr], decider: Decider) -> Expr | None:
    """The step, up or down, on a number f(x) that a step is written in the gradient of, where f is
    not defined and no part of a loss."""
    known = set(toposort(*losses))
    for node in toposort(new):
        signature = signature_of(node)
        if signature is None or old not in node.kids:
            continue
        assert isinstance(node, Call)
        out = node.op.params[1:]  # type: ignore[union-attr]
        loss = applied(signature.symbol, node.args, out, signature.lead)
        if loss.axes or loss in known:
            continue
        gradient = grad(loss, old)
        assert isinstance(gradient, Expr)
        rates = [n for n in toposort(new) if isinstance(n, Var) and not n.axes and n is not old]
        for rate in rates or _ratios(old, new, gradient, decider):
            for step in (old - rate * gradient, old + rate * gradient):
                if decider.alike(step, new):
                    return step
    return None


def _quotients(*exprs: Expr) -> set[Expr]:
    """What is divided by in these: a step that divides by more than its loss does may be any rule,
    such as a normalised step, a power iteration or a search for a root."""
    return {below for node in toposort(*exprs) for below in _divisors(node)}


def _divisors(node: Expr) -> tuple[Expr, ...]:
    match node:
        case Map(fn, (below,)) if fn.name == "power" and fn.params[0] < 0:
            return (below,) if any(isinstance(n, Var) for n in toposort(below)) else ()
        case Call(Operator() as op, args) if op.name == "inverse":
            return args
    return ()


def _newton(loss: Expr, old: Expr, gradient: Expr) -> list[Expr]:
    """The gradient divided by the second derivative, of a number or a vector."""
    second = hessian(loss, old)
    if not old.axes:
        return [gradient * reciprocal(second)]
    if len(old.axes) > 1:
        return []
    return [contracted((inverse(second), gradient), ((0, 1), (1,)), (0,))]


def _losses(claims: Claims) -> Iterator[Expr]:
    """The numbers that the document defines: the loss first, then the others from the last."""
    root = claims.network.root
    if root is not None:
        yield root
    for definition in reversed(claims.network.definitions):
        node = definition.node
        if isinstance(node, Call) and not node.axes and node is not root:
            yield node


def _ratios(old: Expr, new: Expr | None, gradient: Expr, decider: Decider) -> Iterator[Expr]:
    """The size of the number that multiplies the gradient, if it is one everywhere; else 1."""
    for room in decider.sampler.usual((old, new, gradient))[:1] if new is not None else ():
        step, slope, finite = compared(room, old - new, gradient)
        with np.errstate(all="ignore"):
            ratio = (step / slope)[finite]
        ratio = ratio[np.isfinite(ratio)]
        if ratio.size and np.ptp(ratio) < 1e-9 * max(1.0, abs(ratio[0])) and ratio[0]:
            yield Num(Fraction(abs(float(ratio[0]))).limit_denominator(10_000))
            return
    yield Num(1)
