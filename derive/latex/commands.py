"""Commands with arguments: how each of them becomes tokens.

A command is a function of the reader and the atom that called it; the tables at the end say which.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from derive.latex import vocabulary as known
from derive.latex.faults import Unreadable
from derive.latex.fonts import accent, font, font_switch
from derive.latex.lexemes import Lexeme, Token
from derive.latex.lexicon import connective, script_word

if TYPE_CHECKING:
    from derive.latex.tokens import Reader

Command = Callable[["Reader", Lexeme], None]


# -- characters -------------------------------------------------------------------------------


def _group(reader: Reader, atom: Lexeme) -> None:
    inside = reader.group_tokens(atom)
    scripted = reader.peek() in ("^", "_", "'")
    if len(inside) > 1 and (scripted or any(token.type == "OVER" for token in inside)):
        reader.braced(inside, atom)
    else:
        # Braces that no script follows are invisible, on paper and here.
        reader.out.extend(inside)


def _script(reader: Reader, atom: Lexeme) -> None:
    start = reader.at
    if reader.peek() == "{":
        # v_{new}: a whole script that is a word.
        stop = start + 1
        while stop < len(reader.atoms) and reader.atoms[stop].text.isalpha():
            stop += 1
        inside = reader.atoms[start + 1 : stop]
        run = "".join(a.text for a in inside)
        closed = stop < len(reader.atoms) and reader.atoms[stop].text == "}"
        if closed and len(inside) > 1 and not any(a.gap for a in inside) and script_word(run):
            reader.at = stop + 1
            kind = "SUP" if atom.text == "^" else "SUB"
            reader.emit(kind, atom.text, atom)
            word = Token("NAME", run, inside[0].start, inside[-1].end, run)
            reader.braced([word], atom)
            return
    reader.script(atom)


def _prime(reader: Reader, atom: Lexeme) -> None:
    marks = "'"
    while reader.peek() == "'":
        marks += reader.take().text
    reader.emit("PRIME", marks, atom)


def _full_stop(reader: Reader, atom: Lexeme) -> None:
    if reader.peek() == ".":  # 1..n, 1...n
        while reader.peek() == ".":
            reader.at += 1
        reader.emit("DOTS", "...", atom)
    elif reader.peek().isalnum() and not reader.atoms[reader.at].gap:
        raise Unreadable(
            "unexpected-symbol",
            "a full stop stands inside a formula",
            (atom.start, atom.end),
            help=r"write a product as `x y`, and words as `\text{..}`",
        )
    else:
        reader.emit("STOP", ".", atom)


def _factorial(reader: Reader, atom: Lexeme) -> None:
    if atom.gap and reader.peek() == "=" and not reader.atoms[reader.at].gap:
        reader.take()
        reader.emit("REL", "!=", atom)
    else:
        reader.emit("FACTORIAL", "!", atom)


def _ask(reader: Reader, atom: Lexeme) -> None:
    while reader.peek() == "?":
        reader.take()
    reader.emit("ASK", "?", atom)


def _plain(kind: str) -> Command:
    def command(reader: Reader, atom: Lexeme) -> None:
        reader.emit(kind, atom.text, atom)

    return command


# -- fractions, roots, stacks -----------------------------------------------------------------


def _two(kind: str) -> Command:
    def command(reader: Reader, atom: Lexeme) -> None:
        reader.skip_optional()
        over = reader.argument(atom)
        reader.emit(kind, atom.text, atom)
        reader.braced(over, atom)
        under = reader.argument(atom)
        if not over or not under:
            raise Unreadable(
                "missing-argument",
                f"the {'denominator' if over else 'numerator'} of `{atom.text}` is empty",
                (atom.start, atom.end),
                help=f"write `{atom.text}{{..}}{{..}}`",
            )
        reader.braced(under, atom)

    return command


def _root(reader: Reader, atom: Lexeme) -> None:
    degree = reader.skip_optional()
    if degree:
        inner = reader.inner(degree)
        reader.emit("ROOT", atom.text, atom)
        reader.braced(inner, atom)
    else:
        reader.emit("SQRT", atom.text, atom)
    reader.braced(reader.argument(atom), atom)


def _transparent(reader: Reader, atom: Lexeme) -> None:
    for _ in range(known.TRANSPARENT[atom.text]):
        reader.skip_optional()
        reader.raw_argument()
    reader.skip_optional()
    inside = reader.argument(atom)
    if atom.text == r"\substack":
        inside = [replace(t, type="COMMA", text=",") if t.type == "ROW" else t for t in inside]
    reader.braced_if_needed(inside, atom)


def _underbrace(reader: Reader, atom: Lexeme) -> None:
    inside = reader.argument(atom)
    if any(token.type == "REL" for token in inside):
        reader.out.extend(inside)
    else:
        reader.braced(inside, atom)
    if reader.peek() in ("_", "^"):
        reader.argument(reader.take())  # The label below is a remark to people.


def _stacked(reader: Reader, atom: Lexeme) -> None:
    """``\\stackrel{?}{=}``, ``\\overset{a}{=}``, ``\\underset{x}{\\min}``."""
    start = reader.at
    marks = "".join(a.text for a in reader.raw_argument())
    end = reader.at
    inside = reader.argument(atom)
    after = reader.at
    if inside and all(token.type == "REL" for token in inside):
        defining = re.search(r"def|\\triangle|\\Delta", marks) and inside[0].text == "="
        reader.emit("REL", ":=" if defining else inside[0].text, atom)
    elif atom.text == r"\underset" and inside and inside[0].type in ("BINDER", "BIG", "NAME"):
        reader.out.extend(inside)
        reader.at = start
        below = reader.argument(atom)
        reader.at = max(after, end)
        reader.emit("SUB", "_", atom)
        reader.braced(below, atom)
    else:
        reader.out.extend(inside)


def _arrow(reader: Reader, atom: Lexeme) -> None:
    reader.skip_optional()
    reader.raw_argument()
    reader.emit("REL", known.ARROWS[atom.text], atom)


def _negated(reader: Reader, atom: Lexeme) -> None:
    start = len(reader.out)
    if reader.at < len(reader.atoms):
        reader.one()
    if len(reader.out) > start and reader.out[-1].type == "REL":
        relation = reader.out[-1]
        reader.out[-1] = replace(relation, text=known.NEGATED.get(relation.text, "!="))
        return
    raise Unreadable(
        "undefined-command",
        r"`\not` stands before something that is not a relation",
        (atom.start, atom.end),
        help=r"write `\neq` or `\notin`",
    )


# -- delimiters, environments, things that vanish ---------------------------------------------


def _delimiter(kind: str) -> Command:
    def command(reader: Reader, atom: Lexeme) -> None:
        if reader.at >= len(reader.atoms):
            raise Unreadable(
                "missing-argument",
                f"no bracket follows `{atom.text}`",
                (atom.start, atom.end),
                help=f"write `{atom.text}(` or `{atom.text}.`",
            )
        reader.emit(kind, reader.take().text, atom)

    return command


def _environment(kind: str) -> Command:
    def command(reader: Reader, atom: Lexeme) -> None:
        name = "".join(a.text for a in reader.raw_argument())
        if kind == "BEGIN" and name not in known.MATRICES and name not in known.ALIGNED:
            raise Unreadable(
                "undefined-environment",
                f"the environment `{name}` is not known",
                (atom.start, reader.atoms[reader.at - 1].end),
                help="use align, cases, a matrix or array environment",
            )
        reader.emit(kind, name, atom)
        if kind == "BEGIN":
            if not name.endswith("matrix"):
                reader.skip_optional()
            if name in ("array", "subarray", "alignat", "alignat*", "alignedat", "numcases"):
                reader.raw_argument()

    return command


def _row(reader: Reader, atom: Lexeme) -> None:
    if reader.peek() == "*":
        reader.take()
    optional = reader.atoms[reader.at + 1 : reader.at + 2]
    if optional and (optional[0].text.isdigit() or optional[0].text in "-."):
        reader.skip_optional()
    reader.emit("ROW", r"\\", atom)


def _vanishing_with(reader: Reader, atom: Lexeme) -> None:
    if reader.peek() == "*":
        reader.take()
    for _ in range(known.VANISHING_WITH[atom.text]):
        content = reader.raw_argument()
        if atom.text == r"\color" and content and content[0].text == "[":
            reader.raw_argument()


def _interlude(reader: Reader, atom: Lexeme) -> None:
    """``\\intertext{..}``: words that end one row and begin the next."""
    words = "".join((" " if a.gap else "") + a.text for a in reader.raw_argument()).strip()
    reader.emit("ROW", r"\\", atom)
    reader.emit("TEXT", connective(words) or words, atom)
    reader.emit("ROW", r"\\", atom)


def _ignore_switch(reader: Reader, atom: Lexeme) -> None:
    return


def _word_before(words: str) -> Command:
    def command(reader: Reader, atom: Lexeme) -> None:
        reader.emit("TEXT", words, atom)

    return command


CHARACTERS: dict[str, Command] = {
    "{": _group,
    "_": _script,
    "^": _script,
    "'": _prime,
    ".": _full_stop,
    "!": _factorial,
    "?": _ask,
    ",": _plain("COMMA"),
    ";": _plain("SEMI"),
    "&": _plain("AMP"),
    r"\\": _row,
}

COMMANDS: dict[str, Command] = {
    **dict.fromkeys(known.UPRIGHT, lambda reader, atom: reader.text(atom)),
    **dict.fromkeys(known.FONTS, font),
    **dict.fromkeys(known.FONT_SWITCHES, font_switch),
    **dict.fromkeys(known.ACCENTS, accent),
    **dict.fromkeys(known.FRACTIONS, _two("FRAC")),
    **dict.fromkeys(known.BINOMIALS, _two("BINOM")),
    **dict.fromkeys(known.TRANSPARENT, _transparent),
    **dict.fromkeys(known.BRACED_LABELS, _underbrace),
    **dict.fromkeys(known.ARROWS, _arrow),
    **dict.fromkeys(known.VANISHING_WITH, _vanishing_with),
    **dict.fromkeys((r"\quad", r"\qquad"), _plain("SEP")),
    **dict.fromkeys((r"\stackrel", r"\overset", r"\underset"), _stacked),
    **dict.fromkeys((r"\newline", r"\cr", r"\tabularnewline"), _row),
    **dict.fromkeys((r"\intertext", r"\shortintertext"), _interlude),
    **dict.fromkeys((r"\Box", r"\square", r"\blacksquare"), _plain("ASK")),
    **dict.fromkeys((r"\mid", r"\parallel"), _plain("MID")),
    r"\sqrt": _root,
    r"\not": _negated,
    r"\left": _delimiter("LEFT"),
    r"\right": _delimiter("RIGHT"),
    r"\middle": lambda reader, atom: None,
    r"\begin": _environment("BEGIN"),
    r"\end": _environment("END"),
    r"\over": _plain("OVER"),
    r"\forall": _word_before("for all"),
    r"\exists": _word_before("exists"),
    r"\land": _word_before("and"),
    r"\lor": _word_before("or"),
    r"\displaylimits": _ignore_switch,
    r"\%": lambda reader, atom: reader.emit("NAME", r"\%", atom, r"\%"),
    r"\_": lambda reader, atom: None if reader.peek() == r"\_" else reader.emit("ASK", "?", atom),
    r"\&": _word_before("and"),
    r"\$": lambda reader, atom: None,
    r"\#": lambda reader, atom: reader.emit("NAME", r"\#", atom, r"\#"),
}
