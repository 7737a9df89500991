"""A counterexample to a claim: looked for in floats, made small in floats, certified once.

The idea: the search may be wrong and costs little, fifty points together; what is said rests on the
certificate alone.  A point off every tie is preferred, since a difference that shows only where
something is exactly 0 is another kind of mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from time import perf_counter
from typing import Any, NamedTuple

from derive.derivation.network import REALS, Domain
from derive.kernel.expr import Expr, Map, ShapeError, Var, shape_text, toposort
from derive.kernel.sizes import Size
from derive.operators.abstract import signature_of
from derive.operators.incidence import measures
from derive.operators.pointwise import np
from proofs.numbers.certify import (
    RELATIONS,
    Certificate,
    Refutation,
    certify,
    nested,
    plain_symbol,
    told,
)
from proofs.numbers.draw import Rationals
from proofs.numbers.exact import PRECISIONS
from proofs.numbers.folded import unfolded, unfolded_array
from proofs.numbers.sample import NOTHING, TOLERANCE, Room, Sampler, compared, differing
from proofs.numbers.shrink import proposals, simpler
from proofs.numbers.ties import Ties
from proofs.numbers.walk import moved
from proofs.verdict import Counterexample

BUDGET = 0.5  # seconds
_MOST_CERTIFIED = 16  # points of one room tried in exact numbers
_MOST_SIZES = 10  # smaller choices of sizes tried
_ROUNDS = 6  # of making entries simpler
_HAIRLINE = (1e-13, 1e-300)  # relative and absolute: any difference of floats at all
_NEAR = 40  # points near a tied one
_CLIMBS = 12  # of moving towards a violation


def refute(
    a: Expr, b: Expr, facts: Mapping[Expr, Domain] | None = None, *, relation: str = "=",
    budget: float = BUDGET, sampler: Sampler | None = None, functions: bool = False,
) -> Counterexample | None:  # fmt: skip
    """A certified point at which ``a relation b`` does not hold; None if none was found.

    ``facts`` say where variables (or other nodes) live.  ``sampler`` holds the points of the
    document, if there is one; its facts are used then.  Takes ``budget`` seconds at most, unless a
    single value takes longer.  ``functions``: the claim is one about all functions where it names
    one that nobody defined, so that one choice of it may break the claim; its values are then among
    those of the counterexample.  ShapeError for sides of different axes.
    """
    found = refutation(
        a, b, facts, relation=relation, budget=budget, sampler=sampler, functions=functions
    )
    return None if found is None else found.counterexample


def refutation(
    a: Expr, b: Expr, facts: Mapping[Expr, Domain] | None = None, *, relation: str = "=",
    budget: float = BUDGET, sampler: Sampler | None = None, functions: bool = False,
) -> Refutation | None:  # fmt: skip
    """As ``refute``, with the raw point."""
    if a.axes != b.axes:
        raise ShapeError(f"cannot compare {shape_text(a.axes)} and {shape_text(b.axes)}")
    if relation not in RELATIONS:
        raise ValueError(f"{relation!r} is none of {', '.join(RELATIONS)}")
    if a is b and relation in ("=", "<=", ">="):
        return None
    sampler = sampler or Sampler((a, b), facts)
    short, (left, right) = sampler.short(a, b)
    if short is not sampler and (facts or {}).items() <= sampler.facts.items():
        found = refutation(left, right, relation=relation, budget=budget, sampler=short,
                           functions=functions)  # fmt: skip
        return None if found is None else widened(found, a, b, sampler.folded)
    search = _Search(a, b, relation, sampler, perf_counter() + budget)
    search.facts |= facts or {}  # those of the sampler chose the points; all are certified
    chosen = polynomials(search.order)
    if chosen and not functions:
        return None
    search.functions = chosen
    return search.found()


def widened(
    found: Refutation, a: Expr, b: Expr, folded: Callable[[Expr], Expr]
) -> Refutation | None:
    """A refutation among folded arrays as one among the wide ones that they stand for."""
    variables = [node for node in toposort(a, b) if isinstance(node, Var)]
    if not all(folded(v) in found.values for v in variables):
        return None
    arrays = [found.values[folded(v)] for v in variables]
    told = [(plain_symbol(v), unfolded(nested(array), v.axes))
            for v, array in zip(variables, arrays, strict=True)]  # fmt: skip
    functions = found.counterexample.values[len(found.values) :]
    return Refutation(
        replace(found.counterexample, values=(*told, *functions)),
        {v: unfolded_array(array, v.axes) for v, array in zip(variables, arrays, strict=True)},
        found.at,
    )


def polynomials(order: Iterable[Expr]) -> dict[str, tuple[int, ...]]:
    """A polynomial for each function that nobody defined: different ones, no two derivatives of
    which up to the fourth agree at small numbers."""
    scalar = (
        str(node.fn.params[0]) for node in order
        if isinstance(node, Map) and node.fn.name == "generic"
    )  # fmt: skip
    of_arrays = (s.symbol for node in order if (s := signature_of(node)) is not None)
    names = dict.fromkeys((*scalar, *of_arrays))
    return {name: (2 + k, 3 + 2 * k, 5, 7 + k, 1) for k, name in enumerate(names)}


class Spot(NamedTuple):
    """A point: one row of a room."""

    room: Room
    row: int
    tied: bool


class _Search:
    """One search: the simplest wrong point of a few rooms, a smaller one, the certificate."""

    def __init__(self, a: Expr, b: Expr, relation: str, sampler: Sampler, deadline: float) -> None:
        self.a, self.b, self.relation = a, b, relation
        self.sampler = sampler
        self.deadline = deadline
        self.tolerance = TOLERANCE, NOTHING
        self.functions: dict[str, tuple[int, ...]] = {}
        conditions = sampler.conditions
        self.order = toposort(a, b, *conditions)
        self.variables: list[Expr] = [node for node in self.order if isinstance(node, Var)]
        domains = {v: sampler.facts.get(v, REALS) for v in self.variables}
        self.still = {v for v, d in domains.items() if d.classes is not None or d.values}
        self.ties = Ties(self.order, self.still)
        self.facts = {v: d for v, d in domains.items() if d != REALS} | conditions
        self.names = list(
            dict.fromkeys(
                name for node in self.order for axis in measures(node) if isinstance(axis, Size)
                for name in sorted(axis.names())
            )
        )  # fmt: skip

    def late(self) -> bool:
        return perf_counter() > self.deadline

    def found(self) -> Refutation | None:
        spare: Refutation | None = None
        for room in self.sampler.usual((self.a, self.b)):
            spot = self.spot(room)
            if spot is None and self.relation not in ("=", "!="):
                spot = self.climbed(room)
            found = None if spot is None else self.settled(spot)
            if found is not None and found.counterexample.boundary and spare is None:
                found = self.nearby(found) or found
            if found is not None and not found.counterexample.boundary:
                return found
            spare = spare or found
            if self.late():
                break
        return spare or self.hairline()

    def hairline(self) -> Refutation | None:
        """A difference that floats do not see: x and x (1 + 10^-9) are not equal."""
        if self.relation != "=" or self.late():
            return None
        rooms = self.sampler.usual((self.a, self.b))
        if not rooms:
            return None
        room = min(rooms, key=lambda room: sum(room.at.values()))
        _, _, good = compared(room, self.a, self.b)
        if self.sampler.conditions:
            good = good & self.sampler.allowed(room)
        rows = np.flatnonzero(good)[:1]
        values = {v: room.exact(v).row(k) for k in rows for v in self.variables}
        if not len(rows) or self.certificate(values, room.at, (160,)) is None:
            return None
        self.tolerance = _HAIRLINE
        spot = Spot(room, int(rows[0]), False)
        return self.settled(spot)

    # -------------------------------------------------------------------------------------- points

    def gaps(self, room: Room) -> tuple[Any, Any]:
        """By how much the relation fails at each point, for floats; and which points fail."""
        left, right, good = compared(room, self.a, self.b)
        if self.sampler.conditions:
            good = good & self.sampler.allowed(room)
        with np.errstate(all="ignore"):
            if self.relation in ("=", "!="):
                bad = differing(left, right, *self.tolerance)
                if self.relation == "!=":
                    bad = ~bad
                return np.where(good, bad, -np.inf), bad & good
            one, other = (left, right) if self.relation in ("<=", "<") else (right, left)
            gap = one - other
            level = 1e-9 * np.maximum(np.abs(one), np.abs(other))
            strict = self.relation in ("<", ">")
            bad = (gap >= 0).any(axis=1) if strict else (gap > level).any(axis=1)
            return np.where(good, gap.max(axis=1), -np.inf), bad & good

    def spot(self, room: Room) -> Spot | None:
        """The simplest wrong point of a room, off every tie if there is such a one."""
        rows = self.wrong(room)
        return None if rows is None else Spot(room, int(rows[0][0]), bool(rows[1][0]))

    def wrong(self, room: Room) -> tuple[Any, Any] | None:
        """The wrong points of a room, those off every tie first and simple ones first, and which
        of them are tied; None if there are none."""
        _, bad = self.gaps(room)
        rows = np.flatnonzero(bad)
        if not len(rows):
            return None
        tied = self.ties.rows(room)[rows]
        order = np.lexsort((self.cost(room)[rows], tied))
        return rows[order], tied[order]

    def cost(self, room: Room) -> Any:
        total = np.zeros(room.rows)
        for v in self.variables:
            given = room.exact(v)
            parts = np.asarray(np.minimum(given.under, 10**6), float) - 1
            value = given.floats
            each = np.abs(value) + 0.5 * (value < 0) + 4 * parts
            total += each.reshape(room.rows, -1).sum(axis=1)
        return total

    def certified(self, spot: Spot) -> Refutation | None:
        values = {v: spot.room.exact(v).row(spot.row) for v in self.variables}
        return self.certificate(values, spot.room.at)

    def certificate(
        self, values: Mapping[Expr, Any], at: Mapping[str, int],
        precisions: Sequence[int] = PRECISIONS,
    ) -> Refutation | None:  # fmt: skip
        found: Certificate | None = certify(
            self.a, self.b, self.relation, values, at, self.facts, self.still, precisions,
            self.functions,
        )  # fmt: skip
        return None if found is None else told(self.a, self.b, self.relation, values, at, found)

    def settled(self, spot: Spot) -> Refutation | None:
        """The certificate at a point made smaller, or else at some wrong point of the same room."""
        small = self.simplified(self.smaller(spot))
        found = self.certified(small)
        if found is not None and found.counterexample.boundary <= spot.tied:
            return found
        spare = found
        if spot.room is not small.room or spot.row != small.row:
            rows = self.wrong(spot.room)
            for row in () if rows is None else rows[0][:_MOST_CERTIFIED]:
                found = self.certified(Spot(spot.room, int(row), spot.tied))
                if found is not None and not found.counterexample.boundary:
                    return found
                spare = spare or found
                if self.late():
                    break
        return spare

    # ------------------------------------------------------------ smaller ones

    def smaller(self, spot: Spot) -> Spot:
        """A wrong point of smaller sizes: each size tried at 1, 2, .. in turn."""
        for at in islice(self.sizes(spot.room.at), _MOST_SIZES):
            if self.late():
                break
            if sum(at.values()) >= sum(spot.room.at.values()) or not self.sampler.fits(at):
                continue
            found = self.spot(self.sampler.room(at))
            if found is not None and found.tied <= spot.tied:
                spot = found
                break
        for name in self.names:
            for n in range(1, spot.room.at[name]):
                at = {**spot.room.at, name: n}
                if self.late() or not self.sampler.fits(at):
                    continue
                found = self.spot(self.sampler.room(at))
                if found is not None and found.tied <= spot.tied:
                    spot = found
                    break
        return spot

    def sizes(self, at: Mapping[str, int]) -> Iterator[dict[str, int]]:
        """All 1; all 1 but one, which is 2; all 2."""
        ones = dict.fromkeys(at, 1)
        yield ones
        for name in self.names:
            yield {**ones, name: 2}
        yield dict.fromkeys(at, 2)

    def simplified(self, spot: Spot) -> Spot:
        """The point with entries made 0, 1, .. one by one, as long as it stays a wrong one."""
        for _ in range(_ROUNDS):
            given = {v: spot.room.exact(v) for v in self.variables}
            start = {v: Rationals(r.over[spot.row], r.under[spot.row]) for v, r in given.items()}
            tries = proposals(start, self.facts)
            if not tries or self.late():
                break
            alone = self.keeps(simpler(start, [[one] for one in tries]), spot)
            # For each entry the first proposal that keeps the difference; then as many as possible.
            kept = {}
            for one, keeps in zip(tries, alone):
                if keeps:
                    kept.setdefault((one.var, one.place), one)
            chosen = list(kept.values())
            if not chosen:
                break
            prefixes = [chosen[: k + 1] for k in range(len(chosen))]
            made = simpler(start, prefixes)
            good = np.flatnonzero(self.keeps(made, spot))
            spot = Spot(self.room_of(made, spot.room.at), int(good[-1]), spot.tied)
        return spot

    def keeps(self, given: Mapping[Expr, Rationals], spot: Spot) -> Any:
        """Which points are wrong, and off every tie if the spot is."""
        room = self.room_of(given, spot.room.at)
        _, bad = self.gaps(room)
        return bad if spot.tied else bad & ~self.ties.rows(room)

    # ------------------------------------------------------------------------------------ moving on

    def nearby(self, found: Refutation) -> Refutation | None:
        """A refutation near a tied one and off every tie; or the same one, said to be no border
        where points near it that are of no special kind differ too: a unit may be off in a whole
        neighbourhood, and then what is compared is 0 there."""
        given = {v: Rationals.of(value) for v, value in found.values.items()}
        draw = np.random.default_rng(self.sampler.seed)
        for steps in ((0.02, 0.1), (0.3, 1.0)):
            made = moved(given, [0], _NEAR, self.facts, draw, steps, share=1.0)
            room = self.room_of(made, found.at)
            spot = self.spot(room)
            if spot is not None and not spot.tied:
                better = self.settled(spot)
                if better is not None and not better.counterexample.boundary:
                    return better
            if np.count_nonzero(self.gaps(room)[1][1:]) >= _NEAR // 10:
                return replace(found, counterexample=replace(found.counterexample, boundary=False))
            if self.late():
                break
        return None

    def climbed(self, room: Room) -> Spot | None:
        """A violation of an inequality, reached from the points that come nearest to one."""
        draw = np.random.default_rng(self.sampler.seed)
        for _ in range(_CLIMBS):
            gap, bad = self.gaps(room)
            if bad.any():
                return self.spot(room)
            rows = np.argsort(-gap, kind="stable")[:6]
            if self.late() or not np.isfinite(gap[rows[0]]):
                break
            given = {v: room.exact(v) for v in self.variables}
            room = self.room_of(moved(given, rows, 12, self.facts, draw), room.at)
        return None

    def room_of(self, given: Mapping[Expr, Rationals], at: Mapping[str, int]) -> Room:
        rows = len(next(iter(given.values())).over) if given else 1
        return Room(at, self.sampler.facts, given=given, rows=rows)
