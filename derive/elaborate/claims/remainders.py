r"""What a side leaves out: + \text{const}, + O(\|h\|^2), + o(h), or what its sentence calls so.

The idea: such a term is no quantity but a saying about the relation: that the two sides differ by
something without a variable, or by something small.  It is taken off the side and kept beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from derive.elaborate.names.scope import Scope, base_of, names_in
from derive.elaborate.statements.bracketed import is_landau
from derive.elaborate.statements.mood import SENTENCE
from derive.tree import Tree

if TYPE_CHECKING:
    from derive.elaborate.claims.claimed import Claim

CONSTANT, FACTOR, ORDER = "constant", "factor", "order"

_CONSTANT = re.compile(r"(?:const(?:ants?)?|cst|cte|konst(?:ante)?)\.?", re.IGNORECASE)
_HIGHER = re.compile(r"h\.?\s?o\.?\s?t\.?|higher[- ]order(?: terms)?", re.IGNORECASE)
_FREE = (
    r"(?:not\s+(?:depend(?:ing)?|involv(?:e|ing)|contain(?:ing)?)(?:\s+on)?|"
    r"independent\s+of|without)"
)
_UP_TO = re.compile(
    r"\b(?:up\s+to|modulo|ignoring|dropping|omitting|neglecting|except\s+for|apart\s+from)\s+"
    r"(?:\w+\s+)?(?:(?:an?|the|some|any|irrelevant|additive|overall|unimportant)\s+)*"
    rf"(?:constants?(?!\s+(?:factor|multiple))|terms?\s+(?:that\s+(?:do|does)\s+|which\s+(?:do|does)\s+)?{_FREE})\b",
    re.IGNORECASE,
)  # fmt: skip
_UP_TO_FACTOR = re.compile(
    r"\b(?:up\s+to|modulo|ignoring|dropping)\s+(?:\w+\s+)?(?:(?:an?|the|some|any|positive|overall)\s+)*"
    r"(?:multiplicative\s+constants?|constant\s+(?:factor|multiple)s?|normali[sz](?:ation|ing)"
    r"(?:\s+(?:constant|factor)s?)?|scal(?:e|ing|ar multiples?))\b",
    re.IGNORECASE,
)
_IS_CONSTANT = r"(?:constant|depend|independent|collects|absorbs|contains|gathers|normali[sz])"
_LIMIT = 600


class Remainder(NamedTuple):
    """What is left out: a ``constant`` or a constant ``factor``; or, of ``order``, what is O of
    this power of ``by``, o of it if ``small``.  ``order`` 0 where nothing says which."""

    kind: str
    by: Tree | None = None
    order: int = 0
    small: bool = False


def without_remainder(claim: Claim, scope: Scope, text: str) -> Claim:
    """The claim with what its sides leave out taken off them and kept beside them."""
    if claim.kind != "relation":
        return claim
    sides = [_apart(side, scope, text) for side in claim.sides]
    if claim.given and any(sides[k][1] for k in range(claim.given + 1)):
        return claim  # what is defined so has this value
    rests = [rest for _, rest in sides]
    said = _said(claim, text)
    if said is not None and not any(rests):
        rests = [None, *(said for _ in rests[1:])]
    if not any(rests):
        return claim
    return replace(claim, sides=tuple(side for side, _ in sides), rests=tuple(rests))


def _said(claim: Claim, text: str) -> Remainder | None:
    """What the sentence of a claim says before it: up to a constant."""
    if any(node.head in ("deriv", "grad") for side in claim.sides for node in side.subtrees()):
        return None  # up to a constant it is the function that is meant
    start, end = claim.span
    before = SENTENCE.split(text[max(0, start - _LIMIT) : start])[-1]
    behind = re.split(r"[.;,]\s", SENTENCE.split(text[end : end + _LIMIT])[0], maxsplit=1)[0]
    for words in (before, behind):
        for kind, pattern in ((FACTOR, _UP_TO_FACTOR), (CONSTANT, _UP_TO)):
            found = pattern.search(words)
            # What is said before another relation is said of that one.
            if found is not None and not (words is before and "=" in words[found.end() :]):
                return Remainder(kind)
    return None


def _apart(side: Tree, scope: Scope, text: str) -> tuple[Tree, Remainder | None]:
    if side.head != "sum":
        whole = _remainder(side, scope, text) if side.head == "juxt" else None
        return (side, None) if whole is None else (Tree("num", ("0",), side.span), whole)
    kept: list[Tree] = []
    found: list[Remainder] = []
    for term in side.kids:
        rest = _remainder(term, scope, text) if isinstance(term, Tree) else None
        if rest is None:
            kept.append(term)
        else:
            found.append(rest)
    if len(found) != 1 or not kept:
        return side, None
    rest = (
        kept[0] if len(kept) == 1 and kept[0] is not None else Tree("sum", tuple(kept), side.span)
    )
    return rest, found[0]


def _remainder(term: Tree, scope: Scope, text: str) -> Remainder | None:
    inner = term.kids[0] if term.head in ("neg", "pm") else term
    match inner:
        case Tree("name", (str(word),)) if _CONSTANT.fullmatch(word) and not scope.known(word):
            return Remainder(CONSTANT)
        case Tree("name", (str(word),)) if _HIGHER.fullmatch(word) and not scope.known(word):
            return Remainder(ORDER)
        case Tree("juxt", (Tree("name", (str(word),)), Tree("paren", (Tree() as of,)))) if (
            is_landau(inner) and not scope.known(word)
        ):
            return _order(of, word.strip("}")[-1] == "o")
    unknown = base_of(inner) and not scope.known(scope.refer(inner).symbol)
    return Remainder(CONSTANT) if unknown and _is_called_constant(inner, text) else None


def _is_called_constant(named: Tree, text: str) -> bool:
    """Whether the text says of a name that nothing else says anything of that it is a constant."""
    written = re.escape(text[slice(*named.span)].strip())
    behind = (
        rf"{written}\s*(?:\$|\\\))?\s*,?\s*"
        r"(?:is|are|does|do|denotes?|collects|absorbs|contains|gathers)\b"
    )
    if re.search(rf"{behind}[^.;$]*{_IS_CONSTANT}|{behind}\s*collects", text):
        return True
    return re.search(rf"\bconstants?\s+(?:\$|\\\()\s*{written}\s*(?:\$|\\\))", text) is not None


def _order(of: Tree, small: bool) -> Remainder | None:
    r"""The h and the 2 of O(h^2), O(|h|^2), O(\|x - a\|^2)."""
    power = 1
    match of:
        case Tree("script", (Tree() as base, None, Tree("num", (str(digits),)))) if (
            digits.isdigit()
        ):
            of, power = base, int(digits)
    while of.head in ("abs", "norm", "paren") and len(of.kids) == 1:
        of = of.kids[0]
    if of.head == "script" and of.kids[0].head in ("abs", "norm") and of.kids[2] is None:
        of = of.kids[0].kids[0]  # \|h\|_2
    if power < 1 or not any(True for _ in names_in([of])):
        return None
    return Remainder(ORDER, of, power, small)


_QUOTED = r"(?:\$[^$]*\$|\\\([^$]*?\\\))"
_IN = re.compile(
    r"(?:functions?of|dependon|dependingon|independentof|respectto|w\.r\.t\.|involv(?:e|ing)|"
    rf"contain(?:ing)?|without|constantin|termsof)((?:{_QUOTED}(?:,|and|or|the)*)+)"
)


def variables_said(
    text: str, span: tuple[int, int], names: list[str], small: bool = False
) -> Iterator[str]:
    r"""Those of these names that the sentence of a claim calls ``small``, or else those that it
    says something is a function of or is independent of."""
    start, end = _around(text, span)
    words = re.sub(r"[\s{}]|\\[,;:!]|\\left|\\right", "", text[start:end])
    said = "".join(found[1] for found in _IN.finditer(words))
    for name in names:
        n = re.escape(re.sub(r"[\s{}]", "", name))
        quoted = rf"(?:\$|\\\(){n}(?:\$|\\\))"
        patterns = (
            rf"small[a-z]*{quoted}", rf"{quoted}(?:is|are)?(?:very|sufficiently)?small",
            rf"{n}(?:\\to|\\rightarrow|→)0", rf"(?<![A-Za-z]){n}[|‖\\]*\\ll", rf"orderin{quoted}",
            rf"(?:near|around|about|at|closeto)(?:\$|\\\(){n}=",
        )  # fmt: skip
        if any(re.search(one, words) for one in patterns) if small else re.search(quoted, said):
            yield name


def order_said(text: str, span: tuple[int, int]) -> int:
    """To which order the sentence of a claim says that it holds; 0 where it says none."""
    start, end = _around(text, span)
    found = _TO_ORDER.search(text, start, end)
    if found is None:
        return 0
    word = (found["word"] or found["kind"] or "").lower()
    return next((k for k, words in enumerate(_COUNTED, 1) if word in words), 1)


_COUNTED = (("first", "1st", "leading", "linear", "lowest"), ("second", "2nd", "quadratic"),
            ("third", "3rd", "cubic"))  # fmt: skip
_TO_ORDER = re.compile(
    r"\b(?:(?:to|up\s+to|at|of)\s+(?:the\s+)?(?P<word>first|leading|lowest|linear|second|third|1st|2nd|"
    r"3rd)[\s-]+order|(?P<kind>first|second|third)[\s-]order\s+(?:taylor|approx\w*|expan\w*)|"
    r"lineari[sz]\w+|linear\s+approx\w*)\b",
    re.IGNORECASE,
)


def _around(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """The sentence of a claim, and what stands before it in its paragraph's last sentence."""
    start, end = span
    low = max(0, start - _LIMIT)
    begins = [found.end() for found in SENTENCE.finditer(text, low, start)][-1:]
    behind = SENTENCE.search(text, end, end + _LIMIT)
    return (begins or [low])[0], behind.start() if behind else min(len(text), end + _LIMIT)


def arguments_of(side: Tree, scope: Scope) -> Iterator[Tree]:
    r"""The names in the brackets behind a name: the w of J(w), the y and w of \log p(y \mid w)."""
    for node in side.subtrees():
        if node.head == "name" and (bracket := scope.applied.get(scope.refer(node).symbol)):
            yield from names_in([bracket])
        if node.head == "juxt":
            for before, bracket in zip(node.kids, node.kids[1:], strict=False):
                if base_of(before) and bracket.head == "paren":
                    yield from names_in([bracket])
