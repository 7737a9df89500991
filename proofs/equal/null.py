"""Where an expression is 0: almost nowhere, or perhaps on a fat set.

The idea: a free variable that occurs once, with a factor that is almost nowhere 0, makes a sum
almost nowhere 0, by Fubini.  A bias does; what a dead ReLU has made 0 does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from derive.derivation.network import Domain
from derive.kernel.expr import Add, Contract, Expr, Map, Num, Ones, Var, is_named, toposort
from proofs.equal.bounds import Bounds

# f(u) is 0 nowhere but where u is; with a second argument, f(u, a) nowhere but where u or a is.
_LIKE_ZERO = frozenset(
    ["tanh", "sinh", "arctan", "erf", "softsign", "power", "abs", "leaky_relu", "selu", "silu",
     "gelu", "gelu_tanh", "mish"]
)  # fmt: skip
_LIKE_EITHER = frozenset(["prelu", "elu"])


def almost_nowhere_zero(node: Expr, bounds: Bounds) -> bool:
    """Whether {node = 0 at some entry} is shown to be a null set, for all sizes of at least 1."""
    return bool(_pivots(node, bounds))


def _is_discrete(domain: Domain) -> bool:
    """Whether a set may have no inside: single values, a plane, the numbers 1, 2, .."""
    listed = bool(domain.values) or domain.classes is not None
    return listed or domain.normalised or domain.integers


def _is_free(node: Expr, facts: Mapping[Expr, Domain]) -> bool:
    """Whether a variable takes every value of an open set, whatever the others are."""
    return (
        isinstance(node, Var)
        and not node.kinds
        and not any(
            _is_discrete(domain) and (of is node or node in _variables(of))
            for of, domain in facts.items()
        )
    )


def _variables(node: Expr) -> set[Expr]:
    return {n for n in toposort(node) if isinstance(n, Var)}


def _pivots(root: Expr, bounds: Bounds) -> frozenset[Expr]:
    """Variables in which a node is affine with a slope that is almost nowhere 0, at every entry.

    The node itself stands for being almost nowhere 0 in some other way.
    """
    known: dict[Expr, frozenset[Expr]] = {}
    for node in toposort(root):
        known[node] = _found(node, known, bounds)
    return known[root]


def _found(node: Expr, known: Mapping[Expr, frozenset[Expr]], bounds: Bounds) -> frozenset[Expr]:
    itself = frozenset([node])
    match node:
        case Var():
            return itself if _is_free(node, bounds.facts) else frozenset()
        case Num(value):
            return itself if value else frozenset()
        case Ones():
            return itself
        case Add(terms):
            variables = [_variables(t) for t in terms]
            found = {
                v
                for k, term in enumerate(terms)
                for v in known[term]
                if isinstance(v, Var)
                and not any(v in other for j, other in enumerate(variables) if j != k)
            }
            return frozenset(found) or (itself if bounds.of(node).nonzero else frozenset())
        case Contract(factors, indices, out):
            return _of_product(node, factors, indices, out, known) or (
                itself if bounds.of(node).nonzero else frozenset()
            )
        case Map(fn, (arg,)) if fn.name in _LIKE_ZERO and known[arg]:
            return itself
        case Map(fn, (arg, slope)) if fn.name in _LIKE_EITHER and known[arg] and known[slope]:
            return itself
    if is_named(node):
        return known[node.kids[0]]
    return itself if bounds.of(node).nonzero else frozenset()


def _of_product(node: Expr, factors, indices, out, known: Mapping[Expr, frozenset[Expr]]
                ) -> frozenset[Expr]:  # fmt: skip
    summed = {i for own in indices for i in own} - set(out)
    variables = [_variables(f) for f in factors]
    found: set[Expr] = set()
    for k, (factor, own) in enumerate(zip(factors, indices, strict=True)):
        rest = [j for j in range(len(factors)) if j != k]
        if len(set(own)) != len(own) or not all(known[factors[j]] for j in rest):
            continue
        # Each summed index is one of the pivot's: then the slope in one of its entries is a
        # product of what is almost nowhere 0.
        pivot = factor
        while is_named(pivot):
            pivot = pivot.kids[0]
        alone = isinstance(pivot, Var) and bool(known[factor])
        if alone and summed <= set(own) and not any(pivot in variables[j] for j in rest):
            found.add(pivot)
        elif not summed:
            found |= {v for v in known[factor] if isinstance(v, Var)
                      and not any(v in variables[j] for j in rest)}  # fmt: skip
    if not summed and all(known[f] for f in factors):
        found.add(node)
    return frozenset(found)
