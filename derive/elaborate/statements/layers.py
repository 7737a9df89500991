r"""Networks written layer by layer: z^l = w^l a^{l-1} + b^l, and z^l_j = \sum_k w^l_{jk} a^{l-1}_k.

The idea: what stands above counts the layer and what stands below selects an entry, so a^l_k is the
entry k of a^l; a lower-case weight is a matrix where the document has arrays at all; and \nabla_a C
is by the a that C is of, the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of
from derive.elaborate.reading import Reading
from derive.elaborate.recurrence.steps import letters_in, member_of
from derive.elaborate.statements.depth import with_depth
from derive.elaborate.statements.labels import with_labels
from derive.elaborate.terms.limits import bound_letters
from derive.notation.names import parts
from derive.tree import LABELS, Tree

_ARRAYS = re.compile(r"\b(?:vectors?|matrix|matrices|tensors?)\b", re.IGNORECASE)
_LAYERS = re.compile(r"\blayers?\b", re.IGNORECASE)
_SIGNS = frozenset([(r"\odot",), (r"\circ",), (r"\otimes",), ("diag",), ("Diag",), ("tr",)])
_TURNED = frozenset(["T", r"\top", r"\intercal"])
_WEIGHTS = frozenset("uvw")
_MATRIX = ((2, 0), (1, 6), (0, 8))
_NUMBER = ((0, 0), (1, 1))
_DEFINES = frozenset(["=", ":=", "=="])

Ranks = tuple[tuple[int, int], ...]


def with_layers(items: Iterable[Tree], text: str, reading: Reading) -> list[Tree]:
    """The statements with the superscripts that are labels told from powers, which is noted, and
    the ranks that the letters of layers may have."""
    items, told = with_labels(_with_plain_delta(items), text)
    if told:
        reading.note("labels", told)
    letters = letters_in(items)
    layered = frozenset(_layered(items, letters))
    if not layered:
        return with_depth(items, reading) if told or _LAYERS.search(text) else items
    reading.layered.update(_ranks(items, layered, text))
    return with_depth(_with_last(_with_entries(items, letters), layered), reading)


def _with_plain_delta(items: Iterable[Tree]) -> list[Tree]:
    r"""The statements with \delta for a bold one, where the document has no other."""
    items = list(items)
    names = {str(n.kids[0]) for item in items for n in item.subtrees() if n.head == "name"}
    bold = {name for name in names - {r"\delta"} if parts(name).core == r"\delta"}
    if len(bold) != 1 or r"\delta" in names:
        return items
    (name,) = bold
    plain = Tree("name", (r"\delta",))
    return [
        item.rewritten(lambda n: Tree("name", plain.kids, n.span) if n.kids == (name,) else n)
        for item in items
    ]


def _layered(items: Iterable[Tree], letters: Iterable[str]) -> Iterator[str]:
    """The names with a label that counts: the w and a of w^l a^{l-1}."""
    letters = list(letters)
    for item in items:
        for node in item.subtrees():
            if _is_labelled(node) and any(member_of(node, letter) for letter in letters):
                yield base_of(node)


def _is_labelled(node: Tree) -> bool:
    sup = node.kids[2] if node.head == "script" else None
    return isinstance(sup, Tree) and sup.head in LABELS and base_of(node) != ""


# ------------------------------------------------------------------------------------------ entries


def _with_entries(items: list[Tree], letters: list[str]) -> list[Tree]:
    """The statements with a^l_k as the entry k of a^l, for letters that are summed over or that a
    definition has on both sides; the h of W_h^l names another weight."""
    entries = {
        letter for item in items for node in item.subtrees() if node.head == "big"
        for letter, _, _ in bound_letters(node.kids[1])
    }  # fmt: skip
    for item in items:
        if item.head == "chain" and isinstance(item.kids[0], Tree) and _is_labelled(item.kids[0]):
            own = _below(item.kids[0])
            entries |= own & {x for k in item.kids[2::2] for n in k.subtrees() for x in _below(n)}
    entries -= set(letters)

    def one(node: Tree) -> Tree:
        if not _is_labelled(node) or node.kids[1] is None or not _below(node) <= entries:
            return node
        base, sub, sup = node.kids
        whole = Tree("script", (base, None, sup), node.span)
        return Tree("script", (whole, sub, None), node.span) if _below(node) else node

    return [item.rewritten(one) for item in items]


def _below(node: Tree) -> set[str]:
    """The index letters below a name; none where anything else stands there."""
    sub = node.kids[1] if node.head == "script" else None
    if not isinstance(sub, Tree):
        return set()
    parts = sub.kids if sub.head in ("juxt", "list") else (sub,)
    found = {letter for part in parts if (letter := index_letter(part))}
    return found if len(found) == len(parts) else set()


# -------------------------------------------------------------------------------------------- ranks


def _ranks(items: list[Tree], layered: frozenset[str], text: str) -> dict[str, Ranks]:
    """The ranks that names of layers may have, where custom gives them others than alone."""
    small = {base for base in layered if len(base) == 1 and base.islower()}
    if not any(map(_has_arrays, items)) and _ARRAYS.search(text) is None:
        return dict.fromkeys(small, _NUMBER)
    weights = {
        base_of(one) for item in items for node in item.subtrees() if node.head == "juxt"
        for one, after in pairwise(node.kids)
        if base_of(one) in small & _WEIGHTS and base_of(after) in small
    }  # fmt: skip
    return dict.fromkeys(weights, _MATRIX)


def _has_arrays(item: Tree) -> bool:
    for node in item.subtrees():
        if node.head in ("norm", "transpose", "env") or node.kids[:1] in _SIGNS:
            return True
        if node.head == "script":
            _, sub, sup = node.kids
            entries = sub is not None and sub.head in ("juxt", "list") and base_of(node) != ""
            turned = isinstance(sup, Tree) and sup.head == "name" and sup.kids[0] in _TURNED
            if entries or turned or (base_of(node) == r"\mathbb{R}" and sup is not None):
                return True
    return False


# --------------------------------------------------------------------------------------- the last


def _with_last(items: list[Tree], layered: frozenset[str]) -> list[Tree]:
    r"""The statements with \nabla_a C by the one a that C is of, where a stands for no quantity."""

    def by_last(node: Tree) -> Tree:
        match node:
            case Tree("grad", (Tree("name", (str(base),)) as by, Tree() as of, order)) if (
                base in layered
            ):
                found = _members(items, of, base)
                if len(found) == 1:
                    (last,) = found
                    return Tree("grad", (Tree("script", last.kids, by.span), of, order), node.span)
        return node

    return [item.rewritten(by_last) for item in items]


def _members(items: Iterable[Tree], of: Tree, base: str) -> set[Tree]:
    r"""The members that a loss is said to be of: the a^L of C(a^L) or of C = \|a^L - y\|^2."""
    found: set[Tree] = set()
    for item in items:
        said = item.kids[0] if item.head == "chain" else item
        called = isinstance(said, Tree) and said.head == "juxt" and said.kids[0] == of
        if called and said.kids[1].head == "paren":
            parts: tuple = said.kids[1:2]
        elif item.head == "chain" and said == of and str(item.kids[1].kids[0]) in _DEFINES:
            parts = item.kids[2::2]
        else:
            continue
        found |= {
            Tree("script", (node.kids[0], None, node.kids[2]))
            for part in parts for node in part.subtrees()
            if _is_labelled(node) and base_of(node) == base
        }  # fmt: skip
    return found
