"""Parts of arrays: indices in brackets, ranges, names defined together, sums along an axis."""

import numpy as np
import pytest

import derive as d
from derive.derivation.backprop import worked
from derive.diagnostics import DeriveError, Source
from derive.elaborate.document import read
from derive.meaning.evaluate import evaluate
from proofs.check import check_source


def verdicts(text: str) -> list[str]:
    report = check_source(Source("", text))
    return [link.verdict for claim in report.claims for link in claim.links]


def error(text: str) -> DeriveError:
    with pytest.raises(DeriveError) as caught:
        read(text)
    return caught.value


def differences(text: str, by: str, like: tuple[int, ...], given: dict[str, np.ndarray], loss):
    """The answer of a document and central differences of a loss that is written by hand."""
    (answer,) = worked(read(text)).answers
    values = {v.var: given[v.var.name] for v in read(text).variables}
    found = evaluate(answer.value, values, {})
    step, slopes = 1e-6, np.zeros(like)
    for place in np.ndindex(like):
        ends = []
        for sign in (1, -1):
            moved = {name: np.array(a, float) for name, a in given.items()}
            moved[by][place] += sign * step
            ends.append(loss(**moved))
        slopes[place] = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(found, slopes, rtol=1e-5, atol=1e-8)


RNG = np.random.default_rng(3)
S = RNG.normal(size=4)


def test_the_gradient_of_a_margin_over_scores():
    text = r"""$s \in \mathbb{R}^4$, $L = \sum_{j \ne y} \max(0, s_j - s_y + 1)$,
        $\frac{\partial L}{\partial s} = ?$"""

    def loss(s, y):
        return sum(max(0.0, s[j] - s[int(y) - 1] + 1) for j in range(4) if j != int(y) - 1)

    differences(text, "s", (4,), {"s": S, "y": np.array(2)}, loss)


def test_the_gradient_of_a_split_layer():
    text = r"""$W \in \mathbb{R}^{4 \times 3}$, $x \in \mathbb{R}^3$, $t \in \mathbb{R}^2$,
        $a, g = \operatorname{split}(Wx)$, $L = \frac12 \|a \odot \sigma(g) - t\|^2$,
        $\frac{\partial L}{\partial W} = ?$"""
    given = {"W": RNG.normal(size=(4, 3)), "x": RNG.normal(size=3), "t": RNG.normal(size=2)}

    def loss(W, x, t):
        z = W @ x
        return 0.5 * np.sum((z[:2] / (1 + np.exp(-z[2:])) - t) ** 2)

    differences(text, "W", (4, 3), given, loss)


@pytest.mark.parametrize(("word", "axis"), [("rowsum", 1), ("colsum", 0), ("sum", 1), ("sum", 0)])
def test_the_gradient_of_a_sum_along_an_axis(word: str, axis: int):
    option = rf", \mathrm{{axis}} = {axis}" if word == "sum" else ""
    text = rf"""$X \in \mathbb{{R}}^{{3 \times 3}}$, $t \in \mathbb{{R}}^3$,
        $L = \frac12 \|\operatorname{{{word}}}(X \odot X{option}) - t\|^2$,
        $\frac{{\partial L}}{{\partial X}} = ?$"""
    given = {"X": RNG.normal(size=(3, 3)), "t": RNG.normal(size=3)}
    differences(text, "X", (3, 3), given, lambda X, t: 0.5 * np.sum(((X * X).sum(axis) - t) ** 2))


@pytest.mark.parametrize(("word", "axis"), [("rowmax", 1), ("colmax", 0)])
def test_the_gradient_of_the_largest_entries(word: str, axis: int):
    text = rf"""$X \in \mathbb{{R}}^{{3 \times 3}}$, $t \in \mathbb{{R}}^3$,
        $L = \frac12 \|\operatorname{{{word}}}(X) - t\|^2$,
        $\frac{{\partial L}}{{\partial X}} = ?$"""
    given = {"X": RNG.normal(size=(3, 3)), "t": RNG.normal(size=3)}
    differences(text, "X", (3, 3), given, lambda X, t: 0.5 * np.sum((X.max(axis) - t) ** 2))


def test_the_gradient_in_a_part_is_a_part_of_the_gradient():
    text = r"""$z \in \mathbb{R}^5$, $p = \operatorname{softmax}(z_{1:3})$, $t \in \mathbb{R}^3$,
        $L = \frac12 \|p - t\|^2$, $\frac{\partial L}{\partial z} = ?$,
        $\frac{\partial L}{\partial z_{1:3}} = ?$"""
    whole, part = (a.value for a in worked(read(text)).answers)
    z, t = (v.var for v in read(text).variables)
    at = {z: RNG.normal(size=5), t: RNG.normal(size=3)}
    np.testing.assert_allclose(evaluate(whole, at, {})[:3], evaluate(part, at, {}))


# ------------------------------------------------------------------------- indices in brackets


@pytest.mark.parametrize(
    "text",
    [
        # x stands as a quantity, so f[x] is no entry of f
        r"$p = \operatorname{softmax}(x)$, $x \in \mathbb{R}^n$, $L = p[x]$",
        r"$a, y \in \mathbb{R}^n$, $L = a^\top y + \mathbf{1}^\top a[y]$",
    ],
)
def test_what_stands_as_a_quantity_is_no_index(text: str):
    try:
        network = read(text)
    except DeriveError:
        return  # a clash is an answer too, a class number would be none
    assert not any(v.domain.classes for v in network.variables)


def test_brackets_of_a_program_choose_by_a_class():
    network = read(r"$p = \operatorname{softmax}(z)$, $z \in \mathbb{R}^K$, $L = -\log p[y]$")
    assert [v.var.name for v in network.variables if v.domain.classes is not None] == ["y"]


def test_a_range_that_counts_from_0_or_from_1_is_not_guessed():
    assert "proved" not in verdicts(
        r"""$z \in \mathbb{R}^4$, $a = z[1:3]$, $L = \frac12 \|a\|^2$.
        $\frac{\partial L}{\partial a} = z_{1:3}$ and $\frac{\partial L}{\partial a} = z_{2:3}$"""
    )


# ------------------------------------------------------------------------ names defined together


def test_parts_have_the_sizes_that_are_declared():
    network = read(
        r"""$[q; k] = Wx$, $q \in \mathbb{R}^2$, $k \in \mathbb{R}^3$, $x \in \mathbb{R}^4$,
        $L = \frac12 \|q\|^2 + \mathbf{1}^\top k$"""
    )
    assert [v.var.axes for v in network.variables if v.var.name == "W"] == [(5, 4)]


def test_an_array_that_is_not_split_evenly_is_said_so():
    text = r"$W \in \mathbb{R}^{m \times n}$, $a, b = \operatorname{split}(Wx)$, $L = a^\top b$"
    assert "are not split into" in str(error(text))


def test_a_cell_that_nothing_spells_out_denies_nothing_below_it():
    found = verdicts(
        r"""$(h, c) = \mathrm{LSTM}(W x)$, $V \in \mathbb{R}^{m \times n}$, $h \in \mathbb{R}^n$ and
        $L = \frac12 \|V h - y\|^2$. $\frac{\partial L}{\partial W} = \delta x^\top$"""
    )
    assert not {"refuted", "ill-typed"} & {*found}


def test_a_solution_of_a_system_defines_nothing():
    found = verdicts(
        r"""$\min_x \frac12 \|x - c\|^2$ with $a^\top x = b$.
        Let $L = \frac12 \|x - c\|^2 + \nu (a^\top x - b)$.
        \[ \begin{bmatrix} x \\ \nu \end{bmatrix} = K^{-1} \begin{bmatrix} c \\ b \end{bmatrix},
        K = \begin{bmatrix} I & a \\ a^\top & 0 \end{bmatrix} \]
        $\frac{\partial L}{\partial x} = x - c + \nu a$"""
    )
    assert found[-1] == "proved"


def test_a_commutator_defines_no_parts():
    found = verdicts(
        r"""Let $A, B \in \mathbb{R}^{n \times n}$ and $[A, B] = AB - BA$,
        $L = \operatorname{tr}(AB)$. $\frac{\partial L}{\partial A} = B^\top$"""
    )
    assert found[-1] == "proved"


# --------------------------------------------------------------------------- sums along an axis


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        (r"\operatorname{rowsum}(x)", "is of a matrix"),
        (r"\operatorname{sum}(X, \mathrm{axis} = 2)", "along which of 2 axes"),
        (r"\operatorname{sum}(X, \mathrm{order} = 2)", "has no option"),
    ],
)
def test_a_sum_along_no_axis_is_an_error(formula: str, says: str):
    text = rf"$X \in \mathbb{{R}}^{{n \times m}}$, $x \in \mathbb{{R}}^n$, $L = \|{formula}\|^2$"
    assert says in str(error(text))


def test_a_vector_meets_rows_only_where_it_has_a_number_for_each():
    declared = r"$S \in \mathbb{R}^{n \times m}$, $m \in \mathbb{R}^n$, "
    assert "shapes do not add" in str(error(rf"{declared}$L = \|S - m\|^2$"))
    mixed = r"$S \in \mathbb{R}^{n \times n}$, $r = S \operatorname{rowsum}(S)$, $L = \|S - r\|^2$"
    assert "shapes do not add" in str(error(mixed))
    assert read(r"$S \in \mathbb{R}^{n \times m}$, $L = \|S - 2 \operatorname{rowmax}(S)\|^2$")


# ----------------------------------------------------------------------- members and subsets


def test_the_gradient_of_a_softmax_over_members():
    text = r"""$L = -w_y^\top x + \log \sum_{j=1}^4 e^{w_j^\top x}$, $w_j, x \in \mathbb{R}^3$,
        $\frac{\partial L}{\partial x} = ?$"""
    given = {r"w_{#1}": RNG.normal(size=(4, 3)), "x": RNG.normal(size=3), "y": np.array(3)}

    def loss(**at):
        scores = at["w_{#1}"] @ at["x"]
        return np.log(np.exp(scores).sum()) - scores[int(at["y"]) - 1]

    differences(text, "x", (3,), given, loss)


def test_the_gradient_of_a_sum_over_neighbours():
    text = r"""$m_i = \sum_{j \in N(i)} W h_j$, $h_i \in \mathbb{R}^2$,
        $W \in \mathbb{R}^{2 \times 2}$,
        $L = \frac12 \sum_{i=1}^3 \|m_i\|^2$, $\frac{\partial L}{\partial W} = ?$"""
    network = read(text)
    (answer,) = worked(network).answers
    mask, h, W = (
        np.array([[0, 1, 1], [1, 0, 0], [0, 1, 0.0]]),
        RNG.normal(size=(3, 2)), RNG.normal(size=(2, 2)),
    )  # fmt: skip
    values = {"W": W, "h_{#1}": h, "A_{#1,#2}": mask}
    names = {v.var.name for v in network.variables}
    assert names == set(values)
    found = evaluate(answer.value, {v.var: values[v.var.name] for v in network.variables}, {})
    inner = mask @ h
    np.testing.assert_allclose(found, W @ inner.T @ inner)


@pytest.mark.parametrize("formula", [r"\max_{j \in N(i)} x_j", r"\prod_{j \in N(i)} x_j"])
def test_what_runs_over_neighbours_and_is_no_sum_is_not_read(formula: str):
    text = rf"$m_i = {formula}$, $x \in \mathbb{{R}}^n$, $L = \sum_{{i=1}}^n m_i$"
    assert "no value here" in str(error(text)) or "cannot be given" in str(error(text))


# ------------------------------------------------------------------------------------ groups


def grouped(x, w):
    """A convolution of two groups of two channels, three kernels for each, written by hand."""
    made = np.zeros((6, 3, 3))
    for o, c, i, j in np.ndindex(6, 2, 3, 3):
        made[o, i, j] += np.sum(w[o, c] * x[2 * (o // 3) + c, i : i + 3, j : j + 3])
    return made


def test_groups_are_convolutions_side_by_side() -> None:
    x, w, t = d.tensor("x", 4, 5, 5), d.tensor("w", 6, 2, 3, 3), d.tensor("t", 6, 3, 3)
    draw = np.random.default_rng(1)
    values = {v: draw.normal(size=v.axes) for v in (x, w, t)}
    made = d.conv2d(x, w, groups=2)
    assert np.allclose(d.evaluate(made, values), grouped(values[x], values[w]))
    loss = d.half_squared_norm(made - t)
    for v in (x, w):
        slope, place = d.evaluate(d.grad(loss, v), values), (1,) * len(v.axes)
        ends = []
        for step in (1e-5, -1e-5):
            moved = {**values, v: values[v].copy()}
            moved[v][place] += step
            ends.append(np.sum((grouped(moved[x], moved[w]) - moved[t]) ** 2) / 2)
        assert np.isclose(slope[place], (ends[0] - ends[1]) / 2e-5, rtol=1e-6)


def test_a_convolution_of_groups_is_read_with_its_gradients():
    text = r"""$X \in \mathbb{R}^{4 \times 8 \times 8}$,
        $W \in \mathbb{R}^{6 \times 2 \times 3 \times 3}$,
        $Y = \mathrm{Conv2D}(X, W, \text{groups} = 2)$, $L = \frac12 \|Y - T\|^2$,
        $\frac{\partial L}{\partial W} = ?$"""
    (answer,) = worked(read(text)).answers
    assert answer.value.axes == (6, 2, 3, 3)


@pytest.mark.parametrize(
    ("groups", "says"),
    [("3", "are not those of an input"), ("4", "do not share the output channels"),
     ("0", "at least 1"), ("G", "has groups that are not read")],
)  # fmt: skip
def test_groups_that_do_not_fit_are_told(groups: str, says: str):
    text = rf"""$X \in \mathbb{{R}}^{{4 \times 8 \times 8}}$, $L = \frac12 \|Y\|^2$,
        $W \in \mathbb{{R}}^{{6 \times 2 \times 3 \times 3}}$,
        $Y = \mathrm{{Conv2D}}(X, W, \text{{groups}} = {groups})$"""
    assert says in str(error(text))


# --------------------------------------------------------------- logarithms that define


def test_a_logarithm_that_alone_says_what_a_deviation_is():
    text = r"""$\log \sigma^2 = W h$, $z = \mu + \sigma \odot \epsilon$, $L = \frac12 \|z\|^2$,
        $W \in \mathbb{R}^{2 \times 3}$, $h \in \mathbb{R}^3$, $\mu, \epsilon \in \mathbb{R}^2$,
        $\frac{\partial L}{\partial W} = ?$"""
    given = {
        "W": RNG.normal(size=(2, 3)), "h": RNG.normal(size=3), r"\mu": RNG.normal(size=2),
        r"\epsilon": RNG.normal(size=2),
    }  # fmt: skip

    def loss(**at):
        deviation = np.exp(at["W"] @ at["h"] / 2)
        return 0.5 * np.sum((at[r"\mu"] + deviation * at[r"\epsilon"]) ** 2)

    differences(text, "W", (2, 3), given, loss)
