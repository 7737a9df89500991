"""Which runs of letters are words: ``ReLU`` is one name, ``mn`` is a product.

A run is cut at the longest known words.  A document teaches more of them: a word that it sets in
``\\text{..}`` once is known everywhere, and so is a long run that it calls or defines.
"""

from __future__ import annotations

import re
from functools import lru_cache

from derive.latex.vocabulary import CONNECTIVES, SCRIPT_WORDS, WORDS

_UPRIGHT = re.compile(
    r"\\(?:text|mathrm|operatorname\*?|textrm|mathit|DeclareMathOperator\*?\s*\{\\\w+\})\s*"
    r"\{\s*([A-Za-z]{2,})\s*\}"
)
_CALLED = re.compile(
    r"(?<![\\A-Za-z{])([A-Z]?[a-z]{3,}|(?:[A-Z][a-z]+){2,})\s*(?:\\left\s*)?(?:[(=]|&=)"
)
# Capitals before an equals sign, applied or not: at the head of a formula, of a line or of an item.
_HEAD = re.compile(
    r"(?:^|\\\\|[,;$]|\\q?quad\b)[\s&]*([A-Z]{2,6})[\s&]*(?:\([^()=$&]*\)[\s&]*)?:?="
)
_SET_APART = re.compile(r"\\math[a-z]+\s*(?:\{[^{}]*\}|[A-Z])|\\[A-Za-z]+")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def learned_words(formulas: list[str], words: frozenset[str] = WORDS) -> frozenset[str]:
    """The known words, and those that these formulas teach."""
    more: set[str] = set()
    for formula in formulas:
        more.update(w for w in _UPRIGHT.findall(formula) if connective(w) is None and _teaches(w))
        more.update(w for w in _CALLED.findall(formula) if _speakable(w) and not _ends(w, words))
    return words | more | _headed(formulas, words)


def _headed(formulas: list[str], words: frozenset[str]) -> set[str]:
    """The FL of FL = .. and FL(p) = .., whose letters stand nowhere else: who writes A X = B speaks
    of A or X."""
    found = {word for formula in formulas for word in _HEAD.findall(formula)} - words
    if not found:
        return found
    rest = _SET_APART.sub(" ", " ".join(formulas))
    for word in found:
        rest = re.sub(rf"(?<![A-Za-z]){word}(?![A-Za-z])", " ", rest)
    return {word for word in found if not set(word) & set(rest)}


def differential(word: str) -> bool:
    """Whether an upright pair of letters is a differential, as in ``\\mathrm{dx}``."""
    return len(word) == 2 and word[0] == "d"


def _teaches(word: str) -> bool:
    # CE and fc are words wherever they stand; Wx, set upright once, is still a product elsewhere.
    return len(word) > 2 or ((word.isupper() or word.islower()) and not differential(word))


def _ends(run: str, words: frozenset[str]) -> bool:
    # xlog( is x times a logarithm, and teaches no word.
    return any(run[at:] in words for at in range(1, len(run) - 2))


@lru_cache(maxsize=4096)
def split_letters(run: str, words: frozenset[str]) -> tuple[str, ...]:
    """A run of letters cut into words and single letters, the longest known word first."""
    if len(run) == 1 or run in words:
        return (run,)
    parts: list[str] = []
    at = 0
    while at < len(run):
        for stop in range(len(run), at + 1, -1):
            if run[at:stop] in words and _stands_out(run, at, stop):
                break
        else:
            stop = at + 1
        parts.append(run[at:stop])
        at = stop
    return tuple(parts)


def _stands_out(run: str, at: int, stop: int) -> bool:
    # Two letters are soon met by chance: the Tr of True, the CE of WCEx.
    if stop - at > 2 or run[at:stop] == "ln":
        return True
    return at == 0 and (stop == len(run) or (run[:stop].lower() == "tr" and run[stop].isupper()))


def script_word(run: str) -> bool:
    """Whether a run of letters that is a whole script is a word, as in v_{new}, and not W_{ijk}."""
    return run in SCRIPT_WORDS or (len(run) >= 3 and _speakable(run))


def _speakable(run: str) -> bool:
    # Indices are consonants (ijk, nchw) or neighbours in the alphabet (abc); words have vowels.
    return any(letter in "aeouAEOU" for letter in run) and run.lower() not in _ALPHABET


def connective(words: str) -> str | None:
    """The canonical word for text that stands between formulas, None if it is not such text."""
    if words.strip() == "SO":  # a group of matrices
        return None
    plain = words.strip().strip(",;:.，。；：()").strip().lower()
    if words.strip().lower() in CONNECTIVES:
        return CONNECTIVES[words.strip().lower()]
    return CONNECTIVES.get(plain)
