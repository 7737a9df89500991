r"""Documents that speak of numbers alone: f(x, y, z) = (x + y) z, with no sign of an array.

The idea: a small letter is a vector by custom where a document has vectors at all; what shows that
it has any is a capital, a bold letter, an index, a transpose, a norm, a product or a function of
vectors, a nabla, or a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, is_bold, names_in
from derive.elaborate.statements.alone import DEFINES, is_head
from derive.notation.names import parts
from derive.tree import Tree

_WORDS = re.compile(
    r"\b(?:vect\w*|vekt\w*|matri\w*|tensors?|arrays?|element-?wise|entry-?wise|"
    r"component\w*|batch\w*|mini-?batch\w*|dimension\w*|layers?|schicht\w*|couches?|jacobi\w*|"
    r"hessi\w*|embedding\w*|weights|biases|logits|inputs|optimi[sz]er\w*|Adam|momentum|softmax)\b"
    r"|向量|矩阵|张量|层|\\(?:mathbb|vec|times|otimes|odot|circ|langle|cdot|cdots|ldots|dots)\b",
    re.IGNORECASE,
)
_ORDERS = frozenset(["<", ">", "<=", ">=", "!="])
_INTERVALS = frozenset(["interval", "paren", "bracket"])
_TURNED = ((r"\top",), ("T",))
_HEADS = frozenset(["norm", "transpose", "env", "grad", "big"])
_NAMES = frozenset(["softmax", "diag", "tr", "det", "vec", "sum", "mean", "dim", "argmax", "rank"])


def of_numbers(items: Iterable[Tree], plain: str) -> bool:
    """Whether nothing in a document shows an array."""
    items = list(items)
    functions = {n.kids[0] for item in items for n in item.subtrees() if is_head(n)}
    return _WORDS.search(plain) is None and not any(_shows(item, functions) for item in items)


def _shows(item: Tree, functions: set[Tree]) -> bool:
    own: set[Tree] = set()  # what is defined may be a capital: L, J, E
    if item.head == "chain" and item.kids[0] is not None:
        left = item.kids[0]
        own = {left.kids[0] if is_head(left) else left}
        if str(item.kids[1].kids[0]) not in DEFINES and not _of_a_number(item):
            return True  # a set that it is in, or an order of arrays
    for node in item.subtrees():
        match node:
            case Tree("deriv", (of, *_)):
                own |= {of} if isinstance(of, Tree) else set()
            case Tree("script", (_, sub, sup)):
                label = isinstance(sup, Tree) and (sup.head == "paren" or sup.kids in _TURNED)
                if label or (isinstance(sub, Tree) and index_letter(sub)):
                    return True  # x_i, x^{(i)}, or the T of a transpose
            case Tree("prime", (base, *_)) if base not in functions:
                return True  # x' y
            case Tree(head) if head in _HEADS:
                return True
    return any(_is_array(name) for name in names_in([item]) if name not in own)


def _of_a_number(item: Tree) -> bool:
    r"""Whether an order or a set is that of a number: \lambda > 0, \alpha \in (0, 1)."""
    sides, signs = item.kids[::2], {str(rel.kids[0]) for rel in item.kids[1::2]}
    if signs <= _ORDERS:
        return any(isinstance(side, Tree) and _is_numeral(side) for side in sides)
    return signs == {"in"} and isinstance(sides[-1], Tree) and sides[-1].head in _INTERVALS


def _is_numeral(side: Tree) -> bool:
    return side.head == "num" or (side.head == "neg" and side.kids[0].head == "num")


def _is_array(name: Tree) -> bool:
    base = base_of(name)
    core = parts(base).core.lstrip("\\")
    return is_bold(base) or core in _NAMES or (len(core) == 1 and core.isupper())
