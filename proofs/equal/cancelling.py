r"""A^{-1} A = I inside a product of networks.

The idea: an inverse is an atom J = M^{-\top} over the polynomial M, with the slots of M.  M has a
leading term; where J meets it along a summed index, and nothing else stands there, the product
is I less what the other terms of M make of it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from derive.kernel.sizes import Axis
from proofs.equal.atoms import Atom, Factor, Number, Term
from proofs.equal.functions import Functions

INVERSE = "inverse"


class Cancelling(Functions):
    """A ring in which inverses cancel.  The content of an inverse is the slots of its matrix, and
    the key of that."""

    def cancelled(
        self, count: Number, kept: list[Factor], extent: dict[int, Axis]
    ) -> list[tuple[Number, list[Factor]]] | None:
        """What is left of a product in which an inverse meets the leading term of its matrix."""
        for k, (a, own, e) in enumerate(kept):
            atom = self.atoms[a]
            if atom.kind != INVERSE or e != 1 or len(set(own)) != len(own):
                continue
            ends = atom.content[0]
            for met, other in (ends, ends[::-1]):
                at = own[met]
                if at >= 0:
                    continue
                rest = [f for j, f in enumerate(kept) if j != k]
                lead = self._leading(a)
                if lead is None:
                    continue
                found = _Match(self.atoms, lead, met, other, own, rest).found()
                if found is not None:
                    return self._replaced(count, (a, own, met, other), found, extent)
        return None

    def _leading(self, a: int) -> Term | None:
        """The largest term of a matrix, in which its two ends are not joined by a delta."""
        base, ends = self.atoms[a].base, self.atoms[a].content[0]
        fit = [t for t in base if not any(self.atoms[f[0]].kind == "delta" for f in t)
               and set(ends) <= {i for _, own, _ in t for i in own}]  # fmt: skip
        return max(
            fit, key=lambda t: (sum(len(own) > 1 for _, own, _ in t), len(t), t), default=None
        )

    def _replaced(
        self, count: Number, inverse: tuple[int, tuple[int, ...], int, int],
        found: _Found, extent: dict[int, Axis],
    ) -> list[tuple[Number, list[Factor]]]:  # fmt: skip
        """J lead = J (M - others) = I - J others, times what is left beside them."""
        a, own, met, other = inverse
        atom = self.atoms[a]
        lead = self._leading(a)
        assert lead is not None
        scale = count / Fraction(atom.base[lead])
        names = {k: own[k] for k in range(len(own))} | {other: found.far}
        inside = self._ones({i: n for i, n in extent.items() if i not in found.gone})
        outside = self._ones({i: n for i, n in extent.items() if i not in (*found.gone, own[met])})
        size = atom.axes[met]
        delta = (self.atom("delta", (), (size, size)), (own[other], found.far), 1)
        made: list[tuple[Number, list[Factor]]] = [(scale, [*found.left, *outside, delta])]
        for term, n in atom.base.items():
            if term != lead:
                part = self._renamed(term, names)
                made.append((-scale * n, [*found.left, *inside, *part, (a, own, 1)]))
        return made


class _Found(NamedTuple):
    """The factors that are left, the index at the far end of the matrix, and the summed indices
    that only the leading term had."""

    left: list[Factor]
    far: int
    gone: list[int]


class _Match:
    """A leading term looked for among the factors around an inverse.

    Slot ``met`` of the matrix stands at the summed index where its inverse stands, slot ``other``
    anywhere; summed indices of the term must be summed and stand nowhere else.
    """

    def __init__(
        self, atoms: list[Atom], lead: Term, met: int, other: int, own: tuple[int, ...],
        rest: list[Factor],
    ) -> None:  # fmt: skip
        self.atoms = atoms
        self.lead = sorted(lead, key=lambda f: not f[1])
        self.other, self.rest = other, rest
        self.own, self.alone = own, own[met]
        self.at = {k: i for k, i in enumerate(own) if k != other}

    def found(self) -> _Found | None:
        return self._next(0, self.at, self.rest)

    def _next(self, k: int, names: dict[int, int], left: list[Factor]) -> _Found | None:
        if k == len(self.lead):
            return self._checked(names, left)
        atom, own, e = self.lead[k]
        for j, (b, spots, x) in enumerate(left):
            if b != atom or (own and x != e) or (not own and not _enough(x, e)):
                continue
            more = [] if own or x == e else [(b, spots, x - e)]
            # A symmetric matrix may stand the other way round.
            for order in self.atoms[atom].orders or (range(len(spots)),):
                bound = _bound(own, tuple(spots[s] for s in order), names)
                if bound is None:
                    continue
                found = self._next(k + 1, bound, [*left[:j], *more, *left[j + 1 :]])
                if found is not None:
                    return found
        return None

    def _checked(self, names: dict[int, int], left: list[Factor]) -> _Found | None:
        """The match, if every index that goes stands nowhere else."""
        if self.other not in names:
            return None
        far = names[self.other]
        gone = [at for i, at in names.items() if i < 0]
        apart = [*gone, self.alone]
        elsewhere = {i for _, own, _ in left for i in own} | {far}
        held = elsewhere | (set(self.own) - {self.alone})
        if len(set(apart)) != len(apart) or any(at >= 0 or at in held for at in apart):
            return None
        return _Found(left, far, gone)


def _bound(
    own: tuple[int, ...], spots: tuple[int, ...], names: dict[int, int]
) -> dict[int, int] | None:
    """The indices of a term with the ones that it has here; None if one would have two."""
    names = dict(names)
    for i, at in zip(own, spots, strict=True):
        if names.setdefault(i, at) != at:
            return None
    return names


def _enough(have: Number, need: Number) -> bool:
    """Whether a scalar factor to a power has so much of it to give."""
    return have >= need > 0 or have <= need < 0
