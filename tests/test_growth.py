"""What grows with the input grows no faster: calls of Python are counted, and no clock is read."""

from __future__ import annotations

import gc
import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import derive as d
from derive.diagnostics import Source
from derive.kernel.contraction import contracted
from derive.latex.print import latex
from derive.meaning.normal import normal
from derive.writing.cancel import cancelling
from derive.writing.tidy import tidy
from derive.writing.write import write
from proofs.check import check_source
from proofs.numbers.plan import contract, plan

pytest.importorskip("flint")


def _benchmark():
    path = Path(__file__).parent.parent / "benchmarks" / "growth.py"
    spec = importlib.util.spec_from_file_location("growth", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


growth = _benchmark()
# Of each row the sizes at which calls are counted: the larger one is twice the smaller one.
COUNTED = {
    "worked, layers without names": 12,
    "worked, named layers": 14,
    "a chain of equal sides": 60,
    "a document of claims": 40,
    "a document of problems": 8,
    "a document of layers": 30,
    "a document of prose": 100,
    "a sum of terms": 100,
    "errors in one line": 40,
}


def calls(work: Callable[[], object]) -> int:
    """How many functions are called."""
    count = 0

    def one(frame, event, arg) -> None:
        nonlocal count
        count += event == "call"

    gc.collect()
    gc.disable()
    sys.setprofile(one)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


@pytest.mark.parametrize("name", COUNTED)
def test_twice_the_input_takes_about_twice_the_calls(name: str) -> None:
    row = next(row for row in growth.ROWS if row.name == name)
    size = COUNTED[name]
    row.work(row.make(size))  # what is remembered by its pattern is remembered
    counts = []
    for k in (size, 2 * size):
        given = row.make(k)
        counts.append(calls(lambda given=given: row.work(given)))
    assert counts[1] < 2.5 * counts[0]


def test_counting_calls_sees_what_is_quadratic() -> None:
    def quadratic(n: int) -> None:
        for _ in range(n * n):
            abs_of(1)

    def abs_of(x: int) -> int:
        return -x

    assert calls(lambda: quadratic(20)) > 3.5 * calls(lambda: quadratic(10))


def test_an_answer_that_would_be_too_long_is_said_in_the_names_of_the_sheet() -> None:
    longest = []
    for depth in (9, 18):
        made = d.worked(growth.layers(depth, named=False))
        said = [latex(answer.named) for answer in made.answers]
        assert any(r"\delta" in one for one in said)
        assert r"\mathbf{u}_9" in {
            latex(one.left) for one in made.auxiliary if one.left is not None
        }
        longest.append(max(map(len, said)))
    assert longest[1] < 1.2 * longest[0]


def test_a_short_answer_is_said_in_the_names_of_the_document() -> None:
    made = d.worked(growth.layers(2, named=False))
    said = [latex(answer.named) for answer in made.answers]
    assert not any(r"\delta" in one or "u_" in one for one in said)


# ------------------------------------------------------------------- where multiplying out may pay

n = d.size("n")
x, y, z = (d.vector(letter, n) for letter in "xyz")
s, t = d.scalar("s"), d.scalar("t")
A = d.matrix("A", n, n)


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        (x * (1 / x + y), True),
        (x * (y + z), False),
        (s * (y / s + z), True),
        (s * (s * y + z), True),  # s s is s^2
        (x * (x * y + z), False),  # x x y is no shorter
        (A @ (y + z), False),
        (A @ (d.inverse(A) @ y + z), True),
    ],
)
def test_only_a_factor_that_is_taken_away_pays(product: d.Expr, expected: bool) -> None:
    sums = [k for k, f in enumerate(product.factors) if type(f).__name__ == "Add"]
    assert sums
    assert bool(cancelling(product, sums, normal)) is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (x * (y / x + z), r"y + x \odot z"),
        (x * (y + z), r"x \odot (y + z)"),
        (-(x - y), "y - x"),
        (2 * (x / 2 - y), "x - 2 y"),
    ],
)
def test_what_pays_is_multiplied_out_and_nothing_else(given: d.Expr, expected: str) -> None:
    found = tidy(given)
    assert re.sub(r"\\mathbf\{(.)\}", r"\1", latex(write(found))) == expected
    values = {x: np.array([1.0, 2.0]), y: np.array([3.0, -1.0]), z: np.array([0.5, 4.0])}
    assert np.allclose(d.evaluate(found, values), d.evaluate(given, values))


# ------------------------------------------------------------------------------ what is too large


def verdicts(text: str) -> list[tuple[str, str]]:
    report = check_source(Source("a", text))
    return [(link.verdict, link.message) for one in report.claims for link in one.links]


def test_an_array_that_cannot_be_held_is_no_error_of_ours() -> None:
    found = verdicts(
        r"Let $W \in \mathbb{R}^{50257 \times 768}$, $x \in \mathbb{R}^{768}$, "
        r"$y \in \mathbb{R}^{50257}$, $L = \tfrac12 \|W x - y\|^2$. "
        r"$\frac{\partial L}{\partial x} = W^\top (W x - 2 y)$"
    )
    assert [verdict for verdict, _ in found] == ["unsettled"]
    assert "too many entries" in found[0][1]


def test_a_power_that_cannot_be_written_out_stays_a_power() -> None:
    head = r"Let $a \in \mathbb{R}$, $L = 10^{-99999999} a$. $\frac{\partial L}{\partial a} = "
    assert verdicts(head + "10^{-99999999}$")[0][0] == "proved"
    assert verdicts(head + "10^{-99999998}$")[0][0] in ("refuted", "unsettled")


def test_a_long_product_is_planned_among_its_first_factors() -> None:
    indices = tuple((k, k + 1) for k in range(60))
    draw = np.random.default_rng(0)
    arrays = [draw.normal(size=(2, 2)) for _ in indices]
    found = contract(arrays, indices, (0, 60))
    assert np.allclose(found, np.linalg.multi_dot(arrays))
    small = calls(lambda: plan.__wrapped__(indices[:30], (0, 30)))
    assert calls(lambda: plan.__wrapped__(indices, (0, 60))) < 3 * small


def test_of_a_long_product_only_the_share_is_made_that_is_asked_for() -> None:
    def product(length: int) -> tuple[d.Expr, d.Expr]:
        factors = [d.matrix(f"M_{{{length},{k}}}", n, n) for k in range(length)]
        chain = contracted(factors, [(k, k + 1) for k in range(length)], (0, length))
        return d.dot(x, chain @ y), factors[0]

    counts = []
    for length in (40, 80):
        loss, first = product(length)
        counts.append(calls(lambda loss=loss, first=first: d.grad(loss, first)))
    assert counts[1] < 2.5 * counts[0]
