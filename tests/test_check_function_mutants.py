"""No mutant is accepted: every edit of the backward pass of many networks, given as a function.

The idea: the function under test returns what a sweep with one share changed gives; whatever
differs from the gradient must be found, and if a cause is named it must explain what was returned.
"""

import numpy as np
import pytest

import derive as d
from derive.derivation.network import REALS
from derive.derivation.points import Point, value
from derive.kernel.calculus import grad
from derive.kernel.expr import Var, toposort
from derive.meaning.evaluate import evaluate_all
from proofs.functions.edits import TABLES, Search
from proofs.functions.sweep import Sweep

N, n, m, h = d.sizes("N n m h")
X, Y = d.matrix("X", N, n), d.matrix("Y", N, m)
x, y, b = d.vector("x", n), d.vector("y", m), d.vector("b", m)
W, U, V = d.matrix("W", m, n), d.matrix("U", h, n), d.matrix("V", m, h)


def shallow():
    return d.half_squared_norm(d.name("z", W @ x + b) - y), [W, b]


def deep():
    a = d.name("a", d.relu(d.name("z", U @ x)))
    return d.squared_norm(d.name("p", d.sigmoid(V @ a)) - y), [U, V]


def batched():
    A = d.name("A", d.tanh(d.name("Z", X @ U.T)))
    return d.half_squared_norm(A @ V.T - Y) / 3 + d.scalar("lambda") * d.squared_norm(V), [U, V]


def classes():
    p = d.name("p", d.softmax(d.name("z", W @ x + b)))
    return -d.dot(y, d.log(p)), [W, b]


def quadratic():
    A, v = d.matrix("A", n, n), d.vector("v", n)
    return v @ (A @ v) + d.total(d.exp(v)), [A, v]


def gated():
    g = d.name("g", d.sigmoid(d.name("s", U @ x)))
    c = d.name("c", d.tanh(d.name("t", d.matrix("T", h, n) @ x)))
    return d.half_squared_norm(V @ (g * c) - y), [U, V]


NETWORKS = [shallow, deep, batched, classes, quadratic, gated]


def function_of(loss, wrt, by, edit):
    """A function of the variables that returns the gradients, that of ``by`` by a changed sweep."""
    sweep, slopes = Sweep(loss, wrt), grad(loss, wrt)
    variables = [v for v in toposort(loss) if type(v) is Var]

    def backward(**given):
        values = {v: given[d_name] for v, d_name in zip(variables, given)}
        at = {}
        for v, array in values.items():
            at |= {str(a): k for a, k in zip(v.axes, array.shape)}
        known = evaluate_all([loss, *slopes], values, at)
        found = [np.array(known[s]) for s in slopes]
        if edit is not None:
            point = Point(values, at, known)
            made = sweep.run(point, by, edit.changes, edit.arriving)
            found[wrt.index(by)] = np.zeros_like(known[by]) if made is None else made
        return found

    return backward


@pytest.mark.parametrize("make", NETWORKS)
def test_the_gradient_itself_is_accepted(make):
    loss, wrt = make()
    for seed in range(3):
        assert d.check_function(function_of(loss, wrt, None, None), loss, wrt=wrt, seed=seed).ok


@pytest.mark.parametrize("make", NETWORKS)
def test_no_mutant_is_accepted(make):
    loss, wrt = make()
    tried = named = right = count = 0
    for by in wrt:
        sweep = Sweep(loss, wrt)
        report = d.check_function(function_of(loss, wrt, None, None), loss, wrt=wrt)
        points = [_point(loss, wrt, at, k) for k, at in enumerate(report.sizes)]
        search = Search(sweep, by, points, frozenset())
        for edit in (edit for table in TABLES for row in table for edit in row(search)):
            if all(_same(sweep, p, by, edit) for p in points):
                continue
            count += 1
            if count > 10 and count % 5:  # of the many that a large table gives, every fifth
                continue
            found = d.check_function(
                function_of(loss, wrt, by, edit), loss, wrt=wrt, columns=False, trials=2
            )
            assert not found.ok, edit
            tried += 1
            (mistake,) = found.mistakes.values() or ["raised"]
            named += mistake is not None
            right += mistake == edit.code
    assert tried >= 8
    # A mutant may be what another mistake gives too, and then it has that name, or none.
    assert named >= 0.75 * tried, (named, tried)
    assert right >= 0.5 * tried, (right, tried)


def _point(loss, wrt, at, seed):
    draw = np.random.default_rng(seed)
    variables = [v for v in toposort(loss) if type(v) is Var]
    values = {v: np.abs(value(v.axes, REALS, draw, at)) + 0.1 for v in variables}
    return Point(values, at, evaluate_all([loss, *grad(loss, wrt)], values, at))


def _same(sweep, point, by, edit):
    """Whether an edit changes nothing: the derivative of an identity left out, say."""
    right = sweep.base(point).cotangents[by]
    try:
        with np.errstate(all="ignore"):
            found = sweep.run(point, by, edit.changes, edit.arriving)
    except (ValueError, KeyError, IndexError, TypeError):
        return False
    found = np.zeros_like(right) if found is None else np.asarray(found)
    return found.shape == right.shape and np.allclose(found, right, rtol=1e-5, atol=1e-9)
