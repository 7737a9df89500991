"""The README says what is true: its problem is solved, its error is told, its Python runs."""

import re
from pathlib import Path

import numpy as np
import pytest

from derive.app.cli import main
from derive.diagnostics import DeriveError
from derive.elaborate.document import read

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_its_problem_is_solved(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (problem,) = blocks("latex")
    (tmp_path / "residual.tex").write_text(problem, encoding="utf-8")
    assert main(["solve", "residual.tex"]) == 0
    assert "1 result, it agrees" in capsys.readouterr().out


def test_its_error_is_what_is_told(tmp_path, capsys, monkeypatch):
    (told,) = blocks("text")
    line, formula = re.search(r"^(\d+) \|   (.*)$", told, re.MULTILINE).groups()
    declared = (
        r"Let $\mathbf{x}\in\mathbb{R}^n$, $\mathbf{W}_1\in\mathbb{R}^{h\times n}$,"
        r" $\mathbf{W}_2\in\mathbb{R}^{h\times m}$."
    )
    first = r"\mathbf{a} &= \tanh(\mathbf{W}_1 \mathbf{x}) \\"
    text = f"{declared}\n\\begin{{align}}\n  {first}\n  {formula}\n\\end{{align}}\n"
    assert text.splitlines()[int(line) - 1].strip() == formula
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exam.tex").write_text(text, encoding="utf-8")
    assert main(["solve", "exam.tex"]) == 2
    assert capsys.readouterr().err == told


def test_its_python_runs():
    (code,) = blocks("python")
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    found = names["f"](
        x=np.ones(2), y=np.ones(2), W_1=np.ones((3, 2)), W_2=np.zeros((2, 2)), W_3=np.ones((2, 3))
    )
    assert np.allclose(found, 10.0)


def test_its_commands_exist():
    script = (ROOT / "run").read_text(encoding="utf-8")
    for command in re.findall(r"^\./run (\w+)", README, re.MULTILINE):
        assert f"\n{command})" in script


def test_its_limits_are_true():
    problem = r"Let $x\in\mathbb{R}$ and $w\in\mathbb{R}$. \[ L = q(x + w) \]"
    with pytest.raises(DeriveError, match="q"):
        read(problem)


def test_what_it_points_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
