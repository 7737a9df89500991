r"""Products with flat axes as matrix notation: vec(X), A \otimes B, and 4-axis arrays as matrices.

The idea: a flat axis is a pair of indices, a slow one and a fast one.  What hangs on one pair is a
matrix that is stacked; where two pairs meet, what joins the slow indices times what joins the fast
ones is a Kronecker product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from derive.kernel.build import add
from derive.kernel.contraction import contracted
from derive.kernel.expr import Add, Contract, Expr, Ones
from derive.kernel.sizes import Axis
from derive.meaning.normal import normal
from derive.meaning.stacks import Spot, law
from derive.operators.stacking import is_stack, stacked
from derive.tree import Tree, tree
from derive.writing.chain import Piece, array_form, components, unit
from derive.writing.flat import Factor
from derive.writing.terms import IDENTITY
from derive.writing.words import (
    Part,
    Parts,
    as_row,
    function,
    joined,
    product,
    size_tree,
    total,
)


class End(NamedTuple):
    """An index by which a bundle hangs together with the rest; a flat one has its pair."""

    index: int
    slow: int | None = None
    fast: int | None = None

    @property
    def inner(self) -> tuple[int, ...]:
        return (self.index,) if self.fast is None or self.slow is None else (self.fast, self.slow)


def simplified(factors: list[Factor], stays: Callable[[int], bool]) -> list[Factor]:
    """The factors by the laws of the stacks among them, where these only rename or drop."""
    while True:
        flat = [k for k, f in enumerate(factors) if is_stack(f.node)]
        if not flat:
            return factors
        uses: dict[int, int] = {}
        for f in factors:
            for i in f.own:
                uses[i] = uses.get(i, 0) + 1
        spots: list[tuple[tuple[Axis, Axis], Spot]] = [
            (factors[k].node.axes[:2], factors[k].own)
            for k in flat  # type: ignore[misc]
        ]
        step = law(spots, uses, lambda i: not stays(i))
        if step is None or step.new or any(stays(i) and stays(j) for i, j in step.equal if i != j):
            return factors
        gone = {flat[k] for k in step.gone}
        left = [f for k, f in enumerate(factors) if k not in gone]
        for i, j in step.equal:
            stay, go = (i, j) if stays(i) else (j, i)
            left = [f._replace(own=tuple(stay if x == go else x for x in f.own)) for f in left]
        if step.done:
            (at,) = gone
            rest = [(i, n) for i, n in zip(factors[at].own, factors[at].node.axes)]
            left += [Factor(Ones(n), (i,)) for i, n in rest if i not in step.done]
        factors = left


def bundles(
    pieces: Sequence[Piece], flat: Sequence[Spot], apart: frozenset[int]
) -> list[tuple[list[Piece], list[End]]]:
    """The pieces that hang together by the pairs of flat indices, each group with its ends.

    ``apart`` are the indices that hold nothing together: those of the result.
    """
    outer = {k for _, _, k in flat}
    links: list[tuple[set[int], list[Piece], list[Spot]]] = [
        ({i, j, k}, [], [(i, j, k)]) for i, j, k in flat
    ]
    links += [(set(p.own), [p], []) for p in pieces]
    groups: list[tuple[set[int], list[Piece], list[Spot]]] = []
    for own, mine, spots in links:
        own = own - apart - outer
        met = [g for g in groups if g[0] & own]
        for g in met:
            own, mine, spots = own | g[0], [*g[1], *mine], [*g[2], *spots]
        groups = [g for g in groups if g not in met]
        groups.append((own, mine, spots))
    found: list[tuple[list[Piece], list[End]]] = []
    for _, mine, spots in groups:
        if not spots:
            continue
        ends = [End(k, j, i) for i, j, k in spots]
        own = dict.fromkeys(i for p in mine for i in p.own if i in apart or i in outer)
        ends += [End(i) for i in own if all(i != end.index for end in ends)]
        found.append((mine, ends))
    alone = [one for one in found if _is_pair(*one)]
    if len(alone) == 2:
        # (a \otimes b) (c \otimes d)^T is a c^T \otimes b d^T
        found = [one for one in found if one not in alone]
        found.append(([*alone[0][0], *alone[1][0]], [*alone[0][1], *alone[1][1]]))
    return found


def _is_pair(pieces: Sequence[Piece], ends: Sequence[End]) -> bool:
    """Whether a group is the Kronecker product of two vectors."""
    if len(ends) != 1 or ends[0].fast is None or ends[0].slow is None:
        return False
    both = _sorted(components(pieces), [(ends[0].slow,), (ends[0].fast,)])
    return both is not None and all(both)


def bundle(
    pieces: Sequence[Piece], ends: Sequence[End], lone: frozenset[int], extent: Mapping[int, Axis]
) -> Parts | None:
    """What a group of pieces says between its ends; None if matrix notation cannot say it."""
    if any(len(p.own) > 2 for p in pieces):
        return None
    groups = components(pieces)
    if len(ends) == 1:
        return _vector(groups, ends[0], lone)
    if len(ends) != 2:
        return None
    rows, columns = ends
    shared = [i for i in columns.inner if i in rows.inner]
    if shared:
        # the two sides are one pair: an identity between them
        fresh = {i: -1 - i for i in shared}
        pieces = [*pieces, *(unit((i, fresh[i]), 0) for i in shared)]
        other = (fresh.get(i, i) if i is not None else None for i in columns[1:])
        extent = {**extent, **{fresh[i]: extent[i] for i in shared}}
        return bundle(pieces, (rows, End(columns.index, *other)), lone, extent)
    apart = _sorted(groups, [rows.inner, columns.inner])
    both = _sorted(groups, [_side(ends, "slow"), _side(ends, "fast")])
    if (both is not None and all(both)) or (both is not None and apart is None):
        return _kronecker(both, ends, lone)
    if apart is not None:
        left = _vector(apart[0], rows, lone)
        right = _vector(apart[1], columns, lone)
        return None if left is None or right is None else (*left, *as_row(right))
    if rows.fast is None or columns.fast is None:
        return None
    crossed = _sorted(groups, [(rows.slow, columns.fast), (rows.fast, columns.slow)])
    if crossed is not None:
        turned = End(columns.index, columns.fast, columns.slow)
        made = _kronecker(crossed, (rows, turned), lone)
        sizes = [extent[turned.slow], extent[turned.fast]]  # type: ignore[index]
        if made is None:
            return None
        bare = all(kid == IDENTITY for kid in made[0].tree.kids)
        return (*(() if bare else made), Part(commuting(*sizes)))
    return _diagonal(pieces, rows, columns, lone)


def unstacked(pieces: Sequence[Piece], spot: Spot, sizes: Sequence[Axis]) -> Piece | None:
    """The matrix whose columns are a vector; None where more than one vector hangs on its axis."""
    here = [p for p in pieces if spot[2] in p.own]
    if len(here) != 1 or here[0].own != spot[2:]:
        return None
    word = tree("script", Tree("name", (r"\operatorname{unvec}",)),
                tree("list", *map(size_tree, sizes)), None)  # fmt: skip
    made = Tree("call", (word, joined(here[0].parts)))
    return Piece((Part(made),), spot[:2], here[0].order)


def commuting(m: Axis, n: Axis) -> Tree:
    r"""\mathbf{K}_{m,n}, which takes vec(A) to vec(A^\top)."""
    return tree("script", Tree("name", (r"\mathbf{K}",)), tree("list", size_tree(m), size_tree(n)),
                None)  # fmt: skip


def _side(ends: Sequence[End], which: str) -> tuple[int, ...]:
    """The slow or the fast indices; one that is no pair goes with whichever it hangs on."""
    found = []
    for end in ends:
        at = getattr(end, which)
        found.append(end.index if end.fast is None else at)
    return tuple(found)


Groups = list[list[Piece]]


def _sorted(groups: Groups, sets: Sequence[tuple]) -> list[Groups] | None:
    """The groups by the set of indices that holds theirs; None if one is in no set."""
    every = {i for one in sets for i in one}
    found: list[Groups] = [[] for _ in sets]
    for group in groups:
        own = {i for p in group for i in p.own} & every
        k = next((k for k, one in enumerate(sets) if own <= set(one)), None)
        if k is None:
            return None
        found[k].append(group)
    return found


def _touching(groups: Groups, indices: Sequence[int]) -> tuple[int, ...]:
    own = {i for group in groups for p in group for i in p.own}
    return tuple(i for i in indices if i in own)


def _kronecker(both: list[Groups], ends: Sequence[End], lone: frozenset[int]) -> Parts | None:
    """What joins the slow indices, times what joins the fast ones."""
    parts: list[Parts] = []
    plain = [end.index for end in ends if end.fast is None]
    for groups, which in zip(both, ("slow", "fast"), strict=True):
        own = [i for i in _side(ends, which) if i is not None]
        if plain:
            # a plain index hangs on one of the two
            here = _touching(groups, plain)
            other = _touching(both[which == "slow"], plain)
            if here and other:
                return None
            own = [i for i in own if i not in plain or i in here]
            if not here and not other and which == "slow":
                own = list(_side(ends, which))
        made = array_form(groups, tuple(own), lone)
        if made is None:
            return None
        if len(own) == 1 and plain and ends[1].fast is not None:
            made = as_row(made)  # the flat axis is that of the columns
        parts.append(made)
    return (Part(Tree("kronecker", tuple(joined(p) for p in parts))),)


def _vector(groups: Groups, end: End, lone: frozenset[int]) -> Parts | None:
    """The vector at one end: of two parts a Kronecker product, else a stacked matrix."""
    if end.fast is None or end.slow is None:
        return array_form(groups, (end.index,), lone)
    both = _sorted(groups, [(end.slow,), (end.fast,)])
    if both is not None and all(both):
        slow, fast = array_form(both[0], (end.slow,), lone), array_form(both[1], (end.fast,), lone)
        if slow is None or fast is None:
            return None
        return (Part(tree("kronecker", joined(slow), joined(fast))),)
    matrix = array_form(groups, (end.fast, end.slow), lone)
    return None if matrix is None else (Part(function(r"\operatorname{vec}", joined(matrix))),)


def _diagonal(
    pieces: Sequence[Piece], rows: End, columns: End, lone: frozenset[int]
) -> Parts | None:
    """diag(vec(M)) where each row is its own column."""
    pairs = [{rows.fast, columns.fast}, {rows.slow, columns.slow}]
    units = [p for p in pieces if p.unit and set(p.own) in pairs]
    if len({frozenset(p.own) for p in units}) < 2:
        return None
    names = {columns.fast: rows.fast, columns.slow: rows.slow}
    rest = [
        Piece(p.parts, tuple(names.get(i, i) for i in p.own), p.order, p.unit, p.back)  # type: ignore[misc]
        for p in pieces if not any(p is u for u in units)
    ]  # fmt: skip
    inner = _vector(components(rest), rows, lone)
    if inner is None:
        return None
    return (Part(function(r"\operatorname{diag}", joined(inner)), even=True),)


def as_matrix(root: Expr, said: Callable[[Expr], Tree]) -> Tree | None:
    r"""A derivative of matrices by matrices as the matrix that takes vec to vec, where it has a
    form, V^\top V \otimes I; None where it has none.  ``said`` writes an expression."""
    forms = dict.fromkeys((root, normal(root)))
    trees = [said(laid_out(form, ((0, 1), (2, 3)))) for form in forms]
    return min(filter(says_matrix, trees), key=tree_size, default=None)


def term_by_term(root: Expr, said: Callable[[Expr], Tree]) -> Tree | None:
    """A product with flat axes multiplied out, where that puts it in matrix notation."""
    terms = spread_out(root)
    tree = said(add(*terms)) if len(terms) > 1 else None
    return tree if tree is not None and says_matrix(tree) else None


def laid_out(expr: Expr, groups: Sequence[tuple[int, ...]]) -> Expr:
    """The array with these groups of axes as its axes, a sum term by term; () for as it is."""
    if not groups:
        return expr
    if all(len(group) == 1 for group in groups):
        return stacked(expr, *groups)
    return add(*(stacked(term, *groups) for term in spread_out(expr)))


def spread_out(expr: Expr) -> list[Expr]:
    """The terms of an array: a product is multiplied out where a sum of many axes is a factor of
    it, and nowhere else."""
    done: list[Expr] = []
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        if len(done) + len(waiting) > _MOST_TERMS:
            return [expr]
        if isinstance(node, Add):
            waiting += reversed(node.terms)
            continue
        wide = None
        if isinstance(node, Contract):
            node = _merged(node)
            wide = next((k for k, f in enumerate(node.factors) if _is_wide(f)), None)
        if wide is None or not isinstance(node, Contract):
            done.append(node)
            continue
        for term in reversed(node.factors[wide].kids):
            factors = (*node.factors[:wide], term, *node.factors[wide + 1 :])
            waiting.append(contracted(factors, node.indices, node.out))
    return done


_MOST_TERMS = 24  # more are not said term by term


def _is_wide(node: Expr) -> bool:
    return isinstance(node, Add) and len(node.axes) > 2


def _merged(node: Contract) -> Contract:
    """The product with the products of more than two axes that are factors of it multiplied in."""
    while True:
        wide = next((k for k, f in enumerate(node.factors)
                     if isinstance(f, Contract) and len(f.axes) > 2), None)  # fmt: skip
        if wide is None:
            return node
        inner = node.factors[wide]
        assert isinstance(inner, Contract)
        names = dict(zip(inner.out, node.indices[wide]))
        fresh = 1 + max(i for own in node.indices for i in own)
        for i in (i for own in inner.indices for i in own):
            if i not in names:
                names[i], fresh = fresh, fresh + 1
        spots = tuple(tuple(names[i] for i in own) for own in inner.indices)
        made = contracted(
            (*node.factors[:wide], *inner.factors, *node.factors[wide + 1 :]),
            (*node.indices[:wide], *spots, *node.indices[wide + 1 :]), node.out,
        )  # fmt: skip
        if not isinstance(made, Contract):
            return node
        node = made


def is_flat(node: Expr) -> bool:
    """Whether a node is a product with flat axes."""
    return isinstance(node, Contract) and any(map(is_stack, node.factors))


def says_matrix(said: Tree) -> bool:
    """Whether a formula is in matrix notation: no entries, no stack spelled out."""
    stack = Tree("name", (r"\mathrm{stack}",))
    return not any(node.head == "index" or node == stack for node in said.subtrees())


def tree_size(said: Tree) -> int:
    """How many parts a formula has."""
    return sum(1 for _ in said.subtrees())


def gathered(terms: Sequence[Tree]) -> list[Tree]:
    r"""A \otimes B + A \otimes C is A \otimes (B + C); so it is on the right, and with numbers."""
    apart = [_scaled(term) for term in terms]
    if len(terms) < 2 or any(one is None for one in apart):
        return list(terms)
    known = [one for one in apart if one is not None]
    common = known[0][1] if all(one[1] == known[0][1] for one in known) else ()
    for k in (0, 1):
        same = known[0][2].kids[k]
        if any(one[2].kids[k] != same for one in known):
            continue
        inner = []
        for sign, scalars, pair in known:
            made = pair.kids[1 - k] if common else product([*scalars, pair.kids[1 - k]])
            inner.append(tree("neg", made) if sign < 0 else made)
        pair = [same, total(inner)]
        return [product([*common, Tree("kronecker", tuple(pair if k == 0 else pair[::-1]))])]
    return list(terms)


def _scaled(term: Tree) -> tuple[int, tuple[Tree, ...], Tree] | None:
    """A term as a sign, scalars and a Kronecker product of two; None for any other."""
    sign, inner = (-1, term.kids[0]) if term.head == "neg" else (1, term)
    *scalars, last = inner.kids if inner.head == "product" else (inner,)
    return (
        (sign, tuple(scalars), last) if last.head == "kronecker" and len(last.kids) == 2 else None
    )
