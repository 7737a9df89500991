"""A document's formulas, read: every statement a tree, every failure a diagnostic.

Rows are joined where a row only continues the one above, and cut into statements where the author
listed several; each statement is parsed on its own, so that one mistake costs one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from derive.diagnostics import DeriveError, Diagnostic, Source
from derive.latex.brackets import paired
from derive.latex.faults import Unreadable
from derive.latex.lexemes import Lexeme, Token, lexemes
from derive.latex.lexicon import learned_words
from derive.latex.macros import CUSTOMARY, Macro, expand
from derive.latex.parse import parse_statement
from derive.latex.rows import arranged, phrases_settled
from derive.latex.segment import Document, Formula, segment
from derive.latex.tokens import Reader
from derive.latex.vocabulary import WORDS
from derive.tree import Tree


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a formula: its statements, and ``text`` trees for the words between them."""

    items: tuple[Tree, ...]
    span: tuple[int, int]
    display: bool
    environment: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document as read; ``spelling`` maps a canonical name to how the document first wrote it."""

    document: Document
    rows: tuple[Row, ...]
    diagnostics: tuple[Diagnostic, ...]
    spelling: Mapping[str, str]

    @property
    def source(self) -> Source:
        return self.document.source

    @property
    def title(self) -> str:
        return self.document.title


def read_formulas(source: Source, words: frozenset[str] = WORDS) -> Parsed:
    """Every formula of a document.

    Raises ``DeriveError`` only for a document that cannot hold formulas at all (empty, binary,
    huge); a formula that cannot be read is a diagnostic, and the others are read.
    """
    document = segment(source)
    known = learned_words([document.plain[f.start : f.end] for f in document.formulas], words)
    macros = {**CUSTOMARY, **document.macros}
    rows: list[Row] = []
    diagnostics = list(document.diagnostics)
    spelling: dict[str, str] = {}
    for formula in document.formulas:
        tokens, faults = tokens_of(document.plain, formula, macros, known)
        _remember_spelling(tokens, spelling)
        more, parse_faults = _rows(tokens, formula)
        rows += more
        diagnostics += [fault.diagnostic(source) for fault in (*faults, *parse_faults)]
    diagnostics.sort(key=lambda d: (d.start, d.end))
    return Parsed(document, tuple(rows), tuple(diagnostics), spelling)


def read_formula(
    latex: str, words: frozenset[str] = WORDS, macros: Mapping[str, Macro] = CUSTOMARY
) -> tuple[Tree, ...]:
    """The statements of a formula without delimiters around it; ``DeriveError`` if unreadable."""
    source = Source("", latex)
    formula = Formula(0, len(latex), True, "")
    tokens, faults = tokens_of(latex, formula, macros, learned_words([latex], words))
    rows, parse_faults = _rows(tokens, formula)
    if problems := [*faults, *parse_faults]:
        raise DeriveError(*(fault.diagnostic(source) for fault in problems))
    return tuple(item for row in rows for item in row.items)


def tokens_of(
    text: str, formula: Formula, macros: Mapping[str, Macro], words: frozenset[str]
) -> tuple[list[Token], list[Unreadable]]:
    """The paired tokens of a formula; where it does not pair as a whole, those of its good rows."""
    try:
        atoms = expand(lexemes(text, formula.start, formula.end), macros)
    except Unreadable as fault:
        return [], [fault]
    try:
        tokens = phrases_settled(Reader(atoms, words).everything())
    except Unreadable as fault:
        return _read_by_rows(atoms, words, fault)
    try:
        return paired(tokens), []
    except Unreadable as fault:
        return _paired_by_rows(tokens, fault)


def _read_by_rows(
    atoms: list[Lexeme], words: frozenset[str], fault: Unreadable
) -> tuple[list[Token], list[Unreadable]]:
    """What is not known in one row costs that row only."""
    lines: list[list[Lexeme]] = [[]]
    depth = 0
    for atom in atoms:
        depth += {"{": 1, r"\begin": 1, "}": -1, r"\end": -1}.get(atom.text, 0)
        if atom.text == r"\\" and depth == 0:
            lines.append([])
        lines[-1].append(atom)
    good: list[Token] = []
    faults: list[Unreadable] = []
    for line in lines if len(lines) > 1 else ():
        try:
            good += paired(phrases_settled(Reader(line, words).everything()))
        except Unreadable as problem:
            faults.append(problem)
            good.append(Token("ROW", r"\\", line[-1].end, line[-1].end))
    return good, faults or [fault]


def _paired_by_rows(tokens: list[Token], fault: Unreadable) -> tuple[list[Token], list[Unreadable]]:
    """A bracket that is open over a row end may be a mistake in one row only: read the others."""
    lines: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"BEGIN": 1, "END": -1}.get(token.type, 0)
        if token.type == "ROW" and depth == 0:
            lines.append([])
        else:
            lines[-1].append(token)
    if len(lines) == 1:
        return [], [fault]
    good: list[Token] = []
    faults: list[Unreadable] = []
    for line in lines:
        try:
            good += paired(line)
        except Unreadable as problem:
            faults.append(problem)
        good.append(Token("ROW", r"\\", formula_end(line), formula_end(line)))
    return good, faults or [fault]


def formula_end(tokens: list[Token]) -> int:
    return tokens[-1].end if tokens else 0


def _rows(tokens: list[Token], formula: Formula) -> tuple[list[Row], list[Unreadable]]:
    rows: list[Row] = []
    faults: list[Unreadable] = []
    for line in arranged(tokens, formula.environment):
        items: list[Tree] = []
        for statement in line:
            try:
                items.append(parse_statement(statement))
            except Unreadable as fault:
                faults.append(fault)
        if items:
            span = (min(i.span[0] for i in items), max(i.span[1] for i in items))
            rows.append(Row(tuple(items), span, formula.display, formula.environment))
    return rows, faults


def _remember_spelling(tokens: Iterable[Token], spelling: dict[str, str]) -> None:
    for token in tokens:
        if token.type == "NAME" and token.spelled:
            spelling.setdefault(token.text, token.spelled)
