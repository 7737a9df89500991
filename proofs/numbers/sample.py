"""The points of one document, in floats: drawn once, and each node computed once.

The idea: all points of one choice of sizes are one batch, so that NumPy's cost per call is paid for
fifty points together; expressions are interned, so a candidate line over the same network costs
only its new nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

from derive.derivation.network import REALS, Domain
from derive.kernel import sizes
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Name,
    Num,
    Ones,
    Operator,
    Var,
    toposort,
)
from derive.kernel.sizes import Axis, Size
from derive.operators.incidence import measures
from derive.operators.pointwise import np
from derive.operators.row import PRIMITIVES
from proofs.numbers.draw import GENERIC_ROWS, ROWS, Rationals, as_float, drawn
from proofs.numbers.folded import Folded, is_many
from proofs.numbers.plan import contract

# A relative difference past this one is no rounding error, nor is an absolute one past this one.
TOLERANCE = 1e-6
NOTHING = 1e-9
# The least singular value over the largest, where a matrix is as good as singular.
_SINGULAR = 1e-10
_OF_MATRICES = frozenset(["inverse", "logdet", "logabsdet"])
_BATCH = -1  # the index number of the axis of points
_MOST_NODES = 50_000  # kept before candidates, or rooms, are forgotten
_MOST_ROOMS = 64
_MOST_ENTRIES = 1 << 17  # of one array at one point: a larger one has no values here
VAST = "an array here has too many entries to compute with"
# Sizes in turn, used again where there are more symbols: shape slips hide at equal sizes.
_CYCLES = ((2, 3, 4, 5), (3, 1, 2, 4), (1, 2, 3), (4, 3, 2, 1))


def is_vast(node: Expr) -> bool:
    """Whether an array has too many entries to be held, whatever the sizes that are symbols are."""
    return prod(n for n in node.axes if isinstance(n, int)) > _MOST_ENTRIES


class Room:
    """Points of one choice of sizes: what every node is there, the points along the first axis.

    An array without that axis is the same at every point.  ``given`` are ``rows`` values of every
    variable, if they are not to be drawn.
    """

    def __init__(
        self, at: Mapping[str, int], facts: Mapping[Expr, Domain], seed: int = 0,
        given: Mapping[Expr, Rationals] | None = None, rows: int = ROWS,
    ) -> None:  # fmt: skip
        self.at = dict(at)
        self.facts = facts
        self.seed = seed
        self.rows = rows
        self.known: dict[Expr, Any] = {}
        self.rationals: dict[Expr, Rationals] = dict(given or {})

    def __contains__(self, node: Expr) -> bool:
        return node in self.known

    def value(self, root: Expr) -> Any:
        """The root at every point; NaN or infinity where it is not defined."""
        found = self.known.get(root)
        if found is None:
            if len(self.known) > _MOST_NODES:
                self.known.clear()
            known = self.known
            with np.errstate(all="ignore"):
                for node in toposort(root, below=self._below):
                    if node not in known:
                        known[node] = self._value(node)
            found = known[root]
        return found

    def _below(self, node: Expr) -> Iterable[Expr]:
        return () if node in self.known else node.kids

    def _value(self, node: Expr) -> Any:
        if isinstance(node, Var):
            return self.exact(node).floats
        return computed(node, self.known, self.at)

    def exact(self, var: Expr) -> Rationals:
        """The values of a variable as rationals, drawn when they are first asked for."""
        found = self.rationals.get(var)
        if found is None:
            assert isinstance(var, Var)
            domain = self.facts.get(var, REALS)
            shape = tuple(sizes.evaluate(n, self.at) for n in var.axes)
            classes = 0 if domain.classes is None else sizes.evaluate(domain.classes, self.at)
            found = self.rationals[var] = drawn(var.name, shape, domain, classes, self.seed)
        return found


def regular(matrices: Any) -> Any:
    """The matrices, NaN for those that are singular up to rounding: their inverses mean nothing."""
    values = np.linalg.svd(np.nan_to_num(matrices, posinf=0.0, neginf=0.0), compute_uv=False)
    good = values[..., -1] > _SINGULAR * values[..., 0]
    return np.where(good[..., None, None], matrices, np.nan)


def computed(node: Expr, known: Mapping[Expr, Any], at: Mapping[str, int]) -> Any:
    """The value of a node from those of its kids; arrays with one axis more are batches."""
    match node:
        case Num(value):
            return np.asarray(as_float(value))
        case Delta(n):
            return np.eye(sizes.evaluate(n, at))
        case Ones(n):
            return np.ones(sizes.evaluate(n, at))
        case Add(terms):
            total = known[terms[0]]
            for term in terms[1:]:
                total = total + known[term]
            return total
        case Contract(factors, indices, out):
            arrays = [known[f] for f in factors]
            spots = [
                (_BATCH, *own) if array.ndim > len(own) else own
                for array, own in zip(arrays, indices)
            ]
            batched = any(array.ndim > len(own) for array, own in zip(arrays, indices))
            return contract(arrays, spots, (_BATCH, *out) if batched else out)
        case Map(fn, args):
            # A scalar that varies from point to point needs no axis: all arguments have the same.
            return np.asarray(fn.value(*(known[a] for a in args)), float)
        case Call(Name(), (arg,)):
            return known[arg]
        case Call(Operator() as op, args):
            params = tuple(sizes.evaluate(p, at) for p in op.params)
            given = [known[a] for a in args]
            if op.name in _OF_MATRICES:
                given = [regular(given[0])]
            return _operated(op, args, given, params)
        case _:
            raise KeyError(node)


def _operated(op: Operator, args: Sequence[Expr], arrays: list[Any], params: tuple) -> Any:
    """The operator at every point: at once where the axis of the points is one more in front."""
    row = PRIMITIVES.get(op.name)
    many = [array.ndim > len(arg.axes) for arg, array in zip(args, arrays, strict=True)]
    alike = all(many) and len({array.ndim for array in arrays}) == 1
    if not any(many) or (alike and not (row and row.leading)):
        return np.asarray(op.value(*arrays, *params), float)
    count = next(len(array) for array, more in zip(arrays, many, strict=True) if more)
    each = [
        op.value(*(a[k] if more else a for a, more in zip(arrays, many, strict=True)), *params)
        for k in range(count)
    ]
    return np.asarray(each, float)


class Sampler:
    """Points of a document: for any expressions over its variables, values at several sizes.

    ``roots`` are what gives the size symbols their first numbers: the definitions of the network,
    or its variables.  Symbols and variables met later get theirs then.  ``facts`` say where a node
    lives; those of nodes that are no variables select among the points.  ``axes`` have an entry at
    every choice of sizes: n - 1 where n is at least 2.
    """

    def __init__(
        self, roots: Iterable[Expr] = (), facts: Mapping[Expr, Domain] | None = None, seed: int = 0,
        axes: Iterable[Axis] = (),
    ) -> None:  # fmt: skip
        self.facts = dict(facts or {})
        self.seed = seed
        self.names: dict[str, None] = {}
        self.axes: dict[Axis, None] = dict.fromkeys(axes)
        self.rooms: dict[tuple[tuple[str, int], ...], Room] = {}
        # Whatever else is computed at these points and worth keeping: exact values, say.
        self.kept: dict[Any, Any] = {}
        self._usual: list[dict[str, int]] = []
        self._seen: set[Expr] = set()
        self._vast: set[Expr] = set()
        self._many: set[Expr] = set()
        self._short: tuple[Folded, Sampler] | None = None
        self._meet([*roots, *self.facts])
        self.conditions = {
            node: domain for node, domain in self.facts.items() if not isinstance(node, Var)
        }

    def _meet(self, roots: Iterable[Expr]) -> None:
        """Take note of the sizes of every node below the roots."""
        new = [root for root in roots if root not in self._seen]
        if not new:
            return
        before = len(self.axes)
        for node in toposort(*new, below=lambda n: () if n in self._seen else n.kids):
            self._seen.add(node)
            self.axes.update(dict.fromkeys(measures(node)))
            if isinstance(node, Ones | Delta):
                self.axes[node.n] = None
            if is_vast(node):
                self._vast.add(node)
            if is_many(node):
                self._many.add(node)
        for domain in self.facts.values():
            if domain.classes is not None:
                self.axes[domain.classes] = None
        if len(self.axes) > before or not self._usual:
            for axis in self.axes:
                if isinstance(axis, Size):
                    self.names.update(dict.fromkeys(sorted(axis.names())))
            self._usual = self._choices()

    def _choices(self) -> list[dict[str, int]]:
        """A few usual choices of sizes, pairwise different as far as they go."""
        names = list(self.names)
        found: list[dict[str, int]] = []
        for cycle in _CYCLES:
            at = {name: cycle[k % len(cycle)] for k, name in enumerate(names)}
            if self.fits(at) and at not in found:
                found.append(at)
        if not found:
            draw = np.random.default_rng(self.seed)
            for _ in range(200):
                at = {name: int(draw.integers(1, 7)) for name in names}
                if self.fits(at):
                    found.append(at)
                    break
        return found

    def fits(self, at: Mapping[str, int]) -> bool:
        """Whether every axis has an entry: n - k + 1 needs n at least as large as k."""
        return all(sizes.evaluate(axis, at) >= 1 for axis in self.axes)

    def room(self, at: Mapping[str, int]) -> Room:
        key = tuple(sorted(at.items()))
        found = self.rooms.get(key)
        if found is None:
            kept = sum(len(room.known) for room in self.rooms.values())
            if len(self.rooms) > _MOST_ROOMS or kept > _MOST_NODES:
                self.rooms.pop(next(iter(self.rooms)))
            found = self.rooms[key] = Room(at, self.facts, self.seed)
        return found

    def usual(self, roots: Sequence[Expr]) -> list[Room]:
        """Rooms of different sizes in which the roots can be evaluated."""
        self._meet(roots)
        if self._vast and not self._vast.isdisjoint(toposort(*roots, *self.conditions)):
            return []
        return [self.room(at) for at in self._usual]

    def short(self, *roots: Expr) -> tuple[Sampler, tuple[Expr, ...]]:
        """Points at which wide arrays are folded, and the roots as they are there: these points
        and the roots themselves where nothing is wide, or where one of them cannot be folded."""
        self._meet(roots)
        if not self._many or self._many.isdisjoint(toposort(*roots)):
            return self, roots
        if self._short is None:
            folded = Folded(self.facts)
            facts = {folded.of(node) or node: domain for node, domain in self.facts.items()}
            self._short = folded, Sampler((), facts, self.seed, self.axes)
        folded, points = self._short
        forms = [folded.of(root) for root in (*roots, *self.conditions)]
        if None in forms:
            return self, roots
        return points, tuple(form for form in forms[: len(roots)] if form is not None)

    def folded(self, node: Expr) -> Expr:
        """A node as it is at points where wide arrays are folded; itself where it cannot be."""
        return (self._short and self._short[0].of(node)) or node

    def allowed(self, room: Room) -> Any:
        """The points at which the facts about nodes hold, as far as floats can tell."""
        good = np.ones(room.rows, bool)
        for node, domain in self.conditions.items():
            good &= _satisfied(np.asarray(room.value(node)), domain, len(node.axes))
        return good


def _satisfied(value: Any, domain: Domain, axes: int) -> Any:
    holds = np.isfinite(value)
    if domain.low is not None:
        holds &= value > as_float(domain.low)
    if domain.high is not None:
        holds &= value < as_float(domain.high)
    if domain.values:
        holds &= np.isin(value, [as_float(v) for v in domain.values])
    if domain.normalised:
        total = value.sum(axis=-1, keepdims=True)
        holds = holds & (np.abs(total - 1) < NOTHING) & (value >= 0)
    flat = holds.reshape(-1, int(np.prod(holds.shape[-axes:], dtype=int)) if axes else 1)
    return flat.all(axis=1)


def matrix(room: Room, node: Expr) -> Any:
    """The values of a node as a matrix, one row for each point of the room."""
    value = room.value(node)
    if value.ndim == len(node.axes):
        return np.broadcast_to(value.reshape(1, -1), (room.rows, value.size))
    return value.reshape(len(value), -1)


def compared(room: Room, a: Expr, b: Expr) -> tuple[Any, Any, Any]:
    """Both sides as matrices, one row for each point, and the rows in which both are finite."""
    left, right = matrix(room, a), matrix(room, b)
    return left, right, np.isfinite(left).all(axis=1) & np.isfinite(right).all(axis=1)


def has_value(expr: Expr, sampler: Sampler) -> bool:
    """Whether an expression is finite at some random point."""
    sampler, (form,) = sampler.short(expr)
    return any(compared(room, form, form)[2].any() for room in sampler.usual((form,)))


def float_agreement(a: Expr, b: Expr, sampler: Sampler, rooms: int = 2) -> bool | None:
    """Whether two expressions of the same axes agree at random points, relative to their size.

    None where no point is found at which both are finite.  Evidence for a search, never a verdict.
    """
    if a is b:
        return True
    if a.axes != b.axes:
        return False
    sampler, (a, b) = sampler.short(a, b)
    seen = False
    for room in sampler.usual((a, b))[:rooms]:
        left, right, finite = compared(room, a, b)
        good = finite[:GENERIC_ROWS]
        if sampler.conditions:
            good = good & sampler.allowed(room)[:GENERIC_ROWS]
        if not good.any():
            continue
        seen = True
        if differing(left[:GENERIC_ROWS], right[:GENERIC_ROWS])[good].any():
            return False
    return True if seen else None


def differing(left: Any, right: Any, tolerance: float = TOLERANCE, nothing: float = NOTHING) -> Any:
    """The rows in which two matrices differ by more than rounding."""
    with np.errstate(all="ignore"):
        scale = np.maximum(np.abs(left), np.abs(right)).max(axis=1)
        gap = np.abs(left - right).max(axis=1)
        return gap > tolerance * scale + nothing
