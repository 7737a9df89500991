r"""A sheet as LaTeX that any pdflatex compiles, whatever the words in it are.

The idea: formulas are cut into pieces that TeX flows like words and shrinks only where one piece
alone is wider than the page; characters that the fonts lack are spelled out, never passed on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import jinja2

from derive.app.sheet import (
    CHECK_HEADER,
    Sheet,
    Text,
    chained,
    columns,
    error_tree,
    inline,
    side_by_side,
)
from derive.latex.print import escaped, spelled
from derive.latex.vocabulary import FONTS, RENAMED
from derive.notation import (
    ACCENTS,
    ALPHABETS,
    BIG,
    COMMAND_WORDS,
    GREEK,
    PRODUCTS,
    RELATIONS,
    SYMBOLS,
)
from derive.notation.breaking import TEXT_ROOM, in_text, sides, width
from derive.notation.names import parts
from derive.notation.setting import is_tall
from derive.notation.written import written
from derive.tree import Tree

# Letters of these blocks are in the T1 fonts (by LaTeX's own UTF-8 tables).
_T1_LETTERS = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e]")
_T1_ABSENT = frozenset("ĦħĸŉŊŋŦŧſĿŀĈĉĜĝĤĥĴĵŜŝŬŭĀāĒēĪīŌōŪūĔĕĬĭŎŏĨĩŨũĖėĢģĶķĻļŅņŖŗŲųĮįŴŵŶŷĊċ")
_PUNCTUATION = {
    "\u00a0": "~",
    "\u00ab": r"\guillemotleft{}",
    "\u00bb": r"\guillemotright{}",
    "\u2013": "--",
    "\u2014": "---",
    "\u2018": "`",
    "\u2019": "'",
    "\u201c": "``",
    "\u201d": "''",
    "\u2026": r"\dots{}",
    "\u2212": r"$-$",
    "\u00b7": r"$\cdot$",
    "\u00d7": r"$\times$",
    "\u00b1": r"$\pm$",
    "\u00df": r"\ss{}",
    "\u00b0": r"$^\circ$",
    "\u2713": r"$\surd$",
    "\u00bd": r"$\tfrac{1}{2}$",
    "\u00b2": r"$^2$",
    "\u00b3": r"$^3$",
    "\u3001": ", ",
    "\u3002": ". ",
}
_BY_CHAR = {
    **{char: rf"$\{word}$" for word, char in (*SYMBOLS.items(), *GREEK.items())},
    **{row.char: f"${row.latex}$" for row in (*RELATIONS.values(), *PRODUCTS.values())},
    **{row.char: f"${row.latex}$" for row in BIG.values() if len(row.char) == 1},
    **_PUNCTUATION,
}
# A one in an indicator: the AMS blackboard font has letters only.
_ONE = r"\indicatorone"
_SPELLING = {r"\mathbb{1}": _ONE, r"\mathbbm{1}": _ONE, r"\mathds{1}": _ONE}
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_FALLBACKS = {
    **{command[1:]: font for command, font in FONTS.items() if command != font},
    **{command[1:]: sign for command, sign in RENAMED.items()},
    "bm": r"\boldsymbol",
    "pmb": r"\boldsymbol",
    "mathscr": r"\mathcal",
    "omicron": "o",
}
_KNOWN = (
    (frozenset(ALPHABETS) | frozenset(ACCENTS) | COMMAND_WORDS | {*GREEK, *SYMBOLS})
    | {
        match[1]
        for row in (*RELATIONS.values(), *PRODUCTS.values(), *BIG.values())
        for match in _COMMAND.finditer(row.latex)
    }
    | {"left", "right", "Biggl", "Biggr", "lvert", "rvert", "lVert", "rVert", "langle", "rangle"}
    | {"lfloor", "rfloor", "lceil", "rceil", "frac", "tfrac", "sqrt", "dots", "surd", "ss"}
    | {"guillemotleft", "guillemotright"}
    | {"textbackslash", "textasciicircum", "textasciitilde"}
) - frozenset(_FALLBACKS)


def render_tex(sheet: Sheet) -> str:
    """The source of the page; it asks for ams, mathtools, xcolor, tikz, booktabs and lmodern."""
    return rendered("sheet.tex.j2", Setter(sheet.spelling), sheet=sheet)


class Setter:
    """Words and formulas as LaTeX, in the spelling of one document."""

    def __init__(self, spelling: Mapping[str, str]) -> None:
        self.spelling = {**_SPELLING, **{base: _one(text) for base, text in spelling.items()}}

    def words(self, text: Text) -> str:
        """Words with formulas among them."""
        return _words(text, self.spelling)

    def flow(self, formula: Tree) -> str:
        """A formula on a line of its own, in pieces between which the line may break."""
        made = (
            "\\innercut%\n".join(rf"\piece{{{_piece(piece, self.spelling)}}}" for piece in side)
            for side in sides(formula)
        )
        return "\\sidecut%\n".join(made)

    def formula(self, node: Tree) -> str:
        return rf"${_math(written(node), self.spelling)}$"

    def displayed(self, node: Tree) -> str:
        return rf"$\displaystyle {_math(written(node), self.spelling)}$"


def rendered(name: str, setter: Setter, **content: object) -> str:
    """A page of the templates folder, with a definition of every command that TeX may lack."""
    body = _template(name).render(
        words=setter.words,
        flow=setter.flow,
        line=lambda left, right: setter.flow(chained(left, right)),
        formula=setter.formula,
        displayed=setter.displayed,
        kind=lambda block: type(block).__name__,
        check_header=CHECK_HEADER,
        error=error_tree,
        side_by_side=side_by_side,
        columns=columns,
        fallbacks="@FALLBACKS@",
        **content,
    )
    own = _source("preamble.tex.j2") + _source(name)
    return body.replace("@FALLBACKS@", fallbacks(body, own), 1)


def _one(spelled: str) -> str:
    """The spelling of a symbol, or our own sign where it is a blackboard one."""
    _, alphabet, core = parts(spelled)
    return _ONE if core == "1" and ALPHABETS.get(alphabet or "") == "double-struck" else spelled


def _piece(piece: Tree, spelling: Mapping[str, str]) -> str:
    """A piece of a line; a relation at its start keeps its space on both sides."""
    goes_on = piece.head == "chain" and piece.kids[0] is None
    return "{}" * goes_on + _math(piece, spelling)


def _math(node: Tree, spelling: Mapping[str, str]) -> str:
    source = spelled(node, spelling)
    return source if source.isascii() else "".join(_mathematical(run) for run in _runs(source))


def _mathematical(run: str) -> str:
    """A run of a formula: what is not ASCII is a sign of the table, or words."""
    if run.isascii():
        return run
    signs = [_BY_CHAR.get(char, "") for char in run]
    if all(sign.startswith("$") for sign in signs):
        return " ".join(sign.strip("$") for sign in signs) + " "
    return rf"\text{{{printable(run)}}}"


def _runs(text: str) -> list[str]:
    return re.findall(r"[\x00-\x7f]+|[^\x00-\x7f]+", text)


def _words(text: Text, spelling: Mapping[str, str]) -> str:
    made = []
    for part in inline(text):
        if isinstance(part, Tree):
            first, *rest = in_text(part)
            if rest or width(first) > TEXT_ROOM:
                cut = (rf"\textpiece{{{_piece(piece, spelling)}}}" for piece in (first, *rest))
                made.append("".join(cut))
            else:
                style = r"\displaystyle " if is_tall(first) and first.head != "frac" else ""
                made.append(f"${style}{_math(first, spelling)}$")
        else:
            made.append(printable(part))
    return "".join(made)


def printable(text: str) -> str:
    """Words that T1 fonts can print: accents kept, signs set as maths, other scripts named.

    A run of letters that have no Latin spelling becomes ``[CJK text, 4 characters]``: visible, and
    never a reason for the compiler to stop.
    """
    text = unicodedata.normalize("NFC", text)
    made: list[str] = []
    unknown: list[str] = []

    def name_unknown() -> None:
        if unknown:
            made.append(_named(unknown))
            unknown.clear()

    for char in text:
        spelling = _spelled_char(char)
        if spelling is None:
            unknown.append(char)
        else:
            name_unknown()
            made.append(spelling)
    name_unknown()
    return "".join(made)


def _named(characters: list[str]) -> str:
    """What stands for characters that cannot be printed: their script and number, or their code."""
    first, count = characters[0], len(characters)
    if not unicodedata.category(first).startswith("L"):
        return "[" + " ".join(f"U+{ord(char):04X}" for char in characters[:8]) + "]"
    script = unicodedata.name(first, "unknown").split(" ")[0].split("-")[0]
    script = script if script == "CJK" else script.capitalize()
    return f"[{script} text, {count} character{'s' * (count > 1)}]"


def _spelled_char(char: str) -> str | None:
    if char.isascii():
        return escaped(char) if char.isprintable() else " "
    if char in _BY_CHAR:
        return _BY_CHAR[char]
    if _T1_LETTERS.match(char) and char not in _T1_ABSENT:
        return char
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Cc"):
        return ""
    plain = "".join(one for one in unicodedata.normalize("NFKD", char) if one.isascii())
    return escaped(plain) if plain else None


def fallbacks(body: str, own: str) -> str:
    r"""A definition for every command of the page that LaTeX may not know: its own name, upright.

    ``own`` is text that uses only commands which are known.  ``\providecommand`` leaves alone what
    is known, so a command too many does no harm.
    """
    used = {match[1] for match in _COMMAND.finditer(body)} - _KNOWN
    used -= {match[1] for match in _COMMAND.finditer(own)}
    rows = ((one, _FALLBACKS.get(one, rf"\mathrm{{{one}}}")) for one in sorted(used))
    return "\n".join(rf"\providecommand{{\{one}}}{{{meaning}}}" for one, meaning in rows)


@lru_cache(maxsize=8)
def _source(name: str) -> str:
    return (files("derive.app") / "templates" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=8)
def _template(name: str) -> jinja2.Template:
    # LaTeX is full of braces: the template's own signs are << >>, <% %> and <# #>.
    rules = jinja2.Environment(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # every word goes through ``printable``, every formula through ``_math``
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(_source),
    )
    return rules.get_template(name)
