r"""Wide arrays at points where all but a few entries are alike: what 784 of them say, three can.

The idea: where every variable is the same along its wide axes from the last of a few places on, so
is whatever is added, contracted and computed entry by entry of them, and a sum along such an axis
counts that place as often as it stands there.  So an expression over wide axes has, at such points,
the entries of another one over short axes, with a weight in every sum; what breaks a relation
there breaks it at the wide point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import prod
from typing import Any

from derive.derivation.network import Domain
from derive.kernel.contraction import contracted, span
from derive.kernel.expr import (
    Add,
    Axes,
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Name,
    Ones,
    Operator,
    Var,
    toposort,
)
from derive.kernel.sizes import Axis
from derive.operators.incidence import Equation
from derive.operators.incidence import factors as incidences
from derive.operators.pointwise import exp, log, np
from derive.operators.row import defined
from proofs.verdict import Numbers

PLACES = 3  # of a wide axis that are told apart
_WIDE = 8  # entries of an axis that are all told apart
_MANY = 1 << 11  # entries of an array, from which on it is worth it
_MOST = 1 << 20  # of an array whose entries can still be said


def is_many(node: Expr) -> bool:
    """Whether an array has many entries, whatever the sizes that are symbols are."""
    return prod(n for n in node.axes if isinstance(n, int)) > _MANY


def is_wide(n: Axis) -> bool:
    return isinstance(n, int) and n > _WIDE


def short(axes: Axes) -> Axes:
    return tuple(PLACES if is_wide(n) else n for n in axes)


@cache
def weights(n: int) -> Expr:
    """How often each place stands along an axis of n entries: 1, 1, n - 2."""
    made = incidences(Equation(((0, 1),), 1 - PLACES), {0: PLACES})
    assert made is not None
    ((last, _),) = made  # 1 at the last place
    return Ones(PLACES) + (n - PLACES) * last


class Folded:
    """Expressions over short axes for those over wide ones; ``facts`` say where variables live."""

    def __init__(self, facts: Mapping[Expr, Domain]) -> None:
        self.facts = facts
        self._known: dict[Expr, Expr | None] = {}

    def of(self, root: Expr) -> Expr | None:
        """The entries of the root at the places that are told apart; None where it may have others:
        where an operator looks along a wide axis, or the identity stands on one."""
        known = self._known
        for node in toposort(root, below=lambda n: () if n in known else n.kids):
            if node not in known:
                known[node] = self._fold(node)
        return known[root]

    def _fold(self, node: Expr) -> Expr | None:
        kids = [self._known[kid] for kid in node.kids]
        if None in kids:
            return None
        wide = any(map(is_wide, node.axes)) or any(is_wide(n) for k in node.kids for n in k.axes)
        return self._built(node, kids, wide)  # type: ignore[arg-type]

    def _built(self, node: Expr, kids: Sequence[Expr], wide: bool) -> Expr | None:
        match node:
            case Var(name, axes, letters, kinds) if wide:
                domain = self.facts.get(node)
                tied = domain is not None and (domain.normalised or domain.classes is not None)
                vast = prod(n for n in axes if isinstance(n, int)) > _MOST
                return None if kinds or tied or vast else Var(name, short(axes), letters)
            case Ones(n) if wide:
                return Ones(*short((n,)))
            case Delta():
                return None if wide else node
            case Add():
                return Add(tuple(kids))
            case Contract(factors, indices, out):
                extent = {i: n for f, own in zip(factors, indices) for i, n in zip(own, f.axes)}
                summed = [i for i, n in extent.items() if i not in out and is_wide(n)]
                sums = [weights(extent[i]) for i in summed]  # type: ignore[arg-type]
                return contracted([*kids, *sums], [*indices, *((i,) for i in summed)], out)
            case Map(fn):
                return Map(fn, tuple(kids))
            case Call(Name() as op):
                return Call(op, tuple(kids))
            case Call(Operator() as op) if not wide:
                return Call(op, tuple(kids))
            case Call():
                meaning = _meaning(node)
                return None if meaning is None else self.of(meaning)
            case _:
                return node


def _meaning(node: Call) -> Expr | None:
    """An operator in terms of sums and functions of each entry, where it has such a meaning."""
    assert isinstance(node.op, Operator)
    if node.op.name not in ("softmax", "logsumexp", "log_softmax"):
        return defined(node)
    (z,) = node.args
    axes = span(len(z.axes))
    total = contracted((exp(z),), (axes,), axes[:-1])
    if node.op.name == "softmax":
        return contracted((exp(z), 1 / total), (axes, axes[:-1]), axes)
    if node.op.name == "logsumexp":
        return log(total)
    return z - contracted((log(total), Ones(z.axes[-1])), (axes[:-1], axes[-1:]), axes)


def unfolded(value: Numbers, axes: Axes) -> Numbers:
    """An array as nested rows with all entries of its wide axes; equal rows are one object."""
    if not axes:
        return value
    assert isinstance(value, tuple)
    rows = [unfolded(row, axes[1:]) for row in value]
    n = axes[0]
    return (*rows, *[rows[-1]] * (n - PLACES)) if isinstance(n, int) and is_wide(n) else (*rows,)


def unfolded_array(array: Any, axes: Axes) -> Any:
    """The same of an array of numbers."""
    for k, n in enumerate(axes):
        if isinstance(n, int) and is_wide(n):
            array = np.take(array, np.minimum(np.arange(n), PLACES - 1), axis=k)
    return array
