"""The same over several machines, with dask.distributed (``pip install 'derive[cluster]'``).

The idea: a cluster is an executor like any other.  A task on it costs some 5 ms, so documents go
out in chunks; the text goes with them, so that the machines need no files in common.

    python -m derive.app.many.cluster --scheduler tcp://HOST:8786 homework/ --journal done.jsonl
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor

MISSING = "a cluster needs dask.distributed: pip install 'derive[cluster]'"


@contextlib.contextmanager
def cluster(
    scheduler: str | None = None, workers: int | None = None
) -> Iterator[tuple[Executor, int]]:
    """An executor over a cluster, and the number of its threads, as ``check_many`` wants both.

    ``scheduler`` is the address of one that is running; without it, ``workers`` processes are
    started on this machine.  The machines need this version of derive.  A worker with one thread
    loses the fewest documents when one of them kills it.  ImportError says what to install.
    """
    try:
        from distributed import Client, LocalCluster  # type: ignore[import-not-found]
    except ImportError as error:
        raise ImportError(MISSING) from error
    with contextlib.ExitStack() as stack:
        if scheduler is None:
            local = LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
            )
            scheduler = stack.enter_context(local)  # type: ignore[assignment]
        client = stack.enter_context(Client(scheduler))
        # Not pure: a second try must not be answered with what became of the first.
        executor = stack.enter_context(client.get_executor(pure=False))
        yield executor, max(1, sum(client.nthreads().values()))


def main(argv: Sequence[str] | None = None) -> int:
    """``derive check --json`` over a cluster; the exit code."""
    from derive.app.many import run

    parser = argparse.ArgumentParser(
        prog="python -m derive.app.many.cluster", description=main.__doc__, allow_abbrev=False
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="documents and folders of them")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="default: a cluster on this machine")
    parser.add_argument("--workers", type=int, metavar="N", help="of the cluster on this machine")
    parser.add_argument("--limit", type=float, metavar="SECONDS", help="for each document")
    parser.add_argument("--layout", help="the convention in which derivatives are read")
    parser.add_argument("--journal", metavar="FILE", help="what is in it is not done again")
    options = parser.parse_args(argv)
    try:
        with cluster(options.scheduler, options.workers) as (executor, jobs):
            return run(
                options.paths, executor=executor, jobs=jobs, limit=options.limit,
                layout=options.layout, journal=options.journal,
            )  # fmt: skip
    except ImportError as error:
        parser.error(str(error))


if __name__ == "__main__":
    raise SystemExit(main())
