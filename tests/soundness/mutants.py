"""Mutants: lines that are certainly wrong, and lines that are certainly true, each with its name.

The idea: an edit or a rewrite proposes, the line is printed and read again, and the judge of the
page says what the printed line is worth; what it cannot judge is dropped and counted.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from derive.diagnostics import DeriveError
from tests.soundness import edits, rewrites
from tests.soundness.corpus import Claim, Document, parsed, verdict
from tests.soundness.edits import Context

LONGEST = 900  # characters of a line
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Mutant:
    """A line of a document: what was done, the line as LaTeX, and what it is (``wrong``,
    ``ill-typed`` or ``true``)."""

    kind: str
    document: Document
    base: Claim
    claim: Claim
    line: str
    truth: str


@dataclass(slots=True)
class Tally:
    """How many were tried and dropped, by kind."""

    tried: Counter = field(default_factory=Counter)
    still_true: Counter = field(default_factory=Counter)
    not_judged: Counter = field(default_factory=Counter)
    seen: set[tuple[str, str]] = field(default_factory=set)
    longest: int = LONGEST


def wrong_lines(
    documents: Sequence[Document], rng: random.Random, tally: Tally, kinds: Sequence[str] = ()
) -> Iterator[Mutant]:
    """Lines with one wrong edit, the kinds in turn, for ever."""
    yield from _mutants(documents, rng, tally, kinds or edits.kinds(), edits.edited,
                        ("wrong", "ill-typed"))  # fmt: skip


def true_lines(
    documents: Sequence[Document], rng: random.Random, tally: Tally, kinds: Sequence[str] = ()
) -> Iterator[Mutant]:
    """Lines with one true rewrite, the kinds in turn, for ever."""
    yield from _mutants(documents, rng, tally, kinds or rewrites.kinds(), rewrites.rewritten,
                        ("true",))  # fmt: skip


def _mutants(documents, rng, tally: Tally, kinds, make, wanted) -> Iterator[Mutant]:
    weights = [max(1, len(d.claims)) ** 0.5 for d in documents]
    while True:
        for kind in kinds:
            for _ in range(_TRIES):
                document = rng.choices(documents, weights)[0]
                claim = rng.choice(document.claims)
                context = Context(document, claim, rng, functions_of(document))
                found = _one(kind, context, make, tally, wanted)
                if found is not None:
                    yield found
                    break
            else:
                yield from ()


def functions_of(document: Document) -> frozenset[str]:
    return frozenset(name for name, _ in document.places[0].functions)


def _one(kind: str, context: Context, make, tally: Tally, wanted) -> Mutant | None:
    for k, proposed in enumerate(make(kind, context)):
        if k > 5:
            return None
        spell = rewrites.SPELLINGS.get(kind)
        found = as_printed(context.document, proposed, tally.longest, spell, context.rng)
        if found is None:
            continue
        line, claim = found
        if (context.document.name, line) in tally.seen or (
            line == context.document.line(context.claim) and wanted != ("true",)
        ):
            continue
        tally.seen.add((context.document.name, line))
        tally.tried[kind] += 1
        truth = verdict(context.document, claim)
        if truth == "loose" and verdict(context.document, context.claim) == "loose":
            truth = "true"  # the line was of this kind before
        if truth in wanted:
            return Mutant(kind, context.document, context.claim, claim, line, truth)
        (tally.not_judged if truth == "unknown" else tally.still_true)[kind] += 1
    return None


def as_printed(
    document: Document,
    claim: Claim,
    longest: int = LONGEST,
    spell: Callable[[str, random.Random], str] | None = None,
    rng: random.Random | None = None,
) -> tuple[str, Claim] | None:
    """The line as LaTeX, and what is read of it; None where it is no equation any more."""
    try:
        line = document.line(claim)
        if spell is not None:
            line = spell(line, rng or random.Random(0))
        if len(line) > longest:
            return None
        tree = parsed(line)
    except (DeriveError, ValueError):
        return None
    if tree.head != "chain" or len(tree.kids) != 3 or None in tree.kids:
        return None
    left, relation, right = tree.kids
    return line, Claim(left, right, str(relation.kids[0]), claim.open_letters)
