r"""Attention: scaled dot products, masks, heads.

The idea: a batch or a head is an axis in front.  What a mask hides has weight 0 exactly, and no
-\infty is ever multiplied; the softmax of what is left has a rule of its own.
"""

from __future__ import annotations

from fractions import Fraction

from derive.kernel.build import lift, outer
from derive.kernel.contraction import contracted, span
from derive.kernel.expr import Axes, Call, Expr, Ones, ShapeError, shape_text
from derive.kernel.sizes import Axis, checked
from derive.operators.normalisation import along, number_of, over, spots, vector
from derive.operators.pointwise import exp, le, np, power, reciprocal
from derive.operators.primitives import Pull, primitive, softmax


def _masked(x: Axes, mask: Axes) -> Axes:
    if x != mask:
        raise ShapeError(
            f"a mask of {shape_text(mask)} does not fit {shape_text(x)}: it has the same shape"
        )
    return vector(x)


def _masked_pull(node: Call, cotangent: Expr, extra: int) -> Pull:
    r"""P \odot (\delta - \sum_k P_k \delta_k), as of a softmax: where the mask is 0, so is P."""
    z, mask = node.args
    at = spots(node.axes, extra, -1)
    every = (*at.lead, *at.own)
    inner = contracted((node, cotangent), (at.own, every), every[:-1])
    moved = cotangent - along(inner, z.axes[-1])
    yield z, contracted((node, moved), (at.own, every), every), "softmax"
    own = span(len(z.axes))
    kept = contracted((mask, exp(z)), (own, own), own[:-1])
    weights = contracted((exp(z), reciprocal(kept)), (own, own[:-1]), own)
    yield mask, contracted((weights, moved), (at.own, every), every), "mask"


def _masked_value(z, mask):
    allowed = mask != 0
    top = np.max(np.where(allowed, z, -np.inf), axis=-1, keepdims=True)
    # what is masked may be anything, -inf and nan among it: it is never multiplied
    e = np.where(allowed, mask * np.exp(np.where(allowed, z - top, 0.0)), 0.0)
    return e / e.sum(axis=-1, keepdims=True)


def _masked_body(z: Expr, mask: Expr) -> Expr:
    own = span(len(z.axes))
    whole = contracted((mask, exp(z)), (own, own), own[:-1])
    return contracted((mask, exp(z), reciprocal(whole)), (own, own, own[:-1]), own)


def _nothing(node: Call, cotangent: Expr, extra: int) -> Pull:
    yield from ()


masked_softmax = primitive(
    "masked_softmax", _masked, _masked_value, _masked_pull,
    r"\operatorname{maskedsoftmax}", arity=2, words=("maskedsoftmax",),
    rest=lambda z: (_third(z),),
    body=_masked_body, code="masked_softmax({0}, {1})",
    kinks="no value for a row in which everything is masked",
    source="Vaswani et al., Attention is all you need, 2017, section 3.2.3",
)  # fmt: skip
positions = primitive(
    "positions", lambda x: x, lambda x: np.ones_like(x) * np.arange(1, x.shape[-1] + 1), _nothing,
    r"\operatorname{pos}", words=("pos",), exact=True, entry="#2",
    code="(np.ones_like({0}) * np.arange(1, {0}.shape[-1] + 1))",
)  # fmt: skip


def _third(z: Expr) -> Expr:
    """A mask that leaves the first place of every row and those above 0."""
    return le(lift(0), z) + le(positions(z), 1) * le(z, 0)


# ------------------------------------------------------------------------------- attention


def causal_mask(n: Axis, m: Axis | None = None) -> Expr:
    r"""The n×m mask with 1 where j ≤ i (n×n if m is left out): a place sees none after it.

    TypeError for a size that is none.

    >>> import derive as d
    >>> d.evaluate(d.causal_mask(2), {})
    array([[1., 0.],
           [1., 1.]])
    """
    rows, columns = Ones(checked(n)), Ones(checked(n if m is None else m))
    return le(outer(rows, positions(columns)), outer(positions(rows), columns))


def attention(
    q: Expr, k: Expr, v: Expr, mask: Expr | None = None, bias: Expr | None = None
) -> Expr:
    r"""softmax(Q Kᵀ / sqrt(d) + bias) V for Q n×d, K m×d, V m×e: an n×e array.

    Axes before these two (a batch, heads) are carried along; K and V may have fewer of them than
    Q, the last ones: one memory for all.  ``mask`` is 1 where a query may look and 0 elsewhere
    (d.causal_mask(n)), ``bias`` a number or array that is added to the scores; both are n×m, or
    have axes before that.  Vaswani et al., Attention is all you need, 2017, eq. 1.

    >>> import derive as d
    >>> n, m = d.sizes("n m")
    >>> d.attention(d.matrix("Q", n, 4), d.matrix("K", m, 4), d.matrix("V", m, 2))
    softmax(1/(sqrt(4)) Q K^T) V
    """
    if min(len(q.axes), len(k.axes), len(v.axes)) < 2:
        raise ShapeError("attention needs matrices of queries, keys and values")
    lead = span(len(q.axes) - 2)
    a, b, c = len(lead), len(lead) + 1, len(lead) + 2

    def carried(x: Expr) -> tuple[int, ...]:
        return lead[len(lead) - (len(x.axes) - 2) :]

    d = q.axes[-1]
    root = power(Fraction(-1, 2))(number_of(d))
    scores = contracted(
        (root, q, k), ((), (*lead, a, c), (*carried(k), b, c)), (*lead, a, b)
    )  # fmt: skip
    if bias is not None:
        scores = scores + over(bias, scores, "bias")
    weights = softmax(scores) if mask is None else masked_softmax(
        scores, over(mask, scores, "mask"))  # fmt: skip
    return contracted((weights, v), ((*lead, a, b), (*carried(v), b, c)), (*lead, a, c))


def multi_head_attention(
    x: Expr, w_q: Expr, w_k: Expr, w_v: Expr, w_o: Expr,
    mask: Expr | None = None, memory: Expr | None = None,
) -> Expr:  # fmt: skip
    r"""The sum over heads h of softmax(Q_h K_hᵀ / sqrt(k)) V_h W_O,h, for x n×d (or b×n×d).

    w_q and w_k are h×d×k, w_v is h×d×e, w_o is h×e×d: the concatenated heads times W^O.  Grouped
    heads: w_q is g×h×d×k, w_o g×h×e×d, and the h queries of a group share w_k, w_v of g×d×..
    Keys and values are of ``memory`` (m×d, or b×m×d) if it is given: cross-attention.  ``mask`` is
    n×m.  Vaswani et al., 2017, section 3.2.2; Ainslie et al., GQA, 2023.

    >>> import derive as d
    >>> x, w = d.matrix("X", d.size("n"), 4), d.tensor("W", 2, 4, 3)
    >>> d.multi_head_attention(x, w, w, w, d.tensor("W_O", 2, 3, 4)).axes
    (Size(n), 4)
    """
    source = x if memory is None else memory
    lead = span(len(x.axes) - 2)
    free = len(lead)
    n, m, d, k, e = range(free, free + 5)
    groups = tuple(range(free + 5, free + 5 + len(w_k.axes) - 2))
    heads = tuple(range(free + 10, free + 10 + len(w_q.axes) - 2))
    heads = (*groups, *heads[len(groups) :])
    shared = (*lead, *groups)
    ask = contracted((x, w_q), ((*lead, n, d), (*heads, d, k)), (*lead, *heads, n, k))
    key = contracted((source, w_k), ((*lead, m, d), (*groups, d, k)), (*shared, m, k))
    value = contracted((source, w_v), ((*lead, m, d), (*groups, d, e)), (*shared, m, e))
    root = power(Fraction(-1, 2))(number_of(w_q.axes[-1]))
    scores = contracted(
        (root, ask, key), ((), (*lead, *heads, n, k), (*shared, m, k)), (*lead, *heads, n, m)
    )  # fmt: skip
    weights = softmax(scores) if mask is None else masked_softmax(
        scores, over(mask, scores, "mask"))  # fmt: skip
    seen = contracted(
        (weights, value), ((*lead, *heads, n, m), (*shared, m, e)), (*lead, *heads, n, e)
    )  # fmt: skip
    return contracted((seen, w_o), ((*lead, *heads, n, e), (*heads, e, d)), (*lead, n, d))
