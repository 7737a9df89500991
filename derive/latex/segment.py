"""Where the formulas of a document are: LaTeX, Markdown, or a bare formula, with absolute offsets.

What is not mathematics (comments, code, verbatim, macro definitions, a preamble) is blanked out
first, character by character, so that every offset stays what it was.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from derive.diagnostics import DeriveError, Diagnostic, Source
from derive.latex.faults import Unreadable
from derive.latex.lexemes import COMMENT_FILL
from derive.latex.macros import Macro, collect
from derive.latex.rules import rules_drawn

LARGEST_DOCUMENT = 2_000_000  # characters; a thesis has about one million

_DISPLAYS = (
    "equation", "align", "alignat", "gather", "multline", "flalign", "eqnarray", "displaymath",
    "math", "split", "aligned", "gathered", "alignedat", "dmath", "IEEEeqnarray", "empheq",
)  # fmt: skip
_CODE = ("verbatim", "Verbatim", "lstlisting", "minted", "comment", "alltt", "tikzpicture")
_OPENER = re.compile(
    r"\\begin\{(?P<env>(?:" + "|".join(_DISPLAYS) + r")\*?)\}"
    r"|(?P<fence>^[ \t]*(?:```|~~~)[ \t]*math[ \t]*\r?\n)"
    r"|(?P<other>\\\[|\\\(|\$\$|\$)|\\(?:[A-Za-z]+|.)",
    re.MULTILINE | re.DOTALL,
)
_CODE_SPAN = re.compile(
    r"\\begin\{("
    + "|".join(_CODE)
    + r")\*?\}(?:(?!\\begin\{\1).)*?\\end\{\1\*?\}|\\verb\*?([^A-Za-z*\s]).*?\2",
    re.DOTALL,
)
_COMMENT = re.compile(r"\\.|%[^\n]*", re.DOTALL)
_MARKDOWN_CODE = re.compile(
    r"^[ \t]*(?P<fence>```+|~~~+)(?![ \t]*math\b)[^\n]*\n.*?^[ \t]*(?P=fence)[ \t]*$"
    r"|<!--(?:(?!<!--).)*?-->"
    r"|(?P<maths>\$`[^`\n]*`\$|^[ \t]*(?:```|~~~)[ \t]*math\b.*?^[ \t]*(?:```|~~~))"
    r"|(?<!`)(?P<tick>`+)(?!`)(?:(?!\n[ \t]*\r?\n).)*?(?<!`)(?P=tick)(?!`)",
    re.MULTILINE | re.DOTALL,
)
# The {2} of \begin{alignat}{2}, the [t] of \begin{aligned}[t].
_COLUMNS = re.compile(r"\s*(?:\[[tbc]\]|\{\s*\d+\s*\})")
_FRONT_MATTER = re.compile(r"\A---\r?\n.*?^---\s*$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(
    r"\\title\{(?P<title>[^{}]*)\}|^#\s+(?P<heading>.+?)\s*#*$|\\(?:chapter|section)\*?\{(?P<section>[^{}]*)\}",
    re.MULTILINE,
)
_CLOSERS = {r"\[": r"\]", r"\(": r"\)", "$$": "$$", "$": "$"}
_LOOKS_LIKE_MATHS = re.compile(r"\\[A-Za-z]+|[_^]\{|[A-Za-z0-9)]\s*=\s*[^=]")


@dataclass(frozen=True, slots=True)
class Formula:
    """The half-open span of a formula between its delimiters, and how it is set."""

    start: int
    end: int
    display: bool
    environment: str


@dataclass(frozen=True, slots=True)
class Document:
    """A source with its formulas in order, its macros, and its title; ``plain`` is the text with
    everything blanked out that is no mathematics, at the same offsets."""

    source: Source
    plain: str
    formulas: tuple[Formula, ...]
    macros: dict[str, Macro]
    title: str
    diagnostics: tuple[Diagnostic, ...]

    def words_before(self, offset: int) -> str:
        """The text between the formula before an offset and the offset."""
        before = bisect_right(self.formulas, offset, key=lambda formula: formula.end)
        start = self.formulas[before - 1].end if before else 0
        return self.source.text[start:offset]


def open_source(path: str | Path) -> Source:
    """The document of a file; ``DeriveError`` where it is empty, binary, huge or not there."""
    try:
        content = Path(path).read_bytes()
    except OSError as problem:
        reason = (problem.strerror or "it cannot be opened").lower()
        raise DeriveError(
            Diagnostic("unreadable-file", f"`{path}` cannot be read: {reason}", str(path))
        ) from None
    return source_of(str(path), content)


def source_of(file: str, content: bytes) -> Source:
    """The document of these bytes: UTF-8, with or without a byte-order mark."""

    def refuse(code: str, message: str, help: str = "") -> DeriveError:
        return DeriveError(Diagnostic(code, message, file, help=help))

    if not content.strip():
        raise refuse("empty-file", "the document is empty", "write a formula between `$` signs")
    if len(content) > 4 * LARGEST_DOCUMENT:
        raise _too_large(file, len(content))
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise refuse("binary-file", "this text is UTF-16, not UTF-8", "save the document as UTF-8")
    if b"\0" in content:
        raise refuse("binary-file", "this is a binary file, not a text", "give a .tex or .md file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise refuse(
            "binary-file",
            f"this is not UTF-8 text: byte {problem.start + 1}, on line {line}, is not valid",
            "save the document as UTF-8",
        ) from None
    # Old Mac programs end lines with a return alone; a comment would run to the end of the text.
    return Source(file, text if "\n" in text else text.replace("\r", "\n"))


def _too_large(file: str, size: int) -> DeriveError:
    message = f"the document has {size:,} characters, and the limit is {LARGEST_DOCUMENT:,}"
    help = "split it, or give only the part with the formulas"
    return DeriveError(Diagnostic("huge-file", message, file, help=help))


def segment(source: Source) -> Document:
    """The formulas of a document.  Raises ``DeriveError`` for a document that cannot hold any."""
    text = source.text
    if not text.strip():
        raise DeriveError(Diagnostic("empty-file", "the document is empty", source.file))
    if len(text) > LARGEST_DOCUMENT:
        raise _too_large(source.file, len(text))
    if "\0" in text:
        raise DeriveError(Diagnostic("binary-file", "this is a binary file", source.file))
    markdown = is_markdown(source)
    plain = _blanked(text, _code_spans(text, markdown))
    if not markdown:
        comments = (m.span() for m in _COMMENT.finditer(plain) if m[0].startswith("%"))
        plain = _blanked(plain, comments)
    macros, definitions, faults = collect(plain)
    plain = _blanked(plain, definitions)
    body = plain.find(r"\begin{document}")
    stop = plain.find(r"\end{document}", max(body, 0))
    start = 0 if body < 0 else body + len(r"\begin{document}")
    stop = len(plain) if stop < 0 else stop
    formulas: list[Formula] = []
    for found in _formulas(plain, start, stop, markdown):
        match found:
            case Formula():
                formulas.append(found)
            case Unreadable():
                faults.append(found)
    if markdown:
        plain = _blanked(plain, _comments_inside(plain, formulas))
    plain = _blanked(plain, rules_drawn(plain)) if "matrix" in plain or "array" in plain else plain
    if not formulas and not faults:
        faults.append(_without_formulas(plain, start, stop))
    found_title = _TITLE.search(text)
    title = next((t for t in found_title.groups() if t), "").strip() if found_title else ""
    return Document(
        source, plain, tuple(formulas), macros, title, tuple(f.diagnostic(source) for f in faults)
    )


def _comments_inside(plain: str, formulas: Iterable[Formula]) -> Iterator[tuple[int, int]]:
    """Comments at the ends of lines of a formula: a percent sign in the prose starts none."""
    for formula in formulas:
        for found in _COMMENT.finditer(plain, formula.start, formula.end):
            if found[0].startswith("%") and found.end() < formula.end:
                yield found.span()


def _without_formulas(plain: str, start: int, stop: int) -> Unreadable:
    content = plain[start:stop]
    first = start + len(content) - len(content.lstrip())
    line_end = plain.find("\n", first, stop)
    span = (first, stop if line_end < 0 else line_end)
    if _LOOKS_LIKE_MATHS.search(content):
        return Unreadable(
            "no-formulas",
            "there is no formula here, though the text looks like one",
            span,
            help=r"put formulas between `$ .. $` or `\[ .. \]`",
        )
    return Unreadable(
        "no-formulas",
        "there is no formula in this document",
        span,
        help=r"write formulas between `$ .. $`, `\[ .. \]`, or in an align environment",
    )


def is_markdown(source: Source) -> bool:
    """Whether a document is Markdown, by its name or, where that says nothing, by its headings."""
    suffix = Path(source.file).suffix.lower()
    if suffix in (".md", ".markdown", ".qmd", ".rmd"):
        return True
    if suffix in (".tex", ".ltx", ".latex", ".sty") or r"\documentclass" in source.text:
        return False
    return re.search(r"^(```|#{1,6} )", source.text, re.MULTILINE) is not None


def _code_spans(text: str, markdown: bool) -> Iterator[tuple[int, int]]:
    if markdown:
        if front := _FRONT_MATTER.match(text):
            yield front.span()
        yield from (m.span() for m in _MARKDOWN_CODE.finditer(text) if not m["maths"])
    yield from (m.span() for m in _CODE_SPAN.finditer(text))


def _blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if start < at:
            continue
        pieces += [text[at:start], re.sub(r"[^\n\r]", COMMENT_FILL, text[start:end])]
        at = end
    return "".join([*pieces, text[at:]])


def _formulas(text: str, start: int, stop: int, markdown: bool) -> Iterator[Formula | Unreadable]:
    at = start
    without_end: set[str] = set()  # What has no end here has none further on: search only once.
    while found := _OPENER.search(text, at, stop):
        at = found.end()
        opener = found[0].strip()
        if found["env"] is None and found["fence"] is None and found["other"] is None:
            continue
        environment = "math" if found["fence"] else found["env"] or opener
        end, after = (-1, -1) if opener in without_end else _end_of(text, found, stop, markdown)
        if end >= 0:
            if (columns := _COLUMNS.match(text, at, end)) and found["env"]:
                at = columns.end()
            yield _formula(text, at, end, environment)
            at = after
            continue
        if opener not in ("$", r"\("):
            without_end.add(opener)
        if not (markdown and opener == "$"):
            # In Markdown a lone dollar is money; everywhere else it is a formula without an end.
            yield Unreadable(
                "unclosed-formula",
                f"the formula that begins with `{opener}` has no end",
                (found.start(), found.end()),
                help=f"close it with `{_closing(opener)}`",
            )


def _formula(text: str, start: int, end: int, environment: str) -> Formula:
    if environment == "$" and text[start] == text[end - 1] == "`" and end - start > 2:
        start, end = start + 1, end - 1  # $`x`$ is how GitLab writes $x$.
    return Formula(start, end, environment not in ("$", r"\(", "math*"), environment)


def _end_of(text: str, found: re.Match[str], stop: int, markdown: bool) -> tuple[int, int]:
    """Where the formula that ``found`` opens ends, and where its delimiter ends; -1 if nowhere."""
    at = found.end()
    if found["env"]:
        return _environment_end(text, found["env"], at, stop)
    if found["fence"]:
        closer = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE).search(text, at, stop)
        return closer.span() if closer else (-1, -1)
    end = _delimiter_end(text, found["other"], at, stop, markdown)
    return end, end + len(_CLOSERS[found["other"]])


def _closing(opener: str) -> str:
    return _CLOSERS.get(opener) or ("```" if "`" in opener else opener.replace("begin", "end"))


def _environment_end(text: str, name: str, at: int, stop: int) -> tuple[int, int]:
    depth = 1
    for found in re.compile(rf"\\(begin|end)\{{{re.escape(name)}\}}").finditer(text, at, stop):
        depth += 1 if found[1] == "begin" else -1
        if depth == 0:
            return found.start(), found.end()
    return -1, -1


def _delimiter_end(text: str, opener: str, at: int, stop: int, markdown: bool) -> int:
    """Where the closing delimiter stands, or -1.  A blank line ends the search, as in TeX."""
    closer = _CLOSERS[opener]
    for found in re.compile(r"\n[ \t\r]*\n|\\(?:[A-Za-z]+|.)|\$\$|\$", re.DOTALL).finditer(
        text, at, stop
    ):
        if found[0].startswith("\n"):
            if opener in ("$", r"\("):
                return -1
            continue
        if opener == "$" and found[0] == "$$":
            return -1 if markdown or found.start() > at else found.start()
        if found[0] != closer:
            continue
        if _in_text_argument(text, at, found.start()) and opener == "$":
            continue
        if markdown and opener == "$" and _is_money(text, at, found.start()):
            return -1
        return found.start()
    return -1


def _in_text_argument(text: str, at: int, offset: int) -> bool:
    """Whether a dollar stands inside ``\\text{if $i = j$}`` rather than at the end of a formula."""
    opened = text.rfind(r"\text{", at, offset)
    return opened >= 0 and text.count("{", opened, offset) > text.count("}", opened, offset)


def _is_money(text: str, at: int, closer: int) -> bool:
    """Pandoc's rule: no space inside the dollars, and no digit behind them.  GitHub and notebooks
    allow the space, so it counts only where the text inside does not look like mathematics."""
    inside = text[at:closer]
    if not inside or inside.startswith("`"):
        return not inside
    spaced = inside[0].isspace() or inside[-1].isspace()
    maths = not inside[0].isdigit() and _LOOKS_LIKE_MATHS.search(inside)
    return bool(spaced and not maths) or text[closer + 1 : closer + 2].isdigit()
