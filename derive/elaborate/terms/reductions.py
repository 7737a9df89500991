r"""Sums and largest entries along one axis: \operatorname{rowsum}(X), \mathrm{sum}(X, axis = 1).

The idea: of a matrix a number is left for each row, or for each column.  A vector with a number for
each row, made so, meets the matrix row by row: S - \operatorname{rowmax}(S).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from derive.elaborate.dispatch import said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.vocabulary import rows_of
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import text
from derive.elaborate.values import Value, call_of, contract_values, squeezed, sum_of
from derive.kernel.contraction import contracted
from derive.kernel.expr import Ones, Operator
from derive.kernel.sizes import Axis
from derive.operators.normalisation import per
from derive.operators.primitives import maximum, minimum
from derive.operators.row import POINTWISE
from derive.tree import Tree

_KINDS = ("sum", "mean", "max", "min")
_WORD = re.compile(r"(row|col|column)_?(sum|mean|max|min|avg)s?", re.IGNORECASE)
_AXIS = frozenset(["axis", "dim", "axes"])
_KEPT = frozenset(["keepdims", "keepdim"])


def reduced(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    """What a word that reduces one axis stands for; None for a word that reduces all of them."""
    named = _named(str(tree.kids[0].kids[0]))
    flat = [part for a in arguments for part in (a.kids if a.head == "list" else (a,))]
    plain = [a for a in flat if a.head != "chain"]
    if named is None or len(plain) != 1 or (named[0] == "" and len(flat) == 1):
        return None
    which, kind = named
    options = dict(_option(tree, a) for a in flat if a.head == "chain")
    kept = options.pop("keep", "") in ("True", "true", "1")
    value = squeezed(value_of(reading, plain[0], env))
    if which == "" and value.row:  # 1×n: down its columns there is one entry
        if _axis(tree, options.get("axis", ""), 2) == 0:
            return value
        axis = 0
    elif which == "":
        axis = _axis(tree, options.get("axis", ""), len(value.own))
    elif len(value.own) == 2 and not options:
        axis = 1 if which == "row" else 0
    else:
        shape = value.shape_text()
        raise Fault("shape-clash", f"{said(tree)} is of a matrix, not of {shape}", tree)
    made = _along(reading, tree, value, axis, kind)
    row = kept and axis == 0 and len(made.own) == 1
    return Value(made.expr, made.opens, row)


def _named(symbol: str) -> tuple[str, str] | None:
    """Whether a word reduces rows, columns, or what an option says, and how."""
    if symbol in _KINDS:
        return "", symbol
    found = _WORD.fullmatch(symbol)
    if found is None:
        return None
    kind = found[2].lower()
    return found[1].lower()[:3], "mean" if kind == "avg" else kind


def _option(tree: Tree, argument: Tree) -> tuple[str, str]:
    left, sign, right = argument.kids[:3]
    word, value = (re.sub(r"\\(mathrm|text|operatorname)|[{}\\ ]", "", text(t))
                   for t in (left, right))  # fmt: skip
    if len(argument.kids) == 3 and sign == Tree("rel", ("=",)):
        if word in _AXIS:
            return "axis", value
        if word in _KEPT:
            return "keep", value
    raise Fault(
        "wrong-arguments", f"{said(tree)} has no option {word}", argument,
        "known are axis (or dim) and keepdims",
    )  # fmt: skip


def _axis(tree: Tree, written: str, rank: int) -> int:
    """The axis of an option, which counts from 0, or from the end with -1."""
    if re.fullmatch(r"-?\d+", written) and -rank <= int(written) < rank:
        return int(written) % rank
    raise Fault(
        "wrong-arguments", f"{said(tree)} does not say along which of {rank} axes", tree,
        "axes count from 0: `axis=0` runs down the columns of a matrix, `axis=1` along its rows",
    )  # fmt: skip


def _along(reading: Reading, tree: Tree, value: Value, axis: int, kind: str) -> Value:
    own = tuple(range(len(value.own)))
    left = tuple(k for k in own if k != axis)
    if kind in ("max", "min"):
        operator: Operator = maximum if kind == "max" else minimum
        lead = tuple(range(len(value.opens)))
        order = (*lead, *(len(lead) + k for k in (*left, axis)))
        turned = contracted((value.expr,), (tuple(range(len(order))),), order)
        return call_of(tree, reading.sizes, operator, Value(turned, value.opens))
    total = contract_values(tree, reading.sizes, [value], [own], left)
    if kind == "sum":
        return total
    size = reading.sizes.current(value).own[axis]
    share = Value(per(size))
    every = tuple(range(len(left)))
    return contract_values(tree, reading.sizes, [share, total], [(), every], every)


WORDS: dict[str, Callable[[Reading, Tree, list[Tree], Env], Value | None]] = {
    f"{part}{kind}": reduced
    for low in ("row", "col", "column")
    for part in (low, low.capitalize())
    for kind in ("sum", "Sum", "sums", "mean", "Mean", "max", "Max", "min", "Min")
}


# -------------------------------------------------------------------- a number for each row


def with_numbers_of_rows(reading: Reading, tree: Tree, values: Sequence[Value]) -> Value | None:
    """S - m with m_i taken from row i, where m is a number for each row of a matrix."""
    if {len(v.own) for v in values} != {1, 2}:
        return None
    matrix = next(v for v in values if len(v.own) == 2)
    done: list[Value] = []
    for kid, value in zip(tree.kids, values, strict=True):
        if len(value.own) == 2:
            done.append(value)
            continue
        if value.row or not _of_rows(reading, kid):
            return None
        width: Axis = reading.sizes.current(matrix).own[1]
        ones = Value(Ones(width))
        spread = contract_values(tree, reading.sizes, [value, ones], [(0,), (1,)], (0, 1))
        done.append(spread)
        reading.note(f"rows {text(kid)}", f"in ${text(tree)}$ the vector ${text(_bare(kid))}$ has "
                     "a number for each row, which meets every entry of it")  # fmt: skip
    return sum_of(tree, reading.sizes, done)


def _bare(tree: Tree) -> Tree:
    return tree.kids[0] if tree.head == "neg" else tree


def _of_rows(reading: Reading, tree: Tree, depth: int = 20) -> bool:
    """Whether a vector has a number for each row of a matrix: a reduction of its rows, or made of
    such entry by entry."""
    if depth == 0:
        return False
    match tree:
        case Tree("neg" | "sum" | "frac" | "list" | "paren"):
            parts = tree.kids
        case Tree("symbol", (symbol, *_)) if symbol in reading.equations:
            parts = (reading.equations[str(symbol)].body,)
        case Tree("call", (Tree("symbol", (word,)), *arguments)):
            named = _named(str(word))
            if named is not None and (named[0] or any(a.head == "chain" for a in arguments)):
                return named[0] in ("", "row")
            if named is None and not all(r.name in POINTWISE for r in rows_of(reading, str(word))):
                return False
            parts = tuple(arguments)
        case Tree("juxt", kids):  # 2 m: numbers change nothing
            parts = tuple(k for k in kids if k.head != "op" and not _is_number(reading, k))
            if len(parts) != 1:
                return False
        case _:
            return False
    return any(_of_rows(reading, part, depth - 1) for part in parts)


def _is_number(reading: Reading, tree: Tree) -> bool:
    return all(
        node.head in ("num", "frac", "neg", "paren")
        or (node.head == "symbol" and node.kids[0] in reading.scope.scalars)
        for node in tree.subtrees()
    )
