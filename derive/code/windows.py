"""Convolutions as code: entries are looked up where a window sees them, then multiplied.

The idea: as in ``derive.meaning.gather``, a summed index that an equation gives needs no sum; what
no look-up reaches is the constant array of zeros and ones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from derive.code.targets import ATOM, Piece
from derive.kernel.expr import Call, Contract, Delta, Expr, Num, Ones, Var
from derive.kernel.sizes import Axis
from derive.operators import incidence
from derive.operators.incidence import Equation, is_incidence

if TYPE_CHECKING:
    from derive.code.body import Body


class LookUp(NamedTuple):
    """An index of one factor that an equation gives."""

    incidence: int
    factor: int
    index: int
    by: Equation


@lru_cache(maxsize=1024)
def look_ups(node: Contract) -> tuple[LookUp, ...]:
    """Which factors are looked up, by their positions in the product."""
    own = {k: list(spots) for k, spots in enumerate(node.indices)}
    extent = {i: n for f, spots in zip(node.factors, node.indices) for i, n in zip(spots, f.axes)}
    found: list[LookUp] = []
    for k, factor in enumerate(node.factors):
        if not is_incidence(factor):
            continue
        by = incidence.read(factor, node.indices[k])
        choice: list[tuple[tuple[bool, int], int, int]] = []
        for i, turn in by.terms:
            users = [f for f in own if f != k and i in own[f]]
            if i in node.out or len(users) != 1 or not isinstance(turn, int):
                continue
            (user,) = users
            others = {j for j, _ in by.terms if j != i}
            plain = node.factors[user]
            if isinstance(plain, Num | Ones | Delta) or is_incidence(plain):
                continue
            if others & set(own[user]) or len(set(own[user])) < len(own[user]):
                continue
            alone = sum(turn == other for _, other in by.terms) == 1
            choice.append(((not alone, -_known(extent[i])), i, user))
        if choice:
            _, i, user = min(choice)
            found.append(LookUp(k, user, i, by))
            own[user] = [x for j in own[user] for x in
                         ([y for y, _ in by.terms if y != i] if j == i else [j])]  # fmt: skip
            del own[k]
    return tuple(found)


def _known(n: Axis) -> int:
    return n if isinstance(n, int) else sum(count for names, count in n.terms if names)


def below(node: Expr, kids: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """The kids that a node's code needs: none that are only looked up by."""
    if not isinstance(node, Contract) or not any(map(is_incidence, kids)):
        return kids
    done = {step.incidence for step in look_ups(node)}
    return tuple(f for k, f in enumerate(node.factors) if k not in done and f in kids)


def looked_up(body: Body, node: Contract) -> Piece:
    """The code of a product after its look-ups."""
    factors, indices = list(node.factors), [list(spots) for spots in node.indices]
    extent = {i: n for f, spots in zip(node.factors, node.indices) for i, n in zip(spots, f.axes)}
    given: list[Expr] = []
    gone: set[int] = set()
    for step in look_ups(node):
        k = step.factor
        piece = body.full(body.pieces[factors[k]], factors[k].axes)
        place = indices[k].index(step.index)
        others = [(i, c) for i, c in step.by.terms if i != step.index]
        steps = ", ".join(f"({_size(body, c)}, {_size(body, extent[i])})" for i, c in others)
        steps += "," * (len(others) == 1)
        turn, offset = _size(body, step.by.of(step.index)), _size(body, step.by.offset)
        text = f"looked_up({body.wrapped(piece).bare.at(0)}, {place}, {turn}, {offset}, ({steps}))"
        body.used_functions.add("looked_up")
        indices[k][place : place + 1] = [i for i, _ in others]
        stand_in = Var(f"looked up {len(given)}", tuple(extent[i] for i in indices[k]))
        made = Piece(text, ATOM, (True,) * len(indices[k]), scale=piece.scale)
        body.pieces[stand_in] = body.line(made) if piece.scale == 1 else made
        given.append(stand_in)
        factors[k] = stand_in
        gone.add(step.incidence)
    left = [k for k in range(len(factors)) if k not in gone]
    product = body.product([factors[k] for k in left], [tuple(indices[k]) for k in left], node.out)
    for stand_in in given:
        del body.pieces[stand_in]
    return product


def constant(body: Body, node: Call) -> Piece:
    """The array of zeros and ones itself."""
    by = incidence.read(node, range(len(node.axes)))
    steps = ", ".join(
        f"({_size(body, by.of(k))}, {_size(body, n)})" for k, n in enumerate(node.axes)
    )
    steps += "," * (len(node.axes) == 1)
    body.used_functions.add("incidence")
    text = f"incidence({_size(body, by.offset)}, ({steps}))"
    return Piece(text, ATOM, (True,) * len(node.axes))


def _size(body: Body, n: Axis) -> str:
    return body.size(n).at(0)
