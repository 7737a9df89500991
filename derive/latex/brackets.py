"""Brackets paired, bars told apart, and each sign put in its role: infix, prefix, or a mere mark.

One pass with one stack.  A bar where an operand is due opens; after an operand it closes the bar
that is open, and if none closes it in turn it was a "given".  An unclosed bracket is blamed on the
opener, because that is the place where the author must look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from derive.latex import vocabulary as known
from derive.latex.faults import Unreadable
from derive.latex.lexemes import Token

DEEPEST_NESTING = 100

_RIGHT_OF = {
    "LPAR": "RPAR", "LBRACK": "RBRACK", "LSET": "RSET", "LANGLE": "RANGLE", "LABS": "RABS",
    "LNORM": "RNORM", "LFLOOR": "RFLOOR", "LCEIL": "RCEIL", "LBRACE": "RBRACE",
}  # fmt: skip
_LEFT_OF = {right: left for left, right in _RIGHT_OF.items()}
_ENDS = frozenset(_LEFT_OF) | {"COMMA", "SEMI", "MID", "AMP", "ROW", "SEP", "STOP", "OVER", "END"}
_OPERANDS = frozenset(["NAME", "NUM", "DOTS", "ASK", "PRIME", "FACTORIAL"])
_HEADS = frozenset(["BIG", "FRAC", "SQRT", "ROOT", "BINOM", "ACCENT"])


@dataclass(slots=True)
class _Open:
    """A bracket that waits for its partner, and where it stands in the output."""

    token: Token
    at: int
    due: bool  # Whether an operand was due before it: what a script gives back when it closes.
    script: bool = False
    spans_rows: bool = False
    tentative: bool = False  # A bar after an operand, which may be a "given".


def paired(tokens: list[Token]) -> list[Token]:
    """The tokens with every bracket typed and balanced and every sign in its role."""
    return _Pairing(tokens).run()


class _Pairing:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.out: list[Token] = []
        self.stack: list[_Open] = []
        self.due = True  # Whether an operand is due here.
        self.based = False  # Whether a script here has a base.

    def run(self) -> list[Token]:
        for at, token in enumerate(self.tokens):
            following = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
            self.step(token, following)
        self.drop_tentative_bars(lambda entry: False)
        if self.stack:
            raise _unclosed(self.stack[-1].token)
        return self.out

    def put(self, token: Token, due: bool, based: bool) -> None:
        self.out.append(token)
        self.due, self.based = due, based

    def push(self, token: Token, **marks: bool) -> None:
        if len(self.stack) >= DEEPEST_NESTING:
            raise Unreadable(
                "nested-too-deep",
                f"more than {DEEPEST_NESTING} brackets are nested here",
                (token.start, token.end),
                help="name the inner parts and refer to them by name",
            )
        self.stack.append(_Open(token, len(self.out), self.due, **marks))
        self.put(token, True, False)

    def step(self, token: Token, following: Token | None) -> None:
        kind = token.type
        match kind:
            case "BAR":
                self.bar(token, following)
            case "LEFT":
                self.left(token)
            case "RIGHT":
                self.right(token, following)
            case "BEGIN":
                self.push(token)
            case "END":
                self.close(token, "BEGIN")
            case "ADD" | "MUL":
                self.sign(token, following)
            case "BINDER":
                below = following is not None and following.type == "SUB"
                kind = "BIG" if below else "NAME"
                self.put(replace(token, type=kind), below, True)
            case "SUB" | "SUP":
                self.script(token, following)
            case "ROW" | "AMP":
                self.cell(token, following)
            case "SEP" | "STOP":
                if not self.stack:
                    self.put(token, True, False)
                elif kind == "STOP" and not _closes(following):
                    raise Unreadable(
                        "unexpected-symbol",
                        "a full stop stands inside brackets",
                        (token.start, token.end),
                        help="write a comma between arguments",
                    )
            case "REL" if token.text == ":" and self.due and _ends(following):
                self.put(replace(token, type="NAME"), False, True)  # A whole axis: W_{:,i}.
            case "MID":
                self.put(self.given(token), True, False)
            case _ if kind in _RIGHT_OF:
                self.push(token, script=self.opens_script())
            case "RABS" if self.evaluates(following):
                self.out.append(replace(token, type="EVAL"))  # \bigg\rvert_{w=0}
            case _ if kind in _LEFT_OF:
                self.close(token, _LEFT_OF[kind])
            case _ if kind in _OPERANDS:
                if kind == "PRIME" and not self.based:
                    self.empty_base(token)
                self.put(token, False, True)
            case _ if kind in _HEADS:
                self.put(token, True, True)
            case _:
                self.put(token, True, False)

    def cell(self, token: Token, following: Token | None) -> None:
        """A row or a cell ends.  Brackets may span rows, but not the start of another equation."""
        if not self.stack or self.stack[-1].token.type == "BEGIN":
            self.put(token, True, False)
        elif token.type == "ROW":
            self.stack[-1].spans_rows = True
        elif following is not None and following.type == "REL":
            for entry in self.stack:
                if entry.spans_rows:
                    raise _unclosed(entry.token)

    def opens_script(self) -> bool:
        return bool(self.out) and self.out[-1].type in ("SUB", "SUP", "EVAL")

    def empty_base(self, token: Token) -> None:
        """``{}^T`` and ``^{(i)}`` alone: a script on nothing."""
        self.out.append(Token("LBRACE", "{", token.start, token.start))
        self.out.append(Token("RBRACE", "}", token.start, token.start))
        self.due = False

    def script(self, token: Token, following: Token | None) -> None:
        if not self.based:
            self.empty_base(token)
        # The brace that follows is a script: what was due before it is due again behind it.
        self.out.append(token)

    def sign(self, token: Token, following: Token | None) -> None:
        if not self.due:
            if _ends(following) and self.stack and self.stack[-1].script:
                self.put(replace(token, type="NAME"), False, True)  # x^{i+}, w^{k*}
            else:
                self.put(token, True, False)
        elif self.is_mark(token, following):
            self.put(replace(token, type="NAME"), False, True)
        elif token.type == "ADD":
            self.put(replace(token, type="SIGN"), True, False)
        else:
            self.put(token, True, False)

    def is_mark(self, token: Token, following: Token | None) -> bool:
        """Whether a sign that acts on nothing is a mark: x^*, A^+, f(\\cdot), w^{*^T}, w^{*(i)}."""
        if not self.stack:
            return False
        script = self.stack[-1].script
        if following is None or following.type == "BAR":
            return following is not None and self.open_bar() and token.type == "MUL"
        if _ends(following) or following.type in ("SUP", "SUB"):
            return script or token.type == "MUL"
        return script and token.type == "MUL"

    # -- closing ------------------------------------------------------------------------------

    def close(self, token: Token, opener: str) -> None:
        self.drop_tentative_bars(lambda entry: entry.token.type == opener)
        if not self.stack:
            raise Unreadable(
                "unopened-bracket",
                f"`{_shown(token)}` closes a bracket that was never opened",
                (token.start, token.end),
                help=f"remove it, or add the opening bracket before it: `{_partner(token)}`",
            )
        entry = self.stack[-1]
        if entry.token.type != opener or (opener == "BEGIN" and entry.token.text != token.text):
            self.mismatched(entry, token)
            return
        self.stack.pop()
        self.put(token, entry.due if entry.script else False, True)

    def mismatched(self, entry: _Open, token: Token) -> None:
        kinds = (entry.token.type, token.type)
        inside = self.out[entry.at + 1 :]
        before = self.out[entry.at - 1] if entry.at else None
        if (
            kinds in (("LPAR", "RBRACK"), ("LBRACK", "RPAR"))
            and sum(t.type == "COMMA" for t in inside) == 1
            and before is not None
            and (before.text in ("in", "notin") or before.type in ("MUL", "COMMA"))
        ):
            self.stack.pop()
            self.out[entry.at] = replace(entry.token, type="LINTERVAL")
            self.put(replace(token, type="RINTERVAL"), False, True)
            return
        if entry.token.type == "LEFT" or (len(self.stack) > 1 and self.waits_below(token)):
            raise _unclosed(entry.token)
        raise Unreadable(
            "mismatched-bracket",
            f"`{_shown(entry.token)}` is closed by `{_shown(token)}`",
            (entry.token.start, entry.token.end),
            help=f"close it with `{_partner(entry.token)}`",
            elsewhere=(token.start, f"`{_shown(token)}` stands"),
        )

    def waits_below(self, token: Token) -> bool:
        return any(entry.token.type == _LEFT_OF.get(token.type) for entry in self.stack[:-1])

    def drop_tentative_bars(self, closed_by) -> None:
        """Bars that nothing closes and that stand after an operand were "given" signs."""
        while self.stack and self.stack[-1].tentative and not closed_by(self.stack[-1]):
            entry = self.stack.pop()
            self.out[entry.at] = self.given(entry.token)

    def given(self, token: Token) -> Token:
        """A bar that conditions: in brackets it parts lists, y|x without brackets is a sign."""
        return replace(token, type="MID") if self.stack else replace(token, type="MUL", text="|")

    # -- bars ---------------------------------------------------------------------------------

    def bar(self, token: Token, following: Token | None) -> None:
        kind = token.text
        left = "LABS" if kind == "ABS" else "LNORM"
        if self.due:
            self.push(replace(token, type=left))
            return
        top = self.stack[-1].token.type if self.stack else ""
        if top == left:
            self.close(replace(token, type=_RIGHT_OF[left]), left)
        elif kind == "NORM" and top == "LABS":
            # `||` while one bar is open closes it and meets another: |a + |b|| or |a||b|.
            middle = (token.start + token.end) // 2
            for start, end in ((token.start, middle), (middle, token.end)):
                self.bar(Token("BAR", "ABS", start, end), following)
        elif self.evaluates(following):
            self.out.append(replace(token, type="EVAL"))  # \frac{df}{dx}|_{x=0}
        else:
            self.push(replace(token, type=left), tentative=True)

    def evaluates(self, following: Token | None) -> bool:
        """Whether a bar closes nothing and carries a script: it says where the term is taken."""
        scripted = following is not None and following.type in ("SUB", "SUP")
        return scripted and not self.due and not self.open_bar()

    def open_bar(self) -> bool:
        return bool(self.stack) and self.stack[-1].token.type in ("LABS", "LNORM")

    # -- \left and \right ---------------------------------------------------------------------

    def left(self, token: Token) -> None:
        delimiter = token.text
        if delimiter not in (".", *known.OPENERS, *known.CLOSERS, *known.BARS, "<", "/"):
            raise Unreadable(
                "unexpected-symbol",
                rf"`\left` is followed by `{delimiter}`, which is no bracket",
                (token.start, token.end),
                help=r"write `\left(` or remove `\left`",
            )
        due, based = self.due, self.based
        self.push(token)
        if delimiter == ".":
            self.due, self.based = due, based  # Invisible: what stood before it still counts.

    def right(self, token: Token, following: Token | None) -> None:
        self.drop_tentative_bars(lambda entry: False)
        if not self.stack or self.stack[-1].token.type != "LEFT":
            if self.stack:
                raise _unclosed(self.stack[-1].token)
            raise Unreadable(
                "unopened-bracket",
                rf"`\right{token.text}` has no `\left`",
                (token.start, token.end),
                help=r"add `\left.` where the bracket begins",
            )
        entry = self.stack.pop()
        opener, closer = _left_type(entry.token.text), _right_type(token.text)
        inside = self.out[entry.at + 1 :]
        if closer == "" and opener == "LSET" and inside and inside[0].type == "BEGIN":
            # \left\{ \begin{array}..\end{array} \right. is how cases are built by hand.
            self.out[entry.at + 1] = replace(inside[0], text="cases")
            self.out[-1] = replace(self.out[-1], text="cases")
            del self.out[entry.at]
            self.due, self.based = False, True
        elif opener and closer == "":
            # Half of a bracket that is split over two rows: its \right. closes nothing.
            self.out[entry.at] = replace(entry.token, type=opener)
            entry.token = self.out[entry.at]
            self.stack.append(entry)
        elif opener == "" and closer in ("RABS", "RNORM"):
            self.out[entry.at] = replace(entry.token, type="LBRACE")
            self.put(Token("RBRACE", "}", token.start, token.start), False, True)
            if following is not None and following.type in ("SUB", "SUP"):
                self.out.append(replace(token, type="EVAL"))
        elif opener == "":
            self.forget(entry.at)
            if closer:
                self.close(replace(token, type=closer), _LEFT_OF[closer])
        else:
            entry.token = replace(entry.token, type=opener)
            self.out[entry.at] = entry.token
            self.stack.append(entry)
            self.close(replace(token, type=closer), _LEFT_OF[closer])

    def forget(self, at: int) -> None:
        """Take out an invisible ``\\left.``; whatever is still open stands before it."""
        del self.out[at]


def _left_type(delimiter: str) -> str:
    if delimiter in known.BARS:
        return "LABS" if known.BARS[delimiter] == "ABS" else "LNORM"
    if delimiter in known.CLOSERS:
        return _LEFT_OF[known.CLOSERS[delimiter]]
    return {"<": "LANGLE"}.get(delimiter, known.OPENERS.get(delimiter, ""))


def _right_type(delimiter: str) -> str:
    if delimiter in known.BARS:
        return "RABS" if known.BARS[delimiter] == "ABS" else "RNORM"
    if delimiter in known.OPENERS:
        return _RIGHT_OF[known.OPENERS[delimiter]]
    return {">": "RANGLE"}.get(delimiter, known.CLOSERS.get(delimiter, ""))


def _ends(token: Token | None) -> bool:
    return token is None or token.type in _ENDS or token.type == "RIGHT" or token.type == "TEXT"


def _closes(token: Token | None) -> bool:
    return token is None or token.type in _LEFT_OF or token.type in ("RIGHT", "END", "ROW")


_SHOWN_PARTNER = {
    "LPAR": ")", "LBRACK": "]", "LSET": r"\}", "LANGLE": r"\rangle", "LFLOOR": r"\rfloor",
    "LCEIL": r"\rceil", "LABS": "|", "LNORM": r"\|", "LBRACE": "}", "RPAR": "(", "RBRACK": "[",
    "RSET": r"\{", "RANGLE": r"\langle", "RFLOOR": r"\lfloor", "RCEIL": r"\lceil", "RABS": "|",
    "RNORM": r"\|", "RBRACE": "{",
}  # fmt: skip
_SHOWN_BAR = {"ABS": "|", "NORM": r"\|"}


def _shown(token: Token) -> str:
    match token.type:
        case "BEGIN":
            return rf"\begin{{{token.text}}}"
        case "END":
            return rf"\end{{{token.text}}}"
        case "LEFT":
            return rf"\left{token.text}"
        case _:
            return _SHOWN_BAR.get(token.text, token.text)


def _partner(token: Token) -> str:
    match token.type:
        case "BEGIN":
            return rf"\end{{{token.text}}}"
        case "END":
            return rf"\begin{{{token.text}}}"
        case "LEFT":
            return r"\right"
        case _:
            return _SHOWN_PARTNER.get(token.type, "")


def _unclosed(opener: Token) -> Unreadable:
    return Unreadable(
        "unclosed-bracket",
        f"`{_shown(opener)}` is never closed",
        (opener.start, opener.end),
        help=f"add the missing `{_partner(opener)}`",
    )
