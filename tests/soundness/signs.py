r"""What the signs and words of a page do to arrays, and what they do not fit.

The idea: a vector is a column, a product is a matrix product, what meets entry by entry has one
shape; every rule of the page that the judge knows is here, written without the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from derive.tree import Tree

MOST_CHOICES = 96  # readings of one line; a line with more is not judged
LONGEST_MIXED = 6  # factors of a product that is grouped in every way
_TRANSPOSE = frozenset([r"\top", "T", r"\mathsf{T}", r"\mathrm{T}", r"\intercal"])
INDICATORS = frozenset([r"\mathbb{I}", r"\mathbb{1}", r"\mathbbm{1}", r"\mathds{1}"])
ONES = frozenset([r"\mathbf{1}", r"\mathbb{1}"])
UNITS = frozenset([r"\mathbf{I}", "I"])
COMPARE = {
    ">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal,
    "=": np.equal, "!=": np.not_equal,
}  # fmt: skip


class Misfit(ValueError):
    """Shapes that do not go together: in this reading the line means nothing."""


class Unknown(ValueError):
    """Something on the page that this judge does not know: the line is not judged."""


class TooMany(Unknown):
    """More readings than are tried."""


def _logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def _columns(x: np.ndarray) -> bool:
    return x.ndim == 2 and x.shape[1] == 1


def _softmax(x):
    if x.ndim != 2:
        raise Unknown("softmax of a scalar")
    axis = 0 if _columns(x) else 1
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _diag(x):
    if x.ndim != 2:
        raise Unknown("diag of a scalar")
    if x.shape[0] == x.shape[1]:
        return np.diag(x).reshape(-1, 1)
    if 1 not in x.shape:
        raise Misfit("diag of an oblong matrix")
    return np.diag(x.reshape(-1))


def _trace(x):
    if x.ndim != 2:
        raise Unknown("the trace of a scalar")
    if x.shape[0] != x.shape[1]:
        raise Misfit("trace of an oblong matrix")
    return np.asarray(np.trace(x))


ENTRYWISE: dict[str, Callable] = {
    "ReLU": lambda x: np.maximum(x, 0.0), "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh, "exp": np.exp, "log": np.log, "ln": np.log, "sigmoid": _logistic,
    r"\sigma": _logistic, "sign": np.sign, "sgn": np.sign, "abs": np.abs, "sin": np.sin,
    "cos": np.cos, "softplus": lambda x: np.logaddexp(0.0, x), "cosh": np.cosh, "sinh": np.sinh,
}  # fmt: skip
SLOPES: dict[str, Callable] = {
    "ReLU": lambda x: (x > 0).astype(float), "relu": lambda x: (x > 0).astype(float),
    "tanh": lambda x: 1 - np.tanh(x) ** 2, "exp": np.exp, "log": lambda x: 1 / x,
    r"\sigma": lambda x: _logistic(x) * (1 - _logistic(x)), "sin": np.cos,
}  # fmt: skip
WHOLE: dict[str, Callable] = {"softmax": _softmax, "diag": _diag, "tr": _trace}
WORDS = frozenset([*ENTRYWISE, *WHOLE, "max", "min"])


KIND = {"": "product", r"\cdot": "dot", r"\times": "dot", "*": "star", r"\odot": "hadamard",
         r"\circ": "hadamard", "/": "over"}  # fmt: skip


def groupings(span: tuple[int, ...], values, signs, memo) -> list[np.ndarray]:
    """The values of every way to bracket a product."""
    if len(span) == 1:
        return [values[span[0]]]
    if span in memo:
        return memo[span]
    found: list[np.ndarray] = []
    for cut in range(1, len(span)):
        sign = KIND.get(signs[span[cut] - 1], "")
        for a in groupings(span[:cut], values, signs, memo):
            for b in groupings(span[cut:], values, signs, memo):
                for join in _JOINS[sign]:
                    try:
                        found.append(join(a, b))
                    except Misfit:
                        continue
    memo[span] = distinct(found)
    return memo[span]


def distinct(values: list[np.ndarray]) -> list[np.ndarray]:
    kept: list[np.ndarray] = []
    for one in values:
        if not any(one.shape == other.shape and np.allclose(one, other, rtol=1e-9, atol=1e-12,
                   equal_nan=True) for other in kept):  # fmt: skip
            kept.append(one)
    return kept


def times(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if 0 in (a.ndim, b.ndim):
        return a * b
    if a.shape[1] != b.shape[0]:
        raise Misfit(f"{a.shape} times {b.shape}")
    made = a @ b
    return made.reshape(()) if made.shape == (1, 1) else made


def meet(a: np.ndarray, b: np.ndarray, join) -> np.ndarray:
    if 0 not in (a.ndim, b.ndim) and a.shape != b.shape:
        raise Misfit(f"{a.shape} meets {b.shape}")
    return np.asarray(join(a, b))


def inner(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.ndim != 2 or a.shape != b.shape or a.shape[1] != 1:
        raise Misfit("no inner product")
    return np.asarray((a * b).sum())


_JOINS = {
    "product": [times],
    "hadamard": [lambda a, b: meet(a, b, np.multiply)],
    "over": [lambda a, b: meet(a, b, np.divide)],
    "dot": [times, lambda a, b: meet(a, b, np.multiply), inner],
    "star": [times, lambda a, b: meet(a, b, np.multiply)],
}


def is_numeral(kid: Tree) -> bool:
    return all(node.head != "name" for node in kid.subtrees())


def is_transpose(sup: Tree) -> bool:
    return sup.head == "name" and str(sup.kids[0]) in _TRANSPOSE


def turned(array: np.ndarray) -> np.ndarray:
    return array.T  # the transpose of a scalar is itself


def inverse(array: np.ndarray) -> np.ndarray:
    if array.ndim == 0:
        return np.asarray(1 / array)
    if array.shape[0] != array.shape[1]:
        raise Misfit("the inverse of an oblong matrix")
    try:
        return np.linalg.inv(array)
    except np.linalg.LinAlgError:
        raise Unknown("a singular matrix") from None


def norm(array: np.ndarray, sub: Tree | None) -> np.ndarray:
    which = "" if sub is None else str(sub.kids[0])
    if which in ("", "2", "F"):
        return np.asarray(np.sqrt((array**2).sum()))
    if which == "1" and (array.ndim < 2 or 1 in array.shape):
        return np.asarray(np.abs(array).sum())
    raise Unknown(f"the norm {which}")


def inside(node: Tree) -> Tree | None:
    """The inside of a bracket, which may be raised: f(x), f(x)^2."""
    inner = node.kids[0] if node.head == "script" and node.kids[1] is None else node
    return inner.kids[0] if inner.head in ("paren", "bracket") else None


def superscript(node: Tree) -> Tree | None:
    return node.kids[2] if node.head == "script" else None


def condition(node: Tree) -> Tree | None:
    inner = node.kids[0] if node.head == "script" and node.kids[1] is None else node
    if inner.head in ("paren", "bracket", "set", "brace") and inner.kids[0].head == "chain":
        return inner.kids[0]
    return None


def on_page(array: np.ndarray) -> np.ndarray:
    """An array as the page means it: a vector is a column, one number a scalar."""
    array = np.asarray(array, float)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim > 2:
        raise Unknown("an array of three axes")
    return array.reshape(()) if array.shape == (1, 1) else array


def agree(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> bool:
    """Whether two readings have the same values at all the points."""
    return len(a) == len(b) and all(
        x.shape == y.shape
        and np.all(np.isfinite(x))
        and np.all(np.isfinite(y))
        and float(np.max(np.abs(x - y), initial=0.0))
        <= 1e-7
        * max(float(np.max(np.abs(x), initial=0.0)), float(np.max(np.abs(y), initial=0.0)), 1e-3)
        for x, y in zip(a, b)
    )
