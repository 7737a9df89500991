"""Rows and statements: which lines continue each other, and which commas part statements.

The idea: a comma parts two statements only if both sides are statements.  What has no relation of
its own belongs to a neighbour: ``y, z \\in \\mathbb{R}^m`` declares two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from derive.latex import vocabulary as known
from derive.latex.lexemes import Token
from derive.latex.lexicon import connective

_OPENING = frozenset(
    ["LPAR", "LBRACK", "LSET", "LANGLE", "LABS", "LNORM", "LFLOOR", "LCEIL", "LINTERVAL"]
) | {"LBRACE", "BEGIN"}
_CLOSING = frozenset(
    ["RPAR", "RBRACK", "RSET", "RANGLE", "RABS", "RNORM", "RFLOOR", "RCEIL", "RINTERVAL"]
) | {"RBRACE", "END"}
_OPERATORS = frozenset(["REL", "ADD", "SIGN", "MUL"])
_IMPLICATIONS = {"=>": "so", "<=>": "iff"}
_PAIRS = frozenset(["eqnarray", "eqnarray*"])

Statement = list[Token]


def phrases_settled(tokens: list[Token]) -> list[Token]:
    """Each ``PHRASE`` as the name of a quantity, or as words between formulas.

    A quantity stands where a term stands; a remark stands at the end of a row, apart from the rest.
    """
    out: list[Token] = []
    environments: list[str] = []
    for at, token in enumerate(tokens):
        if token.type == "BEGIN":
            environments.append(token.text)
        elif token.type == "END" and environments:
            environments.pop()
        before = tokens[at - 1].type if at else ""
        after = tokens[at + 1].type if at + 1 < len(tokens) else ""
        matrix = bool(environments) and known.MATRICES.get(environments[-1], "cases") != "cases"
        apart = before == "SEP" or (before == "AMP" and not matrix)
        ends = after in ("", "ROW", "STOP", "AMP", "SEP", "END")
        if token.type == "NAME" and token.spelled.startswith(r"\text") and len(token.text) > 1:
            if apart and ends:
                token = replace(token, type="TEXT")
        elif token.type == "PHRASE":
            termlike = before in _OPERATORS | _OPENING | {"FRAC", "COMMA", "ROW", "", "AMP"}
            closed = after in _OPERATORS | _CLOSING | {"SUB", "SUP", "COMMA", "LPAR"} or ends
            first_word = connective(token.text.split()[0]) is not None and before != "LBRACE"
            lonely = before in ("", "ROW") and ends
            quantity = termlike and closed and not first_word and not ((apart and ends) or lonely)
            token = replace(token, type="NAME" if quantity else "TEXT")
        out.append(token)
    return out


def arranged(tokens: list[Token], environment: str) -> list[list[Statement]]:
    """The lines of a formula, each as its statements; a line that only continues is joined."""
    lines: list[list[Statement]] = []
    for row in _split(_spilled(tokens), "ROW"):
        indented = bool(row) and row[0].type == "AMP"
        line = _cells_joined(row, environment)
        if not line:
            continue
        parts = statements(line)
        if not parts:
            continue
        target = _last_statement(lines[-1]) if lines else None
        if target is not None and _continues(target, line, indented, environment):
            first, *parts = parts
            if first[0].type == "SIGN" and target[-1].type not in _OPERATORS:
                first[0] = replace(first[0], type="ADD")
            target.extend(first)
            lines[-1].extend(parts)
        else:
            lines.append(parts)
    for line in lines:
        line[:] = [_asking(statement) for statement in line]
    return lines


def _split(tokens: list[Token], kind: str) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.type in _OPENING) - (token.type in _CLOSING)
        if depth == 0 and token.type == kind:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _spilled(tokens: list[Token]) -> list[Token]:
    """The tokens without the environments that only align, where no bracket is open."""
    out: list[Token] = []
    depth = 0
    system = _is_system(tokens)
    last = len(tokens) - 1
    while system and tokens[last].type != "END":
        last -= 1
    for at, token in enumerate(tokens):
        aligns = token.text in known.ALIGNED or (system and at in (0, last))
        if token.type in ("BEGIN", "END") and depth == 0 and aligns:
            continue
        depth += (token.type in _OPENING) - (token.type in _CLOSING)
        out.append(token)
    return out


def _is_system(tokens: list[Token]) -> bool:
    """Whether the whole formula is a brace or an array around equations, one in each row."""
    if not tokens or tokens[0].type != "BEGIN" or tokens[0].text in known.ALIGNED:
        return False
    depth = 0
    relation_here, rows_with = False, []
    for at, token in enumerate(tokens):
        depth += (token.type in _OPENING) - (token.type in _CLOSING)
        relation_here = relation_here or (depth == 1 and token.type == "REL")
        if (depth == 1 and token.type == "ROW") or depth == 0:
            rows_with.append(relation_here)
            relation_here = False
        if depth == 0:
            rest = tokens[at + 1 :]
            return all(rows_with) and all(t.type in ("COMMA", "STOP") for t in rest)
    return False


def _cells_joined(row: list[Token], environment: str) -> list[Token]:
    """A row without its ampersands: one that aligns vanishes, one that parts columns separates."""
    cells = _split(row, "AMP")
    line = list(cells[0])
    for at in range(1, len(cells)):
        left, right = cells[at - 1], cells[at]
        if not right:
            continue
        aligning = (
            environment in _PAIRS
            or not line
            or line[-1].type in _OPERATORS
            or right[0].type == "REL"
            or (left and at % 2 == 1 and not (_relates(left) and _relates(right)))
        )
        if not aligning:
            line.append(Token("SEP", "&", right[0].start, right[0].start))
        elif right[0].type == "SIGN" and line and line[-1].type not in _OPERATORS:
            right = [replace(right[0], type="ADD"), *right[1:]]
        line += right
    return line


def _relates(tokens: list[Token]) -> bool:
    return any(t.type == "REL" for t in _top(tokens))


def _top(tokens: list[Token]) -> list[Token]:
    """The tokens outside all brackets."""
    out: list[Token] = []
    depth = 0
    for token in tokens:
        depth -= token.type in _CLOSING
        if depth == 0:
            out.append(token)
        depth += token.type in _OPENING
    return out


def _last_statement(line: list[Statement]) -> Statement | None:
    """The statement that a following line can continue: no remark, nor what a word opened."""
    best: Statement | None = None
    after_words = False
    for statement in line:
        if statement[0].type == "TEXT":
            after_words = True
        elif not after_words or best is None:
            best = statement
    return best


def _continues(target: Statement, line: list[Token], indented: bool, environment: str) -> bool:
    line = [token for token in line if token.type != "SEP"]
    first = line[0]
    if environment.startswith("multline") or target[-1].type in _OPERATORS:
        return True
    match first.type:
        case "REL":
            return first.text not in _IMPLICATIONS
        case "MUL" | "ADD":
            return True
        case "SIGN":
            return first.text != "-" or indented or not _relates(line)
        case _:
            return False


# -- statements in a line ---------------------------------------------------------------------


@dataclass(slots=True)
class _Piece:
    tokens: list[Token]
    comma: bool  # Whether a comma, and nothing stronger, stands before it.


def statements(line: list[Token]) -> list[Statement]:
    """The statements of a line; words between them are statements of one ``TEXT`` token."""
    pieces = [_Piece([], False)]
    depth = 0
    for at, token in enumerate(line):
        depth += (token.type in _OPENING) - (token.type in _CLOSING)
        if depth or token.type in _CLOSING:
            pieces[-1].tokens.append(token)
            continue
        match token.type:
            case "COMMA":
                pieces.append(_Piece([], True))
            case "SEP":
                _separate(pieces, line, at)
            case "STOP" | "SEMI":
                pieces.append(_Piece([], False))
            case "TEXT":
                _words(pieces, token)
            case "REL" if token.text == ":" and _quantified(pieces):
                pieces.append(_Piece([], False))
            case "REL" if token.text in _IMPLICATIONS:
                word = replace(token, type="TEXT", text=_IMPLICATIONS[token.text])
                pieces += [_Piece([word], False), _Piece([], False)]
            case "SIGN" if pieces[-1].tokens and pieces[-1].tokens[-1].type not in _OPERATORS | {
                "BIG"
            }:
                inside = pieces[-1].tokens[-1].type in ("RBRACE",) and _after_big(pieces[-1].tokens)
                pieces[-1].tokens.append(token if inside else replace(token, type="ADD"))
            case _:
                pieces[-1].tokens.append(token)
    return _grouped([piece for piece in pieces if piece.tokens])


def _quantified(pieces: list[_Piece]) -> bool:
    """Whether the current piece is what "for all" ranges over, so that a colon ends it."""
    return len(pieces) > 1 and [t.text for t in pieces[-2].tokens] in (["for all"], ["exists"])


def _after_big(tokens: list[Token]) -> bool:
    """Whether the tokens end in a big operator with its scripts, so that a sign is a prefix."""
    at = len(tokens) - 1
    while at > 0 and tokens[at].type == "RBRACE":
        depth = 0
        while at >= 0:
            depth += (tokens[at].type in _CLOSING) - (tokens[at].type in _OPENING)
            at -= 1
            if depth == 0:
                break
        at -= 1  # The sign of the script.
    return at >= 0 and tokens[at].type == "BIG"


def _separate(pieces: list[_Piece], line: list[Token], at: int) -> None:
    """A wide space separates, unless what follows or precedes it shows that a term goes on."""
    following = line[at + 1].type if at + 1 < len(line) else ""
    current = pieces[-1]
    if not current.tokens or current.tokens[-1].type in _OPERATORS:
        return
    if following in _OPERATORS and not (following == "REL" and line[at].text == "&"):
        return
    pieces.append(_Piece([], False))


def _words(pieces: list[_Piece], token: Token) -> None:
    relating = [p for p in pieces[_group_start(pieces) :] if _relates(p.tokens)]
    current = pieces[_group_start(pieces) :]
    if token.text == "and" and not relating and any(p.tokens for p in current):
        pieces.append(_Piece([], True))  # x, y and z \in \mathbb{R}^n
    else:
        pieces += [_Piece([token], False), _Piece([], False)]


def _group_start(pieces: list[_Piece]) -> int:
    at = len(pieces) - 1
    while at > 0 and pieces[at].comma:
        at -= 1
    return at


def _grouped(pieces: list[_Piece]) -> list[Statement]:
    """Pieces without a relation of their own joined to the neighbour that they belong to."""
    groups: list[list[list[Token]]] = []
    for piece in pieces:
        if piece.comma and groups and groups[-1][0][0].type != "TEXT":
            groups[-1].append(piece.tokens)
        else:
            groups.append([piece.tokens])
    return [statement for group in groups for statement in _joined(group)]


def _joined(group: list[list[Token]]) -> list[Statement]:
    relating = [at for at, tokens in enumerate(group) if _relates(tokens)]
    if not relating:
        return [_with_commas(group)]
    out: list[Statement] = []
    loose: list[list[Token]] = []
    for tokens in group:
        if _relates(tokens):
            if loose and out and loose[0][0].type in ("NUM", "DOTS"):
                out[-1] = _with_commas([out[-1], *loose])
                loose = []
            out.append(_with_commas([*loose, tokens]))
            loose = []
        else:
            loose.append(tokens)
    if loose:
        out[-1] = _with_commas([out[-1], *loose])
    return out


def _with_commas(parts: list[list[Token]]) -> Statement:
    out = list(parts[0])
    for part in parts[1:]:
        out.append(Token("COMMA", ",", out[-1].end, out[-1].end + 1))
        out += part
    return out


def _asking(statement: Statement) -> Statement:
    """A statement that ends in ``=``, ``= \\dots`` or ``?`` asks for its right side."""
    last = statement[-1]
    if last.type == "REL" and last.text == "=" and len(statement) > 1:
        return [*statement, Token("ASK", "?", last.start, last.end)]
    if last.type == "ASK" and len(statement) > 1 and not _relates(statement):
        return [*statement[:-1], Token("REL", "=", last.start, last.start), last]
    asks = len(statement) > 2 and (statement[-2].type, statement[-2].text) == ("REL", "=")
    if asks and last.type == "DOTS":
        return [*statement[:-1], replace(last, type="ASK", text="?")]
    return statement
