r"""Matrices and vectors of a kind: said in words, by a formula or by the set of the declaration.

The idea: words beside a name, Q^\top Q = I and Q \in O(n) say the same of a symbol, and it is a
variable of that kind from its first use on.  "If A is symmetric" says it of what follows only, and
is a supposition (``proofs.supposed``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from derive.elaborate.faults import Fault
from derive.elaborate.reading import Reading
from derive.elaborate.shown import formula, shape_of
from derive.elaborate.statements.beside import beside, is_conditional
from derive.elaborate.statements.given import fact_in, is_given, is_hypothesis
from derive.kernel.expr import Axes
from derive.kernel.sizes import SizeError
from derive.latex.read import Parsed
from derive.meaning.kinds import KINDS, closed, foremost
from derive.tree import Tree


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_POSITIVE = r"(?:\bpositive|\bpositiv|\bdéfinie?)[\s-]+"
# What the text calls a symbol, the narrower words first.
_CALLED: tuple[tuple[re.Pattern[str], str], ...] = (
    (_words(r"(?:skew|anti)[- ]?symmetric|schiefsymmetrisch\w*|antisymétriques?|[反斜]对称"),
     "skew"),
    (_words(r"(?<![-\w])(?:symmetric|symmetrisch\w*|symétriques?)(?![-\w])|(?<![反斜])对称"),
     "symmetric"),
    (_words(_POSITIVE + r"(?:semi[- ]?definite?\w*|semi[- ]?positive)|\bPSD\b|半正定"),
     "semidefinite"),
    (_words(_POSITIVE + r"(?:definite?\w*|positive)|\bS?PD\b(?!-)|(?<!半)正定"), "definite"),
    (_words(r"(?:orthonormal|orthogonal)\s+rows"), "rows"),
    (_words(r"(?:orthogonal|orthonormal|unitary)"
            r"(?!\s+(?:to|projec\w*|complement|vectors?|basis|rows))(?:\s+columns)?\b|"
            r"正交(?=矩阵|的)|orthogonale?r?(?=\s+matri)"), "columns"),
    (_words(r"\brotation(?=\s+matri|\s*\$|\s*\\\()"), "rotation"),
    (_words(r"\bpermutation(?=\s+matri)"), "permutation"),
    (_words(r"\borthogonal projec\w+(?: matrix)?|\borthogonaler Projektor"), "projection"),
    (_words(r"\bidempotent|(?<!orthogonal )\bprojection(?: matrix)?\b|"
            r"(?<!orthogonal )\bprojector\b|幂等"), "idempotent"),
    (_words(r"\bdiagonal(?!\s+(?:of|entr|elem|part|terms?|block))\b|\bDiagonalmatrix|对角矩?阵?"),
     "diagonal"),
    (_words(r"\blower[- ]triangular|\buntere Dreiecksmatrix|下三角"), "lower"),
    (_words(r"\bupper[- ]triangular|\bobere Dreiecksmatrix|上三角"), "upper"),
    (_words(r"\b(?:invertible|non-?singular|invertierbar\w*|inversibles?)\b|可逆"), "invertible"),
    (_words(r"\bunit(?:[ -](?:vectors?|norm|length))\b|\bEinheitsvektor\w*|单位向量"), "unit"),
)  # fmt: skip
# No derivation ends in such a formula about a variable; in Q^T Q = I it may.
_FORMULAS = frozenset(["symmetric", "skew", "idempotent", "definite", "semidefinite", "orthogonal"])


class Called(NamedTuple):
    """What the text says of a name, and where; ``conditional``: of what follows only."""

    named: Tree
    at: int
    kind: str
    conditional: bool


def called_names(
    parsed: Parsed, items: Iterable[Tree], reading: Reading, judging: bool
) -> Iterator[Called]:
    """The names that the text, or one of its formulas, calls symmetric, orthogonal, ..; not those
    of quantities that an equation defines.  ``judging``: some formulas are claims, not facts."""
    plain = parsed.document.plain
    for words, kind in _CALLED:
        for named, at in beside(words, parsed):
            if reading.scope.refer(named).symbol not in reading.equations:
                yield Called(named, at, kind, is_conditional(plain, at))
    for item in items:
        for named, kind in fact_in(item):
            if reading.scope.refer(named).symbol in reading.equations:
                continue
            said = is_hypothesis if kind in _FORMULAS else is_given
            if not judging or said(item, plain):
                yield Called(named, item.span[0], kind, is_conditional(plain, item.span[0]))


def note_kinds(reading: Reading, called: Iterable[Called]) -> None:
    """Record the kinds of each symbol that are said of it everywhere."""
    for one in called:
        if not one.conditional:
            add_kinds(reading, reading.scope.refer(one.named).symbol, (one.kind,))


def said(kind: str) -> str:
    """A kind in words, with what custom says besides."""
    custom = {"definite", "semidefinite"} & {kind}
    return KINDS[kind].said + (" and, as is the custom, symmetric" if custom else "")


def add_kinds(reading: Reading, symbol: str, kinds: Iterable[str]) -> None:
    reading.kinds[symbol] = closed([*reading.kinds.get(symbol, ()), *kinds])


def fitted(reading: Reading, symbol: str, own: Axes, tree: Tree) -> tuple[str, ...]:
    """The kinds of a symbol that arrays of its rank can be of.  Fault where it must be square and
    is not."""
    kinds = tuple(k for k in reading.kinds.get(symbol, ()) if KINDS[k].rank == len(own))
    square = [k for k in foremost(kinds) if KINDS[k].square]
    declared = reading.declarations.get(symbol)
    if kinds and len(own) == 2 and (square or declared is None or declared.axes is None):
        try:
            reading.sizes.unify(own[0], own[1])
        except SizeError:
            if not square:
                return kinds
            raise Fault(
                "shape-clash",
                f"{formula(tree)} is {shape_of(own)} and is said to be {KINDS[square[0]].said}: "
                "only a square matrix is",
                tree, "correct its size, or leave the word out",
            ) from None  # fmt: skip
    return kinds
