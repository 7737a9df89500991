"""Worked solutions: lines and reasons of networks of many kinds, and their answers in numbers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

import derive as d
from derive.derivation import paper
from derive.derivation.backprop import Worked, worked
from derive.derivation.check import agreements
from derive.derivation.network import Network, Question, network
from derive.derivation.reasons import Text
from derive.derivation.witness import Witness
from derive.kernel.build import contract, contracted, named, total
from derive.kernel.calculus import grad
from derive.kernel.expr import Expr, Ones, Var
from derive.latex.print import latex
from derive.notation.plain import plain

n, m, p, c, q = d.sizes("n m p c q")
half = Fraction(1, 2)


def residual() -> Network:
    x, y = d.vector("x", n), d.vector("y", m)
    W1, W2, W3 = d.matrix("W_1", p, n), d.matrix("W_2", m, n), d.matrix("W_3", m, p)
    b = d.name("b", W1 @ x)
    c_ = d.name("c", d.relu(b))
    z = d.name("z", d.name("d", W3 @ c_) + d.name("f", W2 @ x))
    return d.network(d.name(r"\mathcal{L}", d.half_squared_norm(z - y)))


def residual_short() -> Network:
    x, y = d.vector("x", n), d.vector("y", m)
    W1, W2, W3 = d.matrix("W_1", p, n), d.matrix("W_2", m, n), d.matrix("W_3", m, p)
    z = d.name("z", W3 @ d.relu(W1 @ x) + W2 @ x)
    return d.network(d.half_squared_norm(z - y))


def nothing_named() -> Network:
    x, y = Var("x", (n,)), Var("y", (m,))
    W1, W2, W3 = Var("W_1", (p, n)), Var("W_2", (m, n)), Var("W_3", (m, p))
    return d.network(d.half_squared_norm(W3 @ d.relu(W1 @ x) + W2 @ x - y))


def mlp() -> Network:
    a, y = d.vector("x", n), d.vector("y", m)
    widths = [n, p, p, m]
    for k in range(1, 4):
        W, b = d.matrix(f"W_{k}", widths[k], widths[k - 1]), d.vector(f"b_{k}", widths[k])
        z = d.name(f"z_{k}", W @ a + b)
        a = d.name(f"a_{k}", d.sigmoid(z))
    return d.network(d.name("L", d.half_squared_norm(a - y)))


def siamese() -> Network:
    x, xh, y = d.vector("x", n), d.vector(r"\hat{x}", n), d.scalar("y")
    W1, W2 = d.matrix("W_1", p, n), d.matrix("W_2", m, p)
    h = d.name("h_1", d.relu(d.name("m", W1 @ x)))
    hh = d.name(r"\hat{h}_1", d.relu(d.name("n", W1 @ xh)))
    z, zh = d.name("z", W2 @ h), d.name(r"\hat{z}", W2 @ hh)
    return d.network(d.name(r"\mathcal{L}", -y * d.name("s", d.cosine(z, zh))))


def weighted_bce() -> Network:
    """One sample, its label a part of the names; W_2 is a row."""
    D, A = d.sizes("D A")
    x, y = Var(r"\mathbf{x}^{(i)}", (D,)), Var("y^{(i)}", ())
    alpha, beta = d.scalar("alpha"), d.scalar("beta")
    W1, b1 = d.matrix("W_1", A, D), d.vector("b_1", A)
    W2, b2 = d.matrix("W_2", 1, A), d.scalar("b_2")
    a1 = d.name("a_1", d.relu(d.name("z_1", W1 @ x + b1)))
    z2 = d.name("z_2", contracted((W2, a1), ((0, 1), (1,)), ()) + b2)
    yh = named(r"\hat{y}^{(i)}", d.sigmoid(z2))
    loss = alpha * y * d.log(yh) + beta * (1 - y) * d.log(1 - yh)
    return d.network(named(r"\mathcal{L}^{(i)}", loss), [W1, b1, W2, b2])


def weighted_bce_batch() -> Network:
    """The mean over m samples, every definition lifted over the sample axis."""
    D, A = d.sizes("D A")
    label = ("i",)
    x, y = d.batch("x", m, D), d.batch("y", m)
    alpha, beta = d.scalar("alpha"), d.scalar("beta")
    W1, b1 = d.matrix("W_1", A, D), d.vector("b_1", A)
    W2, b2 = d.matrix("W_2", 1, A), d.scalar("b_2")
    bias = contract("a,i->ia", b1, Ones(m))
    z1 = named(r"\mathbf{z}_1^{(#1)}", contract("ad,id->ia", W1, x) + bias, label)
    a1 = named(r"\mathbf{a}_1^{(#1)}", d.relu(z1), label)
    z2 = named("z_2^{(#1)}", contract("za,ia->i", W2, a1) + b2 * Ones(m), label)
    yh = named(r"\hat{y}^{(#1)}", d.sigmoid(z2), label)
    loss = alpha * y * d.log(yh) + beta * (1 - y) * d.log(1 - yh)
    each = named(r"\mathcal{L}^{(#1)}", loss, label)
    return d.network(d.name("J", -(1 / total(Ones(m))) * total(each)), [W1, b1, W2, b2])


def leaky() -> Network:
    W, b, x, y = d.matrix("W_k", m, n), d.vector("b", m), d.vector("x", n), d.vector("y", m)
    g = d.name("g", d.name("h", W @ x) + b)
    f = d.name("f", d.max(d.scalar("alpha") * g, g))
    return d.network(d.name(r"\mathcal{L}", d.half_squared_norm(f - y)), [W, b])


def prelu_elu() -> Network:
    W1, W2, W3 = Var("W_1", (n, n)), Var("W_2", (n, n)), Var("W_3", (m, n))
    x, y = Var("x", (n,)), Var("y", (m,))
    alpha, beta = d.scalar("alpha"), d.scalar("beta")
    d_ = named("d", d.prelu(named("e", W1 @ x), alpha))
    b = named("b", d.elu(named("c", W2 @ d_), beta))
    a = named("a", W3 @ b)
    return d.network(named(r"\mathcal{L}", d.half_squared_norm(a - y)), [W1, W2, W3, alpha])


def softmax_classifier() -> Network:
    W, b, x, y = Var("W", (c, n)), Var("b", (c,)), Var("x", (n,)), Var("y", (c,))
    p_ = named("p", d.softmax(named("z", W @ x + b)))
    return d.network(named("L", d.cross_entropy(y, p_)), [W, b])


def lstm() -> Network:
    x, h, c_, y = Var("x", (m,)), Var("h_{t-1}", (n,)), Var("c_{t-1}", (n,)), Var("y", (n,))
    weights: list[Expr] = []

    def gate(letter: str, fn) -> Expr:
        W, U, b = Var(f"W_{letter}", (n, m)), Var(f"U_{letter}", (n, n)), Var(f"b_{letter}", (n,))
        weights.extend((W, U, b))
        return named(f"{letter}_t", fn(W @ x + U @ h + b))

    i, f, o, g = gate("i", d.sigmoid), gate("f", d.sigmoid), gate("o", d.sigmoid), gate("g", d.tanh)
    cell = named("c_t", f * c_ + i * g)
    hidden = named("h_t", o * d.tanh(cell))
    return d.network(named("L", d.half_squared_norm(hidden - y)), weights)


NETWORKS = [
    residual, residual_short, nothing_named, mlp, siamese, weighted_bce, weighted_bce_batch, leaky,
    prelu_elu, softmax_classifier, lstm,
]  # fmt: skip


def said(text: Text) -> str:
    return "".join(piece if isinstance(piece, str) else f"${latex(piece)}$" for piece in text)


def lines(done: Worked) -> list[str]:
    return [" = ".join(latex(side) for side in (s.left, *s.right)) for s in done.steps]


EXPECTED = (Path(__file__).parent / "worked_lines.txt").read_text(encoding="utf-8")


def expected(title: str) -> list[tuple[str, str]]:
    """The lines and reasons of one network in the book of lines."""
    _, _, after = EXPECTED.partition(f"== {title}\n")
    rows = after.split("\n\n")[0].rstrip("\n").split("\n")
    return [(line, because.strip()) for line, because in zip(rows[::2], rows[1::2], strict=True)]


@pytest.mark.parametrize("build", NETWORKS, ids=lambda build: build.__name__)
def test_lines_and_reasons(build):
    done = worked(build())
    assert [*zip(lines(done), [said(step.reason) for step in done.steps])] == expected(
        build.__name__
    )


@pytest.mark.parametrize("build", NETWORKS, ids=lambda build: build.__name__)
def test_answers_agree_with_central_differences(build):
    net = build()
    done = worked(net)
    assert len(done.answers) == len(net.parameters)
    asked = [(answer.question, answer.value) for answer in done.answers]
    assert all(check.passed for check in agreements(net, asked, seed=3))


@pytest.mark.parametrize("build", [residual, siamese, weighted_bce_batch, lstm])
def test_the_lines_and_the_calculus_are_one(build):
    """Step values come from the cut sweep, gradients from the uncut one: equal at a point."""
    net = build()
    done = worked(net)
    (loss,) = {answer.question.of for answer in done.answers}
    witness = Witness([loss], {v.var: v.domain for v in net.variables}, seed=5)
    assert done.steps
    for step in done.steps:
        for node in (step.node, *step.also):
            assert witness.agree(step.value, grad(loss, node)), latex(step.left)


def test_equal_deltas_share_a_line():
    done = worked(residual())
    shared = [step for step in done.steps if step.also]
    assert [latex(step.left) for step in shared] == [r"\delta_{\mathbf{d}}"]
    assert [latex(side) for side in shared[0].right] == [
        r"\delta_{\mathbf{f}}",
        r"\delta_{\mathbf{z}}",
    ]


def test_answers_use_the_names_of_the_document_only():
    done = worked(residual_short())
    assert [latex(d.left) for d in done.auxiliary] == [r"\mathbf{u}_1"]
    for answer in done.answers:
        assert "u_1" not in plain(answer.named)
        assert r"\delta" not in latex(answer.named)


def test_an_auxiliary_letter_is_not_taken():
    net = nothing_named()
    assert [plain(d.left) for d in worked(net).auxiliary] == ["u_1", "u_2"]
    u, W, y = Var("u", (n,)), Var("W", (m, n)), Var("y", (m,))
    other = d.network(d.half_squared_norm(d.tanh(W @ u) - y))
    assert all(plain(a.left)[0] != "u" for a in worked(other).auxiliary)


def test_steps_of_an_answer_are_those_it_uses():
    done = worked(siamese())
    by_name = {latex(a.question.wrt[0] and done.names[a.question.wrt[0]]): a for a in done.answers}
    used = {latex(step.left) for step in by_name[r"\mathbf{W}_2"].steps}
    assert r"\delta_{\mathbf{z}}" in used
    assert r"\delta_{\mathbf{m}}" not in used


def test_a_loss_that_does_not_depend():
    x, W, V, y = d.vector("x", n), d.matrix("W", m, n), d.matrix("V", m, n), d.vector("y", m)
    loss = named("L", d.half_squared_norm(W @ x - y))
    net = network(loss, [W])
    answer = worked(replace(net, questions=(Question("gradient", loss, (V,)),))).answers[0]
    assert answer.zero
    assert answer.value.axes == (m, n)
    assert answer.steps == ()
    assert latex(answer.named) == r"\mathbf{0}"


def test_sign_has_no_gradient_upstream():
    x, y = d.vector("x", n), d.vector("y", m)
    W1, W2 = d.matrix("W_1", p, n), d.matrix("W_2", m, p)
    h = d.name("h", d.sign(d.name("a", W1 @ x)))
    done = worked(d.network(d.half_squared_norm(W2 @ h - y), [W1, W2]))
    zero = {latex(done.names[a.question.wrt[0]]): a.zero for a in done.answers}
    assert zero == {r"\mathbf{W}_1": True, r"\mathbf{W}_2": False}


def test_jacobian_is_a_chain():
    x, W1, W2 = d.vector("x", n), d.matrix("W_1", p, n), d.matrix("W_2", m, p)
    b = d.name("b", W1 @ x)
    z = d.name("z", W2 @ d.name("c", d.relu(b)))
    (answer,) = worked(Network((), (), (Question("jacobian", z, (x,)),))).answers
    assert [latex(step.right[0]) for step in answer.steps] == [
        r"\mathbf{W}_2^\top",
        r"\operatorname{diag}(\mathbb{I}(\mathbf{b} > 0))",
        r"\mathbf{W}_1^\top",
        r"\frac{\partial \mathbf{b}}{\partial \mathbf{x}} \, \frac{\partial \mathbf{c}}{\partial"
        r" \mathbf{b}} \, \frac{\partial \mathbf{z}}{\partial \mathbf{c}}",
    ]
    assert answer.value.axes == (n, m)
    assert agreements(network([z]), [(answer.question, answer.value)])[0].passed


def test_hessian_of_a_quadratic():
    x, A = d.vector("x", n), d.matrix("A", n, n)
    f = named("f", half * d.dot(x, A @ x))
    (answer,) = worked(Network((), (), (Question("hessian", f, (x,)),))).answers
    assert answer.value.axes == (n, n)
    assert agreements(network([f]), [(answer.question, answer.value)])[0].passed
    assert len(answer.steps) == 2


def test_two_losses_are_told_apart():
    x, w, t = d.vector("x", n), d.vector("w", n), d.scalar("t")
    s = d.name("s", d.dot(w, x))
    one, two = named("E", half * (s - t) ** 2), named("F", (s - t) ** 4)
    asked = tuple(Question("gradient", of, (w,)) for of in (one, two))
    done = worked(replace(network([one, two], [w]), questions=asked))
    assert len({latex(step.left) for step in done.steps}) == len(done.steps) == 4
    checks = agreements(network([one, two], [w]), [(a.question, a.value) for a in done.answers])
    assert all(check.passed for check in checks)


def test_an_entry_is_printed_with_the_letter_asked_for():
    W, x, y = Var(r"\mathbf{w}_{#1}", (c, n), ("j",)), Var(r"\mathbf{x}", (n,)), Var("y", (c,))
    loss = named("L", d.half_squared_norm(contract("ji,i->j", W, x) - y))
    question = Question("gradient", loss, (W,), ("k",))
    (answer,) = worked(replace(network(loss, [W]), questions=(question,))).answers
    assert latex(answer.named) == r"(\mathbf{w}_k^\top \mathbf{x} - y_k) \mathbf{x}"


def test_a_wrong_spelling_is_never_shown(monkeypatch):
    """Whatever tidying proposes is taken only where it evaluates equal."""
    monkeypatch.setattr(paper, "shortened", lambda expr, *known: 2 * expr)
    done = worked(residual())
    assert latex(done.steps[0].right[0]) == r"\mathbf{z} - \mathbf{y}"


def test_depth_costs_no_more_than_its_lines():
    a = d.vector("x", n)
    for k in range(60):
        a = d.name(f"a_{{{k}}}", d.tanh(d.matrix(f"W_{{{k}}}", n, n) @ a))
    done = worked(d.network(d.half_squared_norm(a - d.vector("y", n))))
    longest = max(len(latex(side)) for step in done.steps for side in step.right)
    assert len(done.steps) == 180
    assert longest < 250
    assert max(len(latex(answer.named)) for answer in done.answers) < 1500


def test_deep_and_nameless():
    a = d.vector("x", n)
    for _ in range(300):
        a = d.tanh(a)
    W = d.matrix("W", m, n)
    done = worked(d.network(d.half_squared_norm(W @ a), [W]))
    assert len(done.auxiliary) > 5
    assert all(len(latex(side)) < 2000 for step in done.steps for side in step.right)
