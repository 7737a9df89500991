"""From TeX's atoms to typed tokens: one canonical spelling for the many ways to write a thing.

The idea: whatever is only typography disappears here, so that the grammar sees mathematics.  Every
argument leaves in braces, ``\\bm x`` leaves as the name ``\\mathbf{x}``, ``ReLU`` as one word.
"""

from __future__ import annotations

import re
from dataclasses import replace

from derive.latex import vocabulary as known
from derive.latex.commands import CHARACTERS, COMMANDS
from derive.latex.faults import Unreadable
from derive.latex.lexemes import Lexeme, Token, foreign_fault
from derive.latex.lexicon import connective, differential, split_letters

DEEPEST_NESTING = 100
LONGEST_NUMBER = 1000

_WORD = re.compile(r"[^\W\d_](?:[\w'./-]*[\w.'])?")


class Reader:
    """One pass over the lexemes of a formula; ``out`` grows token by token."""

    def __init__(self, atoms: list[Lexeme], words: frozenset[str], depth: int = 0) -> None:
        self.atoms = atoms
        self.words = words
        self.at = 0
        self.depth = depth
        self.out: list[Token] = []
        self.opener: Lexeme | None = None  # of the last argument, if braces were around it

    # -- the stream ---------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> str:
        spot = self.at + ahead
        return self.atoms[spot].text if spot < len(self.atoms) else ""

    def take(self) -> Lexeme:
        self.at += 1
        return self.atoms[self.at - 1]

    def emit(self, kind: str, text: str, first: Lexeme, spelled: str = "") -> None:
        end = max(first.end, self.atoms[self.at - 1].end)
        self.out.append(Token(kind, text, first.start, end, spelled))

    # -- structure ----------------------------------------------------------------------------

    def everything(self) -> list[Token]:
        """The tokens of the whole formula."""
        while self.at < len(self.atoms):
            atom = self.atoms[self.at]
            if atom.text == "}":
                raise Unreadable(
                    "unopened-bracket",
                    "`}` closes a group that was never opened",
                    (atom.start, atom.end),
                    help=r"remove it, or write `\}` for a visible brace",
                )
            self.one()
        return self.out

    def _deeper(self, atom: Lexeme) -> None:
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            raise Unreadable(
                "nested-too-deep",
                f"more than {DEEPEST_NESTING} brackets or commands are nested here",
                (atom.start, atom.end),
                help="name the inner parts and refer to them by name",
            )

    def inner(self, atoms: list[Lexeme]) -> list[Token]:
        """The tokens of atoms that stand apart: an optional argument, a formula inside a text."""
        self._deeper(atoms[0])
        tokens = Reader(atoms, self.words, self.depth).everything()
        self.depth -= 1
        return tokens

    def group_tokens(self, opener: Lexeme) -> list[Token]:
        """The tokens between ``{`` (already taken) and its ``}``, which is taken as well."""
        outer, self.out = self.out, []
        self._deeper(opener)
        while self.peek() != "}":
            if self.at >= len(self.atoms):
                raise Unreadable(
                    "unclosed-bracket",
                    "`{` is never closed",
                    (opener.start, opener.start + 1),
                    help="add the missing `}`",
                )
            self.one()
        self.take()
        self.depth -= 1
        inside, self.out = self.out, outer
        self.opener = opener
        return inside

    def argument(self, command: Lexeme) -> list[Token]:
        """The tokens of one TeX argument: a group, or a single atom with its own arguments."""
        if self.at >= len(self.atoms) or self.peek() in ("}", "&", r"\\", r"\right", r"\end"):
            raise Unreadable(
                "missing-argument",
                f"nothing follows `{command.text}`",
                (command.start, command.end),
                help=f"write `{command.text}{{..}}`",
            )
        if self.peek() == "{":
            return self.group_tokens(self.take())
        outer, self.out = self.out, []
        self._deeper(command)
        atom = self.take()
        if len(atom.text) == 1 and atom.text.isascii() and atom.text.isalnum():
            # Without braces TeX takes one character: x^12 is x^1 2, and \frac12 a half.
            self.emit("NUM" if atom.text.isdigit() else "NAME", atom.text, atom, atom.text)
        else:
            self.at -= 1
            self.one()
        self.depth -= 1
        inside, self.out = self.out, outer
        self.opener = None
        return inside

    def braced(self, inside: list[Token], first: Lexeme) -> None:
        end = max(first.end, self.atoms[self.at - 1].end)
        start = inside[0].start if inside else first.start
        if self.opener is not None and self.opener.start < start:
            start = self.opener.start
        self.out.append(Token("LBRACE", "{", start, start))
        self.out.extend(inside)
        self.out.append(Token("RBRACE", "}", end, end))

    def raw_argument(self) -> list[Lexeme]:
        """The atoms of an argument that is not mathematics; empty where there is none."""
        if self.peek() != "{":
            return [self.take()] if self.peek() not in ("", "}") else []
        opener = self.take()
        start, depth = self.at, 1
        while self.at < len(self.atoms):
            depth += {"{": 1, "}": -1}.get(self.take().text, 0)
            if depth == 0:
                return self.atoms[start : self.at - 1]
        raise Unreadable(
            "unclosed-bracket",
            "`{` is never closed",
            (opener.start, opener.start + 1),
            help="add the missing `}`",
        )

    def skip_optional(self) -> list[Lexeme]:
        """The atoms of an argument in square brackets, if there is one."""
        if self.peek() != "[":
            return []
        stop = self.at + 1
        while stop < len(self.atoms) and self.atoms[stop].text not in ("]", r"\\"):
            stop += 1
        if stop >= len(self.atoms) or self.atoms[stop].text != "]":
            return []
        inside = self.atoms[self.at + 1 : stop]
        self.at = stop + 1
        return inside

    # -- one atom -----------------------------------------------------------------------------

    def one(self) -> None:
        """Read one atom, with its arguments, into ``out``."""
        atom = self.take()
        text = atom.text
        if text.isalpha() and text.isascii():
            self._letters(atom)
        elif (text.isdigit() and text.isascii()) or (text == "." and self.peek().isdigit()):
            self._number(atom)
        elif text in CHARACTERS:
            CHARACTERS[text](self, atom)
        elif not self._from_table(atom):
            if text.startswith("\\"):
                raise Unreadable(
                    "undefined-command",
                    f"the command `{text}` is not known",
                    (atom.start, atom.end),
                    help=rf"define it with `\newcommand{{{text}}}{{..}}`",
                )
            raise foreign_fault(atom)

    def _from_table(self, atom: Lexeme) -> bool:
        text = atom.text
        if text in known.LETTERS or text in known.RENAMED:
            self.emit("NAME", known.RENAMED.get(text, text), atom, text)
        elif text in known.SIGNS:
            self.emit("ADD", known.SIGNS[text], atom)
        elif text in known.RELATIONS:
            self._relation(atom)
        elif text in known.MULTIPLICATIONS:
            self.emit("MUL", known.MULTIPLICATIONS[text], atom)
        elif text in known.FUNCTION_COMMANDS:
            self._function(atom)
        elif text in known.BIG_COMMANDS:
            self.emit("BIG", known.BIG_COMMANDS[text], atom)
        elif text in known.OPENERS:
            self.emit(known.OPENERS[text], text, atom)
        elif text in known.CLOSERS:
            self.emit(known.CLOSERS[text], text, atom)
        elif text in known.BARS:
            double = text == "|" and self.peek() == "|" and not self.atoms[self.at].gap
            bar = text + self.take().text if double else text
            self.emit("BAR", known.BARS[bar], atom)
        elif text in known.DOTS:
            self.emit("DOTS", "...", atom)
        elif text in known.VANISHING:
            pass
        elif text in COMMANDS:
            COMMANDS[text](self, atom)
        else:
            return False
        return True

    def _letters(self, atom: Lexeme) -> None:
        start = self.at - 1
        while self.at < len(self.atoms):
            following = self.atoms[self.at]
            if following.gap or not (following.text.isalpha() and following.text.isascii()):
                break
            self.at += 1
        atoms = self.atoms[start : self.at]
        run = "".join(a.text for a in atoms)
        at = 0
        for part in split_letters(run, self.words):
            first, last = atoms[at], atoms[at + len(part) - 1]
            at += len(part)
            if len(part) > 1:
                self.out.append(_word(part, first.start, last.end, part))
            else:
                self.out.append(Token("NAME", part, first.start, last.end, part))

    def _number(self, atom: Lexeme) -> None:
        digits = atom.text
        while True:
            text = self.peek()
            apart = self.at < len(self.atoms) and self.atoms[self.at].gap
            if (not apart and text.isdigit() and text.isascii()) or (
                not apart and text == "." and self.peek(1).isdigit() and "." not in digits
            ):
                digits += self.take().text
            elif not apart and text == "e" and self.peek(1) == "-" and self.peek(2).isdigit():
                digits += self.take().text + self.take().text  # 1e-8, as in code
            elif text == "{" and self.peek(1) == "," and self.peek(2) == "}":
                self.at += 3  # 10{,}000: the braces only repair the spacing.
            else:
                break
        if len(digits) > LONGEST_NUMBER or len(digits.partition("e-")[2]) > 3:
            raise Unreadable(
                "number-too-long",
                f"this number has more than {LONGEST_NUMBER} digits when it is written out",
                (atom.start, self.atoms[self.at - 1].end),
                help="write it as a power, or give it a letter",
            )
        self.emit("NUM", digits, atom)

    def _relation(self, atom: Lexeme) -> None:
        text = atom.text
        while self.at < len(self.atoms) and not self.atoms[self.at].gap:
            if text + self.peek() not in known.RELATIONS:
                break
            text += self.take().text
        self.emit("REL", known.RELATIONS[text], atom)

    def _function(self, atom: Lexeme) -> None:
        text = atom.text[1:]
        while text == "arg" and self.peek() in known.VANISHING:
            self.at += 1
        if text == "arg" and self.peek() in (r"\max", r"\min"):
            text += self.take().text[1:]
        end = self.atoms[self.at - 1].end
        self.out.append(_word(text, atom.start, end, self.atoms[self.at - 1].text))
        if text.startswith("arg"):
            self.out[-1] = replace(self.out[-1], spelled="\\" + text)

    def script(self, atom: Lexeme) -> None:
        """``_`` or ``^`` with its argument; primes and transposes get their canonical form."""
        inside = self.argument(atom)
        if atom.text == "^":
            primes = 0
            while primes < len(inside) and inside[primes].text in (r"\prime", "'"):
                primes += 1
            count = sum(len(t.text) if t.type == "PRIME" else 1 for t in inside[:primes])
            if count:
                self.emit("PRIME", "'" * count, atom)
                inside = inside[primes:]
                if not inside:
                    return
            inside = [_transposing(token) for token in inside]
        else:
            inside = _subscript_names(inside)
        self.emit("SUP" if atom.text == "^" else "SUB", atom.text, atom)
        self.braced(inside, atom)

    def text(self, atom: Lexeme) -> None:
        """``\\text{..}`` and its kin: a word, a connective between formulas, or mathematics."""
        starred = self.peek() == "*" and atom.text == r"\operatorname"
        if starred:
            self.take()
        first = self.at
        content = self.raw_argument()
        joined = "".join((" " if a.gap else "") + a.text for a in content if a.text not in (r"\,",))
        words = re.sub(r"\s+", " ", joined.replace("\\ ", " ")).strip()
        prose = words[:1] in (",", ";") and len(words) > 1  # \text{, find }
        words = words.lstrip(",; ") if prose else words
        span_end = self.atoms[self.at - 1].end
        canonical = connective(words)
        if canonical is None and not re.search(r"[^\s,;.:]", words):
            if "," in words:
                self.emit("COMMA", ",", atom)  # \text{, }
        elif words == "?":
            self.emit("ASK", "?", atom)
        elif canonical is not None:
            self.out.append(Token("TEXT", canonical, atom.start, span_end, words))
        elif "$" in words:
            self._text_with_formulas(atom, content)
        elif prose:
            self.out.append(Token("TEXT", words, atom.start, span_end, words))
        elif atom.text != r"\text" and differential(words):
            self.out.append(Token("NAME", "d", atom.start, span_end, r"\mathrm{d}"))
            self.out.append(Token("NAME", words[1], atom.start, span_end, words[1]))
        elif _WORD.fullmatch(words):
            spelled = f"{atom.text}{'*' if starred else ''}{{{words}}}"
            self.out.append(_word(words, atom.start, span_end, spelled))
        elif " " in words and not re.search(r"[\\^_{}]", words):
            self.out.append(Token("PHRASE", words, atom.start, span_end, f"{atom.text}{{{words}}}"))
        elif atom.text in (r"\mathrm", r"\operatorname", r"\mathit", r"\mathtt", r"\mathnormal"):
            self.at = first
            self.braced_if_needed(self.argument(atom), atom)
        else:
            self.out.append(Token("PHRASE", words, atom.start, span_end, f"{atom.text}{{{words}}}"))

    def _text_with_formulas(self, atom: Lexeme, content: list[Lexeme]) -> None:
        inside_maths = False
        piece: list[Lexeme] = []
        for lexeme in [*content, Lexeme("$", atom.end, atom.end)]:
            if lexeme.text != "$":
                piece.append(lexeme)
                continue
            if piece and inside_maths:
                self.out.extend(self.inner(piece))
            elif words := "".join((" " if a.gap else "") + a.text for a in piece).strip(" ,.;:"):
                canonical = connective(words) or words
                self.out.append(Token("TEXT", canonical, piece[0].start, piece[-1].end, words))
            piece, inside_maths = [], not inside_maths

    def braced_if_needed(self, inside: list[Token], atom: Lexeme) -> None:
        """Inline what holds a statement or one token; keep the rest together."""
        statement = any(t.type in ("REL", "COMMA", "ROW", "AMP") for t in inside)
        operator = bool(inside) and inside[0].type in ("BIG", "BINDER")
        if len(inside) > 1 and not statement and not operator:
            self.braced(inside, atom)
            return
        self.out.extend(inside)


def _word(text: str, start: int, end: int, spelled: str) -> Token:
    kind = "BINDER" if text in known.BINDING_WORDS else "NAME"
    return Token(kind, text, start, end, spelled)


def _transposing(token: Token) -> Token:
    upright = (r"\mathsf{T}", r"\mathrm{T}", r"\text{T}", r"\textsf{T}", r"\operatorname{T}")
    if token.type == "NAME" and (token.text == r"\mathsf{T}" or token.spelled in upright):
        return replace(token, text=r"\top")
    return token


def _subscript_names(inside: list[Token]) -> list[Token]:
    r"""\mathbf{W}_{\mathbf{1}} is \mathbf{W}_1: a digit in a subscript has no font of its own."""
    return [
        replace(t, type="NUM", text=t.text[8:-1])
        if t.type == "NAME" and re.fullmatch(r"\\mathbf\{\d\}", t.text)
        else t
        for t in inside
    ]
