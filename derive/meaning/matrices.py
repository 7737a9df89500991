r"""What is known of inverses and determinants without looking at numbers.

The idea: each rule is an equation that holds wherever its left side is defined: (A^{-1})^{-1} = A,
(A^\top)^{-1} = (A^{-1})^\top, (cA)^{-1} = A^{-1}/c, det A^{-1} = 1/det A; and A A^{-1} = I inside a
product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeAlias

from derive.kernel.build import ONE, ZERO, contracted, scale, transpose
from derive.kernel.expr import Call, Contract, Delta, Expr, Name, Num, Number, Ones
from derive.meaning.kinds import is_symmetric as declared_symmetric
from derive.meaning.kinds import kinds_of, turning
from derive.meaning.numbering import turned
from derive.operators.matrices import det, inverse, logabsdet, logdet
from derive.operators.pointwise import reciprocal

Spots: TypeAlias = "tuple[int, ...]"
_WORDS = frozenset(op.name for op in (inverse, det, logdet, logabsdet))


def is_inverse(node: Expr) -> bool:
    return type(node) is Call and node.op is inverse


def plainer(node: Call) -> Expr | None:
    """An inverse or a determinant in terms of simpler ones; None where there is no such rule."""
    if isinstance(node.op, Name) or node.op.name not in _WORDS or len(node.args[0].axes) != 2:
        return None
    arg = node.args[0]
    if type(arg) is Delta:
        return {"inverse": arg, "det": ONE}.get(node.op.name, ZERO)
    if is_inverse(arg):
        return _of_inverse(node, arg.kids[0])
    if node.op is inverse and "orthogonal" in kinds_of(arg):
        return transpose(arg)
    turned = _turned(arg)
    if turned is not None:
        return transpose(inverse(turned)) if node.op is inverse else Call(node.op, (turned,))
    return _of_product(arg) if node.op is inverse and type(arg) is Contract else None


def _of_inverse(node: Call, inner: Expr) -> Expr:
    if node.op is inverse:
        return inner
    return reciprocal(det(inner)) if node.op is det else scale(-1, Call(node.op, (inner,)))


def _turned(arg: Expr) -> Expr | None:
    """X of X^T."""
    if type(arg) is Contract and len(arg.factors) == 1 and arg.indices[0] == arg.out[::-1]:
        return arg.factors[0]
    return None


def _of_product(arg: Contract) -> Expr | None:
    """(c A)^{-1} = A^{-1} / c, diag(v)^{-1} = diag(1/v)."""
    pairs = list(zip(arg.factors, arg.indices, strict=True))
    scalars = [f for f, own in pairs if not own]
    rest = [(f, own) for f, own in pairs if own]
    under = [Num(1 / Fraction(f.value)) if type(f) is Num else reciprocal(f) for f in scalars]
    i, j = arg.out
    deltas = [f for f, own in rest if type(f) is Delta and set(own) == {i, j}]
    vectors = [(f, own) for f, own in rest if own in ((i,), (j,)) and type(f) is not Ones]
    if len(deltas) == 1 and len(vectors) == len(rest) - 1:
        parts = [*under, *(reciprocal(f) for f, _ in vectors), deltas[0]]
        spots = [*[()] * len(under), *(own for _, own in vectors), (i, j)]
        return contracted(parts, spots, arg.out)
    if not scalars:
        return None
    inner = contracted([f for f, _ in rest], [own for _, own in rest], arg.out)
    return contracted([*under, inverse(inner)], [*[()] * len(under), arg.out], arg.out)


def without_inverses(
    factors: Sequence[tuple[Expr, Spots, Number]], out: Spots
) -> Sequence[tuple[Expr, Spots, Number]]:
    """The factors of a product (atom, indices, exponent) with the identity for A^{-1} A."""
    while any([is_inverse(atom) for atom, _, _ in factors]):
        plain = [k for k, (_, _, exponent) in enumerate(factors) if exponent == 1]
        # A factor to another power hangs on its indices too.
        held = [i for k, (_, own, _) in enumerate(factors) if k not in plain for i in own]
        found = _cancelling([factors[k][:2] for k in plain], (*out, *held))
        if found is None:
            break
        gone, ends = [plain[k] for k in found[:2]], found[2]
        identity = Delta(factors[gone[0]][0].axes[0]), ends, 1
        factors = [*(f for k, f in enumerate(factors) if k not in gone), identity]
    return factors


def _cancelling(atoms: Sequence[tuple[Expr, Spots]], held: Spots) -> tuple[int, int, Spots] | None:
    """Two factors of a product, by position, whose product along a summed index is the identity
    between the two indices that are left; None if there are none."""
    for k, (atom, own) in enumerate(atoms):
        if not is_inverse(atom) or len(own) != 2 or own[0] == own[1]:
            continue
        for other, (match, spots) in enumerate(atoms):
            if match is not atom.kids[0] or spots[0] == spots[1]:
                continue
            # rows of one meet columns of the other: A^{-1}_{ij} A_{jk}, A_{ki} A^{-1}_{ij}
            for a, b in ((1, 0), (0, 1)):
                met = own[a]
                alone = sum(met in one for _, one in atoms) == 2 and met not in held
                if met == spots[b] and alone:
                    return k, other, (own[b], spots[a])
    return None


def is_symmetric(matrix: Expr, normal: Callable[[Expr], Expr]) -> bool:
    """Whether the normal form shows that a matrix is its own transpose."""
    if len(matrix.axes) != 2 or matrix.axes[0] != matrix.axes[1]:
        return False
    if type(matrix) is Delta or turning(matrix) == 1:
        return True
    if is_inverse(matrix):
        return is_symmetric(matrix.kids[0], normal)
    return (
        type(matrix) is not Call
        and bool(matrix.kids)
        and (normal(transpose(matrix)) is normal(matrix))
    )


def is_its_transpose(factors: Sequence[tuple[Expr, Spots, Number]], out: Spots) -> bool:
    """Whether a flat product that is a matrix is its own transpose for all to see: A v v^T A of a
    symmetric A.  No normal form is looked at."""
    extent = {i: n for atom, own, _ in factors for i, n in zip(own, atom.axes)}
    if len(out) != 2 or out[0] == out[1] or extent[out[0]] != extent[out[1]]:
        return False
    places: dict[tuple[Expr, Number], int] = {}
    keys = [places.setdefault((atom, exponent), len(places)) for atom, _, exponent in factors]
    spots = [own for _, own, _ in factors]
    turns = {
        k: 1
        for k, (atom, own, _) in enumerate(factors)
        if len(own) == 2 and declared_symmetric(atom)
    }
    colour = dict.fromkeys(extent, -1)
    pictures = []
    for i, j in (out, out[::-1]):
        order, number, own, sign = turned(keys, spots, {**colour, i: 0, j: 1}, 2, turns)
        pictures.append((sign, [(keys[k], [number[one] for one in own[k]]) for k in order]))
    return pictures[0] == pictures[1]
