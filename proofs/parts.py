r"""A relation in a part of space: what is decided of it there.

The idea: a = b wherever u > 0 is the equation 1[u > 0] a = 1[u > 0] b, which is proved and refuted
like any other; so a point outside refutes nothing, and a proof names the part that it is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from derive.derivation.network import REALS, Domain
from derive.kernel.build import contracted
from derive.kernel.expr import Expr, Var, toposort
from proofs.narrowed import Narrower
from proofs.verdict import PROVED, REFUTED, UNSETTLED, Finding

if TYPE_CHECKING:
    from proofs.decide import Decider

OUTSIDE = (
    "numbers were found for which this is false, but none that obey the conditions which the "
    "document makes"
)


class Part(NamedTuple):
    """A part of space as its indicator, an array along the open index ``letter`` if it has one.

    An array ``whole`` whose entries are all positive (or negative, by ``domain``) has none, and
    what is only said in words, ``unread``, neither."""

    said: str
    inside: Expr | None = None
    letter: str = ""
    whole: Expr | None = None
    domain: Domain = REALS
    unread: bool = False


def inside(expr: Expr, parts: Iterable[Part], opens: frozenset[str]) -> Expr | None:
    """An expression where all these parts of space are, and 0 elsewhere; ``opens`` are its open
    indices.  None where a part is one of an index that is not its only one, or has no indicator."""
    own = tuple(range(len(expr.axes)))
    for part in parts:
        if part.inside is None:
            return None
        leading = part.inside.axes
        if leading and (opens != {part.letter} or leading != expr.axes[:1]):
            return None
        expr = contracted((part.inside, expr), (own[: len(leading)], own), own)
    return expr


def concerns(part: Part, *sides: Expr) -> bool:
    """Whether a part of space is about variables of two sides."""
    about = part.inside if part.whole is None else part.whole
    variables = {n for n in toposort(about) if isinstance(n, Var)} if about is not None else ()
    return part.unread or not set(variables).isdisjoint(toposort(*sides))


def in_parts(
    decider: Decider, found: Finding, sides: tuple[Expr, Expr], relation: str,
    about: tuple[Part, ...],
) -> Finding:  # fmt: skip
    """What is found of a relation in the parts of space that it is about, where everywhere
    something else was ``found``."""
    here = _here(decider, sides, relation, about)
    if here is not None and here.verdict == PROVED:
        said = dict.fromkeys((*here.conditions, *(part.said for part in about)))
        return replace(here, conditions=tuple(said))
    if here is not None and (here.verdict == REFUTED or found.verdict != REFUTED):
        return here
    if found.verdict != REFUTED:
        return found
    unread = next((part for part in about if part.unread), None)
    told = OUTSIDE if unread is None else (
        "numbers were found for which this is false, but the text speaks of a case that was not "
        f"used (`{unread.said}`)"
    )  # fmt: skip
    return Finding(UNSETTLED, "numeric", told)


def _here(
    decider: Decider, sides: tuple[Expr, Expr], relation: str, about: tuple[Part, ...]
) -> Finding | None:
    left, right = (inside(side, about, decider.opens) for side in sides)
    if left is None or right is None:
        return _arbitrary(decider, sides, relation, about)
    if relation in ("<", ">", "!="):
        return None  # outside, 0 < 0 is false
    several = [part.inside for part in about if part.inside is not None]
    every = inside(max(several, key=lambda one: len(one.axes)), about, decider.opens)
    if every is None or not decider.anywhere(every, lambda row: bool((row > 0).any())):
        return None
    return decider.everywhere(left, right, relation)


def _arbitrary(
    decider: Decider, sides: tuple[Expr, Expr], relation: str, about: tuple[Part, ...]
) -> Finding | None:
    """What is proved of arrays with a sign, whatever they are; None where nothing is."""
    by: dict[Expr, Expr] = {}
    facts = dict(decider.facts)
    for part in about:
        if part.whole is None:
            return None
        sign = 1 if part.domain.low is not None else -1
        if not decider.anywhere(part.whole, lambda row, sign=sign: bool((sign * row > 0).all())):
            return None
        any_one = Var(f"any {len(by)}", part.whole.axes)
        by[part.whole], facts[any_one] = any_one, part.domain
    made = Narrower(by, facts)
    inner = type(decider)(facts, (), decider.spelling, decider.deadline, decider.axes)
    left, right = map(made, sides)
    found = inner.related(left, right, relation)
    return found if found.verdict == PROVED else None
