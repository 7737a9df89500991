"""Small arrays of known size, entry by entry: [2 x_1 + 3 x_2; 3 x_1].

The idea: what is put together of entries is read best as the table of its entries.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from derive.kernel.build import contracted
from derive.kernel.contraction import span
from derive.kernel.expr import Expr, Ones, toposort
from derive.meaning.digests import is_barrier
from derive.operators.blocks import is_concat, joined, numbered

_MOST = 16  # entries of a table


def table_of(expr: Expr, tidied: Callable[[Expr], Expr]) -> Expr | None:
    """The array put together of its tidied entries, where it shows parts and is small."""
    axes = [n for n in expr.axes if isinstance(n, int)]
    if not 0 < len(expr.axes) <= 2 or len(axes) < len(expr.axes):
        return None
    count = prod(axes)
    inside = toposort(expr, below=lambda node: () if is_barrier(node) else node.kids)
    if not 1 < count <= _MOST or not any(is_concat(node) for node in inside):
        return None

    def along(node: Expr, axis: int) -> Expr:
        """The node, whose last axes are left to be numbered, with an axis of one entry each."""
        if axis == 0:
            whole = tidied(node)
            ones = [Ones(1)] * len(axes)
            spots = [(i,) for i in range(len(axes))]
            return contracted((whole, *ones), ((), *spots), span(len(axes)))
        n = axes[len(axes) - axis]
        assert isinstance(n, int)
        cells = [along(numbered(node, -axis, k), axis - 1) for k in range(1, n + 1)]
        return joined(cells, -axis)

    return along(expr, len(axes))
