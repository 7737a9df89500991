r"""Logarithms of densities: \ln p(t \mid w) = .. defines a quantity, and p itself is never needed.

The idea: where a name stands nowhere but under a logarithm, and one such logarithm has a
definition, the whole of it, \ln p(t \mid w), is a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.alone import DEFINES
from derive.latex.print import latex
from derive.tree import Tree

_LOGARITHMS = frozenset(["log", "ln"])


def with_log_densities(items: list[Tree]) -> list[Tree]:
    r"""The items with \ln p(t \mid w) as one name, if nothing else is said of p."""
    heads = [item.kids[0] for item in items if _defines(item)]
    if not heads:
        return items
    under = Counter(base_of(run[1]) for item in items for _, run in _runs(item))
    alone = Counter(base_of(name) for name in names_in(items))
    made: dict[str, Tree] = {}
    for head in heads:
        name = latex(head.kids[1])
        base = base_of(head.kids[1])
        if under[base] == alone[base]:
            made[latex(head)] = Tree("name", (latex(head),), head.span)
            # \log p without its arguments, where there is no other log p
            short = latex(Tree("juxt", head.kids[:2]))
            only = sum(latex(h.kids[1]) == name for h in heads) == 1
            if only and short not in made:
                made[short] = Tree("name", (latex(head),), head.span)
    return [_rewritten(item, made) for item in items] if made else items


def _defines(item: Tree) -> bool:
    left = item.kids[0] if item.head == "chain" else None
    if not isinstance(left, Tree) or str(item.kids[1].kids[0]) not in DEFINES:
        return False
    found = [run for _, run in _runs(left) if left.head == "juxt"]
    return len(found) == 1 and found[0] == left.kids


def _runs(tree: Tree) -> Iterator[tuple[Tree, tuple[Tree, ...]]]:
    """The products in which a logarithm of a name stands, and the factors that are it."""
    for node in tree.subtrees():
        k = 0
        while node.head == "juxt" and k + 1 < len(node.kids):
            run = _run(node.kids, k)
            if run:
                yield node, run
            k += max(len(run), 1)


def _run(kids: tuple, k: int) -> tuple[Tree, ...]:
    word, name, *rest = kids[k : k + 3]
    if word.head != "name" or word.kids[0] not in _LOGARITHMS or not base_of(name):
        return ()
    return (word, name, *(r for r in rest if r.head == "paren"))


def _rewritten(item: Tree, made: dict[str, Tree]) -> Tree:
    def named(node: Tree) -> Tree:
        if node.head != "juxt":
            return node
        kids: list[Tree] = []
        k = 0
        while k < len(node.kids):
            run = _run(node.kids, k) if k + 1 < len(node.kids) else ()
            for length in (3, 2):
                name = made.get(latex(Tree("juxt", run[:length]))) if len(run) >= length else None
                if name is not None:
                    taken = list(run[:length])
                    at = (taken[0].span[0], taken[-1].span[1])
                    kids.append(Tree("name", name.kids, at))
                    k += length
                    break
            else:
                kids.append(node.kids[k])
                k += 1
        return kids[0] if len(kids) == 1 else Tree("juxt", tuple(kids), node.span)

    return item.rewritten(named)
