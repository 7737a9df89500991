"""Flat axes in a ring: the constants that stack columns, and their laws applied to a term.

The idea: the laws are those of ``derive.meaning.stacks``; here they meet the atoms of a ring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from derive.kernel.sizes import Axis
from derive.meaning.stacks import law
from derive.operators.stacking import stacks
from proofs.equal.atoms import Atom, Factor
from proofs.equal.bounds import UNIT

if TYPE_CHECKING:
    from proofs.equal.ring import Ring


def stack_atom(ring: Ring, m: Axis, n: Axis) -> int:
    """The constant that stacks the columns of a matrix: one 1 along its last slot."""

    def make(atom: Atom) -> None:
        atom.look, atom.law, atom.total = UNIT, "idempotent", True

    return ring.atom("stack", (m, n), stacks(m, n).axes, make)


def unstacked(ring: Ring, kept: Sequence[Factor]) -> tuple[list[Factor], frozenset[int]] | None:
    """The factors of a term by the first law of the stacks among them, and the indices whose sum is
    done; None if none applies."""
    atoms = ring.atoms
    flat = [k for k, f in enumerate(kept) if atoms[f[0]].kind == "stack"]
    uses = Counter(i for _, own, _ in kept for i in own)
    spots = [(atoms[kept[k][0]].content, kept[k][1]) for k in flat]
    step = law(spots, uses, lambda i: i < 0)  # type: ignore[arg-type]
    if step is None:
        return None
    gone = {flat[k] for k in step.gone}
    rest = [f for k, f in enumerate(kept) if k not in gone]
    axes = {i: n for a, own, _ in kept for i, n in zip(own, atoms[a].axes)}
    pairs = [pair for pair in step.equal if pair[0] != pair[1]]
    rest += [(ring.atom("delta", (), (axes[i],) * 2), (i, j), 1) for i, j in pairs]
    return rest + [(stack_atom(ring, *sizes), own, 1) for sizes, own in step.new], step.done
