"""A report as text: what is wrong, where, why, in which case, and what to write instead.

The idea: the manner of rustc and Elm.  A headline with a code, the line as the author wrote it with
the piece underlined, then remarks; what is right takes one line or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.app.checked import numbers
from derive.app.checked.excerpt import excerpts
from derive.app.checked.words import (
    CARRIED,
    CURES,
    SPOKEN,
    Told,
    counted,
    read_in,
    short_of,
    sides_of,
    told,
)
from derive.diagnostics import Diagnostic, Source, printable, quoted, render
from proofs.verdict import PROVED, UNREADABLE, Report

_STYLES = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "note": "\x1b[1;36m",
    "proved": "\x1b[1;32m",
    "bold": "\x1b[1m",
    "blue": "\x1b[1;34m",
}
_PLAIN = "\x1b[0m"
_LABELS = 9  # columns of the widest label


class Pen:
    """Paints, or does not."""

    def __init__(self, color: bool) -> None:
        self.color = color

    def __call__(self, style: str, text: str) -> str:
        return f"{_STYLES[style]}{text}{_PLAIN}" if self.color and text else text


def render_report(report: Report, color: bool = False, verbose: bool = False) -> str:
    """Every link that is not proved, in the order of the document, and a line that sums up.

    What is proved only under conditions is listed, with ``verbose`` whatever is proved.
    """
    pen = Pen(color)
    source = report.source
    entries: list[tuple[int, str, bool]] = []
    for diagnostic in report.diagnostics:
        entries.append((diagnostic.start, _diagnostic(diagnostic, source, color), False))
    codes: dict[str, None] = {d.code: None for d in report.diagnostics if d.severity == "error"}
    for one in told(report):
        if one.verdict == PROVED:
            if verbose or one.link.conditions or one.link.almost_everywhere is not None:
                entries.append((one.span[0], _short(one, source, pen), True))
            continue
        if one.verdict == CARRIED:
            entries.append((one.span[0], _short(one, source, pen), True))
            continue
        codes[one.code] = None
        entries.append((one.span[0], "\n".join(_entry(one, source, pen)), False))
    entries.sort(key=lambda entry: entry[0])
    lines: list[str] = []
    was_short = True
    for _, text, short in entries:
        if lines and not (short and was_short):
            lines.append("")
        lines.append(text)
        was_short = short
    if lines:
        lines.append("")
    lines += [f"read by convention: {said(note)}" for note in report.notes if verbose]
    lines += _summary(report, list(codes), pen)
    return "\n".join(lines)


def _diagnostic(diagnostic: Diagnostic, source: Source, color: bool) -> str:
    # What concerns the file as a whole has no excerpt.
    whole = diagnostic.start == diagnostic.end == 0
    return render(diagnostic, Source(source.file, "") if whole else source, color)


def _entry(one: Told, source: Source, pen: Pen) -> Iterator[str]:
    style = one.severity
    # The first line of a message is its headline.
    first, *rest = one.headline.splitlines() or [""]
    yield f"{pen(style, style)}[{one.code}]: {pen('bold', said(first))}"
    line, column = source.position(one.span[0])
    found = excerpts(source, one.span, one.link.span if one.span != one.link.span else None)
    margin = " " * max(len(str(excerpt.number)) for excerpt in found) if found else " "
    yield f"{margin}{pen('blue', '-->')} {printable(source.file)}:{line}:{column}"
    bar = pen("blue", "|")
    yield f"{margin} {bar}"
    for excerpt in found:
        number = str(excerpt.number or "").rjust(len(margin))
        yield f"{pen('blue', number)} {bar} {excerpt.text}".rstrip()
        if excerpt.marks.strip():
            yield f"{margin} {bar} {_painted(excerpt.marks, style, pen)}"
    if rest or one.remarks or one.counterexample:
        yield f"{margin} {bar}"
    for line_of_message in rest:
        yield from _remark(margin, "", line_of_message, pen)
    # A reason, a case to look at, and only then the cure.
    for remark in one.remarks:
        if remark.label not in CURES:
            yield from _remark(margin, remark.label, remark.text, pen)
    yield from _example(one, margin, pen)
    for remark in one.remarks:
        if remark.label in CURES:
            yield from _remark(margin, remark.label, remark.text, pen)


def _painted(marks: str, style: str, pen: Pen) -> str:
    out, run = [], ""
    for sign in [*marks, ""]:
        if run and sign != run[-1]:
            out.append(pen({"^": style, "-": "blue"}.get(run[0], "bold"), run) if run.strip()
                       else run)  # fmt: skip
            run = ""
        run += sign
    return "".join(out)


def _remark(margin: str, label: str, text: str, pen: Pen) -> Iterator[str]:
    first, *rest = said(text).splitlines() or [""]
    sign = pen("blue", "=") if label else " "
    head = pen("bold", f"{label}:") + " " * (_LABELS - len(label)) if label else " " * (_LABELS + 1)
    yield f"{margin} {sign} {head}{first}".rstrip()
    for line in rest:
        yield f"{margin}   {' ' * (_LABELS + 1)}{line}".rstrip()


def _example(one: Told, margin: str, pen: Pen) -> Iterator[str]:
    example = one.counterexample
    if example is None:
        return
    sizes = numbers.sizes(example)
    edge = "only on a boundary, " if example.boundary else ""
    blocks = numbers.blocks(example)
    left, right = sides_of(one.link)
    where = numbers.place(example)
    one_side, other = map(numbers.spoken_number, (example.left, example.right))
    outcome = f"{where}{left} is {one_side}, {right} is {other}"
    head = edge + (f"with {sizes}" if sizes else "")
    lines = [head.rstrip(", "), *blocks] if head else blocks
    yield from _remark(margin, "example", "\n".join([*lines, outcome]), pen)


def _short(one: Told, source: Source, pen: Pen) -> str:
    """``proved  hand.tex:4:1  \\delta = z - y  for all sizes``."""
    first = one.link is one.claim.links[0]
    line, column = source.position(one.claim.span[0] if first else one.link.span[0])
    verdict = SPOKEN[one.verdict] if one.verdict == PROVED else "note"
    style = "proved" if one.verdict == PROVED else "note"
    place = f"{printable(source.file)}:{line}:{column}"
    return f"{pen(style, verdict)}: {place}: {short_of(one)}: {said(one.headline)}"


def said(text: str) -> str:
    """Words for a terminal: formulas stand between backticks, or bare where there are no words."""
    if (alone := re.fullmatch(r"\$([^$]*)\$", text)) is not None:
        return printable(alone[1])
    return quoted(text)


def _summary(report: Report, codes: list[str], pen: Pen) -> Iterator[str]:
    verdict = report.verdict
    style = "proved" if verdict == PROVED and report.claims else "warning"
    if any(report.count(v) for v in ("refuted", "ill-typed")) or verdict == UNREADABLE:
        style = "error"
    unread = sum(d.severity == "error" for d in report.diagnostics)
    more = f"; {unread} place{'s' * (unread != 1)} could not be read" if unread else ""
    differentiated = f" ({read_in(report)})" if report.claims else ""
    yield f"{pen('bold', printable(report.source.file))}: {pen(style, counted(report) + more)}{differentiated}"  # noqa: E501
    if codes:
        asked = ", ".join(f"`derive explain {code}`" for code in codes[:3])
        yield f"to learn more: {asked}"
