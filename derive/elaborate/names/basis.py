r"""The standard basis: e_i, and the matrices J^{ij} = e_i e_j^\top that are 1 at one entry.

The idea: e_i is a column of an identity, whose size is that of what it meets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from derive.elaborate.dispatch import rule
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.symbols import entries
from derive.elaborate.reading import Env, Reading
from derive.elaborate.statements.units import UNITS
from derive.elaborate.values import Value, contract_values
from derive.kernel.expr import Delta
from derive.tree import Tree

_WORDS = re.compile(
    r"(?:standard|canonical|unit|natural) (?:basis|coordinate)|(?:standard )?basis vectors?|"
    r"unit vectors?|Einheitsvektor|vecteurs? de (?:la )?base|base canonique|单位向量|标准基",
    re.IGNORECASE,
)
_TURNED = frozenset(["T", r"\top"])


def has_basis(items: Iterable[Tree], text: str) -> bool:
    """Whether e_i is a vector of the basis: the text says so, or an e_j^T stands there."""
    if _WORDS.search(text):
        return True
    return any(
        node.head == "script" and node.kids[0].kids[:1] in UNITS
        and index_letter(node.kids[1]) is not None
        and node.kids[2] is not None and node.kids[2].kids[:1] in {(t,) for t in _TURNED}
        for item in items for node in item.subtrees()
    )  # fmt: skip


@rule("unit")
def _unit(reading: Reading, tree: Tree, env: Env) -> Value:
    return entries(reading, Value(Delta(reading.sizes.fresh())), tree.kids, env, tree)


@rule("single")
def _single(reading: Reading, tree: Tree, env: Env) -> Value:
    sides = [
        Value(Delta(reading.sizes.fresh()), (env.letter(index_letter(index) or ""),))
        for index in tree.kids
    ]
    return contract_values(tree, reading.sizes, sides, [(0,), (1,)], (0, 1))
