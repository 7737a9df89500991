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


def test_every_document_has_its_loss_and_its_reading():
    documents = sorted(path.name for path in HERE.iterdir() if path.name != "read.txt")
    assert documents == sorted(LOSSES) == sorted(READ)
