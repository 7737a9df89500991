r"""What a document takes as given: S = S^\top, and what it supposes in words.

The idea: a hypothesis is neither true nor false; the words before a formula, or its form, say that
it is one.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.mood import SENTENCE
from derive.latex.print import latex
from derive.latex.segment import COMMENT_FILL
from derive.tree import Tree


class Spanned(Protocol):
    """What stands at a place of a document: a tree, an equation, a claim."""

    @property
    def span(self) -> tuple[int, int]: ...


_TRANSPOSES = ("T", r"\top", r"\intercal", "t", r"\mathsf{T}", r"\mathrm{T}")
_ORDERED = frozenset(["<", ">", "<=", ">="])
_IDENTITIES = frozenset(["I", r"\mathbf{I}", r"\mathbb{I}", "E"])
# "Suppose W x = 0" is given, "then L = 0" is claimed: the word nearest before a formula decides.
_GIVEN = re.compile(
    r"\b(?:suppose|assum(?:e|es|ed|ing)|given(?: that)?|provided|such that|whenever|if|where|with|"
    r"let|when|constraint|subject to|angenommen|falls|sei|wobei)\b|假设|设|若|如果|已知|其中|满足",
    re.IGNORECASE,
)
# What opens a formula, and what joins two that are assumed together.
_OPENING = re.compile(r"(?:\$+|\\[(\[]|\\begin\{\w+\*?\})\s*$")
_JOINED = re.compile(r"(?:[,，、]|and|und|和|且)*(?:\s*(?:and|und|that|和|且))?", re.IGNORECASE)
# "an orthogonal matrix, i.e. M^T M = I" says what the word means.
_APPOSED = re.compile(
    r"\b(?:orthogonal|orthonormal|unitary|idempotent|projections?|projectors?|involutory|normali[sz]ed|"
    r"unit|satisf(?:y|ies|ying)|fulfil\w*|obey\w*|erfüllt|vérifiant|orthogonale?s?)"
    r"(?:\s+(?:matrix|matrices|vectors?|length|norm))?[\s,:(]*"
    r"(?:(?:i e  |d h  |that is|so that|meaning|c'est-à-dire|also)[\s,:(]*)?$|"
    r"正交[矩阵]*[,,:(\s即]*$",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(r"\b(?:if|when|whenever|since|because|for|falls|wenn|si)\b", re.I)
_LONE_COMMA = re.compile(r"^(?!.*(?:i e  |d h  |that is|so that|meaning|satisf|obey))[^,]*,[\s(]*$")
_CLAIMED = re.compile(
    r"\b(?:then|hence|thus|therefore|so|we (?:get|have|obtain|find|see)|gives?|yields?|show|prove|"
    r"follows|dann|also|folgt|somit|gilt)\b|那么|则|所以|因此|得|证明",
    re.IGNORECASE,
)


_SHOW = re.compile(
    r"\b(?:show|prove|verify|check|confirm|establish|demonstrate|zeige\w*|beweise\w*|montre[rz]?)\b"
    r"|证明",
    re.IGNORECASE,
)
FORMULA = re.compile(
    r"\$\$.*?\$\$|\$[^$]*\$|\\\(.*?\\\)|\\\[.*?\\\]|\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL
)
_OPENS = re.compile(r"(?:\$+|\\\(|\\\[|\\begin\{\w+\*?\})\s*$")
_RELATES = re.compile(r"=|<|>|\\(?:leq?|geq?|succ|prec|in|equiv)(?![a-z])")
_SUPPOSING = re.compile(
    r"\b(?:for|if|when|whenever|given|assuming|under|since|because|für|falls|wenn|pour|si)\b", re.I
)
_EXPLAINING = re.compile(r"\b(?:where|with(?! respect)|using|by|from|wobei|mit|où|avec)\b", re.I)
_AND_SO = re.compile(r"\W*(?:and|und|et|as well as)?\W*(?:that|dass|que)?\W*", re.IGNORECASE)
_REQUIRED = re.compile(r"\\(?:overset|stackrel)\s*\{\s*!\s*\}\s*\{?\s*=")
_SOUGHT = re.compile(
    r"\b(?:set|sets|setting|equat(?:e|ing)|vanish\w*|stationar\w*|optim\w*|minim\w*|maxim\w*|"
    r"critical|first[- ]order|require\w*|solv\w+|zero|null\w*|annul\w*|"
    r"bedingung)\b|令|极值|驻点|最优",
    re.IGNORECASE,
)
_ARROW = r"\\(?:iff|implies|Rightarrow|Longrightarrow|Leftrightarrow|Longleftrightarrow)\b"
_FOLLOWED = re.compile(rf"[\s&,;{COMMENT_FILL}]*(?:\\\\)?[\s&{COMMENT_FILL}]*{_ARROW}")
_PRECEDED = re.compile(rf"{_ARROW}[\s&]*(?:\\q?quad)?[\s&]*$")


def is_condition(item: Tree, text: str) -> bool:
    r"""Whether an equation asks for something: \overset{!}{=}, a derivative that is set to 0, and
    an equation between different quantities from which another one follows, A x = b \implies."""
    start, end = item.span
    if _REQUIRED.search(text, start, end):
        return True
    if item.head != "chain" or len(item.kids) != 3 or item.kids[1].kids != ("=",):
        return False
    left, _, right = item.kids
    follows = _FOLLOWED.match(text, end) is not None
    if right in (Tree("num", ("0",)), Tree("name", (r"\mathbf{0}",))):
        before = SENTENCE.split(text[max(0, start - 300) : start])[-1]
        sought = [found.end() for found in _SOUGHT.finditer(before)]
        claimed = [found.end() for found in _CLAIMED.finditer(before)]
        return follows or (bool(sought) and sought[-1] > max(claimed, default=-1))
    shared = {latex(n) for n in names_in([left])} & {latex(n) for n in names_in([right])}
    derived = any(node.head in ("deriv", "grad") for node in item.subtrees())
    return follows and not shared and not derived and right.head != "num"


def is_required(text: str, start: int, end: int) -> bool:
    r"""Whether the sign in this piece of a document is \overset{!}{=}."""
    return _REQUIRED.search(text, start, end) is not None


def is_concluded(item: Spanned, text: str) -> bool:
    """Whether the words or the arrow before a formula say that it follows from something."""
    before = text[max(0, item.span[0] - 300) : item.span[0]]
    if _PRECEDED.search(before):
        return True
    sentence = SENTENCE.split(_OPENING.sub("", before))[-1]
    given = [found.end() for found in _GIVEN.finditer(sentence)]
    claimed = [found.end() for found in _CLAIMED.finditer(sentence)]
    return bool(claimed) and max(claimed) > max(given, default=-1)


def asks_to_show(text: str) -> bool:
    """Whether a document asks for a proof anywhere."""
    return _SHOW.search(text) is not None


def is_to_be_shown(start: int, text: str) -> bool:
    """Whether the words before a formula ask for its proof: "show that", also "show that for
    $u = v$ constant, ..", where what stands behind "for" is supposed."""
    before = SENTENCE.split(text[max(0, start - 300) : start])[-1]
    opens = _OPENS.search(before)
    *_, asked = (None, *_SHOW.finditer(before))
    if asked is None or opens is None:
        return False
    between = before[asked.end() : opens.start()]
    words = re.split(r"\0", FORMULA.sub("\0", between))
    relates = [_RELATES.search(found[0]) is not None for found in FORMULA.finditer(between)]
    if any(mark in one for one in words for mark in "$\\"):
        return False
    shown = listed = True  # and whether a list goes on in which nothing else is shown
    for k, said in enumerate(words):
        clause = said.rpartition(",")[2]
        if _SUPPOSING.search(clause) or _EXPLAINING.search(clause):
            shown, listed = False, _EXPLAINING.search(clause) is not None
        elif k and not relates[k - 1] and shown:
            continue  # "that the Hessian of $L$ is .."
        elif k and not _AND_SO.fullmatch(said):
            shown = not shown and ("," in said or _CLAIMED.search(said) is not None)
        elif k and not shown:
            shown = "that" in said or (said.strip() == "," and not listed)
    return shown


_SOLUTION = re.compile(
    r"(?:\\(?:text(?:bf|it|sc)|emph|paragraph\*?|(?:sub)*section\*?)\s*\{|\*\*|__|^\#+\s|^)\s*"
    r"(?:(?:sample|model)\s+)?(?:solution|answer|proof|derivation|lösung|beweis|corrigé|解答?|证明)"
    r"s?\b[^.:\n]{0,20}[.:*}\n]|\\begin\{(?:solution|proof|answer)\}",
    re.IGNORECASE | re.MULTILINE,
)


def follows(item: Spanned, first: int, text: str) -> bool:
    """Whether an equation is to be shown, or follows, from what was said at ``first``: words
    before it say so, or a solution begins between the two."""
    start = item.span[0]
    return (
        is_to_be_shown(start, text)
        or is_concluded(item, text)
        or _SOLUTION.search(text, first, start) is not None
    )


def is_given(item: Tree, text: str) -> bool:
    """Whether the words before a formula say that it is assumed, within the same sentence.

    Of several formulas after such a word those are assumed that "and" joins: "with $u = v$, we have
    $a = b$" assumes the first one only, and so does a display that follows.
    """
    before = _OPENING.sub("", text[max(0, item.span[0] - 300) : item.span[0]])
    # The dots of i.e. end no sentence.
    before = SENTENCE.split(re.sub(r"\b(i|d)\.\s?(e|h)\.", r"\1 \2  ", before))[-1]
    # "If Q is orthogonal, \\|Q x\\| = \\|x\\|" claims what follows from it.
    apposed = _APPOSED.search(before)
    if apposed and not (_HYPOTHETICAL.search(before) and _LONE_COMMA.search(apposed[0])):
        return True
    given = [found.end() for found in _GIVEN.finditer(before)]
    claimed = [found.end() for found in _CLAIMED.finditer(before)]
    if not given or max(given) < max(claimed, default=-1):
        return False
    *others, last = re.split(r"\$+|\\[()\[\]]|\\(?:begin|end)\{\w+\*?\}", before[max(given) :])
    display = re.search(r"(?:\$\$|\\\[|\\begin\{\w+\*?\})\s*$", text[: item.span[0]])
    return not others or (display is None and _JOINED.fullmatch(last.strip()) is not None)


# "For $L > 0$ we have", "for an active triplet ($L > 0$)".
_FOR = re.compile(
    r"\b(?:for|für|pour|on|in)\s+(?:(?:all|any|every|each|the)\s+)?(?:(?:case|region|regime|set|part)\s+"
    r"(?:of|that|where|in which)?\s*)?$",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\b(?:for|if|when|whenever|case|where|assum\w+|suppos\w+|consider|falls|wenn|für|pour|si)\b"
    r"[^()=]*\(\s*(?:i  e  ,?|that is,?|with)?\s*$",
    re.IGNORECASE,
)


def is_case(item: Tree, text: str) -> bool:
    """Whether an inequality says of which points the text speaks: what stands right behind "for",
    or in brackets behind a case in words."""
    if item.head != "chain" or not {str(r.kids[0]) for r in item.kids[1::2]} <= _ORDERED:
        return False
    before = _OPENING.sub("", text[max(0, item.span[0] - 300) : item.span[0]])
    before = SENTENCE.split(re.sub(r"\b(i|d)\.\s?(e|h)\.", r"\1  \2  ", before))[-1]
    return _FOR.search(before) is not None or _ASIDE.search(before) is not None


# A displayed formula stands between these; what a text says in passing does not.
_DISPLAYS = re.compile(r"\\\[|\\\]|\$\$|\\(?:begin|end)\{(?!document)\w+\*?\}")
_CLOSING = re.compile(r"\\\]|\$\$|\\end\{\w+\*?\}")
# These bring a variable of some kind, and no equation: "we take $X \succ 0$".
_TAKEN = re.compile(r"\b(?:take|consider|fix|for (?:any|all|every))\b[\w\s]*\$?$", re.IGNORECASE)
_REASON = re.compile(
    r"\b(?:since|because|as|using|by|from|due to|da|weil|mit|wegen|car|puisque|avec|donc que)\b"
    r"[^.;=]*$|因为|由于|\(\s*$",
    re.IGNORECASE,
)


def is_hypothesis(item: Tree, text: str) -> bool:
    """Whether a formula that says of what kind a variable is, S = S^T, is given and not claimed.

    Words before it say so, or it is said in passing, in a line of text or beside a declaration; a
    line of a derivation that is displayed claims it.
    """
    if is_given(item, text):
        return True
    if is_concluded(item, text):
        return False
    start, end = item.span
    sentence = SENTENCE.split(text[max(0, start - 300) : start])[-1]
    declares = re.search(r"\\in(?![a-z])", sentence) or any(
        words.search(sentence) for words in (_REASON, _TAKEN)
    )
    last = _display(start, text)
    if last is None:
        return bool(declares)
    if _REASON.search(text[last.end() : start].split("=")[-1]):
        return True
    close = _CLOSING.search(text, end)
    display = text[last.end() : close.start() if close else len(text)]
    return re.search(r"\\in(?![a-z])", display) is not None


# "$q_i = .., \sum_i p_i = 1$", "($\sum_i p_i = 1$)" in a line of text.
_LISTED = re.compile(r"\(\s*\$$|\$\s*,\s*(?:and|und|et)?\s*\$$")


def is_listed(item: Tree, text: str) -> bool:
    """Whether a formula stands in a line of text in brackets, or in a list of formulas of which no
    word concludes anything."""
    start = item.span[0]
    if _display(start, text) is not None or is_concluded(item, text):
        return False
    sentence = SENTENCE.split(text[max(0, start - 300) : start])[-1]
    return _LISTED.search(sentence) is not None and _CLAIMED.search(sentence) is None


def _display(start: int, text: str) -> re.Match[str] | None:
    """What opens the display in which a place of the text is; None where it is in none."""
    marks = _marks(text)
    at = bisect(marks, start, key=lambda mark: mark[0].end()) - 1
    return marks[at][0] if at >= 0 and marks[at][1] else None


@lru_cache(maxsize=4)
def _marks(text: str) -> tuple[tuple[re.Match[str], bool], ...]:
    """What opens and closes the displays of a text, and whether one is open behind it."""
    found = []
    dollars = 0
    for mark in _DISPLAYS.finditer(text):
        dollars += mark.group() == "$$"
        opens = mark.group() == r"\[" or mark.group().startswith(r"\begin")
        found.append((mark, dollars % 2 == 1 if mark.group() == "$$" else opens))
    return tuple(found)


def is_value(item: Tree, text: str) -> bool:
    """Whether a displayed line that no word supposes says that a name is the unit matrix: where the
    name is a variable, that is what somebody concludes."""
    right = item.kids[2]
    shown = _display(item.span[0], text) is not None
    return shown and _is_identity(right) and not is_given(item, text)


def fact_in(item: Tree) -> Iterator[tuple[Tree, str]]:
    r"""The names of which a formula says that they are of a kind, and the kind: Q^\top Q = I."""
    if item.head != "chain" or item.kids[0] is None:
        return
    sides, signs = item.kids[::2], [str(r.kids[0]) for r in item.kids[1::2]]
    if len(sides) == 2 and signs[0] in ("succ", "succeq") and _is_zero(sides[1]):
        names = sides[0].kids if sides[0].head == "list" else (sides[0],)
        names = tuple(n for n in names if isinstance(n, Tree) and not is_powered(n))
        kind = "definite" if signs[0] == "succ" else "semidefinite"
        yield from ((name, kind) for name in names if base_of(name))
        return
    if not set(signs) <= {"="}:
        return
    # A chain may be long and say the same again; of two sides one must tell something.
    sides = list(dict.fromkeys(sides))
    telling = [k for k, side in enumerate(sides) if _tells(side)]
    for k, left in enumerate(sides):
        rest = range(k + 1, len(sides)) if _tells(left) else telling[bisect(telling, k) :]
        for j in rest:
            for one, other in ((left, sides[j]), (sides[j], left)):
                found = _fact(one, other)
                if found is not None:
                    yield found


def _tells(side: Tree) -> bool:
    """Whether a fact may be that something equals this side: a power, -A, 1, the identity."""
    return side.head in ("script", "neg", "num") or _is_identity(side)


def _fact(one: Tree, other: Tree) -> tuple[Tree, str] | None:
    if base_of(one) and _is_power(other, one, _TRANSPOSES):
        return one, "symmetric"
    if other.head == "neg" and base_of(other.kids[0]):
        name = other.kids[0]
        if _is_power(one, name, _TRANSPOSES):
            return name, "skew"
    if other.head == "neg" and (name := _base_of_power(other.kids[0], _TRANSPOSES)) == one:
        return one, "skew"
    if base_of(other) and _base_of_power(one, ("2",)) == other:
        return other, "idempotent"
    if _is_identity(other) and one.head == "juxt" and len(one.kids) == 2:
        first, second = one.kids
        if (name := _base_of_power(first, _TRANSPOSES)) is not None and name == second:
            return name, "columns"
        if (name := _base_of_power(second, _TRANSPOSES)) is not None and name == first:
            return name, "rows"
    inverse = _base_of_power(one, ("-1",))
    if inverse is not None and inverse == _base_of_power(other, _TRANSPOSES):
        return inverse, "orthogonal"
    if other == Tree("num", ("1",)):
        return _unit(one)
    return None


def _unit(side: Tree) -> tuple[Tree, str] | None:
    r"""u^\top u = 1, \|u\| = 1, \|u\|_2^2 = 1"""
    if side.head == "juxt" and len(side.kids) == 2:
        name = _base_of_power(side.kids[0], _TRANSPOSES)
        return (name, "unit") if name is not None and name == side.kids[1] else None
    two = (None, Tree("num", ("2",)))
    if side.head == "script" and side.kids[1] in two and side.kids[2] in two:
        side = side.kids[0]
    inside = side.kids[0] if side.head == "norm" else None
    return (inside, "unit") if isinstance(inside, Tree) and base_of(inside) else None


def _base_of_power(tree: Tree, exponents: tuple[str, ...]) -> Tree | None:
    """The name that is raised to one of these: the Q of Q^T."""
    if tree.head != "script" or not isinstance(tree.kids[2], Tree):
        return None
    if latex(tree.kids[2]).strip() not in exponents:
        return None
    base, sub, _ = tree.kids
    name = base if sub is None else Tree("script", (base, sub, None))
    return name if base_of(name) else None


def is_powered(name: Tree) -> bool:
    """A^2, A^{-1}, A^T: a value of A, and no name of its own."""
    sup = name.kids[2] if name.head == "script" else None
    if not isinstance(sup, Tree):
        return False
    return latex(sup).strip() in _TRANSPOSES or re.fullmatch(r"-?\d+", latex(sup)) is not None


def _is_power(tree: Tree, name: Tree, exponents: tuple[str, ...]) -> bool:
    return _base_of_power(tree, exponents) == name


def _is_identity(tree: Tree) -> bool:
    base = tree.kids[0] if tree.head == "script" and tree.kids[2] is None else tree
    return isinstance(base, Tree) and base.head == "name" and base.kids[0] in _IDENTITIES


def _is_zero(tree: Tree) -> bool:
    return tree in (Tree("num", ("0",)), Tree("name", (r"\mathbf{0}",)))
