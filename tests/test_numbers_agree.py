"""Residues: the arithmetic, the laws that hold, the sizes that suffice, and what is never said."""

from fractions import Fraction as F
from itertools import permutations

import numpy as np
import pytest

pytest.importorskip("flint")

from flint import fmpz

from derive.derivation.network import Domain
from derive.kernel.build import add, contracted, dot, lift, spread, total, trace
from derive.kernel.expr import Delta, Var, toposort
from derive.kernel.sizes import sizes
from derive.operators import pointwise as f
from derive.operators.primitives import argmax, log_softmax, logsumexp, maximum, one_hot, softmax
from proofs.numbers import agrees, cross_check, residues
from proofs.numbers.agree import lawless
from proofs.numbers.bounds import bound, large_sizes
from proofs.numbers.refute import refute
from proofs.numbers.residues import G, P, Q
from tests.numbers_claims import FALSE, TRUE

N, M, K = sizes("n m k")
x, y, s, t = Var("x", (N,)), Var("y", (N,)), Var("s", ()), Var("t", ())
A, B, C = Var("A", (N, N)), Var("B", (N, N)), Var("C", (N, N))
POSITIVE = Domain(low=F(0))
draw = np.random.default_rng(11)


def some(*shape, m=P):
    return draw.integers(1, m, shape)


# ------------------------------------------------------------------------------- the arithmetic


def test_the_prime_is_safe_and_signs_come_out_right():
    assert fmpz(P).is_prime()
    assert fmpz(Q).is_prime()
    assert P == 2 * Q + 1
    signs = {
        n: int(residues.sign(np.array([n % P]))[0]) for n in (-1, 0, 2, 3, 5, 7, 11, 13, 17, 19)
    }
    assert signs.pop(-1) == -1
    assert signs.pop(0) == 0
    assert set(signs.values()) == {1}


@pytest.mark.parametrize("m", [P, Q])
@pytest.mark.parametrize("pattern", ["ij,jk->ik", "ij,ij->", "i,j->ij", "ij->ji", "ii->", "i->"])
def test_einsum_is_exact_modulo_m(m, pattern):
    ins = pattern.split("->")[0].split(",")
    arrays = [np.full((6,) * len(spot), m - 1) - draw.integers(0, 9, (6,) * len(spot))
              for spot in ins]  # fmt: skip
    found = residues.einsum(pattern, *arrays, m=m)
    whole = np.einsum(pattern, *(a.astype(object) for a in arrays))
    assert np.array_equal(found, np.asarray(whole % m, dtype=np.int64))


def test_exponentials_are_a_homomorphism_and_logarithms_invert_them():
    j, k = some(50, m=Q), some(50, m=Q)
    one, two = residues.exponential(j), residues.exponential(k)
    assert np.array_equal(residues.exponential((j + k) % Q), one * two % P)
    assert np.array_equal(one[:8], [pow(G, int(n), P) for n in j[:8]])
    assert np.array_equal(residues.logarithm(one[:8]), j[:8])
    assert np.all(residues.sign(one) == 1)


def test_powers_and_signs():
    a = some(40)
    assert np.array_equal(residues.powered(a, -1, P) * a % P, np.ones(40))
    assert np.array_equal(residues.powered(a, 7, P), [pow(int(n), 7, P) for n in a])
    b = some(40)
    assert np.array_equal(residues.sign(a) * residues.sign(b), residues.sign(a * b % P))
    root = residues.powered(a * a % P, (Q + 1) // 2, P)
    assert np.array_equal(root, a * residues.sign(a) % P)


def test_hashes_depend_on_argument_name_and_key_and_on_nothing_else():
    keys = some(4)
    one = np.arange(5000).reshape(1, -1).repeat(4, axis=0)
    found = residues.hashed(one, "f", keys)
    assert np.array_equal(found, residues.hashed(one, "f", keys))
    for row in found:
        assert len(set(row)) > 4990
    assert not np.any(found == residues.hashed(one, "g", keys), axis=1).all()
    assert len({tuple(row[:20]) for row in found}) == 4
    assert abs(found.mean() / P - 0.5) < 0.02
    # Equal steps of the argument are no equal steps of the hash.
    steps = (found[:, 1:] - found[:, :-1]) % P
    assert all(len(set(row)) > 4980 for row in steps)


# --------------------------------------------------------------------------------- what it says


@pytest.mark.parametrize("name", [n for n in TRUE if TRUE[n].relation == "="])
def test_what_is_true_agrees_or_the_words_are_lawless(name):
    claim = TRUE[name]
    found = agrees(claim.left, claim.right, claim.facts)
    if found.found == "agrees":
        assert found.trials > 0
        assert 0 < found.miss <= 1
    else:
        assert lawless(toposort(claim.left, claim.right)), str(found)


@pytest.mark.parametrize("name", [n for n in FALSE if FALSE[n].relation == "="])
def test_what_is_false_differs_unless_it_is_a_border(name):
    claim = FALSE[name]
    found = agrees(claim.left, claim.right, claim.facts)
    assert found.found in (("agrees", "no sample") if claim.boundary else ("differs", "no sample"))


@pytest.mark.parametrize(
    ("left", "right", "facts"),
    [
        (softmax(x), softmax(x + spread(s, (N,))), {}),
        (f.log(softmax(x)), log_softmax(x), {}),
        (f.exp(log_softmax(x)), softmax(x), {}),
        (total(softmax(x)), lift(1), {}),
        (f.sqrt(s) * f.sqrt(t), f.sqrt(s * t), {s: POSITIVE, t: POSITIVE}),
        (f.power(F(1, 3))(s * s * s), s, {s: POSITIVE}),
        (f.raised(s, t) * f.raised(s, 2 * t), f.raised(s, 3 * t), {s: POSITIVE}),
        (f.sin(s) * f.sin(s) + f.cos(s) * f.cos(s), lift(1), {}),
        (f.erf(-s), -f.erf(s), {}),
        (f.generic("h")(x + y), f.generic("h")(y + x), {}),
        (f.exp(f.relu(x)), f.max2(f.exp(x) * 0 + 1, f.exp(f.relu(x))) * 0 + f.exp(f.relu(x)), {}),
        (dot(argmax(x), x), maximum(x), {}),
        (logsumexp(x), f.log(total(f.exp(x))), {}),
        (total(one_hot(3)(s)), lift(1), {s: Domain(classes=3)}),
    ],
)  # fmt: skip
def test_laws_that_hold_modulo_p(left, right, facts):
    found = agrees(left, right, facts)
    assert found.found == "agrees", str(found)


def test_exponentials_of_exponentials_have_no_sample():
    found = agrees(f.exp(f.exp(s)), f.exp(f.exp(s) + 0 * t))
    assert found.found == "no sample"
    assert "exponential" in str(found)


def _standard(matrices):
    """The standard polynomial: the sum of all products, each with the sign of its permutation."""
    terms = []
    for order in permutations(range(len(matrices))):
        sign = (-1) ** sum(order[i] > order[j] for j in range(len(order)) for i in range(j))
        product_ = matrices[order[0]]
        for k in order[1:]:
            product_ = product_ @ matrices[k]
        terms.append(sign * product_)
    return add(*terms)


def test_identities_of_small_matrices_are_seen_through_at_the_bound():
    cayley = A @ A - trace(A) * A
    rest = -F(1, 2) * (trace(A) * trace(A) - trace(A @ A)) * Delta(N)
    four = _standard([A, B, C, Var("D", (N, N))])
    for left, right in ((cayley, rest), (four, 0 * A)):
        limits = bound(left, right)
        at, complete = large_sizes(limits, toposort(left, right), {})
        assert complete
        assert at is not None
        assert at["n"] >= 3
        found = agrees(left, right)
        assert (found.found, found.complete) == ("differs", True)
        assert refute(left, right) is not None


def test_sizes_are_pairwise_different_and_reach_the_bound():
    W, V = Var("W", (M, N)), Var("V", (K, M))
    node = contracted((V, W, x), ((0, 1), (1, 2), (2,)), (0,))
    at, complete = large_sizes(bound(node), toposort(node), {})
    assert complete
    assert at is not None
    assert len(set(at.values())) == 3
    limits = bound(trace(A @ B @ C))
    assert limits.indices[N] == 3
    assert limits.degree == 3
    assert bound(f.relu(x) * f.gt(x, 0)).masks == 2


def test_huge_bounds_are_cut_and_said_to_be():
    node = A
    for _ in range(5):
        node = node @ node
    found = agrees(trace(node), trace(node.T))
    assert found.found == "agrees"
    assert not found.complete
    assert "larger sizes were not tried" in str(found)


# ----------------------------------------------------------- agreement by design: the bound knows


def test_what_vanishes_modulo_p_alone_has_no_bound():
    for left, right in (
        (P * x, 0 * x),  # a coefficient
        ((P // 7) * 7 * s + (P % 7) * s, 0 * s),  # the same in two parts
        (f.power(P - 1)(s), lift(1)),  # Fermat
        (f.power(P)(s), s),
        (f.power(Q)(s * s), lift(1)),
        (lift(F(1, P + 1)) * s, s),
        (46337 * (46337 * s), (46337 * 46337 - P) * s),
    ):
        found = agrees(left, right)
        assert found.found == "agrees"
        assert found.miss == 1
        assert refute(left, right) is not None


def test_a_difference_behind_masks_or_labels_is_allowed_for():
    label, q = Var("c", ()), Var("q", (N,))
    hot = Domain(values=(F(0), F(1)), normalised=True)
    behind = f.gt(s, 0) * f.gt(t, 0) * f.gt(s + t, 1)
    assert agrees(behind * x, behind * x + 0 * y).miss >= F(7, 8)
    one = agrees(total(one_hot(5)(label)), lift(1), {label: Domain(classes=5)})
    assert one.miss >= F(4, 5)
    assert agrees(total(q), lift(1), {q: hot}).miss >= F(1, 2)
    assert agrees(x + y, y + x).miss < F(1, 10**7)


def test_residues_are_never_a_refutation():
    # Order facts are true of numbers and false of residues: a square plus 1 is positive.
    claim = f.relu(s * s + 1), s * s + 1
    assert agrees(*claim).found == "differs"
    assert "no counterexample" in str(agrees(*claim))
    assert refute(*claim) is None
    assert cross_check(*claim) is None


# ------------------------------------------------------------------------------ the second opinion


@pytest.mark.parametrize("name", [n for n in TRUE if TRUE[n].relation == "="])
def test_true_claims_pass_the_second_opinion(name):
    claim = TRUE[name]
    assert cross_check(claim.left, claim.right, claim.facts) is None


@pytest.mark.parametrize("name", [n for n in FALSE if FALSE[n].relation == "="])
def test_false_claims_do_not_unless_they_hold_almost_everywhere(name):
    claim = FALSE[name]
    assert cross_check(claim.left, claim.right, claim.facts) is not None
    almost = cross_check(claim.left, claim.right, claim.facts, almost_everywhere=True)
    assert (almost is None) == claim.boundary


def test_sides_of_different_shapes_are_a_disagreement():
    assert cross_check(x, s) is not None
