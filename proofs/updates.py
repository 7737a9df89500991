"""Steps of an optimiser: what a step of gradient descent on a loss of the document would be.

The idea: an update is compared with W - rate * gradient, where the rate is the one number that the
loss does not know; what else the loss does not know makes the step a rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from derive.elaborate.claims.claims import Claims
from derive.elaborate.values import Value
from derive.kernel.calculus import grad
from derive.kernel.expr import Call, Expr, Num, Var, toposort
from derive.operators.abstract import signature_of
from derive.operators.pointwise import np
from proofs.decide import Decider
from proofs.numbers.sample import compared


def step_of_descent(
    left: Value, right: Value | None, used: Iterable[Expr], claims: Claims, decider: Decider
) -> Value | None:
    """What the new value of ``left`` must be, as a step of gradient descent; None for a rule.

    ``right`` is what is written, if it has a value, and ``used`` what it is written in.  Of several
    losses and rates, those that agree with what is written are taken.
    """
    old, new = left.expr, None if right is None else right.expr
    if not isinstance(old, Var) or left.opens or (right is not None and right.opens):
        return None
    if new is not None and old.axes != new.axes:
        new = None
    losses = [node for node in _losses(claims) if old in toposort(node)]
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
    for loss in losses:
        gradient = grad(loss, old)
        assert isinstance(gradient, Expr)
        for rate in rates or _ratios(old, new, gradient, decider):
            expected = old - rate * gradient
            if new is not None and decider.alike(expected, new):
                return Value(expected, (), left.row)
            if new is not None and uphill is None and decider.alike(old + rate * gradient, new):
                uphill = expected
            first = first if first is not None else expected
    # Not a step on any loss: of one that goes uphill the sign is the slip.
    best = uphill if uphill is not None else first
    return None if best is None else Value(best, (), left.row)


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
