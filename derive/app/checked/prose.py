"""The words of a document around its formulas, without the markup that they are written in.

The idea: formulas are taken out first and leave a mark behind, so the words can be cleaned as one
text; what is not understood falls away, since the words are there to find one's place and no more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from derive.latex.lexemes import COMMENT_FILL
from derive.latex.segment import Document, Formula, is_markdown

# A formula leaves its number between these two; neither is a letter of any text.
OPEN, CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")


@dataclass(frozen=True, slots=True)
class Passage:
    """A heading, a paragraph, an item of a list or a listing: words, and numbers of formulas."""

    kind: str  # heading, paragraph, item, listing
    parts: tuple[str | int, ...]
    level: int = 0


def passages(document: Document) -> list[Passage]:
    """The document in order; a displayed formula is a paragraph of its own."""
    source = document.source
    markdown = is_markdown(source)
    # What a Markdown document shows as code is part of it; comments are part of no document.
    text = (source.text if markdown else document.plain).translate(_FREE)
    body = text.find(r"\begin{document}")
    at = 0 if body < 0 else body + len(r"\begin{document}")
    stop = text.find(r"\end{document}", at)
    stop = len(text) if stop < 0 else stop
    out: list[str] = []
    for number, formula in enumerate(document.formulas):
        start, end = delimited(source.text, formula)
        out.append(text[at : max(at, start)])
        mark = f"{OPEN}{number}{CLOSE}"
        out.append(f"\n\n{mark}\n\n" if formula.display else mark)
        at = max(at, end)
    out.append(text[at:stop])
    whole = "".join(out).replace(COMMENT_FILL, "").replace("\r\n", "\n")
    return list(_markdown(whole) if markdown else _latex(whole))


_FREE = {ord(OPEN): "\N{REPLACEMENT CHARACTER}", ord(CLOSE): "\N{REPLACEMENT CHARACTER}"}
_CLOSERS = {"$": "$", "$$": "$$", r"\[": r"\]", r"\(": r"\)"}


def delimited(text: str, formula: Formula) -> tuple[int, int]:
    """The span of a formula with its delimiters."""
    start, end, environment = formula.start, formula.end, formula.environment
    if closer := _CLOSERS.get(environment):
        tick = 1 if text[start - 1 : start] == "`" == text[end : end + 1] else 0
        return start - len(environment) - tick, end + len(closer) + tick
    if text.endswith(f"\\begin{{{environment}}}", 0, start):
        opened = len(rf"\begin{{{environment}}}")
        return start - opened, min(len(text), end + len(rf"\end{{{environment}}}"))
    # A fence: the line before, and the rest of the line behind.
    line_end = text.find("\n", end)
    return text.rfind("\n", 0, max(0, start - 1)) + 1, len(text) if line_end < 0 else line_end


def _parts(text: str) -> tuple[str | int, ...]:
    pieces = _MARK.split(text)
    found = (int(p) if at % 2 else p for at, p in enumerate(pieces))
    return tuple(part for part in found if part != "")


def _passage(kind: str, text: str, level: int = 0) -> Iterator[Passage]:
    text = " ".join(text.split())
    # Punctuation that was left alone behind a display says nothing.
    if text and not re.fullmatch(r"[\s.,;:!?]*", text):
        yield Passage(kind, _parts(text), level)


# ------------------------------------------------------------------------------------- Markdown

_FENCE = re.compile(r"[ \t]*(```+|~~~+)([^\n`]*)$")
_COMMENT = re.compile(r"<!--(?:(?!<!--).)*?-->", re.DOTALL)
_FRONT = re.compile(r"\A---\n.*?^---\s*$", re.MULTILINE | re.DOTALL)


def _markdown(text: str) -> Iterator[Passage]:
    text = _COMMENT.sub("", _FRONT.sub("", text))
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if fence and found and found[1] == fence and not found[2].strip():
            yield from (Passage("listing", ("\n".join(lines),)) for _ in lines[:1])
            lines, fence = [], ""
        elif not fence and found:
            yield from _markdown_blocks("\n".join(lines))
            lines, fence = [], found[1]
        else:
            lines.append(line)
    yield from _markdown_blocks("\n".join(lines))


def _markdown_blocks(text: str) -> Iterator[Passage]:
    text = re.sub(r"^[ \t]*(#{1,6}[ \t].*|[-*_]{3,}[ \t]*)$", r"\n\n\1\n\n", text, flags=re.M)
    text = re.sub(r"^[ \t]*((?:[-*+]|\d+[.)])[ \t])", r"\n\n\1", text, flags=re.MULTILINE)
    for block in re.split(r"\n[ \t]*\n", text):
        block = re.sub(r"^[ \t]*>[ \t]?", "", block, flags=re.MULTILINE).strip()
        if re.fullmatch(r"[-*_]{3,}", block):
            continue
        if heading := re.match(r"(#{1,6})[ \t]+(.*?)[ \t#]*$", block, re.DOTALL):
            yield from _passage("heading", _markdown_words(heading[2]), len(heading[1]))
        elif item := re.match(r"(?:[-*+]|\d+[.)])[ \t]+(.*)", block, re.DOTALL):
            yield from _passage("item", _markdown_words(item[1]))
        else:
            yield from _passage("paragraph", _markdown_words(block))


def _markdown_words(text: str) -> str:
    text = re.sub(r"!?\[([^\[\]\n]*)\]\([^()\n]*\)", r"\1", text)
    text = re.sub(r"(\*\*|__)(?=\S)(.{1,400}?)(?<=\S)\1", r"\2", text, flags=re.DOTALL)
    text = re.sub(r"(?<![\w*])([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*])", r"\2", text)
    text = re.sub(r"(?<!`)`+([^`]+)`+(?!`)", r"\1", text)
    return re.sub(r"\\([\\`*_{}\[\]()#+\-.!$%&~>|])", r"\1", text)


# ---------------------------------------------------------------------------------------- LaTeX

_HEADING = re.compile(
    r"\\(part|chapter|section|subsection|subsubsection|paragraph|subparagraph)\*?\s*"
    r"(?:\[[^\[\]]*\])?\{((?:[^{}]|\{[^{}]*\})*)\}"
)
_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4}
_DROPPED = re.compile(
    r"\\(?:label|vspace|hspace|vskip|hskip|input|include|includegraphics|bibliography|pagestyle|"
    r"bibliographystyle|setlength|setcounter|thispagestyle|usepackage|color|cite[pt]?|index|title|"
    r"author|date|fontsize|addtolength)\*?\s*(?:\[[^\[\]]*\])?(?:\{(?:[^{}]|\{[^{}]*\})*\})+"
)
_REFERENCE = re.compile(r"\\(eqref|ref|autoref|cref|Cref)\*?\{[^{}]*\}")
_LIST = re.compile(r"\\item\s*(?:\[([^\[\]]*)\])?")
_ACCENT = re.compile(r"\\(['`^\"~=.]|[cvuHr](?![A-Za-z]))\s*\{?\\?([A-Za-z])\}?")
_MARKS = dict(zip("'`^\"~=.cvuHr", "\u0301\u0300\u0302\u0308\u0303\u0304\u0307\u0327\u030c\u0306"
                  "\u030b\u030a", strict=True))  # fmt: skip
_LETTERS = {"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å",
            "AA": "Å", "l": "ł", "L": "Ł", "i": "ı", "dots": "…", "ldots": "…", "LaTeX": "LaTeX",
            "TeX": "TeX", "textbackslash": "∖", "quad": " ", "qquad": " ", "S": "§"}  # fmt: skip


def _latex(text: str) -> Iterator[Passage]:
    text = _DROPPED.sub("", text)
    text = _REFERENCE.sub("(…)", text)
    text = re.sub(
        r"\\begin\{(?:tabular[x*]?|longtable|minipage)\}(?:\[[^\[\]]*\])?\{[^{}]*\}", "\n\n", text
    )
    text = re.sub(r"\\(?:begin|end)\{(\w+\*?)\}(?:\[[^\[\]]*\])?", "\n\n", text)
    text = re.sub(r"(?<!\\)&|\\footnote(?![A-Za-z])", " ", text)
    text = _HEADING.sub(lambda m: f"\n\n\ue002{_LEVELS.get(m[1], 4)}{m[2]}\n\n", text)
    text = _LIST.sub(lambda m: "\n\n\ue003" + (f"{m[1]} " if m[1] else ""), text)
    text = re.sub(r"\\(?:par(?![A-Za-z])|newpage|clearpage|(?:big|med|small)skip)", "\n\n", text)
    for block in re.split(r"\n[ \t]*\n", text):
        block = block.strip()
        if block.startswith("\ue002"):
            yield from _passage("heading", _latex_words(block[2:]), int(block[1]))
        elif block.startswith("\ue003"):
            yield from _passage("item", _latex_words(block[1:]))
        else:
            yield from _passage("paragraph", _latex_words(block))


def _latex_words(text: str) -> str:
    text = re.sub(r"\\\\(?:\[[^\[\]]*\])?", " ", text)
    text = _ACCENT.sub(_accented, text)
    text = re.sub(
        r"\\([A-Za-z]+)\*?(?:\[[^\[\]]*\])?[ \t]*", lambda m: _LETTERS.get(m[1], ""), text
    )
    text = re.sub(r"(?<!\\)[{}]", "", text)
    text = re.sub(r"\\([%&_#${}])", r"\1", text)
    text = re.sub(r"\\[,;:! /@-]", " ", text)
    for typed, set_ in (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("~", "\u00a0")):
        text = text.replace(typed, set_)
    return text.replace("`", "‘")


def _accented(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", match[2] + _MARKS[match[1]])
