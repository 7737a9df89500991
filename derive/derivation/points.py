"""Random points of a network: sizes for the size symbols, values for the variables.

The idea: a value is drawn from where its variable lives, and sizes are small and different, so that
a wrong transpose does not fit.  Nobody lists where kinks are: a function bends where its second
difference is far more than a smooth function's would be, and a point near such a place is drawn
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from derive.derivation.network import REALS, Domain
from derive.kernel import sizes
from derive.kernel.build import is_zero
from derive.kernel.expr import Call, Expr, Map, Operator, Var, toposort
from derive.kernel.sizes import Axis
from derive.meaning.evaluate import evaluate_all
from derive.operators.abstract import signature_of
from derive.operators.attention import masked_softmax
from derive.operators.incidence import measures
from derive.operators.pointwise import infinity, np
from derive.operators.structures import structured

TRIES = 400
# Points at which everything is fine but some derivative vanishes, before one of them is taken.
ENOUGH = 12
# How near to a kink a point may not be: far more than a step of a difference moves any entry.
CLEARANCE = 1e-4
# Sizes past this one are used again: a network of 1,000 layers must not get layers 1,000 wide.
LARGEST = 8


@dataclass(frozen=True, slots=True)
class Point:
    """Values for every variable, the sizes that they have, and what every node is there."""

    values: Mapping[Expr, Any]
    at: Mapping[str, int]
    known: Mapping[Expr, Any]


def depending(roots: Iterable[Expr], moving: Iterable[Expr]) -> dict[Expr, None]:
    """The nodes below the roots that change when one of ``moving`` does, kids first."""
    moving = set(moving)
    found: dict[Expr, None] = {}
    for node in toposort(*roots):
        if node in moving or any(kid in found for kid in node.kids):
            found[node] = None
    return found


# ----------------------------------------------------------------------------------------- sizes


def extents(axes: Sequence[Axis], draw: Any) -> dict[str, int]:
    """Small sizes for the size symbols, different ones as far as they go, so that every axis has an
    entry: n - k + 1 needs n at least as large as k."""
    axes = list(dict.fromkeys(axes))
    names = list(dict.fromkeys(n for a in axes if isinstance(a, sizes.Size) for n in _named(a)))
    choice = [2 + k % (LARGEST - 1) for k in range(len(names))]
    taken: dict[str, int] = {}
    for _ in range(TRIES):
        taken = {name: int(n) for name, n in zip(names, draw.permutation(choice), strict=True)}
        if min((sizes.evaluate(axis, taken) for axis in axes), default=1) >= 1:
            break
        choice = [max(2, n + int(draw.integers(-1, 2))) for n in choice]
    return taken


def _named(axis: sizes.Size) -> list[str]:
    return [name for monomial, _ in axis.terms for name in monomial]


# ---------------------------------------------------------------------------------------- points


def value(axes: tuple[Axis, ...], domain: Domain, draw: Any, at: Mapping[str, int]) -> Any:
    """An array of these axes, each entry drawn from the domain."""
    shape = tuple(sizes.evaluate(n, at) for n in axes)
    if domain.classes is not None:
        count = sizes.evaluate(domain.classes, at)
        return draw.integers(1, count + 1, shape).astype(float)
    if domain.normalised:
        weights = draw.uniform(0.2, 1.0, shape)
        return weights / weights.sum(axis=-1, keepdims=True)
    if domain.values:
        return draw.choice([float(v) for v in domain.values], shape)
    low = None if domain.low is None else float(domain.low)
    high = None if domain.high is None else float(domain.high)
    if domain.integers:
        first = -4 if low is None else int(np.floor(low)) + 1
        last = first + 8 if high is None else int(np.ceil(high)) - 1
        return draw.integers(first, max(first, last) + 1, shape).astype(float)
    if low is not None and high is not None:
        return low + (high - low) * draw.uniform(0.1, 0.9, shape)
    spread = draw.uniform(0.2, 2.0, shape)
    if low is not None:
        return low + spread
    if high is not None:
        return high - spread
    return draw.normal(size=shape)


def value_of(var: Expr, domain: Domain, draw: Any, at: Mapping[str, int]) -> Any:
    """A value of a variable: of its domain, and of the kinds that are declared of it."""
    forms = structured(var)
    if not forms:
        return value(var.axes, domain, draw, at)
    order = toposort(forms[0])
    free: dict[Expr, Any] = {v: value(v.axes, REALS, draw, at) for v in order if isinstance(v, Var)}
    return evaluate_all(order, free, at)[forms[0]]


def point(
    roots: Iterable[Expr], domains: Mapping[Expr, Domain] | None = None, seed: int = 0
) -> tuple[dict[Expr, Any], dict[str, int]]:
    """A value for every variable below the roots, and a number for every size symbol."""
    order = toposort(*roots)
    known = domains or {}
    classes = [domain.classes for domain in known.values() if domain.classes is not None]
    draw = np.random.default_rng(seed)
    at = extents([*(axis for node in order for axis in measures(node)), *classes], draw)
    variables: list[Expr] = [node for node in order if isinstance(node, Var)]
    return {v: value_of(v, known.get(v, REALS), draw, at) for v in variables}, at


# Where free entries are drawn from, in turn: the values of a deep network stay finite if its rows
# are scaled, log(p) of a free p needs it positive, log(1 - p) small.
_FREE: tuple[Callable[[Any, tuple[int, ...]], Any], ...] = (
    lambda draw, shape: draw.normal(size=shape),
    lambda draw, shape: draw.normal(size=shape) / float(shape[-1] if len(shape) > 1 else 1) ** 0.5,
    lambda draw, shape: draw.uniform(0.2, 1.0, shape),
    lambda draw, shape: draw.uniform(0.02, 0.2, shape),
)


def smooth_point(
    domains: Mapping[Expr, Domain], order: Sequence[Expr], roots: Sequence[Expr],
    claimed: Sequence[Expr], moving: set[Expr], at: Mapping[str, int], draw: Any,
) -> Point | None:  # fmt: skip
    """A point at which every node is finite and none is near a kink; None if none is found.

    One where a claimed derivative vanishes (every unit is off) would show nothing: it is taken only
    if no other is found soon.
    """
    spare: list[Point] = []
    variables = [node for node in order if isinstance(node, Var)]
    live, hidden = depending(roots, moving), _endless(order)
    for k in range(TRIES):
        free = _FREE[k % len(_FREE)]
        values: dict[Expr, Any] = {}
        for v in variables:
            domain = domains.get(v, REALS)
            shape = tuple(sizes.evaluate(n, at) for n in v.axes)
            given = domain != REALS or bool(structured(v))
            values[v] = value_of(v, domain, draw, at) if given else free(draw, shape)
        with np.errstate(all="ignore"):
            known = evaluate_all(order, values, at)
            finite = all(np.all(np.isfinite(known[node])) for node in order if node not in hidden)
            if not finite or any(_near_kink(node, live, known, at) for node in live):
                continue
        if all(np.any(known[node]) or is_zero(node) for node in claimed):
            return Point(values, at, known)
        spare.append(Point(values, at, known))
        if len(spare) == ENOUGH:
            break
    return spare[-1] if spare else None


def _endless(order: Sequence[Expr]) -> set[Expr]:
    """The nodes that are -∞ in places, on purpose: what a masked softmax never looks at."""
    found: set[Expr] = set()
    for node in order:
        seen = isinstance(node, Call) and node.op is masked_softmax
        if (isinstance(node, Map) and node.fn is infinity) or (
            not seen and not found.isdisjoint(node.kids)
        ):
            found.add(node)
    return found


def _near_kink(
    node: Expr, live: Mapping[Expr, None], known: Mapping[Expr, Any], at: Mapping[str, int]
) -> bool:
    """Whether a function bends or jumps within the clearance of one of its live arguments: a class
    number stands on a jump of its own, but nothing moves it."""
    match node:
        case Map(fn, args):
            given = [known[arg] for arg in args]
            return any(
                _bends(lambda x, k=k: fn.value(*given[:k], x, *given[k + 1 :]), given[k], CLEARANCE)
                for k in range(len(args))
                if args[k] in live
            )
        case Call(Operator() as op, args) if signature_of(node) is None:
            params = tuple(sizes.evaluate(p, at) for p in op.params)
            given = [known[arg] for arg in args]
            # Along an axis it is the order of the entries that counts: move them one by one.
            return any(
                _bends(
                    lambda x, k=k: op.value(*given[:k], x, *given[k + 1 :], *params),
                    given[k],
                    CLEARANCE * (np.arange(given[k].shape[-1]) == j),
                )
                for k in range(len(args))
                if args[k] in live
                for j in range(min(given[k].shape[-1], LARGEST))
            )
        case _:
            return False


def _bends(value: Any, x: Any, step: Any) -> bool:
    """Whether the second difference is far more than a smooth function's would be."""
    here, ahead, behind = value(x), value(x + step), value(x - step)
    second = np.abs(ahead - 2 * here + behind)
    first = np.abs(ahead - here) + np.abs(here - behind)
    return bool(np.any((second > 0.02 * first) & (second > 1e-3 * CLEARANCE)))
