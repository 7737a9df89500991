"""Random claims: nothing true is refuted, and whatever is refuted differs by another evaluation."""

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("flint")

from derive.derivation.network import Domain
from derive.kernel.build import add, contracted, lift, named, rebuilt, spread
from derive.kernel.calculus import backward
from derive.kernel.expr import Add, Contract, Expr, Map, Var, toposort
from derive.meaning.evaluate import NotExact, evaluate
from derive.meaning.normal import normal
from derive.operators import pointwise as f
from derive.operators.primitives import logsumexp, softmax
from proofs.numbers import agrees, cross_check
from proofs.numbers.entries import finite, fraction, is_rational
from proofs.numbers.exact import Exact
from proofs.numbers.refute import refutation, refute
from proofs.numbers.sample import Sampler, float_agreement
from tests.networks import Network, networks
from tests.random_expressions import Sprout
from tests.recipe import EXTENT

HALF = Fraction(1, 2)


def by_definition(node: Expr, rng: random.Random) -> Expr:
    """The same value in other words, for all real numbers, or the node itself."""
    match node:
        case Add(terms):
            shuffled = rng.sample(terms, len(terms))
            return add(*shuffled)
        case Contract(factors, indices, out) if len(factors) > 1:
            order = rng.sample(range(len(factors)), len(factors))
            k = order[0]
            if isinstance(factors[k], Add) and rng.random() < 0.5:  # distributes over a sum
                parts = [[*factors[:k], t, *factors[k + 1 :]] for t in factors[k].kids]
                return add(*(contracted(part, indices, out) for part in parts))
            return contracted([factors[j] for j in order], [indices[j] for j in order], out)
        case Map(fn, (x,)) if fn is f.relu:
            return rng.choice(
                [f.gt(x, 0) * x, f.ge(x, 0) * x, HALF * (x + f.absolute(x)), f.max2(x, 0),
                 x + f.relu(-x), f.where(f.lt(x, 0), 0, x)]
            )  # fmt: skip
        case Map(fn, (x,)) if fn is f.absolute:
            return rng.choice([f.sign(x) * x, f.relu(x) + f.relu(-x), f.max2(x, -x),
                               f.sqrt(x * x)])  # fmt: skip
        case Map(fn, (x,)) if fn is f.sigmoid:
            return rng.choice([1 - f.sigmoid(-x), HALF * (1 + f.tanh(HALF * x)),
                               f.exp(x) / (1 + f.exp(x))])  # fmt: skip
        case Map(fn, (x,)) if fn is f.tanh:
            return rng.choice([2 * f.sigmoid(2 * x) - 1, -f.tanh(-x), f.sinh(x) / f.cosh(x)])
        case Map(fn, (x, y)) if fn is f.gt:
            return rng.choice([f.lt(y, x), 1 - f.le(x, y), f.gt(x - y, 0)])
        case Map(fn, (x, y)) if fn is f.max2:
            return rng.choice([f.max2(y, x), y + f.relu(x - y), -f.min2(-x, -y)])
        case Map(fn, (x,)) if fn.name == "power" and fn.params[0] == 2:
            return x * x
        case Map(fn, (x,)) if fn.name == "power" and fn.params[0] == 3:
            return x * x * x
        case _ if len(node.axes) == 1 and getattr(node, "op", None) is softmax:
            (x,) = node.kids
            return rng.choice([softmax(x + spread(lift(3), x.axes)),
                               f.exp(x - spread(logsumexp(x), x.axes))])  # fmt: skip
        case _:
            return node


def rewritten(root: Expr, rng: random.Random) -> Expr:
    """An expression with the same value everywhere, its parts put in other words."""
    made: dict[Expr, Expr] = {}
    for node in toposort(root):
        new = rebuilt(node, [made[kid] for kid in node.kids])
        if rng.random() < 0.6:
            new = by_definition(new, rng)
        made[node] = named("r", new) if new.kids and rng.random() < 0.1 else new
    return made[root]


def mutated(root: Expr, rng: random.Random) -> Expr:
    """The expression with one node changed: often, but not always, another value."""
    nodes = [node for node in toposort(root) if node.kids]
    if not nodes:
        return 2 * root
    chosen = rng.choice(nodes)
    made: dict[Expr, Expr] = {}
    for node in toposort(root):
        new = rebuilt(node, [made[kid] for kid in node.kids])
        if node is chosen:
            if len(new.axes) == 2 and new.axes[0] is new.axes[1] and rng.random() < 0.6:
                new = new.T
            else:
                new = rng.choice([-new, 2 * new, new + 1, f.relu(new), new * new])
        made[node] = new
    return made[root]


def sprouts(seed: int, exact: bool = False):
    rng = random.Random(seed)
    grow = Sprout(rng, exact=exact, labels=True)
    made = rng.choice([grow.scalar, lambda d: grow.vector(grow.size(), d)])(rng.choice([2, 3]))
    return rng, made


@pytest.mark.parametrize("block", range(20))
def test_nothing_true_is_refuted(block):
    for seed in range(1000 + 40 * block, 1040 + 40 * block):
        rng, e = sprouts(seed)
        same = rewritten(e, rng)
        sampler = Sampler((e, same), seed=seed)
        assert refute(e, same, sampler=sampler) is None, seed
        assert float_agreement(e, same, sampler) in (True, None), seed


@pytest.mark.parametrize("block", range(4))
def test_no_order_that_follows_from_equality_is_refuted(block):
    for seed in range(3000 + 8 * block, 3008 + 8 * block):
        rng, e = sprouts(seed)
        assert refute(e, rewritten(e, rng), relation=rng.choice(["<=", ">="]), budget=0.1) is None


@pytest.mark.parametrize("block", range(5))
def test_normal_forms_pass_the_second_opinion(block):
    for seed in range(5000 + 20 * block, 5020 + 20 * block):
        _, e = sprouts(seed)
        assert cross_check(e, normal(e)) is None, seed


@pytest.mark.parametrize("block", range(5))
def test_what_is_refuted_differs_by_another_evaluation(block):
    refuted = 0
    for seed in range(7000 + 30 * block, 7030 + 30 * block):
        rng, e = sprouts(seed)
        other = mutated(rewritten(e, rng), rng)
        found = refutation(e, other)
        if found is None:
            continue
        refuted += 1
        floats = {v: np.asarray(value, float) for v, value in found.values.items()}
        one, two = evaluate(e, floats, found.at), evaluate(other, floats, found.at)
        scale = np.maximum(1, np.abs(one))
        assert np.any(np.abs(one - two) > 1e-12 * scale), seed
    assert refuted > 12


@pytest.mark.parametrize("block", range(3))
def test_what_is_refuted_differs_in_exact_fractions(block):
    refuted = 0
    for seed in range(9000 + 30 * block, 9030 + 30 * block):
        rng, e = sprouts(seed, exact=True)
        other = mutated(e, rng)
        found = refutation(e, other)
        if found is None:
            continue
        try:
            one, two = (evaluate(n, found.values, found.at, exact=True) for n in (e, other))
        except NotExact:
            continue
        refuted += 1
        assert np.any(one != two), seed
        place = tuple(k - 1 for k in found.counterexample.entry)
        assert str(one[place]) == found.counterexample.left
        assert str(two[place]) == found.counterexample.right
    assert refuted > 8


@pytest.mark.parametrize("seed", range(40))
def test_a_wrong_gradient_is_refuted_and_a_right_one_is_not(seed):
    rng = random.Random(seed)
    loss = Sprout(rng).scalar(3)
    gradient = next(
        (g for v, g in backward(loss).cotangents.items() if isinstance(v, Var) and v.axes), loss
    )
    assert refute(gradient, rewritten(gradient, rng)) is None
    assert cross_check(gradient, normal(gradient), almost_everywhere=True) is None


@pytest.mark.parametrize("seed", range(30))
def test_residues_agree_where_only_lawful_words_are_used(seed):
    rng = random.Random(seed)
    e = Sprout(rng, exact=True).scalar(3)
    if any(isinstance(n, Map) and n.fn.name != "power" for n in toposort(e)):
        return
    found = agrees(e, rewritten(e, rng))
    assert found.found in ("agrees", "no sample")


@given(networks())
def test_the_value_of_any_network_lies_in_its_enclosure(network):
    values = {
        v: np.vectorize(Fraction, otypes=[object])(np.asarray(a, float))
        for v, a in network.values.items()
    }
    point = Exact(values, EXTENT, 200)
    ball = point.value(network.loss).item()
    if any(isinstance(n, Map) and n.fn.name == "generic" for n in network.nodes):
        assert not finite(ball)
        return
    number = float(evaluate(network.loss, network.values, EXTENT))
    middle = float(fraction(ball)) if is_rational(ball) else float(ball.mid())
    if np.isfinite(number) and finite(ball):
        assert abs(middle - number) <= 1e-7 * max(1.0, abs(number))


def labels(network: Network) -> dict[Expr, Domain]:
    """Class numbers that fit every one-hot vector made of them."""
    return {v: Domain(values=(Fraction(1), Fraction(2))) for v in network.labels}


@given(networks(), st.integers(0, 10**6))
def test_a_gradient_of_any_network_has_no_counterexample(network, seed):
    rng = random.Random(seed)
    for v, g in list(backward(network.loss).cotangents.items())[:40]:
        if isinstance(v, Var):
            same = rewritten(g, rng)
            found = refute(g, same, labels(network), functions=True)
            assert found is None, found
            break
