r"""What a document wants shown, "show that $\partial L / \partial z = p - y$", and what it says to
follow, "hence $\partial L / \partial z = p - y$", with their verdicts.

The idea: a line that is to be shown is judged as one that somebody has written, and the sheet says
how it was proved, or what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from derive.app import sheet
from derive.app.checked.words import SPOKEN, Told, told
from derive.app.sheet import Block, worded
from derive.diagnostics import Source
from derive.elaborate.statements.given import is_to_be_shown
from derive.latex.read import read_formula
from derive.latex.segment import segment
from proofs.check import check_source
from proofs.verdict import PROVED, UNREADABLE, UNSETTLED, Judged

_BREAKS = re.compile(r"&|\\\\\s*$|\\(?:nonumber|notag)\b|[.,;]\s*$")


def to_be_shown(source: Source) -> tuple[tuple[Told, ...], tuple[Told, ...]]:
    """The links of all claims that the words before them ask to be shown, and of the other claims
    that can be read: what the text itself concludes."""
    plain = segment(source).plain
    asked: list[Told] = []
    others: list[Told] = []
    for one in told(check_source(source)):
        if is_to_be_shown(one.claim.span[0], plain):
            asked.append(one)
        elif one.claim.verdict != UNREADABLE:
            others.append(one)
    return tuple(asked), tuple(others)


def shown_blocks(links: Iterable[Told]) -> Iterator[Block]:
    """Each claim, and what is said of its links."""
    for _, group in groupby(links, lambda one: one.claim.span):
        own = list(group)
        claim = own[0].claim
        text = claim.text
        while (found := _BREAKS.sub("", text).strip()) != text:
            text = found
        yield sheet.Display(tuple(read_formula(text)))
        worst = next((one for one in own if one.link is claim.worst), own[-1])
        yield sheet.Paragraph(worded(_sentence(claim, worst)))


def _sentence(claim: Judged, worst: Told) -> str:
    if claim.verdict == PROVED:
        return f"Proved {worst.headline}."
    if claim.verdict == UNSETTLED:
        return f"Not proved: {worst.headline}."
    remarks = "".join(f"; {one.label}: {one.text}" for one in worst.remarks)
    return f"This is {SPOKEN[claim.verdict]}: {worst.headline}{remarks}."
