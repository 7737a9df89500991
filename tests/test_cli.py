"""The command ``derive``: exit codes, what goes where, and nothing left half done."""

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from derive.app import cli, problems
from derive.version import VERSION

ROOT = Path(__file__).parent.parent
GOOD = r"""
Let $\mathbf{x}\in\mathbb{R}^n$, $\mathbf{W}\in\mathbb{R}^{m\times n}$, $\mathbf{y}\in\mathbb{R}^m$,
$\mathbf{z} = \tanh(\mathbf{W}\mathbf{x})$ and $L = \frac12\|\mathbf{z} - \mathbf{y}\|^2$.
Find $\frac{\partial L}{\partial \mathbf{W}} = ?$ and $\frac{\partial L}{\partial \mathbf{z}} = ?$
"""
BAD = r"Let $\mathbf{x}\in\mathbb{R}^n$ and $L = \|\mathbf{x} + \mathbf{q}$."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DERIVE_TRACEBACK", "1")
    (tmp_path / "good.tex").write_text(GOOD)
    (tmp_path / "bad.tex").write_text(BAD)
    return tmp_path


def derive(*args, **options):
    """The command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "derive.app.cli", *args],
        capture_output=True, text=True, encoding="utf-8", env=environment, timeout=60, **options,
    )  # fmt: skip


def json_lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


# ------------------------------------------------------------------------------ what is done


def test_solve_writes_both_sheets_and_says_so(folder, capsys):
    assert cli.main(["solve", "good.tex"]) == cli.DONE
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.count("\n") == 1
    assert "2 results, all agree" in said.out
    html = (folder / "output" / "good.html").read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert "<math" in html
    assert "<svg" in html
    for outside in ("<script", "<link", "http://cdn", "https://cdn"):
        assert outside not in html
    assert r"\end{document}" in (folder / "output" / "good.tex").read_text(encoding="utf-8")
    assert sorted(p.name for p in (folder / "output").iterdir()) == ["good.html", "good.tex"]


def test_what_the_loss_does_not_depend_on_has_the_gradient_0_and_says_so(folder, capsys):
    (folder / "zero.tex").write_text(
        GOOD + r"Let $\mathbf{u}\in\mathbb{R}^n$. Find $\frac{\partial L}{\partial \mathbf{u}} = ?$"
    )
    assert cli.main(["solve", "zero.tex", "--json", "-o", "output"]) == cli.DONE
    (found,) = json_lines(capsys.readouterr().out)
    *others, last = found["questions"]
    assert (last["zero"], last["latex"], last["shape"]) == (True, r"\mathbf{0}", ["n"])
    assert last["check"]["passed"] is True
    assert not any(question["zero"] for question in others)
    assert "does not depend on" in (folder / "output" / "zero.tex").read_text(encoding="utf-8")


def test_a_sheet_is_for_others_to_read_too(folder):
    cli.main(["solve", "good.tex"])
    mode = stat.S_IMODE((folder / "output" / "good.html").stat().st_mode)
    assert mode & stat.S_IRGRP or os.umask(os.umask(0)) & stat.S_IRGRP


def test_the_same_document_gives_the_same_sheet(folder):
    cli.main(["solve", "good.tex", "-o", "one"])
    cli.main(["solve", "good.tex", "-o", "two"])
    for name in ("good.tex", "good.html"):
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes()


def test_a_bad_document_does_not_stop_the_others(folder, capsys):
    assert cli.main(["solve", "bad.tex", "missing.tex", "good.tex"]) == cli.UNREADABLE
    said = capsys.readouterr()
    assert "good.tex: 2 results" in said.out
    assert "bad.tex:1:" in said.err
    assert "--> missing.tex" in said.err
    assert sorted(p.name for p in (folder / "output").iterdir()) == ["good.html", "good.tex"]


def test_a_document_is_never_overwritten(folder):
    before = (folder / "good.tex").read_bytes()
    assert cli.main(["solve", "good.tex", "-o", "."]) == cli.DONE
    assert (folder / "good.tex").read_bytes() == before
    assert (folder / "good-solution.tex").exists()


def test_two_documents_of_one_name_have_two_sheets(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "good.tex").write_text(GOOD)
    assert cli.main(["solve", "good.tex", "sub/good.tex"]) == cli.DONE
    assert len(list((folder / "output").glob("*.html"))) == 2


def test_the_sheet_of_another_day_is_replaced(folder):
    (folder / "output").mkdir()
    (folder / "output" / "good.html").write_text("old")
    cli.main(["solve", "good.tex"])
    assert (folder / "output" / "good.html").read_text(encoding="utf-8") != "old"


def test_standard_input_is_a_document(folder):
    done = derive("solve", "-", "--json", input=GOOD, cwd=folder)
    assert done.returncode == 0
    assert json_lines(done.stdout)[0]["file"] == "<stdin>"
    assert not (folder / "output").exists()


# -------------------------------------------------------------------------------------- JSON


def test_json_of_solve(folder, capsys):
    assert cli.main(["solve", "good.tex", "--json", "--seed", "5"]) == cli.DONE
    (found,) = json_lines(capsys.readouterr().out)
    assert found["file"] == "good.tex"
    assert found["seed"] == 5
    assert found["passed"] is True
    assert found["parameters"] == {"count": "m n", "each": {r"\mathbf{W}": "m n"}}
    first, second = found["questions"]
    assert first["kind"] == "gradient"
    assert first["of"] == "L"
    assert first["wrt"] == r"\mathbf{W}"
    assert first["shape"] == ["m", "n"]
    assert first["layout"] == "denominator"
    assert (first["line"], first["column"]) == (4, 7)
    assert first["zero"] is False
    assert second["latex"] == r"\mathbf{z} - \mathbf{y}"
    assert second["ascii"] == "z - y"
    assert set(first["steps"][-1]) == {"left", "right", "reason"}
    assert r"\mathbf{x}^\top" in first["steps"][-1]["right"][0]
    check = first["check"]
    assert set(check["sizes"]) == {"m", "n"}
    assert check["seed"] == 5
    assert check["points"] >= 1
    assert 0 <= check["max_error"] <= check["tolerance"]
    assert check["passed"] is True
    assert not (folder / "output").exists()


def test_every_field_of_the_json_is_documented(folder, capsys):
    cli.main(["solve", "good.tex", "bad.tex", "--json"])
    words = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")

    def fields(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key not in ("n", "m", r"\mathbf{W}"):  # these are the document's
                    yield key
                yield from fields(inner)
        if isinstance(value, list):
            for inner in value:
                yield from fields(inner)

    for line in json_lines(capsys.readouterr().out):
        for key in fields(line):
            assert f"`{key}`" in words, key


def test_json_of_a_bad_document_is_an_error_with_its_place(folder, capsys):
    assert cli.main(["solve", "bad.tex", "good.tex", "--json"]) == cli.UNREADABLE
    said = capsys.readouterr()
    assert said.err == ""
    bad, good = json_lines(said.out)
    assert bad["file"] == "bad.tex"
    column = BAD.index(r"\|") + 1
    assert ("unclosed-bracket", 1, column) in [
        (e["code"], e["line"], e["column"]) for e in bad["error"]
    ]
    assert good["questions"]


def test_json_with_a_folder_writes_the_sheets_as_well(folder, capsys):
    cli.main(["solve", "good.tex", "--json", "-o", "sheets"])
    json_lines(capsys.readouterr().out)
    assert (folder / "sheets" / "good.html").exists()


# ------------------------------------------------------------------------- graphs and code


def test_graph_draws(folder, capsys):
    assert cli.main(["graph", "good.tex"]) == cli.DONE
    assert capsys.readouterr().out.startswith("<svg")
    assert cli.main(["graph", "good.tex", "-o", "g.tex"]) == cli.DONE
    assert r"\begin{tikzpicture}" in (folder / "g.tex").read_text(encoding="utf-8")
    assert cli.main(["graph", "good.tex", "-o", "drawings"]) == cli.DONE
    assert (folder / "drawings" / "good.svg").exists()


def test_graph_as_json_has_nodes_and_edges(folder, capsys):
    assert cli.main(["graph", "good.tex", "--json"]) == cli.DONE
    (found,) = json_lines(capsys.readouterr().out)
    keys = {node["key"] for node in found["nodes"]}
    assert all(edge["tail"] in keys and edge["head"] in keys for edge in found["edges"])
    assert found["svg"].startswith("<svg")


def test_export_makes_a_module_that_runs(folder):
    assert cli.main(["export", "good.tex", "--to", "numpy", "-o", "net.py"]) == cli.DONE
    program = (
        "import net, numpy as np\n"
        "given = dict(x=np.ones(3), W=np.ones((2, 3)) / 5, y=np.zeros(2))\n"
        "g = net.gradients(**given)['W']\n"
        "t = np.tanh(0.6)\n"
        "assert np.allclose(g, t * (1 - t * t)), g\n"
        "assert np.allclose(net.forward(**given)['L'], t * t)\n"
        "print(sorted(net.SYMBOLS.items()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=folder
    )
    assert done.stderr == ""
    assert r"('\\mathbf{W}', 'W')" in done.stdout


# ---------------------------------------------------------------------------- what goes wrong


def test_a_failed_check_is_exit_code_1_and_red_on_the_sheet(folder, monkeypatch, capsys):
    from dataclasses import replace

    import derive.app.solve as solve

    real = solve.worked

    def wrong(network, unasked):
        done = real(network, unasked)
        first, *rest = done.answers
        return replace(done, answers=(replace(first, value=2 * first.value), *rest))

    monkeypatch.setattr(solve, "worked", wrong)
    assert cli.main(["solve", "good.tex"]) == cli.DIFFERS
    assert "1 of 2 results differ" in capsys.readouterr().out
    assert 'class="failed"' in (folder / "output" / "good.html").read_text(encoding="utf-8")
    assert r"\textcolor{wrong}" in (folder / "output" / "good.tex").read_text(encoding="utf-8")
    assert cli.main(["solve", "good.tex", "bad.tex"]) == cli.UNREADABLE


def test_files_that_are_no_documents(folder, capsys):
    (folder / "dir.tex").mkdir()
    (folder / "zero.tex").write_bytes(b"")
    assert cli.main(["solve", "dir.tex"]) == cli.UNREADABLE
    assert "directory" in capsys.readouterr().err
    assert cli.main(["solve", "none.tex"]) == cli.UNREADABLE
    assert "no such file" in capsys.readouterr().err
    assert cli.main(["solve", "zero.tex"]) == cli.UNREADABLE
    assert "empty" in capsys.readouterr().err
    assert cli.main(["solve", "a\0b.tex"]) == cli.UNREADABLE
    assert not (folder / "output").exists()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device without an end")
def test_a_file_without_an_end_is_refused(folder, capsys):
    assert cli.main(["solve", "/dev/zero"]) == cli.UNREADABLE
    assert "limit" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(folder, capsys):
    (folder / "output").write_text("a file")
    assert cli.main(["solve", "good.tex"]) == cli.UNREADABLE
    said = capsys.readouterr()
    assert "cannot write" in said.err
    assert "output" in said.err


def test_a_folder_where_a_sheet_belongs_leaves_nothing_of_either(folder, capsys):
    (folder / "output" / "good.html").mkdir(parents=True)
    assert cli.main(["solve", "good.tex"]) == cli.UNREADABLE
    assert "cannot write output/good.html: it is a folder" in capsys.readouterr().err
    assert [path.name for path in (folder / "output").iterdir()] == ["good.html"]


@pytest.mark.parametrize("command", [["graph"], ["export", "--to", "numpy"]])
def test_a_dash_is_standard_output(folder, capsys, command):
    assert cli.main([*command, "good.tex"]) == cli.DONE
    shown = capsys.readouterr().out
    assert cli.main([*command, "good.tex", "-o", "-"]) == cli.DONE
    assert capsys.readouterr().out == shown != ""
    assert not (folder / "-").exists()


@pytest.mark.parametrize("command", [["graph"], ["export", "--to", "numpy"]])
def test_a_result_never_replaces_a_document(folder, capsys, command):
    suffix = ".tex" if command == ["graph"] else ".py"
    (folder / f"notes{suffix}").write_text(GOOD)
    assert cli.main([*command, f"notes{suffix}", "-o", f"notes{suffix}"]) == cli.UNREADABLE
    assert "it is a document that is read" in capsys.readouterr().err
    assert (folder / f"notes{suffix}").read_text() == GOOD


def test_a_sheet_that_fails_half_way_leaves_nothing(folder, monkeypatch, capsys):
    import derive.app.files as files

    real, calls = os.replace, []

    def full(source, target):
        calls.append(target)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    assert cli.main(["solve", "good.tex"]) == cli.UNREADABLE
    monkeypatch.setattr(files.os, "replace", real)
    assert calls
    assert "no space left" in capsys.readouterr().err
    assert list((folder / "output").iterdir()) == []


def test_a_mistake_of_ours_is_told_as_ours(folder, monkeypatch, capsys):
    monkeypatch.setattr(problems, "read_problems", lambda source: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main(["solve", "good.tex"])
    monkeypatch.delenv("DERIVE_TRACEBACK")
    assert cli.main(["solve", "good.tex"]) == cli.UNREADABLE
    said = capsys.readouterr().err
    assert "internal error" in said
    assert "please report" in said
    assert "Traceback" not in said


def test_arguments_that_make_no_sense_are_exit_code_2(folder, capsys):
    for args in ([], ["solve"], ["solve", "good.tex", "--seed", "x"], ["paint", "good.tex"]):
        with pytest.raises(SystemExit) as stopped:
            cli.main(args)
        assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_colour_is_for_terminals_only(folder, capsys, monkeypatch):
    cli.main(["solve", "bad.tex"])
    assert "\x1b[" not in capsys.readouterr().err

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    shown = Terminal()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stderr", shown)
    cli.main(["solve", "bad.tex"])
    assert "\x1b[" in shown.getvalue()
    shown.truncate(0)
    monkeypatch.setenv("NO_COLOR", "1")
    cli.main(["solve", "bad.tex"])
    assert "\x1b[" not in shown.getvalue()


# -------------------------------------------------------------------------------- start-up


def test_version_needs_nothing_heavy():
    program = (
        "import sys\nfrom derive.app.cli import main\n"
        "try: main(['--version'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'sympy', 'lark', 'jinja2', 'opt_einsum'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split("\n")[:2] == [f"derive {VERSION}", "[]"]


def test_solving_needs_no_sympy(folder):
    program = (
        "import sys\nfrom derive.app.cli import main\n"
        "code = main(['solve', 'good.tex'])\nprint(code, 'sympy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0 False"


def test_help_has_examples(capsys):
    for args in (["--help"], ["solve", "--help"], ["graph", "--help"], ["export", "--help"]):
        with pytest.raises(SystemExit):
            cli.main(args)
        assert "examples:" in capsys.readouterr().out
