"""Definitions elaborated where some ranks are open: every likely choice is tried, the best taken.

The idea: a choice costs what it departs from custom, and what it strains: a scalar that is
transposed, a scalar added to a vector, a loss that is no number.  The cheapest reading is the one
the author means.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from derive.elaborate.faults import Fault, Silent
from derive.elaborate.names.ranks import ranks_to_try, valued
from derive.elaborate.names.symbols import definition_value
from derive.elaborate.names.used import symbols_used
from derive.elaborate.reading import Env, Equation, Reading
from derive.elaborate.values import Value
from derive.notation.names import parts
from derive.tree import Tree

_TRIALS = 400
_CHOICES = 4096
_FITS = 100  # choices tried for the symbols of claims
_JOINT = 10  # definitions, and open symbols, that are still tried together
_LOSSES = frozenset(["L", "J", "E", r"\ell", "loss", "Loss", "cost", "NLL", "MSE", "CE", "BCE"])
_OPEN_CODES = frozenset(["shape-clash", "too-many-indices", "unsupported", "ambiguous-bars"])


def elaborate(equation: Equation, reading: Reading) -> None:
    """Elaborate one definition.  Raises the Fault of the customary ranks where no choice fits.

    Where no choice fits, or a loss comes out as an array, what was guessed in the definitions
    before it is open again.
    """
    if equation.symbol in reading.broken:
        raise Silent
    try:
        odd = _alone(equation, reading)
    except Fault as fault:
        if fault.code in _OPEN_CODES and _together(equation, reading):
            return
        raise
    if odd and _is_number(equation.symbol, reading):
        _together(equation, reading)


def _alone(equation: Equation, reading: Reading) -> int:
    """The definition with its own open ranks chosen; how odd its value is."""

    def run() -> int:
        return _oddity(equation, _value(equation, reading), reading)

    symbols = _undecided([equation.body], equation.formals, reading)
    if not symbols:
        return run()
    return _chosen(reading, symbols, _snapshot(reading), run)


def _together(equation: Equation, reading: Reading) -> bool:
    """Whether the definitions up to this one fit once their guessed ranks are chosen together."""
    order = reading.order[: reading.order.index(equation.symbol) + 1]
    equations = [reading.equations[s] for s in order if s not in reading.broken]
    needed = {equation.symbol}
    for other in reversed(equations):
        if other.symbol in needed:
            needed.update(symbols_used(other.body, reading))
    guessed = [
        s
        for e in equations
        if e.symbol in needed
        for s in _undecided([e.body], e.formals, reading, again=True)
    ]
    symbols = list(dict.fromkeys(guessed))
    if not symbols or len(symbols) > _JOINT or len(equations) > _JOINT:
        return False
    kept = (_snapshot(reading), dict(reading.ranks), dict(reading.slot_axes))

    def run() -> int:
        for table in (reading.slot_axes, reading.sizes.bound, reading.own_axes, reading.memo):
            table.clear()
        if reading.recalled is not None:
            reading.recalled.clear()  # what was found with other ranks
        return sum(_oddity(e, _value(e, reading), reading) for e in equations)

    try:
        _chosen(reading, symbols, kept[0], run)
    except Fault:
        _restore(reading, kept[0])
        reading.ranks, reading.slot_axes = kept[1], kept[2]
        return False
    return True


def _chosen(
    reading: Reading, symbols: list[str], saved: tuple[dict, ...], run: Callable[[], int]
) -> int:
    """The oddity of the cheapest choice of ranks that ``run`` accepts, which stays chosen.

    Raises the Fault of the first choice where none is accepted.
    """
    first: Fault | None = None
    best: tuple[int, tuple[int, ...]] | None = None
    for cost, ranks in itertools.islice(_by_cost(reading, symbols), _TRIALS):
        if best is not None and cost >= best[0]:
            break
        _choose(reading, symbols, ranks, saved)
        try:
            total = cost + run() + reading.sizes.strain
        except Fault as fault:
            first = first or fault
            if fault.code not in _OPEN_CODES:
                break
            continue
        if best is None or total < best[0]:
            best = (total, ranks)
    if best is None:
        for symbol in symbols:
            reading.ranks.pop(symbol, None)
        assert first is not None
        raise first
    _choose(reading, symbols, best[1], saved)
    return run()


def _choose(
    reading: Reading, symbols: list[str], ranks: tuple[int, ...], saved: tuple[dict, ...]
) -> None:
    _restore(reading, saved)
    reading.sizes.strain = 0
    reading.sizes.loose = frozenset(
        s
        for s, rank in zip(symbols, ranks, strict=True)
        if rank == 0 and s[:1].islower() and "#" not in s
    )
    reading.sizes.members = frozenset(
        s for s, rank in zip(symbols, ranks, strict=True) if rank == 0 and "#" in s
    )
    for symbol, rank in zip(symbols, ranks, strict=True):
        reading.ranks[symbol] = rank
        reading.notes.pop(symbol, None)
        reading.variables.pop(symbol, None)
        reading.slot_axes.pop(symbol, None)


def _snapshot(reading: Reading) -> tuple[dict, ...]:
    return tuple(dict(table) for table in _tables(reading))


def _restore(reading: Reading, saved: tuple[dict, ...]) -> None:
    for table, before in zip(_tables(reading), saved, strict=True):
        table.clear()
        table.update(before)


def _tables(reading: Reading) -> tuple[dict, ...]:
    """What a trial fills, to be put back as it was before the next one."""
    kept = () if reading.recalled is None else (reading.recalled,)
    return (reading.sizes.bound, reading.own_axes, reading.memo, reading.notes,
            reading.declarations, reading.implied, *kept)  # fmt: skip


def _by_cost(reading: Reading, symbols: list[str]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Choices of one rank for each symbol, the cheapest first; of equal ones the earlier symbols
    keep their custom."""
    options = [ranks_to_try(reading, symbol) for symbol in symbols]
    found = []
    for choice in itertools.islice(itertools.product(*options), _CHOICES):
        found.append((sum(cost for _, cost in choice), tuple(rank for rank, _ in choice)))
    return iter(sorted(found, key=lambda pair: pair[0]))


def names_loss(symbol: str) -> bool:
    """Whether a letter names a loss by custom."""
    return parts(re.split(r"[_^(]", symbol)[0]).core in _LOSSES


def _is_number(symbol: str, reading: Reading) -> bool:
    """Whether a symbol names a number: a loss, or what a gradient is asked of."""
    return names_loss(symbol) or symbol in reading.differentiated


def _oddity(equation: Equation, value: Value, reading: Reading) -> int:
    """How little a value suits the letter that it is given to."""
    is_loss = bool(value.own) and _is_number(equation.symbol, reading)
    is_row = value.row or (len(value.own) == 2 and value.own[0] == 1)
    # more than a capital, or the y of y w^T x, that is a number
    return 6 * is_loss + 2 * is_row + 4 * (not is_row and _is_small_matrix(equation, value))


def _is_small_matrix(equation: Equation, value: Value) -> bool:
    """Whether a small letter is given a matrix, as f is by f(x, z) = x z of a column and a row."""
    core = parts(re.split(r"[_^(]", equation.symbol)[0]).core.lstrip("\\")
    return len(value.own) == 2 and 1 not in value.own and core[:1].islower()


def _value(equation: Equation, reading: Reading) -> Value:
    letters = [Tree("name", (letter,)) for letter in equation.letters]
    return definition_value(reading, equation, letters, Env(), equation.left)


def _word(function: Tree, reading: Reading) -> set[str]:
    """The name of what is called, where it is no function of the document: no symbol of its own."""
    while function.head in ("index", "prime"):
        function = function.kids[0]
    symbol = str(function.kids[0])
    return set() if reading.scope.known(symbol) else {symbol}


def fit(formulas: Sequence[Sequence[Tree]], reading: Reading, fits: Callable[[int], bool]) -> None:
    """Choose the ranks of symbols that only these claims have, so that most of them fit.

    Each claim is the settled trees of its sides; ``fits`` says of one, by its number, whether they
    go together.  Claims that share no such symbol do not matter to each other.  A capital is a
    matrix as long as any claim fits so: a wrong line must not bend what the others say.
    """
    open_symbols = [
        [s for s in _undecided(list(trees), (), reading) if s not in reading.own_axes]
        for trees in formulas
    ]
    for symbols, numbers in _components(open_symbols):
        symbols, numbers = symbols[:_JOINT], numbers[:_JOINT]
        saved = _snapshot(reading)
        capitals = [k for k, s in enumerate(symbols) if _is_capital(s)]
        best: tuple[tuple[bool, int, int], tuple[int, ...]] | None = None
        for _, ranks in itertools.islice(_by_cost(reading, symbols), _FITS):
            _choose(reading, symbols, ranks, saved)
            misfits = len(numbers) - sum(fits(k) for k in numbers)
            bent = sum(ranks[k] != 2 for k in capitals)
            score = (misfits == len(numbers), bent, misfits)
            if best is None or score < best[0]:
                best = (score, ranks)
            if not misfits and not bent:
                break
        assert best is not None
        _choose(reading, symbols, best[1], saved)


def _is_capital(symbol: str) -> bool:
    core = parts(re.split(r"[_^]", symbol)[0].rstrip("'")).core
    return core.isascii() and core[:1].isupper()


def _components(open_symbols: Sequence[list[str]]) -> list[tuple[list[str], list[int]]]:
    """The claims that share open symbols, with these symbols."""
    found: list[tuple[list[str], list[int]]] = []
    for number, symbols in enumerate(open_symbols):
        if not symbols:
            continue
        touched = [one for one in found if set(one[0]) & set(symbols)]
        names = [name for one in touched for name in one[0]] + symbols
        numbers = [k for one in touched for k in one[1]] + [number]
        found = [one for one in found if one not in touched]
        found.append((list(dict.fromkeys(names)), numbers))
    return found


def _undecided(
    trees: list[Tree], formals: Iterable[str], reading: Reading, *, again: bool = False
) -> list[str]:
    """The symbols of these formulas whose rank is open; ``again`` those too that were tried."""
    found: list[str] = []
    called: set[str] = set()  # functions whose bodies have been looked at
    stack = [(tree, frozenset(formals)) for tree in trees]
    while stack:
        tree, hidden = stack.pop()
        seen = set(hidden)
        for node in tree.subtrees():
            if node.head == "call":
                seen |= _word(node.kids[0], reading)
                found += _open_values(node.kids[0], found, reading, again)
            if node.head != "symbol" or str(node.kids[0]) in seen:
                continue
            symbol = str(node.kids[0])
            seen.add(symbol)
            if symbol in reading.functions:
                if symbol not in called:
                    called.add(symbol)
                    function = reading.functions[symbol]
                    stack.append((function.body, frozenset(function.formals)))
                continue
            settled = symbol in reading.declarations or (symbol in reading.ranks and not again)
            if (
                not settled
                and symbol not in found
                and symbol not in reading.equations
                and len(ranks_to_try(reading, symbol)) > 1
                and symbol not in reading.size_names
            ):
                found.append(symbol)
    return found


def _open_values(function: Tree, found: list[str], reading: Reading, again: bool) -> list[str]:
    """The key of the values of a function that nothing defines, where their rank is open."""
    symbol = str(function.kids[0])
    if symbol not in reading.scope.free or symbol in reading.scope.free.targets:
        return []
    key = valued(symbol)
    is_open = not names_loss(symbol) and len(ranks_to_try(reading, key)) > 1
    return [key] if is_open and key not in found and (again or key not in reading.ranks) else []
