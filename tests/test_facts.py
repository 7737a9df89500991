"""Labels that sum to 1: read from words and from formulas, used in what is shown, never forced."""

import numpy as np
import pytest

from derive.derivation.backprop import worked
from derive.derivation.facts import with_totals
from derive.diagnostics import DeriveError
from derive.elaborate.document import read
from derive.kernel.build import contract, named
from derive.kernel.expr import Call, Var, toposort
from derive.kernel.sizes import sizes
from derive.latex.print import latex
from derive.meaning.evaluate import evaluate
from derive.operators.primitives import one_hot, softmax

N, M, K = sizes("n m k")
Y, P, W = Var("y", (K,)), Var("p", (K,)), Var("W", (M, K))
BATCH = Var("t^{(#1)}", (N, K), ("i",))
HOT = Call(one_hot(K), (Var("c^{(#1)}", (N,), ("i",)),))


@pytest.mark.parametrize(
    "expr",
    [
        contract("i->", Y),
        contract("i,j->j", Y, P),
        contract("i,j,j->", Y, P, P),
        contract("ij->i", BATCH),
        contract("ij->", BATCH),
        contract("ij,k->ik", BATCH, P),
        contract("ij->", HOT),
        contract("i,i->", Y, P),
        contract("i,mi->m", Y, W),
        named("s", contract("i->", Y)),
        contract("i->", softmax(P)),
        contract("i,j->j", named("q", softmax(P)), P),
    ],
)
def test_totals_become_one_where_they_are_one(expr):
    draw = np.random.default_rng(0)
    values = {P: draw.normal(size=4), W: draw.normal(size=(2, 4)), HOT.args[0]: [1, 4, 2]}
    for v, shape in ((Y, 4), (BATCH, (3, 4))):
        weights = draw.uniform(0.1, 1, shape)
        values[v] = weights / weights.sum(axis=-1, keepdims=True)
    short = with_totals(expr, {Y, BATCH})
    np.testing.assert_allclose(evaluate(short, values), evaluate(expr, values))


def test_a_sum_over_another_axis_stays():
    expr = contract("ij->j", BATCH)
    assert with_totals(expr, {BATCH}) is expr
    assert with_totals(contract("i->", Y), {P}) is contract("i->", Y)


NET = (
    r"$\mathbf{z}=\mathbf{W}\mathbf{x}$, $\mathbf{p}=\mathrm{softmax}(\mathbf{z})$, "
    r"$L=-\mathbf{y}^\top\log\mathbf{p}$. $\frac{\partial L}{\partial\mathbf{z}}=?$ "
)


def answer(text: str) -> str:
    return latex(worked(read(text)).answers[0].named)


@pytest.mark.parametrize(
    "said",
    [
        r"The label $\mathbf{y}$ is one-hot.",
        r"Here $\mathbf{y} \in \mathbb{R}^K$ is a probability distribution.",
        r"with the one-hot vector $\mathbf{y}$",
        r"其中 $\mathbf{y}$ 是独热向量。",
        r"Note that $\mathbf{1}^\top \mathbf{y} = 1$.",
        r"Here $\mathbf{y} \in \mathbb{R}^K$ and $1 = \sum_{k} y_k$.",
    ],
)
def test_what_is_said_of_a_label_shortens_the_answer(said):
    assert answer(NET + said) == r"\mathbf{p} - \mathbf{y}"


@pytest.mark.parametrize(
    "said",
    [
        "",
        r"The label $\mathbf{y}$ is not one-hot.",
        r"The code is one-hot. The target is $\mathbf{y}$.",
        r"The data are $\mathbf{y}$ and a one-hot code.",
        r"Here $\mathbf{y}$ are the logits of a probability distribution.",
        r"Note that $\mathbf{1}^\top \mathbf{y} = 2$.",
    ],
)
def test_nothing_is_taken_for_granted(said):
    assert r"\mathbf{1}^\top \mathbf{y}" in answer(NET + said)


def test_the_derivative_by_the_label_does_not_use_its_sum():
    text = NET.replace(r"\partial\mathbf{z}}", r"\partial\mathbf{y}}") + r"$\mathbf{y}$ is one-hot."
    network = read(text)
    assert not any(v.domain.normalised for v in network.variables)


@pytest.mark.parametrize(
    "ratio",
    [
        r"\mathbf{p} = \frac{e^{\mathbf{z}}}{\mathbf{1}^\top e^{\mathbf{z}}}",
        r"\mathbf{p} = \frac{\exp(\mathbf{z})}{\sum_{j=1}^K \exp(z_j)}",
        r"\mathbf{p} = \mathrm{softmax}(\mathbf{z})",
    ],
)
def test_a_ratio_of_exponentials_is_a_softmax_however_it_is_written(ratio):
    text = (
        r"$\mathbf{y}, \mathbf{z} \in \mathbb{R}^K$, where $\mathbf{y}$ is one-hot, "
        rf"${ratio}$, $L = -\mathbf{{y}}^\top \log \mathbf{{p}}$, "
        r"$\frac{\partial L}{\partial \mathbf{z}} = ?$"
    )
    assert answer(text) == r"\mathbf{p} - \mathbf{y}"


def test_another_ratio_is_not():
    text = (
        r"$\mathbf{u}, \mathbf{z} \in \mathbb{R}^K$, "
        r"$\mathbf{p} = \frac{e^{\mathbf{z}}}{\mathbf{1}^\top e^{\mathbf{u}}}$, "
        r"$L = \mathbf{1}^\top \mathbf{p}$, $\frac{\partial L}{\partial \mathbf{z}} = ?$"
    )
    network = read(text)
    assert not any(isinstance(node, Call) and node.op is softmax for node in toposort(network.loss))


def test_angles_are_an_inner_product():
    text = (
        r"$\mathbf{u}, \mathbf{v} \in \mathbb{R}^n$, $L = \langle \mathbf{u}, \mathbf{v} \rangle$, "
        r"$\nabla_{\mathbf{u}} L = ?$"
    )
    assert answer(text) == r"\mathbf{v}"
    with pytest.raises(DeriveError, match="inner product"):
        read(text.replace(r"\mathbf{v} \in", r"\mathbf{w} \in") + r" $\mathbf{v} \in \mathbb{R}^m$")
