r"""What a document says of its data beside their sets: labels that sum to 1.

The idea: \mathbf{1}^\top \mathbf{y} = 1 is read as a formula, and "one-hot" as the word that it is
where it stands beside a symbol; both say the same of the symbol.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.elaborate.collect import Statements
from derive.elaborate.dispatch import value_of
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.given import SENTENCE
from derive.elaborate.reading import Env, Reading
from derive.elaborate.scope import base_of
from derive.elaborate.settle import settle
from derive.kernel.expr import Contract, Expr, Var
from derive.latex.read import Parsed
from derive.tree import Tree

_WORDS = re.compile(r"one[- ]?hot|probability (?:vector|distribution)|独热|概率分布", re.IGNORECASE)
_SYMMETRIC = re.compile(
    r"(?<![-\w])(?:symmetric|symmetrisch\w*|symétriques?)(?![-\w])|(?<![反斜])对称", re.IGNORECASE
)
_SKEW = re.compile(
    r"(?:skew|anti)[- ]?symmetric|schiefsymmetrisch\w*|antisymétriques?|[反斜]对称",
    re.IGNORECASE,
)
_ORTHOGONAL = re.compile(
    r"(?:orthogonal|orthonormal|unitary)(?!\s+(?:to|projec\w*|complement|vectors?|basis))\b|"
    r"正交(?=矩阵|的)|orthogonale?r?(?=\s+matri)",
    re.IGNORECASE,
)
_IDEMPOTENT = re.compile(
    r"\b(?:idempotent|(?:orthogonal )?projection(?: matrix)?|projector)\b|幂等", re.IGNORECASE
)
_UNIT = re.compile(r"\bunit(?: vectors?|[- ]norm)\b|\bEinheitsvektor\w*|单位向量", re.IGNORECASE)
_KINDS = (
    (_SYMMETRIC, "symmetric"), (_SKEW, "skew"), (_ORTHOGONAL, "orthogonal"),
    (_IDEMPOTENT, "idempotent"), (_UNIT, "unit"),
)  # fmt: skip
# "If A is symmetric" says it of what follows only.
_CONDITION = re.compile(
    r"\b(?:if|when|whenever|unless|case|need\w*|require\w*|only|not|for (?:a )?symmetric|falls|"
    r"wenn|si)\b|如果|若|当",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:\bnot|n't|\bnon|\bno|不是|非)[\s-]*(?:an?\s+|necessarily\s+)?$", re.IGNORECASE
)
_REACH = 60  # characters between the word and the symbol, within one sentence
_WORD = re.compile(r"[A-Za-z]+|[一-鿿]+")
# y is a one-hot vector; the one-hot label y.
_AFTER = frozenset(
    ["is", "are", "be", "being", "a", "an", "the", "as", "denotes", "represents",
     "是", "为", "是一个", "为一个", "ist", "sind", "sei", "seien", "est", "sont", "soit", "real",
     "both", "eine", "une", "matrix", "which", "that"]
)  # fmt: skip
_COPULAS = frozenset(["is", "are", "be", "being", "ist", "sind", "sei", "seien", "est", "sont"])
_BEFORE = frozenset(
    ["vector", "vectors", "label", "labels", "target", "targets", "encoded", "row", "rows",
     "向量", "标签", "编码", "的", "matrix", "matrices", "positive", "semi", "definite",
     "semidefinite", "and", "invertible", "matrizen", "matrice"]
)  # fmt: skip


def note_facts(parsed: Parsed, statements: Statements, reading: Reading) -> None:
    """Record the symbols whose last axis sums to 1 in ``reading.normalised``, with a note."""
    for item in statements.claims:
        for side in _sides_equal_to_one(item):
            try:
                value = value_of(reading, settle(side, reading.scope), Env())
            except (Fault, Silent):
                continue
            var = _totalled(reading.sizes.current(value).expr)
            if var is not None and var in reading.made:
                reading.normalised.add(reading.made[var])
    for symbol in _worded(parsed, reading):
        reading.normalised.add(symbol)
        plain = re.sub(r"#\d", "i", symbol)
        reading.note(f"sum {symbol}", f"${plain}$ is called one-hot: its entries sum to 1")


def _sides_equal_to_one(item: Tree) -> Iterator[Tree]:
    if item.head == "chain" and len(item.kids) == 3 and item.kids[1].kids == ("=",):
        one = Tree("num", ("1",))
        left, _, right = item.kids
        if right == one and left is not None:
            yield left
        elif left == one:
            yield right


def _totalled(expr: Expr) -> Var | None:
    """The variable, if this is its sum over its last axis."""
    if not isinstance(expr, Contract) or len(expr.factors) != 1:
        return None
    factor, own = expr.factors[0], expr.indices[0]
    return factor if isinstance(factor, Var) and own and expr.out == own[:-1] else None


def called_names(parsed: Parsed, reading: Reading) -> Iterator[tuple[Tree, int, str, bool]]:
    """The names that the text calls symmetric, skew, orthogonal, idempotent or unit; where it does,
    what it calls them, and whether it says so of what follows only ("if")."""
    for words, kind in _KINDS:
        for named, at in _beside(words, parsed):
            if reading.scope.refer(named).symbol not in reading.equations:
                yield named, at, kind, is_conditional(parsed.document.plain, at)


def is_conditional(text: str, at: int) -> bool:
    """Whether the words before a place make what stands there a condition."""
    return _CONDITION.search(SENTENCE.split(text[max(0, at - 300) : at])[-1]) is not None


def _worded(parsed: Parsed, reading: Reading) -> Iterator[str]:
    """The symbols beside which the text says that they are one-hot."""
    for named, _ in _beside(_WORDS, parsed):
        symbol = reading.scope.refer(named).symbol
        # A label that an equation defines has its own sum; a class number has none.
        if symbol not in reading.equations and reading.domain(symbol).classes is None:
            yield symbol


def _beside(words: re.Pattern[str], parsed: Parsed) -> Iterator[tuple[Tree, int]]:
    """The names nearest to each such word in their sentence, and where the word stands."""
    text = parsed.source.text
    places: list[tuple[int, int, tuple[Tree, ...]]] = []
    for row in parsed.rows:
        for item in row.items:
            declares = item.head == "chain" and item.kids[1].kids == ("in",)
            named = item.kids[0] if declares else item
            if isinstance(named, Tree):
                names = named.kids if named.head == "list" else (named,)
                if all(map(base_of, names)):
                    places.append((*item.span, names))
    for found in words.finditer(text):
        if _DENIED.search(text[: found.start()]):
            continue
        best: dict[bool, tuple[int, tuple[Tree, ...], set[str]]] = {}
        for start, end, names in places:
            after = end <= found.start()
            gap = text[end : found.start()] if after else text[found.end() : start]
            between = _AFTER if after else _BEFORE
            if len(gap) > _REACH or SENTENCE.search(gap) or start == found.start():
                continue
            # "x and a one-hot label" says nothing of x: only such words may stand between; "y is
            # one-hot, t > 0" says nothing of t, nor "A symmetric and B".
            said = [word.lower() for word in _WORD.findall(gap)]
            if not set(said) <= between or (not after and ("," in gap or said[-1:] == ["and"])):
                continue
            if after not in best or len(gap) < best[after][0]:
                best[after] = (len(gap), names, {*said, *("," if "," in gap else "")})
        nearest = min(best.values(), key=lambda one: one[0], default=None)
        # "A, a symmetric matrix B" is said of B, "A is symmetric" of A.
        if True in best and False in best and "," in best[True][2] and not best[True][2] & _COPULAS:
            nearest = best[False]
        for named in nearest[1] if nearest is not None else ():
            yield named, found.start()
