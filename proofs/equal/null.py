"""Where an expression is 0: almost nowhere, or perhaps on a fat set.

The idea: a free variable that occurs once, with a factor that is almost nowhere 0, makes a sum
almost nowhere 0, by Fubini.  A bias does; what a dead ReLU has made 0 does not.  In u_i - u_j + c
it is an entry of u that occurs once, but for i = j, where c is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from derive.derivation.network import Domain
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Expr,
    Map,
    Num,
    Number,
    Ones,
    Var,
    is_named,
    toposort,
)
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

    What is no variable stands for being almost nowhere 0 in some other way.
    """
    known: dict[Expr, frozenset[Expr]] = {}
    for node in toposort(root):
        known[node] = _found(node, known, bounds)
    return known[root]


def _found(node: Expr, known: Mapping[Expr, frozenset[Expr]], bounds: Bounds) -> frozenset[Expr]:
    itself = frozenset([node])
    match node:
        case Var():
            if _is_free(node, bounds.facts):
                return itself
            return frozenset([Num(1)] if _is_nonzero(node, bounds) else [])
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
            if found or bounds.of(node).nonzero or _is_difference(node, known, bounds):
                return frozenset(found) or itself
            return frozenset()
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


def _is_nonzero(node: Var, bounds: Bounds) -> bool:
    """Whether no value of a variable is 0, as of a label that is 1 or -1."""
    domain = bounds.facts.get(node)
    listed = domain.values if domain is not None else ()
    return (bool(listed) and all(listed)) or bounds.of(node).nonzero


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
        alone = isinstance(pivot, Var) and pivot in known[factor]
        if alone and summed <= set(own) and not any(pivot in variables[j] for j in rest):
            found.add(pivot)
        elif not summed:
            found |= {v for v in known[factor] if isinstance(v, Var)
                      and not any(v in variables[j] for j in rest)}  # fmt: skip
    if not summed and all(known[f] for f in factors):
        found.add(node)
    return frozenset(found)


# ------------------------------------------------------------------- differences of two entries


def _is_difference(node: Expr, known: Mapping[Expr, frozenset[Expr]], bounds: Bounds) -> bool:
    """Whether this is u_i - u_j + c: affine in an entry of u, but where i = j and c is left."""
    terms = list(_terms(node))
    if len(terms) != 3:
        return False
    for k, rest in enumerate(terms):
        (m, u, at), (n, v, there) = (_placed(t) for j, t in enumerate(terms) if j != k)
        if u is v and m == -n and at != there and known.get(rest):
            return any(p not in _variables(rest) for p in _own_pivots(u, known, bounds))
    return False


def _terms(node: Expr) -> Iterator[Expr]:
    for term in node.kids if isinstance(node, Add) else ():
        if isinstance(term, Add):
            yield from _terms(term)
        else:
            yield term


def _placed(term: Expr) -> tuple[Number, Expr, tuple]:
    """A number and a node whose entries, repeated along other axes, this is a multiple of, with
    the places of the node's axes; of an axis in which data chooses an entry, what chooses it."""
    whole = (1, term, tuple(range(len(term.axes))))
    if not isinstance(term, Contract):
        return whole
    count: Number = 1
    inner: tuple[Expr, tuple[int, ...]] | None = None
    at: dict[int, object] = {i: k for k, i in enumerate(term.out)}
    for factor, own in zip(term.factors, term.indices, strict=True):
        if isinstance(factor, Num):
            count *= factor.value
        elif _is_one_hot(factor) and own[-1] not in at and {*own[:-1]} <= {*term.out}:
            at[own[-1]] = (factor, tuple(term.out.index(i) for i in own[:-1]))
        elif not isinstance(factor, Ones) and inner is None:
            inner = factor, own
        elif not isinstance(factor, Ones):
            return whole
    every = {i for own in term.indices for i in own}
    if inner is None or every != set(at) or len(set(inner[1])) != len(inner[1]):
        return whole
    more, node, places = _placed(inner[0])
    if len(at) > len(term.out) and not set(at) - set(term.out) <= set(inner[1]):
        return whole
    found = tuple(at[inner[1][p]] if isinstance(p, int) else p for p in places)
    return count * more, node, found


def _is_one_hot(node: Expr) -> bool:
    return isinstance(node, Call) and getattr(node.op, "name", "") == "one_hot"


def _own_pivots(
    node: Expr, known: Mapping[Expr, frozenset[Expr]], bounds: Bounds
) -> frozenset[Expr]:
    """Variables in which each entry is affine, with a slope that is almost nowhere 0, in entries
    that no other entry of the node has."""
    while is_named(node):
        node = node.kids[0]
    match node:
        case Var():
            return frozenset([node] if _is_free(node, bounds.facts) else [])
        case Contract(factors, indices, out):
            return frozenset(
                v
                for v, own in zip(factors, indices, strict=True)
                if isinstance(v, Var) and v in _of_product(node, factors, indices, out, known)
                and set(out) <= set(own)
            )  # fmt: skip
        case Add(terms):
            return frozenset(
                v
                for k, term in enumerate(terms)
                for v in _own_pivots(term, known, bounds)
                if not any(v in _variables(t) for j, t in enumerate(terms) if j != k)
            )
    return frozenset()
