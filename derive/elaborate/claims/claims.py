r"""A document's claims, and the value of any formula in its context.

The idea: a claim is read with the names of its document and in one layout; indices that no sum
binds stay open, so that \frac{\partial f_j}{\partial g_i} is the matrix of all of them.  A formula
that somebody edits is read in the same way as one that stands in the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from derive.derivation.network import Domain, Network
from derive.diagnostics import Diagnostic, Source
from derive.elaborate.assembly import name_sizes
from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.counts import Counts
from derive.elaborate.dispatch import value_of
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.layouts import Layout
from derive.elaborate.names.indices import has_label_slot, index_letter
from derive.elaborate.names.trials import fit
from derive.elaborate.reading import Env, Reading
from derive.elaborate.statements.described import Described
from derive.elaborate.statements.facts import with_totals_said
from derive.elaborate.statements.kinds import Called
from derive.elaborate.statements.settle import settle
from derive.elaborate.statements.shorthand import Shorthand
from derive.elaborate.terms.derivatives import note_order
from derive.elaborate.terms.flat import as_matrix, as_outer
from derive.elaborate.terms.limits import bound_letters
from derive.elaborate.values import Value, below, closed, levelled, squeezed
from derive.kernel import sizes
from derive.kernel.build import zeros
from derive.kernel.expr import Delta, Expr, Num, Ones, Var, toposort
from derive.operators.incidence import is_incidence
from derive.tree import Tree


class Side(Protocol):
    """A side of a claim: its formula, and its value if it has one."""

    @property
    def tree(self) -> Tree: ...
    @property
    def value(self) -> Value | None: ...


@dataclass(slots=True)
class Claims:
    """A document read for its claims.

    ``given`` is what it supposes and does not claim.
    ``unread`` are its formulas that could not be read, ``diagnostics`` the other problems.
    """

    source: Source
    network: Network
    reading: Reading
    shorthand: Shorthand
    claims: list[Claim]
    diagnostics: list[Diagnostic]
    unread: list[Diagnostic] = field(default_factory=list)
    given: list[Claim] = field(default_factory=list)
    own: frozenset[str] = frozenset()  # the symbols of its definitions
    # What the text calls symmetric, orthogonal, ..: see ``called_names``.
    called: tuple[Called, ...] = ()
    described: tuple[Described, ...] = ()  # what else the text says of them in words
    counts: Counts = field(default_factory=Counts)
    plain: str = ""  # the document without its comments
    _settled: dict[Tree, Tree | Fault] = field(default_factory=dict)
    # By the place of a formula, where that decides its sizes.
    _known: dict[tuple[object, ...], Value | Fault] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        return self.reading.layout

    def lay_out(self, layout: Layout) -> None:
        """Read derivatives in this layout from now on."""
        if layout != self.reading.layout:
            self.reading.layout = layout
            memo = self.reading.memo
            # What is defined without a derivative is the same in every layout, and may be deep.
            for key in [key for key in memo if key[0] in self.reading.differentiating]:
                del memo[key]
            self.reading.recalled = {}

    def forget(self) -> None:
        """Read everything anew."""
        self._settled.clear()
        self._known.clear()

    def facts(self) -> dict[Expr, Domain]:
        """Where each variable of the document lives, those that only claims have among them."""
        for claim in self.claims:
            opens = self.letters(claim.sides)
            # The set of x \in \mathbb{R}^n is no quantity.
            for tree in claim.sides[:1] if claim.kind == "shape" else claim.sides:
                with suppress(Fault, Silent):
                    self.value(tree, opens)
        found: dict[Expr, Domain] = {}
        for node, symbol in self.reading.made.items():
            domain = self.reading.domain(symbol)
            if domain.classes is not None:
                classes = sizes.resolve(domain.classes, self.reading.sizes.bound)
                domain = replace(domain, classes=classes)
            if node.axes:
                domain = with_totals_said(domain, symbol, self.reading)
            if domain != Domain():
                found[self.reading.sizes.current(Value(node)).expr] = domain
        return found

    def letters(self, trees: Iterable[Tree]) -> frozenset[str]:
        """The indices of entries in these raw formulas that nothing binds."""
        found: set[str] = set()
        for tree in trees:
            try:
                found |= set(self._free(self.settled(tree)))
            except Fault:
                continue
        return frozenset(found)

    def settled(self, tree: Tree) -> Tree:
        """A raw formula with its shorthand written out and its notation settled.  Fault if not."""
        found = self._settled.get(tree)
        if found is None:
            try:
                found = settle(self.shorthand.written_out(tree), self.reading.scope)
                self._refuse_numbered(found)
            except Fault as fault:
                found = fault
            self._settled[tree] = found
        if isinstance(found, Fault):
            raise found
        return found

    def _refuse_numbered(self, settled: Tree) -> None:
        """a_1 beside the a_i of a sum is one of them, and no symbol of its own."""
        for node in settled.subtrees():
            if node.head != "symbol":
                continue
            symbol = str(node.kids[0])
            base, _, number = symbol.partition("_")
            family = f"{base}_{{#1}}" in self.reading.slot_axes and number.isdigit()
            if family and symbol not in self.reading.scope.declared | self.reading.scope.defined:
                raise Fault(
                    "unsupported-index", f"the index ${number}$ is not a single letter", node,
                    "select an entry with a letter, as in $x_i$",
                )  # fmt: skip

    def _free(self, tree: Tree) -> Iterator[str]:
        stack: list[tuple[object, frozenset[str]]] = [(tree, frozenset())]
        while stack:
            node, bound = stack.pop()
            if isinstance(node, tuple):
                stack += [(part, bound) for part in node]
            if not isinstance(node, Tree):
                continue
            if node.head == "index":
                # [a_i b_j]_{ij} binds its letters, and (u + v)_i has one.
                inner, *indices = node.kids
                inside = set(self._free(inner))
                bound |= {x for x in map(index_letter, indices) if x in inside}
                for letter in map(index_letter, indices):
                    if letter and letter not in inside and letter not in bound:
                        yield letter
            if node.head == "big":
                bound |= {letter for letter, _, _ in bound_letters(node.kids[1])}
            if node.head in ("single", "unit"):
                yield from (x for x in map(index_letter, node.kids) if x and x not in bound)
            if node.head == "symbol":
                symbol, *indices = node.kids
                slots = symbol.count("#")
                entries = indices[slots:] if has_label_slot(symbol) else indices
                for letter in map(index_letter, entries):
                    if letter and letter not in bound and not self._is_quantity(letter):
                        yield letter
            stack += [(kid, bound) for kid in node.kids]

    def _is_quantity(self, letter: str) -> bool:
        scope = self.reading.scope
        return scope.known(letter) or self.reading.domain(letter).classes is not None

    def value(self, tree: Tree, opens: frozenset[str] = frozenset()) -> Value:
        """What a raw formula means; ``opens`` are the indices that stay open.

        Raises Fault where it means nothing, Silent where what it uses could not be read.
        """
        found = self._known.get((self.layout, opens, tree, None))
        if found is None:
            found = self._known.get((self.layout, opens, tree, tree.span))
        if found is None:
            here: tuple[int, int] | None = None
            try:
                found = squeezed(value_of(self.reading, self.settled(tree), Env(opens)))
                if found.row and not self.layout.numerator and self._is_tangent(tree, opens):
                    found = replace(found, row=False)
                # The I of one claim is as large as what it meets there, not as another one's.
                here = tree.span if below(found.expr, self.reading.sizes.below) else None
            except Fault as fault:
                found = fault
            self._known[self.layout, opens, tree, here] = found
        if isinstance(found, Fault):
            # Its place is that of this tree, which may equal another one.
            raise found
        return self.reading.sizes.current(found)

    def leaves(self, tree: Tree) -> list[Expr]:
        """What a raw formula is written in: the values of its symbols, as far as they have one."""
        found: list[Expr] = []
        try:
            settled = self.settled(tree)
        except Fault:
            return found
        called = {id(n.kids[0]) for n in settled.subtrees() if n.head in ("call", "apply")}
        for node in settled.subtrees():
            if node.head == "symbol" and id(node) not in called:
                try:
                    found.append(value_of(self.reading, node, Env()).expr)
                except (Fault, Silent):
                    continue
        return [self.reading.sizes.current(Value(expr)).expr for expr in found]

    def fit(self) -> None:
        """Give symbols that only claims have the shapes in which most claims fit together."""
        chains: list[tuple[Sequence[Tree], frozenset[str]]] = []
        formulas: list[list[Tree]] = []
        for claim in self.claims:
            if claim.kind == "shape":
                continue
            try:
                formulas.append([self.settled(tree) for tree in claim.sides])
            except Fault:
                continue
            chains.append((claim.sides, self.letters(claim.sides)))

        def fits(number: int) -> bool:
            self._known.clear()
            trees, opens = chains[number]
            try:
                left, *others = (self.value(tree, opens) for tree in trees)
                for tree, other in zip(trees[1:], others, strict=True):
                    self.together(left, other, tree)
            except (Fault, Silent):
                return False
            return True

        fit(formulas, self.reading, fits)
        self._known.clear()

    def _is_tangent(self, tree: Tree, opens: frozenset[str]) -> bool:
        """Whether a side is dy/dt of a vector by a number: a row where it stands in a chain, and by
        everybody's custom a column where it stands alone."""
        if tree.head != "deriv" or tree.kids[0] is None:
            return False
        return len(self.value(tree.kids[0], opens).own) == 1

    def together(
        self, left: Value, right: Value, at: Tree, spreading: bool = False
    ) -> tuple[Expr, Expr]:
        """Two values as arrays of the same axes, open indices first; ``spreading``: a number beside
        an array is compared with each entry.  A number on the left, 0 < p_i, is one for every i.

        Raises Fault ``shape-clash`` where their shapes differ, ``free-index`` where the right side
        has an index that the left side does not have.
        """
        # The last entry x_n of one side, which may be an index where both sides have it.
        sizes_too = ({*left.opens} ^ {*right.opens}) & {*self.reading.size_names}
        if sizes_too:
            raise Fault(
                "unsupported", f"${min(sizes_too)}$ is a size, and an index here", at,
                "give one of them another letter",
            )  # fmt: skip
        extra = [letter for letter in right.opens if letter not in left.opens]
        if extra and not left.opens and not right.own and len(extra) == len(left.own):
            raise Fault(
                "unsupported",
                "the left side is an array, the right side one entry of it", at,
                "write its indices on the left side too, as in $A_{ij}$",
            )  # fmt: skip
        if extra and not (_is_constant(left) or (spreading and not left.own)):
            raise Fault(
                "free-index",
                f"the right side has the index ${', '.join(extra)}$, the left side does not", at,
            )  # fmt: skip
        left, right = _with_zero(left, right), _with_zero(right, left)
        left, right = self.flat(left, right, at), self.flat(right, left, at)
        spread = spreading and not (left.own and right.own)
        if (len(left.own) != len(right.own) and not spread) or (
            len(left.own) == 1 and left.row != right.row
        ):
            raise self._clash(left, right, at)
        try:
            (a, b), _, _ = levelled(at, self.reading.sizes, [left, right])
        except (Fault, sizes.SizeError):
            raise self._clash(left, right, at) from None
        if any(below(side, self.reading.sizes.below) for side in (a, b)):
            self._only_size(a, b)
            a, b = (self.reading.sizes.current(Value(side)).expr for side in (a, b))
            _require_sizes([a, b], at)
            name_sizes(self.reading, [a, b])
        current = self.reading.sizes.current
        return current(Value(a)).expr, current(Value(b)).expr

    def _only_size(self, *sides: Expr) -> None:
        r"""\mathbf{1} and I of which nothing gives the size have that of the only one there is."""
        sized = {a for n in self.reading.made if isinstance(n, Var) for a in n.axes}
        declared = self.reading.declarations.values()
        sized |= {axis for one in declared for axis in one.axes or ()}
        resolved = {sizes.resolve(axis, self.reading.sizes.bound) for axis in sized}
        known = {n for n in resolved if not sizes.unknowns(n)}
        for node in toposort(*sides) if len(known) == 1 == len(resolved) else ():
            if isinstance(node, Ones | Delta):
                n = sizes.resolve(node.n, self.reading.sizes.bound)
                if sizes.unknowns(n):
                    with suppress(sizes.SizeError):
                        self.reading.sizes.unify(n, next(iter(known)))

    def flat(self, value: Value, other: Value | None, at: Tree) -> Value:
        r"""A derivative by a matrix beside a matrix (or what has no value) is one too, in the order
        of vec; u \otimes v beside a matrix is u v^\top."""
        found = None
        if other is None or len(value.own) > 2 >= len(other.own) > 0:
            found = as_matrix(at, self.reading.sizes, value)
        elif len(value.own) == 1 and len(other.own) == 2:
            found = as_outer(self.reading.sizes, value, other.own)
        if found is None:
            return value
        if len(value.own) > 2:
            note_order(self.reading)
        return found

    def beside(self, side: Side, here: Side) -> Value | None:
        """The value of a side as it is compared with another one, which may have none."""
        return None if side.value is None else self.flat(side.value, here.value, here.tree)

    def _clash(self, left: Value, right: Value, at: Tree) -> Fault:
        for letter in left.opens:
            ends = [sizes.latex(v.extents[letter]) for v in (left, right) if letter in v.opens]
            if len(set(ends)) > 1:
                told = f"the index ${letter}$ ends at ${ends[0]}$ on the left, at ${ends[1]}$ " \
                    "on the right"  # fmt: skip
                return Fault("shape-clash", told, at)
        return Fault(
            "shape-clash",
            f"the left side is {left.shape_text()}, the right side {right.shape_text()}", at,
        )  # fmt: skip

    def arrays(self, values: Sequence[Value]) -> list[Expr]:
        """Each value with its open indices as leading axes, in alphabetical order."""
        return [closed(v, sorted(v.opens)) for v in values]


def _with_zero(value: Value, like: Value) -> Value:
    """The number 0 as an array of zeros."""
    if value.expr is Num(0) and like.own:
        return Value(zeros(like.own), (), like.row)
    return value


def _is_constant(value: Value) -> bool:
    return not value.own and not any(isinstance(node, Var) for node in toposort(value.expr))


def _require_sizes(roots: Sequence[Expr], at: Tree) -> None:
    """Fault where the size of some ones, or of an identity, is that of nothing else."""
    order = toposort(*roots)
    known = {
        name for n in order if isinstance(n, Var) for a in n.axes for name in sizes.unknowns(a)
    }
    for node in order:
        if is_incidence(node):  # an index may end where nothing says
            continue
        if any(sizes.unknowns(axis) - known for axis in node.axes):
            what = r"\mathbf{1}" if isinstance(node, Ones) else r"\mathbf{I}"
            raise Fault("undetermined-size", f"nothing here gives the size of ${what}$", at)


def speaks_of_derivatives(sides: Iterable[Tree]) -> bool:
    delta = Tree("name", (r"\delta",))
    return any(
        node.head in ("deriv", "grad") or (node.head == "script" and node.kids[0] == delta)
        for side in sides
        for node in side.subtrees()
    )
