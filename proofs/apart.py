"""The report of a document of several problems, from the reports of each.

The idea: what a problem takes over from others is judged where it stands, and only there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from derive.diagnostics import Diagnostic, Source
from derive.elaborate.problems import Problem
from derive.latex.segment import segment
from proofs.verdict import Link, Report


def together(
    source: Source, parts: Sequence[Problem], judged: Callable[[Source], Report]
) -> Report:
    """One report; every claim, and whatever could not be read, is that of the problem it is in."""
    reports = [_of(part, judged) for part in parts]
    conventions = {report.convention for report in reports}
    claims = []
    faults: dict[Diagnostic, None] = {}
    notes: dict[str, None] = {}
    spelling: dict[str, str] = {}
    for part, report in zip(parts, reports, strict=True):
        own = [claim for claim in report.claims if part.holds(claim.span)]
        if len(conventions) > 1:
            own = [replace(one, convention=one.convention or report.convention) for one in own]
        claims += own
        faults |= dict.fromkeys(d for d in report.diagnostics if part.holds((d.start, d.end)))
        notes |= dict.fromkeys([*report.notes, *([part.takes] if part.takes else [])])
        spelling = {**report.spelling, **spelling}
    claims.sort(key=lambda claim: claim.span)
    return Report(
        source, tuple(claims), reports[0].convention, reports[0].convention_from,
        tuple(sorted(faults, key=lambda d: (d.start, d.end))), tuple(notes), spelling,
        segment(source).title,
    )  # fmt: skip


def _of(part: Problem, judged: Callable[[Source], Report]) -> Report:
    """Of a problem with what others declare, or without where that alone can be read."""
    report = _placed(judged(part.source), part.source)
    if part.fresh is None or not report.diagnostics:
        return report
    alone = _placed(judged(part.fresh), part.fresh)
    return alone if len(alone.diagnostics) < len(report.diagnostics) else report


def _placed(report: Report, source: Source) -> Report:
    """The report of what was cut out of a document, its places those of the document."""
    claims = [
        replace(
            claim, span=source.placed(claim.span),
            links=tuple(_link_placed(link, source) for link in claim.links),
        )
        for claim in report.claims
    ]  # fmt: skip
    diagnostics = tuple(one.placed(source) for one in report.diagnostics)
    return replace(report, claims=tuple(claims), diagnostics=diagnostics)


def _link_placed(link: Link, source: Source) -> Link:
    fix, at, before = link.fix, link.at, link.carried_from
    return replace(
        link, span=source.placed(link.span), fix=fix and replace(fix, span=source.placed(fix.span)),
        at=at and source.placed(at), carried_from=None if before is None else source.origin(before),
    )  # fmt: skip
