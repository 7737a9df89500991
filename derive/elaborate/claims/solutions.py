"""Equations for a name that claim something of it: solutions, and what goes round in circles.

The idea: of a variable that a document has used, "hence w = .." says what it must be; it does not
give it a value there.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive.elaborate.names.scope import base_of, names_in, taken_apart
from derive.elaborate.reading import Reading
from derive.elaborate.statements.collect import Statements, introduced
from derive.elaborate.statements.given import is_concluded
from derive.elaborate.statements.vanishing import is_solved_for
from derive.latex.print import latex
from derive.tree import Tree


def solutions(statements: Statements, reading: Reading, text: str) -> list[Tree]:
    r"""The w = (X^\top X)^{-1} X^\top y that "hence" or an arrow concludes, of a variable of what
    is defined above it: it gives w no value there; nor does \sigma^2 = .. give \sigma one."""
    scope = reading.scope
    sides = [s for item in statements.assumptions for s in item.kids[::2]]
    bounded = {scope.refer(name).symbol for side in sides
               if base_of(side) or side.head == "list" for name in names_in([side])}  # fmt: skip
    brackets = [*scope.applied.values(), *(f.kids[0].kids[1] for f in statements.functions)]
    formal = {scope.refer(name).symbol for name in names_in(brackets)}
    found: list[Tree] = []
    for item in statements.definitions:
        symbol = introduced(item.kids[0], reading)[0]
        base, _, label, _ = taken_apart(item.kids[0], scope)
        if label is not None and (base, latex(label)) in scope.powered and base in bounded:
            symbol = base
        known = symbol in scope.declared | formal | bounded and is_concluded(item, text)
        if not known and not is_solved_for(text, item.span[0]):
            continue
        above = [d for d in (*statements.definitions, *statements.functions) if d.span < item.span]
        used = {scope.refer(name).symbol for name in names_in(k for d in above for k in d.kids[2:])}
        if symbol in used:
            found.append(item)
    return found


def circular(statements: Statements, reading: Reading) -> Iterator[Tree]:
    """The A = (I - Q)(I + Q)^{-1} of a declared A of which a definition above it has made Q: what
    would go round in a circle claims something of A."""
    made: dict[str, set[str]] = {}
    used: set[str] = set()
    for item in sorted(statements.definitions, key=lambda d: d.span):
        symbol = introduced(item.kids[0], reading)[0]
        names = {reading.scope.refer(name).symbol for name in names_in(item.kids[2:3])}
        used |= names
        if symbol in used and symbol in reading.scope.declared:  # or else nothing leads to it
            reached, waiting = set(names), list(names)
            while waiting:
                more = made.get(waiting.pop(), set()) - reached
                reached |= more
                waiting += more
            if symbol in reached:
                yield item
                continue
        made.setdefault(symbol, names)
