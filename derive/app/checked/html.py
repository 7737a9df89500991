"""A checked document as one HTML page that needs nothing else: no script, no network.

The idea: the author's page with a margin.  A verdict stands beside its line, the wrong piece is
marked inside the formula, and what is to be said of it stands on a card below the line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from derive.app import html
from derive.app.checked import numbers
from derive.app.checked.page import Inline, page
from derive.app.checked.setting import Code, Setting, apart, worst
from derive.app.checked.words import Told, sides_of
from derive.notation.mathml import mathml
from proofs.verdict import Report


@dataclass(frozen=True, slots=True)
class Example:
    """A counterexample in markup: the values, and what came of them."""

    values: tuple[Markup, ...]
    outcome: Markup


def render_html(report: Report) -> str:
    """The page as text; every word is escaped, every formula is set from its tree."""
    look = _Look(page(report))
    return html.template("checked.html.j2").render(
        **look.shared(),
        language="zh" if _is_chinese(report.source.text) else "en",
        style=Markup(html.style("sheet.css", "checked.css")),
        example=look.example,
        words=look.words,
        flow=lambda node: html.flow(node, look.spelling),
        formula=lambda node: Markup(mathml(node, look.spelling)),
        inline=look.inline,
    )


class _Look(Setting):
    def words(self, text: str) -> Markup:
        """Words with formulas between dollars or backticks."""
        made = []
        for piece in self.pieces(text):
            if isinstance(piece, Code):
                made.append(f"<code>{escape(piece.source)}</code>")
            else:
                made.append(html.words(piece, self.spelling))
        return Markup("".join(made))

    def example(self, one: Told) -> Example:
        found = one.counterexample
        assert found is not None
        values = tuple(Markup(mathml(node, self.spelling)) for node in numbers.equations(found))
        left, right = sides_of(one.link)
        edge = "only on a boundary: " if found.boundary else ""
        outcome = html.words(
            (
                f"{edge}{numbers.place(found)}{left} is ",
                numbers.written_number(found.left),
                f", {right} is ",
                numbers.written_number(found.right),
            ),
            self.spelling,
        )
        return Example(values, outcome)

    def inline(self, part: str | Inline) -> Markup:
        if isinstance(part, str):
            return Markup(escape(part))
        if not part.trees:
            # What could not be read and is no part of a claim is shown, and not complained of.
            quiet = "" if part.told or part.unread else ' class="quiet"'
            made = Markup("<code{}>{}</code>").format(Markup(quiet), part.source)
        else:
            made = html.words(tuple(apart(part.trees)), self.spelling)
        if not part.told:
            return made
        one = worst(part)
        sign = Markup('<span class="sign">{}</span>').format(one.sign)
        return Markup('<span class="is-{}">{}{}</span>').format(one.verdict, made, sign)


def _is_chinese(text: str) -> bool:
    """So that a browser takes the right font for letters that two languages draw differently."""
    return bool(re.search("[\u4e00-\u9fff]", text)) and not re.search("[\u3040-\u30ff]", text)
