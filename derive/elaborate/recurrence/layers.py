r"""Layers of which nothing says how many there are: z^l = W^l a^{l-1} + b^l, with dC / dz^l.

The idea: they run up to a last one, of which a loss that nothing defines is a function.  Steps in
time are not read so, as each may have a share of its own in the loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from derive.elaborate.names.ranks import valued
from derive.elaborate.reading import Reading
from derive.elaborate.recurrence.ranges import range_of
from derive.elaborate.recurrence.steps import (
    carried_in,
    defined_at,
    is_by_member,
    letters_in,
    members,
    put,
)
from derive.elaborate.statements.maps import headed
from derive.latex.print import latex
from derive.tree import Tree

_EQUAL, _IN = Tree("rel", ("=",)), Tree("rel", ("in",))
_TIMES = frozenset(["t", "s", "\\tau", "n"])
_LASTS = ("L", "N", "M", "K")


def with_last(items: Sequence[Tree], reading: Reading) -> list[Tree]:
    """The statements, with a range of such layers and, if nothing defines it, a loss of the last
    one, whose values are numbers."""
    for letter in letters_in(list(items)):
        if letter in _TIMES or any(range_of(item, letter) for item in items):
            continue
        defined, _ = defined_at(items, letter)
        carried = carried_in(defined, letter)
        if any(node.head in ("deriv", "grad") for node in _made_of(carried, defined, letter)):
            continue  # steps of an optimiser
        states = [rule.kids[0] for rule in defined.values()]
        losses = {n for i in items for n in i.subtrees() if is_by_member(n, letter)}
        if not carried or len({node.kids[0] for node in losses}) != 1:
            continue
        loss = next(iter(losses)).kids[0]
        last, ends = _last(items, states, letter)
        if last is None or not (ends or _is_free(loss, items)):
            continue
        here, start = Tree("name", (letter,)), (Tree("num", ("1",)), Tree("dots", ()))
        run = Tree("chain", (here, _EQUAL, Tree("list", (*start, last))), loss.span)
        if not _is_free(loss, items):
            return [run, *items]
        of = [put(defined[family].kids[0], letter, last) for family in carried]
        inner = of[0] if len(of) == 1 else Tree("list", tuple(of))
        called = Tree("juxt", (loss, Tree("paren", (inner,))), loss.span)
        reading.note("layers", f"${latex(loss)}$ is read as a function of ${latex(inner)}$")
        reading.own_axes[valued(latex(loss))] = ()
        return [run, called, *items]
    return list(items)


def _made_of(carried: Iterable[str], defined: Mapping[str, Tree], letter: str) -> Iterator[Tree]:
    """The formulas that what is carried is made of, at each step."""
    stack, seen = list(carried), set(carried)
    while stack:
        rule = defined[stack.pop()]
        yield from rule.subtrees()
        more = {m.family for m in members(rule.kids[2], letter)} & defined.keys()
        stack += more - seen
        seen |= more


def _is_free(loss: Tree, items: Iterable[Tree]) -> bool:
    """Whether nothing says what a name is."""
    chains = (item for item in items if item.head == "chain" and item.kids[1] in (_EQUAL, _IN))
    return all(headed(i.kids[0]) != loss for i in chains if isinstance(i.kids[0], Tree))


def _last(items: Iterable[Tree], states: Iterable[Tree], letter: str) -> tuple[Tree | None, bool]:
    """The letter of the last layer, as of a^L, and whether the document has it; else one that it
    does not use."""
    nodes = {node for item in items for node in item.subtrees()}
    letters = [Tree("name", (x,)) for x in _LASTS]
    states = list(states)
    ends = [x for x in letters if any(put(state, letter, x) in nodes for state in states)]
    return next(iter(ends), next((x for x in letters if x not in nodes), None)), bool(ends)
