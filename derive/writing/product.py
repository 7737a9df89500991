r"""A product of factors read as matrix notation, relative to the letters of its indices.

The idea: indices over samples become sums with the factors that carry them; what is left is read as
a graph (``chain``); what that cannot say is read again with a letter on every index.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from derive.kernel.expr import Call, Delta, Ones
from derive.kernel.sizes import Axis
from derive.meaning.kinds import turning
from derive.meaning.matrices import is_inverse, is_symmetric
from derive.meaning.normal import normal
from derive.meaning.stacks import Spot
from derive.operators.incidence import Equation, is_incidence
from derive.operators.powers import is_powers
from derive.operators.stacking import is_stack
from derive.writing import words
from derive.writing.chain import Piece, array_form, components, scalar_form, unit
from derive.writing.flat import Factor, is_size
from derive.writing.said import Ask, Lettering, Said, Saying, bracketed, signed
from derive.writing.scalars import Scalars, multiplied
from derive.writing.shifts import derived, subscript
from derive.writing.stacked import bundle, bundles, simplified, unstacked
from derive.writing.words import Part


@dataclass(slots=True)
class Reading:
    """One product of factors being read: its free indices, and the letters of the others.

    ``spelled`` where every index gets a letter, because matrix notation has failed.
    """

    writer: Lettering
    factors: list[Factor]
    free: tuple[int, ...]
    env: dict[int, str]
    scope: frozenset[str]
    spelled: bool = False
    extent: dict[int, Axis] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)
    sources: dict[int, list[Factor]] = field(default_factory=dict)
    wordless: bool = False
    inside: set[int] = field(default_factory=set)  # indices within a vec or a Kronecker product
    derived: dict[int, tuple[Factor, Equation]] = field(default_factory=dict)

    def said(self, scalars: Scalars) -> Saying:
        env, free = self.env, self.free
        constants = any([type(f.node) is Call and not f.node.args for f in self.factors])
        summed = any([i not in free and i not in env for f in self.factors for i in f.own])
        if constants or summed:
            self._extend()
        if constants:  # a stack, an incidence
            self.factors = simplified(self.factors, lambda i: i in free or i in env)
            self._shift()
        if summed:
            yield from self._sums(scalars)
        for order, factor in enumerate(self.factors):
            left = tuple([i for i in factor.own if i not in env]) if env else factor.own
            asked = self._asked(order, factor, left)
            if asked is not None:
                self._told(order, factor, left, (yield asked), scalars)
        if constants:
            self._bundle()
        if summed:
            self._measure(scalars)
        if not self.pieces:
            return Said(multiplied(scalars, None), level=bool(free))
        if self._is_even(self.pieces):
            return Said(multiplied(scalars, (_entrywise(self.pieces),)))
        if not (constants or summed):
            self._extend()
        near = {*free, *(i for piece in self.pieces for i in piece.own)}
        lone = frozenset([i for i in near if self.extent[i] == 1])
        self._hang(scalars, lone)
        arrays: list[list[Piece]] = []
        for group in components(self.pieces):
            if any([i in free for p in group for i in p.own]):
                arrays.append(group)
                continue
            form = None if self._lost(group) else scalar_form(group, lone)
            if form is None:
                form = yield from self._spelled(group, ())
            scalars.multiply(form)
        if not arrays:
            return Said(multiplied(scalars, None), level=bool(free))
        parts = yield from self._array(arrays, lone)
        return Said(multiplied(scalars, parts))

    def _extend(self) -> None:
        """The sizes of the indices of the factors as they are, beside those known before."""
        own = {i: n for factor in self.factors for i, n in zip(factor.own, factor.node.axes)}
        self.extent = {**self.extent, **own}

    def _is_even(self, pieces: Sequence[Piece]) -> bool:
        """Whether all of these hang on the free indices, in their order, and on no other."""
        free = self.free
        return bool(free) and all([p.own == free and p.parts and not p.unit for p in pieces])

    def _shift(self) -> None:
        """Subscripts that the equations of windows give, as far as their letters are known."""
        windows = [factor for factor in self.factors if is_incidence(factor.node)]
        if not windows:
            return
        # x_{i + k - 1} of families has no words; it is said where all of the product is in sight.
        self.spelled = self.spelled or (not self.free and self._is_lettered(windows))
        if not self.spelled:
            self.wordless = True
            return
        self.derived = derived(self.factors, {*self.env, *self.free, *self.derived}) | self.derived
        for i, (factor, by) in list(self.derived.items()):
            letter = subscript(by, i, self.env)
            if letter is None and all(j == i or j in self.env for j in by.indices):
                del self.derived[i]  # it is summed, and the equation is written out
            elif letter is not None:
                self.env[i] = letter
                del self.derived[i]
                self.factors = [f for f in self.factors if f is not factor]

    def _is_lettered(self, windows: Sequence[Factor]) -> bool:
        """Whether notation gives letters to what these equations are about."""
        own = {i for factor in windows for i in factor.own if i not in self.env}
        return any(
            letter and i in own
            for factor in self.factors
            for i, letter in zip(factor.own, self.writer.labels(factor.node))
        )

    def _array(self, groups: list[list[Piece]], lone: frozenset[int]):
        pieces = [piece for group in groups for piece in group]
        if self._is_even(pieces):
            return (_entrywise(pieces),)
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
            for j, letter in zip(factor.own, self.writer.labels(factor.node)):
                if i == j and letter:
                    usual = usual or letter
        return self.writer.fresh(usual, used)

    def _sums(self, scalars: Scalars):
        """Take the indices that are sums over samples out of the product, each with its factors."""
        while (i := self._next_sum()) is not None:
            reopened = self._reopen(i)
            block = self._with_rows([f for f in self.factors if i in f.own])
            out = self._reach(block, i)
            if len(out) > 1 or self.spelled or reopened:
                block = self._connected(block, len(out) > 1)
                out = self._reach(block, i)
            letter = self._letter(i, {*self.env.values(), *self.scope})
            inner = Reading(
                self.writer, block, out, {**self.env, i: letter}, self.scope | {letter},
                self.spelled, self.extent, derived=dict(self.derived),
            )  # fmt: skip
            said = yield from inner.said(Scalars())
            body, sign = signed(said.tree)
            scalars.count *= sign
            first = 0 if any(is_powers(f.node) and f.own[-3] == i for f in block) else 1
            form = words.summed(letter, self.extent[i], body, first)
            order = min(k for k, f in enumerate(self.factors) if any(f is b for b in block))
            self.factors = [f for f in self.factors if not any(f is b for b in block)]
            if out and not said.level:
                self.pieces.append(Piece((Part(form),), out, order))
                self.sources[id(self.pieces[-1])] = block
            else:
                scalars.multiply(form)

    def _reopen(self, i: int) -> bool:
        """What was summed before and hangs on an index that is summed now is a factor again, and
        is summed within the new sum."""
        again = [piece for piece in self.pieces if i in piece.own]
        for piece in again:
            self.factors += [f for f in self.sources[id(piece)]
                             if not any(f is g for g in self.factors)]  # fmt: skip
        self.pieces = [piece for piece in self.pieces if i not in piece.own]
        return bool(again)

    def _with_rows(self, block: list[Factor]) -> list[Factor]:
        r"""The block with the 1×n matrices along its free axes: \mathbf{W}^\top \delta^{(i)}
        is said within the sum, as a column that each sample's number scales."""
        free = {i for f in block for i in f.own if i in self.free}

        def is_row(f: Factor) -> bool:
            lone = any(self.extent[i] == 1 and i not in self.free for i in f.own)
            return lone and bool(free.intersection(f.own))

        return [f for f in self.factors if any(f is b for b in block) or is_row(f)]

    def _next_sum(self) -> int | None:
        """A summed index that needs a letter; samples (i) are summed outside of classes (j)."""
        best: tuple[str, int] | None = None
        for factor in self.factors:
            if type(factor.node) is Ones:
                continue
            for i, letter in zip(factor.own, self.writer.labels(factor.node)):
                shifted = i in self.derived
                if i in self.env or i in self.free or shifted or not (letter or self.spelled):
                    continue
                if not self.spelled and self._is_whole(i):
                    continue
                if best is None or (letter or "~") < best[0]:
                    best = letter or "~", i
        return best and best[1]

    def _is_whole(self, i: int) -> bool:
        r"""Whether a family of numbers meets a matrix that has no letter there: A^\top [s_k]_k, and
        no sum of the rows of A."""
        plain = False
        for f in self.factors:
            if i not in f.own or type(f.node) is Ones:
                continue
            letters = [letter for j, letter in zip(f.own, self.writer.labels(f.node)) if i == j]
            if any(letters) and len(f.own) > 1:
                return False
            plain = plain or (len(f.own) > 1 and not any(letters))
        return plain

    def _reach(self, block: list[Factor], but: int) -> tuple[int, ...]:
        """The indices by which a block hangs together with the rest of the product."""
        outside = {i for f in self.factors if not any(f is b for b in block) for i in f.own}
        outside |= {i for piece in self.pieces for i in piece.own}
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

    def _asked(self, order: int, factor: Factor, left: tuple[int, ...]) -> Ask | None:
        """What is to be asked of a factor; a constant of no words is a piece or nothing."""
        node, own, _ = factor
        kind = type(node)
        if kind is Ones:
            return None
        if left and kind is Call and is_stack(node):
            if any(i in self.env for i in own):
                self.wordless = True
                self.pieces.append(Piece((), left, order))
                self.sources[id(self.pieces[-1])] = [factor]
            return None
        if kind is Delta and not left and len({self.env[i] for i in own}) == 1:
            return None  # 1 between an index and itself
        if kind is Delta and len(left) == 2:
            self.pieces.append(unit(left, order))
            self.sources[id(self.pieces[-1])] = [factor]
            return None
        if left is own:
            return Ask(node, (None,) * len(own), self.scope)
        at = tuple([self.env.get(i) for i in own])
        if left and any(at) and any(a and not u for a, u in zip(at, self.writer.labels(node))):
            self.wordless = True  # a row of a matrix has no name of its own
        return Ask(node, at, self.scope)

    def _told(
        self, order: int, factor: Factor, left: tuple[int, ...], said: Said, scalars: Scalars
    ) -> None:
        """What a factor is called: a scalar, or a piece that hangs on its indices."""
        node, _, exponent = factor
        if not left or said.level:
            body, sign = signed(said.tree)
            if sign < 0 and exponent.denominator == 1:
                scalars.count *= sign if exponent % 2 else 1
                scalars.multiply(body, exponent)
            else:
                scalars.multiply(said.tree, exponent, size=is_size(node))
            return
        even = len(left) > 1 and (
            turning(node) == 1 or (is_inverse(node) and is_symmetric(node, normal))
        )
        for form in (said.tree,) if exponent == 1 else words.repeated(said.tree, exponent):
            piece = Piece((Part(form, even),), left, order)
            self.pieces.append(piece)
            self.sources[id(piece)] = [factor]

    def _bundle(self) -> None:
        """What hangs together by the pairs of flat indices becomes one piece: a vec, a Kronecker
        product."""
        flat = [f for f in self.factors if is_stack(f.node)]
        flat = [f for f in flat if not any(i in self.env for i in f.own)]
        if not flat:
            return
        for f in [f for f in flat if f.own[0] in self.free or f.own[1] in self.free]:
            made = unstacked(self.pieces, f.own, f.node.axes[:2])  # type: ignore[arg-type]
            if made is not None:
                (of,) = (p for p in self.pieces if f.own[2] in p.own)
                self.sources[id(made)] = [*self.sources[id(of)], f]
                self.pieces = [made if p is of else p for p in self.pieces]
                self.inside.add(f.own[2])
                flat.remove(f)
        spots = self._spots(flat)
        self.inside |= {i for spot in spots for i in spot[:2]}
        lone = frozenset(i for i in self.extent if self.extent[i] == 1)
        for pieces, ends in bundles(self.pieces, spots, frozenset(self.free)):
            ends.sort(key=lambda end: (*self.free, end.index).index(end.index))
            parts = bundle(pieces, ends, lone, self.extent)
            order = min((p.order for p in pieces), default=0)
            own = tuple(end.index for end in ends)
            made = Piece(parts or (), own, order)
            self.wordless = self.wordless or parts is None
            self.inside |= {i for p in pieces for i in p.own}
            here = [f for p in pieces for f in self.sources[id(p)]]
            here += [f for f in flat if f.own[2] in own]
            self.pieces = [p for p in self.pieces if not any(p is q for q in pieces)]
            self.pieces.append(made)
            self.sources[id(made)] = here

    def _spots(self, flat: list[Factor]) -> list[Spot]:
        """The indices of these stacks; of a pair with a free index, another one that equals it."""
        spots: list[Spot] = []
        for f in flat:
            own = list(f.own)
            for k in (0, 1):
                if own[k] in self.free:
                    fresh = -1 - len(self.extent)
                    self.extent[fresh] = self.extent[own[k]]
                    self.pieces.append(unit((own[k], fresh), len(self.factors)))
                    self.sources[id(self.pieces[-1])] = [f]
                    own[k] = fresh
            spots.append((own[0], own[1], own[2]))
        return spots

    def _measure(self, scalars: Scalars) -> None:
        """A summed index on which nothing hangs counts its entries."""
        hung = {i for piece in self.pieces for i in piece.own} | self.inside
        seen: set[int] = set()
        for factor in self.factors:
            for i in factor.own:
                if i not in hung and i not in self.env and i not in self.free and i not in seen:
                    seen.add(i)
                    self.writer.sized = True
                    scalars.measure(self.extent[i])

    def _hang(self, scalars: Scalars, lone: frozenset[int]) -> None:
        r"""W^\top \delta for a row W: the scalar is the vector on its axis of size 1."""
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
        inner = Reading(self.writer, factors, (), env, frozenset(used), spelled=True)
        scalars = Scalars()
        for piece in pieces:
            if not self.sources[id(piece)]:
                for part in piece.parts:
                    scalars.multiply(part.tree)
        said = yield from inner.said(scalars)
        return bracketed(said.tree, [env[i] for i in free]) if free else said.tree


def _entrywise(pieces: Sequence[Piece]) -> Part:
    return Part(words.hadamard([words.joined(piece.parts) for piece in pieces]))
