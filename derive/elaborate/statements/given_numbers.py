r"""Numbers that a document gives its symbols: x = -2, W = \begin{pmatrix} 1 & 2 \end{pmatrix}.

The idea: such a symbol stays a variable, so that its gradients are formulas, and the numbers are
put into the answers in the end.  A number that shapes the formulas themselves, a size, a step, an
exponent, is no value of a variable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

from derive.derivation.network import Domain
from derive.elaborate.names.scope import base_of
from derive.elaborate.reading import Declaration, Equation, Reading
from derive.latex.print import latex
from derive.tree import Tree

_NUMERIC = frozenset(["num", "neg", "frac", "env", "paren", "sum"])
_IN = Tree("rel", ("in",))
_EQUAL = Tree("rel", ("=",))
_TURNED = frozenset(["T", r"\top", r"\intercal", r"\mathsf{T}", r"\mathrm{T}"])


def with_tables(items: Iterable[Tree]) -> list[Tree]:
    """The statements with the lists of numbers of x = (1, 2) as columns: as a row where the name is
    declared to be one, or is not declared beside one that is."""
    items = list(items)
    declared = [i for i in items if i.head == "chain" and i.kids[1] == _IN]
    rows = [name for i in declared if _is_row(i) for name in _names(i)]
    columns = [name for i in declared if not _is_row(i) for name in _names(i)]
    return [_tabled(item, lambda name: bool(rows) and name not in columns) for item in items]


def with_signs(items: Iterable[Tree]) -> list[Tree]:
    r"""The statements with y \in \{-1, 1\} for y = \pm 1 and y \in \pm 1."""
    return [_signed(item) for item in items]


def _signed(item: Tree) -> Tree:
    match item:
        case Tree("chain", (Tree() as left, sign, Tree("pm", (Tree("num") as one,)))) if sign in (
            _EQUAL,
            _IN,
        ) and base_of(left):
            both = Tree("list", (Tree("neg", (one,)), one), item.kids[2].span)
            return Tree("chain", (left, _IN, Tree("set", (both,), both.span)), item.span)
    return item


def _names(item: Tree) -> tuple[Tree, ...]:
    return item.kids[0].kids if item.kids[0].head == "list" else item.kids[:1]


def _tabled(item: Tree, in_rows: Callable[[Tree], bool]) -> Tree:
    if item.head != "chain" or len(item.kids) != 3 or item.kids[1] != _EQUAL:
        return item
    left, equal, right = item.kids
    if not isinstance(left, Tree) or not base_of(left):
        return item
    turned = right.head == "script" and right.kids[1] is None and _turns(right.kids[2])
    inner = right.kids[0] if turned else right
    if inner.head not in ("paren", "bracket") or inner.kids[0].head != "list":
        return item
    entries = inner.kids[0].kids
    if not all(_is_numeric(entry) for entry in entries):
        return item
    table = (entries,) if in_rows(left) and not turned else tuple((entry,) for entry in entries)
    made = Tree("env", ("pmatrix", table), right.span)
    return Tree("chain", (left, equal, made), item.span)


def _is_row(item: Tree) -> bool:
    space = item.kids[2]
    return space.head == "script" and space.kids[2] is not None and (
        latex(space.kids[2]).replace(" ", "").startswith(r"1\times")
    )  # fmt: skip


def _turns(mark: object) -> bool:
    return isinstance(mark, Tree) and latex(mark).strip() in _TURNED


def _is_numeric(tree: Tree) -> bool:
    """Whether a formula is made of numerals alone."""
    return all(
        node.head in _NUMERIC or (node.head == "script" and _is_numeral_power(node))
        for node in _plain(tree)
    )


def _plain(tree: Tree) -> Iterator[Tree]:
    """The formulas of a formula, without what turns it."""
    stack: list[object] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, Tree):
            yield node
            marks = node.head == "script" and _turns(node.kids[2])
            stack.extend(node.kids[:1] if marks else node.kids)


def _is_numeral_power(node: Tree) -> bool:
    return node.kids[1] is None and (_turns(node.kids[2]) or node.kids[0].head == "num")


def note_given(reading: Reading, order: Iterable[Equation], items: Iterable[Tree]) -> None:
    """The definitions that only give a variable its numbers, beside others that use them."""
    order = list(order)
    shaping = _shaping(items) | reading.size_names
    if all(_is_numeric(equation.right) for equation in order) and not reading.functions:
        return  # what is all numbers is a sum to be done
    for equation in order:
        symbol = equation.symbol
        if equation.letters or equation.components or equation.formals or "#" in symbol:
            continue
        if symbol in shaping or not _is_numeric(equation.right):
            continue
        if reading.domain(symbol).classes is not None:
            continue
        reading.given.add(symbol)
        sign = _sign(equation.right)
        known = reading.declarations.get(symbol)
        if sign and known is None:
            domain = Domain(low=Fraction(0)) if sign > 0 else Domain(high=Fraction(0))
            reading.declarations[symbol] = Declaration((), domain, equation.span)


def _shaping(items: Iterable[Tree]) -> set[str]:
    """The names that stand in scripts, as ends of sums, or as the kind of a norm."""
    found: set[str] = set()
    for item in items:
        for node in item.subtrees():
            marks: tuple = ()
            if node.head in ("script", "power", "index"):
                marks = node.kids[1:]
            elif node.head == "big":
                marks = node.kids[1:3]
            for mark in marks:
                if isinstance(mark, Tree):
                    found |= {latex(one) for one in mark.subtrees() if base_of(one)}
    return found


def _sign(right: Tree) -> int:
    """The sign of a numeral; 0 for zero and for anything else."""
    inner = right.kids[0] if right.head == "neg" else right
    if inner.head != "num" or not any(c in "123456789" for c in str(inner.kids[0])):
        return 0
    return -1 if right.head == "neg" else 1
