"""How much room a formula takes, estimated from its tree before any font is loaded.

The idea: both printers (MathML in a browser, TeX on paper) set the same tree in nearly the same
metrics, so one estimate, a little on the generous side, serves both outputs.
"""

from __future__ import annotations

import re

from derive.tree import Tree

Size = tuple[float, float]  # width and height in em

LINE = 1.2  # the height of a line without scripts
SCRIPT = 0.72  # size of a script relative to its base
_COMMAND = re.compile(r"\\([A-Za-z]+)|\\.")
_DECORATION = re.compile(
    r"\\(?:math(?:bf|bb|cal|rm|sf|tt|it|frak|scr)|bm|boldsymbol|hat|widehat|bar|overline|tilde"
    r"|widetilde|vec|dot|ddot|check|breve|acute|grave|text(?:bf|it|rm|sf|tt)?|operatorname\*?)\b"
)
_NARROW, _WIDE = set("ijltfr.,;:'|!()[] I"), set("mwMW")
_BIG_WORDS = {"max", "min", "lim", "argmax", "argmin", "sup", "inf"}

#: Room between the kids of a head that is written as a row.
_BETWEEN = {
    "juxt": 0.1,
    "product": 0.17,
    "hadamard": 1.2,
    "kronecker": 1.2,
    "convolution": 0.3,
    "sum": 1.3,
    "list": 0.45,
    "semi": 0.6,
}
#: Room around the single inside of a head: brackets, a sign, a root.
_AROUND = {
    **dict.fromkeys(("paren", "bracket", "angle", "floor", "ceil"), 0.85),
    **dict.fromkeys(("brace", "set", "abs"), 1.05),
    **{"norm": 1.2, "neg": 0.85, "pm": 0.85, "factorial": 0.35, "sqrt": 0.95},
}
_LOOSE = {
    "sum", "neg", "pm", "chain", "list", "frac", "juxt", "product", "hadamard", "kronecker",
    "convolution",
}  # fmt: skip


def width(tree: Tree) -> float:
    """The width of a formula in em."""
    return extent(tree)[0]


def plain(name: str) -> str:
    """A name as words: ``\\hat{\\mathbf{x}}`` is ``x``, ``\\alpha`` is ``alpha``."""
    bare = _COMMAND.sub(lambda m: m.group(1) or "", _DECORATION.sub("", name))
    return bare.replace("{", "").replace("}", "").strip()


def extent(tree: Tree | None) -> Size:
    """Width and height of a formula in em; ``None`` takes no room."""
    if tree is None:
        return 0.0, 0.0
    match tree:
        case Tree("name", (str(text),)):
            tall = 0.2 if _DECORATION.search(text) and not text.startswith("\\math") else 0.0
            return _glyphs(text), LINE + tall
        case Tree("num", (str(text),)):
            return 0.52 * len(text), LINE
        case Tree("text", (str(text),)):
            return 0.5 * len(text) + 0.6, LINE
        case Tree("op" | "rel", _):
            return 1.3 if tree.head == "rel" else 0.9, LINE
        case Tree("dots" | "ask" | "empty", _):
            return 1.2, LINE
        case Tree("frac", (over, under)):
            return _stacked(over, under)
        case Tree("deriv", (of, by, order)):
            more = 0.0 if str(order) in ("1", "") else 0.4
            (top, up), (bottom, down) = extent(of), extent(by)
            return 0.6 + more + 0.8 * max(top, bottom), 0.9 * (max(up, LINE) + down)
        case Tree("grad", (by, of, _)):
            wide, tall = extent(of)
            return 0.9 + SCRIPT * extent(by)[0] + wide, max(LINE + 0.3, tall)
        case Tree("big", (operator, below, above, body)):
            return _limits(str(operator), below, above, body)
        case Tree("env", (kind, rows)) if isinstance(rows, tuple):
            return _grid(str(kind), rows)
    return _row(tree)


def _row(tree: Tree) -> Size:
    sizes = [extent(kid) for kid in tree.kids if isinstance(kid, Tree)]
    wide, tall = sum(w for w, _ in sizes), max((h for _, h in sizes), default=LINE)
    match tree.head:
        case "script" | "prime" | "label" | "index" | "power":
            base, scripts = sizes[0], sizes[1:]
            reach = [SCRIPT * w + 0.08 for w, _ in scripts] or [0.3]
            # A subscript and a superscript stand above one another; indices stand in a row.
            extra = max(reach) if tree.head == "script" else sum(reach)
            return base[0] + extra + _brackets(tree.kids[0]), base[1] + 0.2 + 0.1 * len(scripts)
        case "transpose" | "inverse":
            return wide + 0.65 + _brackets(tree.kids[0]), tall + 0.25
        case "call":
            return wide + 0.85 + 0.45 * max(0, len(sizes) - 2), tall
        case "apply":
            return wide + 0.2 * (len(sizes) - 1), tall
        case "root":
            return wide + 0.95, tall + 0.2
        case "product" | "hadamard" | "kronecker" | "convolution":
            brackets = sum(0.85 for kid in tree.kids if _is_sum(kid))
            return wide + _BETWEEN[tree.head] * (len(sizes) - 1) + brackets, tall
        case "sqrt" | "norm" | "abs":
            return wide + _AROUND[tree.head], tall + 0.15
        case head:
            between = _BETWEEN.get(head, 0.0) * max(0, len(sizes) - 1)
            return wide + between + _AROUND.get(head, 0.0), tall


def _is_sum(kid: object) -> bool:
    return isinstance(kid, Tree) and kid.head in ("sum", "neg", "pm", "chain")


def _brackets(kid: object) -> float:
    """Room for the brackets that a printer puts around a compound base of a script."""
    return 0.85 if isinstance(kid, Tree) and kid.head in _LOOSE else 0.0


def _glyphs(text: str) -> float:
    bare = _DECORATION.sub("", text)
    letters = _COMMAND.sub("x", bare).replace("{", "").replace("}", "")
    bold = 1.1 if "bf" in text or "\\b" in text else 1.0
    roman = 1.03 if len(letters) > 1 else 1.0
    return bold * roman * sum(_glyph(c) for c in letters)


def _glyph(letter: str) -> float:
    if ord(letter) > 0x2E7F:  # CJK and other full-width writing
        return 1.0
    if letter in _NARROW:
        return 0.4
    if letter in _WIDE:
        return 0.95
    return 0.78 if letter.isupper() else 0.58


def _stacked(over: Tree, under: Tree) -> Size:
    (top, up), (bottom, down) = extent(over), extent(under)
    return 0.35 + 0.85 * max(top, bottom), 0.9 * (up + down)


def _limits(operator: str, below: Tree | None, above: Tree | None, body: Tree | None) -> Size:
    sign = 0.5 * len(operator) if operator in _BIG_WORDS else 1.2
    reach = SCRIPT * max(extent(below)[0], extent(above)[0])
    wide, tall = extent(body)
    return sign + reach + 0.2 + wide, max(tall, LINE + 0.4 * ((below, above) != (None, None)))


def _grid(kind: str, rows: tuple) -> Size:
    sizes = [[extent(cell) for cell in row if isinstance(cell, Tree)] for row in rows]
    across = max((len(row) for row in sizes), default=0)
    columns = [max(row[at][0] for row in sizes if at < len(row)) for at in range(across)]
    tall = sum(max((h for _, h in row), default=LINE) + 0.2 for row in sizes)
    fence = 0.6 if kind == "cases" else 1.2
    return sum(columns) + 1.0 * max(0, across - 1) + fence, max(tall, LINE)
