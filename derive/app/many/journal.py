"""A journal of what has been checked, from which a run that was killed goes on.

The idea: a line of JSON for each document, appended in one piece under a lock.  A line that was
torn when its writer was killed is no JSON, and is passed over; whoever writes next ends it first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from derive.app.many.worker import Options, Work
from derive.diagnostics import Source
from derive.version import VERSION

CODE = (".py", ".lark", ".json")


def fingerprint(work: Work, options: Options) -> str:
    """What a verdict depends on besides the document: who checks, and how.

    The version alone would not do: between two releases the checker changes under one name.
    """
    import derive
    import proofs

    digest = hashlib.sha256()
    for package in (derive, proofs):
        for root in package.__path__:
            for path in sorted(p for p in Path(root).rglob("*") if p.suffix in CODE):
                digest.update(path.relative_to(root).as_posix().encode() + b"\0")
                digest.update(path.read_bytes() + b"\0")
    name = f"{getattr(work, '__module__', '')}.{getattr(work, '__qualname__', repr(work))}"
    said = [VERSION, digest.hexdigest(), name, options.layout, options.limit, options.form]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def key(source: Source, fingerprint: str, options: Options) -> str:
    """Names the outcome of a document by its text, not by its name.

    The suffix is part of it: it says whether the text is LaTeX or Markdown.  So is the name where a
    form is asked for, since what is shown may contain it.
    """
    name = source.file if options.form else Path(source.file).suffix.lower()
    said = f"{fingerprint}\0{name}\0{source.text}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


class Journal:
    """Outcomes by key, in a file that several runs may share; OSError where it cannot be used."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._file = os.open(self.path, flags, 0o666)
        # Places, not records: a term's worth of reports need not be in memory.
        self._places: dict[str, tuple[int, int, str]] = {}
        try:
            self._index()
        except BaseException:
            os.close(self._file)
            raise

    def _index(self) -> None:
        at = 0
        with open(self.path, "rb") as lines:
            for line in lines:
                if (record := _record(line)) is not None:
                    verdict = record["result"]["verdict"]
                    self._places[record["key"]] = (at, len(line), verdict)
                at += len(line)

    def verdict(self, key: str) -> str | None:
        """The verdict that is kept under this key, if any is."""
        return self._places[key][2] if key in self._places else None

    def __len__(self) -> int:
        return len(self._places)

    def get(self, key: str) -> dict[str, Any] | None:
        """The record that was added under this key before the journal was opened, if any."""
        if key not in self._places:
            return None
        at, length, _ = self._places[key]
        with open(self.path, "rb") as lines:
            lines.seek(at)
            record = _record(lines.read(length))
        # Somebody may have cut the file meanwhile.
        return record if record is not None and record["key"] == key else None

    def add(self, key: str, kind: str, result: dict[str, Any], seconds: float) -> None:
        """Appends one record, whole or (where the process is killed) torn and without effect."""
        record = {"key": key, "kind": kind, "seconds": round(seconds, 4), "result": result}
        line = json.dumps(record).encode("ascii") + b"\n"
        with _locked(self._file):
            if _torn(self._file):
                line = b"\n" + line
            while line:
                line = line[os.write(self._file, line) :]

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    types = {"key": str, "kind": str, "seconds": (int, float), "result": dict}
    fits = isinstance(record, dict) and all(isinstance(record.get(k), t) for k, t in types.items())
    return record if fits and isinstance(record["result"].get("verdict"), str) else None


def _torn(file: int) -> bool:
    size = os.fstat(file).st_size
    if size == 0:
        return False
    os.lseek(file, size - 1, os.SEEK_SET)  # writing is at the end whatever this says
    return os.read(file, 1) != b"\n"


@contextlib.contextmanager
def _locked(file: int) -> Iterator[None]:
    """The file, for us alone; the system lets go of it when we are killed."""
    try:
        import fcntl
    except ImportError:  # a system without it: one run at a time
        yield
        return
    with contextlib.suppress(OSError):  # so on a file system that has no locks
        fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)
