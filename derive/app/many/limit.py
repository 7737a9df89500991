"""A time limit on one call, that a loop of pure Python cannot outlast.

The idea: in the main thread the system's timer interrupts, and goes on doing so, since a single
exception can be swallowed by a ``__del__`` or an ``except``; in any other thread a second thread
raises the exception in the first.  Neither interrupts a single long step inside a library: for
that, processes of our own have a watch that ends them (``hard_stop``).
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")
AGAIN = 0.5  # seconds until the interruption is repeated


class Expired(BaseException):
    """The time is over.  Not an Exception: ``except Exception`` in the work must not stop it."""


def within(seconds: float | None, call: Callable[[], T]) -> T:
    """``call()``, or Expired when it has not ended after so many seconds (None: no limit)."""
    if seconds is None:
        return call()
    main = threading.current_thread() is threading.main_thread()
    timed = _by_timer if main and hasattr(signal, "setitimer") else _by_thread
    return timed(seconds, call)


def _by_timer(seconds: float, call: Callable[[], T]) -> T:
    running = True

    def ring(signum: int, frame: object) -> None:
        if running:
            raise Expired

    start = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    # Twice, since the timer may ring in the inner one before it has said that the work is over.
    try:
        try:
            return call()
        finally:
            running = False
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
        if left:  # somebody else's timer was running: it rings when it would have
            elapsed = time.monotonic() - start
            signal.setitimer(signal.ITIMER_REAL, max(left - elapsed, 1e-3), interval)


def _by_thread(seconds: float, call: Callable[[], T]) -> T:
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    worker = ctypes.c_ulong(threading.get_ident())
    over, rung = threading.Event(), threading.Event()

    def watch() -> None:
        wait = seconds
        while not over.wait(wait):
            rung.set()
            raise_in(worker, ctypes.py_object(Expired))
            wait = AGAIN

    watcher = threading.Thread(target=watch, name="time limit", daemon=True)
    watcher.start()
    try:
        try:
            return call()
        finally:
            over.set()
    finally:
        over.set()
        watcher.join()
        if rung.is_set():  # what was raised and has not yet arrived must not arrive later
            # It is made to arrive here, not called back: an exception called back leaves CPython
            # 3.11 with a request that nothing answers, and a debugger's next call never returns.
            try:
                raise_in(worker, ctypes.py_object(Expired))
                while True:
                    pass
            except Expired:
                pass


@contextlib.contextmanager
def hard_stop(seconds: float | None) -> Iterator[None]:
    """The whole process ends when the body has not after so many seconds, whatever it is doing."""
    if seconds is None:
        yield
        return
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
