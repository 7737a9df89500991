"""A decorated letter as MathML: the character of its alphabet, under its accents.

The idea: bold, script and blackboard letters are characters of their own in Unicode, so no style
sheet has to make them, and copied text keeps them.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape

from derive.notation import ACCENTS, ALPHABETS, GREEK, SYMBOLS
from derive.notation.names import parts

# First code point of each mathematical alphabet: (capitals, small letters, digits).
_STYLES = {
    "bold": (0x1D400, 0x1D41A, 0x1D7CE),
    "bold-italic": (0x1D468, 0x1D482, 0x1D7CE),
    "script": (0x1D49C, 0x1D4B6, None),
    "fraktur": (0x1D504, 0x1D51E, None),
    "double-struck": (0x1D538, 0x1D552, 0x1D7D8),
    "sans": (0x1D5A0, 0x1D5BA, 0x1D7E2),
    "mono": (0x1D670, 0x1D68A, 0x1D7F6),
}
_GREEK_STYLES = {"bold": (0x1D6A8, 0x1D6C2), "bold-italic": (0x1D71C, 0x1D736)}
_GREEK_VARIANTS = "∂ϵϑϰϕϱϖ"  # they follow omega in the mathematical alphabets, in this order

# Letters that Unicode had before it had the alphabets; their places in the blocks are empty.
_HOLES = {
    "script": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "fraktur": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
    "double-struck": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
}


def drawn(base: str, spelled: str | None) -> str:
    """The markup of a base as its document spells it, or as it is where that has no character."""
    if spelled is None:
        return letters(base)
    core = parts(spelled).core
    plain = core.lstrip("\\") in GREEK or core.lstrip("\\") in SYMBOLS or "\\" not in core
    return letters(spelled if plain else base)


@lru_cache(maxsize=4096)
def letters(base: str) -> str:
    """A decorated base: letters of its alphabet under its accents."""
    accents, alphabet, core = parts(base)
    style = ALPHABETS.get(alphabet or "", "")
    markup = _core(core, style)
    for accent in reversed(accents):
        markup = accented(accent, markup)
    return markup


def accented(accent: str, markup: str) -> str:
    """One element under (or over) the mark of an accent command."""
    row = ACCENTS[accent]
    stretch = "true" if row.wide else "false"
    mark = f'<mo stretchy="{stretch}">{escape(row.char)}</mo>'
    tag, keep = ("munder", "accentunder") if row.below else ("mover", "accent")
    return f'<{tag} {keep}="true">{markup}{mark}</{tag}>'


def _core(core: str, style: str) -> str:
    bare = core.lstrip("\\")
    char = core
    if core.startswith("\\"):
        char = GREEK.get(bare) or SYMBOLS.get(bare) or bare
    if style in _STYLES or style in _GREEK_STYLES:
        char = "".join(_styled(letter, style) for letter in char)
    if len(char) == 1 and core.startswith("\\") and bare in SYMBOLS and not char.isalpha():
        return f'<mi mathvariant="normal">{char}</mi>'
    if char.isdigit():
        return f"<mn>{char}</mn>"
    if char in "*+-":
        return f"<mo>{'∗' if char == '*' else char}</mo>"
    # A lone letter is italic unless told otherwise; capital Greek is upright in TeX.
    upright = len(char) == 1 and (style == "upright" or (bare in GREEK and bare[0].isupper()))
    variant = ' mathvariant="normal"' if upright else ""
    return f"<mi{variant}>{escape(char)}</mi>"


def _styled(letter: str, style: str) -> str:
    """A letter in a mathematical alphabet, or itself where the alphabet lacks it."""
    if letter in _HOLES.get(style, {}):
        return _HOLES[style][letter]
    capital, small, zero = _STYLES[style]
    if "A" <= letter <= "Z":
        return chr(capital + ord(letter) - ord("A"))
    if "a" <= letter <= "z":
        return chr(small + ord(letter) - ord("a"))
    if "0" <= letter <= "9" and zero is not None:
        return chr(zero + ord(letter) - ord("0"))
    if style in _GREEK_STYLES:
        capital, small = _GREEK_STYLES[style]
        if "Α" <= letter <= "Ω":
            return chr(capital + ord(letter) - ord("Α"))
        if "α" <= letter <= "ω":
            return chr(small + ord(letter) - ord("α"))
        if letter in _GREEK_VARIANTS:
            return chr(small + 25 + _GREEK_VARIANTS.index(letter))
    return letter
