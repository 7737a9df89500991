r"""Norms by singular values: the largest of them, and their sum.

The idea: of A = U S V^\top the largest singular value has the gradient u_1 v_1^\top, where it is
simple, and the sum has U V^\top = A (A^\top A)^{-1/2}, where the rank is full.  Elsewhere these are
subgradients; which one is stated by the row.  They are differentiated once.

Sources: Watson, Characterization of the subdifferential of some matrix norms, 1992; Horn & Johnson,
Matrix Analysis, 2012, section 7.4.
"""

from __future__ import annotations

from typing import Any

from derive.kernel.build import contracted
from derive.kernel.contraction import span
from derive.kernel.expr import Axes, Call, Expr, ShapeError, shape_text
from derive.operators.pointwise import np
from derive.operators.primitives import Pull, primitive

# Operators by singular values, which have no exact values; and those not differentiated again.
SINGULAR = frozenset(["leading", "polar", "spectral_norm", "nuclear_norm"])
ONCE = frozenset(["leading", "polar"])
_SOURCE = "Watson, Characterization of the subdifferential of some matrix norms, 1992"


def _matrix(axes: Axes) -> Axes:
    if len(axes) < 2:
        raise ShapeError(f"singular values are those of a matrix, not of {shape_text(axes)}")
    return axes


def _values(x: Any) -> Any:
    return np.linalg.svd(x, compute_uv=False)


def _polar(x: Any) -> Any:
    u, s, v = np.linalg.svd(x, full_matrices=False)
    kept = s > 1e-12 * s[..., :1]
    return np.where(kept[..., None, :], u, 0.0) @ v


def _leading(x: Any) -> Any:
    u, _, v = np.linalg.svd(x, full_matrices=False)
    return u[..., :, :1] * v[..., :1, :]


def _scaled(node: Call, cotangent: Expr, extra: int, by: Expr, reason: str) -> Pull:
    """The cotangent times a matrix."""
    batch = len(node.args[0].axes) - 2
    lead, rows = span(extra), tuple(range(extra, extra + batch + 2))
    share = contracted((cotangent, by), ((*lead, *rows[:-2]), rows), (*lead, *rows))
    yield node.args[0], share, reason


def _once(what: str):
    def pull(node: Call, cotangent: Expr, extra: int) -> Pull:
        raise ShapeError(f"{what} is not differentiated: of this norm there is a gradient only")
        yield

    return pull


leading = primitive(
    "leading", _matrix, _leading, _once("u_1 v_1^T, of the largest singular value,"),
    r"\mathbf{u}_1(#1) \mathbf{v}_1(#1)^{\top}", matrices=True, shapes=("m n",),
    kinks="the singular vectors that the decomposition gives first", code="leading({0})",
    source=_SOURCE,
)  # fmt: skip
polar = primitive(
    "polar", _matrix, _polar, _once("A (A^T A)^(-1/2)"), r"\mathrm{polar}(#1)",
    words=("polar",), matrices=True, shapes=("m n",), code="polar({0})",
    kinks="0 where a singular value is 0", source=_SOURCE,
)  # fmt: skip
spectral_norm = primitive(
    "spectral_norm", lambda axes: _matrix(axes)[:-2], lambda x: _values(x)[..., 0],
    lambda node, c, extra: _scaled(node, c, extra, leading(node.args[0]), "spectral norm"),
    r"\sigma_{\max}(#1)", words=(r"\sigma_\max", r"\sigma_{\max}", r"\sigma_{max}"),
    matrices=True, shapes=("m n",),
    kinks="a subgradient where the largest singular value is not simple",
    code="np.linalg.svd({0}, compute_uv=False)[..., 0]", source=_SOURCE,
)  # fmt: skip
nuclear_norm = primitive(
    "nuclear_norm", lambda axes: _matrix(axes)[:-2], lambda x: _values(x).sum(axis=-1),
    lambda node, c, extra: _scaled(node, c, extra, polar(node.args[0]), "nuclear norm"),
    r"\left\| #1 \right\|_*", matrices=True, shapes=("m n",),
    kinks="a subgradient where the rank is not full",
    code="np.linalg.svd({0}, compute_uv=False).sum(axis=-1)", source=_SOURCE,
)  # fmt: skip
