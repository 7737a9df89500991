"""The reference of the vocabulary: every row is on it, with what the engine makes of it."""

from pathlib import Path

import pytest

from derive.app.cli import main
from derive.app.reference import entry_of, render_reference, specimen
from derive.latex.print import latex
from derive.operators.row import COMPOSITES, POINTWISE, PRIMITIVES
from derive.operators.singular import ONCE

PAGE = Path(__file__).parent.parent / "docs" / "reference.html"
ROWS = [*POINTWISE.values(), *PRIMITIVES.values(), *COMPOSITES.values()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_word_has_an_entry(row):
    entry = entry_of(row)
    _, arguments = specimen(row)
    assert entry.meaning
    assert len(entry.gradients) == (0 if row.name in ONCE else len(arguments))
    assert "[" not in "".join(latex(line).partition("=")[0] for line in entry.gradients)
    assert entry.drawing.startswith("<svg")
    if row.name in COMPOSITES:
        assert entry.told, f"{row.name} has no docstring"


def test_the_command_writes_it(tmp_path, capsys):
    path = tmp_path / "page.html"
    assert main(["reference", "-o", str(path)]) == 0
    assert main(["reference"]) == 0
    assert path.read_text(encoding="utf-8") == capsys.readouterr().out
    assert main(["reference", "-o", str(tmp_path)]) == 2
    assert "error" in capsys.readouterr().err


def test_the_page_is_the_one_that_is_kept():
    assert render_reference() == PAGE.read_text(encoding="utf-8"), (
        "write it anew: derive reference -o docs/reference.html"
    )
