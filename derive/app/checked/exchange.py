"""Reports for other programs: SARIF 2.1.0, JUnit XML, GitHub annotations.

The idea: each is a run over many documents, and each says of a link what the terminal says, with
the same code, so a code host, a test runner and a person see one finding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from derive.app.checked.explain import explained, title_of
from derive.app.checked.numbers import place, sizes, spoken_number
from derive.app.checked.terminal import said
from derive.app.checked.words import CARRIED, Told, counted, short_of, sides_of, told
from derive.diagnostics import Diagnostic, Source
from derive.version import VERSION
from proofs.verdict import ILL_TYPED, PROVED, REFUTED, UNREADABLE, UNSETTLED, Report

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "note": "note"}


def message(one: Told) -> str:
    """Everything that is said of a link, in one paragraph."""
    parts = [said(one.headline)]
    for remark in one.remarks:
        parts.append(f"{remark.label}: {said(remark.text)}")
    if example := one.counterexample:
        left, right = sides_of(one.link)
        where = f"with {sizes(example)}: " if example.sizes else ""
        one_side, other = map(spoken_number, (example.left, example.right))
        parts.append(f"example: {where}{place(example)}{left} is {one_side}, {right} is {other}")
    return "\n".join(parts)


# ---------------------------------------------------------------------------------------- SARIF


def sarif_part(report: Report) -> dict[str, Any]:
    """What one document adds to a run: its results and its name."""
    source = report.source
    results = [_result_of_diagnostic(diagnostic, source) for diagnostic in report.diagnostics]
    results += [_result(one, source) for one in told(report) if one.verdict != PROVED]
    return {"results": results, "uri": _uri(source.file)}


def sarif(parts: Iterable[dict[str, Any]]) -> str:
    """One run over all documents, with a rule for each code that occurs."""
    rules: dict[str, int] = {}
    results: list[dict[str, Any]] = []
    artifacts = []
    for part in parts:
        artifacts.append({"location": {"uri": part["uri"]}})
        for result in part["results"]:
            index = rules.setdefault(result["ruleId"], len(rules))
            results.append({"ruleId": result["ruleId"], "ruleIndex": index, **result})
    driver = {"name": "derive", "version": VERSION, "rules": [_rule(code) for code in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": artifacts,
        "results": results,
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _rule(code: str) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": title_of(code) or code},
        "help": {"text": explained(code) or title_of(code) or code},
    }


def _result(one: Told, source: Source) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": one.code,
        "level": _LEVELS[one.severity],
        "message": {"text": message(one)},
        "locations": [_location(source, one.span)],
        "properties": {"verdict": one.link.verdict, "carried": one.verdict == CARRIED},
    }
    if one.link.fix and one.verdict in (REFUTED, ILL_TYPED):
        result["fixes"] = [
            {
                "description": {"text": f"write {one.link.fix.latex}"},
                "artifactChanges": [
                    {
                        "artifactLocation": {"uri": _uri(source.file)},
                        "replacements": [
                            {
                                "deletedRegion": _region(source, one.link.fix.span),
                                "insertedContent": {"text": one.link.fix.latex},
                            }
                        ],
                    }
                ],
            }
        ]
    if one.link.carried_from is not None and one.verdict == CARRIED:
        at = one.link.carried_from
        result["relatedLocations"] = [_location(source, (at, at))]
    return result


def _result_of_diagnostic(diagnostic: Diagnostic, source: Source) -> dict[str, Any]:
    text = _told(diagnostic)
    return {
        "ruleId": diagnostic.code,
        "level": _LEVELS.get(diagnostic.severity, "note"),
        "message": {"text": text},
        "locations": [_location(source, (diagnostic.start, diagnostic.end))],
    }


def _told(diagnostic: Diagnostic) -> str:
    return said("\n".join(filter(None, [diagnostic.message, *diagnostic.notes, diagnostic.help])))


def _location(source: Source, span: tuple[int, int]) -> dict[str, Any]:
    physical = {"artifactLocation": {"uri": _uri(source.file)}, "region": _region(source, span)}
    return {"physicalLocation": physical}


def _region(source: Source, span: tuple[int, int]) -> dict[str, int]:
    start = max(0, min(span[0], len(source.text)))
    end = max(start, min(span[1], len(source.text)))
    line, column = source.position(start)
    end_line, end_column = source.position(end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
        "charOffset": start,
        "charLength": end - start,
    }


def _uri(file: str) -> str:
    """A relative reference, or a file URI for an absolute path; standard input has a bare name."""
    path = PurePath(file)
    if path.is_absolute():
        return path.as_uri()
    # A first part with a colon would be read as a scheme.
    text = quote(path.as_posix(), safe="/~!$&'()*+,;=@-._")
    return text


# ---------------------------------------------------------------------------------------- JUnit


def junit_part(report: Report) -> dict[str, Any]:
    """The suite of one document and what it adds to the counts."""
    verdicts = [claim.verdict for claim in report.claims]
    unread = [d for d in report.diagnostics if d.severity == "error"]
    counts = {
        "tests": len(verdicts) + len(unread),
        "failures": sum(v in (REFUTED, ILL_TYPED) for v in verdicts),
        "errors": verdicts.count(UNREADABLE) + len(unread),
        "skipped": verdicts.count(UNSETTLED),
    }
    name = _attribute(report.source.file)
    lines = [f" <testsuite name={name} {_figures(counts)}>"]
    lines += _cases(report)
    for one in unread:
        line, column = report.source.position(one.start)
        lines.append(f"  {_case(report.source, line, f'{line}:{column} {one.code}')}>")
        kind = f"type={_attribute(one.code)}"
        head, body = _attribute(said(one.message)), _body(said(one.help))
        lines.append(f"   <error message={head} {kind}>{body}</error>")
        lines.append("  </testcase>")
    lines += [f"  <system-out>{_body(counted(report))}</system-out>", " </testsuite>"]
    return {"counts": counts, "xml": "\n".join(lines)}


def junit(parts: Iterable[dict[str, Any]]) -> str:
    """A suite for each document, a case for each claim; what is unsettled is skipped."""
    suites = list(parts)
    total = {
        kind: sum(part["counts"][kind] for part in suites)
        for kind in ("tests", "failures", "errors", "skipped")
    }
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="derive check" {_figures(total)}>',
            *(part["xml"] for part in suites),
            "</testsuites>",
        ]
    )


def _figures(counts: dict[str, int]) -> str:
    return " ".join(f'{kind}="{count}"' for kind, count in counts.items())


def _case(source: Source, line: int, name: str) -> str:
    file = _attribute(source.file)
    return f'<testcase classname={file} name={_attribute(name)} file={file} line="{line}"'


def _cases(report: Report) -> Iterator[str]:
    source = report.source
    by_link = {id(one.link): one for one in told(report)}
    for claim in report.claims:
        links = [by_link[id(link)] for link in claim.links]
        decisive = by_link[id(claim.worst)]
        line, column = source.position(claim.span[0])
        case = _case(source, line, f"{line}:{column} {short_of(links[0])}")
        if decisive.link.verdict == PROVED:
            yield f"  {case}/>"
            continue
        tag = _TAGS[decisive.link.verdict]
        body = "\n\n".join(message(one) for one in links if one.verdict != PROVED)
        kind = f" type={_attribute(decisive.code)}" if tag != "skipped" else ""
        yield f"  {case}>"
        yield f"   <{tag} message={_attribute(said(decisive.headline))}{kind}>{_body(body)}</{tag}>"
        yield "  </testcase>"


_TAGS = {REFUTED: "failure", ILL_TYPED: "failure", UNSETTLED: "skipped", UNREADABLE: "error"}
# XML 1.0 has no way to write these at all.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _attribute(text: str) -> str:
    flat = " ".join(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", text).split())
    return quoteattr(flat)


def _body(text: str) -> str:
    return escape(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", text))


# --------------------------------------------------------------------------------------- GitHub

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def github(report: Report) -> str:
    """An annotation for each link that is not proved and each place that could not be read."""
    source = report.source
    lines = []
    for diagnostic in report.diagnostics:
        text = _told(diagnostic)
        command = _COMMANDS.get(diagnostic.severity, "notice")
        span = (diagnostic.start, diagnostic.end)
        lines.append((span[0], _annotation(command, source, span, diagnostic.code, text)))
    for one in told(report):
        if one.verdict != PROVED:
            command = _COMMANDS[one.severity]
            lines.append((one.span[0], _annotation(command, source, one.span, one.code,
                                                   message(one))))  # fmt: skip
    return "\n".join(line for _, line in sorted(lines, key=lambda entry: entry[0]))


def _annotation(command: str, source: Source, span: tuple[int, int], code: str, text: str) -> str:
    line, column = source.position(span[0])
    end_line, end_column = source.position(span[1])
    where = {"file": source.file, "line": line, "endLine": end_line}
    if line == end_line:  # GitHub takes columns only within one line, the last one included
        where |= {"col": column, "endColumn": max(column, end_column - 1)}
    where["title"] = f"{title_of(code) or code} [{code}]"
    said_where = ",".join(f"{key}={_property(str(value))}" for key, value in where.items())
    return f"::{command} {said_where}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
