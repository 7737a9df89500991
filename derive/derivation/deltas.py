r"""One backward sweep, cut at the names: a short line for every δ.

The idea: at a named node the cotangent becomes a symbol of its own, ``\delta_{\mathbf{z}}``, so the
line below is written in terms of the line above and its length does not depend on the depth.  The
rules are the pullbacks of ``derive.kernel.calculus``; nothing is differentiated here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from derive.derivation.local import downward, symbol_of
from derive.derivation.normalised import Standardised
from derive.derivation.reasons import STANDARDISED, Word, joined, word
from derive.kernel.build import ONE, collected, is_zero, spread
from derive.kernel.calculus import pullback
from derive.kernel.expr import Expr, Var
from derive.tree import Tree, name, tree
from derive.writing.labels import Symbol


def delta_of(node: Expr) -> Var:
    """The cotangent of a named node as a symbol of its own."""
    own = symbol_of(node)
    assert own is not None, "only what has a name has a symbol for its cotangent"
    return Var(rf"\delta_{{{own[0]}}}", node.axes, own[1])


def delta_symbol(node: Expr, of: Tree | None = None) -> Symbol:
    r"""How that is written: ``\delta_{\mathbf{z}_1}^{(i)}``, or as a derivative of ``of``."""
    own = symbol_of(node)
    assert own is not None
    symbol, letters = own
    if of is not None:
        return Symbol(tree("deriv", of, name(symbol), "1"), letters)
    # A label goes behind the subscript: it says which sample, not which node.
    label = None
    if match := re.search(r"\^\{?(\(?#[^{}]*)\}?$", symbol):
        symbol, inside = symbol[: match.start()], match[1].strip("()").split(",")
        label = name(inside[0]) if len(inside) == 1 else Tree("list", tuple(map(name, inside)))
        if match[1].startswith("("):
            label = tree("paren", label)
    return Symbol(tree("script", name(r"\delta"), name(symbol), label), letters)


# -------------------------------------------------------------------------------------- the sweep


@dataclass(frozen=True, slots=True)
class Line:
    """The cotangent of one node in terms of the δ's before it; ``delta`` is its own symbol."""

    node: Expr
    delta: Var | None
    cotangent: Expr
    trail: tuple[Word, ...]
    uses: int


class _Arrival(NamedTuple):
    cotangent: Expr
    trail: tuple[Word, ...]
    use: object  # what is one use: the squares of a norm are


def sweep(
    loss: Expr,
    wrt: Iterable[Expr],
    deltas: Mapping[Expr, Var],
    flows: dict[tuple[Expr, Expr], list[Expr]] | None = None,
    closed: Iterable[Standardised] = (),
) -> list[Line]:
    """The lines of one backward pass, from the loss down.

    ``deltas`` gives the symbol of the cotangent of every node that has one; lines without symbol
    are those of ``wrt``.  A loss with axes (one entry a sample) is swept as the sum of its entries.
    What flows back along each edge, from a node to a kid, is filed in ``flows``.  ``closed`` are
    names whose backward pass has a closed form; what lies between keeps its own lines if wanted.
    """
    order = downward(loss)
    wanted = set(wrt)
    short: dict[Expr, Standardised] = {}
    done: dict[Expr, Expr] = {}  # what lies between, and the node that has its share already
    for one in closed:
        asked = not wanted.isdisjoint(one.between)
        if not asked or _is_private(one, order):
            short[one.node] = one
            done |= dict.fromkeys((one.node, *one.between), one.x) if asked else {}
    matters = set(wanted)
    for node in reversed(order):
        if node not in matters and any(kid in matters for kid in node.kids):
            matters.add(node)
    seed = spread(ONE, loss.axes) if loss.axes else ONE
    arriving: dict[Expr, list[_Arrival]] = {loss: [_Arrival(seed, (), None)]}
    lines: list[Line] = []
    for node in order:
        arrivals = arriving.pop(node, None)
        if arrivals is None or node not in matters:
            continue
        cotangent = collected([a.cotangent for a in arrivals])
        trail: tuple[Word, ...] = ()
        for arrival in arrivals:
            trail = joined(trail, arrival.trail)
        if node is not loss and (node in deltas or node in wanted):
            uses = len({a.use for a in arrivals})
            delta = deltas.get(node)
            lines.append(Line(node, delta, cotangent, trail, uses))
            if delta is not None and not is_zero(cotangent):
                cotangent = delta
            trail = ()
        if is_zero(cotangent):
            continue
        if (one := short.get(node)) is not None and one.x in matters:
            use = _Arrival(one.share(cotangent), joined(trail, (STANDARDISED,)), (node, 0))
            arriving.setdefault(one.x, []).append(use)
            if node not in done:
                continue
        for k, share in enumerate(pullback(node, cotangent)):
            if share.kid not in matters or done.get(node) is share.kid:
                continue
            if flows is not None:
                flows.setdefault((node, share.kid), []).append(share.cotangent)
            said = word(share)
            along = trail if said is None else joined(trail, (said,))
            use = (node, "norm" if said is not None and said.rule == "norm" else k)
            arriving.setdefault(share.kid, []).append(_Arrival(share.cotangent, along, use))
    return lines


def _is_private(one: Standardised, order: Iterable[Expr]) -> bool:
    """Whether what lies between serves nothing else, sizes and numbers aside."""
    inside = {node for node in one.between if node.kids}
    return all(
        parent is one.node or parent in inside or inside.isdisjoint(parent.kids) for parent in order
    )
