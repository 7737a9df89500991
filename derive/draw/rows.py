"""A drawing that is too wide for the page is broken into rows, like a paragraph.

The idea: only gaps between columns can be cut, and a cut costs what crosses it.  The lanes that
cross run back between the rows, nested, so that none of them meets another.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.draw.curve import Cubic, line, quarter
from derive.draw.frame import APART, Frame
from derive.draw.stack import Stack

WIDEST = 860.0  # of a row, in units
ONE_ROW = 1060.0  # a drawing up to this width is scaled rather than broken
TRACK = 20.0  # between lanes that run back side by side
RADIUS = 12.0  # of the turns
ROW_GAP = 40.0  # at least two turns high, less the room that a lane has anyway
MARGIN = 12.0


@dataclass(frozen=True, slots=True)
class Row:
    """Columns ``first..last``; ``dx`` and ``dy`` take a place on the endless strip to the page."""

    first: int
    last: int
    dx: float
    dy: float


@dataclass(frozen=True, slots=True)
class Cut:
    """How one lane gets from a row to the next: the x where it turns at either side, and the y of
    its way back."""

    right: float
    left: float
    y: float


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows, the row of every column, the cut of every (gap, lane), and the size of the page."""

    rows: list[Row]
    row_of: list[int]
    cuts: dict[tuple[int, int], Cut]
    width: float
    height: float


def break_rows(frame: Frame, stack: Stack) -> Rows:
    """Chooses the cuts and places the rows below one another."""
    crossing = _crossing(frame)
    spans = _spans(frame, crossing)
    sides = [TRACK * len(crossing[last]) + RADIUS for _, last in spans[:-1]]
    indent = [MARGIN] + [MARGIN + side for side in sides]
    rows: list[Row] = []
    row_of: list[int] = []
    cuts: dict[tuple[int, int], Cut] = {}
    width, bottom = 0.0, MARGIN
    left = max(indent)
    for number, (first, last) in enumerate(spans):
        start, stop = _reach(frame, first, last, len(spans))
        slots = range(max(0, 2 * first - 1), 2 * last + 2)
        slots = range(slots.start, min(slots.stop, len(stack.tops)))
        dy = bottom + max(stack.tops[slot] for slot in slots)
        rows.append(Row(first, last, left - start, dy))
        row_of.extend([number] * (last - first + 1))
        bottom = dy + max(stack.bottoms[slot] for slot in slots)
        width = max(width, left + stop - start)
        if number + 1 < len(spans):
            # The topmost lane turns outermost and runs back lowest: nested, nothing crosses.
            order = sorted(crossing[last], key=lambda lane: stack.heights[lane])
            count = len(order)
            for place, lane in enumerate(order):
                right = left + stop - start + TRACK * (count - 1 - place) + RADIUS
                y = bottom + ROW_GAP / 2 + TRACK * (count - 1 - place)
                cuts[last, lane] = Cut(right, left - RADIUS - TRACK * place, y)
                width = max(width, right + APART + 2)
            bottom += ROW_GAP + TRACK * (count - 1)
    return Rows(rows, row_of, cuts, width + MARGIN, bottom + MARGIN)


def turn(cut: Cut, above: Row, below: Row, here: tuple[float, float], y: float) -> list[Cubic]:
    """The way of a lane from ``here``, the end of its row, to the start of the next, at height
    ``y`` of the strip."""
    right, down, left = (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)
    path = [line(here, (cut.right, here[1])), quarter((cut.right, here[1]), right, down, RADIUS)]
    edge = cut.right + RADIUS
    path.append(line(path[-1][3], (edge, cut.y - RADIUS)))
    path.append(quarter(path[-1][3], down, left, RADIUS))
    path.append(line(path[-1][3], (cut.left, cut.y)))
    path.append(quarter(path[-1][3], left, down, RADIUS))
    path.append(line(path[-1][3], (cut.left - RADIUS, y + below.dy - RADIUS)))
    path.append(quarter(path[-1][3], down, right, RADIUS))
    return path


def _crossing(frame: Frame) -> list[list[int]]:
    """The lanes over each gap."""
    crossing: list[list[int]] = [[] for _ in frame.gaps]
    for number, lane in enumerate(frame.arrangement.lanes):
        for slot in range(lane.first, lane.last + 1):
            if slot % 2 and slot // 2 < len(crossing):
                crossing[slot // 2].append(number)
    return crossing


def _reach(frame: Frame, first: int, last: int, count: int) -> tuple[float, float]:
    """Left and right end of the columns on the strip, with the gap behind and the bends before."""
    start = frame.rims[first][0]
    stop = frame.rims[last][1]
    if first:
        start = min(start, frame.gaps[first - 1][1])
    if last < len(frame.gaps) and count > 1:
        stop = max(stop, frame.gaps[last][1])
    return start, stop


def _spans(frame: Frame, crossing: list[list[int]]) -> list[tuple[int, int]]:
    """Cuts with the least cost: few rows, few lanes cut, rows of like width (dynamic programme)."""
    count = len(frame.centres)
    if not count or frame.rims[-1][1] - frame.rims[0][0] <= ONE_ROW:
        return [(0, count - 1)] if count else []
    best: list[tuple[float, int]] = [(0.0, 0)]
    for stop in range(1, count + 1):
        options: list[tuple[float, int]] = []
        for start in range(stop - 1, -1, -1):
            x0, x1 = _reach(frame, start, stop - 1, 2)
            wide = x1 - x0
            if wide > WIDEST and options:
                break
            over = max(0.0, wide / WIDEST - 1)
            cut = 0.12 * len(crossing[stop - 1]) if stop < count else 0.0
            cost = 1 + 1.5 * abs(1 - wide / WIDEST) ** 2 + 5 * over + cut
            options.append((best[start][0] + cost, start))
        best.append(min(options))
    spans: list[tuple[int, int]] = []
    stop = count
    while stop:
        start = best[stop][1]
        spans.append((start, stop - 1))
        stop = start
    return spans[::-1]
