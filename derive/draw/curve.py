"""Smooth paths: sequences of cubic Bézier pieces, and the curves that run beside them.

The idea: every line, bend and turn is a cubic, so that one offset serves all of them and a pair of
arrows stays parallel around every corner.  The y axis points down; the left-hand side of travel to
the right is up.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import hypot

Point = tuple[float, float]
Cubic = tuple[Point, Point, Point, Point]
Path = tuple[Cubic, ...]

_QUARTER = 0.5523  # control length of a quarter circle, in radii


def _mix(p: Point, q: Point, t: float) -> Point:
    return p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t


def _plus(p: Point, direction: Point, length: float) -> Point:
    return p[0] + direction[0] * length, p[1] + direction[1] * length


def line(p: Point, q: Point) -> Cubic:
    return p, _mix(p, q, 1 / 3), _mix(p, q, 2 / 3), q


def bend(p: Point, leaving: Point, q: Point, arriving: Point, reach: tuple[float, float]) -> Cubic:
    """From ``p`` to ``q`` with unit directions at the ends, each followed as far as ``reach``."""
    return p, _plus(p, leaving, reach[0]), _plus(q, arriving, -reach[1]), q


def quarter(p: Point, leaving: Point, arriving: Point, radius: float) -> Cubic:
    """A quarter circle from ``p``, turning from one axis direction into another."""
    q = _plus(_plus(p, leaving, radius), arriving, radius)
    return bend(p, leaving, q, arriving, (_QUARTER * radius, _QUARTER * radius))


def point(cubic: Cubic, t: float) -> Point:
    return split(cubic, t)[0][3]


def split(cubic: Cubic, t: float) -> tuple[Cubic, Cubic]:
    """The two parts of a cubic before and after parameter ``t`` (de Casteljau)."""
    p0, p1, p2, p3 = cubic
    a, b, c = _mix(p0, p1, t), _mix(p1, p2, t), _mix(p2, p3, t)
    d, e = _mix(a, b, t), _mix(b, c, t)
    f = _mix(d, e, t)
    return (p0, a, d, f), (f, e, c, p3)


def direction(cubic: Cubic, *, end: bool) -> Point:
    """The unit direction of travel at the start or the end of a cubic."""
    points = cubic[::-1] if end else cubic
    for other in points[1:]:
        dx, dy = other[0] - points[0][0], other[1] - points[0][1]
        if (length := hypot(dx, dy)) > 1e-9:
            sign = -1 if end else 1
            return sign * dx / length, sign * dy / length
    return 1.0, 0.0


def is_straight(cubic: Cubic) -> bool:
    (x0, y0), *rest = cubic
    dx, dy = cubic[3][0] - x0, cubic[3][1] - y0
    return all(abs(dx * (y - y0) - dy * (x - x0)) < 1e-6 for x, y in rest)


def beside(path: Iterable[Cubic], distance: float) -> Path:
    """The path at a distance to the left of travel (to the right where negative)."""
    pieces: list[Cubic] = []
    for cubic in path:
        if not distance or is_straight(cubic):
            pieces.append(_shifted(cubic, distance))
            continue
        rest = cubic
        for left in (4, 3, 2):
            first, rest = split(rest, 1 / left)
            pieces.append(_shifted(first, distance))
        pieces.append(_shifted(rest, distance))
    return tuple(pieces)


def _shifted(cubic: Cubic, distance: float) -> Cubic:
    p0, p1, p2, p3 = cubic
    u, v = direction(cubic, end=False), direction(cubic, end=True)
    q0 = p0[0] + u[1] * distance, p0[1] - u[0] * distance
    q3 = p3[0] + v[1] * distance, p3[1] - v[0] * distance
    chord = hypot(p3[0] - p0[0], p3[1] - p0[1])
    # Outside of a bend the piece is longer, inside shorter: its control arms scale with its chord.
    scale = hypot(q3[0] - q0[0], q3[1] - q0[1]) / chord if chord > 1e-9 else 1.0
    start, stop = hypot(p1[0] - p0[0], p1[1] - p0[1]), hypot(p3[0] - p2[0], p3[1] - p2[1])
    return q0, _plus(q0, u, start * scale), _plus(q3, v, -stop * scale), q3


def backwards(path: Path) -> Path:
    return tuple((p3, p2, p1, p0) for p0, p1, p2, p3 in reversed(path))


def shortened(path: Path, length: float) -> Path:
    """The path without its last ``length`` units, so that an arrowhead can take their place."""
    tip = path[-1][3]
    kept = list(path)
    while len(kept) > 1 and hypot(kept[-1][0][0] - tip[0], kept[-1][0][1] - tip[1]) <= length:
        kept.pop()
    low, high = 0.0, 1.0
    for _ in range(20):
        t = (low + high) / 2
        x, y = point(kept[-1], t)
        low, high = (t, high) if hypot(x - tip[0], y - tip[1]) > length else (low, t)
    return (*kept[:-1], split(kept[-1], low)[0])
