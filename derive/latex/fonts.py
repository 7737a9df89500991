"""Fonts and accents: how a decorated name gets its one canonical spelling.

A font goes innermost and an accent outside, whatever order the author nested them in; neither
reaches into the scripts of a name.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from derive.latex import vocabulary as known
from derive.latex.lexemes import Lexeme, Token

if TYPE_CHECKING:
    from derive.latex.tokens import Reader

_ACCENTED = re.compile(
    r"(\\(?:hat|tilde|bar|d+ot|vec|check|breve|acute|grave|mathring|underline))\{"
)


def _innermost(text: str, command: str) -> str:
    """Put a font inside the accents of a name: bold of a hatted h is the hat of a bold h."""
    if found := _ACCENTED.match(text):
        return f"{found[1]}{{{_innermost(text[found.end() : -1], command)}}}"
    return text if text.startswith(command + "{") else f"{command}{{{text}}}"


def dressed(tokens: list[Token], font: str, spelled: str) -> list[Token]:
    r"""The names among the tokens in a font; scripts keep theirs: \mathbf{b_1} is \mathbf{b}_1."""
    out: list[Token] = []
    depth = 0
    script_from: int | None = None
    for token in tokens:
        if token.type == "LBRACE":
            depth += 1
            if script_from is None and out and out[-1].type in ("SUB", "SUP"):
                script_from = depth
        elif token.type == "RBRACE":
            script_from = None if script_from == depth else script_from
            depth -= 1
        elif script_from is None:
            token = _in_font(token, font, spelled)
        out.append(token)
    return out


def _in_font(token: Token, font: str, spelled: str) -> Token:
    if token.type == "NUM" and token.text in ("0", "1") and font:
        return replace(
            token, type="NAME", text=f"{font}{{{token.text}}}", spelled=f"{spelled}{{{token.text}}}"
        )
    word = len(token.text) > 1 and token.text.isalpha()
    if token.type != "NAME" or word or token.text in (r"\nabla", r"\partial", r"\prime", r"\top"):
        return token
    if not font:
        return replace(token, spelled=f"{spelled}{{{token.spelled}}}")
    return replace(
        token,
        text=_innermost(token.text, font),
        spelled=_innermost(token.spelled or token.text, spelled),
    )


def font(reader: Reader, atom: Lexeme) -> None:
    inside = dressed(reader.argument(atom), known.FONTS[atom.text], atom.text)
    if inside:
        # The command and its braces are part of what an error should mark.
        inside[0] = replace(inside[0], start=min(atom.start, inside[0].start))
        end = max(inside[-1].end, reader.atoms[reader.at - 1].end)
        inside[-1] = replace(inside[-1], end=end)
    reader.braced_if_needed(inside, atom) if _is_formula(inside) else reader.out.extend(inside)


def _is_formula(tokens: list[Token]) -> bool:
    return any(token.type in ("ADD", "MUL", "REL") for token in tokens)


def font_switch(reader: Reader, atom: Lexeme) -> None:
    """``{\\bf x}``: the font holds to the end of the group."""
    face = known.FONT_SWITCHES[atom.text]
    start = len(reader.out)
    letters: list[str] = []
    first = reader.at
    while reader.peek().isalpha():
        letters.append(reader.take().text)
    run = "".join(letters)
    if len(run) > 1 and not face and reader.peek() == "}":
        # {\rm ReLU}: an upright run is a word, as in \mathrm{ReLU}.
        kind = "BINDER" if run in known.BINDING_WORDS else "NAME"
        start_at = reader.atoms[first].start
        end = reader.atoms[reader.at - 1].end
        reader.out.append(Token(kind, run, start_at, end, f"\\mathrm{{{run}}}"))
        return
    reader.at = first
    while reader.at < len(reader.atoms) and reader.peek() not in ("}", "&", r"\\", r"\end"):
        reader.one()
    reader.out[start:] = dressed(reader.out[start:], face, face or r"\mathrm")


def accent(reader: Reader, atom: Lexeme) -> None:
    """An accent belongs to one name, whose scripts then stand outside; over more it is a node."""
    mark = known.ACCENTS[atom.text]
    inside = reader.argument(atom)
    while len(inside) > 2 and inside[0].type == "LBRACE" and _closing(inside, 0) == len(inside) - 1:
        inside = inside[1:-1]
    single = bool(inside) and inside[0].type in ("NAME", "NUM")
    at = 1
    while single and at < len(inside):
        if inside[at].type in ("SUB", "SUP"):
            at = _closing(inside, at + 1) + 1
        elif inside[at].type == "PRIME":
            at += 1
        else:
            single = False
    if single and not (inside[0].type == "NAME" and inside[0].text in (r"\nabla", r"\partial")):
        base = inside[0]
        spelled = f"{atom.text}{{{base.spelled or base.text}}}"
        text = f"{mark}{{{base.text}}}"
        end = base.end if inside[1:] else max(base.end, reader.atoms[reader.at - 1].end)
        reader.out.append(Token("NAME", text, min(atom.start, base.start), end, spelled))
        reader.out.extend(inside[1:])
    elif not inside or {t.type for t in inside} <= {"DOTS"} or atom.text == r"\underline":
        # \underline{\hspace{1cm}} is a blank to fill in; around a formula it is only emphasis.
        reader.braced(inside, atom) if inside else reader.emit("ASK", "?", atom)
    else:
        reader.emit("ACCENT", mark, atom)
        reader.braced(inside, atom)


def _closing(tokens: list[Token], opener: int) -> int:
    depth = 0
    for at in range(opener, len(tokens)):
        depth += {"LBRACE": 1, "RBRACE": -1}.get(tokens[at].type, 0)
        if depth == 0:
            return at
    return len(tokens) - 1
