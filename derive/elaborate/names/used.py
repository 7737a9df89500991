"""The defined symbols that a formula needs, through the functions that it calls.

The idea: definitions are elaborated in the order of their use, so their names are found before any
of them has a value.
"""

from __future__ import annotations

from derive.elaborate.reading import Reading
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
