r"""The words of a document about its quantities as suppositions: A and B commute, u \perp v.

The idea: words that are an equation are a hypothesis like any other; of a variable about which
something else is said nothing is refuted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import combinations

from derive.elaborate.claims.claims import Claims
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.statements.described import Described
from derive.elaborate.statements.mood import Mood, mood_of
from derive.kernel.build import dot, total, trace
from derive.kernel.expr import Delta, Expr, Num, Var
from derive.latex.print import latex
from derive.tree import Tree
from proofs.narrowed import Narrowing
from proofs.supposed import Supposed

Named = tuple[Expr, str]
Law = tuple[tuple[Expr, Expr], str]


def _pairs(law: Callable[[Named, Named], Law], rank: int) -> Callable[[list[Named]], list[Law]]:
    def laws(names: list[Named]) -> list[Law]:
        fit = [one for one in names if _is_of(one[0], rank)]
        return [law(a, b) for a, b in combinations(fit, 2) if a[0].axes == b[0].axes]

    return laws


def _each(law: Callable[[Named], Law], rank: int) -> Callable[[list[Named]], list[Law]]:
    return lambda names: [law(one) for one in names if _is_of(one[0], rank)]


def _is_of(expr: Expr, rank: int) -> bool:
    return len(expr.axes) == rank and (rank < 2 or expr.axes[0] == expr.axes[1])


def _perpendicular(a: Named, b: Named) -> Law:
    return (dot(a[0], b[0]), Num(0)), rf"{a[1]}^\top {b[1]} = 0"


def _unit(a: Named) -> Law:
    return (dot(a[0], a[0]), Num(1)), rf"{a[1]}^\top {a[1]} = 1"


_perpendiculars, _units = _pairs(_perpendicular, 1), _each(_unit, 1)
_LAWS: dict[str, Callable[[list[Named]], list[Law]]] = {
    "commute": _pairs(
        lambda a, b: ((a[0] @ b[0], b[0] @ a[0]), f"{a[1]} {b[1]} = {b[1]} {a[1]}"), 2
    ),
    "perpendicular": _perpendiculars,
    "orthonormal": lambda names: [*_perpendiculars(names), *_units(names)],
    "involutory": _each(
        lambda a: ((a[0] @ a[0], Delta(a[0].axes[0])), rf"{a[1]}^2 = \mathbf{{I}}"), 2
    ),
    "normal": _each(
        lambda a: ((a[0] @ a[0].T, a[0].T @ a[0]), rf"{a[1]} {a[1]}^\top = {a[1]}^\top {a[1]}"), 2
    ),
    "traceless": _each(
        lambda a: ((trace(a[0]), Num(0)), rf"\operatorname{{tr}}({a[1]}) = 0"), 2
    ),
    "centred": _each(lambda a: ((total(a[0]), Num(0)), rf"\mathbf{{1}}^\top {a[1]} = 0"), 1),
    "total": _each(lambda a: ((total(a[0]), Num(1)), rf"\mathbf{{1}}^\top {a[1]} = 1"), 1),
}  # fmt: skip
# Their words say other things of matrices, which are kinds.
_OF_VECTORS = frozenset(["perpendicular", "orthonormal"])


def suppositions_in_words(claims: Claims) -> Iterator[Supposed]:
    """The equations that the words of a document suppose."""
    for one in claims.described:
        sure = mood_of(claims.plain, *one.place) is not Mood.DOUBTED
        for pair, said in _laws(one, claims):
            reach = partial(_holds, claims, one)
            yield Supposed(one.at, pair, said if sure else "", reaches=reach)


def _holds(claims: Claims, one: Described, at: int) -> bool:
    return claims.reading.reach.holds(one.place, at, *one.names)


def unread_words(claims: Claims) -> Iterator[Narrowing]:
    """The variables of which the words say what is no equation of theirs."""
    for one in claims.described:
        if one.law in _OF_VECTORS or _laws(one, claims):
            continue
        for name in one.names:
            for var in _variables(name, claims):
                if var.axes or one.law != "arrays":
                    yield Narrowing((one.at, one.at), var, "", latex(name), unread=one.words)


def _variables(name: Tree, claims: Claims) -> Iterator[Var]:
    r"""The variable that a name is, and those that it is an entry or a member of: \lambda_1."""
    with suppress(Fault, Silent):
        value = claims.reading.sizes.current(claims.value(name)).expr
        if isinstance(value, Var):
            yield value
    if name.head == "script" and name.kids[1] is not None:
        whole = latex(name.kids[0])
        for node, symbol in claims.reading.made.items():
            if isinstance(node, Var) and symbol in (whole, f"{whole}_{{#1}}"):
                yield node


def _laws(one: Described, claims: Claims) -> list[Law]:
    return _LAWS[one.law](_named(one, claims)) if one.law in _LAWS else []


def _named(one: Described, claims: Claims) -> list[Named]:
    found: list[Named] = []
    for name in one.names:
        with suppress(Fault, Silent):
            found.append((claims.value(name).expr, latex(name)))
    return found
