"""What a term becomes on the set where something is 0: a factor that this fixes takes its value.

The idea: Z[u] = 1[u = 0] stands for that set, so x Z[x - y] = y Z[x - y], and so in exponents:
e^x Z[x - y] = e^y Z[x - y].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proofs.equal.atoms import Atom, Factor, Number

if TYPE_CHECKING:
    from proofs.equal.functions import Functions


def on_its_zeros(
    ring: Functions, atom: Atom, own: tuple[int, ...], count: Number, kept: list[Factor],
    ones: list[Factor],
) -> list[tuple[Number, list[Factor]]] | None:  # fmt: skip
    """The term with one factor replaced by what it is where the base of Z (``atom`` at the indices
    ``own``) is 0; None if there is no such factor.  ``ones`` hold the summed indices."""
    if atom.solved is None:
        return None
    part, spots, value = atom.solved
    at = tuple(own[s] for s in spots)
    for b, o, x in kept:
        rest = [*(f for f in kept if f[:2] != (b, o)), *ones]
        if b == part and o == at and isinstance(x, int) and x > 0:
            rest += [(b, o, x - 1)] if x > 1 else []
            return [(count * n, rest + t) for n, t in ring.instance(value, own)]
        raised = ring.atoms[b]
        if raised.kind == "E" and ring.at(raised.base, o) == {((part, at, 1),): 1}:
            made = ring.exponential(ring.scale(x, ring.at(value, own)))
            return [(count * n, [*rest, *term]) for term, n in made.items()]
    return None
