r"""Words that say something of the symbol beside them: "a symmetric matrix $A$", "$y$ is one-hot".

The idea: a word speaks of the nearest name of its sentence from which only words without a meaning
of their own keep it apart; of several names where the text joins them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from derive.elaborate.names.scope import base_of
from derive.elaborate.statements.given import is_powered
from derive.elaborate.statements.mood import SENTENCE
from derive.latex.read import Parsed
from derive.tree import Tree

_DENIED = re.compile(
    r"(?:\bnot|n't|\bnon|\bno|不是|非)[\s-]*(?:(?:be|necessarily|always|assumed|supposed|required|known|"
    r"to|an?)\s+)*$",
    re.IGNORECASE,
)
_REACH = 60  # characters between the word and the symbol, within one sentence
_WORD = re.compile(r"[A-Za-zÀ-ÿ]+|[一-鿿]+")
_QUALITIES = frozenset(
    ["real", "square", "symmetric", "positive", "semi", "semidefinite", "definite", "diagonal",
     "invertible", "orthogonal", "triangular", "lower", "upper", "symmetrisch", "symmetrische",
     "positiv", "reell", "reelle"]
)  # fmt: skip
# y is a one-hot vector; the one-hot label y.
_AFTER = _QUALITIES | frozenset(
    ["is", "are", "be", "being", "to", "a", "an", "the", "as", "denotes", "represents", "and",
     "und",
     "是", "为", "是一个", "为一个", "ist", "sind", "sei", "seien", "est", "sont", "soit",
     "both", "all", "eine", "une", "matrix", "matrices", "vector", "vectors", "which", "that"]
)  # fmt: skip
_DENYING = frozenset(
    ["not", "isn", "aren", "t", "non", "no", "necessarily", "always", "assumed", "supposed",
     "required", "known", "不是", "非"]
)  # fmt: skip
_COPULAS = frozenset(["is", "are", "be", "being", "ist", "sind", "sei", "seien", "est", "sont"])
_BEFORE = _QUALITIES | frozenset(
    ["vector", "vectors", "label", "labels", "target", "targets", "encoded", "row", "rows",
     "向量", "标签", "编码", "的", "matrix", "matrices", "and", "matrizen", "matrice", "weight",
     "covariance", "hessian", "metric", "weights"]
)  # fmt: skip
# "with orthonormal columns", "of unit norm" are said of what stands before.
_OWNED = re.compile(r"(?:columns|rows|rank|norm|length|entries)$", re.IGNORECASE)
_OWNS = frozenset(["with", "has", "have", "having", "whose", "of", "its"])
_MANY = re.compile(r"\s*(?:matrices|vectors|matrizen|vektoren|labels)\b", re.IGNORECASE)
_JOINS = re.compile(r"[\s$,，、]*(?:\\[()]|and|und|et|和|与|&)?[\s$,，、]*(?:\\[()])?\s*")

# "The Hessian at $A$ is symmetric" is not said of A.
_OBJECT = re.compile(
    r"\b(?:of|at|in|on|by|to|from|under|than|over|like|with respect to|via|through|into|onto|plus|"
    r"minus|times|von|bei|de)\s+(?:(?:the|a|an|matrix|matrices|vector)\s+)*(?:\$|\\\()?\s*$",
    re.IGNORECASE,
)
# "A is a symmetric matrix", and not "a diagonal approximation", "a projection of ..".
_ARTICLE = re.compile(r"\b(?:an?|ein\w*|une?)[\s-]+(?:[\w-]+[\s-]+)?$", re.IGNORECASE)
_NEXT = re.compile(r"[\s-]+([A-Za-zÀ-ÿ]+)")
_NOUN = re.compile(
    r"\b(?:matri\w*|vectors?|vektor\w*|vecteurs?|labels?|norm|length|columns|rows|projec\w*|rotation|"
    r"P\.?S?D|SPD|encoding|distribution|weights?|covariance|hessian|metric)$",
    re.IGNORECASE,
)
_OTHER = frozenset(
    ["plus", "minus", "times", "part", "parts", "pattern", "block", "blocks", "except", "apart",
     "modulo", "near", "within", "perturbation", "component", "structure", "sparsity", "kernel",
     "function", "approximation", "half"]
)  # fmt: skip


Place = tuple[int, int, tuple[Tree, ...]]


class Beside(NamedTuple):
    """A name beside a word: where the word stands, where what is said ends, and whether it is said
    ``plainly`` of it, ``loosely``, of something about it, or ``denied``."""

    named: Tree
    at: int
    end: int
    how: str = "plainly"


_ENDS = re.compile(r"\.(?=\s|$)|(?<!=)(?<!= )(?<!=\,)\?|;|\n\s*\n|\\begin\{|\\\[")


def beside(words: re.Pattern[str], parsed: Parsed) -> Iterator[Beside]:
    """The names nearest to each such word in their sentence; not those of which it is asked."""
    text = parsed.source.text
    places: list[Place] = []
    for found in words.finditer(text):
        ends = _ENDS.search(text, found.end())
        if ends is not None and ends[0] == "?":
            continue  # "is $A$ symmetric?"
        how = (
            "denied"
            if _DENIED.search(text[max(0, found.start() - _REACH) : found.start()])
            else "plainly"
        )
        places = places or sorted(_places(parsed), key=lambda place: place[:2])
        for named, place in _named(found, places, text, how == "denied"):
            loose = how == "plainly" and _is_loose(found, place, text)
            end = max(place[1], found.end())
            yield Beside(named, found.start(), end, "loosely" if loose else how)


def _is_loose(found: re.Match[str], place: Place, text: str) -> bool:
    """Whether a word that stands behind a name is said of something about it."""
    start, end, _ = place
    if end > found.start():
        return False
    said = {word.lower() for word in _WORD.findall(text[end : found.start()])}
    if said & _COPULAS and _OBJECT.search(text[max(0, start - 40) : start]):
        return True
    at, noun, following = found.end(), _NOUN.search(found[0]) is not None, ""
    while (word := _NEXT.match(text, at)) is not None:
        following = word[1].lower()
        if noun or following not in _QUALITIES:
            break
        at, following = word.end(), ""
    if noun:
        return following == "of" and not re.match(
            r"\s*of (?:size|order|dim|rank|the same)", text[at:]
        )
    if _ARTICLE.search(text[end : found.start()]) and following:
        return _NOUN.match(following) is None and following not in ("but", "and")
    return following in _OTHER


def _places(parsed: Parsed) -> Iterator[Place]:
    """Where names stand alone or are declared."""
    for row in parsed.rows:
        for item in row.items:
            declares = item.head == "chain" and item.kids[1].kids == ("in",)
            named = item.kids[0] if declares else item
            if isinstance(named, Tree):
                names = named.kids if named.head == "list" else (named,)
                if all(base_of(name) and not is_powered(name) for name in names):
                    yield *item.span, names


def _named(
    found: re.Match[str], places: list[Place], text: str, denied: bool
) -> Iterator[tuple[Tree, Place]]:
    owned = _OWNED.search(found[0]) is not None
    best: dict[bool, tuple[int, int, set[str]]] = {}
    for k, (start, end, _) in enumerate(places):
        after = end <= found.start()
        gap = text[end : found.start()] if after else text[found.end() : start]
        between = _AFTER | (_OWNS if owned else frozenset()) if after else _BEFORE
        between |= _DENYING if denied else frozenset()
        if len(gap) > _REACH or SENTENCE.search(gap) or start == found.start():
            continue
        # "x and a one-hot label" says nothing of x: only such words may stand between; "y is
        # one-hot, t > 0" says nothing of t, nor "A symmetric and B".
        said = [word.lower() for word in _WORD.findall(gap)]
        lone = after and "and" in said and not _COPULAS & set(said)
        if not set(said) <= between or (not after and ("," in gap or said[-1:] == ["and"])) or lone:
            continue
        if after not in best or len(gap) < best[after][0]:
            best[after] = (len(gap), k, {*said, *("," if "," in gap else "")})
    nearest = min(best.items(), key=lambda one: one[1][0], default=None)
    if nearest is None:
        return
    after, (_, k, said) = nearest
    # "A, a symmetric matrix B" is said of B, and "a one-hot e_a"; "A is symmetric" of A.
    if (
        True in best
        and False in best
        and (
            ("," in best[True][2] and not best[True][2] & _COPULAS)
            or not (best[True][2] or best[False][2])
        )
    ):
        after, (_, k, said) = False, best[False]
    yield from ((named, places[k]) for named in places[k][2])
    # "A and B are symmetric", "symmetric matrices A and B"
    many = {"are", "both", "all", "sind", "be", "seien", "sont"} & said if after else (
        _MANY.match(text, found.end()))  # fmt: skip
    step = -1 if after else 1
    while many and 0 <= k + step < len(places):
        first, second = sorted((places[k], places[k + step]))
        if first[1] > second[0] or not _JOINS.fullmatch(text[first[1] : second[0]]):
            break
        k += step
        yield from ((named, places[k]) for named in places[k][2])
