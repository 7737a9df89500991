r"""How far a supposition reaches: until it is dropped, denied, said anew, or its part has ended.

The idea: "suppose $A$ is symmetric" in one item, case or lemma says nothing of the next one, if $A$
was there before; "in general", "otherwise" and "without this assumption" set aside what was
supposed before them, and "let $A$ be any matrix" what was supposed of $A$.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.beside import beside
from derive.elaborate.statements.mood import BEGINS
from derive.elaborate.statements.parts import Span, parts_of
from derive.latex.headings import headings
from derive.latex.read import Parsed
from derive.tree import Tree

_ASSUMED = r"(?:assumptions?|conditions?|restrictions?|hypothes[ie]s|requirements?|constraints?)"


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# From here on nothing holds that was supposed before.
_DROPPED = _words(
    r"\b(?:drop|relax|remov|lift|abandon|discard|forget|waiv|giv|weaken)(?:s|e|es|ped|ping|ed|ing)?"
    rf"\s+(?:up\s+)?(?:[\w-]+\s+){{0,3}}?(?:{_ASSUMED}|\w+ity|\w+ness)\b",
    r"\bno longer\b", r"\bback to the\b", r"\breturn\w* to the\b",
    r"\b(?:allow|permit)\w*\s+(?:for\s+)?(?:\w+\s+)?(?:arbitrary|general|negative|non-?\w+|any)\b",
    r"\bgeneral (?:case|setting|situation|matri\w+|vectors?|targets?|weights?)\b",
    r"\b(?:suppose|assume|let|now|consider|take)\b[^.$]{0,30}\binstead\b",
    r"\b(?:fallen gelassen|nicht mehr|ne suppos\w+ plus)\b|不再",
)  # fmt: skip
# In this paragraph it does not.
_ASIDE = _words(
    r"\b(?:in|more) general\b|\bgenerally\b|\bin full generality\b|\botherwise\b|\bif not\b",
    r"\bwithout (?:th(?:is|at|e|ese|ose)|any|such|assuming|further|supposing)\b",
    r"\bin (?:the|all|any|both) (?:other |remaining )?cases?\b",
    r"\b(?:under|with|using) (?:only )?assumption[^.$]*\bonly\b|\bonly (?:under )?assumption\b",
    r"\bim Allgemeinen\b|\bandernfalls\b|\bsonst\b|\ben général\b|\bsinon\b|一般情况|否则",
)
# Said of a name, it sets aside what was supposed of that name.
FREED = _words(
    r"\b(?:arbitrary|generic|unrestricted|unconstrained|beliebig\w*|quelconque)\b"
    r"(?!\s+(?:but|symm|skew|anti|pos|diag|orth|inver|non|tri|low|upp|unit|perm|rot|proj|idem|PSD))",
    r"\bany(?: real| square)?(?=\s+(?:matri|vector|number|real number|\$|\\\())"
    r"(?!\s+matri\w+\s+of)", r"\bany real\b",
    r"\bfor (?:all|any|every|each|general)(?: real)?(?=\s*(?:\$|\\\())",
    r"\bgeneral(?=\s*(?:\$|\\\())", r"\ban? general\b", r"\bneed(?:s)? not\b",
    r"\bis (?:only|merely|just)\b|\b(?:is|are) (?:not|no longer)(?: \w+)? "
    r"(?:normali[sz]ed|unit|of unit|positive|negative|bounded|assumed|required|necessarily)\b",
    r"\b(?:may|can|might) (?:now |also )?be (?:any|arbitrary|general|an? (?:general|arbitrary))\b",
)  # fmt: skip
SENTENCE = re.compile(r"[.;](?=[\s)]|$)|[。；]|\n\s*\n")
_PARAGRAPH = re.compile(r"\n\s*\n|\\item\b|\\end\{(?:enumerate|itemize)")
_GOES_ON = re.compile(
    r"[\s$)]*(?:then|hence|thus|therefore|so|indeed|in (?:this|that) case|here|we|this|it follows|"
    r"its|their|the (?:gradient|derivative|differential|jacobian|hessian|loss|line)|"
    r"consequently|and|dann|also|alors|donc)\b",
    re.IGNORECASE,
)
_RESTATES = re.compile(
    r"\b(?:where|with|recall|since|because|as|wobei|où)\b[^.;:]*$", re.IGNORECASE
)
_LIMITED = re.compile(
    r"[\s$)]*(?:only\s+)?(?:in|for)\s+(?:(?:parts?|items?|questions?|case)\s*)?\(?(?:[a-h]|i+|\d)\)",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\(\s*(?:[A-Z][a-z]|if|when|e\s*\.\s*g)[^()]*$")
_LET = re.compile(r"\blet\s+\$?([^\s$]+)\$?\s+be\b", re.IGNORECASE)


@dataclass
class Reach:
    """Where the suppositions of a document hold."""

    parsed: Parsed | None = None
    _ends: dict[tuple[Span, str], int] = field(default_factory=dict)

    def everywhere(self, said: Span, *named: Tree | str) -> bool:
        """Whether what is said of these names holds wherever something is stated behind it."""
        start, end = said[0], self._end(said, named)
        if any(end <= at for at in self._stated[-1:]):
            return False
        return not any(start < a and self._states(a - 1, b) for a, b in self._aside)

    def holds(self, said: Span, at: int, *named: Tree | str) -> bool:
        """Whether what is said of these names, or symbols, in one place holds in another one behind
        it."""
        aside = any(said[0] < a <= at < b for a, b in self._aside)
        return at < self._end(said, named) and not aside

    def dropped(self, said: Span, at: int) -> bool:
        """Whether what is said in one place is dropped before another one."""
        return _after(self._dropped, said[0], len(self._text)) <= at

    def within(self, said: Span, at: int) -> bool:
        """Whether a place is in the paragraph, or the part, in which something is said."""
        start, end = sorted((said[0], at))
        return _PARAGRAPH.search(self._text, start, end) is None

    def conditional(self, said: Span, at: int) -> bool:
        """Whether a condition is one of what stands at a place: in its sentence, or in the ones
        behind it that go on from it."""
        first, second = sorted((said, (at, at)))
        between = self._text[first[1] : second[0]]
        if at < said[0]:
            return SENTENCE.search(between) is None and BEGINS.search(between) is None
        return not _PARAGRAPH.search(between) and all(
            _GOES_ON.match(one) for one in SENTENCE.split(between)[1:]
        )

    # ------------------------------------------------------------------------------ the end

    def _end(self, said: Span, named: tuple[Tree | str, ...]) -> int:
        """From where on what is said of names holds no longer."""
        return min(map(lambda one: self._end_of(said, _base(one)), named), default=len(self._text))

    def _end_of(self, said: Span, name: str) -> int:
        if (said, name) not in self._ends:
            over = len(self._text) + 1
            self._ends[said, name] = min(
                said[1] if _LIMITED.match(self._text, said[1]) else over,
                _after(self._dropped, said[0], over),
                _after(self._freed.get(name, []), said[0], over),
                self._bracketed(said, over),
                self._said_anew(name, said[0], over),
                self._left(name, said[0], over),
            )
        return self._ends[said, name]

    def _bracketed(self, said: Span, over: int) -> int:
        """Where the bracket closes in which something is said, (if A is symmetric, ..)."""
        before = self._text[max(0, said[0] - 200) : said[0]]
        if _IN_BRACKETS.search(before) is None:
            return over
        close = self._text.find(")", said[1])
        return close if close >= 0 else over

    def _said_anew(self, name: str, start: int, over: int) -> int:
        """Where a name is declared again, other than in passing, or begun with under a heading."""
        spans = self._declared.get(name, [])
        sentence = SENTENCE.search(self._text, start)
        end = sentence.start() if sentence else len(self._text)
        found = [over]
        if any(b <= end for _, b in spans):
            for a, _ in spans:
                words = SENTENCE.split(self._text[max(0, a - 300) : a])[-1]
                if a >= end and not _RESTATES.search(words):
                    found.append(a)
        heading = _after(self._headings, start, over)
        return min(*found, _after(self._let.get(name, []), heading, over), over)

    def _left(self, name: str, start: int, over: int) -> int:
        """Where the parts end in which something was said of a name, of those that the name is
        older than and that state something themselves."""
        return min(
            (
                b for a, b in self._parts
                if a <= start < b and self._first.get(name, start) < a and self._states(start, b)
            ), default=over,
        )  # fmt: skip

    def _states(self, start: int, end: int) -> bool:
        """Whether anything is stated in a stretch of the text."""
        return _after(self._stated, start, end) < end

    # ------------------------------------------------------------------------- what is there

    @cached_property
    def _text(self) -> str:
        return self.parsed.document.plain if self.parsed else ""

    @cached_property
    def _items(self) -> list[Tree]:
        return [item for row in self.parsed.rows for item in row.items] if self.parsed else []

    @cached_property
    def _stated(self) -> list[int]:
        """Where something is stated: every relation but declarations."""
        return sorted(
            item.span[0] for item in self._items
            if item.head == "chain" and item.kids[1].kids != ("in",)
        )  # fmt: skip

    @cached_property
    def _headings(self) -> list[int]:
        return [one.start for one in headings(self._text)]

    @cached_property
    def _parts(self) -> list[Span]:
        return parts_of(self._text)

    def _outside(self, words: re.Pattern[str]) -> Iterator[int]:
        """Where the text has such words, not inside a formula."""
        formulas = self.parsed.document.formulas if self.parsed else ()
        for found in words.finditer(self._text):
            k = bisect_right(formulas, found.start(), key=lambda one: one.start) - 1
            if k < 0 or formulas[k].end <= found.start():
                yield found.start()

    @cached_property
    def _dropped(self) -> list[int]:
        return [*self._outside(_DROPPED)]

    @cached_property
    def _aside(self) -> list[Span]:
        """The stretches from such words, which may stand behind what they are about, to the end of
        the paragraph or of the part."""
        found = []
        for at in self._outside(_ASIDE):
            before = [one.end() for one in SENTENCE.finditer(self._text, max(0, at - 300), at)]
            close = _PARAGRAPH.search(self._text, at)
            start = max([*before, *(a for a, _ in self._parts if a <= at), 0])
            found.append((start, close.start() if close else len(self._text)))
        return found

    @cached_property
    def _freed(self) -> dict[str, list[int]]:
        """Where a text says of a name that it is arbitrary, by the base of the name."""
        found: dict[str, list[int]] = {}
        for one in beside(FREED, self.parsed) if self.parsed else ():
            found.setdefault(base_of(one.named), []).append(one.at)
        return found

    @cached_property
    def _let(self) -> dict[str, list[int]]:
        """Where a text says "let A be", by A."""
        found: dict[str, list[int]] = {}
        for one in _LET.finditer(self._text):
            found.setdefault(one[1], []).append(one.start())
        return found

    @cached_property
    def _declared(self) -> dict[str, list[Span]]:
        """Where each name is said to be in a set, by its base."""
        found: dict[str, list[Span]] = {}
        for item in self._items:
            if item.head == "chain" and item.kids[1].kids == ("in",) and item.kids[0] is not None:
                left = item.kids[0]
                for name in left.kids if left.head == "list" else (left,):
                    if isinstance(name, Tree) and name.head == "name":
                        found.setdefault(base_of(name), []).append(item.span)
        return found

    @cached_property
    def _first(self) -> dict[str, int]:
        """Where each name is met first."""
        found: dict[str, int] = {}
        for item in self._items:
            for node in names_in([item]):
                found.setdefault(base_of(node), item.span[0])
        return found


def _base(named: Tree | str) -> str:
    r"""What names are told apart by here: the x of x_i, and of the symbol x^{(#1)}."""
    return base_of(named) if isinstance(named, Tree) else re.split(r"[_^#]", named)[0]


def _after(places: list[int], start: int, over: int) -> int:
    """The first of some places, in order, that is behind another; ``over`` where there is none."""
    k = bisect_right(places, start)
    return places[k] if k < len(places) else over
