r"""SymPy as a judge that shares no rule with us: slopes of the vocabulary, identities of matrices.

A slope is compared with SymPy's derivative of the row's definition.  An identity of matrix calculus
is written twice, here and with SymPy's matrices, and compared entry by entry at small sizes; the
numbers are those of Petersen & Pedersen, The Matrix Cookbook, 2012.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from sympy import Matrix

import derive as d
from derive.kernel.calculus import grad
from derive.kernel.expr import Expr, Fn, Var
from derive.meaning.evaluate import evaluate
from derive.operators import POINTWISE, PRIMITIVES
from derive.operators.blocks import FAMILIES
from derive.operators.singular import SINGULAR
from derive.operators.symbolic import to_sympy

DIGITS = 30
CLOSE = sympy.Float(10) ** -20
# Where in its domain a function is looked at: no simple fraction, so that nothing has a kink there.
PLACES = ((0.137, 0.821), (0.391, 0.273), (0.871, 0.517))
CHOICES = ("gt", "ge", "lt", "le", "eq", "ne", "where")
ROWS = [name for name in POINTWISE if name not in (*CHOICES, "power", "generic", "pi")]
EXPONENTS = [-2, -1, Fraction(-1, 2), Fraction(1, 2), Fraction(2, 3), 2, 3]


def function(name: str) -> Fn:
    return POINTWISE[name].make()


def same(left: Any, right: Any, points: list[dict[Any, Any]]) -> bool:
    """Equal as they stand, or to twenty digits at each point."""
    difference = left - right
    if difference == 0 or sympy.expand(difference) == 0:
        return True
    for point in points:
        value = difference.xreplace(point).evalf(DIGITS)
        size = abs(left.xreplace(point).evalf(DIGITS))
        if not (value.is_number and abs(value) <= CLOSE * max(1, size)):
            return False
    return True


# ------------------------------------------------------------------ slopes of the vocabulary


def slopes_agree(fn: Fn, body: Callable[..., Expr], domain: tuple[float, float]) -> bool:
    """Whether SymPy's first and second derivatives of the body are our slopes and their slopes."""
    variables = [Var(f"u_{k}", ()) for k in range(len(fn.slopes))]
    symbols = [to_sympy(v) for v in variables]
    low, high = (sympy.Rational(str(bound)) for bound in domain)
    points = [
        {x: low + (high - low) * sympy.Rational(str(place)) for x, place in zip(symbols, places)}
        for places in PLACES
    ]
    meaning = to_sympy(body(*variables))
    for slope, x in zip(fn.slopes, symbols):
        ours = slope(*variables)
        first = sympy.diff(meaning, x)
        if not same(first, to_sympy(ours), points):
            return False
        for v, y in zip(variables, symbols):
            if not same(sympy.diff(first, y), to_sympy(grad(ours, v)), points):
                return False
    return True


@pytest.mark.parametrize("name", ROWS)
def test_slopes_are_the_derivatives_of_the_definition(name):
    row, fn = POINTWISE[name], function(name)
    assert slopes_agree(fn, row.body or fn, row.domain)


@pytest.mark.parametrize("exponent", EXPONENTS, ids=str)
def test_slopes_of_powers(exponent):
    fn = POINTWISE["power"].make(exponent)
    assert slopes_agree(fn, fn, POINTWISE["power"].domain)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "silu", "sinh", "tan", "density"])
def test_slopes_are_the_same_function_and_not_only_at_points(name):
    u = Var("u", ())
    body = POINTWISE[name].body
    assert body is not None
    difference = sympy.diff(to_sympy(body(u)), to_sympy(u)) - to_sympy(function(name).slopes[0](u))
    assert sympy.simplify(difference.rewrite(sympy.exp)) == 0


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("sigmoid", (lambda x: d.sigmoid(x) * (1 + d.sigmoid(x)),)),  # a sign
        ("tanh", (lambda x: 1 - d.tanh(x),)),  # a lost square
        ("gelu", (lambda x: d.normal_cdf(x),)),  # half of the product rule
        ("softsign", (lambda x: 1 / (1 + d.abs(x)),)),  # a lost power
        ("leaky_relu", (lambda x: d.gt(x, 0) + Fraction(1, 10) * d.le(x, 0),)),  # another leak
        ("softplus", (lambda x: d.tanh(x),)),
        ("prelu", (lambda x, a: d.gt(x, 0) + a * d.le(x, 0), lambda x, a: d.max(x, 0))),
        ("raised", (lambda x, y: y * x ** (y - 1), lambda x, y: x**y)),  # the logarithm is gone
    ],
)
def test_a_wrong_slope_is_caught(name, wrong):
    row, fn = POINTWISE[name], function(name)
    mutant = Fn(fn.name, fn.params, fn.value, wrong)
    assert not slopes_agree(mutant, row.body or fn, row.domain)


# ------------------------------------------------------------------ the translation itself


@pytest.mark.parametrize("name", [name for name in POINTWISE if name not in ("power", "generic")])
def test_a_function_means_the_same_to_sympy_and_to_numpy(name):
    row, fn = POINTWISE[name], function(name)
    arity = 3 if name == "where" else len(fn.slopes)
    variables = [Var(f"u_{k}", ()) for k in range(arity)]
    low, high = row.domain
    meaning = to_sympy(fn(*variables))
    for places in [*PLACES, (0.5, 0.5)]:  # (0.5, 0.5): where most kinks are
        numbers = [low + (high - low) * (*places, 0.659)[k] for k in range(arity)]
        if name == "where":
            numbers[0] = float(places[0] > 0.3)
        ours = float(evaluate(fn(*variables), dict(zip(variables, numbers))))
        placed = {to_sympy(v): sympy.Float(a) for v, a in zip(variables, numbers)}
        assert float(meaning.xreplace(placed)) == pytest.approx(ours, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", sorted(PRIMITIVES.keys() - SINGULAR - FAMILIES))
def test_an_operator_means_the_same_to_sympy_and_to_numpy(name):
    values = np.array([[0.25, -1.5, 0.25], [2.0, 1.0, -0.75]])
    operator = PRIMITIVES[name].make(*([3] if name == "one_hot" else PRIMITIVES[name].parameters))
    if name == "one_hot":
        values = np.array([3.0, 1.0])
    if PRIMITIVES[name].matrices:
        values = np.array([[[2.0, 1.0], [-0.5, 1.0]], [[1.0, 0.25], [2.0, 1.5]]])
    if name == "whole_power":  # of one matrix
        values = values[0]
    x = Var("x", values.shape)
    several = [x] * (max(len(PRIMITIVES[name].shapes), 1) - 1)
    node = operator(x, *(PRIMITIVES[name].rest(x) or several))
    ours = evaluate(node, {x: values})
    theirs = to_sympy(node, {x: np.vectorize(sympy.Rational, otypes=[object])(values)})
    assert theirs.shape == ours.shape
    assert np.allclose(theirs.astype(float), ours, rtol=1e-12)


def test_an_undefined_function_keeps_its_derivative():
    x, f = Var("x", ()), POINTWISE["generic"].make("f")
    slope = to_sympy(grad(f(x), x))
    assert slope.doit() == sympy.diff(to_sympy(f(x)), to_sympy(x))


# ------------------------------------------------------------------ identities of matrices

m, n = 3, 2
x, s, a, r = d.vector("x", m), d.vector("s", n), d.vector("a", m), d.vector("r", n)
b, c = d.vector("b", n), d.vector("c", n)
X, A, B, C, S = (
    d.matrix("X", m, n), d.matrix("A", m, m), d.matrix("B", n, n), d.matrix("C", n, m),
    d.matrix("S", n, n),
)  # fmt: skip


def entries(node: Expr) -> Any:
    return Matrix(to_sympy(node))


mx, ms, ma, mr, mb, mc = (entries(v) for v in (x, s, a, r, b, c))
mX, mA, mB, mC, mS = (entries(v) for v in (X, A, B, C, S))


def squares(u: Any) -> Any:
    return sum(entry**2 for entry in u)


def sigma(z: Any) -> Any:
    return 1 / (1 + sympy.exp(-z))


def logsumexp(u: Any) -> Any:
    return sympy.log(sum(sympy.exp(entry) for entry in u))


# name, our scalar, SymPy's scalar, by what.
IDENTITIES: list[tuple[str, Expr, Any, Expr]] = [
    ("69 x'a", d.dot(x, a), (mx.T * ma)[0], x),
    ("70 a'Xb", d.dot(a, X @ b), (ma.T * mX * mb)[0], X),
    ("71 b'X'a", d.dot(b, X.T @ a), (mb.T * mX.T * ma)[0], X),
    ("72 b'Sb", d.dot(b, S @ b), (mb.T * mS * mb)[0], S),
    ("77 b'X'Xc", d.dot(X @ b, X @ c), (mb.T * mX.T * mX * mc)[0], X),
    ("78 (Cx+b)'B(Cx+c)", d.dot(C @ x + b, B @ (C @ x + c)),
     ((mC * mx + mb).T * mB * (mC * mx + mc))[0], x),
    ("81 x'Ax", d.dot(x, A @ x), (mx.T * mA * mx)[0], x),
    ("82 b'X'AXc", d.dot(X @ b, A @ (X @ c)), (mb.T * mX.T * mA * mX * mc)[0], X),
    ("83 (Xb+a)'A(Xb+a)", d.dot(X @ b + a, A @ (X @ b + a)),
     ((mX * mb + ma).T * mA * (mX * mb + ma))[0], X),
    ("84 (x-Xs)'A(x-Xs) by s", d.dot(x - X @ s, A @ (x - X @ s)),
     ((mx - mX * ms).T * mA * (mx - mX * ms))[0], s),
    ("86 (x-Xs)'A(x-Xs) by x", d.dot(x - X @ s, A @ (x - X @ s)),
     ((mx - mX * ms).T * mA * (mx - mX * ms))[0], x),
    ("88 (x-Xs)'A(x-Xs) by X", d.dot(x - X @ s, A @ (x - X @ s)),
     ((mx - mX * ms).T * mA * (mx - mX * ms))[0], X),
    ("99 tr S", d.trace(S), mS.trace(), S),
    ("100 tr XC", d.trace(X @ C), (mX * mC).trace(), X),
    ("101 tr AXC", d.trace(A @ X @ C), (mA * mX * mC).trace(), X),
    ("102 tr BX'C'", d.trace(B @ X.T @ C.T), (mB * mX.T * mC.T).trace(), X),
    ("106 tr SS", d.trace(S @ S), (mS * mS).trace(), S),
    ("107 tr SSB", d.trace(S @ S @ B), (mS * mS * mB).trace(), S),
    ("108 tr X'AX", d.trace(X.T @ A @ X), (mX.T * mA * mX).trace(), X),
    ("111 tr XBX'", d.trace(X @ B @ X.T), (mX * mB * mX.T).trace(), X),
    ("115 tr X'X", d.trace(X.T @ X), (mX.T * mX).trace(), X),
    ("116 tr B'X'AXB", d.trace(B.T @ X.T @ A @ X @ B), (mB.T * mX.T * mA * mX * mB).trace(), X),
    ("118 tr AXBX'A", d.trace(A @ X @ B @ X.T @ A), (mA * mX * mB * mX.T * mA).trace(), X),
    ("119 |AXB + C'|^2", d.squared_norm(A @ X @ B + C.T), squares(mA * mX * mB + mC.T), X),
    ("121 tr SSS", d.trace(S @ S @ S), (mS**3).trace(), S),
    ("129 |x-a|", d.norm(x - a), sympy.sqrt(squares(mx - ma)), x),
    ("131 |x|^2", d.squared_norm(x), squares(mx), x),
    ("132 |X|^2", d.squared_norm(X), squares(mX), X),
    ("|Xb-a|^2 by X", d.squared_norm(X @ b - a), squares(mX * mb - ma), X),
    ("log-sum-exp of Xb", d.logsumexp(X @ b), logsumexp(mX * mb), X),
    ("cross-entropy of softmax", -d.dot(r, d.log(d.softmax(B @ s))),
     -sum(mr[k] * ((mB * ms)[k] - logsumexp(mB * ms)) for k in range(n)), B),
    ("sum of sigmoids", d.total(d.sigmoid(C @ x)), sum(map(sigma, mC * mx)), C),
    ("cosine", d.cosine(s, b), (ms.T * mb)[0] / sympy.sqrt(squares(ms) * squares(mb)), s),
]  # fmt: skip


def points_of(*parts: Any) -> list[dict[Any, Any]]:
    symbols = sorted(set().union(*(part.free_symbols for part in parts)), key=str)
    return [
        {y: sympy.Rational((37 * k + 11 * seed) % 19 - 9, 7) for k, y in enumerate(symbols, 1)}
        for seed in (1, 2)
    ]


def gradient_agrees(scalar: Any, by: Expr, ours: Expr) -> bool:
    points = points_of(scalar)
    found = to_sympy(ours)
    return all(
        same(sympy.diff(scalar, entry), found[place], points)
        for place, entry in np.ndenumerate(to_sympy(by))
    )


@pytest.mark.parametrize(("loss", "scalar", "by"), [i[1:] for i in IDENTITIES],
                         ids=[i[0] for i in IDENTITIES])  # fmt: skip
def test_gradients_of_the_matrix_cookbook(loss, scalar, by):
    assert gradient_agrees(scalar, by, d.grad(loss, by))


@pytest.mark.parametrize(
    "wrong",
    [A @ x, A.T @ x, 2 * (A @ x), -(A @ x + A.T @ x), d.dot(x, x) * x],
    ids=["half", "other half", "symmetric only", "sign", "another"],
)
def test_a_wrong_gradient_is_caught(wrong):
    assert gradient_agrees((mx.T * mA * mx)[0], x, A @ x + A.T @ x)
    assert not gradient_agrees((mx.T * mA * mx)[0], x, wrong)


# SymPy's vector, ours, by what: entry (i, j) is the derivative of entry j by entry i.
JACOBIANS = [
    ("Cx", C @ x, mC * mx, x),
    ("softmax", d.softmax(s), [sympy.exp(z) / sum(map(sympy.exp, ms)) for z in ms], s),
    ("130 unit vector", s / d.norm(s), list(ms / sympy.sqrt(squares(ms))), s),
    ("sigmoid layer", d.sigmoid(C @ x + b), [sigma(z) for z in mC * mx + mb], x),
    ("x x'a", d.dot(x, a) * x, list(mx * (mx.T * ma)[0]), x),
]


@pytest.mark.parametrize(("ours", "theirs", "by"), [j[1:] for j in JACOBIANS],
                         ids=[j[0] for j in JACOBIANS])  # fmt: skip
def test_jacobians(ours, theirs, by):
    found, points = to_sympy(d.jacobian(ours, by)), points_of(*theirs)
    for i, entry in enumerate(to_sympy(by)):
        for j, output in enumerate(theirs):
            assert same(sympy.diff(output, entry), found[i, j], points), (i, j)


HESSIANS = [
    ("97 x'Ax", d.dot(x, A @ x), (mx.T * mA * mx)[0], x),
    ("log-sum-exp", d.logsumexp(s), logsumexp(ms), s),
    ("logistic loss", d.softplus(-d.dot(a, x)), sympy.log(1 + sympy.exp(-(ma.T * mx)[0])), x),
    ("least squares", d.half_squared_norm(C @ x - b), squares(mC * mx - mb) / 2, x),
    ("|s|", d.norm(s), sympy.sqrt(squares(ms)), s),
]


@pytest.mark.parametrize(("loss", "scalar", "by"), [h[1:] for h in HESSIANS],
                         ids=[h[0] for h in HESSIANS])  # fmt: skip
def test_hessians(loss, scalar, by):
    found, points = to_sympy(d.hessian(loss, by)), points_of(scalar)
    symbols = list(to_sympy(by))
    for i, one in enumerate(symbols):
        for j, other in enumerate(symbols):
            assert same(sympy.diff(scalar, one, other), found[i, j], points), (i, j)
