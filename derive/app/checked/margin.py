r"""The author's own LaTeX document with a sign at every claim and notes after the formulas.

The idea: nothing of the document is changed, pieces are only put in: definitions before
``\begin{document}``, a sign at the end of each link, a note behind the formula or paragraph.  Where
a sign cannot stand inside a formula, it stands behind it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from derive.app import tex
from derive.app.checked.excerpt import closed
from derive.app.checked.page import page
from derive.app.checked.prose import delimited
from derive.app.checked.setting import ordered
from derive.app.checked.tex import Look
from derive.app.checked.words import (
    CARRIED,
    SPOKEN,
    Told,
    counted,
    goes_on,
    proved_how,
    read_in,
)
from derive.app.tex import printable
from derive.latex.read import read_formulas
from derive.latex.segment import Document, Formula
from derive.version import VERSION
from proofs.verdict import PROVED, UNREADABLE, UNSETTLED, Report

_TONES = {PROVED: "proved", UNSETTLED: "unsettled", CARRIED: "carried"}
_BRACE = re.compile(r"\\.|%[^\n]*|[{}]", re.DOTALL)
_TABLES = frozenset(["tabular", "tabular*", "tabularx", "longtable", "array"])
# Where a paragraph ends, or something begins in front of which a note may stand.
_STOP = re.compile(
    r"\n[ \t\r]*\n|\\(?P<what>begin|end)\{(?P<env>[^{}]*)\}|\\item(?![A-Za-z])|\\par(?![A-Za-z])"
    r"|\\(?:sub)*section\*?(?![A-Za-z])|\\\[|\$\$|\\.|[{}]",
    re.DOTALL,
)

_DEFINITIONS = r"""
%% Put in by derive check: what the signs and notes look like.
\makeatletter
\@ifpackageloaded{xcolor}{}{\usepackage{xcolor}}
\@ifpackageloaded{graphicx}{}{\usepackage{graphicx}}
\@ifpackageloaded{amsmath}{}{\usepackage{amsmath}}
\@ifpackageloaded{unicode-math}{}{\@ifpackageloaded{amssymb}{}{\usepackage{amssymb}}}
\makeatother
\definecolor{deriveproved}{HTML}{1F7A45}\definecolor{derivewrong}{HTML}{B3261E}
\definecolor{deriveunsettled}{HTML}{8A5A00}\definecolor{derivecarried}{HTML}{22406B}
\definecolor{derivepaperproved}{HTML}{E9F5EE}\definecolor{derivepaperwrong}{HTML}{FDECEA}
\definecolor{derivepaperunsettled}{HTML}{FFF6DF}\definecolor{derivepapercarried}{HTML}{EEF1F6}
\providecommand{\indicatorone}{1\mkern-4.6mu\mathrm{l}}
\providecommand{\derivesignproved}{\surd}\providecommand{\derivesignwrong}{\times}
\providecommand{\derivesignunsettled}{?}\providecommand{\derivesigncarried}{\hookrightarrow}
% \derivemark{verdict}{number of its note}: takes no room in a displayed formula.
\providecommand{\derivesign}[2]{\ensuremath{%
  \mkern4mu{}^{\textcolor{derive#1}{\csname derivesign#1\endcsname\,#2}}}}
\providecommand{\derivemark}[2]{\ifinner\derivesign{#1}{#2}\else\rlap{\derivesign{#1}{#2}}\fi}
\providecommand{\derivenote}[4]{\par\nopagebreak\smallskip\noindent{\setlength{\fboxsep}{4pt}%
  \colorbox{derivepaper#1}{\parbox{\dimexpr\linewidth-2\fboxsep\relax}{\small\raggedright
  \parindent=0pt\parskip=1pt\textcolor{derive#1}{\bfseries #2}\enspace #3\par #4}}}\par\smallskip}
\providecommand{\deriverow}[2]{\makebox[4.4em][l]{\textcolor{gray}{#1}}%
  \parbox[t]{\dimexpr\linewidth-4.4em\relax}{\raggedright #2\par}\par}
\providecommand{\textpiece}[1]{\setbox0=\hbox{$#1$}%
  \ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\box0}\else\box0\fi\penalty0\relax}
\providecommand{\derivesum}[1]{\par\bigskip\noindent{\small\raggedright #1\par}}
"""


# What else notes are made of.
_IN_NOTES = r"\begin\end\textbf\texttt\hfill\mbox\footnotesize\quad\displaystyle\text"


def render_margin(report: Report) -> str | None:
    """The document with its notes; None where it is no LaTeX document of its own."""
    document = read_formulas(report.source).document
    begin = document.plain.find(r"\begin{document}")
    if begin < 0 or r"\documentclass" not in document.plain[:begin]:
        return None
    return _Author(report, document, begin).text()


class _Author:
    """One document and what is put into it."""

    def __init__(self, report: Report, document: Document, begin: int) -> None:
        self.report, self.document = report, document
        self.plain, self.begin = document.plain, begin
        self.look = Look(page(report))
        self.braces = _Braces(self.plain)
        self.inserted: list[tuple[int, str]] = []
        self.numbers: dict[int, int] = {}  # of the notes, by the offset of what they are on

    def text(self) -> str:
        notes = self._mark()
        body = "".join(notes)
        self.inserted.append(
            (self.begin, f"{_DEFINITIONS}{tex.fallbacks(body, _DEFINITIONS + _IN_NOTES)}\n")
        )
        end = self.plain.find(r"\end{document}", self.begin)
        if end >= 0:
            self.inserted.append((end, f"\\derivesum{{{self._sum()}}}\n"))
        out, at = [], 0
        source = self.report.source.text
        for offset, piece in sorted(self.inserted, key=lambda entry: entry[0]):
            out += [source[at:offset], piece]
            at = offset
        return "".join([*out, source[at:]])

    def _sum(self) -> str:
        said = f"Checked by derive {VERSION}: {counted(self.report)}; {read_in(self.report)}."
        return printable(said)

    def _mark(self) -> list[str]:
        """Put in every sign and note; the notes."""
        notes: list[str] = []
        number = 0
        for formula in self.document.formulas:
            behind = []
            for one in self._told(formula):
                note = self._note(one, number + 1)
                number += bool(note)
                self.numbers[one.link.span[0]] = number
                tone = _TONES.get(one.verdict, "wrong")
                sign = rf"{{{tone}}}{{{number if note else ''}}}"
                if (at := self._place(formula, one)) is not None:
                    self.inserted.append((at, r"\derivemark" + sign))
                elif not formula.display:  # behind a display only its note can stand
                    at = delimited(self.plain, formula)[1]
                    self.inserted.append((at, r"\derivesign" + sign))
                behind += [note] if note else []
            if behind:
                self._put_notes(formula, "".join(behind))
                notes += behind
        return notes

    def _told(self, formula: Formula) -> Iterator[Told]:
        for one in self.look.all:
            if formula.start <= one.link.span[0] < formula.end:
                yield one

    def _place(self, formula: Formula, one: Told) -> int | None:
        """The end of a link, if it is not inside braces and can be read."""
        if one.link.verdict == UNREADABLE:
            return None
        _, at = closed(self.plain, one.link.span)
        if not formula.start < at <= formula.end:
            return None
        return at if self.braces.depth(at) == self.braces.depth(formula.start) else None

    def _note(self, one: Told, number: int) -> str:
        """The note on a link; empty where there is nothing to say."""
        said = self.look.said
        if one.verdict == PROVED:
            if not one.link.conditions and one.link.almost_everywhere is None:
                return ""
            return rf"\derivenote{{proved}}{{{number}}}{{proved {said(proved_how(one.link))}}}{{}}"
        if one.verdict == CARRIED:
            # A reader of the page counts notes, not lines of the source.
            error = self.numbers.get(one.link.carried_from or -1)
            headline = one.headline if error is None else goes_on(f"error {error}")
            return rf"\derivenote{{carried}}{{{number}}}{{{said(headline)}}}{{}}"
        rows, above = [], ""
        for remark in ordered(one):
            label, above = ("" if remark.label == above else remark.label), remark.label
            if remark.label == "example":
                found = self.look.example(one)
                values = r"\quad\penalty0 ".join(rf"\mbox{{${value}$}}" for value in found.values)
                text = f"{values}\\par {found.outcome}" if values else found.outcome
            else:
                text = said(remark.text)
            rows.append(rf"\deriverow{{{label}}}{{{text}}}")
        tone = _TONES.get(one.verdict, "wrong")
        headline = (
            rf"\textbf{{{said(one.headline)}}} \hfill\mbox{{\footnotesize {SPOKEN[one.verdict]}}}"
        )
        return f"\\derivenote{{{tone}}}{{{number}}}{{{headline}}}{{%\n" + "%\n".join(rows) + "}"

    def _put_notes(self, formula: Formula, notes: str) -> None:
        _, end = delimited(self.plain, formula)
        at = self._behind(end, formula.display)
        goes_on = re.match(r"[^\S\n]*\n?[^\S\n]*[^\s\\]", self.plain[at:]) and at == end
        self.inserted.append((at, f"%\n{notes}" + (r"\noindent " if goes_on else "\n")))

    def _behind(self, end: int, display: bool) -> int:
        """Where a note can stand: right behind a display, else where the paragraph ends."""
        depth = self.braces.depth(end) - self.braces.depth(self.begin)
        if display and depth == 0:
            return end
        opened: list[str] = []
        for found in _STOP.finditer(self.plain, end):
            if found[0] in "{}":
                depth += 1 if found[0] == "{" else -1
                continue
            if len(found[0]) == 2 and found[0] not in (r"\[", "$$"):
                continue
            inside_table = found["what"] == "end" and found["env"] in _TABLES and not opened
            if found["what"] == "begin" and depth > 0:
                opened.append(found["env"])
            elif found["what"] == "end" and opened:
                opened.pop()
            elif inside_table:
                continue
            elif depth <= 0:
                return found.start()
        return len(self.plain)


class _Braces:
    """How many braces are open at each place of a text."""

    def __init__(self, text: str) -> None:
        self.places, self.depths = [0], [0]
        for found in _BRACE.finditer(text):
            if found[0] in ("{", "}"):
                self.places.append(found.end())
                self.depths.append(self.depths[-1] + (1 if found[0] == "{" else -1))

    def depth(self, at: int) -> int:
        return self.depths[bisect_right(self.places, at) - 1]
