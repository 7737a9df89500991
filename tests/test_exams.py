"""Exam sheets, notes and answer keys as people have them: what ``solve`` must answer.

``exams/answers.txt`` has a line for each answer, number and verdict: the document, what is asked,
and what it is.  The sheets were read, and the numbers reckoned by hand, before they were kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from derive.app.html import render_html
from derive.app.pages import solved_sheet
from derive.app.problems import Solved, solved_document
from derive.app.report import solved_json
from derive.app.tex import render_tex
from derive.diagnostics import Source

HERE = Path(__file__).parent / "exams"
ANSWERS = [line.split(" | ") for line in (HERE / "answers.txt").read_text().splitlines()]
NAMES = sorted(path.name for path in HERE.iterdir() if path.suffix != ".txt")


def _solved(name: str) -> tuple[Solved, dict[str, Any]]:
    source = Source(name, (HERE / name).read_text(encoding="utf-8"))
    done = solved_document(source)
    return done, solved_json(done, source)


def told(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for one in found["questions"]:
        yield one["question"], one["latex"]
        if one.get("number"):
            yield (
                one["question"],
                ("= " if one["number"]["exact"] else "≈ ") + one["number"]["latex"],
            )
    for one in found["numbers"]:
        yield one["of"], ("= " if one["exact"] else "≈ ") + one["latex"]
    for one in (*found["shown"], *found["said"]):
        yield one["latex"], one["verdict"]


def _signed(number: dict[str, Any]) -> str:
    return f"{'=' if number['exact'] else '≈'} {number['latex']}"


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_the_one_that_is_wanted(name: str) -> None:
    done, found = _solved(name)
    assert not done.faults
    expected = [(asked, answer) for document, asked, answer in ANSWERS if document == name]
    assert list(told(found)) == expected
    for one in found["questions"]:
        compared = one["check"]["passed"] or one["kind"] == "value"
        assert compared, f"{one['question']} is compared with differences"


@pytest.mark.parametrize("name", NAMES)
def test_the_sheet_is_written(name: str) -> None:
    sheet = solved_sheet(_solved(name)[0])
    for page in (render_html(sheet), render_tex(sheet)):
        assert "could not be read" not in page
