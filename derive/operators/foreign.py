"""NumPy's functions on expressions: refused by name, with what to write instead.

The idea: NumPy takes any object for a number, so that ``np.dot(q, q)`` of a vector q would be q * q
and ``np.sum(q)`` q, without a word.  Only its operators mean what they say: ``np.float64(2) * q``.
"""

from __future__ import annotations

from typing import Any, NoReturn

from derive.kernel.build import OPERATORS, lift
from derive.kernel.expr import Expr
from derive.operators.row import COMPOSITES, POINTWISE, PRIMITIVES

_METHODS = {
    "add": "__add__", "subtract": "__sub__", "multiply": "__mul__", "matmul": "__matmul__",
    "divide": "__truediv__", "true_divide": "__truediv__", "power": "__pow__",
    "negative": "__neg__",
}  # fmt: skip
_INSTEAD = {
    "sum": "d.total(x)", "dot": "d.dot(a, b)", "vdot": "d.dot(a, b)", "inner": "d.dot(a, b)",
    "matmul": "a @ b", "transpose": "x.T", "outer": "d.outer(a, b)", "trace": "d.trace(A)",
    "diag": "d.diag(v)", "einsum": "d.contract('ij,j->i', A, x)", "concatenate": "d.concat([a, b])",
    "stack": "d.stack([a, b])", "vstack": "d.block([[A], [B]])", "hstack": "d.block([[A, B]])",
    "block": "d.block([[A, B]])", "split": "d.split(x, sizes)", "kron": "d.kron(A, B)",
    "matrix_power": "d.matrix_power(A, n)", "inv": "d.inverse(A)", "absolute": "d.abs(x)",
    "reshape": "d.vec(X), d.unvec(x, m, n)", "ravel": "d.vec(X)",
}  # fmt: skip


def _ufunc(self: Expr, ufunc: Any, method: str, *given: Any, **how: Any) -> Expr:
    """An operator between a number of NumPy and an expression; TypeError for other functions."""
    name = _METHODS.get(ufunc.__name__)
    if method != "__call__" or how or name is None:
        _refused(ufunc.__name__)
    first, *rest = given
    return OPERATORS[name](lift(first), *rest)


def _function(self: Expr, function: Any, *given: Any) -> NoReturn:
    _refused(function.__name__)


def _refused(name: str) -> NoReturn:
    words = (COMPOSITES, POINTWISE, PRIMITIVES)
    own = f"d.{name}(..)" if any(name in rows for rows in words) else ""
    instead = _INSTEAD.get(name) or own
    ends = f"write {instead}" if instead else "use the functions of derive, which dir(derive) lists"
    raise TypeError(f"np.{name} computes with numbers and cannot take an expression: {ends}")


Expr.__array_ufunc__ = _ufunc  # type: ignore[attr-defined]
Expr.__array_function__ = _function  # type: ignore[attr-defined]
