r"""Shifted subscripts: x_{i+k-1}, x_{s(i-1)+k}, w_{K-k+1}.

The idea: an entry whose place is reckoned from indices is the array with its axis open under a
letter of its own, times 1[that letter is what stands there], summed; an entry out of range is 0.
Where nothing says how far an index runs, it runs as far as every place is in range.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from derive.elaborate.dispatch import said
from derive.elaborate.faults import Fault
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import names_in
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import formula
from derive.elaborate.terms.limits import bound_letters, size_of
from derive.elaborate.values import Value, contract_values
from derive.kernel import sizes
from derive.kernel.expr import Expr, toposort
from derive.kernel.sizes import Axis, Size, SizeError
from derive.notation.names import parts
from derive.operators import incidence
from derive.tree import Tree

_NEIGHBOUR = re.compile(r"(.+)_\{([A-Za-z])[-+]\d+\}")
_PLAIN = frozenset(["sum", "neg", "juxt", "paren", "name", "num", "op", "script"])


# ------------------------------------------------------------------- which subscripts are shifted


def collected(items: Iterable[Tree]) -> set[Tree]:
    """The subscripts of these statements that are places reckoned from indices.

    h_{t-1} is no entry: one letter tells steps apart, unless it is summed over and stands beside
    an array that is declared as a whole.
    """
    items = list(items)
    summed = {
        letter
        for item in items
        for node in item.subtrees()
        if node.head == "big"
        for letter, _, _ in bound_letters(node.kids[1])
    }
    heads = {letter for item in items for letter in _head(item)}
    arrays = {
        str(name.kids[0])
        for item in items
        if item.head == "chain" and len(item.kids) == 3 and item.kids[1] == Tree("rel", ("in",))
        for name in _named(item.kids[0])
    }
    arrays |= {parts(base).core for base in arrays if parts(base).alphabet == "mathbf"}
    found: set[Tree] = set()
    alone: list[tuple[str, str, Tree]] = []
    for item in items:
        for node in names_in([item]):
            if node.head != "script" or not isinstance(node.kids[1], Tree):
                continue
            for part in node.kids[1].kids if node.kids[1].head == "list" else (node.kids[1],):
                if not isinstance(part, Tree) or part.head != "sum" or not _is_plain(part):
                    continue
                letters = {x for p in part.subtrees() if (x := index_letter(p)) and len(x) == 1}
                times = any(p.head == "juxt" for p in part.subtrees())
                if letters & (summed | heads) and (len(letters) > 1 or times) and letters & summed:
                    found.add(part)
                elif len(letters) == 1 and node.kids[0].head == "name":
                    alone.append((letters.pop(), str(node.kids[0].kids[0]), part))
    shifted = {x for part in found for p in part.subtrees() if (x := index_letter(p))}
    for letter, base, part in alone:
        if letter in shifted or (letter in summed - heads and base in arrays):
            found.add(part)
    return found


def _head(item: Tree) -> set[str]:
    head = item.kids[0] if item.head == "chain" else None
    if not isinstance(head, Tree):
        return set()
    scripts = [k for n in names_in([head]) if n.head == "script" for k in n.kids[1:2]]
    found = (index_letter(t) for k in scripts if isinstance(k, Tree) for t in k.subtrees())
    return {letter for letter in found if letter}


def _named(left: object) -> list[Tree]:
    parts = left.kids if isinstance(left, Tree) and left.head == "list" else (left,)
    return [p for p in parts if isinstance(p, Tree) and p.head == "name"]


def _is_plain(tree: Tree) -> bool:
    return all(part.head in _PLAIN for part in tree.subtrees())


def counts_from_zero(items: Iterable[Tree], shifts: set[Tree]) -> bool:
    """Whether a sum over an index of such places begins at 0."""
    letters = {x for part in shifts for p in part.subtrees() if (x := index_letter(p))}
    return any(
        letter in letters and low == Tree("num", ("0",))
        for item in items
        for node in item.subtrees()
        if node.head == "big"
        for letter, low, _ in bound_letters(node.kids[1])
    )


# ------------------------------------------------------------------------------------- their value


def at_places(
    reading: Reading, tree: Tree, env: Env, value_at: Callable[[Reading, Tree, Env], Value]
) -> Value:
    """A symbol at places: its value at letters of their own, which are then what stands there."""
    symbol, *indices = tree.kids
    plain, shifted, inner = _without_shifts(indices, reading, env)
    value = value_at(reading, Tree("symbol", (symbol, *plain), tree.span), inner)
    for letter, place in shifted:
        value = _opened_at(reading, reading.sizes.current(value), letter, place, env)
    return value


def _opened_at(reading: Reading, value: Value, letter: str, place: Tree, env: Env) -> Value:
    """The value at a place, where the letter runs over all places: sum_j x_j 1[j = i + k - 1]."""
    terms, offset = _affine(reading, place, env)
    if not terms:
        raise Fault("unsupported-index", f"{said(place)} holds no index", place)
    letters = tuple(terms)
    base = 0 if reading.scope.from_zero else 1
    shift: Axis = base - offset  # type: ignore[operator]
    for x, count in terms.items():
        shift = shift - count * env.lows.get(x, base)
    extents = {**value.extents}
    axes = [extents[letter]]
    axes += [extents[x] if x in extents else reading.sizes.fresh() for x in letters]
    coefficients = (1, *(c * -1 for c in terms.values()))
    unknown = any(map(sizes.unknowns, axes))
    made = (incidence.raw if unknown else incidence.incidence)(coefficients, shift, tuple(axes))
    if any(c.terms[0][1] < 0 if isinstance(c, Size) else c < 0 for c in terms.values()):
        reading.note("range", "an entry out of range counts as $0$")
    own = tuple(range(len(value.own)))
    return contract_values(
        place, reading.sizes, [value, Value(made, (letter, *letters))], [own, ()], own, (letter,)
    )


def _affine(reading: Reading, tree: Tree, env: Env) -> tuple[dict[str, Axis], Axis]:
    """A place as a sum of indices with numbers before them, and a number."""
    letter = index_letter(tree)
    if letter is not None and _binds(reading, letter, env):
        return {env.letter(letter): 1}, 0
    match tree:
        case Tree("sum", kids):
            total: dict[str, Axis] = {}
            rest: Axis = 0
            for kid in kids:
                terms, offset = _affine(reading, kid, env)
                rest = offset + rest
                for x, c in terms.items():
                    total[x] = c + total.get(x, 0)
            return {x: c for x, c in total.items() if c != 0}, rest
        case Tree("neg", (kid,)):
            terms, offset = _affine(reading, kid, env)
            return {x: c * -1 for x, c in terms.items()}, offset * -1
        case Tree("paren" | "bracket", (kid,)):
            return _affine(reading, kid, env)
        case Tree("juxt", kids):
            terms, offset = {}, 1
            for kid in kids:
                if kid.head == "op":
                    continue
                found, number = _affine(reading, kid, env)
                if found and terms:
                    raise Fault(
                        "unsupported-index", f"{said(tree)} is a product of indices", tree,
                        "a place is a sum of indices, each times a number, as in $x_{s(i-1)+k}$",
                    )  # fmt: skip
                if found:
                    terms = {x: offset * c for x, c in found.items()}
                    offset = offset * number
                else:
                    terms = {x: number * c for x, c in terms.items()}
                    offset = offset * number
            return terms, offset
    return {}, size_of(reading, tree)


def _binds(reading: Reading, letter: str, env: Env) -> bool:
    return letter in env.open or letter in env.rename or letter in reading.scope.bound


def with_ranges(reading: Reading, symbol: str, components: Sequence[str], body: Value) -> Value:
    """The right side of a definition with how far its letters run: as declared, or as it fits."""
    if not reading.scope.shifts:
        return body
    declared = reading.declarations.get(symbol)
    axes = (declared.axes or ()) if declared else ()
    if len(axes) == len(components):
        for letter, n in zip(components, axes, strict=True):
            with suppress(SizeError):
                reading.sizes.unify(n, body.extents[letter])
    return _settled(reading, body, body.opens)


def _settled(reading: Reading, value: Value, letters: Iterable[str]) -> Value:
    """The value with the range of each of these letters that nothing gives: as far as it fits."""
    for letter in letters:
        value = reading.sizes.current(value)
        extent = value.extents.get(letter)
        if not isinstance(extent, Size) or not _is_unknown(extent):
            continue
        found = _largest(value.expr, extent)
        if found is not None:
            try:
                reading.sizes.unify(extent, found)
            except SizeError:
                continue
    return reading.sizes.current(value)


def ranged(
    reading: Reading, env: Env, letters: Sequence[tuple[str, Tree | None, Tree | None]],
    above: Tree | None, body: Tree,
) -> Env:  # fmt: skip
    """What surrounds the body of a sum: where its letters begin, and which of them run over a part
    of what they select: \\sum_{i=1}^{n-1} (x_{i+1} - x_i)^2."""
    lows, part = dict(env.lows), set(env.ranged)
    for letter, low, high in letters:
        high = high if high is not None else above
        if low is None:
            continue
        try:
            lows[letter] = size_of(reading, low)
            count = None if high is None else size_of(reading, high) - lows[letter] + 1  # type: ignore[operator]
        except Fault:
            continue
        if count is None or letter not in _shifting(reading):
            continue
        for node in body.subtrees():
            if node.head == "symbol" and any(index_letter(i) == letter for i in node.kids[1:]):
                declared = reading.declarations.get(str(node.kids[0]))
                axes = (declared.axes or ()) if declared else ()
                place = [index_letter(i) for i in node.kids[1:]].index(letter)
                if (
                    place < len(axes)
                    and axes[place] != count
                    and incidence.at_least_zero(axes[place] - count, ())
                ):
                    part.add(letter)
    return replace(env, lows=lows, ranged=frozenset(part))


def _shifting(reading: Reading) -> set[str]:
    parts = (p for place in reading.scope.shifts for p in place.subtrees())
    return {x for p in parts if (x := index_letter(p))}


def _is_unknown(size: Size) -> bool:
    return len(size.terms) == 1 and size.terms[0][1] == 1 and bool(sizes.unknowns(size))


def _largest(root: Expr, extent: Size) -> Axis | None:
    """How far an index of unknown size runs, so that an increasing place just stays in range."""
    for node in toposort(root):
        if not incidence.is_incidence(node) or extent not in node.axes:
            continue
        by = incidence.read(node, range(len(node.axes)))
        (mine,) = [k for k, n in enumerate(node.axes) if n is extent][:1]
        for k, turn in by.terms:
            others = [(i, c * (-1 * turn)) for i, c in by.terms if i != k]  # type: ignore[operator]
            if turn not in (1, -1) or not all(isinstance(c, int) and c > 0 for _, c in others):
                continue
            room: Axis = node.axes[k] - 1 + by.offset * turn
            for i, c in others:
                if i != mine:
                    room = room - c * (node.axes[i] - 1)
            step = dict(others).get(mine)
            if not isinstance(step, int) or sizes.unknowns(room) & sizes.unknowns(extent):
                continue
            try:
                return sizes.floored(room, step) + 1
            except SizeError:
                continue
    return None


def is_shifted(index: Tree, reading: Reading, env: Env) -> bool:
    """Whether a subscript is a place that is reckoned from indices."""
    return index in reading.scope.shifts or index_letter(index) in env.ranged


def _without_shifts(indices: Iterable[Tree], reading: Reading, env: Env
                   ) -> tuple[list[Tree], list[tuple[str, Tree]], Env]:  # fmt: skip
    """The indices with a letter of its own for each that is shifted, and what stood there."""
    plain: list[Tree] = []
    shifted: list[tuple[str, Tree]] = []
    for index in indices:
        if is_shifted(index, reading, env):
            letter = _fresh(env, plain)
            env = replace(env, open=env.open | {letter})
            shifted.append((letter, index))
            plain.append(Tree("name", (letter,), index.span))
        else:
            plain.append(index)
    return plain, shifted, env


def _fresh(env: Env, used: Iterable[Tree]) -> str:
    taken = {*env.open, *env.rename.values(), *(index_letter(t) for t in used)}
    return next(c for c in "JKQRSUVWPMNL" if c not in taken)


def refuse_neighbour(reading: Reading, symbol: str, env: Env, tree: Tree) -> None:
    """Fault for x_{t-1}, beside an x_t over which a sum runs, of an x that nothing declares."""
    beside = _NEIGHBOUR.fullmatch(symbol)
    base = beside[1] if beside and beside[2] in env.open else None
    if beside and base and {base, base + "_{#1}"} & (reading.scope.families | reading.scope.whole):
        raise Fault(
            "undeclared-neighbour",
            f"{formula(tree)} is an entry of ${base}$ as ${base}_{beside[2]}$ is, and ${base}$ is "
            "not declared", tree,
            f"declare it, as in ${base} \\in \\mathbb{{R}}^n$",
        )  # fmt: skip
