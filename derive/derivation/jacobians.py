"""The lines of a Jacobian and of a Hessian: local derivatives, and their product.

The idea: between two names a Jacobian is a short matrix; where one name leads to the next without a
fork, the chain rule in denominator layout multiplies them with the innermost on the left.
"""

from __future__ import annotations

from itertools import pairwise

from derive.derivation.deltas import sweep
from derive.derivation.local import boundary, replaced
from derive.derivation.network import Question
from derive.derivation.paper import Paper, Step
from derive.derivation.reasons import Text, reason
from derive.derivation.within import derivatives_within
from derive.kernel.calculus import jacobian
from derive.kernel.expr import Expr, Var, is_named, toposort
from derive.tree import Tree

_AGAIN = ("its derivative, axis by axis",)


def jacobian_steps(
    paper: Paper, question: Question, left: Tree, value: Expr, named: Tree
) -> tuple[Step, ...]:
    """A line for each local Jacobian of the chain, and one for their product.

    One line alone where there is no chain, or where a node of it is no vector.
    """
    of, by = question.of, question.wrt[0]
    chain = _chain(of, by)
    if chain is None or any(len(node.axes) != 1 for node in chain):
        return (Step(by, left, (named,), _reason(of, by), value),)
    if len(chain) == 2:
        return (Step(by, left, (named,), _reason(of, by), value),)
    steps = []
    for outer, inner in pairwise(chain):
        local = _local(outer, inner)
        tree = paper.tree(paper.tidied(paper.shown(local)))
        here = paper.derivative(outer, inner)
        steps.append(Step(inner, here, (tree,), _reason(outer, inner), local))
    product = Tree("product", tuple(step.left for step in reversed(steps)))
    steps.append(Step(by, left, (product, named), ("chain rule",), value, before=tuple(steps)))
    return tuple(steps)


def hessian_steps(
    paper: Paper, question: Question, left: Tree, value: Expr, named: Tree
) -> tuple[Step, ...]:
    """The gradient, its derivative, and so on."""
    by = question.by
    steps: list[Step] = []
    for k, found in enumerate(derivatives_within(question.of, by)[:-1], 1):
        tree = paper.tree(paper.tidied(paper.without_auxiliaries(paper.shown(found))))
        here = paper.derivative(question.of, *by[-k:])
        why = _AGAIN if steps else ("the gradient",)
        steps.append(Step(by[-k], here, (tree,), why, found, before=tuple(steps[-1:])))
    return (*steps, Step(by[0], left, (named,), _AGAIN, value, before=tuple(steps[-1:])))


def _chain(of: Expr, by: Expr) -> list[Expr] | None:
    """The names from ``of`` down to ``by`` if each uses only the next one on the way, or None."""
    below = _depending(of, by)
    chain = [of]
    while chain[-1] is not by:
        following = [leaf for leaf in _leaves(chain[-1]) if leaf in below]
        if len(following) != 1:
            return None
        chain.append(following[0])
    return chain


def _leaves(node: Expr) -> list[Expr]:
    """The names and variables that a node is written in."""
    return boundary(node.kids[0] if is_named(node) else node)


def _depending(of: Expr, by: Expr) -> set[Expr]:
    """The names below ``of`` whose value depends on ``by``, and ``by`` itself."""

    def below(node: Expr) -> list[Expr]:
        return [] if node is by or isinstance(node, Var) else _leaves(node)

    depending = {by}
    for node in toposort(of, below=below):
        if not depending.isdisjoint(below(node)):
            depending.add(node)
    return depending


def _local(outer: Expr, inner: Expr) -> Expr:
    """The Jacobian of one name by the next, the names below held fixed."""
    body = outer.kids[0] if is_named(outer) else outer
    stand_in = Var("stand-in", inner.axes)
    local = jacobian(replaced(body, {inner: stand_in}), stand_in)
    return replaced(local, {stand_in: inner})


def _reason(outer: Expr, inner: Expr) -> Text:
    for line in sweep(outer, [inner], {}):
        if line.node is inner:
            return reason(line.trail, line.uses)
    return ("it does not depend on it",)
