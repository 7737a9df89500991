r"""The one-hot matrix of labels: "with $Y$ the one-hot matrix of the labels", beside P_{i,y_i}.

The idea: a row of it is the one-hot vector of a label that the document chooses entries with, so
Y_{ij} = \mathbb{1}[j = y_i]; it is said in words, and of a name that nothing else gives a meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.reading import Reading
from derive.elaborate.terms.limits import bound_letters
from derive.latex.print import latex
from derive.tree import Tree

_NAME = r"\$\s*(\\(?:mathbf|boldsymbol|bm)\s*\{[A-Z]\}|[A-Z])\s*\$"
_SAID = re.compile(
    rf"{_NAME}[^.$;]{{0,40}}?\bone[- ]hot|\bone[- ]hot[^.$;]{{0,40}}?{_NAME}", re.IGNORECASE
)
_DENIED = re.compile(r"\bnot\b|\bno\b|n't\b", re.IGNORECASE)


def with_one_hot(items: Sequence[Tree], text: str, reading: Reading) -> list[Tree]:
    """The statements and the definition of such a matrix, if the text speaks of one."""
    found = _SAID.search(text)
    labels = _labels(items) if found is not None and not _DENIED.search(found[0]) else set()
    if found is None or len(labels) != 1:
        return list(items)
    ((base, letter),) = labels
    written = (found[1] or found[2]).replace(" ", "")
    said = [n for n in names_in(items) if n.head == "name" and latex(n) == written]
    heads = [i.kids[0] for i in items if i.head == "chain" and isinstance(i.kids[0], Tree)
             and i.kids[1] != Tree("rel", ("in",))]  # fmt: skip
    defined = any(base_of(head) == base_of(said[0]) for head in heads) if said else True
    used = {str(n.kids[0]) for n in names_in(items) if n.head == "name"}
    column = next((x for x in "jkcrsq" if x not in used and x != letter), None)
    if defined or column is None:
        return list(items)
    row, column_index = Tree("name", (letter,)), Tree("name", (column,))
    label = Tree("script", (Tree("name", (base,)), row, None))
    equal = Tree("chain", (column_index, Tree("rel", ("=",)), label))
    left = Tree("script", (said[0], Tree("juxt", (row, column_index)), None), said[0].span)
    one = Tree("juxt", (Tree("name", (r"\mathbb{1}",)), Tree("bracket", (equal,))))
    reading.note("one-hot", f"${written}$ is read as the one-hot matrix of the ${latex(label)}$")
    made = Tree("chain", (left, Tree("rel", ("=",)), one), said[0].span)
    return [*items, made]


def _labels(items: Iterable[Tree]) -> set[tuple[str, str]]:
    """The y and the i of labels y_i that choose entries under a sum over i."""
    found: set[tuple[str, str]] = set()
    for item in items:
        for node in item.subtrees():
            if node.head != "big" or node.kids[3] is None:
                continue
            letters = {letter for letter, _, _ in bound_letters(node.kids[1])}
            for inner in node.kids[3].subtrees():
                sub = inner.kids[1] if inner.head == "script" else None
                parts = (
                    sub.kids if isinstance(sub, Tree) and sub.head in ("list", "juxt") else (sub,)
                )
                for part in parts:
                    match part:
                        case Tree("script", (Tree("name", (str(base),)), Tree() as own, None)):
                            if (letter := index_letter(own)) in letters and letter:
                                found.add((base, letter))
    return found
