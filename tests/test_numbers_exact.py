"""Exact values and enclosures: they contain the float, are exact where they can be, or nothing."""

from fractions import Fraction as F

import numpy as np
import pytest

pytest.importorskip("flint")

from derive.derivation.network import Domain
from derive.kernel.build import diag, dot, lift, named, trace
from derive.kernel.expr import Var
from derive.kernel.sizes import sizes
from derive.meaning.evaluate import evaluate
from derive.operators import COMPOSITES, POINTWISE, PRIMITIVES
from derive.operators.pointwise import (
    absolute,
    ge,
    generic,
    gt,
    log,
    max2,
    power,
    raised,
    reciprocal,
    relu,
    sigmoid,
    sqrt,
    square,
    where,
)
from derive.operators.pointwise import exp as e_to
from derive.operators.primitives import argmax, log_softmax, maximum, one_hot, softmax
from derive.operators.singular import SINGULAR
from proofs.numbers.certify import texts
from proofs.numbers.draw import GENERIC_ROWS, ROWS, drawn, inside
from proofs.numbers.entries import finite, fraction, is_rational
from proofs.numbers.exact import Exact
from proofs.numbers.plan import contract as in_pairs
from proofs.numbers.plan import made, plan
from proofs.numbers.sample import Sampler, computed, float_agreement, matrix
from tests.moves import PARAMS

N, M = sizes("n m")
X, Y, A = Var("x", (N,)), Var("y", (N,)), Var("A", (M, N))
S, T, AT = Var("s", ()), Var("t", ()), {"n": 3, "m": 2}
EXACT = [row for row in PRIMITIVES.values() if row.name not in SINGULAR]
NUMBERS = [row for row in POINTWISE.values() if row.name != "infinity"]
ROWS_OF_WORDS = [(row, params) for row in NUMBERS for params in PARAMS.get(row.name, [()])]


def rationals(shape, low, high, seed):
    draw = np.random.default_rng(seed)
    made = np.empty(shape, object)
    for place in np.ndindex(shape):
        made[place] = F(int(draw.integers(int(low * 32) + 1, int(high * 32))), 32)
    return made


def exact(node, values, at=None, bits=64):
    point = Exact(values, at or AT, bits)
    return point.value(node), point


def one(node, **values):
    """The single entry of a scalar expression in s and t."""
    known = {S: np.array(F(values.get("s", 0)), object), T: np.array(F(values.get("t", 0)), object)}
    found, _ = exact(node, known)
    return found.item()


def contains(ball, number, slack=1e-9):
    """Whether an entry is this float, up to the error of the float and the width of the ball."""
    assert finite(ball)
    middle = float(fraction(ball)) if is_rational(ball) else float(ball.mid())
    width = 0.0 if is_rational(ball) else float(ball.rad())
    scale = max(1.0, abs(number))
    return width <= slack * scale and abs(middle - number) <= width + slack * scale


# ------------------------------------------------------------------------------- the vocabulary


@pytest.mark.parametrize(("row", "params"), ROWS_OF_WORDS, ids=lambda p: getattr(p, "name", None))
@pytest.mark.parametrize("seed", range(4))
def test_every_function_encloses_its_float(row, params, seed):
    fn = row.make(*params)
    arguments = [Var(f"a{k}", (N,)) for k in range(row.arity)]
    node = fn(*arguments) if arguments else fn()
    values = {v: rationals((3,), *row.domain, 10 * seed + k) for k, v in enumerate(arguments)}
    floats = evaluate(node, {v: a.astype(float) for v, a in values.items()}, AT)
    found, _ = exact(node, values)
    assert found.shape == floats.shape
    if row.name == "generic":  # nobody defined it: it has no exact value, not even a wrong one
        assert not any(finite(n) for n in found.flat)
    else:
        assert all(contains(n, f) for n, f in zip(found.flat, floats.flat, strict=True))


@pytest.mark.parametrize(("row", "params"), ROWS_OF_WORDS, ids=lambda p: getattr(p, "name", None))
def test_every_function_is_rational_where_its_row_says_so(row, params):
    fn = row.make(*params)
    if fn.exact is None:
        return
    for seed in range(3):
        values = [rationals((), *row.domain, 7 * seed + k).item() for k in range(row.arity)]
        variables = [Var(f"a{k}", ()) for k in range(row.arity)]
        found, _ = exact(fn(*variables), dict(zip(variables, values, strict=True)))
        assert fraction(found.item()) == fn.exact(*values)


@pytest.mark.parametrize("row", EXACT, ids=lambda row: row.name)
@pytest.mark.parametrize("axes", [(N,), (M, N)], ids=str)
def test_every_operator_encloses_its_float(row, axes):
    axes = (*axes, *[N] * row.matrices)
    shape = tuple(AT[str(n)] for n in axes)
    if row.name == "one_hot":
        label = Var("label", axes)
        node = row.make(4)(label)
        values = {label: np.vectorize(lambda n: F(int(n)), otypes=[object])(
            np.random.default_rng(1).integers(1, 5, shape))}  # fmt: skip
    else:
        z = Var("z", axes)
        made = {"concat": lambda: row.make(-1, 2), "part": lambda: row.make(-1, 1, N)}
        operator = made.get(row.name, row.make)()
        node = operator(*[z] * (1 + (row.name == "concat")), *row.rest(z))
        values = {z: rationals(shape, -2, 2, 5)}
        if row.matrices:  # of positive determinant
            values[z] += 8 * np.eye(3, dtype=int)
    floats = evaluate(node, {v: a.astype(float) for v, a in values.items()}, AT)
    found, _ = exact(node, values)
    assert found.shape == floats.shape
    assert all(contains(n, f) for n, f in zip(found.flat, floats.flat, strict=True))


@pytest.mark.parametrize("row", COMPOSITES.values(), ids=lambda row: row.name)
def test_every_definition_encloses_its_float(row):
    arguments = [Var(f"a{k}", (N, *[N] * row.matrices)) for k in range(row.arity)]
    node = row.make(*arguments)
    values = {v: rationals((3,) * (1 + row.matrices), 0.1, 0.9, k) for k, v in enumerate(arguments)}
    floats = evaluate(node, {v: a.astype(float) for v, a in values.items()}, AT)
    found, _ = exact(node, values)
    assert all(contains(n, f) for n, f in zip(found.flat, np.ravel(floats), strict=True))


@pytest.mark.parametrize("bits", [64, 128, 256])
def test_more_bits_give_narrower_balls_around_the_same_number(bits):
    wide, _ = exact(softmax(X), {X: [F(1, 3), F(2), F(-1)]}, bits=53)
    fine, _ = exact(softmax(X), {X: [F(1, 3), F(2), F(-1)]}, bits=bits)
    for a, b in zip(wide, fine, strict=True):
        assert a.overlaps(b)
        assert b.rad() < a.rad()


# ----------------------------------------------------------------------- defined, and how exactly


@pytest.mark.parametrize(
    "node",
    [
        log(S), log(S - 1), reciprocal(S), power(-2)(S), sqrt(S - 1), power(F(1, 3))(S - 1),
        raised(S, T), raised(S - 1, lift(F(3, 2))), power(0)(S), S / S, power(F(-1, 2))(S),
        log(e_to(S) - 1), reciprocal(sigmoid(S) - sigmoid(-S)), T * log(S), T * log(S) - T * log(S),
    ],
)  # fmt: skip
def test_what_is_not_defined_has_no_value(node):
    assert not finite(one(node, s=0))


def test_the_case_that_is_not_taken_need_not_be_defined():
    node = where(gt(S, 0), log(S), S)
    assert one(node, s=-2) == -2
    assert contains(one(node, s=2), np.log(2))
    # A mask is no case: 0 times what is not defined is not defined.
    assert not finite(one(gt(S, 0) * log(S), s=-2))


def test_a_comparison_of_balls_that_overlap_is_undecided_at_any_precision():
    difference = e_to(log(S)) - S
    for bits in (64, 256, 1024):
        found, point = exact(gt(difference, 0), {S: F(3)}, bits=bits)
        assert not finite(found.item())
        assert point.undecided


def test_a_maximum_of_balls_is_known_without_knowing_which_is_larger():
    assert contains(one(max2(e_to(log(S)), S), s=3), 3.0)
    assert contains(one(relu(e_to(log(S)) - S), s=3), 0.0)
    assert contains(one(absolute(e_to(log(S)) - S), s=3), 0.0)


@pytest.mark.parametrize(
    ("node", "value"),
    [
        (e_to(S), 1), (log(1 + S), 0), (sigmoid(S), F(1, 2)), (sqrt(4 + S), 2),
        (sqrt(F(9, 16) + S), F(3, 4)), (power(F(3, 2))(4 + S), 8),
        (power(F(-1, 2))(4 + S), F(1, 2)),
        (square(S - F(1, 3)), F(1, 9)), (POINTWISE["cos"].make()(S), 1), (sqrt(S), 0),
        (raised(S + 2, lift(3)), 8),
    ],
)  # fmt: skip
def test_rationals_stay_rational(node, value):
    found = one(node, s=0)
    assert is_rational(found)
    assert fraction(found) == value


def test_a_softmax_of_equal_entries_is_rational_at_zero():
    found, _ = exact(softmax(X), {X: [F(0)] * 3})
    assert [fraction(n) for n in found] == [F(1, 3)] * 3


def test_long_rationals_become_balls():
    node = S
    for _ in range(40):
        node = node * node
    found = one(square(node), s=F(1, 3))
    assert not is_rational(found)
    assert finite(found)


def test_ties_of_what_moves_are_borders_and_of_labels_are_not():
    label = Var("label", ())
    _, moving = exact(gt(S, 0), {S: F(0)})
    still = Exact({label: F(2)}, AT, 64, {label})
    still.value(one_hot(3)(label))
    assert moving.borders
    assert not still.borders
    _, apart = exact(max2(S, T), {S: F(1), T: F(2)})
    assert not apart.borders
    _, both = exact(argmax(X), {X: [F(1), F(2), F(2)]})
    assert both.borders
    _, chosen = exact(where(gt(S, 0), S, 0), {S: F(1)})
    assert not chosen.borders


def test_a_deep_graph_needs_no_recursion():
    node = S
    for _ in range(3000):
        node = sigmoid(node) + 0 * S
    assert contains(one(node, s=0), evaluate(node, {S: 0.0}).item())


def test_a_name_is_transparent():
    assert one(named("z", S * S) + named("y", named("z", S * S)), s=3) == 18


def test_operators_work_on_each_row():
    found, _ = exact(maximum(A), {A: [[F(1), F(3), F(2)], [F(-1), F(-3), F(-2)]]})
    assert [fraction(n) for n in found] == [3, -1]
    both, _ = exact(log_softmax(A), {A: [[F(0)] * 3, [F(1)] * 3]})
    assert all(contains(n, -np.log(3)) for n in both.flat)


# ------------------------------------------------------------------------------------------ texts


@pytest.mark.parametrize("gap", [F(1, 10), F(1, 10**5), F(1, 10**12), F(1, 10**30)])
def test_enclosures_are_said_finely_enough_not_to_meet(gap):
    one_, _ = exact(e_to(S), {S: F(1)}, bits=256)
    other, _ = exact(e_to(S) + gap, {S: F(1)}, bits=256)
    left, right = texts(one_.item(), other.item())
    assert left.startswith("[2.7")
    high = F(left.strip("[]").split(", ")[1])
    low = F(right.strip("[]").split(", ")[0])
    assert high < low


@pytest.mark.parametrize("value", [F(0), F(-1), F(5), F(-20), F(1, 7)])
def test_the_stated_bounds_contain_the_number(value):
    for node, number in ((e_to(S), np.exp(float(value))), (-e_to(S), -np.exp(float(value)))):
        found, _ = exact(node + log(S * S + 2) * 0 + e_to(T), {S: value, T: F(1)})
        text, _ = texts(found.item(), found.item() + 1)
        low, high = (float(F(t)) for t in text.strip("[]").split(", "))
        assert low <= number + np.e <= high


# ---------------------------------------------------------------------------------------- drawing


@pytest.mark.parametrize(
    "domain",
    [
        Domain(), Domain(low=F(0)), Domain(high=F(-1)), Domain(F(0), F(1)), Domain(F(0), F(1, 100)),
        Domain(F("0.044715"), F("0.044716")), Domain(values=(F(0), F(1))),
        Domain(values=(F(-1), F(1))),
        Domain(classes=N), Domain(normalised=True), Domain(F(0), F(1), normalised=True),
        Domain(values=(F(0), F(1)), normalised=True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(3,), (2, 2), (4, 1, 3)])
def test_drawn_values_live_in_their_domain(domain, shape):
    found = drawn("v", shape, domain, 3, seed=5)
    again = drawn("v", shape, domain, 3, seed=5)
    assert found.over.shape == (ROWS, *shape)
    assert (found.over == again.over).all()
    for k in range(ROWS):
        value = found.row(k)
        assert np.allclose(value.astype(float), found.floats[k])
        if domain.classes is not None:
            assert all(n in (1, 2, 3) for n in value.flat)
        elif domain.normalised:
            assert all(n == 1 for n in np.ravel(value.sum(axis=-1)))
            assert all(n >= 0 for n in value.flat)
            assert domain.low is None or all(n > 0 for n in value.flat)
        else:
            assert all(inside(n, domain) for n in value.flat)


def test_values_of_no_special_kind_are_different():
    found = drawn("v", (4,), Domain(), 0, seed=1)
    assert len({tuple(row) for row in found.over[:GENERIC_ROWS]}) == GENERIC_ROWS
    assert len(set(found.over[:GENERIC_ROWS].ravel())) > 3 * GENERIC_ROWS


# ----------------------------------------------------------------------- floats, and contractions


def test_a_batch_of_points_is_the_points_one_by_one():
    node = dot(softmax(A @ X), A @ X) + trace(diag(X)) * sigmoid(S)
    sampler = Sampler([node])
    for room in sampler.usual([node]):
        values = matrix(room, node)
        for k in range(0, ROWS, 7):
            at_point = {v: room.exact(v).floats[k] for v in (A, X, S)}
            assert np.allclose(values[k], evaluate(node, at_point, room.at), atol=1e-12)


def test_a_candidate_over_the_same_network_costs_its_new_nodes_alone(monkeypatch):
    hidden = named("h", softmax(A @ X))
    sampler = Sampler([hidden])
    computed_nodes = []

    def counted(node, known, at):
        computed_nodes.append(node)
        return computed(node, known, at)

    monkeypatch.setattr("proofs.numbers.sample.computed", counted)
    float_agreement(dot(hidden, hidden), dot(hidden, 2 * hidden), sampler)
    assert softmax(A @ X) in computed_nodes
    computed_nodes.clear()
    float_agreement(dot(hidden, hidden), 3 * hidden @ hidden, sampler)
    assert softmax(A @ X) not in computed_nodes
    assert 0 < len(computed_nodes) <= 2 * 3


@pytest.mark.parametrize(
    "pattern", ["ij,jk,kl,lm->im", "ij,ij,i,j->", "ii->", "ij,kj,kl,lm,mi->", "ijk,k,j->i"]
)
def test_the_plan_says_what_it_makes(pattern):
    ins, _, out = pattern.partition("->")
    spots, ends = tuple(tuple(map(ord, spot)) for spot in ins.split(",")), tuple(map(ord, out))
    found = made(spots, ends)
    assert found[-1] == ends
    assert len(found) == len(plan(spots, ends))
    assert set().union(*found) <= set().union(*spots)


def test_a_variable_without_a_value_is_an_error():
    with pytest.raises(KeyError):
        computed(S, {}, {})


@pytest.mark.parametrize(
    "pattern", ["ij,jk,kl,lm->im", "ij,ij,i,j->", "i,i,i,ij->j", "ii->", "iij->j", "i->i",
                "i,j->ij", "ij,kj,kl,lm,mi->", "ijk,k,j->i"],
)  # fmt: skip
def test_contractions_in_pairs_are_contractions(pattern):
    ins, _, out = pattern.partition("->")
    draw = np.random.default_rng(3)
    arrays = [draw.normal(size=(3,) * len(spot)) for spot in ins.split(",")]
    spots = [tuple(map(ord, spot)) for spot in ins.split(",")]
    found = in_pairs(arrays, spots, tuple(map(ord, out)))
    assert np.allclose(found, np.einsum(pattern, *arrays))
    assert len(plan(tuple(spots), tuple(map(ord, out)))) == max(1, len(spots) - 1)


def test_numbers_are_numbers():
    assert fraction(one(lift(F(3, 7)) + S)) == F(3, 7)
    assert not finite(one(generic("f")(S)))
    assert one(ge(S, 0), s=0) == 1


@pytest.mark.parametrize("power_of_ten", [-300, -40, -6, -5, -1, 0, 1, 7, 8, 9, 40, 300])
@pytest.mark.parametrize("digits_of", [F(1), F(-1), F(999999, 100000), F(-(10**9) + 1, 10**8)])
def test_bounds_at_every_scale_contain_the_number(power_of_ten, digits_of):
    scale = digits_of * F(10) ** power_of_ten
    found, _ = exact(scale * e_to(S), {S: F(1)}, bits=256)
    text, _ = texts(found.item(), found.item() * 2)
    low, high = (F(t) for t in text.strip("[]").split(", "))
    narrow = exact(e_to(S), {S: F(1)}, bits=512)[0].item()
    ends = sorted(fraction_of(end) * scale for end in (narrow.lower(), narrow.upper()))
    assert low <= ends[0] <= ends[1] <= high
    assert high - low < abs(low) * F(1, 100)
    assert len(text) < 40


def fraction_of(end):
    mantissa, exponent = end.mid().man_exp()
    return int(mantissa) * F(2) ** int(exponent)
