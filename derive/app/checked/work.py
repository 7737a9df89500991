"""What ``derive check`` makes of one document, in whatever process that is.

The idea: a report never leaves the process that made it; what leaves is text and JSON, in the form
that was asked for.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from derive.app.checked.data import report_json
from derive.app.many.worker import Options
from derive.diagnostics import Diagnostic, Source
from proofs.verdict import Report


@dataclass(frozen=True, slots=True)
class Form:
    """How a report is wanted; ``pages``: the document with its verdicts too."""

    format: str = "terminal"
    color: bool = False
    verbose: bool = False
    pages: bool = False

    def __str__(self) -> str:
        return json.dumps(asdict(self))


def checked(source: Source, options: Options) -> dict[str, Any]:
    """The JSON of one document, ``shown`` in the wanted form, and its ``pages``."""
    from proofs.check import check_source

    form = Form(**json.loads(options.form))
    report = check_source(source, layout=options.layout, limit=options.limit)
    made = report_json(report)
    if (text := shown(report, form)) is not None:
        made["shown"] = text
    if form.pages:
        made["pages"] = pages(report)
    return made


def shown(report: Report, form: Form) -> str | None:
    """A report in a form; None where its JSON is all that is wanted."""
    match form.format:
        case "terminal":
            from derive.app.checked.terminal import render_report

            return render_report(report, form.color, form.verbose)
        case "github":
            from derive.app.checked.exchange import github

            return github(report)
        case "sarif":
            from derive.app.checked.exchange import sarif_part

            return json.dumps(sarif_part(report))
        case "junit":
            from derive.app.checked.exchange import junit_part

            return json.dumps(junit_part(report))
    return None


def pages(report: Report) -> dict[str, str]:
    """The document with its verdicts, by the suffix of the file: HTML and LaTeX."""
    from derive.app.checked.html import render_html
    from derive.app.checked.margin import render_margin
    from derive.app.checked.tex import render_page

    return {".html": render_html(report), ".tex": render_margin(report) or render_page(report)}


def unread(file: str, errors: list[dict[str, Any]]) -> Report:
    """The report of a document that nobody could check, from what is known of it."""
    found = (
        Diagnostic(
            one["code"], one["message"], file, help=one["help"] or "",
            notes=tuple(one["notes"]), severity=one["severity"],
        )
        for one in errors
    )  # fmt: skip
    return Report(Source(file, ""), (), diagnostics=tuple(found))
