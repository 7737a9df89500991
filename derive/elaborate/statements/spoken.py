r"""Functions that words name: let \sigma be the ReLU, some smooth activation \phi, tanh units g.

The idea: a word of the vocabulary beside the letter defines it; "some", "any" or "smooth" says that
nothing does, whatever the letter is by custom; and what is said in other words is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from derive.elaborate.names.scope import base_of
from derive.elaborate.statements.mood import Mood, mood_of
from derive.elaborate.statements.spellings import maps
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.operators.row import POINTWISE
from derive.tree import Tree

# Rows of one number that are called functions in a sentence; "step" and "sign" are words of others.
_ROWS = {
    word.lower(): (row.words[0], row.letters)
    for row in POINTWISE.values()
    if row.arity == 1 and row.body is not None
    for word in row.words
    if len(word) > 3 and word.isascii() and word[0].isalpha()
}
_ROWS |= {
    said: _ROWS[word]
    for said, word in (
        ("hyperbolic tangent", "tanh"), ("rectified linear", "relu"), ("rectifier", "relu"),
        ("logistic sigmoid", "sigmoid"),
    )
}  # fmt: skip
_NAMED = "|".join(sorted(map(re.escape, _ROWS), key=len, reverse=True))
_KIND = r"(?:activations?|functions?|non-?linearit(?:y|ies)|units?|maps?|mapping|transfer)"
_CUSTOM = (
    r"(?:usual|standard|familiar|well-known|element-?wise|entry-?wise|component-?wise|point-?wise|"
    r"scalar|non-?linear|activation|so-called|here)"
)
_CLEAR = re.compile(
    rf"(?:the\s+|an?\s+)?(?:{_CUSTOM}\s+)*(?P<word>{_NAMED})(?:[\s-]+{_KIND})*"
    r"(?:,?\s+applied (?:element|entry|component|point)-?wise)?"
    r"(?:\s*,(?!.*\b(?:with|but|plus|times|slope|scaled|shifted|parameter|or)\b).*|"
    r"\s+(?:and|where|so that))?\W*",
    re.IGNORECASE,
)
# Those with a parameter of their own are no function of one number that a word names.
_WORD = re.compile(
    rf"(?<![\w-])(?:{_NAMED}|P?ReLU|[CS]?ELU|identity|linear|sigmoidal)(?![\w-])|\bleaky",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\b(?:an?|any|some|every|arbitrary|generic|general|unspecified|smooth|differentiable|fixed)"
    rf"\s+(?:(?!with|of|for|in|by|and|or|to|at|on|that)[\w-]+\s+){{0,3}}?{_KIND}",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"\b(?:such as|e\s*\.\s*g|for example|for instance|like)\b", re.IGNORECASE)
_IS = r"(?:to\s+be|be|is|are|denotes?|represents?|stands\s+for|as|ist|sei|est)\s+"
_BEHIND = re.compile(
    rf"\s*[$)]*\s*(?:,?\s*(?:{_IS})|[,(]?\s*(?=the\s+[\w\s-]*?{_KIND})|\(\s*|,?\s*the\s+"
    rf"(?=(?:{_NAMED})\b))(?P<said>[^.;:$\\()]*)",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"(?P<said>(?:\b[\w-]+\s+){{0,4}}?\b{_KIND})\s*,?\s*(?:\$|\\\()?\s*$", re.IGNORECASE
)
_NAMED_BEFORE = re.compile(rf"\b(?P<word>{_NAMED})(?:[\s-]+{_KIND})+$", re.IGNORECASE)
_DENIED = re.compile(
    r"[\s$)]*(?:(?:is|does|need|must|should|can)\s*)?(?:not|never)\b(?P<said>[^.;:$\\()]*)",
    re.IGNORECASE,
)
_DEFINES = frozenset(["=", ":=", "==", r"\equiv", "=:"])


@dataclass(frozen=True, slots=True)
class Spoken:
    """Definitions that words give; ``others`` are the letters that are no function by custom here,
    with the words that could not be read, "" where they leave it open."""

    definitions: list[Tree] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)


def spoken(parsed: Parsed) -> Spoken:
    """What the words of a document say of its functions."""
    text = parsed.document.plain
    items = [item for row in parsed.rows for item in row.items]
    applied = {latex(kid) for kid in _applied(items)}
    defined = {latex(name) for name in _defined(items)}
    found: dict[str, list[tuple[Tree, str, str]]] = {}
    for item in items:
        named = _name(item)
        if named is None or latex(named) in defined or latex(named) not in applied:
            continue
        for word, words in _said(text, item.span, maps(item)):
            found.setdefault(latex(named), []).append((named, word, words))
    made = Spoken()
    for symbol, several in found.items():
        words = {word for _, word, _ in several}
        named, word, said = several[0]
        if len(words) > 1:
            made.others[symbol] = " / ".join(dict.fromkeys(one for _, _, one in several))
        elif not word:
            made.others[symbol] = said
        elif symbol not in _ROWS[word.lower()][1]:
            name = Tree("name", (_ROWS[word.lower()][0],), named.span)
            made.definitions.append(Tree("chain", (named, Tree("rel", ("=",)), name), named.span))
    return made


def _said(text: str, span: tuple[int, int], mapped: bool) -> Iterator[tuple[str, str]]:
    """What the words beside a name say that it is: a word of the vocabulary, or "" with the words
    that could not be read, none where they leave it open."""
    denied = _DENIED.match(text, span[1])
    if denied is not None and _WORD.search(denied["said"]):
        yield "", " ".join(denied["said"].split())
        return
    behind = _BEHIND.match(text, span[1])
    before = _BEFORE.search(text, max(0, span[0] - 80), span[0])
    for found in (behind, before):
        if not found or not found["said"]:
            continue
        words = " ".join(found["said"].split())
        example, clear = _EXAMPLE.search(words), _CLEAR.fullmatch(words)
        if clear is None and found is before:
            clear = _NAMED_BEFORE.search(words)
        if clear is not None and mood_of(text, *span) is Mood.GIVEN:
            yield clear["word"], words
        elif (worded := _WORD.search(words)) and not (example and example.start() < worded.start()):
            yield "", words
        elif _OPEN.search(words):
            yield "", ""
        else:
            continue
        return
    if mapped:
        yield "", ""


def _name(item: Tree) -> Tree | None:
    r"""The \sigma of a lone \sigma, \sigma(\cdot) or \sigma \colon \mathbb{R} \to \mathbb{R}."""
    named = item.kids[0] if maps(item) else item
    match named:
        case Tree("juxt", (Tree() as inner, Tree("paren"))):
            named = inner
    return named if isinstance(named, Tree) and named.head == "name" and base_of(named) else None


def _applied(items: list[Tree]) -> Iterator[Tree]:
    for item in items:
        for node in item.subtrees():
            if node.head == "juxt":
                for kid, after in zip(node.kids, node.kids[1:], strict=False):
                    if after.head in ("paren", "bracket"):
                        yield kid.kids[0] if kid.head == "prime" else kid


def _defined(items: list[Tree]) -> Iterator[Tree]:
    for item in items:
        if item.head == "chain" and item.kids[0] is not None:
            left, sign = item.kids[0], str(item.kids[1].kids[0])
            if sign in _DEFINES:
                yield left.kids[0] if left.head == "juxt" and len(left.kids) == 2 else left
