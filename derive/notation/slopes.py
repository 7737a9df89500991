r"""How the derivative of a function at its arguments is written: J_r(x), Dr(x), r'(x), \dot x(t).

The idea: one head, ``slope``, means the derivative, and its sign says what is written for it.
"""

from __future__ import annotations

from derive.tree import Tree

TOTAL, PRIME, NABLA, DOT, NAMED = "D", "'", r"\nabla", r"\dot", "="
TURNED = "T"  # before the sign of a Jacobian whose rows are those of the variable
_DOTS = {"1": r"\dot", "2": r"\ddot", "3": r"\dddot"}


def slope(
    called: Tree, sign: str, span: tuple[int, int], *, order: str = "1", entry: Tree | None = None,
    bare: bool = False,
) -> Tree:  # fmt: skip
    r"""The derivative of the function that is called, or of one ``entry`` of its value.

    ``sign`` is one of these here, ``=`` and a name of its own, after a nabla if that is a column or
    a Hessian, or the J of J_r; ``bare``: it stands without the arguments.  Of order 0 it is the
    entry itself, r_i(x).
    """
    return Tree("slope", (called, order, sign, entry, "bare" if bare else ""), span)


def slope_as_written(node: Tree) -> Tree:
    """The slope with the notation that it stands for."""
    called, order, sign, entry, bare = node.kids
    function, *rest = called.kids
    if called.head == "call":
        inside = rest[0] if len(rest) == 1 else Tree("list", tuple(rest))
        rest = [Tree("paren", (inside,))]
    rest = [] if bare else rest
    named = function if entry is None else Tree("script", (function, entry, None), node.span)

    def applied(head: Tree) -> Tree:
        return Tree("juxt", (head, *rest), node.span) if rest else head

    if order == "0":
        return applied(named)
    if NAMED in sign:
        return applied(Tree("name", (sign.partition(NAMED)[2],), node.span))
    if sign == NABLA:
        return Tree("grad", (None, applied(named), order), node.span)
    if sign == PRIME:
        return applied(Tree("prime", (named, order), node.span))
    if sign == DOT and named.head == "name":
        return applied(Tree("name", (f"{_DOTS[order]}{{{named.kids[0]}}}",), node.span))
    if sign == TOTAL:
        return Tree("juxt", (Tree("name", (TOTAL,)), named, *rest), node.span)
    return applied(Tree("script", (Tree("name", (sign or "J",)), named, None), node.span))
