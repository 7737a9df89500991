"""The Matrix Cookbook: every identity proved and answered, every wrong variant refuted."""

import re

import numpy as np
import pytest

from tests.cookbook.functions import FUNCTIONS, slope
from tests.cookbook.table import (
    FALLS_SHORT,
    LEFT_OUT,
    TOLERANCE,
    Statement,
    answered,
    documents,
    judged,
    statements,
)  # fmt: skip

pytest.importorskip("flint")
DOCUMENTS = list(documents())
ASKED = [s for _, text in DOCUMENTS for s in statements(text) if s.asked]


@pytest.mark.parametrize(("name", "text"), DOCUMENTS, ids=[name for name, _ in DOCUMENTS])
def test_every_line_gets_its_verdict(name: str, text: str) -> None:
    tags = [(line, re.findall(r"\\tag\{([^}]*)\}", line)) for line in judged(name, text)]
    wrong = [line for line, found in tags if not found or not set(found) <= FALLS_SHORT.keys()]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("statement", ASKED, ids=lambda s: f"({s.tag}) {s.left[:50]}")
def test_a_derivative_is_answered(statement: Statement) -> None:
    if statement.tag in FALLS_SHORT:
        pytest.skip(FALLS_SHORT[statement.tag])
    answer = answered(statement)
    assert answer.latex, answer.trouble
    assert answer.error is not None
    assert answer.error <= TOLERANCE, answer.latex
    assert answer.proved, f"{answer.latex}: {answer.trouble}"


def test_every_identity_has_a_wrong_variant() -> None:
    for name, text in DOCUMENTS:
        stated = statements(text)
        wrong = {s.tag for s in stated if s.wrong}
        assert {s.tag for s in stated} <= wrong | {"94"}, name


def test_every_number_of_the_chapter_is_stated_or_left_out() -> None:
    stated = {int(s.tag) for _, text in DOCUMENTS for s in statements(text) if s.tag.isdigit()}
    for numbers in LEFT_OUT:
        for part in numbers.split(", "):
            first, _, last = part.partition(" to ")
            left = set(range(int(first), int(last or first) + 1))
            assert not stated & left, numbers
            stated |= left
    assert set(range(1, 145)) <= stated, sorted(set(range(1, 145)) - stated)


def test_a_wrong_variant_is_wrong_in_numbers_too() -> None:
    """The tester tested: a transposed answer differs from the differences."""
    X, a, b = [[1.0, 2.0], [3.0, 5.0]], [1.0, 2.0], [3.0, -1.0]
    numeric = slope(FUNCTIONS["70"][0], {"a": np.array(a), "X": X, "b": b}, "X")
    assert np.allclose(numeric, [[3.0, -1.0], [6.0, -2.0]])
    assert not np.allclose(numeric.T, [[3.0, -1.0], [6.0, -2.0]])
