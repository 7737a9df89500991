"""Definitions elaborated where some ranks are open: every likely choice is tried, the best taken.

The idea: a choice costs what it departs from custom, and what it strains: a scalar that is
transposed, a scalar added to a vector, a loss that is no number.  The cheapest reading is the one
the author means.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from derive.elaborate.faults import Fault, Silent
from derive.elaborate.ranks import ranks_to_try
from derive.elaborate.reading import Env, Equation, Reading
from derive.elaborate.symbols import definition_value
from derive.elaborate.values import Value
from derive.names import parts
from derive.tree import Tree

_TRIALS = 400
_CHOICES = 4096
_LOSSES = frozenset(["L", "J", "E", r"\ell", "loss", "Loss", "cost", "NLL", "MSE", "CE", "BCE"])
_OPEN_CODES = frozenset(["shape-clash", "too-many-indices", "unsupported", "ambiguous-bars"])


def elaborate(equation: Equation, reading: Reading) -> None:
    """Elaborate one definition.  Raises the Fault of the customary ranks where no choice fits."""
    if equation.symbol in reading.broken:
        raise Silent
    open_ranks = _undecided(equation, reading)
    if not open_ranks:
        _value(equation, reading)
        return
    first: Fault | None = None
    best: tuple[int, tuple[int, ...]] | None = None
    saved = tuple(dict(table) for table in _tables(reading))
    for cost, ranks in itertools.islice(_by_cost(reading, open_ranks), _TRIALS):
        if best is not None and cost >= best[0]:
            break
        _choose(reading, open_ranks, ranks, saved)
        try:
            value = _value(equation, reading)
        except Fault as fault:
            first = first or fault
            if fault.code not in _OPEN_CODES:
                break
            continue
        total = cost + reading.sizes.strain + _oddity(equation, value)
        if best is None or total < best[0]:
            best = (total, ranks)
    if best is None:
        for symbol in open_ranks:
            reading.ranks.pop(symbol, None)
        assert first is not None
        raise first
    _choose(reading, open_ranks, best[1], saved)
    _value(equation, reading)


def _choose(reading: Reading, symbols: list[str], ranks: tuple[int, ...], saved: tuple) -> None:
    for table, before in zip(_tables(reading), saved, strict=True):
        table.clear()
        table.update(before)
    reading.sizes.strain = 0
    reading.sizes.loose = frozenset(
        s
        for s, rank in zip(symbols, ranks, strict=True)
        if rank == 0 and s[:1].islower() and "#" not in s
    )
    for symbol, rank in zip(symbols, ranks, strict=True):
        reading.ranks[symbol] = rank
        reading.variables.pop(symbol, None)
        reading.slot_axes.pop(symbol, None)


def _tables(reading: Reading) -> tuple[dict, ...]:
    """What a trial fills, to be put back as it was before the next one."""
    return (reading.sizes.bound, reading.own_axes, reading.memo, reading.notes,
            reading.declarations, reading.implied)  # fmt: skip


def _by_cost(reading: Reading, symbols: list[str]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Choices of one rank for each symbol, the cheapest first; of equal ones the earlier symbols
    keep their custom."""
    options = [ranks_to_try(reading, symbol) for symbol in symbols]
    found = []
    for choice in itertools.islice(itertools.product(*options), _CHOICES):
        found.append((sum(cost for _, cost in choice), tuple(rank for rank, _ in choice)))
    return iter(sorted(found, key=lambda pair: pair[0]))


def names_loss(equation: Equation) -> bool:
    """Whether a letter names a loss by custom."""
    return parts(re.split(r"[_^(]", equation.symbol)[0]).core in _LOSSES


def _oddity(equation: Equation, value: Value) -> int:
    """How little a value suits the letter that it is given to."""
    is_loss = names_loss(equation) and bool(value.own)
    is_row = value.row or (len(value.own) == 2 and value.own[0] == 1)
    return 3 * is_loss + 2 * is_row


def _value(equation: Equation, reading: Reading) -> Value:
    letters = [Tree("name", (letter,)) for letter in equation.letters]
    return definition_value(reading, equation, letters, Env(), equation.left)


def _word(function: Tree, reading: Reading) -> set[str]:
    """The name of what is called, where it is no function of the document: no symbol of its own."""
    while function.head in ("index", "prime"):
        function = function.kids[0]
    symbol = str(function.kids[0])
    return set() if reading.scope.known(symbol) else {symbol}


def _undecided(equation: Equation, reading: Reading) -> list[str]:
    found: list[str] = []
    seen: set[str] = set(equation.formals)
    stack = [equation.body]
    while stack:
        for node in stack.pop().subtrees():
            if node.head == "call":
                seen |= _word(node.kids[0], reading)
            if node.head != "symbol" or str(node.kids[0]) in seen:
                continue
            symbol = str(node.kids[0])
            seen.add(symbol)
            if symbol in reading.functions:
                seen.update(reading.functions[symbol].formals)
                stack.append(reading.functions[symbol].body)
                continue
            settled = symbol in reading.declarations or symbol in reading.ranks
            if (
                not settled
                and symbol not in reading.equations
                and len(ranks_to_try(reading, symbol)) > 1
                and symbol not in reading.size_names
            ):
                found.append(symbol)
    return found
