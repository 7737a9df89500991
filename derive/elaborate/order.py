"""The order in which definitions can be given their values.

The idea: what an equation uses comes before it, and what goes round in a circle has no value.
"""

from __future__ import annotations

from derive.elaborate.faults import Fault
from derive.elaborate.names.used import symbols_used
from derive.elaborate.reading import Equation, Reading
from derive.elaborate.shown import text as written


def ordered(reading: Reading, faults: list[Fault]) -> list[Equation]:
    """Equations with what they use before them; a cycle is a fault, said once."""
    order: list[Equation] = []
    state: dict[str, str] = {}
    for start in (*_function_cycles(reading, faults), *reading.equations):
        path: list[tuple[str, list[str]]] = []
        if state.get(start) is None and start in reading.equations:
            state[start] = "open"
            path.append((start, symbols_used(reading.equations[start].body, reading)))
        while path:
            symbol, needed = path[-1]
            if not needed:
                state[symbol] = "done"
                order.append(reading.equations[symbol])
                path.pop()
                continue
            following = needed.pop(0)
            if state.get(following) == "open":
                names = [s for s, _ in path]
                cycle = names[names.index(following) :]
                faults.append(_cycle(cycle, reading))
                reading.broken.update(cycle)
            elif state.get(following) is None:
                state[following] = "open"
                path.append((following, symbols_used(reading.equations[following].body, reading)))
    reading.order = [e.symbol for e in order]
    return order


def _function_cycles(reading: Reading, faults: list[Fault]) -> tuple[str, ...]:
    """Functions that call themselves, directly or not, have no value here."""
    calls = {
        symbol: {
            str(n.kids[0])
            for n in equation.body.subtrees()
            if n.head == "symbol" and str(n.kids[0]) in reading.functions
        }
        for symbol, equation in reading.functions.items()
    }
    while True:
        leaves = {s for s, called in calls.items() if not called & calls.keys()}
        if not leaves:
            break
        for symbol in leaves:
            del calls[symbol]
    if calls:
        faults.append(_cycle(sorted(calls), reading))
        for equation in list(reading.equations.values()):
            if any(str(n.kids[0]) in calls for n in equation.body.subtrees() if n.kids):
                reading.broken.add(equation.symbol)
        reading.broken.update(calls)
    return ()


def _cycle(cycle: list[str], reading: Reading) -> Fault:
    table = {**reading.functions, **reading.equations}
    names = [written(table[s].left) for s in cycle]
    return Fault(
        "cycle",
        "these definitions go round in a circle: "
        + " → ".join(f"${name}$" for name in [*names, names[0]]),
        table[cycle[0]].span,
        "one of them must be given without the others",
        tuple(f"${written(table[s].left)} = {written(table[s].right)}$" for s in cycle),
    )
