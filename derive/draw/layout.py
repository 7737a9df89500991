"""From a picture to its drawing: boxes, arrows and labels with coordinates, the one geometry of all
outputs.

The idea: each edge is one centre line, from port to port; the value runs to the left of it, the
gradient back to the right, and their labels lie where the line is straight.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import hypot
from typing import Literal

from derive.draw.arrange import arrange
from derive.draw.curve import Cubic, Path, Point, backwards, bend, beside, line
from derive.draw.frame import APART, LETTER, PORT, Frame, Measure, Shape, frame
from derive.draw.picture import Edge, Kind, Picture
from derive.draw.rows import Rows, break_rows, turn
from derive.draw.size import extent
from derive.draw.stack import Satellite, Stack, stack
from derive.tree import Tree

Role = Literal["forward", "backward"]

RISE = 7.0  # of a curve within its column, at most


@dataclass(frozen=True, slots=True)
class Box:
    """A node as drawn, by its centre; ``copies`` counts the boxes that show the same node."""

    key: str
    kind: Kind
    label: Tree
    x: float
    y: float
    across: float
    down: float
    radius: float
    em: float
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow along a path, its head at the end of it; ``edge`` counts in the picture's edges."""

    edge: int
    role: Role
    path: Path


@dataclass(frozen=True, slots=True)
class Label:
    """What an arrow carries, in a box given by its centre and size."""

    edge: int
    role: Role
    tree: Tree
    x: float
    y: float
    width: float
    height: float
    em: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything to be drawn, in units from the top left corner; y points down."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    labels: tuple[Label, ...]


def layout(picture: Picture, measure: Measure = extent) -> Drawing:
    """Coordinates for a picture; ``measure`` gives width and height of a label in em.

    The same picture gives the same drawing.  Raises ``ValueError`` for a picture with a cycle, a
    repeated key or an edge to nowhere.
    """
    arrangement = arrange(picture)
    if not arrangement.spots:
        return Drawing(0.0, 0.0, (), (), ())
    across = frame(picture, arrangement, measure)
    piles = stack(across)
    return _Sheet(across, piles, break_rows(across, piles)).drawing()


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The parts of the geometry together: x and y on the endless strip, rows on the page."""

    frame: Frame
    stack: Stack
    rows: Rows

    def drawing(self) -> Drawing:
        arrangement, frame = self.frame.arrangement, self.frame
        joined = {s.spot for s in self.stack.satellites}
        centres: dict[int, Point] = {}
        for spot, lane in enumerate(arrangement.lane_of_spot):
            if lane >= 0:
                centres[spot] = self._centre(spot)
        tails = {}
        for satellite in self.stack.satellites:
            x, y = centres[satellite.at]
            centres.setdefault(satellite.spot, (x + satellite.x, y + satellite.y))
            tails[satellite.edge] = satellite.spot
        uses: dict[str, int] = defaultdict(int)
        for spot in centres:
            uses[arrangement.spots[spot].node.key] += 1
        boxes = []
        for spot in sorted(centres):
            if arrangement.lane_of_spot[spot] < 0 and spot not in joined:
                continue
            node, shape = arrangement.spots[spot].node, frame.shapes[spot]
            boxes.append(
                Box(
                    node.key,
                    node.kind,
                    node.label,
                    *centres[spot],
                    shape.across,
                    shape.down,
                    shape.radius,
                    shape.em,
                    uses[node.key],
                )
            )
        arrows: list[Arrow] = []
        labels: list[Label] = []
        ports = self._ports()
        for at, edge in enumerate(frame.edges):
            if arrangement.lane_of_edge[at] >= 0:
                self._long(at, edge, ports, arrows, labels)
        for satellite in self.stack.satellites:
            self._short(satellite, centres, arrows, labels)
        arrows.sort(key=lambda arrow: (arrow.edge, arrow.role))
        labels.sort(key=lambda label: (label.edge, label.role))
        return Drawing(
            self.rows.width, self.rows.height, tuple(boxes), tuple(arrows), tuple(labels)
        )

    def _centre(self, spot: int) -> Point:
        arrangement = self.frame.arrangement
        column = arrangement.columns[spot]
        row = self.rows.rows[self.rows.row_of[column]]
        height = self.stack.heights[arrangement.lane_of_spot[spot]]
        return self.frame.centres[column] + row.dx, height + row.dy

    def _ports(self) -> dict[tuple[int, bool], float]:
        """How far below the middle of its tail (False) and of its head (True) an edge is attached.

        The edge on a box's own line has the middle; the others follow in the order of their lanes,
        so that no two of them cross.
        """
        arrangement, heights = self.frame.arrangement, self.stack.heights
        sides: dict[tuple[int, bool], list[int]] = defaultdict(list)
        for at, lane in enumerate(arrangement.lane_of_edge):
            if lane >= 0:
                for spot, reached in zip(arrangement.ends[at], (False, True), strict=True):
                    if arrangement.lane_of_spot[spot] != lane:
                        sides[spot, reached].append(at)
        ports: dict[tuple[int, bool], float] = defaultdict(float)
        for (spot, reached), edges in sides.items():
            middle = heights[arrangement.lane_of_spot[spot]]
            by_height = sorted(edges, key=lambda at: (heights[arrangement.lane_of_edge[at]], at))
            above = [at for at in by_height if heights[arrangement.lane_of_edge[at]] < middle]
            for place, at in enumerate(reversed(above), 1):
                ports[at, reached] = -PORT * place
            for place, at in enumerate(by_height[len(above) :], 1):
                ports[at, reached] = PORT * place
        return ports

    def _long(
        self,
        at: int,
        edge: Edge,
        ports: dict[tuple[int, bool], float],
        arrows: list[Arrow],
        labels: list[Label],
    ) -> None:
        """An edge between columns: out of its tail, along its lane and the cuts, into its head."""
        frame, arrangement, rows = self.frame, self.frame.arrangement, self.rows
        (tail, head), number = arrangement.ends[at], arrangement.lane_of_edge[at]
        height = self.stack.heights[number]
        first, last = arrangement.columns[tail], arrangement.columns[head]
        start, out = _port(self._centre(tail), frame.shapes[tail], ports[at, False], False)
        stop, into = _port(self._centre(head), frame.shapes[head], ports[at, True], True)
        row = rows.rows[rows.row_of[first]]
        path: list[Cubic] = []
        here = start
        if arrangement.lane_of_spot[tail] != number:
            here = frame.gaps[first][0] + row.dx, height + row.dy
            path.extend(_swing(start, out, self._rim(tail, 1), here))
        for index in range(rows.row_of[first], rows.row_of[last]):
            above, below = rows.rows[index], rows.rows[index + 1]
            path.extend(turn(rows.cuts[above.last, number], above, below, here, height))
            here = path[-1][3]
        if arrangement.lane_of_spot[head] == number:
            path.append(line(here, stop))
        else:
            row = rows.rows[rows.row_of[last]]
            there = frame.gaps[last - 1][1] + row.dx, height + row.dy
            if there[0] - here[0] > 0.01:
                path.append(line(here, there))
            back = _swing(stop, (-into[0], -into[1]), self._rim(head, 0), there)
            path.extend(backwards(tuple(back)))
        self._pair(at, edge, tuple(path), arrows)
        gap = frame.label_gap[at]
        row = rows.rows[rows.row_of[gap]]
        x = (frame.gaps[gap][0] + frame.gaps[gap][1]) / 2 + row.dx
        away = (APART if edge.flows else 0.0) + 2
        ahead, back = frame.labels[at]
        y = height + row.dy
        if edge.forward is not None:
            labels.append(_label(at, "forward", edge.forward, x, y - away - ahead[1] / 2, ahead))
        if edge.flows and edge.backward is not None:
            labels.append(_label(at, "backward", edge.backward, x, y + away + back[1] / 2, back))

    def _rim(self, spot: int, right: int) -> float:
        """Where its column ends to the left or right of a box, satellites included."""
        column = self.frame.arrangement.columns[spot]
        return self.frame.rims[column][right] + self.rows.rows[self.rows.row_of[column]].dx

    def _short(
        self,
        satellite: Satellite,
        centres: dict[int, Point],
        arrows: list[Arrow],
        labels: list[Label],
    ) -> None:
        """An edge between a satellite and its operator: straight, or into a port of its own."""
        at, edge = satellite.edge, self.frame.edges[satellite.edge]
        x, y = centres[satellite.at]
        box = centres[satellite.spot]
        shape, small = self.frame.shapes[satellite.at], self.frame.shapes[satellite.spot]
        side = 1 if box[1] > y else -1
        place, count = satellite.crowd
        start = box[0], box[1] - side * small.down
        port = (place - (count - 1) / 2) * PORT
        if count == 1:
            path: Path = (line(start, (box[0], y + side * shape.down)),)
        else:
            turned = Shape(shape.down, shape.across, shape.radius, shape.em)
            (dy, dx), (ny, nx) = _port((0.0, 0.0), turned, port, True)
            stop, elbow = (x + dx, y - side * dy), (box[0], y + side * (shape.down + 26))
            swing = bend(elbow, (0, -side), stop, (nx, -side * ny), (14, 10))
            path = (line(start, elbow), swing)
        # Values come down on the left and gradients go up on the right, on either side alike.
        self._pair(at, edge, path, arrows, left=side)
        ahead, back = self.frame.labels[at]
        away = (APART if edge.flows else 0.0) + 3
        middle = (start[1] + (y + side * shape.down if count == 1 else path[0][3][1])) / 2
        if edge.forward is not None:
            x = box[0] - away - ahead[0] / 2
            labels.append(_label(at, "forward", edge.forward, x, middle, ahead))
        if edge.flows and edge.backward is not None:
            x = box[0] + away + back[0] / 2
            labels.append(_label(at, "backward", edge.backward, x, middle, back))

    def _pair(self, at: int, edge: Edge, path: Path, arrows: list[Arrow], left: int = 1) -> None:
        if not edge.flows:
            arrows.append(Arrow(at, "forward", path))
            return
        arrows.append(Arrow(at, "forward", beside(path, left * APART)))
        arrows.append(Arrow(at, "backward", backwards(beside(path, -left * APART))))


def _label(at: int, role: Role, tree: Tree, x: float, y: float, size: Point) -> Label:
    return Label(at, role, tree, x, y, size[0], size[1], LETTER)


def _port(centre: Point, shape: Shape, below: float, reached: bool) -> tuple[Point, Point]:
    """A place on the right (or, where reached, left) rim of a box and the direction of travel."""
    side = -1 if reached else 1
    flat = shape.down - shape.radius
    beyond = max(0.0, abs(below) - flat)
    rise = min(0.95, beyond / shape.radius)
    run = (1 - rise * rise) ** 0.5
    x = side * (shape.across - shape.radius + shape.radius * run)
    sign = 1 if below > 0 else -1
    normal = side * run, sign * rise
    travel = (-normal[0], -normal[1]) if reached else normal
    return (centre[0] + x, centre[1] + below), travel


def _swing(start: Point, out: Point, rim: float, stop: Point) -> list[Cubic]:
    """From a port to a lane: straight to the rim of the column, then in one S to the lane.

    Works to the right and, for the head of an edge, to the left.  Up to the rim it rises so little
    that it stays clear of whatever stands above or below in the column.
    """
    level = (1.0 if stop[0] > start[0] else -1.0), 0.0
    path: list[Cubic] = []
    if (run := abs(rim - start[0])) > 0.5:
        steep = min(RISE, run * abs(out[1]) / abs(out[0])) * (1 if out[1] > 0 else -1)
        lead, length = (rim, start[1] + steep), hypot(run, steep)
        path.append(line(start, lead))
        start, out = lead, (level[0] * run / length, steep / length)
    run, rise = abs(stop[0] - start[0]), abs(stop[1] - start[1])
    reach = 0.5 * run
    if abs(out[1]) > 0.05:
        reach = min(reach, 0.6 * rise / abs(out[1]), 18.0)
    path.append(bend(start, out, stop, level, (reach, 0.5 * run)))
    return path
