"""The numerical cross-check: a derivative beside central differences of the forward pass.

The idea: the judge shares nothing with the rules of calculus.  It draws small sizes, all different
so that no transpose goes unseen, and a point at which the network is finite and away from its
kinks; then it moves one entry at a time and watches the output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from derive import sizes
from derive.build import is_zero
from derive.calculus import grad
from derive.evaluate import evaluate_all
from derive.expr import Call, Expr, Map, Name, Var, toposort
from derive.network import REALS, Network, Question
from derive.operators.pointwise import np
from derive.points import value as value_of
from derive.sizes import Axis

POINTS = 2
TOLERANCE = 1e-6
TRIES = 400
ENOUGH = 12
# The step that balances the h² of the central difference against rounding, eps^(1/3).
STEP = 6e-6
# How near to a kink a point may not be: far more than a step moves any entry.
CLEARANCE = 1e-4
# Node evaluations for one derivative, beyond which random directions take the place of entries.
BUDGET = 60_000
DIRECTIONS = 4
# Sizes past this one are used again: a network of 1,000 layers must not get layers 1,000 wide.
LARGEST = 8


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one cross-check found.

    ``error`` is the largest difference relative to the largest entry, over all ``points``;
    ``passed`` is None where there was nothing to compare, and ``remark`` then says why.
    ``directions`` is 0 where every entry was moved on its own.
    """

    sizes: Mapping[str, int]
    seed: int
    points: int
    error: float
    passed: bool | None
    directions: int = 0
    remark: str = ""
    tolerance: float = field(default=TOLERANCE)


@dataclass(frozen=True, slots=True)
class Point:
    """Values for every variable, and the sizes that they have."""

    values: Mapping[Expr, Any]
    at: Mapping[str, int]


def agreements(
    network: Network, results: Sequence[tuple[Question, Expr]], seed: int = 0
) -> list[Agreement]:
    """One cross-check for each result, all at the same points.

    A result for a gradient has the axes of what it is by; for a Jacobian these, then those of what
    is differentiated; for a Hessian those of the second variable, then of the first.  The gradient
    of a loss of each sample has the sample axis first, unless what it is by has that axis already.
    """
    asked = [question for question, _ in results if question.wrt]
    roots = [question.of for question in asked]
    moved = list(dict.fromkeys(v for question in asked for v in question.wrt))
    # What the output does not depend on has a value all the same, and is moved.
    order = toposort(*roots, *moved, *(value for _, value in results))
    classes = [v.domain.classes for v in network.variables if v.domain.classes is not None]
    draw = np.random.default_rng(seed)
    at = _extents([*(axis for node in order for axis in node.axes), *classes], draw)
    points: list[Point] = []
    values = [value for question, value in results if question.wrt]
    for _ in range(POINTS if asked else 0):
        point = _point(network, order, roots, values, set(moved), at, draw)
        if point is not None:
            points.append(point)
    return [_agreement(question, value, points, at, seed) for question, value in results]


def _agreement(
    question: Question, value: Expr, points: Sequence[Point], at: Mapping[str, int], seed: int
) -> Agreement:
    if not question.wrt:
        return Agreement(at, seed, 0, 0.0, None, remark="nothing is differentiated here")
    if not points:
        remark = f"no point was found in {TRIES} tries where every value is finite"
        return Agreement(at, seed, 0, float("nan"), None, remark=remark)
    error, directions = 0.0, 0
    for point in points:
        draw = np.random.default_rng(seed)
        if len(question.wrt) == 2 or question.kind == "hessian":
            first, second = question.wrt[0], question.wrt[-1]
            slope = grad(question.of, first)
            assert isinstance(slope, Expr)
            pairs = [(question.of, first, slope, ()), (slope, second, value, ())]
        else:
            samples = _samples(question) if question.kind == "gradient" else ()
            pairs = [(question.of, question.wrt[0], value, samples)]
        for of, by, claimed, axes in pairs:
            found, directions = _difference(of, by, claimed, axes, point, draw)
            # A nan is larger than everything here: it must never pass.
            error = found if not found <= error else error
    return Agreement(at, seed, len(points), error, bool(error <= TOLERANCE), directions)


def _samples(question: Question) -> tuple[bool, ...]:
    """For each axis of a loss with axes, whether what it is differentiated by has the same one:
    sample i of the loss then depends on sample i alone."""
    of, by = _letters(question.of), _letters(question.wrt[0])
    return tuple(k < len(of) and of[k] in by for k in range(len(question.of.axes)))


def _letters(node: Expr) -> tuple[str, ...]:
    match node:
        case Var(_, _, letters) | Call(Name(_, letters)):
            return letters
        case _:
            return ()


def _difference(
    of: Expr, by: Expr, claimed: Expr, samples: tuple[bool, ...], point: Point, draw: Any
) -> tuple[float, int]:
    """The relative difference of a claimed derivative from central differences at a point.

    ``samples`` says for every axis of ``of`` whether it is summed (True) or comes first (False);
    with none, the axes of ``of`` come last.
    """
    base = evaluate_all([of, by, claimed], point.values, point.at)
    start, symbolic = base[by], base[claimed]
    above = _depending([of], {by})
    # What does not depend on ``by`` keeps its value; a node given one is not computed.
    fixed = {node: base[node] for node in toposort(of) if node not in above}
    step = STEP * max(1.0, float(np.max(np.abs(start), initial=0.0)))

    def moved(direction: Any) -> Any:
        if by not in above and by is not of:
            return np.zeros_like(base[of])
        ahead = evaluate_all([of], {**fixed, by: start + step * direction}, point.at)[of]
        behind = evaluate_all([of], {**fixed, by: start - step * direction}, point.at)[of]
        return (ahead - behind) / (2 * step)

    entries = start.size
    if entries * 2 * (len(above) + len(fixed) + base[of].size) <= BUDGET:
        directions = 0
        columns = []
        for k in range(entries):
            unit = np.zeros(entries)
            unit[k] = 1.0
            columns.append(moved(unit.reshape(start.shape)))
        numeric = np.asarray(columns).reshape((*start.shape, *base[of].shape))
        numeric = _arranged(numeric, start.ndim, samples)
    else:
        directions = DIRECTIONS
        ways = [draw.normal(size=start.shape) for _ in range(directions)]
        numeric = np.asarray([_arranged(moved(way), 0, samples) for way in ways])
        first = samples.count(False)
        if samples:
            symbolic = np.moveaxis(symbolic, range(first), range(-first, 0)) if first else symbolic
        symbolic = np.asarray([np.tensordot(way, symbolic, start.ndim) for way in ways])
    if numeric.shape != symbolic.shape:
        return float("inf"), directions
    scale = max(float(np.max(np.abs(a), initial=0.0)) for a in (numeric, symbolic))
    # Rounding in the forward pass, seen through a division by the step: no sign of disagreement.
    noise = 100 * 2.2e-16 * float(np.max(np.abs(base[of]), initial=0.0)) / step
    largest = float(np.max(np.abs(numeric - symbolic), initial=0.0))
    return (largest / max(scale, noise / TOLERANCE) if largest else 0.0), directions


def _arranged(numeric: Any, before: int, samples: tuple[bool, ...]) -> Any:
    """Axes of the output, which stand behind ``before`` others, summed or brought to the front."""
    summed = tuple(before + k for k, shared in enumerate(samples) if shared)
    numeric = numeric.sum(axis=summed) if summed else numeric
    first = samples.count(False)
    return np.moveaxis(numeric, range(before, before + first), range(first)) if first else numeric


def _depending(roots: Iterable[Expr], moving: Iterable[Expr]) -> dict[Expr, None]:
    """The nodes below the roots that change when one of ``moving`` does, kids first."""
    moving = set(moving)
    found: dict[Expr, None] = {}
    for node in toposort(*roots):
        if node in moving or any(kid in found for kid in node.kids):
            found[node] = None
    return found


# ----------------------------------------------------------------------------------------- sizes


def _extents(axes: Sequence[Axis], draw: Any) -> dict[str, int]:
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

# Where free entries are drawn from, in turn: the values of a deep network stay finite if its rows
# are scaled, log(p) of a free p needs it positive, log(1 - p) small.
_FREE: tuple[Callable[[Any, tuple[int, ...]], Any], ...] = (
    lambda draw, shape: draw.normal(size=shape),
    lambda draw, shape: draw.normal(size=shape) / float(shape[-1] if len(shape) > 1 else 1) ** 0.5,
    lambda draw, shape: draw.uniform(0.2, 1.0, shape),
    lambda draw, shape: draw.uniform(0.02, 0.2, shape),
)


def _point(
    network: Network, order: Sequence[Expr], roots: Sequence[Expr], claimed: Sequence[Expr],
    moving: set[Expr], at: Mapping[str, int], draw: Any,
) -> Point | None:  # fmt: skip
    """A point at which every node is finite and none is near a kink; None if none is found.

    One where a claimed derivative vanishes (every unit is off) would show nothing: it is taken only
    if no other is found soon.
    """
    spare: list[Point] = []
    domains = {v.var: v.domain for v in network.variables}
    variables = [node for node in order if isinstance(node, Var)]
    live = _depending(roots, moving)
    for k in range(TRIES):
        free = _FREE[k % len(_FREE)]
        values: dict[Expr, Any] = {}
        for v in variables:
            domain = domains.get(v, REALS)
            shape = tuple(sizes.evaluate(n, at) for n in v.axes)
            given = domain != REALS
            values[v] = value_of(v.axes, domain, draw, at) if given else free(draw, shape)
        with np.errstate(all="ignore"):
            known = evaluate_all(order, values, at)
            finite = all(np.all(np.isfinite(known[node])) for node in order)
            if not finite or any(_near_kink(node, live, known, at) for node in live):
                continue
        if all(np.any(known[node]) or is_zero(node) for node in claimed):
            return Point(values, at)
        spare.append(Point(values, at))
        if len(spare) == ENOUGH:
            break
    return spare[-1] if spare else None


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
        case Call(Name()):
            return False
        case Call(op, args):
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
