"""A piece of a formula with its meaning: an expression, its open indices, and its orientation.

The idea: x_i is x with its axis left open under the letter i.  Open indices are leading axes with
names; everything else works on the axes that remain, and a sum closes an index again.  That one
mechanism carries components, samples and families.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from derive.elaborate.faults import Fault
from derive.elaborate.shown import shape_of, text
from derive.kernel import sizes
from derive.kernel.build import add, contracted, rebuilt
from derive.kernel.expr import (
    Axes,
    Call,
    Contract,
    Delta,
    Expr,
    Fn,
    Map,
    Name,
    Num,
    Ones,
    Operator,
    Var,
    registered,
    toposort,
)  # fmt: skip
from derive.kernel.sizes import Axis, SizeError
from derive.operators.incidence import incidence, is_incidence, raw
from derive.tree import Tree


@dataclass(frozen=True, slots=True)
class Value:
    """``expr`` has one leading axis for each letter in ``opens``; ``row`` says that the one axis
    that remains was written as a row.

    ``split``: an array of more than two axes stands for a linear map, of which so many axes come
    first: the derivative of a vector by a matrix.
    """

    expr: Expr
    opens: tuple[str, ...] = ()
    row: bool = False
    split: int = 1

    @property
    def own(self) -> Axes:
        return self.expr.axes[len(self.opens) :]

    @property
    def extents(self) -> dict[str, Axis]:
        return dict(zip(self.opens, self.expr.axes, strict=False))

    def shape_text(self) -> str:
        return shape_of(self.own, self.row)


@dataclass(slots=True)
class Sizes:
    """The sizes that unification has found so far, and expressions brought up to date with them."""

    bound: dict[str, Axis] = field(default_factory=dict)
    count: int = 0
    below: dict[Expr, frozenset[str]] = field(default_factory=dict)  # unknown sizes of a node
    strain: int = 0  # how often a reading bends what is customary; the least bent one is taken
    loose: frozenset[str] = frozenset()  # plain letters that are tried as scalars
    members: frozenset[str] = frozenset()  # families, x_i, that are tried as scalars
    kronecker: bool = False  # is \\otimes the Kronecker product, also of arrays of one shape
    row_major: bool = False  # does vec stack rows
    entrywise: bool = False  # does the document speak of products entry by entry

    def fresh(self) -> Axis:
        self.count += 1
        return sizes.unknown(self.count)

    def unify(self, a: Axis, b: Axis) -> Axis:
        return sizes.unify(a, b, self.bound)

    def current(self, value: Value) -> Value:
        """The value with every size that has been found since it was made."""
        expr = resized(value.expr, self.bound, self.below)
        return value if expr is value.expr else replace(value, expr=expr)


def below(root: Expr, known: dict[Expr, frozenset[str]]) -> frozenset[str]:
    """The unknown sizes in an expression; ``known`` remembers those of every node."""
    stack = [root]
    while stack:
        node = stack[-1]
        waiting = [kid for kid in node.kids if kid not in known]
        if node not in known and not waiting:
            own = {name for axis in _own_sizes(node) for name in sizes.unknowns(axis)}
            known[node] = frozenset(own).union(*(known[kid] for kid in node.kids))
        stack.pop() if not waiting else stack.extend(waiting)
    return known[root]


def _own_sizes(node: Expr) -> Sequence[Axis]:
    if isinstance(node, Call) and isinstance(node.op, Operator):
        return (*node.axes, *(p for p in node.op.params if isinstance(p, sizes.Size)))
    return node.axes if isinstance(node, Var | Delta | Ones) else ()


def resized(
    root: Expr, bound: Mapping[str, Axis], known: dict[Expr, frozenset[str]] | None = None,
    done: dict[Expr, Expr] | None = None,
) -> Expr:  # fmt: skip
    """The expression with unknown sizes replaced by what is known of them.

    Parts without a size to replace are not entered: a long network is brought up to date in the
    time that its newest layer takes.  ``known`` and ``done`` remember, over calls with one
    ``bound``, what was found of each node.
    """
    known = {} if known is None else known

    def settled(node: Expr) -> bool:
        return not any(name in bound for name in below(node, known))

    if not bound or settled(root):
        return root
    done = {} if done is None else done
    stack = [root]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        if settled(node):
            done[node] = node
        elif waiting := [kid for kid in node.kids if kid not in done]:
            stack.extend(waiting)
            continue
        else:
            done[node] = _resized(node, [done[kid] for kid in node.kids], bound)
        stack.pop()
    return done[root]


def _resized(node: Expr, kids: list[Expr], bound: Mapping[str, Axis]) -> Expr:
    match node:
        case Var(name, axes, letters, kinds):
            return Var(name, tuple(sizes.resolve(n, bound) for n in axes), letters, kinds)
        case Delta(n):
            return Delta(sizes.resolve(n, bound))
        case Ones(n):
            return Ones(sizes.resolve(n, bound))
        case Num():
            return node
        case Call(Operator() as op) if is_incidence(node):
            *steps, shift = op.params[: len(node.axes) + 1]
            axes = tuple(sizes.resolve(n, bound) for n in node.axes)
            made = raw if any(map(sizes.unknowns, axes)) else incidence
            return made([sizes.resolve(c, bound) for c in steps], sizes.resolve(shift, bound), axes)
        case Call(Operator() as op) if op.params:
            params = tuple(sizes.resolve(n, bound) for n in op.params)
            return Call(registered("operator", op.name, params), tuple(kids))
        case _:
            return rebuilt(node, kids)


def contract_values(
    at: Tree, known: Sizes, values: Sequence[Value], indices: Sequence[tuple[int, ...]],
    out: tuple[int, ...], close: Sequence[str] = (), *, describe: str = "multiply",
) -> Value:  # fmt: skip
    """The contraction of values: ``indices`` number their own axes, open letters match by name.

    Letters in ``close`` are summed.  Single contractions inside (transposes, squeezed axes) are
    merged, so that Wᵀδ is one node.
    """
    letters = tuple(dict.fromkeys(letter for v in values for letter in v.opens))
    number = {letter: -1 - k for k, letter in enumerate(letters)}
    spots = [
        (*(number[letter] for letter in v.opens), *own)
        for v, own in zip(values, indices, strict=True)
    ]
    extent: dict[int, Axis] = {}
    for v, spot in zip(values, spots, strict=True):
        for i, n in zip(spot, v.expr.axes, strict=True):
            if i not in extent:
                extent[i] = n
                continue
            try:
                extent[i] = known.unify(extent[i], n)
            except SizeError:
                if i < 0:
                    raise _runs_twice(at, letters[-1 - i], extent[i], n, known) from None
                shapes = " and ".join(v.shape_text() for v in values)
                raise Fault(
                    "shape-clash",
                    f"shapes do not {describe}: {shapes}",
                    at,
                    notes=(
                        f"the size ${sizes.latex(sizes.resolve(extent[i], known.bound))}$ "
                        f"meets the size ${sizes.latex(sizes.resolve(n, known.bound))}$",
                    ),
                ) from None
    current = [known.current(v).expr for v in values]
    factors, places = _merged(current, spots)
    kept = tuple(letter for letter in letters if letter not in close)
    final = (*(number[letter] for letter in kept), *out)
    return Value(contracted(factors, places, final), kept)


def _runs_twice(at: Tree, letter: str, a: Axis, b: Axis, known: Sizes) -> Fault:
    """An index that selects from axes of two sizes."""
    one, other = (sizes.latex(sizes.resolve(n, known.bound)) for n in (a, b))
    return Fault(
        "shape-clash",
        f"the index ${letter}$ runs over ${one}$ entries in one place and ${other}$ in another", at,
    )  # fmt: skip


def _merged(factors: Sequence[Expr], spots: Sequence[tuple[int, ...]]):
    flat: list[Expr] = []
    places: list[tuple[int, ...]] = []
    fresh = 1000
    for factor, spot in zip(factors, spots, strict=True):
        if isinstance(factor, Contract) and len(factor.factors) == 1:
            name = dict(zip(factor.out, spot, strict=True))
            for i in factor.indices[0]:
                if i not in name:
                    name[i] = fresh
                    fresh += 1
            factor, spot = factor.factors[0], tuple(name[i] for i in factor.indices[0])
        flat.append(factor)
        places.append(spot)
    return flat, places


def levelled(
    at: Tree, known: Sizes, values: Sequence[Value], *, describe: str = "add"
) -> tuple[list[Expr], tuple[str, ...], bool]:
    """Values brought to the same open letters and axes, scalars spread over the others."""
    letters = tuple(dict.fromkeys(letter for v in values for letter in v.opens))
    full = max(values, key=lambda v: len(v.own))
    rank = len(full.own)
    if describe == "add" and rank:
        known.strain += 2 * sum(not v.own and bool(_symbols(v.expr)) for v in values)
    row = full.row if rank == 1 else False
    for v in values:
        if len(v.own) not in (0, rank) or (rank == 1 and len(v.own) == 1 and v.row != row):
            raise _clash(at, values, describe)
    extents: dict[str | int, Axis] = {}
    for v in values:
        names: tuple[str | int, ...] = (*v.opens, *range(len(v.own)))
        for key, n in zip(names, v.expr.axes, strict=True):
            try:
                extents[key] = known.unify(extents[key], n) if key in extents else n
            except SizeError:
                raise _clash(at, values, describe) from None
    order: tuple[str | int, ...] = (*letters, *range(rank))
    axes = [sizes.resolve(extents[key], known.bound) for key in order]
    place = {key: k for k, key in enumerate(order)}
    done = []
    for v in values:
        expr = known.current(v).expr
        spot = tuple(place[key] for key in (*v.opens, *range(len(v.own))))
        missing = [k for k in range(len(order)) if k not in spot]
        factors = (expr, *(Ones(axes[k]) for k in missing))
        spots = (spot, *((k,) for k in missing))
        done.append(contracted(factors, spots, tuple(range(len(order)))))
    return done, letters, row


def _symbols(expr: Expr) -> bool:
    return any(isinstance(node, Var) for node in toposort(expr))


def _clash(at: Tree, values: Sequence[Value], describe: str) -> Fault:
    shapes = " and ".join(dict.fromkeys(v.shape_text() for v in values if v.own)) or "scalars"
    return Fault("shape-clash", f"shapes do not {describe}: {shapes}", at)


def sum_of(at: Tree, known: Sizes, values: Sequence[Value]) -> Value:
    try:
        done, letters, row = levelled(at, known, values)
    except Fault as fault:
        if len(at.kids) != len(values):
            raise
        notes = tuple(
            (kid, known.current(v).shape_text()) for kid, v in zip(at.kids, values, strict=True)
        )
        help = fault.help
        if {len(v.own) for v in values if v.own} == {1, 2}:
            kid = text(next(k for k, v in zip(at.kids, values, strict=True) if len(v.own) == 1))
            kid = kid.lstrip("-")
            help = (
                rf"to add ${kid}$ to every column write ${kid} \mathbf{{1}}^\top$, to every row "
                rf"$\mathbf{{1}} {kid}^\top$"
            )
        raise Fault(fault.code, str(fault), fault.span, help, notes) from None
    return Value(add(*done), letters, row)


def map_of(at: Tree, known: Sizes, fn: Fn, values: Sequence[Value]) -> Value:
    done, letters, row = levelled(at, known, values, describe="go together in one function")
    return Value(Map(fn, tuple(done)), letters, row)


def call_of(at: Tree, known: Sizes, op: Operator, value: Value) -> Value:
    """An operator on the last axis."""
    value = known.current(value)
    if not value.own:
        raise Fault("shape-clash", f"{op.name} needs a vector, not a scalar", at)
    result = Call(op, (value.expr,))
    return Value(result, value.opens, value.row and len(result.axes) == len(value.expr.axes))


def closed(value: Value, letters: Sequence[str]) -> Expr:
    """The expression with its open indices as leading axes in this order."""
    order = tuple(value.opens.index(letter) for letter in letters)
    rest = tuple(range(len(letters), len(value.expr.axes)))
    own = tuple(range(len(value.expr.axes)))
    return contracted((value.expr,), (own,), (*order, *rest))


def gathered(known: Sizes, value: Value, letters: Sequence[str]) -> Value:
    """The array whose axes are these open indices, in this order: [a_i b_j]_{ij}.

    It is the same along an index that is not open.
    """
    number = {letter: k for k, letter in enumerate(value.opens)}
    left = tuple(letter for letter in value.opens if letter not in letters)
    own = tuple(range(len(value.expr.axes)))
    factors, spots = [value.expr], [own]
    for letter in letters:
        if letter not in number:
            number[letter] = len(own) + len(factors)
            factors.append(Ones(known.fresh()))
            spots.append((number[letter],))
    out = (*(number[x] for x in (*left, *letters)), *own[len(value.opens) :])
    return Value(contracted(factors, spots, out), left)


def opened(at: Tree, known: Sizes, value: Value, letters: Sequence[str]) -> Value:
    """The value with its first own axes left open under these letters: x becomes x_i.

    A letter that repeats, or that is open already, selects the diagonal.
    """
    value = known.current(value)
    if len(letters) > len(value.own):
        raise Fault(
            "too-many-indices",
            f"{len(letters)} indices on an array of shape {value.shape_text()}",
            at,
        )
    opens = value.opens
    number = {letter: k for k, letter in enumerate(dict.fromkeys((*opens, *letters)))}
    spot = (
        *(number[letter] for letter in opens),
        *(number[letter] for letter in letters),
        *range(100, 100 + len(value.own) - len(letters)),
    )
    extent: dict[int, Axis] = {}
    for i, n in zip(spot, value.expr.axes, strict=True):
        extent[i] = known.unify(extent[i], n) if i in extent else n
    expr = known.current(value).expr
    out = (*range(len(number)), *spot[len(opens) + len(letters) :])
    row = value.row and len(value.own) - len(letters) == 1 and not letters
    return Value(contracted((expr,), (spot,), out), tuple(number), row)


def as_row_matrix(value: Value) -> Value:
    """A row as the 1×n matrix that a declaration R^{1×n} means."""
    if not value.row or len(value.own) != 1:
        return value
    k = len(value.opens)
    lead = tuple(range(k))
    expr = contracted((value.expr, Ones(1)), ((*lead, k), (k + 1,)), (*lead, k + 1, k))
    return Value(expr, value.opens)


def squeezed(value: Value) -> Value:
    """Literal size-1 axes are notation: n×1 is a vector, 1×n a row, 1×1 a scalar."""
    own = value.own
    if 1 not in own:
        return value
    k = len(value.opens)
    keep = tuple(k + j for j, n in enumerate(own) if n != 1)
    expr = contracted((value.expr,), (tuple(range(len(value.expr.axes))),), (*range(k), *keep))
    row = len(own) == 2 and own[0] == 1 and own[1] != 1
    return Value(expr, value.opens, row)


def spread_name(value: Value, symbol: str, letters: tuple[str, ...]) -> Value:
    """The value as a named node; ``symbol`` has a slot for each open letter."""
    node = Call(Name(symbol, letters), (value.expr,))
    return Value(node, value.opens, value.row)
