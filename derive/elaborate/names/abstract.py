r"""A loss that a document differentiates and does not define: the L of a layer's backward pass.

The idea: such a loss is known by its gradients in the layer's outputs, which are free; so it may be
taken as the sum of <G, z>, where G is a variable that is written \frac{\partial L}{\partial z}.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import base_of
from derive.elaborate.names.symbols import definition_value
from derive.elaborate.names.trials import names_loss
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import formula
from derive.elaborate.statements.collect import Statements, introduced
from derive.elaborate.statements.settle import settle
from derive.elaborate.statements.shorthand import Shorthand
from derive.elaborate.terms.limits import size_of
from derive.elaborate.values import Value
from derive.kernel.build import add, dot
from derive.kernel.expr import Call, Expr, Name, Var, toposort
from derive.kernel.sizes import SizeError
from derive.latex.print import latex
from derive.latex.segment import Document
from derive.notation.names import filled, symbol_tree
from derive.tree import Tree

_GIVEN_BEFORE = re.compile(
    r"\b(given|giving|know(n|s|ing)?|assum(e|ing)|suppose|upstream|incoming|receiv(e|es|ing))\b"
    r"(?:(?!\b(?:find|compute|calculate|derive|determine|what)\b)[^.?!])*$",
    re.IGNORECASE,
)
_GIVEN_AFTER = re.compile(r"[\s,]*(is|are|be|being)\s+(already\s+)?(given|known|available)\b")


def note_losses(statements: Statements, reading: Reading, shorthand: Shorthand) -> None:
    """Give every loss that is differentiated and nowhere defined its value in ``reading``."""
    lefts = [item.kids[0] for item in statements.claims if item.head == "chain"]
    rights = [side for item in statements.claims for side in item.kids[2::2]]
    rights += [item.kids[2] for item in statements.definitions]
    asked = dict(_derivatives(map(shorthand.written_out, filter(None, lefts))))
    used = dict(_derivatives(map(shorthand.written_out, rights)))
    for of, _ in (*used, *asked):
        symbol = reading.scope.refer(of).symbol
        if symbol in reading.equations or symbol in reading.abstract:
            continue
        if not names_loss(symbol) and of != shorthand.target:
            continue
        given = [by for (o, by) in used if o == of and (o, by) not in asked]
        # What is asked further on than all that is given is the last that the loss is made of.
        given += [by for (o, by) in asked if o == of] if given else []
        _give(of, symbol, _nodes(given, reading) or _outputs(reading), reading)


def note_asked(statements: Statements, reading: Reading, document: Document) -> None:
    """The same where a document asks: of the derivatives that stand alone in the text those are
    given that it calls so, and are no questions."""
    lefts = [item.kids[0] for item in statements.questions if item.kids[0] is not None]
    for of, _ in dict(_derivatives([*lefts, *statements.bare])):
        symbol = reading.scope.refer(of).symbol
        if reading.scope.known(symbol) or not names_loss(symbol):
            continue
        pairs = ((item, pair) for item in statements.bare for pair, _ in _derivatives([item]))
        alone = [(item, by) for item, (of_it, by) in pairs if of_it == of]
        given = [by for item, by in alone if _is_given(item, document)]
        nodes = _nodes(given, reading) or _outputs(reading)
        _give(of, symbol, nodes, reading)
        known = [item for item, by in alone if by in given or _nodes([by], reading)[:1] == nodes]
        statements.bare[:] = [item for item in statements.bare if item not in known]


def hidden_losses(statements: Statements, reading: Reading) -> dict[str, Tree]:
    r"""The losses that nothing defines among the terms of what is differentiated: the L of
    E = L + \|x\|^2, which is no constant for all that nobody says of it."""
    sides = [
        side for item in (*statements.claims, *statements.questions) for side in item.kids[::2]
    ]
    targets = {reading.scope.refer(of).symbol for (of, _), _ in _derivatives(filter(None, sides))}
    found: dict[str, Tree] = {}
    for item in statements.definitions:
        symbol = introduced(item.kids[0], reading)[0]
        if symbol not in targets and not names_loss(symbol):
            continue
        body = item.kids[2]
        for term in map(_bare, body.kids if body.head == "sum" else (body,)):
            of = reading.scope.refer(term).symbol if base_of(term) else ""
            known = reading.scope.known(of) or of in reading.size_names or of in reading.variables
            if of and names_loss(of) and not known and of != symbol:
                found[of] = term
    return found


def _bare(term: Tree) -> Tree:
    """A term without its sign, its number, and the sum that it stands in."""
    while True:
        match term:
            case Tree("neg", (inner,)) | Tree("big", ("sum", _, _, Tree() as inner)):
                term = inner
            case Tree("juxt", (Tree("num" | "frac"), Tree() as inner)):
                term = inner
            case _:
                return term


def note_hidden(hidden: Mapping[str, Tree], reading: Reading) -> None:
    """Give each of these the last nodes that are defined.  Fault where there are none."""
    for symbol, of in hidden.items():
        if symbol in reading.abstract:
            continue
        nodes = _outputs(reading) if "#" not in symbol else []
        if not nodes:
            raise Fault(
                "undefined-symbol", f"{formula(of)} is a loss that nothing defines", of,
                "say what it is of, or declare it as a number",
            )  # fmt: skip
        _give(of, symbol, nodes, reading)


def _is_given(item: Tree, document: Document) -> bool:
    before = document.words_before(item.span[0])
    end = next((f.end for f in document.formulas if f.end >= item.span[1]), item.span[1])
    after = re.split(r"[$.\\]", document.plain[end + 1 : end + 80].lstrip("$)"), maxsplit=1)[0]
    return bool(_GIVEN_BEFORE.search(before) or _GIVEN_AFTER.match(after))


def _give(of: Tree, symbol: str, nodes: list[Expr], reading: Reading) -> None:
    """A loss becomes the sum of its gradients in these nodes, times the nodes."""
    if not nodes:
        return
    given = [_upstream(of, node) for node in nodes]
    reading.roles |= {var.name: "input" for var in given}
    terms = [dot(var, node) for var, node in zip(given, nodes, strict=True)]
    loss = Call(Name(symbol), (add(*terms),))
    reading.abstract[symbol] = Value(loss)
    reading.made[loss] = symbol
    reading.scope.defined.add(symbol)
    reading.note(
        symbol, f"${latex(of)}$ is not defined: its gradients in "
        + ", ".join(f"${_written(node)}$" for node in nodes)
        + " are taken as given",
    )  # fmt: skip


def _derivatives(trees: Iterable[Tree]) -> Iterator[tuple[tuple[Tree, Tree], None]]:
    """What is differentiated in what, where both are names."""
    for tree in trees:
        for node in tree.subtrees():
            match node:
                case Tree("deriv", (Tree() as of, Tree() as by, _)):
                    pass
                case Tree("grad", (Tree() as by, Tree() as of, _)):
                    pass
                case _:
                    continue
            if base_of(of) and base_of(by):
                yield (of, by), None


def _nodes(trees: Iterable[Tree], reading: Reading) -> list[Expr]:
    """The definitions that these name, but for those that another of them uses."""
    symbols = dict.fromkeys(reading.scope.refer(tree).symbol for tree in trees)
    return _last(reading, [s for s in symbols if s in reading.equations])


def _outputs(reading: Reading) -> list[Expr]:
    return _last(reading, list(reading.equations))


def _last(reading: Reading, symbols: list[str]) -> list[Expr]:
    found: list[Expr] = []
    for symbol in symbols:
        equation = reading.equations[symbol]
        if symbol in reading.broken or symbol in reading.late:
            continue
        # Of a family all members: the loss depends on each.
        letters = [Tree("name", (letter,)) for letter in equation.letters]
        open = frozenset(equation.letters)
        value = definition_value(reading, equation, letters, Env(open), equation.left)
        _fit(value, reading)
        found.append(reading.sizes.current(value).expr)
    below = {node for one in found for node in toposort(one) if node is not one}
    return [node for node in found if node not in below and isinstance(node, Call)]


def _fit(value: Value, reading: Reading) -> None:
    """The members of a family are as many as its letter runs over, where that is said."""
    for letter, extent in reading.sizes.current(value).extents.items():
        limit = reading.scope.ranges.get(letter)
        if limit is not None:
            with suppress(SizeError, Fault):
                reading.sizes.unify(size_of(reading, settle(limit, reading.scope)), extent)


def _upstream(of: Tree, node: Expr) -> Var:
    """The gradient in a node: a variable with the slots of a family."""
    symbol, letters = _named(node)
    return Var(rf"\frac{{\partial {latex(of)}}}{{\partial {symbol}}}", node.axes, letters)


def _written(node: Expr) -> str:
    return latex(symbol_tree(filled(*_named(node))))


def _named(node: Expr) -> tuple[str, tuple[str, ...]]:
    assert isinstance(node, Call)
    assert isinstance(node.op, Name)
    return node.op.symbol, node.op.letters
