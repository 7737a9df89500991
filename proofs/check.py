"""A document checked: a verdict on every link of every claim.

The idea: a chain is judged from left to right, each side against the one before it and, once a line
is wrong, against the engine's own value of the left side; so a later line is told apart: right
again, consistent with the error above, or an error of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from derive.diagnostics import DeriveError, Source
from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.claiming import read_claims
from derive.elaborate.claims.claims import Claims
from derive.elaborate.layouts import LAYOUTS
from derive.elaborate.problems import Problem, problems, problems_said_anew
from derive.elaborate.statements.bounds import least_sizes
from derive.kernel.interned import uncollected
from derive.tree import Tree
from proofs.accounts import unjudged
from proofs.apart import together
from proofs.counts import judged_counts
from proofs.decide import Decider
from proofs.evidence import Evidence
from proofs.judge import Judge, guarded
from proofs.layouts import choose_convention, inferred, said_in
from proofs.rules import under_each
from proofs.steps import Recast, judged_in_steps
from proofs.verdict import ILL_TYPED, UNREADABLE, UNSETTLED, Judged, Link, Report

_FORMULAS = "formula"


def check(
    text: str, file: str = "", *, layout: str | None = None, limit: float | None = None
) -> Report:
    r"""A verdict on every claim of a LaTeX or Markdown document.

    ``layout`` is ``denominator``, ``numerator``, ``mixed`` or ``row``; where it is None the
    document says it or its lines tell it.  ``limit`` are seconds, after which what is left is
    unsettled.  Raises ValueError for an unknown layout, TypeError for what is no text; whatever is
    wrong with the document is in the report.

    >>> report = check(r"$x \in \mathbb{R}^n$, $L = \frac12 \|x\|^2$, $\nabla_x L = 2x$")
    >>> report.verdict, report.claims[0].links[0].mistake
    ('refuted', 'factor')
    """
    return check_source(Source(file, text), layout=layout, limit=limit)


def check_source(
    source: Source, *, layout: str | None = None, limit: float | None = None
) -> Report:
    """``check`` for a document with a name of its own; each of its problems is judged by itself."""
    deadline = None if limit is None else perf_counter() + limit

    def judged(one: Source) -> Report:
        left = None if deadline is None else max(deadline - perf_counter(), 0.001)
        return _checked(one, layout, left)

    try:
        parts = [one for part in problems(source, judging=True) for one in _said_anew(part)]
        if not parts:
            anew = next(problems_said_anew(source, judging=True), ())
            parts = [one for part in anew for one in _said_anew(part)]
    except DeriveError as error:
        return Report(source, (), diagnostics=error.diagnostics)
    return together(source, parts, judged) if parts else judged(source)


def _said_anew(problem: Problem) -> Sequence[Problem]:
    parts = next(problems_said_anew(problem.source, judging=True), ())
    return [one for one in parts if problem.holds(one.span)] or [problem]


def _checked(source: Source, layout: str | None, limit: float | None) -> Report:
    def judged(recast: Recast, layout: str | None) -> Report:
        first = _report(source, layout, limit, recast.first)
        numeric = _clash(first)  # x y of numbers has a shape where x y of columns has none
        if numeric:
            numbers = _report(source, layout, limit, recast.first, True)
            numeric = bool(numbers.claims) and not _clash(numbers)
            first = numbers if numeric else first

        def again(view: list[Tree]) -> Report:
            return _report(source, first.convention, limit, lambda items: view, numeric)

        return judged_in_steps(recast, first, again)

    recast = Recast()
    found = judged(recast, layout)
    if recast.steps is None or not recast.others:
        return found
    return under_each(
        found, recast.others, recast.items, recast.steps.letter,
        lambda ruled: judged(Recast(ruled), found.convention),
    )  # fmt: skip


def _clash(report: Report) -> bool:
    return any(link.verdict == ILL_TYPED for claim in report.claims for link in claim.links)


def _report(
    source: Source, layout: str | None, limit: float | None, recast: Callable[..., list[Tree]],
    numeric: bool = False,
) -> Report:  # fmt: skip
    """The report; ``numeric``: on a document of numbers, an empty one on any other."""
    try:
        judge, origin = opened(source, layout=layout, limit=limit, recast=recast, numeric=numeric)
    except DeriveError as error:
        return Report(source, (), diagnostics=error.diagnostics)
    claims = judge.claims
    if numeric and not claims.reading.numeric:
        return Report(source, ())
    by_custom = tuple(claims.reading.notes.values())  # before mistakes are tried, which read more
    verdicts = [(claim, _judged(judge, claim)) for claim in claims.claims]
    judged = [one for _, one in verdicts if one is not None]
    judged += [_unreadable(d, source) for d in claims.unread]
    judged += judged_counts(claims.counts, claims.network, source)
    notes = (*by_custom, *unjudged(claims, [c for c, one in verdicts if one is None]))
    judged.sort(key=lambda one: one.span)
    return Report(
        source, tuple(judged), claims.layout.name, origin, tuple(claims.diagnostics),
        notes, claims.network.spelling, claims.network.title,
    )  # fmt: skip


def _judged(judge: Judge, claim: Claim) -> Judged | None:
    """One claim; a failure of ours costs that claim its verdict and no other."""
    text = judge.claims.source.text[slice(*claim.span)]
    message = "this line could not be checked, by a mistake in derive: please report it"
    link = Link(text, claim.span, "", UNSETTLED, "reader", message, code="internal-error")
    # A pause of the collector would be taken for work, and cost a line its proof or its cause.
    with uncollected():
        return guarded(lambda: judge.judged(claim), Judged(text, claim.span, (link,)))


def opened(
    source: Source, *, layout: str | None = None, limit: float | None = None,
    recast: Callable[..., list[Tree]] | None = None, numeric: bool = False,
) -> tuple[Judge, str]:  # fmt: skip
    """A judge of a document's claims, and how its layout was chosen.

    Raises DeriveError for a document that cannot hold formulas, ValueError for an unknown layout.
    """
    if layout is not None and layout not in LAYOUTS:
        raise ValueError(f"no layout is called {layout!r}; known: {', '.join(LAYOUTS)}")
    deadline = None if limit is None else perf_counter() + limit
    claims = read_claims(source, recast, numeric)
    claims.fit()
    decider = Decider(
        claims.facts(), tuple(d.node for d in claims.network.definitions),
        claims.network.spelling, deadline, tuple(least_sizes(claims.reading)),
    )  # fmt: skip
    decider.special = claims.reading.scope.free.special
    judge = Judge(claims, decider)
    origin = _choose_layout(claims, judge, layout)
    choose_convention(claims, Evidence(judge).agreeing)
    return judge, origin


def _choose_layout(claims: Claims, judge: Judge, asked: str | None) -> str:
    """Set the layout; how it was chosen."""
    if asked is not None:
        claims.lay_out(LAYOUTS[asked])
        return "option"
    said = said_in(claims.source.text)
    if said is not None:
        claims.lay_out(said)
        return "document"
    lines = Evidence(judge)
    told = inferred(claims, lines.agreeing, len(lines.equalities()), lines.telling)
    return "inferred" if told else "default"


def _unreadable(diagnostic, source: Source) -> Judged:
    """A formula that could not be read, as a claim of which nothing is said."""
    span = (diagnostic.start, diagnostic.end)
    start, end = source.line_at(diagnostic.start)
    text = source.text[start:end].strip()
    notes = (diagnostic.help,) if diagnostic.help else ()
    link = Link(
        text, span, "", UNREADABLE, "reader", diagnostic.message, notes=notes, code=diagnostic.code
    )
    return Judged(text, span, (link,))
