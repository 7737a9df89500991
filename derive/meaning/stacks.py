"""What is known of the constants that stack columns (``derive.operators.stacking``).

The idea: a flat index and a pair of indices determine each other.  So two stacks that share one
side share the other, a stack that no one else looks at sums to 1, and a flat axis of an array is
two axes to whoever reads the array's columns one after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from derive.kernel.expr import Call, Contract, Delta, Expr, Number, Ones
from derive.kernel.sizes import Axis
from derive.operators.stacking import is_stack, stacks

Spot: TypeAlias = "tuple[int, int, int]"
Sizes: TypeAlias = "tuple[Axis, Axis]"


class Step(NamedTuple):
    """What a law does to the stacks of a product: which go, which indices are equal, which stacks
    come, and which sums are done."""

    gone: tuple[int, ...]
    equal: tuple[tuple[int, int], ...] = ()
    new: tuple[tuple[Sizes, Spot], ...] = ()
    done: frozenset[int] = frozenset()


def law(
    stacks: Sequence[tuple[Sizes, Spot]], uses: Mapping[int, int], summed: Callable[[int], bool]
) -> Step | None:
    """The first law that applies to the stacks of a product; None if none does.

    ``uses`` counts the places of every index in all of the factors.
    """
    for a, (sizes, (i, j, k)) in enumerate(stacks):
        for b in range(a + 1, len(stacks)):
            other, (p, q, r) = stacks[b]
            if sizes == other and r == k:
                return Step((b,), ((i, p), (j, q)))
            if sizes == other and (p, q) == (i, j):
                return Step((b,), ((k, r),))
        if summed(k) and uses[k] == 1:
            return Step((a,), done=frozenset((k,)))
        if summed(i) and summed(j) and i != j and uses[i] == uses[j] == 1:
            return Step((a,), done=frozenset((i, j)))
    # (a, (b, c)) is ((a, b), c)
    for a, ((m, _), (i, z, y)) in enumerate(stacks):
        for b, ((n, p), (j, k, flat)) in enumerate(stacks):
            if a != b and flat == z and summed(z) and uses[z] == 2:
                left, right = ((m, n), (i, j, z)), ((m * n, p), (z, k, y))
                return Step((a, b), (), (left, right))
    return None


Apart: TypeAlias = "tuple[Expr, tuple[int, ...], Number]"


def unstacked(
    factors: Sequence[Apart],
    powers: dict[tuple[Expr, tuple[int, ...]], Number],
    out: Sequence[int],
    now: Callable[[int], int],
) -> list[Apart] | None:
    """The factors of a product by the first law that applies to the stacks among them, each an
    atom, its indices and its exponent; None if none does.

    ``powers`` are the factors with their deltas gone, which make ``now(i)`` of an index; ``out``
    are the indices of the result.  The exponents of stacks, which are 1 or 0, become 1.
    """
    keys = list(powers)
    flat = [k for k, (atom, _) in enumerate(keys) if type(atom) is Call and is_stack(atom)]
    if not flat:
        return None
    for k in flat:
        powers[keys[k]] = min(powers[keys[k]], 1)
    stays = set(map(now, out))
    uses = Counter(i for _, own in keys for i in own)
    spots: Any = [(keys[k][0].op.params, keys[k][1]) for k in flat]  # type: ignore[attr-defined]
    step = law(spots, uses, lambda i: i not in stays)
    if step is None:
        return None
    gone = {flat[k] for k in step.gone}
    axes = {i: n for atom, own, *_ in (*keys, *factors) for i, n in zip(own, atom.axes)}
    made: list[Apart] = [(*key, powers[key]) for k, key in enumerate(keys) if k not in gone]
    made += [(Delta(axes[i]), (i, j), 1) for i, j in step.equal]
    made += [(stacks(*sizes), own, 1) for sizes, own in step.new]
    # What is summed still counts, and what is equal stays so, unless the sum is done.
    left = [(f, own) for f, own, _ in factors if step.done.isdisjoint(map(now, own))]
    made += [(f, own, 1) for f, own in left if isinstance(f, Delta)]
    rest = {i for _, own, _ in factors for i in own if now(i) not in step.done}
    return made + [(Ones(axes[i]), (i,), 1) for i in sorted(rest)]


class Opened(NamedTuple):
    """A product without stacks: each factor with its finer indices, and the finer indices of each
    of its axes; ``out`` has those of every axis of the result."""

    factors: tuple[Expr, ...]
    parts: tuple[tuple[tuple[int, ...], ...], ...]
    out: tuple[tuple[int, ...], ...]
    extent: dict[int, Axis]


def below(node: Expr) -> tuple[Expr, ...]:
    """What a node is computed from: of a product with flat axes the factors of its opened form."""
    cut = opened(node) if isinstance(node, Contract) else None
    return node.kids if cut is None else cut.factors


def opened(node: Contract) -> Opened | None:
    """The product with every flat index as its pair, the slower one first; None without stacks.

    Products with flat axes among its factors are multiplied in: a Kronecker product is never made
    where it meets a vec.  Of an array in C order a flat axis is then a reshape.  None too where an
    axis and its pair are both axes of the result.
    """
    if not any(is_stack(f) or _is_flat(f) for f in node.factors):
        return None
    merged, extent = _merged(node)
    cuts = _Cuts(extent)
    kept = [(f, own) for f, own in merged if not (is_stack(f) and cuts.cut(*own))]
    if not cuts.settle():
        return None
    out = tuple(map(cuts.fine, node.out))
    flat = [i for part in out for i in part]
    if len(set(flat)) < len(flat):
        return None
    parts = [tuple(map(cuts.fine, own)) for _, own in kept]
    here = {i for own in parts for part in own for i in part}
    every = dict.fromkeys(i for _, own in merged for k in own for i in cuts.fine(k))
    bare = [i for i in every if i not in here]
    factors = (*(f for f, _ in kept), *(Ones(extent[i]) for i in bare))
    return Opened(factors, (*parts, *(((i,),) for i in bare)), out, extent)


def _is_flat(node: Expr) -> bool:
    return isinstance(node, Contract) and any(map(is_stack, node.factors))


def _merged(node: Contract) -> tuple[list[tuple[Expr, tuple[int, ...]]], dict[int, Axis]]:
    """The factors with those of the products with flat or many axes among them, and the size of
    every index."""
    waiting = list(zip(node.factors, node.indices))[::-1]
    fresh = 1 + max((i for own in node.indices for i in own), default=0)
    done: list[tuple[Expr, tuple[int, ...]]] = []
    extent: dict[int, Axis] = {}
    while waiting:
        factor, own = waiting.pop()
        extent |= zip(own, factor.axes)
        if not (isinstance(factor, Contract) and (_is_flat(factor) or len(factor.axes) > 2)):
            done.append((factor, own))
            continue
        names = dict(zip(factor.out, own))
        for i in (i for spots in factor.indices for i in spots):
            if i not in names:
                names[i], fresh = fresh, fresh + 1
        inner = [tuple(names[i] for i in spots) for spots in factor.indices]
        waiting += list(zip(factor.factors, inner))[::-1]
    return done, extent


class _Cuts:
    """Which indices are cut into which pairs, and which of them are one."""

    def __init__(self, extent: Mapping[int, Axis]) -> None:
        self.extent = extent
        self.equal: dict[int, int] = {}
        self.pairs: dict[int, tuple[int, int]] = {}

    def now(self, i: int) -> int:
        while i in self.equal:
            i = self.equal[i]
        return i

    def cut(self, i: int, j: int, k: int) -> bool:
        """Cut k into j and i; False where it is cut in another way already."""
        i, j, k = map(self.now, (i, j, k))
        slow, fast = map(self.now, self.pairs.setdefault(k, (j, i)))
        if (self.extent[slow], self.extent[fast]) != (self.extent[j], self.extent[i]):
            return False
        for a, b in ((slow, j), (fast, i)):
            a, b = self.now(a), self.now(b)
            if a != b:
                self.equal[b] = a
        return True

    def settle(self) -> bool:
        """Give the pair of an index to the one that it is equal to; False where both have one."""
        for gone in [k for k in self.pairs if k in self.equal]:
            if self.now(gone) in self.pairs:
                return False
            self.pairs[self.now(gone)] = self.pairs.pop(gone)
        return True

    def fine(self, i: int) -> tuple[int, ...]:
        """The indices that an index is made of, the slowest first."""
        done: list[int] = []
        waiting = [self.now(i)]
        while waiting:
            at = waiting.pop()
            if at in self.pairs:
                waiting += map(self.now, reversed(self.pairs[at]))
            else:
                done.append(at)
        return tuple(done)
