"""Documents in other people's notation, each compared with what its author means by it.

``documents/read.txt`` says how each must be read: every variable with its role and shape.  The
answers are compared with autograd's gradients of losses written by hand: central differences of
what was read would not notice that it was read wrongly.
"""

from pathlib import Path

import autograd.numpy as np
import numpy
import pytest
from autograd import grad, hessian

from derive.derivation.backprop import worked
from derive.derivation.network import Network
from derive.derivation.points import point
from derive.diagnostics import DeriveError
from derive.elaborate.document import read
from derive.kernel.expr import Var, shape_text
from derive.meaning.evaluate import evaluate
from tests.document_losses import LOSSES

HERE = Path(__file__).parent / "documents"
READ = dict(line.split(" | ") for line in (HERE / "read.txt").read_text().splitlines())


def document(name: str) -> Network:
    return read((HERE / name).read_text(encoding="utf-8"), name)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_it_is_read_as_its_author_means_it(name):
    network, loss = document(name), LOSSES[name]
    found = [f"{v.var.name} {v.role} {shape_text(v.var.axes)}" for v in network.variables]
    assert "; ".join(found) == READ[name]

    domains = {v.var: v.domain for v in network.variables}
    answers = worked(network).answers
    roots = [*(a.question.of for a in answers), *(v.var for v in network.variables)]
    values, at = point(roots, domains)
    values = {v: abs(a) if v.name == r"\epsilon" else a for v, a in values.items()}
    names = {v.name: a for v, a in values.items()}
    compared = 0
    for answer in answers:
        var = answer.question.wrt[0]
        if not isinstance(var, Var):
            continue  # a quantity in the middle has no place in the loss as NumPy computes it

        def of(array, var=var):
            return loss({**names, var.name: array})

        slope = hessian(of) if answer.question.kind == "hessian" else grad(of)
        expected = slope(np.asarray(values[var], float))
        given_back = evaluate(answer.value, values, at)
        numpy.testing.assert_allclose(given_back, expected, rtol=1e-8, atol=1e-10)
        compared += 1
    assert compared


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (r"$L = \sum_i a_i + c + b_i$", "ambiguous-sum"),
        (r"$e = y - Xw$, $L = e^\top e + e^{-\lambda}$", "ambiguous-power"),
        (r"$L = -\log p_y$, $p = \mathrm{softmax}(z)$, $\frac{\partial L}{\partial y} = ?$",
         "not-a-variable"),
        (r"$\sin s = Wx$, $L = \sum_i s_i$", "unreadable-left-side"),
        (r"$L = \sum_{i=1}^{0} x_i^2$", "empty-sum"),
        (r"$f(x) = g(x) + 1$, $g(x) = 2f(x)$, $L = f(w)$", "cycle"),
        (r"$\mathbf{W}_1 \in \mathbb{R}^{m \times n}$, $\mathbf{h} = \mathbf{W}_l \mathbf{x}$, "
         r"$L = \|\mathbf{h}\|^2$", "undefined-symbol"),
        (r"$Z = WX + b$, $L = \|Z\|_F^2$, $W \in \mathbb{R}^{k \times n}$, $b \in \mathbb{R}^m$, "
         r"$X \in \mathbb{R}^{n \times k}$", "shape-clash"),
        (r"$Z = XW + b$, $L = \|Z\|_F^2$, $W, X \in \mathbb{R}^{n \times n}$, "
         r"$b \in \mathbb{R}^n$", "shape-clash"),  # a row or a column of a square matrix
        (r"$Z = WX + b$, $L = \|Z\|_F^2$, $W \in \mathbb{R}^{k \times n}$, "
         r"$b \in \mathbb{R}^{1 \times k}$, $X \in \mathbb{R}^{n \times m}$", "shape-clash"),
        (r"$L = \|x\|^2$, $\nabla = ?$", "incomplete-question"),
        (r"$0 < \beta$, $L = \frac{\partial}{\partial}$", "unsupported"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(text, code):
    with pytest.raises(DeriveError) as caught:
        read(text)
    assert code in {problem.code for problem in caught.value.diagnostics}
    assert all(0 <= p.start <= p.end <= len(text) for p in caught.value.diagnostics)


@pytest.mark.parametrize("order", [1, -1], ids=["as computed", "backwards"])
def test_two_hundred_layers_in_any_order(order):
    layers = [rf"$h_{{{k}}} = \tanh(W_{{{k}}} h_{{{k - 1}}} + b_{{{k}}})$" for k in range(1, 201)]
    network = read("\n\n".join([*layers[::order], r"$L = \frac12 \|h_{200} - y\|^2$"]))
    assert len(network.definitions) == 201
    assert len(network.parameters) == 400


def test_every_document_has_its_loss_and_its_reading():
    documents = sorted(path.name for path in HERE.iterdir() if path.name != "read.txt")
    assert documents == sorted(LOSSES) == sorted(READ)


def test_a_gradient_in_a_list_is_one_question_for_each():
    asked = read(r"$L = \|Wx + b\|^2$, $\nabla_{W, b} L = ?$").questions
    assert [(q.kind, q.wrt[0].name) for q in asked] == [("gradient", "W"), ("gradient", "b")]
    (hessian,) = read(r"$L = (w^\top x)^2$, $\nabla_{w w} L = ?$").questions
    assert hessian.kind == "hessian"


@pytest.mark.parametrize(
    "question",
    [
        r"\frac{\partial^3 L}{\partial w \partial x}",
        r"\frac{\partial^5 L}{\partial w^5}",
        r"\frac{\partial L}{\partial w_{ij}}",
    ],
)
def test_derivatives_without_a_value_are_refused(question):
    with pytest.raises(DeriveError):
        read(rf"$w, x \in \mathbb{{R}}^n$, $L = (w^\top x)^2$, ${question} = ?$")
