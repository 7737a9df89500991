r"""What a loss is made of: p and L of p = softmax(V h_T) and L = -\log p_y, the last state aside.

The idea: a window has the last state or what is sent back to it, so what the document reads off the
last state is put in until the loss speaks of states alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from derive.elaborate.names.scope import base_of
from derive.elaborate.recurrence.steps import Steps, put
from derive.elaborate.recurrence.window import Unfit, binds, named_in, replaced
from derive.tree import Tree


def read_out(kept: list[Tree], losses: Mapping[Tree, Tree]) -> dict[Tree, Tree]:
    """The losses with what is made of them, which is taken from what is ``kept``."""
    found = dict(losses)
    waiting = [Tree("empty")]
    while waiting:
        waiting = [i for i in kept if is_definition(i) and _of(i.kids[2], found)]
        for item in waiting:
            kept.remove(item)
            found[item.kids[0]] = item.kids[2]
    return found


def in_full(said: Mapping[Tree, Tree]) -> dict[Tree, Tree]:
    """The losses in terms of states.  Unfit where one is made of itself."""
    found = dict(said)
    for _ in said:
        found = {
            name: side if applies(name, side) else replaced(side, found)
            for name, side in found.items()
        }
    if any(_of(side, found) and not applies(name, side) for name, side in found.items()):
        raise Unfit
    return found


def _of(side: Tree, losses: Mapping[Tree, Tree]) -> bool:
    return any(name in losses for name in named_in(side))


def closure(trees: Iterable[Tree], kept: Iterable[Tree]) -> set[Tree]:
    """The names of formulas, and of what the document says that these are."""
    said = {item.kids[0]: item.kids[2] for item in kept if is_definition(item)}
    found: set[Tree] = set()
    stack = list(named_in(tuple(trees)))
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack += named_in(said.get(node))
    return found


def is_definition(item: Tree) -> bool:
    return (
        item.head == "chain" and len(item.kids) == 3 and isinstance(item.kids[0], Tree)
        and str(item.kids[1].kids[0]) in ("=", ":=") and base_of(item.kids[0]) != ""
    )  # fmt: skip


def applies(name: Tree, side: Tree) -> bool:
    """Whether of a loss only C(a^L) is said: see ``applied``."""
    return side.head == "juxt" and side.kids[0] == name and side.kids[-1].head == "paren"


def without_sums(side: Tree, steps: Steps) -> Tree:
    return side.rewritten(lambda n: Tree("empty") if binds(n, steps.letter) else n)


def with_last(items: Iterable[Tree], steps: Steps) -> list[Tree]:
    r"""The statements with the state that a name for the last one stands for: \hat y = a^L."""
    items = list(items)
    lasts = {put(i.kids[0], steps.letter, steps.high) for i in steps.defined.values()}
    names = {
        item.kids[0]: item.kids[2] for item in items
        if is_definition(item) and item.kids[2] in lasts and item.kids[0] not in lasts
    }  # fmt: skip
    kept = [i for i in items if not (is_definition(i) and i.kids[0] in names)]
    return [replaced(item, names) for item in kept] if names else items
