r"""Kronecker products and stacked matrices as values: A \otimes B, vec(X), a Hessian as a matrix.

The idea: a vector is a matrix of one column or one row, so that a Kronecker product is one rule;
and what stands for a linear map of matrices is, beside a matrix, the matrix that takes vec to vec.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import base_of
from derive.elaborate.values import Sizes, Value, contract_values
from derive.kernel.build import contracted
from derive.kernel.expr import Contract, Expr
from derive.kernel.sizes import Axis
from derive.operators.stacking import is_stack, stacks
from derive.tree import Tree

_KRONECKER = re.compile(
    r"\bKronecker(?![- ]?(?:delta|symbol))|\\(?:operatorname|mathrm|text|mathop|textrm|textup)\*?"
    r"\s*\{\s*[vV]ec\s*\}|\bvec\b(?=\s*\(|\$?\s*operator)|克罗内克积",
    re.IGNORECASE,
)  # fmt: skip
_ENTRYWISE = re.compile(
    r"element[- ]?(?:wise|by)|entry[- ]?(?:wise|by)|component[- ]?wise|point[- ]?wise|Hadamard"
    r"|elementweise|逐元素|哈达玛",
    re.IGNORECASE,
)
_LETTERS = frozenset(["K", r"\mathbf{K}", r"\boldsymbol{K}", r"\mathcal{K}"])
_ELEMENTWISE = re.compile(r"\\odot\b|(?<![\^{])\\circ\b")
_MEASURED = re.compile(
    r"(?:\\det\b|\b(?:Tr|tr|trace|det|rank|eig)\b\}?)\s*(?:\\left)?\s*[(\[{][^()$]{0,40}\\otimes"
)
_ROW_MAJOR = re.compile(
    r"row[- ]?major|\brvec\b|stack(?:s|ing|ed)?\s+(?:(?:all|of|up|the|its)\s+)*rows|"
    r"rows\s+(?:of\s+\S+\s+)?(?:are\s+)?stacked|row[- ]?wise\s+(?:vec|stack)|"
    r"按行(?:展开|堆叠|拉直)",
    re.IGNORECASE,
)


def says_kronecker(text: str) -> bool:
    r"""Whether a document speaks of Kronecker products, so that \otimes is one.

    >>> says_kronecker(r"$\operatorname{vec}(X)$ stacks its columns")
    True
    >>> says_kronecker("the gate is $f \\otimes c$, entry by entry")
    False
    >>> says_kronecker(r"$\partial(X \circ Y)$ and $\partial(X \otimes Y)$")
    True
    """
    if _KRONECKER.search(text) is not None:
        return True
    if r"\otimes" not in text:
        return False
    # Two signs have two meanings; nobody takes the trace of an elementwise product.
    return _ELEMENTWISE.search(text) is not None or _MEASURED.search(text) is not None


def says_entrywise(text: str) -> bool:
    r"""Whether a document speaks of products entry by entry, which some write \otimes.

    >>> says_entrywise("where the product is taken element-wise")
    True
    """
    return _ENTRYWISE.search(text) is not None


def says_row_major(text: str) -> bool:
    r"""Whether a document stacks the rows of a matrix where others stack its columns.

    >>> says_row_major("Here vec stacks the rows of a matrix.")
    True
    """
    return _ROW_MAJOR.search(text) is not None


def note_signs(known: Sizes, text: str, plain: str) -> None:
    r"""Note what \otimes and vec mean in a document: its text, and that without formulas."""
    known.kronecker = says_kronecker(text)
    known.entrywise, known.row_major = says_entrywise(plain), says_row_major(plain)


def with_commutations(items: Sequence[Tree]) -> list[Tree]:
    r"""The statements with K_{m,n}, where they give K no other meaning, as the matrix that takes
    vec(A) to vec(A^\top)."""
    for item in items:
        sides = item.kids[::2] if item.head == "chain" else ()
        for side in sides[:1]:
            names = side.kids if side is not None and side.head == "list" else (side,)
            if any(one is not None and base_of(one) in _LETTERS and not _turned(one)
                   for one in names):  # fmt: skip
                return list(items)
    return [item.rewritten(_commutation) for item in items]


def _turned(name: Tree) -> bool:
    r"""K_{mn}^\top, which no equation defines."""
    return name.head == "script" and name.kids[1] is not None and name.kids[2] is not None


def _commutation(node: Tree) -> Tree:
    match node:
        case Tree("script", (Tree("name", (letter,)), Tree("list" | "juxt", (m, n)), None)) if (
            letter in _LETTERS
        ):
            word = Tree("name", ("commutation",), node.span)
            return Tree("call", (word, m, n), node.span)
        case Tree("script", (Tree("name", (letter,)), Tree("list" | "juxt", (m, n)), sup)) if (
            letter in _LETTERS
        ):
            inner = Tree("script", (node.kids[0], node.kids[1], None), node.span)
            return Tree("script", (_commutation(inner), None, sup), node.span)
    return node


def kronecker(at: Tree, known: Sizes, left: Value, right: Value) -> Value:
    """The Kronecker product of two values; of two columns a column, of a column and a row a
    matrix."""
    sides = (known.current(left), known.current(right))
    if any(len(v.own) > 2 for v in sides):
        shapes = " and ".join(v.shape_text() for v in sides)
        raise Fault("shape-clash", f"a Kronecker product needs matrices, not {shapes}", at)
    values, spots, rows, columns, fresh = list(sides), [], [], [], 0
    for v in sides:
        own = tuple(range(fresh, fresh + len(v.own)))
        fresh += len(own)
        spots.append(own)
        lying = v.row and len(own) == 1
        rows += zip(own[: 0 if lying else 1], v.own[: 0 if lying else 1])
        columns += zip(own[0 if lying else 1 :], v.own[0 if lying else 1 :])
    out = []
    for side in (rows, columns):
        if len(side) == 2:
            (slow, m), (fast, n) = side
            values.append(Value(stacks(n, m)))
            spots.append((fast, slow, fresh))
            out.append(fresh)
            fresh += 1
        elif side:
            out.append(side[0][0])
    made = contract_values(at, known, values, spots, tuple(out))
    return Value(made.expr, made.opens, row=bool(columns) and not rows)


def stacked_value(at: Tree, known: Sizes, value: Value) -> Value:
    """vec of a matrix; a column or a row is its own vec."""
    value = known.current(value)
    if len(value.own) < 2:
        return replace(value, row=False)
    if len(value.own) > 2:
        raise Fault("shape-clash", f"vec needs a matrix, not {value.shape_text()}", at)
    return grouped(at, known, value, ((0, 1),))


def grouped(at: Tree, known: Sizes, value: Value, groups: Sequence[Sequence[int]]) -> Value:
    """The value with these groups of its own axes, of one or two, as its axes."""
    own = value.own
    values, spots, out = [value], [tuple(range(len(own)))], []
    for group in groups:
        if len(group) == 1:
            out.append(group[0])
            continue
        i, j = group if not known.row_major else group[::-1]
        values.append(Value(stacks(own[i], own[j])))
        out.append(100 + i)
        spots.append((i, j, 100 + i))
    made = contract_values(at, known, values, spots, tuple(out))
    return Value(made.expr, made.opens)


def unstacked_value(at: Tree, known: Sizes, value: Value, m: Axis, n: Axis) -> Value:
    """The m × n matrix of a stacked vector."""
    if len(value.own) != 1:
        raise Fault("shape-clash", f"this needs a vector, not {value.shape_text()}", at)
    spots = [(2,), (1, 0, 2) if known.row_major else (0, 1, 2)]
    constant = stacks(n, m) if known.row_major else stacks(m, n)
    made = contract_values(at, known, [value, Value(constant)], spots, (0, 1))
    return Value(made.expr, made.opens)


def as_matrix(at: Tree, known: Sizes, value: Value) -> Value | None:
    """The derivative of arrays by arrays as a matrix in the order of vec; None for another."""
    own = len(value.own)
    first, rest = range(value.split), range(value.split, own)
    if own < 3 or not (0 < len(first) <= 2 and 0 < len(rest) <= 2):
        return None
    return grouped(at, known, value, (tuple(first), tuple(rest)))


def as_outer(known: Sizes, value: Value, like: Sequence[Axis]) -> Value | None:
    r"""u \otimes v as the outer product u v^\top, where a matrix of this shape is needed."""
    expr = known.current(value).expr
    if len(value.own) != 1 or not isinstance(expr, Contract) or value.row:
        return None
    spots = [own for f, own in zip(expr.factors, expr.indices) if is_stack(f)]
    if len(spots) != 1 or spots[0][2] != expr.out[-1] or len(like) != 2:
        return None
    fast, slow, _ = spots[0]
    if any(fast in own and slow in own for f, own in _others(expr)):
        return None
    factors, indices = zip(*_others(expr))
    made = contracted(factors, indices, (*expr.out[:-1], slow, fast))
    found = Value(made, value.opens)
    return found if tuple(found.own) == tuple(like) else None


def _others(expr: Contract) -> list[tuple[Expr, tuple[int, ...]]]:
    return [(f, own) for f, own in zip(expr.factors, expr.indices) if not is_stack(f)]
