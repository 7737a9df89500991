r"""A part of a formula as it is asked for and said, and the letters of its axes put in.

The idea: what is asked names a part and a letter for some of its axes; what is said is its tree.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from derive.kernel.expr import Expr
from derive.notation.plain import plain
from derive.tree import Tree, name, num, tree
from derive.writing import words
from derive.writing.words import SHIFTED, letter_tree

Letters: TypeAlias = tuple[str | None, ...]


class Said(NamedTuple):
    """A formula; ``level`` if it is the scalar that fills an array of equal entries."""

    tree: Tree
    level: bool = False


class Ask(NamedTuple):
    """A part to be said: its letters, and the letters that are bound around it."""

    node: Expr
    at: Letters
    scope: frozenset[str]


Saying: TypeAlias = Generator[Ask, Said, Said]


class Lettering(Protocol):
    """What a product needs to know of the formula around it."""

    def labels(self, node: Expr, /) -> Letters:
        """For each axis the usual letter, if it is one that notation writes as a label."""
        ...

    def fresh(self, letter: str | None, used: Iterable[str]) -> str:
        """This letter, or another one if it is in use."""
        ...

    sized: bool


def signed(node: Tree) -> tuple[Tree, int]:
    return (node.kids[0], -1) if node.head == "neg" else (node, 1)


def entry(base: Tree, at: Letters) -> Tree:
    """The base with an index for each lettered axis; a colon runs along the others."""
    if not any(at):
        return base
    return Tree("index", (base, *(letter_tree(a) if a else name(":") for a in at)))


def bracketed(body: Tree, letters: Sequence[str]) -> Tree:
    return Tree("index", (tree("bracket", body), *map(letter_tree, letters)))


def filled(said: Said, rank: int) -> Tree:
    """The array that a formula means where nothing around it tells its shape: c 1, c 1 1^T."""
    if not said.level or not 1 <= rank <= 2:
        return said.tree
    ones = [words.ONES] if rank == 1 else [words.ONES, tree("transpose", words.ONES)]
    return words.product([*([] if said.tree == num(1) else [said.tree]), *ones])


def is_formula(said: Said) -> bool:
    r"""Whether a number is a formula of its own: a product with a row, a sum, 1/n."""
    if not said.level:
        return False
    level = said.tree
    while level.head in ("neg", "paren"):
        level = level.kids[0]
    quotient = level.head == "frac" and level.kids[1].head != "num"
    return quotient or any(node.head in ("transpose", "big") for node in level.subtrees())


def written_at(called: Tree, slots: int, at: Letters) -> Tree:
    """A symbol with its letters put in: those of its slots into the name, the others as indices."""

    def fill(node: Tree) -> Tree:
        if node.head != "name" or "#" not in node.kids[0]:
            return node
        text = node.kids[0]
        for k, letter in enumerate(at[:slots], 1):
            shifted = letter is not None and letter.startswith(SHIFTED)
            told = plain(letter_tree(letter)) if letter and shifted else letter
            text = text.replace(f"#{k}", told or "")
        return name(text)

    return entry(called.rewritten(fill) if slots else called, at[slots:])
