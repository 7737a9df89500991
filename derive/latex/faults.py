"""Why a formula could not be read, before it is known which file it stands in."""

from __future__ import annotations

from derive.diagnostics import Diagnostic, Source


class Unreadable(Exception):
    """A formula that cannot be read: a code, a message, a span, and perhaps a second place."""

    def __init__(
        self,
        code: str,
        message: str,
        span: tuple[int, int],
        help: str = "",
        elsewhere: tuple[int, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span
        self.help = help
        self.elsewhere = elsewhere

    def diagnostic(self, source: Source) -> Diagnostic:
        """The fault placed in its file; a second place becomes a note with line and column."""
        notes: tuple[str, ...] = ()
        if self.elsewhere is not None:
            offset, words = self.elsewhere
            line, column = source.position(offset)
            notes = (f"{words} at line {line}, column {column}",)
        start, end = self.span
        end = min(len(source.text), max(end, start))
        return Diagnostic(self.code, self.message, source.file, start, end, self.help, notes)
