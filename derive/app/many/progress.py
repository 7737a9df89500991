"""One line that says how far a run is, for who waits for it.

The idea: the line is overwritten in place, with spaces and no escape codes, and never wider than
the terminal; where nobody looks on, nothing is written unless it was asked for, and then lines.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol, TextIO, TypeAlias, runtime_checkable

from derive.diagnostics import display_width, printable


@runtime_checkable
class Progress(Protocol):
    """What is told of a run: each outcome when it is there, and the end."""

    def tell(self, done: int, total: int, file: str, verdict: str, resumed: bool) -> None: ...
    def clear(self) -> None:
        """Takes the line away, for somebody else to write; it comes back with what is told next."""

    def close(self) -> None: ...


# Silent, as the terminal has it, always, on a stream of one's own, or told to a function.
Asked: TypeAlias = "bool | TextIO | Callable[[int, int, str, str], object] | Progress | None"


def progress(asked: Asked, clock: Callable[[], float] = time.monotonic) -> Progress:
    """The progress that is asked for.

    None: a line on standard error if that is a terminal, True: whatever it is, False: nothing.  A
    stream is written to; a function is called with (done, total, file, verdict).
    """
    if isinstance(asked, Progress):
        return asked
    if asked is None or isinstance(asked, bool):
        shown = asked if asked is not None else _terminal(sys.stderr)
        return Line(sys.stderr, clock) if shown else Silent()
    if hasattr(asked, "write"):
        return Line(asked, clock)  # type: ignore[arg-type]
    return Told(asked)  # type: ignore[arg-type]


class Silent:
    def tell(self, done: int, total: int, file: str, verdict: str, resumed: bool) -> None:
        pass

    def clear(self) -> None:
        pass

    def close(self) -> None:
        pass


class Told(Silent):
    """A function of somebody else."""

    def __init__(self, function: Callable[[int, int, str, str], object]) -> None:
        self.function = function

    def tell(self, done: int, total: int, file: str, verdict: str, resumed: bool) -> None:
        self.function(done, total, file, verdict)


class Line(Silent):
    """A line on a stream: overwritten on a terminal, one line after the other elsewhere."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self.stream, self.clock = stream, clock
        self.terminal = _terminal(stream)
        self.pause = 0.1 if self.terminal else 10.0  # seconds between two lines
        self.start: float | None = None
        self.fresh = 0  # those that were checked now; what a journal kept says nothing of the speed
        self.seen: Counter[str] = Counter()
        self.written: float | None = None
        self.columns = 0
        self.text = ""

    def tell(self, done: int, total: int, file: str, verdict: str, resumed: bool) -> None:
        now = self.clock()
        self.start = now if self.start is None else self.start
        self.fresh += not resumed
        self.seen[verdict] += 1
        self.text = self._line(done, total, now - self.start)
        last = done == total
        if last or self.written is None or now - self.written >= self.pause:
            self.written = now
            self._write(self.text, file)

    def _line(self, done: int, total: int, seconds: float) -> str:
        parts = [f"checked {done:,} of {total:,}"]
        bad = [f"{self.seen[v]:,} {v}" for v in WORST_FIRST if self.seen[v]]
        parts += [", ".join(bad)] if bad else []
        # The first one only starts the clock.
        if self.fresh > 1 and seconds > 0:
            rate = (self.fresh - 1) / seconds
            parts.append(f"{rate:,.1f} files/s" if rate >= 1 else f"{1 / rate:,.1f} s/file")
            parts.append(f"{_time((total - done) / rate)} left" if done < total else _time(seconds))
        return "  ".join(parts)

    def _write(self, text: str, file: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            if not self.terminal:
                self.stream.write(text + "\n")
            else:
                wide = max(20, shutil.get_terminal_size().columns - 1)
                shown = clipped(f"{text}  {file}", wide)
                columns = display_width(shown)
                self.stream.write("\r" + shown + " " * (self.columns - columns))
                self.columns = columns
            self.stream.flush()

    def clear(self) -> None:
        if self.terminal and self.columns:
            with contextlib.suppress(OSError, ValueError):
                self.stream.write("\r" + " " * self.columns + "\r")
                self.stream.flush()
            self.columns, self.written = 0, None

    def close(self) -> None:
        """Leaves the last line standing."""
        if self.terminal and self.text:
            self._write(self.text, "")
            with contextlib.suppress(OSError, ValueError):
                self.stream.write("\n")
                self.stream.flush()
        self.columns = 0


WORST_FIRST = ("unreadable", "refuted", "ill-typed", "unsettled")


def clipped(text: str, columns: int) -> str:
    """The text, on one line and in at most so many columns, with an ellipsis where it is cut."""
    text = printable(text)
    if display_width(text) <= columns:
        return text
    taken = 0
    for end, letter in enumerate(text):
        taken += display_width(letter)
        if taken > columns - 1:
            return text[:end] + "…"
    return text


def _terminal(stream: TextIO | None) -> bool:
    if stream is None or os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _time(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
