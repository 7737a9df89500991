"""What ``derive.check_function`` says of a function that cannot be compared, or of a question that
cannot be asked: every code has a row here, with its words."""

import doctest

import numpy as np
import pytest

import derive as d
from derive.diagnostics import DeriveError
from proofs import function

LINEAR = r"""$\mathbf{W}\in\mathbb{R}^{m\times n}$, $\mathbf{x}\in\mathbb{R}^n$,
    $\mathbf{z} = \mathbf{W}\mathbf{x}+\mathbf{b}$, $L=\frac12\|\mathbf{z}-\mathbf{y}\|^2$"""
LAYER = r"""$\mathbf{W}\in\mathbb{R}^{m\times n}$, $\mathbf{x}\in\mathbb{R}^n$,
    $\mathbf{s} = \tanh(\mathbf{W}\mathbf{x})$"""

# ------------------------------------------------------------------------ troubles of a function


def writes(W, b, x, y):
    dz = y
    dz -= W @ x + b
    return np.outer(-dz, x), -dz


def raises(W, b, x, y):
    dz = W @ x + b - y
    return dz @ x, dz


class Accumulates:
    __name__ = "accumulates"

    def __init__(self):
        self.total = 0.0

    def __call__(self, z, x, y):
        self.total = self.total + (z - y).sum()
        return {"W": np.outer(z - y, x), "b": z - y + self.total}


TROUBLES = [
    (lambda z, x, y: None, "returned-none", "it returned None"),
    (lambda z, x, y: (z, z, z), "wrong-count",
     "it returned 3 arrays, and 2 gradients are asked for: W, b"),
    (lambda z, x, y: {"W": np.outer(z - y, x)}, "missing-output", "it returns no gradient of b"),
    (lambda z, x, y: (np.outer(z - y, x), "z"), "not-an-array", "db is str, not an array of"),
    (lambda z, x, y: (np.outer(z - y, x), None), "not-an-array", "db is NoneType, not an array"),
    (lambda z, x, y: (np.outer(z - y, x), np.log(-np.abs(z))), "not-finite", "db is nan where"),
    (lambda z, x, y: (np.outer(z - y, x), (z - y) * 1j), "wrong-dtype",
     "db is an array of complex128"),
    (lambda z, x, y: {"b": z - y, "db": z - y, "W": np.outer(z - y, x)}, "twice",
     "b and db are both the gradient of b"),
    (lambda z, x, y: (1.0, np.outer(z - y, x), z - y), "forward-differs",
     "it computes 1, and L is"),
    (writes, "modified-input", "it writes into its argument y"),
    (raises, "raised", "it raises ValueError: matmul: Input operand 1 has a mismatch"),
    (Accumulates(), "not-repeatable", "b is another one when it is called again"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("function", "code", "words"), TROUBLES, ids=[t[1] for t in TROUBLES])
def test_troubles_are_reported(function, code, words):
    report = d.check_function(function, LINEAR, columns=False)
    assert not report.ok
    (trouble,) = report.troubles
    assert trouble.code == code
    assert words in trouble.message
    assert f"error[{code}]: " in str(report)


def test_what_a_function_raises_is_kept_with_its_line():
    report = d.check_function(raises, LINEAR, columns=False)
    (trouble,) = report.troubles
    assert isinstance(trouble.exception, ValueError)
    assert trouble.message.endswith("in: return dz @ x, dz")
    assert trouble.sizes["m"] != trouble.sizes["n"]


def test_sizes_can_be_fixed():
    def backward(W, b, x, y):
        assert W.shape[1] == 5
        return np.outer(W @ x + b - y, x), W @ x + b - y

    report = d.check_function(backward, LINEAR, sizes={"n": 5})
    assert report.ok
    assert {at["n"] for at in report.sizes} == {5}
    assert not d.check_function(backward, LINEAR).ok


# --------------------------------------------------------------------- questions that are refused

REFUSED = [
    (lambda q, W: 1, LINEAR, {}, "unknown-argument",
     "nothing in the network is called q, which <lambda> takes"),
    (lambda W, x: 1, LAYER, {}, "no-upstream",
     "<lambda> has no argument for the gradient of s"),
    (lambda W: 1, LINEAR, {"arguments": {"r": "W"}}, "no-such-argument",
     "<lambda> has no argument r"),
    (lambda W: 1, LINEAR, {"arguments": {"W": "Q"}}, "unknown-argument",
     "nothing in the network is called Q, which <lambda> takes"),
    (lambda W: 1, LINEAR, {"wrt": ["V"]}, "unknown-symbol", "nothing in the network is called V"),
    (lambda x: 1, r"$x \in \mathbb{R}$, $f = x^2$", {}, "no-parameters",
     "nothing in the network looks like a parameter"),
    (lambda W: 1, LINEAR, {"framework": "numpie"}, "no-such-framework",
     "no framework is called 'numpie'"),
    (lambda W: 1, LINEAR, {"dtype": "float128"}, "no-such-dtype", "no check is made in 'float128'"),
    (lambda W: 1, LINEAR, {"sizes": {"q": 2}}, "unknown-size",
     "no size of the network is called q"),
    (lambda W: 1, LINEAR, {"sizes": {"n": 0}}, "unknown-size", "n cannot be 0"),
    (3, LINEAR, {}, "not-a-function", "3 cannot be called"),
    (lambda W: 1, 3, {}, "not-a-network", "int is no network"),
    (lambda W: 1, r"$L = \|W x$", {}, "unclosed-bracket", ""),
]  # fmt: skip


@pytest.mark.parametrize(("function", "network", "options", "code", "words"), REFUSED)
def test_a_question_that_cannot_be_asked(function, network, options, code, words):
    with pytest.raises(DeriveError) as refused:
        d.check_function(function, network, **options)
    first = refused.value.diagnostics[0]
    assert first.code == code
    assert first.message.startswith(words)
    if words:
        assert first.help
        assert not first.message.endswith(".")


def test_an_argument_that_fits_two_symbols():
    x, X = d.vector("x_1", 2), d.vector("X_1", 2)
    with pytest.raises(DeriveError) as refused:
        d.check_function(lambda X1, W: 1, d.dot(x, X) * d.total(d.matrix("W", 2, 2)))
    (first,) = refused.value.diagnostics
    assert (first.code, first.message) == (
        "ambiguous-argument", "X1 of <lambda> could be x_1 or X_1",
    )  # fmt: skip


def test_the_example_runs():
    failed, tried = doctest.testmod(function)
    assert tried
    assert not failed
