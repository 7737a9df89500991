"""Parameter counts: how many numbers a network learns, in the letters of its sizes.

The idea: a count is read as people write it, ``2mn + lm + m + l``: products of more letters first,
then in the order in which the parameters appear.  The numbers of an m×n matrix are mn, not nm, so
a product keeps the order of letters of the first parameter in which it occurs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from derive.kernel import sizes
from derive.kernel.build import lift
from derive.kernel.expr import Axes, Expr
from derive.kernel.sizes import Axis, Monomial, Size


@dataclass(frozen=True, slots=True)
class Count:
    """A number of parameters: ``size`` is its value, ``terms`` the same as products with counts.

    ``rows`` has each variable with its own count; the count of a row has no rows.
    """

    size: Axis
    terms: tuple[tuple[Monomial, int], ...]
    rows: tuple[tuple[Expr, Count], ...] = ()

    @property
    def collects(self) -> bool:
        """Whether the total is shorter than the counts of the rows side by side."""
        return len(self.terms) < sum(len(own.terms) for _, own in self.rows)

    def latex(self) -> str:
        """The count in LaTeX: ``2mn + lm + m + l``."""
        return sizes.spelled(self.terms)

    def __str__(self) -> str:
        return self.latex()

    def at(self, extent: Mapping[str, int]) -> int:
        """The number for these sizes; NoValue names a size that is missing."""
        return sizes.evaluate(self.size, extent)


def parameters(variables: Expr | Iterable[Expr]) -> Count:
    """The number of entries of one variable, or of several together; each is counted once.

    TypeError for anything else.

    >>> from derive.kernel.expr import Var
    >>> n, m = sizes.sizes("n m")
    >>> print(parameters([Var("W", (m, n)), Var("b", (m,))]))
    mn + m
    """
    given = [variables] if isinstance(variables, Expr) else variables
    if not isinstance(given, Iterable):
        raise TypeError(f"count needs a variable or a list of them, not {variables!r}")
    unique = list(dict.fromkeys(map(lift, given)))
    rows = tuple((v, _count([v.axes])) for v in unique)
    whole = _count([v.axes for v in unique])
    return Count(whole.size, whole.terms, rows)


def _count(shapes: Sequence[Axes]) -> Count:
    size: Axis = 0
    written: dict[Monomial, Monomial] = {}  # each product in the order of letters it is written in
    for axes in shapes:
        own = sizes.product(axes)
        size = own + size
        order = dict.fromkeys(name for axis in axes for name in _appearing(axis))
        ranks = {name: k for k, name in enumerate(order)}
        for monomial, _ in _terms(own):
            written.setdefault(monomial, tuple(sorted(monomial, key=ranks.__getitem__)))
    place = {monomial: k for k, monomial in enumerate(written)}
    # The constant goes last whatever its place.
    ordered = sorted(_terms(size), key=lambda t: (-len(t[0]), place.get(t[0], 0)))
    return Count(size, tuple((written.get(m, m), count) for m, count in ordered))


def _terms(size: Axis) -> tuple[tuple[Monomial, int], ...]:
    return size.terms if isinstance(size, Size) else (((), size),)


def _appearing(axis: Axis) -> list[str]:
    """The letters of a size as it is read: n - k + 1 names n before k."""
    terms = sorted(_terms(axis), key=lambda t: (-len(t[0]), t[1] < 0))
    return [name for monomial, _ in terms for name in monomial]
