"""What a function returned, sorted: which array is the gradient of what.

The idea: a dict, a tuple in the order of the parameters, an object with attributes or with
``.grad``, with the loss before it or without, all become one mapping; what cannot be placed is
said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from derive.kernel.expr import Expr, Var
from proofs.functions.words import Ambiguous, Words


@dataclass(slots=True)
class Answers:
    """The raw gradients by node, under the names that the function gave them.

    ``value`` is the loss if it was returned too; ``fault`` says why nothing could be placed;
    ``ignored`` are keys that mean no gradient here.
    """

    gradients: dict[Expr, Any] = field(default_factory=dict)
    names: dict[Expr, str] = field(default_factory=dict)
    value: Any = None
    fault: tuple[str, str, str] | None = None  # code, message, help
    ignored: list[str] = field(default_factory=list)


def sorted_answers(
    result: Any, wrt: Sequence[Expr], words: Words, known: frozenset[Expr]
) -> Answers:
    """What each part of a result is; ``known`` are the nodes that have a gradient."""
    found = Answers()
    names = [words.names[v] for v in wrt]
    wanted = ", ".join(f"d{name}" for name in names)
    like = "{" + ", ".join(f"'{name}': d{name}" for name in names) + "}"
    if result is None:
        found.fault = ("returned-none", "it returned None", f"end it with return {wanted}")
        return found
    rows = _rows(result)
    if isinstance(rows, Mapping):
        _by_key(rows, wrt, words, known, found)
        return found
    if len(rows) == 2 and len(wrt) != 2 and _is_scalar(rows[0]):
        inner = _rows(rows[1])
        if isinstance(inner, Mapping):
            found.value = rows[0]
            _by_key(inner, wrt, words, known, found)
            return found
        if isinstance(rows[1], list | tuple):
            rows = [rows[0], *inner]
    if len(rows) == 2 and isinstance(rows[1], Mapping) and _is_scalar(rows[0]):
        found.value = rows[0]
        _by_key(rows[1], wrt, words, known, found)
        return found
    if len(rows) == len(wrt) + 1 and _is_scalar(rows[0]):
        found.value, rows = rows[0], rows[1:]
    if len(rows) != len(wrt):
        count = "one array" if len(rows) == 1 else f"{len(rows)} arrays"
        message = f"it returned {count}, and {len(wrt)} gradients are asked for: {', '.join(names)}"
        help = f"return {wanted} in this order, or {like}, or say which with wrt=[..]"
        found.fault = ("wrong-count", message, help)
        return found
    for v, row in zip(wrt, rows, strict=True):
        found.gradients[v] = _own_grad(row)
        found.names[v] = f"d{words.names[v]}"
    return found


def _rows(result: Any) -> Mapping[Any, Any] | list[Any]:
    """A result as a mapping if it has names, else as a list."""
    if isinstance(result, Mapping):
        return result
    if hasattr(result, "_asdict"):  # a namedtuple
        return result._asdict()
    if isinstance(result, tuple | list):
        return list(result)
    inside = getattr(result, "grad", None)
    if hasattr(result, "shape") or isinstance(result, int | float | complex):
        return [result]
    if isinstance(inside, Mapping | tuple | list) or hasattr(inside, "shape"):
        return _rows(inside)
    slots = getattr(result, "__slots__", ())
    if hasattr(result, "__dict__") or slots:
        return {**{s: getattr(result, s) for s in slots}, **getattr(result, "__dict__", {})}
    return [result]


def _own_grad(row: Any) -> Any:
    """A leaf tensor that was returned for its ``.grad``; anything else is the gradient itself."""
    if getattr(row, "is_leaf", False) and getattr(row, "requires_grad", False):
        return row.grad if row.grad is not None else row
    inside = getattr(row, "grad", None)
    return inside if not hasattr(row, "is_leaf") and hasattr(inside, "shape") else row


def _is_scalar(row: Any) -> bool:
    return isinstance(row, int | float) or getattr(row, "shape", None) == ()


def _by_key(
    rows: Mapping[Any, Any], wrt: Sequence[Expr], words: Words, known: frozenset[Expr],
    found: Answers,
) -> None:  # fmt: skip
    for key, row in rows.items():
        node = _meant(key, wrt, words)
        if node is None or node not in known:
            if isinstance(key, str) and key.lower() in ("loss", "cost"):
                found.value = row
            else:
                found.ignored.append(str(key))
        elif node in found.gradients:
            names = f"{found.names[node]} and {key}"
            found.fault = ("twice", f"{names} are both the gradient of {words.names[node]}",
                           "return one of them")  # fmt: skip
        else:
            found.gradients[node] = _own_grad(row)
            found.names[node] = str(key)


def _meant(key: Any, wrt: Sequence[Expr], words: Words) -> Expr | None:
    """The node whose gradient stands under a key: W of a variable, or dW of anything; what stands
    under the name of a node that is computed is its value."""
    if isinstance(key, Expr):
        return key
    if not isinstance(key, str):
        return None
    try:
        node = words.find(key)
        return node if node in wrt or isinstance(node, Var) else words.gradient(key)
    except Ambiguous:
        return None
