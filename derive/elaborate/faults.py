"""What stops a reading, at its place: raised while elaborating, reported as a diagnostic."""

from __future__ import annotations

from derive.diagnostics import Diagnostic, Source
from derive.tree import Tree


class Fault(Exception):
    """One reason why a piece of a document has no meaning, with its span."""

    def __init__(
        self,
        code: str,
        message: str,
        at: Tree | tuple[int, int],
        help: str = "",
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.help, self.notes = code, message, help, notes
        self.span = at.span if isinstance(at, Tree) else at

    def diagnostic(self, source: Source) -> Diagnostic:
        start, end = self.span
        return Diagnostic(self.code, self.message, source.file, start, end, self.help, self.notes)


class Silent(Exception):
    """A definition that uses a broken one: the broken one was reported, this need not be."""
