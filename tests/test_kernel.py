"""Laws of the nodes: one object for one structure, frozen, shaped, as deep as a user likes.

The idea: what is absorbed on the way in must not change what is meant, so every contraction is
compared with the plain einsum of the factors as they were given.
"""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.kernel import contraction, sizes
from derive.kernel.build import (
    ONE,
    ZERO,
    add,
    collected,
    contract,
    contracted,
    dot,
    hadamard,
    is_zero,
    lift,
    matmul,
    named,
    scale,
    spread,
    transpose,
    zeros,
)  # fmt: skip
from derive.kernel.calculus import grad
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Name,
    Num,
    Ones,
    ShapeError,
    Var,
    toposort,
)  # fmt: skip
from derive.kernel.interned import Table, uncollected
from derive.meaning.evaluate import evaluate
from derive.operators.composites import half_squared_norm
from derive.operators.pointwise import power, relu, tanh
from derive.operators.primitives import one_hot, softmax

n, m = sizes.sizes("n m")
W, V = Var("W", (m, n)), Var("V", (n, m))
x, y = Var("x", (n,)), Var("y", (n,))
s = Var("s", ())

ONE_OF_EACH = {
    "Var": lambda: Var("x", (n,)),
    "Var with letters": lambda: Var("x^{(#1)}", (m, n), ("i",)),
    "Num": lambda: Num(Fraction(2, 3)),
    "Delta": lambda: Delta(n),
    "Ones": lambda: Ones(n - 1),
    "Add": lambda: x + y,
    "Contract": lambda: W @ x,
    "Map": lambda: tanh(x),
    "Map with parameters": lambda: power(Fraction(3, 2))(x),
    "Call": lambda: softmax(x),
    "Call with parameters": lambda: one_hot(n)(s),
    "Name": lambda: named(r"\mathbf{z}", W @ x),
}


def mlp(depth: int, mark: str = "") -> tuple[Expr, list[Expr]]:
    h, parameters = x, []
    for k in range(depth):
        w, b = Var(f"W{mark}_{k}", (n, n)), Var(f"b{mark}_{k}", (n,))
        parameters += [w, b]
        h = named(f"h{mark}_{k}", (tanh if k % 2 else relu)(named(f"z{mark}_{k}", w @ h + b)))
    return half_squared_norm(h - y), parameters


# ------------------------------------------------------------------------------- interning


@pytest.mark.parametrize("make", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
def test_same_structure_is_the_same_object(make) -> None:
    node = make()
    assert make() is node
    assert pickle.loads(pickle.dumps(node)) is node
    assert copy.copy(node) is node
    assert copy.deepcopy([node])[0] is node
    assert hash(node) == hash(make())


def test_different_structure_is_another_object() -> None:
    made = [make() for make in ONE_OF_EACH.values()]
    assert len(set(made)) == len(made)
    assert W @ x is not W @ y
    assert x + y is not y + x  # as written; the normal form makes them one
    assert named("a", x) is not named("b", x)
    assert power(2) == power(Fraction(2))
    assert power(2)(x) is power(Fraction(2))(x)
    assert tanh(x) is not relu(x)


def test_a_whole_number_is_an_int_whoever_came_first() -> None:
    first = Num(Fraction(86028157))
    assert type(first.value) is int
    assert first is Num(86028157)
    assert lift(0.1) is Num(Fraction(1, 10))
    with pytest.raises(TypeError, match="cannot use True"):
        lift(True)


@pytest.mark.parametrize("make", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
def test_frozen(make) -> None:
    node = make()
    for slot in (*type(node).__match_args__, "axes", "kids", "other"):
        before = getattr(node, slot, None)
        with pytest.raises(AttributeError, match="frozen"):
            setattr(node, slot, None)
        with pytest.raises(AttributeError, match="frozen"):
            delattr(node, slot)
        assert getattr(node, slot, None) is before
    assert not hasattr(node, "__dict__")
    assert node.kids == tuple(k for k in node.kids if isinstance(k, Expr))


def test_nothing_is_kept_alive_by_its_table() -> None:
    loss, parameters = mlp(50, "kept")
    grads = grad(loss, parameters)
    tables: list[Table] = [kind.table for kind in (Var, Add, Contract, Map, Call)]
    full = [len(table) for table in tables]
    del loss, parameters, grads
    left = [len(table) for table in tables]
    assert all(after <= before - 50 for before, after in zip(full, left))
    assert not any("kept" in fields[0] for fields in Var.table)


def test_threads_that_make_the_same_nodes_get_the_same_objects() -> None:
    """All start at once, again and again, while the nodes of the round before are dying."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for turn in range(30):
            gate = threading.Barrier(4)
            found: list = [None] * 4

            def work(k: int, gate=gate, found=found, turn=turn) -> None:
                gate.wait()
                loss, parameters = mlp(6, f"t{turn % 2}")
                found[k] = toposort(loss, *grad(loss, parameters))

            threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            first, *others = found
            for other in others:
                assert len(other) == len(first)
                assert all(a is b for a, b in zip(first, other))
    finally:
        sys.setswitchinterval(before)


def test_the_collector_is_held_and_given_back() -> None:
    assert gc.isenabled()
    try:
        with uncollected():
            assert not gc.isenabled()
            raise ShapeError
    except ShapeError:
        assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


# ------------------------------------------------------------------------------- depth


def test_deep_networks_need_no_stack() -> None:
    """Made, differentiated, shown, copied and freed: each level of a network is five nodes."""
    loss, parameters = mlp(sys.getrecursionlimit(), "deep")
    grads = grad(loss, parameters)
    assert [g.axes for g in grads] == [p.axes for p in parameters]
    assert repr(loss) == "<Contract scalar>"
    assert pickle.loads(pickle.dumps(loss)) is loss
    assert copy.deepcopy(grads[0]) is grads[0]
    del loss, grads
    assert not any(type(f[0]) is Name and "deep" in f[0].symbol for f in Call.table)


def test_very_deep_chains_are_pickled_and_freed() -> None:
    """C code that recursed on kids would overflow its stack here."""
    before = len(Map.table)
    h = Var("chain", (n,))
    for _ in range(20_000):
        h = tanh(h)
    assert pickle.loads(pickle.dumps(h)) is h
    del h
    assert len(Map.table) <= before


def test_toposort_is_depth_first_with_kids_in_order() -> None:
    a, b = tanh(x), relu(y)
    root = (a + b) + a
    assert toposort(root) == [x, a, y, b, a + b, root]
    assert toposort(b, root) == [y, b, x, a, a + b, root]


# ------------------------------------------------------------------------------- contractions

EXTENT = {"n": 3, "m": 2}
LETTERS = "abcd"
SIZES = {"a": n, "b": m, "c": n, "d": 2}


@st.composite
def specs(draw) -> tuple[tuple[str, ...], str]:
    """Factors by kind, each with its index letters, and the letters that stay."""
    factors = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from("aannood"))
        letters = st.sampled_from(LETTERS)
        if kind == "n":
            own = ""
        elif kind == "o":
            own = draw(letters)
        elif kind == "d":
            pair = st.sampled_from(["aa", "bb", "dd", "ac", "ca"])
            own = draw(pair)
        else:
            own = "".join(draw(st.lists(letters, max_size=3)))
        factors.append(kind + own)
    used = sorted({c for f in factors for c in f[1:]})
    out = draw(st.permutations(used))[: draw(st.integers(0, len(used)))] if used else []
    return tuple(factors), "".join(out)


NUMBERS = (0, 1, -1, 2, Fraction(1, 2), Fraction(-3, 4))


def factor_of(spec: str, k: int) -> Expr:
    axes = tuple(SIZES[c] for c in spec[1:])
    match spec[0]:
        case "n":
            return Num(NUMBERS[(7 * k + len(spec)) % len(NUMBERS)])
        case "o":
            return Ones(*axes)
        case "d":
            return Delta(axes[0])
        case _:
            return Var(f"A_{k}", axes)


def agree(factors: list[Expr], indices: list[tuple[int, ...]], out: tuple[int, ...]) -> bool:
    """Does the node mean what the einsum of the factors as given means?  Exact."""
    random = np.random.default_rng(0)
    shapes = [tuple(sizes.evaluate(a, EXTENT) for a in f.axes) for f in factors]
    values = {
        f: random.integers(-3, 4, shape) for f, shape in zip(factors, shapes) if isinstance(f, Var)
    }
    plain: list = []
    for f, own in zip(factors, indices, strict=True):
        plain += [np.asarray(evaluate(f, values, EXTENT), float), list(own)]
    expected = np.einsum(*plain, list(out))
    node = contraction.contracted(factors, indices, out)
    found = evaluate(node, values, EXTENT)
    return found.shape == expected.shape and bool(np.allclose(found, expected, atol=1e-12))


@given(specs(), st.integers(0, 5))
def test_absorbing_changes_no_meaning(spec, shift) -> None:
    texts, out = spec
    factors = [factor_of(text, k + shift) for k, text in enumerate(texts)]
    indices = [tuple(LETTERS.index(c) for c in text[1:]) for text in texts]
    wanted = tuple(LETTERS.index(c) for c in out)
    assert agree(factors, indices, wanted)
    node = contracted(factors, indices, wanted)
    assert node.axes == tuple(SIZES[c] for c in out)
    assert contracted(factors, indices, wanted) is node
    if isinstance(node, Contract):
        rebuilt = contracted(node.factors, node.indices, node.out)
        assert rebuilt is node or is_zero(node)  # absorbing is done in one go
        seen = list(dict.fromkeys(i for own in node.indices for i in own))
        assert seen == list(range(len(seen)))


def test_the_checker_of_absorbing_sees_a_lost_factor(monkeypatch) -> None:
    """Ones summed alone count; a rule that drops them is wrong, and is caught."""
    right = contraction._without_ones

    def forgetful(*given):
        kept, _ = right(*given)
        return kept, 1

    a = Var("A", (n,))
    spec = [a, Ones(2)], [(0,), (1,)], (0,)
    assert agree(*spec)
    monkeypatch.setattr(contraction, "_without_ones", forgetful)
    contraction.recipe.cache_clear()
    try:
        assert not agree(*spec)
    finally:
        contraction.recipe.cache_clear()


def test_what_no_one_would_write_is_absorbed() -> None:
    assert contract(",i->i", ONE, x) is x
    assert contract("ij,j->i", Delta(n), x) is x
    assert contract("i,i->i", x, Ones(n)) is x
    assert contract("ij,ij->", Delta(n), Delta(n)) is contract("i->", Ones(n))
    assert contract("i->", Ones(3)) is Num(3)
    assert scale(2, scale(Fraction(1, 2), x)) is not x  # as written: nesting stays
    assert scale(Fraction(1, 2), half := Num(2)) is ONE
    assert half is Num(2)
    assert is_zero(scale(0, W @ x))
    assert scale(0, W @ x).axes == (m,)
    assert zeros(()) is ZERO
    assert spread(ONE, ()) is ONE
    assert contracted((), (), ()) is ONE
    assert transpose(Delta(n)).axes == (n, n)
    assert add(x, zeros((n,))) is x
    assert collected([scale(Fraction(1, 2), x), scale(Fraction(1, 2), x)]) is x
    assert is_zero(collected([x, scale(-1, x)]))


# ------------------------------------------------------------------------------- shapes


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: W @ y + x, "cannot add m and n"),
        (lambda: W @ W, "shapes do not multiply: m×n @ m×n"),
        (lambda: matmul(s, x), "@ needs vectors or matrices, not scalar @ n"),
        (lambda: W * x, "cannot multiply m×n and n entry by entry"),
        (lambda: dot(W, x), "no inner product of m×n and n"),
        (lambda: x.T, "a vector has one axis and no transpose"),
        (lambda: contract("ij->", x), "n has 1 axes, not 2"),
        (lambda: contract("ij,jk->ik", W, W), "an axis of size n meets one of size m"),
        (lambda: contract("ii->", W), "an axis of size m meets one of size n"),
        (lambda: contract("i,i->", Ones(n), Ones(m)), "an axis of size n meets one of size m"),
        (lambda: softmax(s), "needs a vector, not a scalar"),
        (lambda: grad(x, x), "grad needs a scalar, not n: use jacobian, or sum it first"),
    ],
)
def test_shapes_that_do_not_fit_are_named(make, message) -> None:
    for _ in range(2):  # the second time too: a wrong shape is not looked up
        with pytest.raises(ShapeError) as caught:
            make()
        assert message in str(caught.value)


def test_shapes_of_products() -> None:
    assert (W @ x).axes == (m,)
    assert (W @ V).axes == (m, m)
    assert hadamard(s, W).axes == (m, n)
    assert contract("ij->ji", W).axes == (n, m)
    assert W.T is contract("ab->ba", W)
