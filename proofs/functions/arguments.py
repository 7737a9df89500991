"""How one call is made: what each parameter of a function is given.

The idea: the plan is made once, from the signature and the words of the network, before anything
runs; a parameter that nothing fits is an error that says what there is.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from derive.diagnostics import DeriveError, Diagnostic
from derive.kernel.expr import Expr
from derive.kernel.sizes import Size, size
from proofs.functions.words import Ambiguous, Words

# An array of the network, a size, several of them, or a value of the caller's own.
Given: TypeAlias = "Expr | Size | Bundle | Constant"

# Words for the gradient that flows into the output of a layer.
UPSTREAM = ("grad_output", "grad_out", "upstream", "upstream_grad", "dout", "d_out", "dy", "dL",
            "cotangent", "ct", "g", "grad")  # fmt: skip
_EVERYTHING = ("cache", "values", "state", "saved", "tape")
_PARAMETERS = ("params", "parameters", "weights", "theta")


@dataclass(frozen=True, slots=True)
class Bundle:
    """Several values in one argument: ``keys`` for a dict, None for a tuple."""

    parts: tuple[Given, ...]
    keys: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that the caller chose; passed as it is."""

    value: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """What is passed in order, and what by name."""

    positional: tuple[tuple[str, Given], ...]
    named: tuple[tuple[str, Given], ...] = ()
    note: str = ""

    @property
    def rows(self) -> tuple[tuple[str, Given], ...]:
        return (*self.positional, *self.named)

    def leaves(self) -> list[Given]:
        """Everything that is passed, bundles opened."""
        found: list[Given] = []
        for _, value in self.rows:
            found += value.parts if isinstance(value, Bundle) else [value]
        return found

    def nodes(self) -> list[Expr]:
        """The nodes whose arrays are passed."""
        return [value for value in self.leaves() if isinstance(value, Expr)]


@dataclass(frozen=True, slots=True)
class Room:
    """What a plan may draw on.

    ``variables`` are in the network's order; ``upstream`` is the variable for the gradient of the
    output ``of``, which a layer needs (``required``) and a scalar loss may have.
    """

    words: Words
    variables: tuple[Expr, ...]
    parameters: tuple[Expr, ...]
    nodes: tuple[Expr, ...]
    sizes: frozenset[str]
    upstream: Expr
    of: str
    required: bool


def plan(
    parameters: Sequence[inspect.Parameter] | None,
    room: Room,
    chosen: Mapping[str, Any] | None,
    where: str,
) -> Plan:
    """The plan of a call.  DeriveError for a parameter that nothing fits, or several things do."""
    settled = {word: _chosen(value, room, where) for word, value in (chosen or {}).items()}
    in_order = [(room.words.names[v], v) for v in room.variables]
    if room.required:
        in_order.append(("grad_output", room.upstream))
    if parameters is None:
        return Plan(tuple(in_order), (), "its signature is unknown: arguments are passed in order")
    own = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    found: dict[str, Given] = {}
    for p in own:
        value = settled.pop(p.name, None) or _matched(p, room, where)
        if value is not None:
            found[p.name] = value
    missing = [p for p in own if p.name not in found and p.default is p.empty]
    if missing and not found and len(own) == len(in_order):
        # Not one of the names means anything here: then it is the order that does.
        rows = tuple((p.name, value) for p, (_, value) in zip(own, in_order, strict=True))
        text = ", ".join(f"{p.name} = {name}" for p, (name, _) in zip(own, in_order, strict=True))
        return Plan(
            rows, (), f"no argument is named as the network has it: passed in order, {text}"
        )
    if missing:
        raise _unmatched(missing[0].name, room, where)
    return _arranged(parameters, found, settled, in_order, room, where)


def _arranged(
    parameters: Sequence[inspect.Parameter], found: Mapping[str, Given],
    settled: dict[str, Given], in_order: Sequence[tuple[str, Expr]], room: Room, where: str,
) -> Plan:  # fmt: skip
    positional: list[tuple[str, Given]] = []
    named: list[tuple[str, Given]] = []
    skipped = False
    for p in parameters:
        if p.kind is p.VAR_POSITIONAL:
            if not positional and not skipped:
                positional += in_order
        elif p.kind is p.VAR_KEYWORD:
            used = {name for name, _ in named} | {name for name, _ in positional}
            held = [value for _, value in (*positional, *named)]
            named += [(n, v) for n, v in in_order if n not in used and v not in held]
            named += settled.items()
            settled = {}
        elif p.name not in found:
            skipped = True
        elif p.kind is p.KEYWORD_ONLY or (skipped and p.kind is not p.POSITIONAL_ONLY):
            named.append((p.name, found[p.name]))
        else:
            positional.append((p.name, found[p.name]))
    if settled:
        names = ", ".join(p.name for p in parameters)
        raise _error(
            "no-such-argument", f"{where} has no argument {next(iter(settled))}",
            f"its arguments are {names}", "leave it out of arguments=, or add it to the function",
        )  # fmt: skip
    made = Plan(tuple(positional), tuple(named))
    if room.required and room.upstream not in made.leaves():
        raise _error(
            "no-upstream",
            f"{where} has no argument for the gradient of {room.of}",
            f"{room.of} is no scalar: its backward starts from the gradient that flows into it",
            f"write def {where}(.., grad_output), name the argument in arguments={{'..': "
            "'upstream'}, or give a network that ends in a scalar loss",
        )
    return made


def _matched(p: inspect.Parameter, room: Room, where: str) -> Given | None:
    """What a parameter's own name means."""
    try:
        node = room.words.find(p.name)
        if node is not None:
            return node
        if p.name in room.sizes:
            return size(p.name)
        # A default under a common letter, g=9.81, is no gradient unless one is needed.
        if _is_upstream(p.name, room) and (room.required or p.default is p.empty):
            return room.upstream
        folded = [name for name in room.sizes if name.lower() == p.name.lower()]
        if len(folded) == 1 and p.default is p.empty:
            return size(folded[0])
    except Ambiguous as several:
        names = [room.words.names[node] for node in several.nodes]
        raise _error(
            "ambiguous-argument", f"{p.name} of {where} could be {' or '.join(names)}",
            "more than one symbol is spelled like that",
            f"say which: arguments={{'{p.name}': '{names[0]}'}}",
        ) from None  # fmt: skip
    if p.default is p.empty and p.name in _EVERYTHING:
        nodes = (*room.variables, *room.nodes)
        return Bundle(nodes, tuple(room.words.names[v] for v in nodes))
    if p.default is p.empty and p.name in _PARAMETERS and room.parameters:
        return Bundle(room.parameters, tuple(room.words.names[v] for v in room.parameters))
    return None


def _is_upstream(word: str, room: Room) -> bool:
    if word in UPSTREAM:
        return True
    own = room.of.replace("_", "").lower()
    return word.replace("_", "").lower() in {f"{before}{own}" for before in ("d", "grad", "g")}


def _chosen(value: Any, room: Room, where: str) -> Given:
    """What ``arguments=`` gives: a symbol, a node, several of them, or a value as it is."""
    match value:
        case str():
            if value == "upstream":
                return room.upstream
            try:
                node = room.words.find(value)
            except Ambiguous as several:
                node = several.nodes[0]
            if node is not None:
                return node
            if value in room.sizes:
                return size(value)
            raise _unmatched(value, room, where)
        case Expr():
            known = {*room.variables, *room.nodes}
            if value not in known:
                raise _unmatched(repr(value), room, where)
            return value
        case Size():
            return value
        case tuple() | list():
            return Bundle(tuple(_chosen(part, room, where) for part in value))
        case Mapping():
            parts = tuple(_chosen(part, room, where) for part in value.values())
            return Bundle(parts, tuple(map(str, value)))
        case _:
            return Constant(value)


def _unmatched(word: str, room: Room, where: str) -> DeriveError:
    known = [room.words.names[v] for v in (*room.variables, *room.nodes)]
    near = difflib.get_close_matches(word, known, 1)
    hint = near[0] if near else known[0] if known else "W"
    return _error(
        "unknown-argument",
        f"nothing in the network is called {word}, which {where} takes",
        f"there are {', '.join([*known, *sorted(room.sizes)])}",
        f"rename it, give it a default, or say what it is: arguments={{'{word}': '{hint}'}}",
    )


def _error(code: str, message: str, note: str, help: str) -> DeriveError:
    return DeriveError(Diagnostic(code, message, help=help, notes=(note,)))


def passed(value: Given, array: Callable[[Expr], Any], at: Mapping[str, int]) -> Any:
    """The Python value of what is passed, arrays made by ``array``."""
    match value:
        case Constant(constant):
            return constant
        case Size():
            return at[str(value)]
        case Bundle(parts, keys):
            # A bundle holds no bundles that hold bundles: the depth is the caller's own literal.
            inside = tuple(passed(part, array, at) for part in parts)
            return inside if keys is None else dict(zip(keys, inside, strict=True))
        case _:
            return array(value)
