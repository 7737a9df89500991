"""A key for every expression by its structure alone, to sort by.

The idea: a hash of what a node is and of the keys of its kids, the same in every process and every
run.  A named node stands for itself: what is below it does not count.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from hashlib import blake2b

from derive.kernel.expr import (
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Name,
    Num,
    Ones,
    Var,
    is_named,
    toposort,
)

is_barrier = is_named  # what the normal form does not open


def visible(root: Expr, known: Container[Expr] = ()) -> list[Expr]:
    """Every node of an expression that is not below a name, kids before parents.

    What is ``known`` is passed over, and so is what only it contains.
    """

    def below(node: Expr) -> Iterable[Expr]:
        return () if is_barrier(node) else (kid for kid in node.kids if kid not in known)

    if root in known:
        return []
    if is_barrier(root) or all([kid in known for kid in root.kids]):
        return [root]
    return toposort(root, below=below)


class Digests:
    """A key for every node by its structure alone: the same in every process and every run."""

    def __init__(self) -> None:
        self._known: dict[Expr, bytes] = {}

    def of(self, root: Expr) -> bytes:
        found = self._known.get(root)
        if found is None:
            for node in visible(root, self._known):
                self._known[node] = self._digest(node)
            found = self._known[root]
        return found

    def _digest(self, node: Expr) -> bytes:
        kids: Iterable[bytes] = ()
        match node:
            case Var(name, axes, letters, kinds):
                own = ("var", name, [str(n) for n in axes], letters, *kinds)
            case Num(value):
                own = ("num", str(value))
            case Delta(n) | Ones(n):
                own = (type(node).__name__, str(n))
            case Call(Name(symbol, letters)):
                own = ("name", symbol, letters, [str(n) for n in node.axes])
            case Contract(_, indices, out):
                own, kids = ("contract", indices, out), map(self._known.__getitem__, node.kids)
            case Map(fn) | Call(fn) if not isinstance(fn, Name):
                params = [str(p) for p in fn.params]
                own, kids = (fn.name, params), map(self._known.__getitem__, node.kids)
            case _:
                own, kids = ("add",), map(self._known.__getitem__, node.kids)
        return blake2b(repr(own).encode() + b"".join(kids), digest_size=16).digest()
