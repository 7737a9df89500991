r"""Sequences: v_t = \alpha v_{t-1} - \epsilon g_t, with claims about v_3 and about any v_t.

The idea: what starts with v_0 is written out as far as the document speaks of it by number, three
steps at least.  What is claimed of any v_t is judged at these, and ``induction`` carries it on.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.recurrence.indices import reckoned, spelled
from derive.elaborate.recurrence.steps import (
    Steps,
    carried_in,
    defines,
    is_by_member,
    letters_in,
    made_at_steps,
    members,
    mentions,
    put,
)
from derive.elaborate.recurrence.unroll import SHOWN
from derive.elaborate.statements.alone import is_head
from derive.tree import Tree

MOST = 32  # steps by number, as v_{31}
_EQUAL = Tree("rel", ("=",))


def sequence(items: Iterable[Tree]) -> Steps | None:
    """The recurrence of a document that says no range of its steps and claims something of them;
    None where there is none."""
    items = list(items)
    for letter in letters_in(items):
        about = [item for item in items if mentions(item, letter)]
        if any(_differs(item) for item in about):
            continue
        defined: dict[str, Tree] = {}
        ahead: set[str] = set()
        otherwise: set[str] = set()  # v_t = x_t - x_{t-1}: what goes on from there is claimed of it
        for item in about:
            member = defines(item, letter)
            if member is None or member.offset not in (0, 1) or len(item.kids) != 3:
                continue
            if member.offset == 1:
                item = reckoned(put(item, letter, spelled({letter: 1, "": -1})))
            back = any(m.family == member.family and m.offset < 0
                       for m in members(item.kids[2], letter))  # fmt: skip
            if _is_made_of_others(item, letter) and member.family not in defined:
                otherwise.add(member.family)
            elif back and member.family not in {*defined, *otherwise}:
                defined[member.family] = item
                ahead |= {member.family} if member.offset else set()
        carried = carried_in(defined, letter)
        if not carried:
            continue
        states = [defined[family].kids[0] for family in carried]
        names = {base_of(state) for state in states}
        if any(_alone(item) & names for item in items if not _is_function(item)):
            continue  # W^{(k+1)} = W^{(k)} - .. of a W is a step of an optimiser
        numbers = sorted(numbered(items, states, letter))
        order = max(
            -m.offset for family in carried for m in members(defined[family].kids[2], letter)
            if m.family in carried
        )  # fmt: skip
        low = order if not numbers or numbers[0] > 1 else numbers[0] + order
        high = max([low + SHOWN - 1, *numbers])
        later = _later(items, defined, ahead, letter, low)
        end = Tree("num", (str(high),))
        steps = Steps(letter, low, end, high, defined, carried, True, later, order)
        if high - low < MOST and _claimed(items, steps):
            return steps
    return None


def with_gradients(items: Iterable[Tree]) -> list[Tree]:
    r"""The statements, of an optimiser w_{k+1} = w_k - \eta \frac{\partial L}{\partial w_k} with
    the gradient at a place, \nabla L(w_k)."""
    items = list(items)
    for letter in letters_in(items):
        rules = [i for i in items if (m := defines(i, letter)) and m.offset == 1]
        losses = {n.kids[0] for r in rules for n in r.subtrees() if is_by_member(n, letter)}
        lefts = {item.kids[0] for item in items if item.head == "chain"}
        if len(losses) == 1 and not losses & lefts:
            return [item.rewritten(lambda node, x=letter: _placed(node, x)) for item in items]
    return items


def _placed(node: Tree, letter: str) -> Tree:
    if not is_by_member(node, letter):
        return node
    of = Tree("juxt", (node.kids[0], Tree("paren", (node.kids[1],))), node.span)
    return Tree("grad", (None, of, "1"), node.span)


def _is_made_of_others(item: Tree, letter: str) -> bool:
    """Whether a statement makes a member of others at about that step; v_t = \\sum_s b^{t-s} g_s is
    what v_t = b v_{t-1} + g_t comes to, wherever it stands."""
    member, right = defines(item, letter), item.kids[2]
    families = {m.family for m in members(right, letter)}
    summed = any(node.head == "big" for node in right.subtrees())
    return member is not None and bool(families) and member.family not in families and not summed


def _later(
    items: list[Tree], defined: dict[str, Tree], ahead: set[str], letter: str, low: int
) -> frozenset[str]:
    r"""What starts a step later than the rest: the x_1 of x_{t+1} = x_t - \eta m_t, where m_1 is
    the first of m_t = \beta m_{t-1} + g_t, and nothing is said of an x_0."""
    if ahead == defined.keys():
        return frozenset()
    said = {node for item in items for node in item.subtrees()}
    first = spelled({"": low - 1})
    return frozenset(f for f in ahead if put(defined[f].kids[0], letter, first) not in said)


def _differs(item: Tree) -> bool:
    r"""Whether a statement asks, or is about a derivative of what the steps make; the gradient of a
    function at a place, \nabla f(x_t), is what a step is given."""
    at_places = {node for node in item.subtrees() if _at_place(node)}
    return any(
        node.head in ("deriv", "grad", "ask") and node not in at_places
        for node in item.subtrees()
    )  # fmt: skip


def _at_place(node: Tree) -> bool:
    match node:
        case Tree("grad", (_, Tree("juxt", (Tree() as name, Tree("paren"))), "1")):
            return bool(base_of(name))
    return False


def _alone(tree: Tree) -> set[str]:
    """The names that stand in a formula without a script; not the x of \nabla_x f(x_t)."""
    found: set[str] = set()
    stack: list[object] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Tree):
            if node.head == "name":
                found.add(str(node.kids[0]))
            elif _at_place(node):
                node = node.kids[1]
            stack.extend(node.kids[1:] if node.head == "script" and base_of(node) else node.kids)
        elif isinstance(node, tuple):
            stack.extend(node)
    return found


def _is_function(item: Tree) -> bool:
    r"""Whether a statement says what a function of its own letters is, or its gradient at a place
    that stands for any: f(x) = .., \nabla f(x) = .."""
    if item.head != "chain" or not isinstance(item.kids[0], Tree):
        return False
    left = item.kids[0]
    return is_head(left) or (_at_place(left) and is_head(left.kids[1]))


def numbered(items: list[Tree], states: list[Tree], letter: str) -> set[int]:
    """The numbers of the steps whose states a document mentions."""
    names = {put(state, letter, spelled({"": k})): k for state in states for k in range(MOST)}
    return {names[node] for item in items for node in item.subtrees() if node in names}


def _claimed(items: list[Tree], steps: Steps) -> bool:
    """Whether anything but its recurrence and its start is said of a state, or of what a step makes
    anything but what that is."""
    letter, first = steps.letter, spelled({"": steps.low - 1})
    states = [steps.defined[family].kids[0] for family in steps.carried]
    starts = {put(state, letter, first) for state in states}
    rules = {rule.span for rule in steps.defined.values()}
    bases, made = {base_of(state) for state in states}, set(steps.defined)
    for item in items:
        left = item.kids[0] if item.head == "chain" and item.kids[1] == _EQUAL else None
        if left is None or item.span in rules or left in starts:
            continue
        member = defines(item, letter)
        if member is None:
            if any(base_of(node) in bases for node in names_in([left])):
                return True
        elif member.family in made:
            return True
        else:
            made.add(member.family)
    return False


def with_starts(items: list[Tree], steps: Steps) -> tuple[list[Tree], tuple[Tree, ...]]:
    """The statements, and before them the starts v_0 = 0 of which nothing is said and on which
    hangs what is claimed."""
    first = spelled({"": steps.low - 1})
    said = {node for item in items for node in item.subtrees()}
    rules = made_at_steps(items, steps)
    needed = {family for item in items for family in _from_start(item, rules, steps)}
    unsaid = [
        name for family in steps.carried
        if (name := put(steps.defined[family].kids[0], steps.letter, first)) not in said
        and family in needed - steps.later
    ]  # fmt: skip
    zero = Tree("num", ("0",))
    starts = tuple(Tree("chain", (name, _EQUAL, zero), (0, 0)) for name in unsaid)
    return [*starts, *items], starts


def _from_start(item: Tree, rules: dict[str, Tree], steps: Steps) -> set[str]:
    """The families on whose start hangs what a statement claims: a state is said to be what has no
    state in it."""
    if item.head != "chain" or item.kids[1] != _EQUAL or item.span in {
        rule.span for rule in rules.values()
    }:  # fmt: skip
        return set()
    made: list[set[str]] = []
    named: set[str] = set()
    for side in item.kids[::2]:
        found = {m.family for m in members(side, steps.letter)} & rules.keys()
        found |= {
            family for family, rule in steps.defined.items()
            if any(k >= steps.low for k in numbered([side], [rule.kids[0]], steps.letter))
        }  # fmt: skip
        made.append(found)
        named |= set() if found else {base_of(node) for node in names_in([side])}
    waiting = [*set().union(*made)] if not all(made) else []
    hang: set[str] = set()
    while waiting:
        family = waiting.pop()
        if family not in hang and base_of(rules[family].kids[0]) not in named:
            hang.add(family)
            parts = members(rules[family].kids[2], steps.letter)
            waiting += [m.family for m in parts if m.family in rules]
    return hang


def with_inputs(made: list[Tree], steps: Steps) -> list[Tree]:
    """The statements at their steps, and before them g_0 + g_1 where only a claim speaks of g_0: a
    sum that goes too far is of things that there are.  The last states are used as the others are:
    each is a quantity, none of them what an optimiser makes of one."""
    letter = steps.letter
    rules = [rule.kids[2] for rule in steps.defined.values()]
    inputs = dict.fromkeys(
        node for rule in rules for node in rule.subtrees()
        if node.head == "script" and any(members(node, letter))
        and not any(m.family in steps.defined for m in members(node, letter))
    )  # fmt: skip
    said = {node for item in made for node in item.subtrees()}
    found = []
    for place, one in enumerate(inputs):
        known = put(one, letter, spelled({"": steps.low}))
        used = [put(one, letter, spelled({"": k})) for k in range(MOST)]
        terms = tuple(dict.fromkeys(name for name in (known, *used) if name in said))
        if len(terms) > 1:
            name = Tree("name", (rf"\breve{{{base_of(one)}_{place}}}",))
            found.append(Tree("chain", (name, _EQUAL, Tree("sum", terms)), (0, 0)))
    for place, family in enumerate(steps.carried):
        start = steps.start_of(family)
        ends = [*range(start - steps.order, start), steps.last or start]
        states = [put(steps.defined[family].kids[0], letter, spelled({"": k})) for k in ends]
        terms = tuple(state for state in (*states, *states) if state in said)
        name = Tree("name", (rf"\breve{{{base_of(states[0])}_{{+{place}}}}}",))
        found += [Tree("chain", (name, _EQUAL, Tree("sum", terms)), (0, 0))] if terms else []
    return [*found, *made]
