"""A state with several rules, "gradient descent is x_{k+1} = ..", "the heavy ball is x_{k+1} = ..".

The idea: what stands behind a rule is judged under it, with the rules before it left out, and what
holds under one of those alone is neither proved nor refuted: the text may mean either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from derive.elaborate.recurrence.sequences import MOST
from derive.elaborate.recurrence.steps import Steps, defines, members, put
from derive.elaborate.statements.given import is_concluded
from derive.elaborate.statements.mood import SENTENCE
from derive.tree import Tree
from proofs.verdict import ILL_TYPED, PROVED, REFUTED, UNREADABLE, UNSETTLED, Judged, Report

Span = tuple[int, int]
_WRONG = (REFUTED, ILL_TYPED, UNREADABLE)
_MATHS = re.compile(r"\$[^$]*\$|\\begin\{\w+\*?\}|\\[()\[\]]")
_DISPLAY = re.compile(r"\\(begin|end)\{(?:align|gather|eqnarray|split|multline|flalign|aligned)")


def other_rules(items: Sequence[Tree], steps: Steps, text: str) -> list[Tree]:
    """What words introduce as another rule for a state that has one, in the order of the text."""
    found: list[Tree] = []
    for item in items:
        if _is_another_rule(item, steps, text) or _goes_on(item, steps, text, items):
            found.append(item)
    return found


def _recurs(item: Tree, steps: Steps) -> bool:
    """Whether a statement makes a state of one before it."""
    member = defines(item, steps.letter)
    if member is None or member.family not in steps.carried:
        return False
    return any(
        m.family == member.family and m.offset < member.offset
        for side in item.kids[2::2] for m in members(side, steps.letter)
    )  # fmt: skip


def _is_another_rule(item: Tree, steps: Steps, text: str) -> bool:
    """Whether words introduce a recurrence for a state that has one, and nothing concludes it."""
    if not _recurs(item, steps) or _is_own(item, steps):
        return False
    sentence = SENTENCE.split(text[max(0, item.span[0] - 300) : item.span[0]])[-1]
    words = re.search("[A-Za-z]{2}", _MATHS.sub(" ", sentence))
    return words is not None and not _is_later_line(item, text) and not is_concluded(item, text)


def _is_own(item: Tree, steps: Steps) -> bool:
    return any(item.span == rule.span for rule in steps.defined.values())


def _is_later_line(item: Tree, text: str) -> bool:
    opened = _display(item, text)
    return opened is not None and r"\\" in text[opened : item.span[0]]


def _display(item: Tree, text: str) -> int | None:
    """Where the rows of the display begin in which a statement stands."""
    *_, display = (None, *_DISPLAY.finditer(text, 0, item.span[0]))
    return display.end() if display is not None and display[1] == "begin" else None


def _goes_on(item: Tree, steps: Steps, text: str, items: Iterable[Tree]) -> bool:
    """Whether a later line of a display is a rule with a state that is made by the lines above it:
    momentum is v_{k+1} = .., x_{k+1} = x_k - v_{k+1}."""
    opened = _display(item, text)
    if not _recurs(item, steps) or _is_own(item, steps) or opened is None:
        return False
    above = [
        member.family for one in items
        if opened <= one.span[0] < item.span[0] and _recurs(one, steps) and _is_own(one, steps)
        and (member := defines(one, steps.letter)) is not None
    ]  # fmt: skip
    own = defines(item, steps.letter)
    used = {m.family for side in item.kids[2::2] for m in members(side, steps.letter)}
    return own is not None and own.family not in above and not used.isdisjoint(above)


def wrong_in(report: Report) -> set[Span]:
    """Where a report says that something is wrong."""
    return {claim.span for claim in report.claims if claim.verdict in _WRONG}


@dataclass(frozen=True, slots=True)
class Ruled:
    """A rule that stands in place of those before it, and where these and what they gave stand."""

    rule: Tree
    superseded: frozenset[Span]

    def items(self, items: Iterable[Tree]) -> list[Tree]:
        """The statements with this rule, which is said before what may be claimed of its steps."""
        left_out = self.superseded | {self.rule.span}
        return [self.rule, *(item for item in items if item.span not in left_out)]


def _ruled(rule: Tree, items: Iterable[Tree], letter: str, text: str) -> Ruled:
    own = defines(rule, letter)
    assert own is not None, "a rule defines a state"
    shift = Tree("neg", (Tree("num", (str(own.offset),)),))
    here = Tree("sum", (Tree("name", (letter,)), shift)) if own.offset else Tree("name", (letter,))
    state = put(rule.kids[0], letter, here)
    steps = {put(state, letter, Tree("num", (str(k),))): k for k in range(MOST)}
    found: set[Span] = set()
    for item in items:
        if item.span[0] >= rule.span[0] or item.head != "chain":
            continue
        member = defines(item, letter)
        number = steps.get(item.kids[0], 0) if isinstance(item.kids[0], Tree) else 0
        # x_0 = .. and x_1 = .. may say where it starts
        made = number > 1 or (number == 1 and is_concluded(item, text))
        if made or (member is not None and member.family == own.family):
            found.add(item.span)
    return Ruled(rule, frozenset(found))


def under_each(
    report: Report, others: Iterable[Tree], items: Sequence[Tree], letter: str,
    again: Callable[[Ruled], Report],
) -> Report:  # fmt: skip
    """The report with what stands behind each rule as it is under that rule."""
    for rule in others:
        later = again(_ruled(rule, items, letter, report.source.text))
        behind = {claim.span: claim for claim in later.claims if claim.span[0] > rule.span[0]}
        before = {claim.span: claim for claim in report.claims}
        kept = [claim for claim in report.claims if claim.span[0] < rule.span[0]]
        kept += [_judged(claim, before.get(span), rule) for span, claim in behind.items()]
        text = report.source.text[slice(*rule.span)].strip()
        told = f"${text}$ is a rule of its own: what stands behind it is judged under it"
        report = replace(report, claims=tuple(kept), notes=(*report.notes, told))
    return report


def _judged(claim: Judged, before: Judged | None, rule: Tree) -> Judged:
    """A claim under a rule; unsettled where it holds under the one before and not under this."""
    elsewhere = before is not None and (before.verdict == PROVED or _HELD in before.worst.message)
    if claim.verdict not in _WRONG or not elsewhere:
        return claim
    links = tuple(
        replace(link, verdict=UNSETTLED, message=f"{_HELD}, not under this one", mistake=None,
                fix=None, counterexample=None, notes=())
        if link.verdict in _WRONG else link
        for link in claim.links
    )  # fmt: skip
    return replace(claim, links=links)


_HELD = "this holds under the rule that stands before the last one"
