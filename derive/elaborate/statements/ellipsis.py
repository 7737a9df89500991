r"""What three dots stand for: x_1 + \dots + x_n, \mathrm{diag}(c_1, \dots, c_n).

The idea: the terms around the dots differ in one place, where the first has a number and the last
one its limit; that place is an index, and the terms are one pattern over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.tree import Tree

_DOTS = Tree("dots")
_TRANSPOSES = ((r"\top",), ("T",))


def spelled_out(node: Tree, letter: str) -> Tree | None:
    """A sum or a listed vector without its dots, over an index of this letter; None where the
    pattern cannot be told."""
    match node:
        case Tree("sum", kids) if any(map(is_dots, kids)):
            found = pattern(kids, letter)
            if found is None:
                return None
            body, low, high = found
            index = Tree("name", (letter,))
            below = Tree("chain", (index, Tree("rel", ("=",)), low))
            if body.head == "neg":
                total = Tree("big", ("sum", below, high, body.kids[0]), node.span)
                return Tree("neg", (total,), node.span)
            return Tree("big", ("sum", below, high, body), node.span)
        case Tree("list", kids) if any(map(is_dots, kids)):
            found = _vector(kids, letter, node)
            return None if found is None else Tree("brace", (found,), node.span)
        case Tree("script", (Tree("paren" | "bracket", (Tree("brace", (listed,)),)), None, sup)):
            # (x_1, \dots, x_n)^\top is a column, as is the same without the transpose.
            return listed if sup is not None and sup.kids[:1] in _TRANSPOSES else None
        case Tree("env", (kind, rows)) if str(kind).endswith("matrix"):
            if all(len(row) == 1 for row in rows) and any(is_dots(row[0]) for row in rows):
                return _vector([row[0] for row in rows], letter, node)
    return None


def _vector(kids: Sequence[Tree], letter: str, node: Tree) -> Tree | None:
    """[T_k]_k: the vector of the terms."""
    found = pattern(kids, letter)
    if found is None or found[1] != Tree("num", ("1",)):
        return None
    bracket = Tree("bracket", (found[0],), node.span)
    return Tree("script", (bracket, Tree("name", (letter,)), None), node.span)


def is_dots(tree: object) -> bool:
    return tree == _DOTS or (
        isinstance(tree, Tree) and tree.head == "neg" and tree.kids == (_DOTS,)
    )


def pattern(kids: Sequence[Tree], letter: str) -> tuple[Tree, Tree, Tree] | None:
    """The term over the index, its first and its last value."""
    at = [k for k, kid in enumerate(kids) if is_dots(kid)]
    if len(at) != 1 or at[0] == 0 or at[0] != len(kids) - 2:
        return None
    shown, last = kids[: at[0]], kids[-1]
    pairs = set(_differences(shown[0], last))
    if len(pairs) != 1:
        return None
    ((low, high),) = pairs
    if low.head != "num" or not str(low.kids[0]).isdigit() or high.head not in ("name", "script"):
        return None
    body = _put(shown[0], last, Tree("name", (letter,)))
    for k, term in enumerate(shown):
        number = Tree("num", (str(int(str(low.kids[0])) + k),))
        if _put(shown[0], last, number) != term:
            return None
    return body, low, high


def _differences(a: Tree, b: Tree) -> Iterator[tuple[Tree, Tree]]:
    """Where two trees differ: the smallest pairs of subtrees that are not alike."""
    stack: list[tuple[object, object]] = [(a, b)]
    while stack:
        one, other = stack.pop()
        if one == other:
            continue
        if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
            stack += zip(one, other, strict=True)
        elif isinstance(one, Tree) and isinstance(other, Tree):
            alike = one.head == other.head and len(one.kids) == len(other.kids)
            if alike and all(isinstance(k, Tree | tuple) or k is None for k in one.kids):
                stack += zip(one.kids, other.kids, strict=True)
            else:
                yield one, other


def _put(a: Tree, b: Tree, new: Tree) -> Tree:
    """The first tree with ``new`` where the second one differs.  Nesting is capped by the reader,
    so the recursion is bounded."""
    if a == b:
        return a
    if a.head == b.head and len(a.kids) == len(b.kids):
        kids = tuple(
            _put(x, y, new) if isinstance(x, Tree) and isinstance(y, Tree) else x
            for x, y in zip(a.kids, b.kids, strict=True)
        )
        if all(isinstance(k, Tree) or k is None for k in a.kids):
            return Tree(a.head, kids, a.span)
    return new
