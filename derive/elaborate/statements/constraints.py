r"""Constraints of an optimisation: "maximise $w^\top S w$ subject to $\|w\| = 1$".

The idea: a constraint holds of the solution, and not of the points in which a Lagrangian is
differentiated: \partial\mathcal{L}/\partial\lambda is the constraint, and were 0 by it.
"""

from __future__ import annotations

import re

from derive.elaborate.statements.mood import SENTENCE

_DOTTED = re.compile(r"\b(s|u|i|e|d)\.[\s~\\]*(t|d|N|e|g|h)\.", re.IGNORECASE)
_SEEKS = (
    r"(?:maximi[sz]|minimi[sz]|optimi[sz]|extremi[sz]|\\(?:arg)?(?:max|min)(?![a-z])|"
    r"\b(?:arg\s?)?(?:max|min)(?:im\w+|\b)|最大|最小)"
)
_UNDER = (
    r"subject to|\bs\s+t\b|\bu\s+d\s+N\b|under (?:the )?(?:unit[- ]norm )?constraints?|"
    r"unter (?:der|den) (?:Neben)?bedingung(?:en)?|sous (?:la |les )?contraintes?|约束"
)
_BOUND = re.compile(
    rf"(?:{_UNDER}|\bconstraints?\b|{_SEEKS}.*?\b(?:such that|so that|with the condition))"
    r"(?P<then>.*)",
    re.IGNORECASE | re.DOTALL,
)
_ENDS = re.compile(
    r"\b(?:where|with|let|suppose|assum\w+|since|because|wobei|mit|où|avec|and let|given|for)\b",
    re.IGNORECASE,
)


def is_constraint(start: int, text: str) -> bool:
    """Whether the words before what stands here say that it is a constraint."""
    before = text[max(0, start - 400) : start]
    before = _DOTTED.sub(lambda dotted: dotted[0].replace(".", " "), before)
    found = _BOUND.search(SENTENCE.split(before)[-1])
    return found is not None and _ENDS.search(found["then"]) is None
