"""Interning: the same fields are the same object, and nothing is kept alive by having been seen.

The idea: a plain dict from fields to a weak reference.  An entry is put in by ``setdefault``, which
is atomic, and taken out only under the lock, only while it is still there; so the path that every
new node takes needs no lock, and two threads that make the same node get one object.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any
from weakref import ref

# Re-entrant: the garbage collector may run inside ``_forget`` and call it for another object.
_lock = RLock()


class Noted:
    """Room on an object for what is worked out once and kept as long as somebody holds it.  Of an
    expression the writer notes what is known of it, the symbols in it, the flat product that it is,
    and how it is said at which letters; of a gradient ``asked`` is the loss and the variable that
    it was asked of, kept as long as the gradient."""

    __slots__ = ("asked", "flat", "known", "said", "taken")
    asked: tuple
    flat: Any
    known: Any
    said: dict
    taken: frozenset[str]


class Entry(ref):
    """A weak reference that knows where it is filed."""

    __slots__ = ("fields", "table")
    table: Table
    fields: tuple


class Table(dict[tuple, Entry]):
    """From the fields of every live object of one kind to the object."""

    def settle(self, fields: tuple, made: Any) -> Any:
        """The object with these fields: the one just made, unless another thread was first."""
        entry = Entry(made, _forget)
        entry.table = self
        entry.fields = fields
        while (found := self.setdefault(fields, entry)) is not entry:
            first = found()
            if first is not None:
                return first
            _forget(found)
        return made


def _forget(entry: Entry) -> None:
    table, fields = entry.table, entry.fields
    with _lock:
        if table.get(fields) is entry:
            del table[fields]


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold the collector of cycles: expressions have none, and it would walk them all the while.

    Reference counts free what is dropped meanwhile, as ever.  A collector that the caller has
    switched off stays off.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
