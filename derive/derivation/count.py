"""Parameter counts: how many numbers a network learns, in the letters of its sizes.

The idea: a count is read as people write it, ``2mn + ml + m + l``: products of more letters first,
then in the order in which the parameters appear, each product's letters in the order of the sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from derive.kernel import sizes
from derive.kernel.expr import Axes, Expr, shape_text
from derive.kernel.sizes import Axis, Size


@dataclass(frozen=True, slots=True)
class Count:
    """A number of parameters: ``size`` is its value, ``letters`` the order its sizes are named in.

    ``rows`` has each variable with its own count; the count of a row has no rows.
    """

    size: Axis
    letters: tuple[str, ...]
    terms: tuple[tuple[tuple[str, ...], int], ...]
    rows: tuple[tuple[Expr, Count], ...] = ()

    def latex(self) -> str:
        """The count in LaTeX: ``2mn + ml + m + l``."""
        return _spelled(self.terms)

    def __str__(self) -> str:
        return self.latex()

    def at(self, extent: Mapping[str, int]) -> int:
        """The number for these sizes; KeyError names a size that is missing."""
        return sizes.evaluate(self.size, extent)


def parameters(variables: Iterable[Expr], letters: Sequence[str] = ()) -> Count:
    """The number of entries of these variables together; each is counted once.

    ``letters`` is the order in which the document declares its sizes; those it leaves out follow
    in the order in which the axes of the variables show them.
    """
    unique = list(dict.fromkeys(variables))
    order = dict.fromkeys(letters)
    for variable in unique:
        for axis in variable.axes:
            if isinstance(axis, Size):
                order |= dict.fromkeys(n for n in _appearing(axis) if n not in order)
    ranks = {name: k for k, name in enumerate(order)}
    rows = tuple((v, _count([v.axes], ranks)) for v in unique)
    whole = _count([v.axes for v in unique], ranks)
    return Count(whole.size, whole.letters, whole.terms, rows)


def table(count: Count) -> list[tuple[Expr, str, str]]:
    """The rows of a count as (variable, shape, count), the last two as text."""
    return [(variable, shape_text(variable.axes), own.latex()) for variable, own in count.rows]


def _appearing(axis: Size) -> list[str]:
    """The letters of a size as it is read: n - k + 1 names n before k."""
    terms = sorted(axis.terms, key=lambda t: (-len(t[0]), t[1] < 0))
    return list(dict.fromkeys(name for monomial, _ in terms for name in monomial))


def _count(shapes: Sequence[Axes], ranks: Mapping[str, int]) -> Count:
    size: Axis = 0
    first: dict[tuple[str, ...], int] = {}
    for axes in shapes:
        own = sizes.product(axes)
        size = own + size
        for monomial, _ in own.terms if isinstance(own, Size) else (((), own),):
            first.setdefault(monomial, len(first))
    terms = size.terms if isinstance(size, Size) else (((), size),)
    # The constant goes last whatever its place.
    ordered = sorted(terms, key=lambda t: (-len(t[0]), first.get(t[0], 0)))
    lettered = tuple((tuple(sorted(m, key=ranks.__getitem__)), c) for m, c in ordered)
    return Count(size, tuple(ranks), lettered)


def _spelled(terms: Sequence[tuple[tuple[str, ...], int]]) -> str:
    # A leading minus reads badly: mn - km, not -km + mn.
    lead = next((k for k, (_, count) in enumerate(terms) if count > 0), 0)
    terms = (terms[lead], *terms[:lead], *terms[lead + 1 :])
    text = ""
    for monomial, count in terms:
        body = ""
        for name in dict.fromkeys(monomial):
            power = monomial.count(name)
            gap = " " if body and (len(name) > 1 or body[-1] not in _SINGLE or _word(body)) else ""
            body += gap + name + (f"^{power}" if power > 1 else "")
        number = "" if abs(count) == 1 and body else str(abs(count))
        sign = "-" if count < 0 else "+"
        text += f" {sign} {number}{body}" if text else ("-" if count < 0 else "") + number + body
    return text


_SINGLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789}")


def _word(body: str) -> bool:
    r"""Whether the text ends in a command such as ``\ell``, which would swallow a letter."""
    head, slash, tail = body.rpartition("\\")
    del head
    return bool(slash) and tail.isalpha()
