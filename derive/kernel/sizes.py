"""Axis sizes: integers, symbols and polynomials in them such as n - k + 1.

The idea: a size is either a Python ``int`` or an interned polynomial, so equal sizes are the same
object and comparing two axes costs nothing.  Sizes that a document does not declare are unknowns
(``?1``), which ``unify`` solves for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import TypeAlias

from derive.kernel.interned import Table

Axis: TypeAlias = "int | Size"
Monomial: TypeAlias = tuple[str, ...]

_table = Table()


class SizeError(ValueError):
    """Two sizes that cannot be equal."""


class NoValue(KeyError, ValueError):
    """A size or a variable that has no value; the message names it."""

    __str__ = Exception.__str__  # a KeyError would put the message in quotes


class Size:
    """A polynomial with integer coefficients in named sizes, interned.

    ``terms`` maps monomials (sorted tuples of names, a name repeated for its power) to their
    non-zero coefficients, in sorted order.
    """

    __slots__ = ("__weakref__", "_names", "terms")
    terms: tuple[tuple[Monomial, int], ...]
    _names: frozenset[str]

    def __new__(cls, terms: tuple[tuple[Monomial, int], ...]) -> Size:
        entry = _table.get(terms)
        found = None if entry is None else entry()
        if found is not None:
            return found
        made = super().__new__(cls)
        made.terms = terms
        made._names = frozenset([name for monomial, _ in terms for name in monomial])
        return _table.settle(terms, made)

    def __reduce__(self):
        return Size, (self.terms,)

    def __add__(self, other: Axis) -> Axis:
        total = dict(self.terms)
        for monomial, count in _terms(other):
            total[monomial] = total.get(monomial, 0) + count
        return _polynomial(total)

    __radd__ = __add__

    def __neg__(self) -> Axis:
        return self * -1

    def __sub__(self, other: Axis) -> Axis:
        return self + other * -1

    def __rsub__(self, other: Axis) -> Axis:
        return self * -1 + other

    def __mul__(self, other: Axis) -> Axis:
        total: dict[Monomial, int] = {}
        for left, a in self.terms:
            for right, b in _terms(other):
                key = tuple(sorted(left + right))
                total[key] = total.get(key, 0) + a * b
        return _polynomial(total)

    __rmul__ = __mul__

    def __str__(self) -> str:
        return latex(self)

    def __repr__(self) -> str:
        return f"Size({self})"

    def names(self) -> frozenset[str]:
        return self._names


def _terms(size: Axis) -> tuple[tuple[Monomial, int], ...]:
    if isinstance(size, Size):
        return size.terms
    if isinstance(size, bool) or not isinstance(size, Integral):
        raise TypeError(f"a size is an integer or a polynomial in size symbols, not {size!r}")
    return (((), int(size)),) if size else ()


def _polynomial(total: Mapping[Monomial, int]) -> Axis:
    terms = tuple(sorted((m, c) for m, c in total.items() if c))
    if not terms:
        return 0
    if len(terms) == 1 and terms[0][0] == ():
        return terms[0][1]
    return Size(terms)


def size(name: str) -> Size:
    """The size symbol of this name.

    >>> print(size("n") - 1)
    n - 1
    """
    return Size((((name,), 1),))


def sizes(names: str) -> tuple[Size, ...]:
    """Several size symbols at once.

    >>> n, m = sizes("n m")
    >>> print(n * m + 2 * n)
    mn + 2n
    """
    if not isinstance(names, str):
        raise TypeError(f"sizes are given as text, 'n m', not {names!r}")
    return tuple(size(name) for name in names.replace(",", " ").split())


def checked(axis: object) -> Axis:
    """An axis as a user gives it.  TypeError if it is none, ValueError for a number below 1."""
    if isinstance(axis, bool) or not isinstance(axis, Integral | Size):
        raise TypeError(f"an axis is an integer or a size, not {axis!r}: sizes('n m') makes two")
    if isinstance(axis, Size):
        return axis
    if axis < 1:
        raise ValueError(f"an axis has at least one entry, not {axis}")
    return int(axis)


def unknown(number: int) -> Size:
    """A size that nobody declared, to be solved for."""
    return size(f"?{number}")


def unknowns(axis: Axis) -> set[str]:
    return {n for n in axis.names() if n[0] == "?"} if isinstance(axis, Size) else set()


def product(axes: Iterable[Axis]) -> Axis:
    """The number of entries of an array with these axes."""
    total: Axis = 1
    for axis in axes:
        total = axis * total
    return total


def resolve(axis: Axis, bound: Mapping[str, Axis]) -> Axis:
    """This size with every name in ``bound`` replaced, again and again until none is left."""
    while isinstance(axis, Size) and any(name in bound for name in axis.names()):
        total: Axis = 0
        for monomial, count in axis.terms:
            term: Axis = count
            for name in monomial:
                term = term * bound.get(name, size(name))
            total = term + total
        axis = total
    return axis


def _age(monomial: Monomial) -> int:
    return -int(monomial[0][1:]) if len(monomial) == 1 and monomial[0][0] == "?" else 0


def unify(a: Axis, b: Axis, bound: dict[str, Axis]) -> Axis:
    """Make two sizes equal by solving for an unknown, recorded in ``bound``; the common size.

    Raises SizeError if no value of the unknowns makes them equal, or if none can be read off.
    """
    a, b = resolve(a, bound), resolve(b, bound)
    if a == b:
        return a
    difference = dict(_terms(a - b))
    # The youngest unknown is solved for: what was built before it need not change.
    for monomial in sorted(difference, key=_age):
        count = difference[monomial]
        if len(monomial) != 1 or monomial[0][0] != "?" or count not in (1, -1):
            continue
        name = monomial[0]
        others = {m: -c * count for m, c in difference.items() if m != monomial}
        if any(name in m for m in others):
            continue
        bound[name] = _polynomial(others)
        return resolve(a, bound)
    found = _quotient(difference) or _root(difference)
    if found is None:
        raise SizeError(f"{a} is not {b}")
    name, value = found
    bound[name] = value
    return resolve(a, bound)


def _quotient(difference: Mapping[Monomial, int]) -> tuple[str, Axis] | None:
    """The unknown of ?1 n = m n, and its value: sizes are at least 1, so n cancels."""
    if len(difference) != 2:
        return None
    for one, other in (tuple(difference), tuple(difference)[::-1]):
        names = {name for name in one if name[0] == "?"}
        if len(names) != 1 or difference[other] % difference[one]:
            continue
        (name,) = names
        left = list(other)
        rest = [factor for factor in one if factor != name]
        if len(rest) != len(one) - 1 or name in other or any(f not in left for f in rest):
            continue
        for factor in rest:
            if factor not in left:
                break
            left.remove(factor)
        else:
            count = -difference[other] // difference[one]
            if count > 0:
                return name, _polynomial({tuple(left): count})
    return None


def _root(difference: Mapping[Monomial, int]) -> tuple[str, Axis] | None:
    """The unknown of ?1^2 = n^2, and its value: sizes are at least 1, so it has one root."""
    if len(difference) != 2:
        return None
    for one, other in (tuple(difference), tuple(difference)[::-1]):
        degree = len(one)
        if degree < 2 or set(one) != {one[0]} or one[0][0] != "?" or one[0] in other:
            continue
        ratio, left = divmod(-difference[other], difference[one])
        count = round(ratio ** (1 / degree)) if ratio > 0 and not left else 0
        if count**degree == ratio and all(other.count(n) % degree == 0 for n in other):
            return one[0], _polynomial({tuple(sorted(other))[::degree]: count})
    return None


def evaluate(axis: Axis, at: Mapping[str, int]) -> int:
    """The number this size is when its symbols have these values; NoValue names a missing one."""
    if not isinstance(axis, Size):
        return axis
    total = 0
    for monomial, count in axis.terms:
        term = count
        for name in monomial:
            try:
                term *= at[name]
            except KeyError:
                raise NoValue(f"the size {name} has no value") from None
        total += term
    return total


def latex(axis: Axis) -> str:
    r"""This size in LaTeX, in the letters it was declared with: ``2mn + l``, ``n - k + 1``."""
    if not isinstance(axis, Size):
        return str(axis)
    # Highest degree first, the constant last: mn + m + 1, as counts are written by hand.
    return spelled(sorted(axis.terms, key=lambda t: (-len(t[0]), t[0])))


def spelled(terms: Sequence[tuple[Monomial, int]]) -> str:
    """A sum of products of letters in LaTeX, in this order; a letter is repeated for its power."""
    # A leading minus reads badly: 1 - n rather than -n + 1.
    lead = next((k for k, (_, count) in enumerate(terms) if count > 0), 0)
    text = ""
    for monomial, count in (terms[lead], *terms[:lead], *terms[lead + 1 :]):
        body = ""
        for k, name in enumerate(dict.fromkeys(monomial)):
            power = monomial.count(name)
            # two words side by side would read as one: keep them apart
            gap = " " if k and (len(name) > 1 or (body[-1].isalnum() and len(body) > k)) else ""
            body += gap + name + (f"^{power}" if power > 1 else "")
        number = "" if abs(count) == 1 and body else str(abs(count))
        sign = "-" if count < 0 else "+"
        text += f" {sign} {number}{body}" if text else ("-" if count < 0 else "") + number + body
    return text


def floored(size: Axis, by: int) -> Axis:
    """The whole part of a size over a number, where that is a size.

    A symbol must be divided evenly: (2m + 1) / 2 has the whole part m, n / 2 has none that is a
    polynomial (SizeError), whatever n is.

    >>> print(floored(2 * size("m") + 3, 2))
    m + 1
    """
    terms = _terms(size)
    if any(monomial and count % by for monomial, count in terms):
        raise SizeError(f"{latex(size)} over {by} is no whole number for every {_letters(size)}")
    return _polynomial({monomial: count // by for monomial, count in terms})


def _letters(size: Axis) -> str:
    return ", ".join(sorted(size.names())) if isinstance(size, Size) else ""


def output_size(n: Axis, k: Axis, stride: int = 1, padding: Axis = 0, dilation: Axis = 1) -> Axis:
    r"""How often a window fits: \lfloor (n + 2p - d(k - 1) - 1) / s \rfloor + 1.

    For a window of k entries, ``dilation`` apart, that is moved by ``stride`` over n entries with
    ``padding`` zeros on either side (Dumoulin and Visin, A guide to convolution arithmetic for deep
    learning, 2016, relationship 15).  SizeError where it does not fit once, where an option is out
    of its range, or where the stride does not divide a symbolic size.

    >>> output_size(32, 5, stride=2, padding=2)
    16
    >>> n, k = sizes("n k")
    >>> print(output_size(n, k))
    n - k + 1
    """
    for word, number, least in (("stride", stride, 1), ("padding", padding, 0),
                                ("dilation", dilation, 1)):  # fmt: skip
        whole = isinstance(number, int) and not isinstance(number, bool)
        if not whole and (word == "stride" or not isinstance(number, Size)):
            raise SizeError(f"the {word} is a whole number, not {number}")
        if isinstance(number, int) and number < least:
            raise SizeError(f"the {word} is at least {least}, not {number}")
    room = n + 2 * padding - dilation * (k - 1) - 1
    shown = _formula(n, k, stride, padding, dilation)
    if isinstance(room, int) and room < 0:
        reach = dilation * (k - 1) + 1
        raise SizeError(
            f"a window over {latex(reach)} does not fit into {latex(n + 2 * padding)}: "
            f"the output size would be {shown} = {room // stride + 1}"
        )
    try:
        return floored(room, stride) + 1
    except SizeError as error:
        raise SizeError(
            f"the output size {shown} has no closed form: {error}; give the sizes as numbers, or "
            f"the input as a multiple of the stride"
        ) from None


def _formula(n: Axis, k: Axis, stride: int, padding: Axis, dilation: Axis) -> str:
    """The size formula with these numbers put in, as much of it as is not trivial."""
    over = latex(n)
    over += "" if padding == 0 else f" + 2 \\cdot {latex(padding)}"
    if dilation == 1:
        over += f" - {_grouped(k)}"
    else:
        over += f" - {_grouped(dilation)} \\cdot ({latex(k)} - 1) - 1"
    return f"{over} + 1" if stride == 1 else rf"\lfloor ({over}) / {stride} \rfloor + 1"


def _grouped(size: Axis) -> str:
    return f"({latex(size)})" if isinstance(size, Size) and len(size.terms) > 1 else latex(size)
