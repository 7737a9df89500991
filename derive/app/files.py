"""Where documents come in and results go out; every failure here is a diagnostic.

The idea: nothing half done is ever seen.  What belongs together is written to temporary files
first and renamed when all of it is there.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from derive.diagnostics import DeriveError, Diagnostic, Source
from derive.latex.segment import LARGEST_DOCUMENT, source_of

STDIN = "-"


def load(path: str) -> Source:
    """The text of a document, ``-`` for standard input; DeriveError says why it cannot be had."""
    name = "<stdin>" if path == STDIN else path
    # A device such as /dev/zero has no end: one byte past the limit is enough to refuse it.
    most = 4 * LARGEST_DOCUMENT + 1
    try:
        if path == STDIN and sys.stdin is None:
            raise ValueError("standard input is closed")
        if path == STDIN:
            content = sys.stdin.buffer.read(most)
        else:
            with open(path, "rb") as file:
                content = file.read(most)
    except FileNotFoundError:
        raise _failure("no-file", "there is no such file", name) from None
    except IsADirectoryError:
        help = "give the documents in it: " + os.path.join(path, "*.tex")
        raise _failure("no-file", "this is a directory, not a document", name, help) from None
    except (OSError, ValueError) as error:
        raise _failure("no-file", f"it cannot be read: {_reason(error)}", name) from None
    return source_of(name, content)


def _failure(code: str, message: str, name: str, help: str = "") -> DeriveError:
    return DeriveError(Diagnostic(code, message, name, help=help))


def _reason(error: Exception) -> str:
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return words[:1].lower() + words[1:]


class Names:
    """The name under which each document's results go: its own, numbered where it is taken."""

    def __init__(self, inputs: list[str], result: str = "solution") -> None:
        """``result``: what is added to a name that is taken by a document."""
        self.result = result
        self.taken: set[str] = set()
        self.inputs = {os.path.realpath(path) for path in inputs if os.path.isfile(path)}

    def fresh(self, path: str, folder: Path, suffixes: tuple[str, ...]) -> str:
        """A stem for these files in the folder; a document is never overwritten by its results."""
        own = "stdin" if path == STDIN else Path(path).stem
        wish, k = own, 1
        while wish.casefold() in self.taken or any(
            os.path.realpath(folder / (wish + suffix)) in self.inputs for suffix in suffixes
        ):
            k += 1
            wish = f"{own}-{self.result}" if k == 2 else f"{own}-{k}"
        self.taken.add(wish.casefold())
        return wish

    def spare(self, target: Path) -> None:
        """DeriveError where a file to be written, named by the user, is one of the documents."""
        if os.path.realpath(target) in self.inputs:
            message = f"cannot write {target}: it is a document that is read"
            raise _failure("no-output", message, "", "give the result a name of its own")


def publish(texts: Mapping[Path, str]) -> None:
    """Write all of these files, or none; folders are made.  DeriveError says why it cannot be."""
    waiting: list[tuple[str, Path]] = []
    at = Path()
    try:
        for at, text in texts.items():
            if at.is_dir():  # found only after the first of two files is in place
                raise OSError("it is a folder")
            at.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=f".{at.name}.", dir=at.parent)
            waiting.append((temporary, at))
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            # mkstemp makes files that only their owner can read; a sheet is for others too.
            os.chmod(temporary, 0o666 & ~_umask())
        while waiting:
            temporary, at = waiting[0]
            os.replace(temporary, at)
            waiting.pop(0)
    except OSError as error:
        files = [folder for folder in at.parents if folder.is_file()]
        reason = f"{files[-1]} is a file, not a folder" if files else _reason(error)
        raise _failure("no-output", f"cannot write {at}: {reason}", "") from None
    finally:
        for temporary, _ in waiting:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
