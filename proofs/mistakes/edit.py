r"""Named edits as data: a mistake, the edits that would undo it, and what they may draw on.

The idea: a mistake is a row.  Its docstring is the manual page, its function lists every single
edit of a written side that would undo the mistake, whatever the truth is; the search finds the one
that makes the line true.  An edit is made on the tree as it was written, so the writer's own
symbols stay and the caret stands where the pen slipped.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, TypeVar

from derive.elaborate.shown import marked
from derive.kernel.expr import Expr
from derive.latex.print import latex
from derive.tree import Tree, name
from proofs.mistakes.surgery import Part, flat, grouped, parts

T = TypeVar("T")

TOP = name(r"\top")
MOST_OTHERS = 12  # terms of nodes that are not asked about


@dataclass(frozen=True, slots=True)
class Symbol:
    """A quantity as the document writes it, without a transpose.

    ``kind`` is ``variable``, ``name`` (it has a definition) or ``delta`` (the gradient of the loss
    in a node, whose symbol is ``of``).  ``rank`` is its number of axes, None where that is unknown.
    """

    tree: Tree
    kind: str
    rank: int | None = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Slope:
    """The slope of a function of the network at its own argument, as a grouped factor.

    ``mask``: it is 0 or 1.  ``values`` are the ways to write what the function gives there, for
    those who wrote that in the place of the slope.
    """

    tree: Tree
    mask: bool
    rank: int | None = None
    values: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """What one use of a node adds to its gradient; ``regulariser`` if no data is in it.

    ``of`` is the symbol of the node.
    """

    tree: Tree
    regulariser: bool = False
    of: str = ""


class Later(Sequence[T]):
    """A sequence that is made when something of it is first asked for."""

    def __init__(self, make: Callable[[], Iterable[T]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> tuple[T, ...]:
        return tuple(self._make())

    def __getitem__(self, place):
        return self._made[place]

    def __len__(self) -> int:
        return len(self._made)


class Context(Protocol):
    """What the document and the network offer to an edit.

    ``counts`` are sizes that means divide by.  ``functions`` are the bases that are applied to
    brackets.  ``transpose`` is how this author writes it.
    """

    @property
    def symbols(self) -> Sequence[Symbol]: ...
    @property
    def slopes(self) -> Sequence[Slope]: ...
    @property
    def terms(self) -> Sequence[Term]: ...
    @property
    def counts(self) -> Sequence[Tree]: ...
    @property
    def transpose(self) -> Tree: ...
    @property
    def functions(self) -> frozenset[str]: ...
    @property
    def spelling(self) -> Mapping[str, str]: ...
    @property
    def diag(self) -> bool:
        """Whether this author writes diag."""
        ...

    @property
    def letters(self) -> Sequence[str]:
        """The index letters that the side leaves open, in the order of their axes."""
        ...

    @property
    def missing(self) -> Sequence[Tree]:
        """Factors by which the truth differs from what is written, if it is a product of it."""
        ...

    def knowing(
        self,
        truth: Expr | None,
        value: Expr | None,
        letters: Sequence[str],
        nodes: Collection[str] = (),
    ) -> Context:
        """The same for one side with these open letters: with the terms and factors that its value
        lacks of the truth, as far as the two can be compared.  ``nodes`` are the symbols of the
        nodes whose terms are likely."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A context that is a plain record; ``lacks`` compares the truth with a value."""

    symbols: tuple[Symbol, ...] = ()
    slopes: Sequence[Slope] = ()
    terms: Sequence[Term] = ()
    counts: Sequence[Tree] = ()
    transpose: Tree = TOP
    functions: frozenset[str] = frozenset()
    spelling: Mapping[str, str] = field(default_factory=dict)
    diag: bool = False
    letters: tuple[str, ...] = ()
    missing: tuple[Tree, ...] = ()
    lacks: Callable[[Expr, Expr | None, tuple[str, ...]], Lack] | None = None

    def knowing(
        self,
        truth: Expr | None,
        value: Expr | None,
        letters: Sequence[str],
        nodes: Collection[str] = (),
    ) -> Surroundings:
        found = tuple(letters)
        lack = Lack()
        if self.lacks is not None and truth is not None:
            lack = self.lacks(truth, value, found)
        likely = [term for term in self.terms if term.of in nodes]
        others = [term for term in self.terms if term.of not in nodes]
        terms = (*likely, *(Term(tree) for tree in lack.terms), *others[:MOST_OTHERS])
        return replace(self, letters=found, terms=terms, missing=lack.factors)


def written_scalars(context: Context) -> frozenset[Tree]:
    """The symbols of numbers and of sizes."""
    own = {symbol.tree for symbol in context.symbols if symbol.rank == 0}
    return frozenset(own.union(context.counts))


@dataclass(frozen=True, slots=True)
class Lack:
    """What a value may lack of the truth, written: terms, and factors."""

    terms: tuple[Tree, ...] = ()
    factors: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of a side: ``put`` in the place of a part.

    An insertion replaces what it is put beside.  ``at`` is where the pen slipped, a part of what is
    replaced.  ``words`` is the sentence for the writer, with ``shown`` in the places of its braces.
    Of edits that come to the same, the one of lower ``cost`` is said.
    """

    code: str
    part: Part
    put: Tree
    words: str
    shown: tuple[Tree, ...] = ()
    cost: int = 0
    at: tuple[int, int] = (0, 0)

    @property
    def span(self) -> tuple[int, int]:
        """What is replaced, in the source."""
        return self.part.tree.span

    @property
    def old(self) -> Tree:
        """What is replaced, as it was written."""
        return flat(self.part.tree)

    @property
    def new(self) -> Tree:
        """What is to be written there, with the brackets that it needs."""
        return flat(self.part.placed(self.put))

    @property
    def edited(self) -> Tree:
        """The whole side after the edit, with its applications still in one piece."""
        return self.part.put(self.put)

    @property
    def whole(self) -> Tree:
        """The whole side after the edit, as the reader would have read it."""
        return flat(self.edited)

    def says(self, spelling: Mapping[str, str]) -> str:
        """The sentence, in the writer's own symbols; formulas stand between dollar signs."""
        return self.words.format(*(marked(latex(flat(tree), spelling)) for tree in self.shown))


@dataclass(frozen=True, slots=True)
class Example:
    """A document, a right side with the mistake, and the same without; ``left`` where that matters.

    ``code`` is the mistake's own, except for mistakes on the left side.
    """

    given: str
    wrong: str
    right: str
    left: str = ""


Edits = Callable[[Sequence[Part], Context], Iterable[Edit]]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake with a name.

    ``tier`` orders the search: edits of a later tier are tried only if none of the earlier ones
    makes the line true; ``late`` are edits of the same mistake that are further to seek, each with
    a tier of its own.  ``reshapes``: it can mend a side whose shapes do not fit.
    ``explanation`` is what a student reads.
    """

    code: str
    explanation: str
    examples: tuple[Example, ...]
    tier: int
    reshapes: bool
    make: Edits
    late: tuple[tuple[int, Edits], ...] = ()

    def edits(self, side: Tree | Sequence[Part], context: Context) -> Iterable[Edit]:
        """Every edit of a side, as written, that would undo this mistake."""
        if isinstance(side, Tree):
            side = list(parts(grouped(side, context.functions)))
        for _, make in self.makers():
            yield from make(side, context)

    def makers(self) -> Iterator[tuple[int, Edits]]:
        """What makes the edits, with the tier of each."""
        yield self.tier, self.make
        yield from self.late

    @property
    def summary(self) -> str:
        return self.explanation.split("\n", 1)[0].rstrip(".")


_ROWS: dict[str, Mistake] = {}


def mistake(
    code: str, *examples: Example, tier: int, reshapes: bool = False
) -> Callable[[Edits], Edits]:
    """Make a function the row of a mistake; its docstring is what is explained."""

    def register(make: Edits) -> Edits:
        assert code not in _ROWS, code
        said = inspect.cleandoc(make.__doc__ or "")
        _ROWS[code] = Mistake(code, said, examples, tier, reshapes, make)
        return make

    return register


def also(code: str, tier: int) -> Callable[[Edits], Edits]:
    """Make a function more edits of a mistake, tried at a later tier."""

    def register(make: Edits) -> Edits:
        row = _ROWS[code]
        _ROWS[code] = replace(row, late=(*row.late, (tier, make)))
        return make

    return register


def rows(order: Sequence[str]) -> dict[str, Mistake]:
    """Every row, by tier and in this order within a tier."""
    assert sorted(order) == sorted(_ROWS), set(order) ^ set(_ROWS)
    return {code: _ROWS[code] for code in sorted(order, key=lambda code: _ROWS[code].tier)}


def edit(
    code: str, part: Part, new: Tree, words: str, shown: tuple[Tree, ...] = (), cost: int = 0,
    at: tuple[int, int] | None = None,
) -> Edit:  # fmt: skip
    """``new`` in the place of a part."""
    return Edit(code, part, new, words, shown, cost, part.tree.span if at is None else at)


def said(tree: Tree, context: Context) -> str:
    """A piece of the side in the writer's own symbols, for a sentence."""
    return latex(flat(tree), context.spelling)


__all__ = [
    "Context", "Edit", "Example", "Mistake", "Slope", "Surroundings", "Symbol", "Term",
    "edit", "mistake", "rows", "said",
]  # fmt: skip
