r"""What is declared of a matrix or a vector beside its shape: symmetric, orthogonal, of unit norm.

The idea: a kind is a row; what follows from it (a positive definite matrix is symmetric) is closed
over once, and readers, printers and provers ask the closure.  Positive definite says symmetric by
the usual custom (Horn & Johnson, Matrix Analysis, 2012, section 7.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from derive.kernel.expr import Add, Call, Delta, Expr, Map, Name, Number, Operator, Var


@dataclass(frozen=True, slots=True)
class Kind:
    """``rank`` is that of the arrays that can be of this kind, ``square`` that only square ones
    can; ``formula`` says it with ``#1`` for the symbol, ``said`` in words."""

    name: str
    said: str
    formula: str
    implies: tuple[str, ...] = ()
    rank: int = 2
    square: bool = True


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("symmetric", "symmetric", r"#1 = #1^\top"),
        Kind("skew", "skew-symmetric", r"#1 = -#1^\top"),
        Kind("lower", "lower triangular", r"#1_{ij} = 0 \ (i < j)"),
        Kind("upper", "upper triangular", r"#1_{ij} = 0 \ (i > j)"),
        Kind("diagonal", "diagonal", r"#1_{ij} = 0 \ (i \ne j)", ("symmetric", "lower", "upper")),
        Kind("independent", "of full column rank", r"\det(#1^\top #1) \ne 0", square=False),
        Kind("spanning", "of full row rank", r"\det(#1 #1^\top) \ne 0", square=False),
        Kind("columns", "of orthonormal columns", r"#1^\top #1 = \mathbf{I}", ("independent",),
             square=False),
        Kind("rows", "of orthonormal rows", r"#1 #1^\top = \mathbf{I}", ("spanning",),
             square=False),
        Kind("invertible", "invertible", r"\det #1 \ne 0", ("independent", "spanning")),
        Kind("orthogonal", "orthogonal", r"#1^\top #1 = #1 #1^\top = \mathbf{I}",
             ("columns", "rows", "invertible")),
        Kind("rotation", "a rotation", r"#1^\top #1 = \mathbf{I}, \ \det #1 = 1", ("orthogonal",)),
        Kind("permutation", "a permutation", r"#1^\top #1 = \mathbf{I}, \ #1_{ij} \in \{0, 1\}",
             ("orthogonal",)),
        Kind("idempotent", "idempotent", r"#1^2 = #1"),
        Kind("projection", "an orthogonal projection", r"#1^2 = #1 = #1^\top",
             ("idempotent", "semidefinite")),
        Kind("semidefinite", "positive semidefinite", r"#1 \succeq 0", ("symmetric",)),
        Kind("definite", "positive definite", r"#1 \succ 0", ("semidefinite", "invertible")),
        Kind("unit", "a unit vector", r"#1^\top #1 = 1", rank=1, square=False),
        Kind("distribution", "a distribution: of entries that are not negative and sum to 1",
             r"\mathbf{1}^\top #1 = 1, \ #1 \ge 0", rank=1, square=False),
    )
}  # fmt: skip
# Two that together say a third.
_TOGETHER = (
    ({"lower", "upper"}, "diagonal"), ({"symmetric", "lower"}, "diagonal"),
    ({"symmetric", "upper"}, "diagonal"), ({"symmetric", "idempotent"}, "projection"),
    ({"columns", "rows"}, "orthogonal"), ({"semidefinite", "invertible"}, "definite"),
)  # fmt: skip


def closed(names: Iterable[str]) -> tuple[str, ...]:
    """These kinds and all that follow from them, in order.  KeyError for an unknown one."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += KINDS[name].implies
        waiting += [third for pair, third in _TOGETHER if pair <= found]
    return tuple(sorted(found))


def foremost(names: Iterable[str]) -> tuple[str, ...]:
    """The kinds from which the others follow: what is worth saying."""
    names = closed(names)
    return tuple(
        one for one in names
        if not any(one in closed([other]) for other in names if other != one)
    )  # fmt: skip


def kinds_of(expr: Expr) -> frozenset[str]:
    """What is known of a variable by its declared kinds and its axes; nothing of anything else."""
    if type(expr) is not Var or not expr.kinds:
        return frozenset()
    return fitting(expr.kinds, expr.axes)


@lru_cache(maxsize=4096)
def fitting(kinds: tuple[str, ...], axes: tuple) -> frozenset[str]:
    """Those of the kinds, and of all that follow from them, that arrays of these axes can be of."""
    square = len(axes) == 2 and axes[0] == axes[1]
    fit = [k for k in kinds if KINDS[k].rank == len(axes) and (square or not KINDS[k].square)]
    if square and not {"columns", "rows"}.isdisjoint(fit):
        fit.append("orthogonal")  # a square matrix with a one-sided inverse
    if square and not {"independent", "spanning"}.isdisjoint(fit):
        fit.append("invertible")
    found = closed(fit)
    return frozenset(k for k in found if square or not KINDS[k].square)


def turning(expr: Expr, exponent: Number = 1) -> int:
    """The sign that a variable, to an entrywise power, takes when it is transposed: 1 if it is
    symmetric, -1 if it is skew; 0 if it becomes another matrix."""
    known = kinds_of(expr)
    if "symmetric" in known:
        return 1
    if "skew" in known and exponent.denominator == 1:
        return -1 if exponent.numerator % 2 else 1
    return 0


def is_symmetric(expr: Expr) -> bool:
    """Whether an expression shows that it is a symmetric matrix; looks no deeper than a few nodes.

    The inverse of a symmetric matrix is symmetric, and so is what is taken of its entries one by
    one.
    """
    if len(expr.axes) != 2 or expr.axes[0] != expr.axes[1]:
        return False
    stack, left = [expr], 32
    while stack:
        node, left = stack.pop(), left - 1
        if left < 0:
            return False
        match node:
            case Delta():
                continue
            case Var():
                if "symmetric" not in kinds_of(node):
                    return False
            case Add(parts) | Map(_, parts):
                stack += parts
            case Call(Name(), (arg,)):
                stack.append(arg)
            case Call(Operator(name="inverse"), (arg,)):
                stack.append(arg)
            case _:
                return False
    return True
