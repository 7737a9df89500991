"""``derive.check_function``: right functions are accepted, planted mistakes found and named.

The idea: every mistake is planted by hand in NumPy, as a person would make it, so that the table of
named ways is judged by code that shares nothing with it.
"""

import re

import numpy as np
import pytest

import derive as d

REGRESSION = d.read(
    r"""$\mathbf{W}\in\mathbb{R}^{m\times n}$, $\mathbf{x}^{(i)} \in \mathbb{R}^n$,
    $\mathbf{y}^{(i)}\in\mathbb{R}^m$, $\mathbf{b}\in\mathbb{R}^m$, $\lambda>0$.
    $\mathbf{z}^{(i)} = \mathbf{W}\mathbf{x}^{(i)}+\mathbf{b}$, $\mathcal{L} =
    \frac1N\sum_{i=1}^N \frac12\|\mathrm{ReLU}(\mathbf{z}^{(i)})-\mathbf{y}^{(i)}\|^2
    + \frac{\lambda}{2}\|\mathbf{W}\|_F^2$"""
)
CLASSIFIER = d.read(
    r"""$\mathbf{W}_1\in\mathbb{R}^{h\times n}$, $\mathbf{W}_2\in\mathbb{R}^{m\times h}$,
    $\mathbf{x} \in \mathbb{R}^n$, $\mathbf y\in\mathbb{R}^m$
    $\mathbf{z}_1 = \mathbf{W}_1\mathbf{x} + \mathbf{b}_1$, $\mathbf{h} = \tanh(\mathbf{z}_1)$,
    $\mathbf{z}_2 = \mathbf{W}_2\mathbf{h}+\mathbf{b}_2$, $\mathbf{p} =
    \mathrm{softmax}(\mathbf{z}_2)$, $L = \|\mathbf{p}-\mathbf{y}\|^2$"""
)
LINEAR = r"""$\mathbf{W}\in\mathbb{R}^{m\times n}$, $\mathbf{x}\in\mathbb{R}^n$,
    $\mathbf{z} = \mathbf{W}\mathbf{x}+\mathbf{b}$, $L=\frac12\|\mathbf{z}-\mathbf{y}\|^2$"""
LAYER = r"""$\mathbf{W}\in\mathbb{R}^{m\times n}$, $\mathbf{x}\in\mathbb{R}^n$,
    $\mathbf{s} = \tanh(\mathbf{W}\mathbf{x})$"""


def regression(mistake=""):
    def backward(W, b, X, y, lam):
        count = X.shape[0]
        z = X @ W.T + b
        dz = np.maximum(z, 0) - y
        if mistake != "mean":
            dz = dz / count
        mask = {"no mask": 1, "other mask": y > 0}.get(mistake, z > 0)
        dz = dz * mask
        dW = dz @ X if mistake == "no transpose" else dz.T @ X
        if mistake == "turned term":
            dW = dW.T
        if mistake != "no regulariser":
            dW = dW + (2 if mistake == "two lambda" else 1) * (1 if mistake == "1" else lam) * W
        dW = {"transposed": dW.T, "sign": -dW, "half": dW / 2, "both": -dW.T}.get(mistake, dW)
        db = dz.sum(axis=0)
        db = {
            "not summed": dz, "row": db[None], "wrong axis": dz.sum(axis=1), "number": dz.sum(),
            "minus": -db, "lambda": db * lam, "n": db * X.shape[1] ** 2, "zero": 0 * db,
        }.get(mistake, db)  # fmt: skip
        return {"dW": dW, "db": db}

    return backward


def classifier(mistake=""):
    def backward(W1, b1, W2, b2, x, y):
        z1 = W1 @ x + b1
        h = np.tanh(z1)
        z2 = W2 @ h + b2
        p = np.exp(z2) / np.exp(z2).sum()
        dp = 2 * (p - y)
        dz2 = p * (dp - p @ dp)
        dz2 = {"diagonal": p * (1 - p) * dp, "no jacobian": dp}.get(mistake, dz2)
        dh = (W2 if mistake == "no transpose" else W2.T) @ dz2
        slope = {
            "no slope": 1, "twice": (1 - h * h) ** 2, "value": h, "at h": 1 - np.tanh(h) ** 2,
        }.get(mistake, 1 - h * h)  # fmt: skip
        dz1 = dh * slope
        dW1, dW2 = np.outer(dz1, x), np.outer(dz2, h)
        if mistake == "delta":
            dW1 = np.outer(dh, x)
        if mistake == "z for h":
            dW2 = np.outer(dz2, z1)
        if mistake == "entries":
            dW1 = dz1 * x
        if mistake == "swapped":
            return dW1, dz2, dW2, dz1
        return dW1, dz1, dW2, dz2

    return backward


def residual(mistake=""):
    """L = 1/2 |a + V relu(a) - y|^2 with a = Wx: a is used twice."""

    def backward(W, V, x, y):
        a = W @ x
        dy = a + V @ np.maximum(a, 0) - y
        through = V.T @ dy * (a > 0)
        da = {"no skip": through, "no branch": dy, "minus": through - dy}.get(mistake, dy + through)
        return np.outer(da, x), np.outer(dy, np.maximum(a, 0))

    return backward


def residual_network():
    n, m = d.sizes("n m")
    W, V = d.matrix("W", m, n), d.matrix("V", m, m)
    x, y = d.vector("x", n), d.vector("y", m)
    a = d.name("a", W @ x)
    return d.network(d.half_squared_norm(a + V @ d.relu(a) - y), [W, V])


# ------------------------------------------------------------------------------ right functions


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("network", "function"),
    [(REGRESSION, regression()), (CLASSIFIER, classifier()), (residual_network(), residual())],
    ids=["regression", "classifier", "residual"],
)
def test_a_right_function_is_accepted(network, function, dtype):
    for seed in range(3):
        report = d.check_function(function, network, dtype=dtype, seed=seed)
        assert report.ok, report
        assert report.mistakes == {}
        report.assert_ok()
    assert len(report.sizes) >= 5
    assert any(len(set(at.values())) == len(at) for at in report.sizes)
    assert any(set(at.values()) == {1} for at in report.sizes)


@pytest.mark.parametrize(
    "function",
    [
        lambda W, b, x, y: {"W": np.outer(W @ x + b - y, x), "b": W @ x + b - y},
        lambda W, b, x, y: {r"\mathbf{W}": np.outer(W @ x + b - y, x), "grad_b": W @ x + b - y},
        lambda b, W, x, y: (W @ x + b - y, np.outer(W @ x + b - y, x)),
        lambda z, x, y: {"W_grad": np.outer(z - y, x), "b_grad": z - y},
        lambda z, y, *, x: {"dL_dW": np.outer(z - y, x), "dLdb": z - y},
        lambda cache: {
            "dW": np.outer(cache["z"] - cache["y"], cache["x"]), "db": cache["z"] - cache["y"],
        },
        lambda params, x, y: (
            np.outer(params["W"] @ x + params["b"] - y, x), params["W"] @ x + params["b"] - y,
        ),
        lambda **a: {
            "W": np.outer(a["W"] @ a["x"] + a["b"] - a["y"], a["x"]),
            "b": a["W"] @ a["x"] + a["b"] - a["y"],
        },
        lambda z, x, y: (0.5 * ((z - y) ** 2).sum(), {"W": np.outer(z - y, x), "b": z - y}),
        lambda z, x, y: ([float(0.5 * ((z - y) ** 2).sum()), np.outer(z - y, x), z - y]),
        lambda z, x, y, n, m: (np.outer(z - y, x).reshape(m, n), (z - y).tolist()),
        lambda z, x, y, eps=1e-12: {
            "dW": np.outer(z - y, x), "db": z - y, "dz": z - y, "z": z, "more": 1,
        },
    ],
)  # fmt: skip
def test_the_ways_to_take_and_to_give(function):
    assert d.check_function(function, LINEAR).ok


def test_objects_with_attributes_and_keys_that_are_expressions():
    n, m = d.sizes("n m")
    W, x, y = d.matrix("W", m, n), d.vector("x", n), d.vector("y", m)

    class Gradients:
        def __init__(self, dW):
            self.dW = dW

    class Parameter:
        def __init__(self, grad):
            self.grad = grad

    loss = d.half_squared_norm(W @ x - y)
    for give in (Gradients, Parameter, lambda g: {W: g}, lambda g: [Parameter(g)]):
        report = d.check_function(lambda W, x, y, g=give: g(np.outer(W @ x - y, x)), loss)
        assert report.ok, report


def test_arguments_in_order_where_no_name_fits():
    report = d.check_function(
        lambda p, q, r, s: (np.outer(p @ q + r - s, q), p @ q + r - s), LINEAR, wrt=["W", "b"]
    )
    assert report.ok
    assert "passed in order, p = W, q = x, r = b, s = y" in report.notes[0]


def test_a_layer_takes_the_gradient_of_its_output():
    def backward(W, x, dout):
        t = np.tanh(W @ x)
        return np.outer(dout * (1 - t * t), x), W.T @ (dout * (1 - t * t))

    def named(ds, s, W, saved):
        return {"dW": np.outer(ds * (1 - s * s), saved[0]), "dx": W.T @ (ds * (1 - s * s))}

    assert d.check_function(backward, LAYER, wrt=["W", "x"]).ok
    assert d.check_function(named, LAYER, arguments={"saved": ("x", "W")}).ok
    wrong = d.check_function(lambda W, x, dout: np.outer(dout, x), LAYER)
    assert wrong.mistakes == {"dW": "missing-inner-derivative"}


def test_column_vectors():
    def backward(W, b, x, y):
        dz = W @ x + b - y
        return dz @ x.T, dz

    report = d.check_function(backward, LINEAR)
    assert report.ok
    assert report.notes == ("vectors are passed as n×1 arrays: with one axis it raises",)
    assert d.check_function(backward, LINEAR, columns=True).notes == ()
    assert not d.check_function(backward, LINEAR, columns=False).ok
    wrong = d.check_function(lambda W, b, x, y: ((y - W @ x - b) @ x.T, W @ x + b - y), LINEAR)
    assert wrong.mistakes == {"dW": "sign"}


# ------------------------------------------------------------------------------ planted mistakes

PLANTED = [
    (REGRESSION, regression, "mean", {"dW": "factor", "db": "factor"}),
    (REGRESSION, regression, "no mask", {"dW": "missing-mask", "db": "missing-mask"}),
    (REGRESSION, regression, "other mask", {"dW": "wrong-mask", "db": "wrong-mask"}),
    (REGRESSION, regression, "no transpose", {"dW": "missing-transpose"}),
    (REGRESSION, regression, "turned term", {"dW": "transposed-answer"}),
    (REGRESSION, regression, "no regulariser", {"dW": "missing-regulariser"}),
    (REGRESSION, regression, "two lambda", {"dW": "factor"}),
    (REGRESSION, regression, "1", {"dW": "missing-factor"}),
    (REGRESSION, regression, "transposed", {"dW": "transposed-answer"}),
    (REGRESSION, regression, "both", {"dW": "transposed-answer"}),
    (REGRESSION, regression, "sign", {"dW": "sign"}),
    (REGRESSION, regression, "half", {"dW": "factor"}),
    (REGRESSION, regression, "not summed", {"db": "not-summed"}),
    (REGRESSION, regression, "row", {"db": "wrong-shape"}),
    (REGRESSION, regression, "wrong axis", {"db": "wrong-axis"}),
    (REGRESSION, regression, "number", {"db": "summed"}),
    (REGRESSION, regression, "minus", {"db": "sign"}),
    (REGRESSION, regression, "lambda", {"db": "factor"}),
    (REGRESSION, regression, "n", {"db": "factor"}),
    (REGRESSION, regression, "zero", {"db": "zero"}),
    (CLASSIFIER, classifier, "diagonal", dict.fromkeys(
        ("dW_1", "db_1", "dW_2", "db_2"), "diagonal-only")),
    (CLASSIFIER, classifier, "no jacobian", dict.fromkeys(
        ("dW_1", "db_1", "dW_2", "db_2"), "missing-inner-derivative")),
    (CLASSIFIER, classifier, "no transpose",
     {"dW_1": "missing-transpose", "db_1": "missing-transpose"}),
    (CLASSIFIER, classifier, "no slope",
     {"dW_1": "missing-inner-derivative", "db_1": "missing-inner-derivative"}),
    (CLASSIFIER, classifier, "twice", {"dW_1": "derivative-twice", "db_1": "derivative-twice"}),
    (CLASSIFIER, classifier, "value", {"dW_1": "undifferentiated", "db_1": "undifferentiated"}),
    (CLASSIFIER, classifier, "at h", {"dW_1": "wrong-argument", "db_1": "wrong-argument"}),
    (CLASSIFIER, classifier, "delta", {"dW_1": "missing-inner-derivative"}),
    (CLASSIFIER, classifier, "z for h", {"dW_2": "wrong-factor"}),
    (CLASSIFIER, classifier, "entries", {"dW_1": "hadamard-for-product"}),
    (CLASSIFIER, classifier, "swapped", {"db_1": "swapped-outputs", "db_2": "swapped-outputs"}),
    (residual_network(), residual, "no skip", {"dW": "missing-term"}),
    (residual_network(), residual, "no branch", {"dW": "missing-term"}),
    (residual_network(), residual, "minus", {"dW": "sign"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("network", "make", "mistake", "named"),
    PLANTED,
    ids=[f"{p[1].__name__}-{p[2]}" for p in PLANTED],
)
def test_a_planted_mistake_is_found_and_named(network, make, mistake, named):
    for seed in range(2):
        report = d.check_function(make(mistake), network, seed=seed)
        assert not report.ok
        assert report.mistakes == named, report


@pytest.mark.parametrize(
    ("network", "make", "mistake", "words"),
    [
        (REGRESSION, regression, "mean", "db is N times the gradient"),
        (REGRESSION, regression, "n", "db is n n times the gradient"),
        (REGRESSION, regression, "lambda", "db is lambda_ times the gradient"),
        (REGRESSION, regression, "half", "dW is 1/2 times the gradient"),
        (REGRESSION, regression, "no mask", "in dW, the mask 1[z_i > 0] of relu is missing"),
        (REGRESSION, regression, "1", "in dW, the factor lambda_ is missing"),
        (REGRESSION, regression, "no regulariser", "the share of the regulariser ||W||_F^2 is mi"),
        (REGRESSION, regression, "wrong axis", "db is summed over m, the wrong axis of the gradi"),
        (CLASSIFIER, classifier, "at h", "the derivative of tanh is taken at h, not z_1"),
        (CLASSIFIER, classifier, "z for h", "in dW_2, z_1 stands where h belongs"),
        (CLASSIFIER, classifier, "swapped", "db_1 is the gradient of b_2"),
        (residual_network(), residual, "no skip", "a is used 2 times: its share through "),
    ],
)
def test_what_is_said_of_it(network, make, mistake, words):
    assert words in str(d.check_function(make(mistake), network))


def test_labels_that_are_taken_to_sum_to_1():
    n, m = d.sizes("n m")
    W, x, y = d.matrix("W", m, n), d.vector("x", n), d.vector("y", m)
    loss = -d.dot(y, d.log(d.softmax(W @ x)))

    def backward(W, x, y):
        e = np.exp(W @ x)
        return np.outer(e / e.sum() - y, x)

    report = d.check_function(backward, loss)
    assert report.mistakes == {"dW": "assumes-normalised"}
    text = r"""$\mathbf{W}\in\mathbb{R}^{m\times n}$, $\mathbf{x}\in\mathbb{R}^n$, and
        $\mathbf{y}$ is one-hot. $\mathbf{p} = \mathrm{softmax}(\mathbf{W}\mathbf{x})$,
        $L = -\mathbf{y}^\top\log\mathbf{p}$"""
    assert d.check_function(backward, text).ok


def test_class_numbers():
    text = r"""$\mathbf{W}\in\mathbb{R}^{c\times n}$, $\mathbf{x}\in\mathbb{R}^n$,
        $y \in \{1,\dots,c\}$. $\mathbf{p} = \mathrm{softmax}(\mathbf{W}\mathbf{x})$,
        $L = -\log p_y$"""

    def made(first):
        def backward(W, x, y):
            p = np.exp(W @ x) / np.exp(W @ x).sum()
            p[y - first] -= 1
            return np.outer(p, x)

        return backward

    report = d.check_function(made(1), text)
    assert report.ok
    assert report.notes == ("y counts classes from 1, as the network does",)
    report = d.check_function(made(0), text)
    assert report.ok
    assert report.notes[0].startswith("y is passed counting classes from 0")
    assert not d.check_function(made(2), text).ok


def test_a_number_that_was_seen_in_one_call_is_no_factor():
    def backward(W, b, x, y):
        if len(set(map(len, (b, x)))) == 2 or len(x) == 1:
            raise ValueError("only square ones")
        dz = W @ x + b - y
        return 0.37 * np.outer(dz, x), 3 * dz

    report = d.check_function(backward, LINEAR, columns=False)
    assert report.mistakes == {"dW": None, "db": None}


def test_a_mistake_without_a_name_gets_none():
    def backward(W, b, x, y):
        return np.outer(W @ x + b - y, np.sin(x)), W @ x + b - y

    (wrong, right) = d.check_function(backward, LINEAR).outputs
    assert right.ok
    assert wrong.mistake is None
    assert "no one mistake that is known explains it" in wrong.message


# ------------------------------------------------------------------------------------ the report


def test_the_case_that_shows_it_can_be_recomputed():
    report = d.check_function(regression("no mask"), REGRESSION)
    for wrong in report.outputs:
        case = wrong.case
        assert case.got.shape == case.expected.shape
        entry = case.entry
        assert abs(case.got[entry] - case.expected[entry]) == np.abs(case.got - case.expected).max()
        assert wrong.error > 1e-3
        assert sum(case.sizes.values()) <= max(sum(at.values()) for at in report.sizes)
    dW, _ = report.outputs
    assert dW.of == r"\mathbf{W}"
    assert r"\lambda \mathbf{W}" in dW.latex
    assert dW.code.startswith("def grad_W(")


def test_the_text_of_a_report():
    def backward(W, b, x, y):
        dz = W @ x + b - y
        return {"dW": np.outer(x, dz), "db": dz}

    text = str(d.check_function(backward, LINEAR))
    assert re.sub(r"-?\d+\.\d+(e-\d+)?", "#", text) == (
        "backward: 1 of 2 gradients is wrong (7 calls, numpy float64)\n"
        "  dW  wrong[transposed-answer]: dW is transposed: it has shape (3, 2), the gradient "
        "(2, 3)\n"
        "      at m=2, n=1, seed 0: shape (1, 2), expected (2, 1)\n"
        "      derived: grad_W = (z - y) x^T\n"
        "      def grad_W(x, W, b, y):\n"
        "          z = W @ x + b\n"
        "          return 2 * np.outer((z - y) / 2, x)\n"
        "  db  ok, largest relative error #"
    )


def test_assert_ok_raises_with_the_text():
    report = d.check_function(regression("sign"), REGRESSION)
    with pytest.raises(AssertionError, match="dW has the wrong sign"):
        report.assert_ok()
    assert "<pre>" in report._repr_html_()
    assert "&gt;" in report._repr_html_()
