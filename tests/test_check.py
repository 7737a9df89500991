"""The numerical judge: it passes what is right and fails what is wrong, near kinks and far off."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from derive.derivation.backprop import worked
from derive.derivation.check import TOLERANCE, Agreement, agreements
from derive.derivation.network import Domain, Network, Question, Variable, network
from derive.derivation.points import CLEARANCE
from derive.kernel.build import contract, lift, named, scale, transpose
from derive.kernel.calculus import grad, hessian, jacobian
from derive.kernel.expr import Expr, Var
from derive.kernel.sizes import sizes
from derive.meaning import evaluate
from derive.operators import composites, pointwise, primitives

n, m, p = sizes("n m p")
x, y = Var(r"\mathbf{x}", (n,)), Var(r"\mathbf{y}", (m,))
W1, W2, W3 = Var("W_1", (p, n)), Var("W_2", (m, n)), Var("W_3", (m, p))
b = named("b", W1 @ x)
z = named("z", W3 @ pointwise.relu(b) + W2 @ x)
L = named("L", composites.half_squared_norm(z - y))


def check(of: Expr, by: Expr, value: Expr, kind: str = "gradient", seed: int = 0) -> Agreement:
    return agreements(network(of), [(Question(kind, of, (by,)), value)], seed)[0]


@pytest.mark.parametrize("by", [x, y, W1, W2, W3, b, z])
def test_gradients_in_variables_and_in_named_nodes_agree(by):
    found = check(L, by, grad(L, by))
    assert found.passed
    assert 0 < found.error < 1e-8


def test_jacobian_and_hessian_agree():
    assert check(z, x, jacobian(z, x), "jacobian").passed
    assert check(L, x, hessian(L, x), "hessian").passed
    assert check(z, x, transpose(jacobian(z, x)), "jacobian").passed is False
    assert check(L, x, scale(2, hessian(L, x)), "hessian").passed is False


@pytest.mark.parametrize(
    "wrong",
    [
        lambda g: scale(-1, g),
        lambda g: scale(Fraction(100_001, 100_000), g),
        lambda g: transpose(g),
        lambda g: W1,
        lambda g: scale(0, g),
    ],
)
def test_a_wrong_gradient_fails(wrong):
    assert check(L, W1, wrong(grad(L, W1))).passed is False


def test_a_missing_mask_fails_at_every_seed():
    unmasked = contract("i,j->ij", transpose(W3) @ (z - y), x)
    assert not any(check(L, W1, unmasked, seed=seed).passed for seed in range(5))


def test_sizes_are_different_and_reported():
    found = check(L, W1, grad(L, W1), seed=3)
    assert sorted(found.sizes) == ["m", "n", "p"]
    assert len(set(found.sizes.values())) == 3
    assert found.seed == 3
    assert found == check(L, W1, grad(L, W1), seed=3)


def test_forms_leave_every_axis_an_entry():
    k = sizes("k")[0]
    w, v = Var("w", (n - k + 1,)), Var("v", (k,))
    of = composites.squared_norm(w) * composites.squared_norm(v)
    found = check(of, v, grad(of, v))
    assert found.passed
    assert found.sizes["n"] - found.sizes["k"] + 1 >= 1


def test_logarithms_get_points_where_they_are_finite():
    q = Var("q", (n,))
    of = composites.binary_cross_entropy(Var("t", (n,)), q)
    assert check(of, q, grad(of, q)).passed


def test_a_function_that_is_finite_nowhere_is_not_passed():
    q = Var("q", (n,))
    of = composites.total(pointwise.log(-pointwise.square(q)))
    found = check(of, q, grad(of, q))
    assert found.passed is None
    assert "no point" in found.remark


def test_points_keep_away_from_kinks():
    q = Var("q", ())
    # Zero is the middle of the domain, and a kink: half of its points are far too near.
    domain = Domain(Fraction(-1, 5000), Fraction(1, 5000))
    of = named("a", pointwise.relu(q))
    net = Network((Variable(q, "input", domain),), ())
    for seed in range(20):
        (found,) = agreements(net, [(Question("gradient", of, (q,)), grad(of, q))], seed)
        assert found.passed, seed
    assert CLEARANCE > 1e-5


def test_class_numbers_and_labels_are_drawn_from_their_domain():
    c, s = sizes("c s")
    t = Var("t", (s,))
    scores = Var("a", (s, c))
    one = primitives.one_hot(c)(t)
    of = composites.softmax_cross_entropy(one, scores)
    net = Network((Variable(t, "target", Domain(classes=c)), Variable(scores, "parameter")), ())
    results = [(Question("gradient", of, (scores,)), grad(of, scores))]
    assert agreements(net, results)[0].passed


def test_a_deep_network_is_checked_along_directions():
    h = Var("h_0", (12,))
    first = None
    for k in range(100):
        W = Var(f"W_{k}", (12, 12))
        first = first or W
        h = named(f"h_{k + 1}", pointwise.relu(W @ h))
    of = composites.squared_norm(h)
    right = check(of, first, grad(of, first))
    assert right.passed
    assert right.directions
    assert check(of, first, scale(1.001, grad(of, first))).passed is False


def test_many_gradients_are_compared_together_and_a_wrong_one_is_found():
    h = Var("h_0", (n,))
    weights = []
    for k in range(60):
        weights.append(Var(f"W_{k}", (n, n)))
        h = named(f"h_{k + 1}", pointwise.tanh(weights[-1] @ h))
    of = named("L", composites.squared_norm(h))
    slopes = grad(of, weights)
    results = [(Question("gradient", of, (W,)), g) for W, g in zip(weights, slopes, strict=True)]
    found = agreements(network(of), results)
    assert all(one.passed for one in found)
    assert found[0].directions
    results[-3] = (results[-3][0], scale(Fraction(101, 100), slopes[-3]))
    assert [one.passed for one in agreements(network(of), results)] == [k != 57 for k in range(60)]


def test_samples_are_summed_or_come_first():
    s = sizes("s")[0]
    X = Var("x^{(#1)}", (s, n), ("i",))
    losses = named("L^{(#1)}", contract("si,si->s", X @ transpose(W1), X @ transpose(W1)), ("i",))
    total = contract("s->", losses)
    assert check(losses, X, grad(total, X)).passed
    each = contract("sp,sn->spn", scale(2, X @ transpose(W1)), X)
    assert check(losses, W1, each).passed
    assert check(losses, W1, grad(total, W1)).passed is False


def test_a_point_where_every_unit_is_off_shows_nothing():
    u = Var("u", ())
    net = Network((Variable(u, "parameter"),), ())
    of = named("a", pointwise.relu(u))
    wrong = [(Question("gradient", of, (u,)), scale(2, grad(of, u)))]
    assert not any(agreements(net, wrong, seed)[0].passed for seed in range(30))


def test_a_slope_that_vanishes_everywhere_still_agrees():
    u = Var("u", (n,))
    of = composites.total(pointwise.sign(u)) + composites.total(u)
    found = check(of, u, grad(of, u) - grad(composites.total(u), u))
    assert found.passed is False
    assert check(of, u, grad(of, u)).passed


def test_what_the_output_does_not_depend_on_is_moved_too():
    u = Var("u", (n,))
    v = named("v", scale(2, u))
    assert check(L, u, grad(L, u)).passed
    assert check(L, v, grad(L, v)).passed
    assert check(L, u, u).passed is False


def test_values_are_not_compared():
    found = agreements(network(L), [(Question("value", L), L)])[0]
    assert found.passed is None


def test_a_nan_never_passes():
    bad = pointwise.log(-pointwise.square(W1))
    with np.errstate(all="ignore"):
        found = check(L, W1, bad)
    assert found.passed is not True
    assert TOLERANCE < 1e-5


def test_only_what_moves_is_computed_again(monkeypatch):
    computed = []

    def counted(node, *rest):
        computed.append(node)
        return value(node, *rest)

    value = evaluate._value
    monkeypatch.setattr(evaluate, "_value", counted)
    below = x
    for k in range(30):
        below = named(f"h_{k}", pointwise.tanh(below))
    v = Var("v", (n,))
    of = named("L", composites.half_squared_norm(v * below))
    assert check(of, v, grad(of, v)).passed
    assert computed.count(of) > 4
    assert computed.count(below) == 2  # once at each point, however many entries are moved


def test_what_is_too_large_to_compare_is_said_not_computed():
    v = Var("v", (10**12,))
    found = check(named("L", composites.half_squared_norm(v)), v, v)
    assert found.passed is None
    assert "entries" in found.remark


def test_an_axis_without_entries_at_small_sizes_is_said():
    v = Var("v", (n - 10**9,))
    found = check(named("L", composites.half_squared_norm(v)), v, v)
    assert found.passed is None
    assert "no entries" in found.remark


def test_a_loss_differentiated_by_itself_is_1():
    (answer,) = worked(replace(network(L), questions=(Question("gradient", L, (L,)),))).answers
    assert answer.value == lift(1)


def test_where_a_function_bends_fast_a_smaller_step_agrees():
    h = x
    for k in range(4):
        h = named(f"h_{k}", pointwise.sin(scale(4, h)))
    loss = named("L", composites.half_squared_norm(h))
    assert all(check(loss, x, grad(loss, x), seed=seed).passed for seed in range(4))
    wrong = scale(Fraction(100_001, 100_000), grad(loss, x))
    assert not any(check(loss, x, wrong, seed=seed).passed for seed in range(4))
