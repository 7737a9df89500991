r"""Sums that stand transposed and read the same both ways.

The idea: what is derived by a symmetric S is half of G + G^\top, and as a rule G is symmetric for
all to see, so its transpose need not be worked out to know it.
"""

from __future__ import annotations

from derive.kernel.build import contracted
from derive.kernel.expr import Add, Contract, Expr
from derive.meaning.kinds import is_symmetric
from derive.meaning.matrices import reads_both_ways
from derive.writing.flat import flattened


def upright(node: Contract) -> Expr:
    """The product with no sum transposed that is its own transpose: what is derived by a symmetric
    S is half of G + G^T, and G is one as a rule."""
    spots = list(node.indices)
    for k, (factor, own) in enumerate(zip(node.factors, node.indices)):
        if type(factor) is Add and len(own) == 2 and own == node.out[::-1]:
            same = all([_reads_both_ways(term) for term in factor.terms])
            spots[k] = node.out if same else own
    return node if spots == list(node.indices) else contracted(node.factors, spots, node.out)


def _reads_both_ways(term: Expr) -> bool:
    if type(term) is not Contract:
        return is_symmetric(term)
    flat = flattened(term)
    return reads_both_ways(flat.factors, flat.out)
