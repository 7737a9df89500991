r"""Statements unfolded: what an author leaves out of the notation is put in before they are sorted.

The idea: \hat{y} = a = \sigma(z) defines two names, \min_w f states a loss and its parameters,
and a sum reaches as far as its index is used.  All of this is seen in the trees, before meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from derive.elaborate.faults import Fault
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.alone import is_head
from derive.elaborate.terms.limits import bound_letters
from derive.latex.print import latex
from derive.tree import Tree

_EQUALS = frozenset(["=", ":=", "=="])
_OPTIMISED = frozenset(["min", "max", "argmin", "argmax"])
_LOSS_NAMES = (r"\mathcal{L}", "L", "J")
_LOSS_TREES = tuple(Tree("name", (name,)) for name in _LOSS_NAMES)


@dataclass(slots=True)
class Unfolded:
    """Statements one by one, the names that are optimised over, and what is to be told."""

    items: list[Tree] = field(default_factory=list)
    sought: list[Tree] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def unfolded(items: Iterable[Tree]) -> Unfolded:
    """The statements with chains of names split and objectives named."""
    found = Unfolded()
    items = list(items)
    for item in items:
        found.items += _objective(item, items, found)
    heads = {latex(i.kids[0]) for i in found.items if i.head == "chain" and i.kids[0] is not None}
    found.items = [part for item in found.items for part in _split(item, heads)]
    return found


def _split(item: Tree, heads: set[str]) -> Iterator[Tree]:
    r"""\hat{y} = a = \sigma(z) as a = \sigma(z) and \hat{y} = a, where nothing else defines a; so
    y = f(x) = 3 x^2, where nothing else defines f."""
    if item.head == "chain" and len(item.kids) > 3 and item.kids[0] is not None:
        left, sign, middle = item.kids[:3]
        if _is_turned(left, middle) and str(item.kids[3].kids[0]) not in _EQUALS:
            # Q = Q^T \succ 0 says two things of Q
            yield Tree("chain", item.kids[:3], item.span)
            yield Tree("chain", (left, *item.kids[3:]), item.span)
            return
        signs = {str(rel.kids[0]) for rel in item.kids[1:4:2]}
        function = (
            is_head(middle) and is_head(item.kids[0]) is False and bool(base_of(item.kids[0]))
        )
        name = middle.kids[0] if function else middle
        known = any(head == latex(name) or head.startswith(latex(name) + "(") for head in heads)
        if signs <= _EQUALS and (base_of(middle) or function) and not known:
            heads.add(latex(middle))
            yield from _split(Tree("chain", item.kids[2:], item.span), heads)
            yield Tree("chain", (item.kids[0], sign, middle), item.span)
            return
    yield item


def _is_turned(left: Tree, right: Tree) -> bool:
    """Q^T beside Q"""
    above = right.kids[2] if right.head == "script" and right.kids[1] is None else None
    return base_of(left) != "" and isinstance(above, Tree) and right.kids[0] == left and (
        above.kids[:1] in ((r"\top",), ("T",))
    )  # fmt: skip


# ---------------------------------------------------------------- objectives


def _objective(item: Tree, items: list[Tree], found: Unfolded) -> Iterator[Tree]:
    """The statements that an optimisation problem stands for: itself, where it is none."""
    sides = item.kids[::2] if item.head == "chain" else (item,)
    for k, side in enumerate(sides):
        taken = _optimised(side) if isinstance(side, Tree) else None
        if taken is None:
            continue
        below, body = taken
        for part in below:
            if part.head == "chain":
                yield part
            found.sought.append(part.kids[0] if part.head == "chain" else part)
        stated = base_of(body.kids[0] if body.head == "juxt" else body)
        if item.head == "chain" and k == 0:
            yield Tree("chain", (body, *item.kids[1:]), item.span)
        elif not (stated and (body.head != "juxt" or len(body.kids) == 2)):
            name = _free_name(items)
            found.notes.append(f"the objective ${latex(body)}$ is called ${name}$")
            rel = Tree("rel", ("=",))
            yield Tree("chain", (Tree("name", (name,)), rel, body), side.span)
        return
    yield item


def _free_name(items: list[Tree]) -> str:
    """The loss that the document differentiates without defining it; else a name of its own."""
    heads = {latex(i.kids[0]) for i in items if i.head == "chain" and i.kids[0] is not None}
    for item in items:
        for node in item.subtrees():
            of = {"deriv": 0, "grad": 1}.get(node.head)
            loss = node.kids[of] if of is not None else None
            if loss in _LOSS_TREES and latex(loss) not in heads:
                return str(loss.kids[0])
    used = {str(n.kids[0]) for item in items for n in item.subtrees() if n.head == "name"}
    return next((name for name in _LOSS_NAMES if name not in used), r"\mathcal{L}_0")


def _optimised(side: Tree) -> tuple[tuple[Tree, ...], Tree] | None:
    r"""The names below a \min or \arg\min that quantities have, and what is optimised."""
    rest: tuple[Tree, ...] = ()
    big = side
    if side.head == "sum" and isinstance(side.kids[0], Tree):
        big, rest = side.kids[0], side.kids[1:]
    if big.head != "big" or big.kids[0] not in _OPTIMISED or None in (big.kids[1], big.kids[3]):
        return None
    below = big.kids[1].kids if big.kids[1].head == "list" else (big.kids[1],)
    body = Tree("sum", (big.kids[3], *rest), side.span) if rest else big.kids[3]
    names = [p.kids[0] if p.head == "chain" else p for p in below]
    if not all(isinstance(n, Tree) and base_of(n) for n in names) or any(
        p.head == "chain" and (len(p.kids) != 3 or p.kids[1] != Tree("rel", ("in",))) for p in below
    ):
        return None
    used = {str(index.kids[0]) for n in names_in([body]) for index in _subscripts(n)}
    if any(n.head == "name" and n.kids[0] in used for n in names):
        return None  # \max_j s_j: an index, not a quantity
    return below, body


def _subscripts(node: Tree) -> Iterator[Tree]:
    while node.head in ("script", "prime"):
        if node.head == "script":
            scripts = [k for k in node.kids[1:] if isinstance(k, Tree)]
            yield from (n for k in scripts for n in k.subtrees() if n.head == "name")
        node = node.kids[0]


# ---------------------------------------------------------------- the reach of a sum


def reaching(tree: Tree, outer: frozenset[str] = frozenset()) -> Tree:
    r"""The tree with every sum reaching to the last term that uses its index.

    \sum_i a_i + b_i is the sum of both.  ``outer`` are letters that something around binds; Fault,
    code ``ambiguous-sum``, where a term without the index stands in between, and of
    -\sum_i a_i + b_i, where nobody can tell whether the minus holds for b_i.
    """
    if tree.head == "big":
        letters = {letter for letter, _, _ in bound_letters(tree.kids[1])}
        inner = outer | letters
        kids = (*tree.kids[:3], reaching(tree.kids[3], inner) if tree.kids[3] else None)
        return Tree("big", kids, tree.span)
    kids: tuple = tuple(_reaching_kid(kid, outer) for kid in tree.kids)
    if tree.head == "sum":
        kids = _absorbed(kids, outer)
        if len(kids) == 1:
            return kids[0]
    return Tree(tree.head, kids, tree.span)


def _reaching_kid(kid: object, outer: frozenset[str]):
    if isinstance(kid, Tree):
        return reaching(kid, outer)
    if isinstance(kid, tuple):
        return tuple(_reaching_kid(part, outer) for part in kid)
    return kid


def _absorbed(terms: tuple[Tree, ...], outer: frozenset[str]) -> tuple[Tree, ...]:
    for k, term in enumerate(terms):
        if not isinstance(term, Tree):
            continue
        path = _last_big(term)
        letters = {x for x, _, _ in bound_letters(path[-1].kids[1])} - outer if path else set()
        using = [j for j in range(k + 1, len(terms)) if uses(terms[j], letters)]
        if not using:
            continue
        if using != list(range(k + 1, using[-1] + 1)):
            raise Fault(
                "ambiguous-sum",
                f"the sum over ${', '.join(sorted(letters))}$ may end before "
                f"${latex(terms[k + 1])}$ or reach over it",
                term,
                "put brackets around what is summed",
            )
        taken = terms[k + 1 : using[-1] + 1]
        if term.head == "neg":
            if (plus := next((t for t in taken if t.head != "neg"), None)) is not None:
                raise Fault(
                    "ambiguous-sum",
                    f"the minus before the sum over ${', '.join(sorted(letters))}$ may hold for "
                    f"${latex(plus)}$ too, or not",
                    term,
                    "put brackets around what is summed",
                )
            taken = tuple(t.kids[0] for t in taken)
        grown = _grown(path, taken)
        return _absorbed((*terms[:k], grown, *terms[using[-1] + 1 :]), outer)
    return terms


def _last_big(term: Tree) -> list[Tree]:
    """The trees from a term down to the sum that ends it: -, a product, the sum."""
    path = [term]
    while path[-1].head in ("neg", "juxt"):
        path.append(path[-1].kids[-1])
    last = path[-1]
    return path if last.head == "big" and last.kids[0] == "sum" and last.kids[3] else []


def _grown(path: list[Tree], taken: tuple[Tree, ...]) -> Tree:
    big = path[-1]
    span = (big.span[0], taken[-1].span[1])
    body = big.kids[3]
    first = body.kids if body.head == "sum" else (body,)
    grown = Tree("big", (*big.kids[:3], Tree("sum", (*first, *taken), span)), span)
    for node in reversed(path[:-1]):
        grown = Tree(node.head, (*node.kids[:-1], grown), (node.span[0], span[1]))
    return grown


def uses(term: Tree, letters: set[str]) -> bool:
    """Whether a term has one of these letters as an index that no sum of its own binds."""
    if not letters:
        return False
    if term.head == "big":
        letters = letters - {letter for letter, _, _ in bound_letters(term.kids[1])}
        return term.kids[3] is not None and uses(term.kids[3], letters)
    if term.head == "script":
        scripts = [k for k in term.kids[1:] if isinstance(k, Tree)]
        for script in scripts:
            parts = script.kids if script.head in ("list", "juxt") else (script,)
            if any(isinstance(p, Tree) and index_letter(p) in letters for p in parts):
                return True
    return any(
        uses(kid, letters)
        for part in term.kids
        for kid in (part if isinstance(part, tuple) else (part,))
        if isinstance(kid, Tree)
    )


def chooses(letter: str, items: Iterable[Tree]) -> bool:
    """Whether a definition has a letter as an index that its left side does not have: then it is
    data, the y of L = -\\log p_y."""
    for item in items:
        left = item.kids[0] if item.head == "chain" and len(item.kids) == 3 else None
        if isinstance(left, Tree) and base_of(left) and item.kids[1].kids[0] in _EQUALS:
            names = {str(n.kids[0]) for n in left.subtrees() if n.head == "name"}
            if letter not in names and uses(item.kids[2], {letter}):
                return True
    return False
