"""A sheet as one HTML page that needs nothing else: no script, no network, its own fonts.

The idea: the template has the order, the style sheet has the look, and this module only turns
trees and words into safe markup.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from importlib.resources import files

import jinja2
from markupsafe import Markup

from derive.app.sheet import (
    CHECK_HEADER,
    Sheet,
    Text,
    chained,
    columns,
    error_tree,
    inline,
    side_by_side,
)
from derive.notation.breaking import in_text, sides
from derive.notation.mathml import marked_up, mathml
from derive.notation.plain import plain
from derive.tree import Tree

_FONTS = (
    ("Derive Math", "normal", "math.woff2"),
    ("Derive Roman", "normal", "roman.woff2"),
    ("Derive Roman", "bold", "roman-bold.woff2"),
)


def render_html(sheet: Sheet) -> str:
    """The page as text; words are escaped, the drawings of figures are taken as they are."""
    spelling = sheet.spelling

    return template("sheet.html.j2").render(
        sheet=sheet,
        title=_bare(sheet.title, spelling),
        style=Markup(style("sheet.css")),
        words=lambda text: words(text, spelling),
        flow=lambda formula: flow(formula, spelling),
        line=lambda left, right: flow(chained(left, right), spelling),
        side_by_side=side_by_side,
        columns=columns,
        formula=lambda node: Markup(mathml(node, spelling)),
        kind=lambda block: type(block).__name__,
        check_header=CHECK_HEADER,
        error=error_tree,
        raw=Markup,
    )


def flow(formula: Tree, spelling: Mapping[str, str]) -> Markup:
    """A formula on a line of its own, in pieces between which the line may break."""
    made = []
    for side in sides(formula):
        cut = (marked_up(piece, spelling) for piece in side)
        made.append("<wbr>".join(f'<span class="piece">{one}</span>' for one in cut))
    if len(made) == 1:
        return Markup(made[0])
    return Markup("<wbr>".join(f'<span class="side">{side}</span>' for side in made))


def words(text: Text, spelling: Mapping[str, str]) -> Markup:
    """Words with formulas among them."""
    made = []
    for part in inline(text):
        if isinstance(part, Tree):
            cut = [marked_up(piece, spelling) for piece in in_text(part)]
            spans = (f'<span class="piece">{one}</span>' for one in cut)
            made.append(cut[0] if len(cut) == 1 else "<wbr>".join(spans))
        else:
            made.append(escape(part))
    return Markup("".join(made))


def _bare(text: Text, spelling: Mapping[str, str]) -> str:
    """Words only, for the title bar: a formula is given by its plain spelling."""
    return "".join(plain(part) if isinstance(part, Tree) else part for part in inline(text))


@lru_cache(maxsize=8)
def template(name: str) -> jinja2.Template:
    """A page of the templates folder."""
    folder = files("derive.app") / "templates"
    # Only what is marked as markup is let through unescaped.
    rules = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    rules.undefined = jinja2.StrictUndefined
    return rules.from_string((folder / name).read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def style(*names: str) -> str:
    """Style sheets with the fonts inside; without the font files the reader's own are used."""
    faces = []
    for family, weight, file in _FONTS:
        font = files("derive.app") / "fonts" / file
        if font.is_file():
            code = b64encode(font.read_bytes()).decode("ascii")
            faces.append(
                f'@font-face{{font-family:"{family}";font-weight:{weight};'
                f'src:url("data:font/woff2;base64,{code}") format("woff2")}}'
            )
    folder = files("derive.app") / "templates"
    sheets = ((folder / name).read_text(encoding="utf-8") for name in names)
    return "\n".join([*sheets, *faces])
