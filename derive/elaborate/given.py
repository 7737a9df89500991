r"""What a document takes as given: S = S^\top, and what it supposes in words.

The idea: a hypothesis is neither true nor false; the words before a formula, or its form, say that
it is one.
"""

from __future__ import annotations

import re

from derive.elaborate.scope import base_of
from derive.tree import Tree

SENTENCE = re.compile(r"[.。;；](?:\s|$)|\n\s*\n")
# "Suppose W x = 0" is given, "then L = 0" is claimed: the word nearest before a formula decides.
_GIVEN = re.compile(
    r"\b(?:suppose|assum(?:e|es|ed|ing)|given(?: that)?|provided|such that|whenever|if|where|with|"
    r"let|when|constraint|subject to|angenommen|falls|sei|wobei)\b|假设|设|若|如果|已知|其中|满足",
    re.IGNORECASE,
)
# What opens a formula, and what joins two that are assumed together.
_OPENING = re.compile(r"(?:\$+|\\[(\[]|\\begin\{\w+\*?\})\s*$")
_JOINED = re.compile(r"(?:[,，、]|and|und|和|且)*(?:\s*(?:and|und|that|和|且))?", re.IGNORECASE)
_CLAIMED = re.compile(
    r"\b(?:then|hence|thus|therefore|so|we (?:get|have|obtain|find|see)|gives?|yields?|show|prove|"
    r"follows|dann|also|folgt|somit|gilt)\b|那么|则|所以|因此|得|证明",
    re.IGNORECASE,
)


def is_given(item: Tree, text: str) -> bool:
    """Whether the words before a formula say that it is assumed, within the same sentence.

    Of several formulas after such a word those are assumed that "and" joins: "with $u = v$, we have
    $a = b$" assumes the first one only, and so does a display that follows.
    """
    before = _OPENING.sub("", text[max(0, item.span[0] - 300) : item.span[0]])
    before = SENTENCE.split(before)[-1]
    given = [found.end() for found in _GIVEN.finditer(before)]
    claimed = [found.end() for found in _CLAIMED.finditer(before)]
    if not given or max(given) < max(claimed, default=-1):
        return False
    *others, last = re.split(r"\$+|\\[()\[\]]|\\(?:begin|end)\{\w+\*?\}", before[max(given) :])
    display = re.search(r"(?:\$\$|\\\[|\\begin\{\w+\*?\})\s*$", text[: item.span[0]])
    return not others or (display is None and _JOINED.fullmatch(last.strip()) is not None)


def symmetric_in(item: Tree) -> Tree | None:
    """The S of S = S^\\top; None of any other statement."""
    match item:
        case Tree("chain", (Tree() as left, Tree("rel", ("=",)), Tree() as right)):
            for one, other in ((left, right), (right, left)):
                if base_of(one) and other == Tree("script", (*_bare(one), _transpose_of(other))):
                    return one
    return None


def _bare(name: Tree) -> tuple[Tree, Tree | None]:
    return (name.kids[0], name.kids[1]) if name.head == "script" else (name, None)


def _transpose_of(tree: Tree) -> Tree | None:
    sup = tree.kids[2] if tree.head == "script" else None
    transposes = ("T", r"\top", r"\intercal", "t")
    return sup if isinstance(sup, Tree) and sup.kids[:1] and sup.kids[0] in transposes else None
