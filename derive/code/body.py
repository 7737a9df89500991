"""The straight-line body of one generated function: a line for each shared or named value.

The idea: interning has already found the common subexpressions, so a node that is used once is
written where it is used and a node that is used twice gets a line.  Scalars and vectors that are
spread over more axes are left to broadcasting until something needs the full array.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import assert_never

from derive.code import windows
from derive.code.contractions import Factor, joined, opened, plus, product, times
from derive.code.flat import stack_array, unstacked
from derive.code.targets import (
    ATOM,
    POWER,
    TIMES,
    UNARY,
    NoCode,
    Piece,
    Target,
    called,
    divisor,
    level_of,
    slots,
    spelled,
    template_of,
)
from derive.kernel.expr import (
    Add,
    Axes,
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Name,
    Num,
    Ones,
    Operator,
    Var,
    is_named,
    toposort,
)
from derive.kernel.sizes import Axis, Size
from derive.meaning.stacks import below as below_stacks
from derive.meaning.stacks import opened as opened_stacks
from derive.notation.names import ascii_name, filled
from derive.operators.abstract import Signature, signature_of
from derive.operators.incidence import is_incidence
from derive.operators.stacking import is_stack

_WORD = re.compile(r"[A-Za-z_]\w*")
WIDTH = 72  # a piece wider than this gets a line of its own


def below(node: Expr) -> tuple[Expr, ...]:
    """What the code of a node is made of."""
    return windows.below(node, tuple(below_stacks(node)))


class Names:
    """Python identifiers, each given once.  Only letters, digits and _: nothing else is code."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.count = 0

    def fresh(self, wish: str) -> str:
        """The wish, or the wish with a number where it is taken."""
        assert wish.isidentifier(), wish
        name, k = wish, 2
        while name in self.taken:
            name, k = f"{wish}_{k}", k + 1
        self.taken.add(name)
        return name

    def step(self) -> str:
        """The next of t1, t2, .."""
        while True:
            self.count += 1
            if f"t{self.count}" not in self.taken:
                return self.fresh(f"t{self.count}")


def literal(value: int | Fraction) -> Piece:
    """A number as Python text: 3, 0.5, 1 / 3.  OverflowError beyond the range of floats."""
    text, level = spelled(abs(value))
    inverse = level == TIMES and abs(value.numerator) == 1
    under = Piece(str(value.denominator), number=True) if inverse else None
    return Piece(text, level, number=True, scale=-1 if value < 0 else 1, under=under)


class Body:
    """Lines of code under construction, and the piece that each expression has become.

    ``inputs`` gives each variable its identifier; ``known`` gives identifiers to other nodes;
    ``extents`` says which identifier a size symbol has.
    """

    def __init__(
        self,
        target: Target,
        names: Names,
        inputs: Mapping[Expr, str],
        extents: Mapping[str, str],
        known: Mapping[Expr, str],
    ) -> None:
        self.target = target
        self.names = names
        self.extents = extents
        self.wish = dict(known)
        self.pieces: dict[Expr, Piece] = {}
        for variable, identifier in inputs.items():
            self.pieces[variable] = Piece(identifier, mask=(True,) * len(variable.axes))
        self.lines: list[str] = []
        self.used_functions: set[str] = set()
        self.generic: dict[tuple[str, int | tuple[int, ...]], str] = {}

    # ------------------------------------------------------------------ lines and sizes

    def line(self, piece: Piece, wish: str | None = None) -> Piece:
        """A line that computes the piece; what is left is the name of its value."""
        name = self.names.step() if wish is None else wish
        self.lines.append(f"{name} = {piece.at(0)}")
        return Piece(name, mask=piece.mask, number=piece.number)

    def settle(self, piece: Piece) -> Piece:
        return self.line(piece) if len(piece.text) > WIDTH else piece

    def size(self, axis: Axis) -> Piece:
        """A size as code: ``n``, ``n - k + 1``."""
        if isinstance(axis, int):
            return literal(axis)
        total: Piece | None = None
        # Positive terms first, the constant last: n - k + 1.
        for monomial, count in sorted(axis.terms, key=lambda t: (not t[0], t[1] < 0)):
            term = literal(count)
            for name in dict.fromkeys(monomial):
                power = monomial.count(name)
                text = self.extents[name]
                whole = Piece(f"{text} ** {power}", POWER) if power > 1 else Piece(text)
                term = times(term, replace(whole, number=True))
            total = term if total is None else plus(total, term)
        assert total is not None
        return total

    def shape(self, axes: Axes) -> str:
        texts = [self.size(n).at(0) for n in axes]
        return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"

    def full(self, piece: Piece, axes: Axes) -> Piece:
        """The piece as an array that really has all of these axes."""
        lead = len(axes) - len(piece.mask)
        whole = (True,) * len(axes)
        if not axes or piece.mask == whole:
            return replace(piece, mask=whole)
        stretched = any(n != 1 for n in axes[:lead]) or any(
            not have and n != 1 for have, n in zip(piece.mask, axes[lead:], strict=True)
        )
        if not stretched and piece.mask:
            order = tuple(range(len(axes)))
            return replace(opened(piece, order, order[lead:]), mask=whole)
        constant = {"0": "zeros", "1": "ones"}.get(piece.at(0))
        shape = self.shape(axes)
        text = (
            self.target.form(constant, shape)
            if constant
            else self.target.form("full", shape, piece.at(0))
        )
        return Piece(text, mask=whole)

    # ------------------------------------------------------------------ expressions

    def write(self, roots: Iterable[Expr]) -> list[Piece]:
        """Write what the roots need; their pieces, as full arrays."""
        roots = list(roots)
        order = toposort(*roots, below=below)
        uses: dict[Expr, int] = {}
        for used in (*roots, *(kid for node in order for kid in below(node))):
            uses[used] = uses.get(used, 0) + 1
        for node in order:
            if isinstance(node, Call) and isinstance(node.op, Name) and node not in self.wish:
                symbol = filled(node.op.symbol, node.op.letters)
                self.wish[node] = self.names.fresh(ascii_name(symbol))
        self._name_values(order)
        for node in order:
            if node in self.pieces:
                continue
            self._shorten(node)
            piece = self.piece(node)
            wish = self.wish.get(node)
            if wish is not None and piece.text != wish:
                piece = self.line(self.full(piece, node.axes), wish)
            elif uses[node] > 1 and not piece.plain:
                piece = self.line(piece)
            self.pieces[node] = piece
        return [self.full(self.pieces[root], root.axes) for root in roots]

    def sizes_in(self, texts: Iterable[str]) -> list[str]:
        """The size symbols that these texts mention."""
        words = {word for text in texts for word in _WORD.findall(text)}
        return sorted(name for name, own in self.extents.items() if own in words)

    def _shorten(self, node: Expr) -> None:
        """Give the widest kids a line of their own where the node would not fit on one."""
        kids = sorted(set(below(node)), key=lambda kid: -len(self.pieces[kid].text))
        left = sum(len(self.pieces[kid].text) for kid in kids)
        for kid in kids:
            piece = self.pieces[kid]
            if piece.plain or left <= WIDTH:
                break
            if isinstance(node, Add) and len(piece.text) <= WIDTH:
                break  # a long sum is broken between its terms
            self.pieces[kid] = self.line(piece)
            left -= len(piece.text)

    def _name_values(self, order: Iterable[Expr]) -> None:
        """Give what is behind a name that name's identifier: ``b = W @ x``, not ``b = t1``."""
        for node in order:
            if is_named(node) and node in self.wish:
                value = node.kids[0]
                if value.kids and not is_named(value) and value not in self.wish:
                    self.wish[value] = self.wish[node]

    def piece(self, node: Expr) -> Piece:
        """The text of one node from the pieces of its kids."""
        match node:
            case Num(value):
                return literal(value)
            case Ones():
                return Piece("1", number=True)
            case Delta(n):
                text = self.target.form("eye", self.size(n).at(0))
                return Piece(text, mask=(True, True))
            case Add(terms):
                return self._sum([self.pieces[t] for t in terms])
            case Contract():
                return self._contract(node)
            case Map():
                return self._map(node, [self.pieces[a] for a in node.args])
            case Call(Name(), (arg,)):
                return self.pieces[arg]
            case Call(op, args):
                assert isinstance(op, Operator)
                if (signature := signature_of(node)) is not None:
                    return self._given(signature, [self.pieces[a] for a in args], len(node.axes))
                if is_incidence(node):
                    return windows.constant(self, node)
                if is_stack(node):
                    return stack_array(self, node)
                arrays = [self.full(self.pieces[a], a.axes) for a in args]
                arrays = [self.wrapped(p) for p in arrays]
                parts = [*arrays, *(self.size(n) for n in op.params)]
                made = self.fill(template_of(self.target, op), parts)
                return replace(made, mask=(True,) * len(node.axes))
            case Var(name):
                raise NoCode(f"no value is given for {name}")
            case _:
                assert_never(node)  # type: ignore[arg-type]

    def _given(self, signature: Signature, args: list[Piece], rank: int) -> Piece:
        """A function of arrays that nothing defines, or a derivative of it: an argument."""
        if signature.lead:
            raise NoCode(f"{signature.symbol} of each sample is not defined, and has no code")
        orders = tuple(a.order for a in signature.arguments)
        key = (signature.symbol, orders)
        if key not in self.generic:
            lead = "grad_" * sum(orders)
            one_of_many = "".join(f"_{k + 1}" * n for k, n in enumerate(orders) if len(orders) > 1)
            self.generic[key] = self.names.fresh(lead + ascii_name(signature.symbol) + one_of_many)
        slots = ", ".join(f"{{{k}}}" for k in range(len(args)))
        return replace(self.fill(f"{self.generic[key]}({slots})", args), mask=(True,) * rank)

    def _sum(self, terms: list[Piece]) -> Piece:
        # A leading minus reads badly: b - a rather than -a + b.
        lead = next((k for k, term in enumerate(terms) if term.scale >= 0), 0)
        total = terms[lead]
        for term in (*terms[:lead], *terms[lead + 1 :]):
            if len(total.text) + len(term.text) > WIDTH and not total.plain:
                total = self.line(total)
            total = plus(total, term)
        return total

    def wrapped(self, piece: Piece) -> Piece:
        """A Python number as an array library's own scalar, which has methods."""
        if not piece.number:
            return piece
        return Piece(self.target.form("float", piece.at(0)))

    def _map(self, node: Map, args: list[Piece]) -> Piece:
        if node.fn.name == "generic":
            symbol, order = node.fn.params
            key = (symbol, order)
            if key not in self.generic:
                self.generic[key] = self.names.fresh(ascii_name(symbol + "'" * order))
            template = self.generic[key] + "({0})"
        else:
            template = template_of(self.target, node.fn)
        if ")." in template and all(a.number for a in args):
            # A method is called on what would be a plain Python value.
            args = [self.wrapped(a) for a in args]
        made = self.fill(template, args)
        mask: tuple[bool, ...] = ()
        for a in args:
            mask = joined(mask, a.mask)
        under = None
        if divisor(template):
            under = Piece(made.text.removeprefix("1 / "), POWER, mask)
        return replace(made, mask=mask, under=under, number=all(a.number for a in args))

    def fill(self, template: str, args: list[Piece]) -> Piece:
        """The template with its arguments; an argument that is written twice gets a line."""
        rows = slots(template)
        places = [slot for _, slot, _ in rows if slot is not None]
        args = [a if a.plain or places.count(k) < 2 else self.line(a) for k, a in enumerate(args)]
        level = level_of(template)
        minus = level == UNARY and template.startswith("-")
        text = ""
        for before, slot, enclosed in rows:
            text += before
            if slot is not None:
                text += args[slot].at(0 if enclosed else ATOM)
        self.used_functions |= called(template) & set(self.target.functions)
        return Piece(
            text[1:].strip() if minus else text, ATOM if minus else level, scale=-1 if minus else 1
        )

    def _contract(self, node: Contract) -> Piece:
        if any(map(is_incidence, node.factors)):
            return windows.looked_up(self, node)
        cut = opened_stacks(node)
        if cut is not None:
            return unstacked(self, cut)
        return self.product(node.factors, node.indices, node.out)

    def product(
        self, nodes: Sequence[Expr], indices: Sequence[tuple[int, ...]], out: tuple[int, ...]
    ) -> Piece:
        extent = {
            i: n for f, own in zip(nodes, indices, strict=True)
            for i, n in zip(own, f.axes, strict=True)
        }  # fmt: skip
        scale: int | Fraction = 1
        counts = Piece("1", number=True)
        factors: list[Factor] = []
        for factor, own in zip(nodes, indices, strict=True):
            piece = self.pieces[factor]
            if isinstance(factor, Num):
                scale = factor.value
            elif not isinstance(factor, Ones):
                lead = len(own) - len(piece.mask)
                # What broadcasting would stretch needs no stretching here.
                if all(piece.mask) and len(set(own)) == len(own):
                    own = own[lead:]
                else:
                    piece = self.full(piece, factor.axes)
                factors.append(Factor(piece, own, isinstance(factor, Delta)))
        present = {i for f in factors for i in f.indices}
        for i in extent:
            if i not in present and i not in out:
                # An axis on which nothing depends is summed: n times the same.
                counts = times(counts, self.size(extent[i]))
        core = tuple(i for i in out if i in present)
        if factors:
            made = times(counts, product(factors, core, self.target, self.settle))
            made = replace(made, scale=scale * made.scale)
        else:
            made = times(literal(scale), counts)
        if core:
            made = opened(made, out[out.index(core[0]) :], core)
        return made


def readable_sizes(variables: Iterable[Expr]) -> dict[str, tuple[Expr, int]]:
    """For each size symbol that is an axis of some variable, the first such variable and axis."""
    found: dict[str, tuple[Expr, int]] = {}
    for variable in variables:
        for k, axis in enumerate(variable.axes):
            if isinstance(axis, Size) and axis.names() == {str(axis)}:
                found.setdefault(str(axis), (variable, k))
    return found
