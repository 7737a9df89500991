"""Products as people write them: grouped by shapes, merged into one contraction.

The idea: a written product is folded pair by pair; what a pair means follows from the shapes of
its two sides.  Where ⊙ leaves the grouping open, every grouping is tried: exactly one meaning is
taken, several are a question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from derive.elaborate.faults import Fault
from derive.elaborate.shown import shape_of, text
from derive.elaborate.terms.flat import as_matrix, kronecker
from derive.elaborate.values import Sizes, Value, contract_values, squeezed
from derive.kernel.expr import Var
from derive.kernel.sizes import Axis, SizeError, resolve, unknowns
from derive.meaning.normal import same
from derive.operators.blocks import joined, sliced
from derive.operators.pointwise import reciprocal
from derive.tree import Tree

KRONECKER, CROSS = r"\otimes", r"\times"
ENTRYWISE_DIVISION = r"\oslash"
HADAMARD = frozenset([r"\odot", r"\circ", KRONECKER, ENTRYWISE_DIVISION])
DOTS = frozenset([r"\cdot", r"\times", "*", r"\ast", r"\bullet"])
STARS = frozenset(["*", r"\ast"])
_MOST_GROUPED = 6  # factors that are grouped in every way, where the usual ways do not fit
DIVISIONS = frozenset(["/", r"\div"])
_READ = HADAMARD | DOTS | DIVISIONS | {""}


@dataclass(frozen=True, slots=True)
class Chain:
    """A product in the making: values with the index numbers of their axes, and what is left."""

    tree: Tree
    values: tuple[Value, ...]
    spots: tuple[tuple[int, ...], ...]
    out: tuple[int, ...]
    axes: tuple[Axis, ...]
    row: bool = False
    split: int = 1

    def shape_text(self) -> str:
        return shape_of(self.axes, self.row)


@dataclass(slots=True)
class Product:
    """One written product: its factors and signs, and the sizes known so far."""

    at: Tree
    known: Sizes
    next_index: int = 0

    def start(self, tree: Tree, value: Value) -> Chain:
        value = squeezed(self.known.current(value))
        spot = tuple(range(self.next_index, self.next_index + len(value.own)))
        self.next_index += len(spot)
        return Chain(tree, (value,), (spot,), spot, value.own, value.row, value.split)

    def finish(self, chain: Chain) -> Value:
        if len(chain.values) == 1 and chain.out == chain.spots[0]:
            return chain.values[0]
        value = contract_values(self.at, self.known, chain.values, chain.spots, chain.out)
        return Value(value.expr, value.opens, chain.row, chain.split)

    def is_loose(self, chain: Chain) -> bool:
        """Whether this scalar is a plain letter that is only tried as a scalar: w of w x."""
        return chain.tree.head == "symbol" and chain.tree.kids[0] in self.known.loose

    def is_member(self, chain: Chain) -> bool:
        """Whether this scalar is an x_i that is only tried as a scalar."""
        expr = chain.values[0].expr
        return len(chain.values) == 1 and isinstance(expr, Var) and expr.name in self.known.members

    def same(self, a: Axis, b: Axis, left: Chain, right: Chain, sign: str) -> None:
        try:
            self.known.unify(a, b)
        except SizeError:
            raise self.clash(left, right, sign) from None

    def clash(self, left: Chain, right: Chain, sign: str, help: str = "") -> Fault:
        said = {"odot": "multiply entry by entry"}.get(sign, "multiply")
        return Fault(
            "shape-clash",
            "shapes do not {}: $({})·({})$".format(
                said, *(chain.shape_text().strip("$") for chain in (left, right))
            ),
            (left.tree.span[0], right.tree.span[1]),
            help,
            (
                (left.tree, left.shape_text()),
                (right.tree, right.shape_text()),
            ),
        )

    def pair(self, left: Chain, right: Chain, sign: str) -> Chain:
        """Two neighbours: what their shapes say the product is.  Fault if they do not fit."""
        if sign == ENTRYWISE_DIVISION:
            return self.divided(left, right)
        kind = "odot" if sign in HADAMARD else "dot" if sign in DOTS else ""
        a, b = len(left.axes), len(right.axes)
        if sign == KRONECKER and a and b and self.is_kronecker(left, right):
            made = kronecker(self.at, self.known, self.finish(left), self.finish(right))
            return self.start(tree_of(left, right), made)
        if a == 0 or b == 0:
            scalar = left if a == 0 else right
            loose = scalar.tree.kids[:1] and self.is_loose(scalar)
            # W x_i is no matrix times a number, which stands before it.
            behind = a == 2 and not b and self.is_member(right)
            if a + b and (kind == "odot" or loose or behind):
                self.known.strain += 3
            self.known.strain += 4 * (not a + b and sign in (r"\odot", r"\circ"))
            shape = right if a == 0 else left
            spread = self.joined(left, right, {}, shape.out, shape.axes, shape.row)
            return replace(spread, split=shape.split)
        if kind == "odot":
            if a != b or (a == 1 and left.row != right.row):
                raise self.clash(left, right, "odot")
            for m, n in zip(left.axes, right.axes, strict=True):
                self.same(m, n, left, right, "odot")
            same = dict(zip(right.out, left.out, strict=True))
            return self.joined(left, right, same, left.out, left.axes, left.row)
        if a > 2 or b > 2:
            return self.composed(left, right, sign)
        if (a, b) == (1, 1):
            if left.row and not right.row:
                return self.contracted(left, right, sign, False)
            if not left.row and right.row:
                axes = (left.axes[0], right.axes[0])
                return self.joined(left, right, {}, (left.out[0], right.out[0]), axes, False)
            if sign == r"\cdot" and not left.row:
                return self.contracted(left, right, sign, False)
            if sign == CROSS and not left.row and self.is_spatial(left, right):
                return self.start(tree_of(left, right), self.crossed(left, right))
            u, v = _bracketed(left.tree), _bracketed(right.tree)
            raise self.clash(
                left, right, sign,
                rf"write ${u}^\top {v}$ for the inner product, ${u} \odot {v}$ entry by entry, "
                rf"${u} {v}^\top$ for the outer product",
            )  # fmt: skip
        if (a, b) == (2, 1) and right.row:
            raise self.clash(left, right, sign, "a row cannot stand to the right of a matrix")
        if (a, b) == (1, 2) and not left.row:
            raise self.clash(left, right, sign, rf"transpose it: ${_bracketed(left.tree)}^\top$")
        return self.contracted(left, right, sign, (a, b) == (1, 2))

    def is_kronecker(self, left: Chain, right: Chain) -> bool:
        r"""Whether \otimes is the Kronecker product: where the document says so, and of arrays
        whose shapes are known to differ."""
        if self.known.kronecker or len(left.axes) != len(right.axes) or left.row != right.row:
            return True
        if len(left.axes) == 2 and not self.known.entrywise:
            return True
        pairs = zip(left.axes, right.axes, strict=True)
        now = [(resolve(m, self.known.bound), resolve(n, self.known.bound)) for m, n in pairs]
        return any(m != n and not unknowns(m) and not unknowns(n) for m, n in now)

    def is_spatial(self, left: Chain, right: Chain) -> bool:
        """Whether both are vectors of three entries."""
        return all(resolve(n, self.known.bound) == 3 for n in (*left.axes, *right.axes))

    def crossed(self, left: Chain, right: Chain) -> Value:
        r"""a \times b of vectors of three entries."""
        sides = [self.known.current(self.finish(chain)) for chain in (left, right)]
        if any(value.opens for value in sides):
            raise Fault("unsupported", "a cross product of members is not read", self.at,
                        "write its three entries out")  # fmt: skip
        (a, b) = ([sliced(v.expr, -1, k, k + 1) for k in range(3)] for v in sides)
        entries = [a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3]
                   for k in range(3)]  # fmt: skip
        return Value(joined(entries))

    def composed(self, left: Chain, right: Chain, sign: str) -> Chain:
        """Linear maps one after the other, where one is the derivative of a vector by a matrix."""
        a, b = len(left.axes), len(right.axes)
        k = a - left.split if a > 2 else right.split
        ends = list(zip(left.axes[a - k :], right.axes[:k])) if 0 < k <= min(a, b) else []
        if not all(self.may_meet(m, n) for m, n in ends) or not ends:
            flat = [self.flat(chain) for chain in (left, right)]
            if all(flat):
                return self.pair(*flat, sign)  # type: ignore[arg-type]
        if not ends:
            raise self.clash(left, right, sign, "write this product with indices and a sum")
        for m, n in ends:
            self.same(m, n, left, right, sign)
        met = dict(zip(right.out[:k], left.out[a - k :], strict=True))
        out, axes = (*left.out[: a - k], *right.out[k:]), (*left.axes[: a - k], *right.axes[k:])
        return replace(self.joined(left, right, met, out, axes, False), split=max(a - k, 1))

    def may_meet(self, a: Axis, b: Axis) -> bool:
        a, b = resolve(a, self.known.bound), resolve(b, self.known.bound)
        return a == b or bool(unknowns(a) or unknowns(b))

    def flat(self, chain: Chain) -> Chain | None:
        """A derivative by a matrix as a matrix in the order of vec; others as they are."""
        if len(chain.axes) <= 2:
            return chain
        made = as_matrix(self.at, self.known, self.finish(chain))
        return None if made is None else self.start(chain.tree, made)

    def contracted(self, left: Chain, right: Chain, sign: str, row: bool) -> Chain:
        self.same(left.axes[-1], right.axes[0], left, right, sign)
        out = (*left.out[:-1], *right.out[1:])
        axes = (*left.axes[:-1], *right.axes[1:])
        return self.joined(left, right, {right.out[0]: left.out[-1]}, out, axes, row)

    def joined(
        self, left: Chain, right: Chain, rename: dict[int, int], out: tuple[int, ...],
        axes: tuple[Axis, ...], row: bool,
    ) -> Chain:  # fmt: skip
        spots = tuple(tuple(rename.get(i, i) for i in spot) for spot in right.spots)
        return Chain(
            tree_of(left, right), (*left.values, *right.values), (*left.spots, *spots),
            tuple(rename.get(i, i) for i in out), axes, row and len(axes) == 1,
        )  # fmt: skip

    def divided(self, left: Chain, right: Chain) -> Chain:
        value = self.finish(right)
        inverse = Value(reciprocal(value.expr), value.opens, value.row)
        # Division by a number bends nothing: by an array it is one of entry by entry.
        return self.pair(left, self.start(right.tree, inverse), r"\odot" if right.axes else "/")

    def fold(self, parts: Sequence[tuple[str, Chain]]) -> Chain:
        chain = parts[0][1]
        for sign, part in parts[1:]:
            divides = sign in DIVISIONS
            chain = self.divided(chain, part) if divides else self.pair(chain, part, sign)
        return chain


def tree_of(left: Chain, right: Chain) -> Tree:
    return Tree("juxt", (left.tree, right.tree), (left.tree.span[0], right.tree.span[1]))


def _bracketed(tree: Tree) -> str:
    written = text(tree)
    return f"({written})" if tree.head in ("sum", "juxt", "neg") else written


def product_of(
    at: Tree, known: Sizes, kids: Sequence[Tree], value_of: Callable[[Tree], Value]
) -> Value:
    """The value of a flat product of settled trees and ``op`` signs."""
    product = Product(at, known)
    parts: list[tuple[str, Chain]] = []
    sign = ""
    for kid in kids:
        if kid.head == "op":
            sign = str(kid.kids[0])
            if sign not in _READ:
                raise Fault(
                    "unsupported", f"the sign ${sign}$ has no meaning between quantities here", kid,
                    "write what it stands for with signs that are read: $+$, $-$, a product",
                )  # fmt: skip
            continue
        parts.append((sign, product.start(kid, value_of(kid))))
        sign = ""
    if not parts:
        raise Fault("unreadable", "a product without factors", at)
    if _runs_on(kids):
        raise Fault(
            "ambiguous-product",
            "what is below this stroke can be read in two ways that differ", at,
            r"write $\frac{a}{2 b}$ or $\frac{a}{2} b$, or add parentheses",
        )  # fmt: skip
    if any(sign in HADAMARD for sign, _ in parts):
        return _grouped(product, parts, known)
    before = dict(known.bound)
    try:
        return product.finish(product.fold(parts))
    except Fault:
        starred = [(r"\odot" if sign in STARS else sign, part) for sign, part in parts]
        if starred == parts:
            raise
        try:  # programs write * entry by entry
            known.bound = dict(before)
            return _grouped(product, starred, known, usual=True)
        except Fault:
            known.bound = before
        raise


def _runs_on(kids: Sequence[Tree]) -> bool:
    r"""Whether a stroke has a number and then a name behind it, x^2 / 2 \sigma^2, and more than a
    number before it, as 1 / 2 x^2 has: authors mean both."""
    for k, kid in enumerate(kids[:-2]):
        if kid.head == "op" and kid.kids[0] in DIVISIONS and kids[k + 1].head == "num":
            counted = all(one.head in ("num", "op") for one in kids[:k])
            if not counted and kids[k + 2].head in ("symbol", "power", "index"):
                return True
    return False


def _grouped(
    product: Product, parts: list[tuple[str, Chain]], known: Sizes, *, usual: bool = False
) -> Value:
    """The one meaning of a product with \\odot; ``usual``: by the customary groupings only."""
    found: dict[int, tuple[Value, dict]] = {}
    first: Fault | None = None
    before = dict(known.bound)
    signs = {sign for sign, _ in parts if sign in HADAMARD}
    for grouping in (_products_first, _hadamard_first):
        if found and known.kronecker and signs == {KRONECKER}:
            break  # A B \otimes C is (A B) \otimes C wherever that has a meaning
        known.bound = dict(before)
        try:
            value = product.finish(product.fold(list(grouping(product, parts))))
            found.setdefault(id(known.current(value).expr), (value, known.bound))
        except Fault as fault:
            first = first or fault
    if not found and not usual and len(parts) <= _MOST_GROUPED:
        for shape in _shapes(0, len(parts)):
            known.bound = dict(before)
            try:
                value = product.finish(_folded(product, parts, shape))
                found.setdefault(id(known.current(value).expr), (value, known.bound))
            except Fault:
                continue
    known.bound = before
    if not found:
        assert first is not None
        raise first
    if len(found) > 1:
        # A grouping that needs sizes to be equal which nothing else makes equal is not meant.
        fewest = min(len(bound) for _, bound in found.values())
        found = {key: one for key, one in found.items() if len(one[1]) == fewest}
    if len(found) > 1 and not _agree([v for v, _ in found.values()]):
        raise Fault(
            "ambiguous-product",
            r"this product with \odot can be grouped in two ways that differ",
            product.at,
            "add parentheses around what belongs together",
        )
    value, known.bound = next(iter(found.values()))
    return value


Shape: TypeAlias = "int | tuple[Shape, Shape]"


def _shapes(low: int, high: int) -> Iterator[Shape]:
    """Every way to put brackets around these factors."""
    if high - low == 1:
        yield low
    for cut in range(low + 1, high):
        for left in _shapes(low, cut):
            for right in _shapes(cut, high):
                yield left, right


def _folded(product: Product, parts: list[tuple[str, Chain]], shape: Shape) -> Chain:
    if isinstance(shape, int):
        return parts[shape][1]
    left, right = (_folded(product, parts, part) for part in shape)
    first = shape[1]
    while not isinstance(first, int):
        first = first[0]
    sign = parts[first][0]
    return product.divided(left, right) if sign in DIVISIONS else product.pair(left, right, sign)


def _agree(values: list[Value]) -> bool:
    return all(same(values[0].expr, v.expr) for v in values[1:])


def _products_first(product: Product, parts: list) -> Iterator[tuple[str, Chain]]:
    segment: list[tuple[str, Chain]] = []
    lead = ""
    for sign, part in parts:
        if sign in HADAMARD:
            if segment:
                yield lead, product.fold(segment)
            segment, lead = [], sign
            part = ("", part)
            segment.append(part)
        else:
            segment.append((sign, part))
    yield lead, product.fold(segment)


def _hadamard_first(product: Product, parts: list) -> Iterator[tuple[str, Chain]]:
    held: tuple[str, Chain] | None = None
    for sign, part in parts:
        if sign in HADAMARD and held is not None:
            held = (held[0], product.pair(held[1], part, sign))
        else:
            if held is not None:
                yield held
            held = (sign, part)
    assert held is not None
    yield held
