"""Pictures of worked networks: which boxes there are, and what the arrows carry."""

from __future__ import annotations

import pytest

import derive as d
from derive.derivation.backprop import worked
from derive.derivation.graph import picture
from derive.elaborate.document import read
from derive.latex.print import latex
from derive.notation.plain import plain
from tests.test_backprop import (
    NETWORKS,
    leaky,
    nothing_named,
    prelu_elu,
    residual,
    siamese,
    weighted_bce,
    weighted_bce_batch,
)  # fmt: skip


def boxes(net) -> list[str]:
    return [plain(node.label) for node in picture(worked(net)).nodes]


def arrows(net) -> set[tuple[str, str, str, str]]:
    drawn = picture(worked(net))
    label = {node.key: plain(node.label) for node in drawn.nodes}
    text = [(e.forward, e.backward) for e in drawn.edges]
    return {
        (label[e.tail], label[e.head], (f and plain(f)) or "", (b and plain(b)) or "")
        for e, (f, b) in zip(drawn.edges, text, strict=True)
    }


@pytest.mark.parametrize("build", NETWORKS, ids=lambda build: build.__name__)
def test_pictures_are_graphs(build):
    net = build()
    drawn = picture(worked(net))
    drawn.topological()
    ends = {e.tail for e in drawn.edges} | {e.head for e in drawn.edges}
    assert ends == {node.key for node in drawn.nodes}
    labels = {latex(node.label) for node in drawn.nodes if node.kind == "parameter"}
    done = worked(net)
    assert labels == {latex(done.names[v.var]) for v in net.parameters}


def test_a_loss_is_one_circle():
    assert sorted(boxes(residual())) == sorted(
        ["W_1", "W_2", "W_3", "x", "y", "*", "*", "*", "ReLU", "plus", "L"]
    )
    assert ("plus", "L", "z", "delta_z") in arrows(residual())
    assert ("y", "L", "", "") in arrows(residual())


def test_a_cosine_is_one_circle():
    assert boxes(siamese()).count("s") == 1
    assert ("s", "L", "s", "delta_s") in arrows(siamese())


def test_shares_of_a_value_without_a_name():
    net = nothing_named()
    assert ("ReLU", "*", "", "W_3^T delta_u_2") in arrows(net)
    assert ("W_1", "*", "", "delta_u_1 x^T") in arrows(net)
    assert ("y", "plus", "-y", "") in arrows(net)


def test_constants_have_no_box():
    assert "alpha" not in boxes(leaky())
    assert "beta" not in boxes(prelu_elu())
    assert "alpha" in boxes(prelu_elu())  # a learned slope is a parameter
    assert "alpha" not in boxes(weighted_bce())


def test_samples_keep_their_labels():
    carried = {forward for _, _, forward, _ in arrows(weighted_bce_batch())}
    assert {"a_1_i", "z_1_i", "y_hat_i"} <= carried


def test_no_gradient_flows_to_data():
    drawn = picture(worked(residual()))
    kind = {node.key: node.kind for node in drawn.nodes}
    assert {e.flows for e in drawn.edges if kind[e.tail] in ("input", "target")} == {False}


def test_a_regulariser_is_drawn():
    x, y, W = d.vector("x", 3), d.vector("y", 2), d.matrix("W", 2, 3)
    loss = d.half_squared_norm(W @ x - y) + d.scalar("lambda") * d.squared_norm(W)
    drawn = picture(worked(d.network(loss, [W])))
    drawn.topological()
    (key,) = [node.key for node in drawn.nodes if plain(node.label) == "W"]
    assert sum(edge.tail == key for edge in drawn.edges) == 2


@pytest.mark.parametrize(
    ("formula", "labels"),
    [
        (r"\lambda \|w\|_1", {"abs"}),
        (r"\sum_i w_i \mathbb{I}(w_i > 0)", {">"}),
        (r"\sum_i w_i \mathbb{I}(w_i \ge 0)", {r"\ge"}),
        (r"\sum_i \begin{cases} w_i^2 & w_i > 1 \\ w_i & \text{otherwise} \end{cases}", {"where"}),
        (r"\sum_i \tanh(w_i) + \sigma(w_i)", {r"\tanh", r"\sigma"}),
    ],
)
def test_a_node_is_called_by_a_word_that_stands_alone(formula, labels):
    drawn = picture(worked(read(rf"$w \in \mathbb{{R}}^n$, $L = {formula}$")))
    assert labels <= {
        latex(node.label).removeprefix(r"\mathrm{").removesuffix("}") for node in drawn.nodes
    }
