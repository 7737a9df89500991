r"""Each row of the source document: where it is stated, what it answers, whether that is right.

A document begins with ``% seed: S38 S40``.  Its claims carry the annotations of ``tests.literate``;
a question carries the answer that a course gives:

    \nabla_{z} L = ? % answer: \hat{y} - y

The answer is put in the place of the question mark and must then be proved, and so must what the
engine itself answers, as printed: two texts, one meaning, and the round trip besides.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from derive.app.report import solution_json
from derive.app.solve import solved
from derive.diagnostics import DeriveError, Source
from derive.elaborate.document import read
from proofs.check import check_source
from tests.literate import Document, annotated, compared

HERE = Path(__file__).parent
_ROWS = re.compile(r"\A%\s*seed:((?:\s+S\d+)+)\s*$", re.MULTILINE)
_ANSWER = re.compile(r"^(.*)(?<!\\)%\s*answer:\s*(.*?)\s*$", re.MULTILINE)
# What a single line can state; the other kinds need limits, means or proofs of several steps.
DIRECT = frozenset(["gradient", "identity", "shape", "count", "update"])


@dataclass(frozen=True, slots=True)
class Row:
    """One claim or problem of the source document."""

    name: str
    kind: str
    printed: str  # whether it is right as the source prints it
    title: str

    @property
    def direct(self) -> bool:
        return not DIRECT.isdisjoint(self.kind.split(" + "))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a document: ``answers`` to its questions and what is ``wrong`` with them."""

    answers: tuple[str, ...]
    verdicts: tuple[str, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """A document with the rows that it states."""

    path: Path
    text: str
    rows: tuple[str, ...]


def rows() -> list[Row]:
    lines = (HERE / "rows.txt").read_text(encoding="utf-8").splitlines()[1:]
    return [Row(*(cell.strip() for cell in line.split("|"))) for line in lines]


def stated() -> list[Stated]:
    """Every document; ValueError for one that does not say which rows it states."""
    found = []
    for path in sorted(HERE.glob("*.tex")) + sorted(HERE.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        named = _ROWS.search(text)
        if named is None:
            raise ValueError(f"{path.name} does not begin with a comment such as % seed: S38 S40")
        found.append(Stated(path, text, tuple(named[1].split())))
    return found


@cache
def outcome(document: Stated) -> Outcome:
    """The document read, its claims judged and its questions answered, twice each."""
    asked = [m for m in _ANSWER.finditer(document.text)]
    if not asked:
        return _checked(document, document.text)
    answers, wrong = _answered(document)
    if len(answers) != len(asked):
        wrong += (f"{len(asked)} answers are expected, {len(answers)} are given",)
    else:
        expected = [m[2] for m in asked]
        for texts in (expected, answers):
            filled = _checked(document, _filled(document.text, texts))
            wrong += filled.wrong
    return Outcome(answers, ("answered",) * len(answers), wrong)


def _filled(text: str, answers: list[str] | tuple[str, ...]) -> str:
    """The document with these answers in the place of its questions, each to be proved."""
    given = iter(answers)

    def fill(found: re.Match[str]) -> str:
        before, mark, after = found[1].rpartition("?")
        return f"{before}{next(given)}{after} % ok | ok: a.e. | ok: condition" if mark else found[0]

    return _ANSWER.sub(fill, text)


def _checked(document: Stated, text: str) -> Outcome:
    """The document as one of claims against its annotations."""
    literate = Document(document.path, text, tuple(annotated(text, document.path.name)))
    report = check_source(Source(document.path.name, text))
    said = [f"{link.verdict}" for claim in report.claims for link in claim.links]
    wrong = [str(d) for d in compared(literate, report, named=False)]
    return Outcome((), tuple(said), tuple(wrong))


def _answered(document: Stated) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the engine answers, as printed, and whatever differs from its numerical check."""
    source = Source(document.path.name, document.text)
    try:
        network = read(document.text)
    except DeriveError as error:
        return (), tuple(str(d) for d in error.diagnostics)
    done = solution_json(solved(network), source)
    questions = done["questions"]
    wrong = [f"{q['question']}: {json.dumps(q['check'])}" for q in questions
             if not q["check"]["passed"]]  # fmt: skip
    return tuple(q["latex"] for q in questions), tuple(wrong)


def table(markdown: bool = False) -> str:
    """The rows with their documents, answers and verdicts, and how many are covered."""
    places: dict[str, list[Stated]] = {}
    for document in stated():
        for name in document.rows:
            places.setdefault(name, []).append(document)
    lines, right, direct = [], 0, 0
    for row in rows():
        found = places.get(row.name, [])
        outcomes = [outcome(document) for document in found]
        good = bool(found) and not any(one.wrong for one in outcomes)
        right += good
        direct += good and row.direct
        verdict = "covered" if good else "WRONG" if found else "needs a proof"
        if not found and row.direct:
            verdict = "missing"
        said = "; ".join(
            [f"`${a}$`" if markdown else a for one in outcomes for a in one.answers]
            or [_counted(one.verdicts) for one in outcomes if one.verdicts]
        )
        where = ", ".join(document.path.name for document in found)
        lines.append((row.name, row.title, row.kind, where, said, verdict))
    every = rows()
    foot = (
        f"{right} of {len(every)} rows are covered; of the {sum(r.direct for r in every)} that are "
        f"gradients, identities, shapes, counts or updates {direct}"
    )
    return _set(lines, markdown) + "\n\n" + foot


def _counted(verdicts: tuple[str, ...]) -> str:
    return ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts))


def _set(lines: list[tuple[str, ...]], markdown: bool) -> str:
    head = ("row", "what", "kind", "stated in", "answers or verdicts", "")
    if markdown:
        ruled = [head, ("---",) * len(head), *lines]
        return "\n".join("| " + " | ".join(c.replace("|", r"\|") for c in row) + " |"
                         for row in ruled)  # fmt: skip
    short = [tuple(cell[:60] for cell in line) for line in [head, *lines]]
    widths = [max(len(line[k]) for line in short) for k in range(len(head))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip() for line in short)


def without(document: Stated, old: str, new: str) -> Stated:
    """The same document with one text changed, for tests of this table."""
    if old not in document.text:
        raise ValueError(f"{old!r} is not in {document.path.name}")
    return replace(document, text=document.text.replace(old, new))
