r"""Words that suppose a derivative to be zero: "setting it to zero", "at the optimum".

The idea: what stands behind them in their sentence is concluded, and defines nothing.
"""

from __future__ import annotations

import re

from derive.elaborate.statements.mood import SENTENCE

_BOLD = r"\\(?:mathbf|boldsymbol|bm|vec)\s*\{?\s*0\s*\}?"
_ZERO = rf"(?:zero|0|null|\$\s*(?:0|{_BOLD})\s*\$)"
_SLOPES = (
    r"(?:this|it|that|these|those|them|both|all(?:\s+of\s+(?:them|these))?)\b|[^.;$]{0,40}\b(?:gradient|"
    r"derivative|slope|expression|result)s?\b[^.;$]{0,40}(?:\$[^$]{1,40}\$[^.;$]{0,20})?|"
    r"\$[^$]{0,60}(?:\\nabla|\\partial|')[^$]{0,60}\$(?:\s+and\s+\$[^$]{1,60}\$)?"
)

# What is said to be zero: "setting it to zero", "when the gradient vanishes", "at the optimum".
VANISHING = re.compile(
    rf"\b(?:set(?:ting)?|equat(?:e|ing)|put(?:ting)?|requir(?:e|ing)|forc(?:e|ing)|mak(?:e|ing))\s+"
    rf"(?:{_SLOPES})\s*(?:equal\s+)?(?:to\s*|with\s*|as\s*|be\s*)?{_ZERO}(?!\w)"
    rf"|\b(?:gradients?|derivatives?)\s+(?:vanish\w*|(?:is|are|equals?|be)\s+{_ZERO})(?!\w)"
    r"|\bat\s+(?:the|a|an|any|every|its|each)\s+(?:\w+\s+)?(?:minim\w+|optim\w+|maxim\w+|"
    r"(?:stationary|critical)\s+points?|extrem\w+|solution)\b"
    r"|\b(?:first[- ]order|optimality|stationarity)\s+(?:optimality\s+)?conditions?\b"
    r"|\bnormal\s+equations?\b",
    re.IGNORECASE,
)
OF = re.compile(r"\s+of\s+(?:the\s+\w+\s+)?\$\s*(\\?[A-Za-z]+|\\math\w+\{\w\})[^$]{0,20}\$")
DENIED = re.compile(r"(?:\b(?:not|never|cannot|without|instead of)|n't)\s+(?:\w+\s+){0,2}\Z", re.I)
SEVERAL = re.compile(r"\b(?:both|these|those|all|them|derivatives|gradients|conditions)\b", re.I)
_SOLVED = re.compile(r"\bsolv(?:e|es|ed|ing)\b[^.;]{0,60}\Z", re.IGNORECASE)


def is_solved_for(text: str, start: int) -> bool:
    """Whether the words before an equation suppose a derivative to be zero, or solve for what the
    equation gives."""
    before = SENTENCE.split(text[max(0, start - 300) : start])[-1]
    return VANISHING.search(before) is not None or _SOLVED.search(before) is not None
