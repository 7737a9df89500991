"""TeX's own atoms: control words, single characters, and where each of them stands.

Unicode mathematics is spelled out in LaTeX here, so that every later stage sees one alphabet.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from derive.latex.faults import Unreadable

COMMENT_FILL = "\x01"  # Stands where a comment was; unlike a space it cannot make a line blank.

_ATOM = re.compile(r"(?P<gap>[\s~\x01\ufeff\u200b]+)|(?P<atom>\\[A-Za-z]+|\\.|.)", re.DOTALL)
_COMBINING = {
    "\u0302": r"\hat", "\u0303": r"\tilde", "\u0304": r"\bar", "\u0305": r"\bar",
    "\u0307": r"\dot", "\u0308": r"\ddot", "\u20d7": r"\vec",
}  # fmt: skip
_GREEK = {
    letter: "\\" + name
    for letter, name in zip(
        "αβγδεζηθικλμνξπρςστυφχψωϵϑϕϱϖΓΔΘΛΞΠΣΥΦΨΩ",
        [
            "alpha",
            "beta",
            "gamma",
            "delta",
            "varepsilon",
            "zeta",
            "eta",
            "theta",
            "iota",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "pi",
            "rho",
            "varsigma",
            "sigma",
            "tau",
            "upsilon",
            "varphi",
            "chi",
            "psi",
            "omega",
            "epsilon",
            "vartheta",
            "phi",
            "varrho",
            "varpi",
            "Gamma",
            "Delta",
            "Theta",
            "Lambda",
            "Xi",
            "Pi",
            "Sigma",
            "Upsilon",
            "Phi",
            "Psi",
            "Omega",
        ],
        strict=True,
    )
}
_SYMBOLS = {
    "−": "-", "–": "-", "‐": "-", "·": r"\cdot", "⋅": r"\cdot", "•": r"\cdot", "×": r"\times",
    "÷": "/", "∕": "/", "⁄": "/", "∗": "*", "⊙": r"\odot", "∘": r"\circ", "◦": r"\circ",
    "⊗": r"\otimes", "⊕": r"\oplus", "±": r"\pm", "∓": r"\mp", "∂": r"\partial", "∇": r"\nabla",
    "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "∈": r"\in", "∉": r"\notin", "≤": r"\le",
    "⩽": r"\le", "≥": r"\ge", "⩾": r"\ge", "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv",
    "∼": r"\sim", "∝": r"\propto", "≔": r":=", "≜": r"\triangleq", "≪": r"\ll", "≫": r"\gg",
    "→": r"\to", "⟶": r"\to", "←": r"\gets", "↦": r"\mapsto", "⇒": r"\Rightarrow",
    "⇔": r"\Leftrightarrow", "∀": r"\forall", "∞": r"\infty", "∥": r"\|", "‖": r"\|", "∣": "|",
    "⟨": r"\langle", "⟩": r"\rangle", "〈": r"\langle", "〉": r"\rangle", "⌊": r"\lfloor",
    "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "…": r"\dots", "⋯": r"\cdots",
    "⋮": r"\vdots", "⋱": r"\ddots", "′": "'", "″": "''", "ℓ": r"\ell", "√": r"\sqrt",
    "⊤": r"\top", "⊥": r"\perp", "∪": r"\cup", "∩": r"\cap", "⊂": r"\subset", "⊆": r"\subseteq",
    "。": ".", "、": ",", "，": ",", "½": r"\frac12", "¼": r"\frac14", "𝟙": r"\mathbb{1}",
    "‘": "'", "’": "'", "【": "[", "】": "]", "⊺": r"\top", "≻": r"\succ", "⪰": r"\succeq",
}  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀᵗ", "0123456789+-=()niTt", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ᵢⱼₖₗₘₙₜₓ", "0123456789+-=()ijklmntx", strict=True))
_STYLES = (
    ("BOLD", r"\mathbf"), ("SCRIPT", r"\mathcal"), ("FRAKTUR", r"\mathfrak"),
    ("BLACK-LETTER", r"\mathfrak"), ("DOUBLE-STRUCK", r"\mathbb"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A control sequence or one character, the span it came from, and how it came.

    ``gap``: blank space stands before it; ``depth``: how many macros it was expanded from.
    """

    text: str
    start: int
    end: int
    gap: bool = False
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """A typed token; ``spelled`` keeps how the author wrote a name that has a canonical form."""

    type: str
    text: str
    start: int
    end: int
    spelled: str = ""


def lexemes(text: str, start: int, end: int) -> list[Lexeme]:
    """The atoms of ``text[start:end]``, in order; a foreign character raises ``Unreadable``."""
    out: list[Lexeme] = []
    gap = False
    at = start
    while at < end:
        found = _ATOM.match(text, at, end)
        assert found is not None
        at = found.end()
        if found["gap"]:
            gap = True
            continue
        atom = found["atom"]
        if atom.isascii():
            out.append(Lexeme(atom, found.start(), at, gap))
        else:
            at = _foreign(text, found.start(), end, gap, out)
        gap = False
    return out


def _foreign(text: str, at: int, end: int, gap: bool, out: list[Lexeme]) -> int:
    """Spell a non-ASCII character in LaTeX; the offset behind what it took."""
    letter = text[at]
    if letter in _COMBINING and out:
        # The mark stands behind its letter in Unicode and before it in LaTeX.
        base = out.pop()
        out.append(Lexeme(_COMBINING[letter], base.start, at + 1, base.gap))
        out += [Lexeme("{", base.start, at + 1), base, Lexeme("}", base.start, at + 1)]
        return at + 1
    for sign, table in (("^", _RAISED), ("_", _LOWERED)):
        if letter in table:
            stop = at
            while stop < end and text[stop] in table:
                stop += 1
            inside = "".join(table[raised] for raised in text[at:stop])
            spelling = r"^\top" if inside == "T" and letter == "ᵀ" else f"{sign}{{{inside}}}"
            out.extend(_spelled(spelling, at, stop, gap))
            return stop
    spelling = spell(letter)
    if spelling is None and _is_word_letter(letter):
        stop = at
        while stop < end and _is_word_letter(text[stop]):
            stop += 1
        # Words survive as atoms: inside \text{..} they are welcome, elsewhere they are named.
        out.append(Lexeme(text[at:stop], at, stop, gap))
        return stop
    if spelling is None:
        out.append(Lexeme(letter, at, at + 1, gap))
        return at + 1
    out.extend(_spelled(spelling, at, at + 1, gap))
    return at + 1


def _spelled(spelling: str, start: int, end: int, gap: bool) -> list[Lexeme]:
    atoms = re.findall(r"\\[A-Za-z]+|\\.|\S", spelling)
    return [Lexeme(atom, start, end, gap and not at) for at, atom in enumerate(atoms)]


def _is_word_letter(letter: str) -> bool:
    return not letter.isascii() and letter.isalpha() and spell(letter) is None


@lru_cache(maxsize=4096)
def spell(letter: str) -> str | None:
    """The LaTeX of one non-ASCII mathematical character, or None if it has none."""
    if letter in _SYMBOLS:
        return _SYMBOLS[letter]
    if letter in _GREEK:
        return _GREEK[letter]
    plain = unicodedata.normalize("NFKC", letter)
    named = unicodedata.name(letter, "")
    if len(plain) == 1 and plain != letter and (plain.isascii() or plain in _GREEK):
        base = _GREEK.get(plain, plain)
        if named.startswith("FULLWIDTH"):
            return base
        if named.startswith("MATHEMATICAL") or ord(letter) in range(0x2100, 0x2150):
            for style, command in _STYLES:
                if style in named:
                    return f"{command}{{{base}}}"
            return base
    return None


def foreign_fault(atom: Lexeme) -> Unreadable:
    """The complaint about a character that has no reading in mathematics."""
    if atom.text.isalpha():
        complaint = f"the word `{atom.text}` stands inside a formula"
    else:
        named = unicodedata.name(atom.text[0], f"U+{ord(atom.text[0]):04X}").lower()
        complaint = f"`{atom.text}` ({named}) has no meaning inside a formula"
    return Unreadable(
        "foreign-character",
        complaint,
        (atom.start, atom.end),
        help=r"write words as `\text{..}`, and symbols as LaTeX commands",
    )
