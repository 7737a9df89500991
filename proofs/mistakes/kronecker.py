r"""Kronecker products the other way round: the order of vec, mistaken.

The idea: I \otimes A and A \otimes I are the same map for matrices stacked by rows and by columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.tree import Tree
from proofs.mistakes import order as _order  # noqa: F401 - has the row
from proofs.mistakes.edit import Context, Edit, also, edit
from proofs.mistakes.surgery import KRONECKER, Part, as_factor


@also("swapped-factors", 1)
def turned(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    """The two sides of a Kronecker product change places."""
    for part in sides:
        if part.tree.head != "juxt" or part.kind == "segment":
            continue
        kids = part.tree.kids
        spots = [k for k, kid in enumerate(kids) if kid == Tree("op", (KRONECKER,))]
        if len(spots) != 1 or not 0 < spots[0] < len(kids) - 1:
            continue
        (k,) = spots
        left, right = kids[:k], kids[k + 1 :]
        new = Tree("juxt", (*right, kids[k], *left), part.tree.span)
        says = "the sides of this Kronecker product stand the other way round: write {}"
        yield edit("swapped-factors", part, new, says, (as_factor(new),), 1)
