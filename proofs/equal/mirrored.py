r"""Matrices that are positive semidefinite by their form: X^\top diag(p (1 - p)) X.

The idea: v^\top M v >= 0 for every v follows from a few rules that look at no number: a sum of such
matrices; a mirror, in which the two halves of the axes change places and every factor meets its
image (A^\top D A, D diagonal with entries that are not negative or semidefinite itself, and so
Kronecker products); diag(p) - p p^\top of a distribution p, which is a variance; a declared kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from derive.derivation.network import REALS, Domain
from derive.kernel.build import rebuilt
from derive.kernel.contraction import contracted
from derive.kernel.expr import (
    Add,
    Call,
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
from proofs.equal.dominated import dominated
from proofs.equal.products import Product, Spots, terms_of

_OUTWEIGHS = r"$\operatorname{diag}(d)$ outweighs the $c\,h h^\top$ taken from it"
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Certificate:
    """Why a matrix is positive semidefinite; ``strict``: shown to be positive definite."""

    reasons: tuple[str, ...]
    strict: bool = False


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
            lone = matrix.op.name == "inverse" and len(axes) == 2  # of one matrix, not of each
            inside = self.shown(matrix.args[0], depth + 1) if lone else None
            if inside is not None:  # of a semidefinite matrix that has an inverse
                return Certificate(("the inverse of a positive definite matrix",), True)
            return None
        if isinstance(matrix, Delta):
            return Certificate(("the identity",), True)
        if isinstance(matrix, Add):
            return self._sum(terms_of(matrix), depth)
        product = Product.of(matrix)
        return self._multiple(product, depth) or self._product(product, depth)

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

    def _multiple(self, product: Product, depth: int) -> Certificate | None:
        """A sum times a number, which may be turned round: v^T M v = v^T M^T v."""
        half = len(product.out) // 2
        ways = product.out, product.out[half:] + product.out[:half]
        inner = [k for k, own in enumerate(product.spots) if own]
        if len(inner) != 1 or half == 0 or product.spots[inner[0]] not in ways:
            return None
        found = self.shown(product.factors[inner[0]], depth + 1)
        weight = self._weight(product.without(*inner), range(len(product.factors) - 1))
        if found is None or weight.low < 0:
            return None
        return Certificate(found.reasons, found.strict and weight.positive)

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
            if not strict and half == len(ends) == 1:
                firm = all(one is not None and one.strict for one in inner)
                positive = firm and self._weight(product, weights).positive
                strict = positive and _is_injective(product, ends[0], image, middles)
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


def _is_injective(
    product: Product, end: int, image: dict[int, int], middles: Sequence[int]
) -> bool:
    r"""Whether B v is 0 for v = 0 alone, where B is the end of B^\top D B."""
    factor, own = product.factors[end], product.spots[end]
    if len(own) != 2 or len({*own} & {*product.out}) != 1:
        return False
    outer = next(k for k, i in enumerate(own) if i in product.out)
    inner = own[1 - outer]
    met = {inner, image.get(inner, inner)}
    between = {i for k in middles for i in product.spots[k]}
    if len(middles) > 1 or (between != met if middles else len(met) != 1):
        return False
    return ("independent" if outer == 1 else "spanning") in kinds_of(factor)


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
    plain = normal(whole)
    forms = dict.fromkeys((matrix, whole, plain))
    found = [one for form in forms if (one := shows.shown(form)) is not None]
    if found:
        return next((one for one in found if one.strict), found[0])
    if len(matrix.axes) != 2 or not isinstance(plain, Add):
        return None
    strict = dominated([Product.of(term) for term in terms_of(plain)], facts)
    return None if strict is None else Certificate((_OUTWEIGHS,), strict)


def _opened(root: Expr) -> Expr:
    made: dict[Expr, Expr] = {}
    for node in toposort(root):
        kids = [made[kid] for kid in node.kids]
        made[node] = kids[0] if is_named(node) else rebuilt(node, kids)
    return made[root]
