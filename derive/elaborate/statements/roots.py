r"""\sigma beside a defined \sigma^2: the standard deviation is the root of the variance.

The idea: a square that is defined as one quantity, and whose name also stands without the square
and is given no other value, gives that name its value: the root that is not negative.  In the same
way \log\sigma^2 = W h, as encoders say it, gives \sigma^2 the value e^{W h}.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.names.trials import names_loss
from derive.elaborate.reading import Reading
from derive.latex.print import latex
from derive.tree import Tree

_BRACKETS = frozenset(["paren", "bracket", "brace"])


def with_roots(items: list[Tree], reading: Reading) -> list[Tree]:
    """The statements and a definition \\sigma = \\sqrt{\\sigma^2} for each such name."""
    made: list[Tree] = []
    for item in items:
        square = item.kids[0] if _is_definition(item) else None
        name = _under_square(square) if isinstance(square, Tree) else None
        if square is None or name is None or not _stands_alone(name, item, items):
            continue
        root = Tree("sqrt", (square,), square.span)
        made.append(Tree("chain", (name, Tree("rel", ("=",)), root), square.span))
        reading.note(
            f"root {latex(name)}", f"${latex(name)}$ is read as the root of ${latex(square)}$"
        )
    return [*items, *made]


def with_exponentials(items: list[Tree], reading: Reading) -> list[Tree]:
    r"""The statements with \sigma^2 = \exp(..) for \log\sigma^2 = .. that alone says it."""
    heads = [item.kids[0] for item in items if _is_definition(item)]
    return [_exponential(item, heads, reading) for item in items]


def _exponential(item: Tree, heads: list[Tree], reading: Reading) -> Tree:
    left = item.kids[0] if _is_definition(item) and len(item.kids) == 3 else None
    if left is None or left.head != "juxt" or left.kids[0].kids not in (("log",), ("ln",)):
        return item
    inside = left.kids[1].kids[0] if left.kids[1].head in _BRACKETS else left.kids[1]
    name = _under_square(inside) or inside
    plain = name.head in ("name", "script") and base_of(name) != "" and len(left.kids) == 2
    if not plain or (name.head == "script" and name.kids[2] is not None):
        return item
    letter = base_of(name).rstrip("}").rpartition("{")[2].lstrip("\\")
    again = {name, inside} & {*heads} or sum(head == left for head in heads) > 1
    again = again or base_of(name) in {base_of(n) for n in _standing(item.kids[2:])}
    if letter[:1].isupper() or names_loss(base_of(name)) or again or item.kids[2].head == "ask":
        return item
    reading.note(f"log {latex(name)}", f"${latex(left)} = ..$ says what ${latex(inside)}$ is")
    span = item.kids[2].span
    body = Tree("juxt", (Tree("name", ("exp",), span), Tree("paren", item.kids[2:], span)), span)
    return Tree("chain", (inside, item.kids[1], body), item.span)


def is_root(item: Tree) -> bool:
    r"""Whether an equation says \sigma = \sqrt{\sigma^2}."""
    name, right = item.kids[0], item.kids[2]
    return right.head == "sqrt" and isinstance(right.kids[0], Tree) and (
        _under_square(right.kids[0]) == name
    )  # fmt: skip


def _is_definition(item: Tree) -> bool:
    return item.head == "chain" and item.kids[0] is not None and item.kids[1].kids[0] in ("=", ":=")


def _under_square(left: Tree) -> Tree | None:
    r"""The \sigma of \sigma^2; no capital: the root of a matrix is not that of its entries."""
    if left.head != "script" or left.kids[2] != Tree("num", ("2",)) or not base_of(left):
        return None
    base, sub, _ = left.kids
    letter = base_of(left).rstrip("}").rpartition("{")[2].lstrip("\\")
    if letter[:1].isupper():
        return None
    return base if sub is None else Tree("script", (base, sub, None), left.span)


def _stands_alone(name: Tree, definition: Tree, items: list[Tree]) -> bool:
    """Whether a name is used without the square, in no call, and nothing else says what it is."""
    used = False
    for item in items:
        if _is_definition(item) and item is not definition and _is_like(item.kids[0], name):
            return False
        if item.head == "chain" and item.kids[1].kids == ("in",):
            left = item.kids[0]
            if any(_is_like(part, name) for part in _parts(left)):
                return False
        if any(_is_like(one, name) for one in _called(item)):
            return False
        if item is definition and any(_is_like(_bare(n), name) for n in _standing(item.kids[2:])):
            return False
        used = used or any(_is_like(_bare(node), name) for node in _standing([item]))
    return used


def _standing(trees: Iterable[Tree]) -> Iterator[Tree]:
    r"""The names that stand for quantities: not the \sigma of W_\sigma."""
    trees = list(trees)
    labels = {
        id(part) for tree in trees for node in tree.subtrees()
        if node.head == "script" and isinstance(node.kids[1], Tree)
        for part in node.kids[1].subtrees()
    }  # fmt: skip
    return (name for name in names_in(trees) if id(name) not in labels)


def _parts(left: Tree | None) -> Iterator[Tree]:
    if left is not None:
        yield from left.kids if left.head == "list" else (left,)


def _called(item: Tree) -> Iterable[Tree]:
    for node in item.subtrees():
        if node.head == "juxt":
            for kid, after in zip(node.kids, node.kids[1:], strict=False):
                if base_of(kid) and after.head in _BRACKETS:
                    yield kid


def _bare(node: Tree) -> Tree | None:
    """A name without its power; None of a square, which is a name of its own."""
    if node.head != "script" or node.kids[2] is None:
        return node
    if node.kids[2] == Tree("num", ("2",)) or node.kids[2].head not in ("num", "neg", "frac"):
        return None
    base, sub, _ = node.kids
    return base if sub is None else Tree("script", (base, sub, None), node.span)


def _is_like(one: Tree | None, name: Tree) -> bool:
    """The same name, or another member of its family: \\sigma_i and \\sigma_j."""
    if one is None or one == name:
        return one is not None
    if (
        {one.head, name.head} != {"script"}
        or one.kids[0] != name.kids[0]
        or one.kids[2] is not None
    ):
        return False
    subs = one.kids[1], name.kids[1]
    return all(isinstance(s, Tree) and index_letter(s) is not None for s in subs)
