r"""How deep a network of layers is, where the text says it by its last layer alone, a^L.

The idea: who writes of layer $l$ and of a^L has layers 1, .., L, and who differentiates a cost that
is nowhere defined means one of the last activation; both are put beside what is said, and noted.
"""

from __future__ import annotations

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of
from derive.elaborate.reading import Reading
from derive.elaborate.recurrence.ranges import number_of, range_of
from derive.elaborate.recurrence.steps import (
    carried_in,
    defined_at,
    letters_in,
    member_of,
    put,
    recurrence,
)
from derive.elaborate.recurrence.window import applied, is_of_steps, named_in, state_of
from derive.elaborate.terms.limits import bound_letters
from derive.latex.print import latex
from derive.notation.names import parts
from derive.tree import LABELS, Tree

_EQUAL = Tree("rel", ("=",))
_MOST = 32  # layers by number
_COSTS = frozenset(["C", "E", "J", "L", r"\ell", r"\mathcal{L}", r"\mathcal{C}", "S"])


def with_depth(items: list[Tree], reading: Reading) -> list[Tree]:
    """The statements with the range of the layers, and the cost of the last one."""
    for letter in letters_in(items):
        if (last := _last(items, letter)) is not None:
            low = _first(items, letter)
            ends = Tree("list", (Tree("num", (str(low),)), Tree("dots"), last))
            items = [*items, Tree("chain", (Tree("name", (letter,)), _EQUAL, ends))]
            reading.note("depth", f"${letter}$ is read as running from {low} to ${latex(last)}$")
            break
    return [*_with_numbers(items), *_cost(items, reading)]


def _with_numbers(items: list[Tree]) -> list[Tree]:
    r"""The statements with \delta^l = \partial C / \partial z^l said of the layers that there are
    by number: z^1 and z^2."""
    names = {name for item in items for name in named_in(item)}
    found: list[Tree] = []
    for item in items:
        letters = [x for x in _letters_above(item) if not any(range_of(i, x) for i in items)]
        if base_of(item.kids[0] if item.head == "chain" else item) != r"\delta" or not letters:
            found.append(item)
            continue
        (letter, *_) = letters
        inside = [n for side in item.kids[2::2] for n in named_in(side) if member_of(n, letter)]
        numbers = [Tree("num", (str(k),)) for k in range(_MOST)]
        here = [k for k in numbers if all(put(n, letter, k) in names for n in inside)]
        found += [put(item, letter, k) for k in here] if inside and here else [item]
    return found


def _letters_above(item: Tree) -> list[str]:
    left = item.kids[0] if item.head == "chain" else None
    sup = left.kids[2] if isinstance(left, Tree) and left.head == "script" else None
    letter = index_letter(sup) if sup is not None and sup.head in LABELS else None
    return [letter] if letter else []


def _last(items: list[Tree], letter: str) -> Tree | None:
    """The L of a^L, where a^l is handed on from layer to layer and nothing says how far l runs."""
    if any(range_of(item, letter) is not None for item in items):
        return None
    big = (n for item in items for n in item.subtrees() if n.head == "big")
    if any(letter in {one for one, _, _ in bound_letters(n.kids[1])} for n in big):
        return None
    capital = Tree("name", (letter.strip("\\")[0].upper(),))
    defined, _ = defined_at(items, letter)
    ends = {put(state_of(defined[f].kids[0]), letter, capital) for f in carried_in(defined, letter)}
    return capital if any(name in ends for item in items for name in named_in(item)) else None


def _first(items: list[Tree], letter: str) -> int:
    """The first layer: the one behind the first state that a document gives, a^1 = x or a^0 = x."""
    defined, _ = defined_at(items, letter)
    states = [state_of(defined[family].kids[0]) for family in carried_in(defined, letter)]
    given = {
        k for k in range(3) for state in states for item in items
        if item.head == "chain" and item.kids[0] == put(state, letter, Tree("num", (str(k),)))
    }  # fmt: skip
    return min(given, default=0) + 1


def _cost(items: list[Tree], reading: Reading) -> list[Tree]:
    """C(a^L) for a cost that is differentiated, and of which nothing is said."""
    steps = recurrence(items)
    if steps is None:
        return []
    lefts = [i.kids[0] for i in items if i.head == "chain" and i.kids[1] != Tree("rel", ("in",))]
    calls = [i for i in (*items, *lefts) if isinstance(i, Tree) and i.head == "juxt"]
    given = {*lefts, *(call.kids[0] for call in calls)}
    said = [i for i in items if applied(i, steps) is not None or _defines_cost(i)]
    asked = {
        of for item in items for node in item.subtrees() if node.head in ("deriv", "grad")
        for of in (node.kids[0] if node.head == "deriv" else node.kids[1],)
        if isinstance(of, Tree) and of.head == "name" and parts(str(of.kids[0])).core in _COSTS
    }  # fmt: skip
    of_layers = any(is_of_steps(item, steps) for item in items)
    if len(asked) != 1 or asked & given or said or not of_layers:
        return []
    (name,) = asked
    states = [state_of(steps.defined[family].kids[0]) for family in steps.carried]
    ends = [put(state, steps.letter, steps.high) for state in states]
    shown = ", ".join(f"${latex(end)}$" for end in ends)
    reading.note("cost", f"${latex(name)}$ is not defined: read as a function of {shown}")
    inside = ends[0] if len(ends) == 1 else Tree("list", tuple(ends))
    return [Tree("juxt", (name, Tree("paren", (inside,))))]


def _defines_cost(item: Tree) -> bool:
    match item:
        case Tree("chain", (Tree() as left, sign, Tree() as right, *_)):
            return base_of(left) in _COSTS and sign == _EQUAL and number_of(right) is None
    return False


__all__ = ["with_depth"]
