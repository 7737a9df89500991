r"""Sizes in words: the $n \times d$ design matrix $X$, let $x$ be a vector in $\mathbb{R}^d$.

The idea: a noun, the name beside it and a size between them declare the name; only words without a
meaning of their own may stand among the three, and what is declared or defined by a formula is
left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of
from derive.elaborate.statements.alone import DEFINES, is_head
from derive.elaborate.statements.families import IN, REALS
from derive.elaborate.statements.given import is_powered
from derive.elaborate.statements.lettered import ONE, lettered
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.tree import Tree

_STOPS = (
    r"(?:of|in|with|for|and|or|whose|from|by|to|that|which|not|no|than|if|then|is|are|be|has|have|"
    r"on|at|as|per|each|times|plus|minus|where)\b"
)
_PLAIN = rf"(?:(?!{_STOPS})[A-Za-z][\w'’-]*\s+){{0,3}}?"  # design, real-valued, symmetric
_IS = r"\s*,?\s*(?:(?:to be|be|is|are|denotes?|represents?|being|as|,)\s+)?(?:all\s+|both\s+)?"
_ARTICLE = r"(?:(?:an?|the|some)\s+)?"
_NAMES = rf"(?P<x>{ONE}(?:\s*(?:,|and|,\s*and)\s*{ONE}){{0,7}})"
_MATRIX = r"(?:matrix|matrices)\b"
_VECTOR = r"(?:vectors?|bias|biases|embeddings?|features?|inputs?|outputs?|points?|targets?)\b"
_SIZE = rf"(?P<size>{ONE})"
_COUNT = rf"(?P<count>{ONE}|\d+)"
_LONG = (
    rf"{_ARTICLE}{_PLAIN}{_COUNT}"
    rf"(?:[\s-]*(?:dimensional|dim\.?)\s+{_PLAIN}{_VECTOR}|\s*-\s*{_PLAIN}vectors?\b)"
)
_OF = (
    r"(?:\s+of\s+(?:dimension(?:ality)?|length|size)\s+|"
    rf"\s*\((?:of\s+)?(?:dimension(?:ality)?|length|size)\s+){_COUNT}"
)
_ENDS = r"(?=\s*(?:[.,;)]|$|and\b|so\b|where\b|with\b))"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_NAMES}{_IS}{_ARTICLE}{_PLAIN}{_SIZE}(?:\s+{_PLAIN}{_MATRIX}|{_ENDS})",
        rf"{_SIZE}\s+{_PLAIN}{_MATRIX}\s+{_NAMES}",
        rf"{_NAMES}{_IS}{_LONG}",
        rf"{_LONG}\s+{_NAMES}",
        rf"{_NAMES}{_IS}{_ARTICLE}{_PLAIN}(?:{_VECTOR}){_OF}",
        rf"\b{_VECTOR}\s+{_NAMES}{_OF}",
        rf"{_NAMES}{_IS}{_ARTICLE}{_PLAIN}(?:{_VECTOR}|{_MATRIX})\s+(?:in|from)\s+{_SIZE}",
        rf"\b(?:{_VECTOR}|{_MATRIX})\s+{_NAMES}\s+(?:in|from)\s+{_SIZE}",
        rf"\bvectors?\s+of\s+(?:the\s+)?{_COUNT}\s+\w+s\b\s+{_NAMES}",
        rf"{_NAMES}{_IS}{_ARTICLE}{_PLAIN}vectors?\s+of\s+(?:the\s+)?{_COUNT}\s+\w+s\b",
    )
)
_MANY = re.compile(
    rf"\b(?:are|both|all|matrices|vectors|biases|embeddings|features|inputs|outputs|points|targets)\b"
    rf"|{ONE}\s*,?\s*and\s*{ONE}\s*,?\s*be\b"
)
_SENTENCE = re.compile(r"[.?!;:]+(?=\s|$)|\n\s*\n|\\(?:item|begin|end|(?:sub)*section|paragraph)\b")
_NOISE = re.compile(r"\\(?:[A-Za-z]+\*?|.)|[${}~*_]")


def spaces(parsed: Parsed) -> list[Tree]:
    r"""The declarations that words make, as W \in \mathbb{R}^{m \times n}."""
    text, said = lettered(parsed)
    taken = set(_taken([item for row in parsed.rows for item in row.items]))
    made: dict[str, Tree] = {}
    for sentence in _SENTENCE.split(text):
        words = " ".join(_NOISE.sub(" ", sentence).split())
        for pattern in _PATTERNS:
            for found in pattern.finditer(words):
                for declared in _declared(found, said):
                    made.setdefault(latex(declared.kids[0]), declared)
    return [one for written, one in made.items() if written not in taken]


def _taken(items: Sequence[Tree]) -> Iterator[str]:
    """What formulas declare or define, and so no words."""
    for item in items:
        left = item.kids[0] if item.head == "chain" else None
        if left is None or (item.kids[1] != IN and str(item.kids[1].kids[0]) not in DEFINES):
            continue
        left = left.kids[0] if is_head(left) else left
        yield from map(latex, left.kids if left.head == "list" else (left,))


def _declared(found: re.Match[str], said: dict[str, list[Tree]]) -> Iterator[Tree]:
    groups = found.groupdict()
    count = groups.get("count")
    space = _space(said.get(groups.get("size") or "", []), bool(count))
    if count:
        space = _line(count, said)
    if space is None:
        return
    letters = re.findall(ONE, groups["x"])
    if len(letters) > 1 and not _MANY.search(found[0]):
        # "it is flattened to x, W is 10 x 784" says nothing of x
        letters = letters[-1:] if found.start("x") == found.start() else letters[:1]
    for letter in letters:
        here = said.get(letter, [])
        names = here[0].kids if len(here) == 1 and here[0].head == "list" else here
        if all(base_of(name) and not is_powered(name) for name in names):
            yield from (Tree("chain", (name, IN, space), name.span) for name in names)


def _line(count: str, said: dict[str, list[Tree]]) -> Tree | None:
    r"""\mathbb{R}^d of d entries."""
    if count.isdigit():
        return Tree("script", (REALS, None, Tree("num", (count,))))
    items = said.get(count, [])
    lone = len(items) == 1 and (index_letter(items[0]) or items[0].head == "num" or (
        items[0].head == "script" and base_of(items[0])))  # fmt: skip
    return Tree("script", (REALS, None, items[0]), items[0].span) if lone else None


def _space(items: Sequence[Tree], counts: bool) -> Tree | None:
    r"""\mathbb{R}^{n \times d} of n \times d, or of what is written as that set."""
    if len(items) != 1 or counts:
        return None
    (item,) = items
    if item.head == "script" and item.kids[0] == REALS and item.kids[2] is not None:
        return item
    product = item.head == "juxt" and item.kids[1:2] == (Tree("op", (r"\times",)),)
    if product and len(item.kids) == 3 and all(map(_is_size, item.kids[::2])):
        return Tree("script", (REALS, None, item), item.span)
    return None


def _is_size(tree: Tree) -> bool:
    return tree.head == "num" or index_letter(tree) is not None or (
        tree.head == "script" and index_letter(tree.kids[0]) is not None and tree.kids[2] is None
    )  # fmt: skip
