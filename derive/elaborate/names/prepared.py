"""What a formula uses, elaborated before it.

The idea: a chain of definitions is as long as a network is deep, so it is walked and not recursed.
"""

from __future__ import annotations

from derive.elaborate.faults import Fault
from derive.elaborate.names.symbols import definition_value
from derive.elaborate.names.used import symbols_used
from derive.elaborate.reading import Env, Reading
from derive.tree import Tree


def prepare(reading: Reading, body: Tree, env: Env) -> None:
    """Elaborate what a formula uses, the deepest first, so that no chain of them recurses."""
    needed: set[str] = set()
    stack = symbols_used(body, reading)
    while stack:
        symbol = stack.pop()
        if symbol not in needed:
            needed.add(symbol)
            stack += symbols_used(reading.equations[symbol].body, reading)
    for symbol in reading.order:
        if symbol in needed and symbol not in reading.broken:
            equation = reading.equations[symbol]
            letters = [Tree("name", (letter,)) for letter in equation.letters]
            try:
                definition_value(reading, equation, letters, env, body)
            except Fault:
                continue  # it is used with another index, or it fails where it is used
