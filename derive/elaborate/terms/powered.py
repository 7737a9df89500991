r"""Derivatives by a power or by an inverse: \partial L / \partial \sigma^2, by \Sigma^{-1}.

The idea: the variable is a function of its power, or of its inverse, and the chain rule gives the
derivative by that from the derivative by the variable.
"""

from __future__ import annotations

from derive.elaborate.dispatch import said
from derive.elaborate.faults import Fault
from derive.kernel.build import contracted
from derive.kernel.contraction import span
from derive.kernel.expr import Expr, Num
from derive.operators.pointwise import power, reciprocal
from derive.tree import Tree


def power_below(by: Tree | None, times: int) -> int:
    r"""The 2 of \partial L / \partial \sigma^2, where nothing above says that it is an order, and
    the -1 of \partial L / \partial \Sigma^{-1}."""
    match by:
        case Tree("power", (_, Tree("neg", (Tree("num", ("1",)),)))) | Tree(
            "script", (_, _, Tree("neg", (Tree("num", ("1",)),)))
        ):
            return -1 if times == 1 else 1
        case Tree("power", (_, Tree("num", (n,)))) | Tree("script", (_, _, Tree("num", (n,)))):
            return int(n) if times == 1 and str(n).isdigit() and int(n) > 1 else 1
    return 1


def by_power(derivative: Expr, node: Expr, exponent: int, tree: Tree) -> Expr:
    r"""\partial f / \partial s^k = (\partial f / \partial s) / (k s^{k-1}), where s is not 0: there
    s is a function of s^k.  Fault where s is an array."""
    if node.axes:
        raise Fault(
            "not-a-variable", f"{said(tree)} is by a power of what is no number", tree,
            "give the power a name of its own, or ask for the derivative in the variable",
        )  # fmt: skip
    below = Num(exponent) * power(exponent - 1)(node)
    own = span(len(derivative.axes))
    return contracted((derivative, reciprocal(below)), (own, ()), own)


def by_inverse(derivative: Expr, node: Expr, tree: Tree) -> Expr:
    r"""\partial f / \partial X^{-1} = -X^\top (\partial f / \partial X) X^\top of a number f, where
    X is invertible: there X is a function of X^{-1}; of a number x it is -x^2 times the slope."""
    if not derivative.axes and not node.axes:
        return -(node * node * derivative)
    if len(derivative.axes) != 2 or derivative.axes != node.axes or node.axes[0] != node.axes[1]:
        raise Fault(
            "not-a-variable", f"{said(tree)} is by the inverse of what is no square matrix, or not "
            "of a number", tree, "give the inverse a name of its own",
        )  # fmt: skip
    return -(node.T @ derivative @ node.T)
