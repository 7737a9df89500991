"""Moves: what a random network may do next, one function each, and the vocabulary's tables.

The idea: a move takes nodes that are there, or new variables, and gives one node more.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derive.kernel.build import (
    add,
    contract,
    contracted,
    diag,
    dot,
    hadamard,
    lift,
    mapped,
    named,
    outer,
    spread,
    trace,
    transpose,
)
from derive.kernel.expr import Delta, Expr, Fn, Map, Ones
from derive.operators import COMPOSITES, POINTWISE, PRIMITIVES, Row
from derive.operators.singular import SINGULAR
from tests.recipe import D, H, K, N, Recipe

Move = Callable[[Recipe], Expr]
MOVES: list[Move] = []


def move(make: Move) -> Move:
    MOVES.append(make)
    return make


@move
def layer(r: Recipe) -> Expr:
    x = r.ranked(1)
    w = r.node(lambda axes: len(axes) == 2 and axes[1] is x.axes[0], (r.pick([H, K]), x.axes[0]))
    z = w @ x
    return z + r.like(z) if r.byte() % 2 else z


@move
def batch_layer(r: Recipe) -> Expr:
    x = r.batch()
    w = r.variable((r.pick([D, H, K]), x.axes[1]))
    z = contract("bi,oi->bo", x, w)
    if r.byte() % 2:
        b = r.variable((w.axes[0],))
        z = add(z, contracted((b, Ones(N)), ((0,), (1,)), (1, 0)))
    return z


@move
def batch_rows(r: Recipe) -> Expr:
    x = r.batch()
    pattern = r.pick(["bi,bi->b", "bi,bi->i", "bi,bi->bi", "bi,bj->ij", "bi,cj->ij"])
    return contract(pattern, x, r.like(x))


@move
def batch_scaled(r: Recipe) -> Expr:
    x = r.batch()
    s = r.node(lambda axes: axes == (N,), (N,))
    return contract(r.pick(["bi,b->bi", "bi,b->i", "bi,b->ib"]), x, s)


@move
def batch_of_forms(r: Recipe) -> Expr:
    x = r.batch()
    a = r.variable((x.axes[1], x.axes[1]))
    return contract(r.pick(["bi,ij,bj->b", "bi,ij,bj->bj", "bi,ij,bj->"]), x, a, x)


@move
def summed(r: Recipe) -> Expr:
    x = r.any()
    axes = tuple(range(len(x.axes)))
    kept = tuple(i for i in axes if r.byte() % 2)
    return contracted((x,), (axes,), kept)


@move
def product(r: Recipe) -> Expr:
    a = r.ranked(2)
    b = r.node(lambda axes: len(axes) == 2 and axes[0] is a.axes[1], (a.axes[1], r.pick([D, K])))
    return a @ b


@move
def gram(r: Recipe) -> Expr:
    a = r.ranked(2)
    return contract(r.pick(["ij,kj->ik", "ij,ik->jk", "ij,kj->ki"]), a, a)


@move
def traced(r: Recipe) -> Expr:
    a = r.ranked(2)
    square = contract("ij,kj->ik", a, r.like(a))
    return trace(square) if r.byte() % 2 else contract("ii->i", square)


@move
def form(r: Recipe) -> Expr:
    x = r.ranked(1)
    return contract("i,ij,j->", x, r.variable((x.axes[0], x.axes[0])), r.like(x))


@move
def flipped(r: Recipe) -> Expr:
    return transpose(r.node(lambda axes: len(axes) == 2, (H, D)))


@move
def outer_product(r: Recipe) -> Expr:
    return outer(r.ranked(1), r.ranked(1))


@move
def inner_product(r: Recipe) -> Expr:
    a = r.any()
    return dot(a, r.like(a))


@move
def entrywise(r: Recipe) -> Expr:
    a = r.any()
    return hadamard(a, r.like(a))


@move
def sum_of_two(r: Recipe) -> Expr:
    a = r.any()
    b = r.like(a)
    return a + b if r.byte() % 2 else a - b


@move
def scaled(r: Recipe) -> Expr:
    return lift(r.pick([2, -1, Fraction(1, 2), Fraction(-2, 3), 0.7])) * r.any()


@move
def times_scalar(r: Recipe) -> Expr:
    return hadamard(r.node(lambda axes: not axes, ()), r.any())


@move
def shifted(r: Recipe) -> Expr:
    a = r.any()
    return 1 - a if r.byte() % 2 else a + r.node(lambda axes: not axes, ())


@move
def repeated(r: Recipe) -> Expr:
    return spread(r.node(lambda axes: not axes, ()), r.any().axes)


@move
def on_the_diagonal(r: Recipe) -> Expr:
    v = r.ranked(1)
    return r.pick([diag(v), add(outer(v, v), Delta(v.axes[0])), contract("i,jk->ijk", v, Delta(K))])


@move
def of_one_column(r: Recipe) -> Expr:
    v = r.ranked(1)
    row = r.variable((1, v.axes[0]))
    pattern = r.pick(["ij,j->i", "ij,j->", "ij,j->j", "ij,j->ij", "ij,j->ji"])
    return contract(pattern, row, v)


@move
def tensor(r: Recipe) -> Expr:
    x = r.ranked(1)
    t = r.variable((H, x.axes[0], K))
    return contract(r.pick(["ijk,j->ik", "ijk,j->ki", "ijk,j->", "ijk,j->kji"]), t, x)


@move
def of_a_tensor(r: Recipe) -> Expr:
    t = r.node(lambda axes: len(axes) == 3, (H, D, K))
    w = r.variable((D, t.axes[2]))
    pattern = r.pick(["abc,dc->abd", "abc,dc->dba", "abc,dc,dc->ab", "abc,abe->ec", "aba->ab"])
    if pattern == "abc,abe->ec":
        return contract(pattern, t, t)
    if pattern == "aba->ab":
        return contract("abc,xbc->ax", t, t)
    return contract(pattern, *([t] + [w] * (pattern.count(",")))[: pattern.count(",") + 1])


@move
def of_many(r: Recipe) -> Expr:
    x, y = r.ranked(1), r.ranked(1)
    w = r.variable((y.axes[0], x.axes[0]))
    pattern = r.pick(["i,ij,j,i->i", "i,ij,j,j->ij", "i,ij,j,i->ji", "i,ij,j,j->j"])
    return contract(pattern, y, w, x, y if pattern[7] == "i" else x)


@move
def under_a_name(r: Recipe) -> Expr:
    a = r.any()
    if a.axes and a.axes[0] is N:
        return named(rf"{r.symbol('h')}^{{(#1)}}", a, ("i",))
    return named(r.symbol("h"), a)


@move
def two_copies(r: Recipe) -> Expr:
    a = r.any()
    return hadamard(named(r.symbol("u"), a), named(r.symbol("v"), a))


@move
def pointwise(r: Recipe) -> Expr:
    return of_pointwise(r, r.pick(list(POINTWISE.values())))


@move
def along_an_axis(r: Recipe) -> Expr:
    return of_primitive(r, r.pick([w for w in PRIMITIVES.values() if w.name not in SINGULAR]))


@move
def defined(r: Recipe) -> Expr:
    return of_composite(r, r.pick(list(COMPOSITES.values())))


# ---------------------------------------------------------------------------- rows of the tables

PARAMS = {
    "power": [(Fraction(c),) for c in ("-1", "1/2", "2", "3", "-2", "3/2", "-1/2", "1/3")],
    "generic": [("f",), (r"\phi",)],
}


def of_pointwise(r: Recipe, row: Row) -> Expr:
    """This function, of arguments in its domain."""
    fn: Fn = row.make(*r.pick(PARAMS.get(row.name, [()])))
    if not row.arity:
        return Map(fn, ())
    first = r.any()
    rest = [r.like(first) if r.byte() % 2 else r.variable(()) for _ in range(row.arity - 1)]
    if row.name == "where":  # its condition is 1 or 0
        first = POINTWISE["gt"].make()(first, r.like(first))
    return mapped(fn, *(r.within(a, *row.domain) for a in (first, *rest)))


def of_primitive(r: Recipe, row: Row) -> Expr:
    """This operator along the last axis of a node; a one-hot vector of class numbers."""
    if row.name == "one_hot":
        count = r.pick([D, K, 3])
        return row.make(count)(r.classes(r.pick([(), (N,)]), count))
    if row.matrices:
        a = definite(r)
        return row.make()(a, *row.rest(a))
    if row.parameters:  # of a family the example
        size = {"n": D, "m": K, "k": 3}
        shapes = [[size.get(a) or int(a) for a in shape.split()] for shape in row.shapes]
        return row.make(*row.parameters)(*(r.variable(tuple(axes)) for axes in shapes))
    a = r.node(lambda axes: len(axes) > 0 and axes[-1] != 1, (K,))
    return row.make()(a, *row.rest(a))


def definite(r: Recipe) -> Expr:
    """A matrix of positive determinant that is not symmetric: a aᵀ + 3 I + s, where s + sᵀ = 0."""
    a = r.node(lambda axes: len(axes) == 2 and axes[0] not in (1, N), (D, K))
    s = r.variable((a.axes[0], a.axes[0]))
    return a @ a.T + 3 * Delta(a.axes[0]) + s - s.T


def of_composite(r: Recipe, row: Row) -> Expr:
    """This definition, of probabilities where other numbers leave its domain."""
    if row.matrices:
        return row.make(definite(r))
    first = r.node(lambda axes: 0 < len(axes) < 3, (D,))
    args = [first, *(r.like(first) for _ in range(row.arity - 1))]
    made = row.make(*args)
    return made if r.sound(made) else row.make(*(r.within(a, 0.1, 0.9) for a in args))


BATCH = [batch_layer, batch_rows, batch_scaled, batch_of_forms, pointwise, along_an_axis,
         under_a_name, entrywise, sum_of_two, shifted]  # fmt: skip
DENSE = [layer, layer, product, gram, traced, form, outer_product, inner_product, entrywise,
         sum_of_two, times_scalar, pointwise, under_a_name, two_copies]  # fmt: skip
WORDS = [layer, batch_layer, pointwise, along_an_axis, defined, under_a_name, shifted]
