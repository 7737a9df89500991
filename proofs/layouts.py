"""The layout of a document's derivatives: said by it, asked for, or inferred from its lines.

The idea: in its own layout a document is right more often than in any other, so the lines that
agree at random points are counted in each; on a tie the custom of the field is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace

from derive.derivation.within import CONVENTIONS, said_of_convention
from derive.elaborate.claims.claims import Claims
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.layouts import LAYOUTS, Layout
from derive.tree import Tree

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


def is_jacobian(node: Tree, claims: Claims, opens: frozenset[str]) -> bool:
    """Whether a raw formula is the derivative of an array: each layout has its own."""
    if node.head != "deriv" or node.kids[0] is None:
        return False
    try:
        return bool(claims.value(node.kids[0], opens).own)
    except (Fault, Silent):
        return False


def inferred(
    claims: Claims, agreeing: Callable[[Collection[int] | None], set[int]], total: int,
    telling: Callable[[set[int], set[int]], bool],
) -> bool:  # fmt: skip
    """Set the layout in which most links agree; whether the lines told it from the others.

    ``telling`` says whether links that only this layout makes right, and those that it makes wrong,
    are evidence for it: one transposed gradient is sooner a slip than a convention.
    ``agreeing`` gives which of some links, or of all ``total``, agree in the present layout.
    """
    first, *others = LAYOUTS.values()
    claims.lay_out(first)
    best, right = first, agreeing(None)
    missing = {link for link in range(total) if link not in right}
    told = False
    for layout in others:
        if not missing:
            break
        notes = dict(claims.reading.notes)
        claims.lay_out(layout)
        found = agreeing(None) if agreeing(missing) else right  # which mends no line
        if len(found) > len(right) and telling(found - right, right - found):
            best, right, told = layout, found, True
            continue
        told = told or len(found) < len(right)
        claims.reading.notes = notes  # what is noted of a layout is true of it alone
    claims.lay_out(best)
    return told


def choose_convention(
    claims: Claims, agreeing: Callable[[Collection[int] | None], set[int]]
) -> None:
    """Set how derivatives by matrices whose entries hang together are meant, and note it: as they
    are derived, unless all lines that agree so, and more, agree by another convention."""
    layout = claims.layout
    best, right = layout, agreeing(None)
    if not claims.reading.structured:
        return
    for convention in CONVENTIONS[1:]:
        other = replace(layout, declared=convention)
        claims.lay_out(other)
        found = agreeing(None)
        if found > right:
            best, right = other, found
    claims.lay_out(best)
    for node in sorted(claims.reading.structured, key=repr):
        told = said_of_convention(node, best.declared)
        claims.reading.note(f"convention {node!r}", told)
