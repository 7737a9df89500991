r"""Layers that are repeated: "this is repeated three times".

The idea: what is repeated n times stands n times in a row, as it was described.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from derive.counting.layers import Layer

_REPEATED = re.compile(
    r"(?:,? (?:and|where|which|with) |[,:(] ?|^ *)?"
    r"(?:(?:this|these|that|the|both|all|it|which)\b(?: (?:same|whole|entire|2|3|4|two|three))?"
    r"(?: (?:pair|block|sequence|pattern|structure|stage|combination|module|unit|group|layers?|"
    r"operations?|step)s?)?(?: of layers)?(?: (?:is|are|being))? )?"
    r"(?:then )?(?:repeated|stacked)(?: in total)? (?:(?P<twice>twice)|(?P<n>\d+) times)"
    r"(?: in total| in a row| in succession)?\b"
)
_SAME = re.compile(r"\brepeat(?:s|ed|ing)?\b")
_OF_LAYERS = re.compile(
    r"\b(?:this|these|that|it|pair|block|sequence|layers?|stage|module|pattern|structure)\b"
)
_OF_OTHERS = re.compile(r"\b(?:experiment|training|procedure|epoch|cross-validation|fold|run)s?\b")
_MOST = 16


def repeated(words: str) -> tuple[str, int | None, int]:
    """A sentence without its repetition, how many times what it is of stands there, and where
    that was said: 1 where nothing is repeated, None where it is not understood."""
    found = _REPEATED.search(words)
    if found is not None and not _OF_OTHERS.search(words):
        times = 2 if found["twice"] else int(found["n"])
        start, end = found.span()
        rest = words[:start] + " " * (end - start) + words[end:]
        known = 1 <= times <= _MOST and not _SAME.search(rest)
        return (rest, times, end) if known else (words, None, 0)
    strange = _SAME.search(words) and _OF_LAYERS.search(words) and not _OF_OTHERS.search(words)
    return words, None if strange else 1, 0


def again(layers: Sequence[Layer], times: int) -> list[Layer]:
    """The layers so many times over; each time is told by the words at the same place."""
    return [replace(one) for _ in range(times) for one in layers]
