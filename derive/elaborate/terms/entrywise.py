"""A scalar expression applied to each entry of arrays.

The idea: a function of numbers, written as an expression, is spread over the entries of its
arguments node by node, so that what the document defines for a number holds for an array.
"""

from __future__ import annotations

from derive.derivation.local import replaced
from derive.elaborate.faults import Fault
from derive.kernel.build import contracted, mapped, spread
from derive.kernel.expr import Add, Axes, Call, Contract, Expr, Map, toposort
from derive.tree import Tree


def entrywise(body: Expr, fill: dict[Expr, Expr], tree: Tree) -> Expr:
    """A scalar expression applied to each entry of arrays of one shape, its variables' values.

    Fault ``unsupported`` at ``tree`` where that is more than a function of numbers: an array of
    numbers is put in, and a part that it stands in is an array by itself, x + t v.
    """
    axes = next(iter(fill.values())).axes
    if not axes:
        return replaced(body, dict(fill), closed=False)
    own = tuple(range(len(axes)))
    done = dict(fill)
    for node in toposort(body):
        if node in done:
            continue
        if all(done[kid] is kid for kid in node.kids):
            done[node] = node
            continue
        if node.axes or any(kid.axes for kid in node.kids):
            raise Fault("unsupported", "an array is put in here, where a number must be", tree)
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
