r"""Sentences that say a name anew: "now consider L = ..", "with a penalty the loss becomes L = ..".

The idea: what stands behind such a sentence is about the new L, and everything else is as before;
an equation that only goes on from the old one, "expanding, L = ..", claims something of it.
"""

from __future__ import annotations

import re

from derive.elaborate.names.scope import base_of
from derive.elaborate.sayings import key_of, relation_of
from derive.elaborate.statements.alone import DEFINES, is_head
from derive.elaborate.statements.given import FORMULA, Spanned, follows, is_concluded
from derive.elaborate.statements.mood import BEGINS, is_denied
from derive.elaborate.statements.pieces import pieces_of
from derive.latex.headings import Heading
from derive.latex.read import Parsed
from derive.tree import Tree

ANEW = "anew"  # the kind of these headings
_SUPPOSES = re.compile(
    r"\b(?:let(?! us\b| me\b|'s\b)|consider|defin(?:e|es|ed|ing)|take|choose|set(?! of))\b",
    re.IGNORECASE,
)
# Words of change bring another quantity whatever stands behind them.
_CHANGES = re.compile(
    r"\b(?:becomes?|replac\w+|add(?:s|ed|ing)?|penal\w+|regulari[sz]\w+|instead|modif\w+|"
    r"chang\w+|new|now use|next|back to|return\w* to)\b",
    re.IGNORECASE,
)


def sentences_anew(parsed: Parsed) -> tuple[list[Heading], set[tuple[int, int]]]:
    """Where a sentence says of a name something else than was said before, and supposes it; and
    the equations that do so."""
    text = parsed.document.plain
    prose = _prose(parsed)
    said: dict[str, Tree] = {}
    found: list[Heading] = []
    equations: set[tuple[int, int]] = set()
    pieces = pieces_of([item for row in parsed.rows for item in row.items], text)
    for row in parsed.rows:
        for item in row.items:
            name = _defined(item)
            if name is None or item.span in pieces:
                continue
            before = said.get(key_of(name))
            start = _sentence(prose, item.span[0])
            if before is None:
                said[key_of(name)] = item
            elif (
                is_other(before, item)
                and before.span[1] <= start
                and _supposed(item, prose[start : item.span[0]], text)
            ):
                said[key_of(name)] = item
                equations.add(item.span)
                if not found or found[-1].start < start:
                    found.append(Heading(ANEW, "", start, False))
    return found, equations


def goes_on(again: Spanned, before: Spanned, text: str) -> bool:
    """Whether what is said again of a name claims something of it: it is to be shown or follows,
    and no word of change brings another quantity."""
    start = again.span[0]
    words = FORMULA.sub(" ", text[_sentence(text, start) : start])
    return follows(again, before.span[1], text) and not (
        _CHANGES.search(words) or is_denied(text, *again.span)
    )


def is_other(before: Tree, item: Tree) -> bool:
    """Whether an equation gives a name another value than one before it did."""
    return (
        _defined(before) is not None
        and _defined(item) is not None
        and before.kids[0] == item.kids[0]
        and before.kids[2] != item.kids[2]
    )


def _defined(item: Tree) -> Tree | None:
    """The name that an equation may define."""
    if item.head != "chain" or item.kids[0] is None or relation_of(item) not in DEFINES:
        return None
    if any(kid.head == "ask" for kid in item.kids[::2]):
        return None
    left = item.kids[0].kids[0] if is_head(item.kids[0]) else item.kids[0]
    return left if base_of(left) not in ("", r"\delta") else None


def _prose(parsed: Parsed) -> str:
    r"""The text with its formulas blanked: the new of v_{new} is no word of change."""
    parts, end = [], 0
    for one in parsed.document.formulas:
        parts += [parsed.document.plain[end : one.start], " " * (one.end - one.start)]
        end = max(end, one.end)
    return "".join((*parts, parsed.document.plain[end:]))


def _sentence(text: str, at: int) -> int:
    """Where the sentence begins in which something stands."""
    ends = [found.end() for found in BEGINS.finditer(text, max(0, at - 400), at)]
    return max(ends, default=max(0, at - 400))


def _supposed(item: Tree, words: str, text: str) -> bool:
    if is_denied(text, *item.span):
        return False
    if _CHANGES.search(words):
        return True
    return _SUPPOSES.search(words) is not None and not is_concluded(item, text)
