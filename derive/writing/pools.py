r"""Pooling in a formula: \operatorname{maxpool}_{2 \times 2}(A), means, and what they send back.

The idea: a largest entry over the axes inside a window is a max-pool; a window whose inside nothing
shares is a mean; the first largest entries of the windows times a cotangent are its way back.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from fractions import Fraction
from math import prod
from typing import NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from derive.kernel.build import contracted
from derive.kernel.expr import Call, Contract, Expr, Num, Ones, Operator
from derive.kernel.sizes import Axis
from derive.operators import incidence
from derive.operators.incidence import is_incidence
from derive.operators.primitives import maximum
from derive.tree import Tree, name, tree
from derive.writing import words
from derive.writing.flat import Factor, Flat
from derive.writing.flips import Flip, flip_in, without_flips
from derive.writing.windows import Convolution, Window, found_in, roles

_TIMES = Tree("op", (r"\times",))


class Pool(NamedTuple):
    """A word of pooling, its arguments, and its windows: (size, stride, padding) for each axis."""

    word: str
    args: tuple[Expr, ...]
    windows: tuple[tuple[Axis, Axis, Axis], ...]
    size: tuple[Axis, ...] = ()
    members: tuple[Factor, ...] = ()
    out: tuple[int, ...] = ()
    count: int = 1


# An array and the windows along its last axes.
_Seen: TypeAlias = "tuple[Expr, tuple[tuple[Axis, Axis, Axis], ...]]"
Sliding: TypeAlias = "Convolution | Flip | Pool"


def largest(node: Expr) -> Pool | None:
    """What a maximum over the last axes is, if these are the inside of windows."""
    depth = 0
    while isinstance(node, Call) and isinstance(node.op, Operator) and node.op.name == "maximum":
        node, depth = node.args[0], depth + 1
    seen = _seen(node)
    return Pool("maxpool", seen[:1], seen[1]) if seen and len(seen[1]) == depth else None


# By the windows themselves, as long as somebody holds them: each product with them asks.
_found: MutableMapping[Expr, _Seen | None] = WeakKeyDictionary()


def _seen(node: Expr) -> _Seen | None:
    """The array whose windows a node is, its last axes inside them, and the windows."""
    if type(node) is not Contract:
        return None
    if node not in _found:
        _found[node] = _slid(node)
    return _found[node]


def _slid(node: Contract) -> _Seen | None:
    plain = [k for k, f in enumerate(node.factors) if not is_incidence(f)]
    if len(plain) != 1 or isinstance(node.factors[plain[0]], Num | Ones):
        return None
    own = node.indices[plain[0]]
    dims = len(node.factors) - 1
    extent = {i: n for f, spots in zip(node.factors, node.indices) for i, n in zip(spots, f.axes)}
    found: list[Window] = []
    for k, source in enumerate(own[len(own) - dims :]):
        wanted = (source, node.out[len(own) - dims + k], node.out[len(own) + k])
        for factor, spots in zip(node.factors, node.indices):
            if is_incidence(factor) and source in spots:
                found += [
                    w for w in roles(incidence.read(factor, spots), extent)
                    if (w.source, w.place, w.inside) == wanted and w.dilation == 1
                ]  # fmt: skip
    if len(found) != dims or node.out[: len(own) - dims] != own[: len(own) - dims]:
        return None
    return node.factors[plain[0]], tuple((extent[w.inside], w.stride, w.padding) for w in found)


def pool_in(flat: Flat) -> Pool | None:
    """A mean of windows, or the way back through one or through a max-pool, in a product."""
    return _back(flat) or _mean(flat)


def _mean(flat: Flat) -> Pool | None:
    """Windows whose inside nothing else has: a sum over it, which is k times a mean."""
    extent = {i: n for f in flat.factors for i, n in zip(f.own, f.node.axes)}
    plain = [f for f in flat.factors if not is_incidence(f.node) and type(f.node) is not Ones]
    groups: dict[tuple[bool, int], list[tuple[Factor, Window, int]]] = {}
    for factor in flat.factors:
        if not is_incidence(factor.node):
            continue
        for w in roles(incidence.read(factor.node, factor.own), extent):
            users = [f for f in flat.factors if w.inside in f.own and f is not factor]
            if w.inside in flat.out or any(type(f.node) is not Ones for f in users):
                continue
            if w.dilation != 1 or not isinstance(extent[w.inside], int):
                continue
            for back, at in ((False, w.source), (True, w.place)):
                holders = [k for k, f in enumerate(plain) if at in f.own]
                if at not in flat.out and len(holders) == 1 and plain[holders[0]].exponent == 1:
                    groups.setdefault((back, holders[0]), []).append((factor, w, at))
    for (back, holder), rows in groups.items():
        rows = list({id(factor): (factor, w, at) for factor, w, at in rows[::-1]}.values())
        array = plain[holder]
        rows.sort(key=lambda row: array.own.index(row[2]))
        dims = len(rows)
        if dims > 2 or array.own[-dims:] != tuple(at for _, _, at in rows):
            continue
        out = (*array.own[:-dims], *(w.source if back else w.place for _, w, _ in rows))
        windows = tuple((extent[w.inside], w.stride, w.padding) for _, w, _ in rows)
        ones = [f for f in flat.factors if type(f.node) is Ones
                and any(w.inside in f.own for _, w, _ in rows)]  # fmt: skip
        count = prod(int(k) for k, _, _ in windows)  # type: ignore[arg-type]
        members = (array, *(factor for factor, _, _ in rows), *ones)
        word = "avgpool^T" if back else "avgpool"
        size = _size(back, rows, extent)
        return Pool(word, (array.node,), windows, size, members, out, count)
    return None


def _size(back: bool, rows: Sequence[tuple[Factor, Window, int]], extent: dict) -> tuple[Axis, ...]:
    """The size that a way back comes to, where its windows leave it open."""
    if not back:
        return ()
    usual = [w.stride * (extent[w.place] - 1) + extent[w.inside] - 2 * w.padding
             for _, w, _ in rows]  # fmt: skip
    size = tuple(extent[w.source] for _, w, _ in rows)
    return () if list(size) == usual else size


def _back(flat: Flat) -> Pool | None:
    """The first largest entries of the windows of A times a cotangent, where they came from."""
    for factor in flat.factors:
        node = factor.node
        if type(node) is not Call or type(node.op) is not Operator:
            continue
        if node.op.name != "argmax" or factor.exponent != 1:
            continue
        seen = _seen(node.args[0])
        if seen is None:
            continue
        array, windows = seen
        dims = len(windows)
        lead = factor.own[: len(array.axes) - dims]
        places = factor.own[len(lead) : len(lead) + dims]
        inner = factor.own[len(lead) + dims :]
        members = [factor]
        if dims == 2:
            inside = Call(node.op, (maximum(node.args[0]),))
            members += [f for f in flat.factors if f.node is inside
                        and f.own == (*lead, *places, inner[0])]  # fmt: skip
        joints = [f for f in flat.factors if is_incidence(f.node) and set(f.own) & set(inner)]
        if len(members) != dims or len(joints) != dims:
            continue
        others = [f for f in flat.factors if f not in members and f not in joints]
        given = [f for f in others if set(places) & set(f.own) and type(f.node) is not Ones]
        bound = {*places, *inner}
        if bound & set(flat.out) or any(set(inner) & set(f.own) for f in others):
            continue
        if not given or any(not set(f.own) <= {*lead, *places} for f in given):
            continue
        extent = {i: n for f in flat.factors for i, n in zip(f.own, f.node.axes)}
        sources = []
        for place, a in zip(places, inner, strict=True):
            for f in joints:
                for w in roles(incidence.read(f.node, f.own), extent) if a in f.own else ():
                    if (w.place, w.inside) == (place, a):
                        sources.append(w.source)
        if len(sources) != dims:
            continue
        if len(given) == 1 and given[0].own == (*lead, *places) and given[0].exponent == 1:
            cotangent = given[0].node
        elif all(f.exponent == 1 for f in given):
            cotangent = contracted(
                [f.node for f in given], [f.own for f in given], (*lead, *places)
            )
        else:
            continue
        return Pool(
            "unpool", (cotangent, array), windows, (), (*members, *joints, *given),
            (*lead, *sources),
        )  # fmt: skip
    return None


def regrouped(flat: Flat) -> tuple[Flat, Sliding | None]:
    """The product with its convolutions, flips and pools as factors of their own; and the one that
    the whole of it is, if it is one."""
    flat = without_flips(flat)
    while True:
        made = flip_in(flat) or pool_in(flat) or found_in(flat)
        if made is None:
            return flat, None
        whole = Fraction(1, made.count) if isinstance(made, Pool) and made.count != 1 else 1
        inside = {i for f in made.members for i in f.own} - set(made.out)
        members = set(map(id, made.members))
        rest = [
            f for f in flat.factors
            if id(f) not in members and not (type(f.node) is Ones and inside.issuperset(f.own))
        ]  # fmt: skip
        if flat.count == whole and made.out == flat.out and all(type(f.node) is Ones for f in rest):
            return flat, made
        place = min([k for k, f in enumerate(flat.factors) if id(f) in members])
        node = node_of(made) if isinstance(made, Pool) else made.node
        rest.insert(min(place, len(rest)), Factor(node, made.out))
        flat = Flat(flat.count if whole == 1 else flat.count / whole, rest, flat.out)


def said(pool: Pool, args: Sequence[Tree]) -> Tree:
    """maxpool_{2 x 2}(A), with its stride where that is not the window."""
    sizes = [words.size_tree(k) for k, _, _ in pool.windows]
    below = sizes[0] if len(sizes) == 1 else Tree("juxt", (sizes[0], _TIMES, sizes[1]))
    word = name(rf"\operatorname{{{pool.word.removesuffix('^T')}}}")
    function = Tree("script", (word, below, name(r"\top") if pool.word.endswith("^T") else None))
    options = []
    rows = {
        "stride": ([s for _, s, _ in pool.windows], [k for k, _, _ in pool.windows]),
        "padding": ([p for _, _, p in pool.windows], [0] * len(sizes)),
        "size": (list(pool.size), []),
    }
    for option, (values, usual) in rows.items():
        if values != usual:
            shown = [words.size_tree(v) for v in values]
            value = shown[0] if len(set(values)) == 1 else (
                Tree("paren", (Tree("list", tuple(shown)),)))  # fmt: skip
            options.append(tree("chain", tree("text", option), tree("rel", "="), value))
    return Tree("call", (function, *args, *options))


def node_of(pool: Pool) -> Expr:
    """The pooling alone, as an expression that is read as it again."""
    parts = [f.node for f in pool.members]
    spots = [f.own for f in pool.members]
    if pool.count != 1:
        parts, spots = [Num(Fraction(1, pool.count)), *parts], [(), *spots]
    return contracted(parts, spots, pool.out)
