r"""A loss that a document differentiates and does not define: the L of a layer's backward pass.

The idea: such a loss is known by its gradients in the layer's outputs, which are free; so it may be
taken as the sum of <G, z>, where G is a variable that is written \frac{\partial L}{\partial z}.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from derive.elaborate.names.scope import base_of
from derive.elaborate.names.symbols import definition_value
from derive.elaborate.names.trials import names_loss
from derive.elaborate.reading import Env, Reading
from derive.elaborate.statements.collect import Statements
from derive.elaborate.statements.shorthand import Shorthand
from derive.elaborate.values import Value
from derive.kernel.build import add, dot
from derive.kernel.expr import Call, Expr, Name, Var, toposort
from derive.latex.print import latex
from derive.notation.names import symbol_tree
from derive.tree import Tree


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
        nodes = _nodes(given, reading) or _outputs(reading)
        if nodes:
            terms = [dot(_upstream(of, node), node) for node in nodes]
            node = Call(Name(symbol), (add(*terms),))
            reading.abstract[symbol] = Value(node)
            reading.made[node] = symbol
            reading.scope.defined.add(symbol)
            reading.note(
                symbol, f"${latex(of)}$ is not defined: its gradients in "
                + ", ".join(f"${latex(symbol_tree(_symbol(n)))}$" for n in nodes)
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
        if symbol in reading.broken or equation.letters or symbol in reading.late:
            continue
        value = definition_value(reading, equation, [], Env(), equation.left)
        found.append(reading.sizes.current(value).expr)
    below = {node for one in found for node in toposort(one) if node is not one}
    return [node for node in found if node not in below and isinstance(node, Call)]


def _upstream(of: Tree, node: Expr) -> Var:
    name = latex(symbol_tree(_symbol(node)))
    return Var(rf"\frac{{\partial {latex(of)}}}{{\partial {name}}}", node.axes)


def _symbol(node: Expr) -> str:
    assert isinstance(node, Call)
    assert isinstance(node.op, Name)
    return node.op.symbol
