r"""Wrong edits: what a careless hand does to a line, one named function each.

The idea: an edit offers everything that could stand in the place of one subtree; the judge of the
page decides afterwards whether the line became wrong.  Written from the notation up, and for this
package only: the checker's own table of mistakes is another one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from derive.tree import Tree
from tests.soundness.corpus import Claim, Document
from tests.soundness.place import key_of, stem
from tests.soundness.signs import INDICATORS
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
    transposed,
    units,
)


@dataclass(slots=True)
class Context:
    """The document and line that is edited, its generic functions, and where chance comes from."""

    document: Document
    claim: Claim
    rng: random.Random
    functions: frozenset[str]

    def alike(self, node: Tree) -> list[Tree]:
        """Other symbols of the document with the shape of this one."""
        shapes, key = self.document.shapes, key_of(node)
        for known, tree in self.document.symbols.items():
            if tree == node:
                key = known
        if key not in shapes:
            return []
        found = [t for k, t in self.document.symbols.items() if k != key and
                 shapes[k] == shapes[key] and t != node]  # fmt: skip
        return self.rng.sample(found, min(4, len(found)))

    def anything(self) -> Tree:
        return self.rng.choice(list(self.document.symbols.values()))

    def subtree(self) -> Tree:
        """A piece of some line of the same document."""
        claim = self.rng.choice(self.document.claims)
        found = [n for _, n in sites(claim.right) if n.head not in ("op", "rel", "list", "chain")
                 and not is_function(n, self.functions)]  # fmt: skip
        return self.rng.choice(found)

    def factors(self, node: Tree):
        if node.head != "juxt":
            return [], []
        return units(node.kids, self.functions)


Edit = Callable[[Tree, Context], Iterator[Tree]]
EDITS: dict[str, Edit] = {}  # of any subtree
WHOLE: dict[str, Callable[[Context], Iterator[Claim]]] = {}  # of the line


def edit(make: Edit) -> Edit:
    EDITS[make.__name__] = make
    return make


def whole(make):
    WHOLE[make.__name__] = make
    return make


# ------------------------------------------------------------------ transposes and products


@edit
def missing_transpose(node: Tree, c: Context) -> Iterator[Tree]:
    if is_transposed(node):
        sup = node.kids[2]
        label = None if sup == TOP else sup.kids[0]
        base = node.kids[0]
        yield (
            base
            if node.kids[1] is None and label is None
            else Tree("script", (base, node.kids[1], label))
        )


@edit
def added_transpose(node: Tree, c: Context) -> Iterator[Tree]:
    if is_symbol(node) or node.head == "paren":
        yield transposed(node)


@edit
def swapped_factors(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k in range(len(found) - 1):
        yield product([*found[:k], found[k + 1], found[k], *found[k + 2 :]], signs)
    if len(found) > 2:
        yield product(found[::-1], signs[::-1])


@edit
def hadamard_for_product(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, sign in enumerate(signs):
        if sign is None:
            yield product(found, [*signs[:k], ODOT, *signs[k + 1 :]])


@edit
def product_for_hadamard(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, sign in enumerate(signs):
        if sign == ODOT:
            yield product(found, [*signs[:k], None, *signs[k + 1 :]])
            turned = (transposed(bracketed(one(found[k + 1]))),)
            yield product([*found[: k + 1], turned, *found[k + 2 :]],
                          [*signs[:k], None, *signs[k + 1 :]])  # fmt: skip


@edit
def dropped_factor(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k in range(len(found)):
        if len(found) > 1:
            s = max(k - 1, 0)
            yield product(found[:k] + found[k + 1 :], signs[:s] + signs[s + 1 :])


@edit
def duplicated_factor(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        yield product([*found[:k], unit, *found[k:]], [*signs[:k], ODOT, *signs[k:]])
        yield product([*found[:k], unit, *found[k:]], [*signs[:k], None, *signs[k:]])


@edit
def moved_bracket(node: Tree, c: Context) -> Iterator[Tree]:
    """W (a \\odot b) for (W a) \\odot b and back."""
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if len(unit) == 1 and unit[0].head == "paren" and unit[0].kids[0].head == "juxt":
            inner, its = c.factors(unit[0].kids[0])
            if k and len(inner) > 1:
                left = paren(product([found[k - 1], inner[0]], [signs[k - 1]]))
                yield product([*found[: k - 1], (left,), *inner[1:], *found[k + 1 :]],
                              [*signs[: k - 1], *its, *signs[k:]])  # fmt: skip
            if k + 1 < len(found) and len(inner) > 1:
                right = paren(product([inner[-1], found[k + 1]], [signs[k]]))
                yield product([*found[:k], *inner[:-1], (right,), *found[k + 2 :]],
                              [*signs[:k], *its, *signs[k + 1 :]])  # fmt: skip


# ------------------------------------------------------------------ masks and functions


def _mask(unit) -> bool:
    return stem(unit[0]) in INDICATORS or unit[0].head == "prime"


@edit
def dropped_mask(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if _mask(unit) and len(found) > 1:
            s = max(k - 1, 0)
            yield product(found[:k] + found[k + 1 :], signs[:s] + signs[s + 1 :])


@edit
def mask_of_another(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if len(unit) == 2 and _mask(unit):
            for path, inner in sites(unit[1]):
                if is_symbol(inner):
                    for other in c.alike(inner):
                        changed = (unit[0], put(unit[1], path, other))
                        yield product([*found[:k], changed, *found[k + 1 :]], signs)


@edit
def changed_condition(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "chain":
        for sign in (">", "<", "<=", ">=", "=", "!="):
            yield Tree("chain", (node.kids[0], Tree("rel", (sign,)), *node.kids[2:]))
        for number in ("1", "2"):
            yield Tree("chain", (*node.kids[:2], Tree("num", (number,))))


@edit
def dropped_function(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if len(unit) == 2:
            yield product([*found[:k], (unit[1],), *found[k + 1 :]], signs)


@edit
def function_twice(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if len(unit) == 2 and stem(unit[0]) not in INDICATORS:
            twice = (unit[0], paren(Tree("juxt", unit)))
            yield product([*found[:k], twice, *found[k + 1 :]], signs)


@edit
def another_function(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if len(unit) == 2 and stem(unit[0]) not in INDICATORS:
            core = unit[0]
            if core.head == "prime":
                yield product([*found[:k], (core.kids[0], unit[1]), *found[k + 1 :]], signs)
            elif core.head == "name":
                primed = Tree("prime", (core, "1"))
                yield product([*found[:k], (primed, unit[1]), *found[k + 1 :]], signs)
            for word in (r"\sigma", "tanh", "exp", "ReLU", "log", "softmax", "diag"):
                other = (Tree("name", (word,)), unit[1])
                if core != other[0]:
                    yield product([*found[:k], other, *found[k + 1 :]], signs)


@edit
def applied_function(node: Tree, c: Context) -> Iterator[Tree]:
    if is_symbol(node):
        for word in (r"\sigma", "tanh", "exp", "ReLU", "diag", "tr"):
            yield Tree("juxt", (Tree("name", (word,)), paren(node)))


@edit
def dropped_diag(node: Tree, c: Context) -> Iterator[Tree]:
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if len(unit) == 2 and stem(unit[0]) in ("diag", "tr"):
            yield product([*found[:k], (unit[1],), *found[k + 1 :]], signs)


# ------------------------------------------------------------------ whole lines


@whole
def transposed_answer(c: Context) -> Iterator[Claim]:
    yield Claim(c.claim.left, transposed(c.claim.right), "=", c.claim.open_letters)


@whole
def negated_answer(c: Context) -> Iterator[Claim]:
    yield Claim(c.claim.left, negated(c.claim.right), "=", c.claim.open_letters)


@whole
def wrong_left_side(c: Context) -> Iterator[Claim]:
    for claim in c.rng.sample(c.document.claims, min(5, len(c.document.claims))):
        if claim.left != c.claim.left:
            yield Claim(claim.left, c.claim.right, "=", claim.open_letters)


@whole
def another_answer(c: Context) -> Iterator[Claim]:
    for claim in c.rng.sample(c.document.claims, min(5, len(c.document.claims))):
        yield Claim(c.claim.left, claim.right, "=", c.claim.open_letters)


@whole
def added_piece(c: Context) -> Iterator[Claim]:
    right = c.claim.right
    for _ in range(3):
        made = Tree("sum", (*terms(right), bracketed(c.subtree())))
        yield Claim(c.claim.left, made, "=", c.claim.open_letters)


@whole
def scalar_answer(c: Context) -> Iterator[Claim]:
    for number in ("0", "1"):
        yield Claim(c.claim.left, Tree("num", (number,)), "=", c.claim.open_letters)


def edited(kind: str, c: Context) -> Iterator[Claim]:
    """Every line that this edit makes of the claim, in an order of chance."""
    if kind in WHOLE:
        yield from WHOLE[kind](c)
        return
    places = list(sites(c.claim.right))
    c.rng.shuffle(places)
    for path, node in places:
        made = list(EDITS[kind](node, c))
        c.rng.shuffle(made)
        for new in made:
            yield Claim(c.claim.left, put(c.claim.right, path, new), "=", c.claim.open_letters)


def kinds() -> tuple[str, ...]:
    """The names of all edits."""
    from tests.soundness import slips  # noqa: F401 - enters its edits

    return (*EDITS, *WHOLE)
