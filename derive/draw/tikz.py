"""A drawing as TikZ, readable and editable, from the same coordinates as the SVG.

The idea: one unit of the drawing is a length that makes it as wide as the line at most; letters are
scaled with it, so that every label keeps the room that was measured for it.
"""

from __future__ import annotations

from collections.abc import Callable

from derive.draw.curve import Path, Point, is_straight
from derive.draw.layout import Box, Drawing, Label
from derive.latex.print import latex
from derive.tree import Tree

LINE_WIDTH, PAGE_HEIGHT = 455.0, 620.0  # pt: 16 cm, and what fits on one page
UNIT = 0.535  # pt at most for one unit: the letters of an edge label are 7 pt then

_STYLES = r"""  forward/.style={draw=graphforward, line width=0.6pt,
    -{Stealth[length=4.6pt, width=3.6pt]}},
  backward/.style={draw=graphbackward, line width=0.6pt, densely dashed,
    -{Stealth[length=4.6pt, width=3.6pt]}},
  box/.style={draw=graphforward, line width=0.6pt, inner sep=0pt, outer sep=0pt},
  input/.style={box, fill=graphdata}, target/.style={box, fill=graphdata},
  parameter/.style={box, fill=graphparameter}, operator/.style={box, fill=graphoperator},
  loss/.style={box, fill=graphloss},
  value/.style={text=graphforward, inner sep=0pt},
  gradient/.style={text=graphbackward, inner sep=0pt}"""
_COLOURS = {
    "forward": "1F3864",
    "backward": "B3261E",
    "data": "E9EBEF",
    "parameter": "FFF2B8",
    "operator": "EEF3FA",
    "loss": "DFE8F6",
}


def tikz(
    drawing: Drawing,
    label: Callable[[Tree], str] = latex,
    width: float = LINE_WIDTH,
    height: float = PAGE_HEIGHT,
) -> str:
    r"""A ``tikzpicture`` of at most ``width`` and ``height`` pt.

    ``label`` prints a tree as LaTeX for maths mode.  The document needs ``\usepackage{tikz}``,
    ``\usetikzlibrary{arrows.meta}`` and scalable fonts.
    """
    unit = min(UNIT, width / max(drawing.width, 1.0), height / max(drawing.height, 1.0))
    lines = [rf"\definecolor{{graph{key}}}{{HTML}}{{{code}}}%" for key, code in _COLOURS.items()]
    lines.append(rf"\begin{{tikzpicture}}[x={unit:.4f}pt, y=-{unit:.4f}pt,")
    lines.append(_STYLES + "]")
    size = f"{_number(drawing.width)},{_number(drawing.height)}"
    lines.append(rf"\useasboundingbox (0,0) rectangle ({size});")
    for role in ("backward", "forward"):
        for arrow in drawing.arrows:
            if arrow.role == role:
                lines.append(rf"\draw[{role}] {_path(arrow.path)};")
    lines.extend(_box(box, unit, label) for box in drawing.boxes)
    lines.extend(_label(one, unit, label) for one in drawing.labels)
    return "\n".join([*lines, r"\end{tikzpicture}"]) + "\n"


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _at(point: Point) -> str:
    return f"({_number(point[0])},{_number(point[1])})"


def _path(path: Path) -> str:
    pieces = [_at(path[0][0])]
    for p0, p1, p2, p3 in path:
        if is_straight((p0, p1, p2, p3)):
            pieces.append(f"-- {_at(p3)}")
        else:
            pieces.append(f".. controls {_at(p1)} and {_at(p2)} .. {_at(p3)}")
    return " ".join(pieces)


def _font(em: float, unit: float) -> str:
    return rf"font=\fontsize{{{em * unit:.2f}}}{{{1.2 * em * unit:.2f}}}\selectfont"


def _box(box: Box, unit: float, label: Callable[[Tree], str]) -> str:
    wide, tall = f"{2 * box.across * unit:.2f}pt", f"{2 * box.down * unit:.2f}pt"
    round_ = f"rounded corners={box.radius * unit * 0.999:.2f}pt"
    options = [box.kind, f"minimum width={wide}", f"minimum height={tall}", round_]
    if box.copies > 1:
        options.append("double, double distance=0.6pt")
    options.append(_font(box.em, unit))
    return rf"\node[{', '.join(options)}] at {_at((box.x, box.y))} {{${label(box.label)}$}};"


def _label(one: Label, unit: float, label: Callable[[Tree], str]) -> str:
    style = "value" if one.role == "forward" else "gradient"
    return (
        rf"\node[{style}, {_font(one.em, unit)}] at {_at((one.x, one.y))} {{${label(one.tree)}$}};"
    )
