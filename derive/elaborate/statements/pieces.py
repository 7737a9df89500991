r"""Definitions by pieces in prose: "f(x) = x for $x > 0$ and f(x) = \alpha x otherwise".

The idea: equations that give one name several values, each with a condition beside it, are one
definition with an environment of cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from derive.elaborate.names.scope import base_of
from derive.elaborate.statements.maps import headed
from derive.elaborate.statements.mood import BEGINS
from derive.tree import Tree

_EQUAL = Tree("rel", ("=",))
_CONDITIONS = frozenset(["<", ">", "<=", ">=", "!=", "=", "in", "notin"])
_IF = r"(?:if|for|when|whenever|where|on|as long as|in case)(?:\s+(?:all|every|any))?"
_BEHIND = re.compile(rf"\$?[\s,]*(?:\(\s*)?(?:\\[,;quad ]+)*{_IF}\s*\$?", re.IGNORECASE)
_BEFORE = re.compile(rf"\b{_IF}\s*\$?\Z", re.IGNORECASE)
_LEADS = re.compile(
    r"\$?[\s,:]*(?:(?:then|let|set|define|put|we\s+(?:have|set|define|let|put)|it\s+is)\s*)*\$?",
    re.IGNORECASE,
)
_REST = r"(?:otherwise|else(?:where)?|if\s+not|in\s+(?:all\s+)?(?:the\s+)?other\s+cases?)\b"
_REST_BEHIND = re.compile(rf"\$?[\s,]*{_REST}", re.IGNORECASE)
_REST_BEFORE = re.compile(
    rf"\b{_REST}[\s,:]*(?:(?:let|set|define|we\s+have)\s*)?\$?\Z", re.IGNORECASE
)
_JOINED = re.compile(
    r"[\s,;.$]*(?:(?:and|but|while|whereas|then|or|let|set|with)\b[\s,]*)*\$?\Z", re.IGNORECASE
)


class _Piece(NamedTuple):
    """A value, the condition on it, None for all else; the statements that say both, by place."""

    item: Tree
    condition: Tree | None
    places: tuple[int, ...]
    start: int
    end: int


def with_pieces(rows: Sequence[Sequence[Tree]], text: str) -> list[list[Tree]]:
    """The statements of a document with such definitions as one."""
    flat = [item for row in rows for item in row]
    made: dict[int, Tree] = {}
    gone: set[int] = set()
    for run in _definitions(flat, text):
        item = run[0].item
        values = tuple(
            (one.item.kids[2], one.condition or Tree("text", ("otherwise",))) for one in run
        )
        first = next(k for k in run[0].places if flat[k] is item)
        made[first] = Tree("chain", (*item.kids[:2], Tree("env", ("cases", values))), item.span)
        gone |= {place for one in run for place in one.places} - {first}
    if not made:
        return [list(row) for row in rows]
    place = iter(range(len(flat)))
    numbered = [[(next(place), item) for item in row] for row in rows]
    return [[made.get(k, item) for k, item in row if k not in gone] for row in numbered]


def pieces_of(flat: Sequence[Tree], text: str) -> set[tuple[int, int]]:
    """Where the equations stand that are pieces of one definition, and say nothing anew."""
    return {one.item.span for run in _definitions(flat, text) for one in run}


def _definitions(flat: Sequence[Tree], text: str) -> list[list[_Piece]]:
    pieces = [piece for k in range(len(flat)) if (piece := _piece(flat, k, text)) is not None]
    return [
        run for run in _runs(pieces, text)
        if len(run) > 1 and not _defined(run[0].item, flat[: run[0].places[0]])
    ]  # fmt: skip


def _piece(flat: Sequence[Tree], k: int, text: str) -> _Piece | None:
    """The piece of a definition that a statement is, with the condition behind or before it."""
    item = flat[k]
    if not _gives(item):
        return None
    start, end = item.span
    if (rest := _REST_BEHIND.match(text, end)) is not None:
        return _Piece(item, None, (k,), start, rest.end())
    after = flat[k + 1] if k + 1 < len(flat) else None
    if after is not None and _is_condition(after) and _fits(_BEHIND, text[end : after.span[0]]):
        return _Piece(item, after, (k, k + 1), start, after.span[1])
    lead = text[max(0, start - 60) : start]
    if (rest := _REST_BEFORE.search(lead)) is not None:
        return _Piece(item, None, (k,), start - len(lead) + rest.start(), end)
    before = flat[k - 1] if k else None
    if before is not None and _is_condition(before) and _fits(_LEADS, text[before.span[1] : start]):
        lead = text[max(0, before.span[0] - 40) : before.span[0]]
        if (said := _BEFORE.search(lead)) is not None:
            return _Piece(item, before, (k - 1, k), before.span[0] - len(lead) + said.start(), end)
    return None


def _fits(pattern: re.Pattern[str], text: str) -> bool:
    return pattern.fullmatch(text) is not None and BEGINS.search(text) is None


def _runs(pieces: Iterable[_Piece], text: str) -> list[list[_Piece]]:
    """The pieces that follow one another and give one name its values."""
    runs: list[list[_Piece]] = []
    for one in pieces:
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and last.item.kids[0] == one.item.kids[0]
            and last.condition is not None
            and last.end <= one.start
            and _JOINED.fullmatch(text[last.end : one.start])
        ):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _gives(item: Tree) -> bool:
    """Whether a statement gives a name, or a function of its letters, a value."""
    equation = item.head == "chain" and len(item.kids) == 3 and item.kids[1] == _EQUAL
    left = item.kids[0] if equation else None
    name = headed(left) if isinstance(left, Tree) else None
    if name is None or not base_of(name) or any(n.head == "prime" for n in name.subtrees()):
        return False
    return item.kids[2].head != "ask"


def _is_condition(item: Tree) -> bool:
    return item.head == "chain" and all(rel.kids[0] in _CONDITIONS for rel in item.kids[1::2])


def _defined(item: Tree, before: Iterable[Tree]) -> bool:
    """Whether something before says already what a name is."""
    return any(one.head == "chain" and one.kids[:2] == item.kids[:2] for one in before)
