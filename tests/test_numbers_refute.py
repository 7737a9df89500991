"""Counterexamples: every false claim has one that holds on its own, and no true claim has any."""

import subprocess
import sys
from fractions import Fraction as F
from random import Random

import numpy as np
import pytest

pytest.importorskip("flint")

from derive.derivation.network import Domain
from derive.kernel.expr import ShapeError, Var, toposort
from derive.kernel.sizes import evaluate as number
from derive.kernel.sizes import sizes
from derive.meaning.evaluate import evaluate
from derive.operators import pointwise as f
from proofs.numbers.certify import certify, nested, plain_symbol
from proofs.numbers.refute import refutation, refute
from proofs.numbers.sample import Sampler, float_agreement
from proofs.verdict import Counterexample
from tests.numbers_claims import FALSE, TRUE, Claim

N, M = sizes("n m")
x, s = Var("x", (N,)), Var("s", ())
UNIT = Domain(F(0), F(1))


def holds(claim: Claim, left, right) -> bool:
    """The relation between two arrays of floats, generously."""
    gap = np.asarray(left) - np.asarray(right)
    near = 1e-12 * np.maximum(1, np.abs(left))
    match claim.relation:
        case "=":
            return bool(np.all(np.abs(gap) <= near))
        case "!=":
            return bool(np.any(np.abs(gap) > near))
        case "<=":
            return bool(np.all(gap <= near))
        case "<":
            return bool(np.all(gap < -near))
        case ">=":
            return bool(np.all(gap >= -near))
    return bool(np.all(gap > near))


def lives(value, domain: Domain, at) -> bool:
    flat = list(np.ravel(value))
    if domain.classes is not None:
        return all(n in range(1, number(domain.classes, at) + 1) for n in flat)
    inside = all(
        (domain.low is None or n > domain.low)
        and (domain.high is None or n < domain.high)
        and (not domain.values or n in domain.values)
        for n in flat
    )
    total = np.ravel(np.asarray(value).sum(axis=-1)) if domain.normalised else [1]
    return inside and all(n == 1 for n in total) and (not domain.normalised or min(flat) >= 0)


@pytest.mark.parametrize("name", FALSE)
def test_false_claims_are_refuted_by_a_point_that_stands_alone(name):
    claim = FALSE[name]
    found = refutation(claim.left, claim.right, claim.facts, relation=claim.relation)
    assert found is not None
    for v, value in found.values.items():
        assert lives(value, claim.facts.get(v, Domain()), found.at), v
    floats = {v: np.asarray(value, float) for v, value in found.values.items()}
    left, right = (evaluate(e, floats, found.at) for e in (claim.left, claim.right))
    assert claim.hairline or not holds(claim, left, right)
    said = found.counterexample
    assert said.boundary == claim.boundary
    variables = [v for v in toposort(claim.left, claim.right) if isinstance(v, Var)]
    assert [symbol for symbol, _ in said.values] == [plain_symbol(v) for v in variables]
    assert [value for _, value in said.values] == [nested(found.values[v]) for v in variables]
    assert all(n >= 1 for n in said.sizes.values())
    place = tuple(k - 1 for k in said.entry)
    if claim.relation != "!=":
        assert len(place) == len(claim.left.axes)
        for text, value in ((said.left, left[place]), (said.right, right[place])):
            assert within(text, float(value))


def within(text: str, value: float) -> bool:
    """Whether an exact number or an enclosure, as text, has this float in it."""
    low, high = (text.strip("[]").split(", ") * 2)[:2]
    near = 1e-9 * max(1.0, abs(value))
    return float(F(low)) - near <= value <= float(F(high)) + near


@pytest.mark.parametrize("name", TRUE)
def test_true_claims_are_never_refuted(name):
    claim = TRUE[name]
    for seed in range(3):
        sampler = Sampler((claim.left, claim.right), claim.facts, seed)
        found = refute(claim.left, claim.right, relation=claim.relation, sampler=sampler)
        assert found is None, found


@pytest.mark.parametrize("name", [n for n in FALSE if FALSE[n].relation == "="])
def test_floats_see_a_difference_wherever_it_is_not_at_a_border(name):
    claim = FALSE[name]
    sampler = Sampler((claim.left, claim.right), claim.facts)
    unseen = claim.boundary or claim.hairline
    assert float_agreement(claim.left, claim.right, sampler) is unseen


@pytest.mark.parametrize("name", [n for n in TRUE if TRUE[n].relation == "="])
def test_floats_agree_with_what_is_true(name):
    claim = TRUE[name]
    sampler = Sampler((claim.left, claim.right), claim.facts)
    assert float_agreement(claim.left, claim.right, sampler) is True


def test_floats_say_nothing_where_nothing_is_defined():
    sampler = Sampler()
    assert float_agreement(f.log(-s * s), f.log(-1 - s * s), sampler) is None


def test_floats_need_no_flint():
    code = "import sys, proofs.numbers.sample; sys.exit('flint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -------------------------------------------------------------------------------- what is found


def shown(claim: Claim) -> Counterexample:
    found = refute(claim.left, claim.right, claim.facts, relation=claim.relation)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("a transpose is missing", {"n": 2}), ("matrices commute", {"n": 2}),
        ("tanh is the sigmoid", {"n": 1}), ("a sum for a mean", {"n": 2}),
        ("the mask is missing", {"m": 1, "n": 1}), ("a softmax without its sum", {"n": 1}),
        ("Cayley-Hamilton for two", {"n": 3}), ("a batch of another sample", {"m": 2, "n": 1}),
    ],
)  # fmt: skip
def test_sizes_are_as_small_as_they_can_be(name, most):
    assert shown(FALSE[name]).sizes == most


@pytest.mark.parametrize("name", ["a transpose is missing", "the mask is missing", "a sign",
                                  "matrices commute", "two squares"])  # fmt: skip
def test_entries_are_small_integers(name):
    def flat(value):
        return [n for part in value for n in flat(part)] if isinstance(value, tuple) else [value]

    for _, value in shown(FALSE[name]).values:
        assert all(n in (-1, 0, 1) for n in flat(value))


def test_the_words_of_the_document():
    found = shown(FALSE["a batch of another sample"])
    assert [symbol for symbol, _ in found.values] == ["x^{(i)}"]
    assert found.entry in ((1,), (2,))
    # A variable of neither side is not mentioned, though the document has it.
    sampler = Sampler([Var("unused", (N, M)), x])
    found = refute(x, 2 * x, sampler=sampler)
    assert found is not None
    assert [symbol for symbol, _ in found.values] == ["x"]
    assert set(found.sizes) == {"n"}


def test_rationals_are_said_exactly_and_others_by_enclosures():
    exact, ball = shown(FALSE["a sign"]), shown(FALSE["a softmax without its sum"])
    assert F(exact.left) != F(exact.right)
    assert any(text.startswith("[") for text in (ball.left, ball.right))


def test_a_difference_in_a_far_corner_is_found_near_the_points_looked_at():
    # relu(s - 7) is 0 at most of the simple points; the inequality fails only above 7.
    found = refute(f.relu(s - 7), s * 0, relation="<=")
    assert found is not None
    assert not found.boundary


def test_facts_about_nodes_select_the_points():
    node = s * s - 2
    assert refute(node, f.absolute(node), {node: Domain(low=F(0))}) is None
    found = refutation(node, f.absolute(node), {})
    assert found is not None
    assert found.values[s] ** 2 < 2


def test_facts_exclude_counterexamples():
    claim = FALSE["the maximum as leaky relu"]
    (alpha,) = (v for v in toposort(claim.right) if isinstance(v, Var) and not v.axes)
    assert refute(claim.left, claim.right, {alpha: UNIT}) is None
    found = refutation(claim.left, claim.right, {alpha: Domain(low=F(1))})
    assert found is not None
    assert found.values[alpha].item() > 1


def test_sizes_that_are_sums_have_entries():
    k, n = sizes("k n")
    w = Var("w", (n - k + 1,))
    found = refute(w, 2 * w)
    assert found is not None
    assert found.sizes["n"] - found.sizes["k"] + 1 >= 1


def test_shapes_must_fit():
    with pytest.raises(ShapeError):
        refute(x, s)
    with pytest.raises(ValueError, match="is none of"):
        refute(x, x, relation="~")


def test_a_function_nobody_defined_is_no_counterexample():
    g = f.generic("g")
    assert refute(g(s), 2 * g(s)) is None
    assert refute(g(s) + 1, g(s), relation="<=") is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (f.power(10**9)(s), f.power(10**9 + 1)(s)), (f.exp(f.exp(9 + s)), f.exp(f.exp(10 + s))),
        (f.exp(-f.exp(9 + s)), 2 * f.exp(-f.exp(9 + s))), (f.power(3000)(s + 3), 2 * s),
        (f.power(-3000)(s + 3), f.power(-3001)(s + 3)), (s * 10**400, s * 10**401),
        (s / 10**400, s / 10**401 + 1),
    ],
)  # fmt: skip
def test_numbers_far_out_are_said_in_few_words(left, right):
    found = refute(left, right)
    if found is not None:
        assert len(found.left) < 700
        assert len(found.right) < 700
        assert found.left != found.right


@pytest.mark.parametrize("shapes", [(), (N,)])
def test_a_function_nobody_defined_may_be_chosen_where_the_claim_is_about_all(shapes):
    v, w = Var("v", shapes), Var("w", shapes)
    g, slope = f.generic("g"), f.generic("g", 1)
    for left, right in (
        (g(v), 2 * g(v)), (slope(v) * w, g(v) * w), (g(v + w), g(v) + g(w)),
        (slope(v) * slope(w), slope(v * w)), (f.generic("g", 2)(v), slope(v)),
        (g(v), f.generic("h")(v)),
    ):  # fmt: skip
        found = refute(left, right, functions=True)
        assert found is not None
        said = [symbol for symbol, _ in found.values]
        assert any(symbol.startswith(("g(", "g'(", "g''(")) for symbol in said)
    for left, right in ((g(v + w), g(w + v)), (slope(v) * w + w, w * (1 + slope(v)))):
        assert refute(left, right, functions=True) is None


def test_chosen_functions_have_the_derivatives_that_are_said():
    g, slope = f.generic("g"), f.generic("g", 1)
    found = refute(slope(s), g(s), functions=True)
    assert found is not None
    values = dict(found.values)
    at = values["s"]
    assert F(found.left) == values[f"g'({at})"]
    assert F(found.right) == values[f"g({at})"]


# ------------------------------------------------------------------------------- the certificate


def test_a_point_outside_its_domain_certifies_nothing():
    values = {s: np.array(F(2), object)}
    assert certify(s, s * s, "=", values, {}) is not None
    assert certify(s, s * s, "=", values, {}, {s: UNIT}) is None
    assert certify(s, s * s, "=", values, {}, {s: Domain(values=(F(0), F(1)))}) is None
    assert certify(s, s * s, "=", values, {}, {s: Domain(classes=1)}) is None
    assert certify(s, s * s, "=", values, {}, {s - 3: Domain(low=F(0))}) is None
    q = Var("q", (N,))
    parts = {q: np.array([F(1, 2), F(1, 3)], object)}
    assert certify(q, q * q, "=", parts, {"n": 2}, {q: Domain(normalised=True)}) is None


def test_equal_numbers_that_are_no_rationals_certify_nothing():
    for relation in ("=", "<=", ">=", "<", ">", "!="):
        values = {s: np.array(F(2), object)}
        assert certify(f.exp(f.log(s)), s, relation, values, {}) is None


def test_an_entry_that_is_not_defined_spoils_the_point():
    values = {x: np.array([F(0), F(1)], object)}
    assert certify(1 / x, 2 / x, "=", values, {"n": 2}) is None
    values = {x: np.array([F(2), F(1)], object)}
    assert certify(1 / x, 2 / x, "=", values, {"n": 2}) is not None


@pytest.mark.parametrize("seed", range(60))
def test_a_certificate_agrees_with_exact_fractions(seed):
    rng = Random(seed)
    values = {
        v: np.array(
            [F(rng.randint(-3, 3), rng.randint(1, 3)) for _ in range(2 ** len(v.axes))], object
        ).reshape((2,) * len(v.axes))
        for claim in FALSE.values() for v in toposort(claim.left, claim.right)
        if isinstance(v, Var)
    }  # fmt: skip
    at = {"n": 2, "m": 2, "p": 2}
    for claim in FALSE.values():
        try:
            left, right = (evaluate(e, values, at, exact=True) for e in (claim.left, claim.right))
        except (ArithmeticError, TypeError):
            continue
        found = certify(claim.left, claim.right, claim.relation, values, at)
        match claim.relation:
            case "=":
                true = np.all(left == right)
            case "!=":
                true = np.any(left != right)
            case "<=":
                true = np.all(left <= right)
            case "<":
                true = np.all(left < right)
            case ">=":
                true = np.all(left >= right)
            case _:
                true = np.all(left > right)
        assert (found is None) == bool(true)
