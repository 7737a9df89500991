"""Numbers, columns, matrices, and derivatives by a matrix: what they add and multiply to.

The idea: a vector is a column (n, 1), so that a product is a product of matrices or a misfit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

PRIMES = (4, 3, 5, 6, 2, 7, 8, 9, 10)


class Unread(Exception):
    """A formula that this reader has no rule for."""


class Misfit(Exception):
    """Shapes that do not fit."""


@dataclass(frozen=True)
class Jac:
    """A derivative of a vector by a matrix: axes of the matrix, then the vector's."""

    array: np.ndarray  # (rows, columns, m)


@dataclass(frozen=True)
class Eye:
    """A multiple of the identity whose size is its neighbours'."""

    scale: float = 1.0

    T = property(lambda self: self)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max())
    if min(z.shape) > 1:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    return e / e.sum()


SQUARE_2PI = math.sqrt(2 * math.pi)
erf = np.vectorize(math.erf, otypes=[float])
FUNCTIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "exp": (np.exp, np.exp),
    "log": (np.log, lambda z: 1 / z),
    "ln": (np.log, lambda z: 1 / z),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda z: -np.sin(z)),
    "softplus": (lambda z: np.log1p(np.exp(z)), sigmoid),
    "sign": (np.sign, lambda z: 0 * z),
    "sgn": (np.sign, lambda z: 0 * z),
    "softmax": (softmax, None),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
    "gelu": (lambda z: z * (1 + erf(z / math.sqrt(2))) / 2, None),
    "cosh": (np.cosh, np.sinh),
    "sinh": (np.sinh, np.cosh),
}
# A generic activation: smooth, and no identity of its own.
GENERIC = (lambda z: np.sin(z) + z**2 / 3, lambda z: np.cos(z) + 2 * z / 3)
WORDS = {
    r"\sigma": "sigmoid", r"\tanh": "tanh", r"\exp": "exp", r"\log": "log", r"\ln": "ln",
    "relu": "relu", "ReLU": "relu", "sigmoid": "sigmoid", "softmax": "softmax", "tanh": "tanh",
    "sign": "sign", "sgn": "sgn", "softplus": "softplus", "exp": "exp", "log": "log",
    "SiLU": "silu", r"\sin": "sin", r"\cos": "cos", "GELU": "gelu", r"\cosh": "cosh",
    r"\sinh": "sinh", "RELU": "relu",
}  # fmt: skip


def scalar(value) -> bool:
    return not isinstance(value, Jac) and np.size(value) == 1 and np.ndim(value) == 0


def squeeze(value):
    """A 1 x 1 array is a number: row times column."""
    if isinstance(value, np.ndarray) and value.size == 1:
        return float(value.reshape(()))
    return value


def product(a, b):
    if isinstance(a, Eye) or isinstance(b, Eye):
        if isinstance(a, Eye) and isinstance(b, Eye):
            return Eye(a.scale * b.scale)
        eye, other = (a, b) if isinstance(a, Eye) else (b, a)
        return Eye(eye.scale * other) if np.ndim(other) == 0 else eye.scale * other
    if isinstance(a, Jac) or isinstance(b, Jac):
        return jac_product(a, b)
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    if a.shape[1] != b.shape[0]:
        raise Misfit(f"{a.shape} by {b.shape}")
    return squeeze(a @ b)


def jac_product(a, b):
    if isinstance(a, Jac) and not isinstance(b, Jac):
        if scalar(b):
            return Jac(a.array * b)
        if b.shape == (a.array.shape[2], 1):
            return np.einsum("ijk,k->ij", a.array, b[:, 0])
    if isinstance(b, Jac) and not isinstance(a, Jac):
        if scalar(a):
            return Jac(b.array * a)
        if a.shape == (1, b.array.shape[2]):
            return np.einsum("ijk,k->ij", b.array, a[0])
    raise Misfit("a derivative by a matrix")


def entrywise(a, b, what=lambda a, b: a * b):
    if isinstance(a, Jac) or isinstance(b, Jac):
        raise Unread("entrywise with a derivative by a matrix")
    if np.ndim(a) and np.ndim(b) and a.shape != b.shape:
        raise Misfit(f"{a.shape} with {b.shape}")
    return what(a, b)


# Signs between two factors that are no product of matrices.
ENTRYWISE = (r"\odot", r"\circ", "*", r"\ast", r"\oslash", r"\otimes")


def joined(sign, a, b):
    """What such a sign makes of two values."""
    if sign == r"\otimes":
        if isinstance(a, Eye | Jac) or isinstance(b, Eye | Jac):
            raise Unread("a Kronecker product of no known size")
        return squeeze(np.kron(a, b))
    return entrywise(a, b, (lambda x, y: x / y) if sign == r"\oslash" else (lambda x, y: x * y))


def added(a, b, sign=1):
    if isinstance(a, Eye) and isinstance(b, Eye):
        return Eye(a.scale + sign * b.scale)
    if isinstance(a, Eye) or isinstance(b, Eye):
        other = b if isinstance(a, Eye) else a
        if np.ndim(other) != 2 or other.shape[0] != other.shape[1]:
            raise Misfit("identity")
        a = a.scale * np.eye(len(other)) if isinstance(a, Eye) else a
        b = b.scale * np.eye(len(other)) if isinstance(b, Eye) else b
    if isinstance(a, Jac) or isinstance(b, Jac):
        if isinstance(a, Jac) and isinstance(b, Jac):
            return Jac(a.array + sign * b.array)
        raise Misfit("sum")
    if np.ndim(a) and np.ndim(b) and a.shape != b.shape:
        raise Misfit(f"{a.shape} and {b.shape}")
    return a + sign * b


def difference(function, at, step):
    up, down = function(at + step), function(at - step)
    return (up - down) / (2 * step)


def picked_entries(value, indices):
    if np.ndim(value) == 0:
        raise Misfit("an entry of a number")
    if len(indices) == 1:
        if 1 not in value.shape:
            return value[indices[0]][:, None]  # a row, as a column
        return float(value.reshape(-1)[indices[0]])
    return float(value[indices[0], indices[1]])


COMPARED = {
    ">": lambda a, b: a > b, "<": lambda a, b: a < b, r"\ge": lambda a, b: a >= b,
    r"\geq": lambda a, b: a >= b, r"\le": lambda a, b: a <= b, r"\leq": lambda a, b: a <= b,
    "=": lambda a, b: a == b, r"\neq": lambda a, b: a != b, r"\ne": lambda a, b: a != b,
}  # fmt: skip


def negated(value):
    if isinstance(value, Eye):
        return Eye(-value.scale)
    return Jac(-value.array) if isinstance(value, Jac) else -value


def agree(a, b) -> bool:
    if isinstance(a, Eye) or isinstance(b, Eye):
        if isinstance(a, Eye) and isinstance(b, Eye):
            return a.scale == b.scale
        other, eye = (b, a) if isinstance(a, Eye) else (a, b)
        if np.ndim(other) != 2 or other.shape[0] != other.shape[1]:
            return False
        a, b = eye.scale * np.eye(len(other)), other
    if isinstance(a, Jac) or isinstance(b, Jac):
        return (
            isinstance(a, Jac) and isinstance(b, Jac) and np.allclose(a.array, b.array, 1e-4, 1e-5)
        )
    if np.shape(a) != np.shape(b):
        return False
    return bool(np.allclose(a, b, rtol=2e-4, atol=2e-5))
