r"""Whole numbers in scripts and limits reckoned out: g_{t-(t-1-s)} is g_{s+1}.

The idea: an index is a sum of letters with whole factors and a number; so is an exponent, and the
limit of a sum.  A sum whose limits are numbers is the sum of its terms.
"""

from __future__ import annotations

from derive.elaborate.names.indices import index_letter
from derive.elaborate.recurrence.ranges import number_of
from derive.elaborate.recurrence.steps import mentions, put
from derive.elaborate.terms.limits import bound_letters
from derive.tree import Tree

Linear = dict[str, int]  # letter: factor; the number stands under ""
_MOST = 64  # terms that are written out


def linear(tree: object) -> Linear | None:
    """An index as a sum of letters and a number; None where it is none."""
    if not isinstance(tree, Tree):
        return None
    found = _linear(tree)
    return None if found is None else {x: n for x, n in found.items() if n or not x}


def _linear(tree: Tree) -> Linear | None:
    if (number := number_of(tree)) is not None:
        return {"": number}
    if (letter := index_letter(tree)) is not None:
        return {letter: 1}
    match tree:
        case Tree("paren", (Tree() as inner,)):
            return _linear(inner)
        case Tree("neg", (Tree() as inner,)):
            found = _linear(inner)
            return None if found is None else {x: -n for x, n in found.items()}
        case Tree("juxt", (Tree() as first, Tree() as second)):
            times, found = number_of(first), _linear(second)
            if times is None or found is None:
                return None
            return {x: times * n for x, n in found.items()}
        case Tree("sum", terms):
            total: Linear = {}
            for term in terms:
                found = _linear(term) if isinstance(term, Tree) else None
                if found is None:
                    return None
                for letter, n in found.items():
                    total[letter] = total.get(letter, 0) + n
            return total
    return None


def spelled(index: Linear, span: tuple[int, int] = (0, 0)) -> Tree:
    """An index as it is written: what is added first."""
    terms: list[Tree] = []
    for letter, factor in sorted(index.items(), key=lambda pair: (not pair[0], pair[1] < 0)):
        if not factor:
            continue
        size = Tree("num", (str(abs(factor)),), span)
        part = size if not letter else Tree("name", (letter,), span)
        if letter and abs(factor) > 1:
            part = Tree("juxt", (size, part), span)
        terms.append(part if factor > 0 else Tree("neg", (part,), span))
    if not terms:
        return Tree("num", ("0",), span)
    return terms[0] if len(terms) == 1 else Tree("sum", tuple(terms), span)


def reckoned(tree: Tree) -> Tree:
    """A formula with the sums in its scripts and limits reckoned out."""
    return tree.rewritten(_reckoned)


def _reckoned(node: Tree) -> Tree:
    if node.head == "script":
        return Tree("script", (node.kids[0], *map(_index, node.kids[1:])), node.span)
    if node.head == "big":
        return Tree("big", (*node.kids[:2], _index(node.kids[2]), node.kids[3]), node.span)
    return node


def _index(tree: object) -> object:
    if not isinstance(tree, Tree) or tree.head not in ("sum", "neg", "juxt"):
        return tree
    found = linear(tree)
    return tree if found is None else spelled(found, tree.span)


def at_step(tree: Tree, letter: str, k: int) -> Tree:
    """A formula at step k; a sum that goes as far as the step is written out."""
    return reckoned(put(_spread(tree, letter, k), letter, spelled({"": k})))


def _spread(tree, letter: str, k: int):
    # Nesting is capped by the reader, so the recursion is bounded.
    if not isinstance(tree, Tree):
        return tree
    if tree.head == "big" and tree.kids[0] == "sum" and isinstance(tree.kids[3], Tree):
        found = bound_letters(tree.kids[1])
        if len(found) == 1 and found[0][0] != letter:
            one, first, _ = found[0]
            if mentions(first, letter) or mentions(tree.kids[2], letter):
                here = spelled({"": k})
                ends = [linear(put(end, letter, here)) if isinstance(end, Tree) else None
                        for end in (first, tree.kids[2])]  # fmt: skip
                body = put(_spread(tree.kids[3], letter, k), letter, here)
                done = _terms(body, one, *ends)
                if done is not None:
                    return Tree("paren", (done,), tree.span)
    return Tree(tree.head, tuple(_spread(kid, letter, k) for kid in tree.kids), tree.span)


def _terms(body: Tree, letter: str, low: Linear | None, high: Linear | None) -> Tree | None:
    if low is None or high is None or set(low) | set(high) != {""}:
        return None
    first, last = low[""], high[""]
    if not -1 <= last - first < _MOST:
        return None
    terms = [reckoned(put(body, letter, spelled({"": j}))) for j in range(first, last + 1)]
    if not terms:  # nothing is added: zero, of the shape of a term
        one = reckoned(put(body, letter, spelled({"": first})))
        group = Tree("paren", (one,))
        return Tree("sum", (group, Tree("neg", (group,))), body.span)
    return terms[0] if len(terms) == 1 else Tree("sum", tuple(terms), body.span)
