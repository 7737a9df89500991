r"""What is written is read again: ``read(write(e))`` is e, as far as a page can say.

Exactly this is promised of a random expression or gradient whose axes are longer than 1 and no more
than two (besides its samples):

- its LaTeX is read, and the reading has its axes, those of the samples first, and its values;
- their normal forms are one, and an expression that has been on paper once or twice comes back as
  the same object: of 300 random expressions at least 98 in 100 (the normal form abstains on a long
  product of sums, and on a function of an array that is read transposed).

What a page does not say is left out: an axis of size 1, the shape of 0, the class numbers of a
document, a size that stands nowhere in the formula, a function without a spelling; and a row
W_{:i} of a plain matrix, which is not read yet.
"""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from derive.elaborate.formula import read_expression
from derive.kernel.build import is_zero, total, transpose
from derive.kernel.calculus import backward, grad
from derive.kernel.expr import Call, Expr, Map, Name, Operator, Var, toposort
from derive.kernel.sizes import Size
from derive.latex.print import latex
from derive.meaning.evaluate import evaluate
from derive.meaning.normal import same
from derive.operators import pointwise
from derive.writing.write import Writer, write
from tests.moves import MOVES
from tests.networks import Network, cook
from tests.random_expressions import AT, VARIABLES, Sprout, values
from tests.recipe import EXTENT

LONGEST = 1500  # characters; longer formulas say nothing new
_NO_WORD = {"argmax", "argmin", "one_hot", "density", "normal_cdf", "raised"}


def symbol_of(node: Expr) -> str | None:
    match node:
        case Var(symbol) | Call(Name(symbol)):
            return symbol
    return None


def word_of(node: Expr) -> str:
    """The word of the vocabulary that a node applies."""
    match node:
        case Map(fn):
            return fn.name
        case Call(Operator() as op):
            return op.name
    return ""


def read_back(expr: Expr) -> tuple[Expr, Expr]:
    """The expression with its labelled axes first, and what its LaTeX is read as."""
    symbols = [node for node in toposort(expr) if symbol_of(node)]
    while type(expr) is Call and isinstance(expr.op, Name):
        expr = expr.args[0]
    text = latex(write(expr))
    letters = Writer(expr, {}).labels(expr)
    if letters[1:] and letters[1] and not letters[0]:
        expr, letters = transpose(expr), letters[::-1]
    found = read_expression(text, symbols, [x for x in letters if x], like=expr)
    return expr, found


def is_settled(expr: Expr) -> bool:
    """Read again and again, an expression soon comes back as itself, or with its factors turned."""
    for _ in range(3):
        _, again = read_back(expr)
        if again is expr:
            return True
        before, expr = expr, again
    return len(latex(write(expr))) == len(latex(write(before)))


def assert_settled(expr: Expr) -> None:
    assert is_settled(expr), latex(write(expr))


def is_short(expr: Expr) -> bool:
    """Whether a formula is worth reading, and stays within the notation that is read."""
    text = latex(write(expr))
    return len(text) <= LONGEST and ":" not in text


def sized(expr: Expr) -> bool:
    """Whether every size is one that the formula says."""
    found = {n for node in toposort(expr) for n in node.axes if isinstance(n, Size)}
    return not any("?" in str(n) for n in found)


def random_expression(seed: int, labels: bool, of_gradient: bool) -> tuple[Expr, random.Random]:
    rng = random.Random(seed)
    sprout = Sprout(rng, labels=labels)
    if of_gradient:
        grown = grad(sprout.scalar(3), rng.choice(VARIABLES))
        assert isinstance(grown, Expr)
        return grown, rng
    n, m = sprout.size(), sprout.size()
    kinds = [sprout.scalar, lambda k: sprout.vector(n, k), lambda k: sprout.matrix(n, m, k)]
    return rng.choice(kinds)(rng.randrange(1, 4)), rng


_NUMBER, _VECTOR, _MATRIX = (next(v for v in VARIABLES if len(v.axes) == k) for k in range(3))


@pytest.mark.parametrize(
    "expr",
    [
        *(pointwise.power(k)(array) for k in (5, 6, -7) for array in (_VECTOR, _MATRIX)),
        grad(total(pointwise.power(6)(_VECTOR)), _VECTOR),
        pointwise.gelu_tanh(_NUMBER),
        pointwise.gelu_tanh(_VECTOR),
        pointwise.absolute(pointwise.absolute(_NUMBER)),
        pointwise.absolute(pointwise.absolute(_VECTOR)),
    ],
    ids=lambda expr: latex(write(expr)),
)
def test_rare_spellings_are_read_back(expr: Expr) -> None:
    assert same(*read_back(expr))


@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_what_is_read_has_the_value_of_what_was_written(
    seed: int, labels: bool, of_gradient: bool
) -> None:
    grown, rng = random_expression(seed, labels, of_gradient)
    assume(is_short(grown) and not is_zero(grown))
    expr, found = read_back(grown)
    assert found.axes == expr.axes
    assume(sized(found))
    known = values(rng)
    assert np.allclose(evaluate(found, known, AT), evaluate(expr, known, AT), equal_nan=True)


def test_what_is_read_is_what_was_written():
    """The normal form may abstain and a form may turn once more, but hardly ever."""
    tried = proved = settled = 0
    for seed in range(300):
        grown, _ = random_expression(seed, seed % 2 == 1, seed % 3 == 0)
        if not is_short(grown) or is_zero(grown):
            continue
        expr, found = read_back(grown)
        if not sized(found):
            continue
        tried += 1
        proved += same(found, expr)
        settled += is_settled(found)
    assert tried > 200
    assert proved >= 0.98 * tried, f"{proved} of {tried} proved equal"
    assert settled >= 0.98 * tried, f"{settled} of {tried} come back as themselves"


@pytest.mark.parametrize("seed", range(0, 100, 5))
def test_gradients_of_random_networks(seed: int) -> None:
    for one in range(seed, seed + 5):
        rng = random.Random(one)
        choices = bytes(rng.randrange(256) for _ in range(rng.randrange(4, 40)))
        network = cook(choices, one, MOVES, rng.randrange(1, 8))
        if not any(1 in node.axes for node in network.nodes):
            assert_gradients_are_read(network)


def assert_gradients_are_read(network: Network) -> None:
    cotangents = backward(network.loss).cotangents
    for parameter in network.parameters:
        gradient = cotangents.get(parameter)
        if gradient is None or len(gradient.axes) > 2:
            continue
        inside = toposort(gradient)
        if {word_of(node) for node in inside} & _NO_WORD:
            continue
        if is_zero(gradient) or not is_short(gradient):
            continue
        expr, found = read_back(gradient)
        assert found.axes == expr.axes
        known = network.values
        ours, theirs = evaluate(expr, known, EXTENT), evaluate(found, known, EXTENT)
        assert np.allclose(ours, theirs, equal_nan=True), latex(write(expr))
        wide = any(type(node) is Map and len(node.axes) > 1 for node in inside)
        assert wide or same(found, expr), latex(write(expr))
        assert_settled(found)


@pytest.mark.parametrize(
    "text",
    [
        r"\lVert \mathbf{A} \mathbf{x} \rVert_2^2 \mathbf{x}",
        r"\operatorname{abs}(\mathbf{A})",
        r"[\mathbf{x}_i \mathbf{y}_j \mathbf{A}_{ij}]_{ij}",
        r"(\mathbf{A} + \mathbf{A}^\top) \mathbf{x}",
        r"\operatorname{diag}(\mathbf{x}) - \mathbf{x} \mathbf{x}^\top",
        r"\frac{a}{\lVert \mathbf{x} \rVert_2} (\mathbf{I} - \mathbf{x} \mathbf{x}^\top)",
    ],
)
def test_formulas_that_people_write(text: str) -> None:
    found = read_expression(text, VARIABLES)
    assert same(found, read_expression(latex(write(found)), VARIABLES, like=found))
    assert_settled(found)
