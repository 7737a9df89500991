"""Which count a sentence asks for or claims: the words of questions and of claims.

The idea: question and claim are the same sentence, one without its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from derive.counting.lexicon import marks

_N = r"(\d+|«[^»]+»)"
_C = r"(\d+|«[^»]+»|⟦[^⟧]+⟧)"
_D = r"((?:\d+|«[^»]+»)(?:x(?:\d+|«[^»]+»))+)"
VAGUE = re.compile(
    r"\b(?:about|approximately|roughly|around|nearly|almost|at (?:least|most)|more|less|fewer|over|"
    r"up to|each|per|every|previous|other|another|instead|would|if|not|compared|than|too)\b"
)
# Questions that compare, or that ask for more than one count.
COMPARES = re.compile(
    r"\b(?:compared?|ratio|fewer|less|more|save[sd]?|savings?|factor|times as|reduction|percent\w*|"
    r"fraction|difference|twice|half|per (?:layer|head|gate|neuron|unit)|instead|active|"
    r"non-trainable|if (?=[^?]*\b(?:were|would|had|replac\w+|remov\w+|doubl\w+|halv\w+)))\b|%"
)
_ASKS = re.compile(
    r"\?\s*$|= \?|^\W*(?:\(?[a-z0-9]\)\s*)?"
    r"(?:find|compute|calculate|determine|give|state|count|what|how|derive)\b|\?"
)
# What may be counted, and is asked beside something else: "the parameters and the output size".
_NOUNS = (
    r"(?:(?:the|its|their|total|trainable|learnable|output|spatial|resulting|number|of) )*"
    r"(?:parameters|params|parameter count|weights|connections|activations|neurons|multiplications|"
    r"multiply-adds|macs|flops|operations|memory|receptive field|(?<=the )output|(?<=its )output|"
    r"(?:output|feature map|activation) (?:volume )?(?:size|shape|dimension|volume|height|width)s?)"
    r"(?=\s*[?.,;]|\s*$| (?:of (?:the|this|each|a)|does|do|are|is|in|has|have|needed|and)\b)"
)
_AFTER_NOUN = "|".join(
    f"(?<={noun})" for noun in (
        "parameters", "params", "weights", "multiplications", "multiply-adds", "activations",
        "flops", "macs", "memory", "field", "output size", "output shape", "output volume",
    )
)  # fmt: skip
_PART = re.compile(
    r",? and (?=(?:how|what|which|find|compute|calculate|the number of)\b)|"
    rf"(?:{_AFTER_NOUN}),? and (?={_NOUNS})|"
    rf"(?:,|,? and) (?=(?:the |its |their |(?:total )?number of ){_NOUNS})|"
    rf"(?:[,;]|,? and|:)? \((?:[a-z]|[ivx]+)\) (?={_NOUNS}|(?:how|what|which|find|compute)\b)|"
    r"[,;:] (?=(?:how|what|which|find|compute)\b)"
)
_PARAMS = (
    r"\b(?:trainable |learnable |free )?"
    r"(?:parameters|params|parameter counts?|weights and biases)\b"
)
_MANY = r"how many|number of|count(?: of| its)?\b|#|total\b"
_SIZE = (
    r"(?:output|spatial|resulting|feature map|activation|intermediate)[^.?]{0,30}"
    r"\b(?:sizes?|shapes?|dimensions?|volume|resolution|length|height|width)\b"
    r"|\b(?:sizes?|shapes?|dimensions?|volume|resolution|length|height|width) (?:of|"
    r"after)[^.?]{0,30}"
    r"\b(?:output|feature map|activation|result|layer|conv|pool)|"
    r"what is the output(?: volume)?\W*$"
)
_SOUGHT = r"(?:what|which|how (?:large|big|wide)|find the|determine the)"
_KINDS = (
    ("stack", r"how many[^?]*(?:convolution|layer)[^?]*receptive field", r""),
    ("effective kernel", r"effective (?:kernel|filter|window)|effective size of the", r""),
    ("head width", r"(?:dimension|size|width)(?:ality)? (?:of|per) (?:each|a|every|1) head|"
                   r"(?:per-)?head (?:dimension|size|width)", r""),
    ("fit",
     r"\b(?:does|do|will|would|can)\b[^?]{0,40}\b(?:fit|fits|valid)\b|\bis this (?:a )?valid",
     r""),
    ("memory", r"how much memory|how many (?:kilo|mega|giga)?bytes|how many (?:kb|mb|gb)\b|"
               r"memory (?:footprint|requirement|usage|is needed)", r""),
    ("receptive field", r"receptive field", r""),
    ("operations", r"\bflops?\b|floating[- ]point operations", r""),
    ("multiply-adds", r"multiply[- ](?:adds?|accumulates?)|multiplications|multiplies|\bmacs?\b",
     _MANY),
    ("padding",
     r"(?:what|which|how much|find the)(?: is the)? (?:amount of )?(?:zero[- ]?)?padding|"
                r"(?:what|which) (?:pad|value of ⟦? ?p ?⟧?)\b", r""),
    ("kernel",
     rf"{_SOUGHT}(?: is| was| must be)?(?: the)? (?:filter|kernel|window)(?:'s)?(?: sizes?)?\b"
               r"(?! output)|size (?:must|should) (?:the |a )?(?:filters?|kernels?|window)|"
               rf"{_SOUGHT}(?: is| was)? the size of the (?:filters?|kernels?|window)", r""),
    ("stride", rf"{_SOUGHT}(?: is| was| must be)?(?: the)? stride\b", r""),
    ("input",
     rf"{_SOUGHT}(?: is| was| must be)?(?: the)? (?:spatial )?(?:size|height|width|shape)s? of the"
              rf" input|{_SOUGHT}(?: is| was)?(?: the)? input (?:size|width|height)|"
              r"how large (?:is|was|must) the input", r""),
    ("filters", r"how many (?:filters|kernels|output channels)|number of (?:filters|kernels)", r""),
    ("channels", r"how many (?:input )?channels|number of (?:input )?channels", r""),
    ("inputs", r"how many (?:inputs|input (?:units|neurons|features))", r""),
    ("units", r"how many (?:outputs|output units|hidden units|units)\b", r""),
    ("biases",
     r"(?:how many|number of|count the) (?:trainable |learnable )?bias(?:es| terms| parameters)\b",
     r""),
    ("connections", r"(?:how many|number of) connections", r""),
    ("weights",
     r"(?:how many|number of|count the) (?:trainable |learnable )?weights\b(?! and)", r""),
    ("parameters", _PARAMS, _MANY),
    ("weights", r"^\W*(?:and |the |total )*weights\W*\?", r""),
    ("biases", r"^\W*(?:and |the |total )*biases\W*\?", r""),
    ("parameters", rf"^\W*(?:and |the |total )*{_PARAMS}\W*\?", r""),
    ("filter depth",
     r"depth of (?:each|the|every|a|its)(?: \w+)? (?:filter|kernel)|how deep (?:is|are)[^?]*filter",
     r""),
    ("patches", r"how many (?:\w+ )?patches|number of (?:\w+ )?patches|"
                r"(?:token|sequence|patch)[^.?]{0,10} length|length of the[^.?]{0,10} sequence|"
                r"how many tokens", r""),
    ("activations",
     r"how many (?:activations|values|output values|output units|output neurons|neurons)|"
                    r"number of (?:activations|output values)", r""),
    ("output size", _SIZE, r""),
)  # fmt: skip
_KINDS_READ = tuple((k, re.compile(p), re.compile(q)) for k, p, q in _KINDS)
_CLAIMED = re.compile(
    rf"(?:\b(?:the|this|our)(?: [a-z-]+){{0,3}} (?:layer|network|model|block|mlp|cnn|cell|lstm|gru)"
    rf"|\bit|\bthere)"
    rf" (?:has|have|uses|needs|contains|requires|are)"
    rf"(?: exactly| only| a total of| in total| thus| therefore| then)* *{_C}"
    rf" *(?:trainable |learnable |free )?(?:parameters|params)\b"
    rf"|(?:number of|total) (?:trainable |learnable |free )?(?:parameters|params)"
    rf"(?: of [a-z ]{{0,30}}?| in [a-z ]{{0,30}}?)? +(?:is|are|=|equals|comes to)"
    rf"(?: thus| therefore| then| =)* *{_C}(?!x)"
    rf"|# parameters = {_C}"
    rf"|(?:has|have|contains|uses|needs|requires)(?: exactly| only| a total of| =)* (?P<own>{_C}"
    r" *(?:trainable |learnable |free )?(?:parameters|params)\b)"
)
_SIZED = re.compile(
    r"(?:output|feature map|result)(?: volume| size| shape)?(?: of [a-z ]{0,30}?)?"
    rf" (?:is|has (?:the )?(?:size|shape)|=)(?: of size| therefore| thus| =)* {_D}"
)
_SEEN = re.compile(
    rf"receptive field(?: of [a-z ]{{0,40}}?)? (?:is|has size|=)(?: =)? {_N}(?:x{_N})?"
)
_COSTS = re.compile(
    rf"(?:takes|needs|requires|costs|performs)(?: exactly| only| a total of| =)* *{_C}"
    rf" *(?:multiply[- ](?:adds?|accumulates?)|multiplications|macs)\b"
)
_CLAIMS = (("parameters", _CLAIMED), ("output size", _SIZED), ("receptive field", _SEEN),
           ("multiply-adds", _COSTS))  # fmt: skip
_LETTER = re.compile(
    r"\W*(?:\(?[a-z]\) *)?(?:what (?:is|was|must be)|find|determine|solve for) («[^»]+»)\W*$"
)
WHOLE = re.compile(r"network|model|\bcnn\b|block|\bmlp\b|altogether|in total|\btotal\b|stack")


def asks(words: str) -> bool:
    return bool(_ASKS.search(words.strip()))


def parts(words: str) -> list[tuple[int, int]]:
    """The places of the questions that a sentence puts side by side."""
    cuts = [m for m in _PART.finditer(words)]
    starts = [0, *(m.end() for m in cuts)]
    ends = [*(m.start() for m in cuts), len(words)]
    return list(zip(starts, ends, strict=True))


def kind(words: str) -> str | None:
    """What a question asks for; None where it is of something else, or of two things."""
    if (name := _kind(words)) is None:
        return None
    rest = list(words)
    for mark in marks(words):  # "one bias per gate" compares nothing
        if mark.sort == "fact":
            rest[slice(*mark.span)] = " " * (mark.span[1] - mark.span[0])
    return None if COMPARES.search("".join(rest)) else name


def noun(words: str) -> str | None:
    """What is asked for beside something else, by its noun alone: ".. and the output size"."""
    if re.match(rf"\W*{_NOUNS}", words) is None:
        return None
    return kind(re.sub(r"^\W*(?:the|its|their)? ?", "number of ", words))


def wants(words: str) -> bool:
    """Whether a part of a question asks for a number, whatever it is."""
    return bool(re.match(rf"\W*(?:how (?:many|much)\b|the number of\b|{_NOUNS})", words))


def _kind(words: str) -> str | None:
    for name, pattern, many in _KINDS_READ:
        if pattern.search(words) and many.search(words):
            return name
    return None


def letter(words: str) -> str | None:
    """The letter that a question is for: "what is F?"."""
    found = _LETTER.match(words)
    return None if found is None else found[1]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sentence says that a count is: its place in the words, and the number as a text."""

    kind: str
    span: tuple[int, int]
    number: str
    text: str
    named: bool  # with its subject

    @property
    def of_whole(self) -> bool:
        """Whether it is said of a network, of which only some layers may be described."""
        return re.search(r"network|model|\bcnn\b|\bmlp\b", self.text) is not None


def counts(words: str) -> bool:
    """Whether a sentence may ask for a count or state one; cheap, for most texts do not."""
    asked = asks(words) and (_kind(words) is not None or letter(words) is not None)
    return asked or any(True for _ in claims(words))


def claims(words: str) -> Iterator[Claim]:
    """The counts that a sentence states."""
    for name, pattern in _CLAIMS:
        found = pattern.search(words)
        if found is not None:
            own = found.groupdict().get("own")
            span = found.span("own") if own else found.span()
            number = next(g for g in found.groups() if g and g != own)
            yield Claim(name, span, number, found[0], not own)
