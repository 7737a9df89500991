r"""Powers of a matrix with a symbol as exponent: X^{n-1}, and (X^r)^\top under a sum over r.

The idea: a row of powers is written by its power at a letter that runs from 0, so that the
exponents are as short as can be.
"""

from __future__ import annotations

from derive.kernel.expr import Call, Operator
from derive.operators.powers import is_powers
from derive.tree import Tree, tree
from derive.writing.said import Ask, Letters, Said, Saying, entry
from derive.writing.words import letter_tree, size_tree

LETTER = "r"


def said(node: Call, at: Letters, scope: frozenset[str]) -> Saying:
    """A power, or the power at the letter of a row of them."""
    batch = len(node.args[0].axes) - 2
    base = yield Ask(node.args[0], (*at[:batch], None, None), scope)
    row = at[batch] if is_powers(node) else None
    return Said(entry(tree("power", base.tree, exponent(node, row)), at[-2:]))


def exponent(node: Call, letter: str | None) -> Tree:
    count = node.args[1].axes[0]
    if letter is None:
        return size_tree(count)
    assert isinstance(node.op, Operator)
    sign, low = node.op.params
    if sign > 0:
        return _total(letter_tree(letter), low)
    whole = size_tree(count - 1 + low)
    terms = whole.kids if whole.head == "sum" else (whole,)
    return Tree("sum", (*terms, tree("neg", letter_tree(letter))))


def _total(letter: Tree, low: int) -> Tree:
    if not low:
        return letter
    return Tree("sum", (letter, size_tree(low) if low > 0 else tree("neg", size_tree(-low))))
