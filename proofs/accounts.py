"""What of a document is not judged, and why: suppositions, rules, surprising definitions, words.

The idea: a line that gets no verdict says so somewhere; a reader who took it for a claim can see
what it was taken for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.claiming import says_kind
from derive.elaborate.claims.claims import Claims
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.statements.kinds import said
from derive.elaborate.statements.mood import Mood
from derive.latex.print import latex
from derive.meaning.kinds import kinds_of
from derive.tree import Tree

# Names that look like derivatives, and are only names where nothing says of what.
_LIKE_DERIVATIVES = re.compile(r"\\delta\b|\\d{1,3}ot\{|.*'|D_|\\nabla|\\partial")


def unjudged(claims: Claims, silent: Iterable[Claim]) -> Iterator[str]:
    """A sentence for each line that has no verdict, in the order of the lines; ``silent`` are the
    claims that turned out to claim nothing."""
    found: list[tuple[int, str]] = []
    for claim in claims.given:
        if not says_kind(claim, claims.called):
            found.append((claim.span[0], f"{_quoted(claims, claim.span)} is supposed, not checked"))
    for claim in silent:
        told = f"{_quoted(claims, claim.span)} is a rule for ${latex(claim.sides[0])}$, not checked"
        found.append((claim.span[0], told))
    for one in claims.network.definitions:
        if one.left is not None and _LIKE_DERIVATIVES.match(latex(one.left)):
            told = f"{_quoted(claims, one.span)} is taken to define ${latex(one.left)}$"
            found.append((one.span[0], told))
    for one in claims.called:
        if one.mood is Mood.GIVEN:
            told = _said_of(one.named, one.kind, claims)
            found.append((one.at, f"${latex(one.named)}$ is {told}, as the text says"))
    for at, told in sorted(found):
        yield f"line {claims.source.position(at)[0]}: {told}"


def _quoted(claims: Claims, span: tuple[int, int]) -> str:
    written = " ".join(claims.source.text[slice(*span)].split())
    return f"${written}$" if len(written) <= 60 else f"`{written[:57]}...`"


def _said_of(name: Tree, kind: str, claims: Claims) -> str:
    """The kind in words; orthonormal columns make a square matrix orthogonal."""
    with suppress(Fault, Silent):
        if kind in ("columns", "rows") and "orthogonal" in kinds_of(claims.value(name).expr):
            return "orthogonal"
    return said(kind)
