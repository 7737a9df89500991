"""Where every lane lies above or below the first: as near to it as what is there already allows.

The idea: a skyline.  Lanes are laid one by one outside all that was laid before, the short ones
first, so that a shortcut runs close to the line that it shortens and long ones arch over it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from heapq import heappop, heappush

from derive.draw.arrange import Lane
from derive.draw.frame import APART, ARM, Block, Frame

BETWEEN = 12.0  # between what belongs to two lanes
ABOVE, BELOW = -1, 1


@dataclass(frozen=True, slots=True)
class Satellite:
    """A box above or below an operator: the edge it feeds, its spot, the operator, the x and y of
    the box relative to the operator (centre to centre), its place in its block and the number
    there."""

    edge: int
    spot: int
    at: int
    x: float
    y: float
    crowd: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stack:
    """The y of every lane, the satellites, and how far each slot reaches above and below the first
    lane."""

    heights: list[float]
    satellites: list[Satellite]
    tops: list[float]
    bottoms: list[float]


def stack(frame: Frame) -> Stack:
    """Lays every lane; iterative, near-linear in slots covered."""
    lanes = frame.arrangement.lanes
    work = _Piles(frame)
    for number in _order(frame):
        work.lay(number, lanes[number])
    return Stack(work.heights, work.satellites, work.reach[ABOVE], work.reach[BELOW])


def _joined(frame: Frame) -> list[tuple[int, int]]:
    """Pairs of a lane and another one that it comes from or goes to, by one of its own edges."""
    arrangement = frame.arrangement
    return [
        (lane, arrangement.lane_of_spot[spot])
        for at, lane in enumerate(arrangement.lane_of_edge)
        for spot in arrangement.ends[at]
        if lane not in (-1, arrangement.lane_of_spot[spot])
    ]


def _order(frame: Frame) -> list[int]:
    """The first lane, then always a lane both of whose ends are laid, the shortest of them.

    Where lanes wait for one another, the one that waits for least.  A queue with stale entries:
    a lane is put in again whenever it comes to wait for less.
    """
    lanes = frame.arrangement.lanes
    carries: list[set[int]] = [set() for _ in lanes]
    near: list[set[int]] = [set() for _ in lanes]
    for lane, other in _joined(frame):
        carries[other].add(lane)
        near[lane].add(other)
        near[other].add(lane)
    waiting = [0] * len(lanes)
    for others in carries:
        for lane in others:
            waiting[lane] += 1
    order: list[int] = []
    laid = [False] * len(lanes)
    for start in range(len(lanes)):
        heap = [(0, 0, 0, start)] if not laid[start] else []
        while heap:
            number = heappop(heap)[-1]
            if laid[number]:
                continue
            laid[number] = True
            order.append(number)
            for other in carries[number]:
                waiting[other] -= 1
            for other in sorted(near[number]):
                lane = lanes[other]
                if not laid[other] and (lane.spots or not waiting[other]):
                    key = waiting[other], lane.last - lane.first, lane.first, other
                    heappush(heap, key)
    return order


class _Piles:
    """What has been laid so far; lives as long as one call of ``stack``."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        slots = max(1, 2 * len(frame.centres))
        self.reach = {ABOVE: [0.0] * slots, BELOW: [0.0] * slots}
        self.owner = {ABOVE: [-1] * slots, BELOW: [-1] * slots}
        self.heights = [0.0] * len(frame.arrangement.lanes)
        self.laid = [False] * len(frame.arrangement.lanes)
        self.satellites: list[Satellite] = []
        self.placed: dict[int, Satellite] = {}
        self.anchors: dict[int, list[int]] = defaultdict(list)
        for lane, other in _joined(frame):
            self.anchors[lane].append(other)
            self.anchors[other].append(lane)

    def lay(self, number: int, lane: Lane) -> None:
        shared = self._shared(lane)
        if not any(self.laid):
            extents = self._extents(lane, ABOVE, shared)
            self._settle(number, lane, ABOVE, 0.0, extents, shared)
            for slot, (inside, outside) in extents.items():
                self.reach[BELOW][slot], self.owner[BELOW][slot] = inside, number
                self.reach[ABOVE][slot], self.owner[ABOVE][slot] = outside, number
            return
        best: tuple[float, int, float, dict[int, tuple[float, float]]] | None = None
        partners = {self.placed[at].y > 0 for at in shared.values()}
        for side in (BELOW, ABOVE):
            if partners and (side == BELOW) not in partners:
                continue
            extents = self._extents(lane, side, shared)
            pile = self.reach[side]
            away = max(pile[slot] + inside for slot, (inside, _) in extents.items()) + BETWEEN
            height = side * away
            near = [self.heights[n] for n in self.anchors[number] if self.laid[n]]
            cost = sum(abs(height - other) for other in near) if near else away
            if best is None or cost < best[0] - 1e-6:
                best = cost, side, height, extents
        assert best is not None
        _, side, height, extents = best
        self._settle(number, lane, side, height, extents, shared)
        for slot, (_, outside) in extents.items():
            self.reach[side][slot] = abs(height) + outside
            self.owner[side][slot] = number

    def _shared(self, lane: Lane) -> dict[int, int]:
        """Satellite edges of this lane whose box stands already, with nothing between.

        All of them must lie on one side; the first in the lane decides on which.
        """
        arrangement = self.frame.arrangement
        found: dict[int, int] = {}
        sides: set[int] = set()
        for spot in lane.spots:
            for at in arrangement.satellites.get(spot, ()):
                one = arrangement.partners.get(at)
                if one is None or one not in self.placed:
                    continue
                satellite = self.placed[one]
                side = BELOW if satellite.y > 0 else ABOVE
                slot = 2 * arrangement.columns[spot]
                beneath = arrangement.lane_of_spot[satellite.at]
                inner = self.frame.inner.get(spot, Block())
                alone = len(inner.places) == 1 and inner.places[0][0] == at
                if not alone or satellite.crowd[1] > 1 or self.owner[side][slot] != beneath:
                    continue
                if side in (sides or {side}):
                    found[at] = one
                    sides = {side}
        return found

    def _extents(
        self, lane: Lane, side: int, shared: dict[int, int]
    ) -> dict[int, tuple[float, float]]:
        """Room towards the first lane and away from it, for every slot that the lane covers."""
        frame, arrangement = self.frame, self.frame.arrangement
        room = {slot: [APART + 3, APART + 3] for slot in range(lane.first, lane.last + 1)}

        def grow(slot: int, inside: float, outside: float) -> None:
            if slot in room:
                room[slot][0] = max(room[slot][0], inside)
                room[slot][1] = max(room[slot][1], outside)

        for at in lane.edges:
            up, down = (APART + 3 + size[1] for size in frame.labels[at])
            grow(2 * frame.label_gap[at] + 1, *((up, down) if side == BELOW else (down, up)))
        for spot in lane.spots:
            column, shape = arrangement.columns[spot], frame.shapes[spot]
            outer, inner = frame.outer.get(spot, Block()), frame.inner.get(spot, Block())
            inside = max(shape.down, inner.depth)
            if any(at in shared for at, _ in inner.places):
                inside = shape.down + max(ARM, inner.arm) - BETWEEN
            outside = max(shape.down, outer.depth)
            grow(2 * column, inside, outside)
            # A satellite or its label may hang over the gap beside its column.
            x = frame.centres[column]
            for slot, edge, towards in ((2 * column + 1, 1, 1), (2 * column - 1, 0, -1)):
                gap = column if towards > 0 else column - 1
                if not 0 <= gap < len(frame.gaps):
                    continue
                limit = abs(frame.gaps[gap][1 - edge] - x)
                over = [b for b in (inner, outer) if (b.right if edge else b.left) > limit - 12]
                if over:
                    room.setdefault(slot, [0.0, 0.0])
                    grow(slot, inside if inner in over else 0, outside if outer in over else 0)
        return {slot: (inside, outside) for slot, (inside, outside) in room.items()}

    def _settle(
        self,
        number: int,
        lane: Lane,
        side: int,
        height: float,
        extents: dict[int, tuple[float, float]],
        shared: dict[int, int],
    ) -> None:
        self.laid[number], self.heights[number] = True, height
        frame, arrangement = self.frame, self.frame.arrangement
        for spot in lane.spots:
            shape = frame.shapes[spot]
            for blocks, towards in ((frame.outer, side), (frame.inner, -side)):
                block = blocks.get(spot, Block())
                for place, (at, x) in enumerate(block.places):
                    tail = arrangement.ends[at][0]
                    if at in shared:
                        first = self.placed[shared[at]]
                        y = self.heights[arrangement.lane_of_spot[first.at]] + first.y - height
                        tail = first.spot
                    else:
                        y = towards * (shape.down + block.arm + frame.shapes[tail].down)
                    crowd = place, len(block.places)
                    satellite = Satellite(at, tail, spot, x, y, crowd)
                    self.satellites.append(satellite)
                    self.placed[at] = satellite
