"""Every annotated row of a document by numbers: true, false, misfit or unread.

The idea: a row is true if all of its sides agree at random points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.by_numbers.names import limits
from tests.by_numbers.text import Statement
from tests.by_numbers.values import Eye, Jac, Misfit, Unread, agree
from tests.by_numbers.world import World
from tests.literate import Document, Row


@dataclass
class Found:
    """What the numbers say of a row: true, false, misfit or unread (and why)."""

    row: Row
    verdict: str
    why: str = ""


def judged(document: Document, seed: int = 1, trials: int = 6) -> list[Found]:
    """Every annotated row of a document at random points."""
    out = [Found(row, "unread", "no claim found") for row in document.rows]
    if "% numbers: skip" in document.text:
        return []
    for trial in range(trials):
        world = World(document, seed + trial)
        for one in world.claims:
            _judge(world, one, out)
    return out


def _free(world: World, one: Statement) -> list[str]:
    """Index letters that a claim leaves free."""
    bound: set[str] = set()
    seen: list[str] = []
    for side in one.sides:
        for k, word in enumerate(side.tokens):
            if word in (r"\sum", r"\prod"):
                bound |= set(limits(side.tokens, k + 1)[0])
    for side in one.sides:
        for k, word in enumerate(side.tokens):
            if word in world.letters and word not in seen and world.letters[word]:
                before = side.tokens[k - 1] if k else ""
                if before in ("_", "^", "{", "(", "[") or before in world.letters or before == ",":
                    seen.append(word)
    return [s for s in seen if s not in bound]


def _judge(world: World, one: Statement, out: list[Found]) -> None:
    rank = {"unread": 0, "true": 1, "false": 2, "misfit": 3}
    free = _free(world, one)
    counts = [world.size(world.letters[f]) for f in free]
    for place in np.ndindex(tuple(counts)):
        letters = dict.fromkeys(filter(world.letters.get, world.letters), 0)
        letters |= dict(zip(free, place, strict=True))
        values: list[tuple[str, object]] = []
        for k, side in enumerate(one.sides):
            try:
                if k and one.relations[k - 1] == "in":
                    values.append(world.fits(values[0], side.tokens))
                    continue
                values.append(("value", world.evaluate(side.tokens, letters)))
            except Misfit as misfit:
                values.append(("misfit", str(misfit)))
            except (Unread, KeyError, IndexError, AttributeError, TypeError, ValueError,
                    AssertionError, StopIteration, np.linalg.LinAlgError) as reason:  # fmt: skip
                values.append(("unread", f"{type(reason).__name__}: {reason}"))
        for k in range(1, len(one.sides)):
            line = one.sides[k].line
            for found in out:
                if not found.row.first <= line <= found.row.last:
                    continue
                verdict, why = _link(one, values, k)
                if found.why == "no claim found" or rank[verdict] > rank[found.verdict]:
                    found.verdict, found.why = verdict, why


def _link(one: Statement, values: list, k: int) -> tuple[str, str]:
    relation = one.relations[k - 1]
    kinds = [values[0][0], values[k - 1][0], values[k][0]]
    if relation == "in":
        return values[k]
    if values[k][0] == "misfit":
        return "misfit", str(values[k][1])
    if "unread" in (values[k][0], values[0][0]):
        return "unread", str(values[k][1] if values[k][0] == "unread" else values[0][1])
    if "misfit" in kinds[:1]:
        return "misfit", str(values[0][1])
    first, here = values[0][1], values[k][1]
    if relation in ("<", ">"):
        before = values[k - 1][1]
        holds = before <= here + 1e-9 if relation == "<" else before >= here - 1e-9
        return ("true", "") if np.all(holds) else ("false", f"{before} {relation} {here}")
    if np.ndim(here) == 0 and here == 0 and not isinstance(first, Jac | Eye):
        here = 0 * first  # 0 is zero of any shape
    if np.shape(first) != np.shape(here) and not any(
        isinstance(v, Jac | Eye) for v in (first, here)
    ):
        return "misfit", f"{np.shape(first)} against {np.shape(here)}"
    if agree(first, here):
        return "true", ""
    return "false", f"{first!r} against {here!r}"[:200]
