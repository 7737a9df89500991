"""What is wrong with a document, as data first and as text second.

A stage never prints: it makes a ``Diagnostic`` that carries its place and its reason, and whoever
talks to the reader renders it, on a terminal as here, or as JSON.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import itemgetter

_WIDEST_EXCERPT = 100
_TAB = "    "
_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "note": "\x1b[1;36m"}
_PIECES = re.compile(r"`([^`]*)`|\$([^$]*)\$")
# Shapes and numbers read well as they are.
_BARE = re.compile(r"[\w()+·×-]*×[\w()+·×-]*|-?\d+(?:/\d+)?")
_BOLD, _BLUE, _PLAIN = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Source:
    """A document: its name, as the user gave it, and its text, whose offsets are never shifted.

    One that is cut out of a ``whole`` consists of ``pieces``: where each begins, and where it
    stands there.
    """

    file: str
    text: str
    whole: Source | None = None
    pieces: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"a document is text, not {self.text!r}")

    def origin(self, offset: int) -> int:
        """Where an offset stands in the whole document."""
        if self.whole is None:
            return offset
        begins, stands = self.pieces[bisect_right(self.pieces, offset, key=itemgetter(0)) - 1]
        return stands + offset - begins

    def placed(self, span: tuple[int, int]) -> tuple[int, int]:
        """Where a half-open span stands in the whole document."""
        start, end = span
        return self.origin(start), self.origin(end - 1) + 1 if end > start else self.origin(end)

    def cut(self, text: str, pieces: Sequence[tuple[int, int]]) -> Source:
        """What is cut out of this, in pieces: where each begins in the text, and where it stands
        here."""
        placed: list[tuple[int, int]] = []
        for (begins, stands), (ends, _) in pairwise((*pieces, (len(text), 0))):
            placed.append((begins, self.origin(stands)))
            inside = (one for one in self.pieces if stands < one[0] < stands + ends - begins)
            placed += [(begins + at - stands, origin) for at, origin in inside]
        return Source(self.file, text, self.whole or self, tuple(placed))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1, the column in characters."""
        if self.whole is not None:
            return self.whole.position(self.origin(offset))
        offset = max(0, min(offset, len(self.text)))
        line_start = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, offset) + 1, offset - line_start + 1

    def line_at(self, offset: int) -> tuple[int, int]:
        """The half-open span of the line around an offset, without its line end."""
        offset = max(0, min(offset, len(self.text)))
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        end = len(self.text) if end < 0 else end
        return start, end - 1 if end > start and self.text[end - 1] == "\r" else end


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that a reader must know: a stable kebab-case code, words, and a span of offsets."""

    code: str
    message: str
    file: str = ""
    start: int = 0
    end: int = 0
    help: str = ""
    notes: tuple[str, ...] = ()
    severity: str = "error"

    def placed(self, source: Source) -> Diagnostic:
        """The same of a piece of a document, where that stands in the document."""
        start, end = source.placed((self.start, self.end))
        return replace(self, start=start, end=end)


class DeriveError(Exception):
    """Raised at a boundary where work cannot go on; carries every diagnostic found so far."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(f"[{d.code}] {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics


def display_width(text: str) -> int:
    """Columns of a text on a terminal: wide East Asian letters take two, combining marks none."""
    return sum(columns(letter) for letter in text)


def columns(letter: str) -> int:
    """Columns of one letter on a terminal: 0, 1 or 2."""
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def printable(text: str) -> str:
    """A text that cannot move the reader's cursor, change colours or turn the line around."""
    return "".join(
        _TAB if letter == "\t" else "\N{REPLACEMENT CHARACTER}" if _acts(letter) else letter
        for letter in text
    )


def quoted(text: str) -> str:
    """A message for a terminal: what stands between dollar signs or backquotes is in backquotes, a
    shape such as h×m or a number bare.

    >>> quoted("$W$ is $h×m$")
    '`W` is h×m'
    """
    return "\n".join(printable(line) for line in _PIECES.sub(_piece, text).split("\n"))


def _piece(found: re.Match[str]) -> str:
    source, formula = found.groups()
    if formula is not None and _BARE.fullmatch(formula):
        return formula
    return f"`{source if formula is None else formula}`"


def _acts(letter: str) -> bool:
    turns = "\u202a" <= letter <= "\u202e" or "\u2066" <= letter <= "\u2069"
    return turns or unicodedata.category(letter) == "Cc"


def _clipped(line: str, start: int, end: int) -> tuple[str, int, int]:
    """A window of a long line around the span, and the span inside the window."""
    if display_width(line) <= _WIDEST_EXCERPT:
        return line, start, end
    left = max(0, min(start - 30, len(line) - _WIDEST_EXCERPT))
    right = min(len(line), left + _WIDEST_EXCERPT)
    head = "…" if left else ""
    tail = "…" if right < len(line) else ""
    shift = len(head) - left
    return head + line[left:right] + tail, start + shift, min(end, right) + shift


def render(diagnostic: Diagnostic, source: Source | None = None, color: bool = False) -> str:
    """The diagnostic for a terminal: headline, place, excerpt with carets, notes and help."""

    def paint(style: str, text: str) -> str:
        return f"{style}{text}{_PLAIN}" if color else text

    headline = paint(_COLOURS.get(diagnostic.severity, _BOLD), diagnostic.severity)
    out = [f"{headline}[{diagnostic.code}]: {paint(_BOLD, quoted(diagnostic.message))}"]
    margin = ""
    if source is not None and source.text:
        line, column = source.position(diagnostic.start)
        line_start, line_end = source.line_at(diagnostic.start)
        start = diagnostic.start - line_start
        end = max(start + 1, min(diagnostic.end, line_end) - line_start)
        text, start, end = _clipped(source.text[line_start:line_end], start, end)
        margin = " " * len(str(line))
        before, marked = printable(text[:start]), printable(text[start:end])
        carets = " " * display_width(before) + "^" * max(1, display_width(marked))
        bar = paint(_BLUE, "|")
        out += [
            f"{margin}{paint(_BLUE, '-->')} {diagnostic.file or source.file}:{line}:{column}",
            f"{margin} {bar}",
            f"{paint(_BLUE, str(line))} {bar} {printable(text)}",
            f"{margin} {bar} {paint(_COLOURS.get(diagnostic.severity, _BOLD), carets)}",
        ]
    elif diagnostic.file:
        out.append(f"{paint(_BLUE, '-->')} {diagnostic.file}")
    remarks = [("note", note) for note in diagnostic.notes]
    remarks += [("help", diagnostic.help)] if diagnostic.help else []
    for label, words in remarks:
        first, *rest = quoted(words).splitlines() or [""]
        out.append(f"{margin} {paint(_BLUE, '=')} {paint(_BOLD, label)}: {first}")
        out += [f"{margin}         {line}" for line in rest]
    return "\n".join(out)
