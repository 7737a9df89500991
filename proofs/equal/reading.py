"""Expressions as sums of networks: each kind of node, each word of the vocabulary.

The idea: a word is opaque until its definition is needed; then the body of its row is read in its
place.  A named node stands for itself unless it is opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

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
    Operator,
    is_named,
    toposort,
)
from derive.operators.abstract import symmetries
from derive.operators.incidence import is_incidence
from derive.operators.pointwise import eq, exp, ge, gt, le, lt, ne
from derive.operators.pooling import RESHAPES
from derive.operators.primitives import argmax, argmin
from derive.operators.row import POINTWISE, defined
from derive.operators.stacking import is_stack
from proofs.equal.atoms import CONSTANT, Atom, Number, Poly, Undefined
from proofs.equal.bounds import RANGES, REAL, Bounds
from proofs.equal.declared import Declared
from proofs.equal.flat import stack_atom
from proofs.equal.places import atom_of, reshaped

_ROWWISE = frozenset(
    ["softmax", "log_softmax", "logsumexp", "argmax", "argmin", "maximum", "minimum"]
)
_REDUCED = frozenset(["logsumexp", "maximum", "minimum"])
_ONE_HOT = frozenset(["argmax", "argmin"])
_ODD = frozenset(["erf", "sin", "arctan", "tanh", "sinh", "softsign", "tan"])
_EVEN = frozenset(["cos", "cosh", "density"])
_ZERO_ONE = frozenset([gt.name, ge.name, lt.name, le.name, eq.name, ne.name, "step"])


def is_piecewise(node: Expr) -> bool:
    """Whether a node is a function with a kink or a step: what ``pieces`` opens."""
    return isinstance(node, Map) and (
        node.fn.name == "where" or bool(node.fn.name in POINTWISE and POINTWISE[node.fn.name].kinks)
    )


def is_smooth_word(node: Expr) -> bool:
    """Whether a node is a word that ``smooth`` opens."""
    match node:
        case Map(fn):
            row = POINTWISE.get(fn.name)
            return row is not None and row.body is not None and not row.kinks
        case Call(Operator() as op):
            return op.name in _ROWWISE - _ONE_HOT or defined(node) is not None
    return False


class View(NamedTuple):
    """What a reading sees: the names that are open, the nodes that are closed although they have
    no name, the words that are open, and whether sums in products are held together."""

    opened: frozenset[Expr]
    closed: frozenset[Expr] = frozenset()
    smooth: bool = False
    pieces: bool = False
    held: bool = False


class Reading(Declared):
    """Reads expressions by a view.  ``held``: whether it held any sum together."""

    def __init__(self, deadline: float, terms: int, bounds: Bounds, view: View) -> None:
        super().__init__(deadline, terms)
        self.interval, self.view, self.pieces = bounds, view, view.pieces
        self.held = False
        self.known: dict[Expr, Poly] = {}

    def below(self, node: Expr) -> Iterable[Expr]:
        if (is_named(node) and node not in self.view.opened) or node in self.view.closed:
            return ()
        return (kid for kid in node.kids if kid not in self.known)

    def of(self, root: Expr) -> Poly:
        """The polynomial of an expression; its free index k is axis k."""
        if root not in self.known:
            for node in toposort(root, below=self.below):
                if node not in self.known:
                    self.known[node] = self._of(node)
        return self.known[root]

    def _of(self, node: Expr) -> Poly:
        domain = self.interval.facts.get(node)
        if domain is not None and len(set(domain.values)) == 1:
            return {CONSTANT: domain.values[0]} if domain.values[0] else {}
        if node in self.view.closed:
            return self.itself(node)
        match node:
            case Num(value):
                return {CONSTANT: value} if value else {}
            case Ones():
                return {CONSTANT: 1}
            case Delta(n):
                return {((self.atom("delta", (), (n, n)), (0, 1), 1),): 1}
            case Add(terms):
                return self.add({}, *(self.of(t) for t in terms))
            case Contract():
                return self._contraction(node)
            case Map(fn):
                return self._power(node) if fn.name == "power" else self._map(node)
            case Call(Name(), (arg,)):
                return self.of(arg) if node in self.view.opened else self.itself(node)
            case Call(_, ()) if is_incidence(node):
                return {((atom_of(node, self.atom), tuple(range(len(node.axes))), 1),): 1}
            case Call(Operator() as op, (arg,)) if op.name in RESHAPES:
                self._last -= len(arg.axes)
                return self.product(*reshaped(node, self.of(arg), self._last, self.atom))
            case Call():
                return self._operator(node)
        return self.itself(node)

    def _contraction(self, node: Contract) -> Poly:
        """The product over the factors, summed over what is not among the axes of the result."""
        names = {i: k for k, i in enumerate(node.out)}
        summed = {}
        for factor, own in zip(node.factors, node.indices, strict=True):
            for i, n in zip(own, factor.axes, strict=True):
                if i not in names:
                    self._last -= 1
                    names[i] = self._last
                if names[i] < 0:
                    summed[names[i]] = n
        factors = [
            (self._held(self.of(f)), {k: names[i] for k, i in enumerate(own)})
            for f, own in zip(node.factors, node.indices, strict=True)
        ]
        return self.product(factors, list(summed.items()))

    def _held(self, poly: Poly) -> Poly:
        """A sum as an atom of its own, so that a product of sums stays one term."""
        if not self.view.held or len(poly) < 2:
            return poly
        self.held = True
        count, factors, rest = self.content(poly)
        sign, rest = self.signed(rest)
        found: Poly = {}
        whole = (*self.based("S", rest, lambda: self.bounds(rest)), 1)
        self.gather(found, sign * count, [whole, *factors])
        return found

    # ------------------------------------------------------------------------------- powers

    def _power(self, node: Map) -> Poly:
        """A power, taken of the factors of a product before any is multiplied out."""
        q = Fraction(node.fn.params[0])
        parts: list[tuple[Poly, dict[int, int] | None]] = []
        roots: dict[Number, list[tuple[Poly, dict[int, int] | None]]] = {}
        stack: list[tuple[Expr, tuple[int, ...], Number]] = [
            (node.args[0], tuple(range(len(node.axes))), q)
        ]
        while stack:
            part, own, e = stack.pop()
            names = dict(enumerate(own))
            whole = Fraction(e).denominator == 1
            if is_named(part) and part in self.view.opened:
                stack.append((part.kids[0], own, e))
            elif isinstance(part, Map) and part.fn.name == "power":
                inner = Fraction(part.fn.params[0])
                if not whole and inner % 2 == 0:  # the root of a square is |u|
                    parts.append((self._even(self.of(part.args[0]), inner * e), names))
                else:
                    stack.append((part.args[0], own, e * inner))
            elif isinstance(part, Contract) and _unsummed(part):
                at = dict(zip(part.out, own, strict=True))
                counts: dict[tuple[Expr, tuple[int, ...]], int] = {}
                for f, spots in zip(part.factors, part.indices, strict=True):
                    key = f, tuple(at[i] for i in spots)
                    counts[key] = counts.get(key, 0) + 1
                for (f, spots), n in counts.items():
                    inside = dict(enumerate(spots))
                    if whole:
                        stack.append((f, spots, e * n))
                    elif self.interval.of(f).low >= 0:
                        stack += [(f, spots, e)] * n
                    elif n % 2 == 0:
                        parts.append((self._even(self.of(f), n * e), inside))
                    else:
                        roots.setdefault(e, []).extend([(self.of(f), inside)] * n)
            else:
                parts.append((self.raised(self.of(part), e), names))
        for e, under in roots.items():
            parts.append((self.raised(self.product(under), e), None))
        return self.product(parts)

    def _even(self, poly: Poly, q: Number) -> Poly:
        """|u|^q"""
        if q % 2 == 0:
            return self.raised(poly, q)
        return self.raised(self.absolute(poly), q)

    # ------------------------------------------------------------------------------- words

    def _map(self, node: Map) -> Poly:
        fn, args = node.fn, node.args
        row = POINTWISE.get(fn.name)
        match fn.name:
            case "exp":
                inner = args[0]
                while is_named(inner) and inner in self.view.opened:
                    inner = inner.kids[0]
                if isinstance(inner, Map) and inner.fn.name == "log":
                    return self.of(inner.args[0])
                return self.exponential(self.of(args[0]))
            case "infinity":
                raise Undefined  # no number: nothing is proved about it
            case "log":
                return self.logarithm(self.of(args[0]))
            case "abs" | "relu" if self.interval.of(args[0]).low >= 0:
                return self.of(args[0])
            case "abs":
                return self.absolute(self.of(args[0]))
            case "raised" if (found := self.raised_by(*map(self.of, args))) is not None:
                return found
            case "where":
                chosen = self._chosen(*args)
                if chosen is not None:
                    return chosen
            case "relu" if self.pieces:
                u = self.of(args[0])
                return self.multiply(u, self.above(u, args[0]))
            case name if name in _ZERO_ONE and self.pieces:
                return self._compared(node)
            case _ if row is not None and row.body is not None:
                if self.pieces if row.kinks else self.view.smooth:
                    return self.of(row.body(*args))
        return self._opaque(node)

    def _chosen(self, condition: Expr, a: Expr, b: Expr) -> Poly | None:
        """c a + (1 - c) b for a condition that is 1 or 0."""
        c = self.chosen(condition)
        if c is None:
            return None
        other = self.add({CONSTANT: 1}, self.scale(-1, c))
        return self.add(self.multiply(c, self.of(a)), self.multiply(other, self.of(b)))

    def chosen(self, condition: Expr) -> Poly | None:
        """1 where a condition is not 0, else 0; None where that would need pieces."""
        c = self.of(condition)
        if self.multiply(c, c) == c:
            return c
        if not self.pieces:
            return None
        return self.add({CONSTANT: 1}, self.scale(-1, self.zero(c)))

    def _compared(self, node: Map) -> Poly:
        a, b = node.args if len(node.args) == 2 else (node.args[0], None)
        left = a if b is None or not self.of(b) else -b if not self.of(a) else a - b
        u = self.of(a if b is None else a - b)
        down = self.scale(-1, u)
        one: Poly = {CONSTANT: 1}
        match node.fn.name:
            case "gt":
                return self.above(u, left)
            case "lt":
                return self.above(down, -left)
            case "eq":
                return self.zero(u, left)
            case "ne":
                return self.add(one, self.scale(-1, self.zero(u, left)))
            case "le":
                return self.add(one, self.scale(-1, self.above(u, left)))
        # ge, step
        return self.add(one, self.scale(-1, self.above(down, -left)))

    def _opaque(self, node: Map) -> Poly:
        """The function of arguments in normal form, for an axis along which none changes too."""
        polys = [self.of(arg) for arg in node.args]
        sign = 1
        if node.fn.name in _ODD or node.fn.name in _EVEN:
            turn, polys[0] = self.signed(polys[0])
            sign = turn if node.fn.name in _ODD else 1
            if not polys[0] and node.fn.name in _ODD:
                return {}
            if not polys[0] and node.fn.name in ("cos", "cosh"):
                return {CONSTANT: 1}

        def make(atom: Atom) -> None:
            atom.look, atom.orders = RANGES.get(node.fn.name, REAL), orders
            atom.law = "idempotent" if node.fn.name in _ZERO_ONE else ""

        key, own, orders, _ = self.slots(polys)
        content = (node.fn.name, node.fn.params, key)
        a = self.atom("function", content, self.extents(polys, own), make)
        return self.scale(sign, self.of_factor((a, own, 1)))

    # --------------------------------------------------------------------------- operators

    def _operator(self, node: Call) -> Poly:
        op = node.op
        assert isinstance(op, Operator)
        if is_stack(node):
            return {((stack_atom(self, *op.params), (0, 1, 2), 1),): 1}
        if (found := self.of_matrix(node)) is not None:
            return found
        if op.name == "product":
            along = len(node.axes)
            return self.multiplied(self.of(node.args[0]), along, node.args[0].axes[-1])
        rowwise = op.name in _ROWWISE and len(node.args) == 1
        if rowwise and self.view.smooth:
            opened = self._row_opened(node)
            if opened is not None:
                return opened
        if self.view.smooth and (meaning := defined(node)) is not None:
            return self.of(meaning)
        polys = [self.of(arg) for arg in node.args]
        if op.name == "one_hot":
            last = [len(node.axes) - 1]
            sums = self._is_class(node.args[0], op.params[0])
        elif rowwise:
            last = [len(node.args[0].axes) - 1]
            sums = op.name in _ONE_HOT or op.name == "softmax"
        else:
            last, sums = [], False

        def make(atom: Atom) -> None:
            atom.look, atom.orders, atom.total = RANGES.get(op.name, REAL), orders, sums
            if op.name in _ONE_HOT or op.name == "one_hot":
                atom.law = "idempotent"

        key: tuple
        if last:
            key, own, orders, _ = self.slots(polys, last)
            shape = (*self.extents(polys, own[:-1]), (node.axes or node.args[0].axes)[-1])
            if op.name in _REDUCED:
                shape = (*shape[:-1], node.args[0].axes[-1])
        else:
            own, orders = tuple(range(len(node.axes))), symmetries(node)
            key, shape = tuple(tuple(sorted(p.items())) for p in polys), node.axes
        content = (op.name, op.params, key, tuple(a.axes for a in node.args) if not last else shape)
        if op.name in _REDUCED and last:
            own, shape = own[:-1], shape[:-1]
            orders = tuple(order[:-1] for order in orders)
        a = self.atom("operator", content, shape, make)
        return self.of_factor((a, own, 1))

    def _is_class(self, arg: Expr, classes: object) -> bool:
        """Whether an argument of one_hot is a class number 1 .. classes."""
        while is_named(arg):
            arg = arg.kids[0]
        domain = self.interval.facts.get(arg)
        return domain is not None and domain.classes == classes

    def _row_opened(self, node: Call) -> Poly | None:
        """The definition of an operator along the last axis."""
        (z,) = node.args
        last = len(z.axes) - 1
        (n,) = z.axes[last:]
        self._last -= 1
        along: dict[int, int] = {last: self._last}

        def summed(poly: Poly) -> Poly:
            return self.product([(poly, along)], [(along[last], n)])

        match node.op.name if isinstance(node.op, Operator) else "":
            case "logsumexp":
                return self.logarithm(summed(self.of(exp(z))))
            case "log_softmax":
                whole = self.logarithm(summed(self.of(exp(z))))
                return self.add(self.of(z), self.scale(-1, whole))
            case "maximum":
                return summed(self.multiply(self.of(argmax(z)), self.of(z)))
            case "minimum":
                return summed(self.multiply(self.of(argmin(z)), self.of(z)))
        return None


def _unsummed(node: Contract) -> bool:
    return {i for own in node.indices for i in own} <= set(node.out)
