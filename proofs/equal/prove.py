"""The proof of an equality: names closed first, then opened.

The idea: a name that both sides share need not be known.
"""

from __future__ import annotations

from collections.abc import Mapping

from derive.derivation.network import Domain
from derive.kernel.build import rebuilt
from derive.kernel.expr import Expr, is_named, toposort
from derive.meaning.normal import same
from proofs.equal.proof import Proof

_NO_FACTS: Mapping[Expr, Domain] = {}


def _opened(root: Expr) -> Expr:
    made: dict[Expr, Expr] = {}
    for node in toposort(root):
        made[node] = (
            made[node.kids[0]] if is_named(node) else rebuilt(node, [made[k] for k in node.kids])
        )
    return made[root]


def prove(a: Expr, b: Expr, facts: Mapping[Expr, Domain] = _NO_FACTS) -> Proof | None:
    """A proof that a = b, or None where none was found."""
    if a.axes != b.axes:
        return None
    if same(a, b) or same(_opened(a), _opened(b)):
        return Proof()
    return None
