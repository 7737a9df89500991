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
_CLAIMED = re.compile(
    r"\b(?:then|hence|thus|therefore|so|we (?:get|have|obtain|find|see)|gives?|yields?|show|prove|"
    r"follows|dann|also|folgt|somit|gilt)\b|那么|则|所以|因此|得|证明",
    re.IGNORECASE,
)


def is_given(item: Tree, text: str) -> bool:
    """Whether the words before a formula say that it is assumed, within the same sentence."""
    before = SENTENCE.split(text[max(0, item.span[0] - 200) : item.span[0]])[-1]
    given = [found.end() for found in _GIVEN.finditer(before)]
    claimed = [found.end() for found in _CLAIMED.finditer(before)]
    return bool(given) and max(given) > max(claimed, default=-1)


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
