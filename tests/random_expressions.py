"""Random expressions over a few variables of a few shapes, for property tests."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np

from derive.kernel.build import contracted, diag, dot, matmul, outer, spread, total, trace
from derive.kernel.expr import Delta, Expr, Ones, Var
from derive.kernel.sizes import sizes
from derive.operators.pointwise import absolute, gt, max2, power, relu, sigmoid, square, tanh
from derive.operators.primitives import softmax

N, M = sizes("n m")
AT = {"n": 3, "m": 2}
SCALARS = [Var("a", ()), Var("c", ())]
VECTORS = {N: [Var(r"\mathbf{x}", (N,)), Var(r"\mathbf{y}", (N,))],
           M: [Var(r"\mathbf{u}", (M,)), Var(r"\mathbf{v}", (M,))]}  # fmt: skip
MATRICES = {(N, N): [Var(r"\mathbf{A}", (N, N)), Var(r"\mathbf{B}", (N, N))],
            (M, N): [Var(r"\mathbf{W}", (M, N)), Var(r"\mathbf{V}", (M, N))],
            (M, M): [Var(r"\mathbf{S}", (M, M))]}  # fmt: skip
BATCH = Var(r"\mathbf{z}^{(#1)}", (M, N), ("i",))
LABELS = Var("t^{(#1)}", (M,), ("i",))
VARIABLES = [*SCALARS, *VECTORS[N], *VECTORS[M], *(v for vs in MATRICES.values() for v in vs)]


def values(rng: random.Random, exact: bool = False) -> dict[Expr, np.ndarray]:
    """A value for every variable: small non-zero fractions, or positive and negative floats."""
    found = {}
    for v in (*VARIABLES, BATCH, LABELS):
        shape = tuple(AT[str(n)] for n in v.axes)
        count = int(np.prod(shape, dtype=int))
        if exact:
            made = [
                Fraction(rng.choice([-3, -2, -1, 1, 2, 3]), rng.choice([1, 2, 3]))
                for _ in range(count)
            ]
            found[v] = np.array(made, dtype=object).reshape(shape)
        else:
            found[v] = np.array(
                [rng.uniform(0.3, 1.7) * rng.choice([-1, 1]) for _ in range(count)]
            ).reshape(shape)
    return found


class Sprout:
    """Grows expressions: ``exact`` keeps to rational operations, ``labels`` allows sample axes."""

    def __init__(self, rng: random.Random, exact: bool = False, labels: bool = False) -> None:
        self.rng, self.exact, self.labels = rng, exact, labels

    def size(self):
        return self.rng.choice([N, M])

    def weights(self, depth: int) -> Expr:
        """A number for each sample."""
        each = contracted((BATCH, self.vector(N, depth)), ((0, 1), (1,)), (0,))
        return self.rng.choice([LABELS, each])

    def scalar(self, depth: int) -> Expr:
        if depth <= 0:
            return self.rng.choice(SCALARS)
        down, n, m = depth - 1, self.size(), self.size()
        match self.rng.randrange(10):
            case 0:
                return dot(self.vector(n, down), self.vector(n, down))
            case 1:
                v = self.vector(n, down)
                return dot(v, v)
            case 2:
                return total(self.vector(n, down))
            case 3:
                return trace(self.matrix(n, n, down))
            case 4:
                return dot(self.matrix(n, m, down), self.matrix(n, m, down))
            case 5:
                return dot(
                    self.vector(n, down), matmul(self.matrix(n, m, down), self.vector(m, down))
                )
            case 6 if self.labels:
                k = self.rng.choice(
                    [LABELS, contracted((BATCH, self.vector(N, down)), ((0, 1), (1,)), (0,))]
                )
                return contracted((k, LABELS), ((0,), (0,)), ())
            case _:
                return self.grown(self.scalar, down)

    def vector(self, n, depth: int) -> Expr:
        if depth <= 0:
            return self.rng.choice(VECTORS[n])
        down, m = depth - 1, self.size()
        match self.rng.randrange(10):
            case 0 | 1:
                return matmul(self.matrix(n, m, down), self.vector(m, down))
            case 2:
                return spread(self.scalar(down), (n,))
            case 3:
                return contracted((self.matrix(n, m, down),), ((0, 1),), (0,))
            case 4:
                a, b = self.matrix(n, m, down), self.matrix(m, n, down)
                return contracted((a, b), ((0, 1), (1, 0)), (0,))
            case 5 if self.labels and n is N:
                weight = self.rng.choice(
                    [LABELS, contracted((BATCH, self.vector(N, down)), ((0, 1), (1,)), (0,))]
                )
                return contracted((weight, BATCH), ((0,), (0, 1)), (1,))
            case 6 if not self.exact:
                return softmax(self.vector(n, down))
            case _:
                return self.grown(lambda d: self.vector(n, d), down)

    def matrix(self, n, m, depth: int) -> Expr:
        if depth <= 0:
            if (n, m) in MATRICES:
                return self.rng.choice(MATRICES[n, m])
            return self.rng.choice(MATRICES[m, n]).T
        down, k = depth - 1, self.size()
        match self.rng.randrange(10):
            case 0 | 1:
                return matmul(self.matrix(n, k, down), self.matrix(k, m, down))
            case 2:
                return self.matrix(m, n, down).T
            case 3:
                return outer(self.vector(n, down), self.vector(m, down))
            case 4 if n is m:
                return self.rng.choice([diag(self.vector(n, down)), Delta(n)])
            case 4:
                return outer(self.vector(n, down), Ones(m))
            case 5:
                return contracted(
                    (self.vector(n, down), self.matrix(n, m, down)), ((0,), (0, 1)), (0, 1)
                )
            case 6 if self.labels and n is m is N:
                return contracted((BATCH, BATCH, LABELS), ((0, 1), (0, 2), (0,)), (1, 2))
            case _:
                return self.grown(lambda d: self.matrix(n, m, d), down)

    def grown(self, make, depth: int) -> Expr:
        """What can be done to an array of any shape."""
        first = make(depth)
        match self.rng.randrange(9):
            case 0 | 1:
                return first + make(depth - 1)
            case 2:
                return first * make(depth - 1)
            case 3:
                return self.rng.choice([-1, 2, Fraction(1, 2), Fraction(-2, 3)]) * first
            case 4:
                return first * self.scalar(depth - 1)
            case 5:
                return power(-1)(1 + square(first))
            case 6:
                return self.rng.choice([square, power(3), lambda e: 1 - e, relu])(first)
            case 7 if not self.exact:
                return self.rng.choice(
                    [sigmoid, tanh, absolute, lambda e: power(Fraction(1, 2))(1 + square(e))]
                )(first)
            case 7:
                return max2(first, make(depth - 1))
            case _:
                return gt(first, 0) * make(depth - 1)
