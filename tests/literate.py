r"""Literate derivations: documents in which every line says the verdict that it must get.

The idea: the verdict stands as a LaTeX comment at the end of the row that it judges, or alone on
the line below it, so that a document of the book is a document like any other.

    \frac{\partial L}{\partial W} &= \delta x^T \\   % ok
    \frac{\partial L}{\partial x} &= W \delta        % error: [missing-transpose]

``ok`` (proved), ``ok: a.e.`` (off a null set), ``ok: condition`` (under a side condition),
``error: [name]`` (refuted or ill-typed, the mistake named; ``[a|b]`` either, ``[]`` whatever name),
``ill-typed``, ``carried``, ``unsettled``; ``ok | carried`` either of the two.  A row without a
comment is a declaration, a definition or a question.  ``[a|]``: the name a or none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from proofs.verdict import ILL_TYPED, PROVED, REFUTED, UNSETTLED, Link, Report

BOOK = Path(__file__).parent / "book"

_ONE = r"(?:ok(?::\s*(?:a\.e\.|condition))?|error:\s*\[[a-z|\s-]*\]|ill-typed|carried|unsettled)"
_NOTE = re.compile(rf"(?<!\\)%\s*({_ONE}(?:\s*\|\s*{_ONE})*)\s*$")
_LOOKS = re.compile(r"(?<!\\)%\s*(?:ok|error|ill|carried|unsettled)\b")
_OPENS = re.compile(r"\\begin\{|^\s*\\\[\s*$|^\s*\$\$\s*$|\\\\(?:\[[^\]]*\])?\s*(?:%.*)?$")

MISTAKES = frozenset(
    [
        "missing-transpose",
        "transposed-answer",
        "swapped-factors",
        "hadamard-for-product",
        "product-for-hadamard",
        "missing-mask",
        "wrong-mask",
        "missing-term",
        "wrong-delta",
        "sign",
        "factor",
        "missing-inner-derivative",
        "derivative-twice",
        "missing-diag",
        "missing-regulariser",
        "wrong-inverse-or-power",
        "wrong-index",
        "layout-flip",
        "held-constant",
        "swapped-quotient-rule",
        "wrong-left-side",
        "extra-transpose",
        "extra-term",
        "extra-factor",
        "wrong-symbol",
        "value-for-derivative",
    ]
)


@dataclass(frozen=True, slots=True)
class Expected:
    """One admissible verdict of a row: its kind, and the mistakes that may be named."""

    kind: str  # ok, ae, condition, error, ill-typed, carried, unsettled
    mistakes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """An annotated row: the lines of the document that it covers and what is expected of them."""

    first: int  # lines count from 1; both ends belong to the row
    last: int
    start: int  # offsets of those lines in the document
    end: int
    note: str
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the book."""

    path: Path
    text: str
    rows: tuple[Row, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.path.name


def documents() -> list[Document]:
    """Every document of the book, in the order of their names."""
    paths = [p for p in sorted(BOOK.rglob("*")) if p.suffix in (".tex", ".md")]
    return [document(path) for path in paths]


def document(path: Path) -> Document:
    text = path.read_text(encoding="utf-8")
    return Document(path, text, tuple(annotated(text, path.name)))


def annotated(text: str, name: str = "") -> list[Row]:
    """The annotated rows of a document.  ValueError for a comment that is nearly an annotation."""
    lines = text.split("\n")
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    rows: list[Row] = []
    noted: set[int] = set()
    for number, line in enumerate(lines, 1):
        found = _NOTE.search(line)
        if found is None:
            if _LOOKS.search(line):
                raise ValueError(f"{name}:{number}: not an annotation: {line.strip()}")
            continue
        first = number
        if not line[: found.start()].strip():  # alone: the row ends on the line above
            first = number - 1
        while first > 1 and first - 1 not in noted and not _starts_row(lines, first):
            first -= 1
        noted.update(range(first, number + 1))
        expected = tuple(_expected(part) for part in _alternatives(found[1]))
        unknown = {m for e in expected for m in e.mistakes} - MISTAKES - {""}
        if unknown:
            raise ValueError(f"{name}:{number}: no such mistake: {sorted(unknown)}")
        rows.append(Row(first, number, offsets[first - 1], offsets[number] - 1, found[1], expected))
    return rows


def _starts_row(lines: list[str], first: int) -> bool:
    """Does the line above line ``first`` end what came before."""
    above = lines[first - 2]
    return not above.strip() or _OPENS.search(above) is not None or not _open(lines, first)


def _open(lines: list[str], first: int) -> bool:
    """Does a formula that began above line ``first`` go on into it."""
    above = lines[first - 2]
    if above.count("$$") % 2 == 0 and above.replace("$$", "").count("$") % 2 == 1:
        return True
    here = lines[first - 1].lstrip()
    return here.startswith(("&", "=", "+", "-", r"\frac", r"\left", r"\odot", r"\cdot", ")", "("))


def _alternatives(note: str) -> list[str]:
    """``a | b`` parted outside of brackets."""
    return [part.strip() for part in re.split(r"\|(?![^\[]*\])", note)]


def _expected(note: str) -> Expected:
    kind, _, rest = (part.strip() for part in note.partition(":"))
    if kind == "ok":
        return Expected({"": "ok", "a.e.": "ae", "condition": "condition"}[rest])
    names = rest.strip("[] ").split("|")
    return Expected(kind, frozenset(name.strip() for name in names))


# ---------------------------------------------------------------- against a report


@dataclass(frozen=True, slots=True)
class Difference:
    """A row whose verdict is not the one that the book expects, or a claim the book has not."""

    document: str
    line: int
    expected: str
    got: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}: expected {self.expected}, got {self.got}: {self.text}"


def compared(document: Document, report: Report, named: bool = True) -> list[Difference]:
    """Every difference between a document's annotations and its report.

    ``named``: a wrong row must have its mistake named; else a wrong name is a difference, and none
    is not.
    """
    out: list[Difference] = []
    rows = {number: row for row in document.rows for number in range(row.first, row.last + 1)}
    found: dict[Row, list[Link]] = {row: [] for row in document.rows}
    for claim in report.claims:
        for link in claim.links:
            line = _line(document.text, link)
            row = rows.get(line)
            if row is None:
                out.append(Difference(document.name, line, "no claim", outcome([link]), link.text))
            else:
                found[row].append(link)
    for row, links in found.items():
        got = outcome(links)
        if not any(admits(expected, links, named) for expected in row.expected):
            text = " ".join(document.text[row.start : row.end].partition("%")[0].split())
            out.append(Difference(document.name, row.last, row.note, got, text))
    for fault in report.diagnostics:
        if fault.severity == "error":
            line = document.text.count("\n", 0, fault.start) + 1
            out.append(Difference(document.name, line, "readable", fault.code, fault.message))
    return sorted(out, key=lambda d: d.line)


def _line(text: str, link: Link) -> int:
    """The line on which a link ends: its comment stands there or below."""
    end = link.span[1]
    while end > link.span[0] and text[end - 1].isspace():
        end -= 1
    return text.count("\n", 0, end) + 1


def admits(expected: Expected, links: list[Link], named: bool = True) -> bool:
    """Do the links of one row have the verdict that is expected of it."""
    if not links:
        return False
    verdicts = {link.verdict for link in links}
    wrong = [link for link in links if link.verdict in (REFUTED, ILL_TYPED)]
    fresh = [link for link in wrong if not link.carried]
    match expected.kind:
        case "ok":
            return verdicts == {PROVED} and not any(k.almost_everywhere for k in links)
        case "ae":
            return verdicts == {PROVED} and any(k.almost_everywhere for k in links)
        case "condition":
            return verdicts == {PROVED} and any(k.conditions for k in links)
        case "error":
            if not fresh or expected.mistakes == {""}:
                return bool(fresh)
            allowed = expected.mistakes if named else expected.mistakes | {""}
            return (fresh[0].mistake or "") in allowed
        case "ill-typed":
            return bool(fresh) and fresh[0].verdict == ILL_TYPED
        case "carried":
            return bool(wrong) and not fresh
        case _:
            return verdicts <= {UNSETTLED, PROVED}


def outcome(links: list[Link]) -> str:
    """What a report says of the links of one row, in the words of the annotations."""
    said = []
    for link in links:
        word = link.verdict
        if word == PROVED:
            word = "ok: a.e." if link.almost_everywhere else "ok"
            word += f" if {', '.join(link.conditions)}" if link.conditions else ""
        elif link.carried:
            word = "carried"
        elif word in (REFUTED, ILL_TYPED):
            word = f"{word} [{link.mistake or ''}]"
        said.append(word)
    return "; ".join(said) or "nothing"


@dataclass(slots=True)
class Count:
    """What the book holds and what the checker says of it."""

    documents: int = 0
    rows: int = 0
    expected: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    named: int = 0
    wrong: int = 0

    def add(self, document: Document, report: Report) -> None:
        self.documents += 1
        self.rows += len(document.rows)
        for row in document.rows:
            kind = row.expected[0].kind
            self.expected[kind] = self.expected.get(kind, 0) + 1
        for claim in report.claims:
            for link in claim.links:
                self.verdicts[link.verdict] = self.verdicts.get(link.verdict, 0) + 1
                if link.verdict in (REFUTED, ILL_TYPED) and not link.carried:
                    self.wrong += 1
                    self.named += link.mistake is not None

    def __str__(self) -> str:
        def listed(table: dict[str, int]) -> str:
            return ", ".join(f"{count} {word}" for word, count in sorted(table.items()))

        return (
            f"{self.documents} documents, {self.rows} rows ({listed(self.expected)}); "
            f"links: {listed(self.verdicts)}; mistakes named: {self.named} of {self.wrong}"
        )
