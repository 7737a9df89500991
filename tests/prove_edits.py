"""Random pairs of expressions, one an edit of the other, and the points that judge them.

The idea: edits that are laws with their side conditions left out, beside plain mistakes; what the
prover then calls equal must have equal numbers wherever it says so, kinks and ties included.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from derive.derivation.network import Domain
from derive.kernel.build import contracted, dot, named, outer, rebuilt, spread, total, trace
from derive.kernel.calculus import grad
from derive.kernel.expr import Add, Call, Contract, Delta, Expr, Map, Num, Ones, Var, toposort
from derive.kernel.sizes import sizes
from derive.meaning.evaluate import evaluate_all
from derive.operators.pointwise import (
    absolute,
    cos,
    eq,
    erf,
    exp,
    ge,
    gelu,
    gt,
    le,
    leaky_relu,
    log,
    log_sigmoid,
    lt,
    max2,
    min2,
    ne,
    power,
    prelu,
    relu,
    sigmoid,
    sign,
    silu,
    sin,
    softplus,
    sqrt,
    square,
    step,
    tanh,
    where,
)  # fmt: skip
from derive.operators.primitives import (
    argmax,
    log_softmax,
    logsumexp,
    maximum,
    minimum,
    softmax,
)  # fmt: skip
from derive.operators.row import POINTWISE
from proofs.equal import Condition, Proof

N, M = sizes("n m")
SCALARS = [Var("a", ()), Var("c", ()), Var("p", ())]
VECTORS = {N: [Var("x", (N,)), Var("y", (N,)), Var("t", (N,)), Var("h", (N,))],
           M: [Var("u", (M,)), Var("v", (M,))]}  # fmt: skip
MATRICES = {(N, N): [Var("A", (N, N)), Var("B", (N, N))], (M, N): [Var("W", (M, N))]}
P, T, H, S = SCALARS[2], VECTORS[N][2], VECTORS[N][3], Var("s", (N,))
FACTS = {
    P: Domain(low=Fraction(0), high=Fraction(1)),
    T: Domain(normalised=True),
    H: Domain(values=(Fraction(0), Fraction(1))),
    S: Domain(values=(Fraction(-1), Fraction(1))),
}
UNARY = [relu, absolute, exp, log, sigmoid, tanh, softplus, sqrt, square, power(-1), power(3),
         power(Fraction(-1, 2)), sign, step, leaky_relu, silu, gelu, log_sigmoid, sin, cos, erf,
         power(-2), power(Fraction(3, 2))]  # fmt: skip
BINARY = [max2, min2, gt, ge, lt, le, eq, ne, prelu]


class Grower:
    """Small random expressions: the smaller, the oftener two of them are nearly equal."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def grow(self, axes: tuple, depth: int) -> Expr:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.15:
            return self.leaf(axes)
        down = depth - 1
        match rng.randrange(12):
            case 0 | 1 | 2:
                return rng.choice(UNARY)(self.grow(axes, down))
            case 3:
                return rng.choice(BINARY)(self.grow(axes, down), self.grow(axes, down))
            case 4:
                return self.grow(axes, down) + self.grow(axes, down)
            case 5:
                return self.grow(axes, down) - self.grow(axes, down)
            case 6 | 7:
                return self.grow(axes, down) * self.grow(axes, down)
            case 8:
                c = rng.choice([gt, ge, eq])(self.grow(axes, down), 0)
                return where(c, self.grow(axes, down), self.grow(axes, down))
        return self.linear(axes, down)

    def linear(self, axes: tuple, down: int) -> Expr:
        rng, n = self.rng, self.rng.choice([N, M])
        match len(axes):
            case 0:
                u = self.grow((n,), down)
                return rng.choice([
                    lambda: dot(u, self.grow((n,), down)), lambda: dot(u, u), lambda: total(u),
                    lambda: logsumexp(u), lambda: maximum(u), lambda: minimum(u),
                    lambda: trace(self.grow((N, N), down)),
                ])()  # fmt: skip
            case 1:
                u = self.grow(axes, down)
                return rng.choice([
                    lambda: softmax(u), lambda: log_softmax(u), lambda: argmax(u),
                    lambda: spread(self.grow((), down), axes),
                    lambda: self.grow((*axes, n), down) @ self.grow((n,), down),
                    lambda: contracted((self.grow((*axes, *axes), down),), ((0, 0),), (0,)),
                ])()  # fmt: skip
        m, k = axes
        return rng.choice([
            lambda: self.grow((m, n), down) @ self.grow((n, k), down),
            lambda: self.grow((k, m), down).T,
            lambda: outer(self.grow((m,), down), self.grow((k,), down)),
            lambda: softmax(self.grow(axes, down)),
            lambda: Delta(m) if m is k else self.leaf(axes),
        ])()  # fmt: skip

    def leaf(self, axes: tuple) -> Expr:
        rng = self.rng
        if rng.random() < 0.15:
            return spread(Num(rng.choice([-1, 1, 2, Fraction(1, 2), 0])), axes)
        if not axes:
            return rng.choice(SCALARS)
        if len(axes) == 1:
            return rng.choice(VECTORS[axes[0]] + ([S] if axes[0] is N else []))
        if axes in MATRICES:
            return rng.choice(MATRICES[axes])
        if axes[::-1] in MATRICES:
            return rng.choice(MATRICES[axes[::-1]]).T
        return outer(self.leaf(axes[:1]), self.leaf(axes[1:]))


def edited(rng: random.Random, root: Expr, times: int) -> Expr:
    """The expression with some of its nodes written in another way, rightly or wrongly."""
    for _ in range(times):
        nodes = toposort(root)
        place = rng.choice(nodes)
        other = _other(rng, place)
        made: dict[Expr, Expr] = {}
        for node in nodes:
            made[node] = other if node is place else rebuilt(node, [made[k] for k in node.kids])
        root = made[root]
    return root


def _other(rng: random.Random, node: Expr) -> Expr:
    options = [
        lambda: 1 * node + 0, lambda: relu(node) - relu(-node), lambda: exp(log(node)),
        lambda: log(exp(node)), lambda: sqrt(square(node)), lambda: node * gt(node, 0),
        lambda: sign(node) * absolute(node), lambda: -node, lambda: square(node) / node,
        lambda: square(sqrt(node)), lambda: max2(node, 0 * node),
        lambda: where(ge(node, 0), node, -node),
        lambda: gt(node, 0), lambda: ge(node, 0), lambda: named("q", node),
        lambda: (node + 1) * (node - 1) + 1,
    ]  # fmt: skip
    match node:
        case Map(fn, args) if fn.name == "power":
            (u,), q = args, fn.params[0]
            options += [
                lambda: u, lambda: power(q * 2)(sqrt(u)), lambda: sqrt(power(q * 2)(u)),
                lambda: power(q)(absolute(u)), lambda: power(-q)(u), lambda: power(q + 1)(u) / u,
                lambda: power(q - 1)(u) * u, lambda: exp(q * log(u)), lambda: power(q)(-u),
            ] * 2  # fmt: skip
            if isinstance(u, Contract):
                options += [lambda: _through(power(q), u)] * 3
        case Map(fn, args):
            row = POINTWISE[fn.name]
            if row.body is not None:
                options += [lambda: row.body(*args)] * 4  # type: ignore[misc]
            swaps = {gt: ge, ge: gt, lt: le, le: lt, max2: min2, eq: ge, ne: gt, step: sign}
            if fn in swaps and len(args) == 2:
                options += [lambda: swaps[fn](*args), lambda: swaps[fn](*args[::-1]),
                            lambda: fn(*args[::-1]), lambda: fn(args[0] - args[1], 0),
                            lambda: 1 - swaps[fn](*args[::-1])] * 2  # fmt: skip
            if len(args) == 1:
                u = args[0]
                options += [lambda: fn(-u), lambda: -fn(-u), lambda: 1 - fn(-u), lambda: u * fn(u),
                            lambda: fn(2 * u), lambda: fn(u + 0 * u), lambda: fn(absolute(u)),
                            lambda: fn(u) + u - u]  # fmt: skip
                if isinstance(u, Contract):
                    options += [lambda: _through(fn, u)] * 3
                if fn is log and isinstance(u, Contract):
                    options += [lambda: _logs(u)] * 4
                if fn is exp and isinstance(u, Add):
                    options += [lambda: exp(u.terms[0]) * exp(u - u.terms[0])] * 4
                if fn in (relu, gt, absolute):
                    options += [lambda: fn(P * u) / P if not u.axes else fn(u)] * 2
        case Contract(factors, indices, out):
            k = rng.randrange(len(factors))
            options += [
                lambda: contracted(factors[::-1], indices[::-1], out),
                lambda: contracted(factors, [o[::-1] if j == k and len(set(f.axes)) <= 1 else o
                                   for j, (f, o) in enumerate(zip(factors, indices))], out),
                lambda: _swapped(rng, node),
            ] * 3  # fmt: skip
        case Add(terms):
            options += [
                lambda: sum(terms[::-1][1:], terms[-1]),
                lambda: terms[0] - sum(terms[1:-1], terms[-1]),
            ]
    if len(node.axes) == 2 and node.axes[0] is node.axes[1]:
        options += [lambda: node.T, lambda: Fraction(1, 2) * (node + node.T)] * 2
    if len(node.axes) == 1:
        options += [lambda: node + spread(SCALARS[0], node.axes), lambda: softmax(node),
                    lambda: exp(node) / spread(total(exp(node)), node.axes),
                    lambda: log_softmax(node), lambda: log(softmax(node))]  # fmt: skip
    return rng.choice(options)()


def _through(fn, u: Contract) -> Expr:
    """f of a product as the product of the f, whether or not that is right."""
    return contracted([fn(f) for f in u.factors], u.indices, u.out)


def _logs(u: Contract) -> Expr:
    axes = dict(zip(u.out, u.axes))
    parts = []
    for f, own in zip(u.factors, u.indices):
        extra = [(Delta(n), i) for i, n in axes.items() if i not in own]
        if not set(own) <= set(axes):
            return log(u)
        parts.append(contracted((log(f), *(Ones(n) for _, n in ((0, axes[i]) for _, i in extra))),
                                (own, *((i,) for _, i in extra)), u.out))  # fmt: skip
    return sum(parts[1:], parts[0])


def _swapped(rng: random.Random, node: Contract) -> Expr:
    """Two indices of one size exchanged in one factor."""
    k = rng.randrange(len(node.factors))
    own = list(node.indices[k])
    extent = {i: n for f, o in zip(node.factors, node.indices) for i, n in zip(o, f.axes)}
    if not own:
        return node
    at = rng.randrange(len(own))
    alike = [i for i, n in extent.items() if n == extent[own[at]]]
    own[at] = rng.choice(alike)
    indices = [tuple(own) if j == k else o for j, o in enumerate(node.indices)]
    if not {i for o in indices for i in o} >= set(node.out):
        return node
    return contracted(node.factors, indices, node.out)


def point(rng: random.Random, at: Mapping[str, int], integers: bool) -> dict[Expr, np.ndarray]:
    """A value for each variable within its facts; ``integers`` meets the kinks and the ties."""
    found = {}
    for var in (
        *SCALARS,
        *VECTORS[N],
        *VECTORS[M],
        S,
        *(v for vs in MATRICES.values() for v in vs),
    ):
        shape = tuple(at[str(n)] for n in var.axes)
        size = int(np.prod(shape, dtype=int))
        if var is P:
            made = [rng.uniform(0.1, 0.9)]
        elif var is T:
            raw = [rng.uniform(-1, 1) for _ in range(size)]
            made = [r + (1 - sum(raw)) / size for r in raw]
        elif var is H:
            made = [rng.choice([0, 1]) for _ in range(size)]
        elif var is S:
            made = [rng.choice([-1, 1]) for _ in range(size)]
        elif integers:
            made = [rng.choice([-2, -1, 0, 0, 1, 1, 2]) for _ in range(size)]
        else:
            made = [rng.uniform(-2, 2) for _ in range(size)]
        found[var] = np.array(made, float).reshape(shape)
    return found


def disagreement(a: Expr, b: Expr, proof: Proof, rng: random.Random, points: int = 8) -> str:
    """What speaks against a proof; empty if nothing does."""
    nulls = proof.almost_everywhere or ()
    with np.errstate(all="ignore"):
        for k in range(points):
            at = {"n": rng.choice([1, 2, 3]), "m": rng.choice([1, 2, 3])}
            values = point(rng, at, k % 2 == 0)
            try:
                known = evaluate_all(
                    [a, b, *(c.expr for c in (*proof.conditions, *nulls))], values, at
                )
            except (KeyError, FloatingPointError):
                continue
            if not all(np.all(np.isfinite(known[s])) for s in (a, b)):
                continue
            if not all(_holds(c, known) for c in proof.conditions):
                continue
            if any(np.any(np.abs(known[c.expr]) < 1e-9) for c in nulls):
                continue
            if not all(_decided(n, known) for n in toposort(a, b) if n in known):
                continue
            worst = np.max(np.abs(known[a] - known[b]))
            scale = 1 + np.max(np.abs(known[a]))
            parts = [known[n] for n in toposort(a, b) if n in known]
            inner = max((np.max(np.abs(p)) for p in parts if np.all(np.isfinite(p))), default=1)
            if worst > 1e-6 * scale and worst > 1e-12 * inner and inner < 1e12:
                return f"{worst} at {values}"
    return ""


def _decided(node: Expr, known: Mapping[Expr, np.ndarray]) -> bool:
    """Whether rounding does not decide a comparison, and nothing undefined is compared."""
    if isinstance(node, Call) and not all(np.all(np.isfinite(known[k])) for k in node.kids):
        return False
    if not (isinstance(node, Map) and node.fn.name in _COMPARED):
        return True
    left = known[node.args[0]]
    gap = np.abs(left - (known[node.args[1]] if len(node.args) == 2 else 0.0))
    return bool(np.all(np.isfinite(gap)) and np.all((gap == 0) | (gap > 1e-7)))


_COMPARED = frozenset(["gt", "ge", "lt", "le", "eq", "ne", "step", "sign"])


def _holds(condition: Condition, known: Mapping[Expr, np.ndarray]) -> bool:
    value = known[condition.expr]
    if not np.all(np.isfinite(value)):
        return False
    match condition.relation:
        case "!=":
            return bool(np.all(np.abs(value) > 1e-9))
        case ">":
            return bool(np.all(value > 1e-9))
    return bool(np.all(value >= -1e-12))


def pair(rng: random.Random, depth: int = 3) -> tuple[Expr, Expr]:
    """An expression, or a gradient of one, and an edit of it."""
    axes = rng.choice([(), (), (N,), (N,), (M,), (N, N), (M, N)])
    a = Grower(rng).grow(axes, rng.choice([1, 2, 2, depth]))
    if rng.random() < 0.15 and not axes:
        a = grad(a, rng.choice(VECTORS[N]))
    b = edited(rng, a, rng.choice([1, 1, 2, 3]))
    if rng.random() < 0.3:
        a = edited(rng, a, 1)
    return a, b
