r"""The reference of the vocabulary: every word, what it means, its gradient, where it has none.

The idea: the page is made of the rows themselves.  Each word is applied to variables of the shapes
that its row names, and what is printed is what the engine makes of that: the definition, the
cotangents by the four rules, the graph.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from derive.app.files import publish
from derive.app.html import flow, style, template, words
from derive.app.outcomes import DONE, UNREADABLE
from derive.app.shapes import space
from derive.app.sheet import Text, worded
from derive.derivation.backprop import worked
from derive.derivation.graph import picture
from derive.derivation.network import network
from derive.diagnostics import DeriveError, Source, render
from derive.draw.layout import layout
from derive.draw.svg import svg
from derive.kernel import sizes
from derive.kernel.build import dot, named
from derive.kernel.calculus import grad
from derive.kernel.expr import Expr, Fn, Operator, Var
from derive.notation.mathml import mathml
from derive.operators.row import COMPOSITES, POINTWISE, PRIMITIVES, Row
from derive.operators.singular import ONCE
from derive.surface import canonical
from derive.tree import Tree, name, tree
from derive.version import VERSION
from derive.writing.write import symbol, write

_LETTERS = {0: "abc", 1: "xyuvwp", 2: "ABCDEF", 3: "XYZ", 4: "XYZ"}
_EQUAL = tree("rel", "=")
_FAMILIES = (
    ("Functions of each entry", POINTWISE),
    ("Operators along an axis", PRIMITIVES),
    ("Definitions in other words", COMPOSITES),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the page says of one word."""

    name: str
    call: str
    meaning: tuple[Tree, ...]
    gradients: tuple[Tree, ...]
    takes: Text
    told: str
    source: str
    kinks: str
    where: str
    spelled: tuple[str, ...]
    drawing: str


def entries() -> Iterator[tuple[str, list[Entry]]]:
    """The words of the vocabulary by family, in the order of their rows."""
    for title, rows in _FAMILIES:
        yield title, [entry_of(row) for row in rows.values()]


def render_reference() -> str:
    """The reference as one HTML page that needs nothing else."""
    return template("reference.html.j2").render(
        families=list(entries()),
        version=VERSION,
        style=Markup(style("sheet.css", "reference.css")),
        delta=tree("index", name(r"\delta"), name(r"\mathbf{x}")),
        value=name(r"\mathbf{x}"),
        flow=lambda formula: flow(formula, {}),
        words=lambda text: words(text, {}),
        formula=lambda node: Markup(mathml(node, {})),
        told=lambda text: words(worded(text), {}),
        raw=Markup,
    )


def command(output: str | None) -> int:
    """Write the page to a file, or to standard output; the exit code."""
    page = render_reference()
    if output is None:
        print(page, end="")
        return DONE
    try:
        publish({Path(output): page})
    except DeriveError as error:
        for diagnostic in error.diagnostics:
            print(render(diagnostic, Source(output, "")), file=sys.stderr)
        return UNREADABLE
    return DONE


def entry_of(row: Row) -> Entry:
    """One word applied to variables: what it means and what it hands back."""
    made, arguments = specimen(row)
    node = named(r"\mathbf{z}" if made.axes else "z", made)
    upstream = Var(rf"\delta_{{{node.op.symbol}}}", node.axes)  # type: ignore[union-attr]
    below: list[Expr] = [v for v in dict.fromkeys(arguments) if isinstance(v, Var)]
    once = row.name in ONCE  # the end of the line: it has no gradient to show
    found = [] if once else grad(dot(upstream, node), below)
    opened = row.body(*arguments) if row.body is not None else made
    meaning = [write(made), write(opened)] if opened is not made else [write(made)]
    made_with = f"({', '.join(map(repr, row.parameters))})" if row.parameters else ""
    return Entry(
        row.name,
        f"d.{row.name}{made_with}({', '.join(_plain(a) for a in arguments)})",
        (_chain(symbol(node), *dict.fromkeys(meaning)),),
        tuple(
            _chain(_delta(v), write(g, {node: symbol(node)}))
            for v, g in zip(below, found, strict=not once)
        ),
        _taken(below, node),
        _docstring(row),
        row.source,
        row.kinks,
        row.where,
        row.words,
        _drawn(node),
    )


def specimen(row: Row) -> tuple[Expr, list[Expr]]:
    """The word applied to variables of the shapes that its row names, and those variables."""
    arguments = list(_variables(row))
    if row.name in COMPOSITES:
        return row.make(*arguments), arguments
    made = row.make(*row.parameters)
    assert isinstance(made, Fn | Operator)
    return made(*arguments), arguments  # type: ignore[operator]


def _variables(row: Row) -> Iterator[Expr]:
    shapes = row.shapes
    if not shapes:
        kind = "n n" if row.matrices else "n"
        shapes = (kind,) * (row.arity - len(row.implied)) + ("",) * len(row.implied)
    letters = {rank: iter(choice) for rank, choice in _LETTERS.items()}
    implied = iter(p for p in row.implied if isinstance(p, str))
    for shape in shapes:
        axes = tuple(int(a) if a.isdigit() else sizes.size(a) for a in shape.split())
        letter = next(implied, "") if not axes else ""
        letter = letter or next(letters[len(axes)])
        yield Var(canonical(letter, bold=bool(axes)), axes)


def _chain(left: Tree, *sides: Tree) -> Tree:
    kids: list[Tree] = [left]
    for side in sides:
        kids += [_EQUAL, side]
    return Tree("chain", tuple(kids))


def _delta(variable: Expr) -> Tree:
    return tree("index", name(r"\delta"), symbol(variable))


def _plain(argument: Expr) -> str:
    assert isinstance(argument, Var)
    return argument.name.replace(r"\mathbf{", "").replace("}", "").lstrip("\\")


def _taken(below: list[Expr], node: Expr) -> Text:
    """Where the arguments and the value live."""
    parts: list[str | Tree] = []
    for one in (*below, node):
        parts += [", "] if parts else []
        parts += [symbol(one), " in ", space(one.axes)]
    return tuple(parts)


def _docstring(row: Row) -> str:
    """The words of a definition, without its examples."""
    text = inspect.getdoc(row.make) if row.name in COMPOSITES else ""
    return " ".join((text or "").partition("\n>>>")[0].replace("``", "").split())


def _drawn(node: Expr) -> str:
    drawn = picture(worked(network(node)))
    return svg(layout(drawn), label=lambda tree: mathml(tree, {}))
