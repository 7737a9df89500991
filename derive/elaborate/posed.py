"""A document of several problems read: a network for each.

The idea: a problem that cannot be read costs itself alone, and what its neighbours only declare is
not held against it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from derive.derivation.network import Network
from derive.diagnostics import DeriveError, Diagnostic, Source
from derive.elaborate.document import read_document
from derive.elaborate.problems import Problem, problems, problems_said_anew

_NOTHING = frozenset(["nothing-defined", "no-scalar-loss", "no-formulas"])


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem and its network, or what is wrong with it; ``problem`` is None for a document that
    is one problem."""

    problem: Problem | None
    network: Network | None
    faults: tuple[Diagnostic, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether the problem asks for something in so many words."""
        return self.network is not None and bool(self.network.questions or self.network.counts)

    @property
    def answerable(self) -> bool:
        """Whether it asks, or says of what all gradients may be wanted."""
        return self.asks or (
            self.network is not None and (not self.problem or self.problem.defines)
        )


def read_problems(source: Source) -> tuple[Posed, ...]:
    """The problems of a document, each read.

    Where its headings call nothing a problem it is one, unless its sections or items say names
    anew.  Raises DeriveError where nothing of the document can be read.
    """
    found = problems(source)
    if not found:
        try:
            return (Posed(None, read_document(source)),)
        except DeriveError as error:
            for parts in problems_said_anew(source):
                read = [_read(one) for one in parts]
                read = [one for one in read if one.asks or (one.problem and one.problem.title)]
                if not any(one.faults for one in read):
                    return tuple(read)
            raise error from None
    # What stands before the first problem is one where it asks something.
    read = [one for problem in found for one in _within(problem)]
    read = tuple(one for one in read if one.problem and (one.problem.title or one.asks))
    faults = [fault for one in read for fault in one.faults]
    if faults and not any(one.network for one in read):
        raise DeriveError(*dict.fromkeys(faults))
    return read


def _within(problem: Problem) -> tuple[Posed, ...]:
    """A problem, or its own parts where these say names anew."""
    whole = _read(problem)
    if whole.faults:
        for parts in problems_said_anew(problem.source):
            named = [_inside(problem, one, k) for k, one in enumerate(parts)]
            read = tuple(_read(one) for one in named if problem.holds(one.span))
            if not any(one.faults for one in read):
                return read
    return (whole,)


def _inside(problem: Problem, part: Problem, number: int) -> Problem:
    return replace(part, title=f"{problem.title} ({chr(ord('a') + (number - 1) % 26)})")


def _read(problem: Problem) -> Posed:
    faults: tuple[Diagnostic, ...] = ()
    for source in (problem.source, problem.fresh):
        if source is None:
            continue
        try:
            network = read_document(source)
        except DeriveError as error:
            faults = faults or tuple(one.placed(source) for one in error.diagnostics)
            continue
        return Posed(problem, _own(network, problem, source))
    if not problem.differentiates and any(fault.code in _NOTHING for fault in faults):
        return Posed(problem, None)  # "Explain why ..": words that ask for words
    return Posed(problem, None, faults)


def _own(network: Network, problem: Problem, source: Source) -> Network:
    """What a problem itself asks, under its own title and where it stands in the document."""
    taking = source is problem.source and problem.takes
    notes = (*network.notes, problem.takes) if taking else network.notes
    counts, asked = (
        tuple(one for one in (replace(one, span=source.placed(one.span)) for one in every)
              if problem.holds(one.span))
        for every in (network.counts, network.questions)
    )  # fmt: skip
    return replace(network, title=problem.title, notes=notes, counts=counts, questions=asked)
