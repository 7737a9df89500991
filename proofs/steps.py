"""Claims about a recurrence of any length: refuted by a few steps written out, proved by windows.

The idea: a wrong line is wrong for some number of steps, and three show it; a line is proved for
every number of them only where the windows of ``recurrence.windows`` do.  What is true of
three steps and no more is unsettled.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from derive.elaborate.recurrence.steps import Steps, recurrence
from derive.elaborate.recurrence.unroll import SHOWN, unrolled
from derive.elaborate.recurrence.windows import Recurrent, Unfit
from derive.tree import Tree
from proofs.verdict import ILL_TYPED, ORDER, PROVED, REFUTED, UNSETTLED, Judged, Report

Span = tuple[int, int]


class Recast:
    """What is read of a document's recurrence: first its steps written out, then each window."""

    def __init__(self) -> None:
        self.steps: Steps | None = None
        self.views: list[list[Tree]] = []

    def first(self, items: list[Tree]) -> list[Tree]:
        steps = self.steps = recurrence(items)
        assert steps is not None, "only a recurrence is recast"
        if steps.last is not None:
            return unrolled(items, steps, steps.last, True)
        with suppress(Unfit):
            self.views = Recurrent(items, steps).views()
        return unrolled(items, steps, steps.low + SHOWN - 1, True)

    @property
    def open(self) -> bool:
        """Whether the number of steps is a letter."""
        return self.steps is not None and self.steps.last is None


def judged_in_steps(recast: Recast, first: Report, again: Callable[[list[Tree]], Report]) -> Report:
    """The report on a recurrence, one verdict for each line: that of its worst step."""
    if recast.steps is None:
        return first
    claims = _one_each(first.claims)
    if recast.open:
        shown = {claim.span: claim for view in recast.views for claim in again(view).claims}
        claims = [_for_every_length(claim, shown, recast) for claim in claims]
    return replace(first, claims=tuple(claims))


def _one_each(claims: tuple[Judged, ...]) -> list[Judged]:
    """The worst of what is found at the steps of a line."""
    found: dict[Span, Judged] = {}
    for claim in claims:
        before = found.get(claim.span)
        if before is None or ORDER.index(claim.verdict) > ORDER.index(before.verdict):
            found[claim.span] = claim
    return list(found.values())


def _for_every_length(claim: Judged, shown: dict[Span, Judged], recast: Recast) -> Judged:
    assert recast.steps is not None
    here = shown.get(claim.span)
    if here is not None and here.verdict == PROVED and claim.verdict != ILL_TYPED:
        return here  # what the text says of y_t is known of it there, and not of y_1
    if claim.verdict != PROVED:
        return _named(claim, here, recast.steps)
    name = recast.steps.high.kids[0]
    steps = f"${name} = {recast.steps.low + SHOWN - 1}$"
    message = f"proved for {steps}; no proof was found for every ${name}$"
    links = tuple(
        replace(link, verdict=UNSETTLED, message=message) if link.verdict == PROVED else link
        for link in claim.links
    )
    return replace(claim, links=links)


def _named(claim: Judged, here: Judged | None, steps: Steps) -> Judged:
    """A wrong line, with the name that its mistake has at any step, in the letters of the line."""
    others = here.links if here is not None and len(here.links) == len(claim.links) else ()
    links = []
    for k, link in enumerate(claim.links):
        if link.verdict in (REFUTED, ILL_TYPED):
            other = others[k] if others else link
            ours = other.fix is not None and r"\breve" in other.fix.line + other.message
            if other.verdict == link.verdict and other.mistake is not None and not ours:
                link = replace(
                    link, mistake=other.mistake, fix=other.fix, message=other.message,
                    notes=other.notes,
                )  # fmt: skip
            if link.verdict == REFUTED:
                told = f"for ${steps.high.kids[0]} = {steps.low + SHOWN - 1}$"
                link = replace(link, notes=(*link.notes, told))
        links.append(link)
    return replace(claim, links=tuple(links))
