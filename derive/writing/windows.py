r"""Convolutions in a product: which factors they join, and how they are written.

The idea: an incidence 1[j = s i + d a - p] joins an input (j), a kernel (a) and a result (i).  Two
of them are multiplied and the third is what comes of it: the convolution w * x, the correlation
\delta * x that is a kernel's gradient, or the full convolution with the flipped kernel that is the
input's.  What is none of these is written with shifted subscripts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from derive.kernel.build import contracted
from derive.kernel.expr import Call, Expr, Ones, Var
from derive.kernel.sizes import Axis
from derive.notation.names import parts
from derive.operators import incidence
from derive.operators.incidence import Equation, is_incidence
from derive.operators.pointwise import power
from derive.writing.flat import Factor, Flat

KERNELS = frozenset("wWkKfFvVuU") | {r"\theta", r"\kappa", r"\omega"}


class Window(NamedTuple):
    """One equation by its roles: ``source`` = ``stride`` ``place`` + ``dilation`` ``inside`` -
    ``padding``."""

    source: int
    place: int
    inside: int
    stride: Axis
    padding: Axis
    dilation: Axis


class Convolution(NamedTuple):
    """A kernel and a signal, and what they make, with the indices ``out``.

    ``full`` if the result is at the source: the adjoint, a full convolution with the flipped
    kernel; else it is at the places of the window.  ``members`` are the factors of the product that
    it takes the place of.
    """

    kernel: Expr
    signal: Expr
    full: bool
    windows: tuple[Window, ...]
    members: tuple[Factor, ...]
    owns: tuple[tuple[int, ...], tuple[int, ...]]
    out: tuple[int, ...]
    sizes: tuple[tuple[Axis, Axis, Axis], ...]

    @property
    def node(self) -> Expr:
        """The convolution alone."""
        joints = [f for f in self.members if is_incidence(f.node)]
        parts = [self.kernel, self.signal, *(f.node for f in joints)]
        return contracted(parts, [*self.owns, *(f.own for f in joints)], self.out)

    @property
    def batch(self) -> int:
        """How many of its first axes are the signal's alone."""
        lead = len(self.owns[1]) - len(self.windows)
        return 0 if self.out[:1] == self.owns[0][:1] else max(lead - 1, 0)


def has_windows(flat: Flat) -> bool:
    return any([is_incidence(f.node) for f in flat.factors if type(f.node) is Call])


# ------------------------------------------------------------------------------------ recognition


def roles(by: Equation, extent: dict[int, Axis]) -> tuple[Window, ...]:
    """The ways to see an equation as a window; the place and the inside may be exchanged."""
    sizes = tuple(extent.values())
    return tuple([w for w in _windows(by) if incidence.at_least_zero(w.padding, sizes)])


@lru_cache(maxsize=1024)
def _windows(by: Equation) -> tuple[Window, ...]:
    if len(by.terms) != 3:
        return ()
    found = []
    for source, turn in by.terms:
        others = [(i, c * (-1 * turn)) for i, c in by.terms if i != source]  # type: ignore[operator]
        if turn not in (1, -1) or not all(_positive(c) for _, c in others):
            continue
        padding = by.offset * turn
        for (place, stride), (inside, dilation) in (others, others[::-1]):
            found.append(Window(source, place, inside, stride, padding, dilation))
    return tuple(found)


def _positive(c: Axis) -> bool:
    return c > 0 if isinstance(c, int) else all(count > 0 for _, count in c.terms)


def found_in(flat: Flat) -> Convolution | None:
    """A convolution among the factors, the first that there is."""
    extent = {i: n for f in flat.factors for i, n in zip(f.own, f.node.axes)}
    plain = [f for f in flat.factors if not is_incidence(f.node) and type(f.node) is not Ones]
    options = [
        (f, roles(incidence.read(f.node, f.own), extent))
        for f in flat.factors
        if is_incidence(f.node)
    ]
    if not options:
        return None
    first, ways = options[0]
    made = [
        one
        for full in (False, True)
        for way in ways
        if (one := _as(full, (first, way), options[1:], plain, flat, extent)) is not None
    ]
    return max(made, key=_likely, default=None)


def _likely(made: Convolution) -> tuple[bool, bool]:
    """Of two ways to see a product, as w * x or as \\delta * x, the one with a usual kernel."""
    node = made.kernel
    letter = node.name if isinstance(node, Var) else ""
    return not made.full, base_letter(letter) in KERNELS


def base_letter(symbol: str) -> str:
    return parts(re.split("[_^]", symbol)[0]).core if symbol else ""


def _as(
    full: bool, first: tuple[Factor, Window], others: Sequence[tuple[Factor, tuple[Window, ...]]],
    plain: list[Factor], flat: Flat, extent: dict[int, Axis],
) -> Convolution | None:  # fmt: skip
    kernel = [f for f in plain if first[1].inside in f.own]
    at = first[1].place if full else first[1].source
    signal = [f for f in plain if at in f.own]
    if not kernel or not signal or any(f is g for f in kernel for g in signal):
        return None
    chosen = [first]
    for factor, ways in others:
        for way in ways:
            at = way.place if full else way.source
            if way.inside in kernel[0].own and at in signal[0].own:
                chosen.append((factor, way))
                break
    chosen.sort(key=lambda pair: _place(pair[1].inside, kernel))
    windows = tuple(way for _, way in chosen)
    members = (*kernel, *signal, *(f for f, _ in chosen))
    rest = [f for f in flat.factors if not any(f is m for m in members)]
    outside = {i for f in rest if type(f.node) is not Ones for i in f.own} | set(flat.out)
    inner = tuple(w.inside for w in windows)
    spread = tuple(w.place if full else w.source for w in windows)
    space = {*inner, *spread}
    lead = _leading(full, _lead(kernel, space), _lead(signal, space), outside)
    if outside & space or lead is None:
        return None
    owns = (*lead[0], *inner), (*lead[1], *spread)
    one, other = _operand(kernel, owns[0]), _operand(signal, owns[1])
    if one is None or other is None:
        return None
    out = (*lead[2], *(w.source if full else w.place for w in windows))
    sizes = tuple((extent[w.source], extent[w.place], extent[w.inside]) for w in windows)
    return Convolution(one, other, full, windows, members, owns, out, sizes)


def _place(index: int, factors: Sequence[Factor]) -> int:
    return next(f.own.index(index) for f in factors if index in f.own)


def _lead(factors: Sequence[Factor], space: set[int]) -> list[int]:
    return list(dict.fromkeys(i for f in factors for i in f.own if i not in space))


def _leading(
    full: bool, kernel: list[int], signal: list[int], outside: set[int]
) -> tuple[list[int], list[int], list[int]] | None:
    """The leading indices of the kernel, the signal and the result, in their usual order."""
    shared = [i for i in kernel if i in signal]
    if not kernel and not signal:
        return [], [], []
    if not shared and not full and len(kernel) <= 1 and len(signal) <= 1:
        # every channel of the one with every channel of the other: the gradient by a kernel
        return (kernel, signal, [*kernel, *signal]) if {*kernel, *signal} <= outside else None
    batch = [i for i in signal if i not in shared]
    if len(shared) != 1 or not set(batch) <= outside:
        return None
    if len(kernel) == 1 and shared[0] in outside:
        return kernel, [*batch, *kernel], [*batch, *kernel]  # depthwise
    if len(kernel) == 1:
        return kernel, [*batch, *kernel], batch  # one filter over all channels
    others = [i for i in kernel if i not in shared]
    if len(others) != 1 or shared[0] in outside or others[0] not in outside:
        return None
    ordered = [*shared, *others] if full else [*others, *shared]
    return ordered, [*batch, *shared], [*batch, *others]


def _operand(factors: Sequence[Factor], own: tuple[int, ...]) -> Expr | None:
    """The factors as one array with these indices; None if its axes stand in another order."""
    if len(factors) == 1 and factors[0].exponent == 1:
        return factors[0].node if factors[0].own == own else None
    if any(f.exponent.denominator != 1 for f in factors):
        return None
    parts = [f.node if f.exponent == 1 else power(f.exponent)(f.node) for f in factors]
    return contracted(parts, [f.own for f in factors], own)
