"""The benchmarks still run, on the smallest networks, and say so when a peer does not."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from derive.kernel.expr import toposort

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


depth, startup = script("depth"), script("startup")


def test_work_grows_with_depth_and_no_faster() -> None:
    counts = [len(toposort(*depth.derive_gradients(k))) for k in (10, 20, 30)]
    assert counts[2] - counts[1] == counts[1] - counts[0]


def test_lines_in_latex_are_short_however_deep_the_network() -> None:
    for lines in (depth.derive_lines, depth.derive_latex):
        longest = [max(map(len, lines(k))) for k in (3, 9)]
        assert longest[0] == longest[1]
        assert r"\delta_{\mathbf{z}_1} \mathbf{x}^\top" in lines(2)
    assert len(depth.derive_latex(5)) == 2 * 5  # a formula for each parameter
    assert len(depth.derive_lines(5)) == 4 * 5  # and a line for each z and h


def test_a_measurement_is_a_process_and_a_crash_is_no_answer() -> None:
    found = depth.asked("derive", 2, 60, 0.01)
    assert found is not None
    assert found["seconds"] > 0
    assert depth.asked("no such peer", 2, 60) is None
    assert depth.asked("derive", 10**9, 0.5) is None


def test_slope_of_a_power_law() -> None:
    assert depth.slope([(d, 3.0 * d**2) for d in (2, 8, 100)]) == pytest.approx(2)


@pytest.mark.parametrize("arguments", [[], ["--version"]], ids=["import", "version"])
def test_the_start_loads_no_heavy_library(arguments) -> None:
    _, _, code, loaded = startup.probe(arguments, 1)
    assert code == 0
    assert loaded == []


def test_a_check_loads_what_computes_and_no_table_of_mistakes(tmp_path) -> None:
    page = tmp_path / "page.tex"
    right = r"$x \in \mathbb{R}^n$, $L = \|x\|^2$, $\nabla_x L = 2x$"
    page.write_text(right)
    _, _, code, loaded = startup.probe(["check", str(page)], 1)
    assert (code, loaded) == (0, ["numpy", "flint"])
    page.write_text(right.replace("2x", "3x"))
    _, _, code, loaded = startup.probe(["check", str(page)], 1)
    assert code == 1
    assert set(loaded) - {"opt_einsum"} == {"numpy", "flint", "proofs.mistakes"}


def test_the_examples_are_derived_and_printed(capsys, monkeypatch) -> None:
    networks = script("networks")
    monkeypatch.setattr(networks, "ROUNDS", 1)
    networks.main()
    told = capsys.readouterr().out
    assert "residual" in told
    assert "median" in told
