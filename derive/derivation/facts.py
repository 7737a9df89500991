"""What a network knows beyond its equations, used to shorten what is shown.

The idea: a one-hot label, or any distribution, sums to 1; that is a fact of its domain, so a line
may use it, and the random points at which lines are compared satisfy it.
"""

from __future__ import annotations

from collections.abc import Container, Set

from derive.derivation.local import boundary, is_small, label_tree, local_order, replaced
from derive.derivation.reasons import Text
from derive.kernel.build import ONE, contracted, rebuilt
from derive.kernel.contraction import spread
from derive.kernel.expr import Add, Call, Contract, Expr, Ones, Operator, Var, is_named
from derive.meaning.kinds import KINDS, foremost, kinds_of
from derive.meaning.normal import Normal, normal
from derive.tree import Tree, num, tree
from derive.writing.tidy import tidy
from derive.writing.words import ONES

_SMALL = 40  # nodes of a sum that is looked at


def with_totals(expr: Expr, normalised: Container[Expr]) -> Expr:
    """The expression with each sum over the last axis of a normalised array replaced by 1.

    Right where every array in ``normalised`` sums to 1 along its last axis; a softmax and the
    one-hot vector of a class number always do.
    """
    made: dict[Expr, Expr] = {}
    for node in local_order(expr, is_named):
        if is_named(node) or not node.kids:
            made[node] = node
            continue
        found = rebuilt(node, [made[kid] for kid in node.kids])
        made[node] = _without(found, normalised) if isinstance(found, Contract) else found
    return made[expr]


def shortened(expr: Expr, normalised: Container[Expr], normal: Normal | None = None) -> Expr:
    """The expression tidied, with the totals that are 1 replaced before and after."""
    found = tidy(with_totals(expr, normalised), normal=normal)
    summed = with_totals(found, normalised)
    return found if summed is found else tidy(summed, normal=normal)


def used(expr: Expr, short: Expr, normalised: Set[Expr]) -> Text:
    r"""The declared facts by which an expression became shorter, as words after a comma: as
    \mathbf{1}^\top y = 1, as S is symmetric.  Nothing where it would be as short without them."""
    said: list[str | Tree] = []
    leaves = boundary(expr)
    for var in leaves:
        symbol = label_tree(var)
        if symbol is None or not isinstance(var, Var):
            continue
        if var in normalised and shortened(expr, normalised - {var}) is not short:
            one = tree("product", tree("transpose", ONES), symbol)
            said += [", as ", tree("chain", one, tree("rel", "="), num(1))]
        if var.kinds and foremost(kinds_of(var)):
            plain = Var(var.name, var.axes, var.letters)
            otherwise = shortened(replaced(expr, {var: plain}), normalised)
            if replaced(otherwise, {plain: var}) is not short:
                words = " and ".join(KINDS[kind].said for kind in foremost(kinds_of(var)))
                said += [", as ", symbol, f" is {words}"]
    return tuple(said)


def _without(node: Contract, normalised: Container[Expr]) -> Expr:
    factors, places = list(node.factors), list(node.indices)
    k = 0
    while k < len(factors):
        factor, own = factors[k], places[k]
        rest = [i for j, spot in enumerate(places) if j != k for i in spot]
        alone = bool(own) and own[-1] not in node.out and own[-1] not in (*rest, *own[:-1])
        if alone and (factor in normalised or _is_distribution(factor, normalised)):
            # The other axes of the factor stay: there each entry is now 1.
            ones = [(Ones(n), (i,)) for i, n in zip(own[:-1], factor.axes, strict=False)]
            factors[k : k + 1] = [one for one, _ in ones]
            places[k : k + 1] = [spot for _, spot in ones]
        else:
            k += 1
    if len(factors) == len(node.factors) and all(
        a is b for a, b in zip(factors, node.factors, strict=True)
    ):
        return node
    return contracted(factors, places, node.out)


def _is_distribution(node: Expr, normalised: Container[Expr]) -> bool:
    """A one-hot vector or a softmax, whatever it is called; or what is made of such and sums to 1,
    as (1 - a) y + a/n 1 does."""
    named = is_named(node)
    while is_named(node):
        node = node.kids[0]
    if isinstance(node, Call) and isinstance(node.op, Operator):
        return node.op.name in ("one_hot", "softmax")
    if not named or not isinstance(node, Add) or not is_small(node, _SMALL):
        return False
    axes = tuple(range(len(node.axes)))
    whole = normal(contracted((node,), (axes,), axes[:-1]))
    return normal(with_totals(whole, normalised)) is normal(spread(ONE, node.axes[:-1]))
