r"""The identities of the Matrix Cookbook as a table of tests, each with its number.

Source: K. B. Petersen and M. S. Pedersen, The Matrix Cookbook, version of 15 November 2012.  A
document states identities as a user would, with the number as its tag and the verdict that is
expected as a comment; rows with the same tag that are errors are its wrong variants.  Documents of
one file stand between lines that begin with ``%%``.

An identity whose left side is a derivative is asked as a question besides: the answer must agree
with central differences of a NumPy function, and must be proved when it is put, as it is printed,
in the place of the question mark.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from derive.app.report import solution_json
from derive.app.solve import Solution, solved
from derive.diagnostics import DeriveError, Source
from derive.elaborate.document import read
from derive.kernel.expr import Expr, Var, toposort
from derive.meaning.evaluate import evaluate
from proofs.check import check_source
from proofs.verdict import PROVED
from tests.cookbook.functions import FUNCTIONS, SYMMETRIC, slope
from tests.literate import Document, annotated, compared

HERE = Path(__file__).parent
# What is stated here and not proved or answered yet: number -> what it needs.
FALLS_SHORT: dict[str, str] = {"516": "the determinant of a Kronecker product"}
# What is not stated: numbers -> why.
LEFT_OUT: dict[str, str] = {
    "7 to 10, 45": "of complex matrices; for real ones they are 3 to 6 and 44",
    "12, 18, 67, 68": "eigenvalues and eigenvectors have no vocabulary",
    "25 to 27, 29 to 31": "of matrices of a fixed size, by their entries",
    "28": "an approximation",
    "33": "that a constant does not vary is supposed",
    "50": "the same as 47",
    "56": "a derivative by a pseudo-inverse",
    "96": "a definition",
    "128": "a function of a matrix that is no function of its entries",
    "133 to 135": "definitions and the chain rule in words",
    "138 to 144": "derivatives by structured matrices: a symmetric one varies here as any other",
}
_ROW = re.compile(r"(?P<left>.*?)&\s*=(?P<right>.*?)\\tag\{(?P<tag>[^}]*)\}", re.DOTALL)
_DERIVATIVE = re.compile(r"\\frac\{\\partial|\\nabla")
EXPONENT = 3
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Statement:
    """One row: an identity, or a wrong variant of it."""

    tag: str
    left: str
    right: str
    given: str  # the document before its formulas
    expected: str  # the annotation

    @property
    def wrong(self) -> bool:
        return self.expected.startswith("error")

    @property
    def asked(self) -> bool:
        """Whether the left side is a derivative, so that it can be a question."""
        return not self.wrong and _DERIVATIVE.match(self.left.strip()) is not None

    def with_answer(self, answer: str) -> str:
        """The document with this answer as its only formula."""
        return f"{self.given}\n\\[ {self.left} = {answer} \\]\n"


@dataclass(frozen=True, slots=True)
class Answered:
    """What the engine answers to the left side of an identity."""

    latex: str
    error: float | None  # against central differences; None where there is no function
    proved: bool
    trouble: str = ""


def documents() -> Iterator[tuple[str, str]]:
    """The name and text of each document."""
    for path in sorted(HERE.glob("*.tex")):
        for k, text in enumerate(re.split(r"^%%.*$", path.read_text("utf-8"), flags=re.MULTILINE)):
            yield f"{path.stem}#{k}", text


def statements(text: str) -> list[Statement]:
    """The rows of a document that have a number."""
    found = []
    given = text.partition(r"\begin{align*}")[0]
    for row in annotated(text):
        said = re.sub(r"(?<!\\)%.*", "", text[row.start : row.end])
        said = said.rpartition(r"\begin{align*}")[2]
        match = _ROW.search(said)
        if match is None:
            raise ValueError(f"a row without a number: {said.strip()}")
        left, right = (" ".join(match[side].split()) for side in ("left", "right"))
        found.append(Statement(match["tag"], left, right, given, row.note))
    return found


@cache
def judged(name: str, text: str) -> tuple[str, ...]:
    """What is wrong with the verdicts on a document."""
    document = Document(Path(name), text, tuple(annotated(text, name)))
    report = check_source(Source(name, text))
    return tuple(map(str, compared(document, report, named=False)))


@cache
def answered(statement: Statement) -> Answered:
    """The left side asked, the answer compared with numbers and put in its place."""
    source = Source(statement.tag, statement.with_answer("?"))
    try:
        done = solved(read(source.text))
    except DeriveError as error:
        return Answered("", None, False, str(error.diagnostics[0].message))
    (asked,) = solution_json(done, source)["questions"]
    latex = asked["latex"]
    report = check_source(Source(statement.tag, statement.with_answer(latex)))
    links = [link for claim in report.claims for link in claim.links]
    proved = bool(links) and all(link.verdict == PROVED for link in links)
    trouble = "" if proved else "; ".join(str(link.verdict) for link in links) or "no claim"
    return Answered(latex, error_of(statement, done), proved, trouble)


def error_of(statement: Statement, done: Solution) -> float | None:
    """The largest difference of an answer from central differences, relative to its entries."""
    (answer,) = done.worked.answers
    question = answer.question
    if statement.tag not in FUNCTIONS or not question.wrt:
        return None
    variables = {v.var: _plain(v.var.name) for v in done.network.variables}
    needed = {variables[n] for n in toposort(question.of) if n in variables}
    # An exponent is a size, and no variable.
    exponents = set("kn") - needed
    function = next(
        f for f in FUNCTIONS[statement.tag]
        if needed <= (taken := {*inspect.signature(f).parameters}) and taken - needed <= exponents
        and (taken == needed) == (re.search(r"\\in \\mathbb\{N\}", statement.given) is None)
    )  # fmt: skip
    at = _drawn(done, statement)
    point = {name: at[var] for var, name in variables.items() if name in needed}
    point |= dict.fromkeys({*inspect.signature(function).parameters} - needed, EXPONENT)
    by = variables.get(question.wrt[0])
    if by is None:
        return None  # a derivative by what is defined
    order = 2 if question.kind == "hessian" else 1
    numeric = slope(function, point, by, order)
    value = np.asarray(evaluate(answer.value, at, dict.fromkeys(exponents, EXPONENT)), float)
    if value.shape != numeric.shape:
        return float("inf")
    scale = max(1.0, float(np.abs(numeric).max()))
    return float(np.abs(value - numeric).max()) / scale


def _drawn(done: Solution, statement: Statement) -> dict[Expr, Any]:
    """Random arrays of pairwise different sizes, near an identity, symmetric where that is said."""
    draw = np.random.default_rng(7)
    sizes: dict[Any, int] = {}
    found: dict[Expr, Any] = {}
    for variable in done.network.variables:
        var = variable.var
        assert isinstance(var, Var)
        # The rows of a matrix are many: then X^T X can be inverted.
        shape = tuple(sizes.setdefault(n, 3 if str(n) in "npk" else 5 - len(sizes) % 2)
                      for n in var.axes)  # fmt: skip
        value = draw.normal(size=shape)
        if len(shape) == 2:
            value = value + 2 * np.eye(*shape)
        if _plain(var.name) in SYMMETRIC.get(statement.tag, ""):
            value = value + value.T
        found[var] = value
    return found


def _plain(name: str) -> str:
    return re.sub(r"\\math\w+\{(\w)\}", r"\1", name)


def table(markdown: bool = False) -> str:
    """Each identity: its number, what is asked, the answer as printed, the verdicts."""
    head = ("number", "asked or stated", "answer", "proved", "numbers", "read back", "refuted")
    rows: list[tuple[str, ...]] = []
    counts = dict.fromkeys(("identities", "proved", "asked", "answered", "wrong", "refuted"), 0)
    for name, text in documents():
        bad = judged(name, text)
        stated = statements(text)
        for one in stated:
            if one.wrong and any(o.tag == one.tag and not o.wrong for o in stated):
                continue
            variants = [o for o in stated if o.tag == one.tag and o.wrong]
            refuted = sum(not _among(o, bad) for o in variants)
            proved = not one.wrong and not _among(one, bad)
            counts["identities"] += not one.wrong
            counts["proved"] += proved
            counts["wrong"] += len(variants)
            counts["refuted"] += refuted
            answer = answered(one) if one.asked else None
            right = answer is not None and answer.proved and (answer.error or 0) <= TOLERANCE
            counts["asked"] += answer is not None
            counts["answered"] += right
            rows.append((
                f"({one.tag})",
                one.left if answer is not None else f"{one.left} = {one.right}",
                "" if answer is None else answer.latex or answer.trouble,
                "as printed: wrong" if one.wrong else "yes" if proved else "NO",
                "" if answer is None else _error(answer.error),
                "" if answer is None else "yes" if answer.proved else "NO",
                f"{refuted} of {len(variants)}",
            ))  # fmt: skip
    foot = (
        f"{counts['proved']} of {counts['identities']} identities are proved; "
        f"{counts['answered']} of {counts['asked']} derivatives are answered, agree with central "
        f"differences and are read back as equal; {counts['refuted']} of {counts['wrong']} wrong "
        "variants are refuted"
    )
    out = "\n".join(f"  ({numbers}): {why}" for numbers, why in LEFT_OUT.items())
    return _set([head, *rows], markdown) + "\n\n" + foot + "\n\nleft out:\n" + out


def _among(one: Statement, bad: tuple[str, ...]) -> bool:
    """Whether a row is one of those that did not get their verdict."""
    said = f"{one.left} &= {one.right}"
    return any(said in " ".join(line.split()) for line in bad) or any(
        "readable" in line for line in bad if r"\tag" not in line
    )


def _error(error: float | None) -> str:
    return "" if error is None else f"{error:.0e}" if error <= TOLERANCE else f"NO: {error:.1e}"


def _set(lines: list[tuple[str, ...]], markdown: bool) -> str:
    if markdown:
        head, *rest = lines
        ruled = [head, ("---",) * len(head)]
        ruled += [(r[0], f"`{r[1]}`", f"`{r[2]}`" if r[2] else "", *r[3:]) for r in rest]
        return "\n".join("| " + " | ".join(c.replace("|", r"\|") for c in r) + " |" for r in ruled)
    short = [tuple(cell[:75] for cell in line) for line in lines]
    widths = [max(len(line[k]) for line in short) for k in range(len(short[0]))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(r, widths)).rstrip() for r in short)
