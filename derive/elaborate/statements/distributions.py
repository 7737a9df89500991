r"""Distributions that are only named: q = \mathcal{N}(\mu, \sigma^2) beside D_{KL}(q \| p) = ..

The idea: where a document says what the divergence of two distributions is, they are needed for
nothing else: the divergence is a quantity of that name, and q = \mathcal{N}(..) is said in passing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.alone import DEFINES, formals_of
from derive.notation.names import parts
from derive.tree import Tree

_FAMILIES = frozenset(
    ["N", "Normal", "Bernoulli", "Bern", "Ber", "Binomial", "Categorical", "Cat", "Poisson",
     "Gamma", "Beta", "Uniform", "Laplace", "Dirichlet", "Dir", "Exp", "Multinomial"]
)  # fmt: skip
_DIVERGENCES = frozenset(["D", "KL", "JS", "JSD", "TV"])


def with_densities(items: Iterable[Tree], elsewhere: bool = False) -> list[Tree]:
    r"""The statements with p(x; \mu, \sigma) for the p(x \mid \mu, \sigma) of a p that is defined
    so: what stands behind the bar are arguments, and none of them an index.

    ``elsewhere``: only of a p that is used of other arguments too, as p(x \mid \mu_k, \sigma_k)."""
    items = list(items)
    heads = {item: item.kids[0] for item in items if _defines_function(item)}
    own = {left.kids[0] for item, left in heads.items() if _is_density(item)}
    if elsewhere:
        said = {left for item, left in heads.items() if _is_density(item)}
        own &= {
            one for item in items for node in item.subtrees() if node.head == "juxt"
            for one, bracket in pairwise(node.kids)
            if _is_given(bracket) and Tree("juxt", (one, bracket)) not in said
        }  # fmt: skip
    else:  # p(0 \mid w) = .. is no value of a function that is said anew
        own -= {left.kids[0] for item, left in heads.items() if not _is_density(item)}
    if not own:
        return items

    def turned(node: Tree) -> Tree:
        kids: list = list(node.kids) if node.head == "juxt" else []
        for k, (name, bracket) in enumerate(pairwise(kids), 1):
            if name in own and _is_given(bracket):
                given = bracket.kids[0]
                kids[k] = Tree("paren", (Tree("semi", given.kids, given.span),), given.span)
        return Tree("juxt", tuple(kids), node.span) if kids else node

    letters = {str(n.kids[0]) for n in names_in(items) if n.head == "name"}
    spare = iter([x for x in ("v", "s", "u", "q", "r", "c") if x not in letters])
    ours = {item for item, left in heads.items() if left.kids[0] in own and _is_density(item)}
    lettered = (_with_letters(item, spare) if item in ours else item for item in items)
    return [item.rewritten(turned) for item in lettered]


def with_plain_densities(items: Iterable[Tree]) -> list[Tree]:
    r"""The statements with p for p(y \mid \mu, \sigma^2), where it has no other arguments."""
    items = list(items)
    heads = [item.kids[0] for item in items if _defines_function(item) and _is_density(item)]
    single = {left.kids[0] for left in heads if _never_elsewhere(left.kids[0], heads, items)}
    if not single:
        return items
    return [item.rewritten(lambda node: _without_arguments(node, single)) for item in items]


def _never_elsewhere(name: Tree, heads: list[Tree], items: list[Tree]) -> bool:
    r"""Whether p(y \mid \mu, \sigma^2) stands nowhere but at the arguments of its one definition,
    of which some are squares, and is a quantity that \sigma is in."""
    said = {left.kids[1] for left in heads if left.kids[0] == name}
    uses = {
        bracket for item in items for node in item.subtrees() if node.head == "juxt"
        for one, bracket in pairwise(node.kids) if one == name and bracket.head == "paren"
    }  # fmt: skip
    return len(said) == 1 and uses == said and any(map(_is_power, _formals(next(iter(said)))))


def _without_arguments(node: Tree, names: set[Tree]) -> Tree:
    kids = node.kids if node.head == "juxt" else ()
    left = tuple(kid for k, kid in enumerate(kids)
                 if k == 0 or kids[k - 1] not in names or kid.head != "paren")  # fmt: skip
    if len(left) == len(kids):
        return node
    return left[0] if len(left) == 1 else Tree("juxt", left, node.span)


def _defines_function(item: Tree) -> bool:
    """p(..) = .., and whatever it is equal to then."""
    left = item.kids[0] if item.head == "chain" else None
    if not isinstance(left, Tree) or str(item.kids[1].kids[0]) not in DEFINES:
        return False
    brackets = left.kids[1:] if left.head == "juxt" else ()
    return len(brackets) == 1 and brackets[0].head == "paren" and base_of(left.kids[0]) != ""


def _is_density(item: Tree) -> bool:
    """p(x | w) = ..: a function of names, or powers of them, that is no divergence."""
    left = item.kids[0]
    named = _is_given(left.kids[1]) and all(base_of(one) for one in _formals(left.kids[1]))
    return named and not _is_divergence(left) and not _numbers(item)


def _with_letters(item: Tree, spare: Iterator[str]) -> Tree:
    r"""The definition of an f(x | \sigma^2) with a letter for \sigma^2, if it has no \sigma."""
    for formal in filter(_is_power, _formals(item.kids[0].kids[1])):
        whole = sum(node == formal for node in item.subtrees())
        letter = next(spare, None)
        if letter is not None and whole == sum(n == formal.kids[0] for n in item.subtrees()):
            new = Tree("name", (letter,), formal.span)
            item = item.rewritten(lambda n, old=formal, new=new: new if n == old else n)
    return item


def _is_power(formal: Tree) -> bool:
    return formal.head == "script" and formal.kids[1] is None and formal.kids[2] is not None


def _is_given(bracket: Tree) -> bool:
    inner = bracket.kids[0] if bracket.head == "paren" else bracket
    return inner is not bracket and inner.head == "given" and None not in inner.kids


def _formals(bracket: Tree) -> list[Tree]:
    """The x, w and b of (x | w, b)."""
    sides = bracket.kids[0].kids
    return [one for side in sides for one in (side.kids if side.head == "list" else (side,))]


def _numbers(item: Tree) -> bool:
    """Whether an argument of a definition is an index in its body: P(k | x) = p_k."""
    names = {n for n in item.kids[0].kids[1].subtrees() if n.head == "name"}
    below = (n.kids[1] for n in item.kids[2].subtrees() if n.head == "script")
    return any(one in names for sub in below if isinstance(sub, Tree) for one in sub.subtrees())


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
