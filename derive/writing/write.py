r"""Expressions as surface trees, in the notation of matrices.

The idea: a formula is always said relative to letters: an axis with a letter is an index of the
notation (a sample, an entry), an axis without one belongs to the matrix notation.  A contraction is
flattened, its indices over samples become sums, and the rest is read as a graph (``chain``).  What
that cannot say is said again with a letter on every index, as sums over entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, assert_never

from derive.kernel.build import is_zero, lift
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Name,
    Num,
    Ones,
    Var,
)
from derive.operators.abstract import signature_of
from derive.operators.blocks import FAMILIES
from derive.operators.powers import POWERS
from derive.operators.row import POINTWISE, PRIMITIVES
from derive.tree import Tree, name, num, tree
from derive.writing import blocks, raised, sliding, windows, words
from derive.writing.answers import answered
from derive.writing.choices import chosen_entries, is_chosen
from derive.writing.constants import constant
from derive.writing.flat import Factor, Flat, flattened
from derive.writing.labels import Labels, Names, Symbol
from derive.writing.matrices import OF_MATRICES, own_axes
from derive.writing.pools import Sliding, regrouped
from derive.writing.product import Reading
from derive.writing.said import (
    Ask,
    Letters,
    Said,
    Saying,
    bracketed,
    entry,
    filled,
    is_formula,
    written_at,
)  # fmt: skip
from derive.writing.scalars import Scalars
from derive.writing.spelling import applied
from derive.writing.stacked import as_matrix, gathered, is_flat, says_matrix, term_by_term
from derive.writing.terms import IDENTITY


def write(
    expr: Expr, names: Names | None = None, letters: tuple[str, ...] = (), closed: bool = False
) -> Tree:
    """What the expression is made of, in matrix notation: the right side of its line.

    ``names`` says how other expressions are called where they occur in it; the expression itself
    is opened even if it has a name.  Free sample axes keep their letters; ``letters`` gives those
    of the first axes where the expression itself does not show them (a constant for each sample).
    ``closed`` where the other axes have none: what is said of each row is put together, [x_i]_i.
    An array that has no matrix notation is written by its entries, ``[ .. ]_{ijk}``.
    """
    return Writer(expr, names or {}).whole(letters, closed)


def write_entry(expr: Expr, letters: Sequence[str], names: Names | None = None) -> Tree:
    """The entry of the expression at these index letters, one for each axis."""
    if len(letters) != len(expr.axes):
        raise ValueError(f"{len(expr.axes)} axes need as many letters, not {len(letters)}")
    return Writer(expr, names or {}).at(tuple(letters))


def symbol(expr: Expr, names: Names | None = None) -> Tree:
    """How the expression is written inside other formulas: by its name if it has one."""
    return Writer(expr, names or {}, opened=False).whole()


class _Grouped(NamedTuple):
    """A flat product as it is, and with its windows as factors of their own: the one that the whole
    of it is, if it is one; ``calls`` if an operator is among its factors."""

    given: Flat
    flat: Flat
    calls: bool = False
    whole: Sliding | None = None


def _grouped(given: Flat) -> _Grouped:
    calls = any([type(f.node) is Call for f in given.factors])
    if not calls or not windows.has_windows(given):
        return _Grouped(given, given, calls)
    flat, whole = regrouped(given)
    return _Grouped(given, flat, calls, whole)


_BUILT = frozenset({Add, Contract, Map})
_note = object.__setattr__


@dataclass(slots=True)
class Writer:
    """One formula being written; ``sized`` once it has used a letter or a size."""

    root: Expr
    names: Names
    opened: bool = True
    memo: dict[Ask, tuple[Said, bool]] = field(default_factory=dict)
    letters: Labels = field(init=False)
    sized: bool = False
    # For each axis of a part the usual letter, if it is one that notation writes as a label.
    labels: Callable[[Expr], Letters] = field(init=False)

    def __post_init__(self) -> None:
        self.letters = Labels(self.root, self.names, self.opened)
        self.labels = self.letters.of

    def whole(self, letters: tuple[str, ...] = (), closed: bool = False) -> Tree:
        usual: Letters = self.labels(self.root)
        found = self.names.get(self.root)
        if not letters and not closed and isinstance(found, Symbol):
            letters = found.letters
        rest = (None,) * len(self.root.axes) if closed else usual
        usual = (*letters, *rest[len(letters) :])
        at: list[str | None] = []
        for letter in usual:
            at.append(letter and self.fresh(letter, {a for a in at if a}))
        opened = self._is_root(self.root) or self._called(self.root)[0] is None
        four = len(at) == 4 and not any(at) and not is_zero(self.root)
        if four and opened and not self._slides():
            matrix = as_matrix(self.root, self._again)
            if matrix is not None:
                return matrix
        said = self._run(Ask(self.root, tuple(at), frozenset(filter(None, at))))
        if opened and is_flat(self.root) and not says_matrix(said.tree):
            return term_by_term(self.root, self._again) or filled(said, at.count(None))
        if said.level and is_zero(self.root) and None in at:
            return name(r"\mathbf{0}")
        return filled(said, at.count(None))

    def _slides(self) -> bool:
        """Whether the whole root is a convolution or a pool, which says more than any matrix."""
        return type(self.root) is Contract and self._flat(self.root).whole is not None

    def _again(self, expr: Expr) -> Tree:
        """Another form of the root, said by the same names."""
        names = {node: named for node, named in self.names.items() if node is not self.root}
        return Writer(expr, names).whole()

    def at(self, letters: Letters) -> Tree:
        self.labels(self.root)
        return self._run(Ask(self.root, letters, frozenset(filter(None, letters)))).tree

    def _run(self, asked: Ask) -> Said:
        return answered(self, asked, self.memo, bool(self.names), self.opened)

    # ------------------------------------------------------------------------------- letters

    def fresh(self, letter: str | None, used: Iterable[str]) -> str:
        """This letter, or another one if it is in use."""
        self.sized = True
        return self.letters.fresh(letter, used)

    def _is_root(self, node: Expr) -> bool:
        return self.letters.is_root(node)

    def _called(self, node: Expr) -> tuple[Tree | None, Letters]:
        return self.letters.called(node)

    # ---------------------------------------------------------------------------- the kinds

    def _is_built(self, node: Expr, plain: int) -> bool:
        r"""Whether a matrix is said by what it is made of, its families inside: [g_k]_k x^\top is
        no stack of rows.  ``plain`` are its axes that no letter labels."""
        if not plain or len(node.axes) > 2 or (type(node) is Call and not self._is_root(node)):
            return False
        named = not self._is_root(node) and self._called(node)[0] is not None
        return not named and type(node) in _BUILT

    def saying(self, asked: Ask) -> Saying:
        node, at, scope = asked
        usual = self.labels(node) if at else ()
        loose = [k for k, one in enumerate(usual) if one and not at[k]] if any(usual) else ()
        if loose and not self._is_built(node, at.count(None) - len(loose)):
            # a family as a whole: [w_j]_j
            letters, family = list(at), []
            for k in loose:
                family.append(self.fresh(usual[k], {*scope, *family}))
                letters[k] = family[-1]
            said = yield Ask(node, tuple(letters), scope.union(family))
            return Said(bracketed(said.tree, family))
        if (self.names or type(node) not in _BUILT) and not self._is_root(node):
            called, usual = self._called(node)
            if called is not None:
                return Said(written_at(called, len(usual), at))
        match node:
            case Contract():
                entries = node is self.root and bool(at) and all(at)
                return (yield from self._contraction(self._flat(node), at, scope, entries))
            case Add():
                return (yield from self._sum(node, at, scope))
            case Map(fn, (arg,)) if fn.name == "power":
                own = tuple(range(len(node.axes)))
                found = _grouped(Flat(1, [Factor(arg, own, fn.params[0])], own))
                return (yield from self._contraction(found, at, scope))
            case Map():
                return (yield from self._map(node, at, scope))
            case Call(Name(), (arg,)):
                return (yield Ask(arg, at, scope))
            case Call(_, ()):
                return Said(constant(node, at))
            case Call():
                return (yield from self._operator(node, at, scope))
            case Num(value):
                return Said(words.number(value))
            case Delta():
                return Said(entry(IDENTITY, at))
            case Ones():
                return Said(num(1), level=True)
            case Var():
                called, usual = self._called(node)
                assert called is not None
                return Said(written_at(called, len(usual), at))
            case _:
                assert_never(node)  # type: ignore[arg-type]

    def _kept(self, node: Expr) -> bool:
        """Whether a contraction inside another is one piece, because it has a name."""
        return node in self.names and not self._is_root(node)

    def _sum(self, node: Add, at: Letters, scope: frozenset[str]) -> Saying:
        terms: list[Expr] = []
        stack = list(reversed(node.terms))
        while stack:
            term = stack.pop()
            if type(term) is Add and not self._kept(term):
                stack.extend(reversed(term.terms))
            else:
                terms.append(term)
        parts: list[Said] = []
        for term in terms:
            parts.append((yield Ask(term, at, scope)))
        if not all(p.level for p in parts):
            # a number that is a formula of its own, u^T v 1, is not left to be spread by the reader
            rank = at.count(None)
            parts = [Said(filled(p, rank)) if is_formula(p) else p for p in parts]
        trees = gathered([p.tree for p in parts])
        return Said(words.total(trees), all(p.level for p in parts))

    def _map(self, node: Map, at: Letters, scope: frozenset[str]) -> Saying:
        args: list[Said] = []
        for arg in node.args:
            args.append((yield Ask(arg, at, scope)))
        trees = [arg.tree for arg in args]
        level = bool(args) and all(arg.level for arg in args)
        if node.fn.name == "generic":
            spelling, order = node.fn.params
            head = words.symbol_tree(spelling)
            if 0 < order <= 3:
                head = tree("prime", head, str(order))
            elif order:
                head = tree("label", head, tree("paren", num(order)))
            return Said(Tree("call", (head, *trees)), level)
        spelling = POINTWISE[node.fn.name].latex
        if not args:
            return Said(words.symbol_tree(spelling))
        said = applied(spelling, trees)
        if said.head == "abs" and at.count(None) > 1 and not level:
            # bars around a matrix are its determinant
            said = words.function(rf"\operatorname{{{node.fn.name}}}", *trees)
        return Said(said, level)

    def _operator(self, node: Call, at: Letters, scope: frozenset[str]) -> Saying:
        """An operator acts on the last axis of its argument, and the axes before it come along; one
        of a matrix on the last two."""
        assert not isinstance(node.op, Name)
        if node.op.name in POWERS:
            return (yield from raised.said(node, at, scope))
        if node.op.name in sliding.OPERATORS:
            slid = yield from sliding.operator(node, at, scope)
            if slid is not None:
                return slid
        if node.op.name in FAMILIES:
            return (yield from blocks.said(self, node, at, scope))
        if node.op.name == "product":
            letter = self.fresh(self.labels(node.args[0])[-1] or "i", {*scope, *filter(None, at)})
            body = yield Ask(node.args[0], (*at, letter), scope | {letter})
            return Said(words.summed(letter, node.args[0].axes[-1], body.tree, sign="prod"))
        signature = signature_of(node)
        if signature is not None:
            given: list[Tree] = []
            for arg, own in zip(node.args, signature.arguments, strict=True):
                inner = (*at[: signature.lead], *[None] * own.rank)
                said = yield Ask(arg, inner, scope)
                given.append(filled(said, own.rank))
            return Said(entry(words.unspecified(signature, given, bool(node.op.params[1:])),
                              at[signature.lead :]))  # fmt: skip
        args: list[Tree] = []
        own = own_axes(node.op.name)
        for arg in node.args:
            lead = min(len(arg.axes), len(node.axes))
            lead -= own if len(arg.axes) == len(node.axes) else 0
            inner = (*at[:lead], *[None] * (len(arg.axes) - lead))
            said = yield Ask(arg, inner, scope)
            args.append(filled(said, inner.count(None)))
        if at and is_chosen(node, at[-1]):
            return Said(num(1))
        row = PRIMITIVES.get(node.op.name)
        if row and row.entry and at[-1]:
            return Said(applied(row.entry, [*args, words.letter_tree(at[-1])]))
        implied = tuple(map(lift, row.implied)) if row else ()
        if implied and node.args[-len(implied) :] == implied:
            args = args[: -len(implied)]  # LN(x), not LN(x, 0)
        spelled = OF_MATRICES.get(node.op.name)
        if spelled is not None:
            made = spelled(args[0])
        else:
            made = applied(row.latex if row else node.op.name, args)
        return Said(entry(made, at[-own:]) if len(node.axes) >= len(node.args[0].axes) else made)

    # ------------------------------------------------------------------------- contractions

    def _flat(self, node: Contract) -> _Grouped:
        """The flat product that a contraction is; without names it hangs on the node alone."""
        if self.names:
            return _grouped(flattened(node, self._kept))
        try:
            return node.flat
        except AttributeError:
            found = _grouped(flattened(node))
            _note(node, "flat", found)
            return found

    def _contraction(
        self, found: _Grouped, at: Letters, scope: frozenset[str], entries: bool = False
    ) -> Saying:
        """``entries``: this is the formula of an entry, which is said by entries throughout."""
        if found.whole is not None and not entries:
            return (yield from sliding.part(found.whole, at, scope))
        flat = found.given if entries else found.flat
        env = {i: a for i, a in zip(flat.out, at) if a}
        free = tuple([i for i in flat.out if i not in env]) if env else flat.out
        if found.calls:
            env |= blocks.lone_entries(self, flat)
            env |= chosen_entries(self, flat)
        reading = Reading(self, flat.factors, free, env, scope)
        return (yield from reading.said(Scalars(flat.count)))
