r"""Expressions as surface trees, in the notation of matrices.

The idea: a formula is always said relative to letters: an axis with a letter is an index of the
notation (a sample, an entry), an axis without one belongs to the matrix notation.  A contraction is
flattened, its indices over samples become sums, and the rest is read as a graph (``chain``).  What
that cannot say is said again with a letter on every index, as sums over entries.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, TypeAlias, assert_never

from derive.build import is_zero
from derive.expr import Add, Call, Contract, Delta, Expr, Map, Name, Num, Ones, Var
from derive.latex import words
from derive.latex.chain import Piece, array_form, components, scalar_form, unit
from derive.latex.flat import Factor, Flat, flattened, is_size
from derive.latex.words import IDENTITY, ONES, Part, Scalars, letter_tree, multiplied
from derive.operators.row import POINTWISE, PRIMITIVES
from derive.sizes import Axis, Size
from derive.tree import Tree, name, num, tree

Letters: TypeAlias = tuple[str | None, ...]
_POOL = (*"ijklpqrstuvabcdefgh", *(f"i_{k}" for k in range(1, 100)))


class Symbol(NamedTuple):
    """What an expression is called: a tree whose names may hold ``#1`` .., and the usual letters.

    The first axes of the expression are written at ``#1`` ..: ``\\delta_{\\mathbf{z}^{(#1)}}``.
    """

    tree: Tree
    letters: tuple[str, ...] = ()


Names: TypeAlias = Mapping[Expr, "Tree | Symbol"]


class Said(NamedTuple):
    """A formula; ``level`` if it is the scalar that fills an array of equal entries."""

    tree: Tree
    level: bool = False


class _Ask(NamedTuple):
    """A part to be said: its letters, and the letters that are bound around it."""

    node: Expr
    at: Letters
    scope: frozenset[str]


_Saying: TypeAlias = Generator[_Ask, Said, Said]


def write(expr: Expr, names: Names | None = None, letters: tuple[str, ...] = ()) -> Tree:
    """What the expression is made of, in matrix notation: the right side of its line.

    ``names`` says how other expressions are called where they occur in it; the expression itself
    is opened even if it has a name.  Free sample axes keep their letters; ``letters`` gives those
    of the first axes where the expression itself does not show them (a constant for each sample).
    An array that has no matrix notation is written by its entries, ``[ .. ]_{ijk}``.
    """
    return _Writer(expr, names or {}).whole(letters)


def write_entry(expr: Expr, letters: Sequence[str], names: Names | None = None) -> Tree:
    """The entry of the expression at these index letters, one for each axis."""
    if len(letters) != len(expr.axes):
        raise ValueError(f"{len(expr.axes)} axes need as many letters, not {len(letters)}")
    return _Writer(expr, names or {}).at(tuple(letters))


def symbol(expr: Expr, names: Names | None = None) -> Tree:
    """How the expression is written inside other formulas: by its name if it has one."""
    return _Writer(expr, names or {}, opened=False).whole()


@dataclass(slots=True)
class _Writer:
    """One formula being written."""

    root: Expr
    names: Names
    opened: bool = True
    memo: dict[_Ask, Said] = field(default_factory=dict)
    label: dict[Expr, Letters] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def whole(self, letters: tuple[str, ...] = ()) -> Tree:
        usual: Letters = self._labels(self.root)
        found = self.names.get(self.root)
        if not letters and isinstance(found, Symbol):
            letters = found.letters
        usual = (*letters, *usual[len(letters) :])
        at: list[str | None] = []
        for letter in usual:
            at.append(letter and self._fresh(letter, {a for a in at if a}))
        said = self._run(_Ask(self.root, tuple(at), frozenset(filter(None, at))))
        rank = at.count(None)
        if not said.level or not rank:
            return said.tree
        if is_zero(self.root):
            return name(r"\mathbf{0}")
        ones = [ONES] if rank == 1 else [ONES, tree("transpose", ONES)]
        return words.product([*([] if said.tree == num(1) else [said.tree]), *ones[:rank]])

    def at(self, letters: Letters) -> Tree:
        self._labels(self.root)
        return self._run(_Ask(self.root, letters, frozenset(filter(None, letters)))).tree

    def _run(self, asked: _Ask) -> Said:
        """Answer one question; the questions it raises wait on a stack, not on Python's."""
        stack: list[tuple[_Ask, _Saying]] = [(asked, self._saying(asked))]
        answer: Said | None = None
        while stack:
            key, saying = stack[-1]
            try:
                next_one = saying.send(answer)  # type: ignore[arg-type]
            except StopIteration as done:
                answer = self.memo[key] = done.value
                stack.pop()
                continue
            answer = self.memo.get(next_one)
            if answer is None:
                stack.append((next_one, self._saying(next_one)))
        assert answer is not None
        return answer

    # ------------------------------------------------------------------------------- letters

    def _is_root(self, node: Expr) -> bool:
        return self.opened and node is self.root

    def _labels(self, node: Expr) -> Letters:
        """For each axis the usual letter, if it is one that notation writes as a label."""
        if node in self.label:
            return self.label[node]
        stack = [node]
        while stack:
            here = stack[-1]
            kids = [kid for kid in self._parts(here) if kid not in self.label]
            if kids:
                stack.extend(kids)
                continue
            stack.pop()
            if here not in self.label:
                self.label[here] = self._own_labels(here)
        return self.label[node]

    def _parts(self, node: Expr) -> tuple[Expr, ...]:
        """The kids that the formula shows: none below a name."""
        named = type(node) is Call and isinstance(node.op, Name)
        return node.kids if self._is_root(node) or not (node in self.names or named) else ()

    def _own_labels(self, node: Expr) -> Letters:
        for axis in node.axes:
            if isinstance(axis, Size):
                self.taken |= axis.names()
        called = () if self._is_root(node) and type(node) is not Call else self._called(node)[1]
        if not called and self._parts(node):
            match node:
                case Contract(factors, indices, out):
                    seen: dict[int, str] = {}
                    for factor, own in zip(factors, indices):
                        for i, letter in zip(own, self.label[factor]):
                            if letter:
                                seen.setdefault(i, letter)
                    return tuple(seen.get(i) for i in out)
                case Add() | Map() | Call(Name()):
                    rows = [self.label[kid] for kid in node.kids]
                    return tuple(next(filter(None, column), None) for column in zip(*rows))
                case Call(_, (first, *_)):
                    lead = self.label[first] if len(node.axes) > len(first.axes) else (
                        self.label[first][:-1])  # fmt: skip
                    called = lead
        if type(node) is Var and not called:
            self.taken.add(node.name)
        return (*called, *[None] * (len(node.axes) - len(called)))

    def _called(self, node: Expr) -> tuple[Tree | None, Letters]:
        """The symbol of a named expression with its ``#1`` .., and the letters it usually has."""
        found = self.names.get(node)
        if found is not None:
            return found if isinstance(found, Symbol) else (found, ())
        match node:
            case Var(symbol, _, letters) | Call(Name(symbol, letters)):
                return name(symbol), letters
        return None, ()

    def _fresh(self, letter: str | None, used: Iterable[str]) -> str:
        used = {*used, *self.taken}
        if letter and letter not in used:
            return letter
        return next(one for one in _POOL if one not in used)

    # ---------------------------------------------------------------------------- the kinds

    def _saying(self, asked: _Ask) -> _Saying:
        node, at, scope = asked
        loose = [k for k, (a, usual) in enumerate(zip(at, self._labels(node))) if usual and not a]
        if loose:
            # a family as a whole: [w_j]_j
            letters, used = list(at), set(scope)
            for k in loose:
                letters[k] = self._fresh(self.label[node][k], used)
                used.add(letters[k])
            said = yield _Ask(node, tuple(letters), frozenset(used))
            return Said(_bracketed(said.tree, [letters[k] for k in loose]))
        if not self._is_root(node):
            called, usual = self._called(node)
            if called is not None:
                return Said(_written_at(called, len(usual), at))
        match node:
            case Num(value):
                return Said(words.number(value))
            case Delta():
                return Said(_entry(IDENTITY, at))
            case Ones():
                return Said(num(1), level=True)
            case Var():
                called, usual = self._called(node)
                assert called is not None
                return Said(_written_at(called, len(usual), at))
            case Add():
                return (yield from self._sum(node, at, scope))
            case Contract():
                flat = flattened(node, self._kept)
                return (yield from self._contraction(flat, at, scope))
            case Map(fn, (arg,)) if fn.name == "power":
                own = tuple(range(len(node.axes)))
                flat = Flat(1, [Factor(arg, own, fn.params[0])], own)
                return (yield from self._contraction(flat, at, scope))
            case Map():
                return (yield from self._map(node, at, scope))
            case Call(Name(), (arg,)):
                return (yield _Ask(arg, at, scope))
            case Call():
                return (yield from self._operator(node, at, scope))
            case _:
                assert_never(node)  # type: ignore[arg-type]

    def _kept(self, node: Expr) -> bool:
        """Whether a contraction inside another is one piece, because it has a name."""
        return node in self.names and not self._is_root(node)

    def _sum(self, node: Add, at: Letters, scope: frozenset[str]) -> _Saying:
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
            parts.append((yield _Ask(term, at, scope)))
        return Said(words.total([p.tree for p in parts]), all(p.level for p in parts))

    def _map(self, node: Map, at: Letters, scope: frozenset[str]) -> _Saying:
        args: list[Said] = []
        for arg in node.args:
            args.append((yield _Ask(arg, at, scope)))
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
        return Said(words.applied(spelling, trees), level)

    def _operator(self, node: Call, at: Letters, scope: frozenset[str]) -> _Saying:
        """An operator acts on the last axis of its argument, and the axes before it come along."""
        assert not isinstance(node.op, Name)
        args: list[Tree] = []
        for arg in node.args:
            lead = min(len(arg.axes), len(node.axes))
            lead -= len(arg.axes) == len(node.axes)
            inner = (*at[:lead], *[None] * (len(arg.axes) - lead))
            args.append((yield _Ask(arg, inner, scope)).tree)
        row = PRIMITIVES.get(node.op.name)
        made = words.applied(row.latex if row else node.op.name, args)
        return Said(_entry(made, at[-1:]) if len(node.axes) >= len(node.args[0].axes) else made)

    # ------------------------------------------------------------------------- contractions

    def _contraction(self, flat: Flat, at: Letters, scope: frozenset[str]) -> _Saying:
        env = {i: a for i, a in zip(flat.out, at) if a}
        free = tuple(i for i in flat.out if i not in env)
        reading = _Reading(self, flat.factors, free, env, scope)
        return (yield from reading.said(Scalars(flat.count)))


@dataclass(slots=True)
class _Reading:
    """One product of factors being read: its free indices, and the letters of the others.

    ``spelled`` where every index gets a letter, because matrix notation has failed.
    """

    writer: _Writer
    factors: list[Factor]
    free: tuple[int, ...]
    env: dict[int, str]
    scope: frozenset[str]
    spelled: bool = False
    extent: dict[int, Axis] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)
    sources: dict[int, list[Factor]] = field(default_factory=dict)
    wordless: bool = False

    def said(self, scalars: Scalars) -> _Saying:
        own = {i: n for factor in self.factors for i, n in zip(factor.own, factor.node.axes)}
        self.extent = {**self.extent, **own}
        yield from self._sums(scalars)
        for order, factor in enumerate(self.factors):
            yield from self._factor(order, factor, scalars)
        self._measure(scalars)
        near = {*self.free, *(i for piece in self.pieces for i in piece.own)}
        lone = frozenset(i for i in near if self.extent[i] == 1)
        self._hang(scalars, lone)
        groups = components(self.pieces)
        arrays = [g for g in groups if any(i in self.free for p in g for i in p.own)]
        for group in groups:
            if group in arrays:
                continue
            form = None if self._lost(group) else scalar_form(group, lone)
            if form is None:
                form = yield from self._spelled(group, ())
            scalars.multiply(form)
        if not self.free:
            return Said(multiplied(scalars, None))
        if not arrays:
            return Said(multiplied(scalars, None), level=True)
        parts = yield from self._array(arrays, lone)
        return Said(multiplied(scalars, parts))

    def _array(self, groups: list[list[Piece]], lone: frozenset[int]):
        pieces = [piece for group in groups for piece in group]
        if all(piece.own == self.free for piece in pieces) and not any(p.unit for p in pieces):
            return (Part(words.hadamard([words.joined(piece.parts) for piece in pieces])),)
        if len(self.free) <= 2 and not self._lost(pieces):
            parts = array_form(groups, self.free, lone)
            if parts is not None:
                return parts
        form = yield from self._spelled(pieces, self.free)
        return (Part(form),)

    def _lost(self, pieces: Sequence[Piece]) -> bool:
        """Whether a piece is out of the reach of matrix notation."""
        return self.wordless or any(len(piece.own) > 2 for piece in pieces)

    def _letter(self, i: int, used: Iterable[str]) -> str:
        usual = None
        for factor in self.factors:
            for j, letter in zip(factor.own, self.writer._labels(factor.node)):
                if i == j and letter:
                    usual = usual or letter
        return self.writer._fresh(usual, used)

    def _sums(self, scalars: Scalars):
        """Take the indices that are sums over samples out of the product, each with its factors."""
        while (i := self._next_sum()) is not None:
            block = [f for f in self.factors if i in f.own]
            out = self._reach(block, i)
            if len(out) > 1 or self.spelled:
                block = self._connected(block, len(out) > 1)
                out = self._reach(block, i)
            letter = self._letter(i, {*self.env.values(), *self.scope})
            inner = _Reading(
                self.writer, block, out, {**self.env, i: letter}, self.scope | {letter},
                self.spelled, self.extent,
            )  # fmt: skip
            said = yield from inner.said(Scalars())
            body, sign = _signed(said.tree)
            scalars.count *= sign
            form = words.summed(letter, self.extent[i], body)
            order = min(k for k, f in enumerate(self.factors) if any(f is b for b in block))
            self.factors = [f for f in self.factors if not any(f is b for b in block)]
            if out and not said.level:
                self.pieces.append(Piece((Part(form),), out, order))
                self.sources[id(self.pieces[-1])] = block
            else:
                scalars.multiply(form)

    def _next_sum(self) -> int | None:
        """A summed index that needs a letter; samples (i) are summed outside of classes (j)."""
        best: tuple[str, int] | None = None
        for factor in self.factors:
            if type(factor.node) is Ones:
                continue
            for i, letter in zip(factor.own, self.writer._labels(factor.node)):
                if i not in self.env and i not in self.free and (letter or self.spelled):
                    if best is None or (letter or "~") < best[0]:
                        best = letter or "~", i
        return best and best[1]

    def _reach(self, block: list[Factor], but: int) -> tuple[int, ...]:
        """The indices by which a block hangs together with the rest of the product."""
        outside = {i for f in self.factors if not any(f is b for b in block) for i in f.own}
        own = dict.fromkeys(i for f in block for i in f.own if i != but and i not in self.env)
        rest = [i for i in own if i not in self.free and i in outside]
        # A free axis of size 1 goes along: the sum of \delta a^\top, not the transpose of a sum.
        lead = [i for i in self.free if i in own or (not rest and self.extent[i] == 1)]
        return (*lead, *rest)

    def _connected(self, block: list[Factor], wide: bool) -> list[Factor]:
        """The factors that hang together with a block by summed indices, ``wide``: by any."""
        apart = set(self.env) if wide else {*self.env, *self.free}
        inside = {i for f in block for i in f.own if i not in apart}
        grown = True
        while grown:
            grown = False
            for f in self.factors:
                if not any(f is b for b in block) and any(i in inside for i in f.own):
                    block = [*block, f]
                    inside |= {i for i in f.own if i not in apart}
                    grown = True
        return [f for f in self.factors if any(f is b for b in block)]

    def _factor(self, order: int, factor: Factor, scalars: Scalars):
        node, own, exponent = factor
        left = tuple(i for i in own if i not in self.env)
        if type(node) is Ones:
            return
        if type(node) is Delta and len(left) == 2:
            self.pieces.append(unit(left, order))
            self.sources[id(self.pieces[-1])] = [factor]
            return
        usual = self.writer._labels(node)
        at = tuple(self.env.get(i) for i in own)
        if left and any(a and not u for a, u in zip(at, usual)):
            self.wordless = True  # a row of a matrix has no name of its own
        said = yield _Ask(node, at, self.scope)
        if not left or said.level:
            body, sign = _signed(said.tree)
            if sign < 0 and exponent.denominator == 1:
                scalars.count *= sign ** int(exponent)
                scalars.multiply(body, exponent)
            else:
                scalars.multiply(said.tree, exponent, size=is_size(node))
            return
        for form in words.repeated(said.tree, exponent):
            self.pieces.append(Piece((Part(form),), left, order))
            self.sources[id(self.pieces[-1])] = [factor]

    def _measure(self, scalars: Scalars) -> None:
        """A summed index on which nothing hangs counts its entries."""
        hung = {i for piece in self.pieces for i in piece.own}
        seen: set[int] = set()
        for factor in self.factors:
            for i in factor.own:
                if i not in hung and i not in self.env and i not in self.free and i not in seen:
                    seen.add(i)
                    scalars.measure(self.extent[i])

    def _hang(self, scalars: Scalars, lone: frozenset[int]) -> None:
        r"""W^\top \delta for a row W and a scalar: the scalar is the vector on an axis of size 1."""
        if not self.free:
            return
        for i in lone:
            here = [piece for piece in self.pieces if i in piece.own]
            if i in self.free or len(here) != 1 or len(here[0].own) != 2:
                continue
            taken = scalars.take()
            if taken:
                parts = tuple(Part(one, even=True) for one in taken)
                self.pieces.append(Piece(parts, (i,), here[0].order))
                self.sources[id(self.pieces[-1])] = []
                return

    def _spelled(self, pieces: Sequence[Piece], free: tuple[int, ...]):
        """These pieces again, entry by entry."""
        factors: list[Factor] = []
        for piece in pieces:
            for factor in self.sources[id(piece)]:
                if not any(factor is f for f in factors):
                    factors.append(factor)
        env, used = dict(self.env), {*self.scope, *self.env.values()}
        for i in free:
            env[i] = "1" if self.extent[i] == 1 else self._letter(i, used)
            used.add(env[i])
        inner = _Reading(self.writer, factors, (), env, frozenset(used), spelled=True)
        scalars = Scalars()
        for piece in pieces:
            if not self.sources[id(piece)]:
                for part in piece.parts:
                    scalars.multiply(part.tree)
        said = yield from inner.said(scalars)
        return _bracketed(said.tree, [env[i] for i in free]) if free else said.tree


def _signed(node: Tree) -> tuple[Tree, int]:
    return (node.kids[0], -1) if node.head == "neg" else (node, 1)


def _entry(base: Tree, at: Letters) -> Tree:
    """The base with an index for each lettered axis; a colon runs along the others."""
    if not any(at):
        return base
    return Tree("index", (base, *(letter_tree(a) if a else name(":") for a in at)))


def _bracketed(body: Tree, letters: Sequence[str]) -> Tree:
    return Tree("index", (tree("bracket", body), *map(letter_tree, letters)))


def _written_at(called: Tree, slots: int, at: Letters) -> Tree:
    """A symbol with its letters put in: those of its slots into the name, the others as indices."""

    def fill(node: Tree) -> Tree:
        if node.head != "name" or "#" not in node.kids[0]:
            return node
        text = node.kids[0]
        for k, letter in enumerate(at[:slots], 1):
            text = text.replace(f"#{k}", letter or "")
        return name(text)

    return _entry(called.rewritten(fill) if slots else called, at[slots:])
