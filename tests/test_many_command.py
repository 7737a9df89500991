"""``derive check`` over many documents: the options of a run, with work that needs no checker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from derive.app.cli import main
from tests.many_work import shown
from tests.test_many import folder


@pytest.fixture(autouse=True)
def light_work(monkeypatch) -> None:
    monkeypatch.setattr("derive.app.checked.work.checked", shown)
    # Somebody may be editing our sources while the tests run.
    monkeypatch.setattr("derive.app.many.journal.CODE", ())


@pytest.mark.parametrize(
    ("texts", "code"),
    [(("a", "b"), 0), (("a", "unsettled"), 3), (("refuted", "unsettled"), 1),
     (("ill-typed", "a"), 1), (("unreadable", "refuted", "unsettled"), 2), (("a", ""), 2)],
)  # fmt: skip
def test_the_worst_document_is_the_exit_code(tmp_path: Path, capsys, texts, code) -> None:
    assert main(["check", str(folder(tmp_path / "d", *texts))]) == code
    out, err = capsys.readouterr()
    assert [name in out for name in ("000.tex", "001.tex")] == [True, True]
    assert f"{len(texts)} files" in err


def test_the_counts_go_to_a_file(tmp_path: Path, capsys) -> None:
    documents, counts = folder(tmp_path / "d", "a refuted", "b"), tmp_path / "new" / "counts.json"
    assert main(["check", str(documents), "--json", "--summary", str(counts)]) == 1
    assert json.loads(counts.read_text())["claims"]["total"] == 3
    assert capsys.readouterr().err == ""


def test_progress_is_shown_when_it_is_asked_for(tmp_path: Path, capsys) -> None:
    documents = str(folder(tmp_path / "d", "a", "b"))
    assert main(["check", documents, "--progress"]) == 0
    assert "checked 2 of 2" in capsys.readouterr().err
    assert main(["check", documents, "--no-progress"]) == 0
    assert "checked" not in capsys.readouterr().err


def test_a_journal_is_used(tmp_path: Path, capsys) -> None:
    documents, journal = str(folder(tmp_path / "d", "a", "refuted")), str(tmp_path / "journal")
    assert main(["check", documents, "--journal", journal]) == 1
    first = capsys.readouterr()
    assert main(["check", documents, "--journal", journal]) == 1
    again = capsys.readouterr()
    assert again.out == first.out
    assert "2 from the journal" in again.err


def test_what_cannot_be_used_is_told_with_a_code(tmp_path: Path, capsys, monkeypatch) -> None:
    documents = str(folder(tmp_path / "d", "a", "b"))
    assert main(["check", documents, "--journal", str(tmp_path)]) == 2
    assert "[no-output]" in capsys.readouterr().err
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    assert main(["check", documents, "--cluster", "local"]) == 2
    told = capsys.readouterr().err
    assert "[no-cluster]" in told
    assert "pip install 'derive[cluster]'" in told


@pytest.mark.parametrize("code", ["crashed", "timed-out", "no-cluster", "internal-error"])
def test_what_can_fail_is_explained(capsys, code: str) -> None:
    assert main(["explain", code]) == 0
    assert capsys.readouterr().out.startswith(f"{code}: ")
