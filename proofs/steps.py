"""Claims about a recurrence of any length: refuted by a few steps written out, proved by windows.

The idea: a wrong line is wrong for some number of steps, and three show it; a line is proved for
every number of them only where the windows of ``recurrence.windows`` do.  What is true of
three steps and no more is unsettled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from derive.elaborate.recurrence.around import windows
from derive.elaborate.recurrence.chains import chain_of
from derive.elaborate.recurrence.induction import inductions
from derive.elaborate.recurrence.sequences import sequence, with_inputs, with_starts
from derive.elaborate.recurrence.steps import Steps, mentions, recurrence
from derive.elaborate.recurrence.unroll import SHOWN, unrolled
from derive.elaborate.recurrence.window import Unfit
from derive.elaborate.recurrence.windows import Recurrent
from derive.latex.print import latex
from derive.tree import Tree
from proofs.rules import Ruled, other_rules, wrong_in
from proofs.verdict import (
    ILL_TYPED,
    ORDER,
    PROVED,
    REFUTED,
    UNREADABLE,
    UNSETTLED,
    Judged,
    Link,
    Report,
)

Span = tuple[int, int]
_IN = Tree("rel", ("in",))
_WRONG = (REFUTED, ILL_TYPED, UNREADABLE)


class Recast:
    """What is read of a document's recurrence: first its steps written out, then each window."""

    def __init__(self, ruled: Ruled | None = None) -> None:
        self.ruled = ruled
        self.others: list[Tree] = []  # other rules for a state that has one
        self.steps: Steps | None = None
        self.views: list[list[Tree]] = []
        self.items: list[Tree] = []  # the statements of a sequence, whose last step nothing says
        self.general: set[Span] = set()  # what is claimed of any step
        self.declared: set[Span] = set()  # where they live: v_t in R^n, which claims nothing
        self.supposed: tuple[Tree, ...] = ()  # the starts of which the text says nothing
        self.chains: set[Span] = set()  # what is claimed of products over steps

    def first(self, items: list[Tree]) -> list[Tree]:
        items = items if self.ruled is None else self.ruled.items(items)
        steps = self.steps = recurrence(items) or sequence(items)
        if steps is None:
            assert self.ruled is not None, "only a recurrence is recast"
            return items
        if steps.endless:
            items, self.supposed = with_starts(items, steps)
            self.items = items
            about = [item for item in items if mentions(item, steps.letter)]
            self.general = {item.span for item in about}
            self.declared = {i.span for i in about if i.head == "chain" and i.kids[1] == _IN}
        if steps.last is not None:
            made = unrolled(items, steps, steps.last, True)
            return with_inputs(made, steps) if steps.endless else made
        self.chains = {item.span for item in items if chain_of(item, steps) is not None}
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
    if recast.steps.endless:
        judged = (c for c in first.claims if c.span not in recast.declared or c.verdict != PROVED)
        claims = _one_each(_at_their_steps(tuple(judged), recast))
        by_induction = _held(recast, claims, again)
        claims = [_at_every_step(claim, by_induction, recast) for claim in claims]
        return _without_rules(replace(first, claims=tuple(claims)), recast)
    elif recast.open:
        shown = {claim.span: claim for view in recast.views for claim in again(view).claims}
        claims = [_for_every_length(claim, shown, recast) for claim in claims]
    return replace(first, claims=tuple(claims))


def _without_rules(report: Report, recast: Recast) -> Report:
    """The report without what differs from a recurrence as it is another one: "the heavy ball is
    x_{t+1} = ..", after gradient descent."""
    assert recast.steps is not None
    recast.others = other_rules(recast.items, recast.steps, report.source.text)
    recast.others = [one for one in recast.others if one.span in wrong_in(report)]
    spans = {item.span for item in recast.others}
    kept = tuple(claim for claim in report.claims if claim.span not in spans)
    # What stands for any state is no name of the document.
    notes = tuple(note for note in report.notes if r"\breve" not in note)
    return replace(report, claims=kept, notes=notes)


def _one_each(claims: tuple[Judged, ...]) -> list[Judged]:
    """The worst of what is found at the steps of a line."""
    found: dict[Span, Judged] = {}
    for claim in claims:
        before = found.get(claim.span)
        if before is None or ORDER.index(claim.verdict) > ORDER.index(before.verdict):
            found[claim.span] = claim
    return list(found.values())


def _held(
    recast: Recast, claims: Iterable[Judged], again: Callable[[list[Tree]], Report]
) -> dict[Span, tuple[str, ...]]:
    """The claims that hold at every step, of those proved at the first ones, and on what
    conditions."""
    steps, items = recast.steps, recast.items
    proved = {c.span: c for c in claims if c.verdict == PROVED and c.span in recast.general}
    if steps is None or not items or not proved:
        return {}
    found: dict[Span, tuple[str, ...]] = {}

    def tried(views: Iterable[tuple[Tree, list[Tree]]]) -> Iterator[tuple[Tree, tuple[str, ...]]]:
        for item, view in views:
            if item.span in found or item.span not in proved:
                continue
            asked = sum(line.span == item.span for line in view)
            lines = [claim for claim in again(view).claims if claim.span == item.span]
            links = [link for claim in lines for link in claim.links]
            if len(lines) == asked and all(_everywhere(link) for link in links):
                yield item, tuple(dict.fromkeys(c for link in links for c in link.conditions))

    held: list[Tree] = []
    for item, conditions in tried(inductions(items, steps)):
        if not any(_is_of_step(c, steps.letter) for c in conditions):
            held.append(item)
            at_first = (c for link in proved[item.span].links for c in link.conditions)
            found[item.span] = tuple(dict.fromkeys((*at_first, *conditions)))
    supposed = [c for item in held for c in found[item.span]]
    for views, more in ((windows(items, steps), []), (windows(items, steps, held), supposed)):
        for item, conditions in tried(views):
            # It is shown at any step: what the first ones need is of these alone.
            found[item.span] = tuple(dict.fromkeys((*map(_told, conditions), *more)))
    return found


def _told(condition: str) -> str:
    """A condition with what the names in it stand for."""
    while (start := condition.find(r"\breve{")) >= 0:
        depth, end = 1, start + len(r"\breve{")
        while depth:
            depth += {"{": 1, "}": -1}.get(condition[end], 0)
            end += 1
        inner = condition[start + len(r"\breve{") : end - 1]
        scripted = condition[end : end + 1] in ("_", "^") and not inner.startswith(r"\left(")
        inner = f"({inner})" if scripted and len(inner) > 1 else inner
        condition = condition[:start] + inner + condition[end:]
    return condition


def _is_of_step(condition: str, letter: str) -> bool:
    """Whether a condition, as LaTeX, is one of a step or of what stands for a state: it holds at
    one step and at another it need not."""
    mark = rf"\\breve|\\acute|\\grave|(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])"
    return re.search(mark, condition) is not None


def _everywhere(link: Link) -> bool:
    return link.verdict == PROVED and link.almost_everywhere is None


def _at_their_steps(claims: tuple[Judged, ...], recast: Recast) -> tuple[Judged, ...]:
    """What is wrong of any step says at which one; its mistake would be named in the letters of
    that one, not in those of the line."""
    steps = recast.steps
    assert steps is not None
    assert steps.last is not None
    left = {span: sum(c.span == span for c in claims) for span in recast.general}
    told: list[Judged] = []
    for claim in claims:
        if claim.span in left:
            left[claim.span] -= 1
            here = f"${steps.letter} = {steps.last - left[claim.span]}$"
            links = tuple(
                replace(link, mistake=None, fix=None, notes=(),
                        message=f"the two sides are not equal for {here}")
                if link.verdict == REFUTED else link
                for link in claim.links
            )  # fmt: skip
            claim = replace(claim, links=links)
        told.append(claim)
    return tuple(told)


def _at_every_step(
    claim: Judged, by_induction: Mapping[Span, tuple[str, ...]], recast: Recast
) -> Judged:
    """A claim that was judged at the first steps: at all of them by induction."""
    assert recast.steps is not None
    if claim.verdict != PROVED:
        return claim
    starts = tuple(f"{latex(one.kids[0])} = 0" for one in recast.supposed)
    letter = recast.steps.letter
    held = by_induction.get(claim.span)
    links = claim.links
    if claim.span in recast.general and held is None:
        some = f"{letter} = {recast.steps.low}, \\dots, {recast.steps.last}"
        message = f"proved for ${some}$; no proof was found for every ${letter}$"
        links = tuple(replace(link, verdict=UNSETTLED, message=message) for link in links)
    else:
        links = tuple(
            replace(k, conditions=tuple(dict.fromkeys(
                (*starts, *(k.conditions if held is None else held))
            )))
            for k in links
        )  # fmt: skip
    return replace(claim, links=links)


def _for_every_length(claim: Judged, shown: dict[Span, Judged], recast: Recast) -> Judged:
    assert recast.steps is not None
    here = shown.get(claim.span)
    # The order of the factors of a product is seen in the steps that are written out.
    open_here = claim.verdict != ILL_TYPED and claim.span not in recast.chains
    if here is not None and here.verdict == PROVED and (open_here or claim.verdict == PROVED):
        return here  # what the text says of y_t is known of it there, and not of y_1
    if claim.verdict != PROVED:
        return _named(claim, here, recast.steps)
    if all(link.by == "shapes" for link in claim.links):
        return claim
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
