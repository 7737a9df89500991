"""Random pairs against the prover: what it calls equal has equal numbers.

The idea: the prover may be silent and must never be wrong.  The seeds here are a sample; 10 to 100
thousand are run by hand with ``python -m tests.test_prove_fuzz FIRST COUNT``.
"""

from __future__ import annotations

import random
import sys
import warnings

import numpy as np
import pytest

from derive.kernel.calculus import grad
from derive.kernel.expr import Expr, toposort
from derive.meaning.evaluate import evaluate, evaluate_all
from derive.meaning.normal import normal
from proofs.equal import Proof, prove
from proofs.equal.bounds import Bounds
from proofs.equal.reading import is_piecewise
from tests.prove_edits import FACTS, Grower, M, N, disagreement, edited, pair, point
from tests.random_expressions import AT, Sprout, values

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def judged(seed: int) -> tuple[bool, str]:
    """Whether a pair was proved, and what speaks against it."""
    rng = random.Random(seed)
    a, b = pair(rng)
    if a is b or a.axes != b.axes:
        return False, ""
    proof = prove(a, b, FACTS)
    if proof is None:
        return False, ""
    against = disagreement(a, b, proof, rng)
    return True, f"seed {seed}: {against}" if against else ""


@pytest.mark.parametrize("block", range(4))
def test_what_is_proved_has_equal_numbers(block):
    found = [judged(seed) for seed in range(200 * block, 200 * (block + 1))]
    assert [against for _, against in found if against] == []
    assert sum(proved for proved, _ in found) > 40  # it does prove things


@pytest.mark.parametrize("block", range(3))
def test_products_of_tensors_in_exact_numbers(block):
    """A true rewrite is proved; of a wrong index only what is true."""
    proved = 0
    for seed in range(100 * block, 100 * (block + 1)):
        rng = random.Random(seed)
        a = Sprout(rng, exact=True).matrix(N, N, 3)
        b = normal(a)
        assert a is b or prove(a, b) is not None, seed
        wrong = edited(rng, a, 1)
        if wrong.axes != a.axes or prove(a, wrong) is None or prove(a, wrong) != Proof():
            continue
        proved += 1
        at = values(rng, exact=True)
        try:
            left, right = (evaluate(s, at, AT, exact=True) for s in (a, wrong))
        except ArithmeticError:  # not rational, or divided by 0
            continue
        assert np.all(left == right), seed
    assert proved


def test_entries_lie_within_their_bounds():
    for seed in range(300):
        rng = random.Random(seed)
        root = Grower(rng).grow(rng.choice([(), (N,), (N, M)]), 4)
        bounds = Bounds(FACTS)
        at = {"n": rng.choice([1, 2, 3]), "m": rng.choice([1, 2])}
        with np.errstate(all="ignore"):
            known = evaluate_all([root], point(rng, at, bool(seed % 2)), at)
        for node in toposort(root):
            value, interval = known[node], bounds.of(node)
            if all(np.all(np.isfinite(known[k])) for k in toposort(node)):
                slack = 1e-9 * (1 + np.max(np.abs(value)))
                assert np.min(value) >= interval.low - slack, seed
                assert np.max(value) <= interval.high + slack, seed


def test_gradients_of_equal_losses_are_equal():
    """Two ways of writing a loss: where they are proved equal everywhere, so are their slopes."""
    compared = 0
    for seed in range(400):
        rng = random.Random(seed)
        a = Grower(rng).grow((), 2)
        b = edited(rng, a, 1)
        if a is b or b.axes or prove(a, b, FACTS) != Proof() or not _smooth(a, b):
            continue
        x = next((v for v in toposort(a) if v.axes == (N,) and not v.kids), None)
        if x is None or x in FACTS:
            continue
        proof = prove(grad(a, x), grad(b, x), FACTS)
        if proof is not None:
            compared += 1
            assert disagreement(grad(a, x), grad(b, x), proof, rng) == "", seed
    assert compared


def _smooth(*roots: Expr) -> bool:
    return not any(is_piecewise(node) for node in toposort(*roots))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    first, count = int(sys.argv[1]), int(sys.argv[2])
    proved = 0
    for seed in range(first, first + count):
        was, against = judged(seed)
        proved += was
        if against:
            print(against)
    print(f"{proved} of {count} proved")
