r"""How a sentence means what it says of a quantity: as given, under a condition, or not in earnest.

The idea: "let $A$ be symmetric" is given; "if $A$ is symmetric" is a condition, which a proof that
uses it must name; "it is false that $A$ is symmetric", "suppose for contradiction ..", "is $A$
symmetric?" and "show that .." give nothing.  Of what is not given in earnest nothing is proved, and
a point that breaks it refutes nothing either: the words decide too little for both.
"""

from __future__ import annotations

import re
from enum import Enum

from derive.latex.segment import COMMENT_FILL

SENTENCE = re.compile(r"[.。;；](?:\s|$)|\n\s*\n")
# A line that begins with a capital behind a formula begins a sentence, without a stop before it.
BEGINS = re.compile(SENTENCE.pattern + r"|(?:\$|\\\]|\\end\{[a-z]+\*?\})\s*\n\s*(?=[A-Z][a-z])")


class Mood(Enum):
    """What may be done with what is said: all, a proof that names it, or neither proof nor
    refutation."""

    GIVEN = "given"
    CONDITION = "condition"
    DOUBTED = "doubted"


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# Wherever they stand in the sentence.
_ABSURD = _words(r"\bcontradict\w*|\babsurd\w*|\breductio\b|\bWiderspruch\w*|\babsurde\b|矛盾")
# Before it in its clause, whatever other words follow them.
_WRONG = _words(
    r"\b(?:false|wrong\w*|incorrect\w*|mistak\w+|erroneous\w*|fallacy|myth|untrue|tempting|"
    r"pretend\w*|disprove|refute|den(?:y|ies|ied)|unlike|contrary|would|had|nobody|no one|unless|"
    r"whether|doubt\w*|tempted|falsch\w*|faux|fausse)\b|错误|误以为|除非|是否"
)
# What all of a sort satisfy is said of none: "symmetric matrices satisfy A = A^T".
_OF_A_SORT = _words(
    r"\b(?:matrices|vectors|projections|functions|operators)\s+(?:that\s+)?"
    r"(?:satisfy|obey|fulfil|have|are (?:defined|characteri[sz]ed))\b"
)
# Before it in its clause, if no word that gives something stands between.
_NEGATED = _words(
    r"\b(?:not|never|cannot|no|none|without|neither|nor|hardly|rarely|seldom|barely|scarcely|"
    r"drop\w*|"
    r"relax\w*|abandon\w*|instead|rather|either|only|could|might|were|nearly|almost|approximately|"
    r"roughly|sometimes|often|usually|fail\w*|need not|nicht|kein\w*|nie|ohne|pas|jamais|sans)\b|"
    r"n't\b|不|没有|无需"
)
# What is to be shown, or follows, is claimed.
_CLAIMED = _words(
    r"\b(?:show|prove|verify|check|claims?|conjecture|hence|thus|therefore|consequently|deduce|"
    r"conclude|impl(?:y|ies)|follows|then|so(?!\s+that)|zeige\w*|beweise\w*|also|folgt|dann|somit|"
    r"montrer|donc|alors)\b|证明|那么|所以|因此"
)
_GIVES = _words(
    r"\b(?:let|suppos\w+|assum\w+|given|where|with|since|because|if|when|whenever|provided|"
    r"such that|whose|for|sei|seien|wobei|mit|da|weil|soit|où|avec|car)\b|设|其中|因为"
)
# A supposition is denied as well as a statement: "we do not assume that ..".
_STATES = _words(r"\b(?:where|with|since|because|such that|let|whose|wobei|weil|où|car)\b|设|其中")
_CONDITIONS = _words(
    r"\b(?:if|when|whenever|case|need\w*|require\w*|provided|as long as|wenn|si|sofern|"
    r"falls(?! (?:on|to|into|off|below|under|by|out|back|short|from)\b))\b|"
    r"如果|若|当"
)
# "For symmetric A, .." of an A that is known is a condition, too.
_FOR = _words(
    r"\b(?:for|für|pour)\s+(?:an?\s+|any\s+|all\s+|every\s+|each\s+|some\s+)?(?:\w+\s+)?$"
)
# Behind it in its clause.
_AFTER = _words(
    r"\b(?:not|never|fail\w*|false|wrong|were|would|impossible|only|sometimes|occasionally|rarely|"
    r"temporarily|for (?:a|the) moment|"
    r"up to|in expectation|on average|approximately|if|iff|unless|when|whenever|provided|or|oder|"
    r"ou|about|about its|on (?:a|the|some|its)|"
    r"(?:in|for) (?:the|this|that|some|one|most|certain) (?:\w+ )?"
    r"(?:cases?|sections?|chapters?|parts?|examples?|exercises?|limit))\b|n't\b"
)
_BREAKS = re.compile(
    r"[,:;()，、：]|\b(?:but|although|though|while|however|yet|aber)\b", re.IGNORECASE
)
_HARMLESS = _words(
    r"\bwith(?:out)?(?:\s+any)? loss of generality\b|\bw\.?l\.?o\.?g\b\.?|"
    r"\bnot (?:hard|difficult)\b|\bnot only\b|"
    r",\s*(?:however|in general|of course|though|therefore|for now)\s*,"
)
_ABBREVIATED = re.compile(
    r"\b(i\.\s?e|e\.\s?g|w\.r\.t|resp|cf|d\.\s?h|z\.\s?B|Eq|Fig|vs)\.", re.IGNORECASE
)
_ASKS = re.compile(
    r"^\W*(?:(?:so|and|but|now|then)\s+)?(?:is|are|does|do|did|can|could|may|must|should|"
    r"would|will|has|have|why|what if|under (?:which|what)|for (?:which|what)|"
    r"when|true or false|ist|sind|gilt|est-ce)\b",
    re.IGNORECASE,
)
# Behind it a sentence is done with its conditions: "0 if x < a and x otherwise, where a > 0".
_OTHERWISE = re.compile(r"\b(?:otherwise|else|sonst|sinon)\b\s*,", re.IGNORECASE)
_LONE = re.compile(r"\W*\w+\W*")
_ENDS = re.compile(r"[.。;；](?=\s|\$|$)|\n\s*\n|(?<!=)(?<!= )(?<!=\,)\?|\\begin\{|\\\[|\$\$")
_COMMANDS = re.compile(rf"\\[A-Za-z]+\*?|{COMMENT_FILL}")
_FALSE = re.compile(r"\s*(?:\$|\\\))?\s*is (?:false|wrong|not true|incorrect)\b", re.IGNORECASE)
_REACH = 300


_ATTITUDES = _words(
    r"\b(?:assum\w+|suppos\w+|think\w*|believ\w+|claim\w*|say\w*|conclude\w*|true|case|"
    r"hold\w*|had|would|"
    r"pretend\w*|imagin\w+|annehm\w+|glaub\w+)\b|假设|认为"
)


def is_denied(text: str, start: int, end: int) -> bool:
    """Whether the words around an equation say that it does not hold, "it is a mistake to assume
    that x = y", or ask whether it does: then it defines nothing."""
    before, behind, asks = _around(text, start, end)
    clause = _BREAKS.split(before)[-1]
    if _ABSURD.search(before) or _ABSURD.search(behind):
        return True
    if asks and _ASKS.search(before) and (_ATTITUDES.search(before) or _LONE.fullmatch(before)):
        return True
    if re.match(r"\s*\$?\s*(?:were|would)\b", behind, re.IGNORECASE):
        return True
    wrong = _WRONG.search(clause) or _last(_NEGATED, clause) > _last(_STATES, clause)
    return bool(wrong) and _ATTITUDES.search(clause) is not None


def is_called_false(text: str, end: int) -> bool:
    """Whether the words behind an equation say that it is false, which claims the contrary."""
    return _FALSE.match(text, end) is not None


def _around(text: str, start: int, end: int) -> tuple[str, str, bool]:
    """The words of the sentence before a place, those behind it, and whether it is a question."""
    before = _plain(_ABBREVIATED.sub(_undotted, text[max(0, start - _REACH) : start]))
    before = SENTENCE.split(before)[-1]
    before = before.rpartition("?")[2] if "= ?" not in before else before
    rest = text[end : end + _REACH]
    close = _ENDS.search(rest)
    behind = _plain(rest[: close.start()] if close else rest)
    return before, behind, close is not None and close[0] == "?"


def mood_of(text: str, start: int, end: int, named: str = "") -> Mood:
    r"""The mood of what stands at these places of a document without its comments.  "For symmetric
    $A$, .." is a condition where the name, as LaTeX, has been mentioned before."""
    before, behind, asks = _around(text, start, end)
    if asks and _ASKS.search(before):
        return Mood.DOUBTED
    if _is_doubted(before, behind):
        return Mood.DOUBTED
    is_for = _FOR.search(re.sub(r"[$(]\s*$", "", before))
    conditions = _CONDITIONS.search(_OTHERWISE.split(before)[-1])
    if conditions or (is_for and _mentioned(named, text[:start])):
        return Mood.CONDITION
    return Mood.GIVEN


def _mentioned(named: str, text: str) -> bool:
    return re.search(rf"(?<![A-Za-z\\]){re.escape(named)}(?![A-Za-z])", text) is not None


def _undotted(found: re.Match[str]) -> str:
    return found[0].replace(".", " ")


def _plain(text: str) -> str:
    """Words without the commands and what is harmless among them, at no particular offsets."""
    return _HARMLESS.sub(" ", _COMMANDS.sub(" ", text))


def _is_doubted(before: str, behind: str) -> bool:
    if _ABSURD.search(before) or _ABSURD.search(behind):
        return True
    clause = _BREAKS.split(before)[-1]
    if (
        _WRONG.search(clause)
        or _OF_A_SORT.search(clause)
        or re.search(r"\btrue or false\b", before, re.IGNORECASE)
    ):
        return True
    if _last(_NEGATED, clause) > _last(_STATES, clause):
        return True
    if _last(_CLAIMED, before) > _last(_GIVES, before):
        return True
    after = re.split(
        r"[,:;()$，：]|\b(?:but|and|although|though|while|however|yet|where|which)\b",
        behind.lstrip(" $)"),
    )[0]
    return _AFTER.search(after) is not None


def _last(words: re.Pattern[str], text: str) -> int:
    return max((found.start() for found in words.finditer(text)), default=-1)
