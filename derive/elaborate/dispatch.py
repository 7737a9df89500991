"""From a settled tree to its value: the table of rules, one for each head.

The idea: rules live with their subject (symbols, calls, sums) and meet only in this table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from derive.elaborate.faults import Fault, stands_alone
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import marked, text
from derive.elaborate.values import Value, below
from derive.kernel.expr import ShapeError
from derive.kernel.sizes import SizeError
from derive.operators.powers import NoRule
from derive.tree import Tree

Rule: TypeAlias = Callable[[Reading, Tree, Env], Value]
RULES: dict[str, Rule] = {}


def rule(*heads: str) -> Callable[[Rule], Rule]:
    """Make a function the rule of these heads."""

    def register(function: Rule) -> Rule:
        for head in heads:
            RULES[head] = function
        return function

    return register


def value_of(reading: Reading, tree: Tree, env: Env) -> Value:
    """The value of a settled tree.  Raises Fault where it has none, Silent where a definition that
    it uses is broken."""
    found = RULES.get(tree.head)
    if tree.head == "empty":
        raise Fault("missing-term", "a term is missing here", tree)
    if tree.head == "symbol" and tree.kids[0] in reading.scope.free:
        raise stands_alone(tree, text(tree))
    if found is None:
        raise Fault(
            "unsupported", f"{said(tree)} cannot be given a value here", tree,
            "keep to products, sums, functions, norms, sums over an index and cases",
        )  # fmt: skip
    recalled = reading.recalled
    plain = recalled is not None and not env.formals and not env.rename and not reading.runs
    if plain and recalled is not None:
        before = recalled.get((tree, env.open))
        if before is not None:
            return before
    try:
        value = reading.sizes.current(found(reading, tree, env))
        # A size that is still open may become another one elsewhere.
        if plain and recalled is not None and not below(value.expr, reading.sizes.below):
            recalled[tree, env.open] = value
        return value
    except NoRule as error:
        raise Fault("unsupported", str(error), tree) from None
    except (SizeError, ShapeError) as error:
        raise Fault("shape-clash", f"sizes do not fit in {said(tree)}: {error}", tree) from None


def said(tree: Tree) -> str:
    """The formula for an error message, shortened."""
    written = text(tree)
    return marked(written) if len(written) <= 48 else f"`{written[:45]}...`"


def reckoned(tree: Tree) -> Fault:
    """What a sum is told that reckons with its own index, as in \\sum_i i x_i."""
    return Fault(
        "unsupported-index", f"this sum reckons with its index {said(tree)}", tree,
        "an index selects entries; a sum of its powers is known between numbers only",
    )  # fmt: skip
