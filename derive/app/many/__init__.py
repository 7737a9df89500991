"""Checking many documents: over processes, threads or a cluster, with an outcome for every one.

The idea: nothing that one document does (a crash, an endless loop, bytes that are no text) costs
more than its own verdict, and nothing that was finished is done twice.

``walk``      which documents the paths mean
``worker``    what is done to one document, within ``limit``
``pool``      chunks of documents over any executor; who killed a worker is found out
``cluster``   the same over several machines
``journal``   what is done already
``gather``    all of it together: outcomes in the order of the paths
``progress``  how far it is; ``summary`` what came out
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from derive.app.many.gather import Gathering, Outcome, opened
from derive.app.many.progress import Asked
from derive.app.many.progress import progress as progress_of
from derive.app.many.walk import documents
from derive.app.many.worker import (
    CHECKED,
    CRASHED,
    FAILED,
    TIMED_OUT,
    UNREADABLE,
    Options,
    Order,
    Work,
    check,
)
from derive.diagnostics import DeriveError

if TYPE_CHECKING:
    from derive.app.many.pool import Executors

__all__ = [
    "CHECKED", "CRASHED", "FAILED", "TIMED_OUT", "UNREADABLE", "Options", "Outcome", "check_many",
]  # fmt: skip


def check_many(
    paths: Iterable[str | os.PathLike[str]],
    *,
    executor: Executors | None = None,
    jobs: int | None = None,
    limit: float | None = None,
    layout: str | None = None,
    journal: Path | str | None = None,
    progress: Asked = False,
    work: Work = check,
    form: str = "",
) -> Iterator[Outcome]:
    r"""The outcome of every document, in the order of the paths; folders stand for what is in them.

    ``jobs`` processes are spawned for it (one: none, it is done here).  With an ``executor`` of
    your own it is the number of its workers; a function that makes executors is asked for a fresh
    one when the last is broken or its workers have done much.
    ``limit``: seconds for each document; what is not settled by then is unsettled, and a check that
    does not end is interrupted after twice as long.  Only processes of ours can be stopped inside
    one long step of a library, or outlive a crash of one.
    ``journal``: a file that keeps every outcome but a crash; what is in it is not done again.
    ``progress``: None for a line on a terminal, a stream, or a function of (done, total, file,
    verdict).
    ``work``: a function that a worker can import, from a Source and Options to JSON with a
    ``verdict`` and ``claims``; ``form`` is handed to it.
    Raises ValueError for a bad number, and DeriveError where the journal cannot be used or
    processes cannot be started.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name, side in (("a.tex", "2x"), ("b.tex", "3x")):
    ...         text = rf"$x \in \mathbb{{R}}^n$, $L = \|x\|^2$, $\nabla_x L = {side}$"
    ...         _ = Path(folder, name).write_text(text)
    ...     [outcome.verdict for outcome in check_many([folder])]
    ['proved', 'refuted']
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs must be at least 1, not {jobs}")
    if limit is not None and not (limit > 0 and math.isfinite(limit)):
        raise ValueError(f"a time limit is a positive number of seconds, not {limit}")
    order = Order(work, Options(layout, limit, form))
    return _checked(list(documents(paths)), order, executor, jobs, journal, progress)


def _checked(
    found: list[str | DeriveError],
    order: Order,
    executor: Executors | None,
    jobs: int | None,
    path: Path | str | None,
    progress: Asked,
) -> Iterator[Outcome]:
    told = progress_of(progress)
    with opened(path) if path is not None else nullcontext() as journal:
        mark = ""
        if journal is not None:
            from derive.app.many.journal import fingerprint

            mark = fingerprint(order.work, order.options)
        yield from Gathering(found, order, told, journal, mark).outcomes(executor, jobs)
