"""What is said of a link: its headline, the piece that is pointed at, and the remarks below.

The idea: a student who has never heard of this program reads these words.  They say what is wrong,
show a case in which it is wrong, and say what to write instead; formulas in them are LaTeX between
dollar signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from derive.diagnostics import Source, display_width, printable
from proofs.verdict import (
    ILL_TYPED,
    PROVED,
    REFUTED,
    UNREADABLE,
    UNSETTLED,
    Counterexample,
    Fix,
    Judged,
    Link,
    Report,
)

CARRIED = "carried"
_CURE = re.compile(r": write \$[^$]*\$$")
_ROOM = 88  # columns of a headline that says what to write
CURES = ("instead", "in full")  # the labels of what to write

COUNTED = (PROVED, REFUTED, ILL_TYPED, CARRIED, UNSETTLED, UNREADABLE)
# How a verdict is called in a sentence.
SPOKEN = {
    PROVED: "proved",
    REFUTED: "wrong",
    ILL_TYPED: "of wrong shape",
    UNSETTLED: "unsettled",
    UNREADABLE: "unreadable",
    CARRIED: "carried forward",
}
SEVERITY = {
    PROVED: "",
    REFUTED: "error",
    ILL_TYPED: "error",
    UNREADABLE: "error",
    UNSETTLED: "warning",
    CARRIED: "note",
}
SIGN = {
    PROVED: "✓",
    REFUTED: "✗",
    ILL_TYPED: "✗",
    UNREADABLE: "✗",
    UNSETTLED: "?",
    CARRIED: "↳",
}
MEANING = {
    PROVED: "it holds for all sizes and all values",
    REFUTED: "there are numbers for which the two sides differ",
    ILL_TYPED: "the shapes do not fit together, so it has no meaning",
    UNSETTLED: "neither proved nor refuted",
    UNREADABLE: "it could not be read",
    CARRIED: "it differs from the truth only because of an error further up",
}
_HEADLINES = {
    REFUTED: "the two sides are not equal",
    ILL_TYPED: "the shapes do not fit together",
    UNSETTLED: "this was neither proved nor refuted",
    UNREADABLE: "this could not be read",
}
_RELATIONS = {
    "<": "the left side is not always smaller",
    "<=": "the left side is not always smaller or equal",
    ">": "the left side is not always larger",
    ">=": "the left side is not always larger or equal",
    "!=": "the two sides can be equal",
}
_SETTLED_BY = {
    "normal-form": "for all sizes",
    "kernel": "for all sizes, step by step",
    "fingerprint": "exact trials at random points",
    "numeric": "exact numbers",
    "shapes": "the shapes",
}


def short_of(one: Told, most: int = 60) -> str:
    """The link in brief: its left side too where it is the first of its claim."""
    if one.link is one.claim.links[0]:
        end = one.link.span[1] - one.claim.span[0]
        text = one.claim.text[:end] if one.claim.text else one.link.text
    else:
        text = f"{one.link.relation} {one.link.text}"
    text = printable(" ".join(text.replace("&", " ").split()))
    if display_width(text) <= most:
        return text
    kept, used = [], 0
    for letter in text:
        used += display_width(letter)
        if used > most - 2:
            break
        kept.append(letter)
    return "".join(kept).rstrip() + " …"


@dataclass(frozen=True, slots=True)
class Remark:
    """A line under a headline: a label such as ``instead``, and what it says."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a link; ``span`` is the piece that is pointed at, ``link.span`` the whole.

    ``verdict`` is that of the link, or ``carried``; ``code`` is what ``derive explain`` takes.
    """

    claim: Judged
    link: Link
    verdict: str
    code: str
    headline: str
    span: tuple[int, int]
    remarks: tuple[Remark, ...]

    @property
    def severity(self) -> str:
        return SEVERITY[self.verdict]

    @property
    def sign(self) -> str:
        return SIGN[self.verdict]

    @property
    def counterexample(self) -> Counterexample | None:
        """None where the link is only carried: its numbers are those of the error above."""
        return None if self.verdict == CARRIED else self.link.counterexample


def told(report: Report) -> Iterator[Told]:
    """What is said of every link of a document, in order."""
    for claim in report.claims:
        for link in claim.links:
            yield _of_link(claim, link, report.source)


def _of_link(claim: Judged, link: Link, source: Source) -> Told:
    if link.carried and link.verdict != PROVED:
        return Told(claim, link, CARRIED, CARRIED, _carried(link, source), link.span, ())
    span = _pointed_at(claim, link)
    code = link.mistake or link.code or link.verdict
    headline = _headline(link)
    if link.fix and (cure := _CURE.search(headline)):
        # What to write is said in the headline if there is room, and below it if not.
        reason = headline[: cure.start()]
        headline = f"{reason}: write {_written(link.fix)}"
        if display_width(headline) > _ROOM:
            headline = reason
    cured = link.fix is not None and headline.endswith(_written(link.fix))
    remarks = tuple(_remarks(link, cured))
    return Told(claim, link, link.verdict, code, headline, span, remarks)


def _pointed_at(claim: Judged, link: Link) -> tuple[int, int]:
    """What is to be changed, what has no meaning, or else all that stands right of the sign."""
    if link.fix and link.verdict in (REFUTED, ILL_TYPED):
        return link.fix.span
    if link.at is not None and claim.span[0] <= link.at[0] < link.at[1] <= claim.span[1]:
        return link.at
    return link.span


def _written(fix: Fix) -> str:
    return f"${fix.latex}$"


def _carried(link: Link, source: Source) -> str:
    if link.carried_from is None:
        return "this follows from an error further up"
    line, _ = source.position(link.carried_from)
    return goes_on(f"the error on line {line}")


def goes_on(error: str) -> str:
    """What is said of a link that is wrong because of an error further up."""
    return f"this is right in itself, and goes on from {error}"


def standing(claim: Judged) -> str:
    """The verdict of a claim, or ``carried`` where it is wrong because of an error further up."""
    return CARRIED if claim.worst.carried and claim.verdict != PROVED else claim.verdict


def _headline(link: Link) -> str:
    if link.verdict == PROVED:
        return proved_how(link)
    if link.message:
        return link.message
    if link.verdict == REFUTED:
        return _RELATIONS.get(link.relation, _HEADLINES[REFUTED])
    return _HEADLINES[link.verdict]


def proved_how(link: Link) -> str:
    """For what it was proved: ``for all sizes, except where ..``."""
    parts = [_SETTLED_BY.get(link.by, "for all sizes")]
    if link.message.startswith(("up to ", "to order ")):
        parts.append(link.message)
    if link.almost_everywhere is not None:
        parts.append(f"except where ${link.almost_everywhere}$")
    if link.conditions:
        parts.append("provided that " + ", ".join(f"${one}$" for one in link.conditions))
    return ", ".join(parts)


def _remarks(link: Link, cured: bool) -> Iterator[Remark]:
    """What stands below the headline; ``cured``: it says what to write."""
    if link.verdict == PROVED:
        return
    for finding in (link.step, link.value):
        # The headline is the message of one of them, or the name of the mistake.
        if finding and finding.message and finding.message != link.message:
            yield Remark("why", finding.message)
    if link.verdict == REFUTED:
        yield from _against(link)
    for note in link.notes:
        yield Remark("note", note)
    if link.verdict == UNSETTLED and link.by in ("fingerprint", "numeric") and not link.message:
        yield Remark("note", f"it agrees with {_SETTLED_BY[link.by]}, which is no proof")
    if link.conditions:
        conditions = ", ".join(f"${one}$" for one in link.conditions)
        yield Remark("provided", conditions)
    if link.almost_everywhere is not None:
        yield Remark("except", f"where ${link.almost_everywhere}$")
    if link.fix:
        if not cured:
            yield Remark("instead", _written(link.fix))
        if link.fix.line and link.fix.line != link.fix.latex:
            yield Remark("in full", f"${link.fix.line}$")


def _against(link: Link) -> Iterator[Remark]:
    """Which of the two comparisons failed, where there were two and they disagree."""
    step, value = link.step, link.value
    if step is None or value is None or step.verdict == value.verdict:
        return
    if step.verdict == PROVED:
        yield Remark("note", "it equals the side before it, but not what the left side really is")
    elif value.verdict == PROVED:
        yield Remark("note", "it is what the left side really is, but not equal to the side before")


def sides_of(link: Link) -> tuple[str, str]:
    """What the two values of a counterexample are values of."""
    example = link.counterexample
    by_value = link.value is not None and example is link.value.counterexample
    by_step = link.step is not None and example is link.step.counterexample
    if example is not None and by_value and not by_step:
        return "the true value", "what is written"
    return "the left side", "the right side"


def counted(report: Report) -> str:
    """``7 claims: 4 proved, 2 wrong, 1 unsettled``."""
    count = len(report.claims)
    if not count:
        return "no claim was found in it"
    found = [standing(claim) for claim in report.claims]
    kinds = [f"{n} {SPOKEN[one]}" for one in COUNTED if (n := found.count(one))]
    if count == 1:
        return f"1 claim, {SPOKEN[found[0]]}"
    if len(kinds) == 1:
        return f"{count} claims, all {kinds[0].split(' ', 1)[1]}"
    return f"{count} claims: {', '.join(kinds)}"


_CHOSEN = {
    "inferred": "as its formulas show",
    "document": "as it says",
    "option": "as asked",
}


def read_in(report: Report) -> str:
    """The layout in which derivatives are read, and how that was chosen."""
    chosen = _CHOSEN.get(report.convention_from)
    return f"derivatives in {report.convention} layout" + (f", {chosen}" if chosen else "")
