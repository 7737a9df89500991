"""How a report shows itself: as the text of a terminal, as a table in a notebook.

The idea: a report is data and is defined where nothing is printed; whoever imports this module may
print one.
"""

from __future__ import annotations

from html import escape

from derive.app import html
from derive.app.checked.page import Display, Words, page
from derive.app.checked.setting import Code, Setting
from derive.app.checked.terminal import render_report
from derive.app.checked.words import CARRIED, SPOKEN, Told, counted, proved_how, read_in
from derive.notation.mathml import mathml
from derive.tree import Tree
from proofs.check import check
from proofs.verdict import PROVED, REFUTED, UNSETTLED, Report

__all__ = ["check"]

_COLOURS = {PROVED: "#1f7a45", UNSETTLED: "#8a5a00", CARRIED: "#22406b"}
_WRONG = "#b3261e"


def _text(self: Report) -> str:
    return render_report(self)


def _short(self: Report) -> str:
    return f"<Report of {self.source.file or 'a text'}: {counted(self)}>"


def _table(self: Report) -> str:
    """A row for each link: its line, the formula, and what is said of it."""
    setting = Setting(page(self))
    formulas = _formulas(setting)
    rows = []
    for one in setting.all:
        line, _ = self.source.position(one.span[0])
        colour = _COLOURS.get(one.verdict, _WRONG)
        said = proved_how(one.link) if one.verdict == PROVED else one.headline
        words = _words(said, setting)
        if one.verdict in (REFUTED,) and one.link.fix:
            words += "; instead: " + _words(f"${one.link.fix.latex}$", setting)
        cells = (
            f'<td style="text-align:right;opacity:.7">{line}</td>'
            f'<td style="text-align:left">{formulas.get(id(one.link)) or _source(one)}</td>'
            f'<td style="text-align:left;color:{colour};white-space:nowrap">'
            f"{one.sign} {SPOKEN[one.verdict]}</td>"
            f'<td style="text-align:left">{words}</td>'
        )
        rows.append(f"<tr>{cells}</tr>")
    for diagnostic in self.diagnostics:
        line, _ = self.source.position(diagnostic.start)
        rows.append(
            f'<tr><td style="text-align:right;opacity:.7">{line}</td><td></td>'
            f'<td style="text-align:left;color:{_WRONG}">✗ unreadable</td>'
            f'<td style="text-align:left">{_words(diagnostic.message, setting)}</td></tr>'
        )
    return f"<p>{escape(counted(self))} ({escape(read_in(self))})</p><table>{''.join(rows)}</table>"


def _source(one: Told) -> str:
    return f"<code>{escape(one.link.text)}</code>"


def _words(text: str, setting: Setting) -> str:
    return "".join(
        f"<code>{escape(piece.source)}</code>"
        if isinstance(piece, Code)
        else str(html.words(piece, setting.spelling))
        for piece in setting.pieces(text)
    )


def _formulas(setting: Setting) -> dict[int, str]:
    """The markup of each link: with its left side where it stands beside one."""
    found: dict[int, str] = {}
    for block in setting.page.blocks:
        match block:
            case Display(lines):
                for line in lines:
                    if line.told and line.right:
                        (rest,) = line.right
                        whole = Tree("chain", (line.left, *rest.kids[1:]))
                        found[id(line.told.link)] = mathml(whole, setting.spelling)
            case Words():
                for formula in block.formulas:
                    # A formula among words is shown whole, with its first link.
                    if formula.told and formula.trees:
                        made = (mathml(tree, setting.spelling) for tree in formula.trees)
                        found[id(formula.told[0].link)] = ", ".join(made)
    return found


Report.__str__ = _text  # type: ignore[method-assign]
Report.__repr__ = _short  # type: ignore[method-assign]
Report._repr_html_ = _table  # type: ignore[attr-defined]
