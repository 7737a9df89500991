"""A document solved: its one problem, or each of several, with what could not be read.

The idea: a problem is solved as a document is, and what is said of the document is what its
problems say, in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from derive.app.solve import Solution, counted, said_of_lines, said_of_shown, solved
from derive.derivation.network import Network
from derive.diagnostics import DeriveError, Diagnostic, Source
from derive.elaborate.posed import Posed, read_problems
from derive.elaborate.statements.given import asks_to_show, is_to_be_shown
from derive.latex.segment import segment

if TYPE_CHECKING:
    from derive.app.checked.words import Told


@dataclass(frozen=True, slots=True)
class Solved:
    """The problems of a document, each with its solution unless it has none: as it could not be
    read, or asks for nothing that can be computed."""

    title: str
    each: tuple[tuple[Posed, Solution | None], ...]

    @property
    def single(self) -> Solution | None:
        """The solution of a document that is one problem."""
        return next((one for posed, one in self.each if posed.problem is None), None)

    @property
    def solutions(self) -> tuple[Solution, ...]:
        return tuple(one for _, one in self.each if one is not None)

    @property
    def faults(self) -> tuple[Diagnostic, ...]:
        return tuple(dict.fromkeys(fault for posed, _ in self.each for fault in posed.faults))

    @property
    def failed(self) -> bool:
        return any(one.failed for one in self.solutions)

    def summary(self) -> str:
        """One line: how many results there are, and how many agree with their check."""
        if self.single is not None:
            return self.single.summary()
        checks = [check for one in self.solutions for check in one.checks]
        told = [counted(len(self.each), "problem"), counted(len(checks), "result")]
        if compared := sum(check.passed is not None for check in checks):
            passed = sum(check.passed is True for check in checks)
            told.append(f"{passed} of {compared} agree with central differences")
        if shown := [link for one in self.solutions for link in one.shown]:
            told.append(said_of_shown(shown))
        if said := [link for one in self.solutions for link in one.said]:
            told.append(said_of_lines(said))
        if counts := sum(len(one.network.counts) for one in self.solutions):
            told.append(counted(counts, "count"))
        if unread := sum(bool(posed.faults) for posed, _ in self.each):
            told.append(f"{counted(unread, 'problem')} could not be read")
        return ", ".join(told)


def solved_document(source: Source, seed: int = 0, number: int | None = None) -> Solved:
    """The problems of a document solved, or the one of this number.

    Raises DeriveError where nothing of it can be read, or no problem has the number.
    """
    read = read_problems(source)
    chosen = read if number is None else (_numbered(read, number, source),)
    shown, said = _shown(source, chosen)
    each = tuple((one, _solution(one, shown, said, seed)) for one in chosen)
    title = segment(source).title
    headings = [one.problem.title for one in read if one.problem]
    return Solved("" if any(title.startswith(one) for one in headings) else title, each)


def _shown(source: Source, posed: Sequence[Posed]) -> tuple[tuple[Told, ...], tuple[Told, ...]]:
    """What the document wants shown, and what it concludes.  Not even looked for where it does
    neither, as the checker takes a while to be loaded."""
    document = segment(source)
    asks = asks_to_show(document.plain) and any(
        is_to_be_shown(formula.start, document.plain) for formula in document.formulas
    )
    concludes = any(one.network is not None and one.network.concludes for one in posed)
    if not asks and not concludes:
        return (), ()
    from derive.app.shown import to_be_shown

    shown, said = to_be_shown(source)
    return shown, said if concludes else ()


def _solution(
    posed: Posed, shown: tuple[Told, ...], said: tuple[Told, ...], seed: int
) -> Solution | None:
    """The solution of a problem; one that asks for proofs alone has no other results."""
    own, others = (
        tuple(one for one in every if not posed.problem or posed.problem.holds(one.claim.span))
        for every in (shown, said)
    )
    if posed.network is None or not (own or posed.answerable):
        return None
    done = solved(posed.network, seed, posed.asks or not own)
    return replace(done, shown=own, said=others if posed.network.concludes else ())


def one_network(source: Source, number: int | None = None) -> Network:
    """The network of a document that is one problem, or of its problem of this number.

    Raises DeriveError where it cannot be read, or is one of several.
    """
    read = read_problems(source)
    chosen = read if number is None else (_numbered(read, number, source),)
    if len(chosen) > 1:
        titles = ", ".join(one.problem.title for one in chosen if one.problem)
        message = f"the document has {len(chosen)} problems, and this is made of one: {titles}"
        help = "choose one by its number, as in `--problem 2`"
        raise DeriveError(Diagnostic("several-problems", message, source.file, help=help))
    for one in chosen:
        if one.network is not None:
            return one.network
    raise DeriveError(*(fault for one in chosen for fault in one.faults))


def _numbered(read: Sequence[Posed], number: int, source: Source) -> Posed:
    if not 0 < number <= len(read):
        message = f"there is no problem {number}: the document has {len(read)}"
        raise DeriveError(Diagnostic("several-problems", message, source.file))
    return read[number - 1]
