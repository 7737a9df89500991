"""How expressions and derivations show themselves: as text, as LaTeX, in a notebook.

The idea: a notebook and a terminal ask the same object, and both are printed from the same tree.
Small things are written out; large ones say what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from derive.derivation.backprop import Answer, Step, Worked
from derive.derivation.local import is_small
from derive.derivation.reasons import Text
from derive.kernel.expr import Expr, shape_text
from derive.latex.print import latex as latex_of
from derive.notation.mathml import mathml
from derive.notation.plain import plain
from derive.tree import Tree
from derive.writing.known import known
from derive.writing.tidy import tidy
from derive.writing.write import symbol

SMALL = 60  # nodes that are still written out by repr and in notebooks
DEEPEST = 80  # brackets within brackets that a printer may meet

# \mathbf does nothing to small Greek letters in TeX.
_BOLD_GREEK = re.compile(r"\\mathbf\{(\\[a-z]+)\}")


def latex(tree: Tree) -> str:
    """The LaTeX of a tree, as it can be pasted."""
    text = latex_of(tree)
    return _BOLD_GREEK.sub(r"\\boldsymbol{\1}", text) if "\\mathbf{\\" in text else text


def _latex(self: Expr) -> str:
    """This expression in LaTeX, names as names.  ValueError if it is nested too deep to be read."""
    if known(self).depth > DEEPEST:
        raise ValueError(f"nested more than {DEEPEST} deep: give parts of it a name")
    return latex(symbol(_with_kinds(self)))


def _with_kinds(expr: Expr) -> Expr:
    """The expression as what is declared of its variables makes it: S x + S^T x as 2 S x."""
    return tidy(expr) if known(expr).declared else expr


def _repr(self: Expr) -> str:
    if not is_small(self, SMALL):
        return f"<{type(self).__name__} {shape_text(self.axes)}>"
    try:
        return plain(symbol(_with_kinds(self)))
    except Exception:  # repr must answer, whatever a half-made expression is
        return f"<{type(self).__name__} {shape_text(self.axes)}>"


def _repr_latex(self: Expr) -> str | None:
    if not is_small(self, 10 * SMALL) or known(self).depth > DEEPEST:
        return None
    return rf"$\displaystyle {_latex(self)}$"


Expr.latex = _latex  # type: ignore[method-assign]
Expr.__repr__ = _repr  # type: ignore[method-assign]
Expr._repr_latex_ = _repr_latex  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a backward pass, for reading; ``answer`` is the gradient that they lead to."""

    steps: tuple[Step, ...]
    answer: Answer | None = None

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        lines = [" = ".join(plain(side) for side in (s.left, *s.right)) for s in self.steps]
        column = max([26, *(len(line) for line in lines if len(line) <= 60)]) + 2
        rows = (
            f"{line.ljust(column)}{words(step.reason)}".rstrip()
            for line, step in zip(lines, self.steps, strict=True)
        )
        return "\n".join(rows)

    __repr__ = __str__

    def latex(self) -> str:
        """The lines as an ``align*`` environment, the reasons in its second column."""
        rows = []
        for step in self.steps:
            right = " = ".join(latex(side) for side in step.right)
            said = "".join(
                rf"\text{{{_in_text(piece)}}}" if isinstance(piece, str) else latex(piece)
                for piece in step.reason
            )
            rows.append(rf"{latex(step.left)} &= {right} && {said}".rstrip())
        body = " \\\\\n".join(rows)
        return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"

    def _repr_html_(self) -> str:
        return _table(self.steps)


def _in_text(piece: str) -> str:
    """Words of a reason inside ``\\text``; pdflatex has no signs of products there."""
    return piece.replace("×", r"$\times$").replace("⊙", r"$\odot$")


def words(text: Text) -> str:
    """A reason as plain text."""
    return "".join(piece if isinstance(piece, str) else plain(piece) for piece in text)


def _table(steps: tuple[Step, ...]) -> str:
    equal = Tree("rel", ("=",))
    rows = []
    for step in steps:
        chain: list[Tree | None] = [None]
        for side in step.right:
            chain += [equal, side]
        said = "".join(
            p.translate(_ESCAPED) if isinstance(p, str) else mathml(p) for p in step.reason
        )
        rows.append(
            f'<tr><td style="text-align:right">{mathml(step.left)}</td>'
            f'<td style="text-align:left">{mathml(Tree("chain", tuple(chain)))}</td>'
            f'<td style="text-align:left;opacity:.7">{said}</td></tr>'
        )
    return f"<table>{''.join(rows)}</table>"


_ESCAPED = {ord(char): escape(char) for char in "&<>"}


@dataclass(frozen=True, slots=True)
class Graph:
    """A computational graph, drawn: ``svg`` and ``tikz`` are the same coordinates."""

    svg: str
    tikz: str

    def _repr_html_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return "<computational graph: .svg, .tikz>"


def graph(worked: Worked) -> Graph:
    """The computational graph of a worked network.  ValueError if it is too large to be read,
    TypeError for what is none.

    >>> import derive as d
    >>> w, x = d.vector("w", 3), d.vector("x", 3)
    >>> d.graph(d.worked((w @ x) ** 2)).svg[:4]
    '<svg'
    """
    from derive.derivation.graph import picture
    from derive.draw.layout import layout
    from derive.draw.picture import too_large
    from derive.draw.svg import svg
    from derive.draw.tikz import tikz

    if not isinstance(worked, Worked):
        raise TypeError(f"graph needs a worked network, as worked(loss) makes, not {worked!r}")
    drawn = picture(worked)
    if too_large(drawn):
        raise ValueError(f"the graph has {len(drawn.nodes)} nodes: nobody could read the drawing")
    placed = layout(drawn)
    return Graph(svg(placed, label=mathml), tikz(placed, label=latex))


def _worked_html(self: Worked) -> str:
    answers = "".join(
        f"<p>{mathml(Tree('chain', (a.left, Tree('rel', ('=',)), a.named)), display=True)}</p>"
        for a in self.answers
    )
    return _table(self.steps) + answers


Worked._repr_html_ = _worked_html  # type: ignore[attr-defined]
Worked.graph = graph  # type: ignore[attr-defined]
