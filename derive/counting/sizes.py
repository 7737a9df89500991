"""Sizes as they stand in a text: a number, a letter between angle quotes, a formula of both."""

from __future__ import annotations

from derive.counting.arithmetic import is_name
from derive.diagnostics import DeriveError
from derive.kernel.sizes import Axis, product, size
from derive.latex.print import latex
from derive.latex.read import read_formula
from derive.tree import Tree


def axis(text: str) -> Axis:
    """A size as it stands in the text."""
    if text.startswith("⟦"):
        return polynomial(text.strip("⟦⟧"))
    return int(text) if text.isdigit() else size(text.strip("«»"))


def polynomial(formula: str) -> Axis:
    """A formula of whole numbers and letters as a size; ValueError where it is none."""
    try:
        (tree,) = read_formula(formula)
    except DeriveError as error:
        raise ValueError(formula) from error
    return _polynomial(tree)


def _polynomial(tree: Tree) -> Axis:
    match tree:
        case Tree("num", (str() as digits,)) if digits.isdigit():
            return int(digits)
        case Tree("paren" | "bracket", (inner,)):
            return _polynomial(inner)
        case Tree("neg", (inner,)):
            return -1 * _polynomial(inner)
        case Tree("sum", kids):
            total: Axis = 0
            for kid in kids:
                total = _polynomial(kid) + total
            return total
        case Tree("juxt", kids):
            if any(k.head == "op" and k.kids[0] not in (r"\cdot", r"\times") for k in kids):
                raise ValueError(latex(tree))
            return product(_polynomial(kid) for kid in kids if kid.head != "op")
        case Tree("script", (base, None, Tree("num", (power,)))) if int(power) < 9:
            return product([_polynomial(base)] * int(power))
    if is_name(tree):
        return size(latex(tree))
    raise ValueError(latex(tree))
