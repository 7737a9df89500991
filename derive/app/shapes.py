r"""Sizes and shapes as trees: ``\mathbb{R}^{m \times n}``, ``2mn + ml + 1``.

The idea: a size is written by the same printers as every formula, in the letters of its document.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.derivation.backprop import Answer
from derive.derivation.local import symbol_of
from derive.kernel.expr import Axes, Expr
from derive.kernel.sizes import Axis, Size
from derive.notation.names import symbol_tree
from derive.tree import Tree, name, num, tree

REALS = name(r"\mathbb{R}")
_TIMES = tree("op", r"\times")


def polynomial(terms: Iterable[tuple[tuple[str, ...], int]]) -> Tree:
    """The sum of these terms: the letters of a product, repeated for a power, and its count."""
    made: list[Tree] = []
    for letters, count in terms:
        factors = [num(abs(count))] if abs(count) != 1 or not letters else []
        for letter in dict.fromkeys(letters):
            power = letters.count(letter)
            base = symbol_tree(letter)
            factors.append(base if power == 1 else tree("power", base, num(power)))
        term = factors[0] if len(factors) == 1 else Tree("product", tuple(factors))
        made.append(tree("neg", term) if count < 0 else term)
    if not made:
        return num(0)
    return made[0] if len(made) == 1 else Tree("sum", tuple(made))


def axis_tree(axis: Axis) -> Tree:
    """One size: ``n``, ``3``, ``n - k + 1``."""
    if not isinstance(axis, Size):
        return num(axis)
    # The highest degree first, a positive term before a negative one.
    return polynomial(sorted(axis.terms, key=lambda t: (-len(t[0]), t[1] < 0, t[0])))


def times(axes: Axes) -> Tree:
    r"""``m \times n``; the size alone for a vector."""
    parts: list[Tree] = []
    for axis in axes:
        made = axis_tree(axis)
        grouped = tree("paren", made) if made.head == "sum" and len(axes) > 1 else made
        parts += [_TIMES, grouped] if parts else [grouped]
    return parts[0] if len(parts) == 1 else Tree("juxt", tuple(parts))


def space(axes: Axes) -> Tree:
    r"""Where a symbol lives: ``\mathbb{R}``, ``\mathbb{R}^{m \times n}``."""
    return tree("script", REALS, None, times(axes)) if axes else REALS


def counted(letter: str | None, axis: Axis) -> Tree:
    r"""``j = 1, \dots, c``; without a letter ``1, \dots, c``."""
    first = num(1)
    if letter is not None:
        first = tree("chain", symbol_tree(letter), tree("rel", "="), first)
    return tree("list", first, tree("dots"), axis_tree(axis))


def labelled(node: Expr, declared: Axes = ()) -> tuple[Tree, tuple[str | Tree, ...]]:
    """The space of one sample or class, and words for how many there are."""
    letters = labels(node)
    own = declared or node.axes[len(letters) :]
    words: list[str | Tree] = []
    for letter, axis in zip(letters, node.axes, strict=False):
        words += [", ", counted(letter, axis)]
    return space(own), tuple(words)


def labels(node: Expr) -> tuple[str, ...]:
    """The letters that are written for the first axes of a variable or named node."""
    found = symbol_of(node)
    return () if found is None else found[1]


def asked_axes(answer: Answer) -> Axes:
    """The axes of what a question asks for: of one entry where an entry is asked for."""
    question, axes = answer.question, answer.value.axes
    if question.entry or question.opens:
        by = len(question.wrt[0].axes) if question.kind == "jacobian" else len(axes)
        return (*axes[len(question.entry) : by], *axes[by + len(question.opens) :])
    if question.kind == "gradient":
        # The sample axes of a loss, if it has any, then the labels of what it is by.
        samples = len(axes) - len(question.wrt[0].axes)
        return axes[samples + len(labels(question.wrt[0])) :]
    return axes
