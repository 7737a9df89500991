"""Many documents over several machines, with dask.distributed: ``pip install 'derive[cluster]'``.

The idea: a cluster is an executor like any other.  A task on it costs some 5 ms, so documents go
out in chunks; the text goes with them, so that the machines need no files in common.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor
from importlib import import_module
from typing import Any

from derive.diagnostics import DeriveError, Diagnostic

LOCAL = "local"
MISSING = "a cluster needs dask.distributed, which is not installed"
INSTALL = "pip install 'derive[cluster]'"


@contextlib.contextmanager
def cluster(scheduler: str = LOCAL, workers: int | None = None) -> Iterator[tuple[Executor, int]]:
    """An executor over a cluster, and the number of its threads, as ``check_many`` wants both.

    ``scheduler`` is the address of one that is running, such as ``tcp://host:8786``, or ``local``
    for ``workers`` processes on this machine.  The machines need this version of derive.  A worker
    with one thread loses the fewest documents when one of them kills it.
    DeriveError where it cannot be had.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise DeriveError(Diagnostic("no-cluster", MISSING, help=INSTALL)) from None
    Client, LocalCluster = distributed.Client, distributed.LocalCluster
    with contextlib.ExitStack() as stack:
        try:
            if scheduler == LOCAL:
                scheduler = stack.enter_context(
                    LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
                )
            client = stack.enter_context(Client(scheduler))
        except (OSError, ValueError) as error:
            message = f"the cluster at {scheduler} does not answer: {error}"
            raise DeriveError(Diagnostic("no-cluster", message)) from None
        # Not pure: a second try must not be answered with what became of the first.
        executor = stack.enter_context(client.get_executor(pure=False))
        yield executor, max(1, sum(client.nthreads().values()))
