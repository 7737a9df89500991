"""Flat axes: vec and Kronecker products against NumPy's own, and the laws that look through them.

The idea: the constant that stacks columns is a 0/1 array; whatever looks through it must give what
the array gives.
"""

import random

import numpy as np
import pytest

import derive as d
from derive.diagnostics import DeriveError
from derive.kernel.build import add
from derive.kernel.contraction import contracted
from derive.kernel.expr import Contract, Delta, Expr, Ones, ShapeError, Var
from derive.latex.print import latex
from derive.meaning import evaluate as evaluation
from derive.meaning.normal import normal, same
from derive.operators.stacking import stacks
from derive.writing.stacked import laid_out, says_matrix
from derive.writing.write import write
from proofs.equal import prove

m, n, p, q, r = d.sizes("m n p q r")
AT = {"m": 2, "n": 3, "p": 4, "q": 5, "r": 2}
A, B, C = d.matrix("A", m, n), d.matrix("B", p, q), d.matrix("C", n, r)
D, X, F = d.matrix("D", q, m), d.matrix("X", n, p), d.matrix("F", p, n)
u, v = d.vector("u", m), d.vector("v", n)
draw = np.random.default_rng(0)
VALUES = {one: draw.normal(size=[AT[str(k)] for k in one.axes]) for one in (A, B, C, D, X, F, u, v)}

IDENTITIES = {
    "vec of a product": (d.vec(A @ X @ B), d.kron(B.T, A) @ d.vec(X)),
    "mixed product": (d.kron(A, B) @ d.kron(C, D), d.kron(A @ C, B @ D)),
    "transpose": (d.kron(A, B).T, d.kron(A.T, B.T)),
    "trace": (d.trace(d.kron(A @ A.T, B @ B.T)), d.trace(A @ A.T) * d.trace(B @ B.T)),
    "inner product": (d.trace(A.T @ A), d.vec(A) @ d.vec(A)),
    "commutation": (d.commutation(m, n) @ d.vec(A), d.vec(A.T)),
    "commutation undone": (d.commutation(m, n) @ d.commutation(n, m), d.diag(Ones(m * n))),
    "turned": (d.commutation(p, m) @ d.kron(A, B) @ d.commutation(n, q), d.kron(B, A)),
    "three": (d.kron(d.kron(A, B), C), d.kron(A, d.kron(B, C))),
    "four": (d.kron(d.kron(A, B), d.kron(C, D)), d.kron(A, d.kron(d.kron(B, C), D))),
    "inverse of vec": (d.unvec(d.vec(A), m, n), A),
    "outer product": (d.vec(d.outer(u, v)), d.kron(v, u)),
    "vectors": (d.kron(A.T, C.T) @ d.kron(u, v), d.kron(A.T @ u, C.T @ v)),
    "Khatri and Rao": (d.vec(A @ d.diag(v) @ F.T), d.khatri_rao(F, A) @ v),
    "identities": (d.kron(Delta(m), Delta(n)), Delta(n * m)),
    "a gradient through vec": (d.grad(d.vec(A) @ d.kron(v, u), A), d.outer(u, v)),
}
WRONG = {
    "order": (d.vec(A @ X @ B), d.kron(A, B.T) @ d.vec(X)),
    "transposes": (d.kron(A, A), d.kron(A, A).T.T * 2),
    "swapped": (d.kron(A @ A.T, B @ B.T), d.kron(B @ B.T, A @ A.T)),
    "outer product": (d.vec(d.outer(u, v)), d.kron(u, v)),
    "no commutation": (d.kron(Delta(m), Delta(n)), d.commutation(m, n)),
}


def value(expr: Expr):
    return d.evaluate(expr, VALUES, AT)


@pytest.mark.parametrize("name", IDENTITIES)
def test_identities_hold_and_are_proved(name):
    left, right = IDENTITIES[name]
    assert np.allclose(value(left), value(right))
    assert same(left, right)
    assert prove(left, right)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_not_proved(name):
    left, right = WRONG[name]
    assert value(left).shape == value(right).shape
    assert not np.allclose(value(left), value(right))
    assert not same(left, right)
    assert not prove(left, right)


def test_conventions_are_those_of_numpy():
    assert np.allclose(value(d.kron(A, B)), np.kron(VALUES[A], VALUES[B]))
    assert np.allclose(value(d.kron(u, v)), np.kron(VALUES[u], VALUES[v]))
    assert np.allclose(value(d.kron(A, v)), np.kron(VALUES[A], VALUES[v][:, None]))
    assert np.allclose(value(d.kron(u, A)), np.kron(VALUES[u][:, None], VALUES[A]))
    assert np.allclose(value(d.vec(A)), VALUES[A].flatten(order="F"))


@pytest.mark.parametrize("name", IDENTITIES)
def test_code_computes_the_same(name):
    for side in IDENTITIES[name]:
        variables = {k: VALUES[k] for k in VALUES if k in evaluation.toposort(side)}
        sizes = {} if variables else {k: AT[k] for k in "mn"}
        assert np.allclose(d.compile(side)(variables, **sizes), value(side))


def test_a_kronecker_product_is_not_made_where_it_meets_a_vec():
    big = d.size("k")
    S, Z = d.matrix("S", big, big), d.matrix("Z", big, big)
    product = d.kron(S, S) @ d.vec(Z)
    k = 300  # 90,000 × 90,000 numbers would be 65 GB
    made = draw.normal(size=(k, k))
    found = d.compile(product)({S: made, Z: made})
    assert np.allclose(found, (made @ made @ made.T).flatten(order="F"))
    assert np.allclose(found, d.evaluate(product, {S: made, Z: made}))


@pytest.mark.parametrize(
    "make",
    [
        lambda: d.vec(d.tensor("t", 2, 2, 2)),
        lambda: d.unvec(d.vector("v", 6), 2, 2),
        lambda: d.kron(d.tensor("t", 2, 2, 2), A),
        lambda: d.khatri_rao(A, B),
    ],
)
def test_what_does_not_fit_is_refused(make):
    with pytest.raises(ShapeError):
        make()


def random_product(seed: int) -> Contract | None:
    """A product of stacks, deltas and variables whose indices meet at random."""
    choose = random.Random(seed)
    axes: dict[int, object] = {}

    def index(size):
        known = [i for i, other in axes.items() if other == size]
        if known and choose.random() < 0.75:
            return choose.choice(known)
        axes[len(axes)] = size
        return len(axes) - 1

    pairs = [(m, n), (n, m), (m, m), (m * n, m), (m, n * m)]
    factors, spots = [], []
    for _ in range(choose.randint(1, 5)):
        kind = choose.randint(0, 5)
        if kind <= 2:
            factor = stacks(*choose.choice(pairs))
        elif kind == 3:
            factor = Delta(choose.choice([m, n, m * n]))
        else:
            factor = A if kind == 4 else FLAT
        factors.append(factor)
        spots.append(tuple(index(size) for size in factor.axes))
    every = sorted({i for own in spots for i in own})
    out = tuple(choose.sample(every, min(len(every), choose.randint(0, 3))))
    return contracted(factors, spots, out)


FLAT = d.vector("w", m * n)
POINT = {A: draw.integers(-3, 4, (2, 3)), FLAT: draw.integers(-3, 4, 6)}


@pytest.mark.parametrize("block", range(10))
def test_looking_through_stacks_changes_no_value(block, monkeypatch):
    for seed in range(100 * block, 100 * block + 100):
        expr = random_product(seed)
        found = evaluation.evaluate(expr, POINT, AT)
        form = evaluation.evaluate(normal(expr), POINT, AT)
        with monkeypatch.context() as patch:  # every stack as the array that it is
            patch.setattr(evaluation, "opened", lambda node: None)
            patch.setattr(evaluation, "below", lambda node: node.kids)
            plain = evaluation.evaluate(expr, POINT, AT)
        assert np.allclose(found, plain), seed
        assert np.allclose(form, plain), seed
        assert prove(expr, normal(expr)), seed
        assert not prove(expr, 2 * expr) or not plain.any(), seed


# ------------------------------------------------------------------------- printed, and read again

MATRICES = [Var("A", (m, m)), Var("B", (m, n)), Var("C", (n, n)), Var("D", (n, m)),
            Var("E", (m, p)), Var("F", (p, n))]  # fmt: skip
VECTORS = [Var("u", (m,)), Var("v", (n,)), Var("w", (p,))]
LAID_OUT = [
    ((m, n, m, n), ((0, 1), (2, 3))),
    ((m, n, n, m), ((0, 1), (2, 3))),
    ((m, n, p), ((0, 1), (2,))),
    ((p, m, n), ((0,), (1, 2))),
    ((m, n), ((0, 1),)),
]
TIMES = r" \times "
DECLARED = "Kronecker products. " + " ".join(
    rf"${one.name} \in \mathbb{{R}}^{{{TIMES.join(map(str, one.axes))}}}$."
    for one in (*MATRICES, *VECTORS)
)
THERE = {one: draw.normal(size=[AT[str(k)] for k in one.axes]) for one in (*MATRICES, *VECTORS)}


def random_array(choose: random.Random, axes) -> Expr | None:
    """A product of matrices, vectors and identities with these axes; None if one has no factor."""
    extent = dict(enumerate(axes))
    missing = set(extent)
    factors, spots = [], []
    for _ in range(choose.randint(1, 5)):
        kind = choose.random()
        if kind < 0.8:
            factor = choose.choice(MATRICES if kind < 0.55 else VECTORS)
        else:
            factor = Delta(choose.choice([m, n]))
        own = []
        for size in factor.axes:
            fitting = [i for i, other in extent.items() if other == size]
            first = [i for i in fitting if i in missing]
            if first and choose.random() < 0.8:
                own.append(choose.choice(first))
            elif fitting and choose.random() < 0.5:
                own.append(choose.choice(fitting))
            else:
                own.append(len(extent) + 10)
                extent[own[-1]] = size
            missing.discard(own[-1])
        factors.append(factor)
        spots.append(tuple(own))
    return None if missing else contracted(factors, spots, tuple(range(len(axes))))


@pytest.mark.parametrize("block", range(8))
def test_what_is_printed_says_what_was_meant(block):
    said = 0
    for seed in range(100 * block, 100 * block + 100):
        choose = random.Random(seed)
        axes, groups = choose.choice(LAID_OUT)
        terms = [random_array(choose, axes) for _ in range(choose.randint(1, 2))]
        terms = [term for term in terms if term is not None]
        if not terms:
            continue
        flat = laid_out(add(*terms), groups)
        tree = write(flat)
        if not says_matrix(tree):
            continue
        shape = TIMES.join(map(str, flat.axes))
        text = rf"{DECLARED} $P \in \mathbb{{R}}^{{{shape}}}$. $Z = {latex(tree)} + 0 P$."
        try:
            net = d.read(text + r" $L = u^\top u$.")
        except DeriveError as error:
            # 1 1^T inside a vec has sizes that nothing tells
            if {one.code for one in error.diagnostics} != {"shape-clash"}:
                raise
            continue
        (z,) = (one.node for one in net.definitions if one.symbol == "Z")
        zero = {one: np.zeros(d.evaluate(flat, THERE, AT).shape) for one in evaluation.toposort(z)
                if isinstance(one, Var) and one.name == "P"}  # fmt: skip
        found = d.evaluate(z, {**THERE, **zero}, AT)
        assert np.allclose(found, d.evaluate(flat, THERE, AT)), (seed, latex(tree))
        said += 1
    assert said > 20
