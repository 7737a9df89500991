"""The state of reading one document: its equations, variables and what has been elaborated.

The idea: definitions are elaborated when they are first needed, once for each set of indices that
is open around them; ``z_1 = W_1 x^{(i)}`` is one node for a sample and another under a sum over i.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from derive.derivation.network import REALS, Domain
from derive.elaborate.layouts import DENOMINATOR, Layout
from derive.elaborate.names.scope import Scope
from derive.elaborate.statements.mood import Mood
from derive.elaborate.statements.reach import Reach
from derive.elaborate.values import Sizes, Value
from derive.kernel import sizes
from derive.kernel.expr import Axes, Expr
from derive.kernel.sizes import Axis
from derive.operators.row import Row
from derive.tree import Tree


@dataclass(frozen=True, slots=True)
class Declaration:
    """What ``\\in`` says of a symbol: its own axes (None where only the domain is known)."""

    axes: Axes | None
    domain: Domain
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bound:
    """An interval that holds of a symbol in places only, and in what mood it is said; ``onward``:
    of nothing before it."""

    symbol: str
    domain: Domain
    span: tuple[int, int]
    mood: Mood
    onward: bool = False


@dataclass(frozen=True, slots=True)
class Equation:
    """A definition: ``symbol`` with slot ``letters``, component letters, formals of a function."""

    symbol: str
    letters: tuple[str, ...]
    components: tuple[str, ...]
    formals: tuple[str, ...]
    left: Tree
    right: Tree  # raw, as written
    body: Tree  # settled
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Env:
    """What surrounds a formula: letters bound by sums, formal arguments, letters renamed."""

    open: frozenset[str] = frozenset()
    formals: Mapping[str, Value] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    lows: Mapping[str, Axis] = field(default_factory=dict)  # where letters that a sum binds begin
    counters: frozenset[str] = frozenset()  # letters of the sums around
    ranged: frozenset[str] = frozenset()  # letters that run over a part of the axes they select

    def letter(self, written: str) -> str:
        return self.rename.get(written, written)


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says of its windows: the values of each option of a convolution or a pooling,
    and how many of either it has.

    ``within`` are the places of the statements that it is said of, None for all: a gradient's own
    convolutions have other strides and paddings than the layer's.
    """

    values: Mapping[tuple[str, str], set[Axis | str]]
    counts: Mapping[str, int]
    within: tuple[tuple[int, int], ...] | None = None

    def of(self, span: tuple[int, int]) -> bool:
        """Whether it is said of what stands here."""
        if self.within is None:
            return True
        return any(a <= span[0] and span[1] <= b for a, b in self.within)


@dataclass(slots=True)
class Reading:
    """Everything known of a document while it is being elaborated."""

    scope: Scope
    reach: Reach = field(default_factory=Reach)  # of what the document supposes
    sizes: Sizes = field(default_factory=Sizes)
    equations: dict[str, Equation] = field(default_factory=dict)
    functions: dict[str, Equation] = field(default_factory=dict)
    declarations: dict[str, Declaration] = field(default_factory=dict)
    bounds: list[Bound] = field(default_factory=list)  # what is said of a symbol in places only
    size_names: set[str] = field(default_factory=set)
    least: dict[str, int] = field(default_factory=dict)  # the 2 of n >= 2, a size
    # What a document says that its sizes are: the 3 of n = 3, the n of m = n.
    size_values: dict[str, Axis] = field(default_factory=dict)
    # Where x = 3 is said of a variable in places only, and whether under a condition.
    valued: dict[tuple[int, int], bool] = field(default_factory=dict)
    sized: list[tuple[int, int]] = field(default_factory=list)  # where it says so for a while only
    runs: dict[str, tuple[Axis, Axis]] = field(default_factory=dict)  # of the sums around: r
    ranks: dict[str, int] = field(default_factory=dict)  # chosen ranks of undeclared symbols
    entries: dict[str, int] = field(default_factory=dict)  # how many indices they are written with
    own_axes: dict[str, Axes] = field(default_factory=dict)
    slot_axes: dict[str, list[Axis]] = field(default_factory=dict)
    variables: dict[str, list[Expr]] = field(default_factory=dict)  # in order of appearance
    made: dict[Expr, str] = field(default_factory=dict)  # node -> symbol it came from
    letters: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of slots, customary
    memo: dict[tuple, Value] = field(default_factory=dict)
    anew: dict[tuple, Expr] = field(default_factory=dict)  # what is read anew for each sample
    reached: dict[str, frozenset[str]] = field(default_factory=dict)  # what definitions use
    underway: set[tuple] = field(default_factory=set)  # definitions that are being elaborated
    calls: dict[str, set[str]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)  # equations, what is used first
    implied: dict[str, Row] = field(default_factory=dict)  # parameters that short spellings omit
    spelled_out: dict[str, Row | None] = field(default_factory=dict)  # functions that have a word
    # Names whose superscripts count layers, and the ranks that they may have.
    layered: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)  # first use of a symbol
    sloped: set[str] = field(default_factory=set)  # x of f'(x) of a defined f, n of 1/n
    unit_letter: bool = True  # is E the unit matrix
    numeric: bool = False  # does nothing in the document show an array
    notes: dict[str, str] = field(default_factory=dict)
    bold: bool = False  # does the document set vectors in bold
    declares: bool = False  # does it declare any array
    normalised: set[str] = field(default_factory=set)  # symbols whose last axis sums to 1
    hot: set[str] = field(default_factory=set)  # of those, the ones with a single 1
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)  # see derive.meaning.kinds
    of_matrices: set[str] = field(default_factory=set)  # functions of a matrix, not of its entries
    together: list[tuple[Tree, ...]] = field(default_factory=list)  # names defined as parts
    structured: set[Expr] = field(default_factory=set)  # of a kind, and differentiated by
    lone: dict[str, Tree] = field(default_factory=dict)  # undeclared and met once: where
    said: Said | None = None  # of windows, in words
    # Functions of which the text says what they are: in words that are not read, or "" in none.
    unread: dict[str, str] = field(default_factory=dict)
    norms: str = ""  # the kind of matrix norm that the text speaks of
    layout: Layout = DENOMINATOR  # in which derivatives inside formulas are read
    # Values of settled trees, kept where a document is judged: its formulas are read repeatedly.
    recalled: dict[tuple[Tree, frozenset[str]], Value] | None = None
    abstract: dict[str, Value] = field(default_factory=dict)  # losses that nothing defines
    differentiating: frozenset[str] = frozenset()  # definitions that use derivatives
    late: set[str] = field(default_factory=set)  # definitions that use derivatives, not yet read
    below: dict[Expr, frozenset[Expr]] = field(default_factory=dict)
    swept: dict[Expr, dict[Expr, Expr]] = field(default_factory=dict)  # gradients of numbers
    closed: bool = False  # is every symbol given: then no other is read by custom
    differentiated: set[str] = field(default_factory=set)  # of what gradients are asked: numbers
    concludes: bool = False  # does the text say what follows from its definitions
    given: set[str] = field(default_factory=set)  # variables of which the document says numbers
    numbers: dict[Expr, Expr] = field(default_factory=dict)  # these variables, and their numbers

    def domain(self, symbol: str) -> Domain:
        found = self.declarations.get(symbol)
        return found.domain if found else REALS

    def size(self, name: str) -> Axis:
        """The size of this name, by what the document says that it is."""
        return sizes.resolve(sizes.size(name), self.size_values)

    def note(self, key: str, text: str) -> None:
        self.notes.setdefault(key, text)
