r"""What a sheet prints, read back: a document with every formula of its own solution as a claim.

The idea: a formula is right as printed if ``derive check`` proves it where it stands, below the
document that it answers; its shape is judged with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from derive.app.sheet import chained
from derive.app.solve import Solution, solved
from derive.diagnostics import Source
from derive.elaborate.claims.claiming import read_claims
from derive.elaborate.document import read
from derive.latex.print import latex
from derive.writing.write import symbol
from tests.soundness.harness import verdict_only

PROVED, DEFINES = "proved", "defines"
_END = r"\end{document}"


class Printed(NamedTuple):
    """One formula of a sheet, its verdict, and what was said of it."""

    kind: str
    formula: str
    verdict: str
    message: str = ""


def formulas(done: Solution) -> Iterator[tuple[str, str]]:
    """Every formula of a sheet that is not the document's: the names that it introduces, the lines
    of the backward pass, those of each answer, and the answers with their second forms."""
    spelling = done.network.spelling
    for made in done.worked.auxiliary:
        left = made.left if made.left is not None else symbol(made.node)
        right = made.right if made.right is not None else symbol(made.node.kids[0])
        yield "name", latex(chained(left, (right,)), spelling)
    for step in done.worked.steps:
        yield "line", latex(chained(step.left, step.right), spelling)
    for answer in done.worked.answers:
        for step in answer.own:
            yield "line", latex(chained(step.left, step.right), spelling)
        right = (answer.named,) if answer.inputs is None else (answer.named, answer.inputs)
        yield "answer", latex(chained(answer.left, right), spelling)


def read_back(text: str, name: str) -> list[Printed]:
    """Every formula of a document's sheet, with its verdict.  DeriveError if it has no sheet."""
    printed = list(formulas(solved(read(text, name))))
    head, end, tail = text.partition(_END)
    spans: list[tuple[int, int]] = []
    for _, formula in printed:
        head += "\n\n\\[ "
        spans.append((len(head), len(head) + len(formula)))
        head += formula + " \\]\n"
    report = verdict_only(Source(name, head + end + tail), layout="denominator")
    found: list[Printed] = []
    for (kind, formula), (start, stop) in zip(printed, spans, strict=True):
        links = [k for c in report.claims if start <= c.span[0] < stop for k in c.links]
        said = [d for d in report.diagnostics if start <= d.start < stop]
        worst = next((k for k in links if k.verdict != PROVED), None)
        if worst is not None:
            found.append(Printed(kind, formula, worst.verdict, worst.message))
        elif said:
            found.append(Printed(kind, formula, "unreadable", said[0].message))
        else:
            verdict = PROVED if links else DEFINES if kind == "name" else "no claim"
            found.append(Printed(kind, formula, verdict))
    return found


def alike(text: str, name: str) -> bool:
    """Whether a document defines the same where it asks and where it claims: one that is written to
    be checked may say what is false, and its definitions are not those of a sheet."""
    asked = {d.symbol for d in read(text, name).definitions}
    return asked == {d.symbol for d in read_claims(Source(name, text)).network.definitions}
