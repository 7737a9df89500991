"""HIPS autograd as a second opinion: expressions translated to ``autograd.numpy`` on their own.

The idea: nothing is shared with ``derive`` but the structure of the expression.  Each function is
written here again from its definition, and every derivative is autograd's.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import grad
from autograd.extend import defvjp, primitive

from derive.expr import Add, Call, Contract, Delta, Expr, Map, Name, Num, Ones, Var, toposort
from derive.sizes import evaluate as size_at

erf = primitive(lambda x: np.vectorize(math.erf, otypes=[float])(x))
defvjp(erf, lambda ans, x: lambda g: g * 2 / math.sqrt(math.pi) * anp.exp(-(x**2)))


def sigmoid(x):
    return 1 / (1 + anp.exp(-x))


def softplus(x):
    return anp.log(1 + anp.exp(x))


def phi(x):
    return 0.5 * (1 + erf(x / math.sqrt(2)))


def real(condition):
    return 1.0 * condition


def elu(x, a):
    return anp.where(x > 0, x, a * (anp.exp(x) - 1))


def clip(x, low, high):
    return anp.minimum(anp.maximum(x, low), high)


POINTWISE: dict[str, Callable[..., Any]] = {
    "exp": anp.exp,
    "log": anp.log,
    "raised": lambda x, y: anp.exp(y * anp.log(x)),
    "gt": lambda a, b: real(a > b),
    "ge": lambda a, b: real(a >= b),
    "lt": lambda a, b: real(a < b),
    "le": lambda a, b: real(a <= b),
    "eq": lambda a, b: real(a == b),
    "ne": lambda a, b: real(a != b),
    "where": lambda c, a, b: anp.where(c != 0, a, b),
    "sign": anp.sign,
    "step": lambda x: real(x >= 0),
    "abs": anp.abs,
    "max": anp.maximum,
    "min": anp.minimum,
    "relu": lambda x: x * real(x > 0),
    "leaky_relu": lambda x: anp.where(x > 0, x, x / 100),
    "prelu": lambda x, a: anp.maximum(x, 0) + a * anp.minimum(x, 0),
    "elu": elu,
    "selu": lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772),
    "sigmoid": sigmoid,
    "tanh": anp.tanh,
    "softplus": softplus,
    "log_sigmoid": lambda x: anp.log(sigmoid(x)),
    "silu": lambda x: x * sigmoid(x),
    "softsign": lambda x: x / (1 + anp.abs(x)),
    "mish": lambda x: x * anp.tanh(softplus(x)),
    "hard_tanh": lambda x: clip(x, -1, 1),
    "relu6": lambda x: clip(x, 0, 6),
    "pi": lambda: math.pi,
    "erf": erf,
    "density": lambda x: anp.exp(-(x**2) / 2) / math.sqrt(2 * math.pi),
    "normal_cdf": phi,
    "gelu": lambda x: x * phi(x),
    "gelu_tanh": lambda x: x * (1 + anp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
    "sin": anp.sin,
    "cos": anp.cos,
    "tan": lambda x: anp.sin(x) / anp.cos(x),
    "sinh": lambda x: (anp.exp(x) - anp.exp(-x)) / 2,
    "cosh": lambda x: (anp.exp(x) + anp.exp(-x)) / 2,
    "arctan": anp.arctan,
}


def chosen(place: Callable[..., Any], x: Any) -> Any:
    """1 at the place that is chosen along the last axis."""
    return 1.0 * (np.arange(x.shape[-1]) == anp.expand_dims(place(x, axis=-1), -1))


def logsumexp(x):
    return anp.log(anp.sum(anp.exp(x), axis=-1))


PRIMITIVES: dict[str, Callable[..., Any]] = {
    "softmax": lambda x: anp.exp(x) / anp.sum(anp.exp(x), axis=-1, keepdims=True),
    "log_softmax": lambda x: x - anp.expand_dims(logsumexp(x), -1),
    "logsumexp": logsumexp,
    "argmax": lambda x: chosen(anp.argmax, x),
    "argmin": lambda x: chosen(anp.argmin, x),
    "maximum": lambda x: anp.max(x, axis=-1),
    "minimum": lambda x: anp.min(x, axis=-1),
    "one_hot": lambda y, count: np.eye(count)[np.asarray(y, int) - 1],
}


def undefined(symbol: str, order: int, x: Any) -> Any:
    """The stand-in for a function that nobody defined: a wave and a slope, by its name."""
    shift = (zlib.crc32(symbol.encode()) % 997) / 100
    if order:
        return anp.sin(x + shift + order * math.pi / 2) + (0.5 if order == 1 else 0.0)
    return anp.sin(x + shift) + x / 2


def contraction(arrays: Sequence[Any], indices: Sequence[tuple], out: tuple) -> Any:
    """The sum of products, by broadcasting: each factor has an axis for every index."""
    every = sorted({i for own in indices for i in own})
    whole: Any = 1.0
    for array, own in zip(arrays, indices, strict=True):
        while len(set(own)) < len(own):
            # A repeated index: multiply by the identity over both axes, and sum one of them.
            j = next(k for k in range(len(own)) if own[k] in own[:k])
            i = own.index(own[j])
            shape = [array.shape[k] if k in (i, j) else 1 for k in range(len(own))]
            array = anp.sum(array * np.eye(array.shape[i]).reshape(shape), axis=j)
            own = own[:j] + own[j + 1 :]
        if own:
            array = anp.transpose(array, sorted(range(len(own)), key=lambda k, own=own: own[k]))
            sizes = dict(zip(sorted(own), array.shape, strict=True))
            array = anp.reshape(array, tuple(sizes.get(i, 1) for i in every))
        whole = whole * array
    gone = tuple(k for k, i in enumerate(every) if i not in out)
    if gone:
        whole = anp.sum(whole, axis=gone)
    left = [i for i in every if i in out]
    order = [left.index(i) for i in out]
    return whole if order == sorted(order) else anp.transpose(whole, order)


def run(root: Expr, values: Mapping[Expr, Any], extent: Mapping[str, int]) -> Any:
    """The value of the root on arrays that autograd may be tracing."""
    known = dict(values)
    for node in toposort(root):
        if node in known:
            continue
        match node:
            case Num(value):
                known[node] = float(value)
            case Ones(n):
                known[node] = np.ones(size_at(n, extent))
            case Delta(n):
                known[node] = np.eye(size_at(n, extent))
            case Add(terms):
                known[node] = sum((known[t] for t in terms[1:]), known[terms[0]])
            case Contract(factors, indices, out):
                known[node] = contraction([known[f] for f in factors], indices, out)
            case Map(fn, args) if fn.name == "generic":
                known[node] = undefined(*fn.params, known[args[0]])
            case Map(fn, args) if fn.name == "power":
                known[node] = known[args[0]] ** float(fn.params[0])
            case Map(fn, args):
                known[node] = POINTWISE[fn.name](*(known[a] for a in args))
            case Call(Name(), (arg,)):
                known[node] = known[arg]
            case Call(op, args):
                counts = [size_at(n, extent) for n in op.params]
                known[node] = PRIMITIVES[op.name](*(known[a] for a in args), *counts)
            case Var(name):
                raise KeyError(name)
    return known[root]


def gradients(
    loss: Expr, wrt: Sequence[Expr], values: Mapping[Expr, Any], extent: Mapping[str, int]
) -> list[Any]:
    """The gradient of the loss by each variable, by autograd."""
    fixed = {v: np.asarray(a, float) for v, a in values.items() if v not in set(wrt)}

    def of(*arrays: Any) -> Any:
        # 0.0 * : autograd warns about an output that no input reaches
        touch = sum(0.0 * anp.sum(a) for a in arrays)
        return run(loss, {**fixed, **dict(zip(wrt, arrays, strict=True))}, extent) + touch

    found = grad(of, argnum=tuple(range(len(wrt))))(*(np.asarray(values[v], float) for v in wrt))
    return [np.asarray(g) for g in found]
