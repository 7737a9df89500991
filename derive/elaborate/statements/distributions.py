r"""Distributions that are only named: q = \mathcal{N}(\mu, \sigma^2) beside D_{KL}(q \| p) = ..

The idea: where a document says what the divergence of two distributions is, they are needed for
nothing else: the divergence is a quantity of that name, and q = \mathcal{N}(..) is said in passing.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.alone import DEFINES, formals_of
from derive.notation.names import parts
from derive.tree import Tree

_FAMILIES = frozenset(
    ["N", "Normal", "Bernoulli", "Bern", "Ber", "Binomial", "Categorical", "Cat", "Poisson",
     "Gamma", "Beta", "Uniform", "Laplace", "Dirichlet", "Dir", "Exp", "Multinomial"]
)  # fmt: skip
_DIVERGENCES = frozenset(["D", "KL", "JS", "JSD", "TV"])


def with_densities(items: Iterable[Tree]) -> list[Tree]:
    r"""The statements with p(x; \mu, \sigma) for the p(x \mid \mu, \sigma) of a p that is defined
    so: what stands behind the bar are arguments, and none of them an index."""
    items = list(items)
    defined = {
        item.kids[0].kids[0] for item in items
        if _defines(item) and _is_given(item.kids[0])
        and not _is_divergence(item.kids[0]) and not _numbers(item)
    }  # fmt: skip
    own = {name for name in defined if all(_is_given(i.kids[0]) for i in items
           if _defines(i) and i.kids[0].head == "juxt" and i.kids[0].kids[0] == name)}  # fmt: skip

    def turned(node: Tree) -> Tree:
        kids: list = list(node.kids) if node.head == "juxt" else []
        for k, kid in enumerate(kids[:-1]):
            if kid in own and _is_given(Tree("juxt", (kid, kids[k + 1]))):
                given = kids[k + 1].kids[0]
                kids[k + 1] = Tree("paren", (Tree("semi", given.kids, given.span),), given.span)
        return Tree("juxt", tuple(kids), node.span) if kids else node

    return [item.rewritten(turned) for item in items] if own else items


def _numbers(item: Tree) -> bool:
    """Whether an argument of a definition is an index in its body: P(k | x) = p_k."""
    names = {n for n in item.kids[0].kids[1].subtrees() if n.head == "name"}
    below = (n.kids[1] for n in item.kids[2].subtrees() if n.head == "script")
    return any(one in names for sub in below if isinstance(sub, Tree) for one in sub.subtrees())


def _is_given(left: Tree) -> bool:
    """p(x | w): a function of names, with names behind the bar."""
    match left:
        case Tree("juxt", (Tree() as name, Tree("paren", (Tree("given", sides),)))) if base_of(
            name
        ):
            parts = (p for s in sides if isinstance(s, Tree)
                     for p in (s.kids if s.head == "list" else (s,)))  # fmt: skip
            return all(isinstance(one, Tree) and base_of(one) != "" for one in parts)
    return False


def with_divergences(items: Iterable[Tree]) -> list[Tree]:
    """The statements with a name for each divergence of distributions that is defined, and without
    those that only say which distributions they are."""
    items = list(items)
    called = {item.kids[0]: _operands(item.kids[0]) for item in items if _defines(item)}
    called = {left: names for left, names in called.items() if names and _is_divergence(left)}
    named = set().union(*called.values())
    made = [item.rewritten(lambda n: _name(n) if n in called else n) for item in items]
    used = set(names_in(item for item in made if not _is_distribution(item)))
    return [item for item in made if not _is_distribution(item)
            or not (_stem(item.kids[0]) & named) - used]  # fmt: skip


def _defines(item: Tree) -> bool:
    left = item.kids[0] if item.head == "chain" and len(item.kids) == 3 else None
    return isinstance(left, Tree) and str(item.kids[1].kids[0]) in DEFINES


def _operands(left: Tree) -> set[Tree]:
    r"""The q and p of D(q \| p), and of D(q(z) \| p(z))."""
    match left:
        case Tree("juxt", (Tree() as word, Tree("paren", (Tree("given", sides),)))) if base_of(
            word
        ):
            stems = [_stem(side) for side in sides if isinstance(side, Tree)]
            return set().union(*stems) if all(stems) and len(stems) == 2 else set()
    return set()


def _is_divergence(left: Tree) -> bool:
    """D(q | p), KL(q | p): p(x | w) is a density."""
    return parts(base_of(left.kids[0])).core in _DIVERGENCES


def _stem(side: Tree | None) -> set[Tree]:
    match side:
        case Tree("juxt", (Tree() as function, Tree("paren"))) if base_of(function):
            return {function}
        case Tree() if base_of(side):
            return {side}
    return set()


def _is_distribution(item: Tree) -> bool:
    r"""q = \mathcal{N}(\mu, \Sigma), q(z) = \mathcal{N}(z; \mu, \Sigma)."""
    if not _defines(item) or not _stem(item.kids[0]):
        return False
    match item.kids[2]:
        case Tree("juxt", (Tree("name", (str(word),)), Tree("paren") as bracket)):
            return parts(word).core in _FAMILIES and len(formals_of(bracket)) > 0
    return False


def _name(left: Tree) -> Tree:
    """D_{KL} of D_{KL}(q \\| p)."""
    return left.kids[0]
