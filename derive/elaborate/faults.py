"""What stops a reading, at its place: raised while elaborating, reported as a diagnostic."""

from __future__ import annotations

import re
from typing import TypeAlias

from derive.diagnostics import Diagnostic, Source
from derive.elaborate.shown import formula, marked
from derive.tree import Tree

_UNKNOWN = re.compile(r"\?\d+")
# A sentence, or a piece of the document and what it is.
Note: TypeAlias = "str | tuple[Tree, str]"
_LETTERS = "nmpdqkhlrst"


class Fault(Exception):
    """One reason why a piece of a document has no meaning, with its span.

    A note is a sentence, or a piece and what is said of it: ``W is`` ``m×n``.
    """

    def __init__(
        self,
        code: str,
        message: str,
        at: Tree | tuple[int, int],
        help: str = "",
        notes: tuple[Note, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.help, self.notes = code, message, help, notes
        self.span = at.span if isinstance(at, Tree) else at

    def diagnostic(self, source: Source) -> Diagnostic:
        start, end = self.span
        told = (note if isinstance(note, str) else _told(*note, source) for note in self.notes)
        message, *notes = _with_letters((self.message, *told), source.text)
        return Diagnostic(self.code, message, source.file, start, end, self.help, tuple(notes))


def _told(piece: Tree, what: str, source: Source) -> str:
    """What is said of a piece, which is shown as it was written if it stands in one place."""
    written = source.text[slice(*piece.span)].strip()
    whole = not re.search(r"[&$\n]|\\\\", written) and all(
        written.count(a) == written.count(b) for a, b in ("{}", "()", "[]")
    )
    return f"{marked(written) if written and whole else formula(piece)} is {what}"


def _with_letters(texts: tuple[str, ...], document: str) -> tuple[str, ...]:
    """Sizes that nothing gives are ?1, ?2 while reading; their reader gets free letters instead."""
    unknown = list(dict.fromkeys(found for text in texts for found in _UNKNOWN.findall(text)))
    if not unknown:
        return texts
    taken = set(re.findall(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])", document))
    free = [letter for letter in _LETTERS if letter not in taken]
    free += [f"n_{k}" for k in range(1, len(unknown) - len(free) + 1)]
    letters = dict(zip(unknown, free, strict=False))
    several = len(unknown) > 1
    named = (" and " if len(unknown) < 3 else ", ").join(f"${n}$" for n in letters.values())
    verb = "are sizes" if several else "is a size"
    lettered = (_UNKNOWN.sub(lambda found: letters[found[0]], text) for text in texts)
    return (*lettered, f"{named} {verb} that the document does not give")


class Silent(Exception):
    """A definition that uses a broken one: the broken one was reported, this need not be."""


def stands_alone(tree: Tree, written: str) -> Fault:
    """J where J(u) and J(v) are known, and neither is what J alone would mean."""
    return Fault(
        "unsupported", f"${written}$ is applied to several things, and stands alone here", tree,
        f"write what it is applied to, as in ${written}(W)$",
    )  # fmt: skip


def ambiguous_superscript(letter: str, at: Tree) -> Fault:
    """What stands above a name, where nothing says whether it names or raises."""
    return Fault(
        "ambiguous-superscript", f"the superscript ${letter}$ may be a label or a power", at,
        f"for a label write `^{{({letter})}}`; for a power declare ${letter}$ as a number",
    )  # fmt: skip
