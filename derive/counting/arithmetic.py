r"""Formulas of numbers: exact values of sums, products, fractions, whole parts and powers.

The idea: a counting problem is arithmetic of fractions; whatever is no such formula has no value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import TypeAlias

from derive.latex.print import latex
from derive.tree import Tree

Number: TypeAlias = "int | Fraction"
_GROUPS = frozenset(["paren", "bracket", "brace"])
_LARGEST_POWER = 512
_MOST_BITS = 4096


class NoNumber(Exception):
    """A formula that is no arithmetic, or a name that has no value."""


def names_of(tree: Tree) -> list[str]:
    """The names in a formula in order; NoNumber where it is no arithmetic of numbers and names."""
    found: dict[str, None] = {}
    stack = [tree]
    while stack:
        node = stack.pop()
        if is_name(node):
            found[latex(node)] = None
        elif node.head == "script" and node.kids[1] is None:
            stack += [node.kids[2], node.kids[0]]  # type: ignore[list-item]
        elif node.head in _GROUPS or node.head in ("sum", "neg", "juxt", "frac", "floor", "ceil"):
            stack += [k for k in reversed(node.kids) if isinstance(k, Tree) and k.head != "op"]
        elif node.head != "num":
            raise NoNumber(latex(node))
    return list(found)


def is_name(tree: Tree) -> bool:
    """A letter, or one with a subscript: N, N_{out}, n_1."""
    if tree.head == "script":
        return tree.kids[2] is None and tree.kids[0].head == "name" and tree.kids[1] is not None
    return tree.head == "name"


def number(tree: Tree, known: Mapping[str, Number]) -> Fraction:
    """The value of a formula; NoNumber where it has none."""
    return Fraction(compiled(tree)(known))


def compiled(tree: Tree) -> Callable[[Mapping[str, Number]], Number]:
    """A formula as a function of its names, to be computed many times; NoNumber where it is no
    arithmetic, or where it has no value."""
    match tree:
        case Tree("num", (text,)):
            value = Fraction(str(text))
            constant = int(value) if value.denominator == 1 else value
            return lambda known: constant
        case Tree("neg", (kid,)):
            inner = compiled(kid)
            return lambda known: -inner(known)
        case Tree("sum", kids):
            terms = [compiled(kid) for kid in kids]
            return lambda known: sum(term(known) for term in terms)
        case Tree("juxt", kids):
            return _product(kids, tree)
        case Tree("frac", (over, under)):
            above, below = compiled(over), compiled(under)
            return lambda known: _over(above(known), below(known), tree)
        case Tree("floor", (kid,)):
            inner = compiled(kid)
            return lambda known: floor(inner(known))
        case Tree("ceil", (kid,)):
            inner = compiled(kid)
            return lambda known: ceil(inner(known))
        case Tree(head, (kid,)) if head in _GROUPS:
            return compiled(kid)
        case Tree("script", (base, None, Tree() as power)) if not is_name(tree):
            root, exponent = compiled(base), compiled(power)
            return lambda known: _raised(root(known), exponent(known), tree)
    if is_name(tree):
        return _named(latex(tree))
    raise NoNumber(latex(tree))


def _named(name: str) -> Callable[[Mapping[str, Number]], Number]:
    def value(known: Mapping[str, Number]) -> Number:
        if name not in known:
            raise NoNumber(name)
        return known[name]

    return value


def _product(kids: Sequence[Tree], tree: Tree) -> Callable[[Mapping[str, Number]], Number]:
    factors: list[tuple[bool, Callable[[Mapping[str, Number]], Number]]] = []
    divide = False
    for kid in kids:
        if kid.head == "op":
            sign = str(kid.kids[0])
            if sign not in (r"\cdot", r"\times", "*", "/", r"\div"):
                raise NoNumber(latex(tree))
            divide = sign in ("/", r"\div")
            continue
        factors.append((divide, compiled(kid)))
        divide = False

    def value(known: Mapping[str, Number]) -> Number:
        total: Number = 1
        for under, factor in factors:
            n = factor(known)
            total = _over(total, n, tree) if under else total * n
        return total

    return value


def _over(over: Number, under: Number, tree: Tree) -> Number:
    if not under:
        raise NoNumber(latex(tree))
    if isinstance(over, int) and isinstance(under, int) and over % under == 0:
        return over // under
    return Fraction(over) / under


def _raised(base: Number, power: Number, tree: Tree) -> Number:
    base, power = Fraction(base), Fraction(power)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if power.denominator != 1 or abs(power) > _LARGEST_POWER or bits * abs(power) > _MOST_BITS:
        raise NoNumber(latex(tree))
    if not base and power < 0:
        raise NoNumber(latex(tree))
    return base ** int(power)


def put_in(tree: Tree, known: Mapping[str, Number]) -> Tree:
    """The formula with numbers for its names; between two numbers stands a dot."""

    def filled(node: Tree) -> Tree:
        if is_name(node) and latex(node) in known:
            return numeral(known[latex(node)])
        if node.head == "script" and node.kids[0].head in ("frac", "neg"):
            return Tree("script", (Tree("paren", (node.kids[0],)), *node.kids[1:]))
        if node.head != "juxt":
            return node
        kids: list[Tree] = []
        for kid in node.kids:
            if kids and kid.head in ("num", "neg", "frac") and kids[-1].head != "op":
                kids.append(Tree("op", (r"\cdot",)))
            kids.append(Tree("paren", (kid,)) if kid.head == "neg" else kid)
        return Tree("juxt", tuple(kids))

    # A subscript is part of its name, and not a name of its own.
    shielded = _shielded(tree, known)
    return shielded.rewritten(filled)


def _shielded(tree: Tree, known: Mapping[str, Number]) -> Tree:
    if is_name(tree):
        return numeral(known[latex(tree)]) if latex(tree) in known else tree
    kids = tuple(_shielded(k, known) if isinstance(k, Tree) else k for k in tree.kids)
    return Tree(tree.head, kids, tree.span)


def numeral(value: Number) -> Tree:
    """An exact number as a tree."""
    value = Fraction(value)
    if value < 0:
        return Tree("neg", (numeral(-value),))
    if value.denominator != 1:
        over, under = (Tree("num", (str(n),)) for n in (value.numerator, value.denominator))
        return Tree("frac", (over, under))
    return Tree("num", (str(value.numerator),))
