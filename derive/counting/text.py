r"""A document as plain sentences: formulas among the words become numbers, sizes and letters.

The idea: "$3 \times 3$", "3×3" and "3 x 3" are one thing to a reader, so they become 3x3
before any sentence is looked at; a letter that is a size stands between angle quotes, so that no
article is taken for one.  Every character keeps the place that it came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from derive.latex.lexemes import COMMENT_FILL
from derive.latex.segment import Document
from derive.tree import Tree

_UNITS = dict(one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9)
_TENS = dict(
    twenty=20, thirty=30, forty=40, fifty=50, sixty=60, seventy=70, eighty=80, ninety=90,
)  # fmt: skip
# Longer words first: sixty-four is no sixty.
_NUMBERS = {
    **{f"{unit} hundred": 100 * n for unit, n in _UNITS.items()},
    **{f"{ten}-{unit}": n + k for ten, n in _TENS.items() for unit, k in _UNITS.items()},
    **_TENS,
    **dict(
        eleven=11, twelve=12, thirteen=13, fourteen=14, fifteen=15, sixteen=16, seventeen=17,
        eighteen=18, nineteen=19, ten=10, hundred=100, single=1,
    ),
    **_UNITS,
}  # fmt: skip
_WORDED = "|".join(_NUMBERS)
_POWERS = dict(thousand=10**3, million=10**6, billion=10**9)
_LETTER = re.compile(r"(?:\\[A-Za-z]+|[A-Za-z])(?:_(?:[A-Za-z0-9]|\{[A-Za-z0-9]+\}))?\Z")
_SIGNS = (
    (re.compile(r"\\(?:mathbf|mathrm|text|mathit|boldsymbol)\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\#"), "#"),
    (re.compile(r"\\(?:times|cdot)(?![A-Za-z])"), "x"),
    (re.compile(r"\\(?:to|rightarrow|longrightarrow)(?![A-Za-z])"), "->"),
    (re.compile(r"\{,\}|\\[,;!: ]"), ""),
)
_COUNT = re.compile(
    r"(?:\\(?:text|mathrm)\s*\{)?\s*(?:\\?#\s*(?:of\s+)?|\\text\s*\{|number of\s+|total\s+)*"
    r"(?:(?:trainable|learnable)\s+)?param(?:eter)?s\s*\}?\s*=\s*(\?|[^=?]+)$",
    re.IGNORECASE,
)
_NAMES = re.compile(
    r"\W*(?:number of )?(?:trainable |learnable )?param(?:eter)?s\W*", re.IGNORECASE
)
_SPLIT = re.compile(
    r"(?<=[.?!;])\s+|\n\s*\n|\\(?:item|question|(?:sub)*part)\b(?:\[[^\]]*\])?|\\\\|"
    r"\\(?:sub)*(?:section|paragraph)\*?"
)
_COMMANDS = re.compile(r"\\(?:emph|textbf|textit|underline)\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """The words of a sentence, in small letters, and where each character stands in the source."""

    words: str
    places: tuple[int, ...]
    starts: bool = False  # a new paragraph or item

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the source of some of its characters."""
        return self.places[start], self.places[max(start, end - 1)] + 1

    @property
    def whole(self) -> tuple[int, int]:
        inner = self.words.strip()
        at = self.words.find(inner)
        return self.span(at, at + len(inner))


def sentences(document: Document) -> Iterator[Sentence]:
    """The sentences of a document, formulas among them written as plain text."""
    text, places = _flat(document)
    at = 0
    for found in [*_SPLIT.finditer(text), None]:
        end = len(text) if found is None else found.start()
        # The sign that ends a sentence belongs to it.
        words = text[at:end]
        if words.strip():
            yield Sentence(_small(words), tuple(places[at:end]))
        at = len(text) if found is None else found.end()


def _small(words: str) -> str:
    """Small letters, but for those of sizes and formulas."""
    kept = re.compile(r"«[^»]*»|⟦[^⟧]*⟧|[^«⟦]+")
    return kept.sub(lambda m: m[0] if m[0][0] in "«⟦" else m[0].lower(), words)


def _flat(document: Document) -> tuple[str, list[int]]:
    plain = document.plain.replace(COMMENT_FILL, " ")
    body = plain.find(r"\begin{document}")
    at = 0 if body < 0 else body + len(r"\begin{document}")
    pieces: list[str] = []
    places: list[int] = []

    def put(text: str, start: int, end: int) -> None:
        if text == " " and pieces and pieces[-1].endswith(" "):
            return
        pieces.append(text)
        width = max(0, end - start - 1)  # the first stays the first, the last the last
        if len(text) == end - start:
            places.extend(range(start, end))
        else:
            places.extend(start + k * width // max(1, len(text) - 1) for k in range(len(text)))

    for formula in document.formulas:
        if formula.start < at:
            continue
        _prose(plain, at, formula.start, put)
        start = formula.start
        for row in re.split(
            r"(\\\\(?:\[[^\]]*\])?|\\q?quad(?![A-Za-z]))", plain[start : formula.end]
        ):
            if row.startswith("\\"):
                if re.match(r"\\\\", row):
                    put(". ", start, start + len(row))
            elif row.strip():
                at = start + len(row) - len(row.lstrip())
                shown = _formula(row.replace("&", "")).strip()
                apart = "\n\n" if shown[0] == "#" else " " if shown[0] in "⟦=" else ""
                put(apart, at, at)
                put(shown, at, start + len(row.rstrip()))
                put(apart if not formula.display else "\n\n", at, at)
            start += len(row)
        at = formula.end
    _prose(plain, at, len(plain), put)
    return "".join(pieces), places


_WORDS = re.compile(
    r"\\begin\{[a-zA-Z*]+\}|\\end\{[a-zA-Z*]+\}|\\[\[\]()]|\$+|"  # what stood around a formula
    r"(?P<sizes>\d+(?:\s*(?:[x×]|\bby\b)\s*\d+)+)|"
    r"(?P<letter>\b(?-i:[B-HJ-Z])\b"
    r"(?= (?:input|hidden|output|unit|class|filter|channel|feature|neuron)))|"
    r"(?P<large>\d+(?:\.\d+)?) (?P<power>thousand|million|billion)\b|"
    r"(?P<long>\d{1,3}(?:,\d{3})+(?!,?\d))|"
    rf"(?P<worded>\b(?:{_WORDED})(?:[- ]by[- ](?:{_WORDED}))+\b)|"
    rf"(?P<word>\b(?:{_WORDED})\b"
    r"(?=\s|-(?:layer|stage|block|pixel|channel|class|unit|neuron|head|fold)s?\b)|"
    # at the end of a clause "one" is a number only behind what it measures
    rf"\b(?:(?!one\b|single\b|hundred\b)(?:{_WORDED})|"
    r"(?:(?<=\bof )|(?<=\bpad )|(?<=\bpadding )|(?<=\bstride )|(?<=\bby )|(?<=\bis ))one)"
    r"\b(?=[.,;:?!)]))|(?P<other>\\\\|[a-z]+|.)",
    re.IGNORECASE | re.DOTALL,
)


def _prose(plain: str, start: int, end: int, put) -> None:
    for found in _WORDS.finditer(plain, start, end):
        if found["sizes"]:
            put(re.sub(r"\s*(?:[x×]|by)\s*", "x", found["sizes"]), *found.span())
        elif found["large"] and float(found["large"]) < 10**6:
            power = _POWERS[found["power"].lower()]
            put(str(round(float(found["large"]) * power)), *found.span())
        elif found["letter"]:
            put(f"«{found['letter']}»", *found.span())
        elif found["long"]:
            put(found["long"].replace(",", ""), *found.span())
        elif found["worded"]:
            sides = re.split(r"[- ]by[- ]", found["worded"].lower())
            put("x".join(str(_NUMBERS[side]) for side in sides), *found.span())
        elif found["word"]:
            put(str(_NUMBERS[found["word"].lower()]), *found.span())
        elif found["other"]:
            put(found["other"], *found.span())


def _formula(inside: str) -> str:
    """A formula as plain text: numbers and sizes as they are, letters between angle quotes."""
    counted = _COUNT.match(inside.strip().rstrip(".,"))
    if counted:
        value = re.sub(r"\\[,;:!]|\{,\}", "", counted[1]).strip()
        plain = re.fullmatch(r"[0-9]+|[?]", value)
        return f"# parameters = {value if plain else f'⟦{value}⟧'}"
    if inside.strip().startswith("=") and not inside.strip().endswith("?"):
        return "= " + _formula(inside.strip()[1:]).strip()
    text = inside
    for pattern, instead in _SIGNS:
        text = pattern.sub(instead, text)
    text = re.sub(r"\s+", "", text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    for mark in ("x", "->"):
        parts = text.split(mark)
        if all(part.isdigit() or _LETTER.match(part) for part in parts):
            return mark.join(p if p.isdigit() else f"«{p.replace('{', '').replace('}', '')}»"
                             for p in parts)  # fmt: skip
    if re.fullmatch(r"=?\?|=\\?\w*\?", text):
        return "= ?"
    return f" ⟦{inside.strip()}⟧ "


def is_count(left: Tree) -> bool:
    r"""Whether a left side is the number of parameters in words: \#\text{params}."""
    words = [str(n.kids[0]) for n in left.subtrees() if n.head in ("name", "text")]
    return left.head in ("name", "text", "juxt") and bool(_NAMES.fullmatch(" ".join(words)))
