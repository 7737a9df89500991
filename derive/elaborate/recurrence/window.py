r"""One window of a recurrence: a few of its steps, and what the loss is as one of these alone.

The idea: what follows the window sends a gradient back and nothing else, so the loss is the part
that the window's own steps have in it plus <G, h> for every state h that is handed on, G free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of
from derive.elaborate.recurrence.indices import spelled
from derive.elaborate.recurrence.ranges import number_of
from derive.elaborate.recurrence.steps import (
    Steps,
    companion,
    is_by_member,
    member_of,
    members,
    mentions,
    put,
)
from derive.elaborate.terms.limits import bound_letters
from derive.tree import LABELS, Tree

_EQUAL = Tree("rel", ("=",))
_NEAR = range(-2, 3)  # how far apart the steps of a line may be


class Unfit(Exception):
    """A statement that no window shows."""


@dataclass(frozen=True, slots=True)
class Window:
    """Steps around a base, t or T or 1; ``use``: one use of the weights, a term of a sum."""

    base: Tree
    low: int
    high: int
    use: bool = False

    def at(self, offset: int) -> Tree:
        terms = [self.base, Tree("num", (str(abs(offset)),))]
        if offset < 0:
            terms[1] = Tree("neg", (terms[1],))
        return Tree("sum", tuple(terms)) if offset else self.base


def binds(node: object, letter: str) -> bool:
    return (
        isinstance(node, Tree)
        and node.head == "big"
        and letter in {one for one, _, _ in bound_letters(node.kids[1])}
    )


def letters_of(steps: Steps) -> list[str]:
    """The letters that tell steps: t, and T where the last one is a name."""
    last = [str(steps.high.kids[0])] if steps.high.head == "name" else []
    return [steps.letter, *last]


def is_of_steps(item: Tree, steps: Steps) -> bool:
    """Whether a statement speaks of steps: t, the last one, or a sum over them."""
    letters = letters_of(steps)
    if mentions(item, letters[0]) or any(any(members(item, x)) for x in letters):
        return True
    return any(binds(node, steps.letter) for node in item.subtrees())


def is_stepwise(tree: Tree, steps: Steps) -> bool:
    """Whether a formula names a step, by its letter or by a number."""
    return any(any(members(tree, x)) for x in letters_of(steps)) or any(
        number_of(mark.kids[0] if mark.head in LABELS else mark) is not None
        for node in tree.subtrees() if node.head == "script"
        for k, mark in enumerate(node.kids[1:])
        if isinstance(mark, Tree) and (k == 0 or mark.head in LABELS)
    )  # fmt: skip


def name_of(node: Tree) -> Tree | None:
    """The name that a node is, its powers and transposes left out: W_1 of W_1^T; L_t is no L."""
    if not base_of(node):
        return None
    if node.head != "script":
        return node
    base, sub, sup = node.kids
    marks = sup.kids if sup is not None and sup.head == "juxt" else (sup,)
    label = next((mark for mark in marks if mark is not None and mark.head in LABELS), None)
    if sub is None and label is None:
        return name_of(base)
    return Tree("script", (base, sub, label), node.span)


def named_in(tree: object) -> Iterator[Tree]:
    """The names of a formula, and those in their scripts."""
    stack: list[object] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, Tree):
            if (name := name_of(node)) is not None:
                yield name
            stack.extend(node.kids[1:] if base_of(node) else node.kids)


def replaced(tree: Any, names: Mapping[Tree, Tree]) -> Any:
    """The formula with what these names stand for."""
    # Nesting is capped by the reader, so the recursion is bounded.
    if isinstance(tree, tuple):
        return tuple(replaced(kid, names) for kid in tree)
    if not isinstance(tree, Tree):
        return tree
    if tree in names:
        made = names[tree]
        made = made if base_of(made) else Tree("paren", (made,))
        return Tree(made.head, made.kids, tree.span)
    first = 0 if tree.head != "script" or name_of(tree) == name_of(tree.kids[0]) else 1
    kids = (*tree.kids[:first], *(replaced(kid, names) for kid in tree.kids[first:]))
    return tree if kids == tree.kids else Tree(tree.head, kids, tree.span)


def with_slopes(items: Iterable[Tree], steps: Steps) -> tuple[list[Tree], Steps]:
    r"""The statements with \partial L / \partial h_t for a g_t that names it, as \delta_t may."""
    names: dict[Tree, Tree] = {}
    kept: dict[str, Tree] = {}
    for family, rule in steps.defined.items():
        if family in steps.carried or len(rule.kids) != 3 or not is_by_member(
            rule.kids[2], steps.letter
        ):  # fmt: skip
            kept[family] = rule
            continue
        for one in (*(spelled({steps.letter: 1, "": k}) for k in _NEAR), steps.high):
            names[put(rule.kids[0], steps.letter, one)] = put(rule.kids[2], steps.letter, one)
    if not names:
        return list(items), steps
    spans = {rule.span for family, rule in steps.defined.items() if family not in kept}
    rest = [replaced(item, names) for item in items if item.span not in spans]
    return rest, replace(steps, defined=kept)


def one_term(side: Tree, steps: Steps) -> tuple[Tree, bool]:
    """A side as one term of its sum over all steps; and whether it is such a sum."""
    letter = steps.letter
    match side:
        case Tree("big", ("sum", below, above, Tree() as body)) if binds(side, letter):
            ((_, first, _),) = bound_letters(below) or ((None, None, None),)
            low = steps.low if first is None else number_of(first)
            if low != steps.low or above not in (None, steps.high):
                raise Unfit
            return Tree("paren", (body,), body.span), True
        case Tree("juxt", (*front, last)) if isinstance(last, Tree) and binds(last, letter):
            if any(mentions(f, letter) or is_stepwise(f, steps) for f in front):
                raise Unfit
            body, _ = one_term(last, steps)
            return Tree("juxt", (*front, body), side.span), True
        case Tree("neg" | "paren" as head, (Tree() as inner,)):
            body, summed = one_term(inner, steps)
            return Tree(head, (body,), side.span), summed
        case Tree("frac", (Tree() as over, Tree() as under)) if not is_of_steps(under, steps):
            body, summed = one_term(over, steps)
            return Tree("frac", (body, under), side.span), summed
        case Tree("sum", terms) if all(terms):
            done = [one_term(term, steps) for term in terms]
            if len({summed for _, summed in done}) > 1:
                raise Unfit
            return Tree("sum", tuple(body for body, _ in done), side.span), done[0][1]
    if any(binds(node, letter) for node in side.subtrees()):
        raise Unfit
    return side, False


# ------------------------------------------------------------------------------------------- losses


def applied(item: Tree, steps: Steps) -> Tree | None:
    """The name of a loss of which only C(a^L) is said, or C = C(a^L)."""
    if item.head == "chain" and len(item.kids) == 3 and item.kids[1] == _EQUAL:
        left, _, item = item.kids
        if item.head != "juxt" or item.kids[0] != left:
            return None
    match item:
        case Tree("juxt", (Tree("name") as name, Tree("paren", (inside,)))):
            given = inside.kids if inside.head == "list" else (inside,)
            states = [steps.defined[family].kids[0] for family in steps.carried]
            ends = {put(state_of(state), steps.letter, steps.high) for state in states}
            rest = [one for one in given if one not in ends]
            if len(rest) < len(given) and not any(is_of_steps(one, steps) for one in rest):
                return name
    return None


def loss_in(
    name: Tree, whole: Tree, window: Window, steps: Steps, carried: tuple[str, ...]
) -> Tree:
    """The loss as one of the steps of a window, which may end where all steps do."""
    ends = window.base == steps.high
    term, summed = one_term(whole, steps)
    terms = [term]
    if summed:
        around = range(window.low, window.high + 1)
        terms = [put(term, steps.letter, window.at(k)) for k in around]
    elif not ends:
        last = list(members(whole, str(steps.high.kids[0]))) if steps.high.head == "name" else []
        if not last or any(m.offset or m.family not in carried for m in last):
            raise Unfit
        terms = []
    if not ends:
        terms += [_sent_back(steps.defined[family].kids[0], window, steps) for family in carried]
    made = terms[0] if len(terms) == 1 else Tree("sum", tuple(terms))
    return Tree("chain", (name, _EQUAL, made), whole.span)


def _sent_back(state: Tree, window: Window, steps: Steps) -> Tree:
    r"""\langle G, h \rangle of what the last step of the window hands on, and \sum_j G_j h_j where
    the steps are written entry by entry."""
    last = put(state, steps.letter, window.at(window.high))
    if state == (whole := state_of(state)):
        return Tree("angle", (Tree("list", (companion(state), last)),))
    gradient = Tree("script", (companion(whole), state.kids[1], None))
    below = state.kids[1]
    if below.head == "juxt":
        below = Tree("list", below.kids)
    return Tree("big", ("sum", below, None, Tree("juxt", (gradient, last))))


def state_of(name: Tree) -> Tree:
    """The array that a name is an entry of: a^l of a^l_j."""
    inner = name.kids[0] if name.head == "script" and name.kids[2] is None else name
    below = name.kids[1] if inner is not name else None
    parts = below.kids if below is not None and below.head in ("juxt", "list") else (below,)
    entry = below is not None and inner.head == "script" and all(map(index_letter, parts))
    return inner if entry else name


def sent_back_in(item: Tree, steps: Steps, carried: tuple[str, ...]) -> Iterator[Tree]:
    """What is sent back to a state lives where the state does."""
    names = item.kids[0].kids if item.kids[0].head == "list" else item.kids[:1]
    for one in names:
        member = member_of(one, steps.letter)
        if member is not None and member.family in carried:
            yield Tree("chain", (companion(one), *item.kids[1:]), item.span)


__all__ = [
    "Unfit", "Window", "applied", "binds", "is_of_steps", "is_stepwise", "letters_of", "loss_in",
    "name_of", "named_in", "one_term", "replaced", "sent_back_in", "state_of",
]  # fmt: skip
