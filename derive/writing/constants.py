r"""Operators without arguments, as they are written: a stack of columns, an equation of indices.

The idea: with a letter on every axis such an array is an indicator, 1 where its letters meet.
"""

from __future__ import annotations

from derive.kernel.expr import Call, Name
from derive.operators.incidence import is_incidence
from derive.operators.stacking import is_stack
from derive.tree import Tree, num, tree
from derive.writing import words
from derive.writing.said import Letters, entry
from derive.writing.shifts import indicator


def constant(node: Call, at: Letters) -> Tree:
    """An operator without arguments; one that stacks columns says which entry is which pair."""
    assert not isinstance(node.op, Name)
    if is_incidence(node):
        return indicator(node, at)
    if not (is_stack(node) and all(at)):
        return entry(words.symbol_tree(rf"\mathrm{{{node.op.name}}}"), at)
    i, j, k = (words.letter_tree(letter or "") for letter in at)
    before = tree("paren", tree("sum", j, tree("neg", num(1))))
    place = tree("sum", i, words.product([words.size_tree(node.axes[0]), before]))
    return words.function(r"\mathbb{1}", words.relation(k, "=", place))
