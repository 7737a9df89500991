"""The counts that a document asks for and claims, in words and in formulas.

The idea: words about layers and equations of numbers need no network; only the parameters of "the
network" are those of the equations of the document, once these are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from derive.counting.answers import counted
from derive.counting.counted import Counted
from derive.counting.equations import Problems
from derive.counting.text import is_count
from derive.derivation.count import parameters
from derive.derivation.network import Network
from derive.diagnostics import Source
from derive.elaborate.faults import Fault
from derive.latex.print import latex as latex_of
from derive.latex.read import Parsed, read_formulas
from derive.tree import Tree
from derive.writing.write import symbol


@dataclass(frozen=True, slots=True)
class Counts:
    """``words`` are asked or claimed in sentences, ``problems`` in formulas."""

    words: tuple[Counted, ...] = ()
    problems: Problems = field(default_factory=Problems)
    said: frozenset[int] = frozenset()  # statements that are part of a sentence, by identity

    @classmethod
    def of(cls, parsed: Parsed, judging: bool) -> Counts:
        """What a document asks of counts; ``judging`` also what its formulas claim."""
        items = [item for row in parsed.rows for item in row.items]
        words = tuple(counted(parsed.document))
        spans = [one.span for one in words]
        said = frozenset(
            id(item) for item in items
            if item.head == "chain" and (item.kids[0] is None or is_count(item.kids[0]))
            and any(a < item.span[1] and item.span[0] < b for a, b in spans)
        )  # fmt: skip
        return cls(words, Problems.of([i for i in items if id(i) not in said], judging), said)

    def takes(self, item: Tree) -> bool:
        """Whether a statement is about counts alone, and nothing for the calculus."""
        return id(item) in self.said or id(item) in self.problems.taken

    @property
    def questions(self) -> list[Counted]:
        asked = [one for one in (*self.words, *self.problems.answers) if one.asks]
        return sorted(asked, key=lambda one: one.span)

    def answered(self, network: Network) -> Network:
        """The network with the answers; Fault where a question lacks what it needs and nothing
        else is asked."""
        found: list[Counted] = []
        without: list[Counted] = []
        for question in self.questions:
            one = of_network(question, network) if question.kind == "network" else question
            (without if one.missing else found).append(one)
        if without and not found and not network.questions and network.root is None:
            told = without[0].missing
            raise Fault("incomplete-question", f"this cannot be counted: {told}", without[0].span,
                        "say it before the question")  # fmt: skip
        notes = (f"a question about counts is not answered: {one.missing}" for one in without)
        return replace(network, counts=tuple(found), notes=(*network.notes, *notes))

    def claims(self, network: Network) -> Iterator[Counted]:
        """What the words claim; what is said of "the network" only where it has parameters."""
        for claim in self.words:
            if not claim.asks:
                one = of_network(claim, network) if claim.kind == "network" else claim
                if not one.missing:
                    yield one


NONE = Counts()


def read_with_counts(source: Source, judging: bool) -> tuple[Parsed, Counts]:
    """A document and its counts; one that counts in words alone needs no formula."""
    parsed = read_formulas(source)
    counts = Counts.of(parsed, judging)
    if counts.words:
        rest = (d for d in parsed.diagnostics if d.code != "no-formulas")
        parsed = replace(parsed, diagnostics=tuple(rest))
    return parsed, counts


def of_network(question: Counted, network: Network) -> Counted:
    """The number of parameters of a network, a term for each of them."""
    variables = [v.var for v in network.parameters]
    count = parameters(variables)
    if not count.rows:
        return replace(question, missing="there are no equations here that have parameters")
    rows = " + ".join(own.latex() for _, own in count.rows)
    steps = tuple(dict.fromkeys((rows, count.latex())))
    symbols = [latex_of(symbol(v)) for v in variables]
    missing = [
        (f"the parameters of ${s}$ are missing", count.size - own.size)
        for s, (_, own) in zip(symbols, count.rows, strict=True)
    ]
    return replace(question, steps=steps, value=count.size, slips=tuple(missing))
