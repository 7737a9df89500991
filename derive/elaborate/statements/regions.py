r"""Where a line of a case is said to hold: "when the loss is positive", "if $z < 0$".

The idea: a condition holds for what follows it in its sentence, and for what goes on from there;
one that is a sentence of its own holds until the text speaks of the other case.  Words speak of
the one hinge $\max(0, u)$ of a document: of the points with u > 0, or of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from derive.elaborate.statements.mood import SENTENCE

Span = tuple[int, int]


class Case(NamedTuple):
    """Words that name a case: of the hinge of a document, or ``other`` than the case before."""

    at: Span
    positive: bool = True
    other: bool = False


_IF = (
    r"\b(?:if|when|whenever|where|while|as long as|provided(?:\s+that)?|in case|suppos(?:e|ing)"
    r"(?:\s+that)?|assum(?:e|ing)(?:\s+that)?|consider\w*|for|once|on|in|falls|wenn|si)\s+"
)
_WHAT = (
    r"(?:the\s+case\s+(?:where|that|in\s+which)\s+)?"
    r"(?:an?\s+|the\s+|this\s+|that\s+|its\s+|every\s+|each\s+|all\s+)?"
    r"(?:(?:hinge|triplet|margin|ranking|relu|unit|inner)[\s-]+)?"
    r"(?:loss|cost|margin|hinge|triplet|constraint|term|condition|argument|it|unit|neuron|max)"
    r"(?:\s+\$[^$]{1,40}\$)?\s+"
)
_POSITIVE = r"violated|positive|active|non-?zero|not\s+(?:zero|satisfied|met|inactive)|on"
_OTHERS = (
    r"satisfied|met|zero|inactive|vanishes|negative|off|"
    r"not\s+(?:violated|active|positive)|fulfilled"
)
_SAID = re.compile(
    rf"{_IF}{_WHAT}(?:is\s+|are\s+|being\s+)?(?:strictly\s+)?"
    rf"(?:(?P<positive>{_POSITIVE})|(?P<others>{_OTHERS}))(?![\w-])",
    re.IGNORECASE,
)
_CALLED = re.compile(
    rf"{_IF}(?:an?\s+|the\s+|every\s+|each\s+|all\s+|any\s+)?"
    r"(?:(?P<positive>active|violat(?:ed|ing)|margin-violating)|(?P<others>inactive|satisfied))\s+"
    r"(?:triplets?|margins?|constraints?|hinges?|terms?|cases?|regime|region|branch|side|units?|"
    r"examples?|samples?|pairs?)\b",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"\b(?:otherwise|else|if not|in the other case|sonst|andernfalls|sinon)\b", re.IGNORECASE
)
# What no longer speaks of a case.
_LEAVES = re.compile(
    r"\b(?:otherwise|else|if not|in the other case|in general|regardless|always|everywhere|"
    r"in (?:both|all|any|either) cases?|without th(?:is|at|e) (?:assumption|condition)|"
    r"conversely|on the other hand|unconditionally|sonst|andernfalls|sinon|im Allgemeinen)\b|"
    r"\\(?:sub)*section\b|^#+\s|\\paragraph\b",
    re.IGNORECASE | re.MULTILINE,
)
# A sentence that goes on with the case before: with a display, or with such a word.
_GOES_ON = re.compile(
    r"(?:\s|\$\$(?=\s)|\\\]|\\end\{[a-z]+\*?\}|\\item\b)*(?:\$\$|\\\[|\\begin\{|"
    r"(?:and|similarly|likewise|analogously|then|thus|hence|so|therefore|in this case|"
    r"by symmetry|ebenso|dann|donc|alors|de même)\b)",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"(?:\s|[$,&(]|\\[,;:! ]|\\q?quad|\\(?:text|mbox|textrm|mathrm)\s*\{)*"
    r"(?:(?:if|when|whenever|for|as long as|provided|in case|falls|wenn|si|pour|für)\b"
    r"[^.;=]{0,40})?$",
    re.IGNORECASE,
)


def cases(text: str) -> Iterator[Case]:
    """The cases that words of a text name."""
    for words in (_SAID, _CALLED):
        for found in words.finditer(text):
            yield Case(found.span(), found["positive"] is not None)
    for found in _OTHERWISE.finditer(text):
        yield Case(found.span(), other=True)


def reach(text: str, place: Span, starts: Iterable[int]) -> int:
    """Where what is said at this place of a text no longer holds; ``starts`` are the places of its
    claims."""
    end = place[1]
    leaves = _LEAVES.search(text, end)
    stop = len(text) if leaves is None else leaves.start()
    close = SENTENCE.search(text, end)
    if close is None or not any(end <= at < close.start() for at in starts):
        return stop
    while close is not None and _GOES_ON.match(text, close.end()):
        close = SENTENCE.search(text, close.end())
    return stop if close is None else min(stop, close.start())


def is_behind(text: str, claim: Span, place: Span) -> bool:
    """Whether a condition stands right behind a claim: "the gradient is 0 if z < 0"."""
    return claim[1] <= place[0] and _BEHIND.match(text[claim[1] : place[0]]) is not None


def leads_to(between: str) -> bool:
    r"""Whether words lead on to the line behind them: "otherwise we have $\nabla L = 0$"."""
    closed = between.count("$$") > 1 or re.search(r"\\\]|\\end\b|\\\\", between)
    return not closed and SENTENCE.search(between) is None
