"""Which boxes a picture gets, in which columns, and which of them share a straight line.

The idea: the graph falls apart into lanes.  The longest path to the loss is the first lane; what it
leaves over falls into paths again, and an edge between two lanes that continues neither of them is
a lane of its own.  Parameters and targets are no part of it: they stand at their operator.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from derive.draw.picture import Node, Picture

_INLINE_FIRST = {"input": 0, "target": 1, "parameter": 2}


@dataclass(frozen=True, slots=True)
class Spot:
    """A box to be drawn: a node, or one of the ``copies`` of a parameter that is used in several
    places."""

    node: Node
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Lane:
    """Spots and edges (by index) on one straight horizontal line, over the slots ``first..last``.

    Column ``c`` is slot ``2c``; the gap behind it is slot ``2c + 1``.
    """

    spots: tuple[int, ...]
    edges: tuple[int, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Arrangement:
    """``ends`` gives tail and head spot of each edge; ``satellites`` the edges that come to a spot
    from a satellite; ``columns`` is -1 for satellites; ``lane_of`` is -1 for satellite edges."""

    spots: tuple[Spot, ...]
    ends: tuple[tuple[int, int], ...]
    satellites: dict[int, list[int]]
    columns: list[int]
    lanes: tuple[Lane, ...]
    lane_of_edge: list[int]
    lane_of_spot: list[int]
    partners: dict[int, int]


def arrange(picture: Picture) -> Arrangement:
    """The lanes of a picture, the main path first."""
    spots, ends = _spots(picture)
    away = _satellite_edges(spots, ends)
    satellites: dict[int, list[int]] = defaultdict(list)
    for at in sorted(away):
        satellites[ends[at][1]].append(at)
    kept = [at for at in range(len(ends)) if at not in away]
    standing = sorted(set(range(len(spots))) - {ends[at][0] for at in away})
    depths, columns = _columns(len(spots), standing, [ends[at] for at in kept])
    paths = _paths(spots, ends, standing, kept, depths)
    lanes = _lanes(paths, ends, kept, columns)
    lane_of_edge, lane_of_spot = [-1] * len(ends), [-1] * len(spots)
    for number, lane in enumerate(lanes):
        for at in lane.edges:
            lane_of_edge[at] = number
        for spot in lane.spots:
            lane_of_spot[spot] = number
    partners = _partners(spots, ends, away, columns, lane_of_spot)
    return Arrangement(
        spots=tuple(spots),
        ends=tuple(ends),
        satellites=dict(satellites),
        columns=columns,
        lanes=tuple(lanes),
        lane_of_edge=lane_of_edge,
        lane_of_spot=lane_of_spot,
        partners=partners,
    )


def _spots(picture: Picture) -> tuple[list[Spot], list[tuple[int, int]]]:
    """Boxes in topological order, a parameter or target once per use, and the ends of the edges."""
    order = picture.topological()
    uses: dict[str, int] = defaultdict(int)
    fed = {edge.head for edge in picture.edges}
    for edge in picture.edges:
        uses[edge.tail] += 1
    spots: list[Spot] = []
    at_key: dict[str, int] = {}
    for at in order:
        node = picture.nodes[at]
        repeated = node.key not in fed and node.kind in ("parameter", "target")
        copies = max(1, uses[node.key]) if repeated else 1
        at_key[node.key] = len(spots)
        spots.extend(Spot(node, copies) for _ in range(copies))
    ends = []
    used: dict[str, int] = defaultdict(int)
    for edge in picture.edges:
        tail = at_key[edge.tail]
        if spots[tail].copies > 1:
            tail += used[edge.tail]
            used[edge.tail] += 1
        ends.append((tail, at_key[edge.head]))
    return spots, ends


def _satellite_edges(spots: list[Spot], ends: list[tuple[int, int]]) -> set[int]:
    """Edges whose tail stands above or below its operator: a leaf that is used only there.

    An operator of nothing but such leaves keeps one of them in line, data before parameters.
    """
    fed = {head for _, head in ends}
    uses: dict[int, int] = defaultdict(int)
    incoming: dict[int, list[int]] = defaultdict(list)
    for at, (tail, head) in enumerate(ends):
        uses[tail] += 1
        incoming[head].append(at)
    away: set[int] = set()
    for edges in incoming.values():
        loose = [at for at in edges if ends[at][0] not in fed and uses[ends[at][0]] == 1]
        if len(loose) == len(edges):
            loose.remove(min(loose, key=lambda at: _rank_in_line(spots[ends[at][0]], at)))
        away.update(loose)
    return away


def _rank_in_line(spot: Spot, at: int) -> tuple[int, int]:
    return _INLINE_FIRST.get(spot.node.kind, 3), at


def _columns(
    count: int, standing: list[int], ends: list[tuple[int, int]]
) -> tuple[list[int], list[int]]:
    """Depth (longest distance from a source) and column of every spot, -1 for satellites.

    The column is the depth, except that what hangs on sources alone moves right, to where it is
    used.  Spots are numbered in topological order, so one pass each way is enough.
    """
    tails: list[list[int]] = [[] for _ in range(count)]
    heads: list[list[int]] = [[] for _ in range(count)]
    for tail, head in ends:
        tails[head].append(tail)
        heads[tail].append(head)
    depths, movable = [-1] * count, [False] * count
    for spot in standing:
        depths[spot] = 1 + max((depths[tail] for tail in tails[spot]), default=-1)
        movable[spot] = all(movable[tail] and len(heads[tail]) == 1 for tail in tails[spot])
    columns = list(depths)
    for spot in reversed(standing):
        if movable[spot] and heads[spot]:
            columns[spot] = min(columns[head] for head in heads[spot]) - 1
    return depths, columns


def _paths(
    spots: list[Spot],
    ends: list[tuple[int, int]],
    standing: list[int],
    kept: list[int],
    depths: list[int],
) -> list[tuple[list[int], list[int]]]:
    """Paths (spots and edges) that cover all standing spots, the longest to the loss first."""
    incoming: dict[int, list[int]] = defaultdict(list)
    for at in kept:
        incoming[ends[at][1]].append(at)
    claimed: set[int] = set()
    paths: list[tuple[list[int], list[int]]] = []
    # A path is followed back from where it arrives, always to what lies deepest.
    for last in sorted(standing, key=lambda s: (spots[s].node.kind != "loss", -depths[s], s)):
        if last in claimed:
            continue
        path, edges = [last], []
        claimed.add(last)
        while free := [at for at in incoming[path[-1]] if ends[at][0] not in claimed]:
            best = max(free, key=lambda at: (depths[ends[at][0]], -at))
            path.append(ends[best][0])
            edges.append(best)
            claimed.add(ends[best][0])
        paths.append((path[::-1], edges[::-1]))
    return paths


def _lanes(
    paths: list[tuple[list[int], list[int]]],
    ends: list[tuple[int, int]],
    kept: list[int],
    columns: list[int],
) -> list[Lane]:
    """A lane for each path, made longer by the edge that feeds it and the edge that it feeds, and a
    lane for every edge that is left over."""
    incoming: dict[int, list[int]] = defaultdict(list)
    outgoing: dict[int, list[int]] = defaultdict(list)
    straight = {at for _, edges in paths for at in edges}
    for at in kept:
        outgoing[ends[at][0]].append(at)
        incoming[ends[at][1]].append(at)
    lanes = []
    for number, (path, edges) in enumerate(paths):
        first, last = 2 * columns[path[0]], 2 * columns[path[-1]]
        before = [at for at in incoming[path[0]] if at not in straight]
        if number and before:
            nearest = max(before, key=lambda at: (columns[ends[at][0]], -at))
            edges, first = [nearest, *edges], 2 * columns[ends[nearest][0]] + 1
            straight.add(nearest)
        after = [at for at in outgoing[path[-1]] if at not in straight]
        if number and after:
            nearest = min(after, key=lambda at: (columns[ends[at][1]], at))
            edges, last = [*edges, nearest], 2 * columns[ends[nearest][1]] - 1
            straight.add(nearest)
        lanes.append(Lane(tuple(path), tuple(edges), first, last))
    for at in kept:
        if at not in straight:
            tail, head = ends[at]
            lanes.append(Lane((), (at,), 2 * columns[tail] + 1, 2 * columns[head] - 1))
    return lanes


def _partners(
    spots: list[Spot],
    ends: list[tuple[int, int]],
    away: set[int],
    columns: list[int],
    lane_of_spot: list[int],
) -> dict[int, int]:
    """Pairs of satellite edges that could share one box between their operators.

    That is a parameter with two uses in one column of two lanes, one such pair an operator; the
    edge of the earlier lane comes first.
    """
    uses: dict[str, list[int]] = defaultdict(list)
    for at in sorted(away):
        if spots[ends[at][0]].copies == 2:
            uses[spots[ends[at][0]].node.key].append(at)
    partners: dict[int, int] = {}
    paired: set[int] = set()
    for pair in uses.values():
        if len(pair) < 2:
            continue
        one, other = sorted(pair, key=lambda at: (lane_of_spot[ends[at][1]], at))
        a, b = ends[one][1], ends[other][1]
        if a != b and columns[a] == columns[b] and not {a, b} & paired:
            partners[other] = one
            paired |= {a, b}
    return partners
