"""The outcomes of many documents in the order in which they were named.

The idea: documents are read here and checked elsewhere; an answer that comes before its turn waits,
and one that the journal has is only looked up when its turn comes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from derive.app.many.progress import Progress
from derive.app.many.worker import (
    CRASHED,
    UNREADABLE,
    Answer,
    Order,
    Task,
    unreadable,
    work_on,
)
from derive.diagnostics import DeriveError, Diagnostic, Source

if TYPE_CHECKING:
    from derive.app.many.journal import Journal
    from derive.app.many.pool import Executors


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document.

    ``kind`` is ``checked``, ``unreadable``, ``timed out``, ``crashed`` or ``internal error``;
    ``result`` the JSON that ``derive check --json`` prints, whatever the kind.  ``resumed``: it
    comes from the journal.  ``shown`` is the text for a reader, if the work made one.
    """

    file: str
    kind: str
    result: dict[str, Any]
    seconds: float = field(default=0.0, compare=False)
    resumed: bool = field(default=False, compare=False)
    shown: str | None = None

    @classmethod
    def of(cls, file: str, kind: str, kept: dict[str, Any], seconds: float, resumed: bool) -> Self:
        """The outcome of what a worker answered, or a journal kept."""
        result = {"file": file, **kept}
        shown = result.pop("shown", None)
        return cls(file, kind, result, seconds, resumed, shown)

    @property
    def verdict(self) -> str:
        return self.result["verdict"]


@dataclass(slots=True)
class Gathering:
    """One run over the documents that were found; a DeriveError stands for a folder without any."""

    found: list[str | DeriveError]
    order: Order
    told: Progress
    journal: Journal | None = None
    mark: str = ""  # what the journal's keys say of the checker
    keys: dict[int, str] = field(default_factory=dict)
    early: dict[int, Outcome | None] = field(default_factory=dict)  # None: the journal has it
    finished: int = 0

    def outcomes(self, executor: Executors | None, jobs: int | None) -> Iterator[Outcome]:
        turn = 0
        try:
            for answer in self._answers(executor, jobs):
                self._receive(answer)
                while turn in self.early:
                    yield self._take(turn)
                    turn += 1
            # Behind the last task there may be some that needed no work.
            while turn in self.early:
                yield self._take(turn)
                turn += 1
        finally:
            self.told.close()

    def _answers(self, executor: Executors | None, jobs: int | None) -> Iterator[Answer]:
        total = len(self.found)
        if executor is None and jobs in (None, 1):
            return (answer for task in self._tasks() for answer in work_on([task], self.order))
        from derive.app.many.pool import Crew, answers

        if executor is None:
            jobs = min(jobs or 1, max(1, total))
        return answers(
            self._tasks(), total, Crew(executor, jobs or os.cpu_count() or 1, self.order)
        )

    def _tasks(self) -> Iterator[Task]:
        """Every document that has to be checked; the outcome of any other is settled here."""
        from derive.app.files import load

        for number, file in enumerate(self.found):
            try:
                if isinstance(file, DeriveError):
                    raise file
                source = load(file)
            except DeriveError as error:
                name = self._name(number)
                result = {"file": name, **unreadable(error, Source(name, ""))}
                self._settle(number, Outcome(name, UNREADABLE, result), result["verdict"])
                continue
            if self.journal is not None:
                from derive.app.many.journal import key

                self.keys[number] = key(source, self.mark, self.order.options)
                if (verdict := self.journal.verdict(self.keys[number])) is not None:
                    self._settle(number, None, verdict)
                    continue
            yield number, source.file, source.text

    def _receive(self, answer: Answer) -> None:
        number, kind, said, seconds = answer
        result = json.loads(said)
        # The name is no part of what is kept: the same text under another name is the same.
        result.pop("file", None)
        if self.journal is not None and kind != CRASHED:
            try:
                self.journal.add(self.keys.pop(number), kind, result, seconds)
            except OSError as error:
                raise _unusable(self.journal.path, error) from None
        outcome = Outcome.of(self._name(number), kind, result, seconds, False)
        self._settle(number, outcome, outcome.verdict)

    def _settle(self, number: int, outcome: Outcome | None, verdict: str) -> None:
        self.early[number] = outcome
        self.finished += 1
        kept = outcome is None
        self.told.tell(self.finished, len(self.found), self._name(number), verdict, kept)

    def _take(self, turn: int) -> Outcome:
        outcome = self.early.pop(turn)
        if outcome is not None:
            return outcome
        assert self.journal is not None
        record = self.journal.get(self.keys.pop(turn))
        if record is None:
            raise _unusable(self.journal.path, OSError("it was changed while it was in use"))
        return Outcome.of(
            self._name(turn), record["kind"], record["result"], record["seconds"], True
        )

    def _name(self, number: int) -> str:
        from derive.app.files import STDIN

        file = self.found[number]
        if isinstance(file, DeriveError):
            return file.diagnostics[0].file
        return "<stdin>" if file == STDIN else file


def opened(path: Path | str) -> Journal:
    """The journal in this file; DeriveError says why there is none."""
    from derive.app.many.journal import Journal

    try:
        return Journal(path)
    except OSError as error:
        raise _unusable(path, error) from None


def _unusable(path: Path | str, error: OSError) -> DeriveError:
    reason = (error.strerror or str(error)).lower()
    return DeriveError(Diagnostic("no-output", f"cannot use the journal {path}: {reason}"))
