"""What is done to one document, in whatever process it is done.

The idea: texts go in and texts come out.  A worker is handed the text of a document, so that it
needs no file system in common with us, and answers in JSON, so that what was computed now and what
a journal kept are the same to the letter.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from derive.app.many.limit import Expired, hard_stop, within
from derive.diagnostics import DeriveError, Diagnostic, Source

CHECKED, UNREADABLE, TIMED_OUT, CRASHED, FAILED = (
    "checked", "unreadable", "timed out", "crashed", "internal error",
)  # fmt: skip
# Read, derived, proved and refuted: all of it loads something.
WARMING = r"$x \in \mathbb{R}^n$, $L = \|x\|^2$, $\nabla_x L = 2x = x$"
STUCK = 1.0  # seconds past the hard limit after which a process of ours is ended


@dataclass(frozen=True, slots=True)
class Options:
    """What the verdict on a document depends on, besides its text.

    ``limit``: seconds that the check of one document may take; what it has not settled by then is
    unsettled.  ``layout``: the convention in which derivatives are read (None: as the document
    says).  ``form``: what else the work needs to know, such as the format of a rendered report.
    """

    layout: str | None = None
    limit: float | None = None
    form: str = ""

    @property
    def hard(self) -> float | None:
        """Seconds after which the work is interrupted, since it did not keep to its limit."""
        return None if self.limit is None else 2 * self.limit


# A work may add ``shown``, a text for the reader, to the JSON; ``Outcome`` has it apart.
Work: TypeAlias = Callable[[Source, Options], dict[str, Any]]
Task: TypeAlias = tuple[int, str, str]  # number, file, text
Answer: TypeAlias = tuple[int, str, str, float]  # number, kind, JSON, seconds


@dataclass(frozen=True, slots=True)
class Order:
    """The same for every document of a run; ``ours``: the process may be ended when it is stuck."""

    work: Work
    options: Options
    ours: bool = False


def work_on(tasks: Iterable[Task], order: Order, attempt: int = 0) -> list[Answer]:
    """Every document of a chunk, each with an outcome of its own.

    ``attempt`` tells a second try from the first, for an executor that keeps answers by arguments.
    """
    return [_one(task, order) for task in tasks]


def _one(task: Task, order: Order) -> Answer:
    number, file, text = task
    source, hard = Source(file, text), order.options.hard
    start = time.perf_counter()

    def call() -> str:
        return json.dumps(order.work(source, order.options), allow_nan=False)

    try:
        with hard_stop(hard + STUCK if order.ours and hard is not None else None):
            kind, said = CHECKED, within(hard, call)
    except Expired:
        kind, said = TIMED_OUT, json.dumps(timed_out(order.options))
    except DeriveError as error:
        kind, said = UNREADABLE, json.dumps(unreadable(error, source))
    except (Exception, SystemExit) as error:
        if os.environ.get("DERIVE_TRACEBACK"):
            traceback.print_exc()
        kind, said = FAILED, json.dumps(failed(error, source))
    return number, kind, said, time.perf_counter() - start


# ------------------------------------------------------------------- documents without a verdict


def unreadable(error: DeriveError, source: Source) -> dict[str, Any]:
    """The JSON of a document that could not be read."""
    from derive.app.report import error_json

    whole = Source(source.file, "")
    places = [whole if d.start == d.end == 0 else source for d in error.diagnostics]
    return _without("unreadable", [error_json(d, s) for d, s in zip(error.diagnostics, places)])


def failed(error: BaseException, source: Source) -> dict[str, Any]:
    """The JSON of a document at which the checker itself broke down."""
    from derive.app.commands import internal_error

    return unreadable(internal_error(error, source), source)


def timed_out(options: Options) -> dict[str, Any]:
    """The JSON of a document whose check did not end: nothing is known of it."""
    message = f"the check was interrupted after {options.hard:g} seconds"
    found = Diagnostic("timed-out", message, help="give it more time with --limit")
    return {**unreadable(DeriveError(found), Source("", "")), "verdict": "unsettled"}


def crashed(reason: str) -> dict[str, Any]:
    """The JSON of a document whose worker died with it."""
    from derive.app.commands import REPORT

    found = Diagnostic("crashed", reason, help=REPORT)
    return unreadable(DeriveError(found), Source("", ""))


def _without(verdict: str, errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"claims": [], "verdict": verdict, "error": errors}


# ------------------------------------------------------------------------------- our own workers


def enlist(order: Order) -> None:
    """Makes a new process a worker of ours."""
    # Ctrl-C reaches the whole group: a worker ends without a word, what to say is said by us.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, name="parent's end", daemon=True).start()
    warm(order)


def _end_with_parent() -> None:
    # Imported here: only a process of ours has a parent to wait for.
    import multiprocessing.connection

    # A parent that was killed closes nothing: its workers would wait for work for ever.
    if (parent := multiprocessing.parent_process()) is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def warm(order: Order) -> None:
    """What the first document would load is loaded now, outside its time limit."""
    # Only for work of this project: somebody else's may do more than answer.
    if getattr(order.work, "__module__", "").startswith("derive."):
        with contextlib.suppress(Exception):
            order.work(Source("", WARMING), replace(order.options, limit=None))


def ready() -> bool:
    """Asked of a new executor, whose workers can answer only when they have started."""
    return True


def check(source: Source, options: Options) -> dict[str, Any]:
    """The verdicts on one document, as ``derive check --json`` prints them."""
    from derive.app.checked.data import report_json
    from proofs.check import check_source

    return report_json(check_source(source, layout=options.layout, limit=options.limit))
