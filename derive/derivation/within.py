r"""Derivatives by a matrix that is declared symmetric, skew-symmetric or diagonal.

The idea: the entries of such a matrix hang together, and three conventions say what its gradient
is.  ``within``: the gradient among such matrices, with the inner product tr(A^\top B): the usual G
projected, (G + G^\top) / 2.  ``parameters``: by the entries that are free, a_{ij} and a_{ji} being
one: G + G^\top - G \odot I (Petersen & Pedersen, The Matrix Cookbook, 2012, equations 138 to 140).
``independent``: G as if all entries were free.  ``within`` is what is derived: it alone has the
kind of its matrix and is steepest ascent.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.derivation.local import symbol_of
from derive.kernel.calculus import grad, jacobian
from derive.kernel.contraction import contracted
from derive.kernel.expr import Axes, Delta, Expr, Var
from derive.meaning.kinds import closed, kinds_of
from derive.notation.names import filled
from derive.writing.upright import reads_both_ways

WITHIN, PARAMETERS, INDEPENDENT = "within", "parameters", "independent"
CONVENTIONS = (WITHIN, PARAMETERS, INDEPENDENT)


def linear_kinds(node: Expr) -> tuple[str, ...]:
    """The kind of a variable by which its entries hang together linearly; () if none does."""
    known = kinds_of(node)
    return next(((k,) for k in ("diagonal", "symmetric", "skew") if k in known), ())


def projected(derivative: Expr, by: Expr, at: int = 0, convention: str = WITHIN) -> Expr:
    """A derivative whose axes ``at`` and ``at + 1`` are those of ``by``, in a convention.

    It is the same if nothing is declared of ``by`` by which its entries hang together linearly.

    >>> import derive as d
    >>> n = d.size("n")
    >>> S, a, b = d.matrix("S", n, n, symmetric=True), d.vector("a", n), d.vector("b", n)
    >>> projected(d.outer(a, b), S)
    1/2 (a b^T + b a^T)
    """
    kinds = linear_kinds(by)
    if not kinds or convention == INDEPENDENT:
        return derivative
    axes = tuple(range(len(derivative.axes)))
    pair = axes[at : at + 2]
    (kind,) = kinds
    diagonal = _times_delta(derivative, axes, pair, by.axes)
    if kind == "diagonal":
        return diagonal
    turned = contracted((derivative,), (axes,), (*axes[:at], *pair[::-1], *axes[at + 2 :]))
    if kind == "skew":
        found = derivative - turned
        return found if convention == PARAMETERS else found / 2
    if convention == PARAMETERS:
        return derivative + turned - diagonal
    return (derivative + turned) / 2


def gradient_within(gradient: Expr, by: Expr) -> Expr:
    """As ``projected``; but the usual gradient by a symmetric matrix is its own transpose as a rule
    and for all to see, and needs no half of a sum to say so."""
    if linear_kinds(by) == ("symmetric",) and reads_both_ways(gradient):
        return gradient
    return projected(gradient, by)


def second_within(hessian: Expr, by: Sequence[Expr]) -> Expr:
    """A second derivative, the axes of the last variable first, projected in both."""
    first, last = by[0], by[-1]
    return projected(projected(hessian, last), first, len(last.axes))


def derivatives_within(loss: Expr, wrt: Sequence[Expr]) -> list[Expr]:
    """The derivatives of a scalar by more and more of these, the last one first, each projected.

    Each has the axes of the variables that it is by, in their order: of (x, y) d/dy, then d/dx of
    d/dy, which has a row for each entry of x.
    """
    found: list[Expr] = []
    for x in reversed(wrt):
        found.append(projected(jacobian(found[-1], x) if found else grad(loss, x), x))
    return found


def _times_delta(derivative: Expr, axes: Sequence[int], pair: tuple[int, ...], own: Axes) -> Expr:
    return contracted((derivative, Delta(own[0])), (tuple(axes), pair), tuple(axes))


def tangent(var: Var) -> Var:
    """The change dS of a variable: of its kind, if that is one of linear equations."""
    return Var(f"d{var.name}", var.axes, (), closed(linear_kinds(var)))


def said_of_triangle(by: Expr) -> str:
    """What is said of a gradient by a triangular matrix, which is that of independent entries; ""
    of another matrix."""
    known = kinds_of(by)
    kind = next((k for k in ("lower", "upper") if k in known and "diagonal" not in known), "")
    own = symbol_of(by)
    return kind and (
        f"derivatives by ${filled(*own) if own else 'its variable'}$, which is {kind} triangular, "
        "are written as if all of its entries were independent: the gradient within such matrices "
        f"is the {kind} triangle of it, with 0 elsewhere"
    )


def said_of_convention(by: Expr, convention: str = WITHIN) -> str:
    """The convention in words, for a sheet or a verdict."""
    (kind,) = linear_kinds(by)
    own = symbol_of(by)
    symbol = filled(*own) if own else "its variable"
    said = {"symmetric": "symmetric", "skew": "skew-symmetric", "diagonal": "diagonal"}[kind]
    taken = {
        "symmetric": r"$(G + G^\top)/2$", "skew": r"$(G - G^\top)/2$", "diagonal": r"$G \odot I$",
    }[kind]  # fmt: skip
    free = {
        "symmetric": r"$G + G^\top - G \odot I$", "skew": r"$G - G^\top$",
        "diagonal": r"$G \odot I$",
    }[kind]  # fmt: skip
    head = f"derivatives by ${symbol}$, which is {said}, are "
    if convention == PARAMETERS:
        return head + (f"by its free entries: {free} of the $G$ of independent entries "
                       "(The Matrix Cookbook, section 2.8)")  # fmt: skip
    if convention == INDEPENDENT:
        return head + "written as if all of its entries were independent"
    return head + f"taken within the {said} matrices: {taken} of the $G$ of independent entries"
