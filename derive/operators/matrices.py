r"""Inverse and determinant: what acts on the last two axes, a square matrix.

The idea: as an operator along an axis carries the axes before it along, these carry a batch of
matrices.  Neither is defined (or differentiated) where the matrix is singular: that is a condition
of every formula they occur in, and it is said with it.

Sources: Petersen & Pedersen, The Matrix Cookbook, 2012, sections 2.1 and 2.2 (equations 49 and 59);
Magnus & Neudecker, Matrix Differential Calculus, 2019, chapter 8.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from derive.kernel.build import contracted
from derive.kernel.contraction import span
from derive.kernel.expr import Axes, Call, Expr, Num, ShapeError, shape_text
from derive.operators.composites import define
from derive.operators.pointwise import absolute, log, np
from derive.operators.primitives import Pull, primitive


def _square(word: str, axes: Axes) -> Axes:
    if len(axes) < 2 or axes[-1] != axes[-2]:
        shown = f"a vector of size {shape_text(axes)}" if len(axes) == 1 else shape_text(axes)
        raise ShapeError(f"{word} needs a square matrix, not {shown}")
    return axes


def _inverse_pull(node: Call, cotangent: Expr, extra: int) -> Pull:
    r"""d(A^{-1}) = -A^{-1} dA A^{-1}, so a cotangent G gives -A^{-T} G A^{-T} (Cookbook, 59)."""
    lead, batch, (p, q, i, j) = _numbered(node, extra)
    inner = (*batch, i, p), (*lead, *batch, i, j), (*batch, q, j)
    share = contracted(
        (Num(-1), node, cotangent, node), ((), *inner), (*lead, *batch, p, q)
    )  # fmt: skip
    yield node.args[0], share, "inverse"


def _det_pull(node: Call, cotangent: Expr, extra: int) -> Pull:
    r"""d det A = det(A) tr(A^{-1} dA): the gradient is det(A) A^{-T} (Cookbook, 49)."""
    lead, batch, (p, q, _, _) = _numbered(node, extra)
    turned = inverse(node.args[0])
    inner = (*lead, *batch), batch, (*batch, q, p)
    share = contracted((cotangent, node, turned), inner, (*lead, *batch, p, q))
    yield node.args[0], share, "determinant"


def _logdet_pull(node: Call, cotangent: Expr, extra: int) -> Pull:
    r"""d log det A = tr(A^{-1} dA): the gradient is A^{-T} (Cookbook, 57)."""
    lead, batch, (p, q, _, _) = _numbered(node, extra)
    inner = (*lead, *batch), (*batch, q, p)
    share = contracted((cotangent, inverse(node.args[0])), inner, (*lead, *batch, p, q))
    yield node.args[0], share, "log-determinant"


def _numbered(node: Call, extra: int) -> tuple[tuple[int, ...], tuple[int, ...], range]:
    """Index numbers: the cotangent's own axes, those of the batch, four for rows and columns."""
    batch = len(node.args[0].axes) - 2
    return span(extra), tuple(range(extra, extra + batch)), range(extra + batch, extra + batch + 4)


def _stacked(one: Any, shape: tuple[int, ...], x: Any) -> Any:
    made = np.empty((*x.shape[:-2], *shape), x.dtype)
    for place in np.ndindex(x.shape[:-2]):
        made[place] = one(x[place])
    return made


def _inverted(x: Any) -> Any:
    """The inverse of every matrix; NaN for a singular one, in Fractions a ZeroDivisionError."""
    x = np.asarray(x)
    if x.dtype == object:
        return _stacked(lambda a: _eliminated(a)[0], x.shape[-2:], x)
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        if x.ndim == 2:
            return np.full(x.shape, np.nan)
        return _stacked(_inverted, x.shape[-2:], x)


def _determinant(x: Any) -> Any:
    x = np.asarray(x)
    if x.dtype != object:
        return np.linalg.det(x)
    return _stacked(lambda a: _eliminated(a, inverting=False)[1], (), x)


def _logarithm(x: Any) -> Any:
    sign, size = np.linalg.slogdet(x)
    return np.where(sign > 0, size, np.nan)


def _eliminated(a: Any, inverting: bool = True) -> tuple[Any, Fraction]:
    """The inverse and the determinant of one matrix of Fractions (Gauss and Jordan)."""
    n, det = len(a), Fraction(1)
    rows = [[*map(Fraction, row), *(Fraction(i == j) for j in range(n))]
            for i, row in enumerate(a)]  # fmt: skip
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k]), None)
        if pivot is None:
            if inverting:
                raise ZeroDivisionError("a singular matrix has no inverse")
            return None, Fraction(0)
        if pivot != k:
            rows[k], rows[pivot], det = rows[pivot], rows[k], -det
        head = rows[k][k]
        det *= head
        rows[k] = [x / head for x in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                factor = rows[i][k]
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return np.array([row[n:] for row in rows], object).reshape(n, n), det


inverse = primitive(
    "inverse", lambda axes: _square("an inverse", axes), _inverted, _inverse_pull, r"#1^{-1}",
    words=("inv", "inverse"), exact=True, matrices=True, shapes=("n n",), code="np.linalg.inv({0})",
    where=r"$\det(A) \ne 0$",
    source="Petersen & Pedersen, The Matrix Cookbook, 2012, equation 59",
)  # fmt: skip
det = primitive(
    "det", lambda axes: _square("a determinant", axes)[:-2], _determinant, _det_pull, r"\det",
    words=("det",), exact=True, matrices=True, shapes=("n n",), code="np.linalg.det({0})",
    source="Petersen & Pedersen, The Matrix Cookbook, 2012, equation 49",
)  # fmt: skip


logdet = primitive(
    "logdet", lambda axes: _square("a log-determinant", axes)[:-2], _logarithm, _logdet_pull,
    r"\log\det(#1)", words=("logdet",), matrices=True, shapes=("n n",), body=lambda a: log(det(a)),
    where=r"$\det(A) > 0$",
    code="np.linalg.slogdet({0})[1]",
    source="Petersen & Pedersen, The Matrix Cookbook, 2012, equation 57",
)  # fmt: skip
logabsdet = primitive(
    "logabsdet", lambda axes: _square("a log-determinant", axes)[:-2],
    lambda x: np.linalg.slogdet(x)[1], _logdet_pull, r"\log\left| \det(#1) \right|",
    words=("logabsdet",), matrices=True, shapes=("n n",), body=lambda a: log(absolute(det(a))),
    where=r"$\det(A) \ne 0$",
    code="np.linalg.slogdet({0})[1]",
    source="Petersen & Pedersen, The Matrix Cookbook, 2012, equation 57",
)  # fmt: skip


@define(r"\operatorname{adj}(#1)", words=("adj", "adjugate"), matrices=True, shapes=("n n",))
def adjugate(a: Expr) -> Expr:
    """det(A) A^{-1}, for an invertible matrix the transposed matrix of its cofactors."""
    return _scaled(det(a), inverse(a))


@define(r"\operatorname{cof}(#1)", words=("cof", "cofactor"), matrices=True, shapes=("n n",))
def cofactor(a: Expr) -> Expr:
    """det(A) A^{-T}, for an invertible matrix the matrix of its cofactors."""
    batch = span(len(a.axes) - 2)
    i, j = len(batch), len(batch) + 1
    return contracted((det(a), inverse(a)), (batch, (*batch, j, i)), (*batch, i, j))


def _scaled(factor: Expr, matrix: Expr) -> Expr:
    own = span(len(matrix.axes))
    return contracted((factor, matrix), (own[:-2], own), own)
