"""A checked document as a LaTeX page that any pdflatex compiles.

The idea: the same page as the HTML one, through the same macros as a solution sheet; it is for
documents that are no LaTeX document of their own, such as Markdown.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.app import tex
from derive.app.checked import numbers
from derive.app.checked.page import Inline, page
from derive.app.checked.setting import Code, Setting, apart, worst
from derive.app.checked.words import Told, sides_of
from derive.app.tex import printable
from derive.tree import Tree
from proofs.verdict import ILL_TYPED, Report

_MOST_CODE = 400
_SIGNS = {"✓": r"$\surd$", "✗": r"$\times$", "?": "?", "↳": r"$\to$"}


@dataclass(frozen=True, slots=True)
class Example:
    """A counterexample: formulas for the values, and what came of them in words."""

    values: tuple[str, ...]
    outcome: str


def render_page(report: Report) -> str:
    """The source of the page; it asks for the same packages as a solution sheet."""
    look = Look(page(report))
    return tex.rendered("checked.tex.j2", look.setter, **look.shared(), **look.own())


class Look(Setting):
    """Words and formulas of a page as LaTeX."""

    @property
    def setter(self) -> tex.Setter:
        return _Marking(self.spelling)

    def own(self) -> dict[str, object]:
        return {
            "said": self.said,
            "example": self.example,
            "inline": self.inline,
            "tone": tone,
            "printable": printable,
            "code": code,
        }

    def said(self, text: str) -> str:
        """Words with formulas between dollars or backticks."""
        made = []
        for piece in self.pieces(text):
            if isinstance(piece, Code):
                made.append(rf"\texttt{{{code(piece.source)}}}")
            else:
                made.append(self.setter.words(piece))
        return "".join(made)

    def example(self, one: Told) -> Example:
        found = one.counterexample
        assert found is not None
        values = tuple(self.setter.formula(node).strip("$") for node in numbers.equations(found))
        left, right = sides_of(one.link)
        edge = "only on a boundary: " if found.boundary else ""
        outcome = self.setter.words(
            (
                f"{edge}{numbers.place(found)}{left} is ",
                numbers.written_number(found.left),
                f", {right} is ",
                numbers.written_number(found.right),
            )
        )
        return Example(values, outcome)

    def inline(self, part: str | Inline) -> str:
        if isinstance(part, str):
            return printable(part)
        if not part.trees:
            quiet = "" if part.told or part.unread else r"\color{black}"
            return rf"\unread{{{quiet}{code(part.source)}}}"
        made = self.setter.words(tuple(apart(part.trees)))
        if not part.told:
            return made
        one = worst(part)
        color = rf"\colorlet{{tone}}{{tone{tone(one.verdict)}}}"
        return rf"{{{color}{made}\tonemark{{{_SIGNS[one.sign]}}}}}"


def code(source: str) -> str:
    """A piece of source in typewriter letters, which may break anywhere; a very long one is cut."""
    shown = source if len(source) <= _MOST_CODE else source[:_MOST_CODE] + " …"
    pieces = (shown[at : at + 6] for at in range(0, len(shown), 6))
    return r"\penalty100{}".join(printable(piece) for piece in pieces)


def tone(verdict: str) -> str:
    """The part of a colour's name that a verdict has."""
    return "typed" if verdict == ILL_TYPED else verdict


class _Marking(tex.Setter):
    """A setter that shows what is marked."""

    def words(self, text: tex.Text) -> str:
        parts = text if isinstance(text, tuple) else (text,)
        return super().words(tuple(_marking(p) if isinstance(p, Tree) else p for p in parts))

    def flow(self, formula: Tree) -> str:
        return super().flow(_marking(formula))

    def displayed(self, node: Tree) -> str:
        return super().displayed(_marking(node))


def _marking(node: Tree) -> Tree:
    """The tree with a command of ours around what is marked; printers know it as an accent."""

    def change(one: Tree) -> Tree:
        return Tree("accent", (r"\wrongpiece", *one.kids)) if one.head == "marked" else one

    return node.rewritten(change)
