"""Orders of numbers: what the rules show, what they must not, and numbers against both."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.derivation.network import Domain
from derive.diagnostics import Source
from derive.kernel.build import lift
from derive.kernel.expr import Expr, Map, Var
from derive.meaning.evaluate import evaluate
from derive.operators import pointwise as f
from proofs.check import check_source
from proofs.equal.bounds import Bounds
from proofs.equal.order import ordered

FACTS = (
    r"Let $a \ge 0$, $g, t, u \in \mathbb{R}$, $\epsilon, \nu > 0$, $k > 0$, $0 < c < 2$, "
    r"$0 < p < \frac12$, $b > 2$, $x \in \mathbb{R}^n$. "
)


def verdict(line: str) -> str:
    (claim,) = check_source(Source("", FACTS + rf"\[ {line} \]")).claims
    (link,) = claim.links
    return str(link.verdict)


@pytest.mark.parametrize(
    "line",
    [
        r"\frac{\epsilon}{\sqrt{a + g^2} + \nu} \le \frac{\epsilon}{\sqrt{a} + \nu}",
        r"\frac{\epsilon}{\sqrt{a + k} + \nu} < \frac{\epsilon}{\sqrt{a} + \nu}",
        r"|1 - c| < 1",
        r"|1 - b| > 1",
        r"p (1 - p) (1 - 2p) > 0",
        r"\|x\|_2^2 \ge 0",
        r"e^t \le e^t + u^2",
        r"\sigma(t) < \sigma(t + u^2 + 1)",
        r"-\ln \frac12 < -\ln \frac{49}{100}",
        r"1 - \tanh^2(t) \le 1",
        r"\sqrt{t} \le \sqrt{t + u^2}",
        r"t^3 \le (t + u^2)^3",
        r"\log t \le \log(t + u^2)",
        r"t k < (t + 1) k",
        r"\|(1 - c) x\|_2^2 \le \|x\|_2^2",
        r"2t - u \le 2t - u + \|x\|_2^2",
    ],
)
def test_an_order_is_proved(line: str) -> None:
    assert verdict(line) == "proved"


@pytest.mark.parametrize(
    "line",
    [
        # each drops a condition that a rule needs
        r"\frac{\epsilon}{\sqrt{a + g^2} + \nu} < \frac{\epsilon}{\sqrt{a} + \nu}",  # g = 0
        r"\frac{1}{t + u^2} \le \frac{1}{t}",  # of either sign
        r"t^2 \le (t + u^2)^2",
        r"t u \le (t + 1) u",
        r"g \|x\|_2^2 \le (g + 1) \|x\|_2^2 - 1",
        r"|1 - b| < 1",
        r"|t| < k",
        r"\|(1 - b) x\|_2^2 \le \|x\|_2^2",
        r"t \le |u|",
        r"\|x\|_2^2 > 0",
        r"e^t < e^t + u^2",
        r"t + u^2 \ge t + u",
    ],
)
def test_a_false_order_is_refuted(line: str) -> None:
    assert verdict(line) == "refuted"


def test_functions_are_the_same_by_their_names_not_by_their_place_in_memory() -> None:
    """What was made long ago has a power of its own, once the makers have forgotten it."""
    kept = f.power(3)(Var("t", ()))
    f.power.cache_clear()
    later = f.power(3)(Var("t", ()) + f.square(Var("u", ())))
    assert isinstance(kept, Map)
    assert isinstance(later, Map)
    assert kept.fn is not later.fn
    assert ordered(kept, later, False, Bounds({}))


S, T, P = Var("s", ()), Var("t", ()), Var("p", ())
LEAVES = st.sampled_from([S, T, P, P, *(lift(n) for n in (-2, -1, 1, 2, Fraction(1, 2)))])


def _grown(kids: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.one_of(
        st.tuples(kids, kids).map(lambda ab: ab[0] + ab[1]),
        st.tuples(kids, kids).map(lambda ab: ab[0] * ab[1]),
        kids.map(lambda a: a * -1),
        kids.map(f.square),
        kids.map(lambda a: f.power(3)(a)),
        kids.map(f.exp),
        kids.map(f.tanh),
        kids.map(f.relu),
        kids.map(f.absolute),
        kids.map(lambda a: f.sqrt(f.square(a) + 1)),
        kids.map(lambda a: f.reciprocal(f.square(a) + 1)),
        kids.map(lambda a: f.reciprocal(a)),
        kids.map(lambda a: f.log(f.square(a) + 1)),
    )


EXPRESSIONS = st.recursive(LEAVES, _grown, max_leaves=5)
NUMBERS = (-1.7, -0.6, -0.1, 0.0, 0.3, 1.0, 2.2)


@given(EXPRESSIONS, EXPRESSIONS, st.booleans(), st.booleans())
def test_what_is_shown_is_true_of_numbers(a: Expr, b: Expr, near: bool, strict: bool) -> None:
    if near:  # two sides that have much in common
        b = a + f.square(b)
    if not ordered(a, b, strict, Bounds({P: Domain(low=Fraction(0))})):
        return
    for s in NUMBERS:
        for t in NUMBERS:
            for p in (0.2, 1.5):
                with np.errstate(all="ignore"):
                    left, right = (float(evaluate(e, {S: s, T: t, P: p})) for e in (a, b))
                if np.isfinite(left) and np.isfinite(right):
                    assert left <= right + 1e-9 * (1 + abs(left) + abs(right))
