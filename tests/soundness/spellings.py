r"""More true rewrites: names and functions by what they stand for, and the spelling of a line.

The idea: as in ``rewrites``, which has the tables that these enter.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from derive.tree import Tree
from tests.soundness.edits import Context
from tests.soundness.place import key_of, stem
from tests.soundness.rewrites import call, fraction, fresh_letter, number, rewrite, spelling
from tests.soundness.signs import INDICATORS
from tests.soundness.sites import bracketed, is_symbol, negated, one, paren, product, total

# ------------------------------------------------------------------ sums over an index


@rewrite
def renamed_index(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "big" and node.kids[1] is not None and node.kids[1].head == "chain":
        old = node.kids[1].kids[0]
        new = Tree("name", (fresh_letter(c),))
        renamed = [
            None if kid is None else kid.rewritten(lambda n: new if n == old else n)
            for kid in node.kids[1:]
        ]
        yield Tree("big", (node.kids[0], *renamed))


@rewrite
def split_sum(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "big" and node.kids[3] is not None and node.kids[0] == "sum":
        body = node.kids[3]
        inner = body.kids[0] if body.head == "paren" else body
        if inner.head == "sum":
            made = []
            for t in inner.kids:
                part = Tree("big", (*node.kids[:3], t.kids[0] if t.head == "neg" else t))
                made.append(negated(part) if t.head == "neg" else part)
            yield paren(total(made))


# ------------------------------------------------------------------ names and functions


@rewrite
def definition_inlined(node: Tree, c: Context) -> Iterator[Tree]:
    if is_symbol(node):
        found = c.document.definitions.get(key_of(node))
        if found is not None and sum(1 for _ in found.subtrees()) < 40:
            yield paren(found)


@rewrite
def definition_folded(node: Tree, c: Context) -> Iterator[Tree]:
    for key, right in c.document.definitions.items():
        if right == node and key in c.document.symbols:
            yield c.document.symbols[key]


@rewrite
def slope_for_its_value(node: Tree, c: Context) -> Iterator[Tree]:
    r"""a \odot (1 - a) is \sigma'(z) where a = \sigma(z)."""
    found, signs = c.factors(node)
    for k in range(len(found) - 1):
        a = one(found[k])
        if one(found[k + 1]) == paren(Tree("sum", (number(1), Tree("neg", (a,))))):
            right = c.document.definitions.get(key_of(a)) if is_symbol(a) else a
            if right is None or right.head != "juxt" or len(right.kids) != 2:
                continue
            if right.kids[0] == Tree("name", (r"\sigma",)):
                made = (Tree("prime", (right.kids[0], "1")), right.kids[1])
                yield product([*found[:k], made, *found[k + 2 :]], [*signs[:k], *signs[k + 1 :]])
    if node.head == "juxt" and len(node.kids) == 2 and node.kids[0] == Tree("name", (r"\sigma",)):
        yield paren(Tree("sum", (number(1), Tree("neg", (
            Tree("juxt", (node.kids[0], paren(Tree("neg", (bracketed(node.kids[1].kids[0]),))))),
        )))))  # fmt: skip


@rewrite
def logistic_written_out(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "juxt" and len(node.kids) == 2 and node.kids[0] == Tree("name", (r"\sigma",)):
        minus = Tree("neg", (bracketed(node.kids[1].kids[0]),))
        power = call("exp", minus)
        yield fraction(number(1), Tree("sum", (number(1), power)))


def _masks(node: Tree, c: Context):
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if len(unit) == 2 and stem(unit[0]) in INDICATORS and unit[1].head == "paren" and \
                unit[1].kids[0].head == "chain" and len(unit[1].kids[0].kids) == 3:  # fmt: skip
            yield found, signs, k, unit[1].kids[0].kids


@rewrite
def mask_spelled(node: Tree, c: Context) -> Iterator[Tree]:
    turned = {">": "<", "<": ">", "<=": ">=", ">=": "<="}
    off = {">": "<=", "<=": ">", "<": ">=", ">=": "<"}
    for found, signs, k, (left, sign, right) in _masks(node, c):
        word = str(sign.kids[0])
        if word not in turned:
            continue
        other = Tree("chain", (right, Tree("rel", (turned[word],)), left))
        no = Tree("chain", (left, Tree("rel", (off[word],)), right))
        mask = found[k][0]
        for made in (
            (mask, paren(other)),
            (Tree("name", (r"\mathbb{1}",)), Tree("bracket", (found[k][1].kids[0],))),
            (Tree("name", (r"\mathbb{1}",)), Tree("set", (found[k][1].kids[0],))),
            (paren(Tree("sum", (number(1), Tree("neg", (Tree("juxt", (mask, paren(no))),))))),),
        ):
            yield product([*found[:k], made, *found[k + 1 :]], signs)


@rewrite
def border_of_a_mask(node: Tree, c: Context) -> Iterator[Tree]:
    at = {">": ">=", ">=": ">", "<": "<=", "<=": "<"}
    for found, signs, k, (left, sign, right) in _masks(node, c):
        if str(sign.kids[0]) in at:
            other = Tree("chain", (left, Tree("rel", (at[str(sign.kids[0])],)), right))
            made = (found[k][0], paren(other))
            yield product([*found[:k], made, *found[k + 1 :]], signs)


@rewrite
def slope_for_a_mask(node: Tree, c: Context) -> Iterator[Tree]:
    for found, signs, k, (left, sign, right) in _masks(node, c):
        if str(sign.kids[0]) == ">" and right == number(0):
            made = (Tree("prime", (Tree("name", ("ReLU",)), "1")), paren(left))
            yield product([*found[:k], made, *found[k + 1 :]], signs)


# ------------------------------------------------------------------ spellings


@spelling
def letter_for_transpose(text: str, rng: random.Random) -> str:
    return text.replace(r"\top", "T")


@spelling
def tall_brackets(text: str, rng: random.Random) -> str:
    if r"\left" in text or r"\big" in text:
        return text
    return text.replace("(", r"\left(").replace(")", r"\right)")


@spelling
def open_circle(text: str, rng: random.Random) -> str:
    return text.replace(r"\odot", r"\circ")


@spelling
def bars(text: str, rng: random.Random) -> str:
    return text.replace(r"\lVert", r"\|").replace(r"\rVert", r"\|")


@spelling
def spaces(text: str, rng: random.Random) -> str:
    found = re.split(r"( )", text)
    gaps = (" ", " ", r" \, ", "  ", r" \; ", "\n")
    return "".join(rng.choice(gaps) if piece == " " and before != "\\" else piece
                   for before, piece in zip(["", *found], found, strict=False))  # fmt: skip


@spelling
def display_fractions(text: str, rng: random.Random) -> str:
    return text.replace(r"\frac", rng.choice([r"\dfrac", r"\tfrac"]))


@spelling
def partial_inline(text: str, rng: random.Random) -> str:
    return re.sub(r"^\\frac\{(\\partial [^{}]*(?:\{[^{}]*\})?[^{}]*)\}\{(\\partial [^=]*?)\} =",
                  r"\1 / \2 =", text)  # fmt: skip
