r"""Matrices and vectors of a declared kind as expressions of free variables.

The idea: whatever is tried with numbers must be of its kind exactly, so a symmetric matrix is
(A + A^\top) / 2 of a free A, an orthogonal one a product of reflections I - 2 v v^\top / v^\top v
(Cartan-Dieudonne: every one is), a positive definite one A A^\top + I: rational in the entries of A
and v, and of their kind whatever these are.  Several expressions reach more of a kind than one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from derive.kernel.build import diag, dot, outer
from derive.kernel.expr import Delta, Expr, Num, Var
from derive.kernel.sizes import Size
from derive.meaning.kinds import closed, kinds_of
from derive.operators import composites as _composites  # noqa: F401 - gives expressions division
from derive.operators.attention import causal_mask
from derive.operators.blocks import joined, padded, sliced
from derive.operators.primitives import one_hot


class _Free:
    """Free variables for one that is declared: the first has its name."""

    def __init__(self, var: Var) -> None:
        self.var = var
        self.made = 0

    def _next(self, axes: tuple) -> Expr:
        suffix = f"'{self.made}" if self.made else ""
        self.made += 1
        return Var(self.var.name + suffix, axes, self.var.letters)

    def matrix(self) -> Expr:
        return self._next(self.var.axes)

    def vector(self) -> Expr:
        return self._next(self.var.axes[:1])

    @property
    def unit(self) -> Expr:
        return Delta(self.var.axes[0])

    def reflection(self) -> Expr:
        v = self.vector()
        return self.unit - 2 * outer(v, v) / dot(v, v)

    def onto(self) -> Expr:
        """The projection onto a line."""
        v = self.vector()
        return outer(v, v) / dot(v, v)


def _symmetric(free: _Free) -> tuple[Expr, ...]:
    a = free.matrix()
    return ((a + a.T) / 2,)


def _skew(free: _Free) -> tuple[Expr, ...]:
    a = free.matrix()
    return ((a - a.T) / 2,)


def _diagonal(free: _Free) -> tuple[Expr, ...]:
    return (diag(free.vector()),)


def _lower(free: _Free) -> tuple[Expr, ...]:
    return (causal_mask(free.var.axes[0]) * free.matrix(),)


def _upper(free: _Free) -> tuple[Expr, ...]:
    return (causal_mask(free.var.axes[0]).T * free.matrix(),)


def _invertible_diagonal(free: _Free) -> tuple[Expr, ...]:
    """Entries from 1 on, and their negatives."""
    v = free.vector()
    return diag(v * v) + free.unit, -(diag(v * v) + free.unit)


def _invertible_lower(free: _Free) -> tuple[Expr, ...]:
    strict = (causal_mask(free.var.axes[0]) - free.unit) * free.matrix()
    return tuple(diagonal + strict for diagonal in _invertible_diagonal(free))


def _invertible_upper(free: _Free) -> tuple[Expr, ...]:
    return tuple(lower.T for lower in _invertible_lower(free))


def _definite_diagonal(free: _Free) -> tuple[Expr, ...]:
    v = free.vector()
    return diag(v * v) + free.unit, (diag(v * v) + free.unit) / 8


def _semidefinite_diagonal(free: _Free) -> tuple[Expr, ...]:
    v = free.vector()
    return (diag(v * v),)


def _semidefinite(free: _Free) -> tuple[Expr, ...]:
    a = free.matrix()
    return a @ a.T, free.onto()


def _definite(free: _Free) -> tuple[Expr, ...]:
    a = free.matrix()
    return a @ a.T + free.unit, (a @ a.T + free.unit) / 8


def _rotation(free: _Free) -> tuple[Expr, ...]:
    return (free.reflection() @ free.reflection(),)


def _orthogonal(free: _Free) -> tuple[Expr, ...]:
    two = free.reflection() @ free.reflection()
    return two, two @ free.reflection()


def _columns(free: _Free) -> tuple[Expr, ...]:
    """The first columns of an orthogonal matrix, which has more rows than they are many."""
    m, n = free.var.axes
    if not (isinstance(m, Size) or isinstance(n, Size) or n < m):
        return ()
    first = padded(Delta(n), -2, 0, m - n)
    return free.reflection() @ free.reflection() @ first, free.reflection() @ first


def _rows(free: _Free) -> tuple[Expr, ...]:
    m, n = free.var.axes
    tall = _Free(Var(free.var.name, (n, m), free.var.letters))
    return tuple(found.T for found in _columns(tall))


def _independent(free: _Free) -> tuple[Expr, ...]:
    """Orthonormal columns, each times a number from 1 on."""
    v = free._next(free.var.axes[1:])
    return tuple(found @ (diag(v * v) + Delta(v.axes[0])) for found in _columns(free))


def _spanning(free: _Free) -> tuple[Expr, ...]:
    m, n = free.var.axes
    tall = _Free(Var(free.var.name, (n, m), free.var.letters))
    return tuple(found.T for found in _independent(tall))


def _permutation(free: _Free) -> tuple[Expr, ...]:
    """The next one takes the place of each, and the first one that of the last."""
    n = free.var.axes[0]
    if isinstance(n, int) and n < 2:
        return (free.unit,)
    cycle = joined([sliced(free.unit, -2, 1, n), sliced(free.unit, -2, 0, 1)], -2)
    return cycle, cycle @ cycle


def _involution(free: _Free) -> tuple[Expr, ...]:
    found = free.reflection()
    return found, -found


def _projection(free: _Free) -> tuple[Expr, ...]:
    found = free.onto()
    return found, free.unit - found


def _idempotent(free: _Free) -> tuple[Expr, ...]:
    u, v = free.vector(), free.vector()
    found = outer(u, v) / dot(u, v)
    return found, free.unit - found


def _invertible(free: _Free) -> tuple[Expr, ...]:
    v = free.vector()
    whole = free.reflection() @ diag(v * v + 1) @ free.reflection()
    return whole, whole @ free.reflection()


def _symmetric_invertible(free: _Free) -> tuple[Expr, ...]:
    v, mirror = free.vector(), free.reflection()
    whole = mirror @ diag(v * v + 1) @ mirror
    return whole, mirror, -whole


def _unit(free: _Free) -> tuple[Expr, ...]:
    n = free.var.axes[0]
    first = free.reflection() @ one_hot(n)(Num(1))
    return first, -first


def _distribution(free: _Free) -> tuple[Expr, ...]:
    v = free.vector()
    return (v * v * (1 / dot(v, v)),)


# By the kinds from which all others of the variable follow.
_MADE: tuple[tuple[tuple[str, ...], Callable[[_Free], tuple[Expr, ...]]], ...] = (
    (("unit",), _unit),
    (("distribution",), _distribution),
    (("definite", "diagonal"), _definite_diagonal),
    (("semidefinite", "diagonal"), _semidefinite_diagonal),
    (("diagonal", "invertible"), _invertible_diagonal),
    (("diagonal",), _diagonal),
    (("lower", "invertible"), _invertible_lower),
    (("upper", "invertible"), _invertible_upper),
    (("lower",), _lower),
    (("upper",), _upper),
    (("definite",), _definite),
    (("projection",), _projection),
    (("idempotent",), _idempotent),
    (("semidefinite",), _semidefinite),
    (("symmetric", "orthogonal"), _involution),
    (("symmetric", "invertible"), _symmetric_invertible),
    (("symmetric",), _symmetric),
    (("skew",), _skew),
    (("rotation",), _rotation),
    (("orthogonal",), _orthogonal),
    (("invertible",), _invertible),
    (("permutation",), _permutation),
    (("columns",), _columns),
    (("rows",), _rows),
    (("independent",), _independent),
    (("spanning",), _spanning),
)


@cache
def _maker(known: frozenset[str]) -> Callable[[_Free], tuple[Expr, ...]] | None:
    """The first that has all of these kinds, and no others."""
    return next((make for kinds, make in _MADE if known == frozenset(closed(kinds))), None)


def structured(var: Expr) -> tuple[Expr, ...]:
    """Expressions of free variables that have the kinds of this one whatever those are; none where
    no such expression is known, or where nothing is declared.

    >>> import derive as d
    >>> n = d.size("n")
    >>> structured(Var("S", (n, n), (), ("symmetric",)))
    (1/2 (S + S^T),)
    """
    known = kinds_of(var)
    make = _maker(known) if known else None
    return make(_Free(var)) if make is not None and isinstance(var, Var) else ()
