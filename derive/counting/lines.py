"""Worked lines as trees, to be set: a formula, its numbers, the result.

The idea: a line is written as LaTeX and read back, so that it prints as every other formula does.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.latex.read import read_formula
from derive.tree import Tree


def tree(text: str) -> Tree:
    """A formula of a worked line; several side by side are a list."""
    found = read_formula(text)
    return found[0] if len(found) == 1 else Tree("list", found)


def chained(steps: Sequence[str]) -> Tree:
    """The steps as one formula."""
    return tree(" = ".join(steps))
