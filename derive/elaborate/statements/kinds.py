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
from derive.elaborate.statements.beside import beside
from derive.elaborate.statements.constraints import is_constraint
from derive.elaborate.statements.declare import declared_names, kinds_of_set
from derive.elaborate.statements.given import fact_in, is_given, is_hypothesis
from derive.elaborate.statements.mood import Mood, mood_of
from derive.kernel.expr import Axes
from derive.kernel.sizes import SizeError
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.meaning.kinds import KINDS, closed, foremost
from derive.tree import Tree


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_POSITIVE = r"(?:\bpositive|\bpositiv|\bdéfinie?)[\s-]+"
# What the text calls a symbol, the narrower words first.
CALLED: tuple[tuple[re.Pattern[str], str], ...] = (
    (_words(r"(?:skew|anti)[- ]?symmetric|schiefsymmetrisch\w*|antisymétriques?|[反斜]对称"),
     "skew"),
    (_words(r"(?<![-\w])(?:symmetric|symmetrisch\w*|symétriques?)(?![-\w])|(?<![反斜])对称"),
     "symmetric"),
    (_words(_POSITIVE + r"(?:semi[- ]?definite?\w*|semi[- ]?positive)|\bPSD\b|半正定"),
     "semidefinite"),
    (_words(_POSITIVE + r"(?:definite?\w*|positive)|\bS?PD\b(?!-)|(?<!半)正定"), "definite"),
    (_words(r"\bfull column[- ]rank|linearly independent columns"), "independent"),
    (_words(r"\bfull row[- ]rank|linearly independent rows"), "spanning"),
    (_words(r"orthonormal\s+rows"), "rows"),
    (_words(r"(?:orthogonal|orthonormal|unitary)"
            r"(?!\s+(?:to|projec\w*|complement|vectors?|basis|rows))(?:(?<!orthogonal)\s+columns|"
            r"(?!\s+columns))\b|"
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
# Said of columns that have unit norm, and of others.
_LOOSELY = (
    (_words(r"orthogonal\s+columns"), "columns"), (_words(r"orthogonal\s+rows"), "rows"),
)  # fmt: skip
# No derivation ends in such a formula about a variable; in Q^T Q = I it may.
_FORMULAS = frozenset(["symmetric", "skew", "idempotent", "definite", "semidefinite", "orthogonal"])
# What these say of a matrix says of it what space it is in, even beside a constraint.
_LINEAR = frozenset(["symmetric", "skew", "diagonal", "lower", "upper", "definite", "semidefinite",
                     "invertible", "independent", "spanning"])  # fmt: skip


class Called(NamedTuple):
    """What the text says of a name, where, and in what mood; ``denied``: that it is not so.
    ``local``: it is given, and not everywhere behind it; ``until``: where it is denied, if it is.
    """

    named: Tree
    at: int
    kind: str
    mood: Mood
    denied: bool = False
    end: int = 0
    local: bool = False
    until: int | None = None

    @property
    def span(self) -> tuple[int, int]:
        return (self.at, max(self.at, self.end))


# Said of a matrix, these deny it a kind; "arbitrary" denies all.
_DENYING = (
    (_words(r"\b(?:non-?|un|a)symmetric\b|\bunsymmetrisch\w*"), ("symmetric",)),
    (_words(r"(?<!non-)\bsingular\b(?!\s+v)"), ("invertible",)),
    (_words(r"\bindefinite\b"), ("semidefinite",)),
    (_words(r"(?<!otherwise )\b(?:arbitrary|generic|beliebig\w*|quelconque)\b(?!\s+(?:real|square|"
            r"symm|skew|anti|pos|diag|orth|inver|non|tri|low|upp|unit|perm|rot|proj|idem|PSD))"),
     tuple(KINDS)),
)  # fmt: skip


def called_names(
    parsed: Parsed,
    items: Iterable[Tree],
    declarations: Iterable[Tree],
    reading: Reading,
    judging: bool,
) -> Iterator[Called]:
    """The names that the text, or one of its formulas, calls symmetric, orthogonal, ..; not those
    of quantities that an equation defines.  ``judging``: some formulas are claims, not facts."""
    found = [*_called(parsed, items, reading, judging), *_members(declarations, reading)]
    denied = [one for one in found if one.denied]
    for words, kinds in _DENYING:
        denied += [
            Called(one.named, one.at, kind, Mood.DOUBTED, True)
            for one in beside(words, parsed) if one.how != "denied" for kind in kinds
        ]  # fmt: skip
    for one in found:
        if not one.denied:
            yield _in_places(one, denied, reading) if one.mood is Mood.GIVEN else one


def _in_places(one: Called, denied: Iterable[Called], reading: Reading) -> Called:
    """What is given as far as it reaches: it is a condition there, if that is not everywhere, and
    in doubt from where it is denied on."""
    symbol = reading.scope.refer(one.named).symbol
    at = [
        no.at for no in denied
        if no.kind in closed([one.kind]) and reading.scope.refer(no.named).symbol == symbol
    ]  # fmt: skip
    if not at and reading.reach.everywhere(one.span, one.named):
        return one
    until = min((place for place in at if place > one.at), default=None)
    return one._replace(mood=Mood.CONDITION, local=True, until=until)


def _called(
    parsed: Parsed, items: Iterable[Tree], reading: Reading, judging: bool
) -> Iterator[Called]:
    plain = parsed.document.plain
    for words, kind in (*CALLED, *_LOOSELY):
        for named, at, end, how in beside(words, parsed):
            if reading.scope.refer(named).symbol in reading.equations:
                continue
            if how == "denied":
                yield Called(named, at, kind, Mood.DOUBTED, True)
                continue
            if not judging and kind not in _LINEAR and is_constraint(at, plain):
                continue
            loose = how == "loosely" or (words, kind) in _LOOSELY
            mood = Mood.DOUBTED if loose else mood_of(plain, at, end, latex(named))
            yield Called(named, at, kind, mood, end=end)
    for item in items:
        for named, kind in fact_in(item):
            if reading.scope.refer(named).symbol in reading.equations:
                continue
            if not judging and is_constraint(item.span[0], plain):
                continue
            said = is_hypothesis if kind in _FORMULAS else is_given
            if not judging or said(item, plain):
                start, end = item.span
                yield Called(named, start, kind, mood_of(plain, start, end), end=end)


def _members(declarations: Iterable[Tree], reading: Reading) -> Iterator[Called]:
    """What the sets of some declarations say of their members in places only."""
    for item in declarations:
        for kind in kinds_of_set(item):
            for name in declared_names(item):
                if not reading.reach.everywhere(item.span, name):
                    yield Called(name, item.span[0], kind, Mood.GIVEN, end=item.span[1])


def note_kinds(reading: Reading, called: Iterable[Called]) -> None:
    """Record the kinds of each symbol that are said of it everywhere."""
    for one in called:
        if one.mood is Mood.GIVEN:
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
