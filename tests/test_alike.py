"""Formulas written many at a time are those that would be written one by one.

The idea: expressions are grown, and their names and sizes renumbered, so that the second is
written from the first one's template; whatever the writer looks at must be part of the look.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.kernel.build import dot, named, rebuilt, total
from derive.kernel.calculus import grad
from derive.kernel.expr import Call, Delta, Expr, Name, Ones, Var, toposort
from derive.kernel.sizes import Size, size
from derive.latex.print import latex
from derive.operators.composites import mean
from derive.operators.pointwise import tanh
from derive.tree import name, tree
from derive.writing.alike import formulas
from derive.writing.labels import Names, Symbol
from derive.writing.write import write
from tests.random_expressions import M, N, Sprout

NUMBERS = [1, 2, 7, 10, 12, 345]


def numbered(root: Expr, numbers: list[int], form: str, sized: bool) -> Expr:
    """The expression with numbers on its names, and on its sizes where ``sized``."""
    fresh = iter(numbers * 99)
    sizes = {n: size(f"{n}_{next(fresh)}") if sized else n for n in (N, M)}
    made: dict[Expr, Expr] = {}
    for node in toposort(root):
        axes = tuple(sizes[n] if isinstance(n, Size) else n for n in node.axes)
        match node:
            case Var(symbol, _, letters):
                base, label, rest = symbol.partition("^")
                symbol = base + form.format(next(fresh)) + label + rest
                if label and "^" in form:
                    symbol = base + f"_{{{next(fresh)}}}" + label + rest
                made[node] = Var(symbol, axes, letters)
            case Delta() | Ones():
                made[node] = type(node)(axes[0])
            case Call(Name(symbol, letters), (arg,)):
                made[node] = named(symbol + form.format(next(fresh)), made[arg], letters)
            case _:
                made[node] = rebuilt(node, [made[kid] for kid in node.kids])
    return made[root]


def one_by_one(exprs: list[Expr], names: Names | None = None) -> list[str]:
    return [latex(write(expr, names)) for expr in exprs]


@given(
    st.integers(0, 10**6),
    st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=4),
    st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=4),
    st.sampled_from(["_{{{}}}", "_{}", "^{{[{}]}}", "^{{({})}}", "{}"]),
    st.booleans(),
)
def test_written_together_as_one_by_one(seed, first, second, form, sized):
    rng = random.Random(seed)
    sprout = Sprout(rng, labels=seed % 2 == 0)
    makers = [sprout.scalar, lambda k: sprout.vector(N, k), lambda k: sprout.matrix(N, M, k)]
    expr = rng.choice(makers)(3)
    if rng.random() < 0.3:
        inner = [node for node in toposort(expr) if node.kids and type(node) is not Call]
        if inner:
            cut = rng.choice(inner)
            expr = named("h", expr) if cut is expr else expr
    exprs = [expr, *(numbered(expr, numbers, form, sized) for numbers in (first, second, [3]))]
    assert list(formulas(exprs)) == one_by_one(exprs)


@given(st.integers(0, 10**6), st.booleans())
def test_expressions_called_by_symbols(seed, slotted):
    rng = random.Random(seed)
    expr = grad(Sprout(rng).scalar(3), Var(r"\mathbf{A}", (N, N)))
    assert isinstance(expr, Expr)
    exprs, names = [], {}
    for k in (1, 2, 31):
        one = numbered(expr, [k], "_{{{}}}", False)
        inner = [node for node in toposort(one) if node.kids]
        for at in range(0, len(inner), 3):
            symbol = tree("script", name(r"\delta"), name(rf"\mathbf{{z}}_{{{k + at}}}"), None)
            names[inner[at]] = Symbol(symbol) if slotted else symbol
        exprs.append(one)
    assert list(formulas(exprs, names)) == one_by_one(exprs, names)


def test_names_that_are_alike_by_chance():
    """Two expressions of one name are one scalar, and its square, to the reader."""
    q = Var("q", ())
    one, other, copy = named("a_1", q), named("a_2", q), named("a_1", tanh(q))
    exprs = [one * other, one * copy, copy * other, one * one]
    assert list(formulas(exprs)) == one_by_one(exprs)


def test_names_that_are_letters_or_words_of_the_notation():
    scalars = [Var(s, ()) for s in ("a_1", "a_2", "a", "b", "i", "j", r"\alpha", "i_1")]
    exprs: list[Expr] = [s * t * (s + t) for s in scalars for t in scalars]
    batch = [Var(rf"\mathbf{{x}}_{k}^{{(#1)}}", (M, N), ("i",)) for k in (1, 2)]
    exprs += [s * total(b) for s in scalars for b in batch]
    exprs += [Var(rf"\mathbf{{{k}}}", (N,)) * total(batch[0]) for k in (1, 2, "I")]
    assert list(formulas(exprs)) == one_by_one(exprs)
    called: Names = {s: name(f"q_{k}") for k, s in enumerate(scalars)}
    assert list(formulas(exprs, called)) == one_by_one(exprs, called)


def test_sizes():
    """A size that is written is its own; an axis of size 1 is not written."""
    exprs = [mean(Var(f"x_{k}", (size(f"n_{k}"),))) for k in (1, 2)]
    exprs += [Var(f"W_{k}", (n, N)) @ Var(f"x_{k}", (N,)) for k, n in enumerate((M, N, 1, 2, 3))]
    exprs += [total(e) for e in exprs]
    assert list(formulas(exprs)) == one_by_one(exprs)


def test_letters():
    """The letters of a symbol, and those of the symbol of what is opened."""
    exprs: list[Expr] = [2 * Var("x_1^{(#1)}", (M,), (letter,)) for letter in "ij"]
    assert list(formulas(exprs)) == ["2 x_1^{(i)}", "2 x_1^{(j)}"]
    exprs = [Delta(N) * Var(f"a_{k}", ()) for k in (1, 2)]
    names = {exprs[0]: Symbol(name("d_{#1#2}"), ("i", "k")), exprs[1]: name("d")}
    assert list(formulas(exprs, names)) == [r"\mathbf{I}_{ik} a_1", r"a_2 \mathbf{I}"]


def test_a_size_that_has_a_name():
    """A number of entries makes a constant in front, any other scalar a fraction."""
    x, count = Var("x", (N,)), total(Ones(N))
    scalars = [count, dot(x, x)]
    names = {q: name("q") for q in scalars}
    exprs = [x / q for q in scalars]
    assert list(formulas(exprs, names)) == [r"\frac{1}{q} x", r"\frac{x}{q}"]


@pytest.mark.parametrize(
    "symbol", [r"\mathbf{W}^{[#]}", "W_#", r"\mathbf{W}_{1,#}", "W^#", "W_{a#}"]
)
def test_numbers_of_every_length(symbol):
    exprs = [Var(symbol.replace("#", str(k)), (N, N)).T @ Var("x", (N,)) for k in (1, 9, 10, 123)]
    assert list(formulas(exprs)) == one_by_one(exprs)


def test_a_variable_is_written_as_itself():
    batch = Var(r"\mathbf{x}^{(#1)}", (M, N), ("i",))
    assert latex(write(batch)) == r"\mathbf{x}^{(i)}"
    assert list(formulas([batch])) == [r"\mathbf{x}^{(i)}"]


def test_layers_are_written_once():
    """What is alike costs no second writing: a network of 300 layers has few looks."""
    from derive.writing import alike

    made = 0

    class Counted(alike.Writer):
        def whole(self, letters=()):
            nonlocal made
            made += 1
            return super().whole(letters)

    h: Expr = Var(r"\mathbf{x}", (N,))
    lines: list[Expr] = []
    for k in range(1, 301):
        h = named(rf"\mathbf{{h}}_{{{k}}}", tanh(Var(rf"\mathbf{{W}}_{{{k}}}", (N, N)) @ h))
        lines.append(h)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike, "Writer", Counted)
        texts = list(formulas(lines))
    assert texts[299] == r"\tanh(\mathbf{W}_{300} \mathbf{h}_{299})"
    assert made == 2
