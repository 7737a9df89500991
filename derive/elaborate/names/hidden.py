r"""What a quantity is made of, through other definitions: the x of f(x) = \|z\|^2, where z = W x.

The idea: f(u) is about the z of u, so a definition that is made of an argument is read anew.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from derive.elaborate.reading import Reading
from derive.tree import Tree


def depends(reading: Reading, symbol: str, on: Container[str]) -> bool:
    """Whether a defined quantity is made of one of these names."""
    if symbol not in reading.reached:
        reading.reached[symbol] = frozenset(_reached(reading, symbol))
    return any(name in on for name in reading.reached[symbol])


def _reached(reading: Reading, symbol: str) -> Iterator[str]:
    seen: set[str] = {symbol}
    stack: list[Tree] = [reading.equations[symbol].body]
    while stack:
        for node in stack.pop().subtrees():
            name = str(node.kids[0]) if node.head in ("symbol", "name") else ""
            if name and name not in seen:
                seen.add(name)
                yield name
                if (equation := reading.equations.get(name)) is not None:
                    stack.append(equation.body)
