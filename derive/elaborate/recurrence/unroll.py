r"""Recurrences of known length written out: h_1, h_2, h_3 for t = 1, 2, 3.

The idea: what is said of step t is said of every step; a sum over the steps is the sum of its
terms, and a weight that all steps use is used that often, so that its shares add.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.reading import Reading
from derive.elaborate.recurrence.chains import chain_of, over_steps
from derive.elaborate.recurrence.indices import at_step
from derive.elaborate.recurrence.ranges import number_of, range_of
from derive.elaborate.recurrence.steps import (
    Member,
    Steps,
    companion,
    defines,
    made_at_steps,
    member_of,
    members,
    mentions,
    put,
    starts_at_zero,
)
from derive.elaborate.terms.limits import bound_letters
from derive.tree import Tree

SHOWN = 3  # steps of a recurrence of any length by which a wrong claim is refuted
_MOST = 64  # steps that are written out


def written_out(items: list[Tree], steps: Steps, reading: Reading, judging: bool) -> list[Tree]:
    """The statements of a recurrence step by step; for three where their number is a letter."""
    last = steps.low + SHOWN - 1 if steps.last is None else steps.last
    letter = steps.letter
    reading.note("steps", f"the steps ${letter} = {steps.low}, \\dots, {last}$ are written out")
    return unrolled(items, steps, last, judging)


def unrolled(items: Iterable[Tree], steps: Steps, last: int, judging: bool) -> list[Tree]:
    """The statements for the steps up to the last one; the letter of the last step is put in."""
    items = list(items)
    if last - steps.low >= _MOST:
        raise Fault(
            "too-many-steps", f"{last - steps.low + 1} steps are too many to be written out",
            items[0], f"{_MOST} are the most; for any number of steps let it be a letter",
        )  # fmt: skip
    items = [one for item in items for one in _along(item, steps, last)]
    if steps.high.head == "name":
        end = Tree("num", (str(last),))
        items = [item for item in items if item.kids[:1] != (steps.high,)]
        items = [put(item, str(steps.high.kids[0]), end) for item in items]
    made: list[Tree] = []
    rules = made_at_steps(items, steps) if steps.endless else {}
    for item in items:
        if range_of(item, steps.letter) is not None:
            continue
        if starts_at_zero(item, steps):
            # Zero of the state's shape; where nothing is judged the state is left as a letter,
            # unless the text is worked with numbers.
            if judging:
                empty = _zero(item, items, steps)
                made.append(Tree("chain", (*item.kids[:2], empty), item.span))
            elif _in_numbers(items):
                made.append(item)
            continue
        item = _summed(item, steps, last)
        if not mentions(item, steps.letter):
            if not _beyond_number(item, steps, last):
                made.append(item)
            continue
        made += _at_each(item, steps, last, rules)
    return made


def _in_numbers(items: Iterable[Tree]) -> bool:
    """Whether a document gives numbers, and no arrays of them."""
    items = list(items)
    given = any(
        item.head == "chain" and len(item.kids) == 3 and base_of(item.kids[0])
        and item.kids[2].head in ("num", "neg") and number_of(item.kids[2]) != 0
        for item in items
    )  # fmt: skip
    return given and all(node.head != "env" for item in items for node in item.subtrees())


def _along(item: Tree, steps: Steps, last: int) -> Iterable[Tree]:
    """A statement, that of a product over steps at steps with numbers."""
    chain = chain_of(item, steps)
    return (item,) if chain is None else over_steps(item, chain, steps.low, last, steps.high)


def _zero(item: Tree, items: list[Tree], steps: Steps) -> Tree:
    """Zero of the shape of a state: where nothing says it, of what is added at the first step."""
    state = item.kids[0]
    declared = [one.kids[0] for one in items
                if one.head == "chain" and one.kids[1] == Tree("rel", ("in",))]  # fmt: skip
    rules = [r for r in steps.defined.values() if base_of(r.kids[0]) == base_of(state)]
    known = any(base_of(name) == base_of(state) for left in declared for name in left.subtrees())
    terms = rules[0].kids[2].kids if rules and rules[0].kids[2].head == "sum" else ()
    for term in () if known else terms:
        if not any(m.family in steps.defined for m in members(term, steps.letter)):
            one = Tree("paren", (at_step(term, steps.letter, steps.low),))
            return Tree("sum", (one, Tree("neg", (one,))), item.kids[2].span)
    return Tree("juxt", (item.kids[2], companion(state)), item.kids[2].span)


def _at_each(item: Tree, steps: Steps, last: int, made: Mapping[str, Tree]) -> list[Tree]:
    letter = steps.letter
    member = defines(item, letter)
    if item.head == "chain" and str(item.kids[1].kids[0]) == "in":
        return _declared(item, steps, last)
    if member is not None and member.family in steps.defined:
        rule = steps.defined[member.family]
        if rule.span == item.span:  # what is said of it again is a claim
            rule = _summed(rule, steps, last)
            first = steps.start_of(member.family)
            return [put(rule, letter, _number(k)) for k in range(first, last + 1)]
    found = []
    low = steps.low
    rule = made.get(member.family) if member is not None else None
    if rule is not None and rule.span == item.span:
        # \hat{v}_0 is made of v_0, and v_1 of x_1 and x_0.
        ofs = members(item.kids[2], letter)
        low -= steps.order if all(m.family in steps.carried for m in ofs) else 0
    for k in range(low, last + 1):
        if all(_exists(m, k, steps, last) for m in members(item, letter)):
            found.append(at_step(item, letter, k))
    return found


def _exists(member: Member, k: int, steps: Steps, last: int) -> bool:
    """Whether there is such a member at step k: what is carried has one before the first step."""
    step = k + member.offset
    if member.family in steps.carried:
        return steps.start_of(member.family) - steps.order <= step <= last
    if member.family in steps.defined or member.family.startswith(r"\delta"):
        return steps.low <= step <= last
    used = set() if steps.endless else _used(steps, member.family)
    return not used or steps.low + min(used) <= step <= last + max(used)


def _used(steps: Steps, family: str) -> set[int]:
    """At which steps a step uses what is given: there is no W^{L+1}."""
    return {
        m.offset for rule in steps.defined.values() for m in members(rule, steps.letter)
        if m.family == family
    }  # fmt: skip


def _declared(item: Tree, steps: Steps, last: int) -> list[Tree]:
    """A declaration for every step, and of what is carried for the one before the first."""
    left, letter = item.kids[0], steps.letter
    names = left.kids if left.head == "list" else (left,)
    start = [n for n in names if (m := member_of(n, letter)) and m.family in steps.carried]
    found = [put(item, letter, _number(k)) for k in range(steps.low, last + 1)]
    for one in start:
        first = [put(one, letter, _number(k)) for k in range(steps.low - steps.order, steps.low)]
        found += [Tree("chain", (x, *item.kids[1:]), item.span) for x in (*first, companion(one))]
    return found


def _number(k: int) -> Tree:
    digits = Tree("num", (str(abs(k)),))
    return digits if k >= 0 else Tree("neg", (digits,))


def _summed(tree: Any, steps: Steps, last: int) -> Any:
    """Sums over the steps written out."""
    if isinstance(tree, tuple):
        return tuple(_summed(kid, steps, last) for kid in tree)
    if not isinstance(tree, Tree):
        return tree
    kids = tuple(_summed(kid, steps, last) for kid in tree.kids)
    tree = Tree(tree.head, kids, tree.span)
    if tree.head != "big" or tree.kids[0] != "sum" or tree.kids[3] is None:
        return tree
    below, above, body = tree.kids[1:]
    found = bound_letters(below)
    if len(found) != 1:
        return tree
    letter, first, _ = found[0]
    if letter != steps.letter and not any(m.family in steps.defined for m in members(body, letter)):
        return tree
    low = steps.low if first is None else number_of(first)
    high = last if above is None else number_of(above)
    if low is None or high is None or high < low:
        return tree
    terms = tuple(put(body, letter, _number(k)) for k in range(low, high + 1))
    total = terms[0] if len(terms) == 1 else Tree("sum", terms, tree.span)
    return Tree("paren", (total,), tree.span)


def _beyond_number(item: Tree, steps: Steps, last: int) -> bool:
    r"""Whether a statement is of the step behind the last one, as \delta_{T+1} = 0 is."""
    for node in names_in([item]):
        if node.head == "script" and isinstance(node.kids[1], Tree) and base_of(node) == r"\delta":
            k = number_of(node.kids[1])
            if k is not None and k > last:
                return True
    return False
