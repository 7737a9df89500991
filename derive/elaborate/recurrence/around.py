r"""What is claimed of a few steps around any one, v_t and v_{t-2}, with these steps written out.

The idea: where the first of them comes from does not matter, so every member of the few steps is a
quantity with a name of its own, v_{t-1} as well as v_t; the steps say what they have to do with one
another, and what holds for any such quantities holds at every step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from derive.elaborate.names.indices import index_letter
from derive.elaborate.recurrence.indices import reckoned, spelled
from derive.elaborate.recurrence.induction import (
    Other,
    any_powers,
    solved,
    stands_for,
    where_powers_live,
)
from derive.elaborate.recurrence.sequences import numbered
from derive.elaborate.recurrence.steps import (
    Member,
    Steps,
    defines,
    made_at_steps,
    member_of,
    members,
    mentions,
    offset_of,
    put,
)
from derive.elaborate.recurrence.unroll import SHOWN
from derive.elaborate.terms.limits import bound_letters
from derive.tree import LABELS, Tree

_IN = Tree("rel", ("in",))
_EQUAL = Tree("rel", ("=",))


def windows(
    items: Iterable[Tree], steps: Steps, held: Iterable[Tree] = ()
) -> Iterator[tuple[Tree, list[Tree]]]:
    """Each claim about a few steps, with what is said of these; with the closed forms that have
    ``held`` of the states from which they start, where there are some."""
    items, known = list(items), _closed_forms(held, steps)
    rules = made_at_steps(items, steps)
    spans = {rule.span for rule in steps.defined.values()}
    for item in items:
        if item.head != "chain" or item.span in spans or not isinstance(item.kids[0], Tree):
            continue
        used = [m.offset for m in members(item, steps.letter) if m.family in rules]
        if not used or max(used) - min(used) > SHOWN:
            continue
        lines = [*_said(item, rules, steps), reckoned(item)]
        forms = _forms(lines, known, steps)
        if known and not forms:
            continue
        whole, sums = _without_sums([*forms, *lines])
        if all(_is_whole(line, steps.letter) for line in whole):
            with suppress(Other):
                yield item, _setting(items, steps, whole, sums)


def _closed_forms(held: Iterable[Tree], steps: Steps) -> dict[str, Tree]:
    found: dict[str, Tree] = {}
    for item in held:
        form = solved(item, steps)
        member = defines(form, steps.letter)
        if member is not None:
            found.setdefault(member.family, Tree("chain", form.kids[:3], (0, 0)))
    return found


def _forms(lines: list[Tree], known: dict[str, Tree], steps: Steps) -> list[Tree]:
    """What is known of the states that nothing in these lines makes."""
    letter = steps.letter
    made = {defines(line, letter) for line in lines[:-1]}
    met = dict.fromkeys(m for line in lines for m in members(line, letter) if m.family in known)
    return [_at(known[m.family], letter, m.offset) for m in met if m not in made]


def _without_sums(lines: list[Tree]) -> tuple[list[Tree], list[Tree]]:
    """The lines with a name for every sum that no other one is in: what holds whatever it is."""
    names: dict[Tree, Tree] = {}

    def named(tree: Any) -> Any:
        if isinstance(tree, tuple):
            return tuple(map(named, tree))
        if not isinstance(tree, Tree):
            return tree
        if tree.head == "big":
            return names.setdefault(tree, stands_for(Tree("paren", (tree,))))
        return Tree(tree.head, named(tree.kids), tree.span)

    whole = [named(line) for line in lines]
    return whole, list(names.values())


def _at(item: Tree, letter: str, offset: int) -> Tree:
    return reckoned(put(item, letter, spelled({letter: 1, "": offset})))


def _said(claim: Tree, rules: dict[str, Tree], steps: Steps) -> list[Tree]:
    """What the members in a claim are made of: what is carried, from its first step on; the rest
    at its own."""
    waiting = [m for m in members(claim, steps.letter) if m.family in rules]
    low = min(m.offset for m in waiting)
    found: dict[Member, Tree] = {}
    while waiting:
        member = waiting.pop()
        rule = rules.get(member.family)
        free = member.offset <= low - (0 if member.family in steps.carried else SHOWN)
        if rule is None or free or member in found or rule.span == claim.span:
            continue
        found[member] = _at(rule, steps.letter, member.offset)
        waiting += members(found[member], steps.letter)
    return [found[m] for m in sorted(found, key=lambda m: m.offset)]


def _setting(items: list[Tree], steps: Steps, lines: list[Tree], sums: list[Tree]) -> list[Tree]:
    """What is said whatever the step, where the members live, and the lines about them."""
    lines, powers = any_powers(lines)
    letter = steps.letter
    states = [rule.kids[0] for rule in made_at_steps(items, steps).values()]
    named = {node: _named(node) for line in lines for node in line.subtrees()
             if _is_member(node, letter)}  # fmt: skip
    found: list[Tree] = []
    for item in items:
        if not mentions(item, letter) and not numbered([item], states, letter):
            found.append(item)
        if item.head != "chain" or item.kids[1] != _IN:
            continue
        for name in item.kids[0].kids if item.kids[0].head == "list" else item.kids[:1]:
            family = _family(name, states, letter)
            alike = (one.kids[0] if one.head == "script" else one for node, one in named.items()
                     if _family(node, states, letter) == family)  # fmt: skip
            found += [Tree("chain", (one, *item.kids[1:]), item.span) for one in set(alike)]
    found += where_powers_live(powers, items)
    found += _met_again((*named.values(), *sums))
    return [*found, *(line.rewritten(lambda node: named.get(node, node)) for line in lines)]


def _met_again(names: Iterable[Tree]) -> Iterator[Tree]:
    """What is met once beside its like may be a slip of the pen; no member here is one."""
    for k, one in enumerate(dict.fromkeys(names)):
        double = Tree("sum", (one, one))
        yield Tree("chain", (Tree("name", (rf"\breve{{d_{k}}}",)), _EQUAL, double), (0, 0))


def _family(name: Tree, states: list[Tree], letter: str) -> str:
    """The family of a declared name: of v_t, and of the v_0 with which a state starts."""
    member = member_of(name, letter)
    for state in states if member is None else ():
        if numbered([name], [state], letter):
            member = member_of(state, letter)
    return member.family if member else ""


def _is_member(node: Tree, letter: str) -> bool:
    return member_of(node, letter) is not None and member_of(node.kids[0], letter) is None


def _named(node: Tree) -> Tree:
    """A member as a name; what it is raised to stays."""
    base, sub, sup = node.kids
    power = None if isinstance(sup, Tree) and sup.head in LABELS else sup
    whole = stands_for(Tree("script", (base, sub, None if power is sup else sup), node.span))
    return whole if power is None else Tree("script", (whole, None, power), node.span)


def _is_whole(tree: Tree, letter: str) -> bool:
    r"""Whether no member in a formula depends on another letter than its step: not the i of
    v_{t,i}, nor the t of \sum_t v_t."""
    for node in tree.subtrees():
        if node.head == "big" and letter in {one for one, _, _ in bound_letters(node.kids[1])}:
            return False
        if _is_member(node, letter):
            base, sub, sup = node.kids
            marks = [sub] if isinstance(sub, Tree) else []
            marks += [sup] if isinstance(sup, Tree) and sup.head in LABELS else []
            parts = [p for m in marks for p in (m.kids if m.head in ("list", "juxt") else (m,))]
            if base.head != "name" or not all(_is_mark(part, letter) for part in parts):
                return False
    return True


def _is_mark(tree: Tree, letter: str) -> bool:
    """Whether a script is the step or has no letter: the 1 of v_{1,t}."""
    return offset_of(tree, letter) is not None or not any(
        index_letter(part) for part in tree.subtrees()
    )
