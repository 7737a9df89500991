"""Lines of a source with marks under them, whatever is in the lines.

The idea: a line is laid out in columns of the terminal first (a tab takes four, a Chinese letter
two, an accent none), and clipped and marked in columns, so the marks stand under what they mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from derive.diagnostics import Source, columns, printable

WIDEST = 96  # columns of an excerpt; a longer line is shown around its first mark
_BEFORE = 24  # columns that stay in sight before the first mark
_MOST = 5  # lines of a piece that is marked; of a longer one, the first and the last


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line: its number (0 where lines were left out), its text, and the marks under it."""

    number: int
    text: str
    marks: str


def closed(text: str, span: tuple[int, int]) -> tuple[int, int]:
    r"""The span with the braces closed that it opens: ``\frac{a}{b`` gets its last ``}``."""
    start, end = span
    inside = text[start:end].replace(r"\{", "  ").replace(r"\}", "  ")
    depth = inside.count("{") - inside.count("}")
    at = end
    while depth > 0 and at < len(text) and (text[at].isspace() or text[at] == "}"):
        if text[at] == "}":
            depth -= 1
            end = at + 1
        at += 1
    return start, end


def excerpts(
    source: Source, strong: tuple[int, int], weak: tuple[int, int] | None = None
) -> list[Excerpt]:
    """The lines of the strong span with ``^`` under it, and ``-`` under the rest of the weak."""
    text = source.text
    strong = closed(text, strong)
    spans = [(*strong, "^")] if weak is None else [(*closed(text, weak), "-"), (*strong, "^")]
    first = min(start for start, _, _ in spans)
    last = max(end for _, end, _ in spans)
    made = [line for line in _lines(source, first, last, spans) if line.text.strip()]
    if len(made) > _MOST:
        made = [*made[: _MOST - 2], Excerpt(0, "...", ""), made[-1]]
    return made


def _lines(
    source: Source, first: int, last: int, spans: list[tuple[int, int, str]]
) -> Iterator[Excerpt]:
    number, _ = source.position(first)
    at = first
    while True:
        start, end = source.line_at(at)
        yield Excerpt(number, *_marked(source.text[start:end], start, spans))
        following = source.text.find("\n", end)
        if following < 0 or following + 1 >= last:
            return
        at, number = following + 1, number + 1


def _marked(line: str, offset: int, spans: list[tuple[int, int, str]]) -> tuple[str, str]:
    cells: list[tuple[str, str]] = []  # what is shown of a letter, and the mark under it
    # Of a line without end only what is near is looked at: the rest will be clipped.
    near = min(max(0, spans[-1][0] - offset), len(line))
    left = max(0, near - 4 * WIDEST)
    for at, letter in enumerate(line[left : near + 4 * WIDEST], offset + left):
        mark = " "
        for start, end, sign in spans:
            # A caret is shown even where nothing stands.
            if start <= at < max(end, start + 1):
                mark = sign
        cells.append((printable(letter), mark))
    # Blank columns at the ends of a line of a longer piece are not part of it.
    filled = [at for at, (shown, mark) in enumerate(cells) if shown.strip() and mark != " "]
    if filled:
        cells = [
            (shown, mark if filled[0] <= at <= filled[-1] else " ")
            for at, (shown, mark) in enumerate(cells)
        ]
    elif any(start == offset + len(line) for start, _, _ in spans):
        cells.append((" ", "^"))  # what is missing is missing at the end of the line
    cells = _clipped(cells)
    text = "".join(shown for shown, _ in cells)
    marks = "".join(mark * sum(map(columns, shown)) for shown, mark in cells)
    return text.rstrip(), marks.rstrip()


def _clipped(cells: list[tuple[str, str]]) -> list[tuple[str, str]]:
    widths = [sum(map(columns, shown)) for shown, _ in cells]
    if sum(widths) <= WIDEST:
        return cells
    strong = [at for at, (_, mark) in enumerate(cells) if mark == "^"]
    marked = strong or [at for at, (_, mark) in enumerate(cells) if mark != " "]
    left, seen = (marked[0] if marked else 0), 0
    while left > 0 and seen + widths[left - 1] <= _BEFORE:
        left -= 1
        seen += widths[left]
    right, used = left, 0
    while right < len(cells) and used + widths[right] <= WIDEST:
        used += widths[right]
        right += 1
    while left > 0 and used + widths[left - 1] <= WIDEST:
        left -= 1
        used += widths[left]
    head = [("…", " ")] if left else []
    tail = [("…", " ")] if right < len(cells) else []
    return [*head, *cells[left:right], *tail]
