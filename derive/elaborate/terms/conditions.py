"""Indicators, conditions and cases: 1[j = y], 1_{z > 0}, piecewise definitions.

The idea: a condition is a value that is 0 or 1; between index letters it is Kronecker's delta, and
between an index and a class number the one-hot vector.
"""

from __future__ import annotations

from derive.elaborate.dispatch import rule, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.classes import is_data, one_hot_value
from derive.elaborate.names.indices import index_letter
from derive.elaborate.reading import Env, Reading
from derive.elaborate.terms.blocks import TABLES, table
from derive.elaborate.values import Value, levelled, map_of, sum_of
from derive.kernel.build import lift
from derive.kernel.expr import Call, Delta, Ones
from derive.operators import pointwise
from derive.operators.attention import positions
from derive.operators.blocks import padded
from derive.tree import Tree

_COMPARISONS = {
    "<": pointwise.lt, ">": pointwise.gt, "<=": pointwise.le, ">=": pointwise.ge,
    "=": pointwise.eq, "==": pointwise.eq, "!=": pointwise.ne,
}  # fmt: skip


def indicator(reading: Reading, tree: Tree, conditions: list[Tree], env: Env) -> Value:
    """1 where all conditions hold, else 0; of an array without a relation, where it is positive."""
    values = [v for c in conditions for v in _conditions(reading, c, env)]
    if len(values) == 1:
        return values[0]
    done, letters, row = levelled(tree, reading.sizes, values)
    total = done[0]
    for other in done[1:]:
        total = total * other
    return Value(total, letters, row)


def _conditions(reading: Reading, tree: Tree, env: Env) -> list[Value]:
    if tree.head == "list":
        return [v for part in tree.kids for v in _conditions(reading, part, env)]
    if tree.head == "text":
        return []
    if tree.head != "chain":
        value = value_of(reading, tree, env)
        return [map_of(tree, reading.sizes, pointwise.gt, [value, Value(lift(0))])]
    if tree.kids[0] is None:
        raise Fault("unreadable", "this condition has nothing on its left", tree)
    sides, signs = tree.kids[::2], [str(r.kids[0]) for r in tree.kids[1::2]]
    return [
        _comparison(reading, tree, a, sign, b, env)
        for a, sign, b in zip(sides, signs, sides[1:], strict=False)
    ]


def _comparison(reading: Reading, tree: Tree, a: Tree, sign: str, b: Tree, env: Env) -> Value:
    if sign not in _COMPARISONS:
        raise Fault("unsupported", f"the relation ${sign}$ in an indicator is not known", tree)
    left, right = _free_letter(reading, a, env), _free_letter(reading, b, env)
    if left and right and sign in ("=", "==", "!="):
        for letter, other in ((left, right), (right, left)):
            if is_data(reading, other, env) and not is_data(reading, letter, env):
                # 1[j = y] with an index j and a y that nothing binds: the number of a class
                reading.ranks.setdefault(other, 0)
                number = value_of(reading, b if other == right else a, env)
                hot = one_hot_value(reading, number, reading.sizes.fresh(), letter, tree)
                return hot if sign != "!=" else _complement(reading, tree, hot)
        n = reading.sizes.fresh()
        equal = Value(Delta(n), (left, right))
        return equal if sign != "!=" else _complement(reading, tree, equal)
    for letter, other in ((left, b), (right, a)):
        if letter and sign in ("=", "==", "!="):
            number = value_of(reading, other, env)
            classes = reading.domain(reading.made.get(number.expr, "")).classes
            if classes is not None:
                hot = one_hot_value(reading, number, classes, letter, tree)
                return hot if sign != "!=" else _complement(reading, tree, hot)
    for letter, other in ((left, b), (right, a)):
        if letter and sign in ("=", "==") and other == Tree("num", ("1",)):
            _require_from_1(reading, letter, tree)  # so there is a first entry
            return Value(padded(Ones(1), -1, 0, reading.sizes.fresh() - 1), (letter,))
    values = [
        _place(reading, letter, side)
        if letter in env.open | reading.scope.bound
        else value_of(reading, side, env)
        for letter, side in ((left, a), (right, b))
    ]
    return map_of(tree, reading.sizes, _COMPARISONS[sign], values)


def _place(reading: Reading, letter: str, tree: Tree) -> Value:
    """An index as a number: 1, 2, .. along its own axis."""
    _require_from_1(reading, letter, tree)
    return Value(Call(positions, (Ones(reading.sizes.fresh()),)), (letter,))


def _require_from_1(reading: Reading, letter: str, tree: Tree) -> None:
    if letter in reading.scope.shifted:
        raise Fault("unsupported", f"the index ${letter}$ does not count from 1 everywhere", tree,
                    "what is compared with an index counts its entries from 1")  # fmt: skip


def _complement(reading: Reading, tree: Tree, value: Value) -> Value:
    return sum_of(tree, reading.sizes, [Value(lift(1)), Value(-value.expr, value.opens)])


def _free_letter(reading: Reading, tree: Tree, env: Env) -> str | None:
    """The letter, if this side is an index and not the name of a value."""
    if tree.head != "symbol" or len(tree.kids) != 1:
        return None
    letter = index_letter(Tree("name", (tree.kids[0],)))
    if letter is None or letter in env.formals:
        return None
    if reading.scope.known(letter) and env.letter(letter) not in env.open:
        return None
    return env.letter(letter)


@rule("env")
def cases_value(reading: Reading, tree: Tree, env: Env) -> Value:
    """A cases environment: the first branch whose condition holds, the last one otherwise."""
    kind, rows = tree.kids
    if kind in TABLES:
        return table(reading, tree, env)
    if kind not in ("cases", "dcases", "rcases", "array"):
        raise Fault("unsupported", f"the environment `{kind}` cannot be given a value here", tree)
    branches: list[tuple[Value, list[Value]]] = []
    for cells in rows:
        parts = [p for cell in cells for p in (cell.kids if cell.head == "list" else (cell,))]
        conditions = [
            v for p in parts[1:] if p.head != "text" for v in _conditions(reading, p, env)
        ]
        branches.append((value_of(reading, parts[0], env), conditions))
    if not branches:
        raise Fault("unreadable", "cases without a branch", tree)
    result = branches[-1][0]
    for value, conditions in reversed(branches[:-1]):
        if not conditions:
            raise Fault("unreadable", "a branch without a condition before the last", tree)
        holds = conditions[0]
        for other in conditions[1:]:
            done, letters, row = levelled(tree, reading.sizes, [holds, other])
            holds = Value(done[0] * done[1], letters, row)
        result = map_of(tree, reading.sizes, pointwise.where, [holds, value, result])
    return result
