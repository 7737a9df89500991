"""What an expression means: numbers, as NumPy floats or as exact rationals.

The idea: meaning is independent of the rules of calculus, so it can be their judge.  Values are
computed node by node in topological order; a name is transparent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
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
    Map,
    Name,
    Num,
    Ones,
    Operator,
    Var,
    toposort,
)
from derive.meaning.gather import gathered
from derive.meaning.stacks import Opened, below, opened
from derive.operators import incidence
from derive.operators.pointwise import np

Values = Mapping[Expr, Any]
# So many products are summed sooner than a good order for them is found.
_FEW = 10_000


class NotExact(ArithmeticError):
    """The value is not a rational number (an exponential, a root, an undefined function)."""


def evaluate(node: Expr, values: Values, at: Mapping[str, int] | None = None, *,
             exact: bool = False) -> Any:  # fmt: skip
    """The value of one expression, a NumPy array of its shape; ``evaluate_all`` says the rest.

    >>> import derive as d
    >>> W, x = d.matrix("W", 2, 2), d.vector("x", 2)
    >>> d.evaluate(W @ x, {W: [[1, 2], [3, 4]], x: [1, 1]}).tolist()
    [3.0, 7.0]
    """
    node = lift(node)
    return evaluate_all([node], values, at, exact=exact)[node]


def evaluate_all(
    roots: Iterable[Expr], values: Values, at: Mapping[str, int] | None = None, *,
    exact: bool = False,
) -> dict[Expr, Any]:  # fmt: skip
    """The value of every node below the roots, from the values of variables (or of any nodes).

    Nothing is computed below a node whose value is given, however much there is.  ``at`` gives the
    sizes that are symbols; those of the given arrays are read off.  ``exact`` computes in Fractions
    and raises NotExact where a value is not rational.  NoValue names a variable without one;
    ValueError an array of the wrong shape.
    """
    extent = dict(at or {})
    known: dict[Expr, Any] = {}
    for variable, array in values.items():
        if not isinstance(variable, Expr):
            raise TypeError(f"values are given by variable, {{x: array}}, not by {variable!r}")
        known[variable] = _array(array, exact)
        _read_sizes(variable, known[variable].shape, extent)
    given = frozenset(known)
    for node in toposort(*roots, below=lambda node: () if node in given else below(node)):
        if node not in given:
            known[node] = _value(node, known, extent, exact)
    return known


def _array(array: Any, exact: bool) -> Any:
    if not exact:
        return np.asarray(array, float)
    return np.vectorize(Fraction, otypes=[object])(np.asarray(array, object))


def _read_sizes(variable: Expr, shape: tuple[int, ...], extent: dict[str, int]) -> None:
    if len(shape) != len(variable.axes):
        raise ValueError(f"{variable!r} needs {len(variable.axes)} axes, got shape {shape}")
    for axis, n in zip(variable.axes, shape, strict=True):
        names = axis.names() if isinstance(axis, sizes.Size) else set()
        if isinstance(axis, sizes.Size) and axis.terms == (((name := min(names),), 1),):
            if extent.setdefault(name, n) != n:
                raise ValueError(f"size {axis} is both {extent[name]} and {n}")
        elif not names - extent.keys() and sizes.evaluate(axis, extent) != n:
            raise ValueError(f"an axis of size {axis} has {n} entries")


def _value(node: Expr, known: Mapping[Expr, Any], extent: Mapping[str, int], exact: bool) -> Any:
    number = object if exact else float
    match node:
        case Num(value):
            return np.asarray(Fraction(value) if exact else float(value), number)
        case Delta(n):
            return np.eye(sizes.evaluate(n, extent), dtype=int).astype(number)
        case Ones(n):
            return np.ones(sizes.evaluate(n, extent), int).astype(number)
        case Add(terms):
            total = known[terms[0]]
            for term in terms[1:]:
                total = total + known[term]
            return np.asarray(total, number)
        case Contract(factors, indices, out):
            cut = opened(node)
            if cut is not None:
                return _unstacked(cut, known, extent, number)
            if any(map(incidence.is_incidence, factors)):
                return np.asarray(_with_incidences(node, known, extent, exact), number)
            return np.asarray(_einsum([known[f] for f in factors], indices, out, exact), number)
        case Map(fn, args):
            if not exact:
                return np.asarray(fn.value(*(known[a] for a in args)), float)
            if fn.exact is None:
                raise NotExact(f"{fn.name} has no exact value")
            return np.vectorize(fn.exact, otypes=[object])(*(known[a] for a in args))
        case Call(Name(), (arg,)):
            return known[arg]
        case Call(Operator() as op, args):
            if exact and not op.exact:
                raise NotExact(f"{op.name} has no exact value")
            params = tuple(sizes.evaluate(p, extent) for p in op.params)
            if incidence.is_incidence(node):
                return op.value(*params)  # a view, however large: it is not copied
            return np.asarray(op.value(*(known[a] for a in args), *params), number)
        case Var():
            raise sizes.NoValue(f"no value is given for {node!r}")
        case _:
            raise AssertionError(f"not a kind of expression: {node!r}")


def _unstacked(cut: Opened, known: Mapping[Expr, Any], at: Mapping[str, int], number: Any) -> Any:
    """A product with flat axes: every array cut into the axes that its own are made of."""
    size = {i: sizes.evaluate(n, at) for i, n in cut.extent.items()}
    fine = [tuple(i for part in own for i in part) for own in cut.parts]
    arrays = [known[f].reshape([size[i] for i in own]) for f, own in zip(cut.factors, fine)]
    out = tuple(i for part in cut.out for i in part)
    found = _einsum(arrays, tuple(fine), out, number is object)
    return np.asarray(found, number).reshape([prod(size[i] for i in part) for part in cut.out])


def _with_incidences(
    node: Contract, known: Mapping[Expr, Any], extent: Mapping[str, int], exact: bool
) -> Any:
    pairs = list(zip(node.factors, node.indices, strict=True))
    lengths = {i: sizes.evaluate(n, extent) for f, own in pairs for i, n in zip(own, f.axes)}
    plain = [(known[f], own) for f, own in pairs if not incidence.is_incidence(f)]
    equations = [
        incidence.Equation(
            tuple((i, sizes.evaluate(c, extent)) for i, c in found.terms),
            sizes.evaluate(found.offset, extent),
        )
        for found in (incidence.read(f, own) for f, own in pairs if incidence.is_incidence(f))
    ]
    parts, left = gathered(
        [array for array, _ in plain], [own for _, own in plain], node.out, equations, lengths
    )
    arrays, indices = [p.array for p in parts], [p.own for p in parts]
    for one in left:
        shape = [lengths[i] for i in one.indices]
        arrays.append(incidence.array(*(c for _, c in one.terms), one.offset, *shape))  # type: ignore[arg-type]
        indices.append(one.indices)
    return _einsum(arrays, tuple(indices), node.out, exact, few=1)


def _einsum(
    arrays: list[Any], indices: tuple, out: tuple[int, ...], exact: bool, few: int = 2
) -> Any:
    operands: list[Any] = []
    for array, own in zip(arrays, indices, strict=True):
        operands += [array, list(own)]
    extents = {i: n for array, own in zip(arrays, indices) for i, n in zip(own, array.shape)}
    if len(arrays) <= few or exact or prod(extents.values()) <= _FEW:
        return np.einsum(*operands, list(out))
    # A good order of pairs is a field of its own: left to opt_einsum.
    from opt_einsum import contract as opt_contract

    return opt_contract(*operands, list(out))
