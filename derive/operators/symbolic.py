"""What an expression means to SymPy: a scalar as its expression, an array entry by entry.

The idea: a word is translated once.  Where SymPy has the function it is taken, any other is read
through the ``body`` of its row; a choice is always a Piecewise, which keeps the side that the row
states at a kink, where ``Max`` and ``sign`` would differentiate to Heaviside and Dirac functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from math import prod
from typing import Any

from derive.kernel import sizes
from derive.kernel.build import lift
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
    Operator,
    Var,
    toposort,
)
from derive.operators.blocks import FAMILIES
from derive.operators.pointwise import np
from derive.operators.row import POINTWISE, defined


def to_sympy(
    node: Expr, values: Mapping[Expr, Any] | None = None, at: Mapping[str, int] | None = None
) -> Any:
    r"""A scalar as a SymPy expression; an array as a NumPy array of them, entry by entry.

    ``values`` gives variables (or any nodes) SymPy expressions of their own; another scalar ``x``
    becomes the real symbol ``x``, an entry of another array the real symbol ``x_{1,2}``.  ``at``
    gives the sizes that are symbols; NoValue (a KeyError and ValueError) names one that is missing.

    >>> from derive.operators.pointwise import sigmoid
    >>> to_sympy(sigmoid(Var("z", ())))
    1/(1 + exp(-z))
    """
    known: dict[Expr, Any] = {v: np.asarray(a, object) for v, a in (values or {}).items()}
    node = lift(node)
    for part in toposort(node):
        if part not in known:
            known[part] = np.asarray(_entries(part, known, at or {}), object)
    found = known[node]
    return found if found.ndim else found.item()


def _entries(node: Expr, known: Mapping[Expr, Any], at: Mapping[str, int]) -> Any:
    import sympy

    match node:
        case Num(value):
            return _number(value)
        case Var(name, axes):
            return _symbols(name, [sizes.evaluate(n, at) for n in axes])
        case Delta(n):
            return _exact(np.eye(sizes.evaluate(n, at), dtype=int))
        case Ones(n):
            return _exact(np.ones(sizes.evaluate(n, at), int))
        case Add(terms):
            return _each(sympy.Add, *(known[t] for t in terms))
        case Contract(factors, indices, out):
            operands: list[Any] = []
            for factor, own in zip(factors, indices, strict=True):
                operands += [known[factor], list(own)]
            return np.einsum(*operands, list(out))
        case Map(fn, args):
            return _each(_function(fn), *(known[a] for a in args))
        case Call(Name(), (arg,)):
            return known[arg]
        case Call(Operator() as op, args):
            if op.name in _MATRICES:
                return _on_matrices(_MATRICES[op.name], known[args[0]])
            if op.name == "whole_power":
                matrix, ones = (known[a] for a in args)
                return np.array((sympy.Matrix(matrix) ** len(ones)).tolist(), object)
            if op.name not in _OPERATORS and (meaning := defined(node)) is not None:
                return to_sympy(meaning, known, at)
            params = [sizes.evaluate(p, at) for p in op.params]
            if op.name in FAMILIES:
                return op.value(*(known[a] for a in args), *params)
            if not args:
                return np.vectorize(_number, otypes=[object])(op.value(*params))
            return _along_last(lambda row: _OPERATORS[op.name](row, *params), known[args[0]], op)
    raise AssertionError(f"not a kind of expression: {node!r}")


def _number(value: Any) -> Any:
    import sympy

    return sympy.Rational(value.numerator, value.denominator)


def _symbols(name: str, shape: Sequence[int]) -> Any:
    import sympy

    if not shape:
        return sympy.Symbol(name, real=True)
    entries = np.empty(shape, object)
    for place in product(*(range(n) for n in shape)):
        label = ",".join(str(k + 1) for k in place)
        entries[place] = sympy.Symbol(f"{name}_{{{label}}}", real=True)
    return entries


def _exact(array: Any) -> Any:
    # A plain 0 or 1 of NumPy would turn a product of numbers into a float.
    return _each(lambda k: _number(int(k)), array)


def _each(function: Callable[..., Any], *arrays: Any) -> Any:
    return np.frompyfunc(function, len(arrays), 1)(*arrays) if arrays else function()


def _along_last(function: Callable[[Any], Any], array: Any, op: Any) -> Any:
    """The operator on every vector along the last axis; on each entry if it makes a new axis."""
    lead = array.shape if op.name == "one_hot" else array.shape[:-1]
    found = np.empty(lead, object)
    for place in np.ndindex(lead):
        found[place] = function(array[place])
    parts = [np.asarray(found[place], object) for place in np.ndindex(lead)]
    return np.stack(parts).reshape(*lead, *parts[0].shape) if lead else parts[0]


# ------------------------------------------------------------------ elementwise functions


@cache
def _direct() -> dict[str, Callable[..., Any]]:
    """The functions that SymPy knows, and those that are defined by no others."""
    import sympy

    return {
        "raised": sympy.Pow,
        "exp": sympy.exp,
        "log": sympy.log,
        "gt": lambda a, b: _indicator(sympy.Gt(a, b)),
        "ge": lambda a, b: _indicator(sympy.Ge(a, b)),
        "lt": lambda a, b: _indicator(sympy.Lt(a, b)),
        "le": lambda a, b: _indicator(sympy.Le(a, b)),
        "eq": lambda a, b: _indicator(sympy.Eq(a, b)),
        "ne": lambda a, b: _indicator(sympy.Ne(a, b)),
        "where": lambda c, a, b: sympy.Piecewise((a, _condition(c)), (b, True)),
        "abs": sympy.Abs,
        "tanh": sympy.tanh,
        "pi": lambda: sympy.pi,
        "infinity": lambda: sympy.oo,
        "erf": sympy.erf,
        "sin": sympy.sin,
        "cos": sympy.cos,
        "tan": sympy.tan,
        "sinh": sympy.sinh,
        "cosh": sympy.cosh,
        "arctan": sympy.atan,
    }


def _function(fn: Fn) -> Callable[..., Any]:
    """What the function does to SymPy expressions."""
    import sympy

    if fn.name == "power":
        exponent = _number(Fraction(fn.params[0]))
        return lambda x: sympy.Pow(x, exponent)
    if fn.name == "generic":
        symbol, order = fn.params
        return lambda x: _undefined(sympy.Function(symbol), order, x)
    if fn.name in _direct():
        return _direct()[fn.name]
    formals, meaning = _defined(fn)
    return lambda *args: meaning.xreplace(dict(zip(formals, args, strict=True)))


@cache
def _defined(fn: Fn) -> tuple[tuple[Any, ...], Any]:
    """The body of a function's row over symbols of its own."""
    import sympy

    body = POINTWISE[fn.name].body
    assert body is not None, f"{fn.name} has neither a body nor a function of SymPy"
    variables = [Var(f"argument {k}", ()) for k in range(len(fn.slopes))]
    formals = tuple(sympy.Dummy(real=True) for _ in variables)
    return formals, to_sympy(body(*variables), dict(zip(variables, formals, strict=True)))


def _undefined(function: Any, order: int, x: Any) -> Any:
    import sympy

    if order == 0:
        return function(x)
    dummy = sympy.Dummy(real=True)
    return sympy.Subs(sympy.Derivative(function(dummy), (dummy, order)), dummy, x)


def _indicator(condition: Any) -> Any:
    import sympy

    return sympy.Piecewise((1, condition), (0, True))


def _condition(value: Any) -> Any:
    """The condition under which a value is not 0; an indicator gives back its own."""
    import sympy

    if isinstance(value, sympy.Piecewise) and len(value.args) == 2:
        pairs: Any = value.args
        (one, condition), (zero, rest) = pairs
        if one == 1 and zero == 0 and rest == sympy.true:
            return condition
    if isinstance(value, sympy.Mul):
        return sympy.And(*(_condition(factor) for factor in value.args))
    return sympy.Ne(value, 0)


# ------------------------------------------------------------------ operators along an axis


def _on_matrices(function: Callable[[Any], Any], array: Any) -> Any:
    """The operator on every matrix of the last two axes."""
    import sympy

    lead = array.shape[:-2]
    parts = [np.asarray(function(sympy.Matrix(array[place])), object) for place in np.ndindex(lead)]
    return np.stack(parts).reshape(*lead, *parts[0].shape) if lead else _bare(parts[0])


def _bare(part: Any) -> Any:
    return part if part.shape else part.item()


def _logarithm(of: Any) -> Any:
    import sympy

    return sympy.log(of)


_MATRICES: dict[str, Callable[[Any], Any]] = {
    "inverse": lambda a: np.array(a.inv().tolist(), object),
    "det": lambda a: a.det(),
    "logdet": lambda a: _logarithm(a.det()),
    "logabsdet": lambda a: _logarithm(abs(a.det())),
}


def _logsumexp(row: Any) -> Any:
    import sympy

    return sympy.log(sympy.Add(*(sympy.exp(x) for x in row)))


def _softmax(row: Any) -> Any:
    import sympy

    powers = [sympy.exp(x) for x in row]
    return [x / sympy.Add(*powers) for x in powers]


def _first(row: Any, beats: Callable[..., Any], equals: Callable[..., Any]) -> list[Any]:
    """1 at the first entry that beats those before it and is not beaten by those after it."""
    import sympy

    return [
        _indicator(
            sympy.And(*(beats(x, y) for y in row[:k]), *(equals(x, y) for y in row[k + 1 :]))
        )
        for k, x in enumerate(row)
    ]


def _argmax(row: Any) -> list[Any]:
    import sympy

    return _first(row, sympy.Gt, sympy.Ge)


def _argmin(row: Any) -> list[Any]:
    import sympy

    return _first(row, sympy.Lt, sympy.Le)


def _one_hot(label: Any, classes: int) -> list[Any]:
    import sympy

    return [_indicator(sympy.Eq(label, k)) for k in range(1, classes + 1)]


_OPERATORS: dict[str, Callable[..., Any]] = {
    "softmax": _softmax,
    "log_softmax": lambda row: [x - _logsumexp(row) for x in row],
    "logsumexp": _logsumexp,
    "argmax": _argmax,
    "argmin": _argmin,
    "maximum": lambda row: sum(a * x for a, x in zip(_argmax(row), row, strict=True)),
    "minimum": lambda row: sum(a * x for a, x in zip(_argmin(row), row, strict=True)),
    "product": lambda row: prod(row[1:], start=row[0]),
    "one_hot": _one_hot,
    "positions": lambda row: [_number(k) for k in range(1, len(row) + 1)],
}
