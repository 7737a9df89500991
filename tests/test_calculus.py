"""Laws of the four rules, on every row of the vocabulary and on random networks.

The idea: the rules are their own witnesses.  Pullback and pushforward are adjoint, a slope is the
limit of differences, a definition has the value and the slope of what it defines, a Hessian is the
Jacobian of a gradient; and a checker that lets a wrong row pass would be no checker, so wrong rows
are put before it.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from derive.kernel import calculus
from derive.kernel.build import contract, dot, is_zero, lift, mapped, named, total, zeros
from derive.kernel.calculus import backward, grad, hessian, hvp, jacobian, pushforward
from derive.kernel.expr import Delta, Expr, Fn, Ones, ShapeError, Var
from derive.kernel.sizes import sizes
from derive.meaning.evaluate import evaluate, evaluate_all
from derive.operators import POINTWISE, PRIMITIVES, Row
from derive.operators.blocks import FAMILIES
from derive.operators.composites import half_squared_norm
from derive.operators.pointwise import exp, gelu, relu, sigmoid, sin, tanh
from derive.operators.primitives import log_softmax, logsumexp, one_hot, softmax
from derive.operators.singular import ONCE
from tests.moves import PARAMS
from tests.networks import Network, networks
from tests.recipe import EXTENT as NETWORK_EXTENT

n, m = sizes("n m")
EXTENT = {"n": 4, "m": 3}
STEP = 1e-6
NEAR = 1e-3  # a kink that is nearer than this is stepped around

# Every elementwise function of every row, with its parameters.
FUNCTIONS = [
    pytest.param(row, row.make(*params), id="-".join([name, *map(str, params)]))
    for name, row in POINTWISE.items()
    for params in PARAMS.get(name, [()])
    if row.arity
]


class Caught(AssertionError):
    """What a checker says of a wrong row."""


class Unfit(Exception):
    """Numbers at which there is nothing to compare."""


def variables(row: Row, axes=(n,)) -> list[Var]:
    return [Var(f"u_{k}", axes) for k in range(row.arity)]


def points(row: Row, seed: int = 0) -> list[np.ndarray]:
    """Values in the domain of the row; the condition of a ``where`` is 1 or 0."""
    random = np.random.default_rng(seed)
    low, high = row.domain
    found = [random.uniform(low, high, EXTENT["n"]) for _ in range(row.arity)]
    if row.name == "where":
        found[0] = (found[0] > 0).astype(float)
    return found


# ------------------------------------------------------------------------- slopes and bodies


def slope_is_the_limit_of_differences(row: Row, fn: Fn, seed: int = 0) -> None:
    """Caught if some slope is not that of the value; entries at a kink are left out by distance.

    A kink is where the one-sided differences disagree, as they do not on a smooth stretch.
    """
    args, at = variables(row), points(row, seed)
    for k in range(row.arity):
        if row.name == "where" and k == 0:
            continue  # a truth value has no neighbours
        slope = evaluate(fn.slopes[k](*args), dict(zip(args, at)), EXTENT)

        def moved(by: float, k: int = k) -> np.ndarray:
            return fn.value(*(a + by * (j == k) for j, a in enumerate(at)))

        central = (moved(STEP) - moved(-STEP)) / (2 * STEP)
        right, left = (moved(NEAR) - moved(0)) / NEAR, (moved(0) - moved(-NEAR)) / NEAR
        smooth = np.abs(right - left) < 0.05 * (1 + np.abs(central))
        if not smooth.any():
            raise Unfit
        apart = np.abs(slope - central)[smooth]
        if np.any(apart > 1e-6 * (1 + np.abs(central[smooth]))):
            raise Caught(f"slope {k} of {row.name}: {slope}, not {central}")


def body_has_value_and_slope(row: Row, fn: Fn, seed: int = 0) -> None:
    """Caught if the definition in other words differs from the row, in value or in slope."""
    assert row.body is not None
    args = variables(row)
    values = dict(zip(args, points(row, seed)))
    mine, other = mapped(fn, *args), row.body(*args)
    pairs = [(mine, other)]
    pairs += [(grad(total(mine), a), grad(total(other), a)) for a in args]
    for left, right in pairs:
        found, expected = evaluate(left, values, EXTENT), evaluate(right, values, EXTENT)
        if not np.allclose(found, expected, rtol=1e-9, atol=1e-11):
            raise Caught(f"{row.name} differs from its definition: {found}, not {expected}")


@pytest.mark.parametrize(("row", "fn"), FUNCTIONS)
def test_slopes(row: Row, fn: Fn) -> None:
    for seed in range(3):
        slope_is_the_limit_of_differences(row, fn, seed)


@pytest.mark.parametrize(
    ("row", "fn"),
    [f for f in FUNCTIONS if f.values[0].body is not None],  # type: ignore[attr-defined]
)
def test_bodies(row: Row, fn: Fn) -> None:
    for seed in range(3):
        body_has_value_and_slope(row, fn, seed)


def mutants(fn: Fn) -> list[Fn]:
    """The function with one slope wrong: its sign, its scale, another's, a constant more."""
    wrong = []
    for k, slope in enumerate(fn.slopes):
        for bad in (
            lambda *a, slope=slope: -slope(*a),
            lambda *a, slope=slope: Fraction(11, 10) * slope(*a),
            lambda *a, slope=slope: slope(*a) + lift(Fraction(1, 100)),
        ):
            wrong.append(replace(fn, slopes=(*fn.slopes[:k], bad, *fn.slopes[k + 1 :])))
    return wrong


@pytest.mark.parametrize(("row", "fn"), FUNCTIONS)
def test_a_wrong_slope_is_caught(row: Row, fn: Fn) -> None:
    args = variables(row)
    for k, bad in enumerate(mutants(fn)):
        which = k // 3
        if row.name == "where" and which == 0:
            continue
        if k % 3 < 2 and is_zero(fn.slopes[which](*args)):
            continue  # any multiple of a slope 0 is right
        assert any(caught(row, bad, seed) for seed in range(6))  # a mask may hide some places


def caught(row: Row, fn: Fn, seed: int) -> bool:
    try:
        slope_is_the_limit_of_differences(row, fn, seed)
    except Caught:
        return True
    return False


def test_a_wrong_body_is_caught() -> None:
    row = POINTWISE["softplus"]
    with pytest.raises(Caught):
        body_has_value_and_slope(replace(row, body=lambda x: relu(x)), row.make())
    with pytest.raises(Caught):
        body_has_value_and_slope(row, replace(row.make(), slopes=(lambda x: sigmoid(-x),)))


# ------------------------------------------------------------------------- adjoint


def adjoint(node: Expr, wrt: list[Expr], values: dict, extent: dict) -> None:
    """<c, push(t)> = <pull(c), t>, for one cotangent and one tangent of every variable."""
    random = np.random.default_rng(len(wrt))
    c = Var("c", node.axes)
    tangents = {v: Var(f"t_{k}", v.axes) for k, v in enumerate(wrt)}
    pulled = backward(node, wrt, c).cotangents
    left = dot(c, pushforward(node, dict(tangents)))
    right = [dot(pulled.get(v, zeros(v.axes)), t) for v, t in tangents.items()]
    shape = np.shape(evaluate(node, values, extent))
    known = {**values, c: random.uniform(-1, 1, shape)}
    known |= {t: random.uniform(-1, 1, np.shape(values[v])) for v, t in tangents.items()}
    found = evaluate_all([left, *right], known, extent)
    parts = [float(found[r]) for r in right]
    scale = 1 + sum(map(abs, parts))
    if not (np.isfinite(scale) and scale < 1e8):
        raise Unfit
    if not abs(float(found[left]) - sum(parts)) < 1e-9 * scale:
        raise Caught(f"{float(found[left])} is not {sum(parts)}")


@pytest.mark.parametrize(("row", "fn"), FUNCTIONS)
def test_adjoint_of_functions(row: Row, fn: Fn) -> None:
    args = variables(row)
    adjoint(mapped(fn, *args), [*args], dict(zip(args, points(row))), EXTENT)


def spread_identity(axes) -> Expr:
    """Twice the identity, for every sample of a batch."""
    if len(axes) == 1:
        return 2 * Delta(axes[0])
    return 2 * contract("a,ij->aij", Ones(axes[0]), Delta(axes[1]))


@pytest.mark.parametrize("axes", [(n,), (m, n)], ids=["vector", "batch"])
@pytest.mark.parametrize("name", [k for k in PRIMITIVES if k not in FAMILIES | ONCE | {"one_hot"}])
def test_adjoint_of_operators(name: str, axes) -> None:
    random = np.random.default_rng(3)
    u, w = Var("u", axes), Var("w", axes)
    shape = [EXTENT[str(a)] for a in axes]
    values = {u: random.normal(size=shape), w: random.normal(size=shape)}
    row, inner = PRIMITIVES[name], sin(u) * w + u
    if row.matrices:
        s = contract("...i,...j->...ij".replace("...", "abc"[: len(axes) - 1]), sin(u), w)
        square = s + spread_identity(axes)
        if name == "whole_power" and len(axes) > 1:
            pytest.skip("a power is of one matrix")
        node = row.make()(square, *row.rest(square))
    else:
        node = row.make()(inner, *row.rest(inner))
    adjoint(node, [u, w], values, EXTENT)


@given(networks(), st.integers(0, 10**6))
def test_adjoint_inside_random_networks(network: Network, choice: int) -> None:
    """At any node, from any node: not the loss alone."""
    node = network.nodes[choice % len(network.nodes)]
    try:
        with np.errstate(all="ignore"):
            adjoint(node, list(network.parameters), dict(network.values), NETWORK_EXTENT)
    except Unfit:
        assume(False)


def test_a_pullback_that_is_not_adjoint_is_caught(monkeypatch) -> None:
    """The diagonal of the softmax Jacobian alone: right for a constant cotangent, else wrong."""
    right = calculus.pullback

    def diagonal(node, cotangent, extra=0):
        for share in right(node, cotangent, extra):
            if share.reason == "softmax" and not extra:
                share = share._replace(cotangent=node * cotangent)
            yield share

    monkeypatch.setattr(calculus, "pullback", diagonal)
    with pytest.raises(Caught):
        test_adjoint_of_operators("softmax", (n,))


# ------------------------------------------------------------------------- second derivatives

x, v, W = Var("x", (n,)), Var("v", (n,)), Var("W", (m, n))
y = Var("y", (m,))
LOSSES = {
    "quadratic": lambda: dot(W @ x, W @ x),
    "layer": lambda: half_squared_norm(named("h", tanh(named("z", W @ x))) - y),
    "softmax": lambda: -dot(y, log_softmax(W @ gelu(x))),
    "log-sum-exp": lambda: logsumexp(W @ (x * x)),
    "attention": lambda: dot(softmax(x), sigmoid(x)) * total(exp(x)),
    "linear": lambda: dot(x, v),
    "constant": lambda: dot(v, v),
}


def numbers() -> dict[Expr, np.ndarray]:
    random = np.random.default_rng(7)
    return {
        x: random.normal(size=4), v: random.normal(size=4),
        W: random.normal(size=(3, 4)), y: random.normal(size=3),
    }  # fmt: skip


def differences(node: Expr, by: Expr, values: dict) -> np.ndarray:
    """d node / d by in denominator layout, by central differences."""
    base = values[by]
    found = []
    for at in np.ndindex(base.shape):
        bump = np.zeros_like(base)
        bump[at] = 1e-5
        ends = [evaluate(node, {**values, by: base + k * bump}, EXTENT) for k in (1, -1)]
        found.append((ends[0] - ends[1]) / 2e-5)
    return np.reshape(found, (*base.shape, *np.shape(found[0])))


@pytest.mark.parametrize("make", LOSSES.values(), ids=LOSSES)
def test_hessians(make) -> None:
    loss, values = make(), numbers()
    found = hessian(loss, x)
    assert found.axes == (n, n)
    H = evaluate(found, values, EXTENT)
    gradient = grad(loss, x)
    assert np.allclose(H, differences(gradient, x, values), atol=1e-6)
    assert np.allclose(H, H.T)
    product = hvp(loss, x, v)
    assert product.axes == (n,)
    if make is not LOSSES["linear"]:  # there v is in the loss, and moves with nothing
        assert np.allclose(evaluate(product, values, EXTENT), H @ values[v])
    mixed = hessian(loss, x, W)
    assert mixed.axes == (m, n, n)
    assert np.allclose(evaluate(mixed, values, EXTENT), differences(gradient, W, values), atol=1e-6)


@pytest.mark.parametrize(
    ("make", "by"),
    [
        (lambda: W @ x, x),
        (lambda: W @ x, W),
        (lambda: softmax(W @ x), x),
        (lambda: W.T, W),
        (lambda: tanh(x), x),
        (lambda: x, x),
        (lambda: W @ v, x),
    ],
)
def test_jacobians_in_denominator_layout(make, by) -> None:
    node, values = make(), numbers()
    found = jacobian(node, by)
    assert found.axes == (*by.axes, *node.axes)
    assert np.allclose(evaluate(found, values, EXTENT), differences(node, by, values), atol=1e-8)


def test_the_jacobian_of_a_layer_is_the_transpose() -> None:
    assert jacobian(W @ x, x) is W.T


# ------------------------------------------------------------------------- sweeps


def test_each_node_is_differentiated_once_and_its_shares_are_added() -> None:
    h = named("h", tanh(x))
    loss = dot(h, h) + total(h * v) + total(h)
    sweep = backward(loss)
    assert len(sweep.shares[h]) == 4
    assert list(sweep.cotangents) == [k for k in reversed(sweep.order) if k in sweep.cotangents]
    reasons = {s.reason for shares in sweep.shares.values() for s in shares}
    assert reasons == {"passes", "switches", "masks", "names"}
    for node, shares in sweep.shares.items():
        assert all(s.kid is node and node in s.parent.kids for s in shares)
        assert sweep.cotangents[node].axes == node.axes


def test_gradient_of_what_does_not_matter_is_zero() -> None:
    a, b = grad(total(tanh(x)), [x, W])
    assert b is zeros((m, n))
    assert not is_zero(a)
    assert W not in backward(total(tanh(x)), [x, W]).cotangents
    assert v not in backward(dot(x, v), [x]).cotangents


def test_gradient_in_a_named_node_stops_nowhere() -> None:
    z = named("z", W @ x)
    loss = half_squared_norm(z)
    assert grad(loss, z) is z
    assert grad(loss, [z, x]) == [z, contract("ij,i->j", W, z)]


def test_two_names_of_one_expression_have_cotangents_of_their_own() -> None:
    a, b = named("a", x), named("b", x)
    loss = dot(a, v) + 2 * dot(b, v)
    assert grad(loss, [a, b]) == [v, 2 * v]


def test_a_jacobian_is_asked_for_by_name() -> None:
    with pytest.raises(ShapeError, match="use jacobian, or sum it first"):
        grad(tanh(x), x)


def test_constant_operators_pass_nothing() -> None:
    labels = Var("k", (m,))
    loss = total(one_hot(n)(labels) @ x)
    assert grad(loss, labels) is zeros((m,))
    for name in ("argmax", "argmin"):
        assert is_zero(grad(dot(PRIMITIVES[name].make()(x), v), x))
