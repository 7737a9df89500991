"""A report as JSON; ``docs/json.md`` describes it for those who read it.

The idea: a link and a claim have the same fields, a claim those of the link that decides, so a
program that wants one verdict for each claim need not look further.
"""

from __future__ import annotations

from typing import Any

from derive.app.checked.words import CARRIED, Told, told
from derive.app.report import error_json
from derive.diagnostics import Source
from proofs.verdict import ORDER, PROVED, Counterexample, Finding, Link, Numbers, Report


def report_json(report: Report) -> dict[str, Any]:
    """One document; every claim, every link, and what could not be read."""
    source = report.source
    by_link = {id(one.link): one for one in told(report)}
    claims = []
    for claim in report.claims:
        links = [_link(by_link[id(link)], source) for link in claim.links]
        worst = next(k for k, link in enumerate(claim.links) if link is claim.worst)
        decisive = {k: v for k, v in links[worst].items() if k not in _OF_LINKS}
        claims.append(
            {
                **_place(claim.span, source),
                "text": claim.text,
                **decisive,
                "convention": claim.convention or report.convention,
                "links": links,
            }
        )
    return {
        "title": report.title,
        "verdict": report.verdict,
        "convention": report.convention,
        "convention_from": report.convention_from,
        "counts": {verdict: report.count(verdict) for verdict in ORDER},
        "claims": claims,
        "error": [error_json(d, source) for d in report.diagnostics],
        "notes": list(report.notes),
    }


# What a claim does not take over from the link that decides.
_OF_LINKS = frozenset(
    ["line", "column", "end_line", "end_column", "text", "relation", "step", "value", "notes"]
)


def _link(one: Told, source: Source) -> dict[str, Any]:
    link = one.link
    return {
        **_place(link.span, source),
        "text": link.text,
        "relation": link.relation,
        "verdict": link.verdict,
        "by": link.by,
        "mistake": link.mistake,
        "code": link.code,
        "at": _place(link.at, source) if link.at else None,
        "message": link.message or ("" if one.verdict == PROVED else one.headline),
        "fix": link.fix.latex if link.fix else None,
        "fix_at": _place(link.fix.span, source) if link.fix else None,
        "corrected": (link.fix.line or None) if link.fix else None,
        "counterexample": _example(link.counterexample),
        "almost_everywhere": link.almost_everywhere,
        "conditions": list(link.conditions),
        "carried": one.verdict == CARRIED,
        "carried_from": _offset(link, source),
        "step": _finding(link.step),
        "value": _finding(link.value),
        "notes": list(link.notes),
    }


def _place(span: tuple[int, int], source: Source) -> dict[str, int]:
    line, column = source.position(span[0])
    end_line, end_column = source.position(span[1])
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}


def _offset(link: Link, source: Source) -> dict[str, int] | None:
    if link.carried_from is None:
        return None
    line, column = source.position(link.carried_from)
    return {"line": line, "column": column}


def _finding(finding: Finding | None) -> dict[str, Any] | None:
    if finding is None:
        return None
    return {
        "verdict": finding.verdict,
        "by": finding.by,
        "message": finding.message,
        "counterexample": _example(finding.counterexample),
        "almost_everywhere": finding.almost_everywhere,
        "conditions": list(finding.conditions),
    }


def _example(example: Counterexample | None) -> dict[str, Any] | None:
    if example is None:
        return None
    return {
        "sizes": dict(example.sizes),
        "values": {symbol: _numbers(value) for symbol, value in example.values},
        "entry": list(example.entry),
        "left": example.left,
        "right": example.right,
        "boundary": example.boundary,
    }


def _numbers(value: Numbers) -> Any:
    """Exact numbers as strings: ``3/2`` has no exact spelling as a JSON number."""
    return [_numbers(one) for one in value] if isinstance(value, tuple) else str(value)
