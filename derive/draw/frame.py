"""Where every column of an arrangement stands: shapes, the room for labels, the room for bends.

The idea: curves bend only in zones between the columns that hold neither a box nor a label, so that
no curve can cross either of them, whatever the graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from derive.draw.arrange import Arrangement, Spot
from derive.draw.picture import Edge, Picture
from derive.draw.size import Size
from derive.tree import Tree

Measure = Callable[[Tree | None], Size]

# All lengths are in units of the drawing: one unit is a CSS pixel at the size of a plain page.
LETTER, SMALL, NAME = 13.0, 12.0, 15.5  # em of an edge's label, of a long and of a short box label
RADIUS = 20.0  # of an operator's circle
APART = 4.0  # a forward and a backward arrow run this far to either side of their common line
PORT = 15.0  # distance of ports on one side of a box
BEND = 48.0  # width of a zone in which curves bend
CLEAR = 15.0  # a straight arrow is at least this much longer than its label, at either end
SHORTEST = 48.0  # visible length of an arrow without labels
ARM = 38.0  # length of the arrows between a satellite and its operator
FLAT = 20.0  # an edge label up to this height fits under the label of a satellite beside it
GAP = 14.0  # between neighbours


@dataclass(frozen=True, slots=True)
class Shape:
    """Half width and half height of a box, the radius of its corners, the em of its label."""

    across: float
    down: float
    radius: float
    em: float


@dataclass(frozen=True, slots=True)
class Block:
    """Satellites side by side on one side of an operator: edges with the x of their arrows, the
    reach to the left and right of the operator, the length of the arrows, and the depth in all."""

    places: tuple[tuple[int, float], ...] = ()
    left: float = 0.0
    right: float = 0.0
    arm: float = 0.0
    depth: float = 0.0


@dataclass(frozen=True, slots=True)
class Frame:
    """The horizontal geometry.  ``gaps[c]`` is where the straight part of the edges between columns
    ``c`` and ``c + 1`` begins and ends; the labels lie in it.  ``label_gap`` tells each edge's gap.
    ``rims`` is where each column begins and ends, satellites included.
    ``outer`` and ``inner`` are the blocks of each spot that has satellites."""

    arrangement: Arrangement
    edges: tuple[Edge, ...]
    shapes: list[Shape]
    labels: list[tuple[Size, Size]]
    outer: dict[int, Block]
    inner: dict[int, Block]
    centres: list[float]
    rims: list[tuple[float, float]]
    gaps: list[tuple[float, float]]
    label_gap: dict[int, int]


def frame(picture: Picture, arrangement: Arrangement, measure: Measure) -> Frame:
    """Shapes of all boxes and the x of all columns."""
    labels = [
        (_label(edge.forward, measure), _label(edge.backward if edge.flows else None, measure))
        for edge in picture.edges
    ]
    bends = _bends(arrangement)
    shapes = [
        _shape(
            spot,
            max(bends.get((at, False), 0), bends.get((at, True), 0)),
            len(arrangement.satellites.get(at, ())),
            measure,
        )
        for at, spot in enumerate(arrangement.spots)
    ]
    outer, inner = _blocks(arrangement, shapes, labels)
    need, label_gap = _label_room(arrangement, labels)
    centres, rims, gaps = _across(arrangement, shapes, labels, outer, inner, need)
    return Frame(
        arrangement, picture.edges, shapes, labels, outer, inner, centres, rims, gaps, label_gap
    )


def _label(tree: Tree | None, measure: Measure) -> Size:
    if tree is None:
        return 0.0, 0.0
    wide, tall = measure(tree)
    return wide * LETTER + 4, tall * LETTER


def _bends(arrangement: Arrangement) -> dict[tuple[int, bool], int]:
    """How many edges leave (False) or reach (True) a spot that do not lie on its own line."""
    bends: dict[tuple[int, bool], int] = defaultdict(int)
    for at, lane in enumerate(arrangement.lane_of_edge):
        if lane >= 0:
            for spot, reached in zip(arrangement.ends[at], (False, True), strict=True):
                bends[spot, reached] += arrangement.lane_of_spot[spot] != lane
    return bends


def _shape(spot: Spot, bends: int, satellites: int, measure: Measure) -> Shape:
    """Large enough for its label, for ports at the sides, and for satellites above and below."""
    wide, tall = measure(spot.node.label)
    is_round = spot.node.kind in ("operator", "loss")
    em = NAME if wide * NAME <= 1.6 * RADIUS else SMALL
    em = em if is_round else NAME
    more = PORT * max(0, bends - 1)
    crowd = PORT * max(0.0, (satellites + 1) // 2 - 3) / 2
    if is_round:
        down = max(RADIUS, tall * em / 2 + 6) + more
        return Shape(max(RADIUS + crowd, wide * em / 2 + 6), down, RADIUS, em)
    down = max(16.0, tall * em / 2 + 6, 22.0 if bends else 0.0) + more
    return Shape(max(19.0 + crowd, wide * em / 2 + 9), down, 5.0, em)


def _blocks(
    arrangement: Arrangement, shapes: list[Shape], labels: Sequence[tuple[Size, Size]]
) -> tuple[dict[int, Block], dict[int, Block]]:
    """Satellites go outside and inside by turns; one that two operators share goes between them."""
    outer: dict[int, Block] = {}
    inner: dict[int, Block] = {}
    shared = set(arrangement.partners) | set(arrangement.partners.values())
    for spot, edges in arrangement.satellites.items():
        sides: tuple[list[int], list[int]] = [], []
        for at in sorted(edges, key=lambda at: (at not in shared, at)):
            lane = arrangement.lane_of_spot[spot]
            # Between two lanes that are no first lane lies the outside of the earlier one.
            facing = 0 if at in arrangement.partners.values() and lane else 1
            shorter = 0 if len(sides[0]) <= len(sides[1]) else 1
            sides[facing if at in shared else shorter].append(at)
        for blocks, side in ((outer, sides[0]), (inner, sides[1])):
            if side:
                blocks[spot] = _block(sorted(side), spot, arrangement, shapes, labels)
    return outer, inner


def _block(
    side: list[int],
    spot: int,
    arrangement: Arrangement,
    shapes: list[Shape],
    labels: Sequence[tuple[Size, Size]],
) -> Block:
    places: list[tuple[int, float]] = []
    x, arm, depth = 0.0, ARM, 0.0
    reach = 0.0
    for at in side:
        (ahead, tall), (back, high) = labels[at]
        box = shapes[arrangement.ends[at][0]]
        left = max(box.across, APART + 5 + ahead)
        x = x + left if places else 0.0
        if not places:
            reach = left
        places.append((at, x))
        x += max(box.across, APART + 5 + back) + GAP
        arm, depth = max(arm, tall + 14, high + 14), max(depth, 2 * box.down)
    right = x - GAP
    if len(places) > 1:
        middle = (places[0][1] + places[-1][1]) / 2
        places = [(at, x - middle) for at, x in places]
        reach, right, arm = reach + middle, right - middle, arm + 26
    return Block(tuple(places), reach, right, arm, shapes[spot].down + arm + depth)


def _label_room(
    arrangement: Arrangement, labels: Sequence[tuple[Size, Size]]
) -> tuple[dict[int, float], dict[int, int]]:
    """How wide the straight part of every gap has to be, and which gap holds which label.

    An edge over several columns has its label in the gap nearest to its middle that is wide enough.
    """
    need: dict[int, float] = defaultdict(float)
    place: dict[int, int] = {}
    far: list[int] = []
    for at, (tail, head) in enumerate(arrangement.ends):
        if arrangement.lane_of_edge[at] < 0:
            continue
        first, last = arrangement.columns[tail], arrangement.columns[head] - 1
        if first < last:
            far.append(at)
            continue
        place[at] = first
        need[first] = max(need[first], labels[at][0][0], labels[at][1][0])
    for at in far:
        tail, head = arrangement.ends[at]
        first, last = arrangement.columns[tail], arrangement.columns[head] - 1
        wide = max(labels[at][0][0], labels[at][1][0])
        middle = (first + last) // 2
        around = sorted(range(first, last + 1), key=lambda gap: (abs(gap - middle), gap))
        place[at] = next((gap for gap in around if need[gap] >= wide), middle)
        need[place[at]] = max(need[place[at]], wide)
    return need, place


def _across(
    arrangement: Arrangement,
    shapes: list[Shape],
    labels: Sequence[tuple[Size, Size]],
    outer: dict[int, Block],
    inner: dict[int, Block],
    need: dict[int, float],
) -> tuple[list[float], list[tuple[float, float]], list[tuple[float, float]]]:
    """Centres of the columns, how far each reaches left and right, and the gaps between them."""
    count = 1 + max(arrangement.columns, default=-1)
    half, left, right = [0.0] * count, [0.0] * count, [0.0] * count
    for spot, column in enumerate(arrangement.columns):
        if column >= 0:
            half[column] = max(half[column], shapes[spot].across)
            for block in (outer.get(spot, Block()), inner.get(spot, Block())):
                left[column] = max(left[column], block.left)
                right[column] = max(right[column], block.right)
    leaving, reaching, tall = [False] * count, [False] * count, [0.0] * count
    for at, (tail, head) in enumerate(arrangement.ends):
        lane = arrangement.lane_of_edge[at]
        if lane >= 0:
            a, b = arrangement.columns[tail], arrangement.columns[head]
            leaving[a] |= arrangement.lane_of_spot[tail] != lane
            reaching[b] |= arrangement.lane_of_spot[head] != lane
            for gap in {a, b - 1}:
                tall[gap] = max(tall[gap], labels[at][0][1], labels[at][1][1])
    centres = [0.0] * count
    gaps: list[tuple[float, float]] = []
    for c in range(count - 1):
        bent, high = (leaving[c], reaching[c + 1]), tall[c] > FLAT
        # The reach of satellites counts where a curve or a tall label could meet them.
        before = max(half[c], right[c] if bent[0] or high else 0.0)
        behind = max(half[c + 1], left[c + 1] if bent[1] or high else 0.0)
        start = before + (BEND if bent[0] else CLEAR)
        stop = behind + (BEND if bent[1] else CLEAR)
        middle = max(need[c], SHORTEST - 2 * CLEAR)
        if bent[0]:
            middle = max(middle, left[c + 1] + GAP - stop)
        if bent[1]:
            middle = max(middle, right[c] + GAP - start)
        clear = max(right[c], half[c]) + max(left[c + 1], half[c + 1]) + GAP
        middle = max(middle, clear - start - stop)
        centres[c + 1] = centres[c] + start + middle + stop
        gaps.append((centres[c] + start, centres[c + 1] - stop))
    rims = [
        (centres[c] - max(half[c], left[c]), centres[c] + max(half[c], right[c]))
        for c in range(count)
    ]
    return centres, rims, gaps
