r"""Sums that stand transposed and read the same both ways.

The idea: what is derived by a symmetric S is half of G + G^\top, and as a rule G is symmetric for
all to see, so its transpose need not be worked out to know it.
"""

from __future__ import annotations

from derive.kernel.build import contracted
from derive.kernel.expr import Add, Contract, Expr
from derive.meaning.kinds import is_symmetric
from derive.meaning.matrices import is_its_transpose
from derive.writing.flat import flattened


def upright(node: Contract) -> Expr:
    """The product with no sum transposed that is its own transpose: what is derived by a symmetric
    S is half of G + G^T, and G is one as a rule."""
    spots = list(node.indices)
    for k, (factor, own) in enumerate(zip(node.factors, node.indices)):
        if type(factor) is Add and len(own) == 2 and own == node.out[::-1]:
            spots[k] = node.out if reads_both_ways(factor) else own
    return node if spots == list(node.indices) else contracted(node.factors, spots, node.out)


def reads_both_ways(matrix: Expr) -> bool:
    """Whether a matrix is its own transpose for all to see, term by term."""
    return all([_is_even(term) for term in (matrix.terms if type(matrix) is Add else (matrix,))])


def _is_even(term: Expr) -> bool:
    if type(term) is not Contract:
        return is_symmetric(term)
    flat = flattened(term)
    return is_its_transpose(flat.factors, flat.out)
