"""The layout of a document's derivatives: said by it, asked for, or inferred from its lines.

The idea: in its own layout a document is right more often than in any other, so the lines that
agree at random points are counted in each; on a tie the custom of the field is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from derive.elaborate.claims import Claims
from derive.elaborate.layouts import LAYOUTS, Layout

_NAMES = "|".join(LAYOUTS)
_SAID = re.compile(
    rf"\b({_NAMES})[- ]+layout\b|\blayout\s*(?:[:=]|is)\s*({_NAMES})\b", re.IGNORECASE
)
_SAID_ELSEWHERE = {"分子布局": "numerator", "分母布局": "denominator"}


def said_in(text: str) -> Layout | None:
    """The layout that a document says it uses, in words or in a comment.

    >>> said_in("We use numerator layout throughout.").name
    'numerator'
    """
    found = {(a or b).lower() for a, b in _SAID.findall(text)}
    found |= {name for words, name in _SAID_ELSEWHERE.items() if words in text}
    return LAYOUTS[found.pop()] if len(found) == 1 else None


def inferred(claims: Claims, agreeing: Callable[[], tuple[int, int]]) -> tuple[Layout, bool]:
    """The layout in which most links agree, and whether the lines told it from the others.

    ``agreeing`` counts the links that agree in the present layout of ``claims``, and all of them.
    """
    counts: dict[Layout, int] = {}
    for layout in LAYOUTS.values():
        claims.lay_out(layout)
        counts[layout], total = agreeing()
        if counts[layout] == total:
            break
    best = max(counts, key=lambda layout: counts[layout])
    claims.lay_out(best)
    return best, len(set(counts.values())) > 1
