"""The laws of orthonormal, idempotent and unit variables, applied to a term as it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from derive.kernel.sizes import Axis
from derive.meaning.joins import ITSELF, met
from proofs.equal.atoms import Factor, Number

if TYPE_CHECKING:
    from proofs.equal.ring import Ring


def joined(
    ring: Ring, count: Number, kept: list[Factor], extent: Mapping[int, Axis]
) -> list[tuple[Number, list[Factor]]] | None:
    """A term in which two factors have become one, Q^T Q = I, P P = P; None if none do."""
    free = {i for _, own, _ in kept for i in own if i >= 0}
    join = met([(a, own, e, ring.atoms[a].joins) for a, own, e in kept], free)
    if join is None:
        return None
    a, own, _ = kept[join.first]
    rest = [f for k, f in enumerate(kept) if k not in (join.first, join.second)]
    if join.leaves == ITSELF:
        rest.append((a, join.own, 1))
    elif join.own:
        size = dict(zip(own, ring.atoms[a].axes, strict=True))
        n = size[join.own[0]]
        rest.append((ring.atom("delta", (), (n, n)), join.own, 1))
    # The indices that are summed are kept in mind; the one at which the factors met is gone.
    ones = [(ring.atom("ones", (), (n,)), (i,), 1) for i, n in extent.items() if i != join.index]
    return [(count, rest + ones)]
