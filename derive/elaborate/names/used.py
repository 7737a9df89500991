"""The defined symbols that a formula needs, through the functions that it calls.

The idea: definitions are elaborated in the order of their use, so their names are found before any
of them has a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from derive.elaborate.reading import Equation, Reading
from derive.tree import Tree


def symbols_used(body: Tree, reading: Reading) -> list[str]:
    """The defined symbols that a formula needs, through functions too."""
    found: list[str] = []
    seen: set[str] = set()
    stack: list[Tree] = [body]
    while stack:
        for node in stack.pop().subtrees():
            if node.head != "symbol":
                continue
            symbol = str(node.kids[0])
            if symbol in seen:
                continue
            seen.add(symbol)
            # An index may be a quantity too: the k of E_k, if something defines k.
            stack += [Tree("symbol", i.kids, i.span) for i in node.kids[1:] if i.head == "name"
                      and i.kids[0] not in reading.scope.bound]  # fmt: skip
            if symbol in reading.equations:
                found.append(symbol)
            elif symbol in reading.functions:
                stack.append(reading.functions[symbol].body)
    return found


def needing(
    heads: Set[str], symbols: Set[str], order: Iterable[Equation], reading: Reading
) -> set[str]:
    """The definitions that have such heads or symbols, directly or through another definition: a
    derivative, a loss that nothing defines."""
    found: set[str] = set()
    for equation in order:
        nodes = list(equation.body.subtrees())
        names = {str(node.kids[0]) for node in nodes if node.head == "symbol"}
        there = not heads.isdisjoint(node.head for node in nodes) or not names.isdisjoint(symbols)
        if there or found & set(symbols_used(equation.body, reading)):
            found.add(equation.symbol)
    return found
