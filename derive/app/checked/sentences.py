r"""The formulas of a sentence: what stands between dollar signs, in letters that LaTeX has.

The idea: whoever makes a message marks its formulas, so nobody has to guess where they are; pieces
of source that are no formulas stand in backquotes.
"""

from __future__ import annotations

import re

PIECES = re.compile(r"\$([^$]*)\$|`([^`]*)`")
_TYPED = {"×": r"\times ", "·": r"\cdot ", "→": r"\to ", "≤": r"\le ", "≥": r"\ge ",
          "≠": r"\ne ", "−": "-"}  # fmt: skip


def typed(formula: str) -> str:
    """A formula of a message as LaTeX: messages have some signs as the characters they are."""
    return "".join(_TYPED.get(letter, letter) for letter in formula)
