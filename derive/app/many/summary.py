"""What a run found, counted: files, claims, mistakes, and where the worst is.

The idea: outcomes are added one by one and forgotten, so that a summary of any number of documents
is small; the text and the JSON tell the same counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from derive.app.many.worker import CHECKED, UNREADABLE
from derive.diagnostics import display_width, printable
from proofs.verdict import ILL_TYPED, PROVED, REFUTED, UNSETTLED
from proofs.verdict import UNREADABLE as NOT_READ

VERDICTS = (PROVED, UNSETTLED, ILL_TYPED, REFUTED, NOT_READ)
# The exit codes, and which of two is worse: what nobody read hides anything.
CODES = {PROVED: 0, UNSETTLED: 3, ILL_TYPED: 1, REFUTED: 1, NOT_READ: 2}
SEVERITY = (0, 3, 1, 2)
LONGEST = 10  # rows of each table in the text


def worse(one: int, other: int) -> int:
    """The worse of two exit codes."""
    return max(one, other, key=SEVERITY.index)


def exit_code(result: dict[str, Any]) -> int:
    """The exit code for the JSON of one document."""
    return CODES[result["verdict"]]


@dataclass(slots=True)
class Summary:
    """The counts of a run.  ``kinds`` are the documents that have no verdict, by the reason."""

    files: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    claims: Counter[str] = field(default_factory=Counter)
    mistakes: Counter[str] = field(default_factory=Counter)
    mistaken: Counter[str] = field(default_factory=Counter)  # files in which a mistake is
    worst: dict[str, Counter[str]] = field(default_factory=dict)  # of files: claims that are wrong
    resumed: int = 0
    code: int = 0

    def add(self, file: str, kind: str, result: dict[str, Any], resumed: bool = False) -> None:
        """Counts the outcome of one document: its JSON, and how it came about."""
        verdict = result["verdict"]
        self.code = worse(self.code, CODES[verdict])
        self.files[verdict] += 1
        self.resumed += resumed
        if kind not in (CHECKED, UNREADABLE):
            self.kinds[kind] += 1
        own = Counter(claim["verdict"] for claim in result.get("claims", ()))
        self.claims += own
        found = Counter(_mistakes(result))
        self.mistakes += found
        self.mistaken.update(found.keys())
        if wrong := own[REFUTED] + own[ILL_TYPED]:
            self.worst[file] = Counter({"wrong": wrong, "claims": own.total()})

    def ranked_mistakes(self) -> list[tuple[str, int, int]]:
        """(code, how often, in how many files), the most common first."""
        rows = [(code, count, self.mistaken[code]) for code, count in self.mistakes.items()]
        return sorted(rows, key=lambda row: (-row[1], -row[2], row[0]))

    def ranked_files(self) -> list[tuple[str, int, int]]:
        """(file, wrong claims, claims), those with the most wrong claims first."""
        rows = [(file, own["wrong"], own["claims"]) for file, own in self.worst.items()]
        return sorted(rows, key=lambda row: (-row[1], row[2], row[0]))

    def json(self) -> dict[str, Any]:
        """The counts as plain data; ``exit`` is the exit code."""
        return {
            "files": {"total": self.files.total(), **{v: self.files[v] for v in VERDICTS}},
            "without_verdict": dict(sorted(self.kinds.items())),
            "claims": {"total": self.claims.total(), **{v: self.claims[v] for v in VERDICTS}},
            "mistakes": [
                {"code": code, "count": count, "files": files}
                for code, count, files in self.ranked_mistakes()
            ],
            "worst_files": [
                {"file": file, "wrong": wrong, "claims": claims}
                for file, wrong, claims in self.ranked_files()[:LONGEST]
            ],
            "resumed": self.resumed,
            "exit": self.code,
        }

    def text(self) -> str:
        """The counts for a terminal: two lines, and a table where there is something to tell."""
        rows = [
            [_counted(counts.total(), word), *(_of(counts, verdict) for verdict in VERDICTS)]
            for counts, word in ((self.files, "file"), (self.claims, "claim"))
        ]
        columns = [0, *(k for k, _ in enumerate(VERDICTS, 1) if rows[0][k] or rows[1][k])]
        out = list(_table([[row[k] for k in columns] for row in rows]))
        out += [f"{count:,} {kind}" for kind, count in sorted(self.kinds.items())]
        if self.resumed:
            out.append(f"{self.resumed:,} from the journal")
        out += _ranking("mistake", "count", "files", self.ranked_mistakes())
        if self.files.total() > 1:
            out += _ranking("file", "wrong", "claims", self.ranked_files())
        return "\n".join(out)


def _mistakes(result: dict[str, Any]) -> Iterator[str]:
    """The mistakes of a document: those of the links of each claim, or its own without links."""
    for claim in result.get("claims", ()):
        for stated in claim.get("links") or (claim,):
            if code := stated.get("mistake"):
                yield code


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _of(counts: Counter[str], verdict: str) -> str:
    return f"{counts[verdict]:,} {verdict}" if counts[verdict] else ""


def _ranking(name: str, one: str, two: str, rows: list[tuple[str, int, int]]) -> list[str]:
    """A table of the first rows under its head, and how many there are besides; or nothing."""
    if not rows:
        return []
    cells = [[printable(label), f"{a:,}", f"{b:,}"] for label, a, b in rows[:LONGEST]]
    more = [f"and {len(rows) - LONGEST:,} more"] if len(rows) > LONGEST else []
    return ["", *_table([[name, one, two], *cells]), *more]


def _table(rows: Iterable[list[str]]) -> Iterator[str]:
    """Rows with their cells one under the other; a column that starts with a digit ends aligned."""
    rows = list(rows)
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = []
        for k, (cell, width) in enumerate(zip(row, widths, strict=True)):
            pad = " " * (width - display_width(cell))
            numeric = all(other[k][:1].isdigit() or other[k] == "" for other in rows[1:])
            cells.append(pad + cell if numeric and k else cell + pad)
        yield "  ".join(cells).rstrip()
