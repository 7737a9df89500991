"""Products with flat axes as code: arrays are reshaped, and nothing is multiplied by a constant.

The idea: of an array in C order a flat axis is its pair of axes, the slower one first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from derive.code.targets import ATOM, Piece
from derive.kernel.expr import Axes, Expr, Var
from derive.kernel.sizes import product
from derive.meaning.stacks import Opened

if TYPE_CHECKING:
    from derive.code.body import Body


def unstacked(body: Body, cut: Opened) -> Piece:
    """The code of a product whose flat axes are cut into their pairs."""
    given: dict[Expr, Piece] = {}
    factors: list[Expr] = []
    for factor, parts in zip(cut.factors, cut.parts, strict=True):
        if all(len(part) == 1 for part in parts):
            factors.append(factor)
            continue
        fine = tuple(cut.extent[i] for part in parts for i in part)
        piece = body.full(body.pieces[factor], factor.axes)
        stand_in = Var(f"{len(given)}", fine)
        factors.append(stand_in)
        given[stand_in] = _reshaped(body, piece, fine)
    indices = tuple(tuple(i for part in own for i in part) for own in cut.parts)
    out = tuple(i for part in cut.out for i in part)
    body.pieces.update(given)
    made = body.product(tuple(factors), indices, out)
    for stand_in in given:
        del body.pieces[stand_in]
    if all(len(part) == 1 for part in cut.out):
        return made
    whole = tuple(product(cut.extent[i] for i in part) for part in cut.out)
    return _reshaped(body, body.full(made, tuple(cut.extent[i] for i in out)), whole)


def stack_array(body: Body, node: Expr) -> Piece:
    """The constant that stacks columns, as an array: an identity matrix cut in two."""
    m, n, flat = node.axes
    eye = Piece(body.target.form("eye", body.size(flat).at(0)), mask=(True, True))
    cut = _reshaped(body, eye, (n, m, flat))
    return replace(cut, text=body.target.form("permute", cut.at(0), (1, 0, 2)))


def _reshaped(body: Body, piece: Piece, axes: Axes) -> Piece:
    inner = body.wrapped(piece)
    text = body.target.form("reshape", inner.bare.at(ATOM), body.shape(axes))
    return Piece(text, mask=(True,) * len(axes), scale=inner.scale)
