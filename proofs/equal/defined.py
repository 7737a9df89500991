"""Where an expression has a value: the conditions that its roots, logarithms and divisors need.

The idea: what a side needs to be defined may be used in the proof; what is not shown to hold
everywhere is said with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from derive.kernel.build import ONE, coefficient
from derive.kernel.expr import Call, Contract, Expr, Map, Operator, is_named, toposort
from derive.meaning.kinds import kinds_of
from derive.operators.matrices import det, inverse
from derive.operators.row import defined
from proofs.equal.bounds import NONNEGATIVE, POSITIVE, Bounds, Interval, is_count, is_whole
from proofs.equal.proof import Condition

Below = Callable[[Expr], Iterable[Expr]]


@dataclass(frozen=True, slots=True)
class Guarded:
    """A condition that is needed only in a branch: where ``case`` is not 0 if ``taken``, else
    where it is 0.  ``divides``: it is that of a divisor."""

    condition: Condition
    case: Expr
    taken: bool
    divides: bool


def needed(roots: Sequence[Expr], below: Below) -> tuple[list[Condition], list[Guarded]]:
    """What is needed everywhere, and what only where a branch of a case is taken."""

    def certain(node: Expr) -> Iterable[Expr]:
        kids = below(node)
        meaning = defined(node) if kids else None
        if meaning is not None:  # what its definition needs: a divisor that the word does not show
            return [meaning]
        return list(kids)[:1] if _has_cases(node) else kids

    always = toposort(*roots, below=certain)
    sure = dict.fromkeys(c for c in map(_need, always) if c is not None)
    guarded: dict[Guarded, None] = {}
    waiting, met = [n for n in always if _has_cases(n)], set(always)
    while waiting:
        node = waiting.pop()
        for branch, taken in zip(list(below(node))[1:], (True, False), strict=False):
            for inner in toposort(branch, below=certain):
                need = _need(inner)
                if need is not None and need not in sure:
                    divides = need.relation == "!=" or _is_power(inner)
                    found = Guarded(need, node.kids[0], taken, divides and need.relation != ">=")
                    guarded[found] = None
                if _has_cases(inner) and inner not in met:
                    waiting.append(inner)
                    met.add(inner)
    return list(sure), list(guarded)


def _is_power(node: Expr) -> bool:
    return isinstance(node, Map) and node.fn.name == "power"


def _has_cases(node: Expr) -> bool:
    return isinstance(node, Map) and node.fn.name == "where"


def _need(node: Expr) -> Condition | None:
    match node:
        case Map(fn, (arg,)) if fn.name == "power":
            q = Fraction(fn.params[0])
            if q.denominator != 1:
                return Condition(">" if q < 0 else ">=", arg)
            return Condition("!=", arg) if q < 0 else None
        case Map(fn, (_, exponent)) if fn.name == "raised" and is_count(exponent):
            return None
        case Map(fn, (arg, exponent)) if fn.name == "raised" and is_whole(exponent):
            return Condition("!=", arg)
        case Map(fn, (arg, *_)) if fn.name in ("log", "raised"):
            return Condition(">", arg)
        case Call(Operator(name=word), (arg,)) if word in ("inverse", "logabsdet"):
            return Condition("!=", det(arg))
        case Call(Operator(name="logdet"), (arg,)):
            return Condition(">", det(arg))
    return None


def open_conditions(conditions: Iterable[Condition], bounds: Bounds) -> tuple[Condition, ...]:
    """Those that are not shown to hold, each taken to what it is about."""
    found: dict[Condition, None] = {}
    for condition in conditions:
        for part in _reduced(condition, bounds):
            found[part] = None
    positive = {e for c in found if c.relation == ">" for e in (c.expr, unscaled(c.expr))}
    nonzero = {c.expr for c in found if c.relation == "!="}
    kept = []
    for c in found:
        if c.relation != ">" and c.expr in positive:
            continue
        if c.relation == ">=" and c.expr in nonzero:  # >= and != is >
            continue
        if c.relation == "!=" and Condition(">=", c.expr) in found:
            c = Condition(">", c.expr)
        kept.append(c)
    return tuple(c for c in dict.fromkeys(kept) if not _follows(c, kept, bounds))


def _follows(condition: Condition, others: list[Condition], bounds: Bounds) -> bool:
    """Whether a product of several is positive because its factors are: ab > 0 from a, b > 0."""
    below = set(toposort(condition.expr)) - {condition.expr}
    known = Bounds(bounds.facts)
    known.assume(supposed(c for c in others if c.expr in below))
    interval = known.of(condition.expr)
    if condition.relation == "!=":
        return interval.nonzero
    return interval.positive or (condition.relation == ">=" and interval.low >= 0)


def supposed(conditions: Iterable[Condition]) -> Iterable[tuple[Expr, Interval]]:
    """What conditions say of the entries of nodes."""
    conditions = list(conditions)
    nonzero = {c.expr for c in conditions if c.relation == "!="}
    for c in conditions:
        if c.relation != "!=":
            strict = c.relation == ">" or c.expr in nonzero
            yield c.expr, POSITIVE if strict else NONNEGATIVE


def unscaled(node: Expr) -> Expr:
    """A node without a number before it: it is 0 where the other is."""
    rest = coefficient(node)[1]
    return rest if rest.axes == node.axes and rest is not ONE else node


def _reduced(condition: Condition, bounds: Bounds) -> Iterable[Condition]:
    """A condition on a power or a product, as conditions on what it is made of."""
    stack = [condition]
    while stack:
        c = stack.pop()
        interval = bounds.of(c.expr)
        if interval.positive or (interval.negative and c.relation == "!="):
            continue
        if interval.low >= 0:
            if c.relation == ">=":
                continue
            c = Condition("!=", c.expr)
        if c.relation == "!=" and unscaled(c.expr) is not c.expr:
            c = Condition("!=", unscaled(c.expr))
        match c.expr:
            case Contract(factors, indices, out) if c.relation == "!=" and {
                i for own in indices for i in own
            } <= set(out):
                stack += [Condition("!=", f) for f in reversed(factors)]
            case Map(fn, (arg,)) if fn.name in ("power", "abs") and c.relation == "!=":
                stack.append(Condition("!=", arg))
            case Call(op, (Call(inner, (arg,)),)) if op is det and inner is inverse:
                stack.append(Condition(c.relation, det(arg)))
            case Call(op, (arg,)) if op is det and c.relation == "!=" and _is_invertible(arg):
                continue
            case Call(op, (arg,)) if op is det and c.relation == "!=" and _parts(arg):
                stack += _parts(arg)
            case _ if is_named(c.expr) and is_named(c.expr.kids[0]):
                stack.append(Condition(c.relation, c.expr.kids[0]))
            case _:
                yield c


def _is_invertible(matrix: Expr) -> bool:
    """Whether a matrix is declared to be invertible."""
    while is_named(matrix):
        matrix = matrix.kids[0]
    return "invertible" in kinds_of(matrix)


def _parts(matrix: Expr) -> list[Condition]:
    """What makes a matrix invertible if its factors do; nothing if it has none."""
    if not isinstance(matrix, Contract) or len(matrix.axes) != 2:
        return []
    scalars = [f for f, own in zip(matrix.factors, matrix.indices, strict=True) if not own]
    rest = [(f, own) for f, own in zip(matrix.factors, matrix.indices, strict=True) if own]
    if not rest or any(len(f.axes) != 2 or set(f.axes) != {matrix.axes[0]} for f, _ in rest):
        return []
    # A chain: every summed index joins two factors, and the two ends are those of the matrix.
    spots = [i for _, own in rest for i in own]
    summed = set(spots) - set(matrix.out)
    if len(summed) != len(rest) - 1 or any(spots.count(i) != 2 for i in summed):
        return []
    if any(spots.count(i) != 1 for i in matrix.out) or any(len(set(own)) < 2 for _, own in rest):
        return []
    if len(rest) == 1 and not scalars and rest[0][1] == matrix.out:
        return []
    return [Condition("!=", f) for f in scalars] + [Condition("!=", det(f)) for f, _ in rest]
