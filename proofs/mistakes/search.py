r"""The one named edit that makes a wrong line true.

The idea: the fix is the diagnosis.  Edits are tried from the smallest to the largest; the first
that makes the line true names the mistake, and it is said only after a proof.  Every edit that
makes the line true gives the same value, so the choice between two is a choice of words, and its
order is fixed: the tier of the row, the cost of the edit, the place of the row in ``ORDER``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import thread_time

from derive.kernel.build import is_zero
from derive.kernel.expr import Axes, Expr
from derive.latex.print import latex
from derive.operators.pointwise import np
from derive.tree import Tree
from proofs.mistakes.edit import Context, Edit, edit
from proofs.mistakes.hand import gradient_by
from proofs.mistakes.numbers import by_ratio
from proofs.mistakes.probe import Probe, close
from proofs.mistakes.quick import Quick, Unsure
from proofs.mistakes.surgery import Part, flat, grouped, parts
from proofs.mistakes.table import MISTAKES
from proofs.verdict import Fix

TIERS = sorted({tier for row in MISTAKES.values() for tier, _ in row.makers()})
# Seconds of computing after which a cause is not looked for any longer: a machine that is busy
# with something else must not change what is said.
LONGEST = 0.5


@dataclass(frozen=True, slots=True)
class Named:
    """A mistake found: its code, the sentence for its writer, where the pen slipped, and what to
    write in the place of what."""

    code: str
    says: str
    span: tuple[int, int]
    fix: Fix
    edit: Edit


def name_mistake(
    side: Tree,
    context: Context,
    *,
    value_of: Callable[[Tree], Expr | None],
    agrees: Callable[[Expr], bool],
    proves: Callable[[Expr], bool],
    axes: Axes | None = None,
    probe: Probe | None = None,
    quick: Quick | None = None,
    letters: Sequence[str] = (),
    source: str = "",
    banned: Collection[Tree] = (),
    longest: float = LONGEST,
) -> Named | None:
    """The smallest single edit of a raw side, as written, that makes its line true; None if no
    edit of any row does.

    ``value_of`` is the value of a raw side, None where shapes do not fit; ``agrees`` a fast test
    against the truth, that may err, and ``proves`` the proof, that may not.  ``axes`` are those of
    the truth: a side of other axes is mended only by rows that reshape.  With a ``probe`` of the
    truth a missing number is read off, and with ``quick``, at the same points, most edits need no
    value.  ``letters`` are the index letters that the side leaves open, in the order of its axes.
    ``source`` is the text that spans are places in.  ``banned`` are trees that
    no edit may bring in: what stands on the left, in all its spellings.  No cause is looked for
    after ``longest`` seconds of computing.
    """
    if probe is not None and is_zero(probe.truth):
        return None  # whatever has a factor 0 mends such a line
    deadline = thread_time() + longest
    whole = grouped(side, context.functions)
    cut = list(parts(whole))
    value = value_of(flat(whole))
    fits = value is not None and (axes is None or value.axes == axes)
    before = set(whole.subtrees())
    deep = {id(t) for b in whole.subtrees() if b.head == "big" for t in b.subtrees() if t is not b}
    judged: dict[Expr, bool] = {} if value is None else {value: False}
    seen: set[Tree] = {whole}
    sieve = None
    if probe is not None and quick is not None:
        with np.errstate(all="ignore"):
            sieve = _sieve(whole, value if fits else None, probe, quick, letters)
    measured = probe.ratio(value) if probe is not None and value is not None and fits else None
    for tier in TIERS:
        if tier == 3:
            # What the side lacks of the truth is sought once the small edits are through.
            truth = None if probe is None else probe.truth
            nodes = {latex(by) for by in map(gradient_by, banned) if by is not None}
            context = context.knowing(truth, value if fits else None, letters, nodes)
        tried: list[Edit] = []
        for found in _edits(tier, cut, context, fits):
            tried.append(found)
            if len(tried) % 64 == 0 and thread_time() > deadline:
                return None
        if tier == 1 and measured not in (None, 0, 1, -1):
            assert measured is not None
            tried.append(by_ratio(cut[0], measured, context))
        # Inside a sum over an index nothing is sieved: of the larger edits, those come last.
        tried.sort(key=lambda found: (tier > 1 and id(found.part.tree) in deep, found.cost))
        for found in tried:
            if thread_time() > deadline:
                return None
            edited = found.edited
            if edited in seen:
                continue
            seen.add(edited)
            if sieve is not None and not sieve(edited):
                continue
            if _brings(found, banned, before):
                continue
            new = value_of(flat(edited))
            if new is None:
                continue
            if new not in judged:
                judged[new] = agrees(new) and proves(new)
                if judged[new]:
                    return _named(found, context, source)
    return None


def _sieve(
    whole: Tree, value: Expr | None, probe: Probe, quick: Quick, letters: Sequence[str]
) -> Callable[[Tree], bool] | None:
    """Whether an edited side may agree with the truth, by its numbers at one point; None where the
    side itself has other numbers than its parts would give it, or fits when it should not."""
    truth = quick.entry(probe.array(probe.truth), letters)
    try:
        own = quick.array(whole)
    except Unsure:
        return None
    if value is None:
        row = None
        if own is not None and own.numbers.shape == truth.shape and not own.row:
            return None
    else:
        if own is None or not close(own.numbers, quick.entry(probe.array(value), letters)):
            return None
        row = own.row

    def passes(tree: Tree) -> bool:
        with np.errstate(all="ignore"):
            try:
                found = quick.array(tree)
            except Unsure:
                return True
            if found is None or (row is not None and found.row != row):
                return False
            return close(found.numbers, truth)

    return passes


def _edits(tier: int, cut: list[Part], context: Context, fits: bool) -> Iterator[Edit]:
    for row in MISTAKES.values():
        if fits or row.reshapes:
            for own, make in row.makers():
                if own == tier:
                    yield from make(cut, context)


def _brings(found: Edit, banned: Collection[Tree], before: set[Tree]) -> bool:
    """Whether an edit writes what stands on the left into the right side."""
    if not banned:
        return False
    return any(tree in banned and tree not in before for tree in found.put.subtrees())


def _named(found: Edit, context: Context, source: str = "") -> Named:
    spelling = context.spelling
    span = braced(source, found.span)
    fix = Fix(latex(found.new, spelling), span, latex(found.whole, spelling))
    return Named(found.code, found.says(spelling), braced(source, found.at), fix, found)


def braced(source: str, span: tuple[int, int]) -> tuple[int, int]:
    r"""The span without the braces around it, and with those that it cuts, to paste a fix."""
    start, end = span
    while source[start : start + 1] == "{" and source[end - 1 : end] == "}":
        if _open(source, start + 1, end - 1) != (0, 0):
            break
        start, end = start + 1, end - 1  # a group stands in its braces, what is written inside
    opened, closed = _open(source, start, end)
    while closed and source[end - 1 : end] == "}":
        end -= 1
        closed -= 1
    for _ in range(opened):
        after = source.find("}", end)
        if after < 0 or source[end:after].strip():
            break
        end = after + 1
    for _ in range(closed):
        before = source.rfind("{", 0, start)
        if before < 0 or source[before + 1 : start].strip():
            break
        start = before
    return start, end


def _open(source: str, start: int, end: int) -> tuple[int, int]:
    """How many braces in a span are opened and not closed, and closed and not opened."""
    opened = closed = 0
    for k in range(start, min(end, len(source))):
        if source[k] == "{" and source[k - 1 : k] != "\\":
            opened += 1
        elif source[k] == "}" and source[k - 1 : k] != "\\":
            opened, closed = (opened - 1, closed) if opened else (0, closed + 1)
    return opened, closed


def name_left(
    left: Tree,
    context: Context,
    candidates: Iterable[tuple[Tree, Expr]],
    holds: Callable[[Expr], bool],
) -> Named | None:
    """The left side whose value the right side has: its symbol was written wrongly.

    ``candidates`` are the other left sides that the document could have meant, in the order of
    preference, each with its value; ``holds`` says that the right side equals it.  To be asked
    after ``name_mistake``: a right side that one small edit mends is the likelier slip.
    """
    whole = Part(left, "root", lambda new: new)
    for other, value in candidates:
        if flat(other) != flat(left) and holds(value):
            says = "the right side is {}, not {}"
            return _named(edit("wrong-left-side", whole, other, says, (other, left)), context)
    return None
