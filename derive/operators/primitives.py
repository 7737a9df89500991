"""The few operators with a rule of their own: what acts along an axis rather than entry by entry.

The idea: each acts on the last axis of its argument and carries the others along, so that one
sample and a batch of samples are the same row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from derive.kernel.build import contracted
from derive.kernel.expr import Axes, Call, Expr, Ones, Operator, ShapeError, vocabulary
from derive.operators.pointwise import exp, np, reciprocal
from derive.operators.row import PRIMITIVES, Row

Pull = Iterator[tuple[Expr, Expr, str]]


def _same(axes: Axes) -> Axes:
    if not axes:
        raise ShapeError("an operator along an axis needs a vector, not a scalar")
    return axes


def _reduced(axes: Axes) -> Axes:
    return _same(axes)[:-1]


def primitive(
    name: str,
    shape: Callable[..., Axes],
    value: Callable[..., Any],
    pull: Callable[[Call, Expr, int], Pull],
    latex: str,
    exact: bool = False,
    **known: Any,
) -> Operator:
    """A row for an operator without parameters."""
    operator = Operator(name, (), shape, value, pull, exact)
    row = Row(name, lambda: operator, latex, **known)
    vocabulary["operator", name] = row.make
    PRIMITIVES[name] = row
    return operator


def _along(node: Call, extra: int) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Index numbers: the cotangent's own axes, the argument's batch axes, its last axis."""
    batch = len(node.args[0].axes) - 1
    lead = tuple(range(extra))
    rows = tuple(range(extra, extra + batch))
    return lead, rows, extra + batch


def _softmax_pull(node: Call, cotangent: Expr, extra: int) -> Pull:
    lead, rows, k = _along(node, extra)
    all_axes = (*lead, *rows, k)
    inner = contracted((node, cotangent), ((*rows, k), all_axes), (*lead, *rows))
    spread_inner = contracted(
        (inner, Ones(node.axes[-1])), ((*lead, *rows), (k,)), all_axes
    )  # the same correction at every entry
    difference = cotangent - spread_inner
    yield node.args[0], contracted((node, difference), ((*rows, k), all_axes), all_axes), "softmax"


def _log_softmax_pull(node: Call, cotangent: Expr, extra: int) -> Pull:
    lead, rows, k = _along(node, extra)
    all_axes = (*lead, *rows, k)
    whole = contracted((cotangent,), (all_axes,), (*lead, *rows))
    p = softmax(node.args[0])
    taken = contracted((p, whole), ((*rows, k), (*lead, *rows)), all_axes)
    yield node.args[0], cotangent - taken, "log-softmax"


def _logsumexp_pull(node: Call, cotangent: Expr, extra: int) -> Pull:
    lead, rows, k = _along(node, extra)
    p = softmax(node.args[0])
    share = contracted((p, cotangent), ((*rows, k), (*lead, *rows)), (*lead, *rows, k))
    yield node.args[0], share, "log-sum-exp"


def _routed(chosen: Callable[[Expr], Expr]) -> Callable[[Call, Expr, int], Pull]:
    def pull(node: Call, cotangent: Expr, extra: int) -> Pull:
        lead, rows, k = _along(node, extra)
        at = chosen(node.args[0])
        share = contracted((at, cotangent), ((*rows, k), (*lead, *rows)), (*lead, *rows, k))
        yield node.args[0], share, "routes"

    return pull


def _product_pull(node: Call, cotangent: Expr, extra: int) -> Pull:
    r"""The product of all others, \prod_j x_j / x_k, at entry k: where none is 0."""
    lead, rows, k = _along(node, extra)
    under = reciprocal(node.args[0])
    spots = rows, (*rows, k), (*lead, *rows)
    yield node.args[0], contracted((node, under, cotangent), spots, (*lead, *rows, k)), "product"


def _constant(node: Call, cotangent: Expr, extra: int) -> Pull:
    yield from ()


def _shifted(x):
    return x - np.max(x, axis=-1, keepdims=True)


def _softmax(x):
    e = np.exp(_shifted(x))
    return e / e.sum(axis=-1, keepdims=True)


def _logsumexp(x):
    top = np.max(x, axis=-1)
    return top + np.log(np.exp(_shifted(x)).sum(axis=-1))


def _first(choose):
    def value(x):
        return np.asarray(np.arange(x.shape[-1]) == choose(x, axis=-1)[..., None], float)

    return value


softmax = primitive(
    "softmax", _same, _softmax, _softmax_pull, r"\mathrm{softmax}",
    words=("softmax", "Softmax", "SoftMax", "SM"),
    body=lambda z: _ratio(exp(z)), code="softmax({0})",
)  # fmt: skip
log_softmax = primitive(
    "log_softmax", _same, lambda x: x - _logsumexp(x)[..., None], _log_softmax_pull,
    r"\mathrm{logsoftmax}", words=("logsoftmax", "LogSoftmax", "log_softmax", "LogSoftMax"),
    code="({0} - logsumexp({0})[..., None])",
)  # fmt: skip
logsumexp = primitive(
    "logsumexp", _reduced, _logsumexp, _logsumexp_pull, r"\mathrm{LSE}",
    words=("LSE", "logsumexp", "LogSumExp"), code="logsumexp({0})",
)  # fmt: skip
argmax = primitive(
    "argmax", _same, lambda x: _first(np.argmax)(x), _constant, r"\mathbb{1}_{\arg\max}",
    exact=True, kinks="the first of equal entries", code="one_hot_argmax({0})",
)  # fmt: skip
argmin = primitive(
    "argmin", _same, lambda x: _first(np.argmin)(x), _constant, r"\mathbb{1}_{\arg\min}",
    exact=True, kinks="the first of equal entries", code="one_hot_argmin({0})",
)  # fmt: skip
maximum = primitive(
    "maximum", _reduced, lambda x: np.max(x, axis=-1), _routed(lambda x: argmax(x)), r"\max",
    words=("max",), exact=True, kinks="all of the gradient to the first of equal entries",
    code="({0}).max(axis=-1)",
)  # fmt: skip
minimum = primitive(
    "minimum", _reduced, lambda x: np.min(x, axis=-1), _routed(lambda x: argmin(x)), r"\min",
    words=("min",), exact=True, kinks="all of the gradient to the first of equal entries",
    code="({0}).min(axis=-1)",
)  # fmt: skip
product = primitive(
    "product", _reduced, lambda x: np.prod(x, axis=-1), _product_pull, r"\textstyle\prod",
    exact=True, code="np.prod({0}, axis=-1)",
)  # fmt: skip


@cache
def one_hot(classes: Any) -> Operator:
    """The one-hot vector of a class index 1..classes (as documents count)."""

    def value(y, count):
        return np.asarray(np.asarray(y)[..., None] == np.arange(1, count + 1), float)

    return Operator("one_hot", (classes,), lambda axes: (*axes, classes), value, _constant, True)


vocabulary["operator", "one_hot"] = one_hot
PRIMITIVES["one_hot"] = Row(
    "one_hot",
    one_hot,
    r"\mathbf{e}_{#1}",
    entry=r"\mathbb{1}(#2 = #1)",
    code="one_hot({0}, {1})",
    shapes=("",),
    parameters=(5,),
)


def _ratio(e: Expr) -> Expr:
    """e / sum(e) along the last axis."""
    axes = tuple(range(len(e.axes)))
    whole = contracted((e,), (axes,), axes[:-1])
    return contracted((e, reciprocal(whole)), (axes, axes[:-1]), axes)
