"""``derive check`` on lines of linear algebra that numbers have judged: nothing false is proved.

The idea: ``tests.soundness.algebra`` with a fixed seed; laws, slips, and laws of other matrices.
"""

import random
from itertools import islice

import pytest

from proofs.check import check
from proofs.verdict import PROVED, REFUTED, UNSETTLED
from tests.soundness.algebra import Line, judged, lines

pytest.importorskip("flint")
COUNT = 40


@pytest.fixture(scope="module")
def found() -> list[tuple[Line, str]]:
    many = (one for one in lines(random.Random(3)) if len(one.text) < 560)
    return [(one, check(one.text).claims[-1].verdict) for one in islice(many, COUNT)]


def test_no_false_line_is_proved(found: list[tuple[Line, str]]) -> None:
    wrong = [one for one, verdict in found if not one.true and verdict == PROVED]
    assert not wrong, "\n".join(one.text for one in wrong)


def test_no_true_line_is_refuted(found: list[tuple[Line, str]]) -> None:
    wrong = [one for one, verdict in found if one.true and verdict not in (PROVED, UNSETTLED)]
    assert not wrong, "\n".join(one.text for one in wrong)


def test_most_are_settled(found: list[tuple[Line, str]]) -> None:
    assert sum(one.true for one, _ in found) > COUNT // 5
    assert sum(verdict in (PROVED, REFUTED) for _, verdict in found) > 0.85 * COUNT


def test_the_judge_tells_laws_from_slips() -> None:
    a, b = ("name", "A"), ("name", "B")
    assert judged(("tr", ("mul", a, b)), ("tr", ("mul", b, a))) is True
    assert judged(("mul", a, b), ("mul", b, a)) is False
    assert judged(("T", ("name", "S")), ("name", "S")) is True
    assert judged(("T", ("name", "P")), ("name", "P")) is False
