r"""Orders of numbers, a <= b, by bounds, by terms that are not negative, by functions that grow.

The idea: the difference lies in an interval that has no negative number; or what goes down in it is
met by something larger of the same form: exp, log, roots and sums keep an order, reciprocals of
positive numbers turn it round, and a factor that is not negative keeps it.  Every rule speaks of
each entry, wherever both sides have a value.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from derive.kernel.build import coefficient
from derive.kernel.expr import Add, Contract, Expr, Map, is_named
from derive.meaning.normal import normal
from proofs.equal.bounds import ONE, Bounds, Interval
from proofs.equal.definite import flat_factors

# Functions that grow strictly wherever they have a value.
GROWING = frozenset(["exp", "log", "tanh", "sigmoid", "softplus", "sinh", "erf", "normal_cdf"])
_DEEPEST = 8
_MOST_TERMS = 8


def ordered(a: Expr, b: Expr, strict: bool, bounds: Bounds) -> bool:
    """Whether a <= b, or a < b, is shown for every entry wherever both sides have a value."""
    return a.axes == b.axes and _Orders(bounds).less(a, b, strict, _DEEPEST)


def _above(low: Interval, strict: bool) -> bool:
    return low.positive if strict else low.low >= 0


class _Orders:
    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._known: dict[tuple[Expr, Expr, bool], bool] = {}

    def less(self, a: Expr, b: Expr, strict: bool, depth: int) -> bool:
        key = a, b, strict
        if key not in self._known:
            if depth <= 0:
                return False
            self._known[key] = False  # what is being shown is no reason for itself
            self._known[key] = self._less(_bare(a), _bare(b), strict, depth - 1)
        return self._known[key]

    def _less(self, a: Expr, b: Expr, strict: bool, depth: int) -> bool:
        if a is b:
            return not strict
        apart = b - a
        if _above(self.bounds.of(apart), strict) or self._grown(a, b, strict, depth):
            return True
        if self._scaled(a, b, strict, depth):
            return True
        if isinstance(a, Map) and a.fn.name == "abs":  # -b <= u <= b
            (u,) = a.args
            if self.less(u, b, strict, depth) and self.less(-b, u, strict, depth):
                return True
        if isinstance(b, Map) and b.fn.name == "abs":
            (v,) = b.args
            if self.less(a, v, strict, depth) or self.less(a, -v, strict, depth):
                return True
        difference = normal(apart)
        if _above(self.bounds.of(difference), strict):
            return True
        return self._by_terms(difference, strict, depth)

    def _grown(self, a: Expr, b: Expr, strict: bool, depth: int) -> bool:
        """f(u) <= f(v) of one function that grows, or falls, where its arguments are."""
        if not (isinstance(a, Map) and isinstance(b, Map)) or a.fn != b.fn or len(a.args) != 1:
            return False
        (u,), (v,), name = a.args, b.args, a.fn.name
        if name in GROWING:
            return self.less(u, v, strict, depth)
        if name == "relu":
            return not strict and self.less(u, v, False, depth)
        if name != "power":
            return False
        q = Fraction(a.fn.params[0])
        if q > 0:
            # A root has a value only where its argument is not negative; odd powers always grow.
            whole_line = q.denominator != 1 or q.numerator % 2 == 1
            grows = whole_line or self.bounds.of(u).low >= 0
            return grows and self.less(u, v, strict, depth)
        positive = q.denominator != 1 or self.bounds.of(v).positive
        return q < 0 and positive and self.less(v, u, strict, depth)

    def _scaled(self, a: Expr, b: Expr, strict: bool, depth: int) -> bool:
        """c u <= c v for c >= 0: of two products that differ in one factor at the same place."""
        (one, u), (other, v) = coefficient(a), coefficient(b)
        if one != other or one == 0 or u.axes != v.axes:
            return False
        if one != 1:
            return self.less(u, v, strict, depth) if one > 0 else self.less(v, u, strict, depth)
        if not (isinstance(u, Contract) and isinstance(v, Contract)) or u.out != v.out:
            return False
        mine, theirs = Counter(flat_factors(u)), Counter(flat_factors(v))
        common = mine & theirs
        left, right = mine - common, theirs - common
        kept = all(_above(self.bounds.of(f).power(n), strict) for (f, _), n in common.items())
        if not common or not kept:
            return False
        if not left or not right:  # c u <= c for u <= 1
            inner = {i for _, spots in common for i in spots}
            if not all(inner.issuperset(spots) for _, spots in (*left, *right)):
                return False
            product = ONE
            for (factor, _), n in (left or right).items():
                product = product.times(self.bounds.of(factor).power(n))
            apart = ONE.minus(product) if left else product.minus(ONE)
            return _above(apart, strict)
        if left.total() != 1 or right.total() != 1:
            return False
        ((x, spots),), ((y, others),) = left, right
        return spots == others and x.axes == y.axes and self.less(x, y, strict, depth)

    def _by_terms(self, difference: Expr, strict: bool, depth: int) -> bool:
        """A sum in which each negative term is met by a positive one, the others being >= 0."""
        terms = [coefficient(term) for term in _terms(difference)]
        up = [(count, rest) for count, rest in terms if count > 0]
        down = [(-count, rest) for count, rest in terms if count < 0]
        if not up or not down or len(terms) > _MOST_TERMS:
            return False
        sure = False
        for count, rest in down:
            for k, (most, larger) in enumerate(up):
                if most == count and rest.axes == larger.axes:
                    if strict and self.less(rest, larger, True, depth):
                        sure = True
                    elif not self.less(rest, larger, False, depth):
                        continue
                    del up[k]
                    break
            else:
                return False
        left = [self.bounds.of(rest) for _, rest in up]
        sure = sure or any(i.positive for i in left)
        return all(i.low >= 0 for i in left) and (sure or not strict)


def _bare(node: Expr) -> Expr:
    while is_named(node):
        node = node.kids[0]
    return node


def _terms(node: Expr) -> list[Expr]:
    node = _bare(node)
    return [t for term in node.terms for t in _terms(term)] if isinstance(node, Add) else [node]
