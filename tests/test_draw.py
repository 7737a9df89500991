"""The geometry of drawn graphs as laws over random graphs, and the two outputs of it."""

import re
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.draw import Drawing, Edge, Node, Picture, layout, svg, tikz, too_large, width
from derive.draw.curve import bend, beside, line, point, shortened
from derive.draw.picture import MOST_NODES
from derive.tree import Tree, name, num, tree

KINDS = ("input", "parameter", "target", "operator", "loss")
PLUS, TIMES = tree("op", "+"), tree("op", r"\times")


def sub(letter: str, at: object) -> Tree:
    return tree("script", name(rf"\mathbf{{{letter}}}"), num(at), None)


@st.composite
def labels(draw, none: bool = True) -> Tree | None:
    size = draw(st.integers(0 if none else 1, 5))
    if not size:
        return None
    one = sub("x", draw(st.integers(1, 20)))
    match size:
        case 1:
            return one
        case 2:
            return tree("product", tree("transpose", sub("W", 1)), one)
        case 3:
            return tree("deriv", name("L"), one, "1")
        case 4:
            return name("LayerNorm")
        case _:
            return tree("hadamard", tree("paren", tree("sum", one, one)), tree("frac", one, num(2)))


@st.composite
def pictures(draw, most: int = 14) -> Picture:
    """Random acyclic graphs: leaves of all kinds, fan-out, skips, an operand used twice."""
    count = draw(st.integers(1, most))
    nodes, edges = [], []
    for at in range(count):
        fed = draw(st.integers(0, min(at, 3)))
        kind = draw(st.sampled_from(KINDS[3:] if fed else KINDS[:3]))
        nodes.append(Node(f"n{at}", draw(labels(none=False)) or PLUS, kind))
        for _ in range(fed):
            # Mostly from nearby: deep graphs as well as broad ones.
            tail = draw(st.one_of(st.integers(max(0, at - 2), at - 1), st.integers(0, at - 1)))
            flows = draw(st.booleans())
            edges.append(Edge(f"n{tail}", f"n{at}", draw(labels()), draw(labels()), flows))
    return Picture(tuple(nodes), tuple(edges))


def chain(length: int, skip: int = 0) -> Picture:
    nodes = [Node("x", name("x"), "input"), Node("w", name("w"), "parameter")]
    edges = []
    for at in range(length):
        nodes.append(Node(f"o{at}", TIMES, "operator"))
        edges.append(Edge(f"o{at - 1}" if at else "x", f"o{at}", sub("h", at), sub("g", at)))
        if at % 7 == 0:
            edges.append(Edge("w", f"o{at}", None, sub("g", at)))
        if skip and at >= skip and at % skip == 0:
            edges.append(Edge(f"o{at - skip}", f"o{at}", None, sub("s", at)))
    return Picture(tuple(nodes), tuple(edges))


def residual() -> Picture:
    kinds = {"x": "input", "y": "target", "L": "loss", "W1": "parameter", "W2": "parameter"}
    nodes = [Node(key, name(key), kinds.get(key, "operator")) for key in
             ("x", "W1", "m1", "r", "W2", "m2", "a", "y", "L")]  # fmt: skip
    pairs = ["x m1", "W1 m1", "m1 r", "r a", "x m2", "W2 m2", "m2 a", "a L", "y L"]
    edges = [Edge(*pair.split(), name("v"), name("g"), pair != "y L") for pair in pairs]
    return Picture(tuple(nodes), tuple(edges))


def siamese() -> Picture:
    nodes = [Node("W", name("W"), "parameter"), Node("c", name("cos"), "operator")]
    edges = []
    for at in "12":
        nodes += [Node("x" + at, sub("x", at), "input"), Node("m" + at, TIMES, "operator")]
        edges += [
            Edge("x" + at, "m" + at, flows=False),
            Edge("W", "m" + at, None, sub("g", at)),
            Edge("m" + at, "c", sub("z", at), sub("d", at)),
        ]
    return Picture(tuple(nodes), tuple(edges))


def boxes_of(drawing: Drawing) -> list[tuple[str, float, float, float, float]]:
    return [
        (b.key, b.x - b.across, b.y - b.down, b.x + b.across, b.y + b.down) for b in drawing.boxes
    ]


def rims_of_labels(drawing: Drawing) -> list[tuple[float, float, float, float]]:
    halves = [(one, one.width / 2, one.height / 2) for one in drawing.labels]
    return [(one.x - w, one.y - h, one.x + w, one.y + h) for one, w, h in halves]


def overlap(a, b, slack: float = 0.01) -> bool:
    return (
        a[0] < b[2] - slack and b[0] < a[2] - slack and a[1] < b[3] - slack and b[1] < a[3] - slack
    )


def within(p, rim, slack: float) -> bool:
    return rim[0] + slack < p[0] < rim[2] - slack and rim[1] + slack < p[1] < rim[3] - slack


def faults(picture: Picture, drawing: Drawing) -> list[str]:
    """Everything that a reader would trip over."""
    found: list[str] = []
    boxes, texts = boxes_of(drawing), rims_of_labels(drawing)
    for at, one in enumerate(texts):
        found += [f"labels {at}, {n}" for n, o in enumerate(texts[:at]) if overlap(one, o)]
        found += [f"label {at} on {box[0]}" for box in boxes if overlap(one, box[1:])]
    for at, box in enumerate(boxes):
        found += [f"boxes {box[0]}, {o[0]}" for o in boxes[:at] if overlap(box[1:], o[1:])]
    for rim in [box[1:] for box in boxes] + texts:
        if min(rim) < 0 or rim[2] > drawing.width or rim[3] > drawing.height:
            found.append(f"outside: {rim}")
    for arrow in drawing.arrows:
        edge = picture.edges[arrow.edge]
        called = f"{edge.tail}-{edge.head}"
        others = [box for box in boxes if box[0] not in (edge.tail, edge.head)]
        for key, *rim in others + [(f"label {at}", *rim) for at, rim in enumerate(texts)]:
            if any(_crosses(cubic, rim) for cubic in arrow.path):
                found.append(f"{called} crosses {key}")
        start, stop = arrow.path[0][0], arrow.path[-1][3]
        ends = (edge.tail, edge.head) if arrow.role == "forward" else (edge.head, edge.tail)
        for key, p in zip(ends, (start, stop), strict=True):
            if not any(box[0] == key and _touches(p, box[1:]) for box in boxes):
                found.append(f"{called} ends beside {key}")
        hull = [p for cubic in arrow.path for p in cubic]
        if not all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in hull):
            found.append(f"{called} leaves the picture")
    return found


def _crosses(cubic, rim) -> bool:
    xs, ys = [p[0] for p in cubic], [p[1] for p in cubic]
    # A cubic lies within the hull of its control points: most need no closer look.
    if not overlap((min(xs), min(ys), max(xs) + 0.1, max(ys) + 0.1), rim, 0):
        return False
    return any(within(point(cubic, t / 24), rim, 0.5) for t in range(25))


def _touches(p, rim) -> bool:
    near = (rim[0] - 6, rim[1] - 6, rim[2] + 6, rim[3] + 6)
    return within(p, near, 0) and not within(p, rim, 16)


@settings(max_examples=60, deadline=None)
@given(pictures())
def test_nothing_overlaps_and_nothing_is_crossed(picture):
    assert faults(picture, layout(picture)) == []


@settings(max_examples=6, deadline=None)
@given(pictures(most=45))
def test_the_same_for_pictures_that_take_several_rows(picture):
    assert faults(picture, layout(picture)) == []


@pytest.mark.parametrize("picture", [residual(), siamese(), chain(20), chain(40, 4), chain(33, 3)])
def test_the_usual_networks(picture):
    assert faults(picture, layout(picture)) == []


def test_the_faults_are_seen():
    """The laws above can fail: a drawing with a box moved onto an edge breaks them."""
    picture = residual()
    drawing = layout(picture)
    relu = next(box for box in drawing.boxes if box.key == "r")
    moved = tuple(replace(b, x=relu.x, y=relu.y) if b.key == "y" else b for b in drawing.boxes)
    found = "; ".join(faults(picture, replace(drawing, boxes=moved)))
    assert "boxes" in found
    assert "ends beside y" in found


@settings(max_examples=15, deadline=None)
@given(pictures())
def test_every_node_and_every_edge_is_drawn(picture):
    drawing = layout(picture)
    assert {box.key for box in drawing.boxes} == {node.key for node in picture.nodes}
    drawn = Counter((arrow.edge, arrow.role) for arrow in drawing.arrows)
    wanted = Counter((at, "forward") for at in range(len(picture.edges)))
    wanted += Counter((at, "backward") for at, edge in enumerate(picture.edges) if edge.flows)
    assert drawn == wanted
    texts = Counter(one.tree for one in drawing.labels)
    said = [edge.forward for edge in picture.edges]
    said += [edge.backward for edge in picture.edges if edge.flows]
    assert texts == Counter(one for one in said if one is not None)


@settings(max_examples=15, deadline=None)
@given(pictures())
def test_the_same_picture_gives_the_same_bytes(picture):
    again = Picture(tuple(picture.nodes), tuple(picture.edges))
    assert svg(layout(picture)) == svg(layout(again))
    assert tikz(layout(picture)) == tikz(layout(again))


def test_the_main_path_is_straight():
    drawing = layout(residual())
    heights = {box.key: box.y for box in drawing.boxes}
    assert len({heights[key] for key in ("x", "m1", "r", "a", "L")}) == 1
    assert heights["W1"] < heights["m1"] < heights["m2"] < heights["W2"]


def test_a_shared_parameter_stands_between_its_two_operators():
    drawing = layout(siamese())
    place = {box.key: (box.x, box.y) for box in drawing.boxes}
    assert [box.copies for box in drawing.boxes if box.key == "W"] == [1]
    assert place["m1"][0] == place["W"][0] == place["m2"][0]
    assert place["m1"][1] < place["W"][1] < place["m2"][1]


def test_a_parameter_used_far_apart_is_repeated_and_marked():
    drawing = layout(chain(20))
    assert [box.copies for box in drawing.boxes if box.key == "w"] == [3, 3, 3]
    assert svg(drawing).count('stroke-width="0.8"') == 3
    assert tikz(drawing).count("double,") == 3


def test_no_gradient_no_dashed_arrow():
    picture = residual()
    at = next(at for at, edge in enumerate(picture.edges) if not edge.flows)
    drawing = layout(picture)
    assert [arrow.role for arrow in drawing.arrows if arrow.edge == at] == ["forward"]
    assert {one.role for one in drawing.labels if one.edge == at} == {"forward"}


def test_long_chains_are_broken_to_the_width_of_a_page():
    assert layout(chain(60)).width < 1000
    assert layout(chain(4)).height < 250


@pytest.mark.parametrize("length", [4, 20, 200])
def test_a_tikz_picture_fits_on_a_page(length):
    drawing = layout(chain(length))
    found = re.search(r"x=([\d.]+)pt", tikz(drawing))
    assert found is not None
    assert drawing.width * float(found.group(1)) < 455.5
    assert drawing.height * float(found.group(1)) < 620.5


def test_deep_graphs_neither_recurse_nor_take_long():
    picture = chain(2000, 5)
    assert too_large(picture)
    start = time.perf_counter()
    drawing = layout(picture)
    assert time.perf_counter() - start < 5
    assert len(drawing.boxes) == 2001 + 286


def test_too_large():
    assert not too_large(residual())
    assert not too_large(chain(MOST_NODES - 2))
    assert too_large(chain(MOST_NODES - 1))


@pytest.mark.parametrize(
    ("nodes", "edges", "says"),
    [
        ("aa", [], "two nodes"),
        ("a", ["ab"], "'b'"),
        ("ab", ["ab", "ba"], "depends on itself"),
        ("a", ["aa"], "depends on itself"),
    ],
)
def test_what_is_no_graph(nodes, edges, says):
    picture = Picture(
        tuple(Node(key, name(key), "operator") for key in nodes),
        tuple(Edge(*pair) for pair in edges),
    )
    with pytest.raises(ValueError, match=says):
        layout(picture)


def test_an_empty_picture_is_drawn():
    drawing = layout(Picture((), ()))
    assert drawing.boxes == ()
    ElementTree.fromstring(svg(drawing))
    assert r"\end{tikzpicture}" in tikz(drawing)


def test_svg_is_well_formed_accessible_and_has_its_own_ids():
    one, two = svg(layout(residual()), prefix="one"), svg(layout(siamese()), prefix="two")
    root = ElementTree.fromstring(one)
    assert root.get("role") == "img"
    ids = re.findall(r' id="([^"]+)"', one + two)
    assert len(ids) == len(set(ids))
    assert set(root.get("aria-labelledby", "").split()) <= set(ids)
    described = root.find("{http://www.w3.org/2000/svg}desc")
    assert described is not None
    assert "W1" in (described.text or "")
    assert "<script" not in one
    assert "href" not in one


def test_labels_go_through_the_printer_that_is_given():
    drawing = layout(residual())
    assert svg(drawing, label=lambda t: "<b>?</b>").count("<b>?</b>") == len(drawing.boxes) + len(
        drawing.labels
    )
    assert "$?$" in tikz(drawing, label=lambda t: "?")


def test_titles_are_escaped():
    ElementTree.fromstring(svg(layout(residual()), prefix='a"b', title="<x & y>"))


@pytest.mark.parametrize("flows", [True, False])
def test_a_curve_beside_a_curve_keeps_its_distance(flows):
    path = (line((0, 0), (30, 0)), bend((30, 0), (1, 0), (80, 90), (1, 0), (25, 25)))
    other = beside(path, 4 if flows else -4)
    middle = [point(cubic, t / 40) for cubic in path for t in range(41)]
    for p in (point(cubic, t / 10) for cubic in other for t in range(11)):
        nearest = min(((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2) ** 0.5 for q in middle)
        assert nearest == pytest.approx(4, abs=0.35)


@given(st.floats(1, 60))
def test_a_shortened_path_stops_short_of_its_tip(length):
    path = (line((0, 0), (40, 0)), line((40, 0), (50, 0)))
    cut = shortened(path, min(length, 49))
    assert cut[-1][3][0] == pytest.approx(50 - min(length, 49), abs=0.01)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        (name("x"), name("softmax")),
        (name("x"), tree("product", name("W"), name("x"))),
        (name("x"), sub("x", 12)),
        (tree("sum", name("a"), name("b")), tree("sum", name("a"), name("b"), name("c"))),
        (tree("frac", name("a"), name("b")), tree("frac", sub("a", 10), name("b"))),
        (name(r"\hat{\mathbf{x}}"), name(r"\mathrm{ReLU}")),
    ],
)
def test_more_ink_takes_more_room(short, long):
    assert 0 < width(short) < width(long)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_tikz_compiles(tmp_path):
    pictures = [residual(), siamese(), chain(20, 4)]
    body = "\n\n".join(r"\noindent " + tikz(layout(picture)) for picture in pictures)
    (tmp_path / "graph.tex").write_text(
        r"\documentclass{article}\usepackage[textwidth=16cm]{geometry}\usepackage[T1]{fontenc}"
        r"\usepackage{lmodern,amsmath,amssymb,xcolor,tikz}\usetikzlibrary{arrows.meta}"
        rf"\begin{{document}}{body}\end{{document}}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "graph.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout[-2000:]
    assert "Overfull" not in run.stdout
    assert "Missing character" not in run.stdout
