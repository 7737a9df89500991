r"""Factorisations written the other way round: L L^\top = A, of an A that nothing else defines.

The idea: beside such words the product says what A is, as A = L L^\top would.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.alone import DEFINES, is_head
from derive.elaborate.statements.given import is_concluded
from derive.elaborate.statements.mood import SENTENCE, is_denied
from derive.tree import Tree

_FACTORED = re.compile(
    r"\b(?:factori[sz]\w+|factor of|decompos\w+|Cholesky|spectral form|Zerlegung|faktori\w+|"
    r"d[ée]compos\w+)\b|分解",
    re.IGNORECASE,
)


def turned(items: Iterable[Tree], text: str) -> list[Tree]:
    """The statements, with such products on the right side."""
    items = list(items)
    chains = [item for item in items if item.head == "chain" and len(item.kids) > 2]
    given = {item.kids[0] for item in chains if str(item.kids[1].kids[0]) in DEFINES}
    return [_turned(item) if _is_factored(item, given, text) else item for item in items]


def _turned(item: Tree) -> Tree:
    return Tree("chain", tuple(reversed(item.kids)), item.span)


def _is_factored(item: Tree, given: set[Tree | None], text: str) -> bool:
    match item:
        case Tree("chain", (Tree("juxt") as product, Tree("rel", ("=",)), Tree("name") as whole)):
            names = {base_of(node) for node in names_in([product])}
        case _:
            return False
    if is_head(product) or whole in given or base_of(whole) in names | {""}:
        return False
    start, end = item.span
    before = SENTENCE.split(text[max(0, start - 300) : start])[-1]
    sentence = before + SENTENCE.split(text[end : end + 300])[0]
    return (
        _FACTORED.search(sentence) is not None
        and not is_concluded(item, text) and not is_denied(text, start, end)
    )  # fmt: skip
