"""A drawing as SVG to stand in an HTML page: no script, no reference outside of itself.

The idea: lines and boxes are SVG, labels are MathML set by the page's own fonts; colours have a
contrast of at least 4.5 on the white ground that the picture brings along.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from derive.draw.curve import Path, Point, direction, is_straight, shortened
from derive.draw.layout import Box, Drawing, Label
from derive.notation.mathml import mathml
from derive.notation.plain import plain
from derive.tree import Tree

INK = {"forward": "#1f3864", "backward": "#b3261e"}
FILL = {
    "input": "#e9ebef",
    "target": "#e9ebef",
    "parameter": "#fff2b8",
    "operator": "#eef3fa",
    "loss": "#dfe8f6",
}
HEAD, BARB, NOTCH = 9.5, 3.6, 6.8  # an arrowhead: length, half width, and where its line ends


def svg(
    drawing: Drawing,
    prefix: str = "graph",
    title: str = "Computational graph",
    label: Callable[[Tree], str] = mathml,
) -> str:
    """One ``<svg>`` element; ``prefix`` begins its ids, so that a page can hold several.

    ``label`` prints a tree as MathML (any XHTML will do).  It shrinks with the width of its page.
    """
    prefix = escape(prefix, quote=True)
    width, height = _number(drawing.width), _number(drawing.height)
    described = escape(description(drawing))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{prefix}" role="img" '
        f'aria-labelledby="{prefix}-title {prefix}-desc" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" style="max-width:100%;height:auto">',
        f'<title id="{prefix}-title">{escape(title)}</title>',
        f'<desc id="{prefix}-desc">{described}</desc>',
        f"<style>#{prefix} div{{display:flex;align-items:center;justify-content:center;"
        "height:100%;margin:0;line-height:1;white-space:nowrap;color:#111827}"
        f"#{prefix} math{{font-size:1em;margin:0}}"
        f"#{prefix} .forward{{color:{INK['forward']}}}"
        f"#{prefix} .backward{{color:{INK['backward']}}}"
        "</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for role, dash in (("backward", ' stroke-dasharray="5 3"'), ("forward", "")):
        paths = [arrow.path for arrow in drawing.arrows if arrow.role == role]
        if paths:
            lines.append(f'<g fill="none" stroke="{INK[role]}" stroke-width="1.5"{dash}>')
            lines.extend(f'<path d="{_d(shortened(path, NOTCH))}"/>' for path in paths)
            lines.append(f'</g><g fill="{INK[role]}">')
            lines.extend(f'<path d="{_head(path)}"/>' for path in paths)
            lines.append("</g>")
    lines.append(f'<g stroke="{INK["forward"]}" stroke-width="1.4">')
    lines.extend(_rect(box) for box in drawing.boxes)
    lines.append("</g>")
    lines.extend(_box_label(box, label) for box in drawing.boxes)
    lines.extend(_edge_label(one, label) for one in drawing.labels)
    return "\n".join([*lines, "</svg>"]) + "\n"


def description(drawing: Drawing) -> str:
    """The graph in words, for those who do not see it."""
    boxes: dict[str, Box] = {box.key: box for box in drawing.boxes}
    kinds = {
        "operator": "operators",
        "parameter": "parameters",
        "input": "inputs",
        "target": "targets",
        "loss": "loss",
    }
    said = []
    for kind, word in kinds.items():
        names = [plain(box.label) for box in boxes.values() if box.kind == kind]
        if names:
            said.append(f"{word}: {', '.join(names)}")
    return "; ".join(said) + ". Solid arrows carry values forward, dashed arrows gradients back."


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _at(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _d(path: Path) -> str:
    pieces = [f"M{_at(path[0][0])}"]
    for p0, p1, p2, p3 in path:
        straight = is_straight((p0, p1, p2, p3))
        pieces.append(f"L{_at(p3)}" if straight else f"C{_at(p1)} {_at(p2)} {_at(p3)}")
    return "".join(pieces)


def _head(path: Path) -> str:
    """An arrowhead with a notch, at the end of a path."""
    tip = path[-1][3]
    stem = shortened(path, HEAD)[-1]
    # The head follows the chord of the curve under it, so that it sits on a bend as well.
    dx, dy = tip[0] - stem[3][0], tip[1] - stem[3][1]
    length = (dx * dx + dy * dy) ** 0.5
    ux, uy = (dx / length, dy / length) if length else direction(path[-1], end=True)

    def place(back: float, aside: float) -> Point:
        return tip[0] - ux * back - uy * aside, tip[1] - uy * back + ux * aside

    corners = (tip, place(HEAD, BARB), place(NOTCH, 0), place(HEAD, -BARB))
    return "M" + "L".join(_at(corner) for corner in corners) + "Z"


def _rect(box: Box) -> str:
    edge = ""
    if box.copies > 1:
        edge = _outline(box, 3.0, "none")
    return _outline(box, 0.0, FILL[box.kind]) + edge


def _outline(box: Box, inset: float, fill: str) -> str:
    """A rounded rectangle; a second one inside marks a node that is drawn more than once."""
    across, down = box.across - inset, box.down - inset
    thin = ' stroke-width="0.8"' if inset else ""
    return (
        f'<rect x="{_number(box.x - across)}" y="{_number(box.y - down)}" '
        f'width="{_number(2 * across)}" height="{_number(2 * down)}" '
        f'rx="{_number(max(2.0, box.radius - inset))}" fill="{fill}"{thin}/>'
    )


def _box_label(box: Box, label: Callable[[Tree], str]) -> str:
    return _foreign(box.x, box.y, 2 * box.across, 2 * box.down, box.em, "node", label(box.label))


def _edge_label(one: Label, label: Callable[[Tree], str]) -> str:
    return _foreign(one.x, one.y, one.width, one.height, one.em, one.role, label(one.tree))


def _foreign(
    x: float, y: float, width: float, height: float, em: float, role: str, content: str
) -> str:
    # Visible overflow: an estimate of a width that is a little short must not cut a formula.
    return (
        f'<foreignObject x="{_number(x - width / 2)}" y="{_number(y - height / 2)}" '
        f'width="{_number(width)}" height="{_number(height)}" style="overflow:visible">'
        f'<div xmlns="http://www.w3.org/1999/xhtml" class="{role}" '
        f'style="font-size:{_number(em)}px">{content}</div></foreignObject>'
    )
