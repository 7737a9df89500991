"""Expressions translated for other people's automatic differentiation.

The idea: nothing is shared with ``derive`` but the structure of the expression.  Each function is
written here again from its definition (what is not, is read through the ``body`` of its row, never
through its slope), on whichever library ``xp`` is: ``autograd.numpy``,
``jax.numpy``, or PyTorch under NumPy's names.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import mul
from typing import Any

import numpy as np

from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Delta,
    Expr,
    Fn,
    Map,
    Name,
    Num,
    Ones,
    Var,
    toposort,
)
from derive.kernel.sizes import evaluate as size_at
from derive.operators import POINTWISE
from derive.operators.row import defined

Words = dict[str, Callable[..., Any]]


def real(condition: Any) -> Any:
    return 1.0 * condition


def pointwise(xp: Any) -> Words:
    """The elementwise functions; ``xp`` has erf besides NumPy's own."""

    def sigmoid(x):
        return 1 / (1 + xp.exp(-x))

    def softplus(x):
        return xp.log(1 + xp.exp(x))

    def phi(x):
        return 0.5 * (1 + xp.erf(x / math.sqrt(2)))

    def gelu_tanh(x):
        return x * (1 + xp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2

    def elu(x, a):
        return xp.where(x > 0, x, a * (xp.exp(x) - 1))

    def clip(x, low, high):
        return xp.minimum(xp.maximum(x, low), high)

    return {
        "exp": xp.exp,
        "log": xp.log,
        "raised": lambda x, y: xp.exp(y * xp.log(x)),
        "gt": lambda a, b: real(a > b),
        "ge": lambda a, b: real(a >= b),
        "lt": lambda a, b: real(a < b),
        "le": lambda a, b: real(a <= b),
        "eq": lambda a, b: real(a == b),
        "ne": lambda a, b: real(a != b),
        "where": lambda c, a, b: xp.where(c != 0, a, b),
        "sign": xp.sign,
        "step": lambda x: real(x >= 0),
        "abs": xp.abs,
        "max": xp.maximum,
        "min": xp.minimum,
        "relu": lambda x: x * real(x > 0),
        "leaky_relu": lambda x: xp.where(x > 0, x, x / 100),
        "prelu": lambda x, a: xp.maximum(x, 0) + a * xp.minimum(x, 0),
        "elu": elu,
        "selu": lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772),
        "sigmoid": sigmoid,
        "tanh": xp.tanh,
        "softplus": softplus,
        "log_sigmoid": lambda x: xp.log(sigmoid(x)),
        "silu": lambda x: x * sigmoid(x),
        "softsign": lambda x: x / (1 + xp.abs(x)),
        "mish": lambda x: x * xp.tanh(softplus(x)),
        "hard_tanh": lambda x: clip(x, -1, 1),
        "relu6": lambda x: clip(x, 0, 6),
        "pi": lambda: xp.asarray(math.pi),
        "erf": xp.erf,
        "density": lambda x: xp.exp(-(x**2) / 2) / math.sqrt(2 * math.pi),
        "normal_cdf": phi,
        "gelu": lambda x: x * phi(x),
        "gelu_tanh": lambda x: (
            x * (1 + xp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
        ),
        "sin": xp.sin,
        "cos": xp.cos,
        "tan": lambda x: xp.sin(x) / xp.cos(x),
        "sinh": lambda x: (xp.exp(x) - xp.exp(-x)) / 2,
        "cosh": lambda x: (xp.exp(x) + xp.exp(-x)) / 2,
        "arctan": xp.arctan,
    }


def primitives(xp: Any) -> Words:
    """The operators along the last axis, and those on a matrix."""

    def logsumexp(x):
        return xp.log(xp.sum(xp.exp(x), axis=-1))

    def chosen(place, x):
        at = xp.expand_dims(place(x, axis=-1), -1)
        return real(xp.asarray(np.arange(x.shape[-1])) == at)

    return {
        "softmax": lambda x: xp.exp(x) / xp.sum(xp.exp(x), axis=-1, keepdims=True),
        "log_softmax": lambda x: x - xp.expand_dims(logsumexp(x), -1),
        "logsumexp": logsumexp,
        "argmax": lambda x: chosen(xp.argmax, x),
        "argmin": lambda x: chosen(xp.argmin, x),
        "maximum": lambda x: xp.max(x, axis=-1),
        "minimum": lambda x: xp.min(x, axis=-1),
        "product": lambda x: reduce(mul, (x[..., k] for k in range(x.shape[-1]))),
        "inverse": xp.linalg.inv,
        "det": xp.linalg.det,
        "whole_power": lambda a, ones: reduce(xp.matmul, [a] * len(ones)),
        "logdet": lambda a: xp.linalg.slogdet(a)[1],
        "logabsdet": lambda a: xp.linalg.slogdet(a)[1],
        "positions": lambda x: xp.asarray(np.ones(x.shape) * np.arange(1, x.shape[-1] + 1)),
        "concat": lambda *given: xp.concatenate(list(given[:-2]), axis=given[-2]),
        "part": lambda x, axis, low, high: x[(..., slice(low, high), *[slice(None)] * (-axis - 1))],
        "spectral_norm": lambda a: xp.linalg.svd(a, full_matrices=False)[1][..., 0],
        "nuclear_norm": lambda a: xp.sum(xp.linalg.svd(a, full_matrices=False)[1], axis=-1),
        "one_hot": lambda y, count: xp.asarray(np.eye(count)[np.asarray(y, int) - 1]),
    }


def undefined(xp: Any, symbol: str, order: int, x: Any) -> Any:
    """The stand-in for a function that nobody defined: a wave and a slope, by its name."""
    shift = (zlib.crc32(symbol.encode()) % 997) / 100
    if order:
        return xp.sin(x + shift + order * math.pi / 2) + (0.5 if order == 1 else 0.0)
    return xp.sin(x + shift) + x / 2


def by_its_body(xp: Any, fn: Fn, arrays: Sequence[Any]) -> Any:
    """A function that is not written here, by the definition of its row in other words."""
    body = POINTWISE[fn.name].body
    assert body is not None, f"{fn.name} has no body: write it here from its definition"
    arguments = [Var(f"argument {k}", ()) for k in range(len(arrays))]
    return run(xp, body(*arguments), dict(zip(arguments, arrays, strict=True)), {})


def contraction(xp: Any, arrays: Sequence[Any], indices: Sequence[tuple], out: tuple) -> Any:
    """The sum of products, by broadcasting: each factor has an axis for every index."""
    every = sorted({i for own in indices for i in own})
    whole: Any = 1.0
    for array, own in zip(arrays, indices, strict=True):
        while len(set(own)) < len(own):
            # A repeated index: multiply by the identity over both axes, and sum one of them.
            j = next(k for k in range(len(own)) if own[k] in own[:k])
            i = own.index(own[j])
            shape = [array.shape[k] if k in (i, j) else 1 for k in range(len(own))]
            array = xp.sum(array * xp.asarray(np.eye(array.shape[i]).reshape(shape)), axis=j)
            own = own[:j] + own[j + 1 :]
        if own:
            array = xp.transpose(
                array, tuple(sorted(range(len(own)), key=lambda k, own=own: own[k]))
            )
            sizes = dict(zip(sorted(own), array.shape, strict=True))
            array = xp.reshape(array, tuple(sizes.get(i, 1) for i in every))
        whole = whole * array
    gone = tuple(k for k, i in enumerate(every) if i not in out)
    if gone:
        whole = xp.sum(whole, axis=gone)
    left = [i for i in every if i in out]
    order = tuple(left.index(i) for i in out)
    return whole if list(order) == sorted(order) else xp.transpose(whole, order)


def run(xp: Any, root: Expr, values: Mapping[Expr, Any], extent: Mapping[str, int]) -> Any:
    """The value of the root on arrays that the library may be tracing."""
    maps, calls = pointwise(xp), primitives(xp)
    known = dict(values)
    for node in toposort(root):
        if node in known:
            continue
        match node:
            case Num(value):
                known[node] = xp.asarray(float(value))
            case Ones(n):
                known[node] = xp.asarray(np.ones(size_at(n, extent)))
            case Delta(n):
                known[node] = xp.asarray(np.eye(size_at(n, extent)))
            case Add(terms):
                known[node] = sum((known[t] for t in terms[1:]), known[terms[0]])
            case Contract(factors, indices, out):
                known[node] = contraction(xp, [known[f] for f in factors], indices, out)
            case Map(fn, args) if fn.name == "generic":
                known[node] = undefined(xp, *fn.params, known[args[0]])
            case Map(fn, args) if fn.name == "power":
                known[node] = known[args[0]] ** float(fn.params[0])
            case Map(fn, args) if fn.name in maps:
                known[node] = maps[fn.name](*(known[a] for a in args))
            case Map(fn, args):
                known[node] = by_its_body(xp, fn, [known[a] for a in args])
            case Call(Name(), (arg,)):
                known[node] = known[arg]
            case Call(op, args):
                counts = [size_at(n, extent) for n in op.params]
                if op.name not in calls:  # by its definition, never by its rule
                    known[node] = run(xp, defined(node), known, extent)
                    continue
                known[node] = calls[op.name](*(known[a] for a in args), *counts)
            case Var(name):
                raise KeyError(name)
    return known[root]
