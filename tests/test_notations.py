r"""Documents in the notations of courses and papers, each with the answers that it must print.

A question carries its answer as the printed text, ``= ? % answer: \hat{y} - y``; questions on one
line, several answers with two semicolons between.  The answers were compared by eye with what the
courses print; that they are right is checked by numbers beside.
"""

import re
from pathlib import Path

import pytest

from derive.app.report import solution_json
from derive.app.solve import solved
from derive.diagnostics import Source
from derive.elaborate.document import read

HERE = Path(__file__).parent / "notations"
_ANSWERS = re.compile(r"(?<!\\)%\s*answer:\s*(.*?)\s*$", re.MULTILINE)


@pytest.mark.parametrize("path", sorted(HERE.iterdir()), ids=lambda path: path.name)
def test_it_prints_the_answers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = [one for line in _ANSWERS.findall(text) for one in re.split(r"\s*;;\s*", line)]
    text = _ANSWERS.sub("", text)
    done = solution_json(solved(read(text, path.name)), Source(path.name, text))
    assert [question["latex"] for question in done["questions"]] == expected
    assert all(question["check"]["passed"] for question in done["questions"])
