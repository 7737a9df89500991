r"""Differentials: dL = \operatorname{tr}(G^\top dW), df = (Wx - y)^\top dW x, A : dX.

The idea: dY is the derivative of Y along free tangents dW of the variables that the line speaks
of, so an equation of differentials is one between expressions that are linear in them.  In programs
dW is the gradient of the loss: a line is one of differentials where dY is said by what Y is made
of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

from derive.derivation.within import tangent
from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import KNOWN_WORDS, base_of, names_in
from derive.elaborate.names.trials import names_loss
from derive.elaborate.reading import Env, Reading
from derive.elaborate.values import Value
from derive.kernel.calculus import pushforward
from derive.kernel.expr import Expr, Var, toposort
from derive.latex.print import latex
from derive.tree import Tree

_DS = frozenset(["d", r"\mathbf{d}"])
_PARTIAL = r"\partial"
_BRACKETS = frozenset(["paren", "bracket"])


def is_d(node: object) -> bool:
    return isinstance(node, Tree) and node.head == "name" and node.kids[0] in _DS


def _is_sign(node: object) -> bool:
    r"""A d, or the \partial of \partial(XY) = (\partial X) Y + X \partial Y."""
    return is_d(node) or (isinstance(node, Tree) and node.kids == (_PARTIAL,))


def names_gradients(item: Tree, reading: Reading) -> bool:
    """Whether dW, of a variable, has a line: then dW is a gradient in this document."""
    left = item.kids[0] if item.head == "chain" else None
    if not isinstance(left, Tree) or left.head != "juxt" or len(left.kids) != 2:
        return False
    if not is_d(left.kids[0]) or not base_of(left.kids[1]):
        return False
    if _superscripted(left.kids[1]):
        return False  # dX^{-1}
    symbol = reading.scope.refer(left.kids[1]).symbol
    return reading.scope.known(symbol) and symbol not in reading.equations


def is_rule(item: Tree) -> bool:
    r"""Whether a line is a rule of differentials: d(XY) = .., \partial X^{-1} = .., d \log x = ..,
    which say what dX does to a formula; d(x, y) = .. defines a distance."""
    if item.head != "chain" or not isinstance(item.kids[0], Tree):
        return False
    left = item.kids[0]
    if left.head != "juxt" or not _is_sign(left.kids[0]) or str(item.kids[1].kids[0]) != "=":
        return False
    if left.kids[0].kids == (_PARTIAL,):
        return True
    if len(left.kids) == 2 and base_of(left.kids[1]) and not _superscripted(left.kids[1]):
        return False
    inside = {latex(_without_superscript(name)) for name in names_in(left.kids[1:])}
    return any(latex(name) in inside for side in item.kids[2::2] for name in _under_d(side))


def _superscripted(name: Tree) -> bool:
    if name.head != "script" or name.kids[2] is None:
        return False
    return name.kids[2].head not in _BRACKETS


def varied_in(items: Iterable[Tree], reading: Reading) -> set[str]:
    """The symbols that stand after a d in some line of these: they vary in all of them."""
    return {
        reading.scope.refer(name).symbol
        for item in items if item.head == "chain"
        for side in item.kids[::2] if isinstance(side, Tree)
        for name in _under_d(side)
    }  # fmt: skip


def with_differentials(
    item: Tree, reading: Reading, gradients: bool = False, varied: Collection[str] = ()
) -> Tree:
    """The claim with its differentials marked; itself where it has none.  ``gradients``: dW is a
    gradient elsewhere in the document, and only dL of a loss is none; ``varied`` are the symbols
    that have differentials in the document."""
    if item.head != "chain" or not isinstance(item.kids[0], Tree):
        return item
    left = item.kids[0]
    rule = is_rule(item)
    whole = None if rule else _differential_of(left, reading)
    if not rule and whole is None:
        return item
    sides = item.kids[0 if rule else 2 :: 2]
    spoken = [n for side in sides for n in _under_d(side, inside=not rule)]
    if whole is None:
        if gradients and is_d(left.kids[0]):
            return item
        inside = [n for n in names_in(left.kids[1:]) if reading.scope.refer(n).symbol in varied]
        spoken += [_without_superscript(n) for n in inside]
    else:
        symbol = reading.scope.refer(whole).symbol
        if gradients and not names_loss(symbol):
            return item
        below = _reached(symbol, reading)
        inner = {reading.scope.refer(n).symbol for n in spoken} - {symbol}
        if not inner & below:
            return item
        others = (below & set(varied) - inner) & _arguments(symbol, reading, below)
        spoken += [Tree("symbol", (s,)) for s in sorted(others) if "#" not in s]
    moving = Tree("list", tuple(dict.fromkeys(spoken)))

    def marked(node: Tree) -> Tree:
        if node.head != "juxt" or not any(map(_is_sign, node.kids)):
            return node
        kids = tuple(_marked(node.kids, moving))
        return kids[0] if len(kids) == 1 else Tree("juxt", kids, node.span)

    return item.rewritten(marked)


def _differential_of(left: Tree, reading: Reading) -> Tree | None:
    r"""The L of dL, of dL(w) where L is a function, and the one defined F of what is made of dF, as
    \operatorname{vec}(dF)."""
    if left.head == "juxt" and is_d(left.kids[0]) and len(left.kids) in (2, 3):
        if len(left.kids) == 3 and left.kids[2].head not in _BRACKETS:
            return None
        return left.kids[1] if base_of(left.kids[1]) else None
    found = {latex(name): name for name in _under_d(left)}
    defined = {n for n in found.values() if reading.scope.refer(n).symbol in reading.equations}
    return defined.pop() if len(found) == len(defined) == 1 else None


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
        taken = _differentiated(kids[k + 1 :]) if _is_sign(kids[k]) else ()
        if taken:
            span = (kids[k].span[0], taken[-1].span[1])
            whole = taken[0] if len(taken) == 1 else Tree("juxt", taken, span)
            yield Tree("differential", (whole, varied), span)
            k += 1 + len(taken)
        else:
            yield kids[k]
            k += 1


def _differentiated(after: tuple) -> tuple[Tree, ...]:
    r"""What a d takes: a name, a bracket, a word with its argument as in d \log \det X."""
    if not after:
        return ()
    first = after[0]
    if base_of(first) and base_of(first).lstrip("\\") in KNOWN_WORDS and len(after) > 1:
        return (first, *_differentiated(after[1:]))
    if base_of(first) or first.head in (*_BRACKETS, "abs", "norm", "frac"):
        return (first,)
    return (first,) if first.head == "script" else ()


def _under_d(side: Tree, inside: bool = False) -> Iterator[Tree]:
    """The names that stand after a d, without their superscripts: the X of dX^T.  ``inside``: those
    in a bracket after it, too."""
    for node in side.subtrees():
        for before, after in pairwise(node.kids) if node.head == "juxt" else ():
            if not _is_sign(before):
                continue
            for name in (after,) if base_of(after) else after.subtrees() if inside else ():
                if base_of(name):
                    yield _without_superscript(name)


def _without_superscript(name: Tree) -> Tree:
    if _superscripted(name):
        base, sub, _ = name.kids
        return Tree("script", (base, sub, None), name.span) if sub else base
    return name


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


def _arguments(symbol: str, reading: Reading, below: set[str]) -> set[str]:
    """What may vary in dY: of a Y = f(x) only x; of what has no arguments all it is made of."""
    bracket = reading.scope.applied.get(symbol)
    if bracket is None:
        return below
    return {reading.scope.refer(name).symbol for name in names_in([bracket])}


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
    tangents: dict[Expr, Expr] = {v: tangent(v) for v in moved if isinstance(v, Var)}
    return Value(pushforward(value.expr, tangents), (), value.row)
