"""Where an answer exists: what must be invertible, above 0 or not 0 in it, and what kinks are.

The idea: what a proof of an answer would ask for is said with the answer itself, less what the
declarations of the document show.  At a kink there is no derivative but the value that the row
of the function states, and it is said too.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.app.shapes import axis_tree
from derive.derivation.network import Network
from derive.kernel.expr import Call, Expr, Map, Operator, Var, toposort
from derive.notation.names import symbol_tree
from derive.operators import POINTWISE, PRIMITIVES, Row
from derive.operators.incidence import is_incidence
from derive.operators.singular import ONCE
from derive.tree import Tree, name, num, tree
from derive.writing.write import write
from proofs.conditions import condition_tree
from proofs.equal.bounds import Bounds
from proofs.equal.defined import needed, open_conditions


def conditions_of(value: Expr, of: Expr, network: Network) -> tuple[Tree, ...]:
    """What an answer and what was differentiated need, less what the declarations show."""
    bounds = Bounds({v.var: v.domain for v in network.variables})
    sure, _ = needed((of, value), lambda node: node.kids)
    said = [condition_tree(c) for c in open_conditions(sure, bounds)]
    said += [
        _of_singular(op.name, node.kids[0])
        for node in toposort(value)
        if (op := _operator(node)) is not None and op.name in ONCE
    ]
    return tuple(dict.fromkeys(said))


def where_it_exists(value: Expr, of: Expr, network: Network) -> tuple[str | Tree, ...]:
    """The conditions of an answer, as words and formulas."""
    said: list[str | Tree] = []
    for one in conditions_of(value, of, network):
        said += [", where " if not said else ", ", one]
    return tuple(said)


def outside(value: Expr, named: Tree) -> tuple[Tree, ...]:
    """The w_{j - i + 1} of an answer, which may have an index that no entry has: it is 0 there."""
    if not any(is_incidence(node) for node in toposort(value)):
        return ()
    found = (
        node for node in named.subtrees()
        if node.head in ("script", "name", "index") and any(map(_falls, _indices(node)))
    )  # fmt: skip
    return tuple(dict.fromkeys(found))


def _indices(node: Tree) -> tuple[Tree, ...]:
    if node.head == "name":  # a family has its letters in its name
        node = symbol_tree(str(node.kids[0]))
    below = node.kids[1] if node.head == "script" else None
    inside = node.kids[1:] if node.head == "index" else (below,) if below is not None else ()
    return tuple(
        part for one in inside if isinstance(one, Tree)
        for part in (one.kids if one.head == "list" else (one,)) if isinstance(part, Tree)
    )  # fmt: skip


def _falls(index: Tree) -> bool:
    """Whether an index is j - i + 1, and falls as another one grows."""
    terms = index.kids if index.head == "sum" else ()
    return any(t.head == "neg" and any(n.head == "name" for n in t.subtrees()) for t in terms)


def _operator(node: Expr) -> Operator | None:
    return node.op if isinstance(node, Call) and isinstance(node.op, Operator) else None


def _of_singular(word: str, matrix: Expr) -> Tree:
    """What makes the singular vectors in an answer those of the gradient."""
    of = write(matrix)
    if word == "polar":  # printed as A (A^T A)^(-1/2)
        rank = Tree("call", (name(r"\operatorname{rank}"), of))
        return tree("chain", rank, tree("rel", "="), axis_tree(matrix.axes[-1]))
    first, second = (
        Tree("call", (tree("script", name(r"\sigma"), num(k), None), of)) for k in (1, 2)
    )
    return tree("chain", first, tree("rel", ">"), second)


def kinks_of(of: Expr, wrt: Iterable[Expr]) -> dict[Tree, str]:
    """The functions with kinks that lie between variables and what is differentiated.

    Each is applied to letters, and has the value that stands for its derivative where there is
    none.
    """
    moving = set(wrt)
    found: dict[Tree, str] = {}
    for node in toposort(of):
        if moving.isdisjoint(node.kids):
            continue
        moving.add(node)
        row = _row(node)
        if row is not None and row.kinks:
            found.setdefault(_shown(node, row), row.kinks)
    return found


def _row(node: Expr) -> Row | None:
    if isinstance(node, Map):
        return POINTWISE.get(node.fn.name)
    op = _operator(node)
    return None if op is None else PRIMITIVES.get(op.name)


def _shown(node: Expr, row: Row) -> Tree:
    r"""The function as ``\max(u, v)``; ``\mathrm{ELU}_a(u)``, as rows call their parameter a."""
    if isinstance(node, Map):
        if node.fn.name == "where":
            return Tree("text", ("cases",))
        letters = "ua" if row.implied else "uvw"
        return write(Map(node.fn, tuple(Var(a, ()) for a in letters[: len(node.kids)])))
    op = _operator(node)
    assert op is not None
    letters = zip("XYZ" if row.matrices else "uvw", node.kids, strict=False)
    return write(op(*(Var(a, kid.axes) for a, kid in letters)))
