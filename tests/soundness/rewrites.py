r"""True rewrites: the same line, written as another careful hand would write it.

The idea: a rewrite offers what should be the same; the judge of the page keeps those that are true
in every reading.  ``almost_everywhere`` are the rewrites that differ where an argument is 0.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from derive.tree import Tree
from tests.soundness.corpus import Claim
from tests.soundness.edits import Context
from tests.soundness.place import key_of, stem
from tests.soundness.sites import (
    ODOT,
    TOP,
    bracketed,
    is_function,
    is_symbol,
    is_transposed,
    negated,
    one,
    paren,
    product,
    put,
    sites,
    terms,
    total,
    transposed,
)

Rewrite = Callable[[Tree, Context], Iterator[Tree]]
REWRITES: dict[str, Rewrite] = {}
WHOLE: dict[str, Callable[[Context], Iterator[Claim]]] = {}
SPELLINGS: dict[str, Callable[[str, random.Random], str]] = {}  # of the text of the line
ALMOST_EVERYWHERE = frozenset(["border_of_a_mask", "slope_for_a_mask", "mask_for_a_slope"])


def rewrite(make: Rewrite) -> Rewrite:
    REWRITES[make.__name__] = make
    return make


def whole(make):
    WHOLE[make.__name__] = make
    return make


def spelling(make):
    SPELLINGS[make.__name__] = make
    return make


def number(value: int) -> Tree:
    return Tree("num", (str(value),))


def call(word: str, inner: Tree) -> Tree:
    return Tree("juxt", (Tree("name", (word,)), paren(inner)))


def fraction(over: Tree, under: Tree) -> Tree:
    return Tree("frac", (over, under))


def is_value(node: Tree, c: Context) -> bool:
    return node.head not in ("op", "chain", "list", "rel") and not is_function(node, c.functions)


# ------------------------------------------------------------------ brackets and order


@rewrite
def reassociated(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k in range(len(found) - 1):
        if len(found) > 2 and signs[k] is None:
            pair = (paren(product(found[k : k + 2], [None])),)
            yield product([*found[:k], pair, *found[k + 2 :]], [*signs[:k], *signs[k + 1 :]])


@rewrite
def redundant_bracket(node: Tree, c: Context) -> Iterator[Tree]:
    if is_value(node, c):
        yield paren(node)


@rewrite
def square_bracket(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "paren" and node.kids[0].head in ("sum", "juxt"):
        yield Tree("bracket", node.kids)


@rewrite
def unneeded_bracket_left_out(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if len(unit) == 1 and unit[0].head == "paren" and unit[0].kids[0].head == "juxt":
            inner, its = c.factors(unit[0].kids[0])
            yield product([*found[:k], *inner, *found[k + 1 :]], [*signs[:k], *its, *signs[k:]])
    for k, part in enumerate(terms(node)):
        if len(terms(node)) > 1 and part.head == "paren":
            yield total([*terms(node)[:k], *terms(part.kids[0]), *terms(node)[k + 1 :]])


@rewrite
def commuted_sum(node: Tree, c: Context) -> Iterator[Tree]:
    parts = terms(node)
    if len(parts) > 1 and None not in parts:
        yield total(parts[::-1])
        yield total([*parts[1:], parts[0]])


@rewrite
def commuted_factors(node: Tree, c: Context) -> Iterator[Tree]:
    """Scalars go anywhere, and so do entrywise factors; the judge says which these are."""
    found, signs = c.factors(node)
    for k in range(len(found) - 1):
        yield product([*found[:k], found[k + 1], found[k], *found[k + 2 :]], signs)
    for k in range(1, len(found)):
        yield product([found[k], *found[:k], *found[k + 1 :]], signs)


# ------------------------------------------------------------------ products


@rewrite
def diag_for_hadamard(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, sign in enumerate(signs):
        if sign == ODOT:
            made = (Tree("name", ("diag",)), paren(one(found[k])))
            yield product([*found[:k], made, *found[k + 1 :]], [*signs[:k], None, *signs[k + 1 :]])
            if len(found) == 2:
                made = (Tree("name", ("diag",)), paren(one(found[1])))
                yield product([made, found[0]], [None])


@rewrite
def hadamard_for_diag(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k in range(len(found) - 1):
        if len(found[k]) == 2 and stem(found[k][0]) == "diag":
            made = (bracketed(found[k][1].kids[0]),)
            yield product([*found[:k], made, *found[k + 1 :]], [*signs[:k], ODOT, *signs[k + 1 :]])


@rewrite
def distributed(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if len(unit) == 1 and unit[0].head == "paren" and unit[0].kids[0].head == "sum":
            made = []
            for part in unit[0].kids[0].kids:
                if part is None:
                    return
                minus = part.head == "neg"
                core = part.kids[0] if minus else part
                term = product([*found[:k], (bracketed(core),), *found[k + 1 :]], signs)
                made.append(negated(term) if minus else term)
            yield paren(total(made))


@rewrite
def minus_pulled_in(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "neg" and node.kids[0].head == "paren" and node.kids[0].kids[0].head == "sum":
        yield paren(total([negated(t) for t in node.kids[0].kids[0].kids]))
    parts = terms(node)
    if len(parts) == 2 and parts[1].head == "neg":
        yield Tree("neg", (paren(total([parts[1].kids[0], negated(parts[0])])),))


@rewrite
def transposed_product(node: Tree, c: Context) -> Iterator[Tree]:
    """A B = (B^T A^T)^T, and (A B)^T = B^T A^T."""
    found, signs = c.factors(node)
    if len(found) > 1 and set(signs) == {None}:
        turned = [(transposed(bracketed(one(u))),) for u in reversed(found)]
        yield transposed(paren(product(turned, signs)))
    if is_transposed(node) and node.kids[0].head == "paren":
        inner, its = c.factors(node.kids[0].kids[0])
        if len(inner) > 1 and set(its) == {None}:
            yield paren(product([(transposed(bracketed(one(u))),) for u in reversed(inner)], its))
        if node.kids[0].kids[0].head == "sum":
            parts = []
            for t in node.kids[0].kids[0].kids:
                minus = t.head == "neg"
                turned = transposed(bracketed(t.kids[0] if minus else t))
                parts.append(negated(turned) if minus else turned)
            yield paren(total(parts))


@rewrite
def double_transpose(node: Tree, c: Context) -> Iterator[Tree]:
    if is_value(node, c) and (is_symbol(node) or node.head == "paren"):
        yield transposed(paren(transposed(node)))


@rewrite
def inner_product_turned(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    if len(found) == 2 and signs == [None] and is_transposed(one(found[0])):
        a, b = transposed(one(found[0])), bracketed(one(found[1]))
        yield Tree("juxt", (transposed(b), bracketed(a)))
        yield call("tr", Tree("juxt", (b, transposed(bracketed(a)))))
        yield Tree("angle", (Tree("list", (a, one(found[1]))),))


@rewrite
def squared_norm(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    if len(found) == 2 and signs == [None] and is_transposed(one(found[0])):
        square = transposed(one(found[0])) == one(found[1])
        if square:
            yield Tree("script", (Tree("norm", (one(found[1]),)), number(2), number(2)))
    if node.head == "script" and node.kids[0].head == "norm" and node.kids[2] == number(2):
        inner = bracketed(node.kids[0].kids[0])
        yield Tree("juxt", (transposed(inner), inner))


@rewrite
def entry_sum(node: Tree, c: Context) -> Iterator[Tree]:
    """a^T b = sum over i of a_i b_i."""
    found, signs = c.factors(node)
    if len(found) != 2 or signs != [None] or not is_transposed(one(found[0])):
        return
    a, b = transposed(one(found[0])), one(found[1])
    if not (is_symbol(a) and is_symbol(b)):
        return
    size = size_of(a, c)
    if size is None or a.head != "name" or b.head != "name":
        return
    letter = Tree("name", (fresh_letter(c),))
    entries = Tree("juxt", tuple(Tree("script", (x, letter, None)) for x in (a, b)))
    below = Tree("chain", (letter, Tree("rel", ("=",)), number(1)))
    yield Tree("big", ("sum", below, size, entries))


def size_of(symbol: Tree, c: Context) -> Tree | None:
    node = c.document.nodes.get(key_of(symbol))
    if node is None or len(node.axes) != 1 or len(str(node.axes[0])) != 1:
        return None
    return Tree("name", (str(node.axes[0]),))


def fresh_letter(c: Context) -> str:
    used = {str(n.kids[0]) for s in (c.claim.left, c.claim.right) for n in s.subtrees()
            if n.head == "name"}  # fmt: skip
    used |= {stem(t) for t in c.document.symbols.values()} | set(c.document.places[0].at)
    return next((x for x in "ijklrs" if x not in used), "q")


@rewrite
def times_one(node: Tree, c: Context) -> Iterator[Tree]:
    if is_value(node, c) and node.head != "neg":
        yield Tree("juxt", (number(1), Tree("op", (r"\cdot",)), bracketed(node)))


@rewrite
def times_identity(node: Tree, c: Context) -> Iterator[Tree]:
    if is_symbol(node) or node.head == "paren":
        yield paren(Tree("juxt", (Tree("name", (r"\mathbf{I}",)), node)))


@rewrite
def hadamard_square(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k in range(len(found) - 1):
        if found[k] == found[k + 1] and signs[k] in (None, ODOT) and len(found[k]) == 1:
            core = bracketed(one(found[k]))
            if core.head in ("name", "paren"):
                square = (Tree("script", (core, None, number(2))),)
                yield product([*found[:k], square, *found[k + 2 :]], [*signs[:k], *signs[k + 1 :]])


# ------------------------------------------------------------------ sums and fractions


@rewrite
def added_and_subtracted(node: Tree, c: Context) -> Iterator[Tree]:
    if is_value(node, c) and node.head != "neg":
        piece = bracketed(c.subtree())
        yield paren(Tree("sum", (*terms(node), piece, Tree("neg", (piece,)))))
        yield paren(Tree("sum", (piece, *terms(node), Tree("neg", (piece,)))))


@rewrite
def twice_a_half(node: Tree, c: Context) -> Iterator[Tree]:
    if is_value(node, c) and node.head != "neg":
        half = fraction(number(1), number(2))
        yield paren(Tree("sum", (Tree("juxt", (half, bracketed(node))),) * 2))


@rewrite
def split_fraction(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "frac":
        over, under = node.kids
        if over.head == "sum" and None not in over.kids:
            yield paren(total([negated(fraction(t.kids[0], under)) if t.head == "neg" else
                               fraction(t, under) for t in over.kids]))  # fmt: skip
        if over != number(1):
            yield Tree("juxt", (fraction(number(1), under), bracketed(over)))
            yield Tree("juxt", (bracketed(over), Tree("op", ("/",)), bracketed(under)))


@rewrite
def inverse_power(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "frac":
        over, under = node.kids
        inverse = Tree("script", (paren(under), None, Tree("neg", (number(1),))))
        yield inverse if over == number(1) else Tree("juxt", (bracketed(over), inverse))


@rewrite
def joined_fraction(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k in range(len(found) - 1):
        first = one(found[k])
        if first.head == "frac" and signs[k] is None:
            over = one(found[k + 1]) if first.kids[0] == number(1) else Tree(
                "juxt", (bracketed(first.kids[0]), bracketed(one(found[k + 1])))
            )  # fmt: skip
            made = (fraction(over, first.kids[1]),)
            yield product([*found[:k], made, *found[k + 2 :]], [*signs[:k], *signs[k + 1 :]])


@rewrite
def doubled_number(node: Tree, c: Context) -> Iterator[Tree]:
    if node == number(2):
        yield paren(Tree("sum", (number(1), number(1))))
        yield fraction(number(4), number(2))
    if node.head == "frac" and all(k.head == "num" for k in node.kids):
        yield fraction(*(number(2 * int(str(k.kids[0]))) for k in node.kids))


@rewrite
def root_as_power(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "sqrt":
        yield Tree("script", (paren(node.kids[0]), None, fraction(number(1), number(2))))


@rewrite
def exp_as_power(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if len(unit) == 2 and unit[0] == Tree("name", ("exp",)) and unit[1].head == "paren":
            made = (Tree("script", (Tree("name", ("e",)), None, unit[1].kids[0])),)
            yield product([*found[:k], made, *found[k + 1 :]], signs)


# ------------------------------------------------------------------ whole lines


@whole
def as_it_is(c: Context) -> Iterator[Claim]:
    yield c.claim


@whole
def both_sides_doubled(c: Context) -> Iterator[Claim]:
    two = number(2)
    yield Claim(Tree("juxt", (two, c.claim.left)), Tree("juxt", (two, bracketed(c.claim.right))),
                "=", c.claim.open_letters)  # fmt: skip


@whole
def both_sides_transposed(c: Context) -> Iterator[Claim]:
    left = Tree("script", (paren(c.claim.left), None, TOP))
    yield Claim(left, transposed(bracketed(c.claim.right)), "=", c.claim.open_letters)


def rewritten(kind: str, c: Context) -> Iterator[Claim]:
    """Every line that this rewrite makes of the claim, in an order of chance."""
    if kind in SPELLINGS:
        yield c.claim
        return
    if kind in WHOLE:
        yield from WHOLE[kind](c)
        return
    places = list(sites(c.claim.right))
    c.rng.shuffle(places)
    for path, node in places:
        made = list(REWRITES[kind](node, c))
        c.rng.shuffle(made)
        for new in made:
            yield Claim(c.claim.left, put(c.claim.right, path, new), "=", c.claim.open_letters)


def kinds() -> tuple[str, ...]:
    """The names of all rewrites of trees and of text."""
    from tests.soundness import spellings  # noqa: F401 - enters its rewrites

    return (*REWRITES, *WHOLE, *SPELLINGS)
