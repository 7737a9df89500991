r"""Matrices that are positive semidefinite by their form: X^\top diag(p (1 - p)) X.

The idea: v^\top M v >= 0 for every v follows from a few rules that look at no number: a sum of such
matrices; a mirror, in which the two halves of the axes change places and every factor meets its
image (A^\top D A, D diagonal with entries that are not negative or semidefinite itself, and so
Kronecker products); diag(p) - p p^\top of a distribution p, which is a variance; a declared kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from derive.derivation.network import REALS, Domain
from derive.kernel.build import rebuilt
from derive.kernel.contraction import contracted
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Delta,
    Expr,
    Num,
    Operator,
    Var,
    is_named,
    toposort,
)
from derive.meaning.kinds import closed, is_symmetric, kinds_of
from derive.meaning.normal import normal
from proofs.equal.bounds import Bounds, Interval

Spots: TypeAlias = tuple[int, ...]
_DEEPEST = 6
_MOST = 16  # factors of a product that are looked at


@dataclass(frozen=True, slots=True)
class Certificate:
    """Why a matrix is positive semidefinite; ``strict``: shown to be positive definite."""

    reasons: tuple[str, ...]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """A product of factors at indices, summed over what is not in ``out``."""

    factors: tuple[Expr, ...]
    spots: tuple[Spots, ...]
    out: Spots

    @classmethod
    def of(cls, node: Expr) -> Product:
        """The flat product that an expression is; names and sums in it stay closed factors."""
        axes = tuple(range(len(node.axes)))
        factors: list[Expr] = []
        spots: list[Spots] = []
        fresh = len(axes)
        waiting: list[tuple[Expr, Spots]] = [(node, axes)]
        while waiting:
            inner, own = waiting.pop()
            while is_named(inner) and isinstance(inner.kids[0], Contract):
                inner = inner.kids[0]
            if not isinstance(inner, Contract) or len(factors) + len(waiting) > _MOST:
                factors.append(inner)
                spots.append(own)
                continue
            names = dict(zip(inner.out, own, strict=True))
            for factor, at in reversed(list(zip(inner.factors, inner.indices, strict=True))):
                for i in at:
                    if i not in names:
                        names[i], fresh = fresh, fresh + 1
                waiting.append((factor, tuple(names[i] for i in at)))
        return cls(tuple(factors), tuple(spots), axes)

    def without(self, *gone: int) -> Product:
        kept = [k for k in range(len(self.factors)) if k not in gone]
        return Product(
            tuple(self.factors[k] for k in kept), tuple(self.spots[k] for k in kept), self.out
        )

    def beside(self, *more: tuple[Expr, Spots]) -> Product:
        factors, spots = zip(*more, strict=True)
        return Product((*self.factors, *factors), (*self.spots, *spots), self.out)

    def with_diagonals(self) -> Product:
        """Each delta between a row and its column as two, which meet at an index of their own, and
        whatever hangs on the row or the column as hanging there: diag(d) = I diag(d) I."""
        half = len(self.out) // 2
        pairs = {frozenset(p): p for p in zip(self.out[:half], self.out[half:], strict=True)}
        fresh = 1 + max((i for own in (*self.spots, self.out) for i in own), default=0)
        made = self
        for delta, own in zip(self.factors, self.spots, strict=True):
            pair = pairs.pop(frozenset(own), None) if isinstance(delta, Delta) else None
            if pair is None:
                continue
            rest = [
                (f, tuple(fresh if i in pair else i for i in at))
                for f, at in zip(made.factors, made.spots, strict=True)
                if not (f is delta and frozenset(at) == frozenset(pair))
            ]
            ends = [(delta, (fresh, i)) for i in pair]
            factors, spots = zip(*rest, *ends, strict=True)
            made, fresh = Product(factors, spots, self.out), fresh + 1
        return made

    def expr(self) -> Expr:
        return contracted(self.factors, self.spots, self.out)


class Definite:
    """Shows that matrices are positive semidefinite, by what ``bounds`` knows of their entries."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds

    def shown(self, matrix: Expr, depth: int = 0) -> Certificate | None:
        """A certificate for a matrix, the first half of whose axes are its rows; None if no rule
        shows it."""
        axes = matrix.axes
        if len(axes) % 2 or axes[: len(axes) // 2] != axes[len(axes) // 2 :] or depth > _DEEPEST:
            return None
        while is_named(matrix):
            matrix = matrix.kids[0]
        known = kinds_of(matrix)
        if "semidefinite" in known:
            return Certificate(("it is declared",), "definite" in known)
        if isinstance(matrix, Call) and isinstance(matrix.op, Operator):
            if matrix.op.name == "inverse" and "definite" in kinds_of(matrix.args[0]):
                return Certificate(("the inverse of a positive definite matrix",), True)
            return None
        if isinstance(matrix, Delta):
            return Certificate(("the identity",), True)
        if isinstance(matrix, Add):
            return self._sum(_terms(matrix), depth)
        return self._product(Product.of(matrix), depth)

    # ------------------------------------------------------------------------------------- sums

    def _sum(self, terms: list[Expr], depth: int) -> Certificate | None:
        """A sum of semidefinite terms, some of which come together as a variance."""
        reasons: list[str] = []
        strict = False
        left: list[Product] = []
        for term in terms:
            found = self.shown(term, depth + 1)
            if found is None:
                left.append(Product.of(term))
            else:
                reasons += found.reasons
                strict = strict or found.strict
        # What is not semidefinite by itself may be minus p p^T beside diag(p), which then counts
        # with it and no more.
        if left:
            spare = {normal(term): term for term in terms}
            for product in left:
                beside = self._variance(product, depth)
                if beside is None or normal(beside) not in spare:
                    return None
                del spare[normal(beside)]
                reasons.append(
                    r"$\operatorname{diag}(p) - p p^\top$ of a distribution is a variance"
                )
            strict = any(
                found.strict for term in spare.values()
                if (found := self.shown(term, depth + 1)) is not None
            )  # fmt: skip
        return Certificate(tuple(dict.fromkeys(reasons)), strict)

    def _variance(self, product: Product, depth: int) -> Expr | None:
        """For - c p p^T in semidefinite surroundings: the term c diag(p) with which it is one."""
        half = len(product.out) // 2
        for a, (p, one) in enumerate(zip(product.factors, product.spots, strict=True)):
            for b in range(a + 1, len(product.factors)):
                other = product.spots[b]
                if product.factors[b] is not p or not self._sums_to_one(p):
                    continue
                if one[:-1] != other[:-1] or one[-1] == other[-1]:
                    continue
                rest = product.without(a, b)
                between = one[-1], other[-1]
                # The surroundings are semidefinite whatever semidefinite matrix is in the middle.
                middle = Var("D", (p.axes[-1],) * 2, (), closed(["semidefinite"]))
                around = rest.beside((Num(-1), ()), (middle, between)).with_diagonals()
                if self._mirrored(around, half, depth, one[:-1], between) is None:
                    continue
                diagonal = rest.beside((Num(-1), ()), (Delta(p.axes[-1]), between), (p, one))
                return diagonal.expr()
        return None

    def _sums_to_one(self, node: Expr) -> bool:
        """Whether a vector, or each along the last axis, is a distribution."""
        while is_named(node):
            node = node.kids[0]
        if isinstance(node, Call) and isinstance(node.op, Operator):
            return node.op.name == "softmax"
        domain = self.bounds.facts.get(node, REALS)
        if isinstance(node, Var) and "distribution" in kinds_of(node):
            return True
        # That the entries sum to 1 does not say that they are not negative.
        return domain.normalised and (self.bounds.of(node).low >= 0)

    # --------------------------------------------------------------------------------- products

    def _product(self, product: Product, depth: int) -> Certificate | None:
        half = len(product.out) // 2
        if half == 0:
            interval = self._weight(product, range(len(product.factors)))
            return Certificate(("a number that is not negative",), interval.positive) \
                if interval.low >= 0 else None  # fmt: skip
        return self._mirrored(product.with_diagonals(), half, depth)

    def _weight(self, product: Product, which: Sequence[int] | range) -> Interval:
        """Where a product of some of the factors lies, whatever the indices are, and its sums."""
        powers: dict[tuple[Expr, Spots], int] = {}
        for k in which:
            key = product.factors[k], product.spots[k]
            powers[key] = powers.get(key, 0) + 1
        total = Interval(1, 1)
        summed = False
        for (factor, own), n in powers.items():
            total = total.times(self.bounds.of(factor).power(n))
            summed = summed or not set(own) <= set(product.out)
        return total.summed() if summed else total

    def _mirrored(
        self, product: Product, half: int, depth: int, weighted: Spots = (),
        between: Spots | None = None,
    ) -> Certificate | None:  # fmt: skip
        """Σ_k w_k B_k D B_k^T: a product that is its own mirror image.

        What is mapped to itself must be a weight that is not negative, or a semidefinite matrix
        between an index and its image.  ``weighted``: indices that must be their own images;
        ``between``: two that must be each other's.
        """
        start = {i: j for i, j in zip(product.out[:half], product.out[half:], strict=True)}
        start |= {j: i for i, j in start.items()}
        for image, partner in self._mirrors(product, start):
            if any(image.get(i, i) != i for i in weighted):
                continue
            if between is not None and image.get(between[0]) != between[1]:
                continue
            if not _parted(product, half, image, partner):
                continue
            fixed = [k for k, other in partner.items() if k == other]
            weights = [k for k in fixed if all(image.get(i, i) == i for i in product.spots[k])]
            middles = [k for k in fixed if k not in weights]
            inner = [self.shown(product.factors[k], depth + 1) for k in middles]
            if any(one is None for one in inner) or self._weight_of(product, weights) < 0:
                continue
            ends = [k for k, other in partner.items() if k < other]
            plain = all(isinstance(product.factors[k], Delta) for k in ends) and not middles
            strict = plain and len(ends) == half and self._weight(product, weights).positive
            # I = Σ_k e_k e_k^T, and not 1 1^T: both ends of a pair hang on one index.
            strict = strict and all(
                not set(product.spots[k]).isdisjoint(product.spots[partner[k]]) for k in ends
            )
            return Certificate((_shape(product, weights, middles, plain),), strict)
        return None

    def _weight_of(self, product: Product, weights: list[int]) -> int:
        """-1 unless the product of the weights is nowhere negative."""
        powers: dict[tuple[Expr, Spots], int] = {}
        for k in weights:
            key = product.factors[k], product.spots[k]
            powers[key] = powers.get(key, 0) + 1
        total = Interval(1, 1)
        for (factor, _), n in powers.items():
            total = total.times(self.bounds.of(factor).power(n))
        return 1 if total.low >= 0 else -1

    def _mirrors(
        self, product: Product, start: dict[int, int]
    ) -> Iterator[tuple[dict[int, int], dict[int, int]]]:
        """The images of the indices, and the partner of each factor, under mirrors that extend
        ``start``: maps that are their own inverse and take every factor to one of the same kind."""
        count = len(product.factors)
        stack: list[tuple[dict[int, int], dict[int, int]]] = [(start, {})]
        tries = 0
        while stack and tries < 2_000:
            tries += 1
            image, partner = stack.pop()
            k = next((k for k in range(count) if k not in partner), None)
            if k is None:
                yield image, partner
                continue
            for other in range(k, count):
                if other in partner or product.factors[other] is not product.factors[k]:
                    continue
                orders = [product.spots[other]]
                if len(orders[0]) == 2 and _turns(product.factors[k]):
                    orders.append(orders[0][::-1])
                for order in dict.fromkeys(orders):
                    made = _extended(image, product.spots[k], order)
                    if made is not None:
                        stack.append((made, {**partner, k: other, other: k}))


def _parted(product: Product, half: int, image: dict[int, int], partner: dict[int, int]) -> bool:
    """Whether the indices that change places have two sides, an index and its image on different
    ones, so that the rows are on one side and so is each factor that has a partner: then the
    product is a number of one side times the same number of the other."""
    moved = [i for i, j in image.items() if i != j]
    alike: dict[int, set[int]] = {i: set() for i in moved}
    groups = [product.out[:half], *(product.spots[k] for k, j in partner.items() if k != j)]
    for group in groups:
        here = [i for i in group if i in alike]
        for i in here:
            alike[i] |= set(here)
    side: dict[int, bool] = {}
    for start in moved:
        waiting = [] if start in side else [(start, True)]
        while waiting:
            i, left = waiting.pop()
            if i in side:
                if side[i] != left:
                    return False
                continue
            side[i] = left
            waiting += [(j, left) for j in alike[i]]
            waiting.append((image[i], not left))
    return True


def _turns(node: Expr) -> bool:
    """Whether a matrix is its own transpose: by its kind, or by its normal form."""
    if len(node.axes) != 2 or node.axes[0] != node.axes[1]:
        return False
    if is_symmetric(node):
        return True
    return normal(contracted((node,), ((0, 1),), (1, 0))) is normal(node)


def _extended(image: dict[int, int], one: Spots, other: Spots) -> dict[int, int] | None:
    made = dict(image)
    for i, j in zip(one, other, strict=True):
        if made.setdefault(i, j) != j or made.setdefault(j, i) != i:
            return None
    return made


def _terms(node: Expr) -> list[Expr]:
    """The terms of a sum, names opened and products with a sum of their own multiplied out."""
    found: list[Expr] = []
    waiting = [node]
    while waiting:
        term = waiting.pop()
        inner = term
        while is_named(inner):
            inner = inner.kids[0]
        if isinstance(inner, Add):
            waiting += reversed(inner.terms)
        else:
            found.append(term)
    return found


def _shape(product: Product, weights: list[int], middles: list[int], plain: bool) -> str:
    numbers = all(not product.spots[k] for k in weights)
    if middles:
        return r"$A^\top D A$ with a positive semidefinite $D$"
    if plain:
        return "a diagonal matrix of entries that are not negative"
    if numbers:
        return r"$A^\top A$ times a number that is not negative"
    return r"$A^\top \operatorname{diag}(w) A$ with weights $w$ that are not negative"


def semidefinite(matrix: Expr, facts: Mapping[Expr, Domain]) -> Certificate | None:
    """A certificate that a matrix is positive semidefinite for all values within the facts and all
    sizes; None if no rule shows it.  The first half of its axes are its rows."""
    shows = Definite(Bounds(facts))
    whole = _opened(matrix)
    for form in dict.fromkeys((matrix, whole, normal(whole))):
        found = shows.shown(form)
        if found is not None:
            return found
    return None


def _opened(root: Expr) -> Expr:
    made: dict[Expr, Expr] = {}
    for node in toposort(root):
        kids = [made[kid] for kid in node.kids]
        made[node] = kids[0] if is_named(node) else rebuilt(node, kids)
    return made[root]
