"""Work for the tests of many documents: what it does is written in the document.

The idea: a worker must be able to import it, so it is a module, and none of it knows the checker.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from derive.app.many import Options, check_many
from derive.diagnostics import DeriveError, Diagnostic, Source


def work(source: Source, options: Options) -> dict[str, Any]:
    """As many claims as words, each with the verdict that the word is, or proved.

    ``form`` is a file in which every document that is worked on leaves its first word.
    """
    words = source.text.split()
    if options.form:
        with open(options.form, "a", encoding="utf-8") as log:
            log.write(words[0] + "\n")
    for word in words:
        if word in DEEDS:
            DEEDS[word]()
    return _result([w if w in VERDICTS else "proved" for w in words], len(source.text))


VERDICTS = ("unsettled", "ill-typed", "refuted", "unreadable")


def _result(verdicts: list[str], length: int) -> dict[str, Any]:
    order = ("proved", *VERDICTS)
    claims = [
        {"verdict": v, "links": [{"verdict": v, "mistake": "sign" if v == "refuted" else None}]}
        for v in verdicts
    ]
    return {"claims": claims, "verdict": max(verdicts, key=order.index), "length": length}


def process(source: Source, options: Options) -> dict[str, Any]:
    """Which process this is."""
    return {**work(source, options), "process": os.getpid()}


def stubborn() -> None:
    """A loop that ``except Exception`` keeps alive."""
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


def swallowing() -> None:
    """A loop that survives the first interruption, whatever it is."""
    try:
        while True:
            pass
    except BaseException:
        stubborn()


def deaf() -> None:
    """One long step in a library: no bytecode runs for minutes."""
    hashlib.pbkdf2_hmac("sha256", b"a", b"b", 500_000_000)


def complain() -> None:
    raise DeriveError(Diagnostic("strange", "this is strange", start=2, end=3))


def fail() -> None:
    raise LookupError("nothing there")


def deep() -> None:
    deep()


DEEDS: dict[str, Callable[[], object]] = {
    "die": lambda: os._exit(3),
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "loop": stubborn,
    "swallow": swallowing,
    "deaf": deaf,
    "complain": complain,
    "fail": fail,
    "deep": deep,
    "leave": lambda: sys.exit(5),
    "slow": lambda: time.sleep(0.02),
}


def not_json(source: Source, options: Options) -> dict[str, Any]:
    return {"verdict": "proved", "claims": [], "number": float("nan")}


def shown(source: Source, options: Options) -> dict[str, Any]:
    """What a reader would see, too; no deeds are done."""
    words = source.text.split()
    verdicts = [word if word in VERDICTS else "proved" for word in words]
    return {**_result(verdicts, 0), "shown": f"{source.file}: {options.form}"}


class AtOnce(Executor):
    """An executor that does what it is asked when it is asked."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


class Losing(AtOnce):
    """An executor that loses every chunk with a certain word in it, as a cluster may."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if any("lose" in text for _, _, text in args[0]):
            future: Future[Any] = Future()
            future.set_exception(OSError("the machine is gone"))
            return future
        return super().submit(fn, *args, **kwargs)


class Backwards(Executor):
    """An executor that finishes what came last first: it works when it has three tasks or waits."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.lock = threading.Lock()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self.lock:
            self.waiting.append((future, lambda: fn(*args, **kwargs)))
        threading.Timer(0.02, self._drain).start()
        return future

    def _drain(self) -> None:
        with self.lock:
            while self.waiting:
                future, call = self.waiting.pop()
                future.set_result(call())


def main(arguments: Sequence[str]) -> None:
    """A run of two workers that waits after four outcomes: DOCUMENTS JOURNAL LOG."""
    documents, journal, log = arguments
    outcomes = check_many([documents], jobs=2, journal=Path(journal), work=process, form=log)
    for number, _ in enumerate(outcomes, 1):
        if number == 4:
            print(*(worker.pid for worker in multiprocessing.active_children()), flush=True)
            sys.stdin.read()
