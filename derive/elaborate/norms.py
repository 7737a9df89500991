"""Norms and absolute values.

The idea: of a vector every spelling means one thing.  Of a matrix the ones with a number have two
customs: where deep learning follows one of them it is followed and said, otherwise it is asked for.
"""

from __future__ import annotations

import re

from derive.elaborate.dispatch import rule, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.matrices import determinant_by_bars
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import text
from derive.elaborate.values import Value, call_of, contract_values, map_of, squeezed
from derive.operators import pointwise
from derive.operators.primitives import maximum
from derive.tree import Tree

_SET_UPRIGHT = re.compile(r"\\(?:math|text|operatorname)\w*\{(\w+)\}")
_SPELLINGS = {"Fro": "F", "fro": "F", "Frob": "F", "inf": r"\infty", r"\max": "max"}


@rule("abs")
def _abs(reading: Reading, tree: Tree, env: Env) -> Value:
    value = value_of(reading, tree.kids[0], env)
    if len(value.own) == 2:
        return determinant_by_bars(reading, tree, value)
    return map_of(tree, reading.sizes, pointwise.absolute, [value])


@rule("norm")
def _norm(reading: Reading, tree: Tree, env: Env) -> Value:
    inner, kind = tree.kids
    value = squeezed(value_of(reading, inner, env))
    which = _which(kind)
    own = tuple(range(len(value.own)))
    reading.sizes.strain += 2 * (not own)
    if which == "1":
        if len(own) == 2:
            _say(reading, inner, "1", "the sum of the absolute entries, as the lasso means it")
        entries = map_of(tree, reading.sizes, pointwise.absolute, [value])
        return contract_values(tree, reading.sizes, [entries], [own], ())
    if which in (r"\infty", "max"):
        entries = map_of(tree, reading.sizes, pointwise.absolute, [value])
        if len(own) == 2 and which != "max":
            _say(reading, inner, r"\infty", "the largest sum of absolute entries of a row")
            entries = contract_values(tree, reading.sizes, [entries], [own], own[:1])
        return call_of(tree, reading.sizes, maximum, entries) if own else entries
    if which not in ("2", "F"):
        raise Fault("unsupported", f"the norm with the subscript ${text(kind)}$ is not known", tree,
                    r"known are $\|x\|_2$, $\|x\|_1$, $\|x\|_\infty$ and $\|W\|_F$")  # fmt: skip
    if which == "2" and kind is not None and len(own) == 2:
        raise Fault(
            "ambiguous-norm",
            "the 2-norm of a matrix may mean the largest singular value or the root of the sum of "
            "squares",
            tree,
            rf"write $\|{text(inner)}\|_F$ for the sum of squares",
        )
    return map_of(tree, reading.sizes, pointwise.sqrt, [_squares(reading, tree, value)])


def norm_squared(reading: Reading, tree: Tree, env: Env) -> Value | None:
    """The square of a norm, without its root; None where the norm has none."""
    inner, kind = tree.kids[0].kids
    if _which(kind) not in ("2", "F"):
        return None
    value = squeezed(value_of(reading, inner, env))
    reading.sizes.strain += 2 * (not value.own)
    if len(value.own) == 2 and kind is not None and _which(kind) == "2":
        _say(reading, inner, "2^2", "the sum of squares (Frobenius), as weight decay means it")
    return _squares(reading, tree, value)


def _which(kind: Tree | None) -> str:
    """The subscript of a norm, however it is set: 2 where there is none."""
    if kind is None:
        return "2"
    written = _SET_UPRIGHT.sub(r"\1", text(kind)).strip("{}")
    return _SPELLINGS.get(written, written)


def _say(reading: Reading, inner: Tree, scripts: str, meant: str) -> None:
    written = rf"$\|{text(inner)}\|_{scripts}$"
    reading.note(f"norm {written}", f"{written} is read as {meant}")


def _squares(reading: Reading, tree: Tree, value: Value) -> Value:
    own = tuple(range(len(value.own)))
    return contract_values(tree, reading.sizes, [value, value], [own, own], ())
