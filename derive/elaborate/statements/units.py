r"""The standard basis as it is written: e_i, \mathbf{e}_y of a class number y, J^{ij}.

The idea: e_i is read so in a document that has these; e_y also where y is the number of a class
and nothing else is called e.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeGuard

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import Scope, base_of
from derive.notation.names import parts
from derive.tree import Tree

UNITS = frozenset([("e",), (r"\mathbf{e}",)])
_SINGLE = frozenset(
    [("J",), ("E",), (r"\mathbf{J}",), (r"\mathbf{E}",), (r"\mathbb{J}",), (r"\mathbb{E}",)]
)
_PAIRS = frozenset(["juxt", "list"])


def single_entry(
    base: Tree, sub: Tree | None, sup: Tree | None, scope: Scope
) -> tuple[Tree, ...] | None:
    """The letters of J^{ij}, the matrix that is 1 at (i, j) and 0 elsewhere."""
    if sup is None or sub is not None or base.kids[:1] not in _SINGLE or sup.head not in _PAIRS:
        return None
    letters = sup.kids
    if len(letters) != 2 or not all(map(index_letter, letters)) or scope.known(str(base.kids[0])):
        return None
    return letters


def chosen_bold(node: Tree) -> bool:
    r"""Whether a name is bold because its document writes vectors so: \mathbf{1} and \mathbf{e}_c
    are in any document."""
    base = base_of(node)
    unit = node.head == "script" and (base,) in UNITS
    return base.startswith(r"\mathbf") and base not in _NUMERALS and not unit


_NUMERALS = frozenset([r"\mathbf{1}", r"\mathbf{0}", r"\mathbf{I}"])


def is_unit(base: Tree, sub: Tree | None, scope: Scope) -> TypeGuard[Tree]:
    """Whether this is e_i, a vector of the standard basis."""
    if sub is None or base.kids[:1] not in UNITS:
        return False
    if scope.known(scope.refer(Tree("script", (base, sub, None))).symbol):
        return False
    if scope.basis and index_letter(sub) is not None:
        return True
    return _is_class(sub, scope) and not _is_taken(str(base.kids[0]), scope)


def _is_class(sub: Tree, scope: Scope) -> bool:
    return base_of(sub) != "" and scope.refer(sub).symbol in scope.classes


def _is_taken(base: str, scope: Scope) -> bool:
    """Whether the document has vectors of its own that are called e."""
    known = scope.declared | scope.defined | scope.functions
    return any(symbol.partition("_")[0] == base for symbol in known)


_E = Tree("name", ("E",))
_GERMAN = re.compile(
    r"\b(?:identit\w*|Einheits\w*|unit matrix|der|die|das|und|sei|ist|mit|für)\b|单位"
)


def unit_letter(items: Iterable[Tree], plain: str) -> bool:
    """Whether E is the unit matrix, as in German: in English, where it is a factor like any other,
    as in D E x, or is differentiated by, it is an encoder, an embedding or an error."""
    if _GERMAN.search(plain):
        return True
    return not any(_is_factor(node) for item in items for node in item.subtrees())


def _is_factor(node: Tree) -> bool:
    match node:
        case Tree("deriv", (_, by, _)) | Tree("grad", (by, _, _)):
            return by == _E
        case Tree("norm", (inner,)):
            return inner == _E
        case Tree("juxt", kids):
            for k, kid in enumerate(kids):
                after = kids[k + 1].head if k + 1 < len(kids) else "op"
                before = base_of(kids[k - 1]) if k else ""
                matrix = parts(before).core[:1].isupper()
                if kid == _E and (after not in ("op", "paren", "rel") or matrix):
                    return True
    return False
