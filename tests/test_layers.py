"""Layers against an independent forward pass in NumPy's words, differentiated by HIPS autograd.

The idea: the forward passes here are written from the papers and share nothing with ``derive``; an
operator's own rule is proved against its definition; a wrong rule is caught by the same judges.
"""

from __future__ import annotations

from fractions import Fraction

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad as automatic

import derive as d
from derive.kernel.build import dot
from derive.kernel.expr import Expr, ShapeError, Var
from derive.latex.print import latex
from derive.operators.row import PRIMITIVES
from proofs.equal.prove import prove

RANDOM = range(6)
EPS = 0.1


def sizes_of(seed: int) -> tuple[np.random.Generator, list[int]]:
    random = np.random.default_rng(seed)
    return random, [int(k) for k in random.integers(2, 6, 6)]


def compare(loss: Expr, values: dict[Expr, np.ndarray], forward) -> None:
    """The gradients by every variable are those of ``forward``, a function of the same arrays."""
    variables = list(values)
    arrays = [values[v] for v in variables]
    assert np.allclose(d.evaluate(loss, values), forward(*arrays))
    found = d.grad(loss, variables)
    for k, (variable, gradient) in enumerate(zip(variables, found, strict=True)):
        theirs = automatic(forward, k)(*arrays)
        ours = d.evaluate(gradient, values)
        assert ours.shape == values[variable].shape
        assert np.allclose(ours, theirs, rtol=1e-8, atol=1e-10), variable


def given(random, **shapes) -> dict[Expr, np.ndarray]:
    return {d.tensor(name, *shape): random.normal(size=shape) for name, shape in shapes.items()}


# -------------------------------------------------------------------------- normalisation


@pytest.mark.parametrize("seed", RANDOM)
def test_layer_norm(seed):
    random, (m, n, *_) = sizes_of(seed)
    values = given(random, X=(m, n), g=(n,), b=(n,), C=(m, n))
    x, g, b, c = values
    eps = EPS if seed % 2 else 0

    def forward(x, g, b, c):
        mu = anp.mean(x, axis=1, keepdims=True)
        var = anp.mean((x - mu) ** 2, axis=1, keepdims=True)
        return anp.sum(c * (g * (x - mu) / anp.sqrt(var + eps) + b))

    compare(dot(c, d.layer_norm(x, g, b, eps)), values, forward)


@pytest.mark.parametrize("seed", RANDOM)
def test_batch_norm(seed):
    random, (m, n, *_) = sizes_of(seed)
    values = given(random, X=(m, n), g=(n,), b=(n,), C=(m, n))
    x, g, b, c = values

    def forward(x, g, b, c):
        mu, var = anp.mean(x, axis=0), anp.mean((x - anp.mean(x, axis=0)) ** 2, axis=0)
        return anp.sum(c * (g * (x - mu) / anp.sqrt(var + EPS) + b))

    compare(dot(c, d.batch_norm(x, g, b, EPS)), values, forward)


@pytest.mark.parametrize("seed", RANDOM)
def test_batch_norm_at_test_time(seed):
    random, (m, n, *_) = sizes_of(seed)
    values = given(random, X=(m, n), g=(n,), b=(n,), C=(m, n), mu=(n,), v=(n,))
    x, g, b, c, mu, v = values
    values[v] = values[v] ** 2

    def forward(x, g, b, c, mu, v):
        return anp.sum(c * (g * (x - mu) / anp.sqrt(v + EPS) + b))

    compare(dot(c, d.batch_norm_test(x, mu, v, g, b, EPS)), values, forward)


@pytest.mark.parametrize("seed", RANDOM)
def test_rms_norm(seed):
    random, (m, n, *_) = sizes_of(seed)
    values = given(random, X=(m, n), g=(n,), C=(m, n))
    x, g, c = values

    def forward(x, g, c):
        return anp.sum(c * g * x / anp.sqrt(anp.mean(x**2, axis=1, keepdims=True) + EPS))

    compare(dot(c, d.rms_norm(x, g, EPS)), values, forward)


@pytest.mark.parametrize("seed", RANDOM)
def test_group_norm(seed):
    random, (m, g_, k, *_) = sizes_of(seed)
    values = given(random, X=(m, g_, k), g=(g_, k), b=(g_, k), C=(m, g_, k))
    x, g, b, c = values

    def forward(x, g, b, c):
        mu = anp.mean(x, axis=2, keepdims=True)
        var = anp.mean((x - mu) ** 2, axis=2, keepdims=True)
        return anp.sum(c * (g * (x - mu) / anp.sqrt(var + EPS) + b))

    compare(dot(c, d.group_norm(x, g, b, EPS)), values, forward)


def test_the_gradient_by_epsilon():
    x, c, e = d.vector("x", 3), d.vector("c", 3), d.scalar("e")
    values = {x: np.array([0.3, -1.0, 2.0]), c: np.array([1.0, -2.0, 0.5]), e: np.array(0.2)}

    def forward(x, c, e):
        return anp.sum(c * (x - anp.mean(x)) / anp.sqrt(anp.mean((x - anp.mean(x)) ** 2) + e))

    compare(dot(c, d.standardize(x, e)), values, forward)


# ------------------------------------------------------------------------------- attention


def by_heads(x, source, w_q, w_k, w_v, w_o, mask):
    whole = 0.0
    for h in range(w_q.shape[0]):
        q, k, v = x @ w_q[h], source @ w_k[h], source @ w_v[h]
        e = anp.exp(q @ k.T / anp.sqrt(k.shape[1])) * mask
        whole = whole + (e / anp.sum(e, axis=1, keepdims=True)) @ v @ w_o[h]
    return whole


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("seed", RANDOM)
def test_attention(seed, masked):
    random, (n, m, k, e, *_) = sizes_of(seed)
    values = given(random, Q=(n, k), K=(m, k), V=(m, e), B=(n, m), C=(n, e))
    q, key, v, b, c = values
    mask = np.tril(np.ones((n, m))) if masked else np.ones((n, m))

    def forward(q, key, v, b, c):
        w = anp.exp(q @ key.T / anp.sqrt(k) + b) * mask
        return anp.sum(c * ((w / anp.sum(w, axis=1, keepdims=True)) @ v))

    allowed = d.causal_mask(n, m) if masked else None
    compare(dot(c, d.attention(q, key, v, allowed, b)), values, forward)


@pytest.mark.parametrize("kind", ["self", "causal", "cross"])
@pytest.mark.parametrize("seed", RANDOM)
def test_multi_head_attention(seed, kind):
    random, (n, m, w, k, e, h) = sizes_of(seed)
    rows = m if kind == "cross" else n
    values = given(random, X=(n, w), M=(rows, w), P=(h, w, k), R=(h, w, k), S=(h, w, e),
                   O=(h, e, w), C=(n, w))  # fmt: skip
    x, memory, w_q, w_k, w_v, w_o, c = values
    mask = np.tril(np.ones((n, rows))) if kind == "causal" else np.ones((n, rows))

    def forward(x, memory, w_q, w_k, w_v, w_o, c):
        source = memory if kind == "cross" else x
        return anp.sum(c * by_heads(x, source, w_q, w_k, w_v, w_o, mask))

    y = d.multi_head_attention(
        x, w_q, w_k, w_v, w_o, d.causal_mask(n) if kind == "causal" else None,
        memory if kind == "cross" else None,
    )  # fmt: skip
    used = values if kind == "cross" else {v: a for v, a in values.items() if v is not memory}
    if kind == "cross":
        compare(dot(c, y), used, forward)
    else:
        compare(dot(c, y), used, lambda x, q, k, v, o, c: forward(x, x, q, k, v, o, c))


def test_grouped_heads_share_keys_and_values():
    random = np.random.default_rng(1)
    g, h, n, w, k = 2, 3, 4, 5, 2
    x, w_q = d.tensor("X", n, w), d.tensor("Q", g, h, w, k)
    w_k, w_v, w_o = d.tensor("K", g, w, k), d.tensor("V", g, w, k), d.tensor("O", g, h, k, w)
    values = {v: random.normal(size=v.axes) for v in (x, w_q, w_k, w_v, w_o)}
    found = d.evaluate(d.multi_head_attention(x, w_q, w_k, w_v, w_o, d.causal_mask(n)), values)
    flat = [values[v].reshape(g * h, *v.axes[2:]) for v in (w_q, w_o)]
    shared = [np.repeat(values[v], h, axis=0) for v in (w_k, w_v)]
    mask = np.tril(np.ones((n, n)))
    assert np.allclose(found, by_heads(values[x], values[x], flat[0], *shared, flat[1], mask))


@pytest.mark.filterwarnings("error")
def test_what_is_masked_may_be_anything():
    n = 3
    s, c = d.matrix("S", n, n), d.matrix("C", n, n)
    scores = np.array([[1.0, -np.inf, np.nan], [0.5, 2.0, 1e6], [1.0, 2.0, 3.0]])
    values = {s: scores, c: np.arange(9.0).reshape(3, 3)}
    p = d.masked_softmax(s, d.causal_mask(n))
    weights = d.evaluate(p, values)
    assert np.allclose(weights.sum(axis=1), 1)
    assert np.array_equal(weights[np.triu_indices(n, 1)], np.zeros(3))
    gradient = d.evaluate(d.grad(dot(c, p), s), values)
    assert np.all(np.isfinite(gradient))
    assert np.array_equal(gradient[np.triu_indices(n, 1)], np.zeros(3))


# --------------------------------------------------------- dropout, embedding, gates, experts


def test_dropout():
    x, mask, c = (d.vector(s, 4) for s in "xmc")
    values = {x: np.array([1.0, -2.0, 3.0, 0.5]), mask: np.array([1.0, 0, 1, 0]), c: np.ones(4)}
    assert np.allclose(d.evaluate(d.dropout(x, mask, 0.5), values), [2, 0, 6, 0])
    assert np.allclose(d.evaluate(d.dropout(x, mask), values), [1, 0, 3, 0])
    gradient = d.grad(dot(c, d.dropout(x, mask, d.scalar("p"))), x)
    assert gradient.latex() == r"\frac{\mathbf{m} \odot \mathbf{c}}{p}"


def test_embedding():
    table, ids, c = d.matrix("E", 5, 3), d.vector("w", 4), d.matrix("C", 4, 3)
    random = np.random.default_rng(0)
    values = {table: random.normal(size=(5, 3)), ids: np.array([2, 5, 2, 1.0]),
              c: random.normal(size=(4, 3))}  # fmt: skip
    rows = d.embedding(table, ids)
    assert np.allclose(d.evaluate(rows, values), values[table][[1, 4, 1, 0]])
    gradient = d.evaluate(d.grad(dot(c, rows), table), values)
    expected = np.zeros((5, 3))
    np.add.at(expected, [1, 4, 1, 0], values[c])
    assert np.allclose(gradient, expected)


def test_adapter():
    w, b, a, x = d.matrix("W", 3, 4), d.matrix("B", 3, 2), d.matrix("A", 2, 4), d.vector("x", 4)
    random = np.random.default_rng(0)
    values = {v: random.normal(size=v.axes) for v in (w, b, a, x)}

    def forward(w, b, a, x):
        return anp.sum(((w + 8 / 2 * b @ a) @ x) ** 2)

    compare(d.squared_norm(d.lora(w, b, a, 8) @ x), values, forward)


@pytest.mark.parametrize("routed", [False, True])
def test_mixture_of_experts(routed):
    random = np.random.default_rng(3)
    m, n, k = 4, 3, 2
    values = given(random, X=(m, n), G=(n, 3), U=(n, k), V=(n, k), W=(n, k), C=(m, k))
    x, gate, *weights, c = values
    chosen = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1.0]])

    def forward(x, gate, u, v, w, c):
        e = anp.exp(x @ gate) * (chosen if routed else 1)
        e = e / anp.sum(e, axis=1, keepdims=True)
        return anp.sum(c * sum(e[:, j : j + 1] * anp.tanh(x @ a) for j, a in enumerate((u, v, w))))

    mask = d.matrix("M", m, 3)
    y = d.mixture(x @ gate, [d.tanh(x @ w) for w in weights], mask if routed else None)
    compare_with(dot(c, y), values, {mask: chosen} if routed else {}, forward)


def compare_with(loss, values, fixed, forward):
    found = d.grad(loss, list(values))
    arrays = list(values.values())
    assert np.allclose(d.evaluate(loss, {**values, **fixed}), forward(*arrays))
    for k, gradient in enumerate(found):
        ours = d.evaluate(gradient, {**values, **fixed})
        assert np.allclose(ours, automatic(forward, k)(*arrays), rtol=1e-8, atol=1e-10)


# ------------------------------------------------------------------------------ own rules


OWN = ["standardize", "batch_standardize", "rms_standardize", "variance", "batch_variance",
       "mean_square", "masked_softmax"]  # fmt: skip


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("word", OWN)
def test_a_rule_of_its_own_is_proved_from_the_definition(word, axes):
    """For all sizes: the gradient of c · operator is that of c · its definition."""
    row = PRIMITIVES[word]
    m, n = d.sizes("m n")
    x = Var("x", (m, n)[2 - axes :])
    rest = {"masked_softmax": (Var("u", x.axes),)}.get(word, (Var("e", ()),))[: row.arity - 1]
    node, meaning = row.make()(x, *rest), row.body(x, *rest)
    c = Var("c", node.axes)
    for variable in (x, *rest):
        ours, theirs = d.grad(dot(c, node), variable), d.grad(dot(c, meaning), variable)
        assert prove(ours, theirs, seconds=5, terms=100_000) is not None, variable
        assert prove(ours, 2 * theirs, seconds=1) is None


def test_a_wrong_rule_is_not_proved():
    """Statistics that are held constant: a rule without its last two terms is refuted by all."""
    n = d.size("n")
    x, c, e = d.vector("x", n), d.vector("c", n), d.scalar("e")
    wrong = c / (d.variance(x) + e) ** Fraction(1, 2)
    right = d.grad(dot(c, PRIMITIVES["standardize"].body(x, e)), x)
    assert prove(right, wrong, seconds=1) is None
    values = {x: np.array([0.5, -1.0, 2.0]), c: np.array([1.0, 0.0, -3.0]), e: EPS}
    assert not np.allclose(d.evaluate(right, values), d.evaluate(wrong, values))
    assert np.allclose(
        d.evaluate(right, values), d.evaluate(d.grad(dot(c, d.standardize(x, e)), x), values)
    )


def test_shapes_that_do_not_fit_are_named():
    n, m = d.sizes("n m")
    x, w = d.vector("x", n), d.matrix("W", m, n)
    with pytest.raises(ShapeError, match="a gain of m does not fit n"):
        d.layer_norm(x, d.vector("g", m))
    with pytest.raises(ShapeError, match="a mask of n does not fit m×n: it has the same shape"):
        d.masked_softmax(w, x)
    with pytest.raises(ShapeError, match="attention needs matrices"):
        d.attention(x, w, w)
    with pytest.raises(ShapeError, match="2 experts need as many scores, not 3"):
        d.mixture(d.vector("s", 3), [x, x])
    with pytest.raises(ShapeError, match="a table of embeddings is a matrix, not n"):
        d.embedding(x, d.scalar("w"))


# ------------------------------------------------------------------------ words in documents


WORDS = [
    (r"$a, b, c \in \mathbb{R}^n$, $L = c^\top \mathrm{GLU}(a, b)$.", "a", r"c \odot \sigma(b)"),
    (r"$E \in \mathbb{R}^{V \times d}$, $w \in \{1, \dots, V\}$, $c \in \mathbb{R}^d$, "
     r"$L = c^\top \mathrm{Embed}(E, w)$.", "E", r"\mathbf{e}_w c^\top"),
    (r"$x, c, m \in \mathbb{R}^n$, $0 < p < 1$, $L = c^\top \mathrm{Dropout}(x, m, p)$.", "x",
     r"\frac{m \odot c}{p}"),
    (r"$x, c, \gamma, \beta \in \mathbb{R}^n$, $L = c^\top \mathrm{LN}(x)$.", r"\beta", "c"),
    (r"$x, c, \gamma_1, \beta_1 \in \mathbb{R}^n$, $L = c^\top \mathrm{LayerNorm}_1(x)$.",
     r"\gamma_1", r"c \odot \operatorname{LN}(x)"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "by", "expected"), WORDS)
def test_a_word_is_read_and_answered(document, by, expected):
    solution = d.solve(d.read(document + rf" $\frac{{\partial L}}{{\partial {by}}} = ?$"))
    (answer,) = solution.worked.answers
    assert solution.checks[0].passed
    assert set(latex(answer.named).split(r" \odot ")) == set(expected.split(r" \odot "))
