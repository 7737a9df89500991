r"""The order of the axes of an image: channels last, as everything here counts, or first.

The idea: a document that says "channels first" of one size means it of all; its sizes are turned
round when they are read, and turned back where an output is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from derive.counting.counted import Extent
from derive.counting.lexicon import Mark

_FIRST = re.compile(
    r"\bchannels?[- ]first\b|\bchannels?,? (?:x |and |then )?(?:height|rows|width)\b|"
    r"\b(?:n, ?)?c, ?h, ?w\b|\bn?chw\b|\bc ?x ?h ?x ?w\b|«C»x«H»x«W»|⟦\(?(?:N, ?)?C, ?H, ?W\)?⟧"
)
_LAST = re.compile(r"\bchannels?[- ]last\b|\bn?hwc\b")
_TURNED = frozenset(["image", "kernel", "filters+kernel", "made", "patch"])


def channels_first(texts: Sequence[str]) -> bool:
    """Whether a document writes the channels before the sides."""
    first, last = (any(p.search(words) for words in texts) for p in (_FIRST, _LAST))
    return first and not last


def read_first(seen: Sequence[Mark]) -> list[Mark]:
    """The marks of a sentence whose sizes have the channels first, as if they had them last."""
    deep = 4 if any(mark.name == "3-d" for mark in seen) else 3
    return [
        replace(mark, values=tuple(_turned(value, deep) for value in mark.values))
        if mark.name in _TURNED or mark.sort == "kind" else mark
        for mark in seen
    ]  # fmt: skip


def _turned(value: str, deep: int) -> str:
    channels, *sides = value.split("x")
    return "x".join([*sides, channels]) if len(sides) == deep - 1 else value


def shown_first(shape: Extent, plane: int) -> Extent:
    """A shape as such a document writes it."""
    return (*shape[plane:], *shape[:plane]) if len(shape) == plane + 1 else shape
