r"""Differentials: dL = \operatorname{tr}(G^\top dW), df = (Wx - y)^\top dW x, A : dX.

The idea: dY is the derivative of Y along free tangents dW of the variables that the line speaks
of, so an equation of differentials is one between expressions that are linear in them.  In programs
dW is the gradient of the loss: a line is one of differentials where dY is said by what Y is made
of.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.reading import Env, Reading
from derive.elaborate.scope import base_of
from derive.elaborate.trials import names_loss
from derive.elaborate.values import Value
from derive.kernel.calculus import pushforward
from derive.kernel.expr import Expr, Var, toposort
from derive.tree import Tree

_DS = frozenset(["d", r"\mathbf{d}"])
_BRACKETS = frozenset(["paren", "bracket"])


def is_d(node: object) -> bool:
    return isinstance(node, Tree) and node.head == "name" and node.kids[0] in _DS


def names_gradients(item: Tree, reading: Reading) -> bool:
    """Whether dW, of a variable, has a line: then dW is a gradient in this document."""
    left = item.kids[0] if item.head == "chain" else None
    if not isinstance(left, Tree) or left.head != "juxt" or len(left.kids) != 2:
        return False
    if not is_d(left.kids[0]) or not base_of(left.kids[1]):
        return False
    symbol = reading.scope.refer(left.kids[1]).symbol
    return reading.scope.known(symbol) and symbol not in reading.equations


def with_differentials(item: Tree, reading: Reading, gradients: bool = False) -> Tree:
    """The claim with its differentials marked; itself where it has none.  ``gradients``: dW is a
    gradient elsewhere in the document, and only dL of a loss is none."""
    if item.head != "chain" or not isinstance(item.kids[0], Tree):
        return item
    left = item.kids[0]
    if left.head != "juxt" or not is_d(left.kids[0]) or len(left.kids) not in (2, 3):
        return item
    if len(left.kids) == 3 and left.kids[2].head not in _BRACKETS:
        return item
    whole = left.kids[1]
    if not base_of(whole):
        return item
    symbol = reading.scope.refer(whole).symbol
    if gradients and not names_loss(symbol):
        return item
    below = _reached(symbol, reading)
    spoken = [n for side in item.kids[2::2] for n in _under_d(side)]
    inner = {reading.scope.refer(n).symbol for n in spoken} - {symbol}
    if not inner & below:
        return item
    varied = Tree("list", tuple(dict.fromkeys(spoken)))

    def marked(node: Tree) -> Tree:
        if node.head != "juxt" or not any(map(is_d, node.kids)):
            return node
        kids = tuple(_marked(node.kids, varied))
        return kids[0] if len(kids) == 1 else Tree("juxt", kids, node.span)

    return item.rewritten(marked)


def with_inner_products(item: Tree) -> Tree:
    r"""A : B as \langle A, B \rangle; no f : A \to B, and no colon after a list of names."""
    if item.head != "chain" or any(side is None for side in item.kids[::2]):
        return item
    signs = [str(rel.kids[0]) for rel in item.kids[1::2]]
    if ":" not in signs or signs[0] == ":" or set(signs) - {":", "=", ":=", "=="}:
        return item
    kids: list[Tree] = [item.kids[0]]
    for sign, side in zip(item.kids[1::2], item.kids[2::2], strict=True):
        before = kids[-1]
        if sign.kids[0] == ":" and "sum" not in (before.head, side.head):
            span = (before.span[0], side.span[1])
            kids[-1] = Tree("angle", (Tree("list", (before, side), span),), span)
        else:
            kids += [sign, side]
    return Tree("chain", tuple(kids), item.span)


def _marked(kids: tuple, varied: Tree) -> Iterator[Tree]:
    k = 0
    while k < len(kids):
        after = kids[k + 1] if k + 1 < len(kids) else None
        if is_d(kids[k]) and after is not None and (base_of(after) or after.head in _BRACKETS):
            span = (kids[k].span[0], after.span[1])
            yield Tree("differential", (after, varied), span)
            k += 2
        else:
            yield kids[k]
            k += 1


def _under_d(side: Tree) -> Iterator[Tree]:
    """The names that stand after a d, without their superscripts: the X of dX^T."""
    for node in side.subtrees():
        for before, after in pairwise(node.kids) if node.head == "juxt" else ():
            if not is_d(before):
                continue
            for name in (after,) if base_of(after) else after.subtrees():
                if base_of(name) and name.head == "script" and name.kids[2] is not None:
                    base, sub, _ = name.kids
                    yield Tree("script", (base, sub, None), name.span) if sub else base
                elif base_of(name):
                    yield name


def _reached(symbol: str, reading: Reading) -> set[str]:
    """Every symbol that the definition of this one is made of."""
    found: set[str] = set()
    stack = [symbol]
    while stack:
        equation = reading.equations.get(stack.pop())
        for node in equation.body.subtrees() if equation is not None else ():
            if node.head == "symbol" and str(node.kids[0]) not in found:
                found.add(str(node.kids[0]))
                stack.append(str(node.kids[0]))
    return found


@rule("differential")
def differential_value(reading: Reading, tree: Tree, env: Env) -> Value:
    """dY along the tangents of the variables that its line speaks of; where it speaks of defined
    quantities alone, of all the variables that those are made of."""
    whole, varied = tree.kids
    value = value_of(reading, whole, env)
    spoken = [value_of(reading, name, env) for name in varied.kids]
    if value.opens or any(one.opens for one in spoken):
        raise Fault("unsupported", f"{said(tree)} is a differential of entries", tree)
    nodes: list[Expr] = [one.expr for one in spoken]
    moved = [n for n in nodes if isinstance(n, Var)]
    moved = moved or [n for n in toposort(*nodes) if isinstance(n, Var)]
    tangents: dict[Expr, Expr] = {v: Var(f"d{v.name}", v.axes) for v in moved}
    return Value(pushforward(value.expr, tangents), (), value.row)
