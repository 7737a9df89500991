r"""The numbers of classes and what they select: a_y is the sum over j of 1(j = y) a_j.

The idea: a class number stands for its one-hot vector, so what it selects is a contraction.
"""

from __future__ import annotations

import re

from derive.derivation.network import Domain
from derive.elaborate.faults import Fault
from derive.elaborate.reading import Declaration, Env, Equation, Reading
from derive.elaborate.values import Value, contract_values
from derive.kernel.expr import Call, Var
from derive.kernel.sizes import Axis
from derive.latex.print import latex
from derive.operators.primitives import one_hot
from derive.tree import Tree


def select(reading: Reading, family: Value, number: Value, letter: str, tree: Tree) -> Value:
    """The member of a family that a class number selects, as a contraction with its one-hot."""
    classes = family.extents[letter]
    hot = one_hot_value(reading, number, classes, letter, tree)
    return contract_values(
        tree, reading.sizes, [hot, family], [(), tuple(range(len(family.own)))],
        tuple(range(len(family.own))), (letter,),
    )  # fmt: skip


def is_data(reading: Reading, letter: str, env: Env) -> bool:
    """Whether an index is data, the y of p_y, and no letter that something binds."""
    return not (letter in env.open or letter in env.rename or letter in reading.scope.bound)


def one_hot_value(reading: Reading, number: Value, classes: Axis, letter: str, tree: Tree) -> Value:
    if number.own:
        raise Fault("shape-clash", f"an index must be a number, not {number.shape_text()}", tree)
    symbol = reading.made.get(number.expr, "")
    declared = reading.domain(symbol).classes
    if declared is None and isinstance(number.expr, Var) and symbol not in reading.declarations:
        # What stands as an index and is no index is a class number.
        reading.declarations[symbol] = Declaration((), Domain(classes=classes), tree.span)
        reading.scope.classes.add(symbol)
        plain = re.sub("#.", "i", symbol)
        reading.notes[symbol] = f"${plain}$ is not declared: read as the number of a class"
        declared = classes
    if declared is None:
        raise Fault(
            "not-a-class",
            "this index is not declared as a class number",
            tree,
            r"declare it, as in $y^{(i)} \in \{1, \dots, c\}$",
        )
    reading.sizes.unify(classes, declared)
    return Value(Call(one_hot(declared), (number.expr,)), (*number.opens, letter))


def is_class(reading: Reading, letter: str, equation: Equation) -> bool:
    r"""Whether a letter that nothing binds is a class number: the y of -\log a_y, where a_j is
    defined for every j, and no y stands on the left of any definition.  The T of h_T, where an
    index ends, is none."""
    last = {latex(end) for end in reading.scope.ranges.values()}
    lefts = {x for other in reading.equations.values() for x in other.letters}
    return letter.islower() and letter not in {*last, *lefts, *equation.letters}
