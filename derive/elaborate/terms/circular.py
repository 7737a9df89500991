r"""Circular functions without a row, and inverses by their signs: \cot x, \sin^{-1} x."""

from __future__ import annotations

from derive.elaborate.dispatch import value_of
from derive.elaborate.faults import Fault
from derive.elaborate.reading import Env, Reading
from derive.elaborate.terms.entrywise import entrywise
from derive.elaborate.values import Value, levelled, squeezed
from derive.kernel.expr import Var
from derive.operators import pointwise
from derive.operators.circular import EXPRESSED, INVERSE_OF
from derive.tree import Tree

_SIGN = "^{-1}"


def circular_call(reading: Reading, tree: Tree, symbol: str, env: Env) -> Value | None:
    """The value of such a function at each entry of its argument; None if this is none."""
    word = symbol
    if symbol.endswith(_SIGN) and symbol.removesuffix(_SIGN) in INVERSE_OF:
        bare = symbol.removesuffix(_SIGN)
        word = INVERSE_OF[bare]
        reading.note(
            symbol, rf"$\{bare}^{{-1}}$ is read as the inverse function {word}, not as a power"
        )
    made = pointwise.arctan if word == "arctan" and word != symbol else EXPRESSED.get(word)
    if made is None or len(tree.kids) != 2:
        if word == symbol:
            return None
        raise Fault(
            "unknown-function", rf"$\{bare}^{{-1}}$ is read as the inverse function {word}, "
            "which is not known", tree, "write the power as a fraction, or define the function",
        )  # fmt: skip
    value = squeezed(value_of(reading, tree.kids[1], env))
    done, letters, row = levelled(tree, reading.sizes, [value])
    var = Var("t", ())
    return Value(entrywise(made(var), {var: done[0]}, tree), letters, row)
