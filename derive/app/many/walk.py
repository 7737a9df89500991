"""Which documents are meant by the paths that a user gave.

The idea: a folder stands for the documents in it, at any depth, in the order of their names; the
same file reached twice, by whatever name or link, is one document.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from derive.app.files import STDIN
from derive.diagnostics import DeriveError, Diagnostic

SUFFIXES = (".tex", ".md")


def documents(paths: Iterable[str | os.PathLike[str]]) -> Iterator[str | DeriveError]:
    """The documents, each once; a DeriveError stands for a folder that has none or is closed.

    What is named is taken whatever its suffix; what is found in a folder, by its suffix.  Hidden
    files and folders are passed over.  Whether a document can be read is found when it is read.
    """
    seen: set[str] = set()
    for given in paths:
        path = os.fspath(given)
        found = _inside(path) if path != STDIN and os.path.isdir(path) else iter((path,))
        for one in found:
            if isinstance(one, DeriveError):
                yield one
                continue
            identity = one if one == STDIN else os.path.realpath(one)
            if identity not in seen:
                seen.add(identity)
                yield one


def _inside(top: str) -> Iterator[str | DeriveError]:
    # A stack, since a tree of folders can be deeper than Python's own; a folder is entered once,
    # so that a link to a folder above ends there.
    entered: set[str] = set()
    empty = True
    stack = [top]
    while stack:
        folder = stack.pop()
        identity = os.path.realpath(folder)
        if identity in entered:
            continue
        entered.add(identity)
        try:
            with os.scandir(folder) as entries:
                shown = sorted((e for e in entries if not e.name.startswith(".")), key=_name)
        except OSError as error:
            empty = False
            reason = (error.strerror or str(error)).lower()
            yield _failure(folder, f"this folder cannot be read: {reason}")
            continue
        for entry in shown:
            if entry.name.lower().endswith(SUFFIXES) and _is_document(entry):
                empty = False
                yield os.path.join(folder, entry.name)
        folders = [entry.name for entry in shown if _holds(entry.is_dir)]
        stack += [os.path.join(folder, name) for name in reversed(folders)]
    if empty:
        yield _failure(top, f"no document is in this folder ({' or '.join(SUFFIXES)})")


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _is_document(entry: os.DirEntry[str]) -> bool:
    # A pipe would be waited for; a broken link is a document that is not there, and is said to be.
    return _holds(entry.is_file) or (entry.is_symlink() and not os.path.exists(entry.path))


def _holds(question: Callable[[], bool]) -> bool:
    """What an entry says of itself; no, where a chain of links goes round in a circle."""
    try:
        return question()
    except OSError:
        return False


def _failure(folder: str, message: str) -> DeriveError:
    return DeriveError(Diagnostic("no-file", message, folder))
