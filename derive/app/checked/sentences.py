r"""Where the formulas are in a sentence that does not say it.

The idea: messages come from many places, some with formulas between dollars or backticks, some with
bare LaTeX.  A bare formula is a run of pieces of which one has a backslash, a script or a size such
as ``m×n``; signs, numbers, brackets and lone letters between two such pieces belong to it.
"""

from __future__ import annotations

import re

_SURE = re.compile(r"\\[A-Za-z,;|{}]|[\w})\]][_^]|[A-Za-z0-9)]×[A-Za-z0-9(]")
_LINK = re.compile(r"[-+=<>/*·(),\[\]|!\d.A-Za-z{}':;≤≥≠→]*$")
_WORD = re.compile(r"[A-Za-z]{2,}")
_ENDS = ".,;:!?"
_RELATION = re.compile(r"\\(?:n?eq?|l[et]q?|g[et]q?|approx|in|cdot|odot|times|to)$")
_TYPED = {"×": r"\times ", "·": r"\cdot ", "→": r"\to ", "≤": r"\le ", "≥": r"\ge ",
          "≠": r"\ne ", "−": "-"}  # fmt: skip


def with_formulas(text: str) -> str:
    """The text with dollars around its formulas; itself where it has its own marks."""
    if "$" in text or "`" in text:
        return text
    return "\n".join(_line(line) for line in text.split("\n"))


def typed(formula: str) -> str:
    """A formula of a message as LaTeX: messages have some signs as the characters they are."""
    return "".join(_TYPED.get(letter, letter) for letter in formula)


def _line(line: str) -> str:
    # What braces hold together is one piece, spaces and all.
    pieces = _pieces(line)
    sure = [bool(_SURE.search(piece)) for piece in pieces]
    out: list[str] = []
    at = 0
    while at < len(pieces):
        if not sure[at]:
            out.append(pieces[at])
            at += 1
            continue
        end = _reach(pieces, sure, at)
        # A sign alone is a formula with what stands on both sides of it.
        both = out and end < len(pieces) and _joins(out[-1]) and _joins(pieces[end])
        if both and end == at + 1 and _RELATION.match(pieces[at]):
            out.pop()
            at, end = at - 1, end + 1
        run = " ".join(pieces[at:end])
        core = run.rstrip(_ENDS)
        # A bracket that is closed and not opened belongs to the sentence.
        lead = "(" if core.startswith("(") and core.count("(") > core.count(")") else ""
        core = core[len(lead) :]
        tail = run[len(lead) + len(core) :]
        if core.endswith(")") and core.count(")") > core.count("("):
            core, tail = core[:-1], ")" + tail
        out.append(f"{lead}${core.strip()}${tail}")
        at = end
    return " ".join(out)


def _reach(pieces: list[str], sure: list[bool], at: int) -> int:
    """Where the formula ends that begins at a piece; it may begin with what joins, too."""
    end = at + 1
    while end < len(pieces) and not pieces[end - 1].endswith((",", ";", ":")):
        reach = end
        while reach < len(pieces) and not sure[reach] and _joins(pieces[reach]):
            reach += 1
        if reach < len(pieces) and sure[reach] and (reach == end or _joining(pieces[end:reach])):
            end = reach + 1
            continue
        # ``\nabla_z L``: a letter that follows at once.
        if reach > end and len(pieces[end]) == 1 and pieces[end].isalpha():
            end += 1
            continue
        # ``\alpha = 1``: a sign and a number may end it.
        if reach > end and _signed(pieces[end:reach]):
            end = reach
        break
    return end


def _joins(piece: str) -> bool:
    return bool(_LINK.match(piece)) and not _WORD.search(piece) and piece not in ("a", "I", "A")


def _joining(pieces: list[str]) -> bool:
    return any(re.search(r"[-+=<>/*·|≤≥≠→]", piece) for piece in pieces)


def _signed(pieces: list[str]) -> bool:
    return len(pieces) > 1 and bool(re.fullmatch(r"[-+=<>/*·≤≥≠→]+", pieces[0]))


def _pieces(line: str) -> list[str]:
    pieces, depth, current = [], 0, []
    for letter in line:
        depth += (letter == "{") - (letter == "}")
        if letter == " " and depth <= 0:
            pieces.append("".join(current))
            current = []
        else:
            current.append(letter)
    return [*pieces, "".join(current)]
