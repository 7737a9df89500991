"""What a reader is told about a bad document: golden files, one for each in ``tests/bad``.

``UPDATE_GOLDEN=1 ./run tests tests/test_errors.py`` writes them anew; read the difference.
"""

import os
import re
from pathlib import Path

import pytest

from derive.app.cli import UNREADABLE, main

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").iterdir())
GOLDEN = HERE / "golden" / "errors"


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    # A mistake of ours must fail these tests, not look like a mistake in the document.
    monkeypatch.setenv("DERIVE_TRACEBACK", "1")
    monkeypatch.chdir(HERE / "bad")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_the_message_is_the_golden_one(path, capsys, tmp_path):
    assert main(["solve", path.name, "-o", str(tmp_path / "out")]) == UNREADABLE
    told = capsys.readouterr()
    assert told.out == ""
    assert "Traceback" not in told.err
    golden = GOLDEN / f"{path.stem}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(told.err, encoding="utf-8")
    assert told.err == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_no_sheet_is_left_behind(path, capsys, tmp_path):
    main(["solve", path.name, "-o", str(tmp_path / "out")])
    capsys.readouterr()
    assert not list(tmp_path.rglob("*"))


def test_every_golden_file_has_its_document():
    assert {g.stem for g in GOLDEN.iterdir()} == {b.stem for b in BAD}


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_every_message_has_a_code_and_a_place(golden):
    text = golden.read_text(encoding="utf-8")
    assert re.match(r"error\[[a-z0-9-]+\]: [^A-Z]", text)
    assert f"--> {golden.stem}." in text
    headlines = re.findall(r"^error\[.*\]: (.*)$", text, re.MULTILINE)
    assert not any(line.endswith(".") for line in headlines)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("shape_clash", ["h", "m", "n"]),
        ("undefined_symbol", [r"\mathbf{V}"]),
        ("cycle", [r"\mathbf{h}", r"\mathbf{s}"]),
        ("defined_twice", ["first defined"]),
        ("not_scalar", ["Jacobian"]),
        ("several", [":6:", ":7:"]),
        ("unclosed_bracket", [":5:"]),
        ("latin1", ["UTF-8"]),
    ],
)
def test_a_message_says_what_its_reader_needs(name, words):
    text = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert all(word in text for word in words)
