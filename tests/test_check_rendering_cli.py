"""``derive check`` and ``derive explain``: exit codes, formats, what goes where."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

pytest.importorskip("flint")

import derive
from derive.app import cli
from derive.app.checked import explain
from proofs.mistakes import MISTAKES
from tests import checked_reports

ROOT = Path(__file__).parent.parent
GIVEN = r"""
Let $\mathbf{x}\in\mathbb{R}^n$, $\mathbf{y}\in\mathbb{R}^m$, $\mathbf{W}\in\mathbb{R}^{m\times n}$,
$\mathbf{z} = \mathbf{W}\mathbf{x}$ and $L = \frac12\|\mathbf{z} - \mathbf{y}\|^2$. Then
"""
RIGHT = GIVEN + r"$\nabla_{\mathbf{z}} L = \mathbf{z} - \mathbf{y}$."
WRONG = GIVEN + r"$\nabla_{\mathbf{z}} L = 2(\mathbf{z} - \mathbf{y})$."
SHAPES = GIVEN + r"$\nabla_{\mathbf{x}} L = \mathbf{W}(\mathbf{z} - \mathbf{y})$."
BROKEN = GIVEN + r"$\nabla_{\mathbf{z}} L = (\mathbf{z} - \mathbf{y}$."
# True, and no theorem of ours.
OPEN = GIVEN + r"$\sin(\exp(\|\mathbf{x}\|^2)) \ge -\|\mathbf{y}\|^2 - 0.99999$."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DERIVE_TRACEBACK", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    texts = {"right": RIGHT, "wrong": WRONG, "shapes": SHAPES, "broken": BROKEN, "open": OPEN}
    for name, text in texts.items():
        (tmp_path / f"{name}.tex").write_text(text, encoding="utf-8")
    return tmp_path


def said(capsys, *args: str) -> tuple[int, str, str]:
    code = cli.main(["check", *args])
    told = capsys.readouterr()
    return code, told.out, told.err


# -------------------------------------------------------------------------------------- outcomes


@pytest.mark.parametrize(
    ("name", "code"), [("right", 0), ("wrong", 1), ("shapes", 1), ("broken", 2), ("open", 3)]
)
def test_the_exit_code_is_the_worst_verdict(folder, capsys, name, code):
    assert said(capsys, f"{name}.tex")[0] == code


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["right", "open"], 3),
        (["open", "wrong"], 1),
        (["wrong", "broken", "open"], 2),
        (["right", "right"], 0),
    ],
)
def test_of_several_documents_the_worst_counts(folder, capsys, names, code):
    assert said(capsys, *[f"{name}.tex" for name in names])[0] == code


def test_a_document_that_is_not_there_does_not_stop_the_others(folder, capsys):
    code, out, _ = said(capsys, "nowhere.tex", "right.tex")
    assert code == cli.UNREADABLE
    assert "error[no-file]: there is no such file" in out
    assert "right.tex: 1 claim, proved" in out


def test_folders_stand_for_their_documents(folder, capsys):
    deep = folder / "deep" / "er"
    deep.mkdir(parents=True)
    (deep / "notes.md").write_text(WRONG)
    (deep / "data.txt").write_text("no document")
    code, out, err = said(capsys, "deep", "--json")
    assert code == cli.DIFFERS
    (found,) = map(json.loads, out.splitlines())
    assert found["file"] == os.path.join("deep", "er", "notes.md")
    assert err == ""


def test_standard_input_is_a_document(folder):
    done = subprocess.run(
        [sys.executable, "-m", "derive.app.cli", "check", "-"], input=WRONG, text=True,
        capture_output=True, encoding="utf-8", env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == cli.DIFFERS
    assert "error[factor]" in done.stdout
    assert " --> <stdin>:4:26" in done.stdout
    assert done.stderr == ""


def test_the_wrong_line_is_told_with_all_that_helps(folder, capsys):
    _, out, _ = said(capsys, "wrong.tex")
    pieces = ["error[factor]", "--> wrong.tex:4:26", "^^^^", "= example:", "1 claim, wrong"]
    pieces += ["derive explain factor", r"\mathbf{z} - \mathbf{y}"]
    assert [piece for piece in pieces if piece not in out] == []


def test_what_is_proved_is_listed_on_request(folder, capsys):
    assert "proved: right.tex" not in said(capsys, "right.tex")[1]
    assert "proved: right.tex:4:2: " in said(capsys, "right.tex", "-v")[1]


def test_several_documents_are_summed_up(folder, capsys):
    _, out, err = said(capsys, "right.tex", "wrong.tex")
    assert "2 files" in err
    assert "2 files" not in out
    assert "files" not in said(capsys, "right.tex")[2]


def test_the_summary_goes_to_a_file_that_is_no_document(folder, capsys):
    said(capsys, "right.tex", "wrong.tex", "--summary", "sum.json", "--no-progress")
    counts = json.loads((folder / "sum.json").read_text())
    assert (counts["files"]["total"], counts["claims"]["refuted"], counts["exit"]) == (2, 1, 1)
    code, out, err = said(capsys, "right.tex", "--summary", "right.tex")
    assert (code, out) == (cli.UNREADABLE, "")
    assert "it is a document that is read" in err
    assert (folder / "right.tex").read_text() == RIGHT


def test_progress_can_be_asked_for(folder, capsys):
    assert "checked 1 of 1" in said(capsys, "right.tex", "--progress")[2]
    assert "checked" not in said(capsys, "right.tex", "open.tex")[2]


def test_without_its_library_a_cluster_is_explained(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, out, err = said(capsys, "right.tex", "--cluster", "local")
    assert (code, out) == (cli.UNREADABLE, "")
    assert "derive[cluster]" in err


def test_a_layout_can_be_asked_for(folder, capsys):
    _, out, _ = said(capsys, "right.tex", "--layout", "numerator", "--json")
    found = json.loads(out)
    assert (found["convention"], found["convention_from"]) == ("numerator", "option")


def test_processes_give_the_same_text(folder, capsys):
    one = said(capsys, "right.tex", "wrong.tex", "open.tex")
    assert said(capsys, "right.tex", "wrong.tex", "open.tex", "--jobs", "2")[:2] == one[:2]


def test_a_journal_keeps_what_was_said(folder, capsys):
    first = said(capsys, "wrong.tex", "--journal", "done.jsonl")
    assert said(capsys, "wrong.tex", "--journal", "done.jsonl") == first
    (line,) = (folder / "done.jsonl").read_text().splitlines()
    assert json.loads(line)["result"]["verdict"] == "refuted"


@pytest.mark.parametrize(
    "args",
    [["--limit", "0"], ["--limit", "nan"], ["--jobs", "0"], ["--jobs", "x"], ["--layout", "other"],
     ["--format", "xml"], ["--color", "blue"]],
)  # fmt: skip
def test_arguments_that_make_no_sense(folder, capsys, args):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["check", "right.tex", *args])
    assert stopped.value.code == 2


# --------------------------------------------------------------------------------------- formats


def test_json_is_a_line_for_each_document_with_the_same_fields(folder, capsys):
    _, out, err = said(capsys, "wrong.tex", "nowhere.tex", "broken.tex", "--json")
    wrong, nowhere, broken = map(json.loads, out.splitlines())
    assert err == ""
    assert list(wrong) == list(nowhere) == list(broken)
    assert (wrong["verdict"], wrong["error"]) == ("refuted", [])
    assert wrong["claims"][0]["mistake"] == "factor"
    assert (nowhere["verdict"], nowhere["claims"]) == ("unreadable", [])
    assert nowhere["error"][0]["code"] == "no-file"
    assert broken["verdict"] == "unreadable"
    assert said(capsys, "wrong.tex", "--format", "json")[1] == json.dumps(wrong) + "\n"


def test_sarif_and_junit_are_one_file_for_all(folder, capsys):
    names = ["right.tex", "wrong.tex", "nowhere.tex", "open.tex"]
    code, out, _ = said(capsys, *names, "--format", "sarif")
    (run,) = json.loads(out)["runs"]
    assert code == cli.UNREADABLE
    assert [one["location"]["uri"] for one in run["artifacts"]] == names
    assert [r["ruleId"] for r in run["results"]] == ["factor", "no-file", "unsettled"]
    _, out, _ = said(capsys, *names, "--format", "junit")
    root = ElementTree.fromstring(out)
    assert [suite.get("name") for suite in root] == names
    counts = [root.get(kind) for kind in ("tests", "failures", "errors", "skipped")]
    assert counts == ["4", "1", "1", "1"]


def test_two_formats_at_once_are_refused(folder, capsys):
    code, out, err = said(capsys, "right.tex", "--json", "--format", "sarif")
    assert (code, out) == (cli.UNREADABLE, "")
    assert "contradict" in err


def test_github_says_nothing_of_what_is_right(folder, capsys):
    assert said(capsys, "right.tex", "--format", "github") == (0, "", "")
    code, out, _ = said(capsys, "wrong.tex", "--format", "github")
    assert code == cli.DIFFERS
    assert re.match(r"::error file=wrong\.tex,line=4,endLine=4,col=26,endColumn=51,title=", out)


def test_colour_is_for_terminals_or_on_request(folder, capsys, monkeypatch):
    assert "\x1b[" not in said(capsys, "wrong.tex")[1]
    assert "\x1b[" in said(capsys, "wrong.tex", "--color", "always")[1]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in said(capsys, "wrong.tex")[1]
    assert "\x1b[" not in said(capsys, "wrong.tex", "--color", "never")[1]
    monkeypatch.setenv("NO_COLOR", "")
    assert "\x1b[" not in said(capsys, "wrong.tex")[1]


def test_pages_are_written_and_documents_are_not_overwritten(folder, capsys):
    _, out, _ = said(capsys, "wrong.tex", "right.tex", "-o", ".")
    assert "written: wrong-checked.html, wrong-checked.tex" in out
    assert (folder / "wrong.tex").read_text() == WRONG
    page = (folder / "wrong-checked.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert 'class="wrong"' in page
    said(capsys, ".", "-o", "out/put", "--json")
    made = {p.name for p in (folder / "out" / "put").iterdir()}
    assert {"wrong.html", "wrong.tex", "open.html", "wrong-checked.tex"} <= made


def test_where_nothing_can_be_written_it_is_said(folder, capsys):
    (folder / "file").write_text("")
    code, _, err = said(capsys, "right.tex", "-o", "file")
    assert code == cli.UNREADABLE
    assert "error[no-output]" in err


# --------------------------------------------------------------------------------------- explain


def _raised() -> set[str]:
    """The codes that the readers and the judge write down, wherever they do."""
    root = Path(derive.__file__).parent
    files = [*root.rglob("*.py"), *(root.parent / "proofs").glob("*.py")]
    calls = [
        node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]  # fmt: skip
    makers = {"Fault", "Unreadable", "Diagnostic", "refuse"}
    first = {
        call.args[0].value for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in makers and call.args
        and isinstance(call.args[0], ast.Constant)
    }  # fmt: skip
    named = {
        keyword.value.value for call in calls for keyword in call.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
        and isinstance(call.func, ast.Attribute) and call.func.attr == "_link"
    }  # fmt: skip
    return first | named


def test_every_code_that_occurs_is_explained():
    raised = _raised()
    assert {"shape-clash", "unclosed-bracket", "undefined-symbol"} <= raised
    assert [code for code in sorted(raised) if explain.explained(code) is None] == []


def test_every_code_is_listed_and_explained(capsys):
    assert cli.main(["explain"]) == cli.DONE
    listed = capsys.readouterr().out
    for code in [*MISTAKES, *explain.VERDICTS, *explain.READING]:
        assert re.search(rf"^  {code} +\S", listed, re.MULTILINE)
        assert cli.main(["explain", code]) == cli.DONE
        told = capsys.readouterr().out
        assert told.startswith(f"{code}: ")
        assert len(told) > len(code) + 20


def test_a_code_that_is_misspelled_is_guessed(capsys):
    assert cli.main(["explain", "Mising_Transpose"]) == cli.UNREADABLE
    assert "did you mean `missing-transpose`?" in capsys.readouterr().err
    assert cli.main(["explain", "zzzz", "refuted"]) == cli.UNREADABLE
    told = capsys.readouterr()
    assert "lists all codes" in told.err
    assert told.out.startswith("refuted: ")


# ------------------------------------------------------------------------------------- in Python


def test_a_report_shows_itself():
    report = derive.check(WRONG, "w.tex")
    assert "error[factor]" in str(report)
    assert "\x1b" not in str(report)
    assert repr(report) == "<Report of w.tex: 1 claim, wrong>"
    made = report._repr_html_()
    assert "✗ wrong" in made
    assert made.count("<tr>") == 1
    assert "<math" in made


@pytest.mark.parametrize("name", checked_reports.REPORTS)
def test_a_notebook_is_given_every_link_and_no_foreign_markup(name):
    report = checked_reports.REPORTS[name]()
    made = report._repr_html_()
    links = sum(len(claim.links) for claim in report.claims)
    assert made.count("<tr>") == links + len(report.diagnostics)
    assert not re.search(r"<(script|i|v)\b", made)


# ----------------------------------------------------------------------------------- the hook


def test_the_hook_checks_documents():
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^[- ] (\w+): (.+)$", text, re.MULTILINE))
    assert rows["id"] == "derive-check"
    assert rows["entry"] == "derive check"
    assert rows["types_or"] == "[tex, markdown]"
    assert rows["language"] == "python"
    assert text.count("- id:") == 1
