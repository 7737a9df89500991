"""The numerical cross-check: a derivative beside central differences of the forward pass.

The idea: the judge shares nothing with the rules of calculus.  It draws small sizes, all different
so that no transpose goes unseen, and a point at which the network is finite and away from its
kinks; then it moves one entry at a time and watches the output.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from derive.derivation.network import Domain, Network, Question
from derive.derivation.points import TRIES, Point, depending, extents, smooth_point
from derive.derivation.within import derivatives_within, linear_kinds
from derive.kernel import sizes
from derive.kernel.expr import Call, Expr, Name, Var, toposort
from derive.meaning.evaluate import evaluate_all
from derive.operators.incidence import measures
from derive.operators.pointwise import np

POINTS = 2
TOLERANCE = 1e-6
# Of many gradients compared together: all variables move, and the difference bends more.
TOGETHER = 1e-4
# The step that balances the h² of the central difference against rounding, eps^(1/3).
STEP = 6e-6
# Where a function bends fast the difference needs a smaller step, where values are large a longer
# one.  What is right agrees at one of them, what is wrong at none.
STRETCHES = (1.0, 0.2, 5.0)
# Node evaluations for one derivative, beyond which random directions take the place of entries.
BUDGET = 60_000
DIRECTIONS = 4
# Node evaluations for all of them, beyond which the gradients of one loss are compared together.
ALL_BUDGET = 200_000
# Entries of all arrays together, beyond which nothing is compared: 8 bytes each, several copies.
MOST_ENTRIES = 20_000_000


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


def agreements(
    network: Network, results: Sequence[tuple[Question, Expr]], seed: int = 0
) -> list[Agreement]:
    """One cross-check for each result, all at the same points.

    A result for a gradient has the axes of what it is by; for a Jacobian these, then those of what
    is differentiated; for a Hessian those of the second variable, then of the first.  The gradient
    of a loss of each sample has the sample axis first, unless what it is by has that axis already.
    """
    asked = [question for question, _ in results if question.moved]
    roots = [x for q in asked for x in ((q.whole.of, *q.whole[2:]) if q.whole else (q.of,))]
    moved = list(dict.fromkeys(v for question in asked for v in question.moved))
    # What the output does not depend on has a value all the same, and is moved.
    order = toposort(*roots, *moved, *(value for _, value in results))
    classes = [v.domain.classes for v in network.variables if v.domain.classes is not None]
    draw = np.random.default_rng(seed)
    at = extents([*(axis for node in order for axis in measures(node)), *classes], draw)
    domains: dict[Expr, Domain] = {v.var: v.domain for v in network.variables}
    points: list[Point] = []
    values = [value for question, value in results if question.moved]
    remark = _out_of_reach(order, at)
    for _ in range(POINTS if asked and not remark else 0):
        point = smooth_point(domains, order, roots, values, set(moved), at, draw)
        if point is not None:
            points.append(point)
    together = _together(results, len(order)) if points else {}
    found: dict[Expr, Agreement] = {}
    for of, slopes in together.items():
        errors = [
            min(_joint_difference(of, slopes, point, seed, stretch) for stretch in STRETCHES)
            for point in points
        ]
        if all(error <= TOGETHER for error in errors):
            found[of] = Agreement(
                at, seed, len(points), max(errors), True, DIRECTIONS, tolerance=TOGETHER
            )
    return [
        found[question.of]
        if question.of in found and together[question.of].get(question.wrt[0]) is value
        else _agreement(question, value, points, at, seed, remark)
        for question, value in results
    ]


def _together(results: Sequence[tuple[Question, Expr]], nodes: int) -> dict[Expr, dict[Expr, Expr]]:
    """The gradients of each loss in its variables, if one by one they would take too long."""
    if len(results) * 2 * DIRECTIONS * nodes <= ALL_BUDGET:
        return {}
    together: dict[Expr, dict[Expr, Expr]] = {}
    for question, value in results:
        if question.kind == "gradient" and not question.of.axes:
            by = question.wrt[0]
            if isinstance(by, Var) and by.axes == value.axes:
                together.setdefault(question.of, {})[by] = value
    return together


def _joint_difference(
    of: Expr, slopes: Mapping[Expr, Expr], point: Point, seed: int, stretch: float
) -> float:
    """The relative difference of all slopes from central differences, all variables moving."""
    base = point.known
    draw = np.random.default_rng(seed)
    step = stretch * STEP
    numeric, symbolic, terms = [], [], []
    for _ in range(DIRECTIONS):
        way = {by: _within(by, draw.normal(size=base[by].shape)) for by in slopes}
        ahead, behind = (
            evaluate_all(
                [of],
                {v: a + sign * step * way[v] if v in way else a for v, a in point.values.items()},
                point.at,
            )[of]
            for sign in (1, -1)
        )
        numeric.append((ahead - behind) / (2 * step))
        terms += [float(np.sum(way[by] * base[value])) for by, value in slopes.items()]
        symbolic.append(sum(terms[-len(slopes) :]))
    # Relative to one share, not to their sum: a single wrong share must be seen.
    scale = float(np.median(np.abs(terms)))
    noise = 100 * 2.2e-16 * float(np.abs(base[of])) / step
    largest = float(np.max(np.abs(np.asarray(numeric) - np.asarray(symbolic))))
    return largest / max(scale, noise / TOGETHER) if largest else 0.0


def _out_of_reach(order: Sequence[Expr], at: Mapping[str, int]) -> str:
    """Why there can be no values at these sizes: numbers in a document can be of any size."""
    shapes = [[sizes.evaluate(axis, at) for axis in node.axes] for node in order]
    if any(n < 1 for shape in shapes for n in shape):
        return "an axis has no entries at the small sizes that were tried"
    entries = sum(math.prod(shape) for shape in shapes)
    if entries > MOST_ENTRIES:
        return f"its arrays have {entries:,} entries, more than are compared"
    return ""


def _agreement(
    question: Question, value: Expr, points: Sequence[Point], at: Mapping[str, int], seed: int,
    remark: str = "",
) -> Agreement:  # fmt: skip
    if not question.moved:
        return Agreement(at, seed, 0, 0.0, None, remark="nothing is differentiated here")
    if not points:
        remark = remark or f"no point was found in {TRIES} tries where every value is finite"
        return Agreement(at, seed, 0, float("nan"), None, remark=remark)
    error, directions = 0.0, 0
    for point in points:
        draw = np.random.default_rng(seed)
        if question.whole is not None:
            of, by, slope, part = question.whole
            pairs = [(of, by, slope, ())]
            known = evaluate_all([part, value], point.values, point.at)
            apart = float(np.max(np.abs(known[part] - known[value]), initial=0.0))
            size = float(np.max(np.abs(known[part]), initial=1.0))
            error = found if not (found := apart / size) <= error else error
        elif len(question.by) > 1:
            steps = [question.of, *derivatives_within(question.of, question.by)[:-1], value]
            each = zip(steps, steps[1:], reversed(question.by), strict=False)
            pairs = [(of, by, claimed, ()) for of, claimed, by in each]
        else:
            samples = _samples(question) if question.kind == "gradient" else ()
            pairs = [(question.of, question.wrt[0], value, samples)]
        for of, by, claimed, axes in pairs:
            found, directions = _least_difference(of, by, claimed, axes, point, draw)
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


def _least_difference(
    of: Expr, by: Expr, claimed: Expr, samples: tuple[bool, ...], point: Point, draw: Any
) -> tuple[float, int]:
    """The difference at the first step at which the two agree, else the least of all steps."""
    least, directions = float("inf"), 0
    for stretch in STRETCHES:
        found, directions = _difference(of, by, claimed, samples, point, draw, stretch)
        least = found if found < least else least
        if least <= TOLERANCE:
            break
    return least, directions


def _difference(
    of: Expr, by: Expr, claimed: Expr, samples: tuple[bool, ...], point: Point, draw: Any,
    stretch: float,
) -> tuple[float, int]:  # fmt: skip
    """The relative difference of a claimed derivative from central differences at a point.

    ``samples`` says for every axis of ``of`` whether it is summed (True) or comes first (False);
    with none, the axes of ``of`` come last.
    """
    base = point.known
    if of not in base or claimed not in base:  # the gradient on the way to a Hessian
        base = evaluate_all([of, claimed], base, point.at)
    start, symbolic = base[by], base[claimed]
    above = depending([of], {by})
    # What does not depend on ``by`` keeps its value, and nothing is computed below it.
    fixed = {kid: base[kid] for node in above for kid in node.kids if kid not in above}
    # A stack is taken apart where it is evaluated, down to what is below its kids.
    fixed |= {node: base[node] for node in base if isinstance(node, Var) and node not in above}
    step = stretch * STEP * max(1.0, float(np.max(np.abs(start), initial=0.0)))

    def moved(direction: Any) -> Any:
        direction = _within(by, direction)
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
    # It is that of the largest value on the way, which may cancel: a sum of deviations is 0.
    size = max((float(np.max(np.abs(base[n]), initial=0.0)) for n in above), default=0.0)
    noise = 100 * 2.2e-16 * size / step
    largest = float(np.max(np.abs(numeric - symbolic), initial=0.0))
    return (largest / max(scale, noise / TOLERANCE) if largest else 0.0), directions


def _within(by: Expr, direction: Any) -> Any:
    """A direction in which a variable can move: a symmetric matrix stays symmetric."""
    turned = direction.swapaxes(-1, -2) if direction.ndim == 2 else direction
    match linear_kinds(by):
        case ("symmetric",):
            return (direction + turned) / 2
        case ("skew",):
            return (direction - turned) / 2
        case ("diagonal",):
            return direction * np.eye(len(direction))
    return direction


def _arranged(numeric: Any, before: int, samples: tuple[bool, ...]) -> Any:
    """Axes of the output, which stand behind ``before`` others, summed or brought to the front."""
    summed = tuple(before + k for k, shared in enumerate(samples) if shared)
    numeric = numeric.sum(axis=summed) if summed else numeric
    first = samples.count(False)
    return np.moveaxis(numeric, range(before, before + first), range(first)) if first else numeric
