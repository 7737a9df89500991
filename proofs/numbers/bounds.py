"""How large sizes, degrees and masks get in one term: what a trial modulo p must reach.

The idea: for tensors of no special kind the difference of two sums of products is 0 for all sizes
if it is 0 at sizes as large as the number of distinct indices of one term, so these are counted, a
product adding and a sum taking the largest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil, prod
from typing import NamedTuple

from derive.derivation.network import Domain
from derive.kernel import sizes
from derive.kernel.expr import Add, Call, Contract, Delta, Expr, Map, Num, Ones, Operator, toposort
from derive.kernel.sizes import Axis, Size
from derive.operators.blocks import FAMILIES
from derive.operators.incidence import is_incidence, measures
from derive.operators.pointwise import COMPARISONS
from derive.operators.powers import POWERS
from proofs.numbers.plan import made

_MASKS = frozenset(["relu", "abs", "sign", "step", "max", "min", "where", "leaky_relu", "prelu",
                    "elu", "selu", "hard_tanh", "relu6", "softsign"])  # fmt: skip
_ROUTES = frozenset(["argmax", "argmin", "maximum", "minimum"])
_MATRICES = frozenset(["inverse", "det"])
_WIDEST = 7  # the largest size tried
_MOST_ENTRIES = 8_000  # of one array at one point
_ENOUGH = 1 << 40


class Bound(NamedTuple):
    """Upper bounds for one term: distinct indices of each size, degree, masks, and the bits of the
    coefficient of like terms together (above and below the line)."""

    indices: Mapping[Axis, int]
    degree: int
    masks: int
    height: int = 0


def bound(*roots: Expr) -> Bound:
    """The bounds that hold for all of the roots."""
    known: dict[Expr, Bound] = {}
    for node in toposort(*roots):
        known[node] = _of(node, known)
    whole = [_with(known[root], root.axes) for root in roots]
    height = sum(one.height for one in whole) + 1  # of their difference
    return _largest(whole)._replace(height=min(height, _ENOUGH))


def _of(node: Expr, known: Mapping[Expr, Bound]) -> Bound:
    match node:
        case Num(value):
            bits = value.numerator.bit_length() + value.denominator.bit_length() - 2
            return Bound({}, 0, 0, max(0, bits))
        case Delta() | Ones():
            return Bound({}, 0, 0)
        case Add(terms):
            found = _largest([known[t] for t in terms])
            # Unlike denominators multiply: the heights of all terms that have one count together.
            height = sum(known[t].height for t in terms) + (len(terms) - 1).bit_length()
            return found._replace(height=min(height, _ENOUGH))
        case Contract(factors, indices, out):
            extent = {i: n for f, own in zip(factors, indices) for i, n in zip(own, f.axes)}
            summed = [n for i, n in extent.items() if i not in out]
            return _with(_product([known[f] for f in factors]), summed)
        case Map(fn, args):
            inner = _product([known[a] for a in args]) if args else Bound({}, 0, 0)
            times = 1
            if fn.name == "power":
                times = max(1, ceil(abs(Fraction(fn.params[0]))))
            mask = int(fn in COMPARISONS or fn.name in _MASKS)
            found = _times(inner, times, mask)
            # A root of a polynomial in an exponential is one of q squares, not of p residues.
            return found._replace(degree=2 * found.degree) if fn.name == "exp" else found
        case Call(Operator() as op, args) if op.name in FAMILIES:
            # Each entry is one of theirs; together they have the denominators of all.
            return _largest([known[a] for a in args])._replace(
                height=min(sum(known[a].height for a in args), _ENOUGH)
            )
        case Call(Operator(), ()):
            return Bound({}, 0, 0)
        case Call(Operator() as op, args):
            if op.name in _MATRICES:
                # A product of as many entries as there are rows; an inverse is one over another.
                inner, last = _with(known[args[0]], args[0].axes[-2:]), args[0].axes[-1]
                return _times(inner, last if isinstance(last, int) else _WIDEST, 0)
            if op.name in POWERS:
                count = args[1].axes[0]
                inner = _with(known[args[0]], args[0].axes[-1:])
                return _times(inner, count if isinstance(count, int) else _WIDEST, 0)
            inner = _with(known[args[0]], args[0].axes[-1:])
            masks = 0
            if op.name in _ROUTES:
                last = args[0].axes[-1]
                masks = last if isinstance(last, int) else _WIDEST
            return _times(inner, 1, masks)
        case _ if node.kids:
            return known[node.kids[0]]
        case _:
            return Bound({}, 1, 0)


def _with(inner: Bound, axes: Iterable[Axis]) -> Bound:
    count = dict(inner.indices)
    for n in axes:
        count[n] = count.get(n, 0) + 1
    return inner._replace(indices=count)


def _times(inner: Bound, times: int, masks: int) -> Bound:
    count = {n: min(k * times, _ENOUGH) for n, k in inner.indices.items()}
    degree = min(max(1, inner.degree) * times, _ENOUGH)
    return Bound(
        count,
        degree,
        min(inner.masks * times + masks, _ENOUGH),
        min(inner.height * times + times * times, _ENOUGH) if times > 1 else inner.height,
    )


def _largest(bounds: list[Bound]) -> Bound:
    count: dict[Axis, int] = {}
    for one in bounds:
        for n, k in one.indices.items():
            count[n] = max(count.get(n, 0), k)
    return Bound(
        count,
        max(b.degree for b in bounds),
        max(b.masks for b in bounds),
        max(b.height for b in bounds),
    )


def _product(bounds: list[Bound]) -> Bound:
    count: dict[Axis, int] = {}
    for one in bounds:
        for n, k in one.indices.items():
            count[n] = min(count.get(n, 0) + k, _ENOUGH)
    degree = min(sum(b.degree for b in bounds), _ENOUGH)
    return Bound(
        count,
        degree,
        min(sum(b.masks for b in bounds), _ENOUGH),
        min(sum(b.height for b in bounds), _ENOUGH),
    )


def large_sizes(
    limits: Bound, order: Iterable[Expr], facts: Mapping[Expr, Domain]
) -> tuple[dict[str, int] | None, bool]:
    """Sizes that reach the bounds, pairwise different as far as they go; and whether they do.

    None if no choice is found at which every axis has an entry.
    """
    nodes = list(order)
    axes = dict.fromkeys(n for node in nodes for n in measures(node))
    axes.update((d.classes, None) for d in facts.values() if d.classes is not None)
    needed: dict[str, int] = {}
    for axis in axes:
        for name in sorted(axis.names()) if isinstance(axis, Size) else ():
            needed[name] = max(needed.get(name, 1), min(limits.indices.get(axis, 1), _ENOUGH))
    at: dict[str, int] = {}
    for name in sorted(needed, key=lambda n: (needed[n], n)):
        n = max(2, min(needed[name], _WIDEST))
        while n in at.values() and n < _WIDEST:
            n += 1
        at[name] = n
    for _ in range(_WIDEST * max(1, len(at))):
        small = next((a for a in axes if sizes.evaluate(a, at) < 1), None)
        if small is None:
            break
        assert isinstance(small, Size)
        # n - k + 1 needs a larger n: raise what stands there with a plus.
        raised = {name for monomial, c in small.terms if c > 0 for name in monomial}
        for name in raised:
            at[name] += 1
    if any(sizes.evaluate(a, at) < 1 for a in axes):
        return None, False
    at = _fitted(at, nodes)
    # Entries that stand at reckoned places are beyond these bounds.
    reached = all(sizes.evaluate(axis, at) >= limits.indices.get(axis, 1) for axis in axes)
    return at, reached and not any(map(is_incidence, nodes))


def _fitted(at: dict[str, int], nodes: list[Expr]) -> dict[str, int]:
    """The sizes, lowered one by one while some array has too many entries."""
    while True:
        worst = max((_entries(node, at) for node in nodes), default=1)
        top = max(at, key=lambda name: at[name], default=None)
        if worst <= _MOST_ENTRIES or top is None or at[top] <= 2:
            return at
        at = {**at, top: at[top] - 1}


def _entries(node: Expr, at: Mapping[str, int]) -> int:
    """The entries of a node, or of the largest array on the way to it."""
    count = prod(sizes.evaluate(n, at) for n in node.axes)
    if isinstance(node, Contract):
        extent = {
            i: sizes.evaluate(n, at)
            for f, own in zip(node.factors, node.indices)
            for i, n in zip(own, f.axes)
        }
        ways = made(tuple(node.indices), node.out)
        count = max(count, *(prod(extent[i] for i in own) for own in ways))
    return count
