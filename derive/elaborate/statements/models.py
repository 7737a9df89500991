r"""Models that are fitted to data: y = m x + b beside \sum_i (y_i - (m x_i + b))^2.

The idea: where a sum has the data y_i beside what the model has in the place of y, the model
defines no y, and its x is any of the x_i.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from derive.elaborate.names.scope import names_in
from derive.elaborate.terms.limits import bound_letters
from derive.tree import Tree


def without_models(items: Sequence[Tree]) -> tuple[list[Tree], list[Tree]]:
    r"""The statements without the models that are fitted to data, and these: y = m x + b beside
    \sum_i (y_i - (m x_i + b))^2, in which y and x stand for any of the data."""
    fitted: dict[Tree, list[tuple[Tree, Tree, set[Tree]]]] = {}
    for item in items:
        for node in item.subtrees():
            letters = bound_letters(node.kids[1]) if node.head == "big" else ()
            if len(letters) == 1 and node.kids[0] == "sum":
                index, body = Tree("name", (letters[0][0],)), node.kids[3]
                scripts = (n for n in names_in([body]) if n.head == "script")
                data = {n.kids[0] for n in scripts if n.kids[1] == index and n.kids[2] is None}
                for name in data:
                    fitted.setdefault(name, []).append((index, body, data))
    found = {item: data for item in items if fitted and (data := _fitted(item, fitted))}
    kept = [item for item in items if item not in found]
    data = {name: index for one in found.values() for name, index in one.items()}
    data = {n: i for n, i in data.items() if not any(map(_stands(n), kept))}
    return [_declared_of(data, item) for item in kept] if data else kept, list(found)


def _fitted(
    model: Tree, fitted: Mapping[Tree, list[tuple[Tree, Tree, set[Tree]]]]
) -> dict[Tree, Tree]:
    """The data of a model, each with its index, where a sum has the y_i beside what the model has
    in the place of y."""
    match model:
        case Tree("chain", (Tree("name") as left, Tree("rel", ("=",)), Tree() as right)):
            pass
        case _:
            return {}
    for index, body, data in fitted.get(left, ()):

        def put(n: Tree, data: set[Tree] = data, index: Tree = index) -> Tree:
            return Tree("script", (n, index, None)) if n.head == "name" and n in data else n

        predicted = right.rewritten(put)
        if predicted != right and _is_beside(put(left), predicted, index, body):
            return dict.fromkeys((n for n in right.subtrees() if n in data), index)
    return {}


def _is_beside(left: Tree, predicted: Tree, index: Tree, body: Tree) -> bool:
    """Whether a sum has y_i, and with the other sign the terms of the model that have its index."""
    terms = predicted.kids if predicted.head == "sum" else (predicted,)
    telling = {term for term in terms if index in term.subtrees()}
    turned = {term.kids[0] if term.head == "neg" else Tree("neg", (term,)) for term in telling}
    for part in body.subtrees():
        if part.head == "sum":
            inner = [k.kids[0] if k.head == "neg" else k for k in part.kids]
            brackets = {k.kids[0] for k in inner if k.head == "paren"} | set(inner)
            here = telling <= set(part.kids) or turned <= set(part.kids) or predicted in brackets
            if here and left in inner:
                return True
    return False


def _stands(name: Tree) -> Callable[[Tree], bool]:
    """Whether a name stands without an index in a statement, other than where it is declared."""

    def stands(item: Tree) -> bool:
        declares = item.head == "chain" and item.kids[1] == Tree("rel", ("in",))
        return not declares and any(n == name for n in names_in([item]))

    return stands


def _declared_of(data: Mapping[Tree, Tree], item: Tree) -> Tree:
    """A declaration of x as one of the x_i, of which the document speaks only."""
    if item.head != "chain" or item.kids[1] != Tree("rel", ("in",)):
        return item
    left = item.kids[0].rewritten(lambda n: Tree("script", (n, data[n], None)) if n in data else n)
    return Tree("chain", (left, *item.kids[1:]), item.span)
