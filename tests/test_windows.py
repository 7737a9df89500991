"""Convolution and pooling against plain loops: values, gradients, printed forms, proofs.

The loops below share nothing with the vocabulary.
"""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import derive as d
from derive.diagnostics import Source
from derive.elaborate.formula import read_expression
from derive.kernel.expr import ShapeError, Var, toposort
from derive.operators.incidence import at_least_zero, incidence
from proofs.check import check_source
from proofs.equal import prove
from proofs.numbers.exact import Exact

n, k, q, m = d.sizes("n k q m")


def convolved(x, w, stride, padding, dilation):
    """z[o, i, j] by seven loops over a padded copy."""
    (s1, s2), (p1, p2), (d1, d2) = stride, padding, dilation
    outs, _, kh, kw = w.shape
    channels, height, width = x.shape
    wide = np.zeros((channels, height + 2 * p1, width + 2 * p2))
    wide[:, p1 : p1 + height, p2 : p2 + width] = x
    rows = (height + 2 * p1 - d1 * (kh - 1) - 1) // s1 + 1
    columns = (width + 2 * p2 - d2 * (kw - 1) - 1) // s2 + 1
    z = np.zeros((outs, rows, columns))
    for o in range(outs):
        for i in range(rows):
            for j in range(columns):
                for c in range(channels):
                    for a in range(kh):
                        for b in range(kw):
                            seen = wide[c, s1 * i + d1 * a, s2 * j + d2 * b]
                            z[o, i, j] += w[o, c, a, b] * seen
    return z


def central(f, x, step=1e-5):
    found = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[at] += step
        down[at] -= step
        found[at] = (f(up) - f(down)) / (2 * step)
    return found


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@given(st.tuples(st.integers(1, 3), st.integers(1, 7), st.integers(1, 7)), st.integers(1, 3),
       pairs, pairs, st.tuples(st.integers(0, 2), st.integers(0, 2)), pairs,
       st.integers(0, 999))  # fmt: skip
def test_conv2d_is_its_loops_and_so_are_its_gradients(
    shape, outs, window, stride, padding, dilation, seed
) -> None:
    x, w = d.tensor("x", *shape), d.tensor("w", outs, shape[0], *window)
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    try:
        z = d.conv2d(x, w, **options)
    except ShapeError:
        reach = [e * (q - 1) + 1 > size + 2 * p
                 for e, q, size, p in zip(dilation, window, shape[1:], padding)]  # fmt: skip
        assert any(reach)
        return
    draw = np.random.default_rng(seed)
    here = {x: draw.normal(size=x.axes), w: draw.normal(size=w.axes)}
    there = convolved(here[x], here[w], *options.values())
    assert np.allclose(d.evaluate(z, here), there)
    loss = d.half_squared_norm(z)
    found = [d.evaluate(g, here) for g in d.grad(loss, [x, w])]
    assume(there.size * here[x].size < 400)
    plain = lambda x, w: (convolved(x, w, *options.values()) ** 2).sum() / 2  # noqa: E731
    assert np.allclose(found[0], central(lambda v: plain(v, here[w]), here[x]), atol=1e-5)
    assert np.allclose(found[1], central(lambda v: plain(here[x], v), here[w]), atol=1e-5)


@given(
    st.integers(1, 9), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2)
)
def test_exact_values_are_those_of_the_loops(size, window, stride, padding, dilation) -> None:
    x, w = d.vector("x", size), d.vector("w", window)
    try:
        z = d.conv1d(x, w, stride=stride, padding=padding, dilation=dilation)
    except ShapeError:
        assume(False)
    values = {
        x: [Fraction(1, 3 + i) for i in range(size)],
        w: [Fraction(i - 1) for i in range(window)],
    }
    wide = [Fraction(0)] * padding + values[x] + [Fraction(0)] * padding
    there = [
        sum(values[w][a] * wide[stride * i + dilation * a] for a in range(window))
        for i in range(z.axes[0])
    ]
    assert d.evaluate(z, values, exact=True).tolist() == there
    loss = d.dot(z, z)
    for v in (x, w):
        g = d.grad(loss, v)
        exact = Exact({u: np.array(a, object) for u, a in values.items()}, {}, 64).value(g)
        assert [Fraction(int(e.p), int(e.q)) for e in exact] == list(
            d.evaluate(g, values, exact=True)
        )


def test_a_batch_is_its_samples() -> None:
    x, w, b = d.tensor("x", 5, 2, 6, 6), d.tensor("w", 3, 2, 3, 3), d.vector("b", 3)
    draw = np.random.default_rng(1)
    values = {v: draw.normal(size=v.axes) for v in (x, w, b)}
    one = d.tensor("x", 2, 6, 6)
    whole = d.evaluate(d.max_pool2d(d.relu(d.conv2d(x, w, b)), 2), values)
    for i in range(5):
        part = {one: values[x][i], w: values[w], b: values[b]}
        assert np.allclose(whole[i], d.evaluate(d.max_pool2d(d.relu(d.conv2d(one, w, b)), 2), part))


def test_depthwise_is_a_convolution_for_each_channel() -> None:
    x, w = d.tensor("x", 3, 6, 5), d.tensor("w", 3, 1, 2, 2)
    draw = np.random.default_rng(1)
    values = {v: draw.normal(size=v.axes) for v in (x, w)}
    whole = d.evaluate(d.conv2d(x, w, groups=3), values)
    for c in range(3):
        one = convolved(values[x][c : c + 1], values[w][c : c + 1], (1, 1), (0, 0), (1, 1))
        assert np.allclose(whole[c], one[0])


@given(st.integers(2, 8), st.integers(2, 8), pairs, pairs, st.integers(0, 99))
def test_pooling(height, width, window, stride, seed) -> None:
    assume(window[0] <= height and window[1] <= width)
    x = d.tensor("x", 2, height, width)
    value = np.random.default_rng(seed).permutation(2 * height * width)
    value = value.reshape(x.axes).astype(float)
    top, mean = d.max_pool2d(x, window, stride), d.avg_pool2d(x, window, stride)
    most, average = d.evaluate(top, {x: value}), d.evaluate(mean, {x: value})
    routed, shared = (d.evaluate(d.grad(d.total(p), x), {x: value}) for p in (top, mean))
    there, spread = np.zeros_like(value), np.zeros_like(value)
    for c, i, j in np.ndindex(most.shape):
        rows = slice(stride[0] * i, stride[0] * i + window[0])
        columns = slice(stride[1] * j, stride[1] * j + window[1])
        seen = value[c, rows, columns]
        assert most[c, i, j] == seen.max()
        assert np.isclose(average[c, i, j], seen.mean())
        a, b = np.unravel_index(seen.argmax(), seen.shape)
        there[c, stride[0] * i + a, stride[1] * j + b] += 1
        spread[c, rows, columns] += 1 / seen.size
    assert np.array_equal(routed, there)
    assert np.allclose(shared, spread)


def test_of_equal_entries_the_first_takes_the_gradient() -> None:
    x = d.tensor("x", 2, 2)
    g = d.grad(d.total(d.max_pool2d(x, 2)), x)
    for value, first in (
        ([[1, 1], [1, 1]], (0, 0)),
        ([[0, 1], [1, 1]], (0, 1)),
        ([[0, 0], [1, 1]], (1, 0)),
    ):
        assert np.argwhere(d.evaluate(g, {x: value})).tolist() == [list(first)]


def test_flatten_and_its_gradient() -> None:
    a, W = d.tensor("a", 2, 3, 4), d.matrix("W", 5, 24)
    draw = np.random.default_rng(1)
    values = {v: draw.normal(size=v.axes) for v in (a, W)}
    z = W @ d.flatten(a)
    assert np.allclose(d.evaluate(z, values), values[W] @ values[a].reshape(-1))
    g = d.evaluate(d.grad(d.half_squared_norm(z), a), values)
    there = (values[W].T @ (values[W] @ values[a].reshape(-1))).reshape(2, 3, 4)
    assert np.allclose(g, there)
    assert d.flatten(d.tensor("a", n, 2, m), start=1).axes == (n, 2 * m)
    assert pickle.loads(pickle.dumps(z)) is z


@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1}, {"dilation": 2}])
def test_the_code_computes_the_same(options) -> None:
    x, w, b = d.tensor("X", 2, 3, 7, 6), d.tensor("W", 4, 3, 3, 2), d.vector("b", 4)
    z = d.name("Z", d.conv2d(x, w, b, **options))
    h = d.flatten(d.max_pool2d(d.relu(z), 2), start=1)
    loss = d.half_squared_norm(h) + d.total(d.avg_pool2d(z, 2, 1))
    draw = np.random.default_rng(1)
    values = {v: draw.normal(size=v.axes) for v in (x, w, b)}
    given = {"X": values[x], "W": values[w], "b": values[b]}
    for wanted in (z, h, *d.grad(loss, [x, w, b])):
        assert np.allclose(d.compile(wanted, "numpy")(**given), d.evaluate(wanted, values))


def test_the_code_of_symbolic_sizes() -> None:
    draw = np.random.default_rng(1)
    values = {x: draw.normal(size=7), w: draw.normal(size=3), g: draw.normal(size=5)}
    for wanted in (dx, dw, d.flip(w), d.convolve(x, w)):
        found = d.compile(wanted, "numpy")
        line = next(row for row in found.source.splitlines() if "_read(inputs, [" in row)
        names = {"x": values[x], "w": values[w], "g": values[g], "n": 7, "k": 3}
        needed = {name: names[name] for name in names if f'"{name}"' in line}
        assert np.allclose(found(**needed), d.evaluate(wanted, values))


# ------------------------------------------------------------------------------- proved and printed

x, w, g, v = d.vector("x", n), d.vector("w", k), d.vector("g", n - k + 1), d.vector("v", q)
dx, dw = d.grad(d.dot(g, d.conv1d(x, w)), [x, w])

TRUE = [
    (dw, d.conv1d(x, g)),
    (dx, d.conv1d(g, d.flip(w), padding=k - 1)),
    (dx, d.conv_transpose1d(g, w)),
    (d.flip(d.flip(w)), w),
    (d.conv1d(d.conv1d(x, w), v), d.conv1d(d.conv1d(x, v), w)),
    (d.convolve(d.convolve(x, w), v), d.convolve(d.convolve(x, v), w)),
    (d.flip(d.conv1d(x, w)), d.conv1d(d.flip(x), d.flip(w))),
    (d.flatten(d.tensor("A", n, m) + d.tensor("B", n, m)),
     d.flatten(d.tensor("A", n, m)) + d.flatten(d.tensor("B", n, m))),
]  # fmt: skip
FALSE = [
    (dx, d.conv1d(g, w, padding=k - 1)),
    (dw, d.conv1d(x, d.flip(g))),
    (d.convolve(x, w), d.conv1d(x, w)),
    (d.flip(x), x),
    (d.conv1d(x, d.vector("u", 3), padding=1), d.conv1d(x, d.flip(d.vector("u", 3)), padding=1)),
    (
        d.conv1d(d.conv1d(x, w, padding=1), v, padding=1),
        d.conv1d(d.conv1d(x, v, padding=1), w, padding=1),
    ),
]


@pytest.mark.parametrize("pair", TRUE)
def test_laws_are_proved_for_all_sizes(pair) -> None:
    assert pair[0].axes == pair[1].axes
    assert prove(*pair) is not None


@pytest.mark.parametrize("pair", FALSE)
def test_what_is_false_is_not(pair) -> None:
    assert pair[0].axes == pair[1].axes
    assert prove(*pair) is None


@given(st.lists(st.integers(-2, 2), min_size=1, max_size=3), st.integers(-3, 3),
       st.lists(st.integers(1, 4), min_size=3, max_size=3))  # fmt: skip
def test_an_incidence_is_its_equation(coefficients, offset, extent) -> None:
    axes = tuple(extent[: len(coefficients)])
    found = d.evaluate(incidence(coefficients, offset, axes), {})
    for at in np.ndindex(axes):
        holds = sum(c * i for c, i in zip(coefficients, at)) + offset == 0
        assert found[at] == holds


@pytest.mark.parametrize(
    ("size", "axes", "holds"),
    [(n - 1, (), True), (n - 2, (), False), (n - k, (n - k + 1,), True), (n - k, (n,), False),
     (k - n, (n - k + 1,), False), (n * m - n, (), False), (n + m - 2, (), True)],
)  # fmt: skip
def test_what_is_never_negative(size, axes, holds) -> None:
    assert at_least_zero(size, axes) is holds


X, W, b = d.tensor("X", 3, 8, 8), d.tensor("W", 4, 3, 3, 3), d.scalar("b")
G = d.tensor("G", 4, 6, 6)


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        (d.conv1d(x, w, b), r"\mathbf{w} * \mathbf{x} + b"),
        (dw, r"\mathbf{g} * \mathbf{x}"),
        (dx, r"\operatorname{flip}(\mathbf{w}) *_{\mathrm{full}} \mathbf{g}"),
        (d.dot(g, d.conv1d(x, w)), r"\mathbf{g}^\top (\mathbf{w} * \mathbf{x})"),
        (d.convolve(x, w), r"\operatorname{flip}(\mathbf{w}) * \mathbf{x}"),
        (d.conv2d(X, W), r"\mathbf{W} * \mathbf{X}"),
        (d.grad(d.dot(G, d.conv2d(X, W)), W), r"\mathbf{G} * \mathbf{X}"),
        (d.grad(d.dot(G, d.conv2d(X, W)), X),
         r"\operatorname{rot}_{180}(\mathbf{W}) *_{\mathrm{full}} \mathbf{G}"),
        (d.conv2d(X, W, stride=2, padding=(1, 2)),
         r"\operatorname{conv}(\mathbf{X},\ \mathbf{W},\ \text{stride} = 2,\ "
         r"\text{padding} = (1, 2))"),
        (d.jacobian(d.conv1d(x, w), x), r"[\mathbf{w}_{i-j+1}]_{ij}"),
        (d.jacobian(d.conv1d(x, w), w), r"[\mathbf{x}_{i+j-1}]_{ij}"),
        (d.flatten(X), r"\operatorname{flatten}(\mathbf{X})"),
    ],
)  # fmt: skip
def test_printed_as_people_write_it(expression, printed) -> None:
    assert expression.latex() == printed


A, Q, J, K = (
    d.tensor("A", 4, 6, 6),
    d.tensor("Q", 4, 3, 3),
    d.matrix("J", 8, 8),
    d.matrix("K", 3, 3),
)


def passes_back(z, *variables):
    """z and what a free cotangent of it becomes at these."""
    cotangent = d.tensor("H", *z.axes)
    return [z, *(d.grad(d.dot(cotangent, z), v) for v in variables)]


READ_BACK = [
    *passes_back(d.conv1d(x, w), x, w),
    *passes_back(d.conv2d(X, W), X, W),
    *passes_back(d.conv2d(J, K), J, K),
    *passes_back(d.conv2d(X, W, stride=2), X, W),
    *passes_back(d.conv2d(X, W, stride=3, padding=1), X, W),
    *passes_back(d.conv2d(X, W, padding=(1, 2), dilation=2), X, W),
    *passes_back(d.max_pool2d(A, 2), A),
    *passes_back(d.max_pool2d(A, 3, 1), A),
    *passes_back(d.avg_pool2d(A, 2), A),
    *passes_back(d.avg_pool1d(d.vector("a", 6), 3, 1), d.vector("a", 6)),
    d.convolve(x, w), d.flip(w), d.flip(K), d.flatten(A), 2 * d.relu(d.conv2d(X, W)),
]  # fmt: skip


@pytest.mark.parametrize("expression", READ_BACK, ids=lambda e: e.latex())
def test_what_is_printed_is_read_back(expression) -> None:
    variables = [v for v in toposort(expression) if isinstance(v, Var)]
    again = read_expression(expression.latex(), variables)
    assert again.axes == expression.axes
    assert prove(again, expression) is not None


# --------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: d.conv1d(d.vector("x", 3), d.vector("w", 5)), r"3 - 5 \+ 1 = -1"),
        (lambda: d.conv1d(x, w, stride=0), "stride is at least 1, not 0"),
        (lambda: d.conv1d(x, w, padding=-1), "padding is at least 0"),
        (lambda: d.conv1d(x, w, stride=2), "no closed form"),
        (lambda: d.conv2d(X, d.tensor("W", 4, 2, 3, 3)), "x has 3, w has 2"),
        (lambda: d.conv2d(X, W, d.vector("b", 3)), "each of 4 output channels"),
        (lambda: d.conv2d(X, d.vector("w", 3)), "cannot take x of shape 3×8×8"),
        (lambda: d.conv2d(X, W, padding="full"), '"valid" or "same"'),
        (lambda: d.conv2d(X, W, stride=(1, 2, 3)), "one number or 2"),
        (lambda: d.conv1d(x, d.vector("w", 4), padding="same"), "odd kernel"),
        (lambda: d.conv2d(X, W, groups=3), "3 groups over 3 channels needs w: O, 3 / 3"),
        (
            lambda: d.conv2d(X, d.tensor("W", 4, 1, 3, 3), groups=3),
            "do not share 4 output channels",
        ),
        (lambda: d.max_pool2d(X, 9), "does not fit"),
        (lambda: d.max_pool2d(x, 2), "2 axes"),
        (lambda: d.flatten(x, start=1), "needs more axes"),
        (lambda: d.convolve(X, W), "two vectors or two matrices"),
    ],
)
def test_what_does_not_fit_is_told_with_the_formula(make, told) -> None:
    with pytest.raises(ShapeError, match=told):
        make()


@pytest.mark.parametrize(
    ("words", "line", "verdict"),
    [
        ("with padding 1", r"\frac{\partial L}{\partial w_j} = \sum_i y_i x_{i+j-2}", "proved"),
        ("with padding 1", r"\frac{\partial L}{\partial w_j} = \sum_i y_i x_{i+j-1}", "refuted"),
        # The layer's padding is not that of the gradient's own convolution.
        ("with padding 1", r"\frac{\partial L}{\partial w} = y * x", "unreadable"),
        ("with stride 2", r"\frac{\partial L}{\partial w} = y * x", "unreadable"),
        ("with stride 1", r"\frac{\partial L}{\partial w} = y * x", "proved"),
        ("without padding", r"\frac{\partial L}{\partial w} = y * x", "proved"),
    ],
)
def test_what_words_say_of_a_window_is_checked(words: str, line: str, verdict: str) -> None:
    text = (
        rf"A convolution {words} computes $y = w * x$, $x \in \mathbb{{R}}^{{7}}$, "
        rf"$w \in \mathbb{{R}}^{{3}}$, $L = \frac12 \|y\|^2$. \[ {line} \]"
    )
    (claim,) = check_source(Source("", text)).claims
    assert [str(link.verdict) for link in claim.links] == [verdict]
