"""Derivatives recognised in a product: a fraction of ∂'s, a bare d/dx, a ∇, and what each acts on.

A product is flat, so this is one sweep from the right.  The rule for a bare operator: a bracket
that follows is its operand alone; else ∂/∂x takes the rest of the product up to the next
derivative, and ∇ takes one operand with its call brackets.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.tree import Tree

_PARTIALS = (r"\partial", "d")
_BRACKETED = ("paren", "bracket", "set")
_FUNCTIONS = frozenset(["log", "ln", "exp", "lg", "tr", "Tr", "det", "vec", "diag", "trace"])


def _span(parts: Sequence[Tree]) -> tuple[int, int]:
    return min(p.span[0] for p in parts), max(p.span[1] for p in parts)


def _product(factors: Sequence[Tree]) -> Tree:
    return factors[0] if len(factors) == 1 else Tree("juxt", tuple(factors), _span(factors))


def _sign_of(node: Tree, symbol: str) -> tuple[bool, str]:
    """Whether a node is the derivative sign, and its order: ``\\partial^2`` has order 2."""
    if node.head == "name":
        return node.kids[0] == symbol, "1"
    if node.head == "script" and node.kids[0] == Tree("name", (symbol,)) and node.kids[1] is None:
        order = _order(node.kids[2])
        return order is not None, order or "1"
    return False, "1"


def _order(power: Tree | None) -> str | None:
    """The order that an exponent of a derivative sign says: a number or a letter."""
    return power.kids[0] if power is not None and power.head in ("num", "name") else None


def derivative_fraction(over: Tree, under: Tree, span: tuple[int, int]) -> Tree:
    """``deriv`` for a fraction whose two sides begin with ∂ (or d), and ``frac`` for any other."""
    above: list[Tree] = list(over.kids) if over.head == "juxt" else [over]
    below: list[Tree] = list(under.kids) if under.head == "juxt" else [under]
    for symbol in _PARTIALS:
        is_over, order = _sign_of(above[0], symbol)
        is_under, _ = _sign_of(below[0], symbol)
        if is_over and is_under and not all(_sign_of(part, symbol)[0] for part in below):
            by = _variables(below, symbol, order)
            of = _product(above[1:]) if len(above) > 1 else None
            return Tree("deriv", (of, by, order), span)
    return Tree("frac", (over, under), span)


def _variables(below: Sequence[Tree], symbol: str, order: str) -> Tree:
    """What one differentiates by: one tree, or a ``list`` for ``\\partial x \\partial y``."""
    variables: list[list[Tree]] = []
    for factor in below:
        if _sign_of(factor, symbol)[0]:
            variables.append([])
        else:
            variables[-1].append(factor)
    named = [_product(factors) for factors in variables if factors]
    if len(named) == 1 and order != "1":
        # The exponent of \partial x^2 counts the derivatives; it is no power of x.
        only = named[0]
        if only.head == "script" and _order(only.kids[2]) == order:
            base, below_it, _ = only.kids
            return base if below_it is None else Tree("script", (base, below_it, None), only.span)
    return named[0] if len(named) == 1 else Tree("list", tuple(named), _span(named))


def folded(factors: list[Tree]) -> Tree:
    """The product of these factors, with every derivative and gradient given its operand."""
    if not any(_is_operator(factor) for factor in factors):
        return _product(factors)
    done: list[Tree] = []  # From the right; its last element is the leftmost factor read so far.
    for factor in reversed(_slashed(factors)):
        done.append(factor)
        if factor.head == "deriv" and factor.kids[0] is None:
            _apply_derivative(done)
        elif _nabla(factor) is not None:
            _apply_gradient(done)
        elif _subscripted_partial(factor):
            _apply_partial(done)
    return _product(done[::-1])


def _is_operator(factor: Tree) -> bool:
    if factor.head == "deriv":
        return factor.kids[0] is None
    base = factor.kids[0] if factor.head == "script" else factor
    return base.head == "name" and base.kids[0] in (r"\nabla", *_PARTIALS)


def _slashed(factors: list[Tree]) -> list[Tree]:
    r"""\partial L/\partial W, and dL/dW, as derivative nodes."""
    slash = Tree("op", ("/",))
    out: list[Tree] = []
    at = 0
    while at < len(factors):
        node, taken = _slashed_at(factors, at, slash)
        out.append(node if node is not None else factors[at])
        at += taken
    return out


def _slashed_at(factors: list[Tree], at: int, slash: Tree) -> tuple[Tree | None, int]:
    for symbol in _PARTIALS:
        is_sign, _ = _sign_of(factors[at], symbol)
        if not is_sign or slash not in factors[at:]:
            continue
        cut = factors.index(slash, at)
        above, below = factors[at:cut], factors[cut + 1 :]
        # Only \partial may stand far from its slash: d x y / d z is a product of letters.
        plain = all(f.head != "op" for f in above) and (symbol != "d" or len(above) <= 3)
        if not plain or not below or not _sign_of(below[0], symbol)[0]:
            continue
        taken = 0
        while taken + 1 < len(below) and _sign_of(below[taken], symbol)[0]:
            taken += 2
        if taken:
            span = _span([*above, *below[:taken]])
            made = derivative_fraction(_product(above), _product(below[:taken]), span)
            return made, len(above) + 1 + taken
    return None, 1


def _nabla(factor: Tree) -> tuple[Tree | None, str] | None:
    """By what, and of which order, a ∇ with its scripts differentiates; None for other factors."""
    sign = Tree("name", (r"\nabla",))
    if factor == sign:
        return None, "1"
    if factor.head == "script" and factor.kids[0] == sign:
        by, order = factor.kids[1], factor.kids[2]
        if order is None or order.head == "num":
            return by, _order(order) or "1"
    return None


def _subscripted_partial(factor: Tree) -> bool:
    return (
        factor.head == "script"
        and factor.kids[0] == Tree("name", (r"\partial",))
        and factor.kids[1] is not None
    )


def _apply_derivative(done: list[Tree]) -> None:
    operator = done.pop()
    operand: list[Tree] = []
    if done and done[-1].head in _BRACKETED:
        operand.append(done.pop())
    else:
        while done and not (operand and done[-1].head in ("deriv", "grad")):
            operand.append(done.pop())
        while operand and operand[-1].head == "op":
            done.append(operand.pop())
    if not operand:
        done.append(operator)
        return
    of = _product(operand)
    span = (operator.span[0], of.span[1])
    done.append(Tree("deriv", (of, *operator.kids[1:]), span))


def _apply_gradient(done: list[Tree]) -> None:
    operator = done.pop()
    nabla = _nabla(operator)
    assert nabla is not None
    by, order = nabla
    of = _one_operand(done)
    span = (operator.span[0], of.span[1] if of is not None else operator.span[1])
    done.append(Tree("grad", (by, of, order), span))


def _apply_partial(done: list[Tree]) -> None:
    operator = done.pop()
    _, by, power = operator.kids
    of = _one_operand(done)
    span = (operator.span[0], of.span[1] if of is not None else operator.span[1])
    done.append(Tree("deriv", (of, by, _order(power) or "1"), span))


def _one_operand(done: list[Tree]) -> Tree | None:
    """Take one operand: leading numbers, function words, a factor, and the bracket of its call."""
    taken: list[Tree] = []
    while done and _leads(done[-1]):
        taken.append(done.pop())
    if not done or done[-1].head == "op":
        while taken:
            if not done or taken[-1].head not in ("num", "frac"):
                break
            return _product(taken)
        return _product(taken) if taken else None
    factor = done.pop()
    taken.append(factor)
    callable_base = factor.kids[0] if factor.head in ("script", "prime") else factor
    if callable_base.head == "prime":
        callable_base = callable_base.kids[0]
    if callable_base.head == "name" and done and done[-1].head in ("paren", "bracket"):
        taken.append(done.pop())
    return _product(taken)


def _leads(factor: Tree) -> bool:
    if factor.head == "num":
        return True
    if factor.head == "frac":
        return (
            not any(t.head in ("deriv", "grad") for t in factor.subtrees())
            and factor.kids[0].head == "num"
        )
    base = factor.kids[0] if factor.head == "script" else factor
    return base.head == "name" and base.kids[0] in _FUNCTIONS
