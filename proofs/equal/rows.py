r"""Sums over rows of powers of a matrix, read from either end.

The idea: \sum_r X^r A X^{n-1-r} and \sum_r X^{n-1-r} A X^r are one sum, so of all ways to run along
its axes a term takes one.  Only an index that nothing but rows of powers has can be turned round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from proofs.equal.atoms import Atom, Factor

_MOST_TURNED = 4
_ROW = "powers"


def turned(
    kept: Sequence[Factor], atoms: Sequence[Atom], make: Callable[[str, tuple, tuple], int]
) -> list[list[Factor]]:
    """The same factors with every choice of the summed rows in them turned round."""
    rows = {a for a, own, _ in kept if len(own) == 3 and _is_row(atoms[a])}
    if not rows:
        return [list(kept)]
    along = {own[0] for a, own, _ in kept if a in rows and own[0] < 0}
    held = {i for a, own, _ in kept for i in (own[1:] if a in rows else own)}
    free = sorted(along - held)[:_MOST_TURNED]
    found = []
    for choice in product((False, True), repeat=len(free)):
        turning = {i for i, chosen in zip(free, choice, strict=True) if chosen}
        found.append([
            (_reversed(atoms[a], make), own, e) if a in rows and own[0] in turning else (a, own, e)
            for a, own, e in kept
        ])  # fmt: skip
    return found


def _is_row(atom: Atom) -> bool:
    return atom.kind == "operator" and atom.content[0] == _ROW


def _reversed(atom: Atom, make: Callable[[str, tuple, tuple], int]) -> int:
    name, (sign, low), *rest = atom.content
    return make(atom.kind, (name, (-sign, low), *rest), atom.axes)
