r"""More wrong edits of a subtree: sums, signs, numbers, symbols, indices and brackets.

The idea: as in ``edits``, which has the table that these enter.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive.tree import Tree
from tests.soundness.edits import Context, edit
from tests.soundness.sites import (
    TOP,
    bracketed,
    is_function,
    is_symbol,
    negated,
    paren,
    product,
    terms,
    total,
    transposed,
)

# ------------------------------------------------------------------ sums, signs, numbers


@edit
def dropped_term(node: Tree, c: Context) -> Iterator[Tree]:
    parts = terms(node)
    for k in range(len(parts)):
        if len(parts) > 1:
            yield total(parts[:k] + parts[k + 1 :])


@edit
def duplicated_term(node: Tree, c: Context) -> Iterator[Tree]:
    parts = terms(node)
    for k in range(len(parts)):
        if len(parts) > 1:
            yield total([*parts, parts[k]])


@edit
def sign_of_a_term(node: Tree, c: Context) -> Iterator[Tree]:
    parts = terms(node)
    for k in range(len(parts)):
        if len(parts) > 1:
            yield total([*parts[:k], negated(parts[k]), *parts[k + 1 :]])
    if node.head == "neg":
        yield node.kids[0]


@edit
def swapped_difference(node: Tree, c: Context) -> Iterator[Tree]:
    parts = terms(node)
    if len(parts) == 2 and parts[1].head == "neg":
        yield total([parts[1].kids[0], negated(parts[0])])


@edit
def changed_number(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "num" and str(node.kids[0]).isdigit():
        value = int(str(node.kids[0]))
        for other in (0, 1, 2, 3, value + 1, value - 1):
            if other != value and other >= 0:
                yield Tree("num", (str(other),))


@edit
def scaled(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head in ("op", "chain", "list", "rel") or is_function(node, c.functions):
        return
    half = Tree("frac", (Tree("num", ("1",)), Tree("num", ("2",))))
    for factor in (Tree("num", ("2",)), half):
        yield Tree("juxt", (factor, bracketed(node)))
    for size in c.document.places[0].at:
        if len(size) == 1:
            count = Tree("frac", (Tree("num", ("1",)), Tree("name", (size,))))
            yield Tree("juxt", (count, bracketed(node)))


@edit
def flipped_fraction(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "frac":
        yield Tree("frac", (node.kids[1], node.kids[0]))


@edit
def dropped_fraction(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "frac":
        yield node.kids[0]
        yield Tree("frac", (Tree("num", ("1",)), node.kids[1]))


@edit
def wrong_power(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "script" and node.kids[2] is not None and node.kids[2].head in ("num", "frac"):
        base, sub, sup = node.kids
        yield base if sub is None else Tree("script", (base, sub, None))
        for power in ("1", "2", "3", "4"):
            if sup != Tree("num", (power,)):
                yield Tree("script", (base, sub, Tree("num", (power,))))
    elif is_symbol(node) or (node.head == "script" and node.kids[0].head == "norm"):
        if node.head == "name":
            yield Tree("script", (node, None, Tree("num", ("2",))))
        elif node.kids[2] is None:
            yield Tree("script", (*node.kids[:2], Tree("num", ("2",))))


@edit
def dropped_root(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "sqrt":
        yield node.kids[0]
    if node.head in ("norm", "abs"):
        yield paren(node.kids[0])


# ------------------------------------------------------------------ symbols and pieces


@edit
def another_symbol(node: Tree, c: Context) -> Iterator[Tree]:
    if is_symbol(node):
        yield from c.alike(node)


@edit
def any_symbol(node: Tree, c: Context) -> Iterator[Tree]:
    if is_symbol(node):
        yield c.anything()


@edit
def any_subtree(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head not in ("op", "chain", "list", "rel") and not is_function(node, c.functions):
        yield bracketed(c.subtree())


@edit
def wrong_index(node: Tree, c: Context) -> Iterator[Tree]:
    letters = {x for own, _ in c.document.places[0].symbols.values() for x in own}
    if node.head == "script":
        for k in (1, 2):
            part = node.kids[k]
            inner = part.kids[0] if part is not None and part.head == "paren" else part
            if inner is not None and inner.head == "name" and str(inner.kids[0]) in letters:
                for other in sorted(letters - {str(inner.kids[0])})[:4]:
                    fresh = Tree("name", (other,))
                    kids = list(node.kids)
                    kids[k] = paren(fresh) if part is not inner else fresh
                    yield Tree("script", tuple(kids))


@edit
def dropped_sum(node: Tree, c: Context) -> Iterator[Tree]:
    if node.head == "big" and node.kids[3] is not None:
        yield node.kids[3]


@edit
def removed_bracket(node: Tree, c: Context) -> Iterator[Tree]:
    """W (a + b) becomes W a + b: what stands around a sum keeps to its first and last term."""
    found, signs = c.factors(node)
    for k, unit in enumerate(found):
        if len(unit) != 1 or unit[0].head != "paren":
            continue
        inner = unit[0].kids[0]
        if inner.head == "sum" and inner.kids[0] is not None:
            first, *middle, last = inner.kids
            left = _attached(first, found[:k], signs[:k], front=True)
            right = _attached(last, found[k + 1 :], signs[k:], front=False)
            yield Tree("sum", (left, *middle, right))
        elif inner.head == "juxt":
            its, between = c.factors(inner)
            yield product([*found[:k], *its, *found[k + 1 :]],
                          [*signs[:k], *between, *signs[k:]])  # fmt: skip
    if node.head == "neg" and node.kids[0].head == "paren" and node.kids[0].kids[0].head == "sum":
        first, *rest = node.kids[0].kids[0].kids
        yield Tree("sum", (negated(first), *rest))
    if node.head == "script" and node.kids[0].head == "paren":
        inner = node.kids[0].kids[0]
        last = inner.kids[-1] if inner.head in ("juxt", "sum") else None
        if isinstance(last, Tree) and is_symbol(last) and node.kids[2] == TOP:
            yield paren(Tree(inner.head, (*inner.kids[:-1], transposed(last))))


def _attached(term: Tree, found, signs, front: bool) -> Tree:
    if not found:
        return term
    minus = term.head == "neg"
    core = (term.kids[0] if minus else term,)
    made = product([*found, core] if front else [core, *found], signs)
    return negated(made) if minus else made
