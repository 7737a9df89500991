"""The proof of an equality: names closed first and words opaque, then opened as they are needed.

The idea: both sides are read into one ring, and their difference is 0, at once or when it has been
multiplied by its denominators.  What a name or a word means is looked at only if that fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import product as every_choice
from math import ceil
from time import thread_time
from typing import TypeAlias

from derive.derivation.network import Domain
from derive.kernel.expr import Add, Axes, Expr, is_named, toposort
from derive.kernel.sizes import Axis, Size
from derive.meaning.blocks import cells, has_blocks
from derive.meaning.matrices import is_inverse
from proofs.equal.atoms import CONSTANT, OverBudget, Poly, Undefined
from proofs.equal.bounds import POSITIVE, Bounds, Interval
from proofs.equal.cleared import zero_by_clearing
from proofs.equal.defined import Guarded, needed, open_conditions, supposed, unscaled
from proofs.equal.null import almost_nowhere_zero
from proofs.equal.proof import Condition, Proof
from proofs.equal.reading import Reading, View, is_piecewise, is_smooth_word

_NO_FACTS: Mapping[Expr, Domain] = {}
_ROUNDS = 5  # denominators inside denominators
_MOST_WAYS = 32  # ways tried to prove a sum entry by entry

Opened: TypeAlias = frozenset[Expr]


def prove(
    a: Expr, b: Expr, facts: Mapping[Expr, Domain] = _NO_FACTS, *,
    seconds: float = 0.25, terms: int = 8_000,
) -> Proof | None:  # fmt: skip
    """A proof that a = b for all sizes of at least 1, over the reals; None where none was found.

    ``facts`` says where variables live.  The proof holds wherever both sides are defined and its
    conditions hold, for variables that are free within their facts: values that hang together in
    some other way (a name for a variable's function, given as a variable) are not known.
    ``seconds`` of this thread and ``terms`` (products made in one attempt) bound the work.
    """
    if a is b and not any(is_inverse(node) for node in toposort(a)):
        return Proof()
    if a.axes != b.axes:
        return None
    end = thread_time() + seconds
    if has_blocks(a, b):
        found = _by_cells(a, b, facts, end, terms)
        if found is not None:
            return found
    return _proof(a, b, facts, end, seconds, terms)


def _proof(
    a: Expr, b: Expr, facts: Mapping[Expr, Domain], end: float, seconds: float, terms: int
) -> Proof | None:
    tried: set[View] = set()
    for view in _views(a, b):
        if view in tried:
            continue
        tried.add(view)
        now = thread_time()
        if now > end:
            return None
        ring = Reading(min(end, now + seconds / 3), terms, Bounds(facts), view)
        try:
            found = _attempt(a, b, ring)
        except (Undefined, OverBudget):
            continue
        if found is not None:
            return found
        if view.held and not ring.held:
            tried.add(view._replace(held=False))  # it would be the same
    return None


def _by_cells(
    a: Expr, b: Expr, facts: Mapping[Expr, Domain], end: float, terms: int
) -> Proof | None:
    """What is put side by side is equal if its parts are, cut alike on both sides."""
    every = frozenset(n for n in toposort(a, b) if is_named(n))
    few = _named_by_one(a, b)
    for opened in dict.fromkeys([frozenset(), few, every]):
        nulls: dict[Condition, None] = {}
        for left, right in cells(a, b, opened):
            found = Proof() if left is right else None
            if found is None:
                found = _proof(left, right, facts, end, max(end - thread_time(), 0), terms)
            if found is None:
                break
            nulls |= dict.fromkeys(found.almost_everywhere or ())
        else:
            # What a zero block has cancelled must be defined all the same.
            ring = Reading(end, terms, Bounds(facts), View(opened))
            conditions = _left_open(ring, *_needs(a, b, ring))
            return None if conditions is None else Proof(conditions, tuple(nulls) or None)
    return None


# ------------------------------------------------------------------------------ what is open


def _visible(root: Expr, opened: Opened) -> set[Expr]:
    return set(toposort(root, below=lambda n: _below(n, opened)))


def _below(node: Expr, opened: Opened) -> tuple[Expr, ...]:
    return () if is_named(node) and node not in opened else node.kids


def _views(a: Expr, b: Expr) -> Iterator[View]:
    """What to look at, in order: words opaque before they are open, few names before all."""
    few: Opened = frozenset()
    yield from _opaque(few)
    few = _named_by_one(a, b)
    yield from _opaque(few)
    yield from _words(a, b, frozenset())
    yield from _words(a, b, few)
    every = frozenset(n for n in toposort(a, b) if is_named(n))
    yield from _opaque(every)
    yield from _words(a, b, every)
    for opened in (few, every):
        # The sums that both sides have need not be multiplied out.
        both = _visible(a, opened) & _visible(b, opened)
        shared = frozenset(n for n in both if isinstance(n, Add) and n is not a and n is not b)
        if shared:
            yield View(opened, shared)


def _named_by_one(a: Expr, b: Expr) -> Opened:
    """The names that only one side has, the latest first, until both have the same."""
    opened: Opened = frozenset()
    latest = [n for n in toposort(a, b) if is_named(n)][::-1]
    while latest:
        left, right = _visible(a, opened), _visible(b, opened)
        more = next((n for n in latest if (n in left) != (n in right) and n not in opened), None)
        if more is None:
            break
        opened |= {more}
    return opened


def _opaque(opened: Opened) -> Iterator[View]:
    """Words opaque: products of sums as they are, then multiplied out."""
    yield View(opened, held=True)
    yield View(opened)


def _words(a: Expr, b: Expr, opened: Opened) -> Iterator[View]:
    """Words with a kink open, those with a smooth body, all of them."""
    nodes = _visible(a, opened) | _visible(b, opened)
    smooth = any(is_smooth_word(n) for n in nodes)
    pieces = any(is_piecewise(n) for n in nodes)
    if pieces:
        yield View(opened, pieces=True)
    if smooth:
        yield View(opened, smooth=True)
    if smooth and pieces:
        yield View(opened, smooth=True, pieces=True)


# ------------------------------------------------------------------------------- one attempt


def _attempt(a: Expr, b: Expr, ring: Reading) -> Proof | None:
    sure, guarded = _needs(a, b, ring)
    rest = ring.add(ring.of(a), ring.scale(-1, ring.of(b)))
    nulls: tuple[Condition, ...] | None = None
    if not _is_zero(ring, rest):
        if not ring.pieces:
            return None
        left, nulls = _off_null_sets(ring, rest)
        if not nulls or not _is_zero(ring, left):
            return None
    conditions = _left_open(ring, sure, guarded)
    return None if conditions is None else Proof(conditions, nulls)


def _needs(a: Expr, b: Expr, ring: Reading) -> tuple[list[Condition], list[Guarded]]:
    """What must hold for both to be defined, which the ring may suppose."""
    opened = ring.view.opened
    sure, guarded = needed((a, b), lambda node: _below(node, opened))
    ring.interval.assume((*supposed(sure), *_positive(sure, Bounds(ring.interval.facts))))
    return sure, guarded


def _left_open(
    ring: Reading, sure: list[Condition], guarded: list[Guarded]
) -> tuple[Condition, ...] | None:
    """The conditions that are not known to hold everywhere; None if they hold nowhere."""
    if not (sure or guarded):
        return ()
    plain = Bounds(ring.interval.facts)
    view = View(ring.view.opened, smooth=True, pieces=True)
    judge = Reading(ring.deadline, ring.left, plain, view)
    sure = sure + [c for g in guarded for c in _outside(judge, g)]
    return _not_everywhere(judge, open_conditions(sure, plain))


def _positive(conditions: Iterable[Condition], bounds: Bounds) -> Iterator[tuple[Expr, Interval]]:
    """What must not be 0 and is not negative."""
    for c in conditions:
        if c.relation == "!=" and bounds.of(c.expr).low >= 0:
            yield c.expr, POSITIVE


def _outside(ring: Reading, guarded: Guarded) -> list[Condition]:
    """What is left of a condition that is needed in a branch, where the branch does not give it.

    A divisor must not be 0 in the other branch either, because all is multiplied by it.
    """
    c = guarded.condition
    divides = [Condition("!=", c.expr)] if guarded.divides else []
    try:
        one: Poly = {CONSTANT: 1}
        at = ring.chosen(guarded.case)
        if at is None:
            return [c]
        at = at if guarded.taken else ring.add(one, ring.scale(-1, at))
        holds = _holds(ring, c)
        if at and not ring.multiply(at, holds):
            raise Undefined  # a branch without a value
        fails = ring.add(one, ring.scale(-1, holds))
        return [c] if ring.multiply(at, fails) else divides
    except OverBudget:
        return [c]


def _holds(ring: Reading, c: Condition) -> Poly:
    """1 where a condition holds, else 0."""
    u = ring.of(c.expr)
    if c.relation == ">":
        return ring.above(u)
    no = ring.above(ring.scale(-1, u)) if c.relation == ">=" else ring.zero(u)
    return ring.add({CONSTANT: 1}, ring.scale(-1, no))


def _not_everywhere(ring: Reading, conditions: tuple[Condition, ...]
                    ) -> tuple[Condition, ...] | None:  # fmt: skip
    """Those that do not hold everywhere; None if together they hold nowhere, as x > 0, -x > 0."""
    one: Poly = {CONSTANT: 1}
    together: dict[Axes, Poly] = {}
    kept = []
    for c in conditions:
        try:
            holds = _holds(ring, c)
            if holds == one:
                continue
            kept.append(c)
            axes = c.expr.axes
            together[axes] = ring.multiply(together.get(axes, one), holds)
            if not together[axes]:
                return None
        except (OverBudget, Undefined):
            kept.append(c)
    return tuple(dict.fromkeys(kept))


def _off_null_sets(ring: Reading, poly: Poly) -> tuple[Poly, tuple[Condition, ...]]:
    """The terms without those that are 0 off null sets, and these sets."""
    left: Poly = {}
    nulls: dict[Condition, None] = {}
    for term, count in poly.items():
        for a, _, _ in term:
            expr = next((e for e in ring.nulls.get(a, ())
                         if almost_nowhere_zero(e, ring.interval)), None)  # fmt: skip
            if expr is not None:
                nulls[Condition("=", unscaled(expr))] = None
                break
        else:
            left[term] = count
    return left, tuple(nulls)


# --------------------------------------------------------------------------- denominators


def _is_zero(ring: Reading, poly: Poly, depth: int = 2) -> bool:
    """Whether a polynomial is 0, multiplied by its denominators if need be."""
    for _ in range(_ROUNDS):
        if not poly:
            return True
        least: dict[tuple[int, tuple[int, ...]], int] = {}
        for term in poly:
            for a, own, e in term:
                if e < 0 and ring.atoms[a].kind == "P" and min(own, default=0) >= 0:
                    least[a, own] = max(least.get((a, own), 0), ceil(-Fraction(e)))
        if not least:
            break
        factors = [(a, own, n) for (a, own), n in least.items()]
        made: Poly = {}
        for term, count in poly.items():
            ring.gather(made, count, [*term, *factors])
        poly = made
    return (
        not poly
        or (depth > 0 and _zero_by_entries(ring, poly, depth))
        or zero_by_clearing(ring, poly)
    )


def _zero_by_entries(ring: Reading, poly: Poly, depth: int) -> bool:
    """Whether a sum is 0 because each of its entries is: where denominators stand below a sum.

    One summed index of every term becomes the same free one; a size is a sum of ones.
    """
    size = _summed_denominator(ring, poly)
    if size is None:
        return False
    entry = 1 + max((i for term in poly for _, own, _ in term for i in own), default=0)
    choices = []
    for term, count in poly.items():
        ways = _entries(ring, term, count, size, max(entry, 0))
        if not ways:
            return False
        choices.append(ways)
    for choice, _ in zip(every_choice(*choices), range(_MOST_WAYS), strict=False):
        made: Poly = {}
        for count, factors in choice:
            ring.gather(made, count, factors)
        if _is_zero(ring, made, depth - 1):
            return True
    return False


def _summed_denominator(ring: Reading, poly: Poly) -> Axis | None:
    """The size of a summed index at which a denominator stands."""
    for term in poly:
        for a, own, e in term:
            if e < 0 and ring.atoms[a].kind == "P":
                for i, n in zip(own, ring.atoms[a].axes, strict=True):
                    if i < 0:
                        return n
    return None


def _entries(ring: Reading, term, count, size: Axis, entry: int) -> list:
    """The term as a summand at this entry, for each of its sums over an index of this size."""
    at: dict[int, Axis] = {}
    below: set[int] = set()
    for a, own, e in term:
        for i, n in zip(own, ring.atoms[a].axes, strict=True):
            if i < 0:
                at[i] = n
                if e < 0 and ring.atoms[a].kind == "P":
                    below.add(i)
    sums = [i for i, n in at.items() if n == size]
    sums = [i for i in sums if i in below] or sums
    ways = [
        (count, [(a, tuple(entry if j == i else j for j in own), e) for a, own, e in term])
        for i in sums
    ]
    if ways:
        return ways
    if isinstance(size, Size):
        ones = ring.size(size)
        ((unit, n),) = ones.items() if len(ones) == 1 else ((CONSTANT, 0),)
        have = {(a, own): e for a, own, e in term}
        if n and all(have.get((a, own), 0) >= e for a, own, e in unit):
            return [(count / Fraction(n), [*term, *((a, own, -e) for a, own, e in unit)])]
        return []
    return [(count / Fraction(size), list(term))]
