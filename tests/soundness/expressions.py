"""Pairs of expressions for the deciders alone: an expression and what a small change makes of it.

The idea: no reading and no document, so that many thousands are tried in a minute; floats at
points of several sizes say which pairs differ, and of those no proof may exist.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from derive.kernel.build import (
    add,
    contracted,
    diag,
    dot,
    hadamard,
    lift,
    outer,
    rebuilt,
    scale,
    total,
    transpose,
)
from derive.kernel.expr import Add, Call, Contract, Delta, Expr, Map, Num, Var, toposort
from derive.kernel.sizes import evaluate as size_at
from derive.meaning.evaluate import evaluate_all
from derive.operators.pointwise import (
    POINTWISE,
    absolute,
    exp,
    ge,
    gt,
    le,
    log,
    lt,
    max2,
    min2,
    power,
    relu,
    sigmoid,
    sign,
    sqrt,
    square,
    tanh,
)
from derive.operators.primitives import softmax
from tests.random_expressions import MATRICES, SCALARS, VECTORS, M, N, Sprout

SIZES = ({"n": 3, "m": 2}, {"n": 2, "m": 4}, {"n": 4, "m": 3}, {"n": 1, "m": 2})
VARIABLES = [*SCALARS, *VECTORS[N], *VECTORS[M], *(v for vs in MATRICES.values() for v in vs)]


def values_at(at: dict[str, int], draw: np.random.Generator, sort: int) -> dict[Expr, np.ndarray]:
    """Values of all variables: of any sign, positive, or small integers with many ties."""
    found = {}
    for v in VARIABLES:
        shape = tuple(size_at(n, at) for n in v.axes)
        if sort == 0:
            found[v] = draw.normal(size=shape) * 1.3
        elif sort == 1:
            found[v] = draw.uniform(0.2, 1.8, shape)
        else:
            found[v] = draw.uniform(0.3, 1.7, shape) * draw.choice([-1.0, 1.0], shape)
    return found


def points(seed: int) -> list[tuple[dict[Expr, np.ndarray], dict[str, int]]]:
    draw = np.random.default_rng(seed)
    return [(values_at(at, draw, k % 3), at) for at in SIZES for k in range(3)]


def differ(a: Expr, b: Expr, where: list) -> bool | None:
    """Whether two expressions certainly differ somewhere; None where no point has both values."""
    seen = False
    for known, at in where:
        with np.errstate(all="ignore"):
            values = evaluate_all([a, b], known, at)
        x, y = values[a], values[b]
        if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
            continue
        seen = True
        size = max(1e-3, float(np.max(np.abs(x), initial=0)), float(np.max(np.abs(y), initial=0)))
        inner = max((float(np.max(np.abs(v), initial=0)) for v in values.values()
                     if np.all(np.isfinite(v))), default=1.0)  # fmt: skip
        if inner < 1e8 and float(np.max(np.abs(x - y), initial=0)) > 1e-6 * size + 1e-12 * inner:
            return True
    return False if seen else None


# ------------------------------------------------------------------------------ small changes

_ONE = [relu, sigmoid, tanh, absolute, square, sign, exp, sqrt, log, power(-1), power(3)]
_TWO = [gt, ge, lt, le, max2, min2]


def changed(root: Expr, rng: random.Random) -> Expr | None:
    """The expression with one node changed; None where the change does not fit."""
    order = [n for n in toposort(root) if not isinstance(n, Num)] or [root]
    spot = rng.choice(order)
    new = _changed_node(spot, rng)
    if new is None or new.axes != spot.axes or new is spot:
        return None
    made: dict[Expr, Expr] = {}
    for node in toposort(root):
        made[node] = new if node is spot else (
            rebuilt(node, [made[k] for k in node.kids]) if node.kids else node
        )  # fmt: skip
    return made[root]


def _changed_node(node: Expr, rng: random.Random) -> Expr | None:
    alike = [v for v in VARIABLES if v.axes == node.axes and v is not node]
    choice = rng.randrange(12)
    if choice == 0:
        return scale(rng.choice([2, -1, Fraction(1, 2)]), node)
    if choice == 1 and len(node.axes) == 2 and node.axes[0] is node.axes[1]:
        return transpose(node)
    if choice == 2 and alike:
        return rng.choice(alike)
    if choice == 3 and alike:
        return add(node, rng.choice(alike))
    if choice == 4 and alike:
        return hadamard(node, rng.choice(alike))
    if choice == 5:
        return rng.choice(_ONE)(node)
    if choice == 6:
        return rng.choice(_TWO)(node, rng.choice([lift(0), lift(1), *alike]))
    if choice == 7:
        return 1 - node
    match node:
        case Add(terms) if len(terms) > 1:
            k = rng.randrange(len(terms))
            if rng.random() < 0.5:
                return add(*(t for j, t in enumerate(terms) if j != k)) if len(terms) > 2 \
                    else terms[1 - k]  # fmt: skip
            return add(*(scale(-1, t) if j == k else t for j, t in enumerate(terms)))
        case Contract(factors, indices, out):
            return _other_indices(factors, indices, out, rng)
        case Map(_, args):
            row = rng.choice(_ONE if len(args) == 1 else _TWO)
            return row(*args) if len(args) <= 2 else None
        case Call(_, args) if len(args) == 1 and args[0].axes == node.axes:
            return args[0]
        case Num(value):
            return lift(value + rng.choice([1, -1]))
    return None


def _other_indices(factors, indices, out, rng: random.Random) -> Expr | None:
    """A contraction with two places exchanged, or with one factor dropped or doubled."""
    extent = {i: n for f, own in zip(factors, indices) for i, n in zip(own, f.axes)}
    choice = rng.randrange(4)
    if choice == 0 and len(factors) > 1:
        k = rng.randrange(len(factors))
        rest = [(f, o) for j, (f, o) in enumerate(zip(factors, indices)) if j != k]
        if not set(out) <= {i for _, o in rest for i in o}:
            return None
        return contracted(tuple(f for f, _ in rest), tuple(o for _, o in rest), out)
    if choice == 1:
        k = rng.randrange(len(factors))
        return contracted((*factors, factors[k]), (*indices, indices[k]), out)
    flat = [(k, j) for k, own in enumerate(indices) for j in range(len(own))]
    if not flat:
        return None
    (k, j), (p, q) = rng.choice(flat), rng.choice(flat)
    new = [list(own) for own in indices]
    if extent[new[k][j]] is not extent[new[p][q]]:
        return None
    new[k][j], new[p][q] = (new[p][q], new[k][j]) if choice == 2 else (new[p][q], new[p][q])
    if not set(out) <= {i for own in new for i in own}:
        return None
    return contracted(tuple(factors), tuple(map(tuple, new)), out)


# ------------------------------------------------------------------------------ traps

a, c = SCALARS
x, y = VECTORS[N]
u, v = VECTORS[M]
A, B = MATRICES[N, N]
W, V = MATRICES[M, N]

# Pairs that are equal in part of the space only: no proof may be made of them, unless it says that
# it holds almost everywhere and the set that it leaves out has no inside.
TRAPS: list[tuple[Expr, Expr]] = [
    (sqrt(square(x)), x),
    (sqrt(square(x) * square(y)), x * y),
    (power(Fraction(3, 2))(square(x)), power(3)(x)),
    (relu(x) - relu(-x), absolute(x)),
    (relu(x) + relu(-x), x),
    (relu(x + y), relu(x) + relu(y)),
    (relu(relu(x) - 1), relu(x) - 1),
    (gt(x, 0) * gt(y, 0), gt(x * y, 0)),
    (gt(x, 0) + gt(y, 0), gt(x + y, 0)),
    (gt(relu(W @ x), 0), ge(relu(W @ x), 0)),
    (gt(V @ relu(-relu(x)), 0), ge(V @ relu(-relu(x)), 0)),
    (gt(V @ relu(x), 0), ge(V @ relu(x), 0)),
    (gt(x - x, 0), ge(x - x, 0)),
    (gt(relu(x) * relu(-x), 0), ge(relu(x) * relu(-x), 0)),
    (gt(gt(x, 0), 0), ge(gt(x, 0), 0)),
    (sign(relu(x)), lift(1) + 0 * x),
    (absolute(x) + absolute(y), absolute(x + y)),
    (max2(x, y), x + relu(y) - relu(x)),
    (tanh(x), 2 * sigmoid(x) - 1),
    (sigmoid(x) * sigmoid(x), sigmoid(2 * x)),
    (exp(x) * exp(y), exp(x * y)),
    (log(square(x)), 2 * log(absolute(x) + 1)),
    (softmax(x), softmax(2 * x)),
    (softmax(x * y), softmax(x) * softmax(y)),
    (total(softmax(x)) * total(softmax(u)) * x, total(0 * u + 1) * x),
    (total(0 * x + 1), total(0 * u + 1)),
    (total(x) / total(y), total(x / y)),
    (total(x * y) / total(y), total(x)),
    (total(x) * total(x), total(x * x)),
    (1 / (x + y), 1 / x + 1 / y),
    (dot(A @ B @ x, y), dot(B @ A @ x, y)),
    (dot(A, A), dot(A, A.T)),
    (diag(x) @ A, A @ diag(x)),
    (contracted((A, B), ((0, 1), (1, 0)), ()), contracted((A, B), ((0, 1), (0, 1)), ())),
    (contracted((A, A, A), ((0, 1), (1, 2), (2, 0)), ()),
     contracted((A, A, A), ((0, 1), (1, 2), (0, 2)), ())),
    (outer(x, y), outer(y, x)),
    (Delta(N) @ A, A.T),
    (total(A @ A.T @ x), total(A.T @ A @ x)),
    (x / x, 0 * x),
    (gt(x, y), ge(y, x)),
    (lt(x, 0) + gt(x, 0), gt(square(x), 1)),
    (max2(x, y) * min2(x, y), square(x)),
]  # fmt: skip


def pairs(rng: random.Random, grow: Callable[[Sprout], Expr] | None = None
          ) -> Iterator[tuple[Expr, Expr]]:  # fmt: skip
    """Random expressions with one small change each, for ever."""
    while True:
        sprout = Sprout(rng)
        n, m = sprout.size(), sprout.size()
        depth = rng.randrange(1, 4)
        match rng.randrange(3):
            case 0:
                root = sprout.scalar(depth)
            case 1:
                root = sprout.vector(n, depth)
            case _:
                root = sprout.matrix(n, m, depth)
        for _ in range(4):
            other = changed(root, rng)
            if other is not None and other.axes == root.axes:
                yield root, other


__all__ = ["POINTWISE", "TRAPS", "Var", "differ", "pairs", "points"]
