"""Equations multiplied by the matrices whose inverses stand in them.

The idea: where M is invertible, t = 0 and M t = 0 say the same, so an inverse at the edge of every
term that has it is cleared as a denominator is; and a sum over what a variable selects is 0 if each
summand is.
"""

from __future__ import annotations

from itertools import product as every_choice

from proofs.equal.atoms import Poly, factors_of
from proofs.equal.cancelling import INVERSE
from proofs.equal.matrices import DETERMINANT, Matrices

_MOST_CLEARED = 8
_MOST_WAYS = 32  # ways tried to take a variable out of all terms


def zero_by_clearing(ring: Matrices, poly: Poly) -> bool:
    """Whether a polynomial is 0 when it has been multiplied by the matrices that are inverted."""
    if not _inverted(ring, poly):
        return False
    poly = _by_lemma(ring, poly)
    return _cleared(ring, poly) or any(_cleared(ring, one) for one in _summands(ring, poly))


def _by_lemma(ring: Matrices, poly: Poly) -> Poly:
    """det(N + T) = det(N) det(I + N^{-1} T), for an N whose inverse is spoken of."""
    atoms = ring.atoms
    inverted = sorted(a for a in _inverted(ring, poly) if len(atoms[a].axes) == 2)
    for f, own in {(a, own) for a, own, _ in factors_of(poly)}:
        alone: Poly = {((f, own, 1),): 1}
        inner = atoms[f].base if atoms[f].kind == "L" else alone
        d = _lone_determinant(ring, inner)
        if d is None:
            continue
        made = next(filter(None, (ring.updated(d, a) for a in inverted)), None)
        if made is not None:
            poly = _replaced(ring, poly, f, made if f == d else ring.logarithm(made))
    return poly


def _lone_determinant(ring: Matrices, poly: Poly) -> int | None:
    """The atom of the determinant that a polynomial is."""
    factors = [f for term in poly for f in term]
    if len(poly) != 1 or len(factors) != 1 or set(poly.values()) != {1}:
        return None
    ((a, own, e),) = factors
    return a if ring.atoms[a].kind == DETERMINANT and not own and e == 1 else None


def _inverted(ring: Matrices, poly: Poly) -> set[int]:
    """The inverses in a polynomial and in the determinants in it."""
    found: set[int] = set()
    waiting, seen = [poly], set()
    while waiting:
        for a in {f[0] for f in factors_of(waiting.pop())} - seen:
            seen.add(a)
            atom = ring.atoms[a]
            if atom.kind == INVERSE:
                found.add(a)
            elif atom.kind == DETERMINANT or (atom.kind == "L" and atom.base):
                waiting.append(atom.base)
    return found


def _replaced(ring: Matrices, poly: Poly, atom: int, by: Poly) -> Poly:
    found: Poly = {}
    for term, n in poly.items():
        e = next((x for a, _, x in term if a == atom), 0)
        rest: Poly = {}
        ring.gather(rest, n, [f for f in term if f[0] != atom])
        found = ring.add(found, ring.multiply(rest, ring.raised(by, e)))
    return found


def _cleared(ring: Matrices, poly: Poly) -> bool:
    for _ in range(_MOST_CLEARED):
        if not poly:
            return True
        edge = _edge(ring, poly)
        if edge is None:
            return False
        a, slot, at = edge
        atom = ring.atoms[a]
        ends = atom.content[0]
        other = ends[1] if slot == ends[0] else ends[0]
        ring._last -= 1
        summed = ring._last
        # The index in question is summed with that end of M, the other end takes its place.
        spots = {slot: summed, other: at}
        poly = ring.product([(atom.base, spots), (poly, {at: summed})], [(summed, atom.axes[slot])])
    return not poly


def _edge(ring: Matrices, poly: Poly) -> tuple[int, int, int] | None:
    """An inverse with an end at a free index, that end and the index: of the largest matrix."""
    found = {
        (len(ring.atoms[a].base), a, end, own[end])
        for a, own, e in factors_of(poly)
        if ring.atoms[a].kind == INVERSE and e == 1 and len(own) == 2
        for end in ring.atoms[a].content[0]
        if own[end] >= 0
    }
    return max(found)[1:] if found else None


def _summands(ring: Matrices, poly: Poly):
    """The polynomial with one variable taken out of every term, its indices free: if that is 0,
    so is the sum."""
    top = 1 + max((i for _, own, _ in factors_of(poly) for i in own), default=0)
    kinds = {a for a, own, e in factors_of(poly)
             if e == 1 and ring.atoms[a].kind == "var" and len(own) == 1}  # fmt: skip
    for a in sorted(kinds):
        ways = []
        for term, n in poly.items():
            spots = [f for f in term if f[0] == a and f[2] == 1 and f[1][0] < 0]
            ways.append([(term, n, f) for f in spots])
        if not all(ways):
            continue
        for choice, _ in zip(every_choice(*ways), range(_MOST_WAYS), strict=False):
            made: Poly = {}
            for term, n, chosen in choice:
                rest = [f for f in term if f is not chosen]
                at = chosen[1][0]
                opened = [(b, tuple(top if i == at else i for i in own), e) for b, own, e in rest]
                ring.gather(made, n, opened)
            yield made
