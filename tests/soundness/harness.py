"""The harness: mutants put into their documents, the checker run, its verdicts held to the truth.

The idea: many lines are judged in one document, between a few that are true as they stand (they
say which layout the document is in); some stand alone.  An offender is a wrong line that is called
proved, a true line that is called refuted or ill-typed, a line that is judged by nobody, or an
exception.
"""

from __future__ import annotations

import random
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter, process_time
from unittest.mock import patch

from derive.diagnostics import Source
from proofs.causes import Causes
from proofs.check import check_source
from proofs.verdict import ORDER, PROVED, REFUTED, UNREADABLE, Judged, Report
from tests.soundness.corpus import Claim, Document
from tests.soundness.corpus import verdict as truth_of
from tests.soundness.mutants import LONGEST, Mutant, Tally, true_lines, wrong_lines
from tests.soundness.rewrites import ALMOST_EVERYWHERE
from tests.soundness.sites import bracketed, transposed

TOGETHER = 12  # mutants in one document
ANCHORS = 4  # lines beside them that are as they should be
ALONE = 0.1  # share of mutants that stand alone with their anchors
NO_CLAIM = "no claim"  # the line was read as something else: a definition, an assumption
ALMOST = "almost everywhere"
OTHER_LAYOUT = "other layout"  # proved, in the layout that its document was found to be in
CRASH = "crash"

Check = Callable[[Source], Report]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the checker said of one line."""

    mutant: Mutant
    verdict: str
    message: str = ""
    boundary: bool = False
    text: str = ""  # the whole document, as it was checked

    @property
    def offends(self) -> bool:
        if self.verdict == CRASH or (self.verdict == NO_CLAIM and self.mutant.truth != "unreadable"
                                     and self.mutant.kind != "broken"):  # fmt: skip
            return True
        if self.mutant.truth != "true":
            return self.verdict in (PROVED, ALMOST)
        if self.mutant.kind in ALMOST_EVERYWHERE and self.verdict == REFUTED and self.boundary:
            return False
        if self.mutant.kind == "unneeded_bracket_left_out" and self.verdict == UNREADABLE:
            return False  # whether the bracket was needed is for the reader to say
        return self.verdict in (REFUTED, "ill-typed", UNREADABLE)


@dataclass(slots=True)
class Run:
    """Everything that one run found."""

    outcomes: list[Outcome] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # for each line, its share of its document
    tally: Tally = field(default_factory=Tally)

    @property
    def offenders(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.offends]

    def share(self, verdict: str) -> float:
        return sum(o.verdict == verdict for o in self.outcomes) / max(1, len(self.outcomes))


def verdict_only(source: Source, layout: str | None = None) -> Report:
    """``check_source`` without the search for what was done wrong, most of its time."""
    with patch.object(Causes, "named", lambda *_: None):
        return check_source(source, layout=layout)


def said(judged: Sequence[Judged]) -> tuple[str, str, bool]:
    """The verdict on a line that may hold several claims: the worst of them."""
    if not judged:
        return NO_CLAIM, "", False
    worst = max(judged, key=lambda one: ORDER.index(one.verdict))
    link = worst.worst
    point = link.counterexample
    verdict = worst.verdict
    if verdict == PROVED and any(lk.almost_everywhere for one in judged for lk in one.links):
        verdict = ALMOST
    return verdict, link.message, point is not None and point.boundary


def judge(mutants: Sequence[Mutant], anchors: Sequence[Claim], check: Check) -> list[Outcome]:
    """The verdicts on some lines of one document."""
    document = mutants[0].document
    lines = [document.line(a) for a in anchors] + [m.line for m in mutants]
    text, spans = document.text(lines)
    try:
        report = check(Source(document.name, text))
    except Exception:
        told = traceback.format_exc(limit=-4)
        return [Outcome(m, CRASH, told, text=text) for m in mutants]
    found = []
    numerator = report.convention != "denominator"
    for mutant, (start, end) in zip(mutants, spans[len(anchors) :], strict=True):
        here = [one for one in report.claims if start <= one.span[0] < end]
        if not report.claims and report.verdict == UNREADABLE:
            told = "; ".join(f"[{d.code}] {d.message}" for d in report.diagnostics[:3])
            found.append(Outcome(mutant, UNREADABLE, told, text=text))
            continue
        verdict, message, boundary = said(here)
        if numerator and mutant.truth != "true" and verdict in (PROVED, ALMOST):
            turned = Claim(mutant.claim.left, transposed(bracketed(mutant.claim.right)), "=",
                           mutant.claim.open_letters)  # fmt: skip
            if truth_of(document, turned) == "true":
                verdict = OTHER_LAYOUT
        found.append(Outcome(mutant, verdict, message, boundary, text))
    return found


def run(
    lines: Iterable[Mutant], count: int, rng: random.Random, tally: Tally,
    check: Check = check_source, seconds: float | None = None, together: int = TOGETHER,
    alone: float = ALONE,
) -> Run:  # fmt: skip
    """The first ``count`` mutants judged, ``together`` in a document and a share of them alone; the
    run stops after ``seconds``."""
    done = Run(tally=tally)
    waiting: dict[int, list[Mutant]] = defaultdict(list)
    start = perf_counter()

    def settle(mutants: list[Mutant]) -> None:
        document = mutants[0].document
        anchors = rng.sample(document.claims, min(ANCHORS, len(document.claims)))
        before = process_time()
        found = judge(mutants, anchors, check)
        if len(mutants) > 1 and any(o.verdict == CRASH for o in found):
            found = [o for m in mutants for o in judge([m], anchors, check)]
        took = (process_time() - before) / (len(mutants) + len(anchors))
        done.outcomes.extend(found)
        done.seconds.extend([took] * len(mutants))

    for mutant in islice(lines, count):
        if seconds is not None and perf_counter() - start > seconds:
            break
        if rng.random() < alone:
            settle([mutant])
            continue
        group = waiting[id(mutant.document)]
        group.append(mutant)
        if len(group) == together:
            settle(group)
            group.clear()
    for group in waiting.values():
        if group and (seconds is None or perf_counter() - start < 1.1 * seconds):
            settle(group)
    return done


def smallest(outcome: Outcome, check: Check = check_source) -> str:
    """The document of an offender with as few lines beside it as still show the offence."""
    mutant = outcome.mutant
    for anchors in ([], mutant.document.claims[:1], mutant.document.claims[:ANCHORS]):
        if any(o.verdict == outcome.verdict for o in judge([mutant], anchors, check)):
            return mutant.document.text([*(mutant.document.line(a) for a in anchors),
                                         mutant.line])[0]  # fmt: skip
    return outcome.text


def as_written(documents: Sequence[Document], check: Check = check_source) -> Run:
    """Every line as it is, all lines of a document together.  What is not proved is taken out of
    the documents: its rewrites would show the same again."""
    done = Run()
    for document in documents:
        mutants = [Mutant("as_written", document, c, c, document.line(c), "true")
                   for c in document.claims]  # fmt: skip
        before = process_time()
        found = judge(mutants, [], check)
        took = (process_time() - before) / len(mutants)
        done.outcomes += found
        done.seconds += [took] * len(mutants)
        document.claims = [o.mutant.base for o in found if o.verdict in (PROVED, ALMOST)]
    return done


COLUMNS = (PROVED, ALMOST, OTHER_LAYOUT, "unsettled", REFUTED, "ill-typed", UNREADABLE, NO_CLAIM,
           CRASH)  # fmt: skip


def table(done: Run, title: str) -> str:
    """What was found, a row for each kind, with the share that was dropped before."""
    kinds = sorted({o.mutant.kind for o in done.outcomes} | set(done.tally.tried))
    counts = {kind: Counter() for kind in kinds}
    for outcome in done.outcomes:
        counts[outcome.mutant.kind][outcome.verdict] += 1
    head = ["tried", "true/false", "unjudged", "checked", *COLUMNS]
    rows = [f"{title:28}" + "".join(f"{word[:10]:>11}" for word in head)]
    for kind in kinds:
        tally = done.tally
        numbers = [tally.tried[kind], tally.still_true[kind], tally.not_judged[kind],
                   sum(counts[kind].values()), *(counts[kind][c] for c in COLUMNS)]  # fmt: skip
        rows.append(f"{kind:28}" + "".join(f"{n:>11}" for n in numbers))
    sums = sum(counts.values(), Counter())
    numbers = [sum(done.tally.tried.values()), sum(done.tally.still_true.values()),
               sum(done.tally.not_judged.values()), sum(sums.values()),
               *(sums[c] for c in COLUMNS)]  # fmt: skip
    rows.append(f"{'all':28}" + "".join(f"{n:>11}" for n in numbers))
    times = sorted(done.seconds)
    if times:
        mean = 1000 * sum(times) / len(times)
        late = 1000 * times[int(0.95 * (len(times) - 1))]
        rows.append(f"{mean:.1f} ms a line in the mean, 95 % below {late:.1f} ms")
    rows.append(f"{len(done.offenders)} offenders")
    return "\n".join(rows)


def wrong_run(
    documents: Sequence[Document], count: int, seed: int, longest: int = LONGEST, **more
) -> Run:
    rng, tally = random.Random(seed), Tally(longest=longest)
    return run(wrong_lines(documents, rng, tally), count, rng, tally, **more)


def true_run(
    documents: Sequence[Document], count: int, seed: int, longest: int = LONGEST, **more
) -> Run:
    rng, tally = random.Random(seed), Tally(longest=longest)
    return run(true_lines(documents, rng, tally), count, rng, tally, **more)


def crashes(texts: Iterable[str], check: Check = check_source) -> list[tuple[str, str]]:
    """The documents that the checker raises on, each made shorter, and what is raised."""
    found = []
    for text in texts:
        told = _raised(text, check)
        if told:
            found.append((_shortened(text, told, check), told))
    return found


def _raised(text: str, check: Check) -> str:
    try:
        check(Source("garbage", text))
    except Exception:
        return traceback.format_exc(limit=-4)
    return ""


def _shortened(text: str, told: str, check: Check) -> str:
    """The document with every line left out that the exception does not need."""
    last = told.strip().splitlines()[-1]
    lines = text.split("\n")
    k = 0
    while k < len(lines):
        fewer = lines[:k] + lines[k + 1 :]
        if _raised("\n".join(fewer), check).strip().endswith(last):
            lines = fewer
        else:
            k += 1
    return "\n".join(lines)
