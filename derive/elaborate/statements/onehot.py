r"""What is one-hot, by the number of its class: "with $Y$ the one-hot matrix of the labels", beside
P_{i,y_i}, and "a one-hot $y$ with $y_k = 1$".

The idea: a row of such a matrix is the one-hot vector of a label that the document chooses entries
with, so Y_{ij} = \mathbb{1}[j = y_i]; and the k of y_k = 1, or of "$k$ is the true class", is the
number of a class, and y = [\mathbb{1}(j = k)]_j.  Both are said in words, and of a name to which
nothing else gives a meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.reading import Reading
from derive.elaborate.recurrence.steps import put
from derive.elaborate.statements.beside import beside
from derive.elaborate.statements.facts import ONE_HOT
from derive.elaborate.statements.letters import counted
from derive.elaborate.statements.mood import BEGINS
from derive.elaborate.terms.limits import bound_letters
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.notation import ALPHABETS
from derive.notation.names import parts
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


# ------------------------------------------------------------------------------- the true class

_TRUE = r"(?:true|correct|right|actual|target|gold|ground[- ]truth|labell?ed|observed)"
_LETTER = r"\$\s*([a-z])\s*\$"
_CLASS = re.compile(
    rf"{_LETTER}\s+(?:is|be|being|denotes?|denoting)\s+(?:the\s+)?(?:index\s+of\s+the\s+)?{_TRUE}\s+"
    rf"(?:class|label|index|category)|\b{_TRUE}\s+(?:class|label|index|category)\s+{_LETTER}"
)
_OTHER_CASE = re.compile(r"\b(?:otherwise|else|if not|sonst|andernfalls|sinon)\b", re.IGNORECASE)
_IN, _EQUAL = Tree("rel", ("in",)), Tree("rel", ("=",))


def with_true_class(items: Sequence[Tree], parsed: Parsed, reading: Reading) -> list[Tree]:
    """The statements with the number of its class for a one-hot vector of which the text says it.

    The letter is another one before the sentence that says so, and where something binds it."""
    text = parsed.document.plain
    hot = {one.named for one in beside(ONE_HOT, parsed) if one.how == "plainly"}
    hot = {name for name in hot if name.head == "name" and not _has_meaning(name, items)}
    found = _chosen(items, hot, text) if len(hot) == 1 else None
    if found is None or _OTHER_CASE.search(text):
        return list(items)
    (vector,), (letter, at) = hot, found
    used = {str(n.kids[0]) for n in names_in(items) if n.head == "name"}
    spare = [x for x in "jlqrspuv" if x not in used]
    sizes = {x for item in items for node in item.subtrees() for x in counted(node)}
    if len(spare) < 2 or letter in _defined(items) | sizes:
        return list(items)
    begins = [one.end() for one in BEGINS.finditer(text, 0, at)]
    start = begins[-1] if begins else 0
    kept = []
    for item in items:
        if _is_one(item, vector, letter):
            continue
        whole = _with_bound(item, letter, Tree("name", (spare[0],)))
        before = item.span[1] <= start
        kept.append(put(whole, letter, Tree("name", (spare[0],))) if before else whole)
    own, number = Tree("name", (spare[1],)), Tree("name", (letter,))
    one = Tree("juxt", (Tree("name", (r"\mathbb{1}",)),
                        Tree("paren", (Tree("chain", (own, _EQUAL, number)),))))  # fmt: skip
    column = Tree("script", (Tree("bracket", (one,)), own, None))
    span = next((n.span for n in names_in(items) if n == vector), (0, 0))
    told = f"${latex(vector)}$ is read as the one-hot vector of the class ${letter}$"
    reading.note("true class", told)
    lives = _where_lives(items, letter)
    declared = [Tree("chain", (vector, _IN, lives), span)] if lives and not any(
        item.head == "chain" and item.kids[1] == _IN and vector in item.kids[0].subtrees()
        for item in items
    ) else []  # fmt: skip
    return [*kept, *declared, Tree("chain", (vector, _EQUAL, column), span)]


def _where_lives(items: Iterable[Tree], letter: str) -> Tree | None:
    """The set of the vectors of which the letter chooses an entry, the n classes of p_k."""
    items = list(items)
    chosen = {
        node.kids[0] for node in names_in(items)
        if node.head == "script" and index_letter(node.kids[1]) == letter
    }  # fmt: skip
    for item in items:
        if item.head == "chain" and len(item.kids) == 3 and item.kids[1] == _IN:
            names = item.kids[0].kids if item.kids[0].head == "list" else item.kids[:1]
            if chosen.intersection(names) and item.kids[2].head == "script":
                return item.kids[2]
    return None


def _chosen(items: Iterable[Tree], hot: set[Tree], text: str) -> tuple[str, int] | None:
    """The letter of the true class, the only one, and where it is said first."""
    (vector,) = hot
    found: dict[str, int] = {}
    for item in items:
        if item.head == "chain" and _entry(item, vector):
            if item.kids[2] != Tree("num", ("1",)) or len(item.kids) != 3:
                return None  # another case: y_k = 0
            found.setdefault(_entry(item, vector), item.span[0])
    for words in _CLASS.finditer(text):
        found.setdefault(words[1] or words[2], words.start())
    return next(iter(found.items())) if len(found) == 1 else None


def _entry(item: Tree, vector: Tree) -> str:
    """The letter of the entry that a line is about, y_k = .."""
    left = item.kids[0]
    at = (
        isinstance(left, Tree)
        and left.head == "script"
        and _weightless(left.kids[0]) == (_weightless(vector))
    )
    return (index_letter(left.kids[1]) or "") if at and left.kids[1] is not None else ""


def _weightless(name: Tree) -> str:
    r"""A name without its weight: y_k is an entry of bold y."""
    taken = parts(base_of(name))
    return taken.core if ALPHABETS.get(taken.alphabet or "bold") == "bold" else base_of(name)


def _is_one(item: Tree, vector: Tree, letter: str) -> bool:
    return item.head == "chain" and len(item.kids) == 3 and _entry(item, vector) == letter


def _has_meaning(name: Tree, items: Iterable[Tree]) -> bool:
    """Whether an equation says what a name is."""
    return any(
        item.head == "chain" and item.kids[0] == name and item.kids[1] != _IN for item in items
    )


def _defined(items: Iterable[Tree]) -> set[str]:
    """The letters that stand on a left side, or that run."""
    lefts = (item.kids[0] for item in items if item.head == "chain")
    return {x for left in lefts if isinstance(left, Tree) and (x := index_letter(left))}


def _with_bound(tree: Any, letter: str, new: Tree) -> Any:
    """The formula with another letter where something binds this one."""
    if isinstance(tree, tuple):
        return tuple(_with_bound(kid, letter, new) for kid in tree)
    if not isinstance(tree, Tree):
        return tree
    kids = _with_bound(tree.kids, letter, new)
    if tree.head == "big" and letter in {x for x, _, _ in bound_letters(tree.kids[1])}:
        kids = (kids[0], put(kids[1], letter, new), kids[2], put(kids[3], letter, new))
    return tree if kids == tree.kids else Tree(tree.head, kids, tree.span)
