"""Expressions at random points modulo p, every trial a point of one batch.

The idea: what is linear is computed as it stands; exponentials take their exponents modulo q, signs
and choices go by the Legendre symbol, roots are the square ones, and any other function is a keyed
hash of its argument.  A point at which something has no such meaning is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from derive.derivation.network import REALS, Domain
from derive.kernel import sizes
from derive.kernel.build import lift
from derive.kernel.contraction import contracted
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
    Var,
    is_named,
    toposort,
)
from derive.operators.blocks import FAMILIES
from derive.operators.pointwise import log, np
from derive.operators.pooling import RESHAPES
from derive.operators.powers import POWERS, exponents_of
from proofs.numbers import residues
from proofs.numbers.exact import definition
from proofs.numbers.matrices import determinant_modulo, inverse_modulo
from proofs.numbers.plan import contract
from proofs.numbers.residues import P, Q

# A trial may be no point: a root of a residue that is no square.
_TRIES = 4  # points drawn for each trial
_DRAWN = 64  # and at most so many
_DRAWS = 40  # times that an entry outside its domain is drawn again
_BATCH = -1
# A value modulo p, or as an exponent, modulo q.
Task: TypeAlias = "tuple[str, Expr]"


class NoSample(ArithmeticError):
    """The message says what has no meaning modulo p."""


class Residues:
    """Values of expressions modulo p at many points, and modulo q where they are exponents.

    ``valid`` are the points at which everything that was asked for is defined.
    """

    def __init__(
        self, at: Mapping[str, int], facts: Mapping[Expr, Domain], trials: int, seed: int
    ) -> None:
        self.at = at
        self.facts = facts
        self.rows = max(trials, min(_DRAWN, _TRIES * trials))
        self.draw = np.random.default_rng([seed, 7])
        self.keys = self.draw.integers(1, 2**62, self.rows)
        self.valid = np.ones(self.rows, bool)
        self.reason = ""
        self.known: dict[Task, Any] = {}
        self._meanings: dict[Expr, Expr | None] = {}

    def value(self, root: Expr) -> Any:
        """The root modulo p; the first axis is that of the points, or has length 1."""
        tasks: list[Task] = toposort(("p", root), below=self._below)  # type: ignore[arg-type]
        for task in tasks:
            if task not in self.known:
                self.known[task] = self._value(*task)
        return self.known["p", root]

    def only(self, good: Any, reason: str) -> None:
        """Leave out the points at which some entry is not good."""
        rows = np.broadcast_to(good.reshape(len(good), -1).all(axis=1), self.valid.shape)
        if not rows.all():
            self.reason = reason
        self.valid = self.valid & rows

    # ------------------------------------------------------------------------------------ the graph

    def _meaning(self, node: Expr) -> Expr | None:
        if node not in self._meanings:
            self._meanings[node] = _opened(node) or definition(node, _FUNCTIONS, _OPERATORS)
        return self._meanings[node]

    def _below(self, task: Task) -> Sequence[Task]:
        """What a value is computed from: exponents of ``exp`` are needed modulo q."""
        if task in self.known:
            return ()
        field, node = task
        meaning = self._meaning(node)
        if meaning is not None:
            return ((field, meaning),)
        if not isinstance(node, Map):
            match node:
                case Call(Operator(name=word), args) if field == "q" and word not in RESHAPES:
                    return [(f, arg) for arg in args for f in "pq"]
            return [(field, kid) for kid in node.kids]
        if node.fn.name == "exp":
            if field == "q":
                raise NoSample("an exponential in an exponent has no meaning modulo p")
            return [("q", arg) for arg in node.args]
        if field == "p" or node.fn.name in _INDICATORS or node.fn.name == "log":
            return [("p", arg) for arg in node.args]
        if node.fn.name in _CHOICES:
            return [(f, arg) for arg in node.args for f in "pq"]
        if node.fn.name == "power" and Fraction(node.fn.params[0]).denominator == 1:
            return [("q", arg) for arg in node.args]
        raise NoSample(f"{node.fn.name} in an exponent has no meaning modulo p")

    def _value(self, field: str, node: Expr) -> Any:
        m = P if field == "p" else Q
        meaning = self._meaning(node)
        if meaning is not None:
            return self.known[field, meaning]
        match node:
            case Num(value):
                return np.array([_number(value, m)])
            case Delta(n):
                return np.eye(sizes.evaluate(n, self.at), dtype=np.int64)[None]
            case Ones(n):
                return np.ones((1, sizes.evaluate(n, self.at)), np.int64)
            case Var():
                return self._drawn(node)["pq".index(field)]
            case Add(terms):
                total = self.known[field, terms[0]]
                for term in terms[1:]:
                    total = (total + self.known[field, term]) % m
                return total
            case Contract(factors, indices, out):
                return self._contracted([self.known[field, f] for f in factors], indices, out, m)
            case Call(Name(), (arg,)):
                return self.known[field, arg]
            case Map():
                return self._mapped(field, node, m)
            case Call(Operator() as op, args) if op.name in FAMILIES | RESHAPES:
                given = [self.known[field, arg] for arg in args]
                return op.value(*given, *(sizes.evaluate(p, self.at) for p in op.params))
            case Call(Operator() as op, ()):
                params = (sizes.evaluate(n, self.at) for n in op.params)
                return np.asarray(op.value(*params), np.int64)[None] % m
            case Call(Operator() as op, (arg, ones)) if op.name in POWERS:
                count = self.known[field, ones].shape[-1]
                found = residues.powers(self.known[field, arg], exponents_of(node, count), m)
                return found[..., 0, :, :] if op.name == "whole_power" else found
            case Call(Operator() as op, args):
                return self._along(field, op, args[0])
        raise AssertionError(f"not a kind of expression: {node!r}")

    def _contracted(
        self,
        arrays: Sequence[Any],
        indices: Sequence[tuple[int, ...]],
        out: tuple[int, ...],
        m: int,
    ) -> Any:
        full = any(len(array) > 1 for array in arrays)
        spots = [(_BATCH, *own) if len(a) > 1 or not full else own
                 for a, own in zip(arrays, indices)]  # fmt: skip
        arrays = [a if len(a) > 1 or not full else a[0] for a in arrays]
        step = lambda subscripts, *given: residues.einsum(subscripts, *given, m=m)  # noqa: E731
        return contract(arrays, spots, (_BATCH, *out), step)

    def _drawn(self, var: Var) -> tuple[Any, Any]:
        found = self.known.get(("drawn", var))
        if found is None:
            shape = (self.rows, *(sizes.evaluate(n, self.at) for n in var.axes))
            domain = self.facts.get(var, REALS)
            found = self.known["drawn", var] = self._from(domain, shape)
        return found

    def _from(self, domain: Domain, shape: tuple[int, ...]) -> tuple[Any, Any]:
        """Values of a variable modulo p and modulo q: squares stand for positive numbers."""
        draw = self.draw
        if domain.classes is not None:
            label = draw.integers(1, sizes.evaluate(domain.classes, self.at) + 1, shape)
            return label, label
        if domain.values and not domain.normalised:
            at = draw.integers(len(domain.values), size=shape)
            return tuple(np.array([_number(v, m) for v in domain.values])[at] for m in (P, Q))  # type: ignore[return-value]
        exponent = draw.integers(0, Q, shape)
        if domain.normalised:
            hot = draw.integers(shape[-1], size=shape[:-1])[..., None] == np.arange(shape[-1])
            if domain.values:
                return hot.astype(np.int64), hot.astype(np.int64)
            value = self._inside(Domain(low=Fraction(0)), shape)
            for m, part in ((P, value), (Q, exponent)):
                part[..., -1] = (1 - part[..., :-1].sum(axis=-1)) % m
            self.only(residues.sign(value) == 1, "no distribution of squares was found")
            return value, exponent
        return self._inside(domain, shape), exponent

    def _inside(self, domain: Domain, shape: tuple[int, ...]) -> Any:
        value = self.draw.integers(1, P, shape)
        for _ in range(_DRAWS):
            bad = np.zeros(shape, bool)
            if domain.low is not None:
                bad |= residues.sign((value - _number(domain.low, P)) % P) != 1
            if domain.high is not None:
                bad |= residues.sign((_number(domain.high, P) - value) % P) != 1
            if not bad.any():
                break
            value[bad] = self.draw.integers(1, P, int(bad.sum()))
        return value

    # ------------------------------------------------------------------------------------ functions

    def _mapped(self, field: str, node: Map, m: int) -> Any:
        name = node.fn.name
        if name == "exp":
            return residues.exponential(self.known["q", node.args[0]])
        if name == "power":
            return self._power(self.known[field, node.args[0]], Fraction(node.fn.params[0]), m)
        if name == "log":
            x = self.known["p", node.args[0]]
            self.only(residues.sign(x) == 1, "the argument of a logarithm is no square")
            if field == "q":
                return residues.logarithm(np.where(residues.sign(x) == 1, x, 1))
            return np.where(x == 1, 0, self.hashed(x, "log"))
        if name in _INDICATORS:
            return _INDICATORS[name](*(self.known["p", arg] for arg in node.args)) % m
        if name in _CHOICES:
            args = [self.known["p", arg] for arg in node.args]
            own = [self.known[field, arg] for arg in node.args]
            return _CHOICES[name](args, own, m)
        if name == "pi":
            return residues.powered(self.keys % P, 2, P)
        params = "".join(f" {p}" for p in node.fn.params)
        x = self.known["p", node.args[0]]
        if name in ("erf", "arctan"):
            turned = residues.sign(x) == -1
            found = self.hashed(np.where(turned, P - x, x), name)
            return np.where(x == 0, 0, np.where(turned, P - found, found))
        if name in ("sin", "cos"):
            return self._circular(name, x)
        if name == "generic":
            return self.hashed(x, name + params)
        raise NoSample(f"{name} has no meaning modulo p")

    def hashed(self, x: Any, name: str) -> Any:
        return residues.hashed(np.broadcast_to(x, (self.rows, *x.shape[1:])), name, self.keys)

    def _circular(self, name: str, x: Any) -> Any:
        """Through the tangent of half the angle, an odd hash of it: sin² + cos² is 1."""
        turned = residues.sign(x) == -1
        half = self.hashed(np.where(turned, P - x, x), "half")
        half = np.where(x == 0, 0, np.where(turned, P - half, half))
        square = half * half % P
        under = residues.powered((1 + square) % P, -1, P)
        return (2 * half if name == "sin" else 1 - square) % P * under % P

    def _power(self, x: Any, c: Fraction, m: int) -> Any:
        if c.denominator == 1:
            if c <= 0:
                self.only(x != 0, "a denominator is 0")
            return residues.powered(x, int(c), m)
        self.only(residues.sign(x) == 1, "the argument of a root is no square")
        return residues.powered(x, c.numerator * pow(c.denominator, -1, Q) % Q, P)

    def _along(self, field: str, op: Operator, arg: Expr) -> Any:
        x = self.known["p", arg]
        own = self.known[field, arg]
        if op.name == "one_hot":
            count = sizes.evaluate(op.params[0], self.at)
            return (x[..., None] == np.arange(1, count + 1)).astype(np.int64)
        if op.name in ("inverse", "det"):
            return self._of_matrices(op.name, own, P if field == "p" else Q)
        if op.name not in _OPERATORS:
            raise NoSample(f"{op.name} has no meaning modulo p")
        if op.name == "product":
            m = P if field == "p" else Q
            found = np.ones(own.shape[:-1], np.int64)
            for k in range(own.shape[-1]):
                found = found * own[..., k] % m
            return found
        least = -1 if op.name in ("argmin", "minimum") else 1
        best = np.zeros(x.shape[:-1], np.int64)
        for k in range(1, x.shape[-1]):
            here = np.take_along_axis(x, best[..., None], -1)[..., 0]
            best = np.where(residues.sign((x[..., k] - here) % P) == least, k, best)
        if op.name in ("argmax", "argmin"):
            return (best[..., None] == np.arange(x.shape[-1])).astype(np.int64)
        return np.take_along_axis(own, best[..., None], -1)[..., 0]

    def _of_matrices(self, name: str, x: Any, m: int) -> Any:
        lead = x.shape[:-2]
        made = np.zeros(x.shape if name == "inverse" else lead, np.int64)
        good = np.ones(lead, bool)
        for place in np.ndindex(lead):
            if name == "det":
                made[place] = determinant_modulo(x[place], m)
                continue
            found = inverse_modulo(x[place], m)
            good[place] = found is not None
            if found is not None:
                made[place] = found
        self.only(good, "a matrix is singular")
        return made


def _number(n: int | Fraction, m: int) -> int:
    return n.numerator * pow(n.denominator, -1, m) % m


def _sign(a: Any, b: Any) -> Any:
    return residues.sign((a - b) % P)


_INDICATORS: dict[str, Any] = {
    "gt": lambda a, b: (_sign(a, b) == 1).astype(np.int64),
    "ge": lambda a, b: (_sign(a, b) >= 0).astype(np.int64),
    "lt": lambda a, b: (_sign(a, b) == -1).astype(np.int64),
    "le": lambda a, b: (_sign(a, b) <= 0).astype(np.int64),
    "eq": lambda a, b: (a == b).astype(np.int64),
    "ne": lambda a, b: (a != b).astype(np.int64),
    "sign": lambda a: residues.sign(a),
    "step": lambda a: (residues.sign(a) >= 0).astype(np.int64),
}
# From the arguments modulo p, and in the field asked for.
_CHOICES: dict[str, Any] = {
    "where": lambda x, own, m: np.where(x[0] != 0, own[1], own[2]),
    "max": lambda x, own, m: np.where(_sign(*x) == 1, own[0], own[1]),
    "min": lambda x, own, m: np.where(_sign(*x) == -1, own[0], own[1]),
    "relu": lambda x, own, m: np.where(residues.sign(x[0]) == 1, own[0], 0),
    "abs": lambda x, own, m: own[0] * residues.sign(x[0]) % m,
}
_FUNCTIONS = {
    *_INDICATORS, *_CHOICES, "exp", "log", "pi", "erf", "arctan", "sin", "cos", "generic",
}  # fmt: skip
_OPERATORS = {
    "argmax", "argmin", "maximum", "minimum", "product", "one_hot", "inverse", "det",
}  # fmt: skip


def _opened(node: Expr) -> Expr | None:
    """The logarithm of a product, a power or an exponential, in logarithms of the parts."""
    if not isinstance(node, Map) or node.fn is not log:
        return None
    inner = node.args[0]
    while is_named(inner):
        inner = inner.kids[0]
    if isinstance(inner, Map):
        if inner.fn.name == "exp":
            return inner.args[0]
        if inner.fn.name == "power":
            return lift(inner.fn.params[0]) * log(inner.args[0])
        meaning = definition(inner, _FUNCTIONS, _OPERATORS)
        return None if meaning is None else log(meaning)
    if isinstance(inner, Call) and isinstance(inner.op, Operator):
        meaning = definition(inner, _FUNCTIONS, _OPERATORS)
        return None if meaning is None else log(meaning)
    if isinstance(inner, Contract):
        summed = {i for own in inner.indices for i in own} - set(inner.out)
        if not summed and all(len(set(own)) == len(own) for own in inner.indices):
            parts = [
                _spread(log(f), own, inner)
                for f, own in zip(inner.factors, inner.indices)
                if not isinstance(f, Ones)
            ]
            if any(isinstance(f, Delta) for f in inner.factors) or not parts:
                return None
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            return total
    return None


def _spread(factor: Expr, own: tuple[int, ...], node: Contract) -> Expr:
    """A factor repeated along the axes of the product that it does not have."""
    extent = {i: n for f, spot in zip(node.factors, node.indices) for i, n in zip(spot, f.axes)}
    missing = [i for i in node.out if i not in own]
    ones = [Ones(extent[i]) for i in missing]
    return contracted((factor, *ones), (own, *((i,) for i in missing)), node.out)
