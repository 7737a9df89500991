r"""A Jacobian by one entry as a matrix: \partial X / \partial X_{ij} = e_i e_j^\top.

The idea: an entry is what the vectors of the standard basis select, so an array with letters on
some of its axes is a product with e_i there, and is written as any product of matrices is; where
every axis has a letter, e_i^\top A B e_j is said as (A B)_{ij}, and e_i^\top e_j is \delta_{ij}.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.derivation.paper import Paper
from derive.kernel.build import add, contracted
from derive.kernel.expr import Add, Contract, Expr, Var, toposort
from derive.tree import Tree, name, tree
from derive.writing.words import letter_tree, product, total

_STRANGE = frozenset(["index", "big"])  # what has no matrix notation is said by its entries


def in_basis(form: Expr, letters: Sequence[str | None], paper: Paper) -> Tree | None:
    """The form with these letters on its axes, in vectors e_i, or by entries of products; None if
    that is no matrix, or if the document has an e of its own."""
    free = tuple(k for k, letter in enumerate(letters) if letter is None)
    names = [node.name for node in toposort(form) if isinstance(node, Var)]
    if len(free) > 2 or any(name.strip(r"\mathbf{}").startswith("e") for name in names):
        return None
    base = r"\mathbf{e}" if any(r"\mathbf" in name for name in names) else "e"
    units: dict[Tree, str] = {}
    factors: list[Expr] = []
    for letter, n in zip(letters, form.axes, strict=True):
        if letter is not None:
            symbol = f"{base}_{letter}" if len(letter) == 1 else f"{base}_{{{letter}}}"
            units[name(symbol)] = letter
            factors.append(Var(symbol, (n,)))
    spots = (tuple(range(len(letters))), *((k,) for k in range(len(letters)) if k not in free))
    done = [contracted((term, *factors), spots, free) for term in _terms(form)]
    done = [add(*done)] if free else done  # an entry is said term by term
    said = [paper.tree(paper.tidied(one)) for one in done]
    if any(node.head in _STRANGE for one in said for node in one.subtrees()):
        return None
    if free:
        return said[0]
    found = total([one.rewritten(lambda node: _entries(node, units)) for one in said])
    return None if any(node in units for node in found.subtrees()) else found


def _terms(form: Expr) -> list[Expr]:
    """The terms of a sum, and of one whose axes are only in another order."""
    match form:
        case Add(terms):
            return [inner for term in terms for inner in _terms(term)]
        case Contract((Add(terms),), indices, out):
            return [inner for t in terms for inner in _terms(contracted((t,), indices, out))]
    return [form]


def _entries(node: Tree, units: dict[Tree, str]) -> Tree:
    r"""A product with every e_i^\top .. e_j in it said as an entry."""
    if node.head == "paren" and node.kids[0].head in ("index", "script", "product"):
        inner = node.kids[0]
        return inner if inner.head != "product" or not _runs(inner, units) else node
    if node.head != "product":
        return node
    done: list[Tree] = []
    kids = [flat for kid in node.kids for flat in _unfolded(kid, units)]
    while kids:
        kid = kids.pop(0)
        if kid.head == "transpose" and kid.kids[0] in units:
            end = next((k for k, other in enumerate(kids) if other in units), None)
            if end is not None:
                done.append(_entry(kids[:end], units[kid.kids[0]], units[kids[end]]))
                del kids[: end + 1]
                continue
        done.append(kid)
    done.sort(key=lambda kid: kid.head not in ("num", "frac"))
    return product(done)


def _unfolded(kid: Tree, units: dict[Tree, str]) -> list[Tree]:
    r"""(X e_k)^\top as e_k^\top X^\top."""
    inner = kid.kids[0] if kid.head == "transpose" else kid
    if kid.head != "transpose" or inner.head != "product" or inner.kids[-1] not in units:
        return [kid]
    return [
        factor.kids[0] if factor.head == "transpose" else tree("transpose", factor)
        for factor in reversed(inner.kids)
    ]


def _runs(node: Tree, units: dict[Tree, str]) -> bool:
    return any(kid.head == "transpose" and kid.kids[0] in units for kid in node.kids)


def _entry(middle: list[Tree], row: str, column: str) -> Tree:
    at = letter_tree(row), letter_tree(column)
    match middle:
        case []:
            return Tree("script", (name(r"\delta"), Tree("juxt", at), None))
        case [Tree("transpose", (Tree("name") as matrix,))]:
            return Tree("index", (matrix, *at[::-1]))
        case [Tree("name") as matrix]:
            return Tree("index", (matrix, *at))
    return Tree("index", (tree("paren", product(middle)), *at))
