"""A scalar expression applied to each entry of arrays.

The idea: a function of numbers, written as an expression, is spread over the entries of its
arguments node by node, so that what the document defines for a number holds for an array.
"""

from __future__ import annotations

from derive.kernel.build import contracted, mapped, spread
from derive.kernel.expr import Add, Axes, Call, Contract, Expr, Map, toposort


def entrywise(body: Expr, fill: dict[Expr, Expr]) -> Expr:
    """A scalar expression applied to each entry of arrays of one shape, its variables' values."""
    axes = next(iter(fill.values())).axes
    own = tuple(range(len(axes)))
    done = dict(fill)
    for node in toposort(body):
        if node in done:
            continue
        match node:
            case Add(terms):
                level = [_spread_to(done[t], axes) for t in terms]
                total = level[0]
                for term in level[1:]:
                    total = total + term
                done[node] = total
            case Contract(factors):
                spots = [own if done[f].axes else () for f in factors]
                out = own if any(spots) else ()
                done[node] = contracted([done[f] for f in factors], spots, out)
            case Map(fn, args):
                done[node] = mapped(fn, *(done[a] for a in args))
            case Call(op, args):
                done[node] = Call(op, tuple(done[a] for a in args))
            case _:
                done[node] = node
    return _spread_to(done[body], axes)


def _spread_to(expr: Expr, axes: Axes) -> Expr:
    return expr if expr.axes or not axes else spread(expr, axes)
