"""Expressions at a point in exact rationals, and in balls where there is none.

The idea: an entry is a rational as long as it can be one; past an exponential or a root it is a
ball that contains it (Arb, through python-flint), and where it is not defined, or a comparison of
balls is not decided, it is NaN.  NaN spreads: what is finite is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from math import perm
from typing import Any

from flint import arb, ctx, fmpq

from derive.kernel import sizes
from derive.kernel.contraction import contracted, span
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
from derive.operators import POINTWISE
from derive.operators.abstract import signature_of
from derive.operators.blocks import FAMILIES
from derive.operators.pointwise import COMPARISONS, exp, log, np
from derive.operators.pooling import RESHAPES
from derive.operators.powers import POWERS
from derive.operators.row import defined
from proofs.numbers.entries import (
    FUNCTIONS,
    NAN,
    ONE,
    OPERATORS,
    ZERO,
    Entries,
    Scalar,
    bounded,
    fraction,
    is_rational,
    rational,
)
from proofs.numbers.matrices import MATRICES
from proofs.numbers.plan import contract

PRECISIONS = (64, 128, 256, 640)


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Balls have midpoints of this many bits meanwhile."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


class Exact(Entries):
    """The values of expressions at one point: rationals, and balls of ``bits`` bits.

    ``values`` are Fractions, ``at`` the sizes.  The variables in ``still`` have no values nearby:
    a tie of theirs is no border.  ``functions`` gives functions that nobody defined the
    coefficients of a polynomial, the constant first; ``met`` are the values of theirs that were
    used: name, order of the derivative, argument.  ``borders`` are the nodes that compare something
    which moves and stands exactly at its border.
    """

    def __init__(
        self, values: Mapping[Expr, Any], at: Mapping[str, int], bits: int,
        still: Container[Expr] = (), functions: Mapping[str, Sequence[int]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.at = at
        self.bits = bits
        self.known: dict[Expr, Any] = {}
        self.borders: set[Expr] = set()
        self._steps: dict[Expr, bool] = {}
        self._values = values
        self._still = still
        self._functions = functions or {}
        self.met: dict[tuple[str, int, Fraction], Fraction] = {}
        self._meanings: dict[Expr, tuple[Expr, ...]] = {}

    def value(self, root: Expr) -> Any:
        """An object array of the root's axes at this point."""
        with precision(self.bits):
            for node in toposort(root, below=self._below):
                if node not in self.known:
                    self.known[node] = self._value(node)
                    self._steps[node] = self._is_step(node)
        return self.known[root]

    def tied(self, *roots: Expr) -> bool:
        """Whether some node below the roots is at its border."""
        return bool(self.borders) and not self.borders.isdisjoint(
            toposort(*roots, below=self._parts)
        )

    def _below(self, node: Expr) -> Sequence[Expr]:
        return () if node in self.known else self._parts(node)

    def _parts(self, node: Expr) -> tuple[Expr, ...]:
        """What a node is computed from: its kids, or its definition."""
        found = self._meanings.get(node)
        if found is None:
            meaning = definition(node)
            found = self._meanings[node] = node.kids if meaning is None else (meaning,)
        return found

    def _is_step(self, node: Expr) -> bool:
        """Whether a node does not move with the point: numbers, indicators, finite choices."""
        match node:
            case Num() | Delta() | Ones():
                return True
            case Var():
                return node in self._still
            case Map(fn) if fn in COMPARISONS or fn.name in ("sign", "step"):
                return True
            case Call(Operator() as op) if op.name in ("argmax", "argmin", "one_hot"):
                return True
            case _:
                return all(self._steps[kid] for kid in self._parts(node))

    def _value(self, node: Expr) -> Any:
        match node:
            case Var():
                given = np.asarray(self._values[node], object)
                return _each(lambda n: n if type(n) in (fmpq, arb) else rational(n), given)
            case Num(value):
                return _filled((), rational(value))
            case Delta(n):
                return _each(lambda k: ONE if k else ZERO, np.eye(sizes.evaluate(n, self.at)))
            case Ones(n):
                return _filled((sizes.evaluate(n, self.at),), ONE)
            case Add(terms):
                total = self.known[terms[0]]
                for term in terms[1:]:
                    total = total + self.known[term]
                return _array(total)
            case Contract(factors, indices, out):
                found = contract([self.known[f] for f in factors], indices, out)
                return _each(bounded, _array(found))
            case Call(Name(), (arg,)):
                return self.known[arg]
            case Map() | Call():
                return self._applied(node)
        raise AssertionError(f"not a kind of expression: {node!r}")

    def _applied(self, node: Map | Call) -> Any:
        parts = self._parts(node)
        if parts is not node.kids:
            return self.known[parts[0]]
        args = [self.known[arg] for arg in node.args]
        # Of a choice by cases only the condition is compared with anything.
        choice = isinstance(node, Map) and node.fn.name == "where"
        judged = node.args[:1] if choice else node.args
        self.watched = not all(self._steps[arg] for arg in judged)
        self.at_border = False
        found = self._by_rule(node, args)
        if self.at_border:
            self.borders.add(node)
        return found

    def _by_rule(self, node: Map | Call, args: Sequence[Any]) -> Any:
        if isinstance(node, Map):
            if node.fn.name == "power":
                c = Fraction(node.fn.params[0])
                return _each(lambda x: self.power(x, c), *args)
            if node.fn.name == "generic" and node.fn.params[0] in self._functions:
                name, order = node.fn.params
                return _each(lambda x: self._chosen(name, order, x), *args)
            rule = FUNCTIONS.get(node.fn.name)
            if rule is None:
                return _filled(_extent(node.axes, self.at), NAN)
            return _each(lambda *entries: rule(self, *entries), *args)
        assert isinstance(node.op, Operator)
        params = tuple(sizes.evaluate(p, self.at) for p in node.op.params)
        if not args:
            return _each(lambda k: ONE if k else ZERO, node.op.value(*params))
        if node.op.name in FAMILIES | RESHAPES:  # entries are moved, whatever they are
            return node.op.value(*args, *params)
        signature = signature_of(node)
        if signature is not None:
            # The one polynomial that stands for the function, here as everywhere.
            if signature.symbol not in self._functions:
                return _filled(_extent(node.axes, self.at), NAN)
            return _each(bounded, _array(node.op.value(*args, *params)))
        if node.op.name in POWERS:
            return _each(_plain, node.op.value(*args, *params))
        matrix_rule = MATRICES.get(node.op.name)
        if matrix_rule is not None:
            return _on_matrices(lambda rows: matrix_rule(self, rows), args[0])
        if not node.args:
            return _each(lambda k: rational(int(k)), node.op.value(*params))
        rule = OPERATORS.get(node.op.name)
        if rule is None:
            return _filled(_extent(node.axes, self.at), NAN)
        if node.op.name == "one_hot":
            return _along(lambda row: rule(self, row.item(), *params), args[0][..., None])
        if len(args) > 1:  # two of one shape: entry by entry they are pairs
            pairs = _paired(*args)
            return _along(lambda row: rule(self, *map(list, zip(*row, strict=True))), pairs)
        return _along(lambda row: rule(self, list(row), *params), args[0])

    def _chosen(self, name: str, order: int, x: Scalar) -> Scalar:
        """The derivative of this order of a chosen polynomial."""
        found = ZERO
        coefficients = self._functions[name]
        for k in range(len(coefficients) - 1, order - 1, -1):
            found = found * x + perm(k, order) * coefficients[k]
        if is_rational(x) and is_rational(found):
            self.met[name, order, fraction(x)] = fraction(found)
        return bounded(found)


# ------------------------------------------------------------------------------------------ arrays


def _extent(axes: Sequence[sizes.Axis], at: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sizes.evaluate(n, at) for n in axes)


def _filled(shape: tuple[int, ...], n: Scalar) -> Any:
    made = np.empty(shape, object)
    made[...] = n
    return made


def _array(found: Any) -> Any:
    """What NumPy gives back as a bare entry, as an array."""
    return found if isinstance(found, np.ndarray) else _filled((), found)


def _plain(entry: Any) -> Scalar:
    """An entry of a power: that of X^0 is an integer, that of a power which is none a float."""
    return rational(entry) if isinstance(entry, int) else NAN if entry != entry else bounded(entry)


def _each(function: Callable[..., Any], *arrays: Any) -> Any:
    if not arrays:
        return _filled((), function())
    return _array(np.frompyfunc(function, len(arrays), 1)(*arrays))


def _paired(first: Any, second: Any) -> Any:
    pairs = np.empty(first.shape, object)
    for place in np.ndindex(first.shape):
        pairs[place] = first[place], second[place]
    return pairs


def _along(function: Callable[[Any], Any], array: Any) -> Any:
    """The function on every vector along the last axis: a list of entries, or one entry."""
    lead = array.shape[:-1]
    found = [function(array[place]) for place in np.ndindex(lead)]
    many = isinstance(found[0], list)
    made = np.empty((len(found), len(found[0])) if many else len(found), object)
    for k, one in enumerate(found):
        made[k] = one
    return made.reshape((*lead, len(found[0])) if many else lead)


def _on_matrices(function: Callable[[list[list[Scalar]]], Any], array: Any) -> Any:
    """The function on every matrix of the last two axes: a matrix of entries, or one entry."""
    lead = array.shape[:-2]
    found = [function([list(row) for row in array[place]]) for place in np.ndindex(lead)]
    many = isinstance(found[0], list)
    made = np.empty((len(found), *array.shape[-2:]) if many else len(found), object)
    for k, one in enumerate(found):
        made[k] = one
    return made.reshape((*lead, *array.shape[-2:]) if many else lead)


_RULES: frozenset[str] = frozenset([*OPERATORS, *MATRICES])


def definition(
    node: Expr, functions: Container[str] = FUNCTIONS, operators: Container[str] = _RULES
) -> Expr | None:
    """A node in other words of the vocabulary, where there is no rule of its own for it."""
    if isinstance(node, Map):
        if node.fn.name in functions or node.fn.name == "power":
            return None
        row = POINTWISE.get(node.fn.name)
        return row.body(*node.args) if row is not None and row.body is not None else None
    if isinstance(node, Call) and isinstance(node.op, Operator) and node.args:
        moved = node.op.name in FAMILIES | RESHAPES | POWERS
        return None if moved or node.op.name in operators else _operator(node)
    return None


def _operator(node: Call) -> Expr | None:
    assert isinstance(node.op, Operator)
    z = node.args[0]
    axes = span(len(z.axes))
    if node.op.name in ("logsumexp", "log_softmax"):
        top = log(contracted((exp(z),), (axes,), axes[:-1]))
        if node.op.name == "logsumexp":
            return top
        return z - contracted((top, Ones(z.axes[-1])), (axes[:-1], axes[-1:]), axes)
    return defined(node)
