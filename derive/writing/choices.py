r"""What stands beside a one-hot vector, taken at its class: p \odot e = (p^\top e) e.

The idea: all entries of e but one are 0, so an array that meets e in its index is as good as the
number that e selects from it; then the p_y of -\log p_y cancels in its gradient.
"""

from __future__ import annotations

from typing import Protocol

from derive.kernel.build import contracted
from derive.kernel.expr import Call, Contract, Delta, Expr, Ones, Operator, Var
from derive.writing.flat import Flat
from derive.writing.said import Letters


def chosen(node: Expr) -> Expr:
    """The product with every factor that shares a one-hot's index taken at the class."""
    if type(node) is not Contract:
        return node
    for hot, own in zip(node.factors, node.indices, strict=True):
        if not is_one_hot(hot) or len(set(own)) < len(own):
            continue
        i, rows = own[-1], own[:-1]
        factors: list[Expr] = []
        places: list[tuple[int, ...]] = []
        for factor, spot in zip(node.factors, node.indices, strict=True):
            if factor is hot or spot.count(i) != 1 or isinstance(factor, Delta | Ones):
                factors.append(factor)
                places.append(spot)
                continue
            rest = tuple(dict.fromkeys((*rows, *(j for j in spot if j != i))))
            factors.append(contracted((factor, hot), (spot, own), rest))
            places.append(rest)
        if i in node.out or sum(i in spot for spot in node.indices) > 2:
            return contracted(factors, places, node.out)
    return node


def is_one_hot(node: Expr) -> bool:
    """Whether this is the one-hot vector of a class number, or a row of them for each sample."""
    return type(node) is Call and isinstance(node.op, Operator) and node.op.name == "one_hot"


class Labelled(Protocol):
    """What is asked of the formula around: the usual letter of each axis."""

    def labels(self, node: Expr, /) -> Letters: ...


def chosen_entries(writer: Labelled, flat: Flat) -> dict[int, str]:
    r"""The indices that a class number picks, with its name as their letter: the sum over j of
    1(j = o) (p_j - 1) is p_o - 1.  A row of a matrix that no letter counts stays a product."""
    found: dict[int, str] = {}
    for node, own, exponent in flat.factors:
        if not is_one_hot(node) or len(own) != 1 or own[0] in flat.out or exponent != 1:
            continue
        (place,), (number,) = own, node.kids
        others = [f for f in flat.factors if f.node is not node and place in f.own]
        lettered = all(
            f.own.count(place) == 1
            and (len(f.own) == 1 or writer.labels(f.node)[f.own.index(place)] is not None)
            for f in others
        )
        if others and lettered and _is_plain(number) and place not in found:
            found[place] = number.name  # type: ignore[attr-defined]
    return found


def is_chosen(node: Expr, letter: str | None) -> bool:
    """Whether an entry of a one-hot vector is the one at its own class."""
    return is_one_hot(node) and _is_plain(node.kids[0]) and letter == node.kids[0].name  # type: ignore[attr-defined]


def _is_plain(number: Expr) -> bool:
    return isinstance(number, Var) and not number.axes and "#" not in number.name
