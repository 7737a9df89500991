"""The words of a document with a letter for each formula, as patterns read them.

The idea: a letter of the private use area is in no word, so one pattern tells the words of a
sentence from its formulas, and the letter leads back to what the formula states.
"""

from __future__ import annotations

from derive.latex.read import Parsed
from derive.tree import Tree

ONE = "[\ue000-\uf8ff]"
_FIRST, _MOST = 0xE000, 0x1900


def lettered(parsed: Parsed) -> tuple[str, dict[str, list[Tree]]]:
    """The text with a letter in the place of each formula, and what each letter states."""
    plain, parts, end = parsed.document.plain, [], 0
    items = [item for row in parsed.rows for item in row.items]
    said: dict[str, list[Tree]] = {}
    for k, one in enumerate(parsed.document.formulas[:_MOST]):
        letter = chr(_FIRST + k)
        parts += [plain[end : one.start], letter]
        end = one.end
        said[letter] = [i for i in items if one.start <= i.span[0] and i.span[1] <= one.end]
    return "".join((*parts, plain[end:])), said
