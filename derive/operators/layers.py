"""Layers of networks: dropout, embedding, adapters, gates, experts.

The idea: every layer is a definition in other words; a batch or a sample is an axis in front.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.kernel.build import hadamard, lift
from derive.kernel.contraction import contracted, span
from derive.kernel.expr import Expr, ShapeError, shape_text
from derive.operators.attention import masked_softmax
from derive.operators.composites import define
from derive.operators.normalisation import per
from derive.operators.pointwise import gelu, reciprocal, relu, sigmoid, silu
from derive.operators.primitives import one_hot, softmax

# --------------------------------------------------------------- dropout, embedding, adapters


@define(r"\mathrm{Dropout}", words=(), arity=2)
def dropout(x: Expr, mask: Expr, keep: object = 1) -> Expr:
    """(mask ⊙ x) / keep for a mask of 0 and 1 of x's shape: inverted dropout.

    ``keep`` is the probability that a unit is kept; 1 leaves classical dropout, without a scale.
    Srivastava et al., Dropout, 2014, section 10.
    """
    return hadamard(reciprocal(lift(keep)), hadamard(mask, x))


def embedding(table: Expr, ids: Expr) -> Expr:
    """The rows of a V×d table at these numbers from 1 to V: a d vector for each number.

    ids is a number, or an array of them; each is data and has no gradient.

    >>> import derive as d
    >>> d.embedding(d.matrix("E", 5, 3), d.scalar("i"))
    E^T e_i
    """
    if len(table.axes) != 2:
        raise ShapeError(f"a table of embeddings is a matrix, not {shape_text(table.axes)}")
    chosen = one_hot(table.axes[0])(ids)
    own = span(len(chosen.axes))
    end = len(own)
    return contracted((chosen, table), (own, (own[-1], end)), (*own[:-1], end))


def lora(weight: Expr, b: Expr, a: Expr, alpha: object = 1) -> Expr:
    r"""W + (alpha / r) B A, for W d×k, B d×r, A r×k (Hu et al., LoRA, 2021, section 4.1).

    >>> import derive as d
    >>> d.lora(d.matrix("W", 3, 4), d.matrix("B", 3, 2), d.matrix("A", 2, 4), alpha=4)
    W + 2 B A
    """
    return weight + hadamard(hadamard(lift(alpha), per(b.axes[-1])), b @ a)


# ---------------------------------------------------------------------------------- gates


@define(r"\mathrm{GLU}", words=("GLU",), arity=2)
def glu(u: Expr, v: Expr) -> Expr:
    """u ⊙ σ(v), of one shape (Dauphin et al., Language modeling with gated networks, 2017)."""
    return u * sigmoid(v)


@define(r"\mathrm{SwiGLU}", words=("SwiGLU",), arity=2)
def swiglu(u: Expr, v: Expr) -> Expr:
    """SiLU(u) ⊙ v, of one shape (Shazeer, GLU variants improve transformer, 2020, eq. 5)."""
    return silu(u) * v


@define(r"\mathrm{GEGLU}", words=("GEGLU",), arity=2)
def geglu(u: Expr, v: Expr) -> Expr:
    """GELU(u) ⊙ v, of one shape (Shazeer, GLU variants improve transformer, 2020, eq. 5)."""
    return gelu(u) * v


@define(r"\mathrm{ReGLU}", words=("ReGLU",), arity=2)
def reglu(u: Expr, v: Expr) -> Expr:
    """ReLU(u) ⊙ v, of one shape (Shazeer, GLU variants improve transformer, 2020, eq. 5)."""
    return relu(u) * v


@define(r"\mathrm{Highway}", words=("Highway",), arity=3)
def highway(x: Expr, h: Expr, gate: Expr) -> Expr:
    """gate ⊙ h + (1 - gate) ⊙ x, of one shape (Srivastava et al., Highway networks, 2015)."""
    return gate * h + (1 - gate) * x


def mixture(scores: Expr, experts: Sequence[Expr], chosen: Expr | None = None) -> Expr:
    r"""The sum of softmax(scores)_e times expert e: scores are e, or m×e for experts of m×k.

    ``chosen`` is a mask of 0 and 1 of the shape of scores: the gate is a softmax over these alone
    (top-k routing, with a choice that is data).  Shazeer et al., Outrageously large neural
    networks, 2017, eq. 1 and 3.  ShapeError where the experts are not as many as the scores.

    >>> import derive as d
    >>> d.mixture(d.vector("s", 2), [d.vector("u", 3), d.vector("v", 3)])
    (softmax(s)^T e_1) u + (softmax(s)^T e_2) v
    """
    gates = softmax(scores) if chosen is None else masked_softmax(scores, chosen)
    if scores.axes[-1] != len(experts):
        raise ShapeError(f"{len(experts)} experts need as many scores, not {scores.axes[-1]}")
    lead = span(len(scores.axes) - 1)
    total: Expr | None = None
    for e, expert in enumerate(experts):
        unit = one_hot(len(experts))(lift(e + 1))
        gate = contracted((gates, unit), ((*lead, len(lead)), (len(lead),)), lead)
        own = span(len(expert.axes))
        if expert.axes[: len(lead)] != gate.axes:
            raise ShapeError(
                f"an expert of {shape_text(expert.axes)} does not fit scores of "
                f"{shape_text(scores.axes)}"
            )
        part = contracted((gate, expert), (lead, own), own)
        total = part if total is None else total + part
    assert total is not None, "an axis has at least one entry"
    return total
