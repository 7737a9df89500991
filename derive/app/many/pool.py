"""Chunks of documents over an executor, of which nothing is believed but its interface.

The idea: a worker that dies takes down what it was sent, and perhaps every other worker; so each
document that was under way is sent again, alone, and the one that dies alone is the one to blame.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, replace
from typing import TypeAlias

from derive.app.many.worker import (
    CRASHED,
    TIMED_OUT,
    Answer,
    Order,
    Task,
    crashed,
    enlist,
    ready,
    timed_out,
    work_on,
)
from derive.diagnostics import DeriveError, Diagnostic

Executors: TypeAlias = Executor | Callable[[], Executor]

LARGEST_CHUNK = 64
SECONDS = 0.25  # what a chunk should take: much longer than sending it, short enough to lose
RECYCLED = 2000  # documents a worker checks before a fresh one takes its place
NO_START = (
    "the worker processes end as soon as they are started; a script that asks for them is run "
    "again by each of them, so what it does must stand under `if __name__ == '__main__':`"
)


def answers(tasks: Iterator[Task], total: int, crew: Crew) -> Iterator[Answer]:
    """The answer to every task, as they come; ``total`` is about how many tasks there are."""
    sent: dict[Future[list[Answer]], list[Task]] = {}
    suspects: deque[Task] = deque()
    pace = Pace(total)
    try:
        while True:
            while not suspects and not crew.tired and len(sent) < 2 * crew.jobs:
                chunk = list(itertools.islice(tasks, pace.chunk(crew.jobs)))
                if not chunk:
                    break
                pace.sent += len(chunk)
                try:
                    sent[crew.submit(chunk)] = chunk
                except BrokenExecutor:
                    crew.broken = True
                    suspects.extend(chunk)
            if sent:
                for future in wait(sent, return_when=FIRST_COMPLETED).done:
                    chunk = sent.pop(future)
                    # A broken executor fails every future; any other error is its own business
                    # too, since the work catches what the document is to blame for.
                    try:
                        got = future.result()
                    except Exception as error:
                        crew.broken |= isinstance(error, BrokenExecutor)
                        suspects.extend(chunk)
                        continue
                    crew.interrupted |= any(kind == TIMED_OUT for _, kind, _, _ in got)
                    pace.learn(got)
                    yield from got
            elif suspects:
                yield crew.alone(suspects.popleft())
            elif (task := next(tasks, None)) is not None:
                tasks = itertools.chain((task,), tasks)
                crew.renew()
            else:
                crew.finish()
                return
    finally:
        for future in sent:
            future.cancel()
        crew.abandon()


@dataclass(slots=True)
class Pace:
    """How many documents make a chunk: few when they are slow or nearly all are sent."""

    total: int
    sent: int = 0
    seconds: float | None = None  # for one document, the last ones counting most

    def learn(self, got: list[Answer]) -> None:
        mean = sum(seconds for *_, seconds in got) / len(got)
        self.seconds = mean if self.seconds is None else (self.seconds + mean) / 2

    def chunk(self, jobs: int) -> int:
        if self.seconds is None:
            return 1
        worth = SECONDS / max(self.seconds, 1e-6)
        return int(max(1, min(LARGEST_CHUNK, worth, (self.total - self.sent) / (2 * jobs))))


@dataclass(slots=True)
class Crew:
    """An executor and what to do when it breaks.

    ``given`` is None for spawned processes of ours, an executor that belongs to somebody else, or
    a function that makes one whenever it is asked.  Somebody else's executor that is broken is
    left, and processes of ours take its place.
    """

    given: Executors | None
    jobs: int
    order: Order
    executor: Executor | None = None
    broken: bool = False
    interrupted: bool = False
    taken: int = 0

    @property
    def made(self) -> bool:
        """Whether the executor was made here, and is ours to end."""
        return self.executor is not None and self.executor is not self.given

    @property
    def tired(self) -> bool:
        """Whether the workers must be replaced before anything else is sent.

        An interrupted check may have left something half done behind, and a long life much.
        """
        old = self.interrupted or self.taken >= RECYCLED * self.jobs
        return self.broken or (self.made and old)

    def submit(self, chunk: list[Task], attempt: int = 0) -> Future[list[Answer]]:
        if self.executor is None:
            self._start()
        assert self.executor is not None
        self.taken += len(chunk)
        order = replace(self.order, ours=self.given is None)
        return self.executor.submit(work_on, chunk, order, attempt)

    def alone(self, task: Task) -> Answer:
        """The answer to a task with which nothing else is under way."""
        if self.tired:
            self.renew()
        start = time.monotonic()
        try:
            (answer,) = self.submit([task], attempt=1).result()
        except Exception as error:
            seconds = time.monotonic() - start
            self.broken |= isinstance(error, BrokenExecutor)
            hard = self.order.options.hard
            if self.broken and self.given is None and hard is not None and seconds > hard:
                self.interrupted = True
                return task[0], TIMED_OUT, json.dumps(timed_out(self.order.options)), seconds
            reason = "the worker process died while it checked this document"
            if not isinstance(error, BrokenExecutor):
                reason = f"the executor lost this document ({type(error).__name__}: {error})"
            return task[0], CRASHED, json.dumps(crashed(reason)), seconds
        self.interrupted |= answer[1] == TIMED_OUT
        return answer

    def renew(self) -> None:
        if self.made:
            assert self.executor is not None
            if self.broken:
                # A worker that was started while the pool broke down is told of nothing, and
                # the pool would wait for it for ever.
                _kill(self.executor)
            self.executor.shutdown(cancel_futures=True)
        elif self.given is not None and not callable(self.given):
            self.given = None
        self._start()

    def _start(self) -> None:
        self.broken, self.interrupted, self.taken = False, False, 0
        if self.given is not None and not callable(self.given):
            self.executor = self.given
            return
        self.executor = _spawned(self.jobs, self.order) if self.given is None else self.given()
        try:
            self.executor.submit(ready).result()
        except (BrokenExecutor, OSError) as error:
            self.abandon()
            raise DeriveError(Diagnostic("no-workers", NO_START)) from error

    def finish(self) -> None:
        """Ends what was made here, in order."""
        if self.made and self.executor is not None:
            if self.broken:
                _kill(self.executor)
            self.executor.shutdown()
            self.executor = None

    def abandon(self) -> None:
        """Ends what was made here, at once: nobody waits for its answers any more."""
        if not self.made or self.executor is None:
            return
        executor, self.executor = self.executor, None
        # Shutting down waits for what is under way.
        executor.shutdown(wait=_kill(executor), cancel_futures=True)


def _kill(executor: Executor) -> bool:
    """Ends the worker processes of an executor, if it has some."""
    # Python says this aloud only from 3.14 on.
    workers = dict(getattr(executor, "_processes", None) or {})
    for worker in workers.values():
        with contextlib.suppress(OSError, ValueError):
            worker.kill()
    return bool(workers)


def _spawned(jobs: int, order: Order) -> Executor:
    from concurrent.futures import ProcessPoolExecutor

    # Spawned, not forked: a fork copies the locks of threads that it does not copy.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=enlist, initargs=(order,))
