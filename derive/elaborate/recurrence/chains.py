r"""Derivatives over many steps as products over the steps, \prod_j \partial h_j / \partial h_{j-1}.

The idea: where a step knows the earlier ones by one state alone, the derivative of a later state by
an earlier one is the product of those of the steps between, so such a line holds if its factor is
the derivative of one step.  A \prod says nothing of the order of its factors; factors that are
written out around dots do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from derive.elaborate.names.indices import index_letter
from derive.elaborate.recurrence.ranges import number_of
from derive.elaborate.recurrence.steps import (
    Steps,
    member_of,
    mentions,
    offset_of,
    put,
    reckoned,
)
from derive.elaborate.terms.limits import bound_letters
from derive.tree import LABELS, Tree

_DOTS, _ONE = Tree("dots"), Tree("num", ("1",))
_MINUS_ONE = Tree("neg", (_ONE,))
_HERE = "\\breve{j}"  # a letter that nobody else uses


class Product(NamedTuple):
    """Factors over the steps from one to another: the factor at the step ``letter``, and whether
    later steps stand before earlier ones; None where that is not said."""

    factor: Tree
    letter: str
    falling: bool | None = None


class Chain(NamedTuple):
    """A claim about \\partial h_a / \\partial h_b: its sides, those that are no product None."""

    state: Tree  # with the step ``letter``
    letter: str
    late: Tree
    early: Tree
    sides: tuple[Product | None, ...]


def chain_of(claim: Tree, steps: Steps) -> Chain | None:
    """A claim as one about a product over steps; None where it is none."""
    if claim.head != "chain" or not isinstance(claim.kids[0], Tree):
        return None
    if {str(sign.kids[0]) for sign in claim.kids[1::2]} != {"="}:
        return None
    ends = _ends(claim.kids[0], steps)
    if ends is None:
        return None
    state, late, early = ends
    sides: list[Product | None] = []
    for side in claim.kids[::2]:
        found = _product(side, late, early)
        if found is None and _ends(side, steps) != ends:
            return None
        sides.append(found)
    if not any(sides):
        return None
    return Chain(state, steps.letter, late, early, tuple(sides))


def _ends(side: Tree, steps: Steps) -> tuple[Tree, Tree, Tree] | None:
    """The state and the two steps of \\partial h_a / \\partial h_b."""
    match side:
        case Tree("deriv", (Tree("script") as of, Tree("script") as by, "1")):
            pass
        case _:
            return None
    if len(steps.carried) != 1:
        return None
    state = steps.defined[steps.carried[0]].kids[0]
    a, b = _step(of, state, steps.letter), _step(by, state, steps.letter)
    return None if a is None or b is None else (state, a, b)


def _step(name: Tree, state: Tree, letter: str) -> Tree | None:
    """The step at which a name is the state: T of h_T."""
    marks = [m for m in name.kids[1:] if isinstance(m, Tree)]
    for mark in marks:
        inner = mark.kids[0] if mark.head in LABELS else mark
        if put(state, letter, inner) == name:
            return inner
    return None


def _product(side: Tree, late: Tree, early: Tree) -> Product | None:
    match side:
        case Tree("paren", (Tree() as inner,)):
            return _product(inner, late, early)
        case Tree("big", ("prod", Tree() as below, Tree() as above, Tree() as body)):
            found = bound_letters(below)
            if len(found) != 1 or found[0][1] is None:
                return None
            letter, low, _ = found[0]
            if above == late and low == reckoned((early, _ONE), early.span):
                return Product(body, letter)
            if above == reckoned((late, _MINUS_ONE), late.span) and low == early:
                # the factor of what the step before sends on
                before = reckoned((Tree("name", (_HERE,)), _MINUS_ONE), below.span)
                return Product(put(body, letter, before), _HERE)
            return None
        case Tree("juxt", kids) if _DOTS in kids:
            factors = [kid for kid in kids if kid.head != "op"]
            signs = {str(kid.kids[0]) for kid in kids if kid.head == "op"}
            return _written(factors, late, early) if signs <= {r"\cdot", r"\times"} else None
    return None


def _written(factors: list[Tree], late: Tree, early: Tree) -> Product | None:
    """Factors that are written out around dots, of which those at the ends are shown."""
    letter = index_letter(late)
    at = [k for k, factor in enumerate(factors) if factor == _DOTS]
    if letter is None or len(at) != 1 or not 0 < at[0] < len(factors) - 1:
        return None
    shown = {k: f for k, f in enumerate(factors) if k < at[0]}
    shown |= {k - len(factors): f for k, f in enumerate(factors) if k > at[0]}
    here = Tree("name", (_HERE,))
    for falling in (True, False):
        factor = put(shown[0 if falling else -1], letter, here)
        if mentions(factor, _HERE) and all(
            put(factor, _HERE, _place(k if falling else -1 - k, late, early)) == one
            for k, one in shown.items()
        ):
            return Product(factor, _HERE, falling)
    return None


def _place(k: int, late: Tree, early: Tree) -> Tree:
    """The step of the factor k from the late end, or from the early end if that is negative."""
    base, gap = (late, -k) if k >= 0 else (early, -k)
    count = Tree("num", (str(abs(gap)),))
    return reckoned((base, count if gap >= 0 else Tree("neg", (count,))), base.span)


def at_one_step(claim: Tree, chain: Chain, step: Tree | None = None) -> Tree:
    """The claim about one step, t or the one that is given."""
    step = Tree("name", (chain.letter,)) if step is None else step
    before = reckoned((step, _MINUS_ONE), step.span)
    ends = put(chain.state, chain.letter, step), put(chain.state, chain.letter, before)
    kids = list(claim.kids)
    for k, side in enumerate(chain.sides):
        here = claim.kids[2 * k]
        if side is None:
            kids[2 * k] = Tree("deriv", (*ends, "1"), here.span)
        else:
            factor = put(side.factor, side.letter, step)
            kids[2 * k] = Tree(factor.head, factor.kids, here.span)
    return Tree("chain", tuple(kids), claim.span)


def over_steps(claim: Tree, chain: Chain, low: int, last: int, high: Tree) -> Iterator[Tree]:
    """The claim for steps with numbers: each of one step, and where its factors are written in
    their order those of two and more."""
    if all(side is None or side.falling is None for side in chain.sides):
        for k in range(low, last + 1):
            yield at_one_step(claim, chain, Tree("num", (str(k),)))
        return
    shown = [
        _at(claim, chain, late, early)
        for late in _numbers(chain.late, high, range(low + 1, last + 1), last)
        for early in _numbers(chain.early, high, range(low - 1, late - 1), last)
        if early < late - 1  # one factor has no order
    ]
    yield from shown or [claim]


def _numbers(step: Tree, high: Tree, run: range, last: int) -> Iterator[int]:
    known = last if step == high else number_of(step)
    if known is not None:
        yield known
    elif (letter := index_letter(step)) is not None and offset_of(step, letter) == 0:
        yield from run


def _at(claim: Tree, chain: Chain, late: int, early: int) -> Tree:
    ends = [put(chain.state, chain.letter, Tree("num", (str(k),))) for k in (late, early)]
    kids = list(claim.kids)
    for k, side in enumerate(chain.sides):
        here = claim.kids[2 * k]
        if side is None or side.falling is None:
            kids[2 * k] = Tree("deriv", (*ends, "1"), here.span)
            continue
        run = range(late, early, -1) if side.falling else range(early + 1, late + 1)
        factors = [put(side.factor, side.letter, Tree("num", (str(j),))) for j in run]
        made = factors[0] if len(factors) == 1 else Tree("juxt", tuple(factors))
        kids[2 * k] = Tree(made.head, made.kids, here.span)
    return Tree("chain", tuple(kids), claim.span)


def is_single(chain: Chain, handed_on: tuple[str, ...], steps: Steps) -> bool:
    """Whether the state of a chain is all that a step knows of the earlier ones."""
    member = member_of(chain.state, steps.letter)
    return member is not None and handed_on == (member.family,)
