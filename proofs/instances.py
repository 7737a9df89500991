r"""Functions that a document names and does not define, put to the test as polynomials.

The idea: what is claimed for every f is false as soon as it is false for f(t) = t^2 + t.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive.kernel.build import add, rebuilt, scale, spread
from derive.kernel.expr import Expr, Map, Num, toposort
from derive.operators.pointwise import power

# Coefficients of t^0, t^1, ..; each function takes another one.
_POLYNOMIALS = ((0, 1, 1), (1, 0, 0, 1), (0, 2, 0, 1), (1, 1, 2), (2, 0, 1, 0, 1))


def names(*roots: Expr) -> list[str]:
    """The functions without a definition below these expressions."""
    found = {n.fn.params[0] for n in toposort(*roots) if isinstance(n, Map)
             and n.fn.name == "generic"}  # fmt: skip
    return sorted(str(name) for name in found)


def choices(symbols: list[str]) -> Iterator[dict[str, tuple[int, ...]]]:
    """A few ways to give each function a polynomial of its own."""
    count = len(_POLYNOMIALS)
    for start in range(count):
        yield {s: _POLYNOMIALS[(start + k) % count] for k, s in enumerate(symbols)}


def instance(root: Expr, chosen: dict[str, tuple[int, ...]]) -> Expr:
    """The expression with every function, and its derivatives, replaced by what is chosen."""
    made: dict[Expr, Expr] = {}
    for node in toposort(root):
        kids = [made[kid] for kid in node.kids]
        if isinstance(node, Map) and node.fn.name == "generic":
            symbol, order = node.fn.params
            made[node] = _polynomial(kids[0], chosen[str(symbol)], int(order))
        else:
            made[node] = rebuilt(node, kids)
    return made[root]


def _polynomial(argument: Expr, coefficients: tuple[int, ...], order: int) -> Expr:
    for _ in range(order):
        coefficients = tuple(k * c for k, c in enumerate(coefficients))[1:]
    terms: list[Expr] = []
    for k, c in enumerate(coefficients):
        if c and k:
            terms.append(scale(c, argument if k == 1 else Map(power(k), (argument,))))
        elif c:
            terms.append(spread(Num(c), argument.axes))
    return add(*terms) if terms else spread(Num(0), argument.axes)


def told(chosen: dict[str, tuple[int, ...]]) -> str:
    """The choice in words: f(t) = t^2 + t."""
    return ", ".join(f"{symbol}(t) = {_spelled(c)}" for symbol, c in chosen.items())


def _spelled(coefficients: tuple[int, ...]) -> str:
    terms = []
    for k, c in reversed(list(enumerate(coefficients))):
        if c:
            body = "" if k == 0 else "t" if k == 1 else f"t^{k}"
            terms.append(f"{c if c != 1 or not body else ''}{body}")
    return " + ".join(terms)
