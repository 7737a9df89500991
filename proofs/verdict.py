"""Verdicts as data: what was found of a claim, and by what.

The idea: a decider answers with a ``Finding``; a document with a ``Report`` of claims, each a chain
of links.  Nothing here decides and nothing here prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from derive.diagnostics import Diagnostic, Source

PROVED = "proved"
REFUTED = "refuted"
UNSETTLED = "unsettled"
UNREADABLE = "unreadable"
ILL_TYPED = "ill-typed"
# From best to worst: a chain is as good as its worst link, a document as its worst claim.
ORDER = (PROVED, UNSETTLED, ILL_TYPED, REFUTED, UNREADABLE)

Numbers: TypeAlias = "Fraction | tuple[Numbers, ...]"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A certified point at which two sides differ.

    ``sizes`` are the numbers of the size symbols, ``values`` those of the variables (LaTeX of the
    symbol, exact entries, nested as rows).  At ``entry`` (counted from 1; empty for a scalar) the
    two sides are ``left`` and ``right``: exact rationals, or enclosures that do not meet, as text.
    ``boundary``: the sides were found to differ only where something is 0 or tied.
    """

    sizes: Mapping[str, int]
    values: tuple[tuple[str, Numbers], ...]
    entry: tuple[int, ...]
    left: str
    right: str
    boundary: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one relation between two expressions.

    ``by`` is ``normal-form``, ``fingerprint``, ``kernel``, ``numeric`` or ``shapes``.
    ``almost_everywhere`` is the LaTeX of the null set off which a proof holds (None: everywhere).
    ``conditions`` are side conditions, as LaTeX.  ``message`` says the evidence aloud.
    """

    verdict: str
    by: str
    message: str = ""
    almost_everywhere: str | None = None
    conditions: tuple[str, ...] = ()
    counterexample: Counterexample | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """The one edit that makes a line true: what to write, and in the place of what."""

    latex: str
    span: tuple[int, int]
    line: str = ""  # the whole corrected side, as LaTeX


@dataclass(frozen=True, slots=True)
class Link:
    """One relation of a chain and what stands to its right.

    ``step`` is the finding against the side before it, ``value`` against the engine's own value of
    the left side of the chain (None where it has none, or where the two are one question).
    ``code`` says why there is none, where a side could not be read or has no value: the code of a
    diagnostic, such as ``undefined-symbol``; ``at`` is the piece of the claim that it is about.
    ``carried``: wrong, but it follows from an error above; ``carried_from`` is that error's offset.
    """

    text: str
    span: tuple[int, int]
    relation: str
    verdict: str
    by: str
    message: str = ""
    step: Finding | None = None
    value: Finding | None = None
    mistake: str | None = None
    fix: Fix | None = None
    carried: bool = False
    carried_from: int | None = None
    almost_everywhere: str | None = None
    conditions: tuple[str, ...] = ()
    counterexample: Counterexample | None = None
    notes: tuple[str, ...] = ()
    code: str | None = None
    at: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim of a document with the verdict on each of its links."""

    text: str
    span: tuple[int, int]
    links: tuple[Link, ...]
    convention: str | None = None

    @property
    def worst(self) -> Link:
        """The link that decides: the first of the worst ones that is not carried, if any is."""
        bad = max(ORDER.index(link.verdict) for link in self.links)
        worst = [link for link in self.links if ORDER.index(link.verdict) == bad]
        return next((link for link in worst if not link.carried), worst[0])

    @property
    def verdict(self) -> str:
        return self.worst.verdict


@dataclass(frozen=True, slots=True)
class Report:
    """Every claim of one document, judged.

    ``convention`` is the layout in which derivatives are read, ``convention_from`` how it was
    chosen: ``default``, ``inferred``, ``document`` or ``option``.  ``diagnostics`` are the parts of
    the document that could not be read and are no claims; with none of severity error, every
    definition was read.
    """

    source: Source
    claims: tuple[Judged, ...]
    convention: str = "denominator"
    convention_from: str = "default"
    diagnostics: tuple[Diagnostic, ...] = ()
    notes: tuple[str, ...] = ()
    spelling: Mapping[str, str] = field(default_factory=dict)
    title: str = ""

    @property
    def verdict(self) -> str:
        """That of the worst claim; ``unreadable`` where the document itself could not be read."""
        if any(d.severity == "error" for d in self.diagnostics):
            return UNREADABLE
        return max((c.verdict for c in self.claims), key=ORDER.index, default=PROVED)

    def count(self, verdict: str) -> int:
        return sum(claim.verdict == verdict for claim in self.claims)
