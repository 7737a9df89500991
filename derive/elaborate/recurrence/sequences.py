r"""Sequences: v_t = \alpha v_{t-1} - \epsilon g_t, with claims about v_3 and about any v_t.

The idea: what starts with v_0 is written out as far as the document speaks of it by number, three
steps at least.  What is claimed of any v_t is judged at these, and ``induction`` carries it on.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.elaborate.names.scope import base_of
from derive.elaborate.recurrence.indices import reckoned, spelled
from derive.elaborate.recurrence.steps import (
    Steps,
    carried_in,
    defines,
    letters_in,
    members,
    mentions,
    put,
)
from derive.elaborate.recurrence.unroll import SHOWN
from derive.tree import Tree

MOST = 32  # steps by number, as v_{31}
_EQUAL = Tree("rel", ("=",))


def sequence(items: Iterable[Tree]) -> Steps | None:
    """The recurrence of a document that says no range of its steps and claims something of them;
    None where there is none."""
    items = list(items)
    for letter in letters_in(items):
        about = [item for item in items if mentions(item, letter)]
        if any(n.head in ("deriv", "grad", "ask") for item in about for n in item.subtrees()):
            continue
        defined: dict[str, Tree] = {}
        for item in about:
            member = defines(item, letter)
            if member is None or member.offset not in (0, 1) or len(item.kids) != 3:
                continue
            if member.offset == 1:
                item = reckoned(put(item, letter, spelled({letter: 1, "": -1})))
            back = any(m.family == member.family and m.offset < 0
                       for m in members(item.kids[2], letter))  # fmt: skip
            if back and member.family not in defined:
                defined[member.family] = item
        carried = carried_in(defined, letter)
        if not carried:
            continue
        states = [defined[family].kids[0] for family in carried]
        names = {base_of(state) for state in states}
        if any(_alone(item) & names for item in items):
            continue  # W^{(k+1)} = W^{(k)} - .. of a W is a step of an optimiser
        numbers = sorted(numbered(items, states, letter))
        low = 1 if not numbers or numbers[0] > 1 else numbers[0] + 1
        high = max([low + SHOWN - 1, *numbers])
        steps = Steps(letter, low, Tree("num", (str(high),)), high, defined, carried, endless=True)
        if high - low < MOST and _claimed(items, steps):
            return steps
    return None


def _alone(tree: Tree) -> set[str]:
    """The names that stand in a formula without a script."""
    found: set[str] = set()
    stack: list[object] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Tree):
            if node.head == "name":
                found.add(str(node.kids[0]))
            stack.extend(node.kids[1:] if node.head == "script" and base_of(node) else node.kids)
        elif isinstance(node, tuple):
            stack.extend(node)
    return found


def numbered(items: list[Tree], states: list[Tree], letter: str) -> set[int]:
    """The numbers of the steps whose states a document mentions."""
    names = {put(state, letter, spelled({"": k})): k for state in states for k in range(MOST)}
    return {names[node] for item in items for node in item.subtrees() if node in names}


def _claimed(items: list[Tree], steps: Steps) -> bool:
    """Whether anything but the recurrence and its start is said of a state."""
    first = spelled({"": steps.low - 1})
    for family in steps.carried:
        state = steps.defined[family].kids[0]
        for item in items:
            if item.head != "chain" or item.span == steps.defined[family].span:
                continue
            left = item.kids[0]
            if left == put(state, steps.letter, first) or not isinstance(left, Tree):
                continue
            if (
                item.kids[1] == _EQUAL
                and isinstance(left, Tree)
                and base_of(left) == base_of(state)
            ):
                return True
    return False


def with_starts(items: list[Tree], steps: Steps) -> tuple[list[Tree], tuple[Tree, ...]]:
    """The statements, and the starts v_0 = 0 of which nothing is said, put before them."""
    first = spelled({"": steps.low - 1})
    names = [put(steps.defined[f].kids[0], steps.letter, first) for f in steps.carried]
    said = {node for item in items for node in item.subtrees()}
    unsaid = [name for name in names if name not in said]
    zero = Tree("num", ("0",))
    starts = tuple(Tree("chain", (name, _EQUAL, zero), (0, 0)) for name in unsaid)
    return [*starts, *items], starts


def with_inputs(made: list[Tree], steps: Steps) -> list[Tree]:
    """The statements at their steps, and before them g_0 + g_1 where only a claim speaks of g_0: a
    sum that goes too far is of things that there are."""
    letter = steps.letter
    rules = [rule.kids[2] for rule in steps.defined.values()]
    inputs = dict.fromkeys(
        node for rule in rules for node in rule.subtrees()
        if node.head == "script" and any(members(node, letter))
        and not any(m.family in steps.defined for m in members(node, letter))
    )  # fmt: skip
    said = {node for item in made for node in item.subtrees()}
    found = []
    for one in inputs:
        known = put(one, letter, spelled({"": steps.low}))
        used = [put(one, letter, spelled({"": k})) for k in range(MOST)]
        terms = tuple(dict.fromkeys([known, *(name for name in used if name in said)]))
        if len(terms) > 1:
            name = Tree("name", (rf"\breve{{{base_of(one)}}}",))
            found.append(Tree("chain", (name, _EQUAL, Tree("sum", terms)), (0, 0)))
    return [*found, *made]
