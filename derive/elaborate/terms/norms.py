"""Norms, absolute values and inner products.

The idea: of a vector every spelling means one thing.  Of a matrix the ones with a number have two
customs: where deep learning follows one of them it is followed and said, otherwise it is asked for.
"""

from __future__ import annotations

import re
from fractions import Fraction

from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import base_of
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import text
from derive.elaborate.statements.settle import settle
from derive.elaborate.terms.matrices import determinant_by_bars
from derive.elaborate.values import Value, call_of, contract_values, map_of, squeezed
from derive.kernel.expr import Call
from derive.operators import pointwise
from derive.operators.primitives import maximum
from derive.operators.singular import nuclear_norm, spectral_norm
from derive.tree import Tree

_SET_UPRIGHT = re.compile(r"\\(?:math|text|operatorname)\w*\{(\w+)\}")
_SPELLINGS = {
    "Fro": "F", "fro": "F", "Frob": "F", "inf": r"\infty", r"\max": "max",
    "*": "nuclear", r"\ast": "nuclear", "nuc": "nuclear", r"\star": "nuclear", "tr": "nuclear",
    "op": "spectral", "sp": "spectral", "spec": "spectral", r"2 \to 2": "spectral",
    r"\sigma": "spectral",
}  # fmt: skip
_SINGULAR = {"nuclear": nuclear_norm, "spectral": spectral_norm}
_SAID = {
    "spectral": re.compile(r"\bspectral[- ]norm|\bSpektralnorm|\bnorme spectrale|谱范数", re.I),
    "operator": re.compile(
        r"\b(?:operator|induced|subordinate)\b[\w\s,$\\-]{0,12}\bnorm|\bOperatornorm"
        r"|\bmaximum (?:absolute )?column sum|算子范数|诱导范数", re.I
    ),
    "max": re.compile(
        r"\b(?:Chebyshev|maximum|max|sup|supremum)[- ]norm|\b(?:largest|maximum) absolute entry"
        r"|\bTschebyschew|\bMaximumsnorm", re.I
    ),
}  # fmt: skip

_USUAL = frozenset(["2", "F", "HS"])  # inner products that are the usual one
_OF_NUMBER = 4  # what a norm of a number strains: more than x_i and y_k that are vectors


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
    own = tuple(range(len(value.own)))
    reading.sizes.strain += _OF_NUMBER * (not own)
    which = _which(kind)
    if len(own) == 2:
        which = _of_matrix(reading, tree, which)
    if which in ("2", "F"):
        return map_of(tree, reading.sizes, pointwise.sqrt, [_squares(reading, tree, value)])
    if which in _SINGULAR and len(own) < 2:
        # A vector has one singular value.
        return map_of(tree, reading.sizes, pointwise.sqrt, [_squares(reading, tree, value)])
    if which in _SINGULAR:
        return Value(Call(_SINGULAR[which], (reading.sizes.current(value).expr,)), value.opens)
    entries = map_of(tree, reading.sizes, pointwise.absolute, [value])
    if which == "1":
        return contract_values(tree, reading.sizes, [entries], [own], ())
    if which in (r"\infty", "max", "rows", "columns"):
        if which in ("rows", "columns"):
            kept = own[:1] if which == "rows" else own[1:]
            entries = contract_values(tree, reading.sizes, [entries], [own], kept)
        while entries.own:
            entries = call_of(tree, reading.sizes, maximum, entries)
        return entries
    return _p_norm(reading, tree, entries, env)


def _of_matrix(reading: Reading, tree: Tree, which: str) -> str:
    """What a norm of a matrix is by its subscript, by what the text calls it, or by custom."""
    inner, kind = tree.kids
    told = reading.norms
    if which == "1" and told == "operator":
        _say(reading, inner, "1", "the largest sum of absolute entries of a column")
        return "columns"
    if which == "1":
        _say(reading, inner, "1", "the sum of the absolute entries, as the lasso means it")
    if which == r"\infty" and told == "max":
        _say(reading, inner, r"\infty", "the largest absolute entry")
        return "max"
    if which == r"\infty":
        _say(reading, inner, r"\infty", "the largest sum of absolute entries of a row")
        return "rows"
    if which == "2" and told in ("operator", "spectral") and (kind or told == "spectral"):
        _say(reading, inner, "2" if kind else "", "the largest singular value")
        return "spectral"
    if which == "2" and kind is not None:
        raise Fault(
            "ambiguous-norm",
            "the 2-norm of a matrix may mean the largest singular value or the root of the sum of "
            "squares",
            tree,
            rf"write $\|{text(inner)}\|_F$ for the sum of squares, or "
            rf"$\sigma_{{\max}}({text(inner)})$ for the largest singular value, or call it the "
            "spectral norm in the text",
        )
    return which


def _p_norm(reading: Reading, tree: Tree, entries: Value, env: Env) -> Value:
    r"""(\sum |x_i|^p)^{1/p}, for a number p of at least 1."""
    kind = tree.kids[1]
    try:
        p = Fraction(_which(kind))
        if p < 1:
            raise Fault(
                "unsupported", f"the norm with the subscript ${text(kind)}$ is not known", tree,
                "a p-norm has a p of at least 1",
            )  # fmt: skip
        inside = map_of(tree, reading.sizes, pointwise.power(p), [entries])
    except ValueError:
        p = None
        if kind.head != "name" or not str(kind.kids[0]).isalpha() or len(str(kind.kids[0])) > 1:
            raise Fault(
                "unsupported", f"the norm with the subscript ${text(kind)}$ is not known", tree,
                r"known are $\|x\|_p$, $\|x\|_\infty$, $\|A\|_F$, the nuclear norm $\|A\|_*$, "
                r"$\sigma_{\max}(A)$ and the largest entry $\|A\|_{\max}$",
            ) from None  # fmt: skip
        exponent = value_of(reading, settle(kind, reading.scope), env)
        inside = map_of(tree, reading.sizes, pointwise.raised, [entries, exponent])
    own = tuple(range(len(inside.own)))
    whole = contract_values(tree, reading.sizes, [inside], [own], ())
    if p is not None:
        return map_of(tree, reading.sizes, pointwise.power(1 / p), [whole])
    inverse = map_of(tree, reading.sizes, pointwise.power(-1), [exponent])
    return map_of(tree, reading.sizes, pointwise.raised, [whole, inverse])


def norm_said(plain: str) -> str:
    """The kind of matrix norm that a text speaks of; "" where it speaks of several, or of none.

    >>> norm_said("the spectral norm of W"), norm_said("its operator 1-norm"), norm_said("a norm")
    ('spectral', 'operator', '')
    """
    found = [kind for kind, pattern in _SAID.items() if pattern.search(plain)]
    return found[0] if len(found) == 1 else ""


def norm_squared(reading: Reading, tree: Tree, env: Env) -> Value | None:
    """The square of a norm, without its root; None where the norm has none."""
    inner, kind = tree.kids[0].kids
    if _which(kind) not in ("2", "F"):
        return None
    value = squeezed(value_of(reading, inner, env))
    reading.sizes.strain += _OF_NUMBER * (not value.own)
    if len(value.own) == 2 and _which(kind) == "2" and reading.norms == "spectral":
        return None
    if len(value.own) == 2 and kind is not None and _which(kind) == "2":
        _say(reading, inner, "2^2", "the sum of squares (Frobenius), as weight decay means it")
    return _squares(reading, tree, value)


def _which(kind: Tree | None) -> str:
    """The subscript of a norm, however it is set: 2 where there is none."""
    if kind is None:
        return "2"
    written = _SET_UPRIGHT.sub(r"\1", text(kind)).strip("{}")
    written = written.replace("o p", "op").replace("s p", "sp")
    return _SPELLINGS.get(written, written)


def _say(reading: Reading, inner: Tree, scripts: str, meant: str) -> None:
    written = rf"$\|{text(inner)}\|_{scripts}$".replace("_$", "$")
    reading.note(f"norm {written}", f"{written} is read as {meant}")


def _squares(reading: Reading, tree: Tree, value: Value) -> Value:
    own = tuple(range(len(value.own)))
    return contract_values(tree, reading.sizes, [value, value], [own, own], ())


@rule("angle")
def _inner(reading: Reading, tree: Tree, env: Env) -> Value:
    r"""\langle u, v \rangle, \langle A, B \rangle_F: the sum of the products of the entries."""
    pair, *kinds = tree.kids
    if any(_which(kind) not in _USUAL and base_of(kind) != r"\mathbb{R}" for kind in kinds):
        raise Fault(
            "unsupported", f"nothing says which inner product {said(tree)} is", tree,
            r"write it out, as in $u^\top A v$",
        )  # fmt: skip
    if pair.head != "list" or len(pair.kids) != 2:
        raise Fault(
            "unsupported", f"{said(tree)} is not an inner product of two", tree,
            r"write $\langle \mathbf{u}, \mathbf{v} \rangle$",
        )  # fmt: skip
    u, v = (squeezed(value_of(reading, kid, env)) for kid in pair.kids)
    if len(u.own) != len(v.own):
        raise Fault(
            "shape-clash",
            f"shapes do not have an inner product: {u.shape_text()} and {v.shape_text()}",
            tree,
        )
    own = tuple(range(len(u.own)))
    told = "have an inner product"
    return contract_values(tree, reading.sizes, [u, v], [own, own], (), describe=told)
