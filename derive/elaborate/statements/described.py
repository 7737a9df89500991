r"""What a document says in words of its quantities that is no kind of theirs: that they commute, ..

The idea: such words prove nothing, but whoever does not obey them refutes nothing.  Some are
equations (``law``), and a point is asked whether it obeys them; others are only known to be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.given import is_powered
from derive.elaborate.statements.kinds import CALLED
from derive.elaborate.statements.mood import SENTENCE
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.tree import Tree

_IS = (
    r"\b(?:be|is|are|has|have|with|of|denotes?|as|ist|sind|sei|seien)\s+"
    r"(?:(?:an?|the|its|all|also)\s+)?"
)
MARKED = "marked"  # said of a name with a mark alone: the minimiser w^*, the fixed point \\theta^*
_ROWS: tuple[tuple[str, str], ...] = (
    (r"\bcommut(?:e|es|ing)\b|\bvertausch\w+|可交换", "commute"),
    (r"\borthogonal\b|\bperpendicular\b|(?<![\^{])\\perp\b|垂直", "perpendicular"),
    (r"\borthonormal\b", "orthonormal"),
    (r"\binvolut\w+", "involutory"),
    (r"\bnormal matri\w+", "normal"),
    (r"\btrace-?less\b|\btrace[- ](?:zero|free)\b|\bzero[- ]trace\b", "traceless"),
    (r"\b(?:mean-)?cent(?:er|r)ed\b(?!\s+(?:at|around|on|diff|finite))|"
     r"\b(?:zero[- ]mean|mean[- ]zero)\b|"
     r"\bsum(?:s|ming)?\s+(?:up\s+)?to\s+(?:zero|0)\b", "centred"),
    (r"\bsum(?:s|ming)?\s+(?:up\s+)?to\s+\$?(?:one|1)\b|\bconvex combination\b", "total"),
    (r"\bnilpotent\b|\b(?:circulant|Toeplitz|Hankel|Householder|unimodular)\b|"
     r"(?<!non-)(?<!non)\bsingular\b(?!\s+v)|\b(?:doubly|row|column|right|left)[- ]stochastic\b|"
     r"\bstochastic matri\w+|\beigen(?:vector|value|pair|space|wert|vektor)\w*|\bnull[- ]?space\b|"
     r"\bsingular (?:vector|value)s?\b|\bvaleurs? propres?\b|特征值|特征向量|奇异值|"
     rf"\bkernel of\b|{_IS}(?:rank[- ](?:one|two|1|2|deficient)|unit[- ]trace|trace (?:one|1)|"
     r"(?:unit )?determinant (?:one|1|zero|0)|normali[sz]ed|similar to|congruent)\b", "arrays"),
    (rf"{_IS}(?:equal|identical|the same|parallel|collinear|proportional|"
     r"(?:linearly )?dependent)\b|"
     rf"{_IS}(?:[\w-]+\s+)?(?:inverse|transpose|adjoint|pseudo-?inverse|square root|factor\w*|"
     r"decomposition|SVD|minimi[sz]er|maximi[sz]er|minimum|maximum|optimum|solution|"
     r"(?:stationary|critical|fixed|saddle) point)\s+(?:of|to)\b", ""),
    (r"\b(?:minimi[sz]ers?|maximi[sz]ers?|minim(?:a|um)|maxim(?:a|um)|optim(?:a|um)|solutions?|limit|"
     r"roots?|equilibri(?:a|um)|(?:fixed|stationary|critical|saddle|optimal|limit|equilibrium)[- ]"
     r"(?:points?|values?|solutions?|parameters?|weights?)|fixpunkt\w*|minimierer|minimiseur)\b|"
     r"最优|极小|不动点", MARKED),
)  # fmt: skip
_STAR = re.compile(
    r"\^\{?(?:\*|\\(?:ast|star|infty|dagger))\}?|\\(?:hat|widehat)\b|opt|_\{?\\infty"
)
_KINDS = re.compile("|".join(f"(?:{words.pattern})" for words, _ in CALLED), re.IGNORECASE)
_CALLED = re.compile(
    r"\s*(?:\$|\\\))?\s*(?:is|are|be|to be|ist|sei|est|soit)\s+(?:an?\s+)?"
    rf"(?P<kind>{_KINDS.pattern})",
    re.IGNORECASE,
)
_REGULAR = frozenset(["invertible", "nonsingular", "non-singular"])
_SUPPOSES = re.compile(
    r"\b(?:if|when\w*|suppos\w+|assum\w+|let|provided|where|with|since|because|falls|wenn|sei|si|"
    r"soit)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:not|neither|nor|never|nicht|pas)\b|n't\b|不", re.IGNORECASE)
_PERP = Tree("name", (r"\perp",))
_REACH = 300


class Described(NamedTuple):
    """Names and the words of their sentence about them; ``at`` is where the sentence begins,
    ``place`` that of the words; ``law`` is what they say, "" where it is no equation, ``arrays``
    where it is none and said of arrays."""

    names: tuple[Tree, ...]
    at: int
    place: tuple[int, int]
    words: str
    law: str


def described(parsed: Parsed) -> Iterator[Described]:
    """What the text says of the names in its sentences."""
    text = parsed.document.plain
    yield from _of_formulas(parsed)
    places: list[tuple[tuple[int, int], Tree]] = []
    for pattern, law in _ROWS:
        for found in re.finditer(pattern, text, re.IGNORECASE):
            places = places or list(_places(parsed))
            start, end = _sentence(text, *found.span())
            names = dict.fromkeys(n for (a, b), n in places if start <= a and b <= end)
            if law == MARKED:
                # A point that is declared is any point, unless it is said to be that of something.
                known = {n for row in parsed.rows for item in row.items for n in _declared(item)}
                names = {n: None for n in names if _STAR.search(latex(n)) and n not in known}
            if names and not _NEGATED.search(text, start, end):
                words = found[0].replace("\\", "")
                yield Described(tuple(names), start, found.span(), words, law)


def _declared(item: Tree) -> tuple[Tree, ...]:
    if item.head != "chain" or item.kids[1].kids != ("in",) or item.kids[0] is None:
        return ()
    return item.kids[0].kids if item.kids[0].head == "list" else item.kids[:1]


def _of_formulas(parsed: Parsed) -> Iterator[Described]:
    """What the text supposes of a formula, if $A^2$ is invertible: it is said of what is in it."""
    text = parsed.document.plain
    items = [item for row in parsed.rows for item in row.items
             if not base_of(item) or is_powered(item)]  # fmt: skip
    for item in items if _KINDS.search(text) else ():
        said = _CALLED.match(text, item.span[1])
        if said is None or item.head in ("chain", "list"):
            continue
        if said["kind"].lower() in _REGULAR and not is_powered(item):
            continue  # what X + A has an inverse for, has one at every point that is tried
        start, end = _sentence(text, item.span[0], said.end())
        if _SUPPOSES.search(text, start, item.span[0]) and not _NEGATED.search(text, start, end):
            named = [n.kids[0] if is_powered(n) else n for n in names_in([item])]
            yield Described(tuple(dict.fromkeys(named)), start, said.span(), said["kind"], "")


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    before = text[max(0, start - _REACH) : start]
    last = [found.end() for found in SENTENCE.finditer(before)][-1:]
    after = SENTENCE.search(text, end, end + _REACH)
    return start - len(before) + sum(last), after.start() + 1 if after else min(
        len(text), end + _REACH
    )


def _places(parsed: Parsed) -> Iterator[tuple[tuple[int, int], Tree]]:
    """The names that stand alone, are declared or are the sides of \\perp, and where."""
    for row in parsed.rows:
        for item in row.items:
            declares = item.head == "chain" and item.kids[1].kids == ("in",)
            parts = item.kids if item.head == "juxt" and _PERP in item.kids else (
                item.kids[:1] if declares else (item,))  # fmt: skip
            for part in parts:
                names = part.kids if isinstance(part, Tree) and part.head == "list" else (part,)
                for name in names:
                    if isinstance(name, Tree) and base_of(name):
                        yield item.span, name
