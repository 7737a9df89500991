"""Flips in a product: an array read backwards along its last axes.

The idea: 1[i + j = n - 1] turns an axis round; two of them on one index are none.
"""

from __future__ import annotations

from typing import NamedTuple

from derive.kernel.build import contracted
from derive.kernel.expr import Delta, Expr, Ones
from derive.operators import incidence
from derive.operators.incidence import is_incidence
from derive.tree import Tree, name, num
from derive.writing.flat import Factor, Flat, renamed

_TURN = Tree("script", (name("rot"), num(180), None))


class Flip(NamedTuple):
    """An array with some of its axes, the last ones, read backwards."""

    array: Expr
    axes: int
    members: tuple[Factor, ...]
    own: tuple[int, ...]
    out: tuple[int, ...]

    @property
    def node(self) -> Expr:
        joints = self.members[1:]
        parts = [self.array, *(f.node for f in joints)]
        return contracted(parts, [self.own, *(f.own for f in joints)], self.out)


def is_flip(factor: Factor) -> bool:
    """Whether a factor is 1[i + j = n - 1]."""
    if not is_incidence(factor.node) or len(factor.own) != 2 or factor.own[0] == factor.own[1]:
        return False
    n, m = factor.node.axes
    if n != m:
        return False
    (_, a), (_, b), *_ = (by := incidence.read(factor.node, factor.own)).terms
    return (a == b == 1 and by.offset == 1 - n) or (a == b == -1 and by.offset == n - 1)


def without_flips(flat: Flat) -> Flat:
    """Two flips on one index are none."""
    flips = [f for f in flat.factors if is_flip(f)]
    for one in flips:
        for other in flips:
            shared = set(one.own) & set(other.own)
            if one is other or len(shared) != 1:
                continue
            (i,) = shared
            if i in flat.out or any(
                i in f.own for f in flat.factors if f is not one and f is not other
            ):
                continue
            a, b = ({*one.own} - shared).pop(), ({*other.own} - shared).pop()
            rest = [f for f in flat.factors if f is not one and f is not other]
            rest.append(Factor(Delta(one.node.axes[0]), (a, b)))
            return without_flips(Flat(flat.count, renamed(rest, flat.out), flat.out))
    return flat


def flip_in(flat: Flat) -> Flip | None:
    """A factor all of whose flipped axes are its last ones."""
    flips = [f for f in flat.factors if is_flip(f)]
    for factor in flat.factors:
        if not flips or is_incidence(factor.node) or type(factor.node) is Ones:
            continue
        turned = dict[int, Factor]()
        for flip in flips:
            for i in flip.own:
                users = [f for f in flat.factors if i in f.own and f is not flip]
                if i not in flat.out and users == [factor] and factor.exponent == 1:
                    turned[i] = flip
        count = len(turned)
        if count and set(factor.own[-count:]) == set(turned) and count in (1, 2):
            if count == 1 and len(factor.own) > 1:
                continue
            out = tuple(
                next(j for j in turned[i].own if j != i) if i in turned else i for i in factor.own
            )
            members = (factor, *(turned[i] for i in factor.own[-count:]))
            return Flip(factor.node, count, members, factor.own, out)
    return None


def flipped(kernel: Tree, dims: int) -> Tree:
    """flip(w), or an image turned by 180 degrees; twice is not at all."""
    if kernel.head == "call" and kernel.kids[0] in (name("flip"), _TURN):
        return kernel.kids[1]
    if dims == 1:
        return Tree("call", (name("flip"), kernel))
    return Tree("call", (_TURN, kernel))
